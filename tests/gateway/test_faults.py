"""Whatever one department does, is everything else answered in time, and the failure told where it belongs?

Every department that has a contract, behind a real server that is down, slow, sends garbage, another schema or
half an answer, and recovers.
"""

import asyncio
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from connectors.contract import shipped
from connectors.guard import Patience
from connectors.http_register import HttpRegister
from demo.registers.databases import write_database
from demo.story import read_story
from gateway.opening import opened
from gateway.persona import PERSONAS, mint
from gateway.settings import Settings
from tests.gateway.unreliable import FAULTS, KEY, wired
from vocabulary.codes import Department
from vocabulary.register import RECORD_TYPES

STORY = read_story(next((Path(__file__).parents[2] / "demo" / "stories").glob("h08-*.yaml")))
REGISTER_S, INQUIRY_S = 1.0, 3.0
DEPARTMENTS = tuple(shipped())
ROUND = {
    Department.CIVIL_AFFAIRS: "marriage",
    Department.SOCIAL_SECURITY: "insurance",
    Department.HEALTH: "death",
    Department.EDUCATION: "enrolment",
    Department.DISABILITY: "certificate",
    Department.HOUSING: "dwelling",
    Department.UNION: "hardshipFile",
}
"""One record type of each department."""

QUESTION = f"""query($number: ID, $idNumber: String) {{ household(number: $number, idNumber: $idNumber) {{
  number
  members {{ relation {" ".join(f"{name} {{ state reason count asOf }}" for name in ROUND.values())} }}
  verification {{ category payable cannotTell {{ rule because {{ department state }} }} }}
}} }}"""


@pytest.fixture(scope="module", autouse=True)
def bare_environment():
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HEDUI_")]:
            patch.delenv(name)
        yield


@asynccontextmanager
async def gateway(folder, wires):
    """A gateway whose every department is reached over a wire, and a function that asks it."""
    settings = Settings.load(
        env="dev",
        run_folder=folder / "run",
        register_timeout_s=REGISTER_S,
        inquiry_timeout_s=INQUIRY_S,
        max_questions_per_household=10_000,
    )
    async with opened(settings, today=lambda: STORY.on) as ready:
        for department, contract in shipped().items():
            ready.office.connectors[department] = HttpRegister(
                department,
                f"http://{KEY}@127.0.0.1:{wires[department].port}",
                contract.tables,
                clock=ready.office.clock,
                patience=Patience(timeout_s=0.8, attempts=2, trips_after=1000),
            )
        transport = httpx2.ASGITransport(app=ready.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            who = PERSONAS["verifier"]
            headers = {
                "authorization": f"Bearer {mint(settings, who, at=datetime.now(UTC))}",
                "x-hedui-purpose": who.purpose.value,
                "x-hedui-case": "HD-2026-0001",
            }

            async def ask(**variables):
                given = variables or {"number": STORY.household}
                began = time.monotonic()
                answer = await client.post(
                    "/graphql", json={"query": QUESTION, "variables": given}, headers=headers
                )
                return answer.json(), time.monotonic() - began

            yield ask


async def through_all(folder):
    """The answers of a healthy gateway and of each fault, by department and fault; after each the wire is mended."""
    rows = {record: [row for row in STORY.records if type(row) is record] for record in RECORD_TYPES}
    async with AsyncExitStack() as stack:
        wires = {}
        for department, contract in shipped().items():
            file = folder / f"{department.value}.sqlite"
            write_database(file, contract.tables, rows)
            wires[department] = await stack.enter_async_context(wired(file))
        ask = await stack.enter_async_context(gateway(folder, wires))
        await ask()
        healthy, _ = await ask()
        seen = {}
        for department, wire in wires.items():
            for fault in FAULTS:
                if fault == "down":
                    await wire.down()
                wire.fault = fault
                wire.break_off()
                seen[department, fault] = await ask()
                wire.fault = None
                if fault == "down":
                    await wire.up()
                wire.break_off()
                seen[department, f"{fault}, then recovered"] = await ask()
        by_person, took_s = await ask(idNumber=str(STORY.people["head"].id))
    return healthy, seen, (by_person, took_s)


@pytest.fixture(scope="module")
def seen(tmp_path_factory, bare_environment):
    return asyncio.run(through_all(tmp_path_factory.mktemp("faults")))


CASES = [(department, fault) for department in DEPARTMENTS for fault in FAULTS]


def test_a_healthy_gateway_answers_from_every_department(seen):
    healthy, _, (by_person, _) = seen
    assert "errors" not in healthy
    assert {source["state"] for source in healthy["extensions"]["sources"].values()} == {"ANSWERED"}
    assert by_person["data"] == healthy["data"]


@pytest.mark.parametrize(("department", "fault"), CASES)
def test_the_answer_comes_within_the_deadline_and_a_tenth(seen, department, fault):
    _, took_s = seen[1][department, fault]
    assert took_s <= INQUIRY_S * 1.1


@pytest.mark.parametrize(("department", "fault"), CASES)
def test_the_failure_is_told_where_it_belongs_and_nowhere_else(seen, department, fault):
    healthy, answers, _ = seen
    answer, _ = answers[department, fault]
    sources = answer["extensions"]["sources"]
    assert sources[department.value]["state"] == "SOURCE_FAILED"
    assert sources[department.value]["failure"]
    if department is Department.CIVIL_AFFAIRS:
        # Nobody else knows whether there is such a household.
        (error,) = answer["errors"]
        assert answer["data"] == {"household": None}
        assert (error["path"], error["extensions"]["code"]) == (["household"], "SOURCE_FAILED")
        return
    assert {name for name, one in sources.items() if one["state"] != "ANSWERED"} == {department.value}
    whole = healthy["data"]["household"]["members"]
    for member, unharmed in zip(answer["data"]["household"]["members"], whole, strict=True):
        for owner, name in ROUND.items():
            if owner is department:
                assert member[name]["state"] == "SOURCE_FAILED"
                assert member[name]["reason"]
            else:
                assert member[name] == unharmed[name]


@pytest.mark.parametrize(("department", "fault"), CASES)
def test_no_null_goes_unexplained(seen, department, fault):
    healthy, answers, _ = seen
    answer, _ = answers[department, fault]
    if answer["data"]["household"] is None:
        assert answer["errors"]
        return
    verdict, sound = (each["data"]["household"]["verification"] for each in (answer, healthy))
    blamed = {because["department"] for each in verdict["cannotTell"] for because in each["because"]}
    before = {because["department"] for each in sound["cannotTell"] for because in each["because"]}
    assert blamed - before <= {department.name}
    if verdict["category"] != sound["category"]:
        assert verdict["category"] == "INDETERMINATE"
        assert department.name in blamed
    if verdict["payable"] is None and sound["payable"] is not None:
        assert department.name in blamed


@pytest.mark.parametrize(("department", "fault"), CASES)
def test_when_it_is_mended_everything_is_as_before(seen, department, fault):
    healthy, answers, _ = seen
    answer, _ = answers[department, f"{fault}, then recovered"]
    assert answer["data"] == healthy["data"]


def test_a_verdict_that_lacks_the_decisive_register_says_that_it_cannot_tell(seen):
    _, answers, _ = seen
    answer, _ = answers[Department.SOCIAL_SECURITY, "slow"]
    assert answer["data"]["household"]["verification"]["category"] == "INDETERMINATE"
