"""Is a record disputed only with whom it is about, by whoever may see it, and does a refusal tell nothing of others?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.desk import at_desk
from tests.gateway.rows import BROTHER, HEAD, ROWS, SPOUSE
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.records.social_security import Insurance

DISPUTE = """mutation($subject: String!, $record: String!, $key: ID!, $column: String!) {
  disputeRecord(subject: $subject, region: "529901", record: $record, recordId: $key, columns: [$column], claim: "有误") {
    state } }"""
INSURANCE = {"record": "Insurance", "key": "i-0", "column": "base_fen"}
DEATH = {"record": "Death", "key": "d-1", "column": "died_on"}
NOT_THEIRS = "expected a record of the subject's that the caller may see, got another or none"


def asked(
    folder: Path, about: dict[str, str], *, failing: Any = None, **caller: str
) -> tuple[Any, list[Any]]:
    """What came of a dispute, and the entries that it left."""

    async def test(desk: Any) -> tuple[Any, list[Any]]:
        answer = (await desk.ask(DISPUTE, about, **caller)).json()
        return answer, await desk.entries()

    came: tuple[Any, list[Any]] = at_desk(folder, ROWS, test, casework=True, failing=failing)
    return came


@pytest.mark.parametrize(
    "about",
    [
        {**INSURANCE, "subject": SPOUSE},
        {**INSURANCE, "subject": "H-1"},
        {"record": "HouseholdFile", "key": "f-H-1", "column": "head", "subject": "H-1"},
        {"record": "HouseholdFile", "key": "f-H-1", "column": "head", "subject": SPOUSE},
    ],
    ids=[
        "a person's own",
        "of a member of the household",
        "a household's own",
        "of the household of a person",
    ],
)
def test_a_record_that_is_the_subjects_is_disputed(tmp_path: Path, about: dict[str, str]) -> None:
    answer, _ = asked(tmp_path, about)
    assert answer["data"] == {"disputeRecord": {"state": "ASKED"}}


@pytest.mark.parametrize(
    "about",
    [
        {**INSURANCE, "subject": HEAD},
        {**INSURANCE, "subject": SPOUSE, "key": "i-99"},
        {**DEATH, "subject": "H-1"},
        {**DEATH, "subject": BROTHER},
        {"record": "HouseholdFile", "key": "f-H-2", "column": "head", "subject": "H-1"},
        {"record": "HouseholdFile", "key": "f-H-2", "column": "head", "subject": SPOUSE},
    ],
    ids=[
        "another member's",
        "not there",
        "of one who agreed to nothing",
        "his own",
        "another household's",
        "elsewhere",
    ],
)
def test_what_is_another_persons_or_not_there_is_refused_in_one_sentence(
    tmp_path: Path, about: dict[str, str]
) -> None:
    answer, entries = asked(tmp_path, about)
    assert answer["data"] == {"disputeRecord": None}
    assert [error["message"] for error in answer["errors"]] == [NOT_THEIRS]
    assert [entry["event"] for entry in entries] == ["inquiry.intent", "inquiry.outcome"]


def test_a_column_that_the_post_may_not_see_is_refused_in_the_same_sentence(tmp_path: Path) -> None:
    about = {**INSURANCE, "subject": SPOUSE, "column": "employer"}
    seen, _ = asked(tmp_path / "verifier", about)
    hidden, _ = asked(tmp_path / "clerk", about, post="窗口")
    assert seen["data"]["disputeRecord"] == {"state": "ASKED"}
    assert [error["message"] for error in hidden["errors"]] == [NOT_THEIRS]


def test_where_the_department_is_silent_nobody_says_whose_the_record_is(tmp_path: Path) -> None:
    failing = {Department.SOCIAL_SECURITY: FailureKind.UNREACHABLE}
    answer, entries = asked(tmp_path, {**INSURANCE, "subject": "H-1"}, failing=failing)
    [error] = answer["errors"]
    assert (
        error["message"]
        == "expected 人社 to say whose the record is, got `UNREACHABLE`, and nothing was changed"
    )
    assert entries[-1]["fields"]["sources"]["social_security"] == "UNREACHABLE"


def test_everybody_who_was_asked_about_is_named_in_the_trace_by_a_pseudonym(tmp_path: Path) -> None:
    async def test(desk: Any) -> None:
        await desk.ask(DISPUTE, {**INSURANCE, "subject": SPOUSE, "key": "i-99"})
        intent, outcome = await desk.entries()
        assert intent["fields"]["sources"] == ["civil_affairs", "social_security"]
        assert desk.office.trace.pseudonym(SPOUSE) in outcome["subjects"]
        assert SPOUSE not in json.dumps(outcome)

    at_desk(tmp_path, ROWS, test, casework=True)


def test_one_person_is_asked_about_alone(tmp_path: Path) -> None:
    async def test(desk: Any) -> None:
        department = desk.office.connectors[Department.SOCIAL_SECURITY]
        heard: list[Any] = []
        fetch = department.fetch

        async def listened(ask: Any) -> Any:
            heard.append((ask.record, tuple(ask.ids), ask.columns))
            return await fetch(ask)

        object.__setattr__(department, "fetch", listened)
        await desk.ask(DISPUTE, {**INSURANCE, "subject": SPOUSE})
        assert heard == [(Insurance, (SPOUSE,), frozenset())]

    at_desk(tmp_path, ROWS, test, casework=True)


HANDLES = """{ household(number: "H-1") { members {
  idNumber insurance { handles(first: 1) records { recordId month } } } } }"""
BY_HANDLE = """mutation($subject: String!, $key: ID, $handle: ID) {
  disputeRecord(subject: $subject, region: "529901", record: "Insurance", recordId: $key, handle: $handle,
    columns: ["base_fen"], claim: "有误") { state recordId } }"""


async def handle_at_the_window(desk: Any) -> str:
    """The handle of the spouse's first record, as a clerk is told it beside the record without its key."""
    told = (await desk.ask(HANDLES, {}, post="窗口")).json()["data"]["household"]["members"]
    [insured] = [one["insurance"] for one in told if one["idNumber"] == SPOUSE]
    assert {row["recordId"] for row in insured["records"]} == {None}
    [handle] = insured["handles"]
    return str(handle)


@pytest.mark.parametrize("subject", [SPOUSE, "H-1"], ids=["the person's", "the household's"])
def test_a_record_whose_key_is_hidden_is_disputed_by_its_handle(tmp_path: Path, subject: str) -> None:
    async def test(desk: Any) -> None:
        handle = await handle_at_the_window(desk)
        about = {"subject": subject, "handle": handle}
        answer = (await desk.ask(BY_HANDLE, about, post="窗口")).json()
        assert answer["data"]["disputeRecord"] == {"state": "ASKED", "recordId": handle}
        entries = json.dumps(await desk.entries())
        assert handle not in entries
        assert "i-0" not in entries

    at_desk(tmp_path, ROWS, test, casework=True)


def test_a_handle_of_another_persons_record_is_refused_like_one_that_is_none(tmp_path: Path) -> None:
    async def test(desk: Any) -> None:
        handle = await handle_at_the_window(desk)
        for about in (
            {"subject": HEAD, "handle": handle},
            {"subject": SPOUSE, "handle": "0" * 32},
            {"subject": SPOUSE, "handle": ""},
            {"subject": SPOUSE, "handle": "i-0"},
            {"subject": SPOUSE, "key": handle},
        ):
            answer = (await desk.ask(BY_HANDLE, about, post="窗口")).json()
            assert [error["message"] for error in answer["errors"]] == [NOT_THEIRS]

    at_desk(tmp_path, ROWS, test, casework=True)


@pytest.mark.parametrize("named", [{}, {"key": "i-0", "handle": "0" * 32}], ids=["by nothing", "twice"])
def test_a_record_is_named_in_one_way(tmp_path: Path, named: dict[str, str]) -> None:
    async def test(desk: Any) -> None:
        answer = (await desk.ask(BY_HANDLE, {"subject": SPOUSE, **named})).json()
        [error] = answer["errors"]
        assert error["message"] == "expected either `recordId` or `handle`, got both or none"

    at_desk(tmp_path, ROWS, test, casework=True)


def test_handles_stand_in_the_order_of_the_records_and_are_cut_alike(tmp_path: Path) -> None:
    asked = """{ household(number: "H-1") { members { idNumber
      all: insurance { handles records { recordId } }
      some: insurance { handles(first: 1, after: "1") records(first: 1, after: "1") { recordId } } } } }"""

    async def test(desk: Any) -> None:
        told = (await desk.ask(asked, {})).json()["data"]["household"]["members"]
        [spouse] = [one for one in told if one["idNumber"] == SPOUSE]
        keys = [row["recordId"] for row in spouse["all"]["records"]]
        handles = dict(zip(keys, spouse["all"]["handles"], strict=True))
        assert len(set(handles.values())) == len(keys) > 1
        [second] = spouse["some"]["records"]
        assert spouse["some"]["handles"] == [handles[second["recordId"]]]

    at_desk(tmp_path, ROWS, test, casework=True)
