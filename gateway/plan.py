"""What does this question ask for, which of it may be shown, and which columns does that take? Nothing is fetched here.

Everything that must not be forgotten comes from one walk of the operation (`gateway.outline`): what is
decided, what is fetched, what is noted in the log. What was decided is kept with the standing of the
caller; arguments are read anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import msgspec
from graphql import GraphQLSchema

from casework.agreement import Access
from casework.cedar import AgreementSet, Decision, Standing
from casework.resource import Product, of_state, resources
from gateway.access import needs_consent
from gateway.asked_about import Listing, Search, Subject, day_of, listing_of, search_of, subject_of
from gateway.document import Document, Limits
from gateway.errors import BadArgument, TooCostly
from gateway.executor.kept import Kept
from gateway.outline import KEPT, VERDICT, Outline, Selected, measure, outline_of
from gateway.schema.told import OPEN, Shows
from gateway.wanted import Columns, Wanted, wanted
from vocabulary.record import Record
from vocabulary.records.civil_affairs import HouseholdFile

Decide = Callable[[str], Decision]
"""What may be shown of a resource, to this caller, for this purpose."""


class Question(msgspec.Struct, frozen=True):
    """What is asked, in our words: about one household, a list of them, those that are looked for, or about none.

    Those that were looked for and found are the `listing` of the question that is then asked about them.

    `today`   the day of asking, whatever day is asked about
    """

    document: Document
    outline: Outline
    subject: Subject | None
    on: date
    today: date
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
    `wanted`      what is fetched for it; of what is refused nothing is
    `verifies`    whether the records are to be cross-checked
    """

    decisions: Mapping[str, Decision]
    wanted: Wanted
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


class Plan(msgspec.Struct, frozen=True):
    """A question, and what may be shown of it."""

    question: Question
    granted: Granted

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """See `Granted`."""
        return self.granted.decisions

    @property
    def wanted(self) -> Wanted:
        """See `Granted`."""
        return self.granted.wanted

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
    outline = outline_of(document, schema, shows, limits)
    measured = [measure(each, document.variables, limits) for each in outline.measured]
    households = [found for found in measured if found is not None]
    if len(households) > 1:
        # One case, one household: many under aliases would be an enumeration.
        raise TooCostly(f"expected one household in a question, got {len(households)}")
    if not households:
        return Question(document, outline, None, today, today)
    field, arguments = households[0]
    on = day_of(arguments.get("on"), today=today)
    if field == "household":
        return Question(document, outline, subject_of(arguments), on, today)
    if outline.verifies:
        raise TooCostly("expected `verification` of one household; a run verifies many")
    if outline.compares:
        # A value claimed of many at once is a guess.
        raise TooCostly("expected `verify` of one household, got it of a list")
    if (arguments.get("numbers") is None) == (arguments.get("region") is None):
        raise BadArgument("expected either `numbers` or `region`, got both or neither", argument="numbers")
    if arguments.get("region") is None:
        return Question(document, outline, None, on, today, listing_of(arguments, limits))
    return Question(document, outline, None, on, today, search=search_of(arguments))


def plan(asked: Question, decide: Decide) -> Plan:
    """Decide every resource that the question selects, and prune what is refused. Pure."""
    return Plan(asked, _allowed(asked, decide, reads={}, consented=lambda _: False))


def plan_for(asked: Question, agreements: AgreementSet, standing: Standing, *, reads: Columns) -> Plan:
    """As `plan`, by what the agreements say to a standing; kept for the next question of this very standing.

    `reads`   what is judged by, if anything is
    """
    allowed = _ALLOWED.of(
        asked.outline,
        agreements,
        standing,
        reads,
        key=asked.is_about_somebody,
        make=lambda: _allowed(
            asked,
            lambda name: agreements.decide(name, standing),
            reads=reads,
            consented=lambda name: needs_consent(agreements, name, standing),
        ),
    )
    return Plan(asked, allowed)


def _allowed(asked: Question, decide: Decide, *, reads: Columns, consented: Callable[[str], bool]) -> Granted:
    decisions = {name: decide(name) for name in dict.fromkeys(_resources_of(asked))}
    columns: dict[type[Record], set[str]] = {}
    hidden: dict[type[Record], set[str]] = {}
    verifies = False
    compared = {selected.shows for selected in asked.selected if selected.compares}
    for name, decision in decisions.items():
        found = resources().get(name)
        if found is None or decision.outcome is Access.DENIED:
            continue
        verifies = verifies or name in VERDICT
        if found.record is not None:
            some = columns.setdefault(found.record, set())
            if found.column is not None and (decision.outcome is not Access.VERIFY_ONLY or name in compared):
                some.add(found.column)
                if decision.outcome is Access.MASKED and name not in compared:
                    hidden.setdefault(found.record, set()).add(found.column)
    asks = wanted(
        _frozen(columns),
        _frozen(hidden),
        reads=reads if verifies else {},
        needs_consent=lambda name: name in decisions and consented(name),
    )
    return Granted(decisions, asks, verifies)


def _frozen(columns: Mapping[type[Record], set[str]]) -> dict[type[Record], frozenset[str]]:
    return {record: frozenset(names) for record, names in columns.items()}


_ALLOWED: Kept[Granted] = Kept(KEPT)

_OF_LOG = frozenset(product.term for product in Product if product.term.startswith("审计."))


def _is_of_household(name: str) -> bool:
    return name not in _OF_LOG


def _resources_of(asked: Question) -> Iterable[str]:
    names = [selected.shows for selected in asked.selected if selected.shows != OPEN]
    if asked.is_about_somebody and not any(_is_of_household(name) for name in names):
        # That a household is on file is a disclosure too, even when no field of it is asked for.
        names.append(of_state(HouseholdFile))
    return names
