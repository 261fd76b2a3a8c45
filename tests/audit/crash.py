"""Kill the writer with -9, again and again, and look at what is left.

    python -m tests.audit.crash --rounds 1000 [--url postgresql+psycopg://…]

Each round forks a process that opens the log, appends, and reports every receipt and every
checkpoint it was given. It is killed at one step of an append, or at a random moment. In the
end every acknowledged entry must lie where its receipt says, and every checkpoint that was
released must be one of a single growing tree. Prints one JSON object; exits 1 when a promise
was broken. Loss of power is not simulated.
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
from pathlib import Path

from audit.log import Log, Receipt
from audit.merkle import Frontier, leaf_hash
from audit.note import Checkpoint, Note
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
BATCHES = (1, 1, 2, 40, 300)
LIFE_S = 0.12


def entry_of(round_: int, number: int) -> bytes:
    """An entry that can be told again from its numbers; 8 to about 400 bytes."""
    return b"%d %d " % (round_, number) + bytes(random.Random(round_ * 1_000_003 + number).randrange(400))


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
    for round_ in range(rounds):
        step = STEPS[round_ // 2 % len(STEPS)] if round_ % 2 == 0 else None
        for line in lines_of(
            fork_writer(url, guard, round_, step), life_s=chance.random() * LIFE_S if not step else 20
        ):
            findings.hear(line)
    return {"rounds": rounds, **findings.judge(asyncio.run(reopen(url, guard)))}


async def reopen(url: str, guard: Path) -> list[bytes]:
    """Every entry, after the log has opened as it always does, which checks guard, tiles and signature."""
    log = await Log.open(url, origin=ORIGIN, signers=[SIGNER], guard=guard)
    await log.append(b"after the last crash")
    head = POLICY.open(Note.parse(await log.checkpoint()))
    assert log.tree.root(head.size) == head.root
    entries = await log.entries(0, head.size)
    await log.aclose()
    return entries


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
        receipts: list[Receipt] = await asyncio.gather(*(log.append(entry_of(round_, at)) for at in numbers))
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
    return 1 if found["lost_or_moved"] or found["inconsistent"] else 0


if __name__ == "__main__":
    sys.exit(main())
