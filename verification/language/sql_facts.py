"""How are facts told in SQL? A table of each level with a row a member or household, and a column a fact.

Facts are told in stages: what looks at rows alone comes first, a fact that is made of others in
the stage of the last of them. A column stays in the tables for as long as something looks at it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from verification.language.dialect import Dialect
from verification.language.expression import Expr
from verification.language.level import HOUSEHOLD, MEMBER, facts_in
from verification.language.parameter import Pack
from verification.language.rows import Aggregate
from verification.language.rule import Catalogue
from verification.language.sql_groups import Group, GroupsSql, Item, groups_of, looks_at_rows_alone
from verification.language.sql_parts import Gathered, doubts_of, may_doubt
from verification.language.sql_places import Place, Places, column_of
from verification.language.sql_rows import RowsSql
from verification.language.sql_split import Split
from verification.language.sql_statements import Statement
from verification.language.sql_text import Layers
from verification.language.stages import TEXT, Named, Stages, looked_at

_JOINED_AT_ONCE = 30

_Column = tuple[str, str]
"""A column's name, and the text that it is."""


@dataclass(frozen=True)
class _Part:
    """A table of aggregates to be joined: by what, and the text of each of its columns."""

    table: str
    on: str
    items: list[Item]
    texts: dict[str, str]


@dataclass(frozen=True)
class Piece:
    """Where an aggregate, or one part of it, is gathered of everybody's rows: in which group, under which name."""

    group: Group
    name: str
    each: Aggregate


class Facts:
    """Writes the tables in which a catalogue's facts are told, in the order in which they can be.

    `place`     where each level stands by now
    `by_id`     record types of which the ids are looked at of everybody's rows, not only of those who are asked
    `passing`   tables that are never written down, but told where they are read: those read once, and those of
                everybody with little more than those before them, and soon with more after them
    """

    def __init__(
        self, catalogue: Catalogue, pack: Pack, dialect: Dialect, *, on: date | None, everybody: bool
    ) -> None:
        self._split = Split(pack, dialect, on=on)
        self.dialect = dialect
        self.stages = Stages(catalogue, pack, on=on, everybody=everybody, alone=self._alone)
        self.places = Places(dialect, self.stages)
        self.rows = RowsSql(pack, dialect, catalogue.reads(), catalogue.nodes())
        self._groups = GroupsSql(self.rows)
        self.statements: list[Statement] = self.rows.statements
        self.by_id = self.rows.by_id
        self.passing: list[str] = []
        self._tables: dict[int, str] = {}
        self._shared: dict[Named, list[Piece]] = {}
        for level in (HOUSEHOLD, MEMBER):
            self._share(level)
        self.place = {
            level: Place(level, f"{level}_base", self.stages.own(level)) for level in (HOUSEHOLD, MEMBER)
        }
        self._lay_members()

    def layers(self) -> Layers:
        """Fresh layers of columns."""
        return self.rows.layers()

    def make(self, table: str, select: str) -> None:
        """Add a statement."""
        self.statements.append(Statement(table, select))

    def tell_everybody(self) -> None:
        """Tell the facts that come out, and those of one level that another looks at."""
        last = max((self.stages.of(named) for named in self.stages.settled_at(MEMBER)), default=0)
        whole = self.place[MEMBER]
        for stage in range(self.stages.last + 1):
            for level in (HOUSEHOLD, MEMBER):
                new = [named for named in self.stages.settled_at(level) if self.stages.of(named) == stage]
                if new:
                    kept = self.stages.kept_after(self.place[level].facts | set(new), level, stage)
                    later = level == MEMBER and stage > 0 and self.dialect.semi
                    beside = whole if later and stage == last else None
                    self.passing += [f"{level}_{stage}"] if later and stage < last else []
                    self.place[level] = self._tell(
                        self.place[level], f"{level}_{stage}", new, kept, beside=beside
                    )
                    self._lay_members()
            if stage == 0:
                whole = self.place[MEMBER]

    def tell_rest(self, place: Place, name: str, exprs: Iterable[Expr], *, once: bool = False) -> Place:
        """Tell, for the rows of a place alone, what else of its level some expressions look at, and keep only that.

        `once`   what comes out is read once: it, and what lies between, is only written down where it is read again
        """
        exprs = list(exprs)
        missing = self.stages.missing(exprs, place.level, place.facts)
        wanted = self.stages.needed(exprs, place.level)
        for stage in sorted({self.stages.of(named) for named in missing}):
            new = [named for named in missing if self.stages.of(named) == stage]
            later = [self.stages.expr(named) for named in missing if self.stages.of(named) > stage]
            kept = wanted.union(*(looked_at(expr) for expr in later)) & (place.facts | set(new))
            if once and all(each in self._shared for each in self._aggregates(new)):
                self._pass(place)
            place = self._tell(place, f"{name}_{stage}", new, kept)
        if once:
            self._pass(place)
        return place

    def beside(
        self,
        place: Place,
        exprs: Iterable[Expr],
        columns: str = "",
        joins: str = "",
        *,
        kept: Iterable[Named] = (),
    ) -> str:
        """A place's rows with what expressions look at, also of the household above, and further columns.

        `kept`   facts of the place that are wanted besides
        """
        exprs = list(exprs)
        lent, rows = self._lent(exprs, place.level), self._rows_of(place, exprs, kept)
        return f"SELECT b.*{columns}{lent} FROM {rows} AS b{joins}{self._above(exprs, place.level)}"

    def is_shared(self, named: Named) -> bool:
        """Whether an aggregate is told for everybody at once."""
        return named in self._shared

    def pieces(self, named: Named) -> list[Piece]:
        """What tells an aggregate for everybody at once; nothing where no row can count, or where nothing does."""
        return self._shared.get(named, [])

    def joined_group(self, group: Group, level: str, alias: str) -> tuple[str, str]:
        """The table of a shared group, made if need be, and how it is joined to a level's rows `b`."""
        if id(group) not in self._tables:
            made = self._tables[id(group)] = f"rows_{len(self._tables)}"
            self.make(made, self._gathered(group, self.place[level]))
        return self._tables[id(group)], self._groups.keys_joined(group, alias)

    def differs(self, piece: Piece, alias: str) -> str:
        """Whether the rows of a group give an aggregate, or a part of it, another value than none would."""
        return self.rows.parts.differs(piece.name, piece.each, alias)

    def worth(self, named: Named) -> str:
        """What an aggregate of one piece comes to by a row of its group, if nothing leaves it in doubt."""
        (piece,), expr = self._shared[named], self.stages.expr(named)
        assert isinstance(expr, Aggregate), "expected an aggregate"
        return self.rows.parts.worth(expr, [self._gathered_as(piece)])

    def doubted(self, named: Named) -> list[str]:
        """Whether a row of its group leaves an aggregate of one piece in doubt, where it can."""
        (piece,) = self._shared[named]
        doubts = self._gathered_as(piece).doubts
        return [f"{doubts} > 0"] if doubts is not None else []

    def answered(self, named: Named) -> list[str]:
        """What must hold for all rows that an aggregate looks at to be there."""
        expr = self.stages.expr(named)
        assert isinstance(expr, Aggregate), "expected an aggregate"
        return self.rows.parts.answered(expr)

    def _gathered_as(self, piece: Piece) -> Gathered:
        q = self.dialect.quoted
        return Gathered(
            piece.each, q(piece.name), q(doubts_of(piece.name)) if may_doubt(piece.each) else None
        )

    def _aggregates(self, facts: list[Named]) -> list[Named]:
        return [named for named in facts if isinstance(self.stages.expr(named), Aggregate)]

    def _pass(self, place: Place) -> None:
        if place.table != self.place[place.level].table:
            self.passing.append(place.table)

    def _alone(self, each: Aggregate) -> bool:
        return all(looks_at_rows_alone(part) for part in self._split.parts(each))

    def _share(self, level: str) -> None:
        """Note in which groups everybody's aggregates of a level are gathered, part by part."""
        items: dict[str, Item] = {}
        needs: dict[Named, list[str]] = {}
        for named, each in self.stages.shared(level):
            parts = self._split.parts(each) if self._alone(each) else (each,)
            needs[named] = [part.digest for part in parts]
            for at, part in enumerate(parts):
                items.setdefault(
                    part.digest, (column_of(named) if len(parts) == 1 else f"{column_of(named)}/{at}", part)
                )
        pieces = {
            name: (group, each) for group in groups_of(list(items.values())) for name, each in group.items
        }
        for named, digests in needs.items():
            names = [items[digest][0] for digest in digests]
            self._shared[named] = [Piece(pieces[name][0], name, pieces[name][1]) for name in names]

    # ------------------------------------------------------------------ a table with further columns

    def _tell(
        self,
        place: Place,
        made: str,
        new: list[Named],
        kept: frozenset[Named],
        *,
        beside: Place | None = None,
    ) -> Place:
        """A place with further facts; `beside` another of the same rows, only what does not stand there."""
        everybody = place.table == self.place[place.level].table
        exprs = [(named, self.stages.expr(named)) for named in new]
        aggregates = [(named, each) for named, each in exprs if isinstance(each, Aggregate)]
        parts, pieces = self._parts(place, made, aggregates, everybody=everybody)
        joins, texts = self._joined(place, made, parts)
        columns = [
            column for named, each in aggregates for column in self._told(named, each, pieces[named], texts)
        ]
        derived = [(named, each) for named, each in exprs if not isinstance(each, Aggregate)]
        added = kept if beside is None else kept - beside.facts
        names = (
            self.places.columns(place.level, kept) if beside is None else ["row", *self.places.told(added)]
        )
        self.make(made, self._selected(place, kept, names, columns, joins, derived))
        if beside is None:
            return Place(place.level, made, kept)
        return replace(beside, facts=kept, beside=made, added=added)

    def _parts(
        self, place: Place, made: str, aggregates: list[tuple[Named, Aggregate]], *, everybody: bool
    ) -> tuple[list[_Part], dict[Named, list[Item]]]:
        """Tables of aggregates: of everybody's rows, made once; or of these rows' own. And what of them tells which."""
        shared: dict[int, tuple[Group, list[Item]]] = {}
        pieces: dict[Named, list[Item]] = {}
        others: list[Item] = []
        for named, each in aggregates:
            if named not in self._shared:
                others.append((column_of(named), each))
                continue
            pieces[named] = [(piece.name, piece.each) for piece in self._shared[named]]
            for piece, item in zip(self._shared[named], pieces[named], strict=True):
                items = shared.setdefault(id(piece.group), (piece.group, []))[1]
                items += [] if item in items else [item]
        parts: list[_Part] = []
        for group, items in shared.values():
            table, on = self.joined_group(group, place.level, self.dialect.quoted(f"g{len(parts)}"))
            parts.append(self._part(table, on, items, len(parts)))
        for at, group in enumerate(groups_of(others)):
            keyed = group if everybody else replace(group, keys=())
            self.make(f"{made}_{at}", self._gathered(keyed, place))
            on = self._groups.keys_joined(keyed, self.dialect.quoted(f"g{len(parts)}"))
            parts.append(self._part(f"{made}_{at}", on, list(keyed.items), len(parts)))
        gathered = {name: each for part in parts for name, each in part.items}
        alone = {
            named: [(column_of(named), gathered[column_of(named)])]
            for named, _ in aggregates
            if named not in pieces
        }
        return parts, pieces | alone

    def _told(
        self, named: Named, each: Aggregate, pieces: list[Item], texts: dict[str, str]
    ) -> list[_Column]:
        """The columns of an aggregate from the columns in which its pieces stand."""
        found = [Gathered(of, texts[name], texts.get(doubts_of(name))) for name, of in pieces]
        return self.rows.parts.told(column_of(named), each, found)

    def _gathered(self, group: Group, place: Place) -> str:
        if group.keys:
            return self._groups.of_rows(group)
        rows = self._rows_of(place, [arg for _, each in group.items for arg in each.args])
        return self._groups.of_joined(group, place.level, rows, self.place[HOUSEHOLD].table)

    def _part(self, table: str, on: str, items: list[Item], place: int) -> _Part:
        alias = self.dialect.quoted(f"g{place}")
        texts = {
            column: f"{alias}.{self.dialect.quoted(column)}"
            for name, each in items
            for column in ([name, doubts_of(name)] if may_doubt(each) else [name])
        }
        return _Part(f"{self.dialect.quoted(table)} AS {alias}", on, items, texts)

    def _joined(self, place: Place, made: str, parts: list[_Part]) -> tuple[str, dict[str, str]]:
        """The joins that add the parts, and the text of each column that they add.

        Many parts are first joined few at a time: a join of fifty carries every column through fifty tables.
        """
        q, table = self.dialect.quoted, self.dialect.quoted(place.table)
        if len(parts) > _JOINED_AT_ONCE:
            together = []
            for at in range(0, len(parts), _JOINED_AT_ONCE):
                joins, texts = self._joined(place, made, parts[at : at + _JOINED_AT_ONCE])
                name, alias = f"{made}_from_{at}", q(f"f{at}")
                told = "".join(f", {text} AS {q(column)}" for column, text in texts.items())
                self.make(name, f"SELECT b.{q('row')}{told} FROM {table} AS b{joins}")
                on = f"{alias}.{q('row')} = b.{q('row')}"
                carried = {column: f"{alias}.{q(column)}" for column in texts}
                together.append(_Part(f"{q(name)} AS {alias}", on, [], carried))
            parts = together
        joins = "".join(f" LEFT JOIN {part.table} ON {part.on}" for part in parts)
        return joins, {column: text for part in parts for column, text in part.texts.items()}

    def _selected(
        self,
        place: Place,
        kept: frozenset[Named],
        names: list[str],
        columns: list[_Column],
        joins: str,
        derived: list[tuple[Named, Expr]],
    ) -> str:
        """The level's rows with aggregates joined and what follows from them added in layers."""
        q, layers = self.dialect.quoted, self.rows.layers()
        exprs = [expr for _, expr in derived]
        layers.expect(*exprs)
        for named, expr in derived:
            layers.tell(column_of(named), self.stages.fact(named), expr)
        added = "".join(f", {text} AS {q(name)}" for name, text in columns)
        inner = self.beside(place, exprs, added, joins, kept=kept)
        return f"SELECT {', '.join(map(q, names))} FROM ({layers.over(inner)}) AS {q('told')}"

    def _lent(self, exprs: list[Expr], level: str) -> str:
        """Facts of the household that a member's expressions look at."""
        q, names = self.dialect.quoted, []
        for fact in facts_in(*exprs):
            if fact.level.name != level:
                names += self.places.columns_of((fact.level.name, fact.definition.name))
        return "".join(f", h.{q(name)}" for name in names)

    def _above(self, exprs: list[Expr], level: str) -> str:
        q = self.dialect.quoted
        if all(fact.level.name == level for fact in facts_in(*exprs)):
            return ""
        table = q(self.place[HOUSEHOLD].table)
        return f" JOIN {table} AS h ON h.{q('household')} = b.{q('household')}"

    def _rows_of(self, place: Place, exprs: Iterable[Expr], kept: Iterable[Named] = ()) -> str:
        """A place's rows with what some expressions look at, as something to select from."""
        return self.places.rows(place, {*kept, *(named for expr in exprs for named in looked_at(expr))})

    def _lay_members(self) -> None:
        """Let rows of members be drawn from where they stand by now."""
        place = self.place[MEMBER]
        self.rows.members = lambda names: self.places.rows(place, ((MEMBER, name) for name in names))
        self.rows.member_names = [name for level, name in sorted(place.facts) if (level, name) != TEXT]
