"""What does a department say that answers over HTTP?

One question is `POST {address}/v1/{table}/query` with the department's own names:

    {"by": "aac147", "ids": ["…"], "fields": ["aac147", "aae003"], "after": null}

and the answer a page `{"count": 2, "rows": [{…}, {…}], "next": null}`; where `next` is text,
the same question with it as `after` gives the following page. `POST {address}/v1/{table}/snapshot`
does the same without `by` and `ids`, and `GET {address}/v1` tells `{"version": "…"}`. The key
travels as a bearer token and stands in the address as its user part (`http://key@host:port`),
or nowhere.

Where the contract's server says `batch: /v1/batch`, all questions of one inquiry to the department
go together: `{"questions": [{"table": "ac43", "by": …, "ids": …, "fields": …, "after": null}, …]}`,
answered by `{"pages": […]}` in their order.

Redirects are not followed and proxies of the environment not used: a question with id
numbers goes to the department or nowhere.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from operator import itemgetter
from urllib.parse import quote

import httpx2
import msgspec
import stamina

from connectors.arrow import Chunk, chunked
from connectors.ask import Ask, Clock
from connectors.decode import Decoder, Row, askable, decoder, outcomes
from connectors.derived import derived
from connectors.failure import Failed, broken, by_status
from connectors.guard import Guard, Patience, may_pass
from connectors.http_client import HttpClient, media_type
from connectors.mapping import Table, Tables
from connectors.register import Register
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Outcome

IDS_PER_REQUEST = 500
"""Subjects in one question: about 10 KB of body."""

QUESTIONS_PER_BATCH = 40
"""Questions in one batch: a household asks a department a dozen at most."""

CONNECTIONS = 8
"""Of one gateway to one service at a time."""

PAGE_BYTES = 32 << 20
"""A page of more is not read to its end."""

Value = str | int | bool | None


class Page(msgspec.Struct, frozen=True):
    """One page of an answer; `count` says how many rows the department put in, so that half a page is seen."""

    count: int
    rows: list[dict[str, Value]]
    next: str | None


class Pages(msgspec.Struct, frozen=True):
    """The first page of each question of a batch, in their order."""

    pages: list[Page]


class Told(msgspec.Struct, frozen=True):
    """What a service says of itself."""

    version: str


class HttpRegister(Register):
    """A connector to one HTTP service."""

    def __init__(
        self,
        department: Department,
        address: str,
        tables: Tables,
        *,
        clock: Clock,
        patience: Patience | None = None,
        batch: str = "",
    ) -> None:
        """Open nothing yet. `batch` is the path, below the address, of a service that takes many questions at once."""
        self._batch = batch
        self._patience = patience or Patience()
        super().__init__(department, tables, guard=Guard(department.value, self._patience), clock=clock)
        url = httpx2.URL(address)
        self._base = str(url.copy_with(username=None, password=None)).rstrip("/")
        key = {"Authorization": f"Bearer {url.username}"} if url.username else {}
        self._headers = {**key, "Content-Type": "application/json", "Accept": "application/json"}
        self._trust = _trust(url.scheme)
        self._client: tuple[asyncio.AbstractEventLoop, HttpClient] | None = None

    def version(self) -> str:
        """See `Register.version`: `GET {address}/v1` answers `{"version": "…"}`."""
        with (
            _failures_named(),
            httpx2.Client(
                headers=self._headers,
                timeout=self._patience.timeout_s,
                follow_redirects=False,
                trust_env=False,
                verify=self._trust,
            ) as client,
        ):
            response = client.get(f"{self._base}/v1")
            _check_head(response.status_code, media_type(response.headers.get("content-type", "")))
        try:
            return msgspec.json.decode(response.content, type=Told).version
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise broken("expected a version as text, got something else") from None

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        if self._client is not None:
            await self._client[1].aclose()
            self._client = None

    @property
    def asks_together(self) -> bool:
        """See `Together.asks_together`."""
        return bool(self._batch)

    async def fetch_all(self, asks: Sequence[Ask]) -> list[Mapping[str, Outcome]]:
        """See `Together.fetch_all`: one request, and ordinary ones for pages that have more behind them."""
        try:
            told = [(ask, self._table(ask.record)) for ask in asks]
            decoders = [decoder(ask.record, table, ask.columns) for ask, table in told]
            found = await self._guard.ask(lambda: self._look_up_all(told, decoders))
        except Failed as why:
            return [why.for_all(ask.ids, self.department, at=self._clock()) for ask in asks]
        return [*map(self._outcomes, asks, decoders, found)]

    def _outcomes(self, ask: Ask, decode: Decoder, rows: Sequence[Row]) -> Mapping[str, Outcome]:
        try:
            return outcomes(ask, decode, rows, at=self._clock())
        except Failed as why:
            return why.for_all(ask.ids, self.department, at=self._clock())

    async def _look_up_all(
        self, told: Sequence[tuple[Ask, Table]], decoders: Sequence[Decoder]
    ) -> list[list[Row]]:
        asked = [
            (place, question)
            for place, ((ask, table), decode) in enumerate(zip(told, decoders, strict=True))
            for question in _questions(ask, table, decode)
        ]
        rows: list[list[Row]] = [[] for _ in told]
        for at in range(0, len(asked), QUESTIONS_PER_BATCH):
            part = asked[at : at + QUESTIONS_PER_BATCH]
            pages = await self._pages(
                [{"table": told[place][1].physical, **question, "after": None} for place, question in part]
            )
            for (place, question), page in zip(part, pages, strict=True):
                rows[place] += await self._to_the_end(told[place][1], decoders[place], question, page)
        return rows

    async def _pages(self, questions: Sequence[Mapping[str, object]]) -> Sequence[Page]:
        answer = await self._own_client().post(self._batch, msgspec.json.encode({"questions": questions}))
        _check_head(answer.status, answer.kind)
        try:
            pages = msgspec.json.decode(answer.body, type=Pages).pages
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise broken("expected pages of rows in JSON, got something else") from None
        if len(pages) != len(questions):
            raise broken(f"expected a page for each of {len(questions)} questions, got {len(pages)}")
        return [*map(_counted, pages)]

    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        rows: list[Row] = []
        for question in _questions(ask, table, decode):
            page = await self._page(table, {**question, "after": None})
            rows += await self._to_the_end(table, decode, question, page)
        return rows

    async def _to_the_end(
        self, table: Table, decode: Decoder, question: Mapping[str, object], page: Page
    ) -> list[Row]:
        """Give the rows of a page and of those that follow."""
        rows, after = [*_rows(page, decode)], None
        while page.next is not None:
            after = _advanced(page, after)
            page = await self._page(table, {**question, "after": after})
            rows.extend(_rows(page, decode))
        return rows

    async def _page(self, table: Table, question: Mapping[str, object]) -> Page:
        answer = await self._own_client().post(
            f"/v1/{quote(table.physical)}/query", msgspec.json.encode(question)
        )
        _check_head(answer.status, answer.kind)
        return _parsed(answer.body)

    def _stream(self, table: Table, decode: Decoder, since: str) -> Iterator[tuple[Chunk, str]]:
        """A cursor is the place of a page, as the department named it, and how many of its rows were given."""
        url = f"{self._base}/v1/{table.physical}/snapshot"
        names = decode.inputs
        after, given = _place(since)
        with httpx2.Client(
            headers=self._headers,
            timeout=self._patience.timeout_s,
            follow_redirects=False,
            trust_env=False,
            verify=self._trust,
        ) as client:
            while True:
                page = self._snapshot_page(client, url, {"fields": names, "after": after})
                yield from _chunks(page, decode, after=after, given=given)
                if page.next is None:
                    return
                after, given = _advanced(page, after), 0

    def _snapshot_page(self, client: httpx2.Client, url: str, question: Mapping[str, object]) -> Page:
        body = bytearray()
        for attempt in stamina.retry_context(
            on=may_pass, attempts=self._patience.attempts, wait_initial=0.05
        ):
            with (
                attempt,
                _failures_named(),
                client.stream("POST", url, content=msgspec.json.encode(question)) as response,
            ):
                _check_head(response.status_code, media_type(response.headers.get("content-type", "")))
                body.clear()
                for piece in response.iter_bytes():
                    _grow(body, piece)
        return _parsed(bytes(body))

    def _own_client(self) -> HttpClient:
        """Connections belong to an event loop; a command that runs several gets a client for each."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._client[0] is not loop:
            client = HttpClient(
                self._base,
                self._headers,
                trust=self._trust,
                connections=CONNECTIONS,
                body_bytes=PAGE_BYTES,
            )
            self._client = loop, client
        return self._client[1]


@cache
def _trust(scheme: str) -> ssl.SSLContext:
    """The machine's own certificates, read once, since that takes longer than asking; without TLS none are needed."""
    return ssl.create_default_context() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _check_head(status: int, kind: str) -> None:
    """Raise `Failed` unless the answer is a success in JSON."""
    if status != 200:
        raise by_status(status)
    if kind != "application/json":
        raise broken("expected content type `application/json`, got another")


def _grow(body: bytearray, piece: bytes) -> None:
    body += piece
    if len(body) > PAGE_BYTES:
        raise broken(f"expected a page of at most {PAGE_BYTES} bytes, got more")


def _parsed(body: bytes) -> Page:
    try:
        page = msgspec.json.decode(body, type=Page)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise broken("expected a page of rows in JSON, got something else") from None
    return _counted(page)


def _counted(page: Page) -> Page:
    if page.count != len(page.rows):
        raise broken(f"expected the {page.count} rows that the page announces, got {len(page.rows)}")
    return page


def _questions(ask: Ask, table: Table, decode: Decoder) -> list[dict[str, object]]:
    """Give the questions that ask for all subjects, each for as many as one may ask for."""
    subjects, by = askable(ask.ids), table.of[ask.by].physical
    return [
        {"by": by, "ids": subjects[at : at + IDS_PER_REQUEST], "fields": decode.inputs}
        for at in range(0, len(subjects), IDS_PER_REQUEST)
    ]


def _rows(page: Page, decode: Decoder) -> Iterator[Row]:
    """Give the values of each row in the decoder's order; a field that was asked for must be there, if only as null."""
    try:
        yield from derived(decode, map(itemgetter(*decode.inputs), page.rows))
    except KeyError as missing:
        raise broken(f"`{decode.record.__name__}`: expected field {missing}, got a row without it") from None


def _chunks(page: Page, decode: Decoder, *, after: str | None, given: int) -> Iterator[tuple[Chunk, str]]:
    """Give what is left of a page, each chunk with its cursor: behind the page's last row, the following page."""

    def cursor(count: int, _: Row) -> str:
        ended = page.next is not None and given + count == page.count
        return msgspec.json.encode((page.next, 0) if ended else (after, given + count)).decode()

    return chunked([*_rows(page, decode)][given:], cursor)


def _place(cursor: str) -> tuple[str | None, int]:
    """Give the page and how many of its rows were given. Raises `Failed` for what is no cursor of ours."""
    try:
        return msgspec.json.decode(cursor, type=tuple[str | None, int]) if cursor else (None, 0)
    except msgspec.DecodeError:
        raise Failed(FailureKind.STALE, "expected the cursor of a snapshot over HTTP, got another") from None


def _advanced(page: Page, after: str | None) -> str | None:
    if page.next == after or not page.rows:
        raise broken("expected the following page, got the same place again")
    return page.next


@contextmanager
def _failures_named() -> Iterator[None]:
    """Turn what httpx2 raises into our own failures; its texts hold addresses, so none is kept."""
    try:
        yield
    except httpx2.TimeoutException:
        raise Failed(FailureKind.TIMED_OUT, "expected an answer in time, got none") from None
    except httpx2.TransportError:
        raise Failed(FailureKind.UNREACHABLE, "connection refused, not trusted or lost") from None
    except httpx2.HTTPError:
        raise broken("expected an answer by HTTP, got one that cannot be read") from None
