"""An answer is explained part by part, with the value of each."""

from datetime import date

from tests.verification.language.both import PACK
from verification.language.aggregate import count, lowest
from verification.language.evaluate import Step, explain
from verification.language.level import levels, named
from verification.language.source import source
from verification.language.values import Missing
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance


def test_each_part_of_a_condition_is_told_with_its_value() -> None:
    p, _ = levels()
    p.define(
        months=named(count(source(Insurance)), "参保月数", "insured months"),
        died_on=named(lowest(source(Death).died_on), "死亡日期", "date of death"),
    )
    condition = (p.months > 3) & p.died_on.missing()
    facts = {("member", "months"): 5, ("member", "died_on"): Missing.ABSENT}
    assert explain(condition, facts, PACK) == (
        Step(
            0, "((参保月数 > 3) 且 无 死亡日期)", "((insured months > 3) and there is no date of death)", True
        ),
        Step(1, "(参保月数 > 3)", "(insured months > 3)", True),
        Step(2, "参保月数", "insured months", 5),
        Step(1, "无 死亡日期", "there is no date of death", True),
        Step(2, "死亡日期", "date of death", Missing.ABSENT),
    )


def test_a_fact_that_is_not_given_is_unknown() -> None:
    p, h = levels()
    p.define(months=count(source(Insurance)))
    either = explain(
        (p.months > 3) | (h.on > date(2026, 1, 1)), {("household", "on"): date(2026, 11, 16)}, PACK
    )
    assert [step.value for step in either[:2]] == [True, Missing.UNKNOWN]
