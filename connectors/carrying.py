"""How does one answer come over HTTP to a thread that waits for it? Within limits of time and bytes, and from nowhere else.

Redirects are not followed and proxies of the environment not used: a question with id
numbers goes to the department or nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from connectors.failure import Failed, broken
from vocabulary.evidence import FailureKind

ANSWER_BYTES = 32 << 20
"""An answer of more is not read."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One answer, whole. `kind` is its content type in lower case, without parameters."""

    status: int
    kind: str
    body: bytes


def carrier(*, timeout_s: float) -> httpx2.Client:
    """Make a client; threads may share it."""
    return httpx2.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)


def carry(client: httpx2.Client, request: httpx2.Request, *, timeout_s: float) -> Carried:
    """Send a request and give the answer, whatever its status. Raises `Failed`."""
    ends, body = time.monotonic() + timeout_s, bytearray()
    with unreached_named():
        response = client.send(request, stream=True)
        try:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > ANSWER_BYTES:
                    raise broken(f"expected an answer of at most {ANSWER_BYTES} bytes, got more")
                if time.monotonic() > ends:
                    raise Failed(FailureKind.TIMED_OUT, "expected an answer in time, got a part of one")
        finally:
            response.close()
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Carried(response.status_code, kind, bytes(body))


@contextmanager
def unreached_named() -> Iterator[None]:
    """Turn what httpx2 raises into our own failures; its texts hold addresses, so none is kept."""
    try:
        yield
    except httpx2.TimeoutException:
        raise Failed(FailureKind.TIMED_OUT, "expected an answer in time, got none") from None
    except httpx2.TransportError:
        raise Failed(FailureKind.UNREACHABLE, "connection refused, not trusted or lost") from None
    except httpx2.HTTPError:
        raise broken("expected an answer by HTTP, got one that cannot be read") from None
