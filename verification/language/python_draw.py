"""How are rows drawn and indexed in Python? A record is looked at once, for all sources and indexes it belongs to.

A record type of which a household has no row costs one look: what would be drawn from it, and
every index of it, is then the same empty dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from verification.language.python_text import Text
from verification.language.rows import Grouped
from verification.language.source import Best, ColumnOf, Filtered, Lines, Plan, Records, Union, column

Index = tuple[str, tuple[str, ...]]
"""Digest of a plan, and the columns by which its rows are indexed."""


class Wanted:
    """Which rows have to be looked at, in which loops, and what becomes of each.

    `there`   plans, by digest, whose rows are drawn already
    """

    def __init__(self, there: Mapping[str, str]) -> None:
        self._there = there
        self._seen: set[str] = set()
        self.loops: list[Plan] = []
        """Plans with a loop of their own, each after those whose rows it needs."""
        self.lists: dict[str, Plan] = {}
        """Plans whose rows must stand in a list, besides record types and unions."""
        self.indexes: dict[str, dict[Index, Plan]] = {}
        """The indexes of a plan, by its digest."""
        self.after: dict[str, list[tuple[Plan, Union | None]]] = {}
        """What is drawn from each row of a plan, by its digest; lines with the union they go to."""

    def index(self, plan: Plan, on: tuple[str, ...]) -> None:
        """An index of a plan's rows is needed."""
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
            for part in plan.parts:
                self._plan(part.of)
                self.after.setdefault(part.of.digest, []).append((part, plan))
        elif isinstance(plan, Best):
            self.whole(plan.of)
        elif isinstance(plan, (Filtered, Grouped)):
            self._plan(plan.of)
            self.after.setdefault(plan.of.digest, []).append((plan, None))


class Draw:
    """Writes the lines that draw rows and index them.

    `made`   writes what a group of rows comes to: of which plan, and the name of its rows; gives its values' names
    """

    def __init__(self, text: Text, made: Callable[[Grouped, str], Mapping[str, str]]) -> None:
        self.text = text
        self.text.constants["NOTHING"] = {}
        self._made = made
        self._drawn: dict[str, str] = {}
        self._indexed: dict[Index, str] = {}
        self._groups: dict[str, str] = {}

    def column(self, expr: ColumnOf) -> str:
        """How a column of the row `r` is written."""
        root = expr.plan.root
        if isinstance(root, Records):
            return f"r.{expr.column}"
        return f"r[{list(root.columns).index(expr.column)}]"

    def index(self, plan: Plan, on: tuple[str, ...]) -> str:
        """The name of a dictionary of a source's rows by some columns, made before this line."""
        if (plan.digest, on) not in self._indexed:
            wanted = Wanted(self._drawn)
            wanted.index(plan, on)
            self.all(wanted)
        return self._indexed[plan.digest, on]

    def rows(self, plan: Plan) -> str:
        """The name of the list of a source's rows, drawn before this line."""
        if plan.digest not in self._drawn:
            wanted = Wanted(self._drawn)
            wanted.whole(plan)
            self.all(wanted)
        return self._drawn[plan.digest]

    def all(self, wanted: Wanted) -> None:
        """Draw and index all that is wanted."""
        there = set(self._drawn)
        for plan in wanted.loops:
            if isinstance(plan, Union) and plan.digest not in there:
                self._drawn[plan.digest] = self.text.fresh()
                self.text.line(f"{self._drawn[plan.digest]} = []")
        for plan in wanted.loops:
            self._loop(plan, wanted, drawn=plan.digest in there)

    def wanted(self) -> Wanted:
        """What is still to be drawn: nothing, until it is asked for."""
        return Wanted(self._drawn)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is drawn and indexed meanwhile is forgotten afterwards: it may not have been, where code goes on."""
        drawn, indexed = dict(self._drawn), dict(self._indexed)
        yield
        self._drawn, self._indexed = drawn, indexed

    def _loop(self, plan: Plan, wanted: Wanted, *, drawn: bool) -> None:
        """The loop over the rows of a plan, and over nothing where there are none."""
        rows = self._drawn[plan.digest] if drawn else self._looked_at(plan)
        names = self._named(plan, wanted, drawn=drawn)
        if not names and not wanted.after.get(plan.digest):
            return
        with self.text.block(f"if {rows}:"):
            for name, start in names.items():
                self.text.line(f"{name} = {start}")
            if drawn or isinstance(plan, (Records, Union)):
                with self.text.block(f"for r in {rows}:"):
                    self._row(plan, wanted)
            elif isinstance(plan, Best):
                self._best(plan, rows, wanted)
            elif isinstance(plan, Grouped):
                self._grouped(plan, rows, wanted)
        if names:
            with self.text.block("else:"):
                self.text.line(f"{' = '.join(names)} = NOTHING")

    def _looked_at(self, plan: Plan) -> str:
        """The name of what a plan's rows are made of."""
        if isinstance(plan, Records):
            name = self._drawn[plan.digest] = self.text.fresh()
            self.text.line(f"{name} = tables.get({self.text.constant(plan.record)}, ())")
            return name
        if isinstance(plan, Grouped):
            return self._groups[plan.digest]
        return self._drawn[plan.of.digest if isinstance(plan, Best) else plan.digest]

    def _named(self, plan: Plan, wanted: Wanted, *, drawn: bool) -> dict[str, str]:
        """Names for what one loop fills, each with what it starts from."""
        names: dict[str, str] = {}
        if plan.digest in wanted.lists and not drawn:
            names[self._drawn.setdefault(plan.digest, self.text.fresh())] = "[]"
        for index in wanted.indexes.get(plan.digest, ()):
            names[self._indexed.setdefault(index, self.text.fresh())] = "{}"
        for each, _ in wanted.after.get(plan.digest, ()):
            if isinstance(each, Grouped):
                names[self._groups.setdefault(each.digest, self.text.fresh())] = "{}"
            elif isinstance(each, Filtered):
                names |= self._named(each, wanted, drawn=False)
        return names

    def _row(self, plan: Plan, wanted: Wanted) -> None:
        """What is done with a row `r` of a plan."""
        after = wanted.after.get(plan.digest, [])
        self.text.expect(*(each.condition for each, _ in after if isinstance(each, Filtered)))
        if plan.digest in wanted.lists:
            self.text.line(f"{self._drawn[plan.digest]}.append(r)")
        for _, on in wanted.indexes.get(plan.digest, ()):
            self._append(self._indexed[plan.digest, on], self._keys(plan, on))
        for each, union in after:
            if isinstance(each, Lines) and union is not None:
                self._line(each, union)
            elif isinstance(each, Grouped):
                self._append(self._groups[each.digest], [*self._keys(plan, each.by), ""])
            elif isinstance(each, Filtered):
                with self.text.block(f"if {self.text.write(each.condition)}:"):
                    self._row(each, wanted)

    def _append(self, name: str, keys: list[str]) -> None:
        self.text.line(f"{name}.setdefault({key_of(keys)}, []).append(r)")

    def _keys(self, plan: Plan, on: tuple[str, ...]) -> list[str]:
        return [self.text.name_of(column(plan, name)) for name in on]

    def _line(self, part: Lines, union: Union) -> None:
        self.text.expect(*part.values.values())
        values = [
            self.text.write(part.values[each]) if each in part.values else "ABSENT" for each in union.columns
        ]
        self.text.line(f"{self._drawn[union.digest]}.append(({', '.join(values)},))")

    def _best(self, plan: Best, rows: str, wanted: Wanted) -> None:
        best, names = self.text.fresh(), list(plan.of.columns)
        key = key_of([f"r[{names.index(each)}]" for each in plan.by])
        rank = f"r[{names.index(plan.rank)}]"
        self.text.line(f"{best} = {{}}")
        with self.text.block(f"for r in {rows}:"):
            self.text.line(f"key = {key}")
            self.text.line(f"if {rank} > {best}.get(key, {_BELOW_ALL}): {best}[key] = {rank}")
        with self.text.block(f"for r in {rows}:"), self.text.block(f"if {rank} == {best}[{key}]:"):
            self._row(plan, wanted)

    def _grouped(self, plan: Grouped, groups: str, wanted: Wanted) -> None:
        with self.text.block(f"for key, group in {groups}.items():"):
            made = self._made(plan, "group")
            values = [made.get(each) or f"key[{plan.by.index(each)}]" for each in plan.columns]
            self.text.line(f"r = ({', '.join(values)},)")
            self._row(plan, wanted)


def key_of(parts: list[str]) -> str:
    """A key of several parts, as Python."""
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


_BELOW_ALL = -(1 << 64)
"""Below every rank: numbers of the language fit into 64 bits."""
