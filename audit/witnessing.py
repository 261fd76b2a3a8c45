"""Has somebody outside seen this head? Sends checkpoints to witnesses and keeps what they sign.

Two promises are kept apart. *Committed*, which every receipt means, never waits for a witness.
*Witnessed* follows within seconds; when a quorum stays away for `max_unwitnessed_s`, the log
refuses entries and says why, so that nothing is answered on the operator's word alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import httpx2

from audit.errors import (
    Malformed,
    NotProven,
    Unwitnessed,
    WitnessElsewhere,
    WitnessFailed,
    WitnessRefused,
    WitnessUnreachable,
)
from audit.log import Log
from audit.note import Checkpoint, Note, Verified, VerifierKey, parse_size
from audit.policy import Policy
from audit.witness import AddCheckpoint

MAX_UNWITNESSED_S = 14_400.0
"""As long as X-Road lets a security server run without a time stamp."""

TIMEOUT_S = 5.0
ASKED_AGAIN = 2


class Tree(Protocol):
    """What makes the proof that a witness asks for."""

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The hashes from the tree of `old` entries to that of `new`."""


@dataclass(slots=True)
class WitnessClient:
    """One witness as the log sees it: where it is, its key, and the size it saw last, as far as we know."""

    url: str
    key: VerifierKey
    http: httpx2.AsyncClient
    size: int = 0

    async def cosign(self, note: Note, tree: Tree) -> Verified:
        """The witness's cosignature over `note`, verified.

        A witness that has seen another size says so, and is asked again from there: twice at most, for one
        with two keys moves on while it is asked for the other.
        Raises `WitnessFailed` in one of its kinds.
        """
        for _ in range(ASKED_AGAIN):
            try:
                return await self._ask(note, tree)
            except WitnessElsewhere as elsewhere:
                self.size = elsewhere.size
        return await self._ask(note, tree)

    async def _ask(self, note: Note, tree: Tree) -> Verified:
        head = Checkpoint.parse(note.text)
        if self.size > head.size:
            raise WitnessRefused(f"expected a witness behind `{head.size}` entries, got one at `{self.size}`")
        path = await asyncio.to_thread(tree.consistency, self.size, head.size)
        status, body = await self._post(bytes(AddCheckpoint(self.size, tuple(path), note)))
        try:
            if status == 409:
                raise WitnessElsewhere(parse_size(body.decode("latin-1").removesuffix("\n"), Malformed))
            if status != 200:
                raise WitnessRefused(f"expected a cosignature, got status `{status}`")
            [verified] = Note.parse(note.text.encode() + b"\n" + body).signed_by([self.key])
        except (Malformed, NotProven) as error:
            raise WitnessUnreachable(f"expected a cosignature that verifies: {error}") from error
        self.size = head.size
        return verified

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        try:
            answer = await self.http.post(f"{self.url.rstrip('/')}/add-checkpoint", content=body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:  # the address stands in somebody's policy
            raise WitnessUnreachable(f"expected an answer, got `{type(error).__name__}`") from error
        return answer.status_code, answer.content


class Witnessing:
    """Keeps a log witnessed. `policy` names the witnesses, with their URLs, and the quorum."""

    def __init__(
        self,
        log: Log,
        policy: Policy,
        *,
        http: httpx2.AsyncClient | None = None,
        max_unwitnessed_s: float = MAX_UNWITNESSED_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._policy = policy
        self._max_unwitnessed_s = max_unwitnessed_s
        self._clock = clock
        self._http = http or httpx2.AsyncClient(timeout=TIMEOUT_S)
        self._clients = [
            WitnessClient(known.url, known.key, self._http)
            for known in policy.witnesses.values()
            if known.url
        ]
        self._last: float | None = None
        self.failures: dict[str, WitnessFailed] = {}
        """Why each witness that failed in the last round did, by its key's name."""

    async def round(self) -> bytes:
        """Ask every witness about the newest checkpoint once; the checkpoint with a quorum's cosignatures, kept.

        Raises `QuorumMissing` when too few cosigned. The log is held when that lasts too long, and let go after.
        """
        try:
            cosigned = await self._cosigned()
            self._policy.require_quorum(cosigned)
            size = Checkpoint.parse(cosigned.text).size
            await asyncio.to_thread(self._log.keep_cosigned, size, bytes(cosigned))
            self._last = self._clock()
        finally:
            await self._hold_or_let_go()
        return bytes(cosigned)

    async def aclose(self) -> None:
        """Close the connections to the witnesses."""
        await self._http.aclose()

    async def _cosigned(self) -> Note:
        note = Note.parse(await self._log.checkpoint())
        asked = (client.cosign(note, self._log.tree) for client in self._clients)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        self.failures = {}
        lines = []
        for client, answer in zip(self._clients, answers, strict=True):
            if isinstance(answer, WitnessFailed):
                self.failures[client.key.name] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                lines.append(answer.line)
        return Note(note.text, (*note.signatures, *lines))

    async def _hold_or_let_go(self) -> None:
        since = self._clock() - await self._last_witnessed()
        if since > self._max_unwitnessed_s:
            names = ", ".join(self.failures) or "none configured"
            self._log.held = Unwitnessed(
                f"expected a quorum within {self._max_unwitnessed_s:.0f} s, failing: `{names}`"
            )
        elif isinstance(self._log.held, Unwitnessed):
            self._log.held = None

    async def _last_witnessed(self) -> float:
        """When a quorum last agreed. A restart does not start the time anew: the kept checkpoint tells."""
        if self._last is None:
            kept, times = await self._log.cosigned(), []
            if kept is not None:
                with suppress(NotProven):  # kept under a policy that has changed since
                    times = [seen.time for seen in self._policy.require_quorum(Note.parse(kept)) if seen.time]
            self._last = float(max(times)) if times else self._clock()
        return self._last
