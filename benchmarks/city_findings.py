"""Have two contenders found the same in a city? What each of them tells of itself, in one form.

A contender is a program of its own, which loads what it needs and nothing else: what one of them
loads for another would be in its time.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.peak import peak_mib

# What both rivals have to know of the law.
AWAY = ("PRISON", "COMPULSORY_REHAB", "MISSING", "CLERGY_3Y")
PENSIONS = ("PENSION", "CENTRAL_BASE_PENSION", "LOCAL_BASE_PENSION", "PERSONAL_PENSION")
STANDING = ("DIBAO", "TEKUN", "SINGLE", "GRADUAL_EXIT", "ORPHAN")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
WINDOW = 12

Findings = set[tuple[str, str, str]]
"""Rule, household, person; of what is told of a household: category, household, fen."""

Given = TypeVar("Given")


def contend(work: Callable[[], Given], found: Callable[[Given], tuple[Findings, Findings]]) -> None:
    """Do the work and print a line of JSON: how long it took, and what it came to.

    `found`   findings, and amounts where they are told, of what the work gives. It is not timed: how long it
              took is told as `aside`
    """
    begun = time.perf_counter()
    given = work()
    took, peak = time.perf_counter() - begun, peak_mib()
    findings, amounts = (_digest(each) for each in found(given))
    aside = time.perf_counter() - begun - took
    told = {"seconds": took, "aside": aside, "peak": peak, "findings": findings, "amounts": amounts}
    print(json.dumps(told))


def _digest(found: Findings) -> str:
    """One digest for findings in any order."""
    return hashlib.sha256("\n".join(" ".join(each) for each in sorted(found)).encode()).hexdigest()
