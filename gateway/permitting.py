"""May this be asked, by this caller, in this way? Steps 2 and 3 of an inquiry: nothing is fetched here."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from functools import lru_cache

from graphql import OperationType

from casework.agreement import Access, Purpose, Recipient
from casework.cedar import Decision, Standing
from casework.resource import of_column
from gateway.access import Errand, Refused, read_errand, refusal, require_many
from gateway.acts import deeds_of
from gateway.asked_about import Search
from gateway.caller import Caller
from gateway.cost import require_affordable
from gateway.disputed import department_of, names_record
from gateway.document import Document, read
from gateway.errors import BadArgument, BadRequest
from gateway.office import Asked, Office
from gateway.pace import TooOften
from gateway.plan import Plan, Question, plan_for, question
from gateway.subgraph import read_federated
from gateway.trace import Intent
from gateway.whereabouts import names_place
from verification.pack import NotInForce
from vocabulary.codes import Department
from vocabulary.records.civil_affairs import HouseholdFile, Membership, Person


def permitted(asked: Asked, caller: Caller, office: Office) -> tuple[Errand, Plan]:
    """For what the caller asks, and what of it may be shown.

    Raises `Refused`, `TooOften`, `BadRequest`, `BadDocument`, `TooCostly` and `BadArgument`.
    """
    office.pacing.asks(caller)
    errand = read_errand(caller, purpose=asked.purpose, case=asked.case)
    wanted = _understood(asked, caller, office)
    if wanted.listing is not None or (wanted.search is not None and wanted.search.name is None):
        require_many(caller, errand)
    if wanted.search is not None:
        _require_searchable(wanted, wanted.search, caller, errand, office)
    allowed = decided(wanted, caller, errand, office)
    _require_deeds(allowed, caller)
    return errand, allowed


def decided(wanted: Question, caller: Caller, errand: Errand, office: Office, *, inside: bool = True) -> Plan:
    """The plan for a caller, as if everybody had consented: those who have not are not asked about.

    Raises `Refused` when nothing of what is asked may be shown, even of a household in the caller's region,
    and `BadArgument` for a day of which the policy pack says nothing.
    """
    standing = standing_of(caller, errand, inside, wanted.today)
    if inside and wanted.subject is not None and wanted.subject.id_number is not None:
        _require_known(caller, office.agreements.decide(_PERSON, standing))
    allowed = plan_for(wanted, office.agreements, standing, reads=office.judge.reads)
    if allowed.shows_nothing and inside:
        name, decision = next(
            (name, one) for name, one in allowed.decisions.items() if one.outcome is Access.DENIED
        )
        raise refusal(caller, name, decision)
    if allowed.verifies:
        _require_in_force(wanted.on, office)
    return allowed


_PERSON = of_column(Membership, "person")
_NAME = of_column(Person, "name")
_NUMBER = of_column(HouseholdFile, "household")


def _require_searchable(
    wanted: Question, search: Search, caller: Caller, errand: Errand, office: Office
) -> None:
    """Return when the caller sees in clear what is looked for by, in that region. Raises `Refused`.

    To others a look-up by name would tell whose pseudonym it is, and a list by region who is on file.
    """
    standing = standing_of(caller, errand, search.region.within(caller.region), wanted.today)
    sought = _NUMBER if search.name is None else _NAME
    decision = office.agreements.decide(sought, standing)
    if decision.outcome is not Access.CLEAR:
        raise refusal(caller, sought, decision)


def _require_known(caller: Caller, decision: Decision) -> None:
    """Return when the caller sees id numbers in clear: to others, a look-up by one would tell whose pseudonym it is."""
    if decision.outcome is not Access.CLEAR:
        raise refusal(caller, _PERSON, decision)


def _require_in_force(day: date, office: Office) -> None:
    try:
        office.judge.requires(day)
    except NotInForce as error:
        raise BadArgument(str(error), argument="on") from None


def standing_of(caller: Caller, errand: Errand, inside: bool, today: date) -> Standing:
    """What decisions rest on. `inside` where the household lives in the caller's region."""
    return _standing(caller.department, caller.post, errand.purpose, inside, today)


@lru_cache(maxsize=512)
def _standing(department: Recipient, post: str, purpose: Purpose, inside: bool, today: date) -> Standing:
    """The same object for the same standing, so that what is kept by it is found without comparing it."""
    return Standing(department, post, purpose, inside, True, today)


def intended(
    allowed: Plan, caller: Caller, errand: Errand, asked: Asked, office: Office
) -> Awaitable[Intent]:
    """Note the intent. Raises `NotLogged`."""
    return office.trace.intent(
        caller,
        errand,
        allowed,
        agreements=office.agreements.hash,
        sources=_sources(allowed, office),
        request=asked.request,
    )


def _sources(allowed: Plan, office: Office) -> frozenset[Department]:
    """Who will be asked."""
    if allowed.question.is_about_somebody:
        return allowed.wanted.sources
    deeds = deeds_of(allowed.question.document, office.schema)
    asked = {HouseholdFile.department} if any(names_place(deed.arguments) for deed in deeds) else set()
    disputed = [department_of(deed.arguments) for deed in deeds if names_record(deed.arguments)]
    return frozenset(asked.union(one for one in disputed if one is not None))


async def refusal_noted(refused: Refused, caller: Caller, asked: Asked, office: Office) -> None:
    """Note a refusal, before it is told. Raises `NotLogged`."""
    if not isinstance(refused, TooOften) or refused.noted:
        await office.trace.refused(caller, refused, agreements=office.agreements.hash, request=asked.request)


def _understood(asked: Asked, caller: Caller, office: Office) -> Question:
    """What is asked, of a document that the caller may ask. Raises `Refused`, `TooOften`, and what step 3 raises."""
    text = office.documents.text_of(asked.text, asked.identifier)
    office.documents.require(caller, text)
    read_as = _read(text, asked, office)
    if read_as.introspects:
        office.documents.require_introspection(caller)
    require_affordable(read_as, office.schema, most=office.limits.cost)
    _require_way(read_as, asked)
    wanted = question(
        read_as, schema=office.schema, shows=office.shows, limits=office.limits, today=office.today()
    )
    if wanted.search is not None:
        office.pacing.lists(caller, wanted.search.first)
    elif wanted.listing is not None:
        office.pacing.lists(caller, len(wanted.keys))
    elif wanted.subject is not None:
        office.pacing.asks_about(caller, wanted.subject.key, claims=wanted.outline.claims)
    return wanted


def _read(text: str, asked: Asked, office: Office) -> Document:
    name, variables, limits = asked.operation_name, asked.variables, office.limits
    if office.federated is None:
        return read(text, operation_name=name, variables=variables, schema=office.schema, limits=limits)
    return read_federated(
        text,
        operation_name=name,
        variables=variables,
        schema=office.schema,
        federated=office.federated,
        limits=limits,
    )


def _require_way(read_as: Document, asked: Asked) -> None:
    """Return when what is asked may come in the way in which it came. Raises `BadRequest`."""
    if read_as.operation.operation is OperationType.SUBSCRIPTION and not asked.follows:
        raise BadRequest("expected a subscription with `Accept: text/event-stream`", status=406)
    if asked.reads_only and read_as.operation.operation is not OperationType.QUERY:
        raise BadRequest("expected a query, got another operation by GET", status=405, allow=("POST",))


def _require_deeds(allowed: Plan, caller: Caller) -> None:
    """Return when everything that is to be done, or followed, may be: half of it would be neither."""
    if allowed.question.document.operation.operation is OperationType.QUERY:
        return
    for selected in allowed.question.selected:
        decision = allowed.decisions.get(selected.shows)
        if decision is not None and decision.outcome is not Access.CLEAR:
            raise refusal(caller, selected.shows, decision)
