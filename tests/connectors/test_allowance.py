"""A source is asked no more than its contract and the operator allow, by all processes together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connectors.allowance import Allowance, BadAllowance, allowance, quota_of
from connectors.ask import Ask
from connectors.contract import SHIPPED, BadContract, read_contract
from connectors.departments import connect
from connectors.file_register import FIRST_LOOK
from connectors.quota import Quota
from demo.registers.deliveries import write_delivery
from tests.connectors.conformance import ROWS
from tests.connectors.rows import clock
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, SourceFailed
from vocabulary.records.education import Aid

EDUCATION = SHIPPED / "education.odcs.yaml"


def contract_with(folder: Path, quota: str) -> Path:
    """The contract of 教育 as it is shipped, with a quota."""
    transport = "{property: transport"
    text = EDUCATION.read_text("utf-8")
    file = folder / EDUCATION.name
    file.write_text(text.replace(transport, f"{{property: quota, value: {quota}}}, {transport}", 1), "utf-8")
    return file


def test_nothing_said_is_our_own_quota() -> None:
    assert quota_of([], processes=4) == Quota()
    assert quota_of([Allowance()], processes=1) == Quota()


def test_the_stricter_counts_and_is_shared_among_processes() -> None:
    contract, operator = Allowance(concurrent=40, per_second=10.0), Allowance(concurrent=60, per_second=9.0)
    assert quota_of([contract, operator], processes=1) == Quota(concurrent=40, per_second=9.0)
    assert quota_of([operator, contract], processes=3) == Quota(concurrent=13, per_second=3.0)
    assert quota_of([Allowance(concurrent=1)], processes=8).concurrent == 1


@pytest.mark.parametrize(
    "given",
    [
        {"concurrent": 0},
        {"concurrent": 1_001},
        {"per_second": 0},
        {"per_second": 100_001},
        {"per_second": "fast"},
        {"concurent": 4},
        {"concurrent": 1.5},
        [4],
        4,
    ],
)
def test_what_is_no_allowance_is_refused(given: object) -> None:
    with pytest.raises(BadAllowance, match=r"expected|unknown"):
        allowance(given)


def test_a_contract_says_how_much_may_be_asked(tmp_path: Path) -> None:
    contract = read_contract(contract_with(tmp_path, "{concurrent: 2, per_second: 1}"))
    assert contract.allowance == Allowance(concurrent=2, per_second=1.0)
    assert "quota" not in contract.server
    assert read_contract(EDUCATION).allowance is None


def test_a_quota_that_is_none_is_a_fault_of_the_contract(tmp_path: Path) -> None:
    with pytest.raises(BadContract, match=r"education.odcs.yaml:\d+: .*quota: object contains unknown field"):
        read_contract(contract_with(tmp_path, "{a_minute: 2}"))


@pytest.mark.parametrize("by", ["contract", "operator"])
def test_what_goes_beyond_is_not_sent(tmp_path: Path, by: str) -> None:
    quota = Allowance(per_second=1.0)
    file = contract_with(tmp_path, "{per_second: 1}") if by == "contract" else EDUCATION
    contract = read_contract(file)
    write_delivery(tmp_path / "in", contract.tables, ROWS, on=clock().date())
    connector = connect(
        {Department.EDUCATION: (tmp_path / "in").as_uri()},
        clock=clock,
        contracts={Department.EDUCATION: contract},
        quotas={} if by == "contract" else {Department.EDUCATION: quota},
    )[Department.EDUCATION]
    ask = Ask(Aid, "person", (str(ROWS[Aid][0].person),), frozenset())

    async def twice() -> list[object]:
        answers = [await connector.fetch(ask) for _ in range(2)]
        await connector.aclose()
        return [outcome for answer in answers for outcome in answer.values()]

    first, second = asyncio.run(twice())
    assert not isinstance(first, SourceFailed)
    assert isinstance(second, SourceFailed)
    assert second.failure is FailureKind.QUOTA_EXCEEDED


def test_a_quota_leaves_a_folder_the_time_of_its_first_look(tmp_path: Path) -> None:
    connector = connect(
        {Department.EDUCATION: tmp_path.as_uri()},
        clock=clock,
        quotas={Department.EDUCATION: Allowance(concurrent=3)},
    )[Department.EDUCATION]
    assert connector._guard.limit_s == FIRST_LOOK.timeout_s  # type: ignore[attr-defined]
