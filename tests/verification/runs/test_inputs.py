"""The digest of a run's inputs: blind to order, not to one fen."""

from dataclasses import replace

import pyarrow as pa

from tests.verification.caseload import stories_snapshot, with_table
from verification.runs.inputs import digest_of
from vocabulary.records.civil_affairs import Declaration


def test_the_order_of_rows_is_no_other_input() -> None:
    rows = stories_snapshot().tables[Declaration]
    turned = pa.concat_tables([rows.slice(40), rows.slice(0, 40)])
    given = stories_snapshot()
    assert digest_of(with_table(given, Declaration, turned)) == digest_of(given)


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
