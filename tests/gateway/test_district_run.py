"""Does a run judge everybody as an inquiry would, note itself, and survive a register that is down?"""

import asyncio
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.memory import MemoryConnector
from connectors.served import ServedBook
from demo.story import load_all
from demo.story_check import verify
from gateway.district_run import run_district
from gateway.errors import CannotRun
from gateway.run_home import RunHome
from tests.gateway.desk import desk
from verification.pack import NotInForce, load_pack
from verification.runs.ledger import Ledger
from verification.verdict import INDETERMINATE
from vocabulary.codes import Category, Department
from vocabulary.evidence import FailureKind
from vocabulary.records.civil_affairs import Authorization
from vocabulary.register import RECORD_TYPES

STORIES = [
    story
    for story in load_all()
    if not story.unanswered and not story.pack_changes and story.pack == "demo-2026" and story.id != "LIF-06"
]
DAY = STORIES[0].on
ROWS = {
    record: [row for story in STORIES for row in story.records if type(row) is record]
    for record in RECORD_TYPES
}


NOW = datetime.combine(DAY, time(9), UTC)


def connectors_of(rows, failing=None):
    return {
        one: MemoryConnector(one, rows, clock=lambda: NOW, failing=(failing or {}).get(one))
        for one in Department
    }


@contextmanager
def home(folder: Path):
    ledger = Ledger(f"sqlite:///{folder / 'runs.sqlite'}")
    try:
        yield RunHome(
            ledger, folder / "runs", lambda: NOW, served=ServedBook(folder / "served", clock=lambda: NOW)
        )
    finally:
        ledger.close()


def run(folder: Path, failing=None, *, rows=ROWS, on=DAY, today=DAY, progress=None, **given):
    """A run over all stories as one district; what it came to, and the log."""
    told = []
    folder.mkdir(exist_ok=True)

    async def work():
        async with desk(folder, {}, now=NOW) as at:
            with home(folder) as kept:
                result = await run_district(
                    connectors_of(rows, failing),
                    home=kept,
                    pack=load_pack("demo-2026"),
                    on=on,
                    today=today,
                    trace=at.office.trace,
                    caller="operator",
                    progress=progress or (lambda done, households: told.append((done, households))),
                    **given,
                )
            return result, await at.entries(), told

    return asyncio.run(work())


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return run(tmp_path_factory.mktemp("run"))


def test_a_run_comes_to_the_same_categories_as_the_households_alone(done):
    result, _, told = done
    alone = [verify(story).category for story in STORIES if story.on == DAY]
    assert result.households == len(STORIES)
    for category in Category:
        assert result.categories.get(category, 0) == alone.count(category)
    assert result.categories.get(None, 0) == alone.count(INDETERMINATE)
    assert told[-1] == (len(STORIES), len(STORIES))


def test_a_run_finds_what_the_households_alone_find(done):
    result, _, _ = done
    found = {each.rule: each.found for each in result.rules if each.found}
    alone: dict[str, int] = {}
    for story in STORIES:
        for finding in verify(story).findings:
            alone[finding.rule] = alone.get(finding.rule, 0) + 1
    # CAT-07 is no rule of the catalogue: it is what an undetermined category is called.
    alone.pop("CAT-07", None)
    assert found == alone


def test_a_run_is_noted_at_its_beginning_and_its_end(done):
    result, entries, _ = done
    started, finished = entries
    assert (started["event"], finished["event"]) == ("run.started", "run.finished")
    assert started["fields"]["day"] == DAY.isoformat()
    assert finished["fields"]["started"] == 0
    assert finished["fields"]["households"] == result.households
    assert finished["fields"]["state"] == "DONE"


def test_a_register_that_is_down_leaves_its_part_unknown_and_the_run_goes_on(tmp_path):
    result, _, _ = run(tmp_path, failing={Department.SOCIAL_SECURITY: FailureKind.UNREACHABLE})
    assert result.failed == {Department.SOCIAL_SECURITY: "UNREACHABLE"}
    assert result.households == len(STORIES)
    assert result.categories.get(None, 0) > len(STORIES) // 2
    assert not [each for each in result.rules if each.rule == "INC-01" and each.found]


def test_without_civil_affairs_nobody_knows_which_households_there_are(tmp_path):
    with pytest.raises(CannotRun):
        run(tmp_path, failing={Department.CIVIL_AFFAIRS: FailureKind.TIMED_OUT})


def test_a_run_of_a_past_day_asks_about_nobody_who_has_withdrawn_since(tmp_path):
    told = next(story for story in STORIES if story.id == "H8")
    rows = {record: [row for row in told.records if type(row) is record] for record in RECORD_TYPES}
    withdrawn = {
        **rows,
        Authorization: [
            msgspec.structs.replace(row, withdrawn_on=DAY + timedelta(days=1)) for row in rows[Authorization]
        ],
    }
    before, _, _ = run(tmp_path / "before", rows=withdrawn, today=DAY)
    after, _, _ = run(tmp_path / "after", rows=withdrawn, today=DAY + timedelta(days=1))
    assert None not in before.categories
    assert after.categories == {None: 1}


def test_a_day_before_the_pack_is_in_force_is_refused_and_nobody_is_asked(tmp_path):
    with pytest.raises(NotInForce):
        run(tmp_path, on=date(2020, 1, 1))
