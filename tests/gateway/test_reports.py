"""Do the district's reports count what the stories hold, and note that they looked?"""

import asyncio
import csv
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from connectors.memory import MemoryConnector
from connectors.served import ServedBook
from demo.story import load_all
from gateway.district_asked import District
from gateway.errors import CannotRun
from gateway.report_commands import write_aids, write_list
from gateway.reports import report_aids, report_causes, report_stacking
from tests.gateway.desk import desk
from verification.pack import load_pack
from vocabulary.codes import Cause, Department
from vocabulary.evidence import Answer, FailureKind
from vocabulary.register import RECORD_TYPES

STORIES = [story for story in load_all() if story.id in {"H1", "H4", "H5", "H12", "BEN-04b"}]
DAY = STORIES[0].on
ROWS = {
    record: [row for story in STORIES for row in story.records if type(row) is record]
    for record in RECORD_TYPES
}


def served(folder: Path, now: datetime) -> ServedBook:
    return ServedBook(folder / "served", clock=lambda: now)


def asked(work, folder: Path, failing=None):
    """The report, or None where it could not be made, and the log's entries."""
    entries = []

    async def ask():
        now = datetime.combine(DAY, time(9), UTC)
        book = served(folder, now)
        async with desk(folder, {}, now=now) as at:
            connectors = {
                one: MemoryConnector(one, ROWS, clock=lambda: now, failing=(failing or {}).get(one))
                for one in Department
            }
            pack, trace = load_pack("demo-2026"), at.office.trace
            try:
                return await work(District(connectors, DAY, DAY, trace, "operator", None, book), pack=pack)
            finally:
                entries.extend(await at.entries())

    try:
        return asyncio.run(ask()), entries
    except CannotRun:
        return None, entries


@pytest.fixture(scope="module")
def stacking(tmp_path_factory):
    return asked(report_stacking, tmp_path_factory.mktemp("stacking"))


def test_overpaid_and_forgone_stand_side_by_side(stacking):
    report, _ = stacking
    homes = {each.household: each for each in report.listed}
    assert sum(each.overpaid_fen for each in homes["S-H12"].proposals) == 450_000
    assert sum(each.overpaid_fen for each in homes["S-H4"].proposals) == 80_000
    assert sum(each.forgone_fen for each in homes["S-H5"].proposals) == 71_600
    assert report.sums.overpaid_fen == sum(
        each.overpaid_fen for home in report.listed for each in home.proposals
    )
    assert report.households == len(STORIES)


def test_looking_is_noted_before_and_after(stacking):
    _, entries = stacking
    assert [each["event"] for each in entries] == ["run.started", "run.finished"]
    assert entries[0]["fields"]["run"] == "stacking"
    assert (
        entries[1]["fields"] | {"started": 0, "state": "DONE", "households": len(STORIES)}
        == entries[1]["fields"]
    )


def test_the_list_masks_people(stacking, tmp_path):
    report, _ = stacking
    path = tmp_path / "list.csv"
    write_list(path, report)
    text = path.read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert any(row["uncovered"] == "DIBAO LIVING" and row["drawn"] == "" for row in rows)
    assert all(
        set(row["uncovered"].split()) == {*row["best"].split()} - {*row["drawn"].split()} for row in rows
    )
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "spreadsheets take it for another encoding without"
    assert "低保高校新生 扶贫雨露" in text
    for story in STORIES:
        assert not any(person.id in text for person in story.people.values())


def test_where_a_register_is_down_it_is_said_of_whom_it_cannot_be_told(tmp_path):
    report, _ = asked(report_stacking, tmp_path, {Department.DISABILITY: FailureKind.UNREACHABLE})
    assert report.failed == {Department.DISABILITY: FailureKind.UNREACHABLE.value}
    assert all(each.cannot_tell for each in report.listed)
    assert len(report.listed) == len(STORIES)


def test_aids_are_told_with_their_article_and_of_nobody_by_a_whole_number(tmp_path):
    report, entries = asked(report_aids, tmp_path, {Department.EDUCATION: FailureKind.UNREACHABLE})
    told = {(household, found.rule.number, found.answer) for household, found in report.listed}
    assert ("S-H1", "AID-25", Answer.UNKNOWN) in told
    assert entries[0]["fields"]["run"] == "aids"
    write_aids(tmp_path / "aids.csv", report)
    text = (tmp_path / "aids.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    school = next(row for row in rows if (row["household"], row["rule"]) == ("S-H1", "AID-25"))
    assert (school["told"], school["articles"]) == ("待核：教育救助应享未享", "《社会救助法》第二十五条")
    assert "教育" in school["not_answered"]
    assert not any(person.id in text for story in STORIES for person in story.people.values())


def test_causes_sum_to_households(tmp_path):
    report, entries = asked(report_causes, tmp_path)
    counted = report.table
    assert sum(counted.causes.values()) + counted.ties + counted.cannot_tell == len(STORIES)
    assert counted.causes[Cause.EDUCATION] >= 1
    assert sum(line.households for line in report.ledger.values()) == len(STORIES)
    assert entries[0]["fields"]["run"] == "causes"


def test_without_civil_affairs_there_is_no_report_and_the_attempt_is_noted(tmp_path):
    report, entries = asked(report_causes, tmp_path, {Department.CIVIL_AFFAIRS: FailureKind.UNREACHABLE})
    assert report is None
    assert entries[-1]["fields"]["state"] == "FAILED"


@pytest.mark.parametrize("down", [{}, {Department.DISABILITY: FailureKind.UNREACHABLE}])
def test_what_departments_gave_is_counted_and_noted(tmp_path, down):
    _, entries = asked(report_causes, tmp_path, down)
    book = served(tmp_path, datetime.combine(DAY, time(9), UTC))
    counted = {one.value: book.of_day(one, DAY).get("0") for one in Department}
    noted = entries[-1]["fields"]
    assert {one: persons for one, persons in counted.items() if persons} == noted["persons"]
    assert noted["persons"]["civil_affairs"] > 0
    failed = {one for one, state in noted["sources"].items() if state != "ANSWERED"}
    assert failed == {one.value for one in down}
    assert not failed & set(noted["persons"])
