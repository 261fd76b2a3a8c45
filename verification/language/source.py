"""Which rows may a rule look at? A department's records, or lines drawn from several of them.

    insurance = source(Insurance)                       all rows of a record type
    employed = insurance.where(insurance.status == …)   some of them
    evidence = union(lines(insurance, …), lines(…))     rows of several types in common columns
    evidence.best(by=("person", "kind", "month"), rank="rank")
                                                        per key only the rows of the highest rank

A source is its columns: `insurance.month` is a typed expression. What a source *is* stands
in its `plan`, which compilers read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from verification.language.expression import Expr, certain_presence, lift, literal, needs, walk
from verification.language.kinds import COLUMN_KINDS, Kind, KindsDiffer, Refused, Value
from vocabulary.codes import Code
from vocabulary.record import Column, Record, columns_of


@dataclass(frozen=True)
class Holds:
    """What a column holds."""

    kind: Kind
    optional: bool = False
    codes: type[Code] | None = None
    uncertain: bool = False
    bound: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """How rows come about; `digest` as for expressions."""

    name: str
    columns: Mapping[str, Holds]
    types: frozenset[type[Record]]
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        text = "\x1f".join((type(self).__name__, *self.identity()))
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())

    def identity(self) -> Iterator[str]:
        """What makes this plan itself."""
        yield self.name

    @property
    def root(self) -> Plan:
        """The rows before any filter; columns of a filtered source are its root's."""
        return self


@dataclass(frozen=True, eq=False)
class Records(Plan):
    """All rows of one record type."""

    record: type[Record]

    def identity(self) -> Iterator[str]:
        """The record type's name."""
        yield self.record.__name__


@dataclass(frozen=True, eq=False)
class Filtered(Plan):
    """The rows of `of` for which `condition` holds."""

    of: Plan
    condition: Expr

    def identity(self) -> Iterator[str]:
        """What is filtered, and by what."""
        yield from (self.of.digest, self.condition.digest)

    @property
    def root(self) -> Plan:
        """What was filtered."""
        return self.of


@dataclass(frozen=True, eq=False)
class Lines(Plan):
    """One line a row of `of`, in columns named anew."""

    of: Plan
    values: Mapping[str, Expr]

    def identity(self) -> Iterator[str]:
        """What is drawn from where."""
        yield self.of.digest
        yield from (f"{name}={value.digest}" for name, value in self.values.items())


@dataclass(frozen=True, eq=False)
class Union(Plan):
    """The lines of several parts that have the same columns."""

    parts: tuple[Lines, ...]

    def identity(self) -> Iterator[str]:
        """The parts, in order."""
        yield from (part.digest for part in self.parts)


@dataclass(frozen=True, eq=False)
class Best(Plan):
    """Per key only the rows that have the highest rank that occurs."""

    of: Plan
    by: tuple[str, ...]
    rank: str

    def identity(self) -> Iterator[str]:
        """Of what, by which key and rank."""
        yield from (self.of.digest, *self.by, self.rank)


@dataclass(frozen=True, eq=False, kw_only=True)
class ColumnOf(Expr):
    """A column of the row that is looked at."""

    plan: Plan

    def identity(self) -> Iterator[str]:
        """The root rows and the column's name."""
        yield from super().identity()
        yield self.plan.root.digest

    @property
    def column(self) -> str:
        """Its name."""
        return str(self.constants[0])


class Source:
    """Rows to look at; its attributes are its columns."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __getattr__(self, name: str) -> Expr:
        if name.startswith("__"):
            raise AttributeError(name)
        return column(self.plan, name)

    def where(self, condition: Expr) -> Source:
        """The rows for which a condition on their own columns holds."""
        plan = self.plan
        only_columns_of(plan, condition, "a source's `where`")
        needs("where", frozenset({Kind.FLAG}), condition)
        certain_presence("a condition on rows", condition)
        if condition.uncertain:
            raise Refused(
                f"expected a condition on {plan.name} that is always known, got one that may not be"
            )
        if isinstance(plan, Filtered):
            condition, plan = plan.condition & condition, plan.of
        return Source(
            Filtered(name=plan.name, columns=plan.columns, types=plan.types, of=plan, condition=condition)
        )

    def best(self, *, by: tuple[str, ...], rank: str) -> Source:
        """Per key only the rows of the highest rank that occurs: evidence is ranked, never added up.

        Rows that share the highest rank all stay.
        """
        plan = self.plan
        for name in (*by, rank):
            holds = plan.columns.get(name, _ABSENT)
            if holds.optional or holds.uncertain:
                raise Refused(f"expected a column that is always there and known in `best`, got `{name}`")
        if plan.columns[rank].kind is not Kind.NUMBER:
            raise KindsDiffer(f"expected a number as rank, got {plan.columns[rank].kind.value}")
        return Source(Best(name=plan.name, columns=plan.columns, types=plan.types, of=plan, by=by, rank=rank))


def source(record: type[Record]) -> Source:
    """All rows of a record type, whoever's they are; an aggregate says whose it takes."""
    columns = {name: _holds(found) for name, found in columns_of(record).items()}
    return Source(Records(name=record.__name__, columns=columns, types=frozenset({record}), record=record))


def lines(of: Source, *, where: Expr | None = None, **values: Expr | Value) -> Lines:
    """One line a row, in the given columns, to be put together by `union`.

    `person` and `household` are carried over where the rows have them and the line does not
    name them; `record_type` and `record_id` always are, so that a line leads back to its record.
    """
    rows = of.where(where) if where is not None else of
    given = {name: lift(value) for name, value in values.items()}
    for name, value in given.items():
        only_columns_of(rows.plan, value, f"the line's `{name}`")
    carried: dict[str, Expr] = {
        name: column(rows.plan, name)
        for name in ("person", "household", "record_id")
        if name in rows.plan.columns and name not in given
    }
    carried["record_type"] = literal(rows.plan.name)
    everything = dict(sorted({**carried, **given}.items()))
    columns = {name: _held(value) for name, value in everything.items()}
    return Lines(name=rows.plan.name, columns=columns, types=rows.plan.types, of=rows.plan, values=everything)


def union(name: str, *parts: Lines) -> Source:
    """All lines of the parts. A column that a part lacks, or may leave absent, may be absent.

    Raises `KindsDiffer` where two parts give a column different kinds.
    """
    names = sorted({column_name for part in parts for column_name in part.columns})
    columns = {column_name: _common(column_name, parts) for column_name in names}
    types = frozenset(record for part in parts for record in part.types)
    return Source(Union(name=name, columns=columns, types=types, parts=parts))


def column(plan: Plan, name: str) -> ColumnOf:
    """A column of a source's rows. Raises `Refused` when it has none of that name."""
    found = plan.columns.get(name)
    if found is None:
        raise Refused(f"expected a column of {plan.name}, got `{name}`")
    return ColumnOf(
        "column",
        (),
        found.kind,
        constants=(name,),
        optional=found.optional,
        uncertain=found.uncertain,
        bound=found.bound,
        codes=found.codes,
        plan=plan,
    )


def ranked(best: Best) -> list[list[Lines]] | None:
    """The parts of a union by rank, highest first, where each has one rank for all its lines."""
    if not isinstance(best.of, Union) or any(
        part.values[best.rank].op != "literal" for part in best.of.parts
    ):
        return None
    found: dict[int, list[Lines]] = {}
    for part in best.of.parts:
        found.setdefault(int(str(part.values[best.rank].constants[0])), []).append(part)
    return [found[rank] for rank in sorted(found, reverse=True)]


def columns_in(*exprs: Expr | None) -> list[ColumnOf]:
    """The columns that expressions mention, each once."""
    found: dict[str, ColumnOf] = {}
    for expr in exprs:
        for node in walk(expr) if expr is not None else ():
            if isinstance(node, ColumnOf):
                found.setdefault(node.digest + node.plan.digest, node)
    return list(found.values())


def only_columns_of(plan: Plan, expr: Expr, where: str) -> None:
    """Refuse anything but columns of one source, constants and parameters. Raises `Refused`."""
    for node in walk(expr):
        if isinstance(node, ColumnOf):
            if node.plan.root.digest != plan.root.digest:
                raise Refused(f"expected columns of {plan.name} in {where}, got one of {node.plan.name}")
        elif node.op == "fact" or node.op.startswith("rows "):
            raise Refused(f"expected only columns of {plan.name} in {where}, got a fact")


_ABSENT = Holds(Kind.TEXT, optional=True)


def _holds(found: Column) -> Holds:
    kind = Kind.HOUSEHOLD if found.name == "household" else COLUMN_KINDS[found.kind]
    return Holds(kind, optional=found.optional, codes=found.codes)


def _held(value: Expr) -> Holds:
    return Holds(value.kind, value.optional, value.codes, value.uncertain, value.bound)


def _common(name: str, parts: tuple[Lines, ...]) -> Holds:
    having = [part.columns[name] for part in parts if name in part.columns]
    first = having[0]
    for other in having[1:]:
        if (other.kind, other.codes) != (first.kind, first.codes):
            raise KindsDiffer(
                f"expected `{name}` of one kind in every part, got {first.kind.value} and {other.kind.value}"
            )
    return Holds(
        first.kind,
        optional=len(having) < len(parts) or any(each.optional for each in having),
        codes=first.codes,
        uncertain=any(each.uncertain for each in having),
        bound=any(each.bound for each in having),
    )
