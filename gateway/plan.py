"""What does this question ask for, which of it may be shown, and which columns does that take? Nothing is fetched here.

The operation is walked once, as the executor will walk it (fragments, aliases, `@skip` and
`@include` honoured). Everything that must not be forgotten comes from that one walk: what
is decided, what is fetched, what is noted in the log. The walk is kept with the document, and
what was decided of it with the standing of the caller; arguments are read anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    Undefined,
    VariableNode,
    get_named_type,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values

from casework.agreement import Access
from casework.cedar import AgreementSet, Decision, Standing
from casework.resource import Product, of_state, resources
from gateway.asked_about import Listing, Search, Subject, day_of, listing_of, search_of, subject_of
from gateway.document import Document, Limits
from gateway.errors import BadArgument, TooCostly
from gateway.executor.kept import Kept
from gateway.executor.program import conditions
from gateway.executor.writing import variables_in
from gateway.schema.claims import claims_in
from gateway.schema.told import OPEN, Shows
from vocabulary.record import Record
from vocabulary.records.civil_affairs import HouseholdFile

Decide = Callable[[str], Decision]
"""What may be shown of a resource, to this caller, for this purpose."""


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


@dataclass(frozen=True, eq=False)
class Outline:
    """What an operation selects, whatever its arguments; equal only to itself.

    `measured`   the fields whose arguments say whom it is about, or how much of it
    """

    selected: tuple[Selected, ...]
    measured: tuple[Measured, ...]

    @cached_property
    def coordinates(self) -> tuple[str, ...]:
        """What is selected, as `Type.field`, each once."""
        return tuple(dict.fromkeys(f"{each.owner}.{each.field}" for each in self.selected))

    @cached_property
    def claims(self) -> int:
        """How many values it claims."""
        return claims_in(self)


@dataclass(frozen=True, slots=True)
class Measured:
    """A field whose arguments are looked at before anything is fetched.

    `by_variable`   argument → variable, where each is given by a variable or stays at its default
    """

    owner: str
    definition: GraphQLField
    node: FieldNode
    by_variable: Mapping[str, str] | None

    def arguments(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments, coerced. Raises `GraphQLError`."""
        taken = self.by_variable
        if taken is not None and all(variables.get(name) is not None for name in taken.values()):
            return {**_defaults(self.definition), **{to: variables[name] for to, name in taken.items()}}
        return get_argument_values(self.definition, self.node, dict(variables))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in our words: about one household, a list of them, those that are looked for, or about none.

    Those that were looked for and found are the `listing` of the question that is then asked about them.
    """

    document: Document
    outline: Outline
    subject: Subject | None
    on: date
    listing: Listing | None = None
    search: Search | None = None

    @property
    def selected(self) -> tuple[Selected, ...]:
        """The fields that it selects."""
        return self.outline.selected

    @property
    def keys(self) -> tuple[str, ...]:
        """What was given of those asked about; it is personal."""
        if self.listing is not None:
            return self.listing.numbers
        return () if self.subject is None else (self.subject.key,)

    @property
    def is_about_somebody(self) -> bool:
        """Tell whether a household is asked about, known or not."""
        return self.subject is not None or self.listing is not None or self.search is not None


@dataclass(frozen=True, eq=False)
class Granted:
    """What may be shown of what is selected, to one standing; kept, and equal only to itself.

    `decisions`   one for each resource that the question selects
    `columns`     what is fetched in order to be shown, by record type; refused columns are not in it
    `verifies`    whether the records are to be cross-checked
    """

    decisions: Mapping[str, Decision]
    columns: Mapping[type[Record], frozenset[str]]
    verifies: bool

    @cached_property
    def shows_nothing(self) -> bool:
        """Tell whether nothing at all may be shown of what is asked about the household."""
        decided = [self.decisions[name] for name in self.decisions if _is_of_household(name)]
        return bool(decided) and all(decision.outcome is Access.DENIED for decision in decided)

    @cached_property
    def asks_log(self) -> bool:
        """Tell whether the log is asked about, and something of it may be shown."""
        return any(
            name in _OF_LOG and decision.outcome is not Access.DENIED
            for name, decision in self.decisions.items()
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A question, and what may be shown of it."""

    question: Question
    granted: Granted

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """See `Granted`."""
        return self.granted.decisions

    @property
    def columns(self) -> Mapping[type[Record], frozenset[str]]:
        """See `Granted`."""
        return self.granted.columns

    @property
    def verifies(self) -> bool:
        """See `Granted`."""
        return self.granted.verifies

    @property
    def shows_nothing(self) -> bool:
        """See `Granted`."""
        return self.granted.shows_nothing

    @property
    def asks_log(self) -> bool:
        """See `Granted`."""
        return self.granted.asks_log

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
    """What the operation asks for. Raises `BadArgument` and `TooCostly`."""
    outline = _outline(document, schema, shows, limits)
    measured = [_measure(each, document.variables, limits) for each in outline.measured]
    households = [found for found in measured if found is not None]
    if len(households) > 1:
        # One case, one household: many under aliases would be an enumeration.
        raise TooCostly(f"expected one household in a question, got {len(households)}")
    if not households:
        return Question(document, outline, None, today)
    field, arguments = households[0]
    on = day_of(arguments.get("on"), today=today)
    if field == "household":
        return Question(document, outline, subject_of(arguments), on)
    if any(selected.shows in _VERDICT for selected in outline.selected):
        raise TooCostly("expected `verification` of one household; a run verifies many")
    if any(selected.compares for selected in outline.selected):
        # A value claimed of many at once is a guess.
        raise TooCostly("expected `verify` of one household, got it of a list")
    if (arguments.get("numbers") is None) == (arguments.get("region") is None):
        raise BadArgument("expected either `numbers` or `region`, got both or neither", argument="numbers")
    if arguments.get("region") is None:
        return Question(document, outline, None, on, listing_of(arguments, limits))
    return Question(document, outline, None, on, search=search_of(arguments))


def plan(asked: Question, decide: Decide) -> Plan:
    """Decide every resource that the question selects, and prune what is refused. Pure."""
    return Plan(asked, _allowed(asked, decide))


def plan_for(asked: Question, agreements: AgreementSet, standing: Standing) -> Plan:
    """As `plan`, by what the agreements say to a standing; kept for the next question of the kind."""
    allowed = _ALLOWED.of(
        asked.outline,
        agreements,
        key=(standing, asked.is_about_somebody),
        make=lambda: _allowed(asked, lambda name: agreements.decide(name, standing)),
    )
    return Plan(asked, allowed)


def _allowed(asked: Question, decide: Decide) -> Granted:
    decisions = {name: decide(name) for name in dict.fromkeys(_resources_of(asked))}
    columns: dict[type[Record], set[str]] = {}
    verifies = False
    compared = {selected.shows for selected in asked.selected if selected.compares}
    for name, decision in decisions.items():
        found = resources().get(name)
        if found is None or decision.outcome is Access.DENIED:
            continue
        verifies = verifies or name in _VERDICT
        if found.record is not None:
            wanted = columns.setdefault(found.record, set())
            if found.column is not None and (decision.outcome is not Access.VERIFY_ONLY or name in compared):
                wanted.add(found.column)
    return Granted(decisions, {record: frozenset(names) for record, names in columns.items()}, verifies)


KEPT = 512
"""Outlines, and what was decided of them, that are remembered."""

_OUTLINES: Kept[Outline] = Kept(KEPT)
_CONDITIONS: Kept[tuple[str, ...]] = Kept(KEPT)
_ALLOWED: Kept[Granted] = Kept(KEPT)

_VERDICT = frozenset(product.term for product in Product if product.term.startswith("核对结论."))

_OF_LOG = frozenset(product.term for product in Product if product.term.startswith("审计."))


def _is_of_household(name: str) -> bool:
    return name not in _OF_LOG


def _resources_of(asked: Question) -> Iterable[str]:
    names = [selected.shows for selected in asked.selected if selected.shows != OPEN]
    if asked.is_about_somebody and not any(_is_of_household(name) for name in names):
        # That a household is on file is a disclosure too, even when no field of it is asked for.
        names.append(of_state(HouseholdFile))
    return names


def _outline(
    document: Document, schema: GraphQLSchema, shows: Mapping[tuple[str, str], Shows], limits: Limits
) -> Outline:
    """What the operation selects, with the fields that its variables choose. Raises `TooCostly`."""
    operation, fragments = document.operation, document.fragments
    chosen = _CONDITIONS.of(operation, document.tree, make=lambda: conditions(operation, fragments))

    def walked() -> Outline:
        root = schema.get_root_type(operation.operation)
        assert root is not None, "a valid operation has a root type"
        walk = _Walk(schema, document, shows)
        selected = tuple(walk.of(root, operation.selection_set, ()))
        for each in walk.measured:
            _measure(each, document.variables, limits)
        # What no variable changes has been measured for good; what asks for households, each question needs.
        return Outline(selected, tuple(each for each in walk.measured if _varies(each)))

    given = tuple(document.variables.get(name) for name in chosen)
    return _OUTLINES.of(operation, document.tree, schema, shows, limits, key=given, make=walked)


class _Walk:
    """Visits the selected fields in the order in which they will be executed."""

    def __init__(
        self, schema: GraphQLSchema, document: Document, shows: Mapping[tuple[str, str], Shows]
    ) -> None:
        self._schema, self._document, self._shows = schema, document, shows
        self.measured: list[Measured] = []

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
            if definition.args.keys() & _MEASURED:
                self.measured.append(
                    Measured(owner.name, definition, nodes[0], _by_variable(definition, nodes[0]))
                )
            shows = self._shows.get((owner.name, name), Shows(f"{owner.name}.{name}"))
            yield Selected((*path, key), owner.name, name, shows.resource, shows.compares)
            inner = get_named_type(definition.type)
            for node in nodes:
                if isinstance(inner, GraphQLObjectType) and node.selection_set is not None:
                    yield from self.of(inner, node.selection_set, (*path, key))


_MEASURED = frozenset({"first", "number", "idNumber", "numbers", "region"})
"""Arguments that are looked at before anything is fetched."""


def _measure(
    measured: Measured, variables: Mapping[str, Any], limits: Limits
) -> tuple[str, Mapping[str, Any]] | None:
    """Look at the arguments of a field; give name and arguments of one that asks for households. Raises `TooCostly`."""
    arguments = measured.arguments(variables)
    first = arguments.get("first")
    if first is not None and not 1 <= first <= limits.list_items:
        raise TooCostly(f"expected `first` from 1 to {limits.list_items}, got another number")
    return (measured.node.name.value, arguments) if _asks_for_households(measured) else None


def _asks_for_households(measured: Measured) -> bool:
    return measured.owner == "Query" and measured.node.name.value in _HOUSEHOLDS


def _varies(measured: Measured) -> bool:
    given = (argument.value for argument in measured.node.arguments)
    return _asks_for_households(measured) or any(any(variables_in(value)) for value in given)


def _by_variable(definition: GraphQLField, node: FieldNode) -> Mapping[str, str] | None:
    """See `Measured`; where something else is written, graphql-core reads it."""
    taken: dict[str, str] = {}
    for argument in node.arguments:
        if not isinstance(argument.value, VariableNode):
            return None
        taken[_told_as(definition, argument.name.value)] = argument.value.name.value
    return taken


def _defaults(definition: GraphQLField) -> dict[str, Any]:
    return {
        _told_as(definition, name): argument.default_value
        for name, argument in definition.args.items()
        if argument.default_value is not Undefined
    }


def _told_as(definition: GraphQLField, name: str) -> str:
    return definition.args[name].out_name or name


_HOUSEHOLDS = frozenset({"household", "households"})
