"""Whom may we ask about, on which day?"""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.consent import Allowed, Lack, Withheld, consents, consents_of, holds
from vocabulary.codes import Department, MemberKind, Relation, SharingClass, SignatureMethod
from vocabulary.evidence import FailureKind, Found, NoRecord, NotAsked, Provenance, SourceFailed
from vocabulary.household import Household
from vocabulary.idnumber import WrittenId
from vocabulary.records.civil_affairs import Authorization, Membership

ON = date(2026, 11, 16)
DAY = timedelta(days=1)
HEAD = WrittenId("52990119800101001X")
OBLIGOR = WrittenId("529902195001010013")
SOURCE = Provenance(
    Department.CIVIL_AFFAIRS, "MZ-006", SharingClass.CONDITIONAL, datetime(2026, 11, 16, tzinfo=UTC)
)


def member(person, kind=MemberKind.COHABIT):
    return Membership(
        record_id=f"m-{person}",
        as_of=ON,
        household="S-1",
        person=person,
        relation=Relation.HEAD,
        kind=kind,
        joined_on=date(2020, 1, 1),
    )


def signed(person, *, record_id="a-1", valid_from=ON, valid_until=None, withdrawn_on=None):
    return Authorization(
        record_id=record_id,
        as_of=ON,
        person=person,
        method=SignatureMethod.HANDWRITTEN,
        valid_from=valid_from,
        valid_until=valid_until,
        withdrawn_on=withdrawn_on,
    )


def household(*rows):
    return Household.listed("S-1", rows, on=ON)


def found(*rows):
    return Found(tuple(rows), SOURCE)


@pytest.mark.parametrize(
    ("dates", "lack"),
    [
        ({"valid_from": ON}, None),
        ({"valid_from": ON + DAY}, Lack.NOT_YET_VALID),
        ({"valid_until": ON}, None),
        ({"valid_from": ON - 9 * DAY, "valid_until": ON - DAY}, Lack.EXPIRED),
        ({"withdrawn_on": ON + DAY}, None),
        ({"withdrawn_on": ON}, Lack.WITHDRAWN),
    ],
)
def test_each_edge_of_an_authorization_to_the_day(dates, lack):
    assert holds(signed(HEAD, **dates), since=ON, asked_on=ON) is lack


def test_who_has_signed_may_be_asked_about():
    decided = consents(household(member(HEAD)), {HEAD: found(signed(HEAD))}, asked_on=ON)
    assert decided.of(HEAD) == Allowed("a-1")
    assert decided.allowed == {HEAD}
    assert decided.everyone


def test_asking_about_an_earlier_day_does_not_revive_what_has_ended_since():
    for ended, lack in (
        ({"withdrawn_on": ON + 7 * DAY}, Lack.WITHDRAWN),
        ({"valid_until": ON + 6 * DAY}, Lack.EXPIRED),
    ):
        rows = {HEAD: found(signed(HEAD, **ended))}
        assert isinstance(consents(household(member(HEAD)), rows, asked_on=ON + 6 * DAY).of(HEAD), Allowed)
        assert consents(household(member(HEAD)), rows, asked_on=ON + 7 * DAY).of(HEAD).lack is lack


def test_one_that_holds_is_enough():
    rows = found(signed(HEAD, withdrawn_on=ON), signed(HEAD, record_id="a-2"))
    assert consents(household(member(HEAD)), {HEAD: rows}, asked_on=ON).of(HEAD) == Allowed("a-2")


def test_of_several_that_do_not_hold_the_nearest_is_named():
    rows = found(
        signed(HEAD, valid_from=ON + DAY), signed(HEAD, valid_from=ON - 9 * DAY, valid_until=ON - DAY)
    )
    assert consents(household(member(HEAD)), {HEAD: rows}, asked_on=ON).of(HEAD).lack is Lack.EXPIRED


def test_an_obligor_is_asked_about_only_with_consent_of_their_own():
    people = household(member(HEAD), member(OBLIGOR, MemberKind.OBLIGOR))
    decided = consents(people, {HEAD: found(signed(HEAD)), OBLIGOR: NoRecord(SOURCE)}, asked_on=ON)
    assert decided.of(OBLIGOR) == Withheld(Lack.MISSING, "社会救助法 第四十一条（HH-09）：没有授权书")
    assert not decided.everyone


def test_a_member_without_authorization_is_withheld_under_article_40():
    decided = consents(household(member(HEAD)), {HEAD: NoRecord(SOURCE)}, asked_on=ON)
    assert decided.of(HEAD) == Withheld(Lack.MISSING, "社会救助法 第四十条：没有授权书")


@pytest.mark.parametrize(
    "outcome",
    [
        NotAsked(Department.CIVIL_AFFAIRS, "any"),
        SourceFailed(Department.CIVIL_AFFAIRS, FailureKind.TIMED_OUT, datetime(2026, 11, 16, tzinfo=UTC)),
        None,
    ],
)
def test_a_register_that_did_not_answer_has_not_shown_consent(outcome):
    answered = {} if outcome is None else {HEAD: outcome}
    assert consents(household(member(HEAD)), answered, asked_on=ON).of(HEAD).lack is Lack.UNKNOWN


def test_who_is_not_listed_is_not_asked_about():
    stranger = consents(household(member(HEAD)), {HEAD: found(signed(HEAD))}, asked_on=ON).of(OBLIGOR)
    assert isinstance(stranger, Withheld)
    assert stranger.lack is Lack.NOT_LISTED


def test_no_clause_repeats_an_id_number():
    decided = consents(household(member(HEAD), member(OBLIGOR, MemberKind.OBLIGOR)), {}, asked_on=ON)
    for consent in decided.of_person.values():
        assert HEAD not in consent.clause
        assert OBLIGOR not in consent.clause


@pytest.mark.parametrize(("joined", "may"), [(ON - DAY, True), (ON, True), (ON + DAY, False)])
def test_who_lives_there_agreed_together_with_those_who_lived_there_then(joined, may):
    """To the day: who joined on the day of signing was there; a caller cannot ask about the day before."""
    spouse = msgspec.structs.replace(member(OBLIGOR), joined_on=joined)
    rows = {HEAD: found(signed(HEAD, valid_from=ON))}
    told = consents(household(member(HEAD)), rows, asked_on=ON + 9 * DAY, listed=(spouse,)).of(HEAD)
    assert isinstance(told, Allowed) is may
    assert may or told.lack is Lack.MEMBERS_CHANGED
    # Whoever owes support and lives elsewhere signs for themselves alone.
    outside = household(member(HEAD, MemberKind.OBLIGOR))
    assert isinstance(consents(outside, rows, asked_on=ON + 9 * DAY, listed=(spouse,)).of(HEAD), Allowed)


def test_several_papers_allow_the_departments_of_all_of_them_and_no_other():
    health, work = Department.HEALTH, Department.SOCIAL_SECURITY
    rows = {HEAD: found(signed(HEAD, record_id="a"), signed(HEAD, record_id="b"))}
    scopes = {"a": frozenset({health}), "b": frozenset({work})}
    decided = consents(household(member(HEAD)), rows, asked_on=ON, scopes=scopes)
    assert decided.scoped
    assert decided.of(HEAD) == decided.of(HEAD, health) == decided.of(HEAD, work)
    assert decided.of(HEAD, Department.EDUCATION).lack is Lack.OUT_OF_SCOPE
    # One that names none is for all.
    assert not consents(household(member(HEAD)), rows, asked_on=ON, scopes={"a": frozenset()}).scoped


NEAR = st.sampled_from([ON + days * DAY for days in range(-3, 4)])
PAPERS = st.builds(
    lambda number, first, until, withdrawn: signed(
        HEAD, record_id=f"a-{number}", valid_from=first, valid_until=until, withdrawn_on=withdrawn
    ),
    st.integers(1, 3),
    NEAR,
    st.none() | NEAR,
    st.none() | st.none() | NEAR,
)
OUTCOMES = (
    st.lists(PAPERS, min_size=1, max_size=2).map(lambda rows: found(*rows))
    | st.just(NoRecord(SOURCE))
    | st.just(NotAsked(Department.CIVIL_AFFAIRS, "x"))
)


@st.composite
def listings(draw):
    """Households of a list with the rows of all days, and what is on file of everybody."""
    rows, papers = {}, {}
    for place in range(draw(st.integers(1, 3))):
        persons = draw(st.lists(st.sampled_from("abcdef"), min_size=0, max_size=4))
        rows[f"S-{place}"] = tuple(
            msgspec.structs.replace(
                member(person, draw(st.sampled_from(MemberKind))),
                household=f"S-{place}",
                joined_on=draw(NEAR),
            )
            for person in persons
        )
        papers |= {person: draw(OUTCOMES) for person in persons if draw(st.booleans())}
    return [Household.listed(number, some, on=ON) for number, some in rows.items()], rows, papers


@given(listings(), NEAR, st.sampled_from([{}, {"a-1": frozenset({Department.HEALTH})}]))
def test_many_households_are_told_what_each_is_told(given_, asked_on, scopes):
    households, rows, papers = given_
    together = consents_of(households, papers, on=ON, asked_on=asked_on, listed=rows, scopes=scopes)
    assert together == {
        one.number: consents(one, papers, asked_on=asked_on, listed=rows[one.number], scopes=scopes)
        for one in households
    }
