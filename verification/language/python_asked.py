"""What does the pack say, as a compiled judgement asks it? Each value is looked up once and then kept."""

from __future__ import annotations

from datetime import date
from typing import NoReturn

from verification.language import values
from verification.language.expression import Expr
from verification.language.kinds import Value
from verification.language.parameter import Pack, check, value_at


class NotPlain(Exception):
    """Something is unknown in a case that was taken for a plain one."""


def not_plain() -> NoReturn:
    """Raises `NotPlain`, in the middle of an expression."""
    raise NotPlain


class Asked(dict[object, "Value | values.Missing | None"]):
    """A parameter by its day or month, or by key and day; each is looked up in the pack once.

    Where the pack has no value: absent, if the expression may be; else unknown, or `NotPlain`.
    Raises `PackGap` where the pack has no such parameter, or one of another kind.
    """

    def __init__(self, expr: Expr, pack: Pack, *, plain: bool) -> None:
        super().__init__()
        name, optional = str(expr.constants[0]), bool(expr.constants[1])
        self._gap, self._strict = values.ABSENT if optional else None, plain and not optional
        rows = {"": pack.values(name)} if expr.op == "param" else pack.table(name)
        self._rows = {key: check(found, name, expr.kind, expr.codes) for key, found in rows.items()}

    def __missing__(self, asked: date | int | tuple[str, date | int]) -> Value | values.Missing | None:
        key, when = asked if isinstance(asked, tuple) else ("", asked)
        found = value_at(self._rows.get(key, self._rows.get("*", [])), when)
        if found is None and self._strict:
            raise NotPlain
        self[asked] = self._gap if found is None else found
        return self[asked]
