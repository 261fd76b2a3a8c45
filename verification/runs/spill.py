"""Where does a run lay what does not fit in memory, and what becomes of that when it is killed?

In a folder of its own in the temporary folder, which goes when the run ends. Of one that was killed
the next run of the same operator removes it: a lock on a file in the folder tells the living from
the dead, since the system lets go of it when a process ends, however it ends. A folder without such
a file is of a run that has not got so far, or was killed before it had or while it cleaned up: it goes when
nothing in it has changed for an hour.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

PREFIX = "hedui-run-"
UNLOCKED_S = 3_600
"""Seconds after which a folder without a lock is nobody's: between the two there are milliseconds."""
_LOCK = "alive"


class Spill:
    """A folder that nobody else may read, until `cleanup` or the next run after this process is gone."""

    def __init__(self) -> None:
        """Sweeps away what the dead have left. Raises `OSError` where no folder can be made."""
        sweep(Path(tempfile.gettempdir()), now_s=time.time())
        self.name = tempfile.mkdtemp(prefix=PREFIX)
        unnamed = Path(self.name, f"{_LOCK}.new")
        self._lock = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # INVARIANT: whoever sees the file under its name sees it locked for as long as we live.
        unnamed.rename(Path(self.name, _LOCK))

    def cleanup(self) -> None:
        """Remove the folder and all that is in it. What cannot be removed is left to the next run."""
        shutil.rmtree(self.name, ignore_errors=True)
        os.close(self._lock)


def sweep(folder: Path, *, now_s: float) -> list[Path]:
    """Remove the folders of this operator's runs whose process is no more; which they were.

    `now_s`   seconds since 1970
    """
    return [each for each in sorted(folder.glob(f"{PREFIX}*")) if _is_ours(each) and _removed(each, now_s)]


def _is_ours(folder: Path) -> bool:
    """A folder itself, no link to one, and nobody else's."""
    try:
        found = folder.lstat()
    except OSError:  # it went meanwhile
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _removed(folder: Path, now_s: float) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return _removed_if_old(folder, now_s)
    except OSError:  # of no run of ours
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # its owner lives
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(lock)


def _removed_if_old(folder: Path, now_s: float) -> bool:
    try:
        if now_s - folder.stat().st_mtime < UNLOCKED_S:
            return False
    except OSError:  # it went meanwhile
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True
