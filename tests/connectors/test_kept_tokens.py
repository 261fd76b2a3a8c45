"""What two districts were found to pay is kept for its owner alone, and answered as civil affairs' own records."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from connectors.ask import Ask, SnapshotFailed
from connectors.kept_tokens import TokenBook, WithTokens, as_csv, from_csv
from connectors.memory import MemoryConnector
from connectors.tokens import Border
from tests.connectors.conformance import ROWS, Conformance, fetch
from tests.connectors.rows import clock
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, SourceFailed
from vocabulary.month import Month
from vocabulary.record import columns_of
from vocabulary.records.civil_affairs import Benefit, DistrictToken
from vocabulary.region import RegionCode

OCTOBER = Border(RegionCode("529901"), RegionCode("529902"), Month.parse("2026-10"))
SEPTEMBER = Border(RegionCode("529901"), RegionCode("529902"), Month.parse("2026-09"))
FOUND = [*{str(row.person): row for row in ROWS[DistrictToken] if isinstance(row, DistrictToken)}.values()][
    :3
]
EVERYTHING = frozenset(columns_of(DistrictToken))


def over(book: TokenBook, *, failing: FailureKind | None = None) -> WithTokens:
    """Civil affairs with nothing of the kind of its own."""
    rows = {**ROWS, DistrictToken: ()}
    return WithTokens(
        MemoryConnector(Department.CIVIL_AFFAIRS, rows, clock=clock, failing=failing), book, clock=clock
    )


class TestWithTokens(Conformance):
    @pytest.fixture
    def connector(self, tmp_path: Path) -> WithTokens:
        book = TokenBook(tmp_path / "tokens")
        book.keep(OCTOBER, [row for row in ROWS[DistrictToken] if isinstance(row, DistrictToken)])
        return over(book)


def asked(connector: WithTokens, rows: Sequence[DistrictToken] = FOUND) -> list[object]:
    ask = Ask(DistrictToken, "person", tuple(str(row.person) for row in rows), EVERYTHING)
    return [*fetch(connector, ask).values()]


def test_a_table_comes_back_as_it_was_written() -> None:
    assert from_csv(as_csv(FOUND)) == [*FOUND]
    for data in (b"\xff", b"person\n1\n", as_csv(FOUND).replace(b"2026-", b"2026x")):
        with pytest.raises((ValueError, msgspec.ValidationError)):
            from_csv(data)


def test_where_nothing_was_loaded_the_register_is_asked(tmp_path: Path) -> None:
    book = TokenBook(tmp_path / "tokens")
    assert book.rows() is None
    assert all(isinstance(one, NoRecord) for one in asked(over(book)))
    assert all(isinstance(one, SourceFailed) for one in asked(over(book, failing=FailureKind.TIMED_OUT)))


def test_what_is_loaded_is_seen_at_once_and_a_month_takes_the_place_of_its_own(tmp_path: Path) -> None:
    book, seen = TokenBook(tmp_path / "tokens"), over(TokenBook(tmp_path / "tokens"))
    asked(seen)
    book.keep(OCTOBER, FOUND[:2])
    assert [isinstance(one, Found) for one in asked(seen)] == [True, True, False]
    book.keep(SEPTEMBER, FOUND[2:])
    assert [isinstance(one, Found) for one in asked(seen)] == [True, True, True]
    book.keep(OCTOBER, ())
    assert [isinstance(one, Found) for one in asked(seen)] == [False, False, True]
    for file in (tmp_path / "tokens").iterdir():
        assert file.stat().st_mode & 0o077 == 0


def test_a_file_that_was_damaged_is_a_failure_and_no_answer(tmp_path: Path) -> None:
    book = TokenBook(tmp_path / "tokens")
    book.keep(OCTOBER, FOUND)
    (tmp_path / "tokens" / "0-damaged.csv").write_bytes(as_csv(FOUND)[:-40])
    connector = over(TokenBook(tmp_path / "tokens"))
    for outcome in asked(connector):
        assert isinstance(outcome, SourceFailed)
        assert outcome.failure is FailureKind.CONTRACT_BROKEN
    with pytest.raises(SnapshotFailed):
        [*connector.snapshot(DistrictToken, EVERYTHING)]


def test_only_this_record_type_is_answered_from_here(tmp_path: Path) -> None:
    book = TokenBook(tmp_path / "tokens")
    book.keep(OCTOBER, FOUND)
    down = over(book, failing=FailureKind.UNREACHABLE)
    assert all(isinstance(one, Found) for one in asked(down))
    benefit = Ask(Benefit, "household", (str(ROWS[Benefit][0].household),), frozenset())
    assert all(isinstance(one, SourceFailed) for one in fetch(down, benefit).values())
    assert sum(map(len, down.snapshot(DistrictToken, EVERYTHING))) == len(FOUND)
    assert down.begin([benefit]) is None
    asyncio.run(down.aclose())
