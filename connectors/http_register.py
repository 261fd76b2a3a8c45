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
from functools import cache, partial
from urllib.parse import quote

import httpx2
import msgspec
import stamina

from connectors.arrow import Chunk, chunked
from connectors.ask import Ask, Begun, Clock, Worth, unchecked
from connectors.carrying import carry, unreached_named
from connectors.decode import Decoder, Row, decoder
from connectors.failure import Failed, broken, by_status
from connectors.guard import Guard, Patience, may_pass
from connectors.http_client import HttpAnswer, HttpClient, media_type
from connectors.http_pages import Page, all_parsed, parsed, rows_in
from connectors.http_sent import Sent, Wording, worded
from connectors.mapping import Table, Tables
from connectors.outcomes import UNREADABLE, outcomes, plain_outcomes
from connectors.register import Register
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Outcome
from vocabulary.record import Record

IDS_PER_REQUEST = 500
"""Subjects in one question: about 10 KB of body."""

QUESTIONS_PER_BATCH = 40
"""Questions in one batch: a household asks a department a dozen at most."""

WORDINGS_KEPT = 512

PAGE_BYTES = 32 << 20
"""A page of more is not read to its end."""


Worded = tuple[type[Record], str, frozenset[str], frozenset[str]]
"""What of a question is the same whomever it is about."""


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
        self._wordings: dict[tuple[Worded, ...], Wording] = {}
        self._client: tuple[asyncio.AbstractEventLoop, HttpClient] | None = None

    def version(self) -> str:
        """See `Register.version`: `GET {address}/v1` answers `{"version": "…"}`."""
        with self._waiting_client() as client:
            request = client.build_request("GET", f"{self._base}/v1")
            answer = carry(client, request, timeout_s=self._patience.timeout_s)
        _check_head(answer.status, answer.kind)
        try:
            return msgspec.json.decode(answer.body, type=Told).version
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

    def begin(self, asks: Sequence[Ask], *, worth: Worth = unchecked) -> Begun | None:
        """See `Prompt.begin`: where a connection waits, and the source is well and within its quota."""
        subjects, wording = asks[0].subjects, self._wording(asks)
        if wording is None or not 0 < len(subjects.askable) <= IDS_PER_REQUEST:
            return None
        for ask in asks:
            if ask.ids is not subjects and ask.ids != subjects:
                return None
        if not self._guard.at_once():
            return None
        text, client = subjects.encoded.join(wording.parts), self._client
        # Of another loop, which has ended, nothing is used; whoever asks patiently gets a client of this one.
        connection = client[1].begin(wording.path, text) if client and client[0].is_running() else None
        if connection is None:
            self._guard.leave()
            return None
        return Sent(self, self._guard, asks, wording, worth, connection)

    def plainly(
        self, asks: Sequence[Ask], wording: Wording, answer: HttpAnswer, *, worth: Worth
    ) -> list[Mapping[str, Outcome]] | None:
        """See `Patient.plainly`."""
        if answer.status != 200 or answer.kind != "application/json":
            return None
        told = wording.pages.rows(answer.body)
        if told is None:
            return None
        (pages, spelled), at = told, self._clock()
        try:
            return [
                plain_outcomes(ask, decode, rows, at=at, spelled=spelled, quality=worth(ask.record))
                for ask, decode, rows in zip(asks, wording.decoders, pages, strict=True)
            ]
        except UNREADABLE:
            return None

    async def go_on(
        self,
        asks: Sequence[Ask],
        *,
        worth: Worth = unchecked,
        failed: Failed | None = None,
        first: HttpAnswer | None = None,
    ) -> list[Mapping[str, Outcome]]:
        """See `Patient.go_on`."""
        given = [] if first is None else [first]  # it is read once: who asks again asks anew
        try:
            told = [(ask, self._table(ask.record)) for ask in asks]
            decoders = [decoder(ask.record, table, ask.columns, ask.masked) for ask, table in told]
            found = await self._guard.ask(
                lambda: self._look_up_all(told, decoders, given.pop() if given else None), failed=failed
            )
        except Failed as why:
            return [why.for_all(ask.ids, self.department, at=self._clock()) for ask in asks]
        return [*map(partial(self._outcomes, worth=worth), asks, decoders, found)]

    async def fetch_all(self, asks: Sequence[Ask]) -> list[Mapping[str, Outcome]]:
        """See `Together.fetch_all`: one request, and ordinary ones for pages that have more behind them."""
        return await self.go_on(asks)

    def _wording(self, asks: Sequence[Ask]) -> Wording | None:
        """Questions but for their subjects, made once; None for what the contract does not let us ask at once."""
        key = tuple([(ask.record, ask.by, ask.columns, ask.masked) for ask in asks])
        known = self._wordings.get(key)
        if known is None and len(asks) <= QUESTIONS_PER_BATCH:
            if any(ask.record not in self._tables for ask in asks):
                return None
            told = [(ask, self._tables[ask.record]) for ask in asks]
            known = worded(
                [(ask, table, decoder(ask.record, table, ask.columns, ask.masked)) for ask, table in told],
                path=self._batch or _path(told[0][1]),
                batch=bool(self._batch),
            )
            if len(self._wordings) >= WORDINGS_KEPT:
                self._wordings.clear()
            self._wordings[key] = known
        return known

    def _outcomes(
        self, ask: Ask, decode: Decoder, rows: Sequence[Row], *, worth: Worth
    ) -> Mapping[str, Outcome]:
        try:
            return outcomes(ask, decode, rows, at=self._clock(), quality=worth(ask.record))
        except Failed as why:
            return why.for_all(ask.ids, self.department, at=self._clock())

    async def _look_up_all(
        self, told: Sequence[tuple[Ask, Table]], decoders: Sequence[Decoder], first: HttpAnswer | None
    ) -> list[list[Row]]:
        """Give the rows for each question. `first` is the answer that is there already to what is asked first."""
        asked = [
            (place, question)
            for place, ((ask, table), decode) in enumerate(zip(told, decoders, strict=True))
            for question in _questions(ask, table, decode)
        ]
        rows: list[list[Row]] = [[] for _ in told]
        most = QUESTIONS_PER_BATCH if self._batch else 1
        for at in range(0, len(asked), most):
            part = [(told[place][1], question) for place, question in asked[at : at + most]]
            pages, first = await self._pages(part, first), None
            for (place, question), page in zip(asked[at : at + most], pages, strict=True):
                rows[place] += await self._to_the_end(told[place][1], decoders[place], question, page)
        return rows

    async def _pages(
        self, asked: Sequence[tuple[Table, Mapping[str, object]]], given: HttpAnswer | None
    ) -> Sequence[Page]:
        """Give the first page of each question, from the answer that is given or from one that is asked for."""
        if not self._batch:
            [(table, question)] = asked
            return [_page_in(given) if given else await self._page(table, {**question, "after": None})]
        questions = [{"table": table.physical, **question, "after": None} for table, question in asked]
        answer = given or await self._own_client().post(
            self._batch, msgspec.json.encode({"questions": questions})
        )
        _check_head(answer.status, answer.kind)
        return all_parsed(answer.body, many=len(questions))

    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        return (await self._look_up_all([(ask, table)], [decode], None))[0]

    async def _to_the_end(
        self, table: Table, decode: Decoder, question: Mapping[str, object], page: Page
    ) -> list[Row]:
        """Give the rows of a page and of those that follow."""
        rows, after = [*rows_in(page, decode)], None
        while page.next is not None:
            after = _advanced(page, after)
            page = await self._page(table, {**question, "after": after})
            rows.extend(rows_in(page, decode))
        return rows

    async def _page(self, table: Table, question: Mapping[str, object]) -> Page:
        return _page_in(await self._own_client().post(_path(table), msgspec.json.encode(question)))

    def _stream(self, table: Table, decode: Decoder, since: str) -> Iterator[tuple[Chunk, str]]:
        """A cursor is the place of a page, as the department named it, and how many of its rows were given."""
        url = f"{self._base}/v1/{table.physical}/snapshot"
        names = decode.inputs
        after, given = _place(since)
        with self._waiting_client() as client:
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
                unreached_named(),
                client.stream("POST", url, content=msgspec.json.encode(question)) as response,
            ):
                _check_head(response.status_code, media_type(response.headers.get("content-type", "")))
                body.clear()
                for piece in response.iter_bytes():
                    _grow(body, piece)
        return parsed(bytes(body))

    def _waiting_client(self) -> httpx2.Client:
        """For a thread that waits: what a service says of itself, and whole districts."""
        return httpx2.Client(
            headers=self._headers,
            timeout=self._patience.timeout_s,
            follow_redirects=False,
            trust_env=False,
            verify=self._trust,
        )

    def _own_client(self) -> HttpClient:
        """Connections belong to an event loop; a command that runs several gets a client for each."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._client[0] is not loop:
            client = HttpClient(
                self._base,
                self._headers,
                trust=self._trust,
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


def _path(table: Table) -> str:
    return f"/v1/{quote(table.physical)}/query"


def _page_in(answer: HttpAnswer) -> Page:
    _check_head(answer.status, answer.kind)
    return parsed(answer.body)


def _grow(body: bytearray, piece: bytes) -> None:
    body += piece
    if len(body) > PAGE_BYTES:
        raise broken(f"expected a page of at most {PAGE_BYTES} bytes, got more")


def _questions(ask: Ask, table: Table, decode: Decoder) -> list[dict[str, object]]:
    """Give the questions that ask for all subjects, each for as many as one may ask for."""
    subjects, by = ask.subjects.askable, table.of[ask.by].physical
    return [
        {"by": by, "ids": subjects[at : at + IDS_PER_REQUEST], "fields": decode.inputs}
        for at in range(0, len(subjects), IDS_PER_REQUEST)
    ]


def _chunks(page: Page, decode: Decoder, *, after: str | None, given: int) -> Iterator[tuple[Chunk, str]]:
    """Give what is left of a page, each chunk with its cursor: behind the page's last row, the following page."""

    def cursor(count: int, _: Row) -> str:
        ended = page.next is not None and given + count == page.count
        return msgspec.json.encode((page.next, 0) if ended else (after, given + count)).decode()

    return chunked([*rows_in(page, decode)][given:], cursor)


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
