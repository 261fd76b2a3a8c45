"""How does a server on this machine answer as if it stood in another building?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import sqlalchemy as sa


@asynccontextmanager
async def far_away(url: str, latency_s: float) -> AsyncIterator[str]:
    """The same server as if it stood elsewhere: whatever it says is `latency_s` under way, and nothing is held up."""
    address = sa.make_url(url)
    assert address.host is not None
    assert address.port is not None
    host, port = address.host, address.port

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late_s: float) -> None:
        loop, pending = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

        async def deliver() -> None:
            while True:
                due, data = await pending.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    writer.close()
                    return
                writer.write(data)

        delivering = asyncio.create_task(deliver())
        try:
            while data := await reader.read(65_536):
                pending.put_nowait((loop.time() + late_s, data))
        except ConnectionError:
            pass
        pending.put_nowait((loop.time(), b""))
        await delivering

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_connection(host, port)
        with suppress(asyncio.CancelledError):  # the loop ends with connections still open
            await asyncio.gather(carry(reader, behind[1], 0.0), carry(behind[0], writer, latency_s))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield address.set(port=server.sockets[0].getsockname()[1]).render_as_string(hide_password=False)
    finally:
        server.close()
