"""How does a program ask a gateway? One POST; an answer with its receipt, or the errors that came instead.

Exception
└── NoAnswer     no data came; says what came instead
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from vocabulary.money import Money

EVENTS = "text/event-stream"
GRAPHQL = "application/graphql-response+json"


class NoAnswer(Exception):
    """No data came. `errors` are the gateway's own, as it sent them."""

    def __init__(self, status: int, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors) or f"status {status}")
        self.status, self.errors = status, errors


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway answered. `errors` stand beside partial data, each with its path."""

    data: dict[str, Any]
    errors: list[dict[str, Any]]
    extensions: dict[str, Any]

    @property
    def receipt(self) -> str:
        """The proof (tlog-proof) that the asking is in the log; keep it with the answer."""
        return str(self.extensions["receipt"])


class Suspicion(msgspec.Struct, frozen=True, rename="camel"):
    """疑点: what a rule found; `person` in full or masked, None when it is about the household."""

    rule: str
    severity: str
    zh: str
    en: str
    article: str
    person: str | None = None


class Untold(msgspec.Struct, frozen=True, rename="camel"):
    """待核事项: a rule that could not tell."""

    rule: str
    person: str | None = None


class Verdict(msgspec.Struct, frozen=True, rename="camel"):
    """核对结论, as much of it as the caller may see; None is what may not be seen, or cannot be told.

    `category`   a code of `VerifiedCategory`: `DIBAO`, `INDETERMINATE`
    """

    category: str | None = None
    declared_category: str | None = None
    counted_members: int | None = None
    annual: Money | None = None
    payable: Money | None = None
    findings: list[Suspicion] | None = None
    cannot_tell: list[Untold] | None = None
    pack: str | None = None
    pack_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, of which gateway, for what, under which case."""

    address: str
    token: str
    purpose: str
    case: str
    timeout_s: float = 30.0

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Answer:
        """The answer. Raises `NoAnswer`, also when nobody listens at the address."""
        body = {"query": query, "variables": dict(variables or {})}
        try:
            came = httpx2.post(
                self._graphql,
                json=body,
                headers=self._headers(GRAPHQL),
                timeout=self.timeout_s,
                trust_env=False,
            )
            told = came.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise NoAnswer(
                0, [{"message": f"expected an answer at {self.address}, got {type(error).__name__}"}]
            ) from None
        return _answer(came.status_code, told)

    def verify(self, number: str) -> Verdict:
        """The verdict on a household, by the trusted document `Verification`. Raises `NoAnswer`, also without one."""
        text = (resources.files("gateway") / "documents" / "verification.graphql").read_text("utf-8")
        answer = self.ask(text, {"number": number})
        told = (answer.data.get("household") or {}).get("verification")
        if told is None:
            raise NoAnswer(200, answer.errors)
        return msgspec.convert({**told, **_amounts(told)}, Verdict)

    def follow(self, query: str, variables: Mapping[str, Any] | None = None) -> Iterator[Answer]:
        """Answer after answer to a subscription, until it is over. Raises `NoAnswer`."""
        body = {"query": query, "variables": dict(variables or {})}
        headers, event = self._headers(EVENTS), ""
        try:
            with httpx2.stream(
                "POST", self._graphql, json=body, headers=headers, timeout=self.timeout_s, trust_env=False
            ) as came:
                if came.status_code != 200 or not came.headers.get("content-type", "").startswith(EVENTS):
                    raise NoAnswer(came.status_code, json.loads(came.read()).get("errors", []))
                for line in came.iter_lines():
                    name, _, value = line.partition(":")
                    event = value.strip() if name == "event" else event
                    if event == "complete":
                        return
                    if name == "data" and event == "next":
                        yield _answer(200, json.loads(value))
        except (httpx2.HTTPError, ValueError) as error:
            raise NoAnswer(
                0, [{"message": f"expected an answer at {self.address}, got {type(error).__name__}"}]
            ) from None

    @property
    def _graphql(self) -> str:
        return f"{self.address}/graphql"

    def _headers(self, accept: str) -> dict[str, str]:
        return {
            "accept": accept,
            "authorization": f"Bearer {self.token}",
            "x-hedui-purpose": quote(self.purpose),
            "x-hedui-case": quote(self.case, safe="/()-_"),
        }


def _answer(status: int, told: Mapping[str, Any]) -> Answer:
    if status != 200 or not isinstance(told.get("data"), dict):
        raise NoAnswer(status, told.get("errors", []))
    return Answer(told["data"], told.get("errors", []), told["extensions"])


def _amounts(told: Mapping[str, Any]) -> dict[str, Money]:
    """The amounts of a verdict, from yuan as they are written."""
    return {name: Money.from_yuan(told[name]) for name in ("annual", "payable") if told.get(name) is not None}
