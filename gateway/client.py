"""How does a program ask a gateway? One POST; an answer with its receipt, or the errors that came instead.

Exception
└── NoAnswer     no data came; says what came instead
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

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
        headers = {
            "accept": GRAPHQL,
            "authorization": f"Bearer {self.token}",
            "x-hedui-purpose": quote(self.purpose),
            "x-hedui-case": quote(self.case, safe="/()-_"),
        }
        body = {"query": query, "variables": dict(variables or {})}
        try:
            came = httpx2.post(
                f"{self.address}/graphql", json=body, headers=headers, timeout=self.timeout_s, trust_env=False
            )
            told = came.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise NoAnswer(0, [{"message": f"expected an answer, got {type(error).__name__}"}]) from None
        if came.status_code != 200 or not isinstance(told.get("data"), dict):
            raise NoAnswer(came.status_code, told.get("errors", []))
        return Answer(told["data"], told.get("errors", []), told["extensions"])
