"""How much memory has this process held at most? Since it began to run its own program.

What `getrusage` tells begins with what the parent held when it started us.
"""

from __future__ import annotations

import resource
from pathlib import Path


def peak_mib() -> float:
    """Resident memory at its highest, MiB; by `getrusage` where there is no /proc."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text("utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
