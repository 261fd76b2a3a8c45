"""Does a what-if over the registers note both of its runs, and compare them honestly?"""

import asyncio
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from connectors.memory import MemoryConnector
from connectors.served import ServedBook
from demo.story import load_all
from gateway.district_asked import District
from gateway.errors import CannotRun
from gateway.pack_commands import write_changes
from gateway.what_if import ask_what_if
from tests.gateway.desk import desk
from verification.pack import load_pack
from verification.transitions import Move
from vocabulary.codes import Category, Department
from vocabulary.evidence import FailureKind
from vocabulary.register import RECORD_TYPES

STORIES = [story for story in load_all() if story.id in {"H1", "H2", "H2c", "H8"}]
DAY = STORIES[0].on
ROWS = {
    record: [row for story in STORIES for row in story.records if type(row) is record]
    for record in RECORD_TYPES
}
DEMO = load_pack("demo-2026")
RAISED = DEMO.changed({"dibao_standard_fen_month": "660.00"}, why="what if")


def ask(folder: Path, failing=None):
    """What is found, which departments failed, the log, what progress was told, and what was counted as served."""
    told, entries, counted = [], [], {}

    async def work():
        now = datetime.combine(DAY, time(9), UTC)
        book = ServedBook(folder / "served", clock=lambda: now)
        async with desk(folder, {}, now=now) as at:
            connectors = {
                one: MemoryConnector(one, ROWS, clock=lambda: now, failing=(failing or {}).get(one))
                for one in Department
            }
            try:
                return await ask_what_if(
                    District(connectors, DAY, DAY, at.office.trace, "operator", None, book),
                    before=DEMO,
                    after=RAISED,
                    progress=lambda done, households: told.append((done, households)),
                )
            finally:
                entries.extend(await at.entries())
                counted.update({one.value: book.of_day(one, DAY) for one in Department})

    try:
        return *asyncio.run(work()), entries, told, counted
    except CannotRun:
        return None, None, entries, told, counted


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    return ask(tmp_path_factory.mktemp("whatif"))


def test_who_stood_at_the_line_would_enter(asked):
    found, failed, _, told, _ = asked
    moved = {each.household: (each.before.category, each.after.category) for each in found.changed}
    assert moved["S-H2"] == (Category.EDGE, Category.DIBAO)
    assert found.fen_month == sum(each.fen_month for each in found.changed)
    assert (failed, told[-1]) == ({}, (2 * len(STORIES), 2 * len(STORIES)))


def test_each_household_that_changes_is_a_line_with_both_amounts_and_their_difference(asked, tmp_path):
    write_changes(tmp_path / "changes.csv", asked[0])
    lines = (tmp_path / "changes.csv").read_text("utf-8").splitlines()
    assert lines[0] == (
        "household,move,category_before,category_after,yuan_month_before,yuan_month_after,change_yuan_month"
    )
    assert "S-H2,UP,EDGE,DIBAO,0.00,48.00,48.00" in lines
    assert len(lines) == 1 + len(asked[0].changed)


def test_both_runs_are_noted_with_the_pack_of_each(asked):
    found, _, entries, _, _ = asked
    assert [each["event"] for each in entries] == ["run.started"] * 2 + ["run.finished"] * 2
    assert [each["fields"]["pack"] for each in entries[:2]] == [found.before.pack_hash, found.after.pack_hash]
    assert [each["fields"]["started"] for each in entries[2:]] == [0, 1]
    assert {each["fields"]["state"] for each in entries[2:]} == {"DONE"}


def test_a_register_that_is_down_leaves_what_rests_on_it_untold(tmp_path):
    found, failed, _, _, _ = ask(tmp_path, failing={Department.SOCIAL_SECURITY: FailureKind.UNREACHABLE})
    assert failed == {Department.SOCIAL_SECURITY: FailureKind.UNREACHABLE.value}
    assert (found.changed, found.fen_month) == ((), 0)
    assert found.moves == {Move.CANNOT_TELL: len(STORIES)}
    assert found.untold == len(STORIES)


def test_without_civil_affairs_there_is_no_caseload_and_both_runs_are_noted_as_failed(tmp_path):
    found, _, entries, _, _ = ask(tmp_path, failing={Department.CIVIL_AFFAIRS: FailureKind.UNREACHABLE})
    assert found is None
    assert [each["fields"].get("state") for each in entries[2:]] == ["FAILED", "FAILED"]


def test_what_departments_gave_is_counted_once_and_noted_with_the_first_run(asked):
    _, _, entries, _, counted = asked
    first, second = (each["fields"] for each in entries[2:])
    assert set(first["sources"].values()) == {"ANSWERED"}
    assert "sources" not in second
    assert "persons" not in second
    assert {one: persons["0"] for one, persons in counted.items() if persons} == first["persons"]
    assert first["persons"]["civil_affairs"] > 0


def test_what_departments_gave_before_it_failed_is_counted_and_noted(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.what_if.what_if", _fails)
    found, _, entries, _, counted = ask(tmp_path)
    assert found is None
    first = entries[2]["fields"]
    assert first["state"] == "FAILED"
    assert {one: persons["0"] for one, persons in counted.items() if persons} == first["persons"]


def _fails(*_, **__):
    raise CannotRun("as a test wants it")
