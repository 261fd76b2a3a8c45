"""How does any tlog client read this log? Over HTTP, as C2SP tlog-tiles names the files; read-only.

Nothing is written ahead: a tile is read from the database when asked for. What can never
change is marked so, and any cache in front may keep it for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from audit.errors import MalformedTile, NoSuchEntry
from audit.tiles import WIDTH, TileName
from audit.web import Answer, Application, Request, application

ReadCheckpoint = Callable[[], Awaitable[bytes | None]]
ReadTile = Callable[[TileName], Awaitable[bytes]]


def tile_server(*, checkpoint: ReadCheckpoint, tile: ReadTile) -> Application:
    """An ASGI application for `/checkpoint` and `/tile/…`.

    `checkpoint`   the one to publish, `log.cosigned` or `log.checkpoint`; None is answered 404
    `tile`         `log.tile`, or what reads a bundle; raises `NoSuchEntry` for what is not there
    """

    async def handle(request: Request) -> Answer:
        if request.method not in ("GET", "HEAD"):
            return Answer(405, headers={"allow": "GET, HEAD"})
        if request.path == "/checkpoint":
            note = await checkpoint()
            return Answer(404) if note is None else Answer(200, note, headers={"cache-control": "no-cache"})
        try:
            name = TileName.parse(request.path.removeprefix("/"))
            data = await tile(name)
        except (MalformedTile, NoSuchEntry):
            return Answer(404)
        kept = "public, max-age=31536000, immutable" if name.width == WIDTH else "public, max-age=60"
        return Answer(200, data, "application/octet-stream", {"cache-control": kept})

    return application(handle)
