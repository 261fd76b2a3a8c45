"""What does this question ask for, which of it may be shown, and which columns does that take? Nothing is fetched here.

The operation is walked once, as the executor will walk it (fragments, aliases, `@skip` and
`@include` honoured). Everything that must not be forgotten comes from that one walk: what
is decided, what is fetched, what is noted in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values

from casework.agreement import Access
from casework.cedar import Decision
from casework.resource import Product, of_state, resources
from gateway.document import Document, Limits
from gateway.errors import BadArgument, TooCostly
from gateway.schema.told import OPEN, Shows
from vocabulary.errors import MalformedIdNumber
from vocabulary.idnumber import IdNumber
from vocabulary.record import Record
from vocabulary.records.civil_affairs import HouseholdFile

Decide = Callable[[str], Decision]
"""What may be shown of a resource, to this caller, for this purpose."""

LONGEST_NUMBER = 64
"""Characters of a household number (家庭编号)."""


@dataclass(frozen=True, slots=True)
class Selected:
    """One field that the question selects.

    `path`    response keys from the root, without places in lists
    `shows`   the resource that it shows, or `OPEN`; a field nobody declared shows its own coordinate,
              which no agreement names
    `compares`   it tells only whether the resource agrees, for which 仅核验 is enough
    """

    path: tuple[str, ...]
    owner: str
    field: str
    shows: str
    compares: bool = False

    def is_told(self, decision: Decision) -> bool:
        """Tell whether a decision shows the field as it is."""
        comparable = self.compares and decision.outcome is not Access.DENIED
        return comparable or decision.outcome is Access.CLEAR


@dataclass(frozen=True, slots=True)
class Subject:
    """Which household is asked about: by its number, or by the id number of a person listed with it."""

    number: str | None
    id_number: IdNumber | None

    @property
    def key(self) -> str:
        """What was given; it is personal."""
        return self.number if self.number is not None else str(self.id_number)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in our words. `subject` is None when no household is asked about."""

    document: Document
    selected: tuple[Selected, ...]
    subject: Subject | None
    on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """What may be shown of a question, and what it takes.

    `decisions`   one for each resource that the question selects
    `columns`     what is fetched in order to be shown, by record type; refused columns are not in it
    `verifies`    whether the records are to be cross-checked
    """

    question: Question
    decisions: Mapping[str, Decision]
    columns: Mapping[type[Record], frozenset[str]]
    verifies: bool

    @property
    def shows_nothing(self) -> bool:
        """Tell whether nothing at all may be shown of what is asked about the household."""
        decided = [self.decisions[name] for name in self.decisions if _is_of_household(name)]
        return bool(decided) and all(decision.outcome is Access.DENIED for decision in decided)

    @property
    def asks_log(self) -> bool:
        """Tell whether the log is asked about, and something of it may be shown."""
        return any(
            name in _OF_LOG and decision.outcome is not Access.DENIED
            for name, decision in self.decisions.items()
        )

    def withheld(self) -> Iterator[tuple[Selected, Decision]]:
        """What is not shown in clear, field by field, in the order of the question."""
        for selected in self.question.selected:
            if selected.shows != OPEN and not selected.is_told(self.decisions[selected.shows]):
                yield selected, self.decisions[selected.shows]


def question(
    document: Document,
    *,
    schema: GraphQLSchema,
    shows: Mapping[tuple[str, str], Shows],
    limits: Limits,
    today: date,
) -> Question:
    """Walk the operation. Raises `BadArgument` and `TooCostly`."""
    root = schema.query_type
    assert root is not None, "the schema has a query type"
    walk = _Walk(schema, document, shows, limits)
    selected = tuple(walk.of(root, document.operation.selection_set, ()))
    if len(walk.households) > 1:
        # One case, one household: many under aliases would be an enumeration.
        raise TooCostly(f"expected one household in a question, got {len(walk.households)}")
    if not walk.households:
        return Question(document, selected, None, today)
    arguments = walk.households[0]
    return Question(document, selected, _subject(arguments), _day(arguments.get("on"), today=today))


def plan(asked: Question, decide: Decide) -> Plan:
    """Decide every resource that the question selects, and prune what is refused. Pure."""
    decisions = {name: decide(name) for name in dict.fromkeys(_resources_of(asked))}
    columns: dict[type[Record], set[str]] = {}
    verifies = False
    for name, decision in decisions.items():
        found = resources().get(name)
        if found is None or decision.outcome is Access.DENIED:
            continue
        verifies = verifies or name in _VERDICT
        if found.record is not None:
            wanted = columns.setdefault(found.record, set())
            if found.column is not None and decision.outcome is not Access.VERIFY_ONLY:
                wanted.add(found.column)
    return Plan(asked, decisions, {record: frozenset(names) for record, names in columns.items()}, verifies)


_VERDICT = frozenset(product.term for product in Product if product.term.startswith("核对结论."))

_OF_LOG = frozenset(product.term for product in Product if product.term.startswith("审计."))


def _is_of_household(name: str) -> bool:
    return name not in _OF_LOG


def _resources_of(asked: Question) -> Iterable[str]:
    names = [selected.shows for selected in asked.selected if selected.shows != OPEN]
    if asked.subject is not None and not any(_is_of_household(name) for name in names):
        # That a household is on file is a disclosure too, even when no field of it is asked for.
        names.append(of_state(HouseholdFile))
    return names


class _Walk:
    """Visits the selected fields in the order in which they will be executed."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: Document,
        shows: Mapping[tuple[str, str], Shows],
        limits: Limits,
    ) -> None:
        self._schema, self._document, self._shows, self._limits = schema, document, shows, limits
        self.households: list[dict[str, Any]] = []

    def of(
        self, owner: GraphQLObjectType, selections: SelectionSetNode, path: tuple[str, ...]
    ) -> Iterator[Selected]:
        fragments, variables = dict(self._document.fragments), dict(self._document.variables)
        grouped = collect_fields(self._schema, fragments, variables, owner, selections)
        for key, nodes in grouped.items():
            name = nodes[0].name.value
            definition = owner.fields.get(name)
            if definition is None:  # __typename, __schema and __type say nothing of anyone
                continue
            self._look_at(owner, nodes[0], definition)
            shows = self._shows.get((owner.name, name), Shows(f"{owner.name}.{name}"))
            yield Selected((*path, key), owner.name, name, shows.resource, shows.compares)
            inner = get_named_type(definition.type)
            for node in nodes:
                if isinstance(inner, GraphQLObjectType) and node.selection_set is not None:
                    yield from self.of(inner, node.selection_set, (*path, key))

    def _look_at(self, owner: GraphQLObjectType, node: FieldNode, definition: GraphQLField) -> None:
        if not definition.args:
            return
        arguments = get_argument_values(definition, node, dict(self._document.variables))
        if (owner.name, node.name.value) == ("Query", "household"):
            self.households.append(arguments)
        first = arguments.get("first")
        if first is not None and not 1 <= first <= self._limits.list_items:
            raise TooCostly(f"expected `first` from 1 to {self._limits.list_items}, got another number")


def _subject(arguments: Mapping[str, Any]) -> Subject:
    number, written = arguments.get("number"), arguments.get("id_number", arguments.get("idNumber"))
    if (number is None) == (written is None):
        raise BadArgument("expected either `number` or `idNumber`, got both or neither", argument="number")
    if number is not None:
        if not 0 < len(number) <= LONGEST_NUMBER:
            raise BadArgument(f"expected 1 to {LONGEST_NUMBER} characters in `number`", argument="number")
        return Subject(number, None)
    try:
        return Subject(None, IdNumber.parse(str(written)))
    except MalformedIdNumber:
        # The message of the error shows the masked number; here not even that.
        raise BadArgument(
            "expected an id number in `idNumber` that passes GB 11643 (18 characters with its check "
            "character, or 15 digits), got one that does not",
            argument="idNumber",
        ) from None


def _day(given: date | None, *, today: date) -> date:
    if given is not None and given > today:
        raise BadArgument("expected a day in `on` that is not in the future", argument="on")
    return today if given is None else given
