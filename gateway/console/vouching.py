"""Who vouches for a person at a browser? The department's identity provider, by OpenID Connect.

Authorization code with PKCE; the claims `department`, `post` and `region` say what a token of a
system says. While somebody is signed in the provider is asked again now and then: who lost a
post there loses it here.

    Exception
    └── NotVouched     the provider did not answer, refused, or says something else than a caller
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from gateway.caller import Caller, NotAuthenticated, caller_of


class NotVouched(Exception):
    """The identity provider does not vouch for the person, or not for one that agreements know."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """A person as the provider vouches for them, and the token that lets us ask again."""

    caller: Caller
    bearer: str


class IdentityProvider:
    """One OpenID Connect provider.

    `issuer`      its address; what it offers is read from `/.well-known/openid-configuration`
    `lasts`       how long the person is vouched for from the login on
    """

    def __init__(self, issuer: str, *, client_id: str, client_secret: str, lasts: timedelta) -> None:
        self.issuer = issuer.rstrip("/")
        self._lasts = lasts
        self._client = OAuth().register(
            "hedui",
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{self.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": 10},
        )

    async def start(self, request: Request, *, back_to: str) -> Response:
        """Send the browser to the provider. Raises `NotVouched` when it cannot be reached."""
        try:
            sent: Response = await self._client.authorize_redirect(request, back_to)
        except (OAuthError, httpx2.HTTPError) as error:
            raise NotVouched(f"expected the identity provider, got {type(error).__name__}") from error
        return sent

    async def finish(self, request: Request, *, at: datetime) -> Vouched:
        """Who came back from the provider. Raises `NotVouched`."""
        # Keys are read with every login: a provider that changed them is believed at once, and taken-back keys never.
        self._client.server_metadata.pop("jwks", None)
        try:
            token = await self._client.authorize_access_token(request)
            claims = {**token["userinfo"], **await self._client.userinfo(token=token)}
        except (OAuthError, JoseError, httpx2.HTTPError, KeyError, ValueError) as error:
            raise NotVouched(f"expected a login by the provider, got {type(error).__name__}") from error
        return Vouched(self._caller(claims, at), token["access_token"])

    async def again(self, bearer: str, *, at: datetime) -> Caller:
        """The person as the provider vouches for them now. Raises `NotVouched`."""
        try:
            claims = await self._client.userinfo(token={"access_token": bearer, "token_type": "Bearer"})
        except (OAuthError, httpx2.HTTPError, ValueError) as error:
            raise NotVouched(f"expected the person's claims, got {type(error).__name__}") from error
        return self._caller(claims, at)

    def _caller(self, claims: Mapping[str, Any], at: datetime) -> Caller:
        lasting = {**claims, "exp": int((at + self._lasts).timestamp())}
        try:
            return caller_of(self.issuer, lasting)
        except NotAuthenticated as error:
            raise NotVouched(str(error)) from error
