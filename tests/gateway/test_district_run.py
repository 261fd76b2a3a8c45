"""Does a run judge everybody as an inquiry would, note itself, and survive a register that is down?"""

import asyncio
import os
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from connectors.memory import MemoryConnector
from connectors.served import ServedBook
from demo.story import load_all
from demo.story_check import verify
from gateway import run_commands
from gateway.command import app
from gateway.district_run import cancel_run, gone, resume_run, run_district, worker_name
from gateway.errors import CannotRun
from gateway.run_home import RunHome
from gateway.run_index import RunIndex, of_rule
from gateway.run_moves import moves_between
from tests.gateway.desk import desk
from verification.catalogue import CATALOGUE
from verification.pack import NotInForce, load_pack
from verification.runs.job import NoSuchRun, OtherRun, RunEnded
from verification.runs.ledger import Ledger, RunState
from verification.runs.stored import ChangedSnapshot
from verification.transitions import Move
from verification.verdict import INDETERMINATE
from vocabulary.codes import Category, CategoryReason, Department, PropertyKind
from vocabulary.evidence import FailureKind
from vocabulary.records.civil_affairs import Authorization, PropertyCheck
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
    url, book = f"sqlite:///{folder / 'runs.sqlite'}", ServedBook(folder / "served", clock=lambda: NOW)
    with closing(Ledger(url)) as ledger, closing(RunIndex(url)) as index:
        yield RunHome(ledger, folder / "runs", lambda: NOW, served=book, index=index)


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
                    authorized=None,
                    **given,
                )
            return result, await at.entries(), told

    return asyncio.run(work())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of the run that is `done`: to be looked at, and copied by whoever goes on from there."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def done(folder):
    return run(folder)


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


# ------------------------------------------------------------------ kept


class Stopped(Exception):
    """What a test stops a run with."""


def stop(done, households):
    raise Stopped


def stopped(folder: Path) -> str:
    """A run that failed at its first step; its name."""
    with pytest.raises(Stopped):
        run(folder, progress=stop)
    with home(folder) as kept:
        (left,) = kept.ledger.runs()
    return left.id


def at(folder: Path, work):
    """Work at the log and the home of runs; what came of it, and the log."""

    async def worked():
        async with desk(folder, {}, now=NOW) as open_desk:
            with home(folder) as kept:
                result = await work(open_desk.office.trace, kept)
            return result, await open_desk.entries()

    return asyncio.run(worked())


def resume(folder: Path, name: str, pack=None):
    return at(
        folder,
        lambda trace, kept: resume_run(
            name,
            home=kept,
            pack=pack or load_pack("demo-2026"),
            trace=trace,
            caller="operator",
            progress=lambda done, households: None,
        ),
    )


def test_a_finished_run_leaves_no_snapshot_and_counts_what_was_served(done, folder):
    result, entries, _ = done
    assert not list((folder / "runs").glob("*"))
    fields = entries[-1]["fields"]
    assert fields["sources"]["civil_affairs"] == "ANSWERED"
    with home(folder) as kept:
        served = kept.served.of_day(Department.CIVIL_AFFAIRS, DAY)
        assert served == {"0": fields["persons"]["civil_affairs"]}
        assert [each.state for each in kept.ledger.runs()] == [RunState.DONE]
    assert (result.judged, result.taken_over) == (result.households, 0)


def test_a_finished_run_is_counted_for_its_page(done, folder):
    result, _, _ = done
    with home(folder) as kept:
        counts = kept.index.counts(result.run, never())
        assert (counts.by_category, counts.rules) == (result.categories, result.rules)
        rule = next(each.rule for each in counts.rules if each.found)
        assert kept.index.households(result.run, of_rule(rule), first=10)


def never():
    raise AssertionError("expected the judgements not to be read again")
    yield


def test_a_run_that_stopped_is_taken_up_over_the_inputs_that_it_began_with(done, tmp_path):
    name = stopped(tmp_path)
    assert (tmp_path / "runs" / name).stat().st_mode & 0o077 == 0, "its snapshot is the owner's alone"
    result, entries = resume(tmp_path, name)
    whole, _, _ = done
    assert (result.categories, result.rules) == (whole.categories, whole.rules)
    assert [entry["event"] for entry in entries] == ["run.started", "run.finished"] * 2
    assert [entry["fields"].get("state") for entry in entries[1::2]] == ["FAILED", "DONE"]
    assert {entry["fields"]["run"] for entry in entries[::2]} == {name}
    assert not list((tmp_path / "runs").glob("*"))


def test_a_run_is_not_taken_up_by_another_pack(tmp_path):
    name = stopped(tmp_path)
    other = load_pack("demo-2026").changed({"dibao_standard_fen_month": 1}, why="a test")
    began_with = load_pack("demo-2026").hash[:12]
    with pytest.raises(
        OtherRun, match=f"policy pack that run `.*` began with, `{began_with}`, got `{other.hash[:12]}`"
    ):
        resume(tmp_path, name, pack=other)


def test_a_run_of_an_earlier_version_says_whose_rules_it_began_with_and_can_be_cancelled(
    tmp_path, monkeypatch
):
    name = stopped(tmp_path)
    began_with = CATALOGUE.hash[:12]
    monkeypatch.setattr("gateway.district_run.CATALOGUE", SimpleNamespace(hash="ef" * 32))
    with pytest.raises(
        OtherRun, match=f"rules that run `{name}` began with, `{began_with}`, and .* `efefefefefef`"
    ):
        resume(tmp_path, name)
    at(tmp_path, lambda trace, kept: cancel_run(name, home=kept, trace=trace))
    with home(tmp_path) as kept:
        assert kept.ledger.run(name).state is RunState.CANCELLED


def test_a_run_without_its_snapshot_says_so(tmp_path):
    name = stopped(tmp_path)
    (tmp_path / "runs" / name / "cases.parquet").unlink()
    with pytest.raises(CannotRun):
        resume(tmp_path, name)


def of_another_sum(path: Path) -> None:
    """One fen more in one row: every column, type and code is as before."""
    table = pq.read_table(path)
    fen = [table["amount_fen"][0].as_py() + 1, *table["amount_fen"].to_pylist()[1:]]
    place = table.schema.get_field_index("amount_fen")
    pq.write_table(table.set_column(place, table.schema.field(place), pa.array(fen, pa.int64())), path)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_a_snapshot_that_was_changed_on_its_disk_is_refused_by_name_and_nothing_is_lost(done, tmp_path):
    name = stopped(tmp_path)
    path = tmp_path / "runs" / name / "Declaration.parquet"
    written = path.read_bytes()
    expected = (
        f"expected `Declaration.parquet` of the snapshot with sha256 `{sha256(written).hexdigest()[:12]}…`"
    )
    for change, got in (
        (of_another_sum, r"`[0-9a-f]{12}…`"),
        (cut_short, r"`[0-9a-f]{12}…`"),
        (Path.unlink, "none"),
    ):
        change(path)
        with pytest.raises(ChangedSnapshot, match=f"^{expected}, got {got}$"):
            resume(tmp_path, name)
        path.write_bytes(written)
    added = path.with_name("Training.parquet")
    added.write_bytes(written)
    with pytest.raises(ChangedSnapshot, match=r"`Training.parquet` of the snapshot with sha256 none, got `"):
        resume(tmp_path, name)
    added.unlink()
    result, entries = resume(tmp_path, name)
    assert (result.categories, result.rules) == (done[0].categories, done[0].rules)
    assert [entry["fields"].get("state") for entry in entries[1::2]] == [*["FAILED"] * 5, "DONE"]


def test_whoever_resumes_a_changed_snapshot_gets_one_line(tmp_path, monkeypatch):
    name = stopped(tmp_path)
    of_another_sum(tmp_path / "runs" / name / "Declaration.parquet")

    def at_home(settings, work):
        def worked(trace, kept):
            return work(SimpleNamespace(office=SimpleNamespace(trace=trace)), kept, settings)

        return at(tmp_path, worked)

    for setting in ("HEDUI_ENV", "HEDUI_CONFIG", "HEDUI_REGISTERS"):
        monkeypatch.delenv(setting, raising=False)
    monkeypatch.setattr(run_commands, "_at_home", at_home)
    result = CliRunner().invoke(app, ["runs", "resume", name])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("ChangedSnapshot: expected `Declaration.parquet` of")


def test_a_cancelled_run_is_noted_and_not_taken_up(tmp_path):
    name = stopped(tmp_path)
    _, entries = at(tmp_path, lambda trace, kept: cancel_run(name, home=kept, trace=trace))
    assert entries[-1]["fields"]["state"] == "CANCELLED"
    assert entries[-1]["fields"]["started"] == 0
    assert not list((tmp_path / "runs").glob("*"))
    with pytest.raises(RunEnded):
        resume(tmp_path, name)


def test_a_run_after_another_takes_over_what_did_not_change(done, folder, tmp_path):
    first, _, _ = done
    copytree(folder, tmp_path / "same")
    second, _, _ = run(tmp_path / "same", after=first.run)
    assert second.taken_over == second.households
    assert (second.categories, second.rules) == (first.categories, first.rules)
    with pytest.raises(NoSuchRun):
        run(tmp_path / "same", after="run-nothing")


def test_a_snapshot_of_no_run_is_swept_away(tmp_path):
    left = tmp_path / "runs" / "run-killed"
    left.mkdir(parents=True)
    (left / "persons.parquet").write_bytes(b"x")
    hours = (NOW - timedelta(hours=2)).timestamp()
    os.utime(left, (hours, hours))
    with home(tmp_path) as kept:
        kept.sweep()
    assert not left.exists()


def test_only_workers_of_this_machine_that_are_no_more_are_gone():
    name = worker_name()
    host = name.rpartition("/")[0]
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert gone([name, f"{host}/{ended.pid}", f"elsewhere/{ended.pid}"]) == [f"{host}/{ended.pid}"]


def test_moves_between_two_runs_are_told_with_their_reasons_and_noted(tmp_path):
    told = next(story for story in STORIES if verify(story).category is Category.DIBAO)
    rows = {record: [row for row in told.records if type(row) is record] for record in RECORD_TYPES}
    first, _, _ = run(tmp_path, rows=rows)
    over = PropertyCheck(
        record_id="over", as_of=DAY, household=told.household, kind=PropertyKind.DEPOSIT, over_limit=True
    )
    second, _, _ = run(tmp_path, rows={**rows, PropertyCheck: [over]})
    found, entries = at(
        tmp_path,
        lambda trace, kept: moves_between(
            first.run, second.run, home=kept, connectors=connectors_of(rows), trace=trace, caller="operator"
        ),
    )
    (moved,) = found.transitions
    assert (moved.move, moved.reason) == (Move.LEFT, CategoryReason.INELIGIBLE)
    assert found.tally.moves[Move.LEFT].households == 1
    assert [entry["fields"].get("run") for entry in entries[-2::2]] == ["moves"]
    assert entries[-1]["fields"]["households"] == 1
