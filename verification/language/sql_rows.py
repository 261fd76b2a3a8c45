"""How are rows drawn and gathered in SQL? Every source as a table of columns `r_…`, every aggregate as a GROUP BY."""

from __future__ import annotations

from dataclasses import dataclass, replace

from verification.language.dialect import Dialect
from verification.language.expression import Expr, walk
from verification.language.kinds import Kind
from verification.language.level import HOUSEHOLD, MemberRows, asked_by, facts_in
from verification.language.parameter import Pack
from verification.language.rows import Aggregate, Grouped
from verification.language.source import (
    Best,
    Filtered,
    Holds,
    Lines,
    Plan,
    Records,
    Union,
)
from verification.language.sql_text import Layers, known_name, leaf_name, prefix_of
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES


@dataclass(frozen=True)
class Statement:
    """A table to be made from a SELECT, before those that follow it."""

    table: str
    select: str


class RowsSql:
    """Writes sources and aggregates for one dialect, and keeps the statements that they need first.

    `columns`   of each record type, those that were asked for
    `members`   the table that holds the members' facts so far, `member_names`
    """

    def __init__(self, pack: Pack, dialect: Dialect, columns: dict[type[Record], frozenset[str]]) -> None:
        self.pack, self.dialect, self.columns = pack, dialect, columns
        self.members = "member_base"
        self.member_names: list[str] = []
        self.statements: list[Statement] = []
        self._made: dict[str, str] = {}

    def layers(self) -> Layers:
        """Fresh layers."""
        return Layers(self.pack, self.dialect)

    def groups(self, facts: list[tuple[str, Expr]]) -> list[list[tuple[str, Aggregate]]]:
        """Aggregates that can be told from the same rows in one GROUP BY."""
        found: dict[tuple[str, ...], list[tuple[str, Aggregate]]] = {}
        for name, expr in facts:
            if isinstance(expr, Aggregate):
                match, matched = expr.match, expr.role("matched")
                key = (expr.plan.root.digest, *(expr.on or ()))
                if match is not None:
                    key += (match.plan.digest, *match.columns, *(match.on or ()), str(match.present))
                    key += (matched.digest if matched is not None else "",)
                found.setdefault(key, []).append((name, expr))
        return [_of_one_source(items) for items in found.values()]

    def gathered(self, items: list[tuple[str, Aggregate]], level: str, table: str, above: str) -> str:
        """SELECT of one row a group, keyed by `row`, with each aggregate's parts.

        `table` and `above`   the tables of the level's, and of the household's, facts so far
        """
        first = items[0][1]
        layers = self.layers()
        for _, each in items:
            layers.expect(each.condition, each.role("value"), each.role("by"))
        parts = [part for name, each in items for part in self._parts(layers, name, each)]
        inner = self._joined(items, level, table, above)
        if first.match is not None:
            inner = self._matched(inner, first, level, table, above)
        during, where = first.role("during"), ""
        same = during is not None and all(_digest(each.role("during")) == during.digest for _, each in items)
        if during is not None and same and not during.uncertain:
            where = f" WHERE {layers.cell(during).value}"
        q = self.dialect.quoted
        selected = ", ".join(f"{text} AS {q(name)}" for name, text in parts)
        return f"SELECT {q('row')}, {selected} FROM ({layers.over(inner)}) AS {q('rows')}{where} GROUP BY {q('row')}"

    def told(self, name: str, each: Aggregate, alias: str) -> list[tuple[str, str]]:
        """The fact's columns, from the parts that stand in the joined group `alias`."""
        a = f"{alias}."
        value = f"{a}{self.dialect.quoted(name)}"
        doubts = f"COALESCE({a}{self.dialect.quoted(f'u:{name}')}, 0)"
        answered = self._answered(each)
        if each.lenient:
            return [(name, f"COALESCE({value}, {self._start(each)})")]
        if each.op in ("rows some", "rows every"):
            some = each.op == "rows some"
            text = (
                f"CASE WHEN COALESCE({value}, 0) > 0 THEN {'TRUE' if some else 'FALSE'}"
                f" WHEN {doubts} > 0 THEN NULL ELSE {'FALSE' if some else 'TRUE'} END"
            )
            return [(name, f"CASE WHEN {' AND '.join(answered)} THEN {text} END" if answered else text)]
        known = " AND ".join([*answered, f"{doubts} = 0"])
        if each.optional:
            return [(name, f"CASE WHEN {known} THEN {value} END"), (known_name(name), f"({known})")]
        return [(name, f"CASE WHEN {known} THEN COALESCE({value}, {self._start(each)}) END")]

    def rows(self, plan: Plan) -> str:
        """A source as something to select from, its columns named `r_…`."""
        q = self.dialect.quoted
        if isinstance(plan, MemberRows):
            return f"(SELECT {', '.join(self._member_columns(plan))} FROM {q(self.members)})"
        if isinstance(plan, Records):
            names = sorted(self.columns.get(plan.record, frozenset()) | {"record_id"})
            names = [name for name in names if name in self.columns.get(plan.record, frozenset())]
            columns = ", ".join(f"{q(name)} AS {q(f'r_{name}')}" for name in names)
            return f"(SELECT {columns} FROM {q(plan.record.__name__)})"
        if isinstance(plan, Filtered):
            layers = self.layers()
            layers.expect(plan.condition)
            condition = layers.cell(plan.condition).value
            inner = f"SELECT * FROM {self.rows(plan.of)} AS {q('of')}"
            columns = ", ".join(q(name) for name in self._names(plan))
            return f"(SELECT {columns} FROM ({layers.over(inner)}) AS {q('all')} WHERE {condition})"
        made = self._made.get(plan.digest)
        if made is None:
            made = self._made[plan.digest] = f"lines_{len(self._made)}"
            select = self._grouped(plan) if isinstance(plan, Grouped) else self._ranked(plan)
            self.statements.append(Statement(made, select))
        return q(made)

    def _names(self, plan: Plan) -> list[str]:
        """The columns that a source's rows have in SQL."""
        root = plan.root
        if isinstance(root, Records):
            return [f"r_{name}" for name in sorted(self.columns.get(root.record, frozenset()))]
        names = []
        for name, holds in root.columns.items():
            names += [f"r_{name}"] + ([f"rk_{name}"] if _two(holds) else [])
        return names

    def _member_columns(self, plan: MemberRows) -> list[str]:
        q = self.dialect.quoted
        columns = [f"{q('household')} AS {q('r_household')}"]
        for name in self._told_members(plan):
            holds = plan.columns[name]
            columns.append(f"{q(f'm_{name}')} AS {q(f'r_{name}')}")
            columns += [f"{q(f'mk_{name}')} AS {q(f'rk_{name}')}"] if _two(holds) else []
        return columns

    def _told_members(self, plan: MemberRows) -> list[str]:
        return [name for name in self.member_names if name in plan.columns and name != "household"]

    def _grouped(self, plan: Grouped) -> str:
        q, layers = self.dialect.quoted, self.layers()
        for each in plan.values.values():
            layers.expect(each.condition, each.role("value"))
        keys = [q(f"r_{name}") for name in plan.by]
        columns = list(keys)
        for name, each in plan.values.items():
            text = self._parts(layers, name, each)[0][1]
            if each.op in ("rows some", "rows every"):
                text = f"({text} {'> 0' if each.op == 'rows some' else '= 0'})"
            elif not each.optional:
                text = f"COALESCE({text}, {self._start(each)})"
            columns.append(f"{text} AS {q(f'r_{name}')}")
        inner = f"SELECT * FROM {self.rows(plan.of)} AS {q('of')}"
        return f"SELECT {', '.join(columns)} FROM ({layers.over(inner)}) AS {q('all')} GROUP BY {', '.join(keys)}"

    def _ranked(self, plan: Plan) -> str:
        if isinstance(plan, Best):
            return self._best(plan)
        assert isinstance(plan, Union)
        return " UNION ALL ".join(self._lines(part, plan) for part in plan.parts)

    def _lines(self, part: Lines, plan: Plan) -> str:
        q, layers, columns = self.dialect.quoted, self.layers(), []
        layers.expect(*part.values.values())
        for name, holds in plan.columns.items():
            if name in part.values:
                cell = layers.cell(part.values[name])
                columns.append(f"{cell.value} AS {q(f'r_{name}')}")
                known = cell.known or "TRUE"
            else:
                columns.append(f"CAST(NULL AS {self.dialect.type_of(holds.kind)}) AS {q(f'r_{name}')}")
                known = "TRUE"
            columns += [f"{known} AS {q(f'rk_{name}')}"] if _two(holds) else []
        inner = f"SELECT * FROM {self.rows(part.of)} AS {q('of')}"
        return f"SELECT {', '.join(columns)} FROM ({layers.over(inner)}) AS {q('all')}"

    def _best(self, plan: Best) -> str:
        q, rows = self.dialect.quoted, self.rows(plan.of)
        rank, keys = q(f"r_{plan.rank}"), [q(f"r_{name}") for name in plan.by]
        key, equal = ", ".join(keys), " AND ".join(f"a.{key} = t.{key}" for key in keys)
        columns = ", ".join(f"a.{q(name)}" for name in self._names(plan))
        top = f"SELECT {key}, MAX({rank}) AS {q('top')} FROM {rows} AS {q('of')} GROUP BY {key}"
        return f"SELECT {columns} FROM {rows} AS a JOIN ({top}) AS t ON {equal} AND a.{rank} = t.{q('top')}"

    def _joined(self, items: list[tuple[str, Aggregate]], level: str, table: str, above: str) -> str:
        """Each row of the source beside the facts of the one whose it is."""
        first = items[0][1]
        exprs = [arg for _, each in items for arg in each.args]
        q = self.dialect.quoted
        columns = [f"b.{q('row')} AS {q('row')}", "r.*", *self._facts(exprs, level)]
        joins = f"FROM {q(table)} AS b JOIN {self.rows(first.plan)} AS r ON {self._on(first.plan, first.on or ())}"
        return f"SELECT {', '.join(columns)} {joins}{self._above(exprs, level, above)}"

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
        own = {Kind.PERSON: "person", Kind.HOUSEHOLD: "household"}
        return " AND ".join(f"r.{q(f'r_{name}')} = b.{q(own[plan.columns[name].kind])}" for name in on)

    def _matched(self, inner: str, first: Aggregate, level: str, table: str, above: str) -> str:
        """Only the rows with, or without, a row of the other source in the matching columns."""
        match, condition, q = first.match, first.role("matched"), self.dialect.quoted
        assert match is not None
        exprs = [condition] if condition is not None else []
        columns = [f"b.{q('row')} AS {q('row')}", "r.*", *self._facts(exprs, level)]
        joined = (
            f"SELECT {', '.join(columns)} FROM {q(table)} AS b JOIN {self.rows(match.plan)} AS r"
            f" ON {self._on(match.plan, match.on or ())}{self._above(exprs, level, above)}"
        )
        layers = self.layers()
        layers.expect(condition)
        test = f" WHERE {layers.cell(condition).value}" if condition is not None else ""
        keys = [q("row"), *(q(f"r_{name}") for name in match.columns)]
        distinct = f"SELECT DISTINCT {', '.join(keys)} FROM ({layers.over(joined)}) AS {q('others')}{test}"
        equal = " AND ".join(f"o.{key} = i.{key}" for key in keys)
        kind = "" if match.present else "LEFT "
        absent = "" if match.present else f" WHERE o.{q('row')} IS NULL"
        return f"SELECT i.* FROM ({inner}) AS i {kind}JOIN ({distinct}) AS o ON {equal}{absent}"

    def _parts(self, layers: Layers, name: str, each: Aggregate) -> list[tuple[str, str]]:
        """The aggregate's value over the rows of a group, and how many rows leave it in doubt."""
        condition, value = each.condition, each.role("value")
        if each.op in ("rows some", "rows every"):
            return self._quantified(layers, name, each)
        held = layers.cell(value) if value is not None else None
        where = layers.cell(condition).value if condition is not None else "TRUE"
        if each.op in ("rows latest", "rows earliest"):
            where = self._first_only(layers, each, where)
        text = held.value if held is not None else "1"
        if each.op == "rows listing" and value is not None and value.kind is Kind.MONTH:
            text = self.dialect.written_month(text)
        taken = text if where == "TRUE" else f"CASE WHEN {where} THEN {text} END"
        parts = [(name, self._aggregated(each, taken))]
        if not each.lenient:
            parts.append(
                (f"u:{name}", self._doubts(layers, each, condition, held.known if held else None, where))
            )
        if each.op == "rows only":
            least, most = ("BOOL_AND", "BOOL_OR") if each.kind is Kind.FLAG else ("MIN", "MAX")
            differ = f"CASE WHEN {least}({taken}) <> {most}({taken}) THEN 1 ELSE 0 END"
            parts[1] = (parts[1][0], f"({parts[1][1]} + {differ})")
        return parts

    def _first_only(self, layers: Layers, each: Aggregate, where: str) -> str:
        by, q = each.role("by"), self.dialect.quoted
        assert by is not None
        order = layers.simple(by)
        root = each.plan.root
        names = [q("r_record_id")] if isinstance(root, Records) else [q("r_record_type"), q("r_record_id")]
        way = "DESC" if each.op == "rows latest" else "ASC"
        keys = ", ".join(f"{key} {way}" for key in (order.value, *names))
        layer = max([order.layer, *(layers.cell(arg).layer for arg in (each.condition,) if arg is not None)])
        text = f"ROW_NUMBER() OVER (PARTITION BY {q('row')} ORDER BY CASE WHEN {where} THEN 0 ELSE 1 END, {keys})"
        placed = layers.add(f"n:{each.digest[:12]}:{len(layers.layers)}", text, layer)
        return f"({placed.value} = 1 AND {where})"

    def _quantified(self, layers: Layers, name: str, each: Aggregate) -> list[tuple[str, str]]:
        condition, value = each.condition, each.role("value")
        where = layers.cell(condition).value if condition is not None else "TRUE"
        if value is None:
            test = where
        else:
            held = layers.cell(value).value
            test = f"({where} AND {held})" if each.op == "rows some" else f"({where} AND NOT {held})"
        doubtful = any(arg is not None and arg.uncertain for arg in (condition, value))
        unknown = f"COUNT(CASE WHEN ({test}) IS NULL THEN 1 END)" if doubtful else "0"
        return [(name, f"COUNT(CASE WHEN {test} THEN 1 END)"), (f"u:{name}", unknown)]

    def _doubts(
        self, layers: Layers, each: Aggregate, condition: Expr | None, known: str | None, where: str
    ) -> str:
        tests = []
        if condition is not None and condition.uncertain:
            tests.append(f"{layers.cell(condition).value} IS NULL")
        by = each.role("by")
        if by is not None and by.uncertain:
            tests.append(f"({where} AND {layers.cell(by).value} IS NULL)")
        if known is not None:
            tests.append(f"({where} AND NOT {known})")
        return f"COUNT(CASE WHEN {' OR '.join(tests)} THEN 1 END)" if tests else "0"

    def _aggregated(self, each: Aggregate, taken: str) -> str:
        if each.op == "rows listing":
            return self.dialect.joined(taken)
        flag = each.kind is Kind.FLAG
        text = _OF_FLAGS.get(each.op, "BOOL_OR({v})") if flag else _AGGREGATED[each.op]
        return text.format(v=taken, whole=self.dialect.types["whole"])

    def _start(self, each: Aggregate) -> str:
        return "''" if each.op == "rows listing" else f"CAST(0 AS {self.dialect.types['whole']})"

    def _answered(self, each: Aggregate) -> list[str]:
        """What must hold for every record type that is read to have been answered."""
        bits = {"hmask": 0, "pmask": 0}
        if isinstance(each.plan.root, MemberRows):
            bits["hmask"] = 1 << RECORD_TYPES.index(Membership)
        else:
            plans = [(each.plan, each.on or ())]
            if each.match is not None:
                plans.append((each.match.plan, each.match.on or ()))
            for plan, on in plans:
                for record in plan.types:
                    mask = "pmask" if asked_by(record, plan, on) == "person" else "hmask"
                    bits[mask] |= 1 << RECORD_TYPES.index(record)
        q = self.dialect.quoted
        return [
            f"(b.{q(mask)} & {self.dialect.literal(value, Kind.NUMBER)}) = 0"
            for mask, value in bits.items()
            if value
        ]


def _of_one_source(items: list[tuple[str, Aggregate]]) -> list[tuple[str, Aggregate]]:
    """Aggregates of differently filtered rows of one source as aggregates of all its rows, each with its filter."""
    if len({each.plan.digest for _, each in items}) == 1:
        return items
    return [(name, _unfiltered(each)) for name, each in items]


def _unfiltered(each: Aggregate) -> Aggregate:
    if not isinstance(each.plan, Filtered):
        return each
    where = each.role("where")
    condition = each.plan.condition if where is None else each.plan.condition & where
    named = {role: arg for role, arg in zip(each.roles, each.args, strict=True) if role != "where"}
    named["where"] = condition
    return replace(each, plan=each.plan.root, roles=tuple(named), args=tuple(named.values()))


def _digest(expr: Expr | None) -> str:
    return "" if expr is None else expr.digest


def _two(holds: Holds) -> bool:
    return holds.optional and holds.uncertain


_OF_FLAGS = {"rows lowest": "BOOL_AND({v})"}

_AGGREGATED = {
    "rows count": "COUNT({v})",
    "rows total": "CAST(SUM({v}) AS {whole})",
    "rows kinds": "COUNT(DISTINCT {v})",
    "rows only": "MAX({v})",
    "rows latest": "MAX({v})",
    "rows earliest": "MAX({v})",
    "rows highest": "MAX({v})",
    "rows lowest": "MIN({v})",
}
