"""What happens when a department asks about a household? This is the spine: read it first.

Eight steps, one line each. Whatever goes wrong is one of the errors below, or a value in
the answer: a department that fails is no error.

    step               may fail as
    1 who asks         `NotAuthenticated`
    2 may they         `Refused`, which is noted like an answer
    3 plan             `BadDocument`, `TooCostly`, `BadArgument`
    4 note the intent  `NotLogged`: nobody is asked
    5 fetch            -
    6 judge            -
    7 note the outcome `NotLogged`: no answer leaves
    8 answer           -
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from graphql import GraphQLSchema, OperationType

from casework.agreement import Access
from casework.cedar import AgreementSet, Decision, Standing
from casework.resource import of_column, of_state
from connectors.ask import Ask, Connector
from connectors.federation import ask_all
from connectors.served import ServedBook, answered
from gateway.access import Errand, Refused, needs_consent, read_errand, refusal
from gateway.answer import Coordinates, Told, tell
from gateway.caller import Caller, Trust
from gateway.document import Document, Limits, read
from gateway.errors import BadArgument, BadRequest
from gateway.fetch import (
    ON_FILE,
    AskAll,
    Columns,
    Located,
    SeveralHouseholds,
    fetch,
    in_region,
    locate,
    needed,
)
from gateway.pace import Pacing, TooOften
from gateway.plan import Plan, Question, Subject, plan_for, question
from gateway.trace import Came, Intent, Trace
from gateway.trusted import Documents
from gateway.view import Absence, HouseholdView, MemberView, Shown, sources_of
from verification.pack import NotInForce
from verification.verdict import Verdict
from vocabulary.codes import Department
from vocabulary.evidence import Evidence, Found, NoRecord, SourceFailed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import HouseholdFile, Membership


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came in. Nothing of it is believed yet."""

    text: str | None
    identifier: str | None
    """Of a trusted document, where its text need not be sent."""
    operation_name: str | None
    variables: Mapping[str, Any] | None
    authorization: str | None
    purpose: str | None
    case: str | None
    request: str
    """Our own number for the request: it ties lines of the server log to entries of the audit log."""
    reads_only: bool = False
    """It came in a way in which nothing may be changed."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with its receipt: the proof (tlog-proof) that the log holds the outcome entry."""

    told: Told
    receipt: str


@dataclass(frozen=True, slots=True)
class Judge:
    """How records are cross-checked: under one policy pack and one set of rules.

    `reads`     the columns that the rules need, by record type
    `requires`  returns when the policy pack is in force on a day; raises `NotInForce`
    `verdict`   what they say of one household on one day; pure
    """

    reads: Columns
    requires: Callable[[date], None]
    verdict: Callable[[Evidence, str, date], Verdict]


@dataclass(frozen=True, slots=True)
class Office:
    """All that an inquiry is handed: nothing is global, nothing is looked up by the way."""

    trust: Trust
    agreements: AgreementSet
    connectors: Mapping[Department, Connector]
    trace: Trace
    judge: Judge
    schema: GraphQLSchema
    shows: Coordinates
    limits: Limits
    register_timeout_s: float
    inquiry_timeout_s: float
    clock: Callable[[], datetime]
    today: Callable[[], date]
    documents: Documents
    pacing: Pacing
    served: ServedBook | None = None
    """Where departments' answers are counted, under the index of the intent."""


async def inquire(asked: Asked, office: Office) -> Answered:
    """The answer to one question, with its receipt. Raises what the table above says."""
    caller = office.trust.authenticate(asked.authorization, at=office.clock())  # 1
    async with _refusals_noted(caller, asked, office):
        office.pacing.asks(caller)  # 2
        errand = read_errand(caller, purpose=asked.purpose, case=asked.case)  # 2
        allowed = _decided(_understood(asked, caller, office), caller, errand, office)  # 2 and 3
        intent = await _intent(allowed, caller, errand, asked, office)  # 4
        came = await _gathered(allowed, caller, errand, _asking(intent, office), office)  # 5
        came = _judged(came, office)  # 6
        told = tell(came.plan, await _view(came, office), schema=office.schema, shows=office.shows)
        receipt = await office.trace.outcome(intent, _outcome(told, came))  # 7
        return Answered(told, receipt)  # 8


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What became of a plan: the plan, pruned again now that the region is known, and what was answered."""

    plan: Plan
    located: Located | Absence | None
    evidence: Evidence
    verdict: Verdict | Absence | None = None


@asynccontextmanager
async def _refusals_noted(caller: Caller, asked: Asked, office: Office) -> AsyncIterator[None]:
    try:
        yield
    except Refused as refused:
        if not isinstance(refused, TooOften) or refused.noted:
            await office.trace.refused(
                caller, refused, agreements=office.agreements.hash, request=asked.request
            )
        raise


def _understood(asked: Asked, caller: Caller, office: Office) -> Question:
    """What is asked, of a document that the caller may ask. Raises `Refused`, `TooOften`, and what step 3 raises."""
    text = office.documents.text_of(asked.text, asked.identifier)
    office.documents.require(caller, text)
    read_as = read(
        text,
        operation_name=asked.operation_name,
        variables=asked.variables,
        schema=office.schema,
        limits=office.limits,
    )
    if read_as.introspects:
        office.documents.require_introspection(caller)
    _require_way(read_as, asked)
    wanted = question(
        read_as, schema=office.schema, shows=office.shows, limits=office.limits, today=office.today()
    )
    if wanted.subject is not None:
        office.pacing.asks_about(caller, wanted.subject.key)
    return wanted


def _require_way(read_as: Document, asked: Asked) -> None:
    """Return when what is asked may come in the way in which it came. Raises `BadRequest`."""
    if read_as.operation.operation is OperationType.SUBSCRIPTION:
        raise BadRequest("expected a subscription with `Accept: text/event-stream`", status=406)
    if asked.reads_only and read_as.operation.operation is not OperationType.QUERY:
        raise BadRequest("expected a query, got another operation by GET", status=405, allow=("POST",))


def _decided(
    wanted: Question, caller: Caller, errand: Errand, office: Office, *, inside: bool = True
) -> Plan:
    """The plan for a caller, as if everybody had consented: those who have not are not asked about.

    Raises `Refused` when nothing of what is asked may be shown, even of a household in the caller's region,
    and `BadArgument` for a day of which the policy pack says nothing.
    """
    standing = _standing(caller, errand, inside, office)
    if inside and wanted.subject is not None and wanted.subject.id_number is not None:
        _require_known(caller, office.agreements.decide(_PERSON, standing))
    decided = plan_for(wanted, office.agreements, standing)
    if decided.shows_nothing and inside:
        name, decision = next(
            (name, one) for name, one in decided.decisions.items() if one.outcome is Access.DENIED
        )
        raise refusal(caller, name, decision)
    if decided.verifies:
        _require_in_force(wanted.on, office)
    return decided


_PERSON = of_column(Membership, "person")


def _require_known(caller: Caller, decision: Decision) -> None:
    """Return when the caller sees id numbers in clear: to others, a look-up by one would tell whose pseudonym it is."""
    if decision.outcome is not Access.CLEAR:
        raise refusal(caller, _PERSON, decision)


def _require_in_force(day: date, office: Office) -> None:
    try:
        office.judge.requires(day)
    except NotInForce as error:
        raise BadArgument(str(error), argument="on") from None


def _standing(caller: Caller, errand: Errand, inside: bool, office: Office) -> Standing:
    return Standing(caller.department, caller.post, errand.purpose, inside, True, office.today())


async def _intent(allowed: Plan, caller: Caller, errand: Errand, asked: Asked, office: Office) -> Intent:
    asks = needed(allowed, office.judge.reads) if allowed.question.subject else {}
    return await office.trace.intent(
        caller,
        errand,
        allowed,
        agreements=office.agreements.hash,
        sources={record.department for record in asks},
        request=asked.request,
    )


async def _gathered(allowed: Plan, caller: Caller, errand: Errand, ask: AskAll, office: Office) -> _Gathered:
    """Find the household, decide again for its region, and ask every department at once."""
    if allowed.question.subject is None:
        return _Gathered(allowed, None, Evidence())
    located = await _located(allowed, caller, ask, office)
    if isinstance(located, Absence):
        office.pacing.missed(caller)
    if isinstance(located, SourceFailed):
        failed = {allowed.question.subject.key: located}
        return _Gathered(allowed, _not_told(located), Evidence({HouseholdFile: failed}))
    if isinstance(located, Absence):
        return _Gathered(allowed, located, Evidence())
    inside = located.region.within(caller.region)
    allowed = _decided(allowed.question, caller, errand, office, inside=inside)
    if allowed.shows_nothing:
        # The same words as for a household that does not exist: who may not ask does not learn which it is.
        return _Gathered(allowed, _nothing(caller), Evidence())
    standing = _standing(caller, errand, inside, office)
    columns = needed(allowed, office.judge.reads)
    free = [record for record in columns if _is_free(record, allowed, standing, office)]
    second = columns if allowed.verifies else ()
    evidence = await fetch(located, columns=columns, second=second, free=free, ask=ask)
    return _Gathered(allowed, located, evidence)


async def _located(
    allowed: Plan, caller: Caller, ask: AskAll, office: Office
) -> Located | SourceFailed | Absence:
    """The household asked about. Of a person's several, those in the caller's region are told, and one is taken."""
    wanted, columns = allowed.question, needed(allowed, office.judge.reads)
    today = office.today()
    assert wanted.subject is not None, "asked only when there is one"
    try:
        found = await locate(wanted.subject, on=wanted.on, today=today, columns=columns, ask=ask)
    except SeveralHouseholds as several:
        numbers = await in_region(several.numbers, caller.region, ask=ask)
        if len(numbers) > 1:
            return _several(numbers, allowed)
        one = Subject(numbers[0], None) if numbers else None
        found = await locate(one, on=wanted.on, today=today, columns=columns, ask=ask) if one else None
    return _nothing(caller) if found is None else found


def _is_free(record: type[Record], allowed: Plan, standing: Standing, office: Office) -> bool:
    """Tell whether a record type may be asked about without a person's authorization.

    Of what is shown the agreements say it; of what is only judged by, what is on file anyway is free.
    """
    shown = allowed.columns.get(record)
    if shown is None:
        return record in ON_FILE
    names = [of_state(record), *(of_column(record, name) for name in shown)]
    return not any(
        needs_consent(office.agreements, name, standing) for name in names if name in allowed.decisions
    )


def _asking(intent: Intent, office: Office) -> AskAll:
    """Asks departments within the time that the whole inquiry has left; counts who they answer about."""
    tally = office.served.tally(str(intent.index)) if office.served else None
    ends_at = asyncio.get_running_loop().time() + office.inquiry_timeout_s

    async def ask(asks: list[Ask]) -> Evidence:
        left_s = ends_at - asyncio.get_running_loop().time()
        timeout_s = max(0.0, min(office.register_timeout_s, left_s))
        return await ask_all(office.connectors, asks, timeout_s=timeout_s, clock=office.clock, tally=tally)

    return ask


def _judged(came: _Gathered, office: Office) -> _Gathered:
    if not came.plan.verifies or not isinstance(came.located, Located):
        return came
    household = came.located.household
    if not household.members and isinstance(came.evidence.of(Membership, household.number), Found | NoRecord):
        return replace(came, verdict=Absence("NOBODY_LISTED", f"nobody is listed on {household.on}"))
    return replace(came, verdict=office.judge.verdict(came.evidence, household.number, household.on))


async def _view(came: _Gathered, office: Office) -> Shown:
    """What the schema's fields read."""
    log = await office.trace.head() if came.plan.asks_log else None
    sources = sources_of(came.evidence)
    if isinstance(came.located, Located):
        return Shown(_household_view(came.located, came, office.trace.pseudonym), log, sources)
    return Shown(came.located, log, sources)


def _household_view(located: Located, came: _Gathered, pseudonym: Callable[[str], str]) -> HouseholdView:
    household = located.household
    members = tuple(MemberView(row, pseudonym(row.person), came.evidence) for row in household.members)
    number = household.number
    return HouseholdView(number, household.on, pseudonym(number), members, came.evidence, came.verdict)


def _outcome(told: Told, came: _Gathered) -> Came:
    located, verdict = came.located, came.verdict
    subject = came.plan.question.subject
    subjects = [subject.key] if subject else []
    if isinstance(located, Located):
        subjects += [located.household.number, *(row.person for row in located.household.members)]
    told_of = verdict if isinstance(verdict, Verdict) else None
    found = Counter(finding.rule for finding in told_of.findings) if told_of else {}
    return Came(
        data=told.data,
        subjects=tuple(dict.fromkeys(subjects)),
        sources={name: str(one.get("failure", one["state"])) for name, one in told.sources.items()},
        persons=_answered_about(came.evidence),
        result=located.code if isinstance(located, Absence) else "ANSWERED",
        pack=told_of.pack_hash if told_of else None,
        rules=told_of.ruleset_hash if told_of else None,
        category=str(told_of.category) if told_of else None,
        findings=found,
    )


def _answered_about(evidence: Evidence) -> dict[str, int]:
    """How many persons and households each department answered about, as the evidence shows it."""
    about: dict[str, set[str]] = {}
    for record, answer in evidence.outcomes.items():
        about.setdefault(record.department.value, set()).update(answered(answer))
    return {department: len(subjects) for department, subjects in about.items() if subjects}


def _nothing(caller: Caller) -> Absence:
    return Absence("NO_HOUSEHOLD", f"no such household within your region `{caller.region}`")


def _not_told(failed: SourceFailed) -> Absence:
    return Absence(
        "SOURCE_FAILED",
        f"{failed.department.term} did not say whether there is such a household: {failed.failure.term}",
        {"department": failed.department.value, "failure": failed.failure.value},
    )


def _several(numbers: tuple[str, ...], allowed: Plan) -> Absence:
    shown = allowed.decisions.get(of_column(HouseholdFile, "household"))
    told = {"households": list(numbers)} if shown and shown.outcome is Access.CLEAR else {}
    says = f"expected a person listed with one household, got {len(numbers)}: ask by `number`"
    return Absence("SEVERAL_HOUSEHOLDS", says, told)
