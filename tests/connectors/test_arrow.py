"""A snapshot's types are the engines' own: whole fen, month ordinals, days, and codes as text."""

from __future__ import annotations

import pyarrow as pa
import pytest

from connectors.arrow import batches, schema_of
from tests.connectors.conformance import ROWS, everything
from vocabulary.record import Record, columns_of
from vocabulary.records.disability import DisabilitySubsidy
from vocabulary.records.health import Settlement
from vocabulary.register import RECORD_TYPES


def test_each_kind_of_column_has_its_type() -> None:
    assert schema_of(DisabilitySubsidy, everything(DisabilitySubsidy)) == pa.schema(
        [
            pa.field("record_id", pa.string(), nullable=False),
            pa.field("as_of", pa.date32(), nullable=False),
            pa.field("person", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("month", pa.int32(), nullable=False),
            pa.field("amount_fen", pa.int64(), nullable=False),
            pa.field("district", pa.string(), nullable=False),
        ]
    )


@pytest.mark.parametrize("record", RECORD_TYPES, ids=lambda record: record.__name__)
def test_no_column_of_any_record_type_is_a_float_and_empty_is_allowed_where_the_type_says(
    record: type[Record],
) -> None:
    schema = schema_of(record, everything(record))
    assert schema.names == list(columns_of(record))
    assert not any(pa.types.is_floating(one.type) or pa.types.is_decimal(one.type) for one in schema)
    assert [one.nullable for one in schema] == [one.optional for one in columns_of(record).values()]


def test_fewer_columns_keep_key_day_and_subject() -> None:
    assert schema_of(Settlement, frozenset({"total_fen"})).names == [
        "record_id",
        "as_of",
        "person",
        "total_fen",
    ]


@pytest.mark.parametrize(("rows", "sizes"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1])])
def test_batches_are_of_bounded_size(monkeypatch: pytest.MonkeyPatch, rows: int, sizes: list[int]) -> None:
    monkeypatch.setattr("connectors.arrow.BATCH_ROWS", 10)
    given = ROWS[Settlement][:rows]
    assert [len(batch) for batch in batches(Settlement, frozenset({"total_fen"}), given)] == sizes
