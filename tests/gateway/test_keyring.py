"""Keys change: what an issuer publishes now is believed, what it took back is not, and a flood reads nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from casework.agreement import Recipient
from gateway import keyring
from gateway.caller import BadTrust, NotAuthenticated, Reason
from gateway.keyring import KeyRing
from gateway.token import Issuer
from vocabulary.region import RegionCode

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ISSUER = "https://id.mz.example"


@dataclass
class Published:
    """What an issuer publishes at the moment; tests change it."""

    body: bytes = b""
    status: int = 200
    asked: int = 0
    address: str = ""
    signs: Issuer = field(default_factory=lambda: issuer())

    def rotate(self, *, keep: bool) -> None:
        old, self.signs = self.signs, issuer()
        self.publish(*([old] if keep else []), self.signs)

    def publish(self, *issuers: Issuer) -> None:
        self.body = json.dumps({"keys": [each.key.as_dict(private=False) for each in issuers]}).encode()


def issuer() -> Issuer:
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
    return Issuer(ISSUER, "hedui", key)


def bearer(by: Issuer) -> str:
    region = RegionCode("529901")
    token = by.mint(
        subject="mz-0042", department=Recipient.CIVIL_AFFAIRS, post="核对员", region=region, at=NOW
    )
    return f"Bearer {token}"


@contextmanager
def serving(published: Published) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked += 1
            self.send_response(published.status)
            self.send_header("content-length", str(len(published.body)))
            self.end_headers()
            self.wfile.write(published.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    published.address = f"http://127.0.0.1:{server.server_port}/jwks.json"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def published() -> Iterator[Published]:
    made = Published()
    made.publish(made.signs)
    with serving(made):
        yield made


def ring(published: Published, *, every_s: float = 300.0) -> KeyRing:
    return KeyRing({ISSUER: published.address}, audience="hedui", every_s=every_s)


async def refused(keys: KeyRing, authorization: str) -> Reason:
    with pytest.raises(NotAuthenticated) as error:
        await keys.caller(authorization, at=NOW)
    return error.value.reason


def test_an_address_is_read_with_the_first_token(published: Published) -> None:
    async def story() -> None:
        keys = ring(published)
        assert published.asked == 0
        for _ in range(3):
            caller = await keys.caller(bearer(published.signs), at=NOW)
        assert (caller.subject, published.asked) == ("mz-0042", 1)

    asyncio.run(story())


def test_a_new_key_is_read_when_a_token_names_it(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        keys, before = ring(published), published.signs
        await keys.caller(bearer(before), at=NOW)
        monkeypatch.setattr(keyring, "AGAIN_S", 0.0)
        published.rotate(keep=True)
        await keys.caller(bearer(published.signs), at=NOW)
        await keys.caller(bearer(before), at=NOW)
        assert published.asked == 2

    asyncio.run(story())


def test_invented_keys_have_the_set_read_once_and_not_for_each(published: Published) -> None:
    async def story() -> None:
        keys = ring(published)
        reasons = await asyncio.gather(*(refused(keys, bearer(issuer())) for _ in range(20)))
        assert set(reasons) == {Reason.UNKNOWN_KEY}
        assert await refused(keys, bearer(issuer())) is Reason.UNKNOWN_KEY
        assert published.asked == 1
        await keys.caller(bearer(published.signs), at=NOW)

    asyncio.run(story())


def test_a_key_that_was_taken_back_is_not_believed_longer_than_that(published: Published) -> None:
    async def story() -> None:
        keys, before = ring(published, every_s=0.0), published.signs
        await keys.caller(bearer(before), at=NOW)
        published.rotate(keep=False)
        assert await refused(keys, bearer(before)) is Reason.UNKNOWN_KEY
        await keys.caller(bearer(published.signs), at=NOW)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"keys": []}'),
        (200, b" " * 70_000),
        (200, b"[" * 30_000),
    ],
)
def test_an_issuer_that_says_something_else_keeps_the_keys_that_it_had(
    status: int, body: bytes, published: Published
) -> None:
    async def story() -> None:
        keys = ring(published, every_s=0.0)
        await keys.caller(bearer(published.signs), at=NOW)
        published.status, published.body = status, body
        await keys.caller(bearer(published.signs), at=NOW)
        assert published.asked == 2

    asyncio.run(story())


def test_an_issuer_that_is_not_there_refuses_and_another_goes_on(
    published: Published, tmp_path: Path
) -> None:
    async def story() -> None:
        mine = issuer()
        file = tmp_path / "jwks.json"
        file.write_text(json.dumps({"keys": [mine.key.as_dict(private=False)]}))
        gone = "http://127.0.0.1:9/jwks.json"
        keys = KeyRing({"https://other.example": gone, ISSUER: str(file)}, audience="hedui")
        assert (await keys.caller(bearer(mine), at=NOW)).issuer == ISSUER
        assert await refused(keys, bearer(published.signs)) is Reason.UNKNOWN_KEY

    asyncio.run(story())


def test_a_file_is_read_anew_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        first, second = issuer(), issuer()
        file = tmp_path / "jwks.json"
        file.write_text(json.dumps({"keys": [first.key.as_dict(private=False)]}))
        keys = KeyRing({ISSUER: str(file)}, audience="hedui")
        await keys.caller(bearer(first), at=NOW)
        monkeypatch.setattr(keyring, "AGAIN_S", 0.0)
        file.write_text(json.dumps({"keys": [second.key.as_dict(private=False)]}))
        await keys.caller(bearer(second), at=NOW)
        assert await refused(keys, bearer(first)) is Reason.UNKNOWN_KEY

    asyncio.run(story())


def test_keys_of_two_issuers_under_one_id_change_nothing(published: Published, tmp_path: Path) -> None:
    async def story() -> None:
        mine = issuer()
        file = tmp_path / "jwks.json"
        file.write_text(json.dumps({"keys": [mine.key.as_dict(private=False)]}))
        published.publish(mine)  # an issuer that claims another one's key
        keys = KeyRing({ISSUER: str(file), "https://other.example": published.address}, audience="hedui")
        assert (await keys.caller(bearer(mine), at=NOW)).issuer == ISSUER

    asyncio.run(story())


@pytest.mark.parametrize("place", ["http://id.mz.example/jwks.json", "no/such/file.json"])
def test_keys_come_neither_in_the_clear_from_afar_nor_from_nowhere(place: str) -> None:
    with pytest.raises(BadTrust):
        KeyRing({ISSUER: place}, audience="hedui")
