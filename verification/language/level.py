"""Of whom is a fact? Of one listed member, or of the household; and in which order can facts be told?

    member, household = levels()
    household.define(window_from=household.month - 12)
    member.define(insured_months=count(insurance, during=insurance.month >= household.window_from))
    household.define(insured=total(member.insured_months, where=member.counted))

A fact uses only facts that were defined before it, so none can go round in a circle. At the
member's level facts of the household may be used as they are; at the household's level facts
of members only inside an aggregate. An aggregate may stand anywhere in a fact or a condition:
it becomes a fact of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from verification.language.expression import Expr, walk, with_args
from verification.language.kinds import Kind, Refused
from verification.language.rows import Aggregate, Match
from verification.language.source import ColumnOf, Holds, Plan, Source, column, columns_in, source
from vocabulary.record import Record, columns_of
from vocabulary.records.civil_affairs import Membership

MEMBER, HOUSEHOLD = "member", "household"

Doubt = tuple[str, type[Record]]
"""Whose answer is missing (`person`, `household` or any of the `members`), and for which record type."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A fact: its name, what it is (None: a column of the level's own row) and what it waits for.

    `step`    engines that work on whole tables tell facts step by step, households first in each
    `turn`    the compiled Python takes turns: even turns are the household's, odd the members'
    `doubts`  which missing answers may make it unknown
    """

    name: str
    expr: Expr | None
    holds: Holds
    step: int = 0
    turn: int = 0
    doubts: frozenset[Doubt] = frozenset()
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class FactOf(Expr):
    """A fact of the member or household that a rule is about."""

    level: Level

    @property
    def definition(self) -> Definition:
        """What it stands for."""
        return self.level.definitions[str(self.constants[1])]


@dataclass(frozen=True)
class Named:
    """An expression with the words by which people are told of it."""

    expr: Expr
    zh: str
    en: str


def named(expr: Expr, zh: str, en: str) -> Named:
    """An expression with its Chinese and English name, for explanations and for docs/rules.md."""
    return Named(expr, zh, en)


class Level:
    """The facts of a member or of a household; its attributes are the facts defined so far."""

    def __init__(self, name: str, definitions: dict[str, Definition], above: Level | None = None) -> None:
        self.name = name
        self.definitions = definitions
        self.above = above
        """The household's level, seen from the member's."""

    def __getattr__(self, name: str) -> Expr:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self.definitions.get(name)
        if found is None and self.above is not None and name in ("on", "month"):
            return getattr(self.above, name)  # type: ignore[no-any-return] # a fact, by the line below
        if found is None:
            raise Refused(f"expected a fact of the {self.name} that is defined before, got `{name}`")
        return self._fact(name, found)

    def define(self, **facts: Expr | Named) -> None:
        """Add facts. Raises `Refused` for a name that is taken, or an expression of another level."""
        for name, given in facts.items():
            expr, zh, en = (given.expr, given.zh, given.en) if isinstance(given, Named) else (given, "", "")
            if name in self.definitions or hasattr(Level, name) or name in _RESERVED or name.startswith("_"):
                raise Refused(f"expected a new name for a fact of the {self.name}, got `{name}`")
            self._add(name, self._settled(expr), zh=zh, en=en)

    def settle(self, expr: Expr) -> Expr:
        """The expression with its aggregates turned into facts. Raises `Refused` where it is not this level's."""
        settled = self._settled(expr)
        if isinstance(settled, Aggregate):
            name = f"_{settled.digest[:16]}"
            if name not in self.definitions:
                self._add(name, settled)
            return self._fact(name, self.definitions[name])
        return settled

    def rows(self) -> Plan:
        """The household's members as rows, their facts so far as columns."""
        return MemberRows(name="members", columns=_Columns(self), types=frozenset({Membership}), level=self)

    def fellows(self) -> Source:
        """All members of the same household, the member itself among them, as rows to look at."""
        return Source(self.rows())

    def _settled(self, expr: Expr) -> Expr:
        if isinstance(expr, Aggregate):
            args = tuple(self._inside(arg) for arg in expr.args)
            settled = replace(
                expr, args=args, on=expr.on or self._whose(expr.plan), match=self._matched(expr)
            )
            self._check_aggregate(settled)
            return settled
        self._check(expr)
        return with_args(expr, tuple(self.settle(arg) for arg in expr.args))

    def _inside(self, arg: Expr) -> Expr:
        """An argument of an aggregate: aggregates inside it become facts, columns stay."""
        if isinstance(arg, Aggregate):
            return self.settle(arg)
        return with_args(arg, tuple(self._inside(each) for each in arg.args))

    def _whose(self, plan: Plan) -> tuple[str, ...]:
        """By which columns rows are this level's own."""
        if isinstance(plan, MemberRows):
            return ("household",)
        wanted = ("household", "person") if self.name == MEMBER else ("household",)
        found = tuple(
            name
            for name in wanted
            if name in plan.columns and (name == "person" or not plan.columns[name].optional)
        )
        if not found:
            raise Refused(
                f"expected rows of a household, got {plan.name} of persons: aggregate it for the member first"
            )
        return found

    def _matched(self, aggregate: Aggregate) -> Match | None:
        """By which columns the other rows are the same one's: the same, where they have them."""
        match, on = aggregate.match, aggregate.on or self._whose(aggregate.plan)
        if match is None:
            return None
        same = on if all(name in match.plan.columns for name in on) else self._whose(match.plan)
        for name in match.columns:
            if name not in match.plan.columns or name not in aggregate.plan.columns:
                raise Refused(f"expected a column of both rows to match by, got `{name}`")
        return replace(match, on=match.on or same)

    def _check(self, node: Expr) -> None:
        if isinstance(node, ColumnOf):
            raise Refused(
                f"expected an aggregate or a fact, got the column `{node.column}` of {node.plan.name}"
            )
        if isinstance(node, FactOf) and node.level is not self and node.level is not self.above:
            raise Refused(
                f"expected a fact of the {self.name}, got `{node.constants[1]}` of the {node.level.name}"
            )

    def _check_aggregate(self, aggregate: Aggregate) -> None:
        self._check_whose(aggregate.plan, aggregate.on or ())
        if aggregate.match is not None:
            self._check_whose(aggregate.match.plan, aggregate.match.on or ())
        for node in (each for arg in aggregate.args for each in walk(arg)):
            if not isinstance(node, ColumnOf):
                self._check(node)

    def _check_whose(self, plan: Plan, on: tuple[str, ...]) -> None:
        allowed = {Kind.PERSON, Kind.HOUSEHOLD} if self.name == MEMBER else {Kind.HOUSEHOLD}
        for name in on:
            if name not in plan.columns or plan.columns[name].kind not in allowed:
                raise Refused(f"expected a column of {plan.name} that names a {self.name}, got `{name}`")

    def _add(self, name: str, expr: Expr, *, zh: str = "", en: str = "") -> None:
        holds = Holds(expr.kind, expr.optional, expr.codes, expr.uncertain, expr.bound)
        self.definitions[name] = Definition(
            name, expr, holds, _step(expr), _turn(self.name, expr), _doubts(expr), zh, en
        )

    def _fact(self, name: str, found: Definition) -> FactOf:
        holds = found.holds
        return FactOf(
            "fact",
            (),
            holds.kind,
            constants=(self.name, name),
            optional=holds.optional,
            uncertain=holds.uncertain,
            bound=holds.bound,
            codes=holds.codes,
            level=self,
        )


@dataclass(frozen=True, eq=False)
class MemberRows(Plan):
    """The members of the household as rows."""

    level: Level = field(kw_only=True)


class _Columns(Mapping[str, Holds]):
    """The facts of a level as columns; those defined later are seen too."""

    def __init__(self, level: Level) -> None:
        self._level = level

    def __getitem__(self, name: str) -> Holds:
        return self._level.definitions[name].holds

    def __iter__(self) -> Iterator[str]:
        return iter(self._level.definitions)

    def __len__(self) -> int:
        return len(self._level.definitions)


def levels() -> tuple[Level, Level]:
    """A member's and a household's level with their own columns, to define facts on.

    The member's: all columns of its `Membership`, and `on` and `month` of the household. The
    household's: `household`, `on` (the day of the question) and `month` (its month).
    """
    household = Level(
        HOUSEHOLD,
        {
            "household": Definition("household", None, Holds(Kind.HOUSEHOLD), zh="家庭编号", en="household"),
            "on": Definition("on", None, Holds(Kind.DATE), zh="核对日期", en="day of the question"),
            "month": Definition("month", None, Holds(Kind.MONTH), zh="核对月份", en="month of the question"),
        },
    )
    own = {}
    holds = source(Membership).plan.columns
    for name, found in columns_of(Membership).items():
        own[name] = Definition(name, None, holds[name], turn=1, zh=found.term, en=name.replace("_", " "))
    return Level(MEMBER, own, household), household


def as_column(expr: Expr) -> Expr:
    """The expression with facts of members as columns of the household's member rows."""
    if isinstance(expr, FactOf) and expr.level.name == MEMBER:
        return column(expr.level.rows(), str(expr.constants[1]))
    if expr.op == "text_of":
        raise Refused("expected `text_of` in a member's own fact, got it over the household's members")
    return with_args(expr, tuple(as_column(arg) for arg in expr.args))


def facts_in(*exprs: Expr | None) -> list[FactOf]:
    """The facts that expressions mention, each once."""
    found: dict[str, FactOf] = {}
    for expr in exprs:
        for node in walk(expr) if expr is not None else ():
            if isinstance(node, FactOf):
                found.setdefault(node.digest, node)
    return list(found.values())


def members_facts_in(expr: Expr) -> list[Definition]:
    """The members' facts that an aggregate takes as columns of the household's member rows."""
    return [
        found.plan.level.definitions[found.column]
        for found in columns_in(*expr.args)
        if isinstance(found.plan, MemberRows)
    ]


def _step(expr: Expr) -> int:
    used = [fact.definition.step for fact in facts_in(expr)]
    if not isinstance(expr, Aggregate):
        return max(used, default=0)
    return 1 + max([*used, *(found.step for found in members_facts_in(expr))], default=0)


def _turn(level: str, expr: Expr) -> int:
    earliest = max((fact.definition.turn for fact in facts_in(expr)), default=0)
    if isinstance(expr, Aggregate) and isinstance(expr.plan, MemberRows):
        members = max((found.turn for found in members_facts_in(expr)), default=1)
        earliest = max(earliest, members + 1)
    odd = 1 if level == MEMBER else 0
    return earliest + (earliest + odd) % 2


def _doubts(expr: Expr) -> frozenset[Doubt]:
    found = {doubt for fact in facts_in(expr) for doubt in fact.definition.doubts}
    if isinstance(expr, Aggregate) and not expr.lenient:
        if isinstance(expr.plan, MemberRows):
            for member in members_facts_in(expr):
                found |= {(_seen_from_outside(who), record) for who, record in member.doubts}
            found.add((HOUSEHOLD, Membership))
        else:
            plans = [expr.plan, *([expr.match.plan] if expr.match else [])]
            found |= {
                (asked_by(record, plan, expr.on or ()), record) for plan in plans for record in plan.types
            }
    return frozenset(found)


def asked_by(record: type[Record], plan: Plan, on: tuple[str, ...]) -> str:
    """Whose answer tells whether rows are all there: the `person`'s or the `household`'s.

    Rows that are looked up by both are asked for by the record type's own subject.
    """
    by = {plan.columns[name].kind for name in on if name in plan.columns}
    persons, households = Kind.PERSON in by, Kind.HOUSEHOLD in by
    if persons and households:
        return HOUSEHOLD if record.subjects[0] == "household" else "person"
    return "person" if persons else HOUSEHOLD


def _seen_from_outside(who: str) -> str:
    return "members" if who == "person" else who


_RESERVED = frozenset({"name", "definitions", "above"})
