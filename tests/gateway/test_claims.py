"""Is a claimed value compared, and never shown; and is guessing noticed?"""

import pytest

from casework.agreement import Recipient
from gateway.pace import Pace
from gateway.schema.claims import claims_in
from gateway.schema.query import schema
from tests.gateway.desk import at_desk
from tests.gateway.rows import HEAD, ROWS
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.record import columns_of
from vocabulary.register import RECORD_TYPES

CLERK = {"post": "窗口"}
CLAIM = """query($claimed: Money!) { household(number: "H-1") { members {
  relation insurance { state records(first: 1) { base verify { base(claimed: $claimed) } } } } } }"""


def claim(folder, claimed, **options):
    caller = options.pop("caller", CLERK)

    async def test(desk):
        answer = await desk.ask(CLAIM, {"claimed": claimed}, **caller)
        return answer.json(), await desk.entries()

    return at_desk(folder, ROWS, test, **options)


def spouse(answer):
    return next(each for each in answer["data"]["household"]["members"] if each["relation"] == "SPOUSE")


@pytest.mark.parametrize(("claimed", "state"), [("4000.00", "MATCH"), ("4000.01", "MISMATCH")])
def test_who_may_only_verify_learns_whether_it_agrees_and_not_the_value(tmp_path, claimed, state):
    answer, entries = claim(tmp_path, claimed)
    (record,) = spouse(answer)["insurance"]["records"]
    assert record == {"base": None, "verify": {"base": state}}
    assert answer["errors"][0]["extensions"]["code"] == "VERIFY_ONLY"
    if state == "MISMATCH":
        assert "4000.00" not in str(answer)
    assert "InsuranceVerify.base" in entries[0]["fields"]["asked"]


def test_who_may_see_the_value_may_compare_as_well(tmp_path):
    answer, _ = claim(tmp_path, "4000.00", caller={})
    (record,) = spouse(answer)["insurance"]["records"]
    assert record == {"base": "4000.00", "verify": {"base": "MATCH"}}


def test_who_may_not_even_verify_learns_nothing(tmp_path):
    question = """{household(number: "H-1") {number members {
      person {state records {verify {name(claimed: "安二枝")}}}}}}"""

    async def test(desk):
        evaluator = {"post": "评估员", "purpose": "EVALUATION", "department": Recipient.EVALUATOR}
        return (await desk.ask(question, **evaluator)).json()

    answer = at_desk(tmp_path, ROWS, test)
    assert {member["person"]["state"] for member in answer["data"]["household"]["members"]} == {"WITHHELD"}
    assert "MATCH" not in str(answer)


def test_a_register_that_fails_leaves_nothing_to_compare_with(tmp_path):
    failing = {Department.SOCIAL_SECURITY: FailureKind.TIMED_OUT}
    answer, _ = claim(tmp_path, "4000.00", failing=failing)
    assert spouse(answer)["insurance"] == {"state": "SOURCE_FAILED", "records": []}


@pytest.mark.parametrize("wrong", [4000, "四千", HEAD])
def test_a_claim_of_another_kind_is_no_claim(tmp_path, wrong):
    answer, entries = claim(tmp_path, wrong)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_DOCUMENT"
    assert str(wrong) not in str(answer)
    assert entries == []


def test_guessing_is_noticed(tmp_path):
    async def test(desk):
        answers = [await desk.ask(CLAIM, {"claimed": f"{yuan}.00"}, **CLERK) for yuan in range(3000, 3005)]
        return [answer.status_code for answer in answers], await desk.entries()

    statuses, entries = at_desk(tmp_path, ROWS, test, pace=Pace(claims=3))
    assert statuses == [200, 200, 200, 429, 429]
    assert [e["fields"]["clause"] for e in entries if e["event"] == "inquiry.refused"] == [
        "HEDUI_MAX_CLAIMS_PER_DAY"
    ]


@pytest.mark.parametrize("record", RECORD_TYPES, ids=lambda record: record.__name__)
def test_every_column_but_the_registers_own_keys_can_be_claimed(record):
    kind = schema().type_map.get(f"{record.__name__}Verify")
    if record.__name__ == "Membership":
        assert kind is None
        return
    assert len(kind.fields) == len(columns_of(record)) - 2
    assert all(list(field.args) == ["claimed"] for field in kind.fields.values())


def test_each_claimed_value_counts():
    class Chosen:
        def __init__(self, owner):
            self.owner = owner

    class Question:
        selected = tuple(map(Chosen, ("Query", "Insurance", "InsuranceVerify", "InsuranceVerify")))

    assert claims_in(Question()) == 2
