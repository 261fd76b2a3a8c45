"""Small logs with everything in them, and bundles of them, for the tests of who reads bundles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.archive import open_files
from audit.bundle import Parcel, rewrite_bundle, write_bundle
from audit.catalogue import parse_entry
from audit.commitment import Disclosure
from audit.disclosure import EvaluatorSecret, Exchange
from audit.entry import EntryBook
from audit.log import Log
from audit.note import Checkpoint, Kind, Note, Signer
from audit.policy import Group, Known, Policy
from audit.sample import Frame, Plan, SampleRecord, commit_fields, drawn_from, head_for
from audit.vault import Vault
from tests.audit.conftest import ORIGIN, SIGNER
from tests.audit.synthetic import NOW, PEOPLE, book, intent, outcome

WITNESS = Signer.ed25519(
    "witness.example/one",
    Ed25519PrivateKey.from_private_bytes(b"another synthetic key for tests."),
    Kind.COSIGNATURE_ED25519,
)
POLICY = Policy((Known(SIGNER.key),), {"one": Known(WITNESS.key)}, {"all": Group(1, ("one",))}, "all")
POLICY_TEXT = bytes(POLICY).decode()
EVALUATOR = EvaluatorSecret(Exchange.X25519, b"a synthetic evaluator's secret..")
SECRET = bytes(range(32))
PROMISE = sha256(SECRET).hexdigest()
PACK = b"name: synthetic pack\n"
PACK_NAME = f"packs/{sha256(PACK).hexdigest()}.yaml"


def cosigned(note: bytes, *, time: int = 1_795_000_000) -> bytes:
    """A checkpoint with the witness's line below the log's."""
    read = Note.parse(note)
    return bytes(Note(read.text, (*read.signatures, WITNESS.signature(read.text, time=time))))


@dataclass(frozen=True)
class Made:
    """A log's directory, one bundle of it, and what the bundle was made from."""

    bundle: Path
    parcel: Parcel
    export: int
    checkpoint: bytes
    disclosures: list[Disclosure]


async def append(log: Log, of: EntryBook, *, inquiries: int) -> None:
    """Inquiries with their outcomes, two entries each."""
    for number in range(inquiries):
        asked = intent(of, PEOPLE[number % 3], at_s=number)
        receipt = await log.append(asked.bytes, alongside=asked.alongside)
        told = outcome(of, receipt.index, PEOPLE[number % 3])
        await log.append(told.bytes, alongside=told.alongside)


async def witness(log: Log, of: EntryBook) -> None:
    """Log that the present head was witnessed."""
    head = Checkpoint.parse(Note.parse(await log.checkpoint()).text)
    fields = {"size": head.size, "root": head.root.hex(), "witnesses": [WITNESS.key.name]}
    made = of.entry("checkpoint.witnessed", at=NOW, fields=fields)  # type: ignore[arg-type]  # list is invariant
    await log.append(made.bytes)


async def draw(log: Log, of: EntryBook, *, count: int) -> SampleRecord:
    """Commit, witness, reveal, draw: from all entries that are there."""
    size = Checkpoint.parse(Note.parse(await log.checkpoint()).text).size
    frame = Frame(tuple((index, "intent" if index % 2 == 0 else "outcome") for index in range(size)))
    fields = {"caller": "evaluator", **commit_fields(PROMISE, frame=frame, plan=Plan(count, {"intent": 50}))}
    commit = (await log.append(of.entry("sample.commit", at=NOW, fields=fields).bytes)).index
    await witness(log, of)
    reveal_fields = {"caller": "evaluator", "commit": commit, "secret": SECRET.hex()}
    reveal = (await log.append(of.entry("sample.reveal", at=NOW, fields=reveal_fields).bytes)).index  # type: ignore[arg-type]
    entries = list(enumerate(map(parse_entry, log.reader.entries(0, reveal + 1))))
    witnessed, _ = head_for(commit, entries, origin=ORIGIN)
    return drawn_from(entries[commit], entries[witnessed], entries[reveal], frame=frame, origin=ORIGIN)


def make_bundle(
    folder: Path, name: str = "bundle.zip", *, inquiries: int = 2, whole: bool = True, rich: bool = True
) -> Made:
    """A bundle of a new log. `rich` ones have disclosures, sealed and open, an attachment and a sample."""

    async def story() -> Made:
        of = book()
        database = f"sqlite:///{folder}/{name}.db"
        log = await Log.open(database, origin=ORIGIN, signers=[SIGNER], guard=folder / f"{name}.guard")
        try:
            await append(log, of, inquiries=inquiries)
            disclosures: list[Disclosure] = []
            parcel = Parcel(bytes(POLICY), None if whole else [1])
            if rich:
                sample = await draw(log, of, count=2)
                disclosures = Vault(log.reader, of.sealing).disclose(0, ["purpose"])
                sealed = EVALUATOR.public_key().seal(disclosures, origin=ORIGIN)
                files = {PACK_NAME: PACK}
                parcel = Parcel(bytes(POLICY), parcel.indexes, files, disclosures, sealed, sample)
            receipt = await write_bundle(
                folder / name,
                log=log,
                book=of,
                parcel=parcel,
                caller="evaluator",
                at=NOW,
                head=_cosigning(log),
            )
            checkpoint = cosigned(await log.checkpoint())
            return Made(folder / name, parcel, receipt.index, checkpoint, disclosures)
        finally:
            await log.aclose()

    return asyncio.run(story())


def rewrite(made: Made, target: Path) -> None:
    """Write the same bundle again, from the same log."""

    async def story() -> None:
        database = f"sqlite:///{made.bundle}.db"
        guard = made.bundle.with_name(f"{made.bundle.name}.guard")
        log = await Log.open(database, origin=ORIGIN, signers=[SIGNER], guard=guard)
        try:
            rewrite_bundle(
                target, reader=log.reader, parcel=made.parcel, export=made.export, checkpoint=made.checkpoint
            )
        finally:
            await log.aclose()

    asyncio.run(story())


def files_of(bundle: Path) -> dict[str, bytes]:
    """Every file of a bundle, by name."""
    files = open_files(bundle)
    return {name: files.read(name) for name in files.names}


def _cosigning(log: Log) -> Callable[[int], Awaitable[bytes]]:
    async def head(_size: int) -> bytes:
        return cosigned(await log.checkpoint())

    return head
