"""Which rows must a compiled judgement draw, in which loops, and what of each row is looked at?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from verification.language.expression import Expr
from verification.language.rows import Aggregate, Grouped
from verification.language.source import Best, ColumnOf, Filtered, Plan, Records, Union, ranked

Index = tuple[str, tuple[str, ...]]
"""Digest of a plan, and the columns by which its rows are indexed."""


@dataclass(frozen=True)
class Looked:
    """What is looked at of drawn rows, by the digest of their plan.

    `columns`   those that are needed; of a plan that is not there all are
    `at_once`   lines go there as they are drawn: unions of which nobody needs all together, and the best of
                some, where each part of their union has one rank and nothing looks at the union itself
    """

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    at_once: frozenset[str] = frozenset()


class Wanted:
    """Which rows have to be looked at, in which loops, and what becomes of each.

    `there`     plans, by digest, whose rows are drawn already
    `indexed`   indexes that are made already
    """

    def __init__(self, there: Mapping[str, str], indexed: Mapping[Index, str], looked: Looked) -> None:
        self._there, self._indexed, self._looked = there, indexed, looked
        self._seen: set[str] = set()
        self.loops: list[Plan] = []
        """Plans with a loop of their own, each after those whose rows it needs."""
        self.lists: dict[str, Plan] = {}
        """Plans whose rows must stand in a list, besides record types and unions."""
        self.indexes: dict[str, dict[Index, Plan]] = {}
        """The indexes of a plan, by its digest."""
        self.after: dict[str, list[tuple[Plan, Union | Best | None]]] = {}
        """What is drawn from each row of a plan, by its digest; lines with what they go to."""
        self.at_once: dict[str, Best | Union] = {}
        """Those plans, by digest, to which lines go as they are drawn."""

    def index(self, plan: Plan, on: tuple[str, ...]) -> None:
        """An index of a plan's rows is needed."""
        if (plan.digest, on) in self._indexed:
            return
        self._plan(plan)
        self.indexes.setdefault(plan.digest, {})[plan.digest, on] = plan

    def whole(self, plan: Plan) -> None:
        """All rows of a plan are needed together."""
        self._plan(plan)
        if not isinstance(plan, (Records, Union)) and plan.digest not in self._there:
            self.lists[plan.digest] = plan

    def _plan(self, plan: Plan) -> None:
        if plan.digest in self._seen:
            return
        self._seen.add(plan.digest)
        if plan.digest not in self._there:
            self._needed_by(plan)
        if not isinstance(plan, Filtered) or plan.digest in self._there:
            self.loops.append(plan)

    def _needed_by(self, plan: Plan) -> None:
        if isinstance(plan, Union):
            if plan.digest in self._looked.at_once:
                self.at_once[plan.digest] = plan
            self._parts(plan, plan)
        elif isinstance(plan, Best) and isinstance(plan.of, Union) and plan.digest in self._looked.at_once:
            self.at_once[plan.digest] = plan
            self._parts(plan.of, plan)
        elif isinstance(plan, Best):
            self.whole(plan.of)
        elif isinstance(plan, (Filtered, Grouped)):
            self._plan(plan.of)
            self.after.setdefault(plan.of.digest, []).append((plan, None))

    def _parts(self, union: Union, to: Union | Best) -> None:
        for part in union.parts:
            self._plan(part.of)
            self.after.setdefault(part.of.digest, []).append((part, to))


def looked_at(nodes: Iterable[Expr]) -> Looked:
    """What the nodes of a catalogue look at."""
    columns: dict[str, set[str]] = {}
    best: dict[str, Best] = {}
    unions: set[str] = set()
    for node in nodes:
        if isinstance(node, ColumnOf):
            columns.setdefault(node.plan.root.digest, set()).add(node.column)
            best |= _best_in(node.plan)
            unions |= {node.plan.root.digest} if isinstance(node.plan.root, Union) else set()
        if isinstance(node, Aggregate):
            best |= _best_in(node.plan)
            columns.setdefault(node.plan.root.digest, set()).update(_whose(node))
            if node.match is not None:
                best |= _best_in(node.match.plan)
                matched = {*(node.match.on or ()), *node.match.columns}
                columns.setdefault(node.match.plan.root.digest, set()).update(matched)
    at_once = {
        digest for digest, plan in best.items() if plan.of.digest not in columns and ranked(plan) is not None
    }
    at_once |= unions
    for digest, plan in best.items():
        if digest in at_once:
            columns[digest].update(plan.by)
        else:  # its rows are those of what it is the best of
            columns.pop(digest, None)
            columns.pop(plan.of.digest, None)
            at_once.discard(plan.of.digest)
    return Looked({digest: frozenset(names) for digest, names in columns.items()}, frozenset(at_once))


def _best_in(plan: Plan) -> dict[str, Best]:
    return {plan.root.digest: plan.root} if isinstance(plan.root, Best) else {}


def _whose(node: Aggregate) -> set[str]:
    ordered = {"record_type", "record_id"} if node.op in ("rows latest", "rows earliest") else set()
    return {*(node.on or ()), *(node.match.columns if node.match else ()), *ordered}
