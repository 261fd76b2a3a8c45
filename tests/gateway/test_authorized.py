"""Does what our own register of authorizations says count at the very next question, and in a run?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from casework.agreement import Recipient
from casework.authorizations import Paper, Signature, record_authorization, withdraw_consent
from casework.authorized import Authorized
from casework.role import Actor
from connectors.memory import MemoryConnector
from gateway.snapshot import take_snapshot
from tests.gateway.desk import NOW, TODAY, at_desk
from tests.gateway.rows import BROTHER, HEAD, HOUSEHOLD, ROWS, SPOUSE
from vocabulary.codes import Department, MemberKind, SignatureMethod
from vocabulary.idnumber import IdNumber
from vocabulary.records.civil_affairs import Authorization, HouseholdFile, Membership
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance
from vocabulary.region import RegionCode

QUESTION = """{ household(number: "H-1") { members { idNumber insurance { state reason }
  death { state reason } } } }"""
CLERK = Actor("test mz-0007", Recipient.CIVIL_AFFAIRS, "窗口", RegionCode("529901"))
HERE = RegionCode("529901003")


def paper(*persons: str, kind: MemberKind = MemberKind.COHABIT, **given) -> Paper:
    return replace(
        Paper(
            HOUSEHOLD,
            HERE,
            tuple(Signature(IdNumber(one), kind) for one in persons),
            frozenset(Department),
            SignatureMethod.HANDWRITTEN,
            date(2026, 11, 1),
        ),
        **given,
    )


async def told(desk) -> dict[str, dict]:
    answered = (await desk.ask(QUESTION)).json()
    return {one["idNumber"]: one for one in answered["data"]["household"]["members"]}


def withdrawn(desk, person: str):
    return withdraw_consent(desk.casework, CLERK, household=HOUSEHOLD, region=HERE, person=IdNumber(person))


def test_who_takes_the_departments_authorization_back_is_asked_about_no_more(tmp_path):
    async def work(desk):
        before = (await told(desk))[SPOUSE]
        await withdrawn(desk, SPOUSE)
        return before, await told(desk)

    before, after = at_desk(tmp_path, ROWS, work, casework=True)
    assert before["insurance"]["state"] == "FOUND"
    assert after[SPOUSE]["insurance"] == {"state": "NOT_ASKED", "reason": "社会救助法 第四十条：授权已撤回"}
    assert after[SPOUSE]["death"]["state"] == "NOT_ASKED"
    assert after[HEAD]["insurance"]["state"] == "NO_RECORD"


def test_an_obligors_own_signature_lets_ask_about_him_until_he_takes_it_back(tmp_path):
    async def work(desk):
        before = (await told(desk))[BROTHER]
        await record_authorization(desk.casework, CLERK, paper(BROTHER, kind=MemberKind.OBLIGOR))
        signed = (await told(desk))[BROTHER]
        await withdrawn(desk, BROTHER)
        return before, signed, (await told(desk))[BROTHER]

    before, signed, after = at_desk(tmp_path, ROWS, work, casework=True)
    assert before["death"] == {"state": "NOT_ASKED", "reason": "社会救助法 第四十一条（HH-09）：没有授权书"}
    assert signed["death"]["state"] == "FOUND"
    assert after["death"] == {"state": "NOT_ASKED", "reason": "社会救助法 第四十一条（HH-09）：授权已撤回"}


def test_only_the_departments_that_the_paper_names_are_asked(tmp_path):
    async def work(desk):
        await record_authorization(
            desk.casework,
            CLERK,
            paper(BROTHER, kind=MemberKind.OBLIGOR, departments=frozenset({Department.SOCIAL_SECURITY})),
        )
        return (await told(desk))[BROTHER]

    brother = at_desk(tmp_path, ROWS, work, casework=True)
    assert brother["insurance"]["state"] == "NO_RECORD"
    assert brother["death"]["state"] == "NOT_ASKED"
    assert "没有列明该部门" in brother["death"]["reason"]


def joined(day: date) -> dict:
    """The household, with the spouse joining on a day; everybody signed on 1 January."""
    rows = [
        msgspec.structs.replace(row, joined_on=day) if row.person == SPOUSE else row
        for row in ROWS[Membership]
    ]
    return {**ROWS, Membership: rows}


def test_when_somebody_joins_nobody_is_asked_about_until_all_sign_anew(tmp_path):
    async def work(desk):
        before = await told(desk)
        await record_authorization(desk.casework, CLERK, paper(HEAD, SPOUSE))
        return before, await told(desk)

    before, after = at_desk(tmp_path / "since", joined(date(2026, 1, 2)), work, casework=True)
    for who in (HEAD, SPOUSE):
        assert before[who]["insurance"]["state"] == "NOT_ASKED"
        assert "LIF-06" in before[who]["insurance"]["reason"]
    assert (after[HEAD]["insurance"]["state"], after[SPOUSE]["insurance"]["state"]) == ("NO_RECORD", "FOUND")

    before, _ = at_desk(tmp_path / "that day", joined(date(2026, 1, 1)), work, casework=True)
    assert before[SPOUSE]["insurance"]["state"] == "FOUND"


def test_asking_about_the_day_before_somebody_joined_is_no_way_round(tmp_path):
    async def work(desk):
        text = QUESTION.replace('number: "H-1"', f'number: "H-1", on: "{TODAY - timedelta(days=30)}"')
        answered = (await desk.ask(text)).json()
        return answered["data"]["household"]["members"]

    members = at_desk(tmp_path, joined(TODAY - timedelta(days=10)), work)
    (head,) = [one for one in members if one["idNumber"] == HEAD]
    assert "LIF-06" in head["insurance"]["reason"]
    assert SPOUSE not in {one["idNumber"] for one in members}


def test_a_withdrawal_that_another_process_wrote_counts_at_the_next_question(tmp_path):
    async def work(desk):
        other = Authorized(type(desk.casework.kept)(f"sqlite:///{tmp_path / 'audit.sqlite'}"), ())
        await withdraw_consent(
            replace(desk.casework, kept=other.kept), CLERK,
            household=HOUSEHOLD, region=HERE, person=IdNumber(HEAD),
        )  # fmt: skip
        other.kept.close()
        return (await told(desk))[HEAD]

    assert at_desk(tmp_path, ROWS, work, casework=True)["insurance"]["state"] == "NOT_ASKED"


def masks(authorized, rows=ROWS) -> tuple[dict[str, int], dict[str, int]]:
    connectors = {one: MemoryConnector(one, rows, clock=lambda: NOW) for one in Department}
    reads = {Insurance: frozenset({"person", "month"}), Death: frozenset({"person", "died_on"})}
    taken = take_snapshot(connectors, reads, on=TODAY, today=TODAY, authorized=authorized)
    persons = {row["person"]: row["mask"] for row in taken.snapshot.persons.to_pylist()}
    cases = {row["household"]: row["mask"] for row in taken.snapshot.cases.to_pylist()}
    return persons, cases


def test_a_run_is_no_way_round_a_withdrawal_and_knows_what_was_signed_with_us(tmp_path):
    async def work(desk):
        authorized = desk.office.authorized
        before, _ = masks(authorized)
        await withdrawn(desk, SPOUSE)
        only = frozenset({Department.HEALTH})
        await record_authorization(
            desk.casework, CLERK, paper(BROTHER, kind=MemberKind.OBLIGOR, departments=only)
        )
        after, _ = masks(authorized)
        return before, after

    before, after = at_desk(tmp_path, ROWS, work, casework=True)
    assert (before[HEAD], before[SPOUSE]) == (0, 0)
    assert before[BROTHER] > 0
    assert after[HEAD] == 0
    assert after[SPOUSE] == before[BROTHER]  # neither insurance nor death may be asked for
    assert 0 < after[BROTHER] < before[BROTHER]  # the one department that the paper names may


def listed_twice(other):
    """Rows in which the head lives with another household as well, which somebody joined yesterday."""
    [file], members = ROWS[HouseholdFile][:1], ROWS[Membership]
    head = next(row for row in members if (row.person, row.household) == (HEAD, HOUSEHOLD))
    spouse = next(row for row in members if (row.person, row.household) == (SPOUSE, HOUSEHOLD))
    beside = [
        msgspec.structs.replace(head, record_id="m-x-1", household=other),
        msgspec.structs.replace(
            spouse, record_id="m-x-2", household=other, person=BROTHER, joined_on=TODAY - timedelta(days=1)
        ),
    ]
    return {
        **ROWS,
        HouseholdFile: [
            *ROWS[HouseholdFile],
            msgspec.structs.replace(file, record_id="f-x", household=other),
        ],
        Membership: [*members, *beside],
    }


@pytest.mark.parametrize("other", ["H-0", "H-9"])
def test_of_somebody_listed_twice_a_run_reads_what_both_households_have_agreed_to(other):
    """Where somebody joined the other household since, all there must sign anew (LIF-06)."""
    assert masks(None)[0][HEAD] == 0
    assert masks(None, listed_twice(other))[0][HEAD] > 0


TWO = """query($numbers: [ID!]!) { households(numbers: $numbers, first: 2) {
  edges { node { number members { relation insurance { state reason } } } } } }"""


@pytest.mark.parametrize("other", ["H-0", "H-9"])
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_of_somebody_listed_twice_a_list_asks_what_both_households_have_agreed_to(tmp_path, other, first):
    numbers = [HOUSEHOLD, other] if first else [other, HOUSEHOLD]

    async def work(desk):
        return (await desk.ask(TWO, {"numbers": numbers}, purpose="PERIODIC_REVIEW")).json()

    answer = at_desk(tmp_path, listed_twice(other), work)
    heads = [
        member["insurance"]
        for edge in answer["data"]["households"]["edges"]
        for member in edge["node"]["members"]
        if member["relation"] == "HEAD"
    ]
    assert [head["state"] for head in heads] == ["NOT_ASKED", "NOT_ASKED"]
    assert all("LIF-06" in head["reason"] for head in heads)


def test_the_rules_read_what_was_signed_with_us(tmp_path):
    async def work(desk):
        await record_authorization(desk.casework, CLERK, paper(BROTHER, kind=MemberKind.OBLIGOR))
        await withdrawn(desk, HEAD)
        connectors = {one: MemoryConnector(one, ROWS, clock=lambda: NOW) for one in Department}
        taken = take_snapshot(connectors, {}, on=TODAY, today=TODAY, authorized=desk.office.authorized)
        return taken.snapshot.tables[Authorization].to_pylist()

    rows = {row["person"]: row for row in at_desk(tmp_path, ROWS, work, casework=True)}
    assert rows[BROTHER]["valid_from"] == date(2026, 11, 1)
    assert rows[HEAD]["withdrawn_on"] == TODAY
    assert rows[SPOUSE]["withdrawn_on"] is None
