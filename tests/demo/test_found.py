"""Do the rules find in the demo district what was planted there, and nothing else?"""

from collections import defaultdict
from functools import cache

from tests.demo.whole import district
from verification.catalogue import CATALOGUE
from verification.language.case import listed
from verification.language.to_python import Case, Judge, Judgement
from verification.pack import load_pack
from vocabulary.codes import Category
from vocabulary.evidence import Answer
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership

CONSEQUENCES = {
    "CAT-05",  # another category than declared
    "CAT-06",  # another amount than declared
    "EXIT-01",  # and so at or above the standard in each of the last months
    "HH-08",  # a severely disabled person may enter alone: due, not a contradiction
}
GATES = {"CAT-01", "CAT-02", "CAT-03", "CAT-04", "CAU-01", "CAU-02", "CAU-03", "CAU-05"}
BESIDE = {"ID-04": {"ID-03"}, "ENT-04": {"BEN-09"}, "HH-03": {"LIF-04"}}
"""Two people on one number have two names; who is newly disabled does not draw the care subsidy yet; 休学 is not 在读."""


@cache
def judgements() -> dict[str, Judgement]:
    """Every household judged on everything that its departments hold of it: all of them answered."""
    judge = Judge(CATALOGUE, load_pack("demo-2026"))
    wanted = tuple(CATALOGUE.reads())
    index = {(record, by): rows_by(record, by) for record in wanted for by in record.subjects}
    people = {home: [str(row.person) for row in rows] for home, rows in memberships().items()}
    judged = {}
    for home in district().households:
        keys: dict[str, list[str]] = {"household": [home.number]}
        keys["person"] = keys["mother"] = people[home.number]
        rows = {
            record: tuple(
                {
                    row.record_id: row
                    for by in record.subjects
                    for key in keys[by]
                    for row in index[record, by][key]
                }.values()
            )
            for record in wanted
        }
        members = listed(rows[Membership], household=home.number, on=home.on)
        judged[home.number] = judge.judge(Case(home.number, home.on, members, rows))
    return judged


def rows_by(record: type[Record], by: str) -> dict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for row in district().rows[record]:
        found[getattr(row, by)].append(row)
    return found


def memberships() -> dict[str, list[Membership]]:
    found: defaultdict[str, list[Membership]] = defaultdict(list)
    for row in district().of(Membership):
        found[row.household].append(row)
    return found


def found_in(number: str) -> set[str]:
    return {found.rule.number for found in judgements()[number].found if found.answer is Answer.YES} - GATES


def test_every_planted_contradiction_is_found_by_its_rule() -> None:
    missed = [
        (home.planted, home.number)
        for home in district().households
        if home.planted is not None and home.planted not in found_in(home.number)
    ]
    assert missed == []


def test_nothing_else_is_found_there_but_what_follows_from_it() -> None:
    for home in district().households:
        if home.planted is not None:
            beside = found_in(home.number) - {home.planted} - CONSEQUENCES
            assert beside <= BESIDE.get(home.planted, set()), (home.planted, beside)


def test_nothing_is_found_in_households_in_order() -> None:
    in_order = [home.number for home in district().households if home.planted is None]
    assert set().union(*(found_in(number) for number in in_order)) <= {"HH-08"}


def test_households_in_order_are_verified_in_the_category_they_are_registered_in() -> None:
    for home in district().households:
        if home.expected is not None:
            facts = judgements()[home.number].facts
            assert facts["category"] == facts["declared_category"] == home.expected


def test_nothing_is_unknown_when_every_department_answers() -> None:
    unknown = [
        found.rule.number
        for each in judgements().values()
        for found in each.found
        if found.answer is Answer.UNKNOWN
    ]
    assert unknown == []


def test_nobody_is_in_tekun_without_a_story() -> None:
    assert all(each.facts["category"] is not Category.TEKUN for each in judgements().values())
