"""How does the walk through the demo meet the gateway? From outside: it asks, and what comes back is shown.

The command that starts the walk hands these in, so that the demo knows nothing of the gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from vocabulary.codes import Category, Department


@dataclass(frozen=True, slots=True)
class Reply:
    """What came over HTTP: data, or the errors that came instead, and what the gateway says beside it."""

    data: Mapping[str, Any]
    errors: tuple[Mapping[str, Any], ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What one rule came to in a run: persons or households for whom it found something, or could not tell."""

    rule: str
    name_zh: str
    name_en: str
    severity: str
    found: int
    cannot_tell: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run of the whole district came to.

    `categories`   households by verified category; those that could not be told stand under None
    """

    households: int
    persons: int
    took_s: float
    categories: Mapping[Category | None, int]
    findings: tuple[Found, ...]


Progress = Callable[[int, int], None]
"""Told after every shard: households done, households in all."""


class Desk(Protocol):
    """A gateway that is running, its registers, and the commands around it."""

    @property
    def address(self) -> str:
        """Where the gateway listens."""
        ...

    def ask(self, persona: str, question: str, number: str) -> Reply:
        """One question over HTTP, as somebody with a token of theirs."""
        ...

    def stop(self, department: Department) -> None:
        """Stop a register."""
        ...

    def start(self, department: Department) -> None:
        """Start it again."""
        ...

    def quality(self) -> str:
        """Check education's newest delivery in a process of its own; what that process said."""
        ...

    def run(self, progress: Progress) -> Tally:
        """Verify every household of the district."""
        ...

    def bundle(self, path: Path) -> Path:
        """Write the evidence bundle; gives the policy file that an evaluator would have been handed beforehand."""
        ...
