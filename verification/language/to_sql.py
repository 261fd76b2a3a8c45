"""How does a catalogue judge a whole district? As a chain of SELECTs, a table a step, from the same trees.

Tables that must be there: one for each record type that the catalogue reads, named after it,
with the columns it reads; `cases` (`household`, `on`, `mask`) and `person_masks` (`person`,
`mask`), where a mask has the bit of every record type without a usable answer. What comes
out: `told_member`, `told_household`, `answers_member` and `answers_household`.
"""

from __future__ import annotations

from dataclasses import dataclass

from verification.language.dialect import DUCKDB, Dialect
from verification.language.expression import Expr
from verification.language.level import HOUSEHOLD, MEMBER, Definition, facts_in
from verification.language.parameter import Pack
from verification.language.rows import Aggregate
from verification.language.rule import Catalogue, Rule
from verification.language.sql_rows import RowsSql, Statement
from verification.language.sql_text import Layers, known_name

INNER = {
    MEMBER: ("row", "household", "person", "person_text", "pmask", "hmask"),
    HOUSEHOLD: ("row", "household", "hmask"),
}
"""The columns of each level's tables besides its facts."""


_JOINED_AT_ONCE = 8

_Part = tuple[str, list[tuple[str, str]]]
"""A table keyed by `row`, and columns of the level that are told from it: name and text."""


@dataclass(frozen=True)
class Shown:
    """A value that comes out: its column, and the column that says whether it is known, if it has one."""

    name: str
    expr: Expr
    value: str
    known: str | None


@dataclass(frozen=True)
class Answered:
    """Where a rule's answers stand: column of the answer, of the milder one, and of its evidence."""

    rule: Rule
    answer: str
    milder: str | None
    evidence: tuple[Shown, ...]


class Sql:
    """A catalogue bound to a policy pack, as statements of one dialect.

    `statements`   to be run in order, each making a table
    """

    def __init__(self, catalogue: Catalogue, pack: Pack, dialect: Dialect = DUCKDB) -> None:
        """Write the statements. Raises `PackGap` where the pack lacks a parameter."""
        self.catalogue, self.dialect = catalogue, dialect
        self._rows = RowsSql(pack, dialect, catalogue.reads())
        self._levels = {HOUSEHOLD: catalogue.household, MEMBER: catalogue.member}
        self._tables = {HOUSEHOLD: "household_base", MEMBER: "member_base"}
        self._told: dict[str, list[Definition]] = {HOUSEHOLD: [], MEMBER: []}
        self._facts = {name: catalogue.definitions(level) for name, level in self._levels.items()}
        self._rows.member_names = [each.name for each in self._facts[MEMBER] if each.expr is None]
        self.statements = self._rows.statements
        self.told: dict[str, list[Shown]] = {HOUSEHOLD: [], MEMBER: []}
        self.answers: dict[str, list[Answered]] = {HOUSEHOLD: [], MEMBER: []}
        self._base()
        core = catalogue.decisive()
        for step in range(self._last_step() + 1):
            for level in (HOUSEHOLD, MEMBER):
                self._step(level, step, core)
        for level in (HOUSEHOLD, MEMBER):
            self._results(level)
        # The members' evidence first: it is told beside all households, not only those with an answer.
        for level in (MEMBER, HOUSEHOLD):
            self._evidenced(level, core)

    def _last_step(self) -> int:
        return max((each.step for facts in self._facts.values() for each in facts), default=0)

    def _base(self) -> None:
        q, d = self.dialect.quoted, self.dialect
        month = f"({d.year(q('on'))} * 12 + {d.month(q('on'))} - 1)"
        self._made(
            "household_base",
            f"SELECT ROW_NUMBER() OVER (ORDER BY {q('household')}) AS {q('row')}, {q('household')},"
            f" {q('household')} AS {q('h_household')}, {q('mask')} AS {q('hmask')},"
            f" {q('on')} AS {q('h_on')}, {month} AS {q('h_month')} FROM {q('cases')}",
        )
        own = [each.name for each in self._facts[MEMBER] if each.expr is None]
        columns = ", ".join(f"m.{q(name)} AS {q(f'm_{name}')}" for name in own)
        first = f"ROW_NUMBER() OVER (PARTITION BY m.{q('household')}, m.{q('person')} ORDER BY m.{q('record_id')})"
        listed = (
            f"SELECT m.{q('household')}, m.{q('person')}, c.{q('mask')} AS {q('hmask')},"
            f" {columns + ', ' if columns else ''}{first} AS {q('n')} FROM {q('cases')} AS c"
            f" JOIN {q('Membership')} AS m ON m.{q('household')} = c.{q('household')}"
            f" AND m.{q('joined_on')} <= c.{q('on')} AND (m.{q('left_on')} IS NULL OR c.{q('on')} < m.{q('left_on')})"
        )
        names = ", ".join(f"l.{q(f'm_{name}')}" for name in own)
        self._made(
            "member_base",
            f"SELECT ROW_NUMBER() OVER (ORDER BY l.{q('household')}, l.{q('person')}) AS {q('row')},"
            f" l.{q('household')}, l.{q('person')}, l.{q('person')} AS {q('person_text')}, l.{q('hmask')},"
            f" COALESCE(p.{q('mask')}, 0) AS {q('pmask')}{', ' + names if names else ''}"
            f" FROM ({listed}) AS l LEFT JOIN {q('person_masks')} AS p ON p.{q('person')} = l.{q('person')}"
            f" WHERE l.{q('n')} = 1",
        )
        self._told[HOUSEHOLD] = [each for each in self._facts[HOUSEHOLD] if each.expr is None]
        self._told[MEMBER] = [each for each in self._facts[MEMBER] if each.expr is None]

    def _made(self, table: str, select: str) -> None:
        self.statements.append(Statement(table, select))

    def _step(self, level: str, step: int, core: frozenset[tuple[str, str]], *, late: bool = False) -> None:
        """Tell a step's facts that decide something; `late`, those that are only shown."""
        new = [
            each
            for each in self._facts[level]
            if each.step == step and each.expr is not None and ((level, each.name) in core) is not late
        ]
        if not new:
            return
        prefix, table = level[0], self._tables[level]
        named = [(f"{prefix}_{each.name}", each.expr) for each in new if each.expr is not None]
        groups = self._rows.groups(named)
        made = f"{level}_late_{step}" if late else f"{level}_{step}"
        joins, columns = self._joined(
            level, made, [self._gathered(level, made, place, items) for place, items in enumerate(groups)]
        )
        derived = [(name, expr) for name, expr in named if not isinstance(expr, Aggregate)]
        select = self._selected(level, table, columns, joins, derived)
        # The steps' tables are named anew, so that each statement reads only finished ones.
        self._made(made, select)
        self._tables[level] = made
        self._told[level] += new
        if level == MEMBER and not late:
            self._rows.members = made
            self._rows.member_names = [each.name for each in self._told[MEMBER]]

    def _gathered(self, level: str, step: str, place: int, items: list[tuple[str, Aggregate]]) -> _Part:
        """A table of one group of aggregates, and the facts' columns told from it."""
        made, table = f"{step}_{place}", self._tables[level]
        self._made(made, self._rows.gathered(items, level, table, self._tables[HOUSEHOLD]))
        return made, [
            part for name, each in items for part in self._rows.told(name, each, self.dialect.quoted(made))
        ]

    def _joined(self, level: str, step: str, parts: list[_Part]) -> tuple[str, list[tuple[str, str]]]:
        """The joins that add the groups, and the columns that they add.

        Many groups are first joined few at a time: a join of fifty carries every column through fifty tables.
        """
        q = self.dialect.quoted
        if len(parts) > _JOINED_AT_ONCE:
            together = []
            for place in range(0, len(parts), _JOINED_AT_ONCE):
                joins, columns = self._joined(level, step, parts[place : place + _JOINED_AT_ONCE])
                made, told = (
                    f"{step}_from_{place}",
                    "".join(f", {text} AS {q(name)}" for name, text in columns),
                )
                self._made(made, f"SELECT b.{q('row')}{told} FROM {q(self._tables[level])} AS b{joins}")
                together.append((made, [(name, f"{q(made)}.{q(name)}") for name, _ in columns]))
            parts = together
        joins = "".join(f" LEFT JOIN {q(made)} ON {q(made)}.{q('row')} = b.{q('row')}" for made, _ in parts)
        return joins, [column for _, columns in parts for column in columns]

    def _selected(
        self,
        level: str,
        table: str,
        columns: list[tuple[str, str]],
        joins: str,
        derived: list[tuple[str, Expr]],
    ) -> str:
        """The level's rows with aggregates joined and what follows from them added in layers."""
        q, layers = self.dialect.quoted, self._rows.layers()
        exprs = [expr for _, expr in derived]
        layers.expect(*exprs)
        for name, expr in derived:
            fact = getattr(self._levels[level], name[2:])
            layers.tell(name, fact.digest, expr)
        added = "".join(f", {text} AS {q(name)}" for name, text in columns)
        inner = f"SELECT b.*{added}{self._lent(exprs, level)} FROM {q(table)} AS b{joins}{self._above(exprs, level)}"
        kept = [*INNER[level], *self._columns(self._told[level], level)]
        kept += [name for name, _ in columns] + [
            each for name, expr in derived for each in _columns_of(name, expr)
        ]
        return f"SELECT {', '.join(q(name) for name in kept)} FROM ({layers.over(inner)}) AS {q('told')}"

    def _columns(self, told: list[Definition], level: str) -> list[str]:
        names = []
        for each in told:
            names.append(f"{level[0]}_{each.name}")
            names += [f"{level[0]}k_{each.name}"] if each.holds.optional and each.holds.uncertain else []
        return names

    def _lent(self, exprs: list[Expr], level: str) -> str:
        """Facts of the household that a member's expressions use."""
        q, names = self.dialect.quoted, []
        for fact in facts_in(*exprs):
            if fact.level.name != level:
                name = f"h_{fact.constants[1]}"
                names += [name] + ([known_name(name)] if fact.optional and fact.uncertain else [])
        return "".join(f", h.{q(name)}" for name in names)

    def _above(self, exprs: list[Expr], level: str) -> str:
        q = self.dialect.quoted
        if all(fact.level.name == level for fact in facts_in(*exprs)):
            return ""
        return f" JOIN {q(self._tables[HOUSEHOLD])} AS h ON h.{q('household')} = b.{q('household')}"

    def _results(self, level: str) -> None:
        told = [fact for fact in self.catalogue.told if fact.level.name == level]
        layers = self._rows.layers()
        self.told[level] = [
            self._shown(layers, f"v{place}", str(f.constants[1]), f) for place, f in enumerate(told)
        ]
        self._made(f"told_{level}", self._final(level, layers, list(told), "", [], self.told[level]))

    def _evidenced(self, level: str, core: frozenset[tuple[str, str]]) -> None:
        """The answers, with what is only shown beside them told for those alone who have one."""
        rules = [each for each in self.catalogue.rules if each.level.name == level]
        q, layers, table = self.dialect.quoted, self._rows.layers(), self._tables[level]
        exprs = [expr for each in rules for expr in each.deciding()]
        layers.expect(*exprs)
        tests = [f"{layers.cell(each).value} IS DISTINCT FROM FALSE" for each in exprs]
        inner = f"SELECT b.*{self._lent(exprs, level)} FROM {q(table)} AS b{self._above(exprs, level)}"
        kept = ", ".join(q(name) for name in (*INNER[level], *self._columns(self._told[level], level)))
        where = " OR ".join(tests) if tests else f"{q('row')} IS NULL"
        self._made(
            f"asked_{level}", f"SELECT {kept} FROM ({layers.over(inner)}) AS {q('asked')} WHERE {where}"
        )
        self._tables[level] = f"asked_{level}"
        for step in range(self._last_step() + 1):
            self._step(level, step, core, late=True)
        self._answers(level)

    def _answers(self, level: str) -> None:
        rules = [each for each in self.catalogue.rules if each.level.name == level]
        q, layers = self.dialect.quoted, self._rows.layers()
        exprs = [expr for each in rules for expr in each.expressions()]
        layers.expect(*exprs)
        tests, columns = [], []
        for place, each in enumerate(rules):
            answer = layers.add(
                f"answer{place}", layers.cell(each.condition).value, layers.cell(each.condition).layer
            )
            tests.append(f"{answer.value} IS NULL OR {answer.value}")
            columns.append(f"answer{place}")
            milder = None
            if each.milder is not None:
                cell = layers.cell(each.milder[1])
                milder = f"milder{place}"
                tests.append(f"{layers.add(milder, cell.value, cell.layer).value} IS DISTINCT FROM FALSE")
                columns.append(milder)
            shown = tuple(
                self._shown(layers, f"e{place}:{name}", name, value) for name, value in each.evidence
            )
            self.answers[level].append(Answered(each, f"answer{place}", milder, shown))
        shown_all = [one for each in self.answers[level] for one in each.evidence]
        where = f" WHERE {' OR '.join(tests)}" if tests else f" WHERE {q('row')} IS NULL"
        self._made(f"answers_{level}", self._final(level, layers, exprs, where, columns, shown_all))

    def _shown(self, layers: Layers, column: str, name: str, expr: Expr) -> Shown:
        cell = layers.cell(expr)
        layers.add(column, cell.value, cell.layer)
        known = None
        if expr.optional and cell.known is not None:
            known = f"{column}:known"
            layers.add(known, cell.known, cell.layer)
        return Shown(name, expr, column, known)

    def _final(
        self,
        level: str,
        layers: Layers,
        exprs: list[Expr],
        where: str,
        columns: list[str],
        shown: list[Shown],
    ) -> str:
        q, table = self.dialect.quoted, self._tables[level]
        among = self.dialect.any_bits(q("pmask"))
        masks = f"SELECT {q('household')}, {among} AS {q('amask')} FROM {q('member_base')} GROUP BY {q('household')}"
        inner = (
            f"SELECT b.*, COALESCE(a.{q('amask')}, 0) AS {q('amask')}{self._lent(exprs, level)}"
            f" FROM {q(table)} AS b LEFT JOIN ({masks}) AS a ON a.{q('household')} = b.{q('household')}"
            f"{self._above(exprs, level)}"
        )
        kept = [name for name in INNER[level] if name != "row"] + ["amask", *columns]
        kept += [name for each in shown for name in (each.value, each.known) if name is not None]
        return f"SELECT {', '.join(q(name) for name in kept)} FROM ({layers.over(inner)}) AS {q('result')}{where}"


def _columns_of(name: str, expr: Expr) -> list[str]:
    return [name, known_name(name)] if expr.optional and expr.uncertain else [name]
