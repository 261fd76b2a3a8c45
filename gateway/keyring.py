"""With which keys do the issuers we trust sign now? Their key sets (JWKS), read anew when one of them changes.

An issuer's set is a file or an address. A key id that we do not know has them read once more, and
not oftener than every `AGAIN_S` seconds, whatever tokens come; besides, they are read now and then, so
that a key that was taken back is not believed for longer than that. An issuer that cannot be
reached, or says something else than a key set, keeps the keys that it had.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog

from gateway.caller import BadTrust, Caller, NotAuthenticated, Reason, Trust

AGAIN_S = 10.0
"""Between two readings because of a key id that we do not know: a flood of invented ones costs no more."""

TIMEOUT_S = 5.0
LONGEST_SET = 65_536
"""Bytes of a key set; a longer one is not read to its end."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_log = structlog.get_logger("hedui.keys")


class KeyRing:
    """The issuers we trust, by the keys that they publish now. For one event loop."""

    def __init__(
        self, sets: Mapping[str, str], *, audience: str, leeway_s: int = 30, every_s: float = 300.0
    ) -> None:
        """Take each issuer's key set: the path of a file, or an `https` address (`http` on this machine alone).

        `every_s`   how often they are read anew without a reason
        Files are read now already, so that a wrong one stops the start; addresses with the first token.
        Raises `BadTrust`.
        """
        self._sets, self._audience, self._leeway_s, self._every_s = sets, audience, leeway_s, every_s
        for place in sets.values():
            _require_safe(place)
        self._known: dict[str, Mapping[str, Any]] = {
            issuer: _read(Path(place)) for issuer, place in sets.items() if not _is_address(place)
        }
        self._trust = self._made(self._known)
        self._reading: asyncio.Task[None] | None = None
        self._read_at = -math.inf

    def _made(self, known: Mapping[str, Mapping[str, Any]]) -> Trust:
        return Trust(known, audience=self._audience, leeway_s=self._leeway_s)

    async def caller(self, authorization: str | None, *, at: datetime) -> Caller:
        """The caller behind an `Authorization` header at an instant. Raises `NotAuthenticated`."""
        age_s = asyncio.get_running_loop().time() - self._read_at
        if age_s > self._every_s:
            await self._reading_of_all()  # awaited: a key that was taken back is not believed once more
        try:
            return self._trust.authenticate(authorization, at=at)
        except NotAuthenticated as error:
            if error.reason is not Reason.UNKNOWN_KEY or age_s < AGAIN_S:
                raise
        if age_s <= self._every_s:  # else they were read just now
            await self._reading_of_all()
        return self._trust.authenticate(authorization, at=at)

    def _reading_of_all(self) -> asyncio.Future[None]:
        """One reading at a time, for everybody who waits for it; who gives up waiting does not end it."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_anew())
        return asyncio.shield(self._reading)

    async def _read_anew(self) -> None:
        try:
            await self._read_all()
        finally:
            self._read_at = asyncio.get_running_loop().time()

    async def _read_all(self) -> None:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            read = await asyncio.gather(*(self._set_of(issuer, client) for issuer in self._sets))
        known = {**self._known, **{issuer: keys for issuer, keys in read if keys is not None}}
        if known == self._known:
            return
        try:
            self._trust = self._made(known)
        except BadTrust as error:  # two issuers under one key id: the old keys stay
            _log.error("keys", fault=str(error))
            return
        self._known = known

    async def _set_of(self, issuer: str, client: httpx2.AsyncClient) -> tuple[str, Mapping[str, Any] | None]:
        """An issuer's key set as it is now; None where it could not be read, or is none."""
        place = self._sets[issuer]
        try:
            if _is_address(place):
                found = await _fetched(place, client)
            else:
                found = await asyncio.to_thread(_read, Path(place))
            self._made({issuer: found})
        except (BadTrust, httpx2.HTTPError) as error:
            _log.warning("keys", issuer=issuer, fault=type(error).__name__)
            return issuer, None
        return issuer, found


def _is_address(place: str) -> bool:
    return place.startswith(("https://", "http://"))


def _require_safe(place: str) -> None:
    """Return unless keys would travel where anybody could change them. Raises `BadTrust`."""
    if place.startswith("http://") and urlsplit(place).hostname not in _LOOPBACK:
        raise BadTrust("expected `https` for the address of a JWKS, got `http`")


def _read(path: Path) -> Mapping[str, Any]:
    """Raises `BadTrust`."""
    try:
        return _object(path.read_bytes())
    except OSError as error:
        raise BadTrust(f"expected a readable JWKS file, got {type(error).__name__}") from None


async def _fetched(address: str, client: httpx2.AsyncClient) -> Mapping[str, Any]:
    """Raises `BadTrust`, `httpx2.HTTPError`."""
    async with client.stream("GET", address, headers={"accept": "application/json"}) as answer:
        if answer.status_code != 200:
            raise BadTrust(f"expected a JWKS, got status {answer.status_code}")
        data = b""
        async for piece in answer.aiter_bytes():
            data += piece
            if len(data) > LONGEST_SET:
                raise BadTrust(f"expected a JWKS of at most {LONGEST_SET} bytes, got more")
    return _object(data)


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise BadTrust("expected a JWKS, got no JSON") from None
    if not isinstance(found, dict):
        raise BadTrust("expected a JWKS, got another JSON value")
    return found
