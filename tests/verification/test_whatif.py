"""The same caseload by two packs: what moves, what it costs, and when the two are not compared."""

from dataclasses import replace

import pytest

from demo.story import load_all
from demo.story_check import verify
from tests.verification.caseload import stories_snapshot, with_table
from verification.pack import load_pack
from verification.runs.inputs import digest_of
from verification.transitions import Move
from verification.verdict import INDETERMINATE
from verification.whatif import FactsDiffer, InputsDiffer, compare, run_caseload, what_if
from vocabulary.codes import Category
from vocabulary.records.civil_affairs import Declaration

DEMO = load_pack("demo-2026")
RAISED = DEMO.changed({"dibao_standard_fen_month": "660.00"}, why="what if")


@pytest.fixture(scope="module")
def found():
    return what_if(stories_snapshot(), DEMO, RAISED)


def changed(found, household: str):
    return next(each for each in found.changed if each.household == household)


def test_the_same_pack_changes_nothing() -> None:
    same = what_if(stories_snapshot(), DEMO, DEMO)
    assert (same.changed, same.fen_month, same.categories) == ((), 0, {})


def test_a_caseload_stands_as_its_verdicts_say(found) -> None:
    for story in load_all():
        if not story.pack_changes:
            verdict, standing = verify(story), found.before.standings[story.household]
            assert standing.category is verdict.category, story.id
            if standing.payable_fen is not None:
                assert standing.payable_fen == (verdict.payable_fen or 0) + sum(
                    verdict.single_person.values()
                )


def test_a_raised_standard_takes_in_who_stood_exactly_at_it(found) -> None:
    at_the_line = changed(found, "S-H2")
    assert (at_the_line.before.category, at_the_line.after.category) == (Category.EDGE, Category.DIBAO)
    assert (at_the_line.move, at_the_line.fen_month) == (Move.UP, 4_800)


def test_a_raised_standard_is_paid_to_each_counted_head(found) -> None:
    assert changed(found, "S-H1").fen_month == 3 * 2_400


def test_the_sum_is_the_sum_of_the_households(found) -> None:
    assert found.fen_month == sum(each.fen_month or 0 for each in found.changed)
    assert sum(found.moves.values()) == len(found.before.standings)


def test_what_is_paid_before_and_after_is_of_those_of_whom_both_are_told(found) -> None:
    both = [
        (one.payable_fen, found.after.standings[household].payable_fen)
        for household, one in found.before.standings.items()
    ]
    told = [each for each in both if None not in each]
    assert found.fen_before == sum(before for before, _ in told) > 0
    assert found.fen_after == sum(after for _, after in told)
    assert found.fen_month == found.fen_after - found.fen_before > 0


def test_each_move_has_its_part_of_the_sum(found) -> None:
    assert sum(found.fen_moves.values()) == found.fen_month
    up = sum(each.fen_month or 0 for each in found.changed if each.move is Move.UP)
    assert found.fen_moves[Move.UP] == up > 0
    assert Move.UNCHANGED not in found.fen_moves


def test_what_cannot_be_told_is_not_counted_as_unchanged(found) -> None:
    assert found.before.standings["S-H13"].category is INDETERMINATE
    assert found.before.standings["S-H13"].payable_fen is None
    assert found.untold >= 1
    assert found.moves[Move.CANNOT_TELL] >= 1


def test_runs_over_other_inputs_are_not_compared(found) -> None:
    rows = stories_snapshot().tables[Declaration]
    fewer = with_table(stories_snapshot(), Declaration, rows.slice(1))
    with pytest.raises(InputsDiffer):
        compare(found.before, run_caseload(fewer, RAISED))


def test_both_packs_judge_inputs_that_are_digested_once(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = []
    monkeypatch.setattr(
        "verification.whatif.digest_of", lambda snapshot: digests.append(digest_of(snapshot)) or digests[-1]
    )
    told = what_if(stories_snapshot(), DEMO, RAISED)
    assert (
        [told.before.inputs_digest]
        == [told.after.inputs_digest]
        == digests
        == [digest_of(stories_snapshot())]
    )


def test_runs_by_other_facts_are_not_compared(found) -> None:
    with pytest.raises(FactsDiffer):
        compare(found.before, replace(found.after, facts_hash="0" * 64))
