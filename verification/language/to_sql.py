"""How does a catalogue judge a whole district? As a chain of SELECTs, a table a step, from the same trees.

Tables that must be there: one for each record type that the catalogue reads, named after it,
with the columns it reads; `cases` (`household`, `on`, `mask`) and `person_masks` (`person`,
`mask`), where a mask has the bit of every record type without a usable answer. What comes
out: `told_member`, `told_household`, `answers_member` and `answers_household`.

First what is told of everybody; then, rule by rule, who may have an answer other than no; then
what else the rules look at, and their evidence, for those alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from verification.language.dialect import DUCKDB, Dialect
from verification.language.expression import Expr
from verification.language.level import HOUSEHOLD, MEMBER
from verification.language.parameter import Pack
from verification.language.rule import Catalogue, Rule
from verification.language.sql_asked import Asked
from verification.language.sql_facts import Facts
from verification.language.sql_places import INNER, Place
from verification.language.sql_rows import ids_of, near_of
from verification.language.sql_statements import Statement, identified, inlined, lasting, sooner
from verification.language.sql_text import Layers
from verification.language.stages import TEXT
from vocabulary.record import Record


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
    `names`        the table that says which text stands for each number (`id`, `text`), where persons
                   and households are numbers in the tables; None where they are written out
    """

    def __init__(
        self,
        catalogue: Catalogue,
        pack: Pack,
        dialect: Dialect = DUCKDB,
        *,
        on: date | None = None,
        names: str | None = None,
        everybody: bool = False,
    ) -> None:
        """Write the statements, for cases of one day where `on` is given.

        `everybody`   tell whatever decides something of everybody: half as many statements that do
                      far more, for an engine on which each costs a second whatever it does
        Raises `PackGap` where the pack lacks a parameter.
        """
        self.catalogue, self.dialect, self.on, self.names = catalogue, dialect, on, names
        self._facts = Facts(catalogue, pack, dialect, on=on, everybody=everybody)
        self.told: dict[str, list[Shown]] = {HOUSEHOLD: [], MEMBER: []}
        self.answers: dict[str, list[Answered]] = {HOUSEHOLD: [], MEMBER: []}
        self._base()
        self._facts.tell_everybody()
        for level in (HOUSEHOLD, MEMBER):
            self._results(level)
        asked = Asked(self._facts)
        for level in (MEMBER, HOUSEHOLD):
            self._answers(level, asked.rest(asked.who(level)))
        outcomes = [f"{kind}_{level}" for kind in ("told", "answers") for level in (HOUSEHOLD, MEMBER)]
        records = [record.__name__ for record in catalogue.reads()]
        made = sooner(
            self._facts.statements, self.dialect, given=[*records, "cases", "person_masks"], records=records
        )
        made = inlined(made, self.dialect, tables=self._facts.passing, once=self._facts.rows.drawn)
        self.apart: frozenset[type[Record]] = frozenset()
        """Record types whose tables hold a number for `record_id`: which id it is says the table `ids_of`."""
        if names is not None:
            kept = {record for record, columns in catalogue.reads().items() if "record_id" in columns}
            self.apart = frozenset(kept - self._facts.by_id)
            ids = {near_of(record): ids_of(record) for record in self.apart}
            made = identified(made, self.dialect, ids=ids)
        self.statements: list[Statement] = lasting(made, self.dialect, given=catalogue.reads(), keep=outcomes)

    def _base(self) -> None:
        q, d, facts = self.dialect.quoted, self.dialect, self._facts
        month = f"({d.year(q('on'))} * 12 + {d.month(q('on'))} - 1)"
        facts.make(
            "household_base",
            f"SELECT ROW_NUMBER() OVER (ORDER BY {q('household')}) AS {q('row')}, {q('household')},"
            f" {q('household')} AS {q('h_household')}, {q('mask')} AS {q('hmask')},"
            f" {q('on')} AS {q('h_on')}, {month} AS {q('h_month')} FROM {q('cases')}",
        )
        own = sorted(name for _, name in facts.place[MEMBER].facts - {TEXT})
        kept = "".join(f", l.{q(f'm_{name}')}" for name in own)
        text, texts = f"l.{q('person')}", ""
        if self.names is not None:
            text, texts = f"n.{q('text')}", f" JOIN {q(self.names)} AS n ON n.{q('id')} = l.{q('person')}"
        order = "" if d.semi else f"ORDER BY l.{q('household')}, l.{q('person')}"
        facts.make(
            "member_base",
            f"SELECT ROW_NUMBER() OVER ({order}) AS {q('row')},"
            f" l.{q('household')}, l.{q('person')}, {text} AS {q('person_text')}, l.{q('hmask')},"
            f" COALESCE(p.{q('mask')}, 0) AS {q('pmask')}{kept} FROM ({self._listed(own)}) AS l"
            f" LEFT JOIN {q('person_masks')} AS p ON p.{q('person')} = l.{q('person')}{texts}",
        )
        among = d.any_bits(f"m.{q('pmask')}")
        facts.make(
            "member_masks",
            f"SELECT m.{q('household')}, {among} AS {q('amask')} FROM {q('member_base')} AS m"
            f" WHERE m.{q('pmask')} <> 0 GROUP BY m.{q('household')}",
        )
        if not d.semi:
            facts.passing.append("member_masks")

    def _listed(self, own: list[str]) -> str:
        """SELECT of everybody whom a household lists on its day, once: by the first of their rows there."""
        q, facts = self.dialect.quoted, self._facts
        columns = "".join(f", m.{q(name)} AS {q(f'm_{name}')}" for name in own)
        facts.make(
            "listed",
            f"SELECT m.{q('household')}, m.{q('person')}, c.{q('mask')} AS {q('hmask')}, m.{q('record_id')}{columns}"
            f" FROM {q('cases')} AS c JOIN {q('Membership')} AS m ON m.{q('household')} = c.{q('household')}"
            f" AND m.{q('joined_on')} <= c.{q('on')} AND (m.{q('left_on')} IS NULL OR c.{q('on')} < m.{q('left_on')})",
        )
        kept = ", ".join(
            f"l.{q(name)}" for name in ("household", "person", "hmask", *(f"m_{name}" for name in own))
        )
        key = f"l.{q('household')}, l.{q('person')}"
        first = f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY l.{q('record_id')}) AS {q('n')}"
        one = f"SELECT {kept} FROM (SELECT l.*, {first} FROM {q('listed')} AS l{{some}}) AS l WHERE l.{q('n')} = 1"
        if not self.dialect.semi:
            return one.format(some="")
        # Hardly anybody is listed twice: only they are put in order.
        facts.make("listed_twice", f"SELECT {key} FROM {q('listed')} AS l GROUP BY {key} HAVING COUNT(*) > 1")
        same = f"{q('listed_twice')} AS t ON t.{q('household')} = l.{q('household')} AND t.{q('person')} = l.{q('person')}"
        once = f"SELECT {kept} FROM {q('listed')} AS l ANTI JOIN {same}"
        return f"{once} UNION ALL {one.format(some=f' SEMI JOIN {same}')}"

    def _results(self, level: str) -> None:
        told = [fact for fact in self.catalogue.told if fact.level.name == level]
        layers, place = self._facts.layers(), self._facts.place[level]
        exprs = [self._facts.stages.fold(fact) for fact in told]
        self.told[level] = [
            self._shown(layers, f"v{at}", str(fact.constants[1]), fact, expr)
            for at, (fact, expr) in enumerate(zip(told, exprs, strict=True))
        ]
        q = self.dialect.quoted
        inner = self._facts.beside(place, exprs)
        kept = [name for name in INNER[level] if name not in ("row", "pmask", "hmask")]
        self._facts.make(
            f"told_{level}",
            f"SELECT {', '.join(q(name) for name in [*kept, *_columns(self.told[level])])}"
            f" FROM ({layers.over(inner)}) AS {q('result')}",
        )

    def _answers(self, level: str, place: Place) -> None:
        rules = [each for each in self.catalogue.rules if each.level.name == level]
        q, layers, fold = self.dialect.quoted, self._facts.layers(), self._facts.stages.fold
        layers.expect(*(fold(expr) for each in rules for expr in each.expressions()))
        tests, columns = [], []
        for at, each in enumerate(rules):
            names = [f"answer{at}", *([f"milder{at}"] if each.milder is not None else [])]
            for name, condition in zip(names, each.deciding(), strict=True):
                cell = layers.cell(fold(condition))
                added = layers.add(name, cell.value, cell.layer)
                tests.append(f"{added.value} IS NULL OR {added.value}")
            columns += names
            shown = tuple(
                self._shown(layers, f"e{at}:{name}", name, value, fold(value))
                for name, value in each.evidence
            )
            self.answers[level].append(Answered(each, names[0], names[1] if names[1:] else None, shown))
        shown_all = [one for each in self.answers[level] for one in each.evidence]
        where = " OR ".join(tests) if tests else f"{q('row')} IS NULL"
        exprs = [fold(expr) for each in rules for expr in each.expressions()]
        kept = [name for name in INNER[level] if name != "row"] + ["amask", *columns, *_columns(shown_all)]
        self._facts.make(
            f"answers_{level}",
            f"SELECT {', '.join(q(name) for name in kept)} FROM"
            f" ({layers.over(self._beside_masks(place, exprs))}) AS {q('result')} WHERE {where}",
        )

    def _beside_masks(self, place: Place, exprs: Iterable[Expr]) -> str:
        """The level's rows with what is missing of any member of the household."""
        q = self.dialect.quoted
        join = f" LEFT JOIN {q('member_masks')} AS a ON a.{q('household')} = b.{q('household')}"
        return self._facts.beside(place, exprs, f", COALESCE(a.{q('amask')}, 0) AS {q('amask')}", join)

    def _shown(self, layers: Layers, column: str, name: str, expr: Expr, folded: Expr) -> Shown:
        cell = layers.cell(folded)
        layers.add(column, cell.value, cell.layer)
        known = None
        if expr.optional and cell.known is not None:
            known = f"{column}:known"
            layers.add(known, cell.known, cell.layer)
        return Shown(name, expr, column, known)


def _columns(shown: Iterable[Shown]) -> list[str]:
    return [name for each in shown for name in (each.value, each.known) if name is not None]
