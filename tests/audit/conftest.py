"""Logs to write into: on SQLite, and on PostgreSQL where its binaries are at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log import Log
from audit.merkle import Frontier
from audit.note import Signer
from audit.policy import Known, Policy

ORIGIN = "hedui.example/test"
SIGNER = Signer.ed25519(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"synthetic key for tests, no use."))
POLICY = Policy((Known(SIGNER.key),))

OpenLog = Callable[..., AbstractAsyncContextManager[Log]]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over a whole list of leaf hashes."""
    return Frontier().extend(leaves)[0].root()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/log.db"
    database: str = request.getfixturevalue("postgres_url")
    return database


@pytest.fixture
def open_log(url: str, tmp_path: Path) -> OpenLog:
    """Opens one and the same log again and again."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Log]:
        settings = {"origin": ORIGIN, "signers": [SIGNER], "guard": tmp_path / "guard", **settings}
        log = await Log.open(settings.pop("url", url), **settings)
        try:
            yield log
        finally:
            await log.aclose()

    return opened
