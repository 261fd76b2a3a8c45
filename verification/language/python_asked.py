"""What does the pack say, as a compiled judgement asks it? Each value is looked up once and then kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NoReturn

from verification.language import values
from verification.language.expression import Expr
from verification.language.kinds import Value
from verification.language.parameter import Dated, Pack, check, value_at


class NotPlain(Exception):
    """Something is unknown in a case that was taken for a plain one."""


def not_plain() -> NoReturn:
    """Raises `NotPlain`, in the middle of an expression."""
    raise NotPlain


Worth = Value | values.Missing | None


class Asked(dict[date | int, Worth]):
    """A parameter by its day or month; each is looked up in the pack once.

    Where the pack has no value: absent, if the expression may be; else unknown, or `NotPlain`.
    Raises `PackGap` where the pack has no such parameter, or one of another kind.
    """

    def __init__(self, expr: Expr, pack: Pack, *, plain: bool) -> None:
        super().__init__()
        self._rows = check(pack.values(str(expr.constants[0])), str(expr.constants[0]), expr.kind, expr.codes)
        self._gap = _Gap(expr, plain=plain)

    def __missing__(self, when: date | int) -> Worth:
        self[when] = self._gap.or_found(value_at(self._rows, when))
        return self[when]


class AskedTable(dict[date | int, "_AtOneTime"]):
    """A table of the pack, by day or month and then by key; the rest as in `Asked`."""

    def __init__(self, expr: Expr, pack: Pack, *, plain: bool) -> None:
        super().__init__()
        name = str(expr.constants[0])
        rows = pack.table(name)
        self._rows = {key: check(found, name, expr.kind, expr.codes) for key, found in rows.items()}
        self._gap = _Gap(expr, plain=plain)

    def __missing__(self, when: date | int) -> _AtOneTime:
        self[when] = found = _AtOneTime(self._rows, when, self._gap)
        return found


class _AtOneTime(dict[str, Worth]):
    """What a table says on one day, or in one month, by key."""

    def __init__(self, rows: Mapping[str, Sequence[Dated]], when: date | int, gap: _Gap) -> None:
        super().__init__()
        self._rows, self._when, self._gap = rows, when, gap

    def __missing__(self, key: str) -> Worth:
        rows = self._rows.get(key, self._rows.get("*", ()))
        self[key] = self._gap.or_found(value_at(rows, self._when))
        return self[key]


class _Gap:
    """What there is where the pack has no value."""

    def __init__(self, expr: Expr, *, plain: bool) -> None:
        optional = bool(expr.constants[1])
        self._worth, self._strict = values.ABSENT if optional else None, plain and not optional

    def or_found(self, found: Value | None) -> Worth:
        """The value, or what stands for none. Raises `NotPlain`."""
        if found is None and self._strict:
            raise NotPlain
        return self._worth if found is None else found
