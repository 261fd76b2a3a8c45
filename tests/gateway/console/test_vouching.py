"""Signing in by a real identity provider, and what happens when it says something else later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from oidc_provider_mock import User, run_server_in_thread
from oidc_provider_mock._storage import Storage

from gateway.console.house import COOKIE
from gateway.console.vouching import IdentityProvider
from tests.gateway.console.houses import Console, console_over

CLAIMS = {"department": "civil_affairs", "post": "核对员", "region": "529901"}


@pytest.fixture
def address() -> Iterator[str]:
    """A provider that knows one verifier, and somebody without a post."""
    users = (
        User(sub="mz-0042", claims=CLAIMS),
        User(sub="nobody", claims={"department": "civil_affairs"}),
    )
    with run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


def provider(address: str) -> IdentityProvider:
    return IdentityProvider(address, client_id="hedui", client_secret="synthetic", lasts=timedelta(hours=10))


async def log_in(console: Console, browser: httpx2.AsyncClient, who: str) -> httpx2.Response:
    """The way to the provider and back, as a browser goes it."""
    to_provider = (await browser.get("/console/login/start")).headers["location"]
    async with httpx2.AsyncClient() as outside:
        chosen = await outside.post(to_provider, data={"sub": who})
    back = urlsplit(chosen.headers["location"])
    return await browser.get(f"{back.path}?{back.query}")


def test_a_person_signs_in_with_what_the_provider_says_of_them(address: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, provider=provider(address)) as console:
            browser = console.browser()
            done = await log_in(console, browser, "mz-0042")
            page = await browser.get("/console/")
        assert done.status_code == 200
        assert "民政/核对员" in page.text

    asyncio.run(story())


def test_the_way_to_the_provider_uses_pkce_and_a_nonce(address: str, tmp_path: Path) -> None:
    async def story() -> str:
        async with console_over(tmp_path, provider=provider(address)) as console:
            return (await console.browser().get("/console/login/start")).headers["location"]

    query = urlsplit(asyncio.run(story())).query
    for part in ("code_challenge_method=S256", "code_challenge=", "nonce=", "state=", "response_type=code"):
        assert part in query


def test_whoever_has_no_post_is_not_let_in(address: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, provider=provider(address)) as console:
            browser = console.browser()
            done = await log_in(console, browser, "nobody")
        assert done.status_code == 403
        assert COOKIE not in browser.cookies

    asyncio.run(story())


def test_an_answer_that_belongs_to_another_browser_is_not_taken(address: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, provider=provider(address)) as console:
            to_provider = (await console.browser().get("/console/login/start")).headers["location"]
            async with httpx2.AsyncClient() as outside:
                back = urlsplit(
                    (await outside.post(to_provider, data={"sub": "mz-0042"})).headers["location"]
                )
            victim = console.browser()
            done = await victim.get(f"{back.path}?{back.query}")
        assert done.status_code == 403
        assert COOKIE not in victim.cookies

    asyncio.run(story())


def test_a_role_that_is_removed_ends_what_it_allowed_in_mid_session(address: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            console_over(tmp_path, provider=provider(address)) as console,
            httpx2.AsyncClient() as outside,
        ):
            browser = console.browser()
            await log_in(console, browser, "mz-0042")
            before = await browser.get("/console/findings")
            await outside.put(f"{address}/users/mz-0042", json={**CLAIMS, "post": "档案员"})
            unasked = await browser.get("/console/findings")
            console.clock.now += timedelta(seconds=61)
            after = await browser.get("/console/findings")
            await outside.put(f"{address}/users/mz-0042", json={"department": "civil_affairs"})
            console.clock.now += timedelta(seconds=61)
            gone = await browser.get("/console/findings")
        assert (before.status_code, unasked.status_code, after.status_code) == (200, 200, 403)
        assert gone.headers["location"].endswith("NOT_VOUCHED")

    asyncio.run(story())


def test_a_provider_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, provider=provider("http://localhost:9")) as console:
            answer = await console.browser().get("/console/login/start")
        assert answer.status_code == 502
        assert "身份认证服务没有响应" in answer.text

    asyncio.run(story())


def test_a_provider_that_goes_away_in_mid_session_ends_it(address: str, tmp_path: Path) -> None:
    async def story() -> None:
        known = provider(address)
        async with console_over(tmp_path, provider=known) as console:
            browser = console.browser()
            await log_in(console, browser, "mz-0042")
            known._client.server_metadata["userinfo_endpoint"] = "http://localhost:9/userinfo"
            console.clock.now += timedelta(seconds=61)
            answer = await browser.get("/console/")
        assert answer.headers["location"].endswith("NOT_VOUCHED")

    asyncio.run(story())


def test_somebody_signs_in_after_the_provider_changed_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Storage] = []

    def kept() -> Storage:
        made.append(Storage())
        return made[-1]

    monkeypatch.setattr("oidc_provider_mock._app.Storage", kept)

    async def story() -> None:
        with run_server_in_thread(user_claims=(User(sub="mz-0042", claims=CLAIMS),)) as server:
            at = f"http://localhost:{server.server_port}"
            async with console_over(tmp_path, provider=provider(at)) as console:
                before = await log_in(console, console.browser(), "mz-0042")
                [storage] = made
                storage.jwk = type(storage.jwk).generate_key(is_private=True)
                after = await log_in(console, console.browser(), "mz-0042")
        assert (before.status_code, after.status_code) == (200, 200)

    asyncio.run(story())
