"""A district comes to rest whole and once, however often the process that brings it is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.ask import SnapshotFailed
from connectors.departments import TABLES
from connectors.landing import COMPLETE, OtherLanding, land, landed
from connectors.memory import MemoryConnector
from connectors.sql_register import SqlRegister
from tests.connectors.conformance import ROWS, everything
from tests.connectors.rows import clock
from tests.connectors.sql_tables import put_on
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.records.disability import Certificate, DisabilitySubsidy

ROOT = Path(__file__).parents[2]
TABLE = TABLES[Department.DISABILITY][DisabilitySubsidy]
COLUMNS = frozenset({"amount_fen", "month"})

LANDING = """
import sys
from pathlib import Path
import connectors.arrow, connectors.bulk, connectors.sql_register
for module in (connectors.arrow, connectors.bulk, connectors.sql_register):
    module.BATCH_ROWS = 500
from tests.connectors.test_landing import register, COLUMNS
from connectors.landing import land
from vocabulary.records.disability import DisabilitySubsidy
print(land(register(sys.argv[1]), DisabilitySubsidy, COLUMNS, Path(sys.argv[2])))
"""


def register(url: str) -> SqlRegister:
    return SqlRegister(Department.DISABILITY, url, TABLES[Department.DISABILITY], clock=clock)


@pytest.fixture
def url(postgres_url: str) -> str:
    """A register with 40,000 rows more than the tests' own."""
    put_on(postgres_url, TABLES[Department.DISABILITY], ROWS)
    names = ", ".join(f'"{one.physical}"' for one in TABLE.fields)
    copied = ", ".join(
        f"'Z' || lpad(n::text, 7, '0') AS \"{one.physical}\""
        if one.column == "record_id"
        else f'"{one.physical}"'
        for one in TABLE.fields
    )
    one_row = f'SELECT * FROM "{TABLE.physical}" LIMIT 1'
    with sa.create_engine(postgres_url).begin() as connection:
        connection.execute(
            sa.text(
                f'INSERT INTO "{TABLE.physical}" ({names}) '
                f"SELECT {copied} FROM ({one_row}) AS one, generate_series(1, 40000) AS n"
            )
        )
    return postgres_url


def test_a_landing_that_is_killed_again_and_again_ends_with_every_row_once(url: str, tmp_path: Path) -> None:
    whole = pa.Table.from_batches(register(url).snapshot(DisabilitySubsidy, COLUMNS)).sort_by("record_id")
    place = tmp_path / "DisabilitySubsidy"
    killed = 0
    for seen in (3, 20, 40, 60):
        process = subprocess.Popen([sys.executable, "-c", LANDING, url, str(tmp_path)], cwd=ROOT)
        while process.poll() is None and len([*place.glob("part-*")]) < seen:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if killed == 2:
            break
    assert killed == 2, "expected the landing to be killed on its way"
    assert not (place / COMPLETE).exists()
    assert land(register(url), DisabilitySubsidy, COLUMNS, tmp_path) == len(whole)
    found = pa.Table.from_batches(landed(DisabilitySubsidy, tmp_path))
    assert found.replace_schema_metadata(None).sort_by("record_id") == whole


def test_what_is_complete_is_not_asked_for_again(tmp_path: Path) -> None:
    good = MemoryConnector(Department.DISABILITY, ROWS, clock=clock)
    bad = MemoryConnector(Department.DISABILITY, ROWS, clock=clock, failing=FailureKind.UNREACHABLE)
    assert land(good, Certificate, everything(Certificate), tmp_path) == len(ROWS[Certificate])
    assert land(bad, Certificate, everything(Certificate), tmp_path) == len(ROWS[Certificate])


def test_a_failure_keeps_what_has_come_and_is_told(tmp_path: Path) -> None:
    bad = MemoryConnector(Department.DISABILITY, ROWS, clock=clock, failing=FailureKind.UNREACHABLE)
    with pytest.raises(SnapshotFailed):
        land(bad, Certificate, frozenset(), tmp_path)
    good = MemoryConnector(Department.DISABILITY, ROWS, clock=clock)
    assert land(good, Certificate, frozenset(), tmp_path) == len(ROWS[Certificate])


def test_parts_with_other_columns_are_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = MemoryConnector(Department.DISABILITY, ROWS, clock=clock)
    land(good, Certificate, frozenset({"grade"}), tmp_path)
    (tmp_path / "Certificate" / COMPLETE).unlink()
    with pytest.raises(OtherLanding):
        land(good, Certificate, frozenset({"category"}), tmp_path)


def test_a_table_without_rows_is_complete_too(tmp_path: Path) -> None:
    empty = MemoryConnector(Department.DISABILITY, {Certificate: []}, clock=clock)
    assert land(empty, Certificate, frozenset(), tmp_path) == 0
    assert [*landed(Certificate, tmp_path)] == []
    assert (tmp_path / "Certificate" / COMPLETE).read_text() == "0"
