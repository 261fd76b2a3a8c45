"""How does a catalogue judge one household? As one generated function that looks at every row once per source.

The text of the function is made from the validated catalogue and a policy pack; it is
compiled when the pack is bound, and judges any number of households from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from verification.language.expression import Expr
from verification.language.kinds import Value
from verification.language.level import (
    HOUSEHOLD,
    MEMBER,
    Definition,
    Doubt,
    FactOf,
    Level,
    MemberRows,
    facts_in,
)
from verification.language.parameter import Pack
from verification.language.python_rows import RowsText
from verification.language.python_text import Text
from verification.language.rule import Catalogue, Rule, Severity
from verification.language.source import ColumnOf, Holds, Source
from verification.language.values import Missing, Result, result
from vocabulary.evidence import Answer
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES

Rows = Mapping[type[Record], Sequence[Record]]
"""All rows that were found for a household and its members, by record type; each row once."""


def bit_of(record: type[Record]) -> int:
    """The bit of a record type in a mask of missing answers: its place in `RECORD_TYPES`."""
    return 1 << RECORD_TYPES.index(record)


def mask_of(records: Iterable[type[Record]]) -> int:
    """The mask that says of these record types that there is no usable answer."""
    mask = 0
    for record in records:
        mask |= bit_of(record)
    return mask


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one household on one day.

    `members`     its listed members, one row a person, in an order that does not matter
    `unanswered`  mask of record types that were not usably answered for the household
    `unanswered_of`  the same for persons; one that is not named was answered about
    """

    household: str
    on: date
    members: Sequence[Membership]
    rows: Rows
    unanswered: int = 0
    unanswered_of: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A rule's answer YES or UNKNOWN for a household, or for one of its members.

    `because`   for UNKNOWN: the record types without a usable answer that may decide it; empty
                where the records disagree or the pack has no value for that day
    """

    rule: Rule
    person: str | None
    answer: Answer
    severity: Severity
    evidence: dict[str, Result]
    because: tuple[type[Record], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of a household: the facts told, and every answer that is not NO."""

    household: str
    facts: dict[str, Result]
    members: dict[str, dict[str, Result]]
    found: tuple[Found, ...]


class Judge:
    """A catalogue bound to a policy pack: judges households one at a time."""

    def __init__(self, catalogue: Catalogue, pack: Pack) -> None:
        """Write and compile the function. Raises `PackGap` where the pack lacks a parameter."""
        self.catalogue, self.pack = catalogue, pack
        self._run = _compiled(_Writer(catalogue, pack, answered=True), _compiled(_Writer(catalogue, pack)))
        self._told_h = [fact for fact in catalogue.told if fact.level.name == HOUSEHOLD]
        self._told_m = [fact for fact in catalogue.told if fact.level.name == MEMBER]

    def judge(self, case: Case) -> Judgement:
        """Judge one household. Never raises for anything that records can hold."""
        masks = case.unanswered_of or {}
        told, members, raw = self._run(
            case.household, case.on, Month.of(case.on), case.members, case.rows, case.unanswered, masks
        )
        among = 0
        for member in case.members:
            among |= masks.get(member.person, 0)
        found = tuple(self._found(each, case, masks, among) for each in raw)
        return Judgement(
            case.household,
            _results(self._told_h, told),
            {person: _results(self._told_m, values) for person, values in members},
            tuple(sorted(found, key=lambda each: (each.rule.number, each.person or ""))),
        )

    def _found(self, raw: _RawFound, case: Case, masks: Mapping[str, int], among: int) -> Found:
        place, person, verdict, milder, shown = raw
        rule = self.catalogue.rules[place]
        own = masks.get(person, 0) if person is not None else 0
        because: tuple[type[Record], ...] = ()
        if verdict is None:
            because = because_of(rule.doubts, own=own, household=case.unanswered, among=among)
        evidence = {
            name: result(value, expr.kind, expr.codes)
            for (name, expr), value in zip(rule.evidence, shown, strict=True)
        }
        graded = rule.milder[0] if rule.milder is not None and milder else rule.severity
        return Found(rule, person, Answer.of(verdict), graded, evidence, because)


class Drawn:
    """The rows of one source bound to a policy pack: the lines that an explanation shows."""

    def __init__(self, source: Source, pack: Pack) -> None:
        """Write and compile the function. Raises `PackGap` where the pack lacks a parameter."""
        self.plan = source.plan
        text = Text(pack, lambda expr: rows.column(expr) if isinstance(expr, ColumnOf) else "")
        rows = RowsText(text)
        drawn = rows.draw(self.plan)
        names: dict[str, object] = dict(text.constants)
        lines = ["def draw(tables):", *text.lines, f"    return {drawn}"]
        # As in `Judge`: text made from the validated tree.
        exec(compile("\n".join(lines), "<rows>", "exec"), names)  # noqa: S102
        self._run: Callable[[Rows], Iterable[object]] = names["draw"]  # type: ignore[assignment] # as above

    def rows(self, tables: Rows) -> list[dict[str, Result]]:
        """Each row with its columns by name, in the order in which records were given."""
        columns = list(self.plan.columns.items())
        return [_row(row, columns) for row in self._run(tables)]


def because_of(doubts: Iterable[Doubt], *, own: int, household: int, among: int) -> tuple[type[Record], ...]:
    """The record types without a usable answer that an unknown may be due to, in their fixed order."""
    masks = {"person": own, "household": household, "members": among}
    found = {record for who, record in doubts if masks[who] & bit_of(record)}
    return tuple(record for record in RECORD_TYPES if record in found)


def _compiled(writer: _Writer, otherwise: Callable[..., _Raw] | None = None) -> Callable[..., _Raw]:
    """The function that a writer writes; `otherwise` is the one it calls where something is missing."""
    # The text comes from the tree alone, whose names and operators were checked on declaring.
    text = compile(writer.whole(), "<rules>", "exec")
    names: dict[str, object] = {**writer.text.constants, "otherwise": otherwise}
    exec(text, names)  # noqa: S102
    run: Callable[..., _Raw] = names["judge"]  # type: ignore[assignment] # defined by the text
    return run


_RawFound = tuple[int, str | None, bool | None, bool, tuple[Value | Missing | None, ...]]
_Raw = tuple[
    tuple[Value | Missing | None, ...],
    list[tuple[str, tuple[Value | Missing | None, ...]]],
    list[_RawFound],
]


def _results(facts: list[FactOf], values: Sequence[Value | Missing | None]) -> dict[str, Result]:
    return {
        str(fact.constants[1]): result(value, fact.kind, fact.codes)
        for fact, value in zip(facts, values, strict=True)
    }


def _row(row: object, columns: list[tuple[str, Holds]]) -> dict[str, Result]:
    """A drawn line is a tuple in the order of its columns; a record has attributes, None where absent."""
    drawn: dict[str, Result] = {}
    for place, (name, holds) in enumerate(columns):
        value = row[place] if isinstance(row, tuple) else getattr(row, name, None)
        absent = value is None and not isinstance(row, tuple)
        drawn[name] = result(Missing.ABSENT if absent else value, holds.kind, holds.codes)
    return drawn


class _Writer:
    """Writes `judge`: the household's and the members' facts in turns, then the rules.

    `answered`   for the case that every department answered; it hands any other on
    """

    def __init__(self, catalogue: Catalogue, pack: Pack, *, answered: bool = False) -> None:
        self.catalogue = catalogue
        self.text = Text(pack, self._name, answered=answered)
        self.rows = RowsText(self.text)
        decisive = catalogue.decisive()
        self.facts: dict[str, list[Definition]] = {}
        self.shown: dict[str, list[Definition]] = {}
        for level in self._levels():
            needed = catalogue.definitions(level)
            decides = {
                each.name for each in needed if each.expr is None or (level.name, each.name) in decisive
            }
            self.facts[level.name] = [each for each in needed if each.name in decides]
            self.shown[level.name] = [each for each in needed if each.name not in decides]
        self.places = {found.name: place for place, found in enumerate(self._members_facts())}

    def whole(self) -> str:
        """The text of the function."""
        for expr in self.catalogue.expressions():
            self.text.expect(expr)
        turns = {found.turn for found in (*self.facts[MEMBER], *self.facts[HOUSEHOLD])}
        for turn in range(max([*turns, 1]) + 1):
            self._turn(turn)
        self._rules()
        given = "h_household, h_on, h_month, listed, tables, hmask, masks"
        return "\n".join([f"def judge({given}):", *self._handed_on(given), *self.text.lines])

    def _handed_on(self, given: str) -> Iterator[str]:
        """The function for answered cases first makes sure that it has one, and every parameter of the day."""
        if not self.text.answered:
            return
        yield f"    if hmask or any(masks.get(m.person, 0) for m in listed): return otherwise({given})"
        for place, text in enumerate(self.text.checked.values()):
            yield f"    k{place} = {text}"
            yield f"    if k{place} is None: return otherwise({given})"

    def _levels(self) -> tuple[Level, Level]:
        return self.catalogue.household, self.catalogue.member

    def _members_facts(self) -> list[Definition]:
        """The members' facts in the order of their places in a member's tuple: by turn, as defined."""
        return sorted(self.facts[MEMBER], key=lambda found: found.turn)

    def _name(self, expr: Expr) -> str:
        if isinstance(expr, ColumnOf):
            root = expr.plan.root
            if isinstance(root, MemberRows):
                return f"m[{self.places[expr.column]}]"
            return self.rows.column(expr)
        assert isinstance(expr, FactOf)
        return f"{expr.level.name[0]}_{expr.constants[1]}"

    def _turn(self, turn: int) -> None:
        if turn % 2 == 0:
            self._tell([found for found in self.facts[HOUSEHOLD] if found.turn == turn], HOUSEHOLD)
            return
        mine = [found for found in self._members_facts() if found.turn == turn]
        if turn > 1 and not mine:
            return
        self._prepare(mine)
        rows = "listed" if turn == 1 else "members"
        self.text.line("turned = []")
        with self.text.block(f"for m in {rows}:"):
            if turn == 1:
                self.text.line("p, pmask = m.person, masks.get(m.person, 0)")
            else:
                self._unpack(turn)
            self._tell(mine, MEMBER)
            told = [f"m_{found.name}" for found in self._members_facts() if found.turn <= turn]
            self.text.line(f"turned.append(({', '.join([*told, 'p', 'pmask'])},))")
        self.text.line("members = turned")

    def _unpack(self, turn: int) -> None:
        told = [f"m_{found.name}" for found in self._members_facts() if found.turn < turn]
        self.text.line(f"({', '.join([*told, 'p', 'pmask'])},) = m")

    def _prepare(self, mine: list[Definition]) -> None:
        for found in mine:
            if found.expr is not None:
                self.rows.prepare(found.expr)

    def _tell(self, facts: list[Definition], level: str) -> None:
        """Facts of one turn. Those of one source are gathered in one pass where nothing stands between."""
        base = {"household", "on", "month"} if level == HOUSEHOLD else set[str]()
        left = [found for found in facts if found.name not in base]
        if level == HOUSEHOLD:
            self._prepare(left)
        for step in sorted({found.step for found in left}):
            now = [found for found in left if found.step == step]
            self.rows.gather(
                [(f"{level[0]}_{found.name}", found.expr) for found in now if found.expr is not None], level
            )
            for found in now:
                if found.expr is None:
                    self._own_column(found)
                elif not found.expr.op.startswith("rows "):
                    self.text.expect(found.expr)
            for found in now:
                if found.expr is not None and not found.expr.op.startswith("rows "):
                    self.text.line(f"{level[0]}_{found.name} = {self.text.write(found.expr)}")

    def _only_shown(self, rule: Rule) -> list[Definition]:
        """The facts that nothing but the evidence of a rule looks at, each after those it uses."""
        wanted: set[str] = set()
        left = [fact for _, value in rule.evidence for fact in facts_in(value)]
        there = {found.name for found in self.shown[rule.level.name]}
        while left:
            fact = left.pop()
            name = fact.definition.name
            if fact.level is rule.level and name in there and name not in wanted:
                wanted.add(name)
                left += facts_in(fact.definition.expr)
        return [found for found in self.shown[rule.level.name] if found.name in wanted]

    def _own_column(self, found: Definition) -> None:
        self.text.line(f"m_{found.name} = m.{found.name}")
        if found.holds.optional:
            self.text.line(f"if m_{found.name} is None: m_{found.name} = ABSENT")

    def _rules(self) -> None:
        self.text.line("found = []")
        rules = list(enumerate(self.catalogue.rules))
        for place, rule in rules:
            if rule.level.name == HOUSEHOLD:
                self._rule(place, rule, "None")
        self.text.line("told = []")
        with self.text.block("for m in members:"):
            self._unpack(1_000)
            for place, rule in rules:
                if rule.level.name == MEMBER:
                    self._rule(place, rule, "p")
            self.text.line(f"told.append((p, {self._told(MEMBER)}))")
        self.text.line(f"return {self._told(HOUSEHOLD)}, told, found")

    def _told(self, level: str) -> str:
        names = [self.text.write(fact) for fact in self.catalogue.told if fact.level.name == level]
        return f"({', '.join(names)},)" if names else "()"

    def _rule(self, place: int, rule: Rule, person: str) -> None:
        answer = self.text.name(rule.condition)
        milder = "False"
        if rule.milder is not None:
            other = self.text.name(rule.milder[1])
            milder = self.text.fresh()
            self.text.line(f"{milder} = {answer} is not True and {other} is True")
            both = self.text.fresh()
            self.text.line(
                f"{both} = True if {answer} is True or {other} is True"
                f" else None if {answer} is None or {other} is None else False"
            )
            answer = both
        with self.text.block(f"if {answer} is not False:"), self.rows.apart():
            # What is only shown beside an answer is told where there is one, and nowhere else.
            self._tell(self._only_shown(rule), rule.level.name)
            shown = [self.text.write(value) for _, value in rule.evidence]
            values = f"({', '.join(shown)},)" if shown else "()"
            self.text.line(f"found.append(({place}, {person}, {answer}, {milder}, {values}))")
