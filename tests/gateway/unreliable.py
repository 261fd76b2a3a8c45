"""A register behind a wire that goes wrong: real servers on the loopback, with one fault at a time."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

import uvicorn

from demo.registers.social_security import Service
from tests.connectors.faulty_http import answer

KEY = "key"

SLOW_S = 60.0

ANSWERS = {
    "garbage": b"\x16\x03\x01\x02\x00 this is no answer at all\r\n\r\n\x00\xff",
    "another schema": answer(b'{"count": 1, "rows": [{"nobody": "asked for this"}], "next": null}'),
    "half an answer": answer(b'{"count": 2, "rows": [{"aac', length=4_000),
}
"""What is sent instead of an answer, byte for byte."""

FAULTS = ("down", "slow", *ANSWERS)


class Wire:
    """Stands between a connector and its register. `fault` is None, or one of `FAULTS`."""

    def __init__(self, behind: int) -> None:
        self._behind, self.fault = behind, None
        self._server: asyncio.Server | None = None
        self._open = set()
        self.port = 0

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Nothing listens any more; what is under way breaks off."""
        self._server.close()
        self.break_off()

    def break_off(self) -> None:
        """End the connections that are open: the next question has to meet the fault, or find it gone."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader, writer) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError):
                await self._pass_on(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass_on(self, reader, writer) -> None:
        if self.fault == "slow":
            await asyncio.sleep(SLOW_S)
        elif self.fault in ANSWERS:
            await reader.read(1)
            writer.write(ANSWERS[self.fault])
            await writer.drain()
        else:
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._behind)
            with suppress(OSError):
                await asyncio.gather(_copied(reader, behind_writer), _copied(behind_reader, writer))


async def _copied(reader, writer) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def wired(file):
    """A register that serves a database over HTTP, behind a wire."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Service(file, key=KEY).app, log_config=None, lifespan="off"))
    server.capture_signals = suppress  # the tests' own signals stay theirs
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    wire = Wire(listening.getsockname()[1])
    await wire.up()
    try:
        yield wire
    finally:
        await wire.down()
        server.should_exit = server.force_exit = True
        await serving
