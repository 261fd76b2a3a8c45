"""How are rows drawn in SQL? Every source as a table of columns `r_…`; of drawn lines only the columns that are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from verification.language.dialect import Dialect
from verification.language.expression import Expr
from verification.language.kinds import Kind
from verification.language.level import MemberRows
from verification.language.parameter import Pack
from verification.language.rows import FEW_MONTHS, Aggregate, Grouped, Paired, Unless
from verification.language.source import (
    Best,
    ColumnOf,
    Filtered,
    Holds,
    Lines,
    Plan,
    Records,
    Union,
    columns_in,
    ranked,
)
from verification.language.sql_pairs import OTHER
from verification.language.sql_parts import Parts
from verification.language.sql_statements import Statement
from verification.language.sql_text import Cell, Layers
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership


def near_of(record: type[Record]) -> str:
    """The table of a record type's rows of those who are asked and of all whom their households list."""
    return f"near {record.__name__}"


def ids_of(record: type[Record]) -> str:
    """The table that says which id (`text`) the row of a number (`id`) has, where rows are numbered."""
    return f"ids of {record.__name__}"


class RowsSql:
    """Writes sources for one dialect, and keeps the statements that they need first.

    `columns`   of each record type, those that were asked for
    `nodes`     every node of the catalogue: what they name is drawn, and nothing else
    `members`   what members are selected from with some of their facts by name, of those so far: `member_names`
    `near`      by record type another table than its own, of the rows of whoever is looked at
    `drawn`     tables of rows that are drawn from others
    `by_id`     record types of which the ids are looked at in their own tables, of everybody's rows
    """

    def __init__(
        self,
        pack: Pack,
        dialect: Dialect,
        columns: dict[type[Record], frozenset[str]],
        nodes: Iterable[Expr],
    ) -> None:
        self.pack, self.dialect, self.columns = pack, dialect, columns
        self.parts = Parts(dialect)
        nodes = list(nodes)
        self._used = _used(nodes)
        self.members: Callable[[Iterable[str]], str] = lambda names: dialect.quoted("member_base")
        self.near: Mapping[type[Record], str] = {}
        self.by_id: set[type[Record]] = {Membership}
        for plan, names in (each for node in nodes if isinstance(node, Aggregate) for each in _keys(node)):
            self._look(plan, *names)
        self.member_names: list[str] = []
        self.statements: list[Statement] = []
        self._made: dict[str, str] = {}
        self.drawn: list[str] = []

    def layers(self) -> Layers:
        """Fresh layers."""
        return _Looking(self.pack, self.dialect, self._look)

    @contextmanager
    def drawn_from(self, near: dict[type[Record], str]) -> Iterator[None]:
        """Draw rows of some record types from other tables, and lines from those rows, for as long as this lasts."""
        before = self.near, self._made
        self.near, self._made = near, {}
        yield
        self.near, self._made = before

    def rows(self, plan: Plan, exprs: Iterable[Expr] | None = None) -> str:
        """A source as something to select from, its columns named `r_…`.

        `exprs`   all that looks at them, where that is known: of members there are many columns
        """
        q = self.dialect.quoted
        if isinstance(plan, MemberRows):
            names = self.member_names if exprs is None else [found.column for found in columns_in(*exprs)]
            return f"(SELECT {', '.join(self._member_columns(plan, names))} FROM {self.members(names)})"
        if isinstance(plan, Records):
            names = sorted(self.columns.get(plan.record, frozenset()) | {"record_id"})
            names = [name for name in names if name in self.columns.get(plan.record, frozenset())]
            columns = ", ".join(f"{q(name)} AS {q(f'r_{name}')}" for name in names)
            return f"(SELECT {columns} FROM {q(self.near.get(plan.record, plan.record.__name__))})"
        if isinstance(plan, Filtered):
            layers = self.layers()
            layers.expect(plan.condition)
            condition = layers.cell(plan.condition).value
            inner = f"SELECT * FROM {self.rows(plan.of)} AS {q('of')}"
            columns = ", ".join(q(name) for name in self._names(plan))
            return f"(SELECT {columns} FROM ({layers.over(inner)}) AS {q('all')} WHERE {condition})"
        if isinstance(plan, Best):
            return f"({self._best(plan)})"
        if isinstance(plan, Unless):
            return f"({self._left_over(plan)})"
        if isinstance(plan, Paired):
            return f"({self._pairs(plan)})"
        made = self._made.get(plan.digest)
        if made is None:
            made = self._made[plan.digest] = f"lines_{len(self.drawn)}"
            self.drawn.append(made)
            select = self._grouped(plan) if isinstance(plan, Grouped) else self._united(plan)
            self.statements.append(Statement(made, select))
        return q(made)

    def _pairs(self, plan: Paired) -> str:
        q = self.dialect.quoted
        columns = [
            f"{side}.{q(f'r_{name}')} AS {q(f'r_{prefix}{name}')}"
            for side, prefix, of in (("a", "", plan.left), ("o", OTHER, plan.right))
            for name in of.columns
        ]
        equal = " AND ".join(f"o.{q(f'r_{name}')} = a.{q(f'r_{name}')}" for name in plan.equal)
        rows, others = self.rows(plan.left), self.rows(plan.right)
        return f"SELECT {', '.join(columns)} FROM {rows} AS a JOIN {others} AS o ON {equal}"

    def _look(self, plan: Plan, *names: str) -> None:
        if "record_id" in names:
            self.by_id |= plan.types - self.near.keys()

    def _names(self, plan: Plan) -> list[str]:
        """The columns that a source's rows have in SQL."""
        root = plan.root
        if isinstance(root, Records):
            return [f"r_{name}" for name in sorted(self.columns.get(root.record, frozenset()))]
        names = []
        for name in self._drawn(root):
            names += [f"r_{name}"] + ([f"rk_{name}"] if _two(root.columns[name]) else [])
        return names

    def _drawn(self, plan: Plan) -> list[str]:
        """The columns of drawn lines that are used."""
        used = self._used.get(plan.digest, frozenset())
        return [name for name in plan.columns if name in used] or list(plan.columns)[:1]

    def _member_columns(self, plan: MemberRows, names: Iterable[str]) -> list[str]:
        q = self.dialect.quoted
        columns = [f"{q('household')} AS {q('r_household')}"]
        for name in (name for name in sorted(set(names)) if name in plan.columns and name != "household"):
            columns.append(f"{q(f'm_{name}')} AS {q(f'r_{name}')}")
            columns += [f"{q(f'mk_{name}')} AS {q(f'rk_{name}')}"] if _two(plan.columns[name]) else []
        return columns

    def _grouped(self, plan: Grouped) -> str:
        q, layers = self.dialect.quoted, self.layers()
        self._look(plan.of, *plan.by)
        for each in plan.values.values():
            layers.expect(each.condition, each.role("value"))
        keys = [q(f"r_{name}") for name in plan.by]
        columns = list(keys)
        for name, each in plan.values.items():
            text = self.parts.written(layers, name, each, keys)[0][1]
            if each.op in ("rows some", "rows every"):
                text = f"({text} {'> 0' if each.op == 'rows some' else '= 0'})"
            elif not each.optional:
                text = f"COALESCE({text}, {self.parts.start(each)})"
            columns.append(f"{text} AS {q(f'r_{name}')}")
        inner = f"SELECT * FROM {self.rows(plan.of)} AS {q('of')}"
        return f"SELECT {', '.join(columns)} FROM ({layers.over(inner)}) AS {q('all')} GROUP BY {', '.join(keys)}"

    def _united(self, plan: Plan) -> str:
        assert isinstance(plan, Union)
        return " UNION ALL ".join(self._lines(part, plan) for part in plan.parts)

    def _lines(self, part: Lines, plan: Plan, only: tuple[str, ...] | None = None) -> str:
        q, layers, columns = self.dialect.quoted, self.layers(), []
        names = self._drawn(plan) if only is None else list(only)
        layers.expect(*(value for name, value in part.values.items() if name in names))
        for name in names:
            holds = plan.columns[name]
            if name in part.values:
                cell = layers.cell(part.values[name])
                columns.append(f"{cell.value} AS {q(f'r_{name}')}")
                known = cell.known or "TRUE"
            else:
                columns.append(f"{self.dialect.nothing(holds.kind)} AS {q(f'r_{name}')}")
                known = "TRUE"
            columns += [f"{known} AS {q(f'rk_{name}')}"] if _two(holds) else []
        inner = f"SELECT * FROM {self.rows(part.of)} AS {q('of')}"
        return f"SELECT {', '.join(columns)} FROM ({layers.over(inner)}) AS {q('all')}"

    def _best(self, plan: Best) -> str:
        """The rows of the highest rank a key: of lines whose ranks are written down, without looking for it."""
        self._look(plan.of, *plan.by)
        parts_by_rank = ranked(plan)
        if parts_by_rank is None:
            return self._highest(plan, self.rows(plan.of), f"r_{plan.rank}")
        q, selects = self.dialect.quoted, []
        columns = ", ".join(f"a.{q(name)}" for name in self._names(plan))
        assert isinstance(plan.of, Union)
        above: dict[str, None] = {}
        for parts in parts_by_rank:
            rows = " UNION ALL ".join(self._lines(part, plan.of) for part in parts)
            select = f"SELECT {columns} FROM ({rows}) AS a"
            if above:
                select = self._unless(select, " UNION ALL ".join(above), [q(f"r_{name}") for name in plan.by])
            selects.append(select)
            above |= dict.fromkeys(self._lines(part, plan.of, only=plan.by) for part in parts)
        return " UNION ALL ".join(selects)

    def _unless(self, select: str, others: str, keys: list[str]) -> str:
        """The rows `a` of a SELECT that equal none of the others in some columns."""
        equal = " AND ".join(f"t.{key} = a.{key}" for key in keys)
        if self.dialect.semi:
            return f"{select} ANTI JOIN ({others}) AS t ON {equal}"
        better = f"SELECT DISTINCT {', '.join(keys)} FROM ({others}) AS {self.dialect.quoted('of')}"
        return f"{select} LEFT JOIN ({better}) AS t ON {equal} WHERE t.{keys[0]} IS NULL"

    def _left_over(self, plan: Unless) -> str:
        """The rows of which no better line speaks: those of whose months a bit is not set."""
        q, layers, bits = self.dialect.quoted, self.layers(), self.dialect.bits
        assert bits is not None, "expected an engine of bits, got one of none"
        layers.expect(*plan.keys.values())
        keys = {name: layers.simple(key) for name, key in plan.keys.items()}
        rows = layers.over(f"SELECT * FROM {self.rows(plan.of)} AS {q('of')}")
        (month,) = [name for name, key in plan.keys.items() if key.kind is Kind.MONTH]
        others = [name for name in keys if name != month]
        named, column = ", ".join(q(f"r_{name}") for name in others), q(f"r_{month}")
        within = f"{column} >= {plan.first} AND {column} < {plan.first + FEW_MONTHS}"
        spoken = bits(f"CASE WHEN {within} THEN {column} END", plan.first)
        parts = dict.fromkeys(self._lines(part, plan.lines, only=tuple(keys)) for part in plan.better)
        better = f"({' UNION ALL '.join(parts)}) AS {q('better')}"
        spoken_of = f"SELECT {named}, {spoken} AS {q('bits')} FROM {better} GROUP BY {named}"
        equal = " AND ".join(f"t.{q(f'r_{name}')} = a.{keys[name].value}" for name in others)
        columns = ", ".join(f"a.{q(name)}" for name in self._names(plan))
        place = f"CAST(a.{keys[month].value} - {plan.first} AS INTEGER)"
        return (
            f"SELECT {columns} FROM ({rows}) AS a LEFT JOIN ({spoken_of}) AS t ON {equal}"
            f" WHERE (COALESCE(t.{q('bits')}, 0) >> {place}) & 1 = 0"
        )

    def _highest(self, plan: Best, rows: str, rank: str) -> str:
        q, keys = self.dialect.quoted, [self.dialect.quoted(f"r_{name}") for name in plan.by]
        key, equal = ", ".join(keys), " AND ".join(f"a.{key} = t.{key}" for key in keys)
        columns = ", ".join(f"a.{q(name)}" for name in self._names(plan))
        top = f"SELECT {key}, MAX({q(rank)}) AS {q('top')} FROM {rows} AS {q('of')} GROUP BY {key}"
        return (
            f"SELECT {columns} FROM {rows} AS a JOIN ({top}) AS t ON {equal} AND a.{q(rank)} = t.{q('top')}"
        )


class _Looking(Layers):
    """Layers that say which columns of rows they look at."""

    def __init__(self, pack: Pack, dialect: Dialect, look: Callable[[Plan, str], None]) -> None:
        super().__init__(pack, dialect)
        self._look = look

    def cell(self, expr: Expr) -> Cell:
        """The expression, as a column where it is used more than once."""
        if isinstance(expr, ColumnOf):
            self._look(expr.plan, expr.column)
        return super().cell(expr)


def _used(nodes: Iterable[Expr]) -> dict[str, frozenset[str]]:
    """The columns that are named of each source, by the digest of its rows."""
    found: dict[str, set[str]] = {}

    def use(plan: Plan, *names: str) -> None:
        root = plan.root
        found.setdefault(root.digest, set()).update(name for name in names if name in root.columns)
        if isinstance(root, Best):
            use(root.of, *names, *root.by, root.rank)
        elif isinstance(root, Grouped):
            use(root.of, *root.by)

    for node in nodes:
        if isinstance(node, ColumnOf):
            use(node.plan, node.column)
        elif isinstance(node, Aggregate):
            for plan, names in _keys(node):
                use(plan, *names)
    return {digest: frozenset(names) for digest, names in found.items()}


def _keys(node: Aggregate) -> Iterator[tuple[Plan, tuple[str, ...]]]:
    """The sources of an aggregate, each with the columns by which its rows are found, matched and put in order."""
    ordered = ("record_type", "record_id") if node.op in ("rows latest", "rows earliest") else ()
    yield node.plan, (*(node.on or ()), *ordered, *(node.match.columns if node.match else ()))
    if node.match is not None:
        yield node.match.plan, (*(node.match.on or ()), *node.match.columns)


def _two(holds: Holds) -> bool:
    return holds.optional and holds.uncertain
