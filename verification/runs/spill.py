"""Where does a run lay what does not fit in memory, and what becomes of that when it is killed?

In a folder of its own in the temporary folder, which goes when the run ends. Of one that was killed
the next run of the same operator removes it: a lock on a file in the folder tells the living from
the dead, since the system lets go of it when a process ends, however it ends. What has no such file
is left alone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

PREFIX = "hedui-run-"
_LOCK = "alive"


class Spill:
    """A folder that nobody else may read, until `cleanup` or the next run after this process is gone."""

    def __init__(self) -> None:
        """Sweeps away what the dead have left. Raises `OSError` where no folder can be made."""
        sweep(Path(tempfile.gettempdir()))
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


def sweep(folder: Path) -> list[Path]:
    """Remove the folders of this operator's runs whose process is no more; which they were."""
    return [each for each in sorted(folder.glob(f"{PREFIX}*")) if _is_ours(each) and _removed(each)]


def _is_ours(folder: Path) -> bool:
    """A folder itself, no link to one, and nobody else's."""
    try:
        found = folder.lstat()
    except OSError:  # it went meanwhile
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _removed(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:  # of a run that has not got so far, or of no run of ours
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
