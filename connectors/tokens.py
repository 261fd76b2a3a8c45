"""Does somebody draw a benefit in two districts? Compared by keyed tokens: no name and no id number is exchanged.

Two districts share a secret. For each period and pair of districts a key is derived from it, and
each person who draws a benefit stands in the exchange file as HMAC-SHA-256 of the id number under
that key. Equal tokens are one person. Tokens of two periods, or for two neighbours, have nothing
in common, so that files kept beside each other tell no history.

Id numbers are few enough to be tried one by one, so a plain digest would be none: without the
key no token can be made or tried. With it one can: the key is for the two districts alone, is
kept like any other, and each file that is written or compared stands in the audit log.

    Exception
    └── BadExchange    the file is not one of these districts, this period and this key; or was changed
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from vocabulary.codes import BenefitKind
from vocabulary.errors import MalformedIdNumber
from vocabulary.idnumber import IdNumber, WrittenId
from vocabulary.month import Month
from vocabulary.records.civil_affairs import DistrictToken
from vocabulary.region import RegionCode

FORMAT = "hedui-tokens/1"

SECRET_BYTES = 32
"""At least so many random bytes are shared by two districts."""

Token = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Hex = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class BadExchange(Exception):
    """An exchange file that cannot be believed; says what was expected of it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One person and one benefit of a month. `paid` tells whether it was paid out."""

    person: WrittenId
    kind: BenefitKind
    paid: bool


class Row(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One line of an exchange file."""

    token: Token
    kind: BenefitKind
    paid: bool


class Exchange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one district tells another of one period. Rows are sorted, so that their order says nothing.

    `period`   a month, as 2026-10
    `mac`      HMAC-SHA-256 over everything else, under the period's key
    """

    format: str
    period: str
    district: str
    other: str
    rows: tuple[Row, ...]
    mac: Hex


@dataclass(frozen=True, slots=True)
class Border:
    """Two districts and a month, seen from one side: `here` writes and compares, `other` is the neighbour."""

    here: RegionCode
    other: RegionCode
    period: Month

    def key(self, secret: bytes) -> bytes:
        """The key of the period, the same on both sides. Raises `ValueError` for a short secret."""
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"expected a secret of {SECRET_BYTES} bytes or more, got {len(secret)}")
        pair = "\n".join(sorted((str(self.here), str(self.other))))
        return hmac.digest(secret, f"{FORMAT}\nkey\n{self.period}\n{pair}\n".encode(), "sha256")


def token(key: bytes, person: str) -> str | None:
    """The token of an id number, 128 bits in hex; None for what is no id number. 15 digits are raised first."""
    try:
        number = IdNumber.parse(person)
    except MalformedIdNumber:
        return None
    return hmac.digest(key, b"token\n" + number.encode(), "sha256")[:16].hex()


def written(border: Border, drawn: Iterable[Drawn], *, secret: bytes) -> tuple[bytes, int]:
    """The exchange file for the neighbour, and how many rows were left out for want of a proper id number."""
    key = border.key(secret)
    made = [(token(key, one.person), one) for one in drawn]
    rows = tuple(sorted({Row(text, one.kind, one.paid) for text, one in made if text is not None}))
    bare = Exchange(
        format=FORMAT,
        period=str(border.period),
        district=str(border.here),
        other=str(border.other),
        rows=rows,
        mac="0" * 64,
    )
    sealed = msgspec.structs.replace(bare, mac=_mac(bare, key))
    return msgspec.json.encode(sealed) + b"\n", sum(text is None for text, _ in made)


def read(data: bytes, border: Border, *, secret: bytes) -> Exchange:
    """The neighbour's file for this border and period. Raises `BadExchange`."""
    try:
        given = msgspec.json.decode(data, type=Exchange)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadExchange(f"expected a file of format `{FORMAT}`, got another") from None
    expected = (FORMAT, str(border.period), str(border.other), str(border.here))
    for name, wanted, got in zip(
        ("format", "period", "district", "other"),
        expected,
        (given.format, given.period, given.district, given.other),
        strict=True,
    ):
        if got != wanted:
            raise BadExchange(f"expected `{name}` to be `{wanted}`, got another")
    if not hmac.compare_digest(given.mac, _mac(given, border.key(secret))):
        raise BadExchange("expected the file as the neighbour wrote it under the same secret, got another")
    return given


def compared(
    given: Exchange, drawn: Iterable[Drawn], border: Border, *, secret: bytes, as_of: date
) -> Iterator[DistrictToken]:
    """A record for each person here and each equal token there, as civil affairs keeps it for rule HH-06."""
    key, theirs = border.key(secret), _by_token(given.rows)
    seen: set[str] = set()
    for person in sorted({one.person for one in drawn}):
        mine = token(key, person)
        if mine is None or mine in seen:
            continue
        seen.add(mine)
        for at, row in enumerate(theirs.get(mine, ())):
            yield DistrictToken(
                record_id=f"KQ-{border.period}-{border.other}-{mine[:16]}-{at}",
                as_of=as_of,
                person=person,
                month=border.period,
                own_token=mine,
                other_token=row.token,
                other_district=border.other,
                kind=row.kind,
                paid=row.paid,
            )


def _by_token(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.token, []).append(row)
    return found


def _mac(exchange: Exchange, key: bytes) -> str:
    body = msgspec.json.encode(msgspec.structs.replace(exchange, mac="0" * 64))
    return hmac.new(key, b"file\n" + body, sha256).hexdigest()
