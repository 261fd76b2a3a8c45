"""A question that is sent at once, over a connection that waits: does it mean the same, whatever comes back?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from connectors.ask import Ask, Begun, Prompt
from connectors.departments import TABLES
from connectors.federation import ask_all
from connectors.guard import Patience
from connectors.http_register import HttpRegister
from connectors.kept_tokens import TokenBook, WithTokens
from connectors.qualified import Qualified
from connectors.quality import BatchCheck, QualityBook
from connectors.quota import Quota
from tests.connectors.rows import NOW, clock, person
from vocabulary.codes import Department
from vocabulary.evidence import Evidence, FailureKind, Found, Outcome, Quality, SourceFailed
from vocabulary.records.social_security import Insurance, Pension

SOCIAL_SECURITY = Department.SOCIAL_SECURITY
ME, OTHER = person(0), person(1)

Says = Callable[[int], Awaitable[bytes | None]]
"""From the number of a question to what is answered; None closes the connection without an answer."""


def row(subject: str = ME, key: str = "1", **changed: object) -> dict[str, object]:
    return {"baz001": key, "aac147": subject, "aae003": 202610, "aae036": 20261031, **changed}


def page(*rows: dict[str, object], following: str | None = None, status: str = "200 OK") -> bytes:
    body = json.dumps({"count": len(rows), "rows": rows, "next": following}).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def ask(*subjects: str) -> Ask:
    return Ask(Insurance, "person", subjects or (ME,), frozenset({"month"}))


@asynccontextmanager
async def register(
    says: Says, patience: Patience, *, batch: str = ""
) -> AsyncIterator[tuple[HttpRegister, list[bytes]]]:
    """A register whose connection waits: it has answered once, about nobody. The questions that came since."""
    came: list[bytes] = []
    numbers = iter(range(-1, 1_000))

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                came.append(await reader.readexactly(length))
                number = next(numbers)
                said = page() if number < 0 else await says(number)
                if said is None:
                    break
                writer.write(said)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    kept = HttpRegister(
        SOCIAL_SECURITY, address, TABLES[SOCIAL_SECURITY], clock=clock, patience=patience, batch=batch
    )
    try:
        await kept.fetch(ask())
        came.clear()
        yield kept, came
    finally:
        await kept.aclose()
        server.close()


QUICK = Patience(timeout_s=5.0, attempts=1, trips_after=1, rest_s=60.0)


def told(
    says: Says, *asks: Ask, patience: Patience = QUICK, first_timeout_s: float = 5.0
) -> tuple[list[Outcome], list[bytes]]:
    """What was answered about the first subject of each question, asked one after the other."""

    async def run() -> tuple[list[Outcome], list[bytes]]:
        async with register(says, patience) as (kept, came):
            found: list[Outcome] = []
            for one in asks:
                timeout_s = 5.0 if found else first_timeout_s
                evidence = await ask_all({SOCIAL_SECURITY: kept}, [one], timeout_s=timeout_s, clock=clock)
                found.append(evidence.of(Insurance, one.ids[0]))
            return found, came

    return asyncio.run(run())


def always(said: bytes) -> Says:
    async def says(_: int) -> bytes:
        return said

    return says


def in_turn(*said: bytes | float | None) -> Says:
    """One after the other; a number is so many seconds of silence before what is said about everybody."""

    async def says(number: int) -> bytes | None:
        one = said[number]
        if isinstance(one, float):
            await asyncio.sleep(one)
            return page(row(key="late"))
        return one

    return says


def keys(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Found), outcome
    return [one.record_id for one in outcome.records]


def failure(outcome: Outcome) -> FailureKind:
    assert isinstance(outcome, SourceFailed), outcome
    return outcome.failure


def test_it_is_sent_at_once_and_means_what_it_means_asked_patiently() -> None:
    async def run() -> None:
        async with register(always(page(row(), row(key="2"))), QUICK) as (kept, came):
            assert isinstance(kept, Prompt)
            begun = kept.begin([ask(ME, OTHER)])
            assert begun is not None
            (at_once,) = await begun.answers(ends_at=asyncio.get_running_loop().time() + 5)
            assert at_once == await kept.fetch(ask(ME, OTHER))
            assert json.loads(came[0]) == json.loads(came[1])

    asyncio.run(run())


def test_several_questions_are_one_request_that_is_sent_at_once() -> None:
    asks = [ask(), Ask(Pension, "person", (ME,), frozenset({"month"}))]
    body = json.dumps({"pages": [{"count": 1, "rows": [row()], "next": None}] * 2}).encode()
    said = page()[: page().index(b"Content-Length")] + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    async def run() -> None:
        async with register(always(said), QUICK, batch="/v1/batch") as (kept, came):
            begun = kept.begin(asks)
            assert begun is not None
            at_once = await begun.answers(ends_at=asyncio.get_running_loop().time() + 5)
            assert [keys(one[ME]) for one in at_once] == [["1"], ["1"]]
            assert at_once == await kept.fetch_all(asks)
            assert json.loads(came[0]) == json.loads(came[1])

    asyncio.run(run())


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([page(row())], id="plain"),
        pytest.param([page()], id="nobody"),
        pytest.param([page(row(key=" 1 "))], id="with blanks around a key"),
        pytest.param([page(row(aae003="2026"))], id="not in form"),
        pytest.param([page(row(), following="2"), page(row(key="2"))], id="two pages"),
        pytest.param([None, page(row())], id="over another connection"),
    ],
)
def test_whatever_comes_of_what_was_sent_at_once_it_carries_what_a_check_said_of_the_batch(
    said: list[bytes | None], tmp_path: Path
) -> None:
    book = QualityBook(tmp_path)
    book.keep(
        BatchCheck(
            department=SOCIAL_SECURITY,
            record="Insurance",
            batch="",
            checked_at=NOW,
            rows=0,
            newest=None,
            checked=(),
        )
    )

    async def run() -> None:
        async with register(in_turn(*said, *said[-2:]), QUICK) as (kept, came):
            # In the order in which the gateway puts them, civil affairs being one of those that answer at once.
            checked = WithTokens(
                Qualified(kept, book, clock=clock), TokenBook(tmp_path / "tokens"), clock=clock
            )
            at_once = await ask_all({SOCIAL_SECURITY: checked}, [ask()], timeout_s=5.0, clock=clock)
            assert len(came) == len(said)
            outcome = at_once.of(Insurance, ME)
            assert isinstance(outcome, SourceFailed) or outcome.provenance.quality is Quality.SOUND  # type: ignore[union-attr]  # asked
            assert at_once.outcomes[Insurance] == await checked.fetch(ask())

    asyncio.run(run())


def test_that_our_own_time_ends_says_nothing_of_the_source_and_what_still_comes_is_nobodys_answer() -> None:
    (late, next_one), _ = told(in_turn(0.3, page(row(key="own"))), ask(), ask(), first_timeout_s=0.1)
    assert failure(late) is FailureKind.TIMED_OUT
    assert keys(next_one) == ["own"]


def test_a_source_that_takes_longer_than_we_are_patient_is_left_alone() -> None:
    impatient = Patience(timeout_s=0.1, attempts=1, trips_after=1, rest_s=60.0)
    (late, next_one), came = told(in_turn(0.3), ask(), ask(), patience=impatient)
    assert failure(late) is FailureKind.TIMED_OUT
    assert failure(next_one) is FailureKind.UNREACHABLE
    assert len(came) == 1


def test_over_a_connection_that_had_been_closed_it_is_asked_once_more() -> None:
    (found,), came = told(in_turn(None, page(row())), ask())
    assert keys(found) == ["1"]
    assert len(came) == 2


@pytest.mark.parametrize(("attempts", "asked"), [(1, 1), (3, 2)])
def test_what_may_pass_is_asked_again_as_often_as_we_are_patient(attempts: int, asked: int) -> None:
    patience = Patience(timeout_s=5.0, attempts=attempts, pause_s=0.001, trips_after=9)
    (found,), came = told(in_turn(page(status="503 Busy"), page(row())), ask(), patience=patience)
    assert isinstance(found, Found if attempts > 1 else SourceFailed)
    assert len(came) == asked


@pytest.mark.parametrize(
    "said",
    [
        page({"baz001": "1", "aac147": ME}),
        page(row(OTHER)),
        page(row(), status="403 No"),
        page(row()).replace(b"application/json", b"text/html"),
        page(row()).replace(b'"count": 1', b'"count": 2'),
        page(row()).replace(b'"rows": [', b'"rows": {').replace(b"]", b"}"),
    ],
)
def test_what_is_no_answer_fails_as_it_does_asked_patiently(said: bytes) -> None:
    async def run() -> tuple[Outcome, Outcome]:
        async with register(always(said), QUICK) as (kept, _):
            evidence = await ask_all({SOCIAL_SECURITY: kept}, [ask()], timeout_s=5, clock=clock)
            return evidence.of(Insurance, ME), (await kept.fetch(ask()))[ME]

    at_once, patiently = asyncio.run(run())
    assert isinstance(at_once, SourceFailed)
    assert at_once == patiently


def test_a_row_that_does_not_decode_spoils_its_own_subject_only() -> None:
    said = always(page(row(aae003=202613), row(OTHER, "2")))
    (mine,), _ = told(said, ask(ME, OTHER))
    (theirs,), _ = told(said, ask(OTHER, ME))
    assert failure(mine) is FailureKind.CONTRACT_BROKEN
    assert keys(theirs) == ["2"]


def test_pages_behind_the_first_are_asked_for_and_the_first_is_not_asked_for_again() -> None:
    (found,), came = told(in_turn(page(row(), following="1"), page(row(key="2"))), ask())
    assert keys(found) == ["1", "2"]
    assert [json.loads(one)["after"] for one in came] == [None, "1"]


def test_whoever_goes_away_leaves_place_and_connection_in_order() -> None:
    alone = Patience(timeout_s=5.0, attempts=1, quota=Quota(concurrent=1, queue_s=0.2))

    async def run() -> Evidence:
        async with register(in_turn(0.5, page(row(key="own"))), alone) as (kept, _):
            gone = asyncio.ensure_future(ask_all({SOCIAL_SECURITY: kept}, [ask()], timeout_s=5, clock=clock))
            await asyncio.sleep(0.05)
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
            return await ask_all({SOCIAL_SECURITY: kept}, [ask()], timeout_s=5, clock=clock)

    assert keys(asyncio.run(run()).of(Insurance, ME)) == ["own"]


def test_no_more_go_at_once_than_the_quota_allows() -> None:
    alone = Patience(timeout_s=5.0, attempts=1, quota=Quota(concurrent=1, queue_s=5.0))

    async def run() -> None:
        async with register(always(page(row())), alone) as (kept, came):
            first: Begun | None = kept.begin([ask()])
            assert first is not None
            assert kept.begin([ask()]) is None
            first.drop()
            evidence = await asyncio.gather(
                *(ask_all({SOCIAL_SECURITY: kept}, [ask()], timeout_s=5, clock=clock) for _ in range(4))
            )
            assert [keys(one.of(Insurance, ME)) for one in evidence] == [["1"]] * 4
            assert len(came) in (4, 5)  # the question that was dropped may not have left

    asyncio.run(run())


def test_whoever_goes_away_gives_back_one_place_and_not_two() -> None:
    alone = Patience(timeout_s=5.0, attempts=1, quota=Quota(concurrent=1, queue_s=5.0))

    async def run() -> int:
        at_a_time, came, left = [0, 0], asyncio.Event(), asyncio.Event()

        async def says(number: int) -> bytes:
            at_a_time[0] += 1
            at_a_time[1] = max(at_a_time)
            if number == 0:
                came.set()
                await left.wait()
            else:
                await asyncio.sleep(0.02)
            at_a_time[0] -= 1
            return page(row())

        async with register(says, alone) as (kept, _):
            gone = asyncio.ensure_future(ask_all({SOCIAL_SECURITY: kept}, [ask()], timeout_s=5, clock=clock))
            await came.wait()
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
            left.set()
            await asyncio.sleep(0)
            await asyncio.gather(
                *(ask_all({SOCIAL_SECURITY: kept}, [ask()], timeout_s=5, clock=clock) for _ in range(4))
            )
        return at_a_time[1]

    assert asyncio.run(run()) == 1
