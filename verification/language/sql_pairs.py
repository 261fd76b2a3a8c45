"""How are rows of which each matches one other told in SQL? From their pairs, in one join for all that looks at them.

A month's declared wage has at most one month's base beside it, and the other way round. How many
months there are of either beside the other, how many agree in the sum, and how many of those are
above a floor is then asked of the same pairs, whichever side a rule begins at.
"""

from __future__ import annotations

from dataclasses import replace

from verification.language.expression import Expr, walk, with_args
from verification.language.level import facts_in
from verification.language.rows import Aggregate, Grouped, Paired
from verification.language.source import ColumnOf, Holds, column

OTHER = "other:"
"""Before the name of a column of the pair's right row."""


def paired(each: Aggregate) -> Aggregate:
    """The same aggregate told of pairs, where its rows and those that they match are one to one; else itself."""
    pair, match = _pair(each), each.match
    if pair is None or match is None:
        return each
    mine, theirs = ("", OTHER) if each.plan.digest == pair.left.digest else (OTHER, "")
    roles = {role: _of_pair(arg, pair, mine) for role, arg in zip(each.roles, each.args, strict=True)}
    for name in match.columns:
        if name not in pair.equal:
            same = column(pair, mine + name) == column(pair, theirs + name)
            roles["where"] = roles["where"] & same if "where" in roles else same
    keys = tuple(sorted({*(each.on or ()), *(match.on or ())}))
    return replace(each, plan=pair, on=keys, match=None, roles=tuple(roles), args=tuple(roles.values()))


def _pair(each: Aggregate) -> Paired | None:
    """The rows and those that they match, where no row of either has two of the other for one person and household."""
    match, rows = each.match, each.plan
    if match is None or not match.present or "matched" in each.roles or not _looks_at_rows_alone(each):
        return None
    if not isinstance(rows, Grouped) or not isinstance(match.plan, Grouped):
        return None
    mine, theirs = set(each.on or ()), set(match.on or ())
    if not mine | theirs <= _OWN or rows.digest == match.plan.digest:
        return None
    # The side that names more of whose a row is stands left, so that every such match is of the same pairs.
    left, right = (rows, match.plan) if mine >= theirs else (match.plan, rows)
    if mine == theirs and left.digest > right.digest:
        left, right = right, left
    equal, keys = set(left.by) & set(right.by), mine | theirs
    one_to_one = set(right.by) == equal and set(left.by) == equal | keys
    if not one_to_one or not (mine & theirs) <= equal <= (mine & theirs) | set(match.columns):
        return None
    return _beside(left, right, tuple(sorted(equal)))


def _looks_at_rows_alone(each: Aggregate) -> bool:
    return not facts_in(*each.args) and all(node.op != "text_of" for arg in each.args for node in walk(arg))


def _beside(left: Grouped, right: Grouped, equal: tuple[str, ...]) -> Paired:
    columns: dict[str, Holds] = {
        **left.columns,
        **{OTHER + name: holds for name, holds in right.columns.items()},
    }
    return Paired(
        name=f"{left.name} {right.name}", columns=columns, types=left.types | right.types,
        left=left, right=right, equal=equal,
    )  # fmt: skip


def _of_pair(expr: Expr, pair: Paired, prefix: str) -> Expr:
    """What is said of a row, said of the pair in which it stands."""
    if isinstance(expr, ColumnOf):
        return column(pair, expr.column if expr.column in pair.equal else prefix + expr.column)
    return with_args(expr, tuple(_of_pair(arg, pair, prefix) for arg in expr.args))


_OWN = frozenset({"household", "person"})
