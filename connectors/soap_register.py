"""What does a department say that answers by SOAP?

Its WSDL lies beside the contract; nothing is loaded from the network. What the service calls
its operations stands in the contract's server, as custom properties:

    wsdl: housing.wsdl
    operations:
      zf_fwxx: {lookup: QueryDwellings, by: field, ids: idCard, all: ListDwellings, after: after, rows: dwelling}

`lookup` takes a list of ids, `all` the place to go on at; both answer with a list of rows under
`rows`, where `next` is the following place and `count` the number of rows; `count: ""` where the
service announces none. `by` is left out where an operation knows one subject alone. Account and password of
WS-Security stand in the address: `http://account:password@host/service`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlsplit

import msgspec
import zeep as untyped_zeep
from lxml.etree import tostring
from zeep import Plugin
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault
from zeep.helpers import serialize_object as untyped_serialize
from zeep.loader import parse_xml as untyped_parse
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken as UntypedToken

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

zeep: Any = untyped_zeep
serialize: Any = untyped_serialize
parse_xml: Any = untyped_parse
UsernameToken: Any = UntypedToken
"""zeep says half of its types: what it makes is checked by whoever reads it here."""

_PLAIN = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)

IDS_PER_REQUEST = 500
"""Subjects in one question."""

CONNECTIONS = 4
"""Of one gateway to one service at a time."""


class Operations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one table is asked for: names of operations, of their parameters, and of parts of their answers."""

    lookup: str
    ids: str
    all: str
    rows: str
    by: str = ""
    after: str = "after"
    next: str = "next"
    count: str = "count"


class Service(msgspec.Struct, frozen=True):
    """What a contract says of a SOAP server: its WSDL's file, and the operations of each table."""

    wsdl: str
    operations: dict[str, Operations]


class SoapRegister(Register):
    """A connector to one SOAP service, asked in threads of its own."""

    def __init__(
        self,
        department: Department,
        address: str,
        tables: Tables,
        *,
        wsdl: Path,
        operations: Mapping[str, Operations],
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        super().__init__(department, tables, guard=Guard(department.value, self._patience), clock=clock)
        self._address = address
        self._wsdl = wsdl
        self._operations = operations
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix=f"soap-{department.value}")
        self._own = local()
        self._ports: list[_Port] = []

    def version(self) -> str:
        """See `Register.version`: the service, and whether the WSDL that it gives itself is that of the contract."""
        with _failures_named():
            port = self._port()
            ours = _fingerprint(self._wsdl.read_bytes())
            told = f"SOAP {', '.join(port.service.wsdl.services)}, WSDL {ours}"
        try:
            with _failures_named():
                theirs = _fingerprint(port.described())
        except Failed as why:
            return f"{told} by the contract; the service's own is not told: {why}"
        return (
            f"{told}, as the service's own"
            if ours == theirs
            else f"{told} by the contract, {theirs} by the service: DIFFERENT"
        )

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for port in self._ports:
            port.close()

    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._found, ask, table, decode)
        return await running

    def _found(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        subjects, told, rows = ask.subjects.askable, self._told(table), list[Row]()
        given = {told.by: table.of[ask.by].physical} if told.by else {}
        for at in range(0, len(subjects), IDS_PER_REQUEST):
            answer = self._call(told.lookup, {**given, told.ids: subjects[at : at + IDS_PER_REQUEST]})
            rows.extend(_rows(answer, told, decode))
        return rows

    def _stream(self, table: Table, decode: Decoder, since: str) -> Iterator[tuple[Chunk, str]]:
        """A cursor is the place that the service named, in a list of one; an empty list is the end."""
        told, after = self._told(table), _place(since)
        while after != _ENDED:
            answer = self._call(told.all, {told.after: after[0] if after else None})
            rows = [*_rows(answer, told, decode)]
            following = _ENDED if answer.get(told.next) is None else [str(answer[told.next])]
            if following and (following == after or not rows):
                raise broken("expected the following page, got the same place again")
            after = following
            if rows:
                yield rows, msgspec.json.encode(after).decode()

    def _told(self, table: Table) -> Operations:
        if table.physical not in self._operations:
            raise broken(f"expected operations of `{table.physical}` in the contract, got none")
        return self._operations[table.physical]

    def _call(self, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        with _failures_named():
            answer = serialize(self._port().service[operation](**given), target_cls=dict)
        if not isinstance(answer, dict):
            raise broken(f"expected `{operation}` to answer with named parts, got otherwise")
        return answer

    def _port(self) -> _Port:
        """A client is not safe to share between threads: each has its own."""
        if not hasattr(self._own, "port"):
            self._own.port = _Port(self._wsdl, self._address, timeout_s=self._patience.timeout_s)
            self._ports.append(self._own.port)
        port: _Port = self._own.port
        return port


class _Port:
    """One thread's client, bound to the address that the settings give and not to the WSDL's."""

    def __init__(self, wsdl: Path, address: str, *, timeout_s: float) -> None:
        parts = urlsplit(address)
        account = UsernameToken(parts.username, parts.password) if parts.username else None
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        client = zeep.Client(
            str(wsdl),
            wsse=account,
            plugins=[_Expected()],
            transport=_Carrier(wsdl.parent, timeout_s),
            settings=_PLAIN,
        )
        (binding, *_) = client.wsdl.bindings
        self.service = client.create_service(binding, bare)
        self.service.wsdl = client.wsdl
        self._own_wsdl = f"{bare}?wsdl"
        self._carrier = client.transport

    def close(self) -> None:
        """Let go of its connections."""
        self._carrier.close()

    def described(self) -> bytes:
        """The WSDL that the service gives of itself. Raises `Failed`."""
        wsdl: bytes = self._carrier.fetched(self._own_wsdl)
        return wsdl


class _Expected(Plugin):
    """Refuses an answer of another element: zeep would read it as one in which nothing stands."""

    def ingress(self, envelope: Any, http_headers: Any, operation: Any) -> tuple[Any, Any]:
        body = envelope.find("{*}Body")
        child = None if body is None or not len(body) else body[0]
        expected = operation.output.body
        if child is None or (
            child.tag.rpartition("}")[2] != "Fault" and expected is not None and child.tag != expected.qname
        ):
            raise broken("expected the answer that the WSDL describes, got another element")
        return envelope, http_headers


class _Carrier(Transport):
    """Carries messages as `connectors.carrying` does; files come from one folder alone."""

    def __init__(self, folder: Path, timeout_s: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep says no types here
        self._folder = folder.resolve()
        self._timeout_s = timeout_s
        self._client = carrier(timeout_s=timeout_s)

    def load(self, url: str) -> bytes:
        path = Path(url).resolve()
        if path.parent != self._folder:
            raise broken("expected a WSDL that is whole beside the contract, got one that leads elsewhere")
        return path.read_bytes()

    def close(self) -> None:
        self._client.close()

    def fetched(self, address: str) -> bytes:
        answer = carry(self._client, self._client.build_request("GET", address), timeout_s=self._timeout_s)
        if answer.status != 200:
            raise by_status(answer.status)
        return answer.body

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> _Answer:
        request = self._client.build_request("POST", address, content=message, headers=dict(headers))
        answer = carry(self._client, request, timeout_s=self._timeout_s)
        if answer.kind not in _XML:
            raise (
                by_status(answer.status)
                if answer.status != 200
                else broken("expected content type `text/xml`, got another")
            )
        return _Answer(answer.status, {"Content-Type": answer.kind}, answer.body, "utf-8")


@dataclass(frozen=True, slots=True)
class _Answer:
    """As much of an answer as zeep looks at."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str


def _fingerprint(wsdl: bytes) -> str:
    """Name a WSDL by its target namespace, which often tells the version, and by its content without its address."""
    root = parse_xml(wsdl, None, settings=_PLAIN)
    for one in root.iterfind(".//{*}address"):
        one.attrib.pop("location", None)
    digest = sha256(tostring(root, method="c14n")).hexdigest()
    return f"{root.get('targetNamespace', '')[:100]} {digest[:12]}"


def _rows(answer: Mapping[str, Any], told: Operations, decode: Decoder) -> Sequence[Row]:
    """Give the values of each row in the decoder's order. What an element does not hold is nothing."""
    rows = answer.get(told.rows)
    rows = [] if rows is None else rows
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise broken(f"`{decode.record.__name__}`: expected a list of rows, got otherwise")
    if told.count and answer.get(told.count) != len(rows):
        raise broken(f"expected as many rows as the answer announces in `{told.count}`, got {len(rows)}")
    try:
        cells = [tuple(row[name] for name in decode.inputs) for row in rows]
    except KeyError as missing:
        raise broken(f"`{decode.record.__name__}`: expected field {missing}, got a row without it") from None
    return [*derived(decode, cells)]


def _place(since: str) -> list[str] | None:
    """Read a cursor; None is the beginning. Raises `Failed`."""
    if not since:
        return None
    try:
        return msgspec.json.decode(since, type=list[str])
    except msgspec.DecodeError:
        raise Failed(FailureKind.STALE, "expected the cursor of a snapshot by SOAP, got another") from None


@contextmanager
def _failures_named() -> Iterator[None]:
    """Turn what zeep raises into our own failures; their texts may hold values, so none is kept."""
    try:
        yield
    except Fault as fault:
        code = str(fault.code or "").rpartition(":")[2].rpartition(".")[2].lower()
        raise Failed(_FAULTS.get(code, FailureKind.UNREACHABLE), "expected an answer, got a fault") from None
    except (ZeepError, SyntaxError, AttributeError, TypeError, ValueError, OSError):
        # zeep reads an answer of another shape with whatever Python raises there.
        raise broken("expected an answer as the WSDL describes it, got one that cannot be read") from None


_XML = frozenset({"text/xml", "application/soap+xml", "application/xml"})

_FAULTS = {
    "client": FailureKind.CONTRACT_BROKEN,
    "sender": FailureKind.CONTRACT_BROKEN,
    "failedauthentication": FailureKind.REFUSED,
    "failedcheck": FailureKind.REFUSED,
    "invalidsecurity": FailureKind.REFUSED,
    "invalidsecuritytoken": FailureKind.REFUSED,
}
"""Codes of SOAP 1.1 and 1.2, and of WS-Security 1.1 chapter 12."""

_ENDED: list[str] = []
