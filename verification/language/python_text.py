"""How is an expression written in Python? Text made of validated trees only; nothing stored is ever evaluated.

Unknown is None and absent is ABSENT (see `values`). Operators that may meet either are
guarded; the others are plain Python, which is what makes a household cheap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from verification.language import values
from verification.language.expression import Expr, walk
from verification.language.kinds import Kind, Value
from verification.language.level import FactOf, MemberRows
from verification.language.parameter import Dated, Pack, check, value_at
from verification.language.source import ColumnOf
from vocabulary.month import Month


class Text:
    """Lines of a function being written, and the constants that it uses.

    `name_of`    how a fact or a column is called where it is used
    `answered`   write for a case in which every department answered: far less can be unknown
    `checked`    parameters that such a function looks up first; where one is unknown it gives up
    """

    def __init__(self, pack: Pack, name_of: Callable[[Expr], str], *, answered: bool = False) -> None:
        self.pack = pack
        self.answered = answered
        self.checked: dict[str, str] = {}
        self._doubts: dict[str, bool] = {}
        self.name_of = name_of
        self.lines: list[str] = []
        self.constants: dict[str, object] = {
            "ABSENT": values.ABSENT,
            "date": date,
            "tidy": values.tidy,
            "position": values.position,
            "pick": values.pick,
            "plus_months": values.plus_months,
            "plus_days": values.plus_days,
        }
        self._known: list[dict[str, str]] = [{}]
        self._uses: Counter[str] = Counter()
        self._depth = 1
        self._fresh = 0

    def doubtful(self, expr: Expr) -> bool:
        """Whether the expression may be unknown in this function."""
        if not (self.answered and expr.uncertain):
            return expr.uncertain
        mark = expr.digest + (expr.plan.digest if isinstance(expr, ColumnOf) else "")
        if mark not in self._doubts:
            self._doubts[mark] = self._doubtful(expr)
        return self._doubts[mark]

    def _doubtful(self, expr: Expr) -> bool:
        """With every department answering: what disagrees, and what the pack has no value for."""
        if isinstance(expr, FactOf):
            told = expr.definition.expr
            return told is not None and self.doubtful(told)
        if isinstance(expr, ColumnOf):
            root = expr.plan.root
            told = root.level.definitions[expr.column].expr if isinstance(root, MemberRows) else None
            return self.doubtful(told) if told is not None else not isinstance(root, MemberRows)
        if expr.op == "rows only" or (expr.op in ("param", "param_class") and not _of_the_day(expr)):
            return True
        return any(self.doubtful(arg) for arg in expr.args)

    def line(self, text: str) -> None:
        """Write one line at the current depth."""
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a head and what follows beneath it; names given inside are forgotten after it."""
        self.line(head)
        self._depth += 1
        self._known.append({})
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.line("pass")
        self._known.pop()
        self._depth -= 1

    def expect(self, *exprs: Expr | None) -> None:
        """Announce expressions to be written, so that what occurs twice is computed once."""
        for expr in exprs:
            self._uses.update(_occurrences(expr))

    def fresh(self) -> str:
        """A name not used before."""
        self._fresh += 1
        return f"t{self._fresh}"

    def constant(self, value: object) -> str:
        """How a constant is written."""
        if type(value) in (int, bool, str):
            return repr(value)
        if isinstance(value, Month):
            return repr(int(value))
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def name(self, expr: Expr) -> str:
        """The name of a variable that holds the value; it is given one if need be."""
        text = self.write(expr)
        return text if text.isidentifier() else self._assign(expr.digest, text)

    def name_for(self, text: str) -> str:
        """The name of a variable that holds what a text says."""
        if text.isidentifier():
            return text
        name = self.fresh()
        self.line(f"{name} = {text}")
        return name

    def write(self, expr: Expr) -> str:
        """The expression as Python."""
        for known in reversed(self._known):
            if expr.digest in known:
                return known[expr.digest]
        text = self._text(expr)
        if not text.isidentifier() and (expr.args or expr.optional) and self._uses[expr.digest] > 1:
            return self._assign(expr.digest, text)
        return text

    def _assign(self, digest: str, text: str) -> str:
        name = self.fresh()
        self.line(f"{name} = {text}")
        self._known[-1][digest] = name
        return name

    def _text(self, expr: Expr) -> str:
        if expr.op == "literal":
            return self.constant(expr.constants[0])
        if expr.op == "nothing":
            return "ABSENT"
        if expr.op in ("fact", "column"):
            return self._leaf(expr)
        if expr.op in ("and", "or", "not"):
            return self._logic(expr)
        if expr.op == "first_of":
            return self._first_of(expr)
        if expr.op == "otherwise":
            value = self.name(expr.args[0])
            return f"({self.write(expr.args[1])} if {value} is ABSENT else {value})"
        if expr.op == "missing":
            value = self.name(expr.args[0])
            unknown = f"None if {value} is None else " if self.doubtful(expr.args[0]) else ""
            return f"({unknown}{value} is ABSENT)"
        return self._strict(expr)

    def _leaf(self, expr: Expr) -> str:
        name = self.name_of(expr)
        if not (isinstance(expr, ColumnOf) and expr.optional and "." in name):
            return name
        value = self._assign(expr.digest, name)
        self.line(f"if {value} is None: {value} = ABSENT")
        return value

    def _logic(self, expr: Expr) -> str:
        if not self.doubtful(expr):
            parts = [self.write(arg) for arg in expr.args]
            return f"(not {parts[0]})" if expr.op == "not" else f"({f' {expr.op} '.join(parts)})"
        if expr.op == "not":
            value = self.name(expr.args[0])
            return f"(None if {value} is None else not {value})"
        left, right = expr.args
        decided = "False" if expr.op == "and" else "True"
        if not (self.doubtful(left) and self.doubtful(right)):
            sure, doubtful = (right, left) if self.doubtful(left) else (left, right)
            test = self.write(sure)
            yes, no = (self.write(doubtful), "False") if expr.op == "and" else ("True", self.write(doubtful))
            return f"({yes} if {test} else {no})"
        one, two = self.name(left), self.name(right)
        rest = "True" if expr.op == "and" else "False"
        return (
            f"({decided} if {one} is {decided} or {two} is {decided}"
            f" else None if {one} is None or {two} is None else {rest})"
        )

    def _first_of(self, expr: Expr) -> str:
        rest = self.write(expr.args[-1])
        for place in range(len(expr.args) - 3, -1, -2):
            condition, value = expr.args[place], self.write(expr.args[place + 1])
            if self.doubtful(condition):
                test = self.name(condition)
                value, rest = self.name_for(value), self.name_for(rest)
                undecided = f"{value} if {value} == {rest} else None"
                rest = f"({value} if {test} else {rest} if {test} is False else {undecided})"
            else:
                rest = f"({value} if {self.write(condition)} else {rest})"
        return rest

    def _strict(self, expr: Expr) -> str:
        """An operator that gives unknown for unknown, and absent for absent."""
        doubtful = [self.name(arg) for arg in expr.args if self.doubtful(arg)]
        optional = [self.name(arg) for arg in expr.args if arg.optional]
        text = self._operator(expr, [self.write(arg) for arg in expr.args])
        if optional:
            text = f"ABSENT if {' or '.join(f'{name} is ABSENT' for name in optional)} else {text}"
        if doubtful:
            text = f"None if {' or '.join(f'{name} is None' for name in doubtful)} else {text}"
        return f"({text})" if doubtful or optional else text

    def _parameter(self, expr: Expr, args: list[str]) -> str:
        if not (self.answered and _of_the_day(expr)):
            return f"{self.constant(parameter(expr, self.pack))}({', '.join(args)})"
        if expr.digest not in self.checked:
            self.checked[expr.digest] = f"{self.constant(parameter(expr, self.pack))}({', '.join(args)})"
        return f"k{list(self.checked).index(expr.digest)}"

    def _operator(self, expr: Expr, args: list[str]) -> str:
        if expr.op == "among":
            members = [arg.constants[0] for arg in expr.args[1:]]
            return f"({args[0]} in {self.constant(frozenset(members))})"
        if expr.op in ("param", "param_class"):
            return self._parameter(expr, args)
        if expr.op in ("part", "position", "pick", "contains"):
            constants = [self.constant(each) for each in expr.constants]
            return _TEXTS[expr.op].format(*args, *constants)
        if expr.op in ("year_of", "month_in_year"):
            return _CALENDAR[expr.op, expr.args[0].kind].format(*args)
        return _OPERATORS[expr.op].format(*args)


def _of_the_day(expr: Expr) -> bool:
    """Whether a parameter is asked for at the day or month of the question itself."""
    at = expr.args[-1]
    day = isinstance(at, FactOf) and at.definition.expr is None and at.level.name == "household"
    return day and not expr.optional and all(arg.op == "literal" for arg in expr.args[:-1])


def parameter(expr: Expr, pack: Pack) -> Callable[..., Value | values.Missing | None]:
    """A parameter as a function of its day or month (and key); values are looked up once.

    Raises `PackGap` where the pack has no such parameter, or one of another kind.
    """
    name, optional = str(expr.constants[0]), bool(expr.constants[1])
    gap = values.ABSENT if optional else None
    seen: dict[object, Value | values.Missing | None] = {}
    if expr.op == "param":
        found = check(pack.values(name), name, expr.kind, expr.codes)

        def at(when: date | int) -> Value | values.Missing | None:
            if when not in seen:
                seen[when] = _or(gap, found, when)
            return seen[when]

        return at
    table = {key: check(rows, name, expr.kind, expr.codes) for key, rows in pack.table(name).items()}

    def of(key: str, when: date | int) -> Value | values.Missing | None:
        if (key, when) not in seen:
            seen[key, when] = _or(gap, table.get(key, table.get("*", [])), when)
        return seen[key, when]

    return of


def _or(gap: values.Missing | None, found: list[Dated], when: date | int) -> Value | values.Missing | None:
    value = value_at(found, when)
    return gap if value is None else value


def _occurrences(expr: Expr | None) -> Counter[str]:
    """How often each node is written, when every node is written once below each place that uses it."""
    uses: Counter[str] = Counter()
    if expr is not None:
        uses[expr.digest] += 1
        for node in walk(expr):
            uses.update(arg.digest for arg in node.args)
    return uses


_OPERATORS = {
    "add": "({} + {})",
    "sub": "({} - {})",
    "mul": "({} * {})",
    "floor_div": "({} // {})",
    "ceil_div": "-(-{} // {})",
    "half_up": "((2 * {0} + {1}) // (2 * {1}))",
    "mod": "({} % {})",
    "eq": "({} == {})",
    "ne": "({} != {})",
    "lt": "({} < {})",
    "le": "({} <= {})",
    "gt": "({} > {})",
    "ge": "({} >= {})",
    "least": "min({}, {})",
    "greatest": "max({}, {})",
    "month_of": "({0}.year * 12 + {0}.month - 1)",
    "first_day": "date({0} // 12, {0} % 12 + 1, 1)",
    "date_number": "({0}.year * 10000 + {0}.month * 100 + {0}.day)",
    "plus_days": "plus_days({}, {})",
    "plus_months": "plus_months({}, {})",
    "days_between": "({1}.toordinal() - {0}.toordinal())",
    "length": "len({})",
    "tidy": "tidy({})",
    "text_of": "{}",
}

_TEXTS = {
    "part": "{0}[{1}:{2}]",
    "position": "position({1}, {0})",
    "pick": "pick({1}, {0})",
    "contains": "({1} in {0})",
}

_CALENDAR = {
    ("year_of", Kind.DATE): "{}.year",
    ("year_of", Kind.MONTH): "({} // 12)",
    ("month_in_year", Kind.DATE): "{}.month",
    ("month_in_year", Kind.MONTH): "({} % 12 + 1)",
}
