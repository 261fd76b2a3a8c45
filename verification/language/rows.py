"""What is an aggregate, as a node of the tree? Rows of a plan, whose they are, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from verification.language.expression import Expr
from verification.language.source import Lines, Plan, Union

FEW_MONTHS = 60
"""As many as there are bits for in a whole number, and then some to spare."""


@dataclass(frozen=True, eq=False)
class Match:
    """Rows of `plan` that equal in `columns`; whether there must be one (`present`) or none.

    `on`   by which columns they are the same member's or household's; None: not settled yet
    """

    plan: Plan
    columns: tuple[str, ...]
    present: bool
    on: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Aggregate(Expr):
    """An aggregate; its arguments are named by `roles`, in order: value, where, during, by, matched.

    `on`       columns by which rows are the member's or household's; None: not settled yet
    `lenient`  takes what was answered and leaves out what was not
    """

    plan: Plan
    roles: tuple[str, ...]
    on: tuple[str, ...] | None = None
    match: Match | None = None
    lenient: bool = False

    def identity(self) -> Iterator[str]:
        """Rows, roles, whose, matching."""
        yield from super().identity()
        yield from (self.plan.digest, *self.roles, ",".join(self.on or ()), str(self.lenient))
        if self.match is not None:
            yield from (self.match.plan.digest, *self.match.columns, ",".join(self.match.on or ()))
            yield str(self.match.present)

    def role(self, name: str) -> Expr | None:
        """The argument in a role, if there is one."""
        return self.args[self.roles.index(name)] if name in self.roles else None

    @property
    def condition(self) -> Expr | None:
        """`during` and `where` together."""
        during, where = self.role("during"), self.role("where")
        if during is None or where is None:
            return during if where is None else where
        return during & where


@dataclass(frozen=True, eq=False)
class Grouped(Plan):
    """One row a key: the rows of `of` that agree in the columns `by`, with aggregates of them."""

    of: Plan
    by: tuple[str, ...]
    values: Mapping[str, Aggregate]

    def identity(self) -> Iterator[str]:
        """Of what, by which key, which aggregates."""
        yield from (self.of.digest, *self.by)
        yield from (f"{name}={value.digest}" for name, value in self.values.items())


@dataclass(frozen=True, eq=False)
class Unless(Plan):
    """The rows of `of` for which none of the `better` of some lines has the same keys.

    `keys`    by the lines' column, what the rows have in its place; one is a month
    `first`   the first of the few months that are compared: of other months all rows stay
    """

    of: Plan
    keys: Mapping[str, Expr]
    lines: Union
    better: tuple[Lines, ...]
    first: int

    def identity(self) -> Iterator[str]:
        """Of what, by which keys, unless which lines."""
        yield from (self.of.digest, self.lines.digest, str(self.first))
        yield from (f"{name}={key.digest}" for name, key in self.keys.items())
        yield from (part.digest for part in self.better)

    @property
    def root(self) -> Plan:
        """Its columns are those of the rows that it is some of."""
        return self.of.root


@dataclass(frozen=True, eq=False)
class Paired(Plan):
    """Each row of `left` beside the one row of `right` that equals it in some columns, where there is one.

    The columns of `right` are called `other:…`.
    """

    left: Grouped
    right: Grouped
    equal: tuple[str, ...]

    def identity(self) -> Iterator[str]:
        """Of which two, by which columns."""
        yield from (self.left.digest, self.right.digest, *self.equal)
