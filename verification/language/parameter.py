"""Which numbers does the law leave to a place and a time? Parameters, bound to a policy pack on compiling.

A rule names a parameter and the day or month at which it is asked for; the pack gives dated
values, each with its article. The rule set's hash therefore does not depend on any pack.
Where the pack has no value for that day the parameter is unknown: nobody guesses the law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from verification.language.expression import Expr, needs
from verification.language.kinds import Kind, PackGap, Value, kind_of
from verification.language.values import first_day
from vocabulary.codes import Code


@dataclass(frozen=True, slots=True)
class Dated:
    """A value in force from `since` to `until`, both days included; None is without end."""

    value: Value
    since: date | None
    until: date | None
    cite: str

    def holds_at(self, day: date) -> bool:
        """Tell whether it is in force on a day. For a month ask its first day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Pack(Protocol):
    """What the rules need of a policy pack."""

    @property
    def hash(self) -> str:
        """sha256 of the pack's canonical content, hex."""

    def values(self, name: str) -> Sequence[Dated]:
        """A parameter's values in order of time, without overlap. Raises `PackGap` when it has none."""

    def table(self, name: str) -> Mapping[str, Sequence[Dated]]:
        """A table's values by key, as for `values`; `*` stands for every key not named.

        Raises `PackGap` when there is no such table.
        """


def param(
    name: str, *, at: Expr, kind: Kind = Kind.FEN, codes: type[Code] | None = None, optional: bool = False
) -> Expr:
    """The parameter's value in force at a date or month.

    `optional`   where the pack has no value for that day it is absent; otherwise it is unknown
    """
    return _asked("param", name, (at,), at=at, kind=kind, codes=codes, optional=optional)


def param_class(
    name: str,
    *,
    key: Expr,
    at: Expr,
    kind: Kind = Kind.CODE,
    codes: type[Code] | None = None,
    optional: bool = False,
) -> Expr:
    """What a table of the pack says of `key` at a date or month; `optional` as for `param`."""
    needs("param_class", frozenset({Kind.CODE, Kind.TEXT}), key)
    return _asked("param_class", name, (key, at), at=at, kind=kind, codes=codes, optional=optional)


def check(found: Sequence[Dated], name: str, kind: Kind, codes: type[Code] | None) -> list[Dated]:
    """The values of a parameter, each of the kind that the rules expect. Raises `PackGap`."""
    wanted = {Kind.FEN: {Kind.NUMBER}, Kind.CODE: {Kind.CODE, Kind.TEXT}}.get(kind, {kind})
    for each in found:
        if kind_of(each.value) not in wanted:
            raise PackGap(f"expected {kind.value} for `{name}`, got `{type(each.value).__name__}`")
        if codes is not None and each.value not in {str(member) for member in codes}:
            raise PackGap(f"expected a code of {codes.__name__} for `{name}`, got `{each.value}`")
    return list(found)


def value_at(found: Sequence[Dated], at: date | int) -> Value | None:
    """The value in force at a date, or at a month given as its ordinal; None where there is none."""
    day = at if isinstance(at, date) else first_day(at)
    return next((each.value for each in found if each.holds_at(day)), None)


def _asked(
    op: str,
    name: str,
    args: tuple[Expr, ...],
    *,
    at: Expr,
    kind: Kind,
    codes: type[Code] | None,
    optional: bool,
) -> Expr:
    needs(op, frozenset({Kind.DATE, Kind.MONTH}), at)
    return Expr(
        op,
        args,
        kind,
        constants=(name, optional),
        optional=optional or any(arg.optional for arg in args),
        uncertain=not optional or any(arg.uncertain for arg in args),
        bound=any(arg.bound for arg in args),
        codes=codes,
    )
