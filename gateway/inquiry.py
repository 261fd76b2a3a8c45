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

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import msgspec

from audit.kinds import MOST_SUBJECTS
from casework.agreement import Access
from casework.resource import of_column
from gateway.access import Errand, Refused
from gateway.acts import deeds_of, done
from gateway.answer import Told, tell
from gateway.asked_about import Listing, Search, Subject
from gateway.asking import Asking
from gateway.caller import Caller
from gateway.decision_record import record_of
from gateway.disputed import Sight
from gateway.fetch import (
    AskAll,
    Located,
    SeveralHouseholds,
    fetch,
    in_region,
    locate,
    locate_each,
    together,
)
from gateway.nearness import close
from gateway.office import Answered, Asked, Office
from gateway.permitting import decided, intended, permitted, refusal_noted, standing_of
from gateway.plan import Plan
from gateway.searching import search
from gateway.trace import Came
from gateway.view import Absence, EdgeView, HouseholdView, ListView, MemberView, PageView, Shown, sources_of
from verification.verdict import Verdict
from vocabulary.evidence import Evidence, Found, NoRecord, Outcome, SourceFailed
from vocabulary.records.civil_affairs import HouseholdFile, Membership


async def inquire(asked: Asked, office: Office) -> Answered:
    """The answer to one question, with its receipt. Raises what the table above says."""
    caller = await office.trust.caller(asked.authorization, at=office.clock())  # 1
    return await inquire_for(caller, asked, office)


async def inquire_for(caller: Caller, asked: Asked, office: Office) -> Answered:
    """The same for somebody whom we know: the pages for people have signed them in."""
    try:
        errand, allowed = permitted(asked, caller, office)  # 2 and 3
        return await answered_of(allowed, caller, errand, asked, office)
    except Refused as refused:
        await refusal_noted(refused, caller, asked, office)
        raise


async def answered_of(
    allowed: Plan, caller: Caller, errand: Errand, asked: Asked, office: Office
) -> Answered:
    """Steps 4 to 8. Raises `NotLogged`."""
    intent = await intended(allowed, caller, errand, asked, office)  # 4
    with Asking(intent, office) as ask:
        came = await _gathered(allowed, caller, errand, ask, office)  # 5
    came = _judged(came, office)  # 6
    told = tell(came.plan, await _view(came, office), schema=office.schema, shows=office.shows)
    form = allowed.question.document.form
    told = told if form is None else form.of(told)
    noted = await office.trace.outcome(intent, _outcome(told, came, caller, ask, office))  # 7
    return Answered(told, told.written, noted.receipt, noted.decided, ask.hedged)  # 8


class _Gathered(msgspec.Struct, frozen=True):
    """What became of a plan: the plan, pruned again now that the region is known, and what was answered."""

    plan: Plan
    located: Located | Absence | None
    evidence: Evidence
    verdict: Verdict | Absence | None = None
    deeds: Mapping[str, object] = {}
    listed: Mapping[str, Located | Absence] = {}
    """The households of a list, by number."""
    page: Listing | None = None
    """Where in the whole they stand."""
    sought: tuple[str, ...] = ()
    """Whom a search was answered about, on the list or not; and who was asked about before something was done."""


async def _gathered(allowed: Plan, caller: Caller, errand: Errand, ask: Asking, office: Office) -> _Gathered:
    """Find the household, decide again for its region, and ask every department at once."""
    if allowed.question.search is not None:
        return await _gathered_search(allowed, allowed.question.search, caller, errand, ask, office)
    if allowed.question.listing is not None:
        return await _gathered_list(allowed, allowed.question.listing, caller, errand, ask, office)
    if allowed.question.subject is None:
        deeds = deeds_of(allowed.question.document, office.schema)
        today = allowed.question.today
        standing = standing_of(caller, errand, True, today)
        sight = Sight(office.agreements, standing, office.authorized, office.trace.pseudonym)
        came, heard = await done(deeds, office.acts, caller, sight=sight, on=today, ask=ask)
        return _Gathered(allowed, None, heard, deeds=came, sought=_asked_about(heard))
    located = await _located(allowed, caller, ask, office)
    if isinstance(located, Absence):
        office.pacing.missed(caller)
    if isinstance(located, SourceFailed):
        failed = {allowed.question.subject.key: located}
        return _Gathered(allowed, _not_told(located), Evidence({HouseholdFile: failed}))
    if isinstance(located, Absence):
        return _Gathered(allowed, located, Evidence())
    inside = located.region.within(caller.region)
    if not inside:  # so far it was decided as if it were
        allowed = decided(allowed.question, caller, errand, office, inside=False)
    if allowed.shows_nothing:
        # The same words as for a household that does not exist: who may not ask does not learn which it is.
        office.pacing.missed(caller)
        return _Gathered(allowed, _nothing(caller), Evidence())
    return _Gathered(allowed, located, await fetch([located], allowed.wanted, ask=ask))


def _asked_about(heard: Evidence) -> tuple[str, ...]:
    """Everybody, persons and households, about whom somebody was asked."""
    return tuple(dict.fromkeys(key for outcomes in heard.outcomes.values() for key in outcomes))


async def _gathered_search(
    allowed: Plan, wanted: Search, caller: Caller, errand: Errand, ask: Asking, office: Office
) -> _Gathered:
    """Find who is looked for, then go on as for a list that was given."""
    page = await search(wanted, on=allowed.question.on, ask=ask, find=ask.find)
    if isinstance(page, SourceFailed):
        failed = Evidence({HouseholdFile: {str(wanted.region): page}})
        return _Gathered(allowed, _not_told(page), failed)
    listing = page.listing
    if not listing.numbers:
        office.pacing.missed(caller)
        return _Gathered(allowed, None, page.evidence, page=listing, sought=page.sought)
    inside = wanted.region.within(caller.region)
    allowed = decided(allowed.question, caller, errand, office, inside=inside)
    came = await _gathered_list(allowed, listing, caller, errand, ask, office, page.sought)
    return msgspec.structs.replace(came, evidence=together(page.evidence, came.evidence))


async def _gathered_list(
    allowed: Plan,
    listing: Listing,
    caller: Caller,
    errand: Errand,
    ask: AskAll,
    office: Office,
    sought: tuple[str, ...] = (),
) -> _Gathered:
    """As for one household, but asked about together. One outside the region is told only if that makes no difference."""
    asked = allowed.question
    found = await locate_each(
        listing.numbers,
        on=asked.on,
        today=asked.today,
        wanted=allowed.wanted,
        ask=ask,
        authorized=office.authorized,
    )
    listing = listing.cut(_nameable(found, besides=(*asked.keys, *sought)))
    outside = decided(asked, caller, errand, office, inside=False)
    listed: dict[str, Located | Absence] = {}
    failed: dict[str, Outcome] = {}
    for number in listing.numbers:
        one = found[number]
        if isinstance(one, SourceFailed):
            listed[number], failed[number] = _not_told(one), one
        elif one is None or not (one.region.within(caller.region) or outside.decisions == allowed.decisions):
            listed[number] = _nothing(caller)
            office.pacing.missed(caller)
        else:
            listed[number] = one
    present = [one for one in listed.values() if isinstance(one, Located)]
    evidence = await fetch(present, allowed.wanted, ask=ask) if present else Evidence()
    evidence = together(evidence, Evidence({HouseholdFile: failed})) if failed else evidence
    return _Gathered(allowed, None, evidence, listed=listed, page=listing, sought=sought)


def _nameable(found: Mapping[str, Located | SourceFailed | None], *, besides: Iterable[str]) -> int:
    """How many of these, from the first, one entry of the log can name with all who belong to them: one or more."""
    named = {*besides}
    members = [len(one.household.members) for one in found.values() if isinstance(one, Located)]
    if len(named) + len(found) + sum(members) <= MOST_SUBJECTS:
        return len(found)
    for place, (number, one) in enumerate(found.items()):
        named.add(number)
        if isinstance(one, Located):
            named.update(row.person for row in one.household.members)
        if len(named) > MOST_SUBJECTS:
            return max(1, place)
    return len(found)


async def _located(
    allowed: Plan, caller: Caller, ask: AskAll, office: Office
) -> Located | SourceFailed | Absence:
    """The household asked about. Of a person's several, those in the caller's region are told, and one is taken."""
    asked = allowed.question
    find = partial(
        locate,
        on=asked.on,
        today=asked.today,
        wanted=allowed.wanted,
        ask=ask,
        authorized=office.authorized,
    )
    assert asked.subject is not None, "asked only when there is one"
    try:
        found = await find(asked.subject)
    except SeveralHouseholds as several:
        numbers = await in_region(several.numbers, caller.region, ask=ask)
        if len(numbers) > 1:
            return _several(numbers, allowed)
        one = Subject(numbers[0], None) if numbers else None
        found = await find(one) if one else None
    return _nothing(caller) if found is None else found


def _judged(came: _Gathered, office: Office) -> _Gathered:
    if not came.plan.verifies or not isinstance(came.located, Located):
        return came
    household = came.located.household
    if not household.members and isinstance(came.evidence.of(Membership, household.number), Found | NoRecord):
        return msgspec.structs.replace(
            came, verdict=Absence("NOBODY_LISTED", f"nobody is listed on {household.on}")
        )
    return msgspec.structs.replace(
        came, verdict=office.judge.verdict(came.evidence, household.number, household.on)
    )


async def _view(came: _Gathered, office: Office) -> Shown:
    """What the schema's fields read."""
    log = await office.trace.head() if came.plan.asks_log else None
    sources = sources_of(came.evidence)
    if came.page is not None:
        return Shown(None, log, sources, listed=_list_view(came.page, came, office.trace.pseudonym))
    if came.plan.question.search is not None:
        assert isinstance(came.located, Absence), "without a page somebody has said why there is none"
        return Shown(None, log, sources, listed=came.located)
    if isinstance(came.located, Located):
        return Shown(_household_view(came.located, came, office.trace.pseudonym), log, sources)
    return Shown(came.located, log, sources, came.deeds)


def _household_view(located: Located, came: _Gathered, pseudonym: Callable[[str], str]) -> HouseholdView:
    household = located.household
    evidence = came.evidence
    members = tuple([MemberView(row, pseudonym, evidence) for row in household.members])
    return HouseholdView(household.number, household.on, pseudonym, members, evidence, came.verdict)


def _list_view(listing: Listing, came: _Gathered, pseudonym: Callable[[str], str]) -> ListView:
    edges = [
        EdgeView(cursor, _household_view(one, came, pseudonym) if isinstance(one, Located) else one)
        for cursor, one in zip(listing.cursors, came.listed.values(), strict=True)
    ]
    first, last = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    return ListView(edges, PageView(listing.more, not listing.begins, first, last))


def _outcome(told: Told, came: _Gathered, caller: Caller, ask: Asking, office: Office) -> Came:
    located, verdict = came.located, came.verdict
    households = [one for one in (located, *came.listed.values()) if isinstance(one, Located)]
    subjects = [*came.plan.question.keys, *came.sought]
    for one in households:
        subjects.append(one.household.number)
        subjects += [row.person for row in one.household.members]
    told_of = verdict if isinstance(verdict, Verdict) else None
    found = Counter(finding.rule for finding in told_of.findings) if told_of else {}
    return Came(
        data=told.written,
        subjects=subjects,
        sources={name: str(one.get("failure", one["state"])) for name, one in told.sources.items()},
        persons=ask.persons,
        hedged=ask.hedged,
        close=close(caller, households, came.evidence),
        result=located.code if isinstance(located, Absence) else "ANSWERED",
        pack=told_of.pack_hash if told_of else None,
        rules=told_of.ruleset_hash if told_of else None,
        category=str(told_of.category) if told_of else None,
        findings=found,
        record=record_of(told_of, came.evidence, reads=office.judge.reads) if told_of else None,
    )


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
