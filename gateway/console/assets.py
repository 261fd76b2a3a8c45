"""What does a page load besides itself? Our styles and scripts and the page libraries: compressed once, kept in memory."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

router = APIRouter()

_FONT = re.compile(rb"@font-face\s*\{[^}]*\}")
"""GraphiQL's style carries its letters in it, 0.2 MB of them; the machine has some."""

_WORTH_BYTES = 512
"""Below, compressing saves nothing."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: as it is, as it travels, and the name of exactly these bytes."""

    plain: bytes
    packed: bytes
    media: str
    etag: str


def assets_in(folder: Path) -> dict[str, Path]:
    """Every file below a folder, by its path there: nothing else can be asked for."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in files}


@cache
def asset_at(path: Path) -> Asset:
    """A file, read and compressed when it is first asked for."""
    plain = path.read_bytes()
    if path.suffix == ".css":
        plain = _FONT.sub(b"", plain)
    packed = gzip.compress(plain, 9, mtime=0) if len(plain) >= _WORTH_BYTES else plain
    media = guess_type(path.name)[0] or "application/octet-stream"
    return Asset(plain, packed, media, f'"{sha256(plain).hexdigest()[:32]}"')


@router.get("/static/{path:path}", name="static")
async def asset(request: Request, path: str) -> Response:
    """A file, compressed where the browser takes that, and not again where it has it."""
    assets: Mapping[str, Path] = request.app.state.assets
    if path not in assets:
        return Response(status_code=404)
    found = await asyncio.to_thread(asset_at, assets[path])
    headers = {"etag": found.etag, "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", "") or found.packed == found.plain:
        return Response(found.plain, media_type=found.media, headers=headers)
    return Response(found.packed, media_type=found.media, headers={**headers, "content-encoding": "gzip"})
