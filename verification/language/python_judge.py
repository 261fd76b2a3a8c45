"""How is the function written that judges a household? Facts of household and members in turns, then the rules."""

from __future__ import annotations

from collections.abc import Iterable

from verification.language.expression import Expr
from verification.language.kinds import Kind
from verification.language.level import (
    HOUSEHOLD,
    MEMBER,
    Definition,
    FactOf,
    Level,
    MemberRows,
    facts_in,
    members_facts_in,
)
from verification.language.parameter import Pack
from verification.language.python_guards import Guards, guards_of
from verification.language.python_rows import RowsText
from verification.language.python_text import Text
from verification.language.python_wanted import looked_at
from verification.language.rule import Catalogue, Rule
from verification.language.source import ColumnOf
from verification.language.values import month_told


class Writer:
    """Writes `judge`, and `of_day` for what it is given of the day.

    `plain`   for cases in which nothing is unknown; where something is after all, it raises `NotPlain`
    """

    def __init__(self, catalogue: Catalogue, pack: Pack, *, plain: bool = False) -> None:
        self.catalogue = catalogue
        self.text = Text(pack, self._name, plain=plain, of_day=True)
        self.text.constants["month_told"] = month_told
        self.rows = RowsText(self.text, looked_at(catalogue.nodes()))
        decisive = catalogue.decisive
        self.facts: dict[str, list[Definition]] = {}
        self.shown: dict[str, list[Definition]] = {}
        for level in self._levels():
            needed = catalogue.definitions(level)
            decides = {
                each.name for each in needed if each.expr is None or (level.name, each.name) in decisive
            }
            self.facts[level.name] = [each for each in needed if each.name in decides]
            self.shown[level.name] = [each for each in needed if each.name not in decides]
        self._guards = guards_of(catalogue) if plain else {}
        self._lasting = frozenset(self._looked_at_later())
        first = len(self._of_everybody())
        self.places = {found.name: first + place for place, found in enumerate(self._members_facts())}

    def whole(self) -> str:
        """The text of the function."""
        for expr in self.catalogue.expressions():
            self.text.expect(expr)
        always = (found for found in self.facts[HOUSEHOLD] if not self._guards_of(found, HOUSEHOLD))
        self.rows.prepare(found.expr for found in (*always, *self.facts[MEMBER]))
        turns = {found.turn for found in (*self.facts[MEMBER], *self.facts[HOUSEHOLD])}
        for turn in range(max([*turns, 1]) + 1):
            self._turn(turn)
        self._rules()
        day = self.text.day
        assert day is not None
        taken = [f"    {day.taken()} = day"] if day.names else []
        given = "h_household, h_on, h_month, day, listed, tables, hmask, masks"
        return "\n".join([day.whole(), f"def judge({given}):", *taken, *self.text.lines])

    def _levels(self) -> tuple[Level, Level]:
        return self.catalogue.household, self.catalogue.member

    def _members_facts(self) -> list[Definition]:
        """The members' facts that last, in the order of their places in a member's list: by turn, as defined."""
        lasting = (found for found in self.facts[MEMBER] if found.name in self._lasting)
        return sorted(lasting, key=lambda found: found.turn)

    def _looked_at_later(self) -> Iterable[str]:
        """The members' facts at which something looks after the turn in which they are told."""
        yield from _members_facts_of(*self.catalogue.expressions())
        for level in self._levels():
            for found in (*self.facts[level.name], *self.shown[level.name]):
                first = level.name == MEMBER and found.turn == 1 and found in self.facts[MEMBER]
                if found.expr is not None and not first:
                    yield from _members_facts_of(found.expr)

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
            self._tell_guarded([found for found in self.facts[HOUSEHOLD] if found.turn == turn], HOUSEHOLD)
            return
        mine = [found for found in self.facts[MEMBER] if found.turn == turn]
        if turn > 1 and not mine:
            return
        if turn == 1:
            self.text.line("members = []")
        # The aggregates over members have `m` for themselves.
        with self.text.block("for m in listed:" if turn == 1 else "for own in members:"):
            if turn == 1:
                self.text.line("p = m.person")
                if not self.text.plain:
                    self.text.line("pmask = masks.get(p, 0)")
            else:
                self._at_hand(mine)
            self._tell_guarded(mine, MEMBER)
            new = [f"m_{found.name}" for found in self._members_facts() if found.turn == turn]
            if turn == 1:
                self.text.line(f"members.append([{', '.join([*self._of_everybody(), *new])}])")
            elif new:  # at places at which nobody looks before the turn is over
                self.text.line(f"own += ({', '.join(new)},)")

    def _of_everybody(self) -> list[str]:
        """What stands before the facts in a member's list."""
        return ["p"] if self.text.plain else ["p", "pmask"]

    def _at_hand(self, facts: list[Definition]) -> None:
        """What some facts use of a member, out of its list."""
        used = {each.definition.name for found in facts for each in facts_in(found.expr)}
        for name in self._of_everybody():
            self.text.line(f"{name} = own[{self._of_everybody().index(name)}]")
        for found in self._members_facts():
            if found.name in used and found not in facts:
                self.text.line(f"m_{found.name} = own[{self.places[found.name]}]")

    def _tell_guarded(self, facts: list[Definition], level: str) -> None:
        """Facts of one turn, those that need not be told of every household beneath what must hold there."""
        apart: dict[Guards, list[Definition]] = {}
        for found in facts:
            apart.setdefault(self._guards_of(found, level), []).append(found)
        self._tell(apart.pop(frozenset(), []), level)
        # Whatever uses a fact has its guards, and perhaps more.
        for guards in sorted(apart, key=lambda guards: (len(guards), sorted(guards))):
            for found in apart[guards]:
                self.text.line(f"{level[0]}_{found.name} = {_untold(found)}")
            with (
                self.text.block(f"if {' and '.join(f'h_{name}' for name in sorted(guards))}:"),
                self.rows.apart(),
            ):
                self._tell(apart[guards], level)

    def _guards_of(self, found: Definition, level: str) -> Guards:
        """What must hold for a fact to be told; nothing, where it is told of every household."""
        told = found.turn == 0 or not _untold(found)
        return frozenset() if told else self._guards.get((level, found.name), frozenset())

    def _tell(self, facts: list[Definition], level: str) -> None:
        """Facts of one turn. Those of one source are gathered in one pass where nothing stands between."""
        left = [found for found in facts if level == MEMBER or not self._of_day(found)]
        if level == HOUSEHOLD:
            self.rows.prepare(found.expr for found in left)
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

    def _of_day(self, found: Definition) -> bool:
        """Whether a fact of the household is given, with the case or with the day."""
        assert self.text.day is not None
        return found.expr is None or self.text.day.tells(found.expr)

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
        self.text.line("told = {}")
        with self.text.block("for m in members:"):
            told = [*self._of_everybody(), *(f"m_{found.name}" for found in self._members_facts())]
            self.text.line(f"{', '.join(told)}, = m")
            for place, rule in rules:
                if rule.level.name == MEMBER:
                    self._rule(place, rule, "p")
            self.text.line(f"told[p] = {self._told(MEMBER)}")
        self.text.line(f"return {self._told(HOUSEHOLD)}, told, found")

    def _told(self, level: str) -> str:
        facts = [fact for fact in self.catalogue.told if fact.level.name == level]
        return f"{{{', '.join(f'{str(fact.constants[1])!r}: {self._result(fact)}' for fact in facts)}}}"

    def _result(self, fact: FactOf) -> str:
        """What leaves the function: as `values.result` says."""
        day = self.text.day
        of_day = day is not None and day.tells(fact) and not self.text.doubtful(fact) and not fact.optional
        if day is not None and of_day and fact.kind is Kind.MONTH:
            return day.name_made(fact, "month_told({})")
        return self._told_of(fact)

    def _told_of(self, fact: FactOf) -> str:
        name = self.text.name(fact)
        told = name
        if fact.kind is Kind.MONTH:
            told = f"month_told({name})"
        elif fact.codes is not None:
            told = f"{self.text.constant({str(code): code for code in fact.codes})}[{name}]"
        if fact.optional and told != name:
            told = f"({name} if {name} is ABSENT else {told})"
        return f"(UNKNOWN if {name} is None else {told})" if self.text.doubtful(fact) else told

    def _rule(self, place: int, rule: Rule, person: str) -> None:
        answer, milder = self._answer(rule)
        test, verdict = (answer, "True") if self.text.plain else (f"{answer} is not False", answer)
        with self.text.block(f"if {test}:"), self.rows.apart():
            # What is only shown beside an answer is told where there is one, and nowhere else.
            shown_only = self._only_shown(rule)
            self.rows.prepare(found.expr for found in shown_only)
            self._tell(shown_only, rule.level.name)
            shown = [self.text.write(value) for _, value in rule.evidence]
            values = f"({', '.join(shown)},)" if shown else "()"
            self.text.line(f"found.append(({place}, {person}, {verdict}, {milder}, {values}))")

    def _answer(self, rule: Rule) -> tuple[str, str]:
        """What a rule answers, and whether it does so in its milder form."""
        if rule.milder is None:
            condition = rule.condition
            return (self.text.write(condition) if self.text.plain else self.text.name(condition)), "False"
        answer, other = self.text.name(rule.condition), self.text.name(rule.milder[1])
        both, milder = self.text.fresh(), self.text.fresh()
        self.text.line(f"{milder} = {answer} is not True and {other} is True")
        self.text.line(
            f"{both} = True if {answer} is True or {other} is True"
            f" else None if {answer} is None or {other} is None else False"
        )
        return both, milder


def _members_facts_of(*exprs: Expr) -> Iterable[str]:
    """The members' facts at which expressions look, as facts or as columns of the members' rows."""
    for expr in exprs:
        yield from (fact.definition.name for fact in facts_in(expr) if fact.level.name == MEMBER)
        yield from (found.name for found in members_facts_in(expr))


def _untold(found: Definition) -> str | None:
    """What stands for a fact that is not told: of its kind, so that nothing fails on it; None where nothing can."""
    return "ABSENT" if found.holds.optional else _UNTOLD.get(found.holds.kind)


_UNTOLD = {Kind.FLAG: "False", Kind.FEN: "0", Kind.NUMBER: "0", Kind.MONTH: "0", Kind.TEXT: "''"}
