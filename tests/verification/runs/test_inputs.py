"""The digest of a run's inputs: blind to order, not to one fen."""

from dataclasses import replace

import pyarrow as pa
import pytest

from tests.verification.caseload import stories_snapshot, with_table
from verification.runs.inputs import digest_of
from vocabulary.records.civil_affairs import Declaration


def test_the_order_of_rows_is_no_other_input() -> None:
    rows = stories_snapshot().tables[Declaration]
    turned = pa.concat_tables([rows.slice(40), rows.slice(0, 40)])
    given = stories_snapshot()
    assert digest_of(with_table(given, Declaration, turned)) == digest_of(given)


def test_rows_that_share_an_id_are_in_one_order_too() -> None:
    given = stories_snapshot()
    rows = given.tables[Declaration].drop_columns(["record_id"])
    alike = rows.append_column("record_id", pa.array(["D1", "D2"] * len(rows), pa.string())[: len(rows)])
    turned = pa.concat_tables([alike.slice(41), alike.slice(0, 41)])
    assert digest_of(with_table(given, Declaration, turned)) == digest_of(
        with_table(given, Declaration, alike)
    )


@pytest.mark.parametrize("without", ["record_id", "household", "person"])
def test_rows_without_an_id_are_in_one_order_too(without: str) -> None:
    given = stories_snapshot()
    rows = given.tables[Declaration].drop_columns([*{"record_id", without}])
    turned = pa.concat_tables([rows.slice(40), rows.slice(0, 40)])
    assert digest_of(with_table(given, Declaration, turned)) == digest_of(
        with_table(given, Declaration, rows)
    )


def test_how_a_file_keeps_its_values_is_no_other_input() -> None:
    given = stories_snapshot()
    rows = given.tables[Declaration]
    kept = pa.table(
        {
            name: rows[name].dictionary_encode() if rows[name].type == pa.string()
            else rows[name].cast(pa.int32()) if rows[name].type == pa.int64() else rows[name]
            for name in rows.column_names
        }
    )  # fmt: skip
    assert {"dictionary<values=string, indices=int32, ordered=0>", "int32"} <= {
        str(each.type) for each in kept.schema
    }
    assert digest_of(with_table(given, Declaration, kept)) == digest_of(given)


def test_a_row_that_is_there_twice_is_another_input() -> None:
    rows, given = stories_snapshot().tables[Declaration], stories_snapshot()
    twice = pa.concat_tables([rows, rows.slice(0, 1)])
    assert digest_of(with_table(given, Declaration, twice)) != digest_of(given)


def test_two_values_that_change_places_are_another_input() -> None:
    rows, given = stories_snapshot().tables[Declaration], stories_snapshot()
    place = rows.column_names.index("amount_fen")
    amounts = rows.column(place).to_pylist()
    one = next(nth for nth, fen in enumerate(amounts) if fen != amounts[0])
    amounts[0], amounts[one] = amounts[one], amounts[0]
    changed = rows.set_column(place, rows.schema.field(place), pa.array(amounts, pa.int64()))
    assert digest_of(with_table(given, Declaration, changed)) != digest_of(given)


def test_one_fen_is_another_input() -> None:
    rows, given = stories_snapshot().tables[Declaration], stories_snapshot()
    place = rows.column_names.index("amount_fen")
    amounts = rows.column(place).to_pylist()
    more = pa.array([amounts[0] + 1, *amounts[1:]], pa.int64())
    dearer = rows.set_column(place, rows.schema.field(place), more)
    assert digest_of(with_table(given, Declaration, dearer)) != digest_of(given)


def test_a_missing_value_is_another_input_than_an_empty_one() -> None:
    given = stories_snapshot()
    cut = replace(given, persons=pa.table({"person": pa.array([None], pa.string()), "mask": [0]}))
    empty = replace(given, persons=pa.table({"person": pa.array([""], pa.string()), "mask": [0]}))
    assert digest_of(cut) != digest_of(empty)
