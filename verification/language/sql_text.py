"""How is an expression written in SQL? As columns in layers, so that nothing is written twice.

NULL stands for unknown, and for absent in a value that may be absent; such a value that may
also be unknown has a second column that says whether it is known. What is used more than once
becomes a column of a layer below, and the next layer selects from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from verification.language.dialect import Dialect
from verification.language.expression import Expr, lift, walk
from verification.language.functions import floor_div
from verification.language.kinds import Kind, Value
from verification.language.parameter import Dated, Pack, check, value_at
from verification.language.source import ColumnOf
from vocabulary.month import Month


@dataclass(frozen=True)
class Cell:
    """An expression's value, whether it is known (None: it always is), and the layer from which it can be read."""

    value: str
    known: str | None
    layer: int


def prefix_of(expr: Expr) -> str:
    """The letter before a leaf's name: a column `r`, a member's fact `m`, a household's `h`."""
    return "r" if isinstance(expr, ColumnOf) else str(expr.constants[0])[0]


def leaf_name(expr: Expr) -> str:
    """The column's or fact's own name."""
    return str(expr.constants[0] if isinstance(expr, ColumnOf) else expr.constants[1])


class Layers:
    """Columns added to rows, layer upon layer.

    `below`   names of facts that are told in these layers are looked up here by `tell`
    """

    def __init__(self, pack: Pack, dialect: Dialect) -> None:
        self.pack, self.dialect = pack, dialect
        self.layers: list[list[tuple[str, str]]] = []
        self._cells: dict[str, Cell] = {}
        self._uses: Counter[str] = Counter()
        self._columns: dict[tuple[str, int], Cell] = {}
        self._fresh = 0

    def expect(self, *exprs: Expr | None) -> None:
        """Announce expressions, so that what occurs more than once becomes a column."""
        for expr in exprs:
            if expr is not None:
                self._uses[expr.digest] += 1
                for node in walk(expr):
                    self._uses.update(arg.digest for arg in node.args)

    def tell(self, name: str, fact: Expr, expr: Expr) -> None:
        """Add a fact as column `x_name`, with `xk_name` beside it where need be, and let others refer to it."""
        cell = self.cell(expr)
        value = self.add(name, cell.value, cell.layer)
        known, layer = None, value.layer
        if fact.uncertain and fact.optional:
            known_cell = self.add(known_name(name), cell.known or "TRUE", cell.layer)
            known, layer = known_cell.value, max(layer, known_cell.layer)
        elif fact.uncertain:
            known = f"({value.value} IS NOT NULL)"
        self._cells[fact.digest] = Cell(value.value, known, layer)

    def stand(self, fact: Expr, text: str) -> None:
        """Let a fact be what a text is of the rows below."""
        cell = self.add(f"v:{leaf_name(fact)}", text, 0)
        self._cells[fact.digest] = replace(cell, known=f"({cell.value} IS NOT NULL)")

    def add(self, name: str, text: str, layer: int) -> Cell:
        """Add a column, computed from what can be read at a layer."""
        while len(self.layers) <= layer:
            self.layers.append([])
        self.layers[layer].append((name, text))
        return Cell(self.dialect.quoted(name), None, layer + 1)

    def over(self, inner: str) -> str:
        """The rows of a SELECT with all columns added."""
        text = inner
        for number, added in enumerate(self.layers):
            columns = ", ".join(f"{value} AS {self.dialect.quoted(name)}" for name, value in added)
            text = f"SELECT *, {columns} FROM ({text}) AS {self.dialect.quoted(f'l{number}')}"
        return text

    def cell(self, expr: Expr) -> Cell:
        """The expression, as a column where it is used more than once."""
        known = self._cells.get(expr.digest)
        if known is None:
            known = self._write(expr)
            if self._uses[expr.digest] > 1 and not _is_short(expr, known):
                known = self._hoisted(known)
            self._cells[expr.digest] = known
        return known

    def simple(self, expr: Expr) -> Cell:
        """The expression as a column or constant, to be written several times."""
        found = self.cell(expr)
        if not _is_short(expr, found):
            found = self._cells[expr.digest] = self._hoisted(found)
        return found

    def _column(self, text: str, layer: int) -> Cell:
        """A text as a column of its own: the same one where different expressions come to the same text."""
        found = self._columns.get((text, layer))
        if found is None:
            found = self._columns[text, layer] = self.add(self._name(), text, layer)
        return found

    def _hoisted(self, cell: Cell) -> Cell:
        value = self._column(cell.value, cell.layer)
        if cell.known is None:
            return value
        if cell.known == f"({cell.value} IS NOT NULL)":
            return Cell(value.value, f"({value.value} IS NOT NULL)", value.layer)
        known = self._column(cell.known, cell.layer)
        return Cell(value.value, known.value, max(value.layer, known.layer))

    def _name(self) -> str:
        self._fresh += 1
        return f"t{self._fresh}"

    def _write(self, expr: Expr) -> Cell:
        if expr.op == "literal":
            return Cell(self.dialect.literal(expr.constants[0], expr.kind), None, 0)
        if expr.op == "nothing":
            return Cell(f"CAST(NULL AS {self.dialect.type_of(expr.kind)})", None, 0)
        if expr.op in ("fact", "column"):
            return self._leaf(expr)
        if expr.op == "mod":  # its dividend is written twice
            self.simple(expr.args[0])
        if expr.op in _REWRITTEN:
            return self.cell(_REWRITTEN[expr.op](*expr.args))
        if expr.op == "first_of":
            return self._first_of(expr)
        if expr.op in ("otherwise", "missing"):
            return self._resolved(expr)
        if expr.op == "required":  # NULL, which stood for absent, now stands for unknown
            given = self.simple(expr.args[0])
            return self._plain(expr, given.value, given.layer)
        return self._strict(expr)

    def _leaf(self, expr: Expr) -> Cell:
        prefix, name = prefix_of(expr), leaf_name(expr)
        value = self.dialect.quoted(f"{prefix}_{name}")
        if expr.uncertain and expr.optional:
            return Cell(value, self.dialect.quoted(f"{prefix}k_{name}"), 0)
        return Cell(value, f"({value} IS NOT NULL)" if expr.uncertain else None, 0)

    def _resolved(self, expr: Expr) -> Cell:
        given = self.simple(expr.args[0])
        if expr.op == "missing":
            text, layer, other = f"({given.value} IS NULL)", given.layer, None
        else:
            other = self.cell(expr.args[1])
            text, layer = f"COALESCE({given.value}, {other.value})", max(given.layer, other.layer)
        if given.known is not None:
            text = f"CASE WHEN {given.known} THEN {text} END"
        if not expr.optional or other is None:
            return self._plain(expr, text, layer)
        parts = [given.known] if given.known else []
        if other.known is not None:
            parts.append(f"({given.value} IS NOT NULL OR {other.known})")
        return Cell(text, _all(parts), layer)

    def _first_of(self, expr: Expr) -> Cell:
        rest = self.cell(expr.args[-1])
        for place in range(len(expr.args) - 3, -1, -2):
            condition, value = expr.args[place], expr.args[place + 1]
            if condition.uncertain:
                rest = self._undecided(self.simple(condition), self.simple(value), self._short(rest))
            else:
                rest = self._decided(self.cell(condition), self.cell(value), rest)
        return rest if expr.optional else self._plain(expr, rest.value, rest.layer)

    def _short(self, cell: Cell) -> Cell:
        return cell if _simple(cell.value) else self._hoisted(cell)

    @staticmethod
    def _decided(test: Cell, value: Cell, rest: Cell) -> Cell:
        layer = max(test.layer, value.layer, rest.layer)
        text = f"CASE WHEN {test.value} THEN {value.value} ELSE {rest.value} END"
        if value.known is None and rest.known is None:
            return Cell(text, None, layer)
        known = f"CASE WHEN {test.value} THEN {value.known or 'TRUE'} ELSE {rest.known or 'TRUE'} END"
        return Cell(text, known, layer)

    @staticmethod
    def _undecided(test: Cell, value: Cell, rest: Cell) -> Cell:
        layer = max(test.layer, value.layer, rest.layer)
        one, two, c = value.value, rest.value, test.value
        text = f"CASE WHEN {c} THEN {one} WHEN NOT {c} THEN {two} WHEN {one} = {two} THEN {one} END"
        kone, ktwo = value.known or "TRUE", rest.known or "TRUE"
        same = f"({one} = {two} OR ({one} IS NULL AND {two} IS NULL))"
        known = (
            f"CASE WHEN {c} THEN {kone} WHEN NOT {c} THEN {ktwo}"
            f" ELSE COALESCE({kone} AND {ktwo} AND {same}, FALSE) END"
        )
        return Cell(text, known, layer)

    def _strict(self, expr: Expr) -> Cell:
        repeated = expr.op in _REPEATED
        cells = [self.simple(arg) if repeated else self.cell(arg) for arg in expr.args]
        text = self._operator(expr, [cell.value for cell in cells])
        layer = max((cell.layer for cell in cells), default=0)
        if not expr.optional:
            return self._plain(expr, text, layer)
        if expr.op in ("param", "param_class") and expr.uncertain and not expr.constants[1]:
            # A gap in the pack is unknown although the day itself may be absent.
            gap = [f"({cell.value} IS NULL)" for cell in cells]
            short = self._hoisted(Cell(text, None, layer))
            known = [cell.known for cell in cells if cell.known]
            known.append(f"({' OR '.join(gap)} OR {short.value} IS NOT NULL)")
            return Cell(short.value, _all(known), short.layer)
        return Cell(text, _all([cell.known for cell in cells if cell.known]), layer)

    @staticmethod
    def _plain(expr: Expr, text: str, layer: int) -> Cell:
        return Cell(text, f"({text} IS NOT NULL)" if expr.uncertain else None, layer)

    def _operator(self, expr: Expr, args: list[str]) -> str:
        d, op = self.dialect, expr.op
        if op in _INFIX:
            return f"({args[0]} {_INFIX[op]} {args[1]})"
        if op == "among":
            return f"({args[0]} IN ({', '.join(args[1:])}))"
        if op in ("param", "param_class"):
            return self._parameter(expr, args)
        if op in _DATES:
            return _DATES[op](d, expr.args[0].kind, *args)
        constants = [
            d.literal(each, Kind.TEXT) if isinstance(each, str) else str(each) for each in expr.constants
        ]
        return _TEXTS[op](d, *args, *constants)

    def _parameter(self, expr: Expr, args: list[str]) -> str:
        name = str(expr.constants[0])
        if expr.op == "param":
            return self._over_time(expr, check(self.pack.values(name), name, expr.kind, expr.codes), args[0])
        table = {key: check(rows, name, expr.kind, expr.codes) for key, rows in self.pack.table(name).items()}
        rest = self._over_time(expr, table.pop("*", []), args[1])
        alike: dict[tuple[Dated, ...], list[str]] = {}
        for key, rows in sorted(table.items()):
            alike.setdefault(tuple(replace(row, cite="") for row in rows), []).append(
                self.dialect.literal(key, Kind.TEXT)
            )
        cases = " ".join(
            f"WHEN {args[0]} IN ({', '.join(keys)}) THEN {self._over_time(expr, list(rows), args[1])}"
            for rows, keys in alike.items()
        )
        return f"CASE WHEN {args[0]} IS NULL THEN NULL {cases} ELSE {rest} END"

    def _over_time(self, expr: Expr, found: list[Dated], at: str) -> str:
        kind = expr.args[-1].kind
        nothing = f"CAST(NULL AS {self.dialect.type_of(expr.kind)})"
        if expr.args[-1].op == "literal":
            value = value_at(found, _when(expr.args[-1]))
            return nothing if value is None else self.dialect.literal(value, expr.kind)
        cases = []
        for each in found:
            since, until = _bounds(each, kind)
            tests = [f"{at} IS NOT NULL"]
            tests += [f"{at} >= {self.dialect.literal(since, kind)}"] if since is not None else []
            tests += [f"{at} <= {self.dialect.literal(until, kind)}"] if until is not None else []
            cases.append(f"WHEN {' AND '.join(tests)} THEN {self.dialect.literal(each.value, expr.kind)}")
        return f"CASE {' '.join(cases)} ELSE {nothing} END" if cases else nothing


def known_name(name: str) -> str:
    """The column that says whether `x_name` is known."""
    return f"{name[0]}k{name[1:]}"


def _when(literal: Expr) -> date | int:
    """The day, or the month's ordinal, that a constant is."""
    value = literal.constants[0]
    assert isinstance(value, (date, int)), "expected a date or a month, by the type of `param`"
    return value


def _bounds(each: Dated, kind: Kind) -> tuple[Value | None, Value | None]:
    """First and last day, or first and last month whose first day lies between them."""
    if kind is Kind.DATE:
        return each.since, each.until
    since = None if each.since is None else Month.of(each.since).plus(0 if each.since.day == 1 else 1)
    until = None if each.until is None else Month.of(each.until)
    return since, until


def _is_short(expr: Expr, cell: Cell) -> bool:
    """Whether writing it twice costs nothing."""
    return expr.op in ("literal", "nothing") or _simple(cell.value)


def _simple(text: str) -> bool:
    bare = text.replace("CAST(", "")
    return " " not in bare.replace(" AS BIGINT)", "") and "(" not in bare


def _all(parts: list[str]) -> str | None:
    return f"({' AND '.join(parts)})" if parts else None


def _floor(d: Dialect, dividend: str, divisor: str) -> str:
    down = d.divide(f"(({divisor}) - 1 - ({dividend}))", divisor)
    return (
        f"CASE WHEN {dividend} >= 0 THEN {d.divide(dividend, divisor)} WHEN {dividend} < 0 THEN -{down} END"
    )


def _position(d: Dialect, text: str, letters: str) -> str:
    place = f"CAST({d.strpos(letters, text)} AS {d.types['whole']}) - 1"
    return f"CASE WHEN LENGTH({text}) = 1 THEN {place} WHEN {text} IS NOT NULL THEN -1 END"


def _pick(d: Dialect, index: str, letters: str) -> str:
    inside = f"{index} >= 0 AND {index} < LENGTH({letters})"
    one = f"SUBSTR({letters}, CAST({index} AS INTEGER) + 1, 1)"
    return f"CASE WHEN {inside} THEN {one} WHEN {index} IS NOT NULL THEN '' END"


def _year(d: Dialect, kind: Kind, when: str) -> str:
    return d.year(when) if kind is Kind.DATE else d.divide(when, "12")


def _month_in_year(d: Dialect, kind: Kind, when: str) -> str:
    return d.month(when) if kind is Kind.DATE else f"({when} % 12 + 1)"


_REWRITTEN: dict[str, Callable[..., Expr]] = {
    "half_up": lambda n, d: floor_div(n * 2 + _same(n, d), d * 2),
    "ceil_div": lambda n, d: _zero(n) - floor_div(_zero(n) - n, d),
    "mod": lambda n, d: n - floor_div(n, d) * d,
}


def _zero(like: Expr) -> Expr:
    return lift(0, beside=like)


def _same(like: Expr, number: Expr) -> Expr:
    """The divisor as an amount, where the dividend is one."""
    return number if like.kind is Kind.NUMBER else lift(1, beside=like) * number


_REPEATED = frozenset(
    {"least", "greatest", "floor_div", "position", "pick", "month_of", "date_number", "first_day", "param"}
    | {"param_class", "days_between", "plus_days", "plus_months"}
)

_INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "eq": "=",
    "ne": "<>",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "and": "AND",
    "or": "OR",
}

_DATES: dict[str, Callable[..., str]] = {
    "month_of": lambda d, _, day: f"({d.year(day)} * 12 + {d.month(day)} - 1)",
    "first_day": lambda d, _, m: d.first_day(m),
    "date_number": lambda d, _, day: f"({d.year(day)} * 10000 + {d.month(day)} * 100 + {d.day(day)})",
    "year_of": _year,
    "month_in_year": _month_in_year,
    "plus_days": lambda d, _, day, n: d.plus_days(day, n),
    "plus_months": lambda d, _, day, n: d.plus_months(day, n),
    "days_between": lambda d, _, a, b: d.days_between(a, b),
}

_TEXTS: dict[str, Callable[..., str]] = {
    "not": lambda d, a: f"(NOT {a})",
    "least": lambda d, a, b: f"CASE WHEN {a} <= {b} THEN {a} WHEN {b} < {a} THEN {b} END",
    "greatest": lambda d, a, b: f"CASE WHEN {a} >= {b} THEN {a} WHEN {b} > {a} THEN {b} END",
    "floor_div": _floor,
    "part": lambda d, text, start, stop: f"SUBSTR({text}, {int(start) + 1}, {int(stop) - int(start)})",
    "length": lambda d, text: f"CAST(LENGTH({text}) AS {d.types['whole']})",
    "position": _position,
    "pick": _pick,
    "contains": lambda d, text, what: f"({d.strpos(text, what)} > 0)",
    "tidy": lambda d, text: d.tidy(text),
    "text_of": lambda d, _: d.quoted("person_text"),
}
