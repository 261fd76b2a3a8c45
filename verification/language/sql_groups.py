"""How do aggregates become tables in SQL? A GROUP BY for all that look at the same rows, before or after a join.

Where nothing but the rows is looked at, they are grouped by the person or household that they
name, once for everybody. Where a fact of the member or household is looked at beside them,
they are joined with it first, and grouped by its `row`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from verification.language.expression import Expr, walk
from verification.language.kinds import Kind
from verification.language.level import HOUSEHOLD, facts_in
from verification.language.rows import Aggregate, Unless
from verification.language.source import Filtered, Plan
from verification.language.sql_parts import first_month
from verification.language.sql_rows import RowsSql
from verification.language.sql_text import known_name, leaf_name, prefix_of

Item = tuple[str, Aggregate]
"""A fact's column, and the aggregate that it is."""


@dataclass(frozen=True)
class Group:
    """Aggregates of the same rows. `keys`: by which columns the rows are named; none: by `row`."""

    items: tuple[Item, ...]
    keys: tuple[str, ...]

    @property
    def first(self) -> Aggregate:
        """The rows are those of any of them."""
        return self.items[0][1]


def groups_of(items: list[Item]) -> list[Group]:
    """Aggregates that can be told from the same rows in one GROUP BY."""
    found: dict[tuple[str, ...], list[Item]] = {}
    for name, each in items:
        match, matched = each.match, each.role("matched")
        key = (_ground(each.plan).digest, str(looks_at_rows_alone(each)), *(each.on or ()))
        if match is not None:
            key += (match.plan.digest, *match.columns, *(match.on or ()), str(match.present))
            key += (matched.digest if matched is not None else "",)
        found.setdefault(key, []).append((name, each))
    return [_group(alike) for alike in found.values()]


def looks_at_rows_alone(each: Aggregate) -> bool:
    """Whether no fact stands beside the rows, so that they can be grouped before any join."""
    if facts_in(*each.args) or any(node.op == "text_of" for arg in each.args for node in walk(arg)):
        return False
    if each.match is None:
        return True
    mine = {each.plan.columns[name].kind for name in each.on or ()}
    return mine >= {each.match.plan.columns[name].kind for name in each.match.on or ()}


class GroupsSql:
    """Writes the SELECT of a group over sources that `rows` draws."""

    def __init__(self, rows: RowsSql) -> None:
        self.rows, self.dialect = rows, rows.dialect

    def of_rows(self, group: Group) -> str:
        """SELECT of one row a person or household, keyed by the columns `k:…`, with each aggregate's parts."""
        q, first = self.dialect.quoted, group.first
        exprs = [arg for _, each in group.items for arg in each.args]
        inner = f"SELECT r.* FROM {self.rows.rows(first.plan, exprs)} AS r"
        if first.match is not None:
            inner = self._matched_rows(inner, first)
        keys = [q(f"r_{name}") for name in group.keys]
        named = [f"{key} AS {q(f'k:{name}')}" for key, name in zip(keys, group.keys, strict=True)]
        present = [
            f"{key} IS NOT NULL"
            for key, name in zip(keys, group.keys, strict=True)
            if first.plan.columns[name].optional
        ]
        return self._gathered(group.items, inner, keys, named, present)

    def of_joined(self, group: Group, level: str, rows: str, above: str) -> str:
        """The same keyed by `row` of a level's rows, beside their facts and those of the household's table `above`."""
        q, first = self.dialect.quoted, group.first
        inner = self._joined(group, level, rows, above)
        if first.match is not None:
            inner = self._matched(inner, first, level, rows, above)
        return self._gathered(group.items, inner, [q("row")], [q("row")], [])

    def keys_joined(self, group: Group, alias: str) -> str:
        """How a table of such groups is joined to a level's rows `b`."""
        q = self.dialect.quoted
        if not group.keys:
            return f"{alias}.{q('row')} = b.{q('row')}"
        columns = group.first.plan.columns
        return " AND ".join(
            f"{alias}.{q(f'k:{name}')} = b.{q(_OWN[columns[name].kind])}" for name in group.keys
        )

    def _gathered(
        self, items: tuple[Item, ...], inner: str, keys: list[str], named: list[str], present: list[str]
    ) -> str:
        layers = self.rows.layers()
        since = {name: first_month(each) for name, each in items}
        shorter, tests = _common(items)
        layers.expect(*tests)
        for _, each in shorter:
            layers.expect(each.condition, each.role("value"), each.role("by"))
        parts = [
            part
            for name, each in shorter
            for part in self.rows.parts.written(layers, name, each, keys, since[name])
        ]
        where = [*present, *(layers.cell(test).value for test in tests)]
        conditions = [each.condition for _, each in shorter]
        if all(condition is not None for condition in conditions):
            texts = dict.fromkeys(
                f"COALESCE({layers.cell(each).value}, TRUE)" if each.uncertain else layers.cell(each).value
                for each in conditions
                if each is not None
            )
            if len(texts) <= _WORTH_A_FILTER:
                where.append(f"({' OR '.join(texts)})")
        q = self.dialect.quoted
        selected = ", ".join([*named, *(f"{text} AS {q(name)}" for name, text in parts)])
        filtered = f" WHERE {' AND '.join(where)}" if where else ""
        return f"SELECT {selected} FROM ({layers.over(inner)}) AS {q('rows')}{filtered} GROUP BY {', '.join(keys)}"

    def _joined(self, group: Group, level: str, of: str, above: str) -> str:
        """Each row of the source beside the facts of the one whose it is."""
        first, q = group.first, self.dialect.quoted
        exprs = [arg for _, each in group.items for arg in each.args]
        columns = [f"b.{q('row')} AS {q('row')}", "r.*", *self._facts(exprs, level)]
        rows, on = self.rows.rows(first.plan, exprs), self._on(first.plan, first.on or ())
        joins = f"FROM {of} AS b JOIN {rows} AS r ON {on}{self._above(exprs, level, above)}"
        return f"SELECT {', '.join(columns)} {joins}"

    def _facts(self, exprs: list[Expr], level: str) -> list[str]:
        q, columns = self.dialect.quoted, []
        for fact in facts_in(*exprs):
            name = f"{prefix_of(fact)}_{leaf_name(fact)}"
            alias = "b" if fact.level.name == level else "h"
            columns.append(f"{alias}.{q(name)}")
            if fact.optional and fact.uncertain:
                columns.append(f"{alias}.{q(known_name(name))}")
        if any(node.op == "text_of" for expr in exprs for node in walk(expr)):
            columns.append(f"b.{q('person_text')}")
        return columns

    def _above(self, exprs: list[Expr], level: str, above: str) -> str:
        q = self.dialect.quoted
        if level == HOUSEHOLD or all(fact.level.name == level for fact in facts_in(*exprs)):
            return ""
        return f" JOIN {q(above)} AS h ON h.{q('household')} = b.{q('household')}"

    def _on(self, plan: Plan, on: tuple[str, ...]) -> str:
        q = self.dialect.quoted
        return " AND ".join(f"r.{q(f'r_{name}')} = b.{q(_OWN[plan.columns[name].kind])}" for name in on)

    def _matched(self, inner: str, first: Aggregate, level: str, of: str, above: str) -> str:
        """Only the rows with, or without, a row of the other source in the matching columns."""
        match, condition, q = first.match, first.role("matched"), self.dialect.quoted
        assert match is not None
        exprs = [condition] if condition is not None else []
        columns = [f"b.{q('row')} AS {q('row')}", "r.*", *self._facts(exprs, level)]
        joined = (
            f"SELECT {', '.join(columns)} FROM {of} AS b JOIN {self.rows.rows(match.plan)} AS r"
            f" ON {self._on(match.plan, match.on or ())}{self._above(exprs, level, above)}"
        )
        keys = [q("row"), *(q(f"r_{name}") for name in match.columns)]
        return self._kept(inner, joined, first, list(zip(keys, keys, strict=True)))

    def _matched_rows(self, inner: str, first: Aggregate) -> str:
        """The same where rows name whose they are themselves."""
        match, q = first.match, self.dialect.quoted
        assert match is not None
        mine = {first.plan.columns[name].kind: name for name in first.on or ()}
        pairs = [
            (q(f"r_{name}"), q(f"r_{mine[match.plan.columns[name].kind]}")) for name in match.on or ()
        ] + [(q(f"r_{name}"), q(f"r_{name}")) for name in match.columns]
        return self._kept(inner, f"SELECT r.* FROM {self.rows.rows(match.plan)} AS r", first, pairs)

    def _kept(self, inner: str, others: str, first: Aggregate, pairs: list[tuple[str, str]]) -> str:
        match, condition, q = first.match, first.role("matched"), self.dialect.quoted
        assert match is not None
        layers = self.rows.layers()
        layers.expect(condition)
        test = f" WHERE {layers.cell(condition).value}" if condition is not None else ""
        keys = list(dict.fromkeys(theirs for theirs, _ in pairs))
        rows = f"FROM ({layers.over(others)}) AS {q('others')}{test}"
        equal = " AND ".join(f"o.{theirs} = i.{ours}" for theirs, ours in pairs)
        if self.dialect.semi:
            kind = "SEMI" if match.present else "ANTI"
            return f"SELECT i.* FROM ({inner}) AS i {kind} JOIN (SELECT {', '.join(keys)} {rows}) AS o ON {equal}"
        kind = "" if match.present else "LEFT "
        absent = "" if match.present else f" WHERE o.{keys[0]} IS NULL"
        distinct = f"SELECT DISTINCT {', '.join(keys)} {rows}"
        return f"SELECT i.* FROM ({inner}) AS i {kind}JOIN ({distinct}) AS o ON {equal}{absent}"


_WORTH_A_FILTER = 4
"""Of more different conditions one nearly always holds, and to ask first costs more than it spares."""

_OWN = {Kind.PERSON: "person", Kind.HOUSEHOLD: "household"}


def _group(items: list[Item]) -> Group:
    """Aggregates of differently filtered rows of one source as aggregates of all its rows, each with its filter."""
    if len({each.plan.digest for _, each in items}) > 1:
        items = [(name, _unfiltered(each)) for name, each in items]
    first = items[0][1]
    return Group(tuple(items), (first.on or ()) if looks_at_rows_alone(first) else ())


def _ground(plan: Plan) -> Plan:
    """What the rows of a group are drawn from at once, each aggregate by its own filter."""
    return plan if isinstance(plan, Unless) else plan.root


def _unfiltered(each: Aggregate) -> Aggregate:
    if not isinstance(each.plan, Filtered):
        return each
    where = each.role("where")
    condition = each.plan.condition if where is None else each.plan.condition & where
    return _with(replace(each, plan=each.plan.root), where=condition)


def _common(items: tuple[Item, ...]) -> tuple[tuple[Item, ...], list[Expr]]:
    """The aggregates without a period, or a condition, that all of them share, and what they share.

    The first or last row keeps its condition: it is placed among all rows, before any are left out.
    """
    shared: list[Expr] = []
    for role in ("during", "where"):
        first = items[0][1].role(role)
        if first is None or first.uncertain or _differ(items, role, first):
            continue
        shared.append(first)
        items = tuple((name, each if each.op in _ORDERED else _without(each, role)) for name, each in items)
    return items, shared


_ORDERED = frozenset({"rows latest", "rows earliest"})


def _differ(items: tuple[Item, ...], role: str, first: Expr) -> bool:
    given = [each.role(role) for _, each in items]
    return any(each is None or each.digest != first.digest for each in given)


def _with(each: Aggregate, **roles: Expr) -> Aggregate:
    named = {**dict(zip(each.roles, each.args, strict=True)), **roles}
    return replace(each, roles=tuple(named), args=tuple(named.values()))


def _without(each: Aggregate, role: str) -> Aggregate:
    named = {name: arg for name, arg in zip(each.roles, each.args, strict=True) if name != role}
    return replace(each, roles=tuple(named), args=tuple(named.values()))
