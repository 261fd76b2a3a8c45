"""Are the households of a work list told together as each would be told alone?"""

import pytest

from connectors.memory import MemoryConnector
from tests.gateway.desk import at_desk
from tests.gateway.rows import BROTHER, HEAD, HOUSEHOLD, ROWS, SPOUSE
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind

LIST = """query($numbers: [ID!]!, $first: Int, $after: String) {
  households(numbers: $numbers, first: $first, after: $after) {
    edges {cursor node {number members {idNumber insurance {state reason records {base month}}}}}
    pageInfo {hasNextPage hasPreviousPage startCursor endCursor}
  }
}"""
ONE = """query($number: ID!) {household(number: $number) {
  number members {idNumber insurance {state reason records {base month}}}}}"""
REVIEW = "PERIODIC_REVIEW"


def test_a_household_of_a_list_is_told_as_it_is_alone(tmp_path):
    async def test(desk):
        headers = desk.headers(purpose=REVIEW)
        listed = (await desk.ask(LIST, {"numbers": [HOUSEHOLD]}, headers=headers)).json()
        alone = (await desk.ask(ONE, {"number": HOUSEHOLD}, headers=headers)).json()
        (edge,) = listed["data"]["households"]["edges"]
        assert edge == {"cursor": "1", "node": alone["data"]["household"]}
        assert len(edge["node"]["members"]) == 3
        assert listed["extensions"]["sources"] == alone["extensions"]["sources"]

    at_desk(tmp_path, ROWS, test)


def test_one_that_is_not_there_and_one_outside_the_region_are_told_in_the_same_words(tmp_path):
    async def test(desk):
        told = (await desk.ask(LIST, {"numbers": ["H-9", HOUSEHOLD, "H-2"]}, purpose=REVIEW)).json()
        edges = told["data"]["households"]["edges"]
        assert [edge["node"] is None for edge in edges] == [True, False, True]
        paths = [error["path"] for error in told["errors"]]
        assert paths == [["households", "edges", 0, "node"], ["households", "edges", 2, "node"]]
        assert len({error["message"] for error in told["errors"]}) == 1
        assert {error["extensions"]["code"] for error in told["errors"]} == {"NO_HOUSEHOLD"}

    at_desk(tmp_path, ROWS, test)


def test_a_list_is_read_page_by_page(tmp_path):
    async def test(desk):
        numbers, places, after = [f"H-{n}" for n in range(10, 15)], [], None
        for _ in range(3):
            asked = {"numbers": numbers, "first": 2, "after": after}
            page = (await desk.ask(LIST, asked, purpose=REVIEW)).json()["data"]["households"]
            places += [edge["cursor"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
        assert places == ["1", "2", "3", "4", "5"]
        assert page["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": "5",
            "endCursor": "5",
        }

    at_desk(tmp_path, ROWS, test)


@pytest.mark.parametrize("purpose", ["DIBAO_RECOGNITION", "EMERGENCY", "MEDICAL_AID"])
def test_a_purpose_whose_case_is_one_household_has_no_list(tmp_path, purpose):
    async def test(desk):
        refused = await desk.ask(LIST, {"numbers": [HOUSEHOLD]}, purpose=purpose)
        assert refused.status_code == 403
        events = [entry["event"] for entry in await desk.entries()]
        assert events == ["inquiry.refused"]

    at_desk(tmp_path, ROWS, test)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"numbers": []}, "TOO_COSTLY"),
        ({"numbers": [f"H-{n}" for n in range(501)]}, "TOO_COSTLY"),
        ({"numbers": ["H-1"], "first": 0}, "TOO_COSTLY"),
        ({"numbers": [""]}, "BAD_ARGUMENT"),
        ({"numbers": ["H-1"], "after": "x"}, "BAD_ARGUMENT"),
        ({"numbers": ["H-1"], "after": "²"}, "BAD_ARGUMENT"),
    ],
)
def test_what_is_no_page_of_a_list_is_refused(tmp_path, asked, code):
    async def test(desk):
        answer = (await desk.ask(LIST, asked, purpose=REVIEW)).json()
        assert answer["errors"][0]["extensions"]["code"] == code

    at_desk(tmp_path, ROWS, test)


def test_many_are_not_verified_in_one_question(tmp_path):
    async def test(desk):
        text = '{households(numbers: ["H-1"]) {edges {node {verification {category}}}}}'
        answer = (await desk.ask(text, purpose=REVIEW)).json()
        assert "a run verifies many" in answer["errors"][0]["message"]

    at_desk(tmp_path, ROWS, test)


def test_the_log_names_everyone_of_the_list(tmp_path):
    async def test(desk):
        await desk.ask(LIST, {"numbers": [HOUSEHOLD, "H-9"]}, purpose=REVIEW)
        intent, outcome = await desk.entries()
        pseudonym = desk.office.trace.pseudonym
        assert set(intent["subjects"]) == {pseudonym(HOUSEHOLD), pseudonym("H-9")}
        everyone = (HOUSEHOLD, "H-9", HEAD, SPOUSE, BROTHER)
        assert set(outcome["subjects"]) == set(map(pseudonym, everyone))

    at_desk(tmp_path, ROWS, test)


def test_a_list_asks_each_department_once_a_level(tmp_path, monkeypatch):
    asked = []
    fetch = MemoryConnector.fetch

    async def noting(self, ask):
        asked.append((ask.record.__name__, len(ask.ids)))
        return await fetch(self, ask)

    monkeypatch.setattr(MemoryConnector, "fetch", noting)

    async def test(desk):
        await desk.ask(LIST, {"numbers": [HOUSEHOLD, "H-9"]}, purpose=REVIEW)

    at_desk(tmp_path, ROWS, test)
    assert sorted(asked) == [("Authorization", 3), ("HouseholdFile", 2), ("Insurance", 2), ("Membership", 2)]


def test_a_register_that_fails_is_no_empty_list(tmp_path):
    async def test(desk):
        told = (await desk.ask(LIST, {"numbers": [HOUSEHOLD]}, purpose=REVIEW)).json()
        (edge,) = told["data"]["households"]["edges"]
        assert edge["node"] is None
        assert told["errors"][0]["extensions"]["code"] == "SOURCE_FAILED"
        assert told["extensions"]["sources"]["civil_affairs"]["state"] == "SOURCE_FAILED"

    at_desk(tmp_path, ROWS, test, failing={Department.CIVIL_AFFAIRS: FailureKind.UNREACHABLE})
