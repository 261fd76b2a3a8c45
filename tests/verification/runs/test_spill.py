"""Does what a run lays on disk go with it, and if it is killed with the next one?"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from verification.runs.spill import PREFIX, UNLOCKED_S, Spill, sweep

OPENED = """
import sys
from pathlib import Path
from verification.runs.spill import Spill
spill = Spill()
Path(spill.name, "duckdb_temp_storage-0.tmp").write_bytes(b"rows of people")
print(spill.name, flush=True)
sys.stdin.readline()
"""

RUNNING = """
import sys
from tests.verification.caseload import stories_snapshot
from verification.pack import load_pack
from verification.runs.district import Engine
from verification.whatif import FACTS
snapshot = stories_snapshot()
with Engine(snapshot, FACTS, load_pack("demo-2026")) as engine:
    for step in engine.load(snapshot.cases):
        print(step, flush=True)
        sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)  # so that it is looked up anew
    yield tmp_path
    tempfile.tempdir = None


def started(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def killed(process: subprocess.Popen[str]) -> None:
    with process:
        process.send_signal(signal.SIGKILL)


def swept(folder: Path, *, later_s: float = 0) -> list[Path]:
    return sweep(folder, now_s=time.time() + later_s)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_folder_is_its_owners_alone_and_goes_when_it_is_done_with(temporary: Path) -> None:
    spill = Spill()
    assert Path(spill.name).stat().st_mode & 0o077 == 0
    Path(spill.name, "rows").write_bytes(b"rows")
    spill.cleanup()
    assert not list(temporary.iterdir())


def test_what_a_killed_process_left_goes_with_the_next(temporary: Path) -> None:
    process = started(OPENED)
    left = Path(line_of(process))
    killed(process)
    assert (left / "duckdb_temp_storage-0.tmp").exists(), "nobody had the time to remove it"
    spill = Spill()
    assert [each.name for each in temporary.iterdir()] == [Path(spill.name).name]
    spill.cleanup()


def test_what_a_killed_engine_spilled_goes_too(temporary: Path) -> None:
    process = started(RUNNING)
    assert line_of(process)
    (left,) = temporary.glob(f"{PREFIX}*")
    killed(process)
    assert left.exists()
    assert swept(temporary) == [left]
    assert not list(temporary.glob(f"{PREFIX}*"))


def test_the_living_keep_what_is_theirs(temporary: Path) -> None:
    process = started(OPENED)
    theirs, ours = Path(line_of(process)), Spill()
    assert swept(temporary) == []
    assert (theirs / "duckdb_temp_storage-0.tmp").exists()
    assert Path(ours.name).exists()
    ours.cleanup()
    killed(process)


def test_what_is_not_provably_a_dead_runs_is_left_alone(temporary: Path) -> None:
    """No lock yet, a lock that is a link, a link to a folder, a file."""
    elsewhere = temporary / "elsewhere"
    for folder in (temporary / f"{PREFIX}new", temporary / f"{PREFIX}linked", elsewhere):
        folder.mkdir()
    (elsewhere / "alive").touch()
    (temporary / f"{PREFIX}linked" / "alive").symlink_to(elsewhere / "alive")
    (temporary / f"{PREFIX}link").symlink_to(elsewhere)
    (temporary / f"{PREFIX}file").touch()
    assert swept(temporary) == []
    assert len(list(temporary.iterdir())) == 5


def test_what_is_swept_is_not_swept_again(temporary: Path) -> None:
    process = started(OPENED)
    left = Path(line_of(process))
    killed(process)
    assert [swept(temporary), swept(temporary)] == [[left], []]


def test_what_was_killed_before_it_was_locked_or_while_it_was_removed_goes_after_an_hour(
    temporary: Path,
) -> None:
    left = temporary / f"{PREFIX}half"
    left.mkdir()
    (left / "rows").write_bytes(b"rows of people")
    assert swept(temporary, later_s=UNLOCKED_S - 60) == []
    assert swept(temporary, later_s=UNLOCKED_S + 60) == [left]
    assert not left.exists()


def test_a_living_run_is_left_alone_however_old_it_is(temporary: Path) -> None:
    process = started(OPENED)
    theirs = Path(line_of(process))
    assert swept(temporary, later_s=UNLOCKED_S * 24) == []
    assert theirs.exists()
    killed(process)
