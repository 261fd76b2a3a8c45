"""What must every connector keep? A new one inherits these tests and gives a fixture.

class TestHousing(Conformance):
    @pytest.fixture
    def connector(self): ...          # over a register that holds `ROWS`
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations

import msgspec
import pyarrow as pa
import pytest

from connectors.arrow import schema_of
from connectors.ask import Ask, Connector, SnapshotFailed, carried, maskable
from connectors.memory import MemoryConnector
from connectors.search import Find, Searched
from connectors.sql_register import SqlRegister
from tests.connectors.rows import NOW, clock, household, person, sample_rows
from vocabulary.evidence import Found, NoRecord, Outcome, SourceFailed
from vocabulary.masked import Masked, masked
from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.region import RegionCode
from vocabulary.register import records_of

PEOPLE = 60

ROWS = sample_rows(PEOPLE)

FEW_COLUMNS = 5
"""Of a record type with so many columns every subset is asked for: thirty-two questions."""

MALFORMED = (
    "",
    " ",
    "0",
    "garbage",
    "' OR 1=1 --",
    "529901" * 20,
    "5299\x0001",
    "\ud800",
    "安一",
    "5.29901E+17",
    "%",
    "*",
)


def fetch(connector: Connector, ask: Ask) -> Mapping[str, Outcome]:
    """Ask once in an event loop of its own."""
    return asyncio.run(connector.fetch(ask))


def everything(record: type[Record]) -> frozenset[str]:
    """All columns of a record type."""
    return frozenset(columns_of(record))


def asks_of(connector: Connector, *, numbers: range = range(PEOPLE)) -> Iterator[Ask]:
    """Every record type by each of its subjects, for so many persons or households, all columns."""
    for record in records_of(connector.department):
        for by in record.subjects:
            yield Ask(record, by, subjects(by, numbers), everything(record))


def searches(connector: Connector) -> Iterator[Find]:
    """By a text, by a region, by both, and behind a key, in every record type of the department that has them."""
    for record in records_of(connector.department):
        by = record.subjects[0]
        kinds = {one.name: one.kind for one in columns_of(record).values() if one.name not in record.subjects}
        texts = [name for name, kind in kinds.items() if kind is ColumnKind.TEXT and name != "record_id"]
        regions = [name for name, kind in kinds.items() if kind is ColumnKind.REGION]
        row = ROWS[record][len(ROWS[record]) // 2]
        equals = [(name, value) for name in texts if (value := getattr(row, name)) is not None]
        equals += [(name, "nobody's") for name in texts[:1]]
        within = [(name, RegionCode(code)) for name in regions for code in ("529901", "52", "110105")]
        for one in equals:
            yield Find(record, by, 100, equals=one)
        for place in within:
            yield Find(record, by, 100, within=place)
            yield Find(record, by, 3, within=place)
            yield Find(record, by, 3, within=place, after=getattr(row, by))
        if equals and within:
            yield Find(record, by, 2, equals=equals[0], within=within[0])


def subjects(by: str, numbers: range) -> tuple[str, ...]:
    """Persons, or households where it is asked by household."""
    return tuple((household if by == "household" else person)(number) for number in numbers)


def _rows(outcome: Outcome) -> Sequence[Record]:
    return outcome.records if isinstance(outcome, Found) else ()


class Conformance:
    """The tests; `Test…` classes inherit them, and give the fixture `connector`: without one pytest finds none."""

    @pytest.fixture
    def reference(self, connector: Connector) -> MemoryConnector:
        """The same rows in memory."""
        return MemoryConnector(connector.department, ROWS, clock=clock)

    def test_it_is_a_connector(self, connector: Connector) -> None:
        assert isinstance(connector, Connector)

    def test_every_record_type_answers_as_the_reference(
        self, connector: Connector, reference: MemoryConnector
    ) -> None:
        for ask in asks_of(connector):
            answer = fetch(connector, ask)
            assert answer == fetch(reference, ask), ask.record.__name__
            assert any(isinstance(outcome, Found) for outcome in answer.values()), ask.record.__name__
            assert any(isinstance(outcome, NoRecord) for outcome in answer.values()), ask.record.__name__

    def test_an_answer_carries_only_the_columns_asked_for_and_the_subjects(
        self, connector: Connector, reference: MemoryConnector
    ) -> None:
        chance = random.Random(7)
        for record in records_of(connector.department):
            for subset in map(frozenset, _subsets(sorted(columns_of(record)), chance)):
                ask = Ask(record, record.subjects[0], subjects(record.subjects[0], range(4)), subset)
                answer = fetch(connector, ask)
                assert answer == fetch(reference, ask)
                for outcome in answer.values():
                    for row in outcome.records if isinstance(outcome, Found) else ():
                        assert set(row.__struct_fields__) == carried(record, subset)

    def test_what_is_asked_for_masked_comes_in_no_other_way(
        self, connector: Connector, reference: MemoryConnector
    ) -> None:
        for record in filter(maskable, records_of(connector.department)):
            whom = subjects(record.subjects[0], range(6))
            ask = Ask(record, record.subjects[0], whom, everything(record), maskable(record))
            answer = fetch(connector, ask)
            assert answer == fetch(reference, ask)
            clear = fetch(connector, Ask(record, record.subjects[0], whom, everything(record)))
            for one, outcome in answer.items():
                for row, open_row in zip(_rows(outcome), _rows(clear[one]), strict=True):
                    for name in maskable(record):
                        shown, value = getattr(row, name), getattr(open_row, name)
                        assert (shown is None) is (value is None)
                        assert shown is None or type(shown) is Masked
                        assert shown is None or (shown == masked(columns_of(record)[name], value))

    def test_no_ids_give_no_outcomes(self, connector: Connector) -> None:
        for record in records_of(connector.department):
            assert fetch(connector, Ask(record, record.subjects[0], (), frozenset())) == {}

    @pytest.mark.parametrize("count", [1, 2, 999, 1000, 1001])
    def test_there_is_exactly_one_outcome_for_each_id(
        self, connector: Connector, reference: MemoryConnector, count: int
    ) -> None:
        record = records_of(connector.department)[0]
        ask = Ask(record, record.subjects[0], subjects(record.subjects[0], range(count)), everything(record))
        answer = fetch(connector, ask)
        assert answer == fetch(reference, ask)
        assert len(answer) == count

    def test_an_id_asked_twice_is_answered_once(self, connector: Connector) -> None:
        for ask in asks_of(connector, numbers=range(2)):
            twice = Ask(ask.record, ask.by, ask.ids * 2, ask.columns)
            assert fetch(connector, twice) == fetch(connector, ask)

    def test_malformed_ids_have_no_record_and_spoil_nothing(
        self, connector: Connector, reference: MemoryConnector
    ) -> None:
        for record in records_of(connector.department):
            by = record.subjects[0]
            good = subjects(by, range(2))
            answer = fetch(connector, Ask(record, by, (*MALFORMED, *good), everything(record)))
            assert all(isinstance(answer[one], NoRecord) for one in MALFORMED)
            assert {one: answer[one] for one in good} == fetch(
                reference, Ask(record, by, good, everything(record))
            )

    def test_a_small_x_and_blanks_around_are_forgiven(self, connector: Connector) -> None:
        with_x = next(number for number in range(0, PEOPLE, 2) if person(number).endswith("X"))
        for record in records_of(connector.department):
            if record.subjects[0] == "person":
                written = f" {person(with_x).lower()} "
                answer = fetch(connector, Ask(record, "person", (written,), everything(record)))
                assert isinstance(answer[written], Found)

    def test_records_come_in_the_order_of_their_ids_and_say_where_from(self, connector: Connector) -> None:
        for ask in asks_of(connector, numbers=range(4)):
            for outcome in fetch(connector, ask).values():
                assert outcome.provenance.catalogue_id == ask.record.catalogue_id
                assert (outcome.provenance.department, outcome.provenance.fetched_at) == (
                    connector.department,
                    NOW,
                )
                if isinstance(outcome, Found):
                    keys = [row.record_id for row in outcome.records]
                    assert keys == sorted(keys)
                    assert len(set(keys)) == len(keys) > 0

    def test_many_questions_at_once_are_all_answered(
        self, connector: Connector, reference: MemoryConnector
    ) -> None:
        asks = [*asks_of(connector, numbers=range(4))] * 4

        async def all_at_once() -> list[Mapping[str, Outcome]]:
            return await asyncio.gather(*map(connector.fetch, asks))

        for ask, answer in zip(asks, asyncio.run(all_at_once()), strict=True):
            assert answer == fetch(reference, ask)

    def test_a_search_finds_as_the_reference_or_says_that_it_cannot(
        self, connector: Connector, reference: MemoryConnector
    ) -> None:
        assert isinstance(connector, Searched)
        for wanted in searches(connector):
            found = asyncio.run(connector.find(wanted))
            expected = asyncio.run(reference.find(wanted))
            assert not isinstance(expected, SourceFailed)
            if isinstance(found, SourceFailed):
                assert not isinstance(connector, SqlRegister | MemoryConnector), found.detail
                assert "expected a source that can be searched" in found.detail
                continue
            assert [*found] == [*expected]
            assert [*map(plain, found.values())] == [*map(plain, expected.values())]

    def test_a_snapshot_is_every_row_of_the_reference(
        self, connector: Connector, reference: MemoryConnector
    ) -> None:
        for record in records_of(connector.department):
            columns = everything(record)
            table = pa.Table.from_batches(connector.snapshot(record, columns), schema_of(record, columns))
            expected = pa.Table.from_batches(reference.snapshot(record, columns), schema_of(record, columns))
            assert table.sort_by("record_id") == expected
            assert len(table) == PEOPLE

    def test_a_snapshot_goes_on_behind_any_of_its_batches_without_loss_or_duplicate(
        self, connector: Connector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("arrow", "sql_register", "bulk"):
            monkeypatch.setattr(f"connectors.{module}.BATCH_ROWS", 7)
        record = records_of(connector.department)[0]
        columns, cursor, parts = everything(record), "", []
        while batch := next(snapshot := connector.snapshot(record, columns, cursor), None):
            cursor = snapshot.cursor  # all else is forgotten, as if the process had been killed here
            parts.append(batch)
        whole = pa.Table.from_batches(connector.snapshot(record, columns))
        assert pa.Table.from_batches(parts).sort_by("record_id") == whole.sort_by("record_id")
        assert len(parts) == -(-PEOPLE // 7)

    def test_a_cursor_of_something_else_is_stale(self, connector: Connector) -> None:
        with pytest.raises(SnapshotFailed, match="STALE"):
            list(connector.snapshot(records_of(connector.department)[0], frozenset(), "{[of another:5"))

    def test_a_snapshot_carries_only_the_columns_asked_for_and_the_subjects(
        self, connector: Connector
    ) -> None:
        record = records_of(connector.department)[0]
        (batch,) = connector.snapshot(record, frozenset())
        assert set(batch.schema.names) == carried(record, frozenset())


def _subsets(names: Sequence[str], chance: random.Random) -> Iterator[Sequence[str]]:
    """Every subset of a few columns; of many each alone, none, all, and some by chance."""
    if len(names) <= FEW_COLUMNS:
        yield from chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
        return
    yield from ([], names, *([name] for name in names))
    yield from (chance.sample(names, size) for size in (2, 3, len(names) - 1))


def failure_of(answer: Mapping[str, Outcome]) -> SourceFailed:
    """The one failure that every subject has; its detail holds nobody's number and no name."""
    (failed,) = set(answer.values())
    assert isinstance(failed, SourceFailed)
    assert failed.at == NOW
    for number in range(PEOPLE):
        assert person(number) not in failed.detail
    return failed


def plain(outcome: Outcome) -> list[dict[str, object]]:
    """The rows found as plain values."""
    assert isinstance(outcome, Found)
    return [msgspec.structs.asdict(row) for row in outcome.records]
