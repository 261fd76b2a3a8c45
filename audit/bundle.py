"""What does an evaluator take home? One file with all that is needed to check the log, and nothing personal.

    VERIFY.md           how to check, also with tools that are not ours
    bundle.json         format, and the index of the entry that logged this export
    checkpoint          the signed head, with cosignatures when there are witnesses
    contents.json       what was asked for; length and SHA-256 of every file the log cannot vouch for
    disclosures.json    opened fields; disclosures.hpke the same, sealed to the evaluator
    policy              tlog-policy, a convenience: an evaluator brings a policy of their own
    sample.json         how the sample was drawn
    packs/ rules/ …     attachments; packs and rules are named after their SHA-256
    tile/…              the whole log as tlog-tiles, or
    entries/<i>, entries/<i>.tlog-proof   single entries with their proofs

The export is logged before anything is written; its entry holds the digest of contents.json, so
that every byte of the bundle hangs on the signed root. The same input gives the same bytes.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from audit import layout
from audit.archive import write_archive, write_directory
from audit.commitment import Disclosure, Json, canonical
from audit.disclosure import pack_disclosures
from audit.entry import EntryBook
from audit.errors import MalformedBundle, NoSuchEntry
from audit.log import Log, Receipt, read_tile
from audit.note import Checkpoint, Note
from audit.proof import Proof
from audit.reader import Reader
from audit.sample import SampleRecord
from audit.tiles import Tree, tile_names
from audit.verify_by_hand import TEXT


@dataclass(frozen=True)
class Parcel:
    """What goes into a bundle.

    `policy`       tlog-policy with the log's key, and its witnesses' when there are any
    `indexes`      entries asked for; None is the whole log
    `attachments`  name → bytes, below `packs/`, `rules/`, `decisions/`, `reports/` or `served/`
    `disclosures`  opened fields, readable by whoever has the bundle; their entries are added to `indexes`
    `sealed`       the file `disclosures.hpke`, from `EvaluatorKey.seal`; list their entries in `indexes`
    `sample`       its three entries and its picks are added to `indexes`

    Raises `MalformedBundle` for an attachment that no reader would accept.
    """

    policy: bytes
    indexes: Sequence[int] | None = None
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    disclosures: Sequence[Disclosure] = ()
    sealed: bytes | None = None
    sample: SampleRecord | None = None

    def __post_init__(self) -> None:
        for name, data in self.attachments.items():
            if not layout.is_attachment(name, data):
                raise MalformedBundle(f"expected an attachment in one of its folders, got `{name}`")

    def listed_files(self) -> dict[str, bytes]:
        """The files that the log cannot vouch for by itself."""
        files = {layout.INSTRUCTIONS: TEXT.encode(), layout.POLICY: self.policy, **self.attachments}
        if self.disclosures:
            files[layout.DISCLOSURES] = pack_disclosures(self.disclosures)
        if self.sealed is not None:
            files[layout.SEALED_DISCLOSURES] = self.sealed
        if self.sample is not None:
            files[layout.SAMPLE] = self.sample.to_bytes()
        return files

    def contents(self) -> bytes:
        """The file contents.json."""
        files: dict[str, Json] = {
            name: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in self.listed_files().items()
        }
        asked: Json = "all" if self.indexes is None else [*sorted(set(self.indexes))]
        return canonical({"entries": asked, "files": files})

    def single_indexes(self, export: int) -> list[int]:
        """The entries of a bundle that does not hold the whole log, ascending."""
        wanted = {*(self.indexes or ()), export, *(one.index for one in self.disclosures)}
        return sorted(wanted if self.sample is None else wanted | self.sample.indexes())

    def highest_index(self) -> int:
        """The highest index of an entry that has to be there, -1 when there is none."""
        wanted = {-1, *(self.indexes or ()), *(one.index for one in self.disclosures)}
        return max(wanted if self.sample is None else wanted | self.sample.indexes())


async def write_bundle(
    path: Path,
    *,
    log: Log,
    book: EntryBook,
    parcel: Parcel,
    caller: str,
    at: datetime,
    recipient: str | None = None,
    head: Callable[[int], Awaitable[bytes]] | None = None,
) -> Receipt:
    """Log the export, then write the bundle; where the log put the export.

    `path`       ends in `.zip` for an archive, anything else is a directory; must not exist yet
    `caller`     account of who exports; logged as a pseudonym
    `recipient`  a code for who gets it
    `head`       gives a signed checkpoint over at least so many entries, for example one that waits for the
                 witnesses; by default the newest, without cosignatures

    Raises what `Log.append` raises, and then writes nothing; `BundleTooLarge`, `NoSuchEntry`, `OSError`.
    """
    if path.exists():
        raise FileExistsError("expected a path where nothing is yet")
    size = Checkpoint.parse(Note.parse(await log.checkpoint()).text).size
    if parcel.highest_index() >= size:
        raise NoSuchEntry(f"expected entries below `{size}`")
    fields: dict[str, Json] = {
        "caller": caller,
        "contents": sha256(parcel.contents()).hexdigest(),
        "what": layout.FORMAT,
    }
    if recipient is not None:
        fields["recipient"] = recipient
    made = book.entry("export", at=at, fields=fields)
    receipt = await log.append(made.bytes, alongside=made.alongside)
    checkpoint = await (head(receipt.size) if head is not None else log.checkpoint())
    await asyncio.to_thread(
        rewrite_bundle, path, reader=log.reader, parcel=parcel, export=receipt.index, checkpoint=checkpoint
    )
    return receipt


def rewrite_bundle(path: Path, *, reader: Reader, parcel: Parcel, export: int, checkpoint: bytes) -> None:
    """Write a bundle whose export was logged before: the same arguments give the same bytes.

    `export`      index of the entry that logged it
    `checkpoint`  a signed head that covers it
    """
    files = bundle_files(reader, parcel=parcel, export=export, checkpoint=checkpoint)
    # Written beside and renamed: a bundle is there whole or not at all.
    beside = path.with_name(f"{path.name}.partial")
    _remove(beside)  # of one that was killed
    try:
        (write_archive if path.suffix == ".zip" else write_directory)(beside, files)
    except BaseException:  # too large, or no room: gigabytes would lie there
        _remove(beside)
        raise
    beside.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def bundle_files(
    reader: Reader, *, parcel: Parcel, export: int, checkpoint: bytes
) -> Iterator[tuple[str, bytes]]:
    """Every file of a bundle, in ascending order of names. Raises `NoSuchEntry` for an entry beyond the head."""
    size = Checkpoint.parse(Note.parse(checkpoint).text).size
    if export >= size:
        raise NoSuchEntry(f"expected a checkpoint that covers entry `{export}`, got one over `{size}`")
    small = {
        **parcel.listed_files(),
        layout.HEADER: canonical({"export": export, "format": layout.FORMAT}),
        layout.CHECKPOINT: checkpoint,
        layout.CONTENTS: parcel.contents(),
    }
    files: dict[str, Callable[[], bytes]] = {name: partial(bytes, data) for name, data in small.items()}
    if parcel.indexes is None:
        files |= {str(name): partial(read_tile, reader, name) for name in tile_names(size)}
    else:
        tree = Tree(reader.tile)
        for index in parcel.single_indexes(export):
            files[layout.entry_name(index)] = partial(_entry, reader, index)
            files[layout.proof_name(index)] = partial(_proof, tree, index, size, checkpoint)
    for name in sorted(files):
        yield name, files[name]()


def _entry(reader: Reader, index: int) -> bytes:
    return reader.entries(index, index + 1)[0]


def _proof(tree: Tree, index: int, size: int, checkpoint: bytes) -> bytes:
    return bytes(Proof(index, tuple(tree.inclusion(index, size)), checkpoint))
