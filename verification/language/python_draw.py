"""How are rows drawn and indexed in Python? A record is looked at once, for all sources and indexes it belongs to.

A record type of which a household has no row costs one look: what would be drawn from it, and
every index of it, is then the same empty dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from verification.language.expression import Expr, nothing, with_args
from verification.language.fold import FALSE, TRUE, Fold
from verification.language.kinds import Kind
from verification.language.python_text import Text
from verification.language.python_wanted import Index, Looked, Wanted
from verification.language.rows import Grouped
from verification.language.source import Best, ColumnOf, Filtered, Lines, Plan, Records, Union, column, ranked


class Draw:
    """Writes the lines that draw rows and index them.

    `made`   writes what a group of rows comes to: of which plan, and the name of its rows; gives its values' names
    """

    def __init__(self, text: Text, made: Callable[[Grouped, str], Mapping[str, str]], looked: Looked) -> None:
        self.text = text
        self._looked = looked
        self.text.constants["NOTHING"] = {}
        self._made = made
        self._drawn: dict[str, str] = {}
        self._indexed: dict[Index, str] = {}
        self._groups: dict[str, str] = {}
        self._own: str | None = None
        """The variable that says whether the row `r` is the household's own, where several ask."""
        self._line: tuple[Best | Union, Lines] | None = None
        """Whose line `l`, drawn from the row `r`, is looked at besides, and of which part it is."""
        self._ranked: dict[str, _Ranked] = {}

    def column(self, expr: ColumnOf) -> str:
        """How a column of the row that is looked at is written."""
        root = expr.plan.root
        row = "l" if self._line is not None and root.digest == self._line[0].digest else "r"
        if isinstance(root, Records):
            return f"{row}.{expr.column}"
        return f"{row}[{self.columns(root).index(expr.column)}]"

    def columns(self, root: Plan) -> list[str]:
        """The columns of drawn rows, in their places."""
        looked = self._looked.columns.get(root.digest)
        return [name for name in root.columns if looked is None or name in looked]

    def index(self, plan: Plan, on: tuple[str, ...]) -> str:
        """The name of a source's rows that belong to the household, made before this line.

        A dictionary of lists where `on` names persons, by those columns; else a list.
        """
        if (plan.digest, on) not in self._indexed:
            wanted = self.wanted()
            wanted.index(plan, on)
            self.all(wanted)
        return self._indexed[plan.digest, on]

    def rows(self, plan: Plan) -> str:
        """The name of the list of a source's rows, drawn before this line."""
        if plan.digest not in self._drawn:
            wanted = self.wanted()
            wanted.whole(plan)
            self.all(wanted)
        return self._drawn[plan.digest]

    def all(self, wanted: Wanted) -> None:
        """Draw and index all that is wanted."""
        there = set(self._drawn)
        for plan in wanted.loops:
            if isinstance(plan, Union) and plan.digest not in {*there, *wanted.at_once}:
                self._drawn[plan.digest] = self.text.fresh()
                self.text.line(f"{self._drawn[plan.digest]} = []")
        for plan in wanted.at_once.values():
            self._begin(plan, wanted)
        for plan in wanted.loops:
            self._loop(plan, wanted, drawn=plan.digest in there)

    def wanted(self) -> Wanted:
        """What is still to be drawn: nothing, until it is asked for."""
        return Wanted(self._drawn, self._indexed, self._looked)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is drawn and indexed meanwhile is forgotten afterwards: it may not have been, where code goes on."""
        drawn, indexed = dict(self._drawn), dict(self._indexed)
        yield
        self._drawn, self._indexed = drawn, indexed

    def _loop(self, plan: Plan, wanted: Wanted, *, drawn: bool) -> None:
        """The loop over the rows of a plan, and over nothing where there are none."""
        if plan.digest in wanted.at_once:
            if isinstance(plan, Best):
                self._lower_ranks(plan, wanted)
            return
        rows = self._drawn[plan.digest] if drawn else self._looked_at(plan)
        names = self._named(plan, wanted, drawn=drawn)
        if not names and not wanted.after.get(plan.digest):
            return
        with self.text.block(f"if {rows}:"):
            for name, start in names.items():
                self.text.line(f"{name} = {start}")
            if drawn or isinstance(plan, (Records, Union)):
                with self.text.block(f"for r in {rows}:"):
                    asked = self._asked_own(plan, wanted)
                    if len(asked) > 1 == len(set(asked)):
                        self._own = self.text.name_for(self._is_own(plan, asked[0]))
                    self._row(plan, wanted)
                    self._own = None
            elif isinstance(plan, Best):
                self._best(plan, rows, wanted)
            elif isinstance(plan, Grouped):
                self._grouped(plan, rows, wanted)
        if names:
            with self.text.block("else:"):
                for start in sorted(set(names.values())):
                    alike = [name for name, each in names.items() if each == start]
                    self.text.line(f"{' = '.join(alike)} = {_NOTHING[start]}")

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
            start = "{}" if persons_of(plan, index[1]) else "[]"
            names[self._indexed.setdefault(index, self.text.fresh())] = start
        for each, _ in wanted.after.get(plan.digest, ()):
            if isinstance(each, Grouped):
                names[self._groups.setdefault(each.digest, self.text.fresh())] = "{}"
            elif isinstance(each, Filtered):
                names |= self._named(each, wanted, drawn=False)
        return names

    def _row(self, plan: Plan, wanted: Wanted) -> None:
        """What is done with a row of a plan: a line that is at hand, or else `r`."""
        after = wanted.after.get(plan.digest, [])
        tests = {
            each.digest: self._settled(each.condition) for each, _ in after if isinstance(each, Filtered)
        }
        made = [part for part, _ in after if isinstance(part, Lines)]
        self.text.expect(*tests.values(), *(value for part in made for value in part.values.values()))
        if plan.digest in wanted.lists:
            self.text.line(f"{self._drawn[plan.digest]}.append({self._at_hand})")
        self._into_indexes(plan, [on for _, on in wanted.indexes.get(plan.digest, ())])
        for each, to in after:
            if isinstance(each, Lines) and to is not None and to.digest in wanted.at_once:
                self._line_at_once(each, to, wanted)
            elif isinstance(each, Lines) and to is not None:
                self.text.line(f"{self._drawn[to.digest]}.append({self._values(each, to)})")
            elif isinstance(each, Grouped):
                self._append(self._groups[each.digest], [*self._keys(plan, each.by), ""])
            elif isinstance(each, Filtered):
                self._tested(tests[each.digest], each, wanted)

    def _tested(self, test: Expr, plan: Filtered, wanted: Wanted) -> None:
        """What is done with a row where it is one of a filtered plan's."""
        if test.digest == TRUE.digest:
            with self.text.apart():
                self._row(plan, wanted)
        elif test.digest != FALSE.digest:
            with self.text.block(f"if {self.text.write(test)}:"):
                self._row(plan, wanted)

    @property
    def _at_hand(self) -> str:
        return "r" if self._line is None else "l"

    def _settled(self, expr: Expr) -> Expr:
        """An expression of the row at hand; of a line what is left of it when the part that it is of is known."""
        if self._line is None:
            return expr
        return Fold(self.text.pack, {})(_made_of(expr, *self._line))

    def _into_indexes(self, plan: Plan, indexes: list[tuple[str, ...]]) -> None:
        """Only the household's own rows are ever looked up: others are left out, and it is no part of the key."""
        by_home: dict[str | None, list[tuple[str, ...]]] = {}
        for on in indexes:
            by_home.setdefault(_home_of(plan, on), []).append(on)
        for home, some in by_home.items():
            if home is None:
                self._into(plan, some)
                continue
            with self.text.block(f"if {self._own or self._is_own(plan, home)}:"):
                self._into(plan, some)

    def _is_own(self, plan: Plan, home: str) -> str:
        return f"{self._keys(plan, (home,))[0]} == h_household"

    def _asked_own(self, plan: Plan, wanted: Wanted) -> list[str]:
        """By which column, each time that it is asked whether a row is the household's own."""
        homes = {_home_of(plan, on) for _, on in wanted.indexes.get(plan.digest, ())}
        within = (each for each, _ in wanted.after.get(plan.digest, ()) if isinstance(each, Filtered))
        asked = [home for home in homes if home is not None]
        return asked + [home for each in within for home in self._asked_own(each, wanted)]

    def _into(self, plan: Plan, indexes: list[tuple[str, ...]]) -> None:
        for on in indexes:
            name, persons = self._indexed[plan.digest, on], persons_of(plan, on)
            if persons:
                self._append(name, self._keys(plan, persons))
            else:
                self.text.line(f"{name}.append({self._at_hand})")

    def _append(self, name: str, keys: list[str]) -> None:
        self.text.line(f"{name}.setdefault({key_of(keys)}, []).append({self._at_hand})")

    def _keys(self, plan: Plan, on: tuple[str, ...]) -> list[str]:
        return [self.text.write(self._settled(column(plan, name))) for name in on]

    def _values(self, part: Lines, to: Union | Best) -> str:
        """A line as a tuple."""
        values = [
            self.text.write(part.values[each]) if each in part.values else "ABSENT"
            for each in self.columns(to)
        ]
        return f"({', '.join(values)},)"

    def _begin(self, plan: Best | Union, wanted: Wanted) -> None:
        """What its lines fill; of ranked ones the keys that have better, and lists of lines of each lower rank."""
        for name, start in self._named(plan, wanted, drawn=False).items():
            self.text.line(f"{name} = {start}")
        if isinstance(plan, Best):
            self._begin_ranks(plan)

    def _begin_ranks(self, best: Best) -> None:
        ranks = ranked(best)
        assert ranks is not None, "a plan whose lines go there at once"
        found = _Ranked(ranks, self.text.fresh(), [self.text.fresh() for _ in ranks[1:]])
        self._ranked[best.digest] = found
        for name in found.lists:
            self.text.line(f"{name} = []")
        if found.lists:
            self.text.line(f"{found.better} = set()")

    def _line_at_once(self, part: Lines, to: Best | Union, wanted: Wanted) -> None:
        """A line goes where it is needed; one of a lower rank waits for all that are better."""
        values = self._values(part, to)
        if isinstance(to, Best):
            ranks = self._ranked[to.digest]
            place = next(place for place, parts in enumerate(ranks.parts) if part in parts)
            if place:
                self.text.line(f"{ranks.lists[place - 1]}.append({values})")
                return
            if ranks.lists:
                key = key_of([self.text.write(part.values[by]) for by in to.by])
                self.text.once(f"{ranks.better}.add({key})")
        own, self._own, self._line = self._own, None, (to, part)
        with self.text.apart():
            self.text.line(f"l = {values}")
            self._row(to, wanted)
        self._own, self._line = own, None

    def _lower_ranks(self, best: Best, wanted: Wanted) -> None:
        """The lines of each lower rank, highest first, whose key has none that is better."""
        ranks, names = self._ranked[best.digest], self.columns(best)
        key = key_of([f"r[{names.index(each)}]" for each in best.by])
        for name in ranks.lists:
            with self.text.block(f"for r in {name}:"), self.text.block(f"if {key} not in {ranks.better}:"):
                self._row(best, wanted)
            if name != ranks.lists[-1]:
                with self.text.block(f"for r in {name}:"):
                    self.text.line(f"{ranks.better}.add({key})")

    def _best(self, plan: Best, rows: str, wanted: Wanted) -> None:
        best, names = self.text.fresh(), self.columns(plan)
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
            values = [made.get(each) or f"key[{plan.by.index(each)}]" for each in self.columns(plan)]
            self.text.line(f"r = ({', '.join(values)},)")
            self._row(plan, wanted)


@dataclass(frozen=True)
class _Ranked:
    """Parts by rank, highest first; the set of keys that have better lines; the lists of lines of lower ranks."""

    parts: list[list[Lines]]
    better: str
    lists: list[str]


def persons_of(plan: Plan, on: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some columns that name persons; the others name the household."""
    return tuple(name for name in on if plan.columns[name].kind is Kind.PERSON)


def _made_of(expr: Expr, lines: Best | Union, part: Lines) -> Expr:
    """An expression of a line's columns as one of the record that it was drawn from."""
    if isinstance(expr, ColumnOf) and expr.plan.root.digest == lines.digest:
        return part.values.get(expr.column, nothing(expr.kind, expr.codes))
    return with_args(expr, tuple(_made_of(arg, lines, part) for arg in expr.args))


def _home_of(plan: Plan, on: tuple[str, ...]) -> str | None:
    """The one of some columns that names the household."""
    persons = persons_of(plan, on)
    return next((name for name in on if name not in persons), None)


def key_of(parts: list[str]) -> str:
    """A key of several parts, as Python."""
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


_NOTHING = {"{}": "NOTHING", "[]": "()"}
"""What stands for an empty dictionary, or list, into which nothing is ever put."""

_BELOW_ALL = -(1 << 64)
"""Below every rank: numbers of the language fit into 64 bits."""
