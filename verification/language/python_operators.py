"""How is each operator written in Python, and each aggregate?

An operator by its arguments, already written, and its constants after them; an aggregate by what it
starts from and what a row does to it: `a` is what has come together so far, `v` the row's value.
"""

from __future__ import annotations

from collections.abc import Callable

from verification.language.expression import Expr
from verification.language.kinds import Kind

OPERATORS = {
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
    "month_of": "({0}.year * 12 + {0}.month - 1)",
    "first_day": "first_day({})",
    "date_number": "({0}.year * 10000 + {0}.month * 100 + {0}.day)",
    "plus_days": "plus_days({}, {})",
    "plus_months": "plus_months({}, {})",
    "days_between": "({1}.toordinal() - {0}.toordinal())",
    "length": "len({})",
    "tidy": "tidy({})",
    "text_of": "{}",
}

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})

TEXTS = {
    "part": "{0}[{1}:{2}]",
    "pick": "pick({1}, {0})",
    "contains": "({1} in {0})",
}

CALENDAR = {
    ("year_of", Kind.DATE): "{}.year",
    ("year_of", Kind.MONTH): "({} // 12)",
    ("month_in_year", Kind.DATE): "{}.month",
    ("month_in_year", Kind.MONTH): "({} % 12 + 1)",
}

START = {
    "rows count": "0",
    "rows total": "0",
    "rows kinds": "set()",
    "rows some": "False",
    "rows every": "True",
    "rows only": "ABSENT",
    "rows latest": "None",
    "rows earliest": "None",
    "rows highest": "ABSENT",
    "rows lowest": "ABSENT",
    "rows listing": "set()",
}

NONE = {
    **START,
    "rows kinds": "0",
    "rows latest": "ABSENT",
    "rows earliest": "ABSENT",
    "rows listing": "''",
}
"""What aggregates come to where there is no row."""

TAKE = {
    "rows total": ("{a} += {v}",),
    "rows kinds": ("{a}.add({v})",),
    "rows listing": ("{a}.add({v})",),
    "rows only": ("if {a} is ABSENT: {a} = {v}", "elif {a} != {v}: u_{a} = True"),
    "rows highest": ("if {a} is ABSENT or {v} > {a}: {a} = {v}",),
    "rows lowest": ("if {a} is ABSENT or {v} < {a}: {a} = {v}",),
}

TAKE_PLAIN = {"rows only": ("if {a} is ABSENT: {a} = {v}", "elif {a} != {v}: raise NotPlain")}

QUANTIFIED = {
    "rows some": "(False if {test} is False or {value} is False"
    " else None if {test} is None or {value} is None else True)",
    "rows every": "(True if {test} is False or {value} is True"
    " else None if {test} is None or {value} is None else False)",
}


EXTREMES = {"least": "<=", "greatest": ">="}


def applied(expr: Expr, args: list[str], fresh: Callable[[], str]) -> str:
    """An operator of the calendar, an extreme or any of `OPERATORS`; `fresh` gives a name not used before."""
    if expr.op in ("year_of", "month_in_year"):
        return CALENDAR[expr.op, expr.args[0].kind].format(*args)
    return _extreme(expr.op, args, fresh) if expr.op in EXTREMES else OPERATORS[expr.op].format(*args)


def _extreme(op: str, args: list[str], fresh: Callable[[], str]) -> str:
    """The least or the greatest of two. Compared in place, which takes a third of what a call of `min` does."""
    names = [each if each.isidentifier() or each.isdecimal() else fresh() for each in args]
    one, two = (name if name == arg else f"({name} := {arg})" for name, arg in zip(names, args, strict=True))
    return f"({names[0]} if {one} {EXTREMES[op]} {two} else {names[1]})"


def cut_of(expr: Expr) -> str | None:
    """The mark of a look-up of one character of a text; None for anything else."""
    if expr.op != "position" or expr.args[0].op != "part":
        return None
    return cut_mark(expr.args[0].args[0], str(expr.constants[0]))


def cut_mark(text: Expr, letters: str) -> str:
    """The mark of all such look-ups of one text in the same letters."""
    return f"{text.digest} in {letters}"
