"""How is a run judged where a pack holds some rules to fresher evidence? Once more for them, on what is fresh enough.

Where no rule has limits of its own, which is the rule, nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from verification.freshness import own_limits
from verification.language.parameter import Pack
from verification.language.seal import canonical
from verification.language.to_python import Judgement
from verification.runs.ageing import aged_within, day_of
from verification.runs.tables import Snapshot


class Judges(Protocol):
    """An engine bound to a snapshot: `Engine` on DuckDB, `spark.SparkEngine`."""

    steps: int

    def load(self, cases: pa.Table) -> Iterator[str]:
        """Tell every fact of some cases, step by step."""

    def judgements(self) -> Iterator[Judgement]:
        """The judgements of the cases loaded last, in the order of household numbers."""

    def sealed(self) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of each of them."""


Judging = Callable[[Snapshot, int], AbstractContextManager[Judges]]
"""Makes an engine over a snapshot; the number is 0 for the run's own and counts those that were made of it."""


@contextmanager
def by_own_limits(snapshot: Snapshot, pack: Pack, judging: Judging) -> Iterator[Judges]:
    """An engine over a snapshot in which nothing is too old by the pack's limits for record types."""
    on = day_of(snapshot) or date.min  # of no cases nothing is looked at
    with ExitStack() as stack:
        whole = stack.enter_context(judging(snapshot, 0))
        apart: list[_Apart] = []
        for own in own_limits(pack, on):
            fresh = aged_within(snapshot, own.days, on)
            if fresh is not snapshot:  # something is too old for these rules
                engine = stack.enter_context(judging(fresh, len(apart) + 1))
                apart.append(_Apart(own.rules, fresh, engine))
        yield _Together(whole, apart) if apart else whole


@dataclass(frozen=True, slots=True)
class _Apart:
    """An engine over what is fresh enough for some rules."""

    rules: frozenset[str]
    snapshot: Snapshot
    engine: Judges


class _Together:
    """Several engines over the same households, each heard about its own rules."""

    def __init__(self, whole: Judges, apart: Sequence[_Apart]) -> None:
        self._whole, self._apart = whole, apart
        self.steps = whole.steps + sum(each.engine.steps for each in apart)

    def load(self, cases: pa.Table) -> Iterator[str]:
        """See `Judges.load`."""
        yield from self._whole.load(cases)
        for each in self._apart:
            own = each.snapshot.cases
            # By their own masks: what is too old for these rules was answered, for the others.
            yield from each.engine.load(own.filter(pc.is_in(own["household"], cases["household"])))

    def judgements(self) -> Iterator[Judgement]:
        """See `Judges.judgements`."""
        others = [each.engine.judgements() for each in self._apart]
        for judged, *apart in zip(self._whole.judgements(), *others, strict=True):
            found = list(judged.found)
            for each, other in zip(self._apart, apart, strict=True):
                found = [one for one in found if one.rule.number not in each.rules]
                found += [one for one in other.found if one.rule.number in each.rules]
            found.sort(key=lambda one: (one.rule.number, one.person or ""))
            yield Judgement(judged.household, judged.facts, judged.members, tuple(found))

    def sealed(self) -> Iterator[tuple[str, bytes]]:
        """See `Judges.sealed`."""
        return ((str(each.household), canonical(each)) for each in self.judgements())
