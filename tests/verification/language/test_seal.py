"""A judgement has one form in bytes, whichever engine gave it."""

import hashlib
import json

from tests.verification.language.both import ON, PACK, a_world
from verification.language.aggregate import count, lowest
from verification.language.case import listed
from verification.language.level import levels
from verification.language.rule import Catalogue, Severity, rule
from verification.language.seal import canonical, seal
from verification.language.source import source
from verification.language.to_python import Case, Judge, mask_of
from verification.runs.district import judge_district
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of
from vocabulary.records.civil_affairs import Membership
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance

insurance, death = source(Insurance), source(Death)


def catalogue() -> Catalogue:
    p, h = levels()
    p.define(records=count(insurance), died_on=lowest(death.died_on), first=lowest(insurance.month))
    one = rule("S-01", "甲", "one", of=p, severity=Severity.REVIEW, cite="1")(
        lambda p: (p.records > 0, {"died_on": p.died_on, "first": p.first, "what": "甲"})
    )
    return Catalogue(p, h, [one], [p.records, p.died_on, h.month])


def test_what_is_missing_says_how() -> None:
    case = Case("S-1", ON, _only_member(), {}, unanswered_of={"529901198001010019": mask_of([Insurance])})
    sealed = json.loads(canonical(Judge(catalogue(), PACK).judge(case)))
    assert sealed["members"]["529901198001010019"] == {
        "died_on": {"missing": "absent"},
        "records": {"missing": "unknown"},
    }
    assert sealed["facts"] == {"month": "2026-11"}
    assert sealed["found"][0]["because"] == ["Insurance"]


def test_both_engines_give_the_same_bytes() -> None:
    rules, world = catalogue(), a_world(31, households=30)
    reads = rules.reads()
    tables = {record: table_of(record, world.rows[record], columns) for record, columns in reads.items()}
    cases = cases_table((house, ON, mask) for house, mask in world.unanswered.items())
    snapshot = Snapshot(tables, cases, masks_table(world.unanswered_of))
    judge = Judge(rules, PACK)
    for judged in judge_district(snapshot, rules, PACK):
        house = judged.household
        members = listed(world.rows[Membership], household=house, on=ON)
        alone = judge.judge(
            Case(house, ON, members, world.rows, world.unanswered[house], world.unanswered_of)
        )
        assert canonical(judged) == canonical(alone)
        assert seal(judged) == hashlib.sha256(canonical(alone)).hexdigest()


def _only_member() -> tuple[Membership, ...]:
    rows = [
        Membership(
            record_id="m1",
            as_of=ON,
            household="S-1",
            person="529901198001010019",  # type: ignore[arg-type] # as a register writes it
            relation="0",  # type: ignore[arg-type] # as above
            kind="COHABIT",  # type: ignore[arg-type] # as above
            joined_on=ON,
        )
    ]
    return listed(rows, household="S-1", on=ON)
