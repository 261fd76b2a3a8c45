"""Mint a token for the demo and for development: the part of an identity provider that we need to try things.

In production tokens come from each department's own identity provider, and this module
refuses to work. The key is made into the run folder and never leaves it.

    Exception
    └── MayNotMint     not a development environment, and no key was named
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from casework.agreement import Recipient
from gateway.caller import ALGORITHM
from vocabulary.region import RegionCode

KEY_FILE = "issuer.key.json"
JWKS_FILE = "issuer.jwks.json"
LONGEST_LIFETIME_S = 12 * 3600
"""A working day; a minted token is never good for longer."""


class MayNotMint(Exception):
    """Tokens are minted only with HEDUI_ENV=dev, or with a key that the operator names."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """A development issuer: its name, the audience it mints for, its private key."""

    name: str
    audience: str
    key: OKPKey

    def mint(
        self,
        *,
        subject: str,
        department: Recipient,
        post: str,
        region: RegionCode,
        at: datetime,
        lifetime_s: int = 3600,
        name: str | None = None,
        home: RegionCode | None = None,
    ) -> str:
        """A token that holds from `at` (UTC) for `lifetime_s` seconds, 1 to `LONGEST_LIFETIME_S`.

        Raises `MayNotMint` for another lifetime.
        """
        if not 1 <= lifetime_s <= LONGEST_LIFETIME_S:
            raise MayNotMint(f"expected a lifetime of 1 to {LONGEST_LIFETIME_S} s, got {lifetime_s}")
        now = int(at.timestamp())
        claims = {
            "iss": self.name,
            "aud": self.audience,
            "sub": subject,
            "department": department.value,
            "post": post,
            "region": str(region),
            "nbf": now,
            "exp": now + lifetime_s,
        }
        if name is not None:
            claims["name"] = name
        if home is not None:
            claims["home"] = str(home)
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.kid}, claims, self.key, algorithms=[ALGORITHM])


def open_issuer(
    folder: Path, *, name: str, audience: str, environment: str, issuer_key: Path | None = None
) -> Issuer:
    """The issuer of a run folder; makes its key and its JWKS there the first time.

    `environment`   must be `dev`, unless
    `issuer_key`    names the private key (JWK) to mint with
    Raises `MayNotMint`.
    """
    if issuer_key is not None:
        return Issuer(name, audience, _read_key(issuer_key))
    if environment != "dev":
        raise MayNotMint(f"expected HEDUI_ENV to be `dev`, got `{environment}`")
    path = folder / KEY_FILE
    if not path.exists():
        _make_key(folder)
    return Issuer(name, audience, _read_key(path))


def _make_key(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    public = json.dumps({"keys": [key.as_dict(private=False)]}, sort_keys=True)
    (folder / JWKS_FILE).write_text(public, encoding="utf-8")
    # Created for the owner alone from the first byte on; a chmod afterwards would come too late.
    handle = os.open(folder / KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(key.as_dict(private=True), file, sort_keys=True)


def _read_key(path: Path) -> OKPKey:
    try:
        key = OKPKey.import_key(json.loads(path.read_text(encoding="utf-8")))
        key.ensure_kid()
    except (OSError, ValueError, JoseError) as error:
        raise MayNotMint(f"expected a private Ed25519 key (JWK), got {type(error).__name__}") from None
    if not key.is_private or key.curve_name != ALGORITHM:
        raise MayNotMint("expected a private Ed25519 key (JWK), got another key")
    return key
