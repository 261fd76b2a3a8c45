"""How is an expression written in Python? Text made of validated trees only; nothing stored is ever evaluated.

Unknown is None and absent is ABSENT (see `values`). Operators that may meet either are
guarded; the others are plain Python, which is what makes a household cheap. For plain cases,
those in which nothing is unknown, no guard is written at all: what is unknown after all is
raised where it comes up (`NotPlain`), and the case is judged again with every guard.
What rests on the day alone is told once a day, by a function of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from verification.language import values
from verification.language.expression import Expr, walk
from verification.language.level import HOUSEHOLD, FactOf
from verification.language.parameter import Pack
from verification.language.python_asked import Asked, AskedTable, NotPlain, not_plain
from verification.language.python_operators import COMPARISONS, OPERATORS, TEXTS, applied, cut_mark, cut_of
from verification.language.source import ColumnOf
from verification.language.values import LONGEST, Places
from vocabulary.codes import Code
from vocabulary.month import Month


class Text:
    """Lines of a function being written, and the constants that it uses.

    `name_of`   how a fact or a column is called where it is used
    `plain`     write for a case in which nothing is unknown; it raises `NotPlain` where something is
    `of_day`    put what rests on the day alone into a function of its own, see `day`
    """

    def __init__(
        self, pack: Pack, name_of: Callable[[Expr], str], *, plain: bool = False, of_day: bool = False
    ) -> None:
        self.pack = pack
        self.plain = plain
        self.name_of = name_of
        self.lines: list[str] = []
        self.constants: dict[str, object] = {
            "ABSENT": values.ABSENT,
            "UNKNOWN": values.Missing.UNKNOWN,
            "NotPlain": NotPlain,
            "not_plain": not_plain,
            "tidy": values.tidy,
            "position": values.position,
            "pick": values.pick,
            "first_day": values.first_day,
            "plus_months": values.plus_months,
            "plus_days": values.plus_days,
        }
        self.day = DayText(pack, self.constants, plain=plain) if of_day else None
        """Names and values that a function of the day gives; None where there is no such function."""
        self._parameters: dict[tuple[object, ...], str] = {}
        self._named: dict[object, str] = {}
        self._known: list[dict[str, str]] = [{}]
        self._uses: list[Counter[str]] = [Counter()]
        self._cuts: Counter[str] = Counter()
        """How many characters of a text are looked up in a list of letters, by both."""
        self._counted_from = 0
        self._depth = 1
        self._fresh = 0

    def doubtful(self, expr: Expr) -> bool:
        """Whether the expression may be unknown in this function."""
        return expr.uncertain and not self.plain

    def line(self, text: str) -> None:
        """Write one line at the current depth."""
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str, *, alone: bool = False) -> Iterator[None]:
        """Write a head and what follows beneath it; names given inside are forgotten after it.

        `alone`   uses announced outside do not count inside: what is worth a name there is used there several times
        """
        outside, self._counted_from = self._counted_from, len(self._uses) if alone else self._counted_from
        self.line(head)
        self._depth += 1
        self._known.append({})
        self._uses.append(Counter())
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.line("pass")
        self._known.pop()
        self._uses.pop()
        self._depth -= 1
        self._counted_from = outside

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Names given meanwhile are forgotten, as after a block; the lines stand at the same depth."""
        self._known.append({})
        self._uses.append(Counter())
        yield
        self._known.pop()
        self._uses.pop()

    def once(self, text: str) -> None:
        """Write one line, unless the block at hand has it already."""
        if text not in self._known[-1]:
            self._known[-1][text] = text
            self.line(text)

    def expect(self, *exprs: Expr | None) -> None:
        """Announce expressions to be written in this block, so that what occurs twice is computed once."""
        for expr in exprs:
            if expr is not None:
                _count(expr, self._uses[-1])
                for mark in {node.digest: cut_of(node) for node in walk(expr)}.values():
                    if mark is not None:
                        self._cuts[mark] += 1

    def fresh(self) -> str:
        """A name not used before."""
        self._fresh += 1
        return f"t{self._fresh}"

    def constant(self, value: object) -> str:
        """How a constant is written: equal ones alike, codes as the text that they are."""
        if type(value) in (int, bool, str):
            return repr(value)
        if isinstance(value, Month):
            return repr(int(value))
        if isinstance(value, Code):
            return repr(str(value))
        name = f"c{len(self.constants)}"
        if isinstance(value, (frozenset, date)):
            name = self._named.setdefault(value, name)
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
        if self.day is not None and expr.op not in ("literal", "nothing") and self.day.tells(expr):
            return self.day.name_of_day(expr)
        for known in reversed(self._known):
            if expr.digest in known:
                return known[expr.digest]
        text = self._text(expr)
        # A column or a constant costs little more than a variable: it is given one only for several uses.
        worth = 1 if expr.args or expr.optional else 2
        if not text.isidentifier() and expr.op != "literal" and self._used(expr) > worth:
            return self._assign(expr.digest, text)
        return text

    def _used(self, expr: Expr) -> int:
        """How often an expression is used in the blocks that are open, from the innermost that is alone."""
        return sum(uses[expr.digest] for uses in self._uses[self._counted_from :])

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
            return self._compared_otherwise(expr) or self._otherwise(expr)
        if expr.op == "required":
            value = self.name(expr.args[0])
            return f"({'not_plain()' if self.plain else 'None'} if {value} is ABSENT else {value})"
        if expr.op == "missing":
            value = self.name(expr.args[0])
            unknown = f"None if {value} is None else " if self.doubtful(expr.args[0]) else ""
            return f"({unknown}{value} is ABSENT)"
        return self._strict(expr)

    def _otherwise(self, expr: Expr) -> str:
        value = self.name(expr.args[0])
        return f"({self.write(expr.args[1])} if {value} is ABSENT else {value})"

    def _compared_otherwise(self, expr: Expr) -> str | None:
        """A comparison with what may be absent, and what then holds, as one condition; None where it cannot be."""
        compared, rest = expr.args
        if rest.op != "literal" or compared.op not in COMPARISONS or self._named_besides(compared):
            return None
        for arg in compared.args:
            if self.doubtful(arg) or (arg.uncertain and arg.op not in ("fact", "column")):
                return None
        texts = [self._there(arg) if arg.optional else ("", self.write(arg)) for arg in compared.args]
        tests = [test for test, _ in texts if test]
        holds = OPERATORS[compared.op].format(*(text for _, text in texts))
        if rest.constants[0]:
            return f"({' or '.join([*tests, holds])})"
        return f"(not ({' or '.join(tests)}) and {holds})"

    def _named_besides(self, expr: Expr) -> bool:
        """Whether an expression has a name already, or is to have one because it is used several times."""
        if self.day is not None and self.day.tells(expr):
            return True
        return self._used(expr) > 1 or any(expr.digest in known for known in self._known)

    def _there(self, expr: Expr) -> tuple[str, str]:
        """The test that an optional value is absent, and how it is written after that test."""
        if expr.op != "column" or self._named_besides(expr):
            name = self.name(expr)
            return f"{name} is ABSENT", name
        name, text = self.fresh(), self.name_of(expr)
        return f"({name} := {text}) is {'None' if '.' in text else 'ABSENT'}", name

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
        if self.plain and any(arg.optional for arg in expr.args):
            # Unknown goes before absent: what may turn out to be unknown is asked first.
            for arg in expr.args:
                if arg.uncertain:
                    self.name(arg)
        doubtful = [self.name(arg) for arg in expr.args if self.doubtful(arg)]
        optional = [self.name(arg) for arg in expr.args if arg.optional]
        text = self._operator(expr, [self.write(arg) for arg in expr.args])
        if optional:
            text = f"ABSENT if {' or '.join(f'{name} is ABSENT' for name in optional)} else {text}"
        if doubtful:
            text = f"None if {' or '.join(f'{name} is None' for name in doubtful)} else {text}"
        return f"({text})" if doubtful or optional else text

    def _parameter(self, expr: Expr, args: list[str]) -> str:
        mark = (expr.op, *expr.constants, expr.kind, expr.codes)
        if mark not in self._parameters:
            asked = Asked if expr.op == "param" else AskedTable
            self._parameters[mark] = self.constant(asked(expr, self.pack, plain=self.plain))
        return self._parameters[mark] + "".join(f"[{arg}]" for arg in reversed(args))

    def _position(self, expr: Expr, args: list[str]) -> str:
        """Of one character that is cut out of a text, its place is looked up; of any other it is searched."""
        cut, letters = expr.args[0], str(expr.constants[0])
        if cut.op != "part" or int(cut.constants[1]) - int(cut.constants[0]) != 1:  # type: ignore[arg-type] # ends of a part are numbers
            return f"position({letters!r}, {args[0]})"
        at, text = int(cut.constants[0]), cut.args[0]  # type: ignore[arg-type] # as above
        mark = cut_mark(text, letters)
        if self._cuts[mark] < _WORTH_ALL or at >= LONGEST:
            places = {letter: letters.find(letter) for letter in letters}
            return f"{self.constant(places)}.get({args[0]}, -1)"
        known = next((each[mark] for each in reversed(self._known) if mark in each), None)
        if known is None:
            known = self._assign(mark, f"{self.constant(Places(letters))}.of({self.write(text)})")
        return f"{known}[{at}]"

    def _operator(self, expr: Expr, args: list[str]) -> str:
        if expr.op == "among":
            members = (arg.constants[0] for arg in expr.args[1:])
            told = frozenset(str(each) if isinstance(each, Code) else each for each in members)
            return f"({args[0]} in {self.constant(told)})"
        if expr.op in ("param", "param_class"):
            return self._parameter(expr, args)
        if expr.op == "position":
            return self._position(expr, args)
        if expr.op in ("part", "pick", "contains"):
            constants = [self.constant(each) for each in expr.constants]
            return TEXTS[expr.op].format(*args, *constants)
        return applied(expr, args, self.fresh)


class DayText(Text):
    """The function that gives what rests on the day alone, as one tuple, in the order of `names`."""

    def __init__(self, pack: Pack, constants: dict[str, object], *, plain: bool) -> None:
        super().__init__(pack, self._fact, plain=plain)
        self.constants = constants
        self.names: dict[str, tuple[str, str]] = {}
        self._tells: dict[str, bool] = {}

    def tells(self, expr: Expr) -> bool:
        """Whether nothing but constants, the pack and the day of the question decides what it is worth."""
        if expr.digest not in self._tells:
            self._tells[expr.digest] = self._rests_on_day(expr)
        return self._tells[expr.digest]

    def name_of_day(self, expr: Expr) -> str:
        """How the value of an expression is called in the function that is given the day's tuple."""
        if isinstance(expr, FactOf) and expr.definition.expr is None:
            return self._fact(expr)
        if expr.digest not in self.names:
            told = self.name(expr)
            self.names[expr.digest] = (f"d{len(self.names)}", told)
        return self.names[expr.digest][0]

    def name_made(self, expr: Expr, text: str) -> str:
        """The same of what is made of the value, as a text says."""
        mark = text.format(expr.digest)
        if mark not in self.names:
            self.names[mark] = (f"d{len(self.names)}", self.name_for(text.format(self.name(expr))))
        return self.names[mark][0]

    def whole(self) -> str:
        """The text of the function."""
        told = "".join(f"{name}, " for _, name in self.names.values())
        return "\n".join(["def of_day(h_on, h_month):", *self.lines, f"    return ({told})"])

    def taken(self) -> str:
        """The line that takes the tuple `day` apart."""
        return "".join(f"{name}, " for name, _ in self.names.values())

    def _rests_on_day(self, expr: Expr) -> bool:
        if isinstance(expr, FactOf):
            told = expr.definition.expr
            own = expr.level.name == HOUSEHOLD and expr.constants[1] in ("on", "month")
            return own if told is None else self.tells(told)
        if expr.op == "column" or expr.op.startswith("rows "):
            return False
        return all(self.tells(arg) for arg in expr.args)

    def _fact(self, expr: Expr) -> str:
        assert isinstance(expr, FactOf)
        told = expr.definition.expr
        return f"h_{expr.constants[1]}" if told is None else self.name(told)


_WORTH_ALL = 4
"""From so many characters on all of a text are looked up at once."""


def _count(expr: Expr, uses: Counter[str]) -> None:
    """Count uses of a node by what is made of it; what is made once is counted once for its parts."""
    uses[expr.digest] += 1
    if uses[expr.digest] == 1:
        for arg in expr.args:
            _count(arg, uses)
