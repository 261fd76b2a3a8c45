"""Is everybody asked about who may be, by each way the rules look, and nobody else?"""

import asyncio
from datetime import date

import msgspec
import pytest

from casework.consent import Allowed
from casework.resource import of_column, of_state
from connectors.federation import ask_all
from connectors.memory import MemoryConnector
from gateway.asked_about import Subject
from gateway.fetch import Located, SeveralHouseholds, fetch, locate
from gateway.wanted import ON_FILE, Wanted, wanted
from tests.gateway.desk import NOW
from tests.gateway.rows import BROTHER, HEAD, HOUSEHOLD, ROWS, SPOUSE
from vocabulary.codes import Department
from vocabulary.evidence import Found, NoRecord, NotAsked
from vocabulary.idnumber import IdNumber
from vocabulary.records.civil_affairs import Benefit, Membership, PropertyCheck
from vocabulary.records.health import Birth, Death
from vocabulary.records.social_security import Insurance

DAY = date(2026, 11, 16)
CONNECTORS = {one: MemoryConnector(one, ROWS, clock=lambda: NOW) for one in Department}


class Asking:
    """Asks registers in memory and remembers what it asked."""

    def __init__(self):
        self.asks = []

    async def __call__(self, asks):
        self.asks += asks
        return await ask_all(CONNECTORS, asks, timeout_s=1.0, clock=lambda: NOW)


def found(subject, on=DAY):
    return asyncio.run(locate(subject, on=on, today=DAY, wanted=Wanted({}), ask=Asking()))


def fetched(columns, *, second=(), free=ON_FILE, located=None):
    asking = Asking()
    at = located or found(Subject(HOUSEHOLD, None))
    evidence = asyncio.run(fetch([at], Wanted(columns, second=second, free=free), ask=asking))
    return evidence, {(ask.record, ask.by): ask.ids for ask in asking.asks}


def test_a_household_is_found_with_its_region_and_its_consents():
    located = found(Subject(HOUSEHOLD, None))
    assert isinstance(located, Located)
    assert located.region == "529901003"
    assert [isinstance(located.consents.of(who), Allowed) for who in (HEAD, SPOUSE, BROTHER)] == [
        True,
        True,
        False,
    ]


def test_a_person_leads_to_the_household_lived_in():
    located = found(Subject(None, IdNumber(HEAD)))
    assert isinstance(located, Located)
    assert located.household.number == HOUSEHOLD


def test_a_person_of_two_households_leads_to_neither():
    with pytest.raises(SeveralHouseholds) as caught:
        found(Subject(None, IdNumber(SPOUSE)))
    assert caught.value.numbers == ("H-1", "H-2")


def test_nobody_is_found_under_a_number_that_is_not_there():
    assert found(Subject("H-9", None)) is None
    assert found(Subject(None, IdNumber("11010519491231002X"))) is None


def test_only_those_who_agreed_are_asked_about():
    evidence, asks = fetched({Insurance: frozenset({"month"}), Death: frozenset()})
    assert asks[Insurance, "person"] == (HEAD, SPOUSE)
    assert asks[Death, "person"] == (HEAD, SPOUSE)
    assert isinstance(evidence.of(Insurance, SPOUSE), Found)
    assert isinstance(evidence.of(Insurance, HEAD), NoRecord)
    withheld = evidence.of(Death, BROTHER)
    assert isinstance(withheld, NotAsked)
    assert "第四十一条" in withheld.clause


def test_what_is_on_file_is_looked_up_for_everybody():
    _, asks = fetched({Benefit: frozenset()}, second=[Benefit])
    assert asks[Benefit, "household"] == (HOUSEHOLD,)
    assert asks[Benefit, "person"] == (HEAD, SPOUSE, BROTHER)


def test_the_rules_look_up_in_every_way_and_what_is_only_shown_in_one():
    _, asks = fetched({Birth: frozenset()})
    assert set(asks) == {(Birth, "person")}
    _, asks = fetched({Birth: frozenset(), Membership: frozenset()}, second=[Birth, Membership])
    assert set(asks) == {(Birth, "person"), (Birth, "mother"), (Membership, "person")}


def test_what_is_asked_about_the_household_is_asked_about_everyone_in_it():
    _, asks = fetched({PropertyCheck: frozenset()})
    assert asks == {(PropertyCheck, "household"): (HOUSEHOLD,)}
    located = found(Subject(HOUSEHOLD, None))
    lacking = msgspec.structs.replace(located.consents, of_person={SPOUSE: located.consents.of(BROTHER)})
    evidence, asks = fetched(
        {PropertyCheck: frozenset()}, located=msgspec.structs.replace(located, consents=lacking)
    )
    assert asks == {}
    assert isinstance(evidence.of(PropertyCheck, HOUSEHOLD), NotAsked)


def test_what_is_judged_by_is_fetched_with_what_is_shown():
    shown, reads = (
        {Insurance: frozenset({"month"})},
        {
            Insurance: frozenset({"base_fen"}),
            Death: frozenset({"died_on"}),
        },
    )
    asks = wanted(shown, {}, reads=reads, needs_consent=lambda _: True)
    assert asks.columns == {Insurance: frozenset({"month", "base_fen"}), Death: frozenset({"died_on"})}
    assert set(asks.second) == {Insurance, Death}
    assert asks.sources == {Department.SOCIAL_SECURITY, Department.HEALTH}


def test_what_is_only_judged_by_is_free_where_it_is_on_file_and_what_is_shown_as_the_agreements_say():
    def free(*names):
        shown, reads = {Insurance: frozenset({"month"})}, {Benefit: frozenset(), Death: frozenset()}
        return wanted(shown, {}, reads=reads, needs_consent=lambda name: name in names).free

    assert free() == {Benefit, Insurance}
    assert free(of_column(Insurance, "month")) == free(of_state(Insurance)) == {Benefit}
    assert free(of_column(Insurance, "base_fen")) == {Benefit, Insurance}
