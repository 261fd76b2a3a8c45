"""A household of a snapshot looked at alone is judged as the run judges it, and holds what the inquiry says."""

from demo.story import load_all
from tests.verification.caseload import snapshot_of, stories_snapshot
from verification.causes import CAUSES
from verification.holdings import Holdings, reads
from verification.language.case import case_of
from verification.language.to_python import Judge
from verification.pack import load_pack
from verification.runs.cases import cases_of
from verification.runs.district import judge_district

DEMO = load_pack("demo-2026")


def test_each_case_is_judged_as_the_run_judges_it() -> None:
    snapshot, judge = stories_snapshot(CAUSES), Judge(CAUSES, DEMO)
    alone = [judge.judge(case) for case in cases_of(snapshot)]
    assert alone == list(judge_district(snapshot, CAUSES, DEMO))


def test_each_case_holds_what_an_inquiry_shows() -> None:
    holdings = Holdings(DEMO)
    held = {case.household: holdings.of(case) for case in cases_of(snapshot_of(reads()))}
    for story in load_all():
        case = case_of(story.evidence(reads()), household=story.household, on=story.on, reads=reads())
        asked = holdings.of(case)
        assert sorted(held[story.household].claims, key=str) == sorted(asked.claims, key=str), story.id
        assert held[story.household].cannot_tell == asked.cannot_tell
