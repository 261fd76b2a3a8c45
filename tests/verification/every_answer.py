"""Households among which every rule answers yes, no and, where an answer can be missing, cannot tell.

What engines are compared on: a rule that nobody is found by proves little of an engine.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from demo.story import load_all
from demo.story_check import pack_of as pack_of_story
from tests.verification.caseload import stories_snapshot
from tests.verification.households import POLICIES, pack_of, seeded, snapshot_of
from tests.verification.silence import some_silence
from verification.catalogue import CATALOGUE
from verification.language.parameter import Pack
from verification.language.to_python import Judge, mask_of
from verification.pack import load_pack
from verification.runs.cases import cases_of
from verification.runs.tables import Snapshot, cases_table, masks_table
from vocabulary.evidence import Answer
from vocabulary.records.civil_affairs import Membership

Answers = Counter[tuple[str, Answer]]

SILENT_SHARE = 0.3
"""So often a record type was not answered, of a household or a person."""


def worlds(drawn: int = 300) -> Iterator[tuple[str, Snapshot, Pack]]:
    """What they are, the households, and the pack by which they are judged; `drawn` of them at random."""
    stories = stories_snapshot(CATALOGUE)
    lapsed = next(story for story in load_all() if story.id == "H9c")
    homes = seeded(7, drawn, POLICIES[5])
    yield "stories", stories, load_pack("demo-2026")
    yield "stories that a clause has lapsed for", stories, pack_of_story(lapsed)
    yield "stories with silent registers", silenced(stories), load_pack("demo-2026")
    yield "drawn", snapshot_of(homes, some_silence(random.Random(7), homes)), pack_of(POLICIES[5])


def silenced(snapshot: Snapshot, *, share: float = SILENT_SHARE) -> Snapshot:
    """The same where record types were not answered, at random; of persons also who lists them.

    By chance of each subject and record type alone, so that a story or a rule more changes no other one's.
    """
    reads = list(CATALOGUE.reads())

    def mask(subject: str, *, listed: bool) -> int:
        asked = (record for record in reads if listed or record is not Membership)
        return mask_of(record for record in asked if _chance(f"{subject} {record.__name__}") < share)

    cases = [
        (case["household"], case["on"], case["mask"] | mask(case["household"], listed=False))
        for case in snapshot.cases.to_pylist()
    ]
    people = sorted(set(snapshot.table(Membership)["person"].to_pylist()))
    persons = masks_table({each: mask(each, listed=True) for each in people})
    return Snapshot(snapshot.tables, cases_table(cases), persons)


def _chance(of: str) -> float:
    return random.Random(of).random()


def answers(snapshot: Snapshot, pack: Pack) -> Answers:
    """How often each rule gives each answer, of a household or of a member."""
    judge, given = Judge(CATALOGUE, pack), Counter[tuple[str, Answer]]()
    level = {each.number: each.level is CATALOGUE.member for each in CATALOGUE.rules}
    for case in cases_of(snapshot):
        found = Counter((each.rule.number, each.answer) for each in judge.judge(case).found)
        given += found
        asked = {number: len(case.members) if member else 1 for number, member in level.items()}
        for number, count in asked.items():
            given[number, Answer.NO] += count - found[number, Answer.YES] - found[number, Answer.UNKNOWN]
    return given
