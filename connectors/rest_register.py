"""What does a department say whose REST service is its own, with paths and pages that nobody agreed with us?

How each table is asked for stands in the contract's server, as custom properties:

    auth: {kind: header, name: X-Api-Key}        # bearer, basic, header or none; the secret is the address's user part
    operations:
      zf_fwxx:
        {lookup: /dwellings, ids: idCard, by: field, all: /dwellings/all, rows: data.items, count: data.count,
         next: data.cursor, after: cursor}

Questions are GET with the ids as parameters, each by itself or joined by `join`, or POST with the
same as JSON. `rows`, `count` and `next` say where in an answer something stands, key by key;
`rows: ""` is an answer that is itself the list. Pages go on by a cursor (`next` is given as
`after`) or by number (`page` is the parameter, from 1, to the first that holds fewer than `size`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx2
import msgspec

from connectors.arrow import Chunk
from connectors.ask import Ask, Clock
from connectors.carrying import carrier, carry
from connectors.decode import Decoder, Row
from connectors.derived import derived
from connectors.failure import Failed, broken, by_status
from connectors.guard import Guard, Patience
from connectors.mapping import Table, Tables
from connectors.register import Register
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind

IDS_PER_REQUEST = 50
"""Subjects in one question: an address of more than 2,000 characters is refused by many a server."""

CONNECTIONS = 4
"""Of one gateway to one service at a time."""


class Auth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the secret of the address is shown: `name` is the header's, for the kind `header`."""

    kind: Literal["bearer", "basic", "header", "none"] = "bearer"
    name: str = "Authorization"


class Operations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one table is asked for: paths, parameters, and places in the answers."""

    lookup: str
    ids: str
    all: str
    rows: str
    method: Literal["GET", "POST"] = "GET"
    join: str = ""
    by: str = ""
    count: str = ""
    next: str = ""
    after: str = "after"
    page: str = ""
    size: int = 500


class Service(msgspec.Struct, frozen=True):
    """What a contract says of a REST service.

    `describes`   the path at which it gives its own OpenAPI document in JSON; empty where it gives none
    """

    operations: dict[str, Operations]
    auth: Auth = Auth()
    describes: str = ""


class RestRegister(Register):
    """A connector to one department's own REST service, asked in threads of its own."""

    def __init__(
        self,
        department: Department,
        address: str,
        tables: Tables,
        *,
        service: Service,
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        super().__init__(department, tables, guard=Guard(department.value, self._patience), clock=clock)
        parts = urlsplit(address)
        self._base = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        self._operations, self._describes = service.operations, service.describes
        self._headers, self._auth = _shown(service.auth, parts.username or "", parts.password or "")
        self._client = carrier(timeout_s=self._patience.timeout_s)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix=f"rest-{department.value}")

    def version(self) -> str:
        """See `Register.version`: title and version of the OpenAPI document that the service gives itself."""
        if not self._describes:
            return "REST, no path of its own OpenAPI document in the contract (`describes`)"
        document = self._answered("GET", self._describes, {})
        title, version, openapi = (_at(document, key) for key in ("info.title", "info.version", "openapi"))
        if not all(isinstance(one, str) and one.isprintable() for one in (title, version, openapi)):
            raise broken("expected an OpenAPI document with title and version, got something else")
        return f"{title[:100]} {version[:100]} (OpenAPI {openapi[:10]})"

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._found, ask, table, decode)
        return await running

    def _found(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        subjects, told, rows = ask.subjects.askable, self._told(table), list[Row]()
        given = {told.by: table.of[ask.by].physical} if told.by else {}
        for at in range(0, len(subjects), IDS_PER_REQUEST):
            part: Any = subjects[at : at + IDS_PER_REQUEST]
            if told.join:
                part = told.join.join(part)
            for found, _ in self._pages(told, told.lookup, {**given, told.ids: part}, None):
                rows.extend(_rows(found, decode))
        return rows

    def _stream(self, table: Table, decode: Decoder, since: str) -> Iterator[tuple[Chunk, str]]:
        """A cursor is a list of the page that follows, as the service named or as we count it; empty at the end."""
        told, place = self._told(table), _place(since)
        if place == []:
            return
        for found, following in self._pages(told, told.all, {}, place[0] if place else None):
            rows = [*_rows(found, decode)]
            if rows:
                yield rows, msgspec.json.encode([] if following is None else [following]).decode()

    def _pages(
        self, told: Operations, path: str, given: Mapping[str, Any], start: str | int | None
    ) -> Iterator[tuple[Sequence[Mapping[str, Any]], str | int | None]]:
        """Give the rows of each page, and the place of the one that follows."""
        place: str | int | None = (start or 1) if told.page else start
        while True:
            parameter = {told.page: place} if told.page else {} if place is None else {told.after: place}
            answer = self._answered(told.method, path, {**given, **parameter})
            rows = _list(answer, told)
            following = _following(answer, told, rows, place)
            yield rows, following
            if following is None:
                return
            place = following

    def _answered(self, method: str, path: str, given: Mapping[str, Any]) -> Any:
        how: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
        request = self._client.build_request(method, self._base + path, headers=self._headers, **how)
        if self._auth is not None:
            request = next(self._auth.auth_flow(request))
        answer = carry(self._client, request, timeout_s=self._patience.timeout_s)
        if answer.status != 200:
            raise by_status(answer.status)
        if answer.kind != "application/json":
            raise broken("expected content type `application/json`, got another")
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise broken("expected an answer in JSON, got something else") from None

    def _told(self, table: Table) -> Operations:
        if table.physical not in self._operations:
            raise broken(f"expected operations of `{table.physical}` in the contract, got none")
        return self._operations[table.physical]


def _shown(auth: Auth, name: str, password: str) -> tuple[dict[str, str], httpx2.BasicAuth | None]:
    headers = {"Accept": "application/json"}
    if auth.kind == "basic":
        return headers, httpx2.BasicAuth(name, password)
    if auth.kind != "none" and name:
        headers[auth.name] = f"Bearer {name}" if auth.kind == "bearer" else name
    return headers, None


def _list(answer: Any, told: Operations) -> Sequence[Mapping[str, Any]]:
    """Give the rows of an answer. Nothing where the list should be is no empty list."""
    rows = _at(answer, told.rows)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise broken(f"expected a list of rows at `{told.rows}`, got otherwise")
    if told.count and _at(answer, told.count) != len(rows):
        raise broken(f"expected as many rows as the answer announces in `{told.count}`, got {len(rows)}")
    return rows


def _following(
    answer: Any, told: Operations, rows: Sequence[Mapping[str, Any]], place: str | int | None
) -> str | int | None:
    if told.page:
        return None if len(rows) < told.size else int(place or 1) + 1
    following = _at(answer, told.next) if told.next else None
    if following is None or following == "":
        return None
    if not isinstance(following, str | int) or following == place or not rows:
        raise broken("expected the following page, got the same place again or no place")
    return following


def _at(answer: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def _rows(found: Sequence[Mapping[str, Any]], decode: Decoder) -> Iterator[Row]:
    try:
        yield from derived(decode, [*map(itemgetter(*decode.inputs), found)])
    except KeyError as missing:
        raise broken(f"`{decode.record.__name__}`: expected field {missing}, got a row without it") from None


def _place(since: str) -> list[str | int] | None:
    """Read a cursor; None is the beginning. Raises `Failed`."""
    if not since:
        return None
    try:
        return msgspec.json.decode(since, type=list[str | int])
    except msgspec.DecodeError:
        raise Failed(FailureKind.STALE, "expected the cursor of a snapshot by REST, got another") from None
