"""Does a question go its whole way: who, may they, what, noted, asked, judged, noted, answered?"""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from structlog.testing import capture_logs

from audit.errors import StoreBusy
from audit.note import Signer
from audit.policy import Policy
from audit.proof import Proof
from audit.vault import Vault
from casework.agreement import Recipient
from connectors.memory import MemoryConnector
from gateway.days import require_in_force
from gateway.office import Judge
from gateway.trace import TRIED_EVERY, digest
from tests.gateway.desk import LOG_KEY, NOW, ORIGIN, at_desk
from tests.gateway.rows import BROTHER, EMPLOYER, HEAD, HOUSEHOLD, NAMES, PERSONAL, ROWS, SPOUSE
from verification.pack import load_pack
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.month import Month
from vocabulary.records.civil_affairs import HouseholdFile
from vocabulary.records.social_security import Insurance
from vocabulary.region import RegionCode

QUESTION = """
query Look($number: ID) {
  household(number: $number) {
    number pseudonym
    members {
      idNumber kind
      person { state reason records { name } }
      insurance { state reason department fetchedAt asOf count records(first: 2) { month base employer } }
      death { state reason }
      enrolment { state reason }
    }
  }
}
"""


def look(folder, rows=ROWS, number=HOUSEHOLD, query=QUESTION, *, options=None, **asked):
    async def test(desk):
        answer = await desk.ask(query, {"number": number} if "$number" in query else None, **asked)
        return answer.status_code, answer.json(), await desk.entries()

    return at_desk(folder, rows, test, **(options or {}))


def member(body, place):
    return body["data"]["household"]["members"][place]


@pytest.mark.parametrize(
    ("who", "noted"),
    [
        ({"name": "安示例", "home": "529901003"}, "YES"),
        ({"name": "王示例", "home": "529901003"}, None),  # the brother elsewhere was not asked about
        ({"name": "安示例"}, None),
        ({}, None),
    ],
)
def test_the_log_knows_whether_somebody_has_the_askers_surname_and_address(tmp_path, who, noted):
    status, body, entries = look(tmp_path, **who)
    assert status == 200
    outcome = next(each for each in entries if each["event"] == "inquiry.outcome")
    assert outcome["fields"].get("close") == noted
    assert "安示例" not in json.dumps(entries, ensure_ascii=False)
    # Nobody is refused for it, and the answer says nothing of it.
    assert member(body, 1)["idNumber"] == SPOUSE


def test_a_caseworker_sees_what_the_agreements_show(tmp_path):
    status, body, _ = look(tmp_path)
    assert status == 200
    assert "errors" not in body
    spouse = member(body, 1)
    assert spouse["idNumber"] == SPOUSE
    assert spouse["person"] == {"state": "FOUND", "reason": None, "records": [{"name": NAMES[SPOUSE]}]}
    assert spouse["insurance"] == {
        "state": "FOUND",
        "reason": None,
        "department": "SOCIAL_SECURITY",
        "fetchedAt": "2026-11-16T02:30:00Z",
        "asOf": "2026-10-31",
        "count": 6,
        "records": [
            {"month": "2025-11", "base": "4000.00", "employer": "9111**********341L"},
            {"month": "2025-12", "base": "4000.00", "employer": "9111**********341L"},
        ],
    }
    assert member(body, 0)["insurance"]["state"] == "NO_RECORD"
    (masked,) = body["extensions"]["access"]
    assert (masked["field"], masked["outcome"]) == ("household.members.insurance.records.employer", "MASKED")


def test_an_obligor_without_consent_is_not_asked_about_and_the_clause_says_so(tmp_path):
    asked = []

    async def test(desk):
        for connector in desk.office.connectors.values():
            _spy(connector, asked)
        return (await desk.ask(QUESTION, {"number": HOUSEHOLD})).json()

    body = at_desk(tmp_path, ROWS, test)
    brother = member(body, 2)
    assert brother["kind"] == "OBLIGOR"
    assert brother["death"]["state"] == "NOT_ASKED"
    assert "第四十一条" in brother["death"]["reason"]
    about_him = {ask.record.__name__ for ask in asked if BROTHER in ask.ids}
    assert about_him == {"Authorization"}


def test_the_columns_that_are_asked_for_are_the_selected_ones(tmp_path):
    asked = []

    async def test(desk):
        for connector in desk.office.connectors.values():
            _spy(connector, asked)
        await desk.ask(QUESTION, {"number": HOUSEHOLD})

    at_desk(tmp_path, ROWS, test)
    columns = {ask.record.__name__: ask.columns for ask in asked}
    assert columns["Insurance"] == {"month", "base_fen", "employer"}
    assert columns["Death"] == frozenset()
    assert "Pension" not in columns


def test_a_denied_column_is_in_no_request(tmp_path):
    asked = []

    async def test(desk):
        for connector in desk.office.connectors.values():
            _spy(connector, asked)
        answer = await desk.ask(QUESTION, {"number": HOUSEHOLD}, post="窗口")
        return answer.json()

    body = at_desk(tmp_path, ROWS, test)
    columns = {ask.record.__name__: ask.columns for ask in asked}
    assert not columns["Insurance"] & {"base_fen", "employer"}
    codes = {tuple(error["path"]): error["extensions"]["code"] for error in body["errors"]}
    assert codes["household", "members", 1, "insurance", "records", 0, "base"] == "VERIFY_ONLY"
    assert codes["household", "members", 1, "insurance", "records", 0, "employer"] == "REFUSED"
    assert len(body["errors"]) == 2  # once for each selected field, not for each row
    assert all(record["base"] is None for record in member(body, 1)["insurance"]["records"])


def test_an_evaluator_sees_pseudonyms_and_masks(tmp_path):
    status, body, _ = look(
        tmp_path, department=Recipient.EVALUATOR, post="评估员", purpose="EVALUATION", subject="pg-1"
    )
    assert status == 200
    text = json.dumps(body, ensure_ascii=False)
    assert not [value for value in PERSONAL if value in text]
    assert member(body, 1)["idNumber"] == "5299**********902X"
    assert member(body, 1)["person"]["state"] == "WITHHELD"
    clauses = " ".join(entry["basis"] for entry in body["extensions"]["access"])
    assert "第二十五条" in clauses
    assert "第四十条" in clauses


def test_the_receipt_proves_the_outcome_and_the_outcome_holds_the_digest_of_the_answer(tmp_path):
    async def test(desk):
        answer = await desk.ask(QUESTION, {"number": HOUSEHOLD})
        proof = Proof.parse(answer.json()["extensions"]["receipt"].encode())
        entry = await desk.log.entry(proof.index)
        opened = await asyncio.to_thread(Vault(desk.log.reader, desk.sealing).disclose, proof.index)
        return answer.content, proof, entry, {one.name: one.value for one in opened}

    content, proof, entry, opened = at_desk(tmp_path, ROWS, test)
    key = Signer.ed25519(ORIGIN, LOG_KEY).key
    proof.verify(entry, Policy.parse(f"log {key}\nquorum none\n".encode()))
    assert json.loads(entry)["fields"]["result"] == "ANSWERED"
    assert opened["answer"] == digest(msgspec.json.decode(content, type=dict[str, msgspec.Raw])["data"])


def test_intent_comes_before_anybody_is_asked_and_outcome_before_the_answer(tmp_path):
    seen = []

    async def test(desk):
        for connector in desk.office.connectors.values():
            _spy(connector, seen, lambda: desk.entries())
        await desk.ask(QUESTION, {"number": HOUSEHOLD})
        return await desk.entries()

    entries = at_desk(tmp_path, ROWS, test)
    assert [entry["event"] for entry in entries] == ["inquiry.intent", "inquiry.outcome"]
    assert seen
    assert all(len(known) == 1 for known in seen)
    intent, outcome = entries
    assert "Insurance.base" in intent["fields"]["asked"]
    assert intent["fields"]["sources"] == ["civil_affairs", "education", "health", "social_security"]
    assert outcome["fields"]["intent"] == 0
    assert len(outcome["subjects"]) == 4  # the household and three persons


def test_nothing_personal_stands_in_the_log(tmp_path):
    _, _, entries = look(tmp_path)
    text = json.dumps(entries, ensure_ascii=False)
    assert not [value for value in (*PERSONAL, "mz-0042", "HD-2026-0001") if value in text]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"authorization": None}, "NO_TOKEN"),
        ({"authorization": "Bearer abc"}, "MALFORMED"),
        ({"authorization": "Basic abc"}, "MALFORMED"),
    ],
)
def test_without_a_good_token_there_is_no_data(tmp_path, headers, reason):
    async def test(desk):
        given = {**desk.headers(), **headers}
        answer = await desk.ask(
            QUESTION, {"number": HOUSEHOLD}, headers={name: value for name, value in given.items() if value}
        )
        return answer, await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["errors"][0]["extensions"]["reason"] == reason
    assert "data" not in answer.json()
    assert entries == []


def test_an_expired_token_is_no_token(tmp_path):
    status, body, _ = look(tmp_path, at=NOW - timedelta(hours=2))
    assert (status, body["errors"][0]["extensions"]["reason"]) == (401, "EXPIRED")


@pytest.mark.parametrize(
    "asked", [{"purpose": None}, {"purpose": "CURIOSITY"}, {"case": None}, {"case": "5"}, {"case": HEAD}]
)
def test_without_purpose_and_case_the_refusal_is_noted(tmp_path, asked):
    status, body, entries = look(tmp_path, **asked)
    assert status == 403
    assert body["errors"][0]["extensions"]["code"] == "REFUSED"
    assert "第二十条" in body["errors"][0]["extensions"]["clause"]
    assert [(entry["event"], entry["fields"]["clause"]) for entry in entries] == [
        ("inquiry.refused", "GDSR-20")
    ]


def test_a_purpose_of_another_office_is_refused_before_anybody_is_asked(tmp_path):
    asked = []

    async def test(desk):
        for connector in desk.office.connectors.values():
            _spy(connector, asked)
        answer = await desk.ask(QUESTION, {"number": HOUSEHOLD}, purpose="STUDENT_AID")
        return answer.status_code, await desk.entries()

    status, entries = at_desk(tmp_path, ROWS, test)
    assert status == 403
    assert asked == []
    assert [entry["event"] for entry in entries] == ["inquiry.refused"]


@pytest.mark.parametrize("number", ["529901198802189011", "52990119880218901", "X", "", HEAD + "0"])
def test_an_id_with_a_bad_check_digit_is_named_by_its_argument_and_never_repeated(tmp_path, number):
    status, body, entries = look(tmp_path, query=f'{{household(idNumber: "{number}") {{number}}}}')
    assert status == 400
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_ARGUMENT"
    assert error["extensions"]["argument"] == "idNumber"
    assert len(number) < 8 or number not in json.dumps(body)
    assert len(number) < 8 or number[-4:] not in error["message"]
    assert entries == []


def test_a_household_is_found_by_the_id_of_a_member(tmp_path):
    status, body, _ = look(tmp_path, query=f'{{household(idNumber: "{HEAD.lower()}") {{number}}}}')
    assert (status, body["data"]["household"]["number"]) == (200, HOUSEHOLD)


HERE_TOO = {
    **ROWS,
    HouseholdFile: [
        *ROWS[HouseholdFile][:1],
        msgspec.structs.replace(ROWS[HouseholdFile][1], street=RegionCode("529901001")),
    ],
}
"""The spouse's second household lies in the same district."""


def test_a_person_of_two_households_is_asked_for_by_number(tmp_path):
    query = f'{{household(idNumber: "{SPOUSE}") {{number}}}}'
    status, body, entries = look(tmp_path, HERE_TOO, query=query)
    assert (status, body["data"]) == (200, {"household": None})
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "SEVERAL_HOUSEHOLDS", "households": ["H-1", "H-2"]}
    assert entries[1]["fields"]["result"] == "SEVERAL_HOUSEHOLDS"


def test_a_second_household_in_another_region_is_not_told(tmp_path):
    query = f'{{household(idNumber: "{SPOUSE}") {{number}}}}'
    _, body, _ = look(tmp_path / "here", query=query)
    assert body["data"] == {"household": {"number": "H-1"}}
    _, body, _ = look(tmp_path / "there", query=query, region="529902")
    assert body["data"] == {"household": {"number": "H-2"}}
    _, body, _ = look(tmp_path / "nowhere", query=query, region="520302")
    assert body["errors"][0]["extensions"]["code"] == "NO_HOUSEHOLD"


MONTHS = [
    msgspec.structs.replace(
        next(row for row in ROWS[Insurance] if row.person == SPOUSE),
        record_id=f"i-{month}",
        month=Month.parse(f"2026-0{month}"),
    )
    for month in range(1, 8)
]


def test_records_are_told_page_by_page_and_none_is_lost_or_told_twice(tmp_path):
    rows = {**ROWS, Insurance: MONTHS}
    pages = 'a: records(first: 3) {month} b: records(first: 3, after: $b) {month} c: records(first: 3, after: "6") {month}'
    query = f"""query($b: String) {{household(number: "H-1") {{members {{insurance {{
        count {pages} none: records(after: "7") {{month}} all: records {{month}} }}}}}}}}"""

    async def test(desk):
        return (await desk.ask(query, {"b": "3"})).json()

    told = member(at_desk(tmp_path, rows, test), 1)["insurance"]
    assert [len(told[name]) for name in "abc"] == [3, 3, 1]
    assert told["a"] + told["b"] + told["c"] == told["all"]
    assert (told["count"], len(told["all"]), told["none"]) == (7, 7, [])


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.0", "１", "100000"])
def test_a_cursor_that_nobody_gave_is_refused_before_anybody_is_asked(tmp_path, cursor):
    query = f'{{household(number: "H-1") {{members {{insurance {{records(after: "{cursor}") {{month}}}}}}}}}}'
    status, body, entries = look(tmp_path, query=query)
    assert (status, entries) == (400, [])
    assert body["errors"][0]["extensions"] == {
        **body["errors"][0]["extensions"],
        "code": "BAD_ARGUMENT",
        "argument": "after",
    }


def test_whoever_was_asked_about_stands_in_the_outcome(tmp_path):
    query = f'{{household(idNumber: "{HEAD}") {{number}}}}'
    _, _, entries = look(tmp_path, query=query)
    assert len(entries[0]["subjects"]) == 1
    assert len(entries[1]["subjects"]) == 4  # the household and three persons, the one asked for among them


def test_a_household_that_does_not_exist_and_one_out_of_reach_look_the_same(tmp_path):
    nowhere, elsewhere = (look(tmp_path / number, number=number)[1] for number in ("H-9", "H-2"))
    for body in (nowhere, elsewhere):
        assert body["data"] == {"household": None}
        assert body["errors"][0]["path"] == ["household"]
        assert body["errors"][0]["extensions"]["code"] == "NO_HOUSEHOLD"
    assert nowhere["errors"] == elsewhere["errors"]


def test_a_register_that_fails_is_named_and_the_others_answer(tmp_path):
    failing = {Department.SOCIAL_SECURITY: FailureKind.TIMED_OUT}
    status, body, entries = look(tmp_path, options={"failing": failing})
    assert status == 200
    spouse = member(body, 1)
    assert spouse["insurance"]["state"] == "SOURCE_FAILED"
    assert spouse["insurance"]["reason"].startswith("TIMED_OUT")
    assert spouse["insurance"]["records"] == []
    assert spouse["person"]["state"] == "FOUND"
    failed = {"state": "SOURCE_FAILED", "failure": "TIMED_OUT", "detail": "told to fail", "failed": 2}
    assert body["extensions"]["sources"]["social_security"] == failed
    assert body["extensions"]["sources"]["health"] == {"state": "ANSWERED"}
    assert entries[1]["fields"]["sources"]["social_security"] == "TIMED_OUT"


def test_a_slow_register_costs_its_timeout_and_not_the_sum(tmp_path):
    delays = {Department.SOCIAL_SECURITY: 60.0, Department.HEALTH: 0.05, Department.EDUCATION: 0.05}
    began = datetime.now(UTC)
    _, body, _ = look(tmp_path, options={"delays": delays, "timeout_s": 0.1})
    assert (datetime.now(UTC) - began).total_seconds() < 30.0
    assert member(body, 1)["insurance"]["state"] == "SOURCE_FAILED"
    assert member(body, 1)["death"]["state"] == "NO_RECORD"


def test_when_civil_affairs_does_not_answer_nobody_says_there_is_no_household(tmp_path):
    failing = {Department.CIVIL_AFFAIRS: FailureKind.UNREACHABLE}
    status, body, _ = look(tmp_path, options={"failing": failing})
    assert (status, body["data"]) == (200, {"household": None})
    assert body["errors"][0]["extensions"] == {
        "code": "SOURCE_FAILED",
        "department": "civil_affairs",
        "failure": "UNREACHABLE",
    }


def test_when_authorizations_are_unknown_nobody_is_asked_about(tmp_path):
    class Half(MemoryConnector):
        async def fetch(self, ask):
            if ask.record.__name__ == "Authorization":
                await asyncio.sleep(9)
            return await super().fetch(ask)

    async def test(desk):
        desk.office.connectors[Department.CIVIL_AFFAIRS] = Half(
            Department.CIVIL_AFFAIRS, ROWS, clock=lambda: NOW
        )
        return (await desk.ask(QUESTION, {"number": HOUSEHOLD})).json()

    body = at_desk(tmp_path, ROWS, test, timeout_s=0.05)
    assert {one["insurance"]["state"] for one in body["data"]["household"]["members"]} == {"NOT_ASKED"}


def test_when_the_intent_cannot_be_written_nobody_is_asked(tmp_path):
    asked = []

    async def test(desk):
        for connector in desk.office.connectors.values():
            _spy(connector, asked)
        desk.log.held = StoreBusy("the disk is read-only")
        answer = await desk.ask(QUESTION, {"number": HOUSEHOLD})
        ready = await desk.client.get("/readyz")
        return answer, ready

    answer, ready = at_desk(tmp_path, ROWS, test)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_LOGGED"
    assert "data" not in answer.json()
    assert asked == []
    assert ready.status_code == 503


def test_a_gateway_whose_log_refused_is_ready_again_as_soon_as_it_would_take_an_entry(tmp_path):
    async def test(desk):
        tried = []
        desk.log.held = StoreBusy("the disk is full")
        with capture_logs() as lines:
            refused = [await desk.ask(QUESTION, {"number": HOUSEHOLD}) for _ in range(3)]
            desk.log.held = None
            desk.log._store._step = tried.append
            ready = [await desk.client.get("/readyz") for _ in range(3)]
        return [each.status_code for each in (*refused, *ready)], tried.count("begin"), lines

    came, tried, lines = at_desk(tmp_path, ROWS, test)
    assert (came, tried) == ([503, 503, 503, 200, 200, 200], 1)
    said = [line["event"] for line in lines if line["log_level"] in ("error", "warning")]
    assert said == ["the log takes no entry", "the log takes entries again"]


def test_a_log_that_would_still_take_no_entry_is_tried_again_after_a_while(tmp_path):
    async def test(desk):
        def full(_step):
            store = desk.log._store
            store._connection.dbapi_connection.execute("pragma query_only = on")

        desk.log.held = StoreBusy("the disk is full")
        await desk.ask(QUESTION, {"number": HOUSEHOLD})
        desk.log.held, desk.log._store._step = None, full
        still = await desk.client.get("/readyz")
        desk.log._store._step = lambda _: None
        too_soon = await desk.client.get("/readyz")
        now = desk.office.trace._clock()
        desk.office.trace._clock = lambda: now + TRIED_EVERY
        then = await desk.client.get("/readyz")
        return [each.status_code for each in (still, too_soon, then)]

    assert at_desk(tmp_path, ROWS, test) == [503, 503, 200]


def test_when_the_outcome_cannot_be_written_no_answer_leaves(tmp_path):
    async def test(desk):
        async def shut():
            desk.log.held = StoreBusy("the disk is full")

        for connector in desk.office.connectors.values():
            _spy(connector, [], shut)
        return await desk.ask(QUESTION, {"number": HOUSEHOLD})

    answer = at_desk(tmp_path, ROWS, test)
    assert answer.status_code == 503
    assert not [value for value in PERSONAL if value in answer.text]


def test_two_households_under_aliases_are_one_too_many(tmp_path):
    status, body, _ = look(
        tmp_path, query='{a: household(number: "H-1") {number} b: household(number: "H-2") {number}}'
    )
    assert (status, body["errors"][0]["extensions"]["code"]) == (400, "TOO_COSTLY")


def test_what_is_skipped_is_neither_asked_nor_decided_nor_noted(tmp_path):
    _, body, entries = look(
        tmp_path, query='{household(number: "H-1") {number members @skip(if: true) {idNumber}}}'
    )
    assert body["data"]["household"] == {"number": HOUSEHOLD}
    assert "Member.idNumber" not in entries[0]["fields"]["asked"]


def test_aliases_and_fragments_are_decided_like_any_field(tmp_path):
    query = """
      {h: household(number: "H-1") {...F}}
      fragment F on Household {m: members {i: insurance {r: records(first: 1) {b: base e: employer}}}}
    """
    _, body, _ = look(tmp_path, query=query, post="窗口")
    row = body["data"]["h"]["m"][1]["i"]["r"][0]
    assert row == {"b": None, "e": None}
    assert {entry["field"] for entry in body["extensions"]["access"]} == {"h.m.i.r.b", "h.m.i.r.e"}


def test_a_day_in_the_future_is_no_day_to_ask_about(tmp_path):
    status, body, _ = look(tmp_path, query='{household(number: "H-1", on: "2026-11-17") {number}}')
    assert (status, body["errors"][0]["extensions"]["argument"]) == (400, "on")


VERDICT = 'household(number: "H-1", on: "2020-01-01") {number verification {category}}'


def test_a_day_of_which_the_pack_says_nothing_is_refused_before_anything_is_noted(tmp_path):
    def requires(day):
        require_in_force(load_pack("demo-2026"), on=day)

    judge = Judge({}, requires, lambda evidence, household, on: None)
    status, body, entries = look(tmp_path, query=f"{{{VERDICT}}}", options={"judge": judge})
    assert (status, body["errors"][0]["extensions"]["code"]) == (400, "BAD_ARGUMENT")
    assert body["errors"][0]["extensions"]["argument"] == "on"
    assert entries == []
    listed = VERDICT.replace("verification {category}", "")
    status, _, _ = look(tmp_path / "listed", query=f"{{{listed}}}", options={"judge": judge})
    assert status == 200


def test_who_sees_no_id_number_in_clear_may_not_look_up_by_one(tmp_path):
    evaluator = {
        "department": Recipient.EVALUATOR,
        "post": "评估员",
        "purpose": "EVALUATION",
        "subject": "pg-1",
    }
    by_id = f'{{household(idNumber: "{HEAD}") {{pseudonym members {{pseudonym}}}}}}'
    status, body, entries = look(tmp_path / "id", query=by_id, **evaluator)
    assert status == 403
    assert body["errors"][0]["extensions"]["clause"].startswith("PG-MZ-2026-051/脱敏/家庭成员.身份号码")
    assert HEAD not in json.dumps(body)
    assert [entry["event"] for entry in entries] == ["inquiry.refused"]
    by_number = '{household(number: "H-1") {pseudonym members {pseudonym}}}'
    status, body, _ = look(tmp_path / "number", query=by_number, **evaluator)
    assert (status, len(body["data"]["household"]["members"])) == (200, 3)


def test_on_a_day_before_they_joined_nobody_is_listed(tmp_path):
    _, body, _ = look(tmp_path, query='{household(number: "H-1", on: "2019-01-01") {on members {idNumber}}}')
    assert body["data"]["household"] == {"on": "2019-01-01", "members": []}


def test_the_log_can_be_asked_about_without_a_household(tmp_path):
    status, body, entries = look(
        tmp_path,
        query="{log {origin size checkpoint}}",
        department=Recipient.EVALUATOR,
        post="评估员",
        purpose="AUDIT",
    )
    assert status == 200
    assert body["data"]["log"]["size"] == 1  # its own intent
    assert body["data"]["log"]["checkpoint"].startswith(f"{ORIGIN}\n1\n")
    assert entries[0]["subjects"] == []


def test_no_name_or_number_stands_in_a_line_of_the_server_log(tmp_path, capsys):
    look(tmp_path / "a")
    look(tmp_path / "b", query=f'{{household(idNumber: "{SPOUSE}") {{number}}}}')
    look(tmp_path / "c", query=f'{{household(idNumber: {HEAD}, number: "{HEAD}") {{salary}}}}')
    printed = "".join(capsys.readouterr())
    assert "answered" in printed
    assert not [value for value in (*PERSONAL, EMPLOYER) if value in printed]


def _spy(connector, seen, look_at=None):
    fetch = connector.fetch

    async def spied(ask):
        seen.append(await look_at() if look_at else ask)
        return await fetch(ask)

    connector.fetch = spied
