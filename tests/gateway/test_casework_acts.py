"""Can records be disputed and consent be given and taken back through the gateway, by whom they may be?"""

import json

import pytest

from casework.agreement import Recipient
from tests.gateway.desk import at_desk
from tests.gateway.rows import BROTHER, HEAD, HOUSEHOLD, NAMES, ROWS, SPOUSE
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind

DISPUTE = """mutation($columns: [String!]!, $record: String!, $region: RegionCode!) {
  disputeRecord(subject: "H-1", region: $region, record: $record, recordId: "i-0", columns: $columns, claim: "基数有误") {
    id source record recordId columns state askedOn dueOn answer } }"""
ANSWER = """mutation($id: ID!, $letter: String) {
  answerCorrection(id: $id, state: CORRECTED, text: "已更正", letter: $letter) {state answer letter answeredOn} }"""
WITHDRAW = 'mutation($id: ID!) { withdrawCorrection(id: $id, reason: "看错了") { state } }'
GRANT = """mutation($signatures: [Signature!]!, $from: Date!) {
  grantAuthorization(household: "H-1", region: "529901003", signatures: $signatures,
    departments: [SOCIAL_SECURITY], method: HANDWRITTEN, validFrom: $from) {
    id pseudonym kind departments validFrom validUntil withdrawnOn } }"""
TAKE_BACK = """mutation($who: String!) {
  withdrawAuthorization(household: "H-1", region: "529901003", idNumber: $who) { withdrawnOn } }"""
INSURANCE = '{household(number: "H-1") {members {relation insurance {state reason records {base}}}}}'
DISPUTED = {"columns": ["base_fen"], "record": "Insurance", "region": "529901003"}
STEWARD = {
    "department": Recipient.SOCIAL_SECURITY,
    "post": "数据管理员",
    "purpose": "CORRECTION",
    "subject": "rs-9",
}
SIGNED = {"signatures": [{"idNumber": BROTHER, "kind": "OBLIGOR"}], "from": "2026-11-16"}


def running(folder, test):
    return at_desk(folder, ROWS, test, casework=True)


async def told(desk, document, variables, **caller):
    return (await desk.ask(document, variables, **caller)).json()


async def state_of(desk, relation):
    answer = (await desk.ask(INSURANCE)).json()
    (member,) = [one for one in answer["data"]["household"]["members"] if one["relation"] == relation]
    return member["insurance"]["state"]


def test_a_record_is_disputed_and_its_department_answers(tmp_path):
    async def test(desk):
        asked = (await told(desk, DISPUTE, DISPUTED))["data"]["disputeRecord"]
        assert asked["source"] == "SOCIAL_SECURITY"
        assert (asked["state"], asked["columns"], asked["answer"]) == ("ASKED", ["base_fen"], None)
        assert (asked["askedOn"], asked["dueOn"]) == ("2026-11-16", "2026-11-30")
        answered = (await told(desk, ANSWER, {"id": asked["id"]}, **STEWARD))["data"]["answerCorrection"]
        assert answered == {
            "state": "CORRECTED",
            "answer": "已更正",
            "letter": None,
            "answeredOn": "2026-11-16",
        }
        entries = await desk.entries()
        one = ["inquiry.intent", "correction.changed", "inquiry.outcome"]
        assert [entry["event"] for entry in entries] == one + one
        assert entries[1]["fields"]["caller"] == entries[0]["fields"]["caller"]
        assert not any(
            text in json.dumps(entries, ensure_ascii=False) for text in ("基数有误", "已更正", HOUSEHOLD)
        )

    running(tmp_path, test)


def test_others_record_an_answer_only_with_the_number_of_its_letter(tmp_path):
    async def test(desk):
        asked = (await told(desk, DISPUTE, DISPUTED))["data"]["disputeRecord"]
        alone = await told(desk, ANSWER, {"id": asked["id"]})
        assert alone["errors"][0]["extensions"]["code"] == "NOT_DONE"
        with_letter = await told(desk, ANSWER, {"id": asked["id"], "letter": "人社函〔2026〕7号"})
        assert with_letter["data"]["answerCorrection"]["letter"] == "人社函〔2026〕7号"
        again = await told(desk, WITHDRAW, {"id": asked["id"]})
        assert (again["data"]["withdrawCorrection"], again["errors"][0]["path"]) == (
            None,
            ["withdrawCorrection"],
        )

    running(tmp_path, test)


@pytest.mark.parametrize(
    "change",
    [{"columns": []}, {"columns": ["no_such"]}, {"record": "NoSuch"}, {"region": "529902001"}],
    ids=lambda change: next(iter(change)),
)
def test_a_dispute_that_is_not_sound_is_not_done_and_changes_nothing(tmp_path, change):
    async def test(desk):
        answer = await told(desk, DISPUTE, {**DISPUTED, **change})
        assert answer["data"] == {"disputeRecord": None}
        assert answer["errors"][0]["extensions"]["code"] == "NOT_DONE"
        assert "correction.changed" not in [entry["event"] for entry in await desk.entries()]

    running(tmp_path, test)


@pytest.mark.parametrize(
    "caller",
    [
        {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "EVALUATION"},
        {"department": Recipient.EDUCATION, "post": "资助专员", "purpose": "STUDENT_AID"},
        {"purpose": "AUDIT", "post": "复核主管"},
        {"post": "法务"},
    ],
    ids=["evaluator", "student aid", "another purpose", "a post without an agreement"],
)
@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (DISPUTE, DISPUTED),
        (GRANT, SIGNED),
        (TAKE_BACK, {"who": HEAD}),
        (ANSWER, {"id": "x"}),
        (WITHDRAW, {"id": "x"}),
    ],
    ids=["dispute", "grant", "take back", "answer", "withdraw"],
)
def test_who_has_no_agreement_for_an_act_is_refused_before_anything_is_done(
    tmp_path, caller, document, variables
):
    async def test(desk):
        refused = await desk.ask(document, variables, **caller)
        assert refused.status_code == 403
        assert [entry["event"] for entry in await desk.entries()] == ["inquiry.refused"]

    running(tmp_path, test)


def test_a_steward_answers_for_its_own_department_alone(tmp_path):
    async def test(desk):
        asked = (await told(desk, DISPUTE, DISPUTED))["data"]["disputeRecord"]
        other = {**STEWARD, "department": Recipient.EDUCATION, "subject": "jy-9"}
        answer = await told(desk, ANSWER, {"id": asked["id"]}, **other)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_DONE"
        granted = await desk.ask(GRANT, SIGNED, **STEWARD)
        assert granted.status_code == 403

    running(tmp_path, test)


def test_an_authorization_opens_the_departments_and_its_withdrawal_closes_them_at_the_next_question(tmp_path):
    async def test(desk):
        assert await state_of(desk, "SIBLING") == "NOT_ASKED"
        granted = (await told(desk, GRANT, SIGNED))["data"]["grantAuthorization"]
        (one,) = granted
        assert one["pseudonym"] == desk.office.trace.pseudonym(BROTHER)
        assert (one["kind"], one["departments"], one["validUntil"]) == ("OBLIGOR", ["SOCIAL_SECURITY"], None)
        assert await state_of(desk, "SIBLING") == "NO_RECORD"
        taken = (await told(desk, TAKE_BACK, {"who": BROTHER}))["data"]["withdrawAuthorization"]
        assert taken == [{"withdrawnOn": "2026-11-16"}]
        assert await state_of(desk, "SIBLING") == "NOT_ASKED"
        assert await state_of(desk, "SPOUSE") == "FOUND"

    running(tmp_path, test)


def test_what_civil_affairs_had_on_file_can_be_taken_back_too(tmp_path):
    async def test(desk):
        assert await state_of(desk, "SPOUSE") == "FOUND"
        await told(desk, TAKE_BACK, {"who": SPOUSE})
        assert await state_of(desk, "SPOUSE") == "NOT_ASKED"
        entries = json.dumps(await desk.entries(), ensure_ascii=False)
        assert not any(text in entries for text in (HEAD, SPOUSE, *NAMES.values()))

    running(tmp_path, test)


@pytest.mark.parametrize(
    "signed",
    [
        {"signatures": []},
        {"signatures": [{"idNumber": BROTHER[:-1] + "0", "kind": "OBLIGOR"}]},
        {"signatures": [{"idNumber": BROTHER, "kind": "OBLIGOR"}] * 2},
        {"from": "2026-11-17"},
    ],
    ids=["nobody", "a wrong check digit", "one twice", "tomorrow"],
)
def test_a_paper_that_is_not_sound_opens_nothing(tmp_path, signed):
    async def test(desk):
        answer = await told(desk, GRANT, {**SIGNED, **signed})
        assert answer["data"] == {"grantAuthorization": None}
        assert answer["errors"][0]["extensions"]["code"] == "NOT_DONE"
        assert BROTHER[:-1] not in json.dumps(answer)
        assert await state_of(desk, "SIBLING") == "NOT_ASKED"

    running(tmp_path, test)


GRANT_OF = GRANT.replace('"H-1"', '"H-2"')
TAKE_BACK_OF = TAKE_BACK.replace('"H-1"', '"H-2"')
DISPUTE_OF = DISPUTE.replace('subject: "H-1"', "subject: $subject").replace(
    "mutation(", "mutation($subject: String!, "
)
NEVER_LISTED = "529901197001010030"


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (GRANT_OF, {"signatures": [{"idNumber": SPOUSE, "kind": "COHABIT"}], "from": "2026-11-16"}),
        (TAKE_BACK_OF, {"who": SPOUSE}),
        (DISPUTE_OF, {**DISPUTED, "subject": "H-2"}),
        (DISPUTE_OF, {**DISPUTED, "subject": "H-3"}),
        (DISPUTE_OF, {**DISPUTED, "subject": NEVER_LISTED}),
        (GRANT, {**SIGNED, "signatures": [{"idNumber": NEVER_LISTED, "kind": "COHABIT"}]}),
        (TAKE_BACK, {"who": NEVER_LISTED}),
    ],
    ids=["grant", "take back", "dispute", "nowhere", "not listed", "a stranger signs", "a stranger's"],
)
def test_a_region_is_not_taken_on_the_callers_word(tmp_path, document, variables):
    async def test(desk):
        answer = await told(desk, document, variables)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_DONE"
        assert not any(who in json.dumps(answer) for who in (SPOUSE, NEVER_LISTED))
        entries = await desk.entries()
        assert [entry["event"] for entry in entries] == ["inquiry.intent", "inquiry.outcome"]
        disputed = ["social_security"] if "disputeRecord" in document else []
        assert entries[0]["fields"]["sources"] == ["civil_affairs", *disputed]
        assert await state_of(desk, "SPOUSE") == "FOUND"

    running(tmp_path, test)


def test_a_person_is_disputed_about_where_one_household_of_theirs_is_kept(tmp_path):
    async def test(desk):
        asked = await told(desk, DISPUTE_OF, {**DISPUTED, "subject": SPOUSE})
        assert asked["data"]["disputeRecord"]["state"] == "ASKED"

    running(tmp_path, test)


@pytest.mark.parametrize("variables", [{"subject": "H-1"}, {"subject": SPOUSE}], ids=["household", "person"])
def test_where_civil_affairs_is_silent_nothing_is_done(tmp_path, variables):
    async def test(desk):
        answer = await told(desk, DISPUTE_OF, {**DISPUTED, **variables})
        assert "`UNREACHABLE`, and nothing was changed" in answer["errors"][0]["message"]
        outcome = (await desk.entries())[-1]
        assert outcome["event"] == "inquiry.outcome"
        assert "UNREACHABLE" in json.dumps(outcome["fields"])

    failing = {Department.CIVIL_AFFAIRS: FailureKind.UNREACHABLE}
    at_desk(tmp_path, ROWS, test, casework=True, failing=failing)


def test_where_no_casework_is_set_up_an_act_of_it_is_not_done(tmp_path):
    async def test(desk):
        answer = await told(desk, DISPUTE, DISPUTED)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_DONE"

    at_desk(tmp_path, ROWS, test)
