"""What may not be said is refused when it is declared, with a reason; its nearest neighbour is accepted."""

from collections.abc import Callable
from datetime import date

import pytest

from verification.language.aggregate import count, evidenced, grouped, highest, latest, lowest, some, total
from verification.language.expression import Expr
from verification.language.functions import first_of, half_up, least, month_of, text_of
from verification.language.kinds import KindsDiffer, MayBeAbsent, Refused
from verification.language.level import levels
from verification.language.parameter import param
from verification.language.rule import Catalogue, Severity, rule
from verification.language.source import lines, source, union
from vocabulary.codes import InsuranceKind, MemberKind, Stage
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance, Pension

insurance, enrolment, death, benefit = (source(each) for each in (Insurance, Enrolment, Death, Benefit))
OCTOBER = Month.parse("2026-10")


@pytest.mark.parametrize(
    "said",
    [
        lambda: insurance.base_fen + insurance.month,
        lambda: insurance.base_fen * insurance.base_fen,
        lambda: insurance.base_fen + 0.5,
        lambda: insurance.month < date(2026, 10, 1),
        lambda: insurance.month + insurance.month,
        lambda: insurance.kind == "PENSION",
        lambda: insurance.kind == Stage.SENIOR,
        lambda: insurance.kind < InsuranceKind.PENSION,
        lambda: insurance.kind == insurance.status,
        lambda: enrolment.full_time & enrolment.since,
        lambda: insurance.kind.among(),
        lambda: enrolment.since.missing(),
        lambda: enrolment.since.otherwise(date(2026, 1, 1)),
        lambda: first_of((insurance.base_fen > 0, 1), otherwise=insurance.month),
        lambda: half_up(insurance.base_fen, 0),
        lambda: half_up(insurance.base_fen, total(insurance.base_fen)),
        lambda: month_of(insurance.month),
        lambda: text_of(insurance.person),
        lambda: total(insurance.kind),
        lambda: param("standard", at=insurance.base_fen),
        lambda: least(insurance.month, enrolment.since),
    ],
)
def test_kinds_that_do_not_go_together_are_refused(said: Callable[[], object]) -> None:
    with pytest.raises(KindsDiffer):
        said()


@pytest.mark.parametrize(
    "said",
    [
        lambda: insurance.base_fen + 1,
        lambda: insurance.base_fen * 2,
        lambda: insurance.month < OCTOBER,
        lambda: insurance.month + 1,
        lambda: insurance.month - insurance.month > 3,
        lambda: insurance.kind == InsuranceKind.PENSION,
        lambda: enrolment.full_time & (enrolment.since > date(2026, 1, 1)),
        lambda: enrolment.expected_graduation.otherwise(date(2026, 1, 1)),
        lambda: half_up(insurance.base_fen, 2),
        lambda: 1 - insurance.base_fen < 3,
    ],
)
def test_their_neighbours_are_accepted(said: Callable[[], Expr]) -> None:
    assert said().digest


@pytest.mark.parametrize("said", [lambda: bool(insurance.base_fen > 0), lambda: not (insurance.base_fen > 0)])
def test_an_expression_has_no_truth(said: Callable[[], object]) -> None:
    with pytest.raises(KindsDiffer, match="neither true nor false"):
        said()


@pytest.mark.parametrize(
    "said",
    [
        lambda p: (enrolment.expected_graduation < p.on) & enrolment.full_time,
        lambda p: count(enrolment, where=enrolment.expected_graduation < p.on),
        lambda p: some(enrolment.expected_graduation < p.on),
        lambda p: first_of((lowest(death.died_on) < p.on, 1), otherwise=2),
        lambda p: total(highest(insurance.base_fen)),
        lambda p: latest(enrolment.stage, by=enrolment.expected_graduation),
        lambda p: rule("D-01", "名", "name", of=p, severity=Severity.INFO, cite="1")(
            lambda p: (lowest(death.died_on) < p.on, {})
        ),
    ],
)
def test_what_may_be_absent_must_be_resolved_before_a_condition(said: Callable[[object], object]) -> None:
    with pytest.raises(MayBeAbsent):
        said(levels()[0])


def test_resolved_it_is_accepted() -> None:
    p, _ = levels()
    died = (lowest(death.died_on) < p.on).otherwise(False)
    assert (
        rule("D-01", "名", "name", of=p, severity=Severity.INFO, cite="1")(lambda _: (died, {})).number
        == "D-01"
    )


def define(level: object, expr: Expr) -> None:
    level.define(x=expr)  # type: ignore[attr-defined] # a Level


@pytest.mark.parametrize(
    "said",
    [
        lambda p, h: define(p, insurance.base_fen),
        lambda p, h: define(h, p.kind == MemberKind.COHABIT),
        lambda p, h: define(h, total(insurance.base_fen)),
        lambda p, h: define(p, total(insurance.base_fen + source(Pension).personal_fen)),
        lambda p, h: define(p, count(insurance, where=enrolment.full_time)),
        lambda p, h: define(p, count(insurance, on="month")),
        lambda p, h: define(h, count(benefit, on="person")),
        lambda p, h: define(p, count(insurance, matching=(benefit, "base_fen"))),
        lambda p, h: define(p, p.not_defined),
        lambda p, h: define(p, evidenced(lowest(death.died_on))),
        lambda p, h: define(h, some(text_of(p.person) == "x")),
        lambda p, h: p.define(person=p.on),
        lambda p, h: p.define(_hidden=p.on),
        lambda p, h: p.define(define=p.on),
        lambda p, h: insurance.where(p.kind == MemberKind.COHABIT),
        lambda p, h: insurance.where(param("x", at=insurance.month) > 0),
        lambda p, h: insurance.no_such_column,
        lambda p, h: union("u", lines(insurance, rank=1)).best(by=("employer",), rank="rank"),
        lambda p, h: grouped(insurance, by=("employer",), n=count(insurance)),
        lambda p, h: grouped(insurance, by=("person",), n=latest(insurance.month, by=insurance.month)),
        lambda p, h: grouped(insurance, by=("person",), n=count(insurance, where=insurance.month < h.month)),
        lambda p, h: rule("D-02", "名", "name", of=p, severity=Severity.INFO, cite="")(lambda p: (p.x, {})),
    ],
)
def test_what_belongs_elsewhere_is_refused(said: Callable[[object, object], object]) -> None:
    with pytest.raises(Refused):
        said(*levels())


def test_a_fact_is_defined_once() -> None:
    p, _ = levels()
    p.define(months=count(insurance))
    with pytest.raises(Refused, match="new name"):
        p.define(months=count(insurance))


def test_the_hash_names_the_rules_and_not_their_text() -> None:
    def catalogue(limit: int, name: str = "months") -> str:
        p, h = levels()
        p.define(**{name: count(insurance, where=insurance.base_fen > 0)})
        one = rule("D-03", "名", "name", of=p, severity=Severity.INFO, cite="1")(
            lambda p: (getattr(p, name) > limit, {})
        )
        return Catalogue(p, h, [one]).hash

    assert catalogue(3) == catalogue(3)
    assert catalogue(3) != catalogue(4)
    assert catalogue(3) != catalogue(3, name="other")


def test_only_the_columns_that_rules_need_are_read() -> None:
    p, h = levels()
    p.define(
        months=count(insurance, where=insurance.base_fen > 0), unused=total(source(Pension).personal_fen)
    )
    one = rule("D-04", "名", "name", of=p, severity=Severity.INFO, cite="1")(lambda p: (p.months > 0, {}))
    reads = Catalogue(p, h, [one]).reads()
    assert reads[Insurance] == {"person", "base_fen"}
    assert set(reads) == {Membership, Insurance}


def test_a_rule_number_is_used_once() -> None:
    p, h = levels()
    one = rule("D-05", "名", "name", of=p, severity=Severity.INFO, cite="1")(lambda p: (p.on == p.on, {}))
    with pytest.raises(Refused, match="once"):
        Catalogue(p, h, [one, one])
