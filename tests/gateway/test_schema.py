"""Is the public contract what the code prints, documented throughout, and decided field by field?"""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLObjectType,
    build_schema,
    find_breaking_changes,
    get_named_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from casework.resource import of_column, resources
from gateway.schema.query import printed, schema
from gateway.schema.records import api_name, field_name
from gateway.schema.told import OPEN, resources_shown
from vocabulary.codes import Code
from vocabulary.record import columns_of
from vocabulary.register import RECORD_TYPES

CONTRACT = Path(__file__).parents[2] / "schema.graphql"

OURS = [
    kind
    for kind in schema().type_map.values()
    if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
]
OBJECTS = [kind for kind in OURS if isinstance(kind, GraphQLObjectType)]
FIELDS = [(kind, name) for kind in OBJECTS for name in kind.fields]
SHOWN = resources_shown(schema())


def test_the_contract_is_what_the_code_prints():
    assert CONTRACT.read_text("utf-8") == printed(), "run `hedui schema > schema.graphql`"


def test_the_contract_breaks_nothing_of_itself():
    assert find_breaking_changes(build_schema(CONTRACT.read_text("utf-8")), build_schema(printed())) == []


@pytest.mark.parametrize("kind", OURS, ids=str)
def test_every_type_is_described(kind):
    assert kind.description
    for name, part in getattr(kind, "fields", {}).items():
        assert part.description, name
        for argument, given in getattr(part, "args", {}).items():
            assert given.description, (name, argument)
    if isinstance(kind, GraphQLEnumType):
        assert all(value.description for value in kind.values.values())


def test_no_directive_is_ours():
    assert all(is_specified_directive(directive) for directive in schema().directives)


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=lambda part: str(part))
def test_every_field_says_what_it_shows(kind, name):
    assert (kind.name, name) in SHOWN, "declare it with `Told`"
    resource = SHOWN[kind.name, name].resource
    assert resource == OPEN or resource in resources()


def test_a_field_that_may_be_refused_may_be_null():
    # An answer about a record says itself that it is withheld, so it may be non-null.
    wrong = [
        (kind.name, name)
        for kind, name in FIELDS
        if SHOWN[kind.name, name].resource != OPEN
        and isinstance(kind.fields[name].type, GraphQLNonNull)
        and not str(kind.fields[name].type.of_type).endswith("Answer")
    ]
    assert wrong == []


ROOTS = ("Mutation", "Subscription")
"""What is done or followed is decided as a whole, at its root."""

DONE_OR_FOLLOWED = {
    get_named_type(part.type).name for root in ROOTS for part in schema().type_map[root].fields.values()
} | {"Stratum"}

DECIDED_WHOLE = (
    DONE_OR_FOLLOWED
    | {
        inner.name
        for inner in (get_named_type(part.type) for part in schema().type_map["Verification"].fields.values())
        if isinstance(inner, GraphQLObjectType)
    }
    | {"Because", "EvidenceValue"}
)
"""Types that stand only inside lists of a verdict, which are decided with the list."""


def test_what_is_open_holds_objects_or_says_nothing_of_a_record():
    leaves = {
        f"{kind.name}.{name}"
        for kind, name in FIELDS
        if SHOWN[kind.name, name].resource == OPEN
        and not kind.name.endswith("Answer")
        and kind.name not in DECIDED_WHOLE
    }
    assert leaves == {
        "Query.household",
        "Query.log",
        "Household.on",
        "Household.pseudonym",
        "Household.verification",
        "Member.pseudonym",
        "Log.origin",
    }


def test_types_that_are_decided_with_their_list_stand_nowhere_else():
    holders = {
        (kind.name, str(part.type).strip("[]!"))
        for kind in OBJECTS
        for part in kind.fields.values()
        if str(part.type).strip("[]!") in DECIDED_WHOLE
    }
    assert {holder for holder, _ in holders} <= {"Verification", *ROOTS, *DECIDED_WHOLE}


def test_what_is_done_or_followed_stands_under_its_root_alone():
    roots = {(kind.name, name) for kind, name in FIELDS if kind.name in ROOTS}
    assert all(SHOWN[field].resource != OPEN for field in roots)
    holders = {
        kind.name
        for kind in OBJECTS
        for part in kind.fields.values()
        if get_named_type(part.type).name in DONE_OR_FOLLOWED
    }
    assert holders <= {*ROOTS, *DONE_OR_FOLLOWED}


def test_every_part_of_a_verdict_names_a_resource():
    # A verdict that may not be seen at all is not made, and each of its fields must then be refused.
    parts = schema().type_map["Verification"].fields
    assert all(SHOWN["Verification", name].resource.startswith("核对结论.") for name in parts)


@pytest.mark.parametrize("record", RECORD_TYPES, ids=lambda record: record.__name__)
def test_every_column_of_a_record_is_a_field_that_shows_that_column(record):
    fields = _fields(record)
    for column in columns_of(record).values():
        name = _camel(api_name(column))
        assert name in fields
        if record.__name__ != "Membership":
            assert SHOWN[record.__name__, name].resource == of_column(record, column.name)
    if record.__name__ != "Membership":
        assert len(fields) == len(columns_of(record)) + 1, "and `verify`"


def test_a_code_list_of_the_vocabulary_has_the_same_members():
    lists = {kind.__name__: kind for kind in Code.__subclasses__()}
    checked = 0
    for kind in OURS:
        if isinstance(kind, GraphQLEnumType) and kind.name in lists:
            assert list(kind.values) == [member.name for member in lists[kind.name]]
            assert all(member.term in kind.values[member.name].description for member in lists[kind.name])
            checked += 1
    assert checked > 15


def test_record_types_are_asked_for_by_their_own_names():
    names = {field_name(record) for record in RECORD_TYPES}
    assert {"insurance", "household_file", "fee_bill"} <= names


def _fields(record):
    if record.__name__ == "Membership":
        member = dict(schema().type_map["Member"].fields)
        return {**member, "person": member["idNumber"], "household": None, "recordId": None, "asOf": None}
    return schema().type_map[record.__name__].fields


def _camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
