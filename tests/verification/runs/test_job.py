"""A job that is stopped, killed or taken over ends with the same judgements as one that is not."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.verification.language.both import DAY, ON, PACK, World, a_world
from tests.verification.language.test_engines_agree import with_rules
from verification.language.seal import canonical
from verification.runs.changes import changed, household_digests
from verification.runs.district import judge_district
from verification.runs.job import Job, OtherRun, Terms
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of
from vocabulary.codes import InsuranceKind, InsuranceStatus, Participation
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Membership
from vocabulary.records.social_security import Insurance

CATALOGUE = with_rules()
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def snapshot(world: World) -> Snapshot:
    reads = CATALOGUE.reads()
    tables = {record: table_of(record, world.rows[record], reads[record]) for record in reads}
    cases = cases_table((house, ON, mask) for house, mask in world.unanswered.items())
    return Snapshot(tables, cases, masks_table(world.unanswered_of))


WORLD = a_world(41, households=30)
GIVEN = snapshot(WORLD)


def job(path: Path, given: Snapshot = GIVEN, now: Callable[[], datetime] = lambda: NOON) -> Job:
    return Job(path, given, CATALOGUE, PACK, now, Terms(shard_households=8))


def whole(given: Snapshot) -> list[tuple[str, bytes]]:
    return [(each.household, canonical(each)) for each in judge_district(given, CATALOGUE, PACK)]


def stop_after(shards: int) -> Callable[[], bool]:
    left = iter([False] * shards)
    return lambda: next(left, True)


def test_a_job_gives_what_a_run_gives(tmp_path: Path) -> None:
    one = job(tmp_path / "run.db")
    assert one.begin() == 0
    told: list[int] = []
    assert one.work("a", progress=lambda now: told.append(now.judged))
    assert told == [8, 16, 24, 30]
    assert list(one.results()) == whole(GIVEN)


def test_a_stopped_job_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    job(path).begin()
    assert not job(path).work("a", stop=stop_after(2))
    assert len(list(job(path).results())) == 16
    assert job(path).begin() == 0
    assert job(path).work("b")
    assert list(job(path).results()) == whole(GIVEN)


def test_a_claim_is_respected_until_it_runs_out(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    first = job(path)
    first.begin()
    with first._open() as file:
        assert first._claim(file, "gone") == 0
    assert not job(path).work("b")
    assert len(list(job(path).results())) == 22
    later = job(path, now=lambda: NOON + timedelta(hours=1))
    assert later.work("c")
    assert list(later.results()) == whole(GIVEN)


def test_a_file_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    job(path).begin()
    with pytest.raises(OtherRun):
        job(path, snapshot(a_world(42, households=30))).begin()


def insured(person: str) -> Insurance:
    return Insurance(
        record_id="new",
        as_of=DAY,
        person=person,  # type: ignore[arg-type] # as a register writes it
        kind=InsuranceKind.PENSION,
        participation=Participation.EMPLOYEE,
        month=Month.parse("2026-10"),
        base_fen=1,
        status=InsuranceStatus.NORMAL,
    )


def test_only_households_whose_inputs_changed_are_judged_again(tmp_path: Path) -> None:
    before, after = job(tmp_path / "before.db"), tmp_path / "after.db"
    before.begin()
    before.work("a")
    members = [row for row in WORLD.rows[Membership] if isinstance(row, Membership)]
    person = members[0].person
    touched = {row.household for row in members if row.person == person}
    now = snapshot(replace(WORLD, rows={**WORLD.rows, Insurance: (*WORLD.rows[Insurance], insured(person))}))
    next_job = job(after, now)
    assert next_job.begin(after=before.path) == 30 - len(touched)
    assert next_job.work("a")
    assert list(next_job.results()) == whole(now)


@pytest.mark.parametrize("what", ["order of rows", "a mask of a person", "a mask of a household", "the day"])
def test_what_changes_a_households_digest(what: str) -> None:
    before = household_digests(GIVEN)
    other = {
        "order of rows": lambda: replace(WORLD, rows={r: rows[::-1] for r, rows in WORLD.rows.items()}),
        "a mask of a person": lambda: replace(
            WORLD, unanswered_of={p: mask ^ 1024 for p, mask in WORLD.unanswered_of.items()}
        ),
        "a mask of a household": lambda: replace(
            WORLD, unanswered={h: mask ^ 1024 for h, mask in WORLD.unanswered.items()}
        ),
        "the day": lambda: WORLD,
    }[what]()
    now = snapshot(other)
    if what == "the day":
        cases = cases_table((house, ON + timedelta(1), mask) for house, mask in WORLD.unanswered.items())
        now = Snapshot(now.tables, cases, now.persons)
    expected = 0 if what == "order of rows" else 30
    if what == "a mask of a person":
        expected = len({row.household for row in WORLD.rows[Membership] if isinstance(row, Membership)})
    assert len(changed(before, household_digests(now))) == expected


KILLED = """
    import os, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from tests.verification.runs.test_job import job
    import verification.runs.job as module

    left = int(sys.argv[2])
    written = module._transaction

    def killing(file):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return written(file)

    file = job(Path(sys.argv[1]))
    module._transaction = killing
    file.begin()
    file.work("killed")
"""


@pytest.mark.parametrize("at", [1, 3, 4, 5])
def test_killed_at_a_write_it_is_taken_up(tmp_path: Path, at: int) -> None:
    path = tmp_path / "run.db"
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(path), str(at)],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    later = job(path, now=lambda: NOON + timedelta(hours=1))
    later.begin()
    assert later.work("b")
    assert list(later.results()) == whole(GIVEN)
