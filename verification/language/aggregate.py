"""What do a member's or a household's rows amount to? Aggregates, each naming whose rows and of which period.

    count(insurance, where=…, during=…)      how many rows
    total(insurance.base_fen, …)             their sum
    kinds(aid.programme, …)                  how many different values
    some(property.over_limit) / every(…)     whether it holds for at least one row / for all
    only(certificate.grade)                  the value all rows agree on; rows that disagree: unknown
    latest(status, by=since), earliest(…)    the value of the last or first row in an order
    highest(month), lowest(died_on)          the greatest or least value
    listing(insurance.record_id)             the different values, sorted, as one text with commas
    grouped(aid, by=("person", "academic_year"), programmes=kinds(aid.programme))
                                             one row a person and year, to look at like any others

Whose rows: those of the member, of the household, or of the household's members, by the columns
that the rows have; `on="mother"` takes the rows whose `mother` is the member. `matching=(other,
"month")` keeps rows with a row of `other` for the same person and month; `unmatched=` those
without one; `matched_on="household"` compares with the rows of the member's household instead.
An aggregate is unknown where a record type that it reads gave no usable answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict, Unpack

from verification.language.expression import Expr, certain_presence, needs, walk
from verification.language.kinds import ORDERED, WHOLE, Kind, KindsDiffer, Refused
from verification.language.level import Level, MemberRows, as_column
from verification.language.rows import Aggregate, Grouped, Match
from verification.language.source import Filtered, Holds, Plan, Source, column, columns_in, only_columns_of

Matching = tuple[Source, str | tuple[str, ...]] | tuple[Source, str | tuple[str, ...], Expr]
"""Other rows, the column or columns in which they must equal, and a condition on them."""

Rows = Source | Level


class Whose(TypedDict, total=False):
    """Which of the rows: a condition, a period, rows of another source, and by which columns they belong."""

    where: Expr
    during: Expr
    matching: Matching
    unmatched: Matching
    matched_on: str | tuple[str, ...]
    on: str | tuple[str, ...]


def count(
    rows: Rows,
    **whose: Unpack[Whose],
) -> Expr:
    """How many rows."""
    return _aggregate("count", rows, None, whose, kind=Kind.NUMBER)


def total(
    value: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """The sum of a value over the rows; 0 where there are none."""
    needs("total", WHOLE, value)
    certain_presence("the value of `total`", value)
    return _aggregate("total", None, value, whose, kind=value.kind)


def kinds(
    value: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """How many different values; an absent one is none."""
    return _aggregate("kinds", None, value, whose, kind=Kind.NUMBER)


def some(
    rows: Rows | Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """Whether there is a row; or, of a condition, whether it holds for at least one."""
    of, value = _condition_or_rows(rows)
    return _aggregate("some", of, value, whose, kind=Kind.FLAG)


def every(
    condition: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """Whether a condition holds for all rows; true where there are none."""
    _condition_or_rows(condition)
    return _aggregate("every", None, condition, whose, kind=Kind.FLAG)


def only(
    value: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """The value that all rows agree on, absent where none has one; unknown where they disagree."""
    return _aggregate("only", None, value, whose, kind=value.kind)


def latest(
    value: Expr,
    *,
    by: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """The value of the row that is last by `by`; of equal ones, the last by record number."""
    return _ordered("latest", value, by, whose)


def earliest(
    value: Expr,
    *,
    by: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """The value of the row that is first by `by`; of equal ones, the first by record number."""
    return _ordered("earliest", value, by, whose)


def highest(
    value: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """The greatest value, absent where there is none."""
    needs("highest", ORDERED, value)
    return _aggregate("highest", None, value, whose, kind=value.kind)


def lowest(
    value: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """The least value, absent where there is none."""
    needs("lowest", ORDERED, value)
    return _aggregate("lowest", None, value, whose, kind=value.kind)


def listing(
    value: Expr,
    **whose: Unpack[Whose],
) -> Expr:
    """The different values in the order of their characters, joined by commas; empty where there are none."""
    needs("listing", frozenset({Kind.TEXT, Kind.CODE, Kind.MONTH}), value)
    return _aggregate("listing", None, value, whose, kind=Kind.TEXT)


def grouped(rows: Source, *, by: tuple[str, ...], **values: Expr) -> Source:
    """One row a key: a person's, a year's, with aggregates of the rows that agree in it.

    The aggregates look at the rows alone, not at facts; where a value may be absent or its
    rows may be none, so may the aggregate. Rows may be looked at again as any others:

    years = grouped(aid, by=("person", "academic_year"), programmes=kinds(aid.programme))
    """
    plan = rows.plan
    columns = {name: column(plan, name) for name in by}
    if any(each.optional or each.uncertain for each in columns.values()):
        raise Refused("expected columns in `by` that are always there and known, got one that may not be")
    held = {name: Holds(each.kind, codes=each.codes) for name, each in columns.items()}
    taken: dict[str, Aggregate] = {}
    for name, value in sorted(values.items()):
        taken[name] = _of_group(plan, name, value)
        optional = value.optional and ("where" in taken[name].roles or taken[name].args[0].optional)
        held[name] = Holds(value.kind, optional=optional, codes=value.codes)
    return Source(
        Grouped(
            name=plan.name,
            columns=dict(sorted(held.items())),
            types=plan.types,
            of=plan,
            by=by,
            values=taken,
        )
    )


def _of_group(plan: Plan, name: str, value: Expr) -> Aggregate:
    allowed = {
        "rows count",
        "rows total",
        "rows kinds",
        "rows some",
        "rows every",
        "rows highest",
        "rows lowest",
    }
    if not isinstance(value, Aggregate) or value.op not in allowed or value.match is not None:
        raise Refused(f"expected a plain aggregate as `{name}` of a group, got another expression")
    if value.plan.digest not in (plan.digest, plan.root.digest):
        raise Refused(f"expected an aggregate of {plan.name} as `{name}`, got one of {value.plan.name}")
    for arg in value.args:
        only_columns_of(plan, arg, f"the group's `{name}`")
        if arg.uncertain:
            raise Refused(f"expected what is always known in the group's `{name}`, got what may not be")
    return replace(value, plan=plan, lenient=True, uncertain=False)


def evidenced(aggregate: Expr) -> Expr:
    """The sum or count of what was answered, leaving out what was not: a lower bound, never unknown.

    It may stand in evidence and in further facts; a condition on it is refused, because it
    would turn a failure into a no (`OnlyALowerBound`).
    """
    if not isinstance(aggregate, Aggregate) or aggregate.op not in ("rows count", "rows total"):
        raise Refused("expected a `count` or `total` in `evidenced`, got another expression")
    return replace(aggregate, lenient=True, uncertain=False, bound=True)


def _condition_or_rows(rows: Rows | Expr) -> tuple[Rows | None, Expr | None]:
    if not isinstance(rows, Expr):
        return rows, None
    needs("some and every", frozenset({Kind.FLAG}), rows)
    certain_presence("the condition of `some` and `every`", rows)
    return None, rows


def _ordered(
    op: str,
    value: Expr,
    by: Expr,
    whose: Whose,
) -> Expr:
    needs(op, ORDERED, by)
    certain_presence(f"the order of `{op}`", by)
    return _aggregate(op, None, value, whose, kind=value.kind, by=by)


def _aggregate(
    op: str,
    rows: Rows | None,
    value: Expr | None,
    whose: Whose,
    *,
    kind: Kind,
    by: Expr | None = None,
) -> Expr:
    match, matched = _match(whose)
    on = whose.get("on")
    given = {"value": value, "where": whose.get("where"), "during": whose.get("during"), "by": by}
    given["matched"] = matched
    named = {role: arg for role, arg in given.items() if arg is not None}
    for role in named.keys() & {"where", "during", "matched"}:
        needs(role, frozenset({Kind.FLAG}), named[role])
        certain_presence(f"`{role}` of `{op}`", named[role])
    if matched is not None and matched.uncertain:
        raise Refused("expected a condition on the other rows that is always known, got one that may not be")
    plan, named = _rows_of(op, rows, named)
    if isinstance(plan, MemberRows) and (match or by is not None):
        raise Refused(f"expected records in `{op}` with an order or matching, got the household's members")
    return Aggregate(
        f"rows {op}",
        tuple(named.values()),
        kind,
        optional=op in ("only", "latest", "earliest", "highest", "lowest"),
        uncertain=True,
        bound=any(arg.bound for arg in named.values()),
        codes=value.codes if value is not None and kind is Kind.CODE else None,
        plan=plan,
        roles=tuple(named),
        on=(on,) if isinstance(on, str) else on,
        match=match,
    )


def _match(whose: Whose) -> tuple[Match | None, Expr | None]:
    matching, unmatched, on = whose.get("matching"), whose.get("unmatched"), whose.get("matched_on")
    if matching is not None and unmatched is not None:
        raise Refused("expected `matching` or `unmatched`, got both")
    given = matching or unmatched
    if given is None:
        return None, None
    columns = (given[1],) if isinstance(given[1], str) else given[1]
    condition = given[2] if len(given) == 3 else None
    by = (on,) if isinstance(on, str) else on
    return Match(given[0].plan, columns, present=matching is not None, on=by), condition


def _rows_of(op: str, rows: Rows | None, named: dict[str, Expr]) -> tuple[Plan, dict[str, Expr]]:
    """Whose columns the arguments name. Facts of members, where there is no column, are members' columns."""
    if isinstance(rows, Source):
        plan: Plan = rows.plan
    else:
        plans = {} if isinstance(rows, Level) else _plans(named)
        if not plans:
            return _member_rows(op, rows, named)
        plan = max(plans.values(), key=lambda each: isinstance(each, Filtered))
    for found in _plans(named).values():
        if found.digest not in (plan.digest, plan.root.digest):
            raise Refused(f"expected columns of {plan.name} in `{op}`, got one of {found.name}")
    return plan, named


def _plans(named: dict[str, Expr]) -> dict[str, Plan]:
    args = (arg for role, arg in named.items() if role != "matched")
    return {each.plan.digest: each.plan for each in columns_in(*args)}


def _member_rows(op: str, rows: Rows | None, named: dict[str, Expr]) -> tuple[Plan, dict[str, Expr]]:
    facts = [node for arg in named.values() for node in walk(arg) if node.op == "fact"]
    level = rows if isinstance(rows, Level) else None
    if level is None and not any(node.constants[0] == "member" for node in facts):
        raise KindsDiffer(f"expected columns or members' facts in `{op}`, got neither")
    found = {role: as_column(arg) for role, arg in named.items()}
    columns = columns_in(*found.values())
    plan = level.rows() if level is not None else columns[0].plan
    return plan, found
