"""What of a verdict is left when who it is about is masked? What was found, and by which rule; not of whom, nor how much.

An agreement that shows a part of a verdict 脱敏 wants the evaluator to see that a rule found
something, without amounts that it shows only 仅核验 elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from verification.citation import in_chinese
from verification.language.rule import Severity
from verification.verdict import CannotTell, Counting, Finding, IncomeLine
from vocabulary.idnumber import WrittenId, mask


def without_persons(value: Any) -> Any:
    """A part of a verdict, or a list of such parts, with persons masked; numbers and codes stay as they are."""
    match value:
        case tuple() | list():
            return [without_persons(each) for each in value]
        case Finding():
            return _finding(value)
        case Counting():
            return replace(value, person=_masked(value.person))
        case IncomeLine():
            return replace(value, person=_masked(value.person), record_id="")
        case CannotTell():
            return replace(value, person=value.person and _masked(value.person))
        case str():
            return _masked(value) if isinstance(value, WrittenId) else value
        case _:
            return value


def _finding(found: Finding) -> Finding:
    """The rule, its article, and counts: sentences hold amounts, record numbers are keys, a day singles out."""
    hint = ("提示", "note") if found.severity is Severity.INFO else ("疑似", "possible")
    return replace(
        found,
        person=found.person and _masked(found.person),
        evidence={
            name: value
            for name, value in found.evidence.items()
            if isinstance(value, int) and not name.endswith("_fen")
        },
        zh=f"{hint[0]}{found.name_zh}。依据：{in_chinese(found.article)}。",
        en=f"{hint[1]}: {found.name_en}. Under {found.article}.",
        records=(),
    )


def _masked(person: str) -> WrittenId:
    return WrittenId(mask(person))
