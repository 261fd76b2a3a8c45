"""Is the public contract what the code prints, documented throughout, and decided field by field?"""

import re
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

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "schema.graphql"

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


RELEASED = sorted((ROOT / "docs" / "contract").glob("*.graphql"))[-1].read_text("utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
UNRELEASED = CHANGELOG.partition("## Unreleased")[2].partition("\n## ")[0]


def unsaid(released, now, changelog):
    """What breaks clients of a released contract without standing in the changelog, by what breaks in backticks."""
    breaks = find_breaking_changes(build_schema(released), build_schema(now))
    return [each.description for each in breaks if f"`{broken_by(each.description)}`" not in changelog]


def broken_by(description):
    """`Type.field`, `Enum.VALUE` or `Type`: another type that the sentence names beside it says nothing of the break."""
    value = re.match(r"(\w+) was removed from enum type (\w+)", description)
    if value:
        return f"{value[2]}.{value[1]}"
    field = re.search(r"[A-Z]\w*\.\w+", description)
    return field[0] if field else re.search(r"[A-Z]\w+", description)[0]


def test_the_contract_breaks_nothing_that_was_released_unless_the_changelog_says_so():
    assert unsaid(RELEASED, printed(), UNRELEASED) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  annual: Money", "  yearly: Money"),
        ("  annual: Money", "  annual: String"),
        ("  payable: Money", "  paid: Money"),
        ("    on: Date\n", "    on: Date!\n"),
        ("  TEKUN\n", "  DESTITUTE\n"),
        ("  on: Date!\n", "  on: Date\n"),
    ],
)
def test_a_break_is_found_and_may_be_said(old, new):
    assert old in RELEASED
    changed = RELEASED.replace(old, new)
    found = unsaid(RELEASED, changed, UNRELEASED)
    assert found
    said = "".join(f"`{broken_by(text)}` " for text in found)
    assert unsaid(RELEASED, changed, UNRELEASED + said) == []
    beside = "`Money` `Date` `String` `TEKUN` `VerifiedCategory` `Verification` `Query` `Household`"
    assert unsaid(RELEASED, changed, beside) == found, "what stands beside it is not what breaks"


def test_what_is_only_added_breaks_nothing():
    added = RELEASED.replace("  annual: Money", "  annual: Money\n  later: String")
    assert unsaid(RELEASED, added, "") == []


@pytest.mark.parametrize("kind", OURS, ids=str)
def test_every_type_is_described(kind):
    assert kind.description
    for name, part in getattr(kind, "fields", {}).items():
        assert part.description, name
        for argument, given in getattr(part, "args", {}).items():
            assert given.description, (name, argument)
    if isinstance(kind, GraphQLEnumType):
        assert all(value.description for value in kind.values.values())


def _parts(kind):
    """A type with its fields and their arguments, each with its description."""
    yield str(kind), kind.description
    for name, part in getattr(kind, "fields", {}).items():
        yield f"{kind}.{name}", part.description
        for argument, given in getattr(part, "args", {}).items():
            yield f"{kind}.{name}({argument})", given.description


@pytest.mark.parametrize("kind", OURS, ids=str)
def test_every_description_is_english_with_the_chinese_term(kind):
    both = re.compile(r"(?=.*[\u4e00-\u9fff])(?=.*[A-Za-z]{2})", re.DOTALL)
    assert [name for name, text in _parts(kind) if not both.match(text or "")] == []


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
        and name != "verify"
        and not kind.name.endswith(("Connection", "Edge", "PageInfo"))
    }
    assert leaves == {
        "Query.household",
        "Query.households",
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
    for owner in ("Verification", "VerificationVerify"):
        parts = schema().type_map[owner].fields.keys() - {"verify"}
        assert all(SHOWN[owner, name].resource.startswith("核对结论.") for name in parts)


def test_what_only_compares_says_so_and_shows_no_value():
    kinds = [kind for kind in OBJECTS if kind.name.endswith("Verify")]
    assert len(kinds) == len(RECORD_TYPES)  # each record but one, and the verdict
    for kind in kinds:
        for name, part in kind.fields.items():
            assert SHOWN[kind.name, name].compares
            assert str(part.type) == "ClaimState"


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
