"""Does a verification say what the story expects? Every difference, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from demo.story import Story
from verification.crosscheck import crosscheck, reads
from verification.language.rule import Severity
from verification.pack import Pack, load_pack
from verification.verdict import Verdict
from vocabulary.money import Money


def pack_of(story: Story) -> Pack:
    """The pack that the story names, with its changes. Raises `BadPack`."""
    pack = load_pack(story.pack)
    return pack.changed(story.pack_changes, why=f"story {story.id}") if story.pack_changes else pack


def verify(story: Story) -> Verdict:
    """The verdict on the story's household, from exactly the records that a verification reads."""
    return crosscheck(story.evidence(reads()), story.household, story.on, pack_of(story))


def differences(story: Story, verdict: Verdict) -> list[str]:
    """What differs from the story's expectation; empty when all of it holds.

    Findings of severity INFO need not be listed; those that are listed must be there.
    """
    return [
        found for key, expected in story.expect.items() for found in _compare(story, verdict, key, expected)
    ]


def _compare(story: Story, verdict: Verdict, key: str, expected: object) -> Iterator[str]:
    if key == "evidence":
        assert isinstance(expected, Mapping), "read as a mapping"
        yield from _evidence(verdict, expected)
        return
    if key == "gates":
        assert isinstance(expected, Mapping), "read as a mapping"
        answers = {str(gate.category): gate.answer.value for gate in verdict.gates}
        got: object = {gate: answers.get(gate) for gate in expected}
    elif key == "findings":
        assert isinstance(expected, Mapping), "read as a mapping"
        got = _findings(story, verdict, listed=set(expected))
        expected = {rule: sorted(who) for rule, who in expected.items()}
    elif key == "cannot_tell":
        got = sorted({each.rule for each in verdict.cannot_tell})
        expected = sorted(expected) if isinstance(expected, list) else expected
    else:
        got = _SHOWN[key](story, verdict)
    if got != expected:
        yield f"{story.id}: {key}: expected {expected}, got {got}"


def _findings(story: Story, verdict: Verdict, *, listed: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in verdict.findings:
        if each.severity is not Severity.INFO or each.rule in listed:
            people = found[each.rule]
            people += [story.alias(each.person)] if each.person is not None else []
    return {rule: sorted(people) for rule, people in found.items()}


def _evidence(verdict: Verdict, expected: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Each value that the story chooses, of the first finding of that rule."""
    for rule, values in expected.items():
        finding = next((each for each in verdict.findings if each.rule == rule), None)
        for name, value in values.items():
            got = finding.evidence.get(name) if finding is not None else None
            wanted = value if isinstance(value, (int, bool, date)) else str(value)
            if name.endswith("_yuan") and finding is not None:
                fen = finding.evidence.get(name.removesuffix("_yuan") + "_fen")
                got = _yuan(fen if isinstance(fen, int) else None)
            if got != wanted:
                yield f"evidence.{rule}.{name}: expected {wanted}, got {got}"


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else str(Money(fen))


_SHOWN: dict[str, Callable[[Story, Verdict], object]] = {
    "counted_members": lambda _, v: v.counted_members,
    "annual_yuan": lambda _, v: _yuan(v.annual_fen),
    "declared_annual_yuan": lambda _, v: _yuan(v.declared_annual_fen),
    "evidenced_yuan": lambda _, v: _yuan(v.evidenced_fen),
    "lower_bound_yuan": lambda _, v: _yuan(v.lower_bound_fen),
    "per_capita_month": lambda _, v: v.per_capita_month,
    "category": lambda _, v: str(v.category),
    "compat": lambda _, v: str(v.compat),
    "declared_category": lambda _, v: str(v.declared_category),
    "payable_yuan": lambda _, v: _yuan(v.payable_fen),
    "declared_payable_yuan": lambda _, v: _yuan(v.declared_payable_fen),
    "single_person": lambda s, v: {s.alias(person): _yuan(fen) for person, fen in v.single_person.items()},
    "rigid_yuan": lambda _, v: _yuan(v.rigid_fen),
    "rigid_ratio_percent": lambda _, v: v.rigid_ratio_percent,
}
"""How each expected figure is read off a verdict."""
