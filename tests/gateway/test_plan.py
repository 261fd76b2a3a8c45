"""Does one walk tell all that is asked for, and does pruning leave nothing that is refused?"""

from datetime import date

import pytest

from casework.agreement import Access
from casework.cedar import Decision
from casework.resource import Product, of_column, of_state
from gateway.asked_about import Subject
from gateway.document import Limits, read
from gateway.errors import BadArgument, TooCostly
from gateway.plan import plan, question
from gateway.schema.query import schema
from gateway.schema.told import resources_shown
from vocabulary.records.civil_affairs import HouseholdFile
from vocabulary.records.social_security import Insurance

SHOWS = resources_shown(schema())
TODAY = date(2026, 11, 16)
ID = "529901198802189012"


def asked(text, variables=None):
    document = read(text, operation_name=None, variables=variables, schema=schema(), limits=Limits())
    return question(document, schema=schema(), shows=SHOWS, limits=Limits(), today=TODAY)


def planned(text, outcomes=(), variables=None):
    decided = dict(outcomes)
    return plan(
        asked(text, variables), lambda name: Decision(decided.get(name, Access.CLEAR), "clause", "basis")
    )


BASE = of_column(Insurance, "base_fen")
INSURANCE = '{household(number: "H-1") {members {insurance {records {base month}}}}}'


def test_what_is_shown_is_fetched_and_nothing_else():
    assert planned(INSURANCE).wanted.columns[Insurance] == {"base_fen", "month"}


@pytest.mark.parametrize("outcome", [Access.DENIED, Access.VERIFY_ONLY])
def test_what_is_not_shown_is_not_fetched(outcome):
    assert planned(INSURANCE, {BASE: outcome}).wanted.columns[Insurance] == {"month"}


def test_a_record_of_which_nothing_is_shown_is_not_asked_for():
    refused = dict.fromkeys((of_state(Insurance), BASE, of_column(Insurance, "month")), Access.DENIED)
    assert Insurance not in planned(INSURANCE, refused).wanted.columns


def test_every_use_of_a_field_counts_under_whatever_name():
    text = """{h: household(number: "H-1") {...F ... on Household {members {a: insurance {r: records {x: base}}}}}}
              fragment F on Household {members {b: insurance {records {month}}}}"""
    found = planned(text, {BASE: Access.DENIED})
    assert found.wanted.columns[Insurance] == {"month"}
    assert [".".join(selected.path) for selected, _ in found.withheld()] == ["h.members.a.r.x"]


def test_what_variables_skip_is_not_asked():
    text = """query($with: Boolean!) {household(number: "H-1") {members {
                insurance @include(if: $with) {records {base}} idNumber @skip(if: $with)}}}"""
    assert Insurance in planned(text, variables={"with": True}).wanted.columns
    assert Insurance not in planned(text, variables={"with": False}).wanted.columns


def test_a_verdict_is_made_when_any_part_of_it_may_be_shown():
    text = '{household(number: "H-1") {verification {category payable}}}'
    refused = {Product.CATEGORY.term: Access.DENIED, Product.PAYABLE.term: Access.DENIED}
    assert planned(text).verifies
    assert planned(text, {Product.CATEGORY.term: Access.DENIED}).verifies
    assert not planned(text, refused).verifies
    assert planned(text, refused).shows_nothing


def test_that_a_household_is_on_file_is_decided_even_when_no_field_is_asked_for():
    found = planned('{household(number: "H-1") {pseudonym}}', {of_state(HouseholdFile): Access.DENIED})
    assert found.shows_nothing


def test_a_field_that_compares_is_told_where_verifying_is_allowed():
    text = '{household(number: "H-1") {verification {category categoryAgrees}}}'
    found = planned(text, {Product.CATEGORY.term: Access.VERIFY_ONLY})
    assert [selected.field for selected, _ in found.withheld()] == ["category"]


def test_the_subject_is_a_number_or_a_person():
    assert asked('{household(number: "H-1") {number}}').subject == Subject("H-1", None)
    assert asked(f'{{household(idNumber: " {ID} ") {{number}}}}').subject == Subject(None, ID)
    assert asked("{log {size}}").subject is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("", "number"),
        (f'(number: "H-1", idNumber: "{ID}")', "number"),
        ('(number: "")', "number"),
        (f'(number: "{"H" * 65}")', "number"),
        ('(idNumber: "529901198802189013")', "idNumber"),
        ('(idNumber: "５２９９０１１９８８０２１８９０１２")', "idNumber"),
        ('(number: "H-1", on: "2026-11-17")', "on"),
    ],
)
def test_an_argument_that_is_not_what_its_name_promises_is_named(arguments, named):
    with pytest.raises(BadArgument) as caught:
        asked(f"{{household{arguments} {{number}}}}")
    assert caught.value.argument == named
    assert "5299" not in str(caught.value)


def test_a_day_is_todays_unless_given():
    assert asked('{household(number: "H-1") {number}}').on == TODAY
    assert asked('{household(number: "H-1", on: "2026-01-31") {number}}').on == date(2026, 1, 31)


@pytest.mark.parametrize(("first", "fits"), [(0, False), (1, True), (500, True), (501, False), (-1, False)])
def test_a_list_is_asked_for_up_to_its_limit(first, fits):
    text = f'{{household(number: "H-1") {{visit {{records(first: {first}) {{visitors}}}}}}}}'
    if fits:
        assert asked(text)
    else:
        with pytest.raises(TooCostly):
            asked(text)


def test_the_same_household_under_two_names_is_still_two():
    with pytest.raises(TooCostly, match="expected one household in a question, got 2"):
        asked('{a: household(number: "H-1") {number} b: household(number: "H-1") {number}}')
