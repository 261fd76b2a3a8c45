"""Does the log tell everybody the same story? The evaluator's own server remembers, and signs.

Protocol: C2SP tlog-witness v1.0.0 as of commit 5ba5ee8. A witness cosigns a checkpoint only
when it continues the last one that it cosigned, and has that on disk before it answers. It
needs no database and no package of ours but `audit`; its memory is one SQLite file.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from audit.errors import (
    Malformed,
    MalformedRequest,
    NotSigned,
    WitnessElsewhere,
    WrongOrigin,
    WrongProof,
    WrongSignature,
)
from audit.merkle import EMPTY_ROOT, verify_consistency
from audit.note import Checkpoint, Note, Signature, Signer, VerifierKey, parse_size
from audit.proof import format_hashes, parse_hashes
from audit.web import Answer, Application, Request, application

SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a log sends: the size the witness has, the path from there, and a checkpoint."""

    old: int
    path: tuple[bytes, ...]
    note: Note

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body of a request. Raises `MalformedRequest`."""
        head, blank, note = body.partition(b"\n\n")
        try:
            first, *lines = head.decode("ascii").split("\n")
            if not blank or not first.startswith("old "):
                raise MalformedRequest("expected `old <size>`, hashes, an empty line and a checkpoint")
            return cls(parse_size(first[4:], MalformedRequest), parse_hashes(lines), Note.parse(note))
        except UnicodeDecodeError:
            raise MalformedRequest("expected ASCII above the checkpoint") from None
        except MalformedRequest:
            raise
        except Malformed as error:
            raise MalformedRequest(str(error)) from None

    def __bytes__(self) -> bytes:
        return f"old {self.old}\n{format_hashes(self.path)}\n".encode() + bytes(self.note)


class Witness:
    """The memory of a witness, in the file at `path`, and its keys. Safe from several threads and processes.

    `logs`      the keys it trusts; a key's name is the origin of its log
    `signers`   cosigners: Ed25519, ML-DSA-44, or one of each
    """

    def __init__(
        self,
        path: Path,
        *,
        logs: Sequence[VerifierKey],
        signers: Sequence[Signer],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._logs: Mapping[str, list[VerifierKey]] = {
            origin: [key for key in logs if key.name == origin] for origin in {key.name for key in logs}
        }
        self._signers = tuple(signers)
        self._clock = clock
        self._lock = threading.Lock()
        self._memory = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._memory.execute("pragma journal_mode=wal")
        self._memory.execute("pragma synchronous=full")
        self._memory.execute(
            "create table if not exists seen (origin text primary key, size integer, root blob, note blob) strict"
        )

    def add_checkpoint(self, body: bytes) -> bytes:
        """Cosignature lines over the checkpoint that was sent; durable before this returns.

        Raises `MalformedRequest`, `WrongOrigin`, `NotSigned`, `WrongSignature`, `WitnessElsewhere`, `WrongProof`.
        """
        asked = AddCheckpoint.parse(body)
        try:
            head = Checkpoint.parse(asked.note.text)
        except Malformed as error:
            raise MalformedRequest(str(error)) from None
        keys = self._logs.get(head.origin)
        if keys is None:  # 1: a log that is not known
            raise WrongOrigin("expected a checkpoint of a known log")
        trusted = [verified.line for verified in asked.note.signed_by(keys)]  # 2: signed by that log
        if asked.old > head.size:  # 3
            raise MalformedRequest(f"expected a tree of `{asked.old}` entries or more, got `{head.size}`")
        with self._lock, closing(self._memory.cursor()) as memory:
            memory.execute(
                "begin immediate"
            )  # 4 to 7 are one step, or two requests could roll the memory back
            try:
                lines = self._cosign(memory, asked, head)
                known = Note(asked.note.text, (*trusted, *lines))
                memory.execute(
                    "replace into seen values (?, ?, ?, ?)", (head.origin, head.size, head.root, bytes(known))
                )
                memory.execute("commit")  # 7: on disk before the answer
            finally:
                if self._memory.in_transaction:
                    memory.execute("rollback")
        return "".join(f"{line}\n" for line in lines).encode()

    def latest(self, origin_hash: str) -> bytes | None:
        """The last checkpoint cosigned for the log whose origin hashes to this, in hex; None when there is none."""
        for origin in self._logs:
            if sha256(origin.encode()).hexdigest() == origin_hash:
                with self._lock:
                    row = self._memory.execute("select note from seen where origin = ?", (origin,)).fetchone()
                return bytes(row[0]) if row else None
        return None

    def close(self) -> None:
        """Close the memory."""
        with self._lock:
            self._memory.close()

    def _cosign(self, memory: sqlite3.Cursor, asked: AddCheckpoint, head: Checkpoint) -> list[Signature]:
        row = memory.execute("select size, root from seen where origin = ?", (head.origin,)).fetchone()
        size, root = row or (0, EMPTY_ROOT)
        if asked.old != size:  # 4: it has seen another size
            raise WitnessElsewhere(size)
        if head.size == 0 and head.root != EMPTY_ROOT:  # 5
            raise WrongProof("expected the root of the empty tree")
        verify_consistency(old=size, new=head.size, old_root=root, new_root=head.root, path=asked.path)  # 6
        now = int(self._clock())
        return [signer.signature(asked.note.text, time=now) for signer in self._signers]


def witness_server(witness: Witness) -> Application:
    """An ASGI application for `/add-checkpoint` and `/<origin hash>/checkpoint`."""

    async def handle(request: Request) -> Answer:
        if request.path == "/add-checkpoint":
            if request.method != "POST":
                return Answer(405, headers={"allow": "POST"})
            return await asyncio.to_thread(_add_checkpoint, witness, request.body)
        origin_hash, _, rest = request.path.removeprefix("/").partition("/")
        if rest != "checkpoint":
            return Answer(404)
        if request.method not in ("GET", "HEAD"):
            return Answer(405, headers={"allow": "GET, HEAD"})
        note = await asyncio.to_thread(witness.latest, origin_hash)
        return Answer(404) if note is None else Answer(200, note)

    return application(handle)


def _add_checkpoint(witness: Witness, body: bytes) -> Answer:
    try:
        return Answer(200, witness.add_checkpoint(body))
    except WitnessElsewhere as error:
        return Answer(409, f"{error.size}\n".encode(), SIZE_TYPE)
    except MalformedRequest as error:
        return _refusal(400, error)
    except WrongOrigin as error:
        return _refusal(404, error)
    except (NotSigned, WrongSignature) as error:
        return _refusal(403, error)
    except WrongProof as error:
        return _refusal(422, error)


def _refusal(status: int, error: Exception) -> Answer:
    return Answer(status, f"{error}\n".encode())
