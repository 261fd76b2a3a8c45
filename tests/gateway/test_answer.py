"""Does every field pass the guard, and nothing pass that was not decided?"""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.agreement import Access
from casework.cedar import Decision
from casework.resource import of_column, of_state, resources
from gateway.answer import tell
from gateway.document import Limits, read
from gateway.plan import plan, question
from gateway.schema.query import schema
from gateway.schema.told import resources_shown
from gateway.view import HouseholdView, MemberView, Shown
from tests.gateway.rows import EMPLOYER, HEAD, HOUSEHOLD, NAMES, ROWS, SPOUSE
from vocabulary.codes import SharingClass
from vocabulary.evidence import Evidence, Found, Provenance
from vocabulary.records.civil_affairs import HouseholdFile, Membership, Person
from vocabulary.records.social_security import Insurance

SHOWS = resources_shown(schema())
QUESTION = """{household(number: "H-1") {
  number members {idNumber person {state records {name birth}} insurance {state count records {base employer month}}}
}}"""
ORDER = list(Access)
"""The most generous first."""


def everything():
    """All that an inquiry could have fetched about the household."""
    outcomes = {}
    for record in (Person, Insurance):
        came = Provenance(
            record.department,
            record.catalogue_id,
            SharingClass.CONDITIONAL,
            datetime(2026, 11, 16, tzinfo=UTC),
        )
        for who in (HEAD, SPOUSE):
            rows = tuple(row for row in ROWS[record] if row.person == who)
            outcomes.setdefault(record, {})[who] = Found(rows, came)
    evidence = Evidence(outcomes)
    members = tuple(MemberView(row, lambda _: "p" * 32, evidence) for row in ROWS[Membership][:2])
    household = HouseholdView(HOUSEHOLD, date(2026, 11, 16), lambda _: "h" * 32, members, evidence, None)
    return Shown(household, None, {})


def told(outcomes, shows=SHOWS, text=QUESTION):
    """The answer when each resource has the outcome given, and CLEAR where none is given."""
    document = read(text, operation_name=None, variables=None, schema=schema(), limits=Limits())
    asked = question(document, schema=schema(), shows=shows, limits=Limits(), today=date(2026, 11, 16))
    decided = plan(
        asked, lambda name: Decision(outcomes.get(name, Access.CLEAR), f"clause of {name}", "basis")
    )
    return tell(decided, everything(), schema=schema(), shows=shows)


def leaves(value):
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def test_what_is_clear_is_shown_whole():
    answer = told({})
    assert answer.errors == ()
    assert answer.access == ()
    assert answer.data["household"]["members"][1]["insurance"]["records"][0] == {
        "base": "4000.00",
        "employer": EMPLOYER,
        "month": "2025-11",
    }


def test_a_refused_field_is_null_with_one_error_at_its_first_place():
    answer = told({of_column(Insurance, "base_fen"): Access.DENIED})
    assert {row["base"] for row in answer.data["household"]["members"][1]["insurance"]["records"]} == {None}
    (error,) = answer.errors
    assert error["path"] == ["household", "members", 1, "insurance", "records", 0, "base"]
    assert error["extensions"]["code"] == "REFUSED"
    assert error["extensions"]["clause"] == "clause of 社会保险缴费.缴费基数"


def test_a_masked_field_is_masked():
    answer = told({of_column(Membership, "person"): Access.MASKED, of_column(Person, "name"): Access.MASKED})
    member = answer.data["household"]["members"][0]
    assert member["idNumber"] == "5299**********9012"
    assert member["person"]["records"][0]["name"] == "安**"
    assert NAMES[HEAD] not in str(answer)


def test_whether_there_is_a_record_is_a_disclosure_of_its_own():
    answer = told({of_state(Insurance): Access.DENIED})
    for member in answer.data["household"]["members"]:
        assert member["insurance"] == {"state": "WITHHELD", "count": 0, "records": []}


def test_a_field_that_nobody_declared_shows_nothing():
    undeclared = {place: shown for place, shown in SHOWS.items() if place != ("Insurance", "base")}
    document = told({"Insurance.base": Access.DENIED}, shows=undeclared)
    assert {row["base"] for row in document.data["household"]["members"][1]["insurance"]["records"]} == {None}


RESOURCES = [
    *(of_column(Insurance, name) for name in ("base_fen", "employer", "month")),
    *(of_column(Person, name) for name in ("name", "birth")),
    of_column(Membership, "person"),
    of_column(HouseholdFile, "household"),
    of_state(Membership),
    of_state(Person),
    of_state(Insurance),
]


def possible(name):
    """The outcomes that an agreement can give to a resource."""
    return [each for each in ORDER if each is not Access.MASKED or resources()[name].maskable]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_more_rights_never_show_fewer_fields(data):
    fewer = {name: data.draw(st.sampled_from(possible(name))) for name in RESOURCES}
    more = {
        name: data.draw(
            st.sampled_from([each for each in possible(name) if ORDER.index(each) <= ORDER.index(had)])
        )
        for name, had in fewer.items()
    }
    shown_with_fewer = [leaf for leaf in leaves(told(fewer).data) if leaf is not None]
    shown_with_more = [leaf for leaf in leaves(told(more).data) if leaf is not None]
    assert len(shown_with_fewer) <= len(shown_with_more)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(RESOURCES)))
def test_a_denied_value_is_nowhere_in_the_answer(denied):
    text = str(told(dict.fromkeys(denied, Access.DENIED)))
    values = {
        of_column(Insurance, "base_fen"): "4000.00",
        of_column(Insurance, "employer"): EMPLOYER,
        of_column(Person, "name"): NAMES[SPOUSE],
        of_column(Membership, "person"): SPOUSE,
    }
    assert not [name for name in denied if values.get(name, "nothing of this") in text]


@pytest.mark.parametrize(
    "text", ["{__typename}", "{__schema{queryType{name}}}", '{__type(name:"Money"){name}}']
)
def test_the_schema_itself_may_be_asked_about(text):
    assert told({}, text=text).errors == ()
