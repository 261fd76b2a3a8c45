"""A coverage-guided fuzzer over every parser: stops with a trace at bytes that break what `fuzz.py` says.

python -m tests.audit.fuzz_guided -max_total_time=600
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["audit"]):  # before anything else has imported it
    from tests.audit.fuzz import PARSERS

CHECKS = list(PARSERS.values())


def one(data: bytes) -> None:
    """The first byte chooses the parser, the second how much of good bytes comes first."""
    if len(data) > 2:
        seed, check = CHECKS[data[0] % len(CHECKS)]
        check(seed[: data[1] % (len(seed) + 1)] + data[2:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
