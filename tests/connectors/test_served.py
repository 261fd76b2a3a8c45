"""Is everybody who was answered about counted, once, on the right day?"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.ask import Ask
from connectors.federation import ask_all
from connectors.memory import MemoryConnector
from connectors.served import FILE, BadCount, ServedBook, Tally
from tests.connectors.conformance import ROWS
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.records.health import Birth, Death

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
HEALTH = Department.HEALTH


def book(folder: Path, at: datetime = NOON) -> ServedBook:
    return ServedBook(folder, clock=lambda: at)


def served(folder: Path, *asks: Ask, failing: FailureKind | None = None, reference: str = "17") -> ServedBook:
    kept = book(folder)
    connector = MemoryConnector(HEALTH, ROWS, clock=clock, failing=failing)
    tally = Tally(kept, reference)

    async def run() -> None:
        for ask in asks:
            await ask_all({HEALTH: connector}, [ask], timeout_s=5, clock=clock, tally=tally)
        tally.write()

    asyncio.run(run())
    return kept


def test_who_is_answered_about_twice_counts_once(tmp_path: Path) -> None:
    first = Ask(Death, "person", (person(0), person(1)), frozenset())
    second = Ask(Birth, "person", (person(1), person(2)), frozenset())
    assert served(tmp_path, first, second).of_day(HEALTH, DAY) == {"17": 3}


def test_no_record_is_an_answer_and_a_failure_is_none(tmp_path: Path) -> None:
    ask = Ask(Death, "person", (person(0), "529901199001011237"), frozenset())
    assert served(tmp_path / "good", ask).of_day(HEALTH, DAY) == {"17": 2}
    assert served(tmp_path / "bad", ask, failing=FailureKind.REFUSED).of_day(HEALTH, DAY) == {}


def test_the_file_names_no_person(tmp_path: Path) -> None:
    served(tmp_path, Ask(Death, "person", (person(0),), frozenset()))
    assert (tmp_path / FILE).read_text() == "2026-11-22 health 17 1\n"


def test_the_day_is_chinas_and_midnight_does_not_split_an_inquiry(tmp_path: Path) -> None:
    late = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    book(tmp_path, late).add("17", {HEALTH: 2})
    book(tmp_path, datetime(2026, 11, 22, 16, 0, tzinfo=UTC)).add("17", {HEALTH: 1})
    book(tmp_path, datetime(2026, 11, 22, 16, 0, tzinfo=UTC)).add("18", {HEALTH: 1})
    assert book(tmp_path).of_day(HEALTH, DAY) == {"17": 3}
    assert book(tmp_path).of_day(HEALTH, date(2026, 11, 23)) == {"18": 1}


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22 health 17 0",
        "2026-11-22 health 17",
        "2026-11-22 17 3",
        "2026-11-22 health 17 3 4",
        "x health 17 3",
        "",
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_text(f"2026-11-22 health 16 1\n{line}\n")
    with pytest.raises(BadCount, match=r"answers\.counts:2"):
        book(tmp_path).of_day(HEALTH, DAY)


def _add_many(folder: Path, reference: str) -> None:
    for _ in range(200):
        book(folder).add(reference, {HEALTH: 1})


def test_two_processes_lose_no_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_add_many, args=(tmp_path, name)) for name in ("17", "18")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert book(tmp_path).of_day(HEALTH, DAY) == {"17": 200, "18": 200}


def test_what_was_counted_twice_is_written_once_and_what_comes_later_as_well(tmp_path: Path) -> None:
    kept = book(tmp_path)
    tally = Tally(kept, "17")
    connector = MemoryConnector(HEALTH, ROWS, clock=clock)

    async def run(*ids: str) -> None:
        ask = Ask(Death, "person", ids, frozenset())
        await ask_all({HEALTH: connector}, [ask], timeout_s=5, clock=clock, tally=tally)
        tally.write()
        tally.write()

    asyncio.run(run(person(0), person(1)))
    asyncio.run(run(person(1), person(2)))
    assert (tmp_path / FILE).read_text() == "2026-11-22 health 17 2\n2026-11-22 health 17 1\n"


def test_a_book_that_is_no_more_holds_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: set[int] = set()
    closing, opening = os.close, os.open

    def open_(*arguments: Any) -> int:
        handle = opening(*arguments)
        held.add(handle)
        return handle

    def close(handle: int) -> None:
        closing(handle)
        held.discard(handle)

    monkeypatch.setattr("connectors.served.os.open", open_)
    monkeypatch.setattr("connectors.served.os.close", close)
    kept = book(tmp_path)
    kept.add("17", {HEALTH: 1})
    (tmp_path / FILE).unlink()
    kept.add("17", {HEALTH: 1})
    assert len(held) == 1
    del kept
    gc.collect()
    assert not held


def test_a_file_that_was_taken_away_begins_anew(tmp_path: Path) -> None:
    kept = book(tmp_path)
    kept.add("17", {HEALTH: 2})
    (tmp_path / FILE).unlink()
    kept.add("18", {HEALTH: 1})
    assert kept.of_day(HEALTH, DAY) == {"18": 1}
