"""Kill the writer with -9, again and again, and look at what is left.

    python -m tests.audit.crash --rounds 1000 [--url postgresql+psycopg://…]

Each round forks a process that opens the log, appends, and reports every receipt and every
checkpoint it was given. Every entry has a payload sealed beside it, about one to three of a dozen subjects, whom some
entries shred. It is killed at one step of an append, or at a random moment. In the end every acknowledged
entry must lie where its receipt says, every checkpoint that was released must be one of a single
growing tree, and what was sealed must open if, and only if, none of its subjects was shredded after it.
Prints one JSON object; exits 1 when a promise was broken. Loss of power is not simulated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from audit.alongside import Seal, Shred
from audit.log import Log, Receipt
from audit.merkle import Frontier, leaf_hash
from audit.note import Checkpoint, Note
from audit.reader import Reader
from audit.vault import Sealing
from tests.audit.conftest import ORIGIN, POLICY, SIGNER

STEPS = (
    "begin",
    "read the head",
    "change what lies alongside",
    "insert the entries",
    "insert the tiles",
    "sign",
    "move the head",
    "commit",
    "committed",
)
ON_SQLITE = (*STEPS, "write at once")
BATCHES = (1, 1, 2, 40, 300)
LIFE_S = 0.12
SUBJECTS = [f"{at:032x}" for at in range(12)]
SEALING = Sealing(bytes(32))


def entry_of(round_: int, number: int) -> bytes:
    """An entry that can be told again from its numbers; 8 to about 400 bytes."""
    return b"%d %d " % (round_, number) + bytes(random.Random(round_ * 1_000_003 + number).randrange(400))


def beside(entry: bytes) -> list[Seal | Shred]:
    """What is written with an entry: it is sealed under the secrets of its subjects, or shreds one."""
    chance = random.Random(entry)
    if chance.random() < 0.03:
        return [Shred(chance.choice(SUBJECTS))]
    subjects = tuple(sorted(chance.sample(SUBJECTS, chance.randrange(1, 4))))
    return [Seal(subjects, sha256(entry).digest()[:16], entry, SEALING)]


def wrongly_sealed(reader: Reader, entries: list[bytes]) -> int:
    """How many entries open although a subject was shredded since, or do not although none was."""
    keys = {
        key.subject.hex(): SEALING.secret_of(key)
        for key in reader.keys_of(list(map(bytes.fromhex, SUBJECTS)))
    }
    sealed = reader.sealed_beside(range(len(entries)))
    shredded: set[str] = set()
    wrong = 0
    for index in reversed(range(len(entries))):
        [row] = beside(entries[index])
        if isinstance(row, Shred):
            shredded.add(row.subject)
            continue
        found = None
        if keys.keys() >= set(row.subjects):
            secrets = [keys[subject] for subject in row.subjects]
            found = SEALING.payload(sealed[index], nonce=row.nonce, secrets=secrets)
        wrong += found != (None if shredded & set(row.subjects) else entries[index])
    return wrong


class Findings:
    """What children were told before they died."""

    def __init__(self) -> None:
        self.acknowledged: dict[int, tuple[int, int]] = {}
        self.released: dict[int, bytes] = {}
        self.moved = 0
        self.forked = 0

    def hear(self, line: str) -> None:
        match line.split(" "):
            case ["receipt", index, round_, number]:
                said = (int(round_), int(number))
                self.moved += self.acknowledged.setdefault(int(index), said) != said
            case ["checkpoint", size, root]:
                self.forked += self.released.setdefault(int(size), bytes.fromhex(root)) != bytes.fromhex(root)

    def judge(self, entries: list[bytes]) -> dict[str, int]:
        """Count what was lost, moved or inconsistent; every count must be 0 but the first two and the last."""
        wrong = [at for at, said in self.acknowledged.items() if entries[at : at + 1] != [entry_of(*said)]]
        frontier, inconsistent = Frontier(), self.forked
        for size in sorted(self.released):
            frontier, _ = frontier.extend(map(leaf_hash, entries[frontier.size : size]))
            inconsistent += (frontier.size, frontier.root()) != (size, self.released[size])
        return {
            "acknowledged": len(self.acknowledged),
            "checkpoints": len(self.released),
            "lost_or_moved": len(wrong) + self.moved,
            "inconsistent": inconsistent,
            "survived_unacknowledged": len(entries) - len(self.acknowledged),
        }


def run(*, url: str, guard: Path, rounds: int, seed: int) -> dict[str, int]:
    """Kill `rounds` writers, at every step in turn and at as many random moments, and judge."""
    chance, findings = random.Random(seed), Findings()
    steps = ON_SQLITE if url.startswith("sqlite") else STEPS
    for round_ in range(rounds):
        step = steps[round_ // 2 % len(steps)] if round_ % 2 == 0 else None
        for line in lines_of(
            fork_writer(url, guard, round_, step), life_s=chance.random() * LIFE_S if not step else 20
        ):
            findings.hear(line)
    entries, wrong = asyncio.run(reopen(url, guard))
    return {"rounds": rounds, **findings.judge(entries), "wrongly_sealed": wrong}


async def reopen(url: str, guard: Path) -> tuple[list[bytes], int]:
    """Every entry, and how many are wrongly open or closed.

    After the log has opened as it always does, which checks guard, tiles and signature.
    """
    log = await Log.open(url, origin=ORIGIN, signers=[SIGNER], guard=guard)
    last = b"after the last crash"
    await log.append(last, beside(last))
    head = POLICY.open(Note.parse(await log.checkpoint()))
    assert log.tree.root(head.size) == head.root
    entries = await log.entries(0, head.size)
    wrong = wrongly_sealed(log.reader, entries)
    await log.aclose()
    return entries, wrong


def fork_writer(url: str, guard: Path, round_: int, step: str | None) -> tuple[int, int]:
    """A child that appends until it dies: its process id, and the pipe it reports to."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    asyncio.run(write_until_killed(url, guard, round_, step, writing))
    os._exit(0)


async def write_until_killed(url: str, guard: Path, round_: int, step: str | None, pipe: int) -> None:
    """Append batches of changing size; report after each what was acknowledged."""
    chance = random.Random(round_)
    left = chance.randrange(1, 6)

    def on_step(now: str) -> None:
        nonlocal left
        left -= now == step
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    log = await Log.open(url, origin=ORIGIN, signers=[SIGNER], guard=guard, on_step=on_step)
    number = 0
    while True:
        numbers = range(number, number := number + chance.choice(BATCHES))
        made = [entry_of(round_, at) for at in numbers]
        receipts: list[Receipt] = await asyncio.gather(*(log.append(entry, beside(entry)) for entry in made))
        head = Checkpoint.parse(Note.parse(log._writer.head.note).text)
        lines = [
            f"receipt {receipt.index} {round_} {at}" for at, receipt in zip(numbers, receipts, strict=True)
        ]
        os.write(
            pipe,
            "".join(f"{line}\n" for line in [*lines, f"checkpoint {head.size} {head.root.hex()}"]).encode(),
        )


def lines_of(writer: tuple[int, int], *, life_s: float) -> Iterator[str]:
    """What a child reports, whole lines only, until it is dead; it is killed when its life is over."""
    child, pipe = writer
    end, said = time.monotonic() + life_s, b""
    os.set_blocking(pipe, False)
    dead = False
    while not dead and time.monotonic() < end:
        dead = os.waitpid(child, os.WNOHANG) != (0, 0)
        said += _read(pipe)
        time.sleep(0.002)
    if not dead:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os.set_blocking(pipe, True)
    while more := os.read(pipe, 1 << 20):
        said += more
    os.close(pipe)
    yield from said.decode().split("\n")[:-1]


def _read(pipe: int) -> bytes:
    try:
        return os.read(pipe, 1 << 20)
    except BlockingIOError:
        return b""


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--url", help="an empty database; a new SQLite file when left out")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hedui-crash-") as folder:
        url = asked.url or f"sqlite:///{folder}/log.db"
        found = run(url=url, guard=Path(folder) / "guard", rounds=asked.rounds, seed=asked.seed)
    print(json.dumps(found))
    return 1 if found["lost_or_moved"] or found["inconsistent"] or found["wrongly_sealed"] else 0


if __name__ == "__main__":
    sys.exit(main())
