"""Can others compose us, and is an entity asked for like anything else: by plan, access and audit?"""

import pytest
from graphql import build_ast_schema, parse, print_schema

from casework.agreement import Recipient
from gateway.schema.query import printed, schema
from gateway.schema.subgraph import federated
from gateway.trusted import Documents
from tests.gateway.desk import EVERYBODY, at_desk
from tests.gateway.rows import ROWS

EVALUATOR = {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "EVALUATION"}
ENTITIES = """query Compose($representations: [_Any!]!) {
  _entities(representations: $representations) { __typename ... on Household { number members { relation } } }
}"""


def household(number):
    return {"__typename": "Household", "number": number}


def ask(folder, query, representations=None, *, documents=None, surface=True, **caller):
    async def test(desk):
        variables = None if representations is None else {"representations": representations}
        answer = await desk.ask(query, variables, **caller)
        return answer, await desk.entries()

    options = {"documents": documents} if documents else {}
    return at_desk(folder, ROWS, test, federated=federated() if surface else None, **options)


def test_the_contract_tells_its_entity(tmp_path):
    answer, entries = ask(tmp_path, "query{_service{sdl}}")
    sdl = answer.json()["data"]["_service"]["sdl"]
    assert 'type Household @key(fields: "number")' in sdl
    assert 'url: "https://specs.apollo.dev/federation/v2' in sdl
    assert "_entities" not in sdl
    # It can be read by whoever knows the directives; and it is our contract, type by type.
    told = build_ast_schema(parse(sdl), assume_valid=True)
    assert set(schema().type_map) - set(told.type_map) == set()
    assert [entry["event"] for entry in entries] == ["inquiry.intent", "inquiry.outcome"]


def test_an_entity_is_the_household_of_its_number(tmp_path):
    answer, entries = ask(tmp_path, ENTITIES, [household("H-1")])
    (entity,) = answer.json()["data"]["_entities"]
    assert (entity["__typename"], entity["number"], len(entity["members"])) == ("Household", "H-1", 3)
    assert "Query.household" in entries[0]["fields"]["asked"]
    assert entries[1]["fields"]["result"] == "ANSWERED"
    assert "receipt" in answer.json()["extensions"]


def test_the_order_and_repetitions_are_kept(tmp_path):
    numbers = ["H-1", "H-9", "H-1"]
    answer, _ = ask(tmp_path, ENTITIES, list(map(household, numbers)), **EVALUATOR)
    entities = answer.json()["data"]["_entities"]
    assert entities[0] == entities[2] != entities[1] is None
    error = next(each for each in answer.json()["errors"] if each["extensions"]["code"] == "NO_HOUSEHOLD")
    assert error["path"] == ["_entities", 1]


def test_an_alias_is_kept_and_an_error_stands_at_its_place(tmp_path):
    query = ENTITIES.replace("_entities(", "them: _entities(")
    answer, _ = ask(tmp_path, query, [household("H-2")])
    assert answer.json()["data"] == {"them": [None]}
    assert answer.json()["errors"][0]["path"] == ["them", 0]


def test_what_is_withheld_is_explained_under_its_own_place(tmp_path):
    query = ENTITIES.replace("relation", "idNumber")
    answer, _ = ask(tmp_path, query, [household("H-1")], **EVALUATOR)
    fields = {one["field"] for one in answer.json()["extensions"]["access"]}
    assert "_entities.members.idNumber" in fields


def test_other_variables_and_fragments_come_along(tmp_path):
    query = """query($representations: [_Any!]!, $first: Int!) {
      _entities(representations: $representations) { ...F } }
      fragment F on Household { members { insurance { records(first: $first) { month } } } }"""

    async def test(desk):
        variables = {"representations": [household("H-1")], "first": 2}
        return (await desk.ask(query, variables)).json()

    answer = at_desk(tmp_path, ROWS, test, federated=federated())
    members = answer["data"]["_entities"][0]["members"]
    assert max(len(member["insurance"]["records"]) for member in members) == 2


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{_entities(representations: [{__typename: "Household", number: "H-1"}]) {...F}}', {}),
        ('query($n: ID) {_entities(representations: [{__typename: "Household", number: $n}]) {...F}}', {"n": "H-1"}),
        ("query($one: _Any!) {_entities(representations: [$one]) {...F}}", {"one": household("H-1")}),
        ("query($one: [_Any!]!) {_entities(representations: $one) {...F}}", {"one": household("H-1")}),
    ],
    ids=["in the document", "its number a variable", "one a variable", "one for a list"],
)  # fmt: skip
def test_a_representation_may_be_written_in_any_way_that_graphql_has(tmp_path, query, variables):
    async def test(desk):
        return (await desk.ask(f"{query} fragment F on Household {{number}}", variables)).json()

    assert at_desk(tmp_path, ROWS, test, federated=federated())["data"]["_entities"] == [{"number": "H-1"}]


def test_several_households_are_for_those_who_may_ask_for_lists(tmp_path):
    answer, entries = ask(tmp_path, ENTITIES, [household("H-1"), household("H-2")])
    assert answer.status_code == 403
    assert [entry["event"] for entry in entries] == ["inquiry.refused"]


@pytest.mark.parametrize(
    "representations",
    [
        [],
        [{"__typename": "Person", "number": "H-1"}],
        [{"__typename": "Household"}],
        [{"__typename": "Household", "number": 1}],
        ["H-1"],
        [household(str(number)) for number in range(501)],
    ],
)
def test_what_is_no_household_is_refused(tmp_path, representations):
    answer, entries = ask(tmp_path, ENTITIES, representations)
    assert answer.json()["errors"][0]["extensions"]["argument"] == "representations"
    assert entries == []


@pytest.mark.parametrize(
    "query",
    [
        'query{_service{sdl} household(number:"H-1"){number}}',
        'query{household(number:"H-1"){number} _entities(representations:[]){__typename}}',
        "query{_service{sdl} again:_service{sdl}}",
        "query{...F} fragment F on Query{_service{sdl}}",
        "query{_service{nothing}}",
        "query{_service @skip(if: true){sdl}}",
    ],
)
def test_what_is_asked_beside_it_is_refused(tmp_path, query):
    answer, entries = ask(tmp_path, query)
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_DOCUMENT"
    assert entries == []


def test_the_contract_is_told_to_those_who_may_introspect(tmp_path):
    known = Documents({}, ad_hoc=EVERYBODY, introspection=frozenset())
    answer, _ = ask(tmp_path, "{_service{sdl}}", documents=known)
    assert answer.json()["errors"][0]["extensions"]["clause"] == "HEDUI_INTROSPECTION"


def test_without_the_setting_there_is_no_such_surface(tmp_path):
    answer, _ = ask(tmp_path, "{_service{sdl}}", surface=False)
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_DOCUMENT"


def test_the_plain_contract_does_not_know_of_it():
    federated()
    assert "_entities" not in printed()
    assert print_schema(schema()) in printed()


def test_an_ordinary_question_stays_one(tmp_path):
    answer, _ = ask(tmp_path, '{household(number:"H-1"){number}}')
    assert answer.json()["data"] == {"household": {"number": "H-1"}}
