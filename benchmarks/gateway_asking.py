"""How are the gateway and its peers asked the same, and their answers compared while they are measured?

Requests are prepared once for each seed; every answer, also under load, is compared byte for byte with
the answer that was agreed on when the contenders were compared.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import httptools
import msgspec

FIELDS = """number members {
  idNumber relation joinedOn
  insurance { state records { month base status } }
  settlement { state records { dischargedOn total selfPay } }
  enrolment { state records { stage since } }
  certificate { state records { grade category } }
}"""
QUERIES = {
    "household": f"query One($number: ID!) {{ household(number: $number) {{ {FIELDS} }} }}",
    "list": f"query List($numbers: [ID!]!) {{ households(numbers: $numbers) {{ edges {{ node {{ {FIELDS} }} }} }} }}",
}
CONNECTIONS = {"household": 16, "list": 2}
DIFFERENT = {"household": 300, "list": 12}
"""So many different requests of each are asked again and again."""
COMPARED = {"household": 40, "list": 2}
"""So many of them are compared before anything is measured."""
HOUSEHOLDS = 2_000
IN_A_LIST = 50


class Differs(Exception):
    """A contender told something else than the others, or an error."""


def figures() -> dict[str, list[float]]:
    """Nothing measured yet, of either question."""
    return {what: [] for what in QUERIES}


@dataclass
class Contender:
    """A server to be measured: where it listens, and what a request to it must carry.

    `cased`    each of the different requests is asked under a case of its own, as different clerks would
    `told`     what it said of itself when it had started
    `cpu_ms`   milliseconds of CPU per request (user and system, all threads), one figure a round
    """

    name: str
    process: subprocess.Popen[str]
    port: int
    path: str
    headers: Mapping[str, str]
    told: Mapping[str, Any]
    cased: bool = False
    cpu_ms: dict[str, list[float]] = field(default_factory=figures)
    answered: int = 0

    def cpu_s(self) -> float:
        """Seconds of CPU so far, of the process and its children, to the nanosecond (CPUCLOCK_SCHED of Linux)."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in _family(self.process.pid))

    def resident_mb(self) -> float:
        """Resident memory in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Questions:
    """The same random households for every contender, and what was agreed that they are told."""

    def __init__(self, *, seed: int) -> None:
        dice = random.Random(seed)
        names = [f"HD{number:06}" for number in range(HOUSEHOLDS)]
        self.variables: dict[str, list[dict[str, Any]]] = {
            "household": [{"number": dice.choice(names)} for _ in range(DIFFERENT["household"])],
            "list": [{"numbers": dice.sample(names, IN_A_LIST)} for _ in range(DIFFERENT["list"])],
        }
        self.agreed: dict[str, list[bytes]] = {what: [] for what in QUERIES}

    async def compare(self, contenders: list[Contender]) -> None:
        """Take the first contender's answers for agreed, and hold the others' first ones against them. Raises `Differs`."""
        for what in QUERIES:
            self.agreed[what] = await Asking(contenders[0], self).answers(what, DIFFERENT[what])
            for one in contenders[1:]:
                told = await Asking(one, self).answers(what, COMPARED[what])
                for agreed, found in zip(self.agreed[what], told, strict=False):
                    _same(one.name, what, agreed, found)


class Asking:
    """Requests to one contender, ready to be written to a connection."""

    def __init__(self, contender: Contender, questions: Questions) -> None:
        self.contender, self._questions = contender, questions
        self._requests = {
            what: [self._request(QUERIES[what], one, at) for at, one in enumerate(questions.variables[what])]
            for what in QUERIES
        }

    async def answers(self, what: str, count: int) -> list[bytes]:
        """What is told of the first questions, one after the other. Raises `Differs` for an error."""
        client = await self._connected()
        requests = self._requests[what][:count]
        told = [_data(await client.ask(request), self.contender.name) for request in requests]
        client.transport.close()
        return told

    async def load(self, what: str, *, seconds: float, least: int = 0, most: int = 1 << 60) -> float:
        """Ask for so long, but at `least` and at `most` so often; milliseconds of CPU for each answer.

        Each is held against what was agreed: raises `Differs`. What a connection asks first is not counted.
        """
        clients = [await self._connected() for _ in range(CONNECTIONS[what])]
        requests, agreed = self._requests[what], self._questions.agreed[what]
        ends, asked = inf, 0

        async def ask(client: _Client, *, once: bool = False) -> None:
            nonlocal asked
            while asked < most:
                place, asked = asked % len(requests), asked + 1
                found = _data(await client.ask(requests[place]), self.contender.name)
                _same(self.contender.name, what, agreed[place], found)
                if once or (asked >= least and time.perf_counter() >= ends):
                    return

        await asyncio.gather(*(ask(one, once=True) for one in clients))
        before, uncounted, ends = self.contender.cpu_s(), asked, time.perf_counter() + seconds
        await asyncio.gather(*map(ask, clients))
        spent = self.contender.cpu_s() - before
        for client in clients:
            client.transport.close()
        self.contender.answered += asked
        return spent * 1_000 / max(1, asked - uncounted)

    def _request(self, query: str, variables: dict[str, Any], number: int) -> bytes:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {
            "Host": "127.0.0.1",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Content-Length": str(len(body)),
            **self.contender.headers,
        }
        if self.contender.cased:
            headers["X-Hedui-Case"] = f"HD-2026-{number + 1:04}"
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self.contender.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def _connected(self) -> _Client:
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(_Client, "127.0.0.1", self.contender.port)
        return client


class _Client(asyncio.Protocol):
    """One connection that asks one question after the other."""

    def __init__(self) -> None:
        self.transport: Any = None
        self._done: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._parser, self._pieces = httptools.HttpResponseParser(self), list[bytes]()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(Differs("expected an answer, got the end of the connection"))

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        body, self._pieces = b"".join(self._pieces), []
        assert self._done is not None
        status = self._parser.get_status_code()
        if status != 200:
            self._done.set_exception(Differs(f"expected status 200, got {status}: {body[:400]!r}"))
        else:
            self._done.set_result(body)

    async def ask(self, request: bytes) -> bytes:
        self._done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._done


class _Answer(msgspec.Struct):
    data: msgspec.Raw
    errors: msgspec.Raw | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


def _data(body: bytes, name: str) -> bytes:
    answer = _ANSWER.decode(body)
    if answer.errors is not None:
        raise Differs(f"{name} tells errors: {bytes(answer.errors)[:400]!r}")
    return bytes(answer.data)


def _same(name: str, what: str, agreed: bytes, found: bytes) -> None:
    if agreed != found:
        pairs = enumerate(zip(agreed, found, strict=False))
        at = next((place for place, (one, other) in pairs if one != other), min(len(agreed), len(found)))
        around = slice(max(0, at - 80), at + 80)
        raise Differs(
            f"{name} tells otherwise of a {what}:\n{agreed[around].decode()}\n{found[around].decode()}"
        )


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in Path(f"/proc/{pid}/task").iterdir():
        for child in (one / "children").read_text().split():
            found += _family(int(child))
    return found
