"""Who is asking? A caller, from a signed token (JWT, Ed25519) of an issuer that we trust.

Exception
└── NotAuthenticated     `reason` says why; nothing of the token is ever repeated
ValueError
└── BadTrust             a key set (JWKS) of a trusted issuer cannot be used
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet, OKPKey

from casework.agreement import Recipient
from vocabulary.codes import Code
from vocabulary.errors import MalformedRegionCode
from vocabulary.region import RegionCode

ALGORITHM = "Ed25519"
"""RFC 9864; no other is accepted, above all not `none`."""

LONGEST_TOKEN = 4_096
"""Characters; a longer one is refused before it is decoded."""

LAST_SECOND = 4_102_444_800
"""2100-01-01: no token is good beyond it."""

VERIFIED_TOKENS = 4_096
"""Signatures remembered, so that a caller's second question costs no second check. Times are checked anew."""


class Reason(Code):
    """Why a caller was not let in; what an operator or the caller's own system can act on."""

    NO_TOKEN = "NO_TOKEN", "没有令牌"
    MALFORMED = "MALFORMED", "令牌格式不符"
    UNKNOWN_KEY = "UNKNOWN_KEY", "签发密钥不受信任"
    BAD_SIGNATURE = "BAD_SIGNATURE", "签名不符"
    WRONG_ISSUER = "WRONG_ISSUER", "签发者不符"
    WRONG_AUDIENCE = "WRONG_AUDIENCE", "令牌不是发给本系统的"
    EXPIRED = "EXPIRED", "令牌已过期"
    NOT_YET_VALID = "NOT_YET_VALID", "令牌尚未生效"
    BAD_CLAIM = "BAD_CLAIM", "令牌内容缺失或不符"


class NotAuthenticated(Exception):
    """We do not know who asks: show a valid token."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"not authenticated: {detail}")
        self.reason = reason


class BadTrust(ValueError):
    """A trusted issuer's key set is missing, is not a JWKS, or has a key that is not a public Ed25519 key."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One person or system, as its own department vouches for it."""

    issuer: str
    subject: str
    """Staff or system number, unique with the issuer, 1 to 64 characters."""
    department: Recipient
    post: str
    """岗位, as the agreements name it, 1 to 32 characters."""
    region: RegionCode
    """The subtree for which the caller works."""
    expires_at: datetime
    """UTC; from this instant on the token is no longer good."""
    name: str | None = None
    home: RegionCode | None = None
    """Where the caller lives, where the issuer says so: with `name` for AUD-02 alone."""

    @property
    def office(self) -> str:
        """Department and post, as refusals name a caller: `民政/核对员`. Never a person's name."""
        return f"{self.department.term}/{self.post}"


class Trusts(Protocol):
    """Knows callers by their tokens; may have to look at an issuer's keys first."""

    async def caller(self, authorization: str | None, *, at: datetime) -> Caller:
        """The caller behind an `Authorization` header at an instant. Raises `NotAuthenticated`."""


class Trust:
    """The issuers we trust, by their keys. Immutable; a new key set means a new `Trust`."""

    def __init__(
        self, issuers: Mapping[str, Mapping[str, Any]], *, audience: str, leeway_s: int = 30
    ) -> None:
        """Take each issuer's key set (JWKS, public keys only).

        `audience`   the `aud` that a token must carry
        `leeway_s`   seconds by which clocks may differ
        Raises `BadTrust`.
        """
        self._keys: dict[str, tuple[str, OKPKey]] = {}
        for issuer, jwks in issuers.items():
            for key in _public_keys(jwks):
                if self._keys.setdefault(str(key.kid), (issuer, key))[0] != issuer:
                    raise BadTrust("expected each key id with one issuer, got one with two")
        self._audience, self._leeway_s = audience, leeway_s
        self._known: dict[str, tuple[Caller, int, int]] = {}
        self._verified = lru_cache(maxsize=VERIFIED_TOKENS)(self._check_signature)

    @classmethod
    def load(cls, issuers: Mapping[str, Path], *, audience: str, leeway_s: int = 30) -> Trust:
        """As the constructor, from JWKS files. Raises `BadTrust`."""
        try:
            read = {issuer: json.loads(path.read_text(encoding="utf-8")) for issuer, path in issuers.items()}
        except (OSError, ValueError) as error:
            raise BadTrust(f"expected a readable JWKS file, got {type(error).__name__}") from None
        return cls(read, audience=audience, leeway_s=leeway_s)

    def authenticate(self, authorization: str | None, *, at: datetime) -> Caller:
        """The caller behind an `Authorization` header at an instant. Raises `NotAuthenticated`."""
        known = self._known.get(authorization or "")
        if known is not None and known[1] <= at.timestamp() < known[2]:
            return known[0]
        token = _bearer(authorization)
        issuer, claims = self._verified(token)
        self._check_claims(claims, issuer, at)
        caller = caller_of(issuer, claims)
        self._remember(authorization or "", caller, claims)
        return caller

    async def caller(self, authorization: str | None, *, at: datetime) -> Caller:
        """The same, as `Trusts` asks: keys that never change are at hand."""
        return self.authenticate(authorization, at=at)

    def _remember(self, authorization: str, caller: Caller, claims: Mapping[str, Any]) -> None:
        """Know the caller by the same header again, for the time that the token itself allows, without leeway."""
        if len(self._known) >= VERIFIED_TOKENS:
            self._known.clear()
        issued = claims.get("iat", 0)
        begins = max(claims["nbf"], issued if type(issued) is int else LAST_SECOND)
        self._known[authorization] = caller, begins, claims["exp"]

    def _check_signature(self, token: str) -> tuple[str, dict[str, Any]]:
        issuer, key = self._keys.get(_key_id(token), (None, None))
        if issuer is None or key is None:
            raise NotAuthenticated(Reason.UNKNOWN_KEY, "expected a key id of a trusted issuer, got another")
        try:
            return issuer, dict(jwt.decode(token, key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError):
            detail = "expected a signature by the named key, got another"
            raise NotAuthenticated(Reason.BAD_SIGNATURE, detail) from None

    def _check_claims(self, claims: dict[str, Any], issuer: str, at: datetime) -> None:
        for claim in ("exp", "nbf"):
            # JSON as Python reads it has NaN, which is later than no instant, so such a token would never expire.
            if type(claims.get(claim)) is not int or not 0 <= claims[claim] <= LAST_SECOND:
                raise _bad_claim(claim)
        registry = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=self._leeway_s,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            nbf={"essential": True},
        )
        try:
            registry.validate(claims)
        except ExpiredTokenError:
            raise NotAuthenticated(Reason.EXPIRED, "expected a token that is still good") from None
        except (InvalidClaimError, MissingClaimError) as error:
            reason = _REASONS.get(error.claim, Reason.BAD_CLAIM)
            raise NotAuthenticated(reason, f"expected a proper claim `{error.claim}`") from None


_REASONS = {"iss": Reason.WRONG_ISSUER, "aud": Reason.WRONG_AUDIENCE, "nbf": Reason.NOT_YET_VALID}


def _public_keys(jwks: Mapping[str, Any]) -> list[OKPKey]:
    try:
        keys = KeySet.import_key_set(dict(jwks)).keys  # type: ignore[arg-type]  # checked just below
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadTrust(f"expected a JWKS, got {type(error).__name__}") from None
    found = [key for key in keys if isinstance(key, OKPKey) and key.curve_name == ALGORITHM and key.kid]
    if not found or len(found) != len(keys):
        raise BadTrust("expected one or more Ed25519 keys, each with a key id")
    if any(key.is_private for key in found):
        raise BadTrust("expected public keys, got a private one")
    return found


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise NotAuthenticated(Reason.NO_TOKEN, "expected the header `Authorization: Bearer …`, got none")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN or not token.isascii():
        raise NotAuthenticated(Reason.MALFORMED, "expected the header `Authorization: Bearer …`")
    return token.strip()


def _key_id(token: str) -> str:
    """The key id that the token names: not believed, only used to choose the key that must verify it."""
    try:
        header = jws.extract_compact(token.encode()).protected
    except (JoseError, ValueError):
        raise NotAuthenticated(Reason.MALFORMED, "expected a signed token in three parts") from None
    return str(header.get("kid", ""))


def caller_of(issuer: str, claims: Mapping[str, Any]) -> Caller:
    """The caller that an issuer's claims describe: `sub`, `department`, `post`, `region`, `exp`, perhaps `name` and `home`.

    Raises `NotAuthenticated` for a claim that is missing or not proper.
    """
    name = claims.get("name")
    return Caller(
        issuer=issuer,
        subject=_text(claims, "sub", longest=64),
        department=_department(claims),
        post=_text(claims, "post", longest=32),
        region=_region(claims, "region"),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        name=None if name is None else _text(claims, "name", longest=64),
        home=None if claims.get("home") is None else _region(claims, "home"),
    )


def _department(claims: Mapping[str, Any]) -> Recipient:
    text = _text(claims, "department", longest=32)
    for recipient in Recipient:
        if text in (recipient.value, recipient.term):
            return recipient
    raise _bad_claim("department")


def _region(claims: Mapping[str, Any], claim: str) -> RegionCode:
    try:
        return RegionCode.parse(_text(claims, claim, longest=12))
    except MalformedRegionCode:
        raise _bad_claim(claim) from None


def _text(claims: Mapping[str, Any], claim: str, *, longest: int) -> str:
    text = claims.get(claim)
    if not isinstance(text, str) or not 0 < len(text) <= longest or not text.isprintable():
        raise _bad_claim(claim)
    return text


def _bad_claim(claim: str) -> NotAuthenticated:
    return NotAuthenticated(Reason.BAD_CLAIM, f"expected a proper claim `{claim}`")
