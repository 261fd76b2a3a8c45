"""Are households found by region and by name, by whom they may be, and noted without a name?"""

import json
from dataclasses import replace

import pytest

from casework.agreement import Recipient
from tests.gateway.desk import EASY_PACE, at_desk
from tests.gateway.rows import BROTHER, HEAD, HOUSEHOLD, NAMES, ROWS, SPOUSE, _file, _member
from vocabulary.codes import Department, Relation
from vocabulary.evidence import FailureKind
from vocabulary.idnumber import WrittenId
from vocabulary.records.civil_affairs import HouseholdFile, Membership

SEARCH = """query($region: RegionCode!, $name: String, $first: Int, $after: String) {
  households(region: $region, name: $name, first: $first, after: $after) {
    edges {cursor node {number members {idNumber person {records {name}}}}}
    pageInfo {hasNextPage hasPreviousPage startCursor endCursor}
  }
}"""
REVIEW = "PERIODIC_REVIEW"
MANY = {
    **ROWS,
    HouseholdFile: [*ROWS[HouseholdFile], *(_file(f"H-{n}", f"52990100{n % 3 + 1}") for n in range(10, 17))],
    Membership: [
        *ROWS[Membership],
        *(_member(HEAD, Relation.HEAD, household=f"H-{n}") for n in range(10, 17)),
    ],
}


def asked(folder, rows=ROWS, *, times=1, options=None, caller=None, **variables):
    """The last answer, and the log."""

    async def test(desk):
        for _ in range(times):
            told = await desk.ask(SEARCH, {"region": "529901", **variables}, **(caller or {}))
        return told, await desk.entries()

    return at_desk(folder, rows, test, **(options or {}))


def numbers(told):
    return [edge["node"]["number"] for edge in told.json()["data"]["households"]["edges"]]


def test_a_household_is_found_by_the_name_of_somebody_in_it(tmp_path):
    told, _ = asked(tmp_path, name=NAMES[HEAD])
    (edge,) = told.json()["data"]["households"]["edges"]
    assert edge["node"]["number"] == HOUSEHOLD
    assert edge["node"]["members"][0]["person"]["records"] == [{"name": NAMES[HEAD]}]
    assert told.json()["data"]["households"]["pageInfo"]["hasNextPage"] is False


def test_a_name_is_compared_whole_and_without_the_blanks_around_it(tmp_path):
    assert numbers(asked(tmp_path / "a", name=f" {NAMES[HEAD]}\u3000")[0]) == [HOUSEHOLD]
    for other in (NAMES[HEAD][:-1], NAMES[HEAD] + "一", "%", "_" * 3, "' OR 1=1 --"):
        assert numbers(asked(tmp_path / str(ord(other[-1])), name=other)[0]) == []


def test_of_a_person_in_two_regions_only_the_household_of_the_region_is_told(tmp_path):
    told, _ = asked(tmp_path, name=NAMES[SPOUSE])
    assert numbers(told) == [HOUSEHOLD]
    assert "H-2" not in told.text


def test_a_name_that_nobody_has_and_one_of_another_region_are_told_alike(tmp_path):
    nobody, _ = asked(tmp_path / "a", name="某某", region="529901")
    elsewhere, _ = asked(tmp_path / "b", name=NAMES[SPOUSE], region="529901009")
    assert nobody.json()["data"] == elsewhere.json()["data"]
    assert "errors" not in elsewhere.json()


def test_the_log_holds_the_region_and_everybody_sought_and_no_name(tmp_path):
    _, (intent, outcome) = asked(tmp_path, name=NAMES[SPOUSE])
    assert intent["fields"]["region"] == "529901"
    assert {*intent["committed"]} == {"purpose", "case", "note"}
    assert intent["subjects"] == []
    assert (
        outcome["fields"]["persons"]["civil_affairs"] == 5
    )  # three listed, and both households of the one sought
    assert len(outcome["subjects"]) == 5
    written = json.dumps([intent, outcome], ensure_ascii=False)
    assert not any(text in written for text in (*NAMES.values(), HEAD, SPOUSE, BROTHER, HOUSEHOLD))


def test_a_region_is_listed_page_by_page_and_each_household_once(tmp_path):
    seen, after = [], None
    for page in range(4):
        told, _ = asked(tmp_path / str(page), MANY, first=3, after=after, caller={"purpose": REVIEW})
        listed = told.json()["data"]["households"]
        seen += numbers(told)
        after = listed["pageInfo"]["endCursor"]
        assert listed["pageInfo"]["hasPreviousPage"] is (page > 0)
        if not listed["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(["H-1", *(f"H-{n}" for n in range(10, 17))])
    assert page == 2


def test_a_street_is_a_smaller_list(tmp_path):
    told, _ = asked(tmp_path, MANY, region="529901003", caller={"purpose": REVIEW})
    assert numbers(told) == ["H-1", "H-11", "H-14"]


@pytest.mark.parametrize(
    ("variables", "caller"),
    [
        ({}, {"purpose": "DIBAO_RECOGNITION"}),
        ({"region": "529902"}, {"purpose": REVIEW}),
        ({"region": "5299"}, {"purpose": REVIEW}),
        ({"region": "529902", "name": "安一木"}, {}),
        ({"name": "安一木"}, {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "EVALUATION"}),
    ],
    ids=[
        "a case is one household's",
        "another district",
        "the city above",
        "a name elsewhere",
        "no names for evaluators",
    ],
)
def test_who_may_not_search_is_refused_and_nobody_is_asked(tmp_path, variables, caller):
    told, entries = asked(tmp_path, caller=caller, **variables)
    assert told.status_code == 403
    assert [entry["event"] for entry in entries] == ["inquiry.refused"]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"name": " "}, "characters in `name`"),
        ({"name": "安" * 65}, "characters in `name`"),
        ({"name": "安\0"}, "characters in `name`"),
        ({"after": "H-1\0"}, "an `endCursor`"),
        ({"name": "安一木", "after": "H-1"}, "no `after` beside `name`"),
        ({"after": "H" * 65}, "an `endCursor`"),
        ({"first": 0}, "`first` from 1"),
        ({"first": 501}, "`first` from 1"),
        ({"region": "52990"}, "RegionCode"),
        ({"region": "5299%"}, "RegionCode"),
        ({"region": ""}, "RegionCode"),
    ],
)
def test_a_search_that_is_none_is_refused_before_anybody_is_asked(tmp_path, variables, says):
    told, entries = asked(tmp_path, caller={"purpose": REVIEW}, **variables)
    assert says in told.json()["errors"][0]["message"]
    assert not [entry for entry in entries if entry["event"] == "inquiry.intent"]


def test_numbers_and_region_exclude_each_other(tmp_path):
    async def test(desk):
        both = '{households(numbers: ["H-1"], region: "529901") {edges {cursor}}}'
        for text in (both, "{households {edges {cursor}}}"):
            told = (await desk.ask(text, purpose=REVIEW)).json()
            assert "either `numbers` or `region`" in told["errors"][0]["message"]

    at_desk(tmp_path, ROWS, test)


@pytest.mark.parametrize("name", [None, "安一木"])
def test_a_register_that_fails_is_no_empty_page(tmp_path, name):
    options = {"failing": {Department.CIVIL_AFFAIRS: FailureKind.UNREACHABLE}}
    told, entries = asked(tmp_path, name=name, caller={"purpose": REVIEW}, options=options)
    answer = told.json()
    assert answer["data"] == {"households": None}
    assert answer["errors"][0]["extensions"]["code"] == "SOURCE_FAILED"
    assert answer["errors"][0]["path"] == ["households"]
    assert answer["extensions"]["sources"]["civil_affairs"]["state"] == "SOURCE_FAILED"
    assert entries[-1]["fields"]["result"] == "SOURCE_FAILED"


def test_looking_up_one_name_after_the_other_is_noticed(tmp_path):
    pace = replace(EASY_PACE, misses=3)
    told, entries = asked(tmp_path, name="某某", times=5, options={"pace": pace})
    assert told.status_code == 429
    assert entries[-1]["event"] == "inquiry.refused"


def test_a_search_counts_the_households_that_it_may_bring(tmp_path):
    pace = replace(EASY_PACE, listed=50)
    assert asked(tmp_path / "a", name="安一木", times=2, options={"pace": pace})[0].status_code == 200
    assert asked(tmp_path / "b", name="安一木", times=3, options={"pace": pace})[0].status_code == 429


def test_values_are_not_claimed_of_many(tmp_path):
    async def test(desk):
        text = """{households(region: "529901", name: "安一木") {edges {node {members {
          person {records {verify {name(claimed: "安一木")}}}}}}}}"""
        assert "`verify` of one household" in (await desk.ask(text)).json()["errors"][0]["message"]

    at_desk(tmp_path, ROWS, test)


def many(households, *, persons):
    """Rows of so many households of so many persons each."""
    files = [_file(f"L-{n:03}", "529901001") for n in range(households)]
    listed = [
        _member(WrittenId(f"5299011988{n:04}{who:04}"), Relation.SON, household=f"L-{n:03}")
        for n in range(households)
        for who in range(persons)
    ]
    return {**ROWS, HouseholdFile: files, Membership: listed}


def test_a_page_is_no_longer_than_one_entry_of_the_log_can_name(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "gateway.inquiry.MOST_SUBJECTS", 14
    )  # eight found, and two persons in each that is told
    rows, caller = many(8, persons=2), {"purpose": REVIEW}
    seen, after, sizes = [], None, []
    while True:
        told, entries = asked(tmp_path / str(after), rows, first=500, after=after, caller=caller)
        listed = told.json()["data"]["households"]
        seen, sizes = seen + numbers(told), [*sizes, len(listed["edges"])]
        assert len(entries[-1]["subjects"]) <= 14
        after = listed["pageInfo"]["endCursor"]
        if not listed["pageInfo"]["hasNextPage"]:
            break
    assert seen == [f"L-{n:03}" for n in range(8)]
    assert sizes == [3, 4, 1]


def test_five_hundred_households_can_be_noted(tmp_path):
    told, entries = asked(tmp_path, many(500, persons=4), first=500, caller={"purpose": REVIEW})
    assert told.status_code == 200
    assert entries[-1]["event"] == "inquiry.outcome"
    assert told.json()["data"]["households"]["pageInfo"]["hasNextPage"] is True
