"""What two districts compare, and what a check of a delivery finds, reaches the verdict: in an inquiry and in a run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from connectors.departments import TABLES
from demo.registers.deliveries import write_delivery
from demo.registers.systems import Registers, write_registers
from demo.story import Story, load_all
from gateway.client import Client
from gateway.command import app
from gateway.persona import PERSONAS, mint
from gateway.serving import Background
from gateway.settings import Settings
from vocabulary.codes import BenefitKind, Department, MemberKind, Relation
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Benefit, DistrictToken, Membership
from vocabulary.records.education import Enrolment
from vocabulary.register import RECORD_TYPES

STORIES = {story.id: story for story in load_all()}
HH06 = STORIES["HH-06"]

Rows = dict[type[Record], list[Record]]


def rows_of(story: Story) -> Rows:
    return {record: [row for row in story.records if type(row) is record] for record in RECORD_TYPES}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEDUI_ENV", "dev")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


def typed(addresses: Mapping[Department, str], run: Path, *words: str) -> Result:
    os.environ["HEDUI_RUN_FOLDER"] = str(run)
    os.environ["HEDUI_REGISTERS"] = json.dumps(addresses)
    return CliRunner().invoke(app, [*words])


def verified(addresses: Mapping[Department, str], run: Path, story: Story) -> dict[str, Any]:
    """What the gateway says of the story's household."""
    settings = Settings.load(env="dev", port=0, run_folder=run, registers=dict(addresses))
    text = (resources.files("gateway") / "documents" / "verification.graphql").read_text("utf-8")
    who = PERSONAS["verifier"]
    with Background(settings, today=lambda: story.on) as gateway:
        token = mint(settings, who, at=datetime.now(UTC))
        client = Client(gateway.address, token, who.purpose.value, "HD-2026-0001")
        answer = client.ask(text, {"number": story.household})
    verification: dict[str, Any] = answer.data["household"]["verification"]
    return verification


def rules(told: Sequence[Mapping[str, Any]]) -> set[str]:
    return {one["rule"] for one in told}


def test_whom_two_districts_pay_is_found_in_an_inquiry_and_in_a_run(folder: Path) -> None:
    head = WrittenId(HH06.people["head"].id)
    write_registers({**rows_of(HH06), DistrictToken: []}, folder / "here")
    listed = Membership(
        record_id="T-1", as_of=HH06.on, household="T-1", person=head, relation=Relation.HEAD,
        kind=MemberKind.COHABIT, joined_on=HH06.on.replace(year=2020),
    )  # fmt: skip
    paid = Benefit(
        record_id="B-1", as_of=HH06.on, household="T-1", kind=BenefitKind.DIBAO, month=Month.parse("2026-10"),
        amount_fen=60_000, paid=True,
    )  # fmt: skip
    nothing: Rows = {record: [] for record in RECORD_TYPES}
    write_registers({**nothing, Membership: [listed], Benefit: [paid]}, folder / "there")
    theirs = {Department.CIVIL_AFFAIRS: Registers(folder / "there").addresses[Department.CIVIL_AFFAIRS]}
    period = ("--period", "2026-10", "--secret", "secret")
    with Registers(folder / "here") as here:
        ours, run = here.addresses, folder / "run"
        assert typed(ours, run, "tokens", "secret", "secret").exit_code == 0
        border = ("--here", "529902", "--other", "529901")
        sent = typed(theirs, folder / "run-there", "tokens", "write", "from-there", *border, *period)
        assert sent.exit_code == 0, sent.output
        assert str(head) not in (folder / "from-there").read_text()

        assert "HH-06" not in rules(verified(ours, run, HH06)["findings"])
        border = ("--here", "529901", "--other", "529902")
        told = typed(ours, run, "tokens", "compare", "from-there", "both.csv", *border, *period, "--load")
        assert "1 equal of 1 tokens" in told.output
        (kept,) = (run / "tokens").glob("*.csv")
        assert kept.stat().st_mode & 0o077 == 0
        (found,) = [one for one in verified(ours, run, HH06)["findings"] if one["rule"] == "HH-06"]
        assert {"name": "months", "value": "1"} in [
            {"name": one["name"], "value": str(one["value"])} for one in found["evidence"]
        ]
        whole = typed(ours, run, "run", "--on", HH06.on.isoformat())
        assert whole.exit_code == 0, whole.output
        assert "HH-06" in whole.output


def test_a_delivery_that_fails_what_is_critical_leaves_rules_unable_to_tell(folder: Path) -> None:
    story = next(story for story in STORIES.values() if rows_of(story)[Enrolment])
    rows, run, tables = rows_of(story), folder / "run", TABLES[Department.EDUCATION]
    write_registers(rows, folder / "here")
    with Registers(folder / "here") as here:
        ours = here.addresses
        before = verified(ours, run, story)
        # The next delivery has a row more, of nobody: whom it is about cannot be told.
        nobody = msgspec.structs.replace(rows[Enrolment][0], record_id="XJ-NOBODY", person="")
        delivered = Path(ours[Department.EDUCATION].removeprefix("file://"))
        write_delivery(delivered, tables, {**rows, Enrolment: [*rows[Enrolment], nobody]}, on=story.on)
        checked = typed(ours, run, "quality", "check", "education", "--on", story.on.isoformat())
        assert checked.exit_code == 1
        assert "DOUBTFUL" in checked.output
        assert "1 new findings of 1 failing rows" in checked.output
        after = verified(ours, run, story)
        whole = typed(ours, run, "run", "--on", story.on.isoformat())
    doubted = {
        one["rule"]: reason["state"]
        for one in after["cannotTell"]
        for reason in one["because"]
        if reason["record"] == "Enrolment"
    }
    assert doubted
    assert set(doubted.values()) == {"CONTRACT_BROKEN"}
    assert not set(doubted) & rules(after["findings"])
    assert not set(doubted) & rules(before["cannotTell"])
    assert whole.exit_code == 0, whole.output
    assert "education" in whole.output.lower() or "教育" in whole.output
