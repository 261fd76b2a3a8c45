"""Two districts exchange a file each and find whom both pay; whoever holds only the files finds nobody."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from demo.registers.systems import Registers, write_registers
from gateway.command import app
from tests.connectors.rows import person
from vocabulary.codes import BenefitKind, Department, MemberKind, Relation
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.register import RECORD_TYPES

AS_OF = date(2026, 10, 31)
OCTOBER, SEPTEMBER = Month.parse("2026-10"), Month.parse("2026-09")
PERIOD = ("--period", "2026-10", "--secret", "secret")


def member(number: int, household: str, left_on: date | None = None) -> Membership:
    return Membership(
        record_id=f"{household}-{number}", as_of=AS_OF, household=household, person=person(number),
        relation=Relation.HEAD, kind=MemberKind.COHABIT, joined_on=date(2020, 1, 1), left_on=left_on,
    )  # fmt: skip


def benefit(key: str, household: str, month: Month, number: int | None = None) -> Benefit:
    return Benefit(
        record_id=key, as_of=AS_OF, household=household, kind=BenefitKind.DIBAO, month=month,
        amount_fen=60_800, paid=True, person=None if number is None else person(number),
    )  # fmt: skip


HERE = [member(1, "H-1"), member(2, "H-1"), member(3, "H-1", left_on=date(2026, 5, 1))]
THERE = [member(1, "T-1"), member(4, "T-1")]


@pytest.fixture
def districts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two districts with a register each, and a working folder between them."""
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEDUI_ENV", "dev")
    nothing: dict[type[Record], list[Record]] = {record: [] for record in RECORD_TYPES}
    paid = {
        "here": [benefit("B1", "H-1", OCTOBER), benefit("B2", "H-1", SEPTEMBER)],
        "there": [
            benefit("B1", "T-1", OCTOBER),
            benefit("B2", "T-2", OCTOBER, 3),
            benefit("B3", "T-9", SEPTEMBER, 2),
        ],
    }
    for name, members in (("here", HERE), ("there", THERE)):
        write_registers({**nothing, Membership: [*members], Benefit: [*paid[name]]}, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(district: str, *words: str) -> Result:
    folder = Path(district).resolve()
    os.environ["HEDUI_RUN_FOLDER"] = str(folder / "run")
    os.environ["HEDUI_REGISTERS__CIVIL_AFFAIRS"] = Registers(folder).addresses[Department.CIVIL_AFFAIRS]
    return CliRunner().invoke(app, ["tokens", *words])


@pytest.fixture(autouse=True)
def _environment_comes_back() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def exchanged() -> None:
    assert typed("here", "secret", "secret").exit_code == 0
    written = typed("there", "write", "from-there", "--here", "529902", "--other", "529901", *PERIOD)
    assert written.exit_code == 0, written.output


def test_whoever_is_paid_in_both_is_found_by_the_one_that_compares(districts: Path) -> None:
    exchanged()
    told = typed(
        "here", "compare", "from-there", "both.csv", "--here", "529901", "--other", "529902", *PERIOD
    )
    assert told.exit_code == 0, told.output
    assert "1 equal of 3 tokens" in told.output
    (row,) = csv.DictReader((districts / "both.csv").read_text("utf-8-sig").splitlines())
    # Who left the household in May and is paid there is no duplicate; nor is who was paid there in September.
    assert (row["person"], row["month"], row["other_district"], row["kind"]) == (
        person(1),
        "2026-10",
        "529902",
        "DIBAO",
    )
    assert row["own_token"] == row["other_token"]
    assert (districts / "both.csv").stat().st_mode & 0o077 == 0


def test_the_file_between_them_names_nobody(districts: Path) -> None:
    exchanged()
    text = (districts / "from-there").read_text()
    assert not any(person(number) in text or person(number)[6:14] in text for number in (1, 3, 4))


def test_another_secret_period_or_district_is_refused_in_one_line(districts: Path) -> None:
    exchanged()
    (districts / "other-secret").write_text("00" * 32)
    base = ["compare", "from-there", "both.csv", "--here", "529901"]
    for words in (
        [*base, "--other", "529902", "--period", "2026-10", "--secret", "other-secret"],
        [*base, "--other", "529902", "--period", "2026-09", "--secret", "secret"],
        [*base, "--other", "529903", *PERIOD],
        [*base, "--other", "529902", "--period", "2026-10", "--secret", "from-there"],
        [*base, "--other", "x", *PERIOD],
    ):
        refused = typed("here", *words)
        assert refused.exit_code == 1
        assert len(refused.stderr.splitlines()) == 1, refused.stderr
    assert not (districts / "both.csv").exists()


def test_a_file_that_is_there_is_not_written_over(districts: Path) -> None:
    exchanged()
    again = typed("there", "write", "from-there", "--here", "529902", "--other", "529901", *PERIOD)
    assert again.exit_code == 1
    assert "FileExistsError" in again.stderr
