"""What a run reads, wherever its rows lie."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from verification.runs.tables import InFile, Snapshot, cases_table, in_memory, listing_of, schema_of
from vocabulary.records.civil_affairs import Membership


def test_rows_in_files_are_the_rows_in_memory(tmp_path: Path) -> None:
    schema = schema_of(Membership, ("household", "person"))
    rows = pa.Table.from_pylist([{"household": "S-1", "person": "529901198001010019"}], schema=schema)
    pq.write_table(rows, tmp_path / "Membership.parquet")
    assert in_memory(InFile(tmp_path / "Membership.parquet")) == in_memory(rows) == rows


def test_of_rows_in_files_some_are_read(tmp_path: Path) -> None:
    rows = pa.table({"household": ["S-1", "S-2"], "person": ["a", "b"]})
    file = tmp_path / "year=2026" / "Membership.parquet"  # a folder named so is no column
    file.parent.mkdir()
    pq.write_table(rows, file)
    second = InFile(file).to_table(["person", "household"], pc.field("household") == "S-2")
    assert second.to_pylist() == [{"person": "b", "household": "S-2"}]


def test_a_snapshot_that_says_of_nobody_where_he_is_listed_lists_nobody() -> None:
    listed = in_memory(listing_of(Snapshot({}, cases_table([]))))
    assert (len(listed), listed.schema.names) == (0, ["household", "person"])


def test_a_run_ends_without_pandas(tmp_path: Path) -> None:
    """36 MiB and a fifth of a second that nobody asked for, at the moment when memory is short."""
    pq.write_table(cases_table([("S-1", date(2026, 11, 16), 0)]), tmp_path / "cases.parquet")
    program = (
        "import sys, verification.runs.tables as t; from verification.catalogue import CATALOGUE as whole;"
        "from verification.language.rule import Catalogue; from verification.pack import load_pack;"
        "from verification.runs.district import Engine;"
        f"given = t.Snapshot({{}}, t.InFile({str(tmp_path / 'cases.parquet')!r}).to_table());"
        "judged = Catalogue(whole.member, whole.household, whole.rules[:3], [whole.household.category])\n"
        "with Engine(given, judged, load_pack('demo-2026')) as engine:\n"
        "    list(engine.load(given.cases)); print(len(engine.tables().told['household']), 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1 False\n"


def test_what_starts_a_run_starts_without_pandas(tmp_path: Path) -> None:
    """It takes half a second of every process that only might run one; pyarrow brings it along unasked."""
    pq.write_table(pa.table({"household": ["S-1"]}), tmp_path / "cases.parquet")
    program = (
        "import sys, gateway.district_run, gateway.run_home, verification.runs.tables as t;"
        f"t.InFile({str(tmp_path / 'cases.parquet')!r}).to_table(); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
