"""Which comparisons of a rule does a test stand at? Each is moved by one unit, and somebody must notice.

A comparison `a < b` has two borders: where both are equal, and where `a` is one fen, day, month or
number less. Written `a <= b` it would answer otherwise at the first alone, written `a + 1 < b` at the
second alone. A rule stands firm at a border if such a change gives another answer in one of the stories
or of the neighbours (`neighbours.py`): if nobody notices, no test looks there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from demo.story import Story, load_all, read_story
from demo.story_check import pack_of
from tests.verification.neighbours import NEIGHBOURS, text_of_story
from tests.verification.neighbours_at_borders import AT_BORDERS
from tests.verification.neighbours_of_lines import LINES
from verification.catalogue import CATALOGUE
from verification.crosscheck import reads
from verification.freshness import usable
from verification.language.case import case_of
from verification.language.describe import words
from verification.language.expression import Expr
from verification.language.functions import plus_days
from verification.language.kinds import Kind
from verification.language.level import FactOf
from verification.language.rule import Catalogue, Rule, _behind
from verification.language.to_python import Case, Judge
from verification.pack import Pack

OTHER = {"lt": "le", "le": "lt", "gt": "ge", "ge": "gt"}
STEP = {"lt": 1, "le": -1, "gt": -1, "ge": 1}
UNITS = {Kind.FEN: "fen", Kind.DATE: "day", Kind.MONTH: "month", Kind.NUMBER: "number"}
EQUAL, BESIDE = "equal", "one beside"


@dataclass(frozen=True)
class Border:
    """A comparison of one rule that no other rule has a part in: the same node, wherever it is written."""

    rule: Rule
    nodes: tuple[Expr, ...]

    @property
    def name(self) -> str:
        """The rule, what is compared, and how, in words."""
        node = self.nodes[0]
        return f"{self.rule.number} {UNITS[node.args[0].kind]} {node.op} {words(node, 'en')}"


@cache
def borders() -> tuple[Border, ...]:
    """The comparisons that each rule has for itself."""
    found: dict[str, dict[int, Expr]] = {}
    of: dict[str, set[str]] = {}
    for rule in CATALOGUE.rules:
        for node in nodes_below(rule.deciding()):
            if node.op in OTHER:
                found.setdefault(node.digest, {})[id(node)] = node
                of.setdefault(node.digest, set()).add(rule.number)
    told = {node.digest for node in nodes_below(CATALOGUE.told)}
    rules = {rule.number: rule for rule in CATALOGUE.rules}
    return tuple(
        Border(rules[next(iter(of[digest]))], tuple(nodes.values()))
        for digest, nodes in found.items()
        if len(of[digest]) == 1 and digest not in told
    )


def nodes_below(exprs: Iterable[Expr]) -> Iterator[Expr]:
    """Every node, of the facts that are used and of the rows that these are drawn from; each object once."""
    todo, seen = list(exprs), set()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        todo += [*node.args, *_behind(node)]
        if isinstance(node, FactOf) and node.definition.expr is not None:
            todo.append(node.definition.expr)


@contextmanager
def moved(border: Border, where: str) -> Iterator[None]:
    """The comparison changed so that it answers otherwise where both are equal, or one unit beside, and nowhere else."""
    before = [(node, node.op, node.args) for node in border.nodes]
    try:
        for node, op, (left, right) in before:
            if where == EQUAL:
                object.__setattr__(node, "op", OTHER[op])
            else:
                object.__setattr__(node, "args", (_stepped(left, STEP[op]), right))
        yield
    finally:
        for node, op, args in before:
            object.__setattr__(node, "op", op)
            object.__setattr__(node, "args", args)


def _stepped(expr: Expr, step: int) -> Expr:
    return plus_days(expr, step) if expr.kind is Kind.DATE else expr + step


def noticed(border: Border, where: str) -> bool:
    """Whether some story or neighbour of the rule gets another answer by the changed comparison."""
    rule = border.rule
    for place, (pack, cases) in enumerate(cases_of(rule.number)):
        before = answers_before(rule, place)
        with moved(border, where):
            if answers(rule, pack, cases) != before:
                return True
    return False


@cache
def answers_before(rule: Rule, place: int) -> list[object]:
    """What the rule answers as it stands, in the cases of one of the packs."""
    return answers(rule, *cases_of(rule.number)[place])


def answers(rule: Rule, pack: Pack, cases: Sequence[Case]) -> list[object]:
    judge = Judge(Catalogue(CATALOGUE.member, CATALOGUE.household, [rule]), pack)
    return [
        [
            (each.person, each.answer, each.severity, sorted(each.evidence.items()))
            for each in judge.judge(case).found
        ]
        for case in cases
    ]


@cache
def cases_of(rule: str) -> list[tuple[Pack, list[Case]]]:
    """The stories in which a rule is told of, and its neighbours, by pack."""
    found: dict[str, tuple[Pack, list[Case]]] = {}
    for story in stories_of(rule):
        pack = pack_of(story)
        evidence = usable(story.evidence(reads()), pack, story.on)
        case = case_of(evidence, household=story.household, on=story.on, reads=reads())
        found.setdefault(pack.hash, (pack, []))[1].append(case)
    return list(found.values())


def stories_of(rule: str) -> Iterator[Story]:
    yield from (story for story in load_all() if story.id.startswith(rule) or rule in _expected(story))
    given = [({"records": yes}, {"records": no}) for number, _, yes, no in NEIGHBOURS if number == rule]
    for pair in given + [(yes, no) for number, _, yes, no in [*LINES, *AT_BORDERS] if number == rule]:
        yield from (read_story("r.yaml", text_of_story(**each)) for each in pair)


def _expected(story: Story) -> Iterable[str]:
    return story.expect.get("findings", {})  # type: ignore[return-value] # a mapping, as it was read
