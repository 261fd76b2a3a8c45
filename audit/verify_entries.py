"""Do the entries of a bundle lead to its head, and does what lies beside them follow from them?

Steps 5 to 9 of "Checking a bundle" in docs/audit-log-format.md. The offline verifier uses this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from audit import layout
from audit.catalogue import Entry, parse_entry
from audit.commitment import Disclosure, Json
from audit.disclosure import EvaluatorSecret, unpack_disclosures
from audit.errors import (
    AuditError,
    FileChanged,
    FileMissing,
    FileUnexpected,
    Malformed,
    MalformedEntry,
    MalformedTile,
    NoSuchEntry,
    WrongDisclosure,
    WrongOrigin,
    WrongProof,
    WrongSample,
)
from audit.merkle import leaf_hash, verify_inclusion
from audit.note import Checkpoint, Note
from audit.proof import Proof
from audit.rederive import rederive_log
from audit.report import Reading
from audit.sample import SampleRecord, drawn_from, head_for
from audit.tiles import WIDTH, TileName, Tree, tile_names, unpack_entries

_FEW = frozenset({"export", "sample.commit", "sample.reveal", "checkpoint.witnessed"})
_ANSWERS = frozenset({"inquiry.outcome", "inquiry.refused"})


class Asked(NamedTuple):
    """What the bundle says about itself: which entries (`"all"` or indexes), the export's index and the digest
    of its list of contents.
    """

    entries: Json
    export: int | None
    contents: str


def verify_entries(
    reading: Reading, *, head: Checkpoint, asked: Asked, secret: EvaluatorSecret | None, jobs: int
) -> None:
    """Note everything that is wrong with the entries and what hangs on them in the report."""
    whole = asked.entries == "all" or any(name.startswith("tile/") for name in reading.present)
    reading.report.whole = whole
    # 5. The log itself, every file of it, up to the signed root; 6. every entry fits the catalogue.
    verify = partial(_verify_whole, jobs=jobs) if whole else partial(_verify_singles, asked=asked)
    entries = verify(reading, head=head)
    # 7. The export was logged, with the digest of the list of contents.
    _verify_export(reading, entries, asked=asked)
    # 8. Opened fields are what was committed to.
    _verify_disclosures(reading, entries, origin=head.origin, secret=secret)
    # 9. The sample follows from the log.
    _verify_sample(reading, entries, head=head, whole=whole)


def verify_continues(reading: Reading, *, head: Checkpoint, earlier: bytes) -> None:
    """Note it when the log does not continue a head that was signed before.

    The earlier head is the evaluator's own, so its signature was checked when it was taken.
    """
    try:
        kept = Checkpoint.parse(Note.parse(earlier).text)
        if kept.origin != head.origin:
            raise WrongOrigin(f"expected a log that continues `{kept.origin}`, got `{head.origin}`")
        if kept.size > head.size:
            raise WrongProof(f"expected the `{kept.size}` entries of the earlier head, got `{head.size}`")
        if not reading.report.whole:
            raise FileMissing("expected the whole log, which alone can be compared with an earlier head")
        if _tree(reading, size=head.size).root(kept.size) != kept.root:
            raise WrongProof(f"expected the first `{kept.size}` entries to be those of the earlier head")
    except AuditError as error:
        reading.report.add(layout.CHECKPOINT, error)


_MOST_MISSING = 16
"""For each file that is there, so many may be missing before they are no longer named one by one."""


@dataclass
class _Entries:
    """Entries by index: those that were read already, and a way to read any other."""

    read: Callable[[int], bytes]
    known: dict[int, Entry] = field(default_factory=dict)

    def __getitem__(self, index: int) -> Entry:
        """The entry at an index. Raises `NoSuchEntry`, `MalformedEntry`."""
        if index not in self.known:
            self.known[index] = parse_entry(self.read(index))
        return self.known[index]


def _verify_whole(reading: Reading, *, head: Checkpoint, jobs: int) -> _Entries:
    if head.size > _MOST_MISSING * WIDTH * (len(reading.present) + 1):
        # A forged head may state any size: looking for each of its files would never end.
        reading.report.add(layout.CHECKPOINT, FileMissing("expected a size that the files could hold"))
        return _Entries(_unreadable)
    result = rederive_log(reading.files, size=head.size, root=head.root, look=_summary, jobs=jobs)
    for fault in result.faults:
        reading.report.add(fault.file, fault.error)
    reading.report.entries = result.entries
    _refuse_others(reading, {str(name) for name in tile_names(head.size)})
    entries = _Entries(lambda index: _from_tiles(reading, index, size=head.size))
    entries.known |= {index: found for index, found in result.found if isinstance(found, Entry)}
    tree = _tree(reading, size=head.size)
    if not result.faults:  # with faults in it the tree would only repeat them under other names
        for index, entry in entries.known.items():
            _verify_witnessed(reading, index, entry, head=head, tree=tree)
    _verify_answers(reading, result.found)
    return entries


def _summary(index: int, data: bytes) -> object:
    """What has to be remembered of an entry: few whole ones, of intents and answers a number."""
    entry = parse_entry(data)
    if entry.event in _FEW:
        return entry
    if entry.event == "inquiry.intent":
        return _INTENT
    if entry.event in _ANSWERS:
        intent = entry.fields.get("intent")
        if isinstance(intent, int) and intent >= index:
            raise MalformedEntry("expected an intent that came before")
        return intent
    return None


_INTENT = -1


def _verify_answers(reading: Reading, found: Iterable[tuple[int, object]]) -> None:
    """An outcome belongs to an intent that came before it; an intent may have lost its outcome in a crash."""
    intents: set[int] = set()
    answered: set[int] = set()
    for index, result in found:
        if result == _INTENT:
            intents.add(index)
        elif isinstance(result, int):
            if result not in intents:
                name = str(_bundle_of(index, size=reading.report.size))
                reading.report.add(name, MalformedEntry(f"entry `{index}`: expected the index of an intent"))
            answered.add(result)
    reading.report.unanswered = len(intents - answered)


def _verify_witnessed(reading: Reading, index: int, entry: Entry, *, head: Checkpoint, tree: Tree) -> None:
    """A head that an entry says was witnessed is one that this log had."""
    if entry.event != "checkpoint.witnessed":
        return
    size = entry.number("size")
    try:
        if size > index or tree.root(size).hex() != entry.text("root"):
            raise WrongProof(f"entry `{index}`: expected a head that this log had before")
    except AuditError as error:
        reading.report.add(str(_bundle_of(index, size=head.size)), error)


def _verify_singles(reading: Reading, *, head: Checkpoint, asked: Asked) -> _Entries:
    listed = asked.entries if isinstance(asked.entries, list) else []
    indexes = {index for index in (*listed, asked.export) if isinstance(index, int)}
    indexes |= _sample_indexes(reading) | _opened_indexes(reading)
    checkpoint = reading.read(layout.CHECKPOINT)
    for index in sorted(indexes):
        entry, proof = reading.read(layout.entry_name(index)), reading.read(layout.proof_name(index))
        if entry is not None:
            reading.report.entries += 1
            _try(reading, layout.entry_name(index), partial(parse_entry, entry))
        if entry is not None and proof is not None:
            _verify_proof(reading, index, entry, proof, checkpoint=checkpoint, head=head)
    _refuse_others(
        reading, {name(index) for index in indexes for name in (layout.entry_name, layout.proof_name)}
    )
    return _Entries(lambda index: _single(reading, index))


def _verify_proof(
    reading: Reading, index: int, entry: bytes, data: bytes, *, checkpoint: bytes | None, head: Checkpoint
) -> None:
    """Check a proof; say whether the entry or the proof was changed when they do not fit."""
    name = layout.proof_name(index)
    try:
        proof = Proof.parse(data)
        if bytes(proof) != data or proof.index != index or proof.extra is not None:
            raise FileChanged("expected the proof of this entry in its one spelling")
        if proof.checkpoint != checkpoint:
            raise FileChanged("expected a proof under the checkpoint of the bundle")
        verify_inclusion(index=index, size=head.size, leaf=leaf_hash(entry), path=proof.path, root=head.root)
    except AuditError as error:
        reading.report.add(name, error)
        if isinstance(error, WrongProof):
            reading.report.add(
                layout.entry_name(index), FileChanged("expected the entry that the proof is for")
            )


def _refuse_others(reading: Reading, expected: set[str]) -> None:
    for name in sorted(reading.present - expected):
        if name.startswith(("tile/", "entries/")):
            reading.report.add(name, FileUnexpected("expected no such file of this log"))


def _verify_export(reading: Reading, entries: _Entries, *, asked: Asked) -> None:
    if asked.export is None:
        return
    try:
        entry = entries[asked.export]
    except Malformed:  # noted with the file that the entry lies in
        return
    except NoSuchEntry as error:
        reading.report.add(layout.HEADER, error)
        return
    if entry.event != "export":
        reading.report.add(
            layout.HEADER, FileChanged("expected the index of the entry that logged the export")
        )
    elif entry.text("contents") != asked.contents:
        reading.report.add(layout.CONTENTS, FileChanged("expected the list whose digest was logged"))


def _verify_disclosures(
    reading: Reading, entries: _Entries, *, origin: str, secret: EvaluatorSecret | None
) -> None:
    plain = reading.read(layout.DISCLOSURES, required=False)
    if plain is not None:
        _verify_opened(reading, layout.DISCLOSURES, entries, lambda: unpack_disclosures(plain))
    sealed = reading.read(layout.SEALED_DISCLOSURES, required=False)
    if sealed is None:
        return
    if secret is None:
        reading.report.sealed = True
    else:
        _verify_opened(
            reading, layout.SEALED_DISCLOSURES, entries, lambda: secret.open(sealed, origin=origin)
        )


def _verify_opened(
    reading: Reading, name: str, entries: _Entries, unpack: Callable[[], list[Disclosure]]
) -> None:
    try:
        disclosures = unpack()
    except AuditError as error:
        reading.report.add(name, error)
        return
    for one in disclosures:
        try:
            one.check(entries[one.index].committed)
            reading.report.disclosures += 1
        except NoSuchEntry as error:
            reading.report.add(name, WrongDisclosure(str(error)))
        except WrongDisclosure as error:
            reading.report.add(name, error)
        except Malformed:  # noted with the file that the entry lies in
            continue


def _opened_indexes(reading: Reading) -> set[int]:
    data = reading.read(layout.DISCLOSURES, required=False)
    try:
        return {one.index for one in unpack_disclosures(data)} if data is not None else set()
    except AuditError:  # noted when the disclosures are checked
        return set()


def _sample_indexes(reading: Reading) -> set[int]:
    data = reading.read(layout.SAMPLE, required=False)
    try:
        record = SampleRecord.parse(data) if data is not None else None
    except AuditError:  # noted when the sample is checked
        return set()
    return set() if record is None else record.indexes()


def _verify_sample(reading: Reading, entries: _Entries, *, head: Checkpoint, whole: bool) -> None:
    data = reading.read(layout.SAMPLE, required=False)
    if data is None:
        return
    try:
        record = SampleRecord.parse(data)
    except AuditError as error:
        reading.report.add(layout.SAMPLE, error)
        return
    try:
        three = [(index, entries[index]) for index in (record.commit, record.witnessed, record.reveal)]
        if drawn_from(*three, frame=record.frame, origin=head.origin) != record:
            raise WrongSample("expected the seed and the picks that follow from the three entries")
        if whole:  # only the whole log shows that no earlier head was passed over
            first, _ = head_for(record.commit, sorted(entries.known.items()), origin=head.origin)
            if first != record.witnessed:
                raise WrongSample("expected the first head that was witnessed after the commit")
        reading.report.drawn = len(record.picks)
    except Malformed:  # noted with the file that the entry lies in
        return
    except AuditError as error:
        reading.report.add(layout.SAMPLE, error)


def _from_tiles(reading: Reading, index: int, *, size: int) -> bytes:
    if not 0 <= index < size:
        raise NoSuchEntry(f"expected an index below `{size}`, got `{index}`")
    data = reading.read(str(_bundle_of(index, size=size)))
    found = unpack_entries(data) if data is not None else []
    if len(found) <= index % WIDTH:
        raise MalformedTile(f"expected entry `{index}` in its bundle")
    return found[index % WIDTH]


def _unreadable(index: int) -> bytes:
    raise MalformedTile(f"expected entry `{index}` in a log of that size")


def _single(reading: Reading, index: int) -> bytes:
    data = reading.read(layout.entry_name(index), required=False)
    if data is None:
        raise NoSuchEntry(f"expected entry `{index}` in the bundle")
    return data


def _tree(reading: Reading, *, size: int) -> Tree:
    return Tree(lambda level, index, width: _from_tile(reading, level, index, width, size=size))


def _from_tile(reading: Reading, level: int, index: int, width: int, *, size: int) -> bytes:
    stored = min(WIDTH, (size >> 8 * level) - index * WIDTH)
    data = reading.read(str(TileName(level, index, stored)))
    if data is None:
        raise NoSuchEntry(f"expected tile `{level}/{index}`")
    return data[: 32 * width]


def _bundle_of(index: int, *, size: int) -> TileName:
    at = index // WIDTH
    return TileName(None, at, min(WIDTH, max(1, size - at * WIDTH)))


def _try(reading: Reading, name: str, action: Callable[[], object]) -> None:
    try:
        action()
    except AuditError as error:
        reading.report.add(name, error)
