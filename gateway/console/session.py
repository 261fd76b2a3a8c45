"""Who is signed in at which browser? Sessions, kept by us; a browser holds nothing but a random key.

What is kept is the SHA-256 of that key, so that a copy of the table opens no session. A session
ends when its time is up, when nobody used it for a while, when the identity provider no longer
vouches for the person, and when its key comes from another browser than it was given to. The
tables are made anew with every version: sessions are worth a new login, not a migration.

    Exception
    └── NoSession      nobody is signed in here; `why` says what happened to the session
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from casework.agreement import Purpose, Recipient
from gateway.caller import Caller
from vocabulary.codes import Code
from vocabulary.region import RegionCode

KEY_BYTES = 32

_metadata = sa.MetaData()
_session = sa.Table(
    "console_session_1",
    _metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("caller", sa.Text, nullable=False),  # JSON
    sa.Column("browser", sa.String(64), nullable=False),
    sa.Column("began", sa.BigInteger, nullable=False),  # seconds since 1970, as the others
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("vouched", sa.BigInteger, nullable=False),
    sa.Column("bearer", sa.Text, nullable=False),  # the identity provider's token, empty without one
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("case_number", sa.String(40), nullable=False),
)


class Ended(Code):
    """Why there is no session."""

    NONE = "NONE", "尚未登录"
    OVER = "OVER", "登录已到期"
    IDLE = "IDLE", "长时间未操作"
    ELSEWHERE = "ELSEWHERE", "登录信息来自另一浏览器"
    NOT_VOUCHED = "NOT_VOUCHED", "身份或岗位已变更"


class NoSession(Exception):
    """Nobody is signed in here: log in."""

    def __init__(self, why: Ended) -> None:
        super().__init__(f"expected a session, got none: {why.value}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at one browser, and what for: the purpose and the case stand on every page."""

    key: str
    caller: Caller
    bearer: str
    vouched_at: datetime
    purpose: Purpose | None
    case: str

    @property
    def account(self) -> str:
        """Issuer and subject, as the audit log and casework name the person."""
        return f"{self.caller.issuer} {self.caller.subject}"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lasts, in all and unused."""

    whole: timedelta
    idle: timedelta


class Sessions:
    """All sessions. Safe from several threads and processes; end with `close`."""

    def __init__(self, url: str, lifetimes: Lifetimes) -> None:
        self._engine = sa.create_engine(url, pool_pre_ping=True)
        self._lifetimes = lifetimes
        try:
            _metadata.create_all(self._engine)
        except sa.exc.DBAPIError:  # another process made it at the same moment: now it is there
            _metadata.create_all(self._engine)

    def begin(self, caller: Caller, *, browser: str, bearer: str, at: datetime) -> str:
        """The key of a new session, for the browser's cookie; those that are over are forgotten."""
        key, now = secrets.token_urlsafe(KEY_BYTES), int(at.timestamp())
        row = {
            "key": _kept(key),
            "caller": _written(caller),
            "browser": _kept(browser),
            "began": now,
            "used": now,
            "vouched": now,
            "bearer": bearer,
            "purpose": "",
            "case_number": "",
        }
        with self._engine.begin() as connection:
            oldest = now - int(self._lifetimes.whole.total_seconds())
            connection.execute(_session.delete().where(_session.c.began < oldest))
            connection.execute(_session.insert().values(row))
        return key

    def read(self, key: str | None, *, browser: str, at: datetime) -> Session:
        """The session of a key from a browser's cookie. Raises `NoSession`, and ends what must not go on."""
        if not key:
            raise NoSession(Ended.NONE)
        with self._engine.connect() as connection:
            row = (
                connection.execute(sa.select(_session).where(_session.c.key == _kept(key))).mappings().first()
            )
        if row is None:
            raise NoSession(Ended.NONE)
        ended = self._ended(row, browser=browser, at=at)
        if ended is not None:
            self.end(key)
            raise NoSession(ended)
        self._touch(row, at)
        return Session(
            key=key,
            caller=_caller(json.loads(row["caller"])),
            bearer=row["bearer"],
            vouched_at=datetime.fromtimestamp(row["vouched"], UTC),
            purpose=Purpose(row["purpose"]) if row["purpose"] else None,
            case=row["case_number"],
        )

    def _ended(self, row: sa.RowMapping, *, browser: str, at: datetime) -> Ended | None:
        now = at.timestamp()
        if row["browser"] != _kept(browser):
            return Ended.ELSEWHERE
        if now - row["began"] > self._lifetimes.whole.total_seconds():
            return Ended.OVER
        if now - row["used"] > self._lifetimes.idle.total_seconds():
            return Ended.IDLE
        return None

    def _touch(self, row: sa.RowMapping, at: datetime) -> None:
        """Note that it was used: once a minute is enough, and a page needs no write then."""
        now = int(at.timestamp())
        if now - row["used"] >= 60:
            self._set(row["key"], used=now)

    def errand(self, session: Session, *, purpose: Purpose | None, case: str) -> Session:
        """The session with another purpose and case."""
        self._set(_kept(session.key), purpose=purpose.value if purpose else "", case_number=case)
        return replace(session, purpose=purpose, case=case)

    def vouched(self, session: Session, caller: Caller, *, at: datetime) -> Session:
        """The session with the person as the identity provider vouches for them now."""
        self._set(_kept(session.key), caller=_written(caller), vouched=int(at.timestamp()))
        return replace(session, caller=caller, vouched_at=at)

    def end(self, key: str) -> None:
        """Forget a session; one that is not there is forgotten already."""
        with self._engine.begin() as connection:
            connection.execute(_session.delete().where(_session.c.key == _kept(key)))

    def _set(self, kept: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(_session.update().where(_session.c.key == kept).values(**values))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Close at the end of the context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _kept(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _written(caller: Caller) -> str:
    told = {**asdict(caller), "expires_at": int(caller.expires_at.timestamp())}
    return json.dumps(told, ensure_ascii=False, default=str)


def _caller(told: Mapping[str, Any]) -> Caller:
    return Caller(
        issuer=told["issuer"],
        subject=told["subject"],
        department=Recipient(told["department"]),
        post=told["post"],
        region=RegionCode(told["region"]),
        expires_at=datetime.fromtimestamp(told["expires_at"], UTC),
        name=told["name"],
        home=RegionCode(told["home"]) if told.get("home") else None,
    )
