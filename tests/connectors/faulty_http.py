"""HTTP services that go wrong in one way each: whatever bytes a test gives are sent back."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Queue

Script = Callable[[bytes], list[bytes | float]]
"""From the request's bytes to what is sent: bytes, and seconds to wait in between. Then the connection closes."""


def answer(
    body: bytes,
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    length: int | None = None,
    extra: str = "",
) -> bytes:
    """The bytes of an HTTP answer; `length` may announce more than there is."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nConnection: close\r\n{extra}"
    return f"{head}Content-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


@contextmanager
def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Serve on the loopback in a thread; gives the address and the requests that came."""
    requests: list[bytes] = []
    started: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Queue()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            requests.append(await _request(reader))
            for part in script(requests[-1]):
                if isinstance(part, float):
                    await asyncio.sleep(part)
                else:
                    writer.write(part)
                    await writer.drain()
        writer.close()

    async def serve() -> None:
        server, ended = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls), asyncio.Event()
        started.put((asyncio.get_running_loop(), ended, server.sockets[0].getsockname()[1]))
        await ended.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    loop, ended, port = started.get(timeout=10)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}", requests
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + await reader.readexactly(int(lengths[0]) if lengths else 0)
