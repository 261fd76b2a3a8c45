"""Which bytes are a judgement? Canonical JSON, the same on every engine and machine, and its digest.

Keys sorted, no blanks, UTF-8, whole numbers only; months as `2026-10`, days as `2026-10-31`;
what is missing says how: `{"missing":"unknown"}` or `{"missing":"absent"}`. Rules whose answer
is no are left out. An outsider seals a judgement again with a standard library alone.
"""

from __future__ import annotations

import hashlib
import json

from verification.language.to_python import Found, Judgement
from verification.language.values import Missing, Result, written


def canonical(judgement: Judgement) -> bytes:
    """A judgement as canonical JSON."""
    whole = {
        "facts": _plain(judgement.facts),
        "found": [_found(each) for each in judgement.found],
        "household": str(judgement.household),
        "members": {str(person): _plain(facts) for person, facts in judgement.members.items()},
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def seal(judgement: Judgement) -> str:
    """sha256 of the canonical judgement, hex."""
    return hashlib.sha256(canonical(judgement)).hexdigest()


def _plain(values: dict[str, Result]) -> dict[str, object]:
    return {
        name: {"missing": value.value} if isinstance(value, Missing) else written(value)
        for name, value in values.items()
    }


def _found(found: Found) -> dict[str, object]:
    return {
        "answer": found.answer.value,
        "because": [record.__name__ for record in found.because],
        "evidence": _plain(found.evidence),
        "person": None if found.person is None else str(found.person),
        "rule": found.rule.number,
        "severity": str(found.severity),
    }
