"""How much does an answer of the gateway cost, against what one would use otherwise?

    python benchmarks/gateway.py [--quick] [--rounds 3] [--requests 1000000]

CPU of the serving process per request (user and system, all its threads), in interleaved rounds,
medians of them; ratios are taken inside one run. Every contender asks the same registers over HTTP
(`gateway_sources.py`), ours through the project's own connectors, and first all answers are compared:
their `data` must be the same byte for byte. Ours has authentication, access, consent and both audit
entries on; the peers have none of it. The last line is one JSON object; a peer that cannot be installed
is null, with the reason above. What is installed goes to a scratch folder that is kept between runs
(`--scratch`), and installing is no part of the time that `--quick` takes.

    household_vs_graphene           one household: stock graphene + FastAPI + aiodataloader, by ours
    list_vs_graphene                fifty households in one question
    household_vs_mercurius_jit      mercurius (Node) with its JIT and loaders
    household_vs_apollo             Apollo Gateway over subgraphs that are prepared text
    executor_household_vs_graphene  our executor and connectors alone, without access and log
    memory_growth                   resident memory at the end of many requests, by that after a tenth of them
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httptools
import uvloop

HERE = Path(__file__).parent
FIELDS = """number members {
  idNumber relation joinedOn
  insurance { state records { month base status } }
  settlement { state records { dischargedOn total selfPay } }
  enrolment { state records { stage since } }
  certificate { state records { grade category } }
}"""
ONE = f"query One($number: ID!) {{ household(number: $number) {{ {FIELDS} }} }}"
LIST = (
    f"query List($numbers: [ID!]!) {{ households(numbers: $numbers) {{ edges {{ node {{ {FIELDS} }} }} }} }}"
)
HOUSEHOLDS = 2_000
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Contender:
    """A server to be measured."""

    name: str
    process: subprocess.Popen[str]
    port: int
    path: str
    headers: dict[str, str]
    cpu_ms: dict[str, list[float]] = field(default_factory=lambda: {"household": [], "list": []})

    def cpu_s(self) -> float:
        """Seconds of CPU so far, of the process and its children."""
        total = 0.0
        for pid in _family(self.process.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICK
        return total

    def resident_mb(self) -> float:
        """Resident memory in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Client(asyncio.Protocol):
    """One connection that asks one question after the other."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.done: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self.transport = transport
        self.parser, self.body = httptools.HttpResponseParser(self), b""

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self.parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self.done is not None and not self.done.done():
            self.done.set_exception(ConnectionError("expected an answer, got none"))

    def on_body(self, piece: bytes) -> None:
        """See `httptools`."""
        self.body += piece

    def on_message_complete(self) -> None:
        """See `httptools`."""
        body, self.body = self.body, b""
        assert self.done is not None
        if self.parser.get_status_code() != 200 or b'"errors"' in body[:200]:
            self.done.set_exception(ValueError(body[:400].decode("utf-8", "replace")))
        else:
            self.done.set_result(body)

    async def ask(self, request: bytes) -> bytes:
        """The answer's body. Raises `ValueError` for any other answer than one with data alone."""
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.done


class Asking:
    """Requests to one contender, prepared: random households, the same for the same seed."""

    def __init__(self, contender: Contender, *, seed: int) -> None:
        dice = random.Random(seed)
        names = [f"HD{number:06}" for number in range(HOUSEHOLDS)]
        self._contender = contender
        self.household = [self._request(ONE, {"number": dice.choice(names)}) for _ in range(500)]
        self.list = [self._request(LIST, {"numbers": dice.sample(names, 50)}) for _ in range(20)]

    def _request(self, query: str, variables: dict[str, Any]) -> bytes:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {
            "Host": "127.0.0.1",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Content-Length": str(len(body)),
            **self._contender.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self._contender.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def answers(self, what: str, count: int) -> list[bytes]:
        """The answers to the first questions, one after the other."""
        client = await self._connected()
        return [await client.ask(request) for request in getattr(self, what)[:count]]

    async def load(self, what: str, *, seconds: float, connections: int, most: int = 1 << 60) -> int:
        """Ask for so long over so many connections; how many were answered."""
        ends, count, requests = time.perf_counter() + seconds, 0, getattr(self, what)

        async def one(place: int) -> None:
            nonlocal count
            client = await self._connected()
            while time.perf_counter() < ends and count < most:
                await client.ask(requests[(place * 37 + count) % len(requests)])
                count += 1
            client.transport.close()

        await asyncio.gather(*map(one, range(connections)))
        return count

    async def _connected(self) -> Client:
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(Client, "127.0.0.1", self._contender.port)
        return client


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="short rounds: under a minute")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load in a round, for each question")
    parser.add_argument("--requests", type=int, default=1_000_000, help="over which memory is watched")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "hedui-peers")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.requests = 3, 0.7, 4_000
    scratch = options.scratch
    scratch.mkdir(parents=True, exist_ok=True)
    peers = installed(scratch)
    with ExitStack() as open_things, tempfile.TemporaryDirectory() as folder:
        sources = open_things.enter_context(
            _process("sources", [sys.executable, HERE / "gateway_sources.py"])
        )
        contenders = [
            open_things.enter_context(one) for one in _contenders(peers, sources, Path(folder), scratch)
        ]
        uvloop.run(_measured(contenders, options))
        growth = uvloop.run(_growth(contenders[0], options.requests))
    print(json.dumps(_told({one.name: one for one in contenders}, growth)))


def installed(scratch: Path) -> dict[str, Path | None]:
    """Where each peer can be run from, installing what is not there yet; None and a printed reason where it cannot."""
    return {"python": _python(scratch / "python"), "node": _node(scratch / "node")}


def _python(folder: Path) -> Path | None:
    run = folder / "bin" / "python"
    if (folder / "ready").exists():
        return run
    wanted = ["graphene==3.4.3", "fastapi", "uvicorn[standard]", "aiodataloader", "aiohttp"]
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        subprocess.run([run, "-m", "pip", "install", "--quiet", *wanted], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"graphene could not be installed: {error}")
        return None
    (folder / "ready").touch()
    return run


def _node(folder: Path) -> Path | None:
    if shutil.which("npm") is None:
        print("mercurius, Apollo and Hive cannot be installed: there is no npm")
        return None
    if (folder / "ready").exists():
        return folder
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "peers" / "package.json", folder)
    try:
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"mercurius and Apollo could not be installed: {error}")
        return None
    (folder / "ready").touch()
    return folder


def _contenders(
    peers: dict[str, Path | None], sources: Contender, folder: Path, scratch: Path
) -> Iterator[Any]:
    to = ["--sources", str(sources.port)]
    for name, more in (("ours", []), ("executor", ["--bare"])):
        (folder / name).mkdir()
        yield _process(
            name, [sys.executable, HERE / "gateway_ours.py", *to, "--folder", folder / name, *more]
        )
    if peers["python"] is not None:
        yield _process("graphene", [peers["python"], HERE / "peers" / "graphene_peer.py", *to])
    if peers["node"] is not None:
        for name in ("mercurius", "apollo"):
            target = peers["node"] / f"{name}.mjs"
            shutil.copy(HERE / "peers" / f"{name}.mjs", target)
            yield _process(name, ["node", target, str(sources.port)], node=True)


@contextmanager
def _process(name: str, command: list[Any], *, node: bool = False) -> Iterator[Contender]:
    """A process that says on its first line where it listens, and ends with its standard input."""
    environment = {**os.environ, "NODE_ENV": "production"} if node else None
    process = subprocess.Popen(
        [*map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=HERE.parent,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(_words()) + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        told = json.loads(said) if said.startswith("{") else {"port": int(said), "path": "/", "headers": {}}
        yield Contender(name, process, told["port"], told["path"], told["headers"])
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


async def _measured(contenders: list[Contender], options: argparse.Namespace) -> None:
    asking = {one.name: Asking(one, seed=1) for one in contenders}
    await _compared(contenders, asking)
    for one in contenders:  # just-in-time compilers and caches warm up
        for what, connections in (("household", 16), ("list", 4)):
            await asking[one.name].load(what, seconds=options.seconds * 1.5, connections=connections)
    for _ in range(options.rounds):
        for what, connections in (("household", 16), ("list", 4)):
            for one in contenders:
                before = one.cpu_s()
                count = await asking[one.name].load(what, seconds=options.seconds, connections=connections)
                one.cpu_ms[what].append((one.cpu_s() - before) * 1_000 / count)
    for one in contenders:
        shown = ", ".join(
            f"{what} {median(found):.3f} [{min(found):.3f}] ms" for what, found in one.cpu_ms.items()
        )
        print(f"{one.name:10} CPU a request: {shown}; {one.resident_mb():.0f} MB")


async def _compared(contenders: list[Contender], asking: dict[str, Asking]) -> None:
    """Return when the answers' `data` are the same, byte for byte."""
    for what, count in (("household", 100), ("list", 4)):
        told = {one.name: await asking[one.name].answers(what, count) for one in contenders}
        data = {
            name: [json.dumps(json.loads(body)["data"], ensure_ascii=False) for body in bodies]
            for name, bodies in told.items()
        }
        first = data[contenders[0].name]
        for name, found in data.items():
            for ours, theirs in zip(first, found, strict=True):
                if ours != theirs:
                    at = next(place for place, pair in enumerate(zip(ours, theirs)) if len({*pair}) > 1)  # noqa: B905
                    place = slice(max(0, at - 80), at + 80)
                    raise SystemExit(f"{name} tells otherwise of {what}:\n{ours[place]}\n{theirs[place]}")
        size = sum(map(len, first)) // len(first)
        print(f"{what}: {count} answers of {len(contenders)} contenders are the same, {size} characters each")


async def _growth(ours: Contender, requests: int) -> float:
    """Resident memory after many requests, by that after a tenth of them."""
    asking = Asking(ours, seed=2)
    await asking.load("household", seconds=1e9, connections=16, most=requests // 10)
    before = ours.resident_mb()
    await asking.load("household", seconds=1e9, connections=16, most=requests - requests // 10)
    after = ours.resident_mb()
    print(f"memory: {before:.1f} MB after {requests // 10:,} requests, {after:.1f} MB after {requests:,}")
    return after / before


def _told(found: dict[str, Contender], growth: float) -> dict[str, float | None]:
    def ratio(what: str, peer: str, ours: str = "ours") -> float | None:
        if peer not in found:
            return None
        return round(median(found[peer].cpu_ms[what]) / median(found[ours].cpu_ms[what]), 2)

    told: dict[str, float | None] = {}
    for peer, name in (("graphene", "graphene"), ("mercurius", "mercurius_jit"), ("apollo", "apollo")):
        for what in ("household", "list"):
            told[f"{what}_vs_{name}"] = ratio(what, peer)
    for what in ("household", "list"):
        told[f"executor_{what}_vs_graphene"] = ratio(what, "graphene", "executor")
    for what in ("household", "list"):
        told[f"{what}_cpu_ms"] = round(median(found["ours"].cpu_ms[what]), 3)
    return {**told, "memory_growth": round(growth, 3)}


def _words() -> dict[str, dict[str, str]]:
    """The departments' codes in our words, as the contracts say."""
    sys.path.insert(0, str(HERE.parent))
    from benchmarks.gateway_sources import words  # the path is known only now

    return words()


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in Path(f"/proc/{pid}/task").iterdir():
        children = (one / "children").read_text().split()
        for child in children:
            found += _family(int(child))
    return found


if __name__ == "__main__":
    main()
