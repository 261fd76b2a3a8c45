"""Can this evidence bundle be believed? Every fault in it, by file and name, not only the first.

Needs no database and no network, and imports the standard library, `cryptography` and modules of
this package that do the same. The trust anchor is the evaluator's own policy; the one inside the
bundle is a convenience, since whoever forges a bundle forges it as well.
The numbered steps are those of docs/audit-log-format.md, "Checking a bundle".
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from audit import layout
from audit.archive import Files, open_files
from audit.commitment import Json, parse_canonical
from audit.disclosure import EvaluatorSecret
from audit.errors import (
    AuditError,
    FileChanged,
    FileUnexpected,
    MalformedBundle,
    MalformedCheckpoint,
    NotCanonical,
    NotSigned,
)
from audit.note import Checkpoint, Note, VerifierKey
from audit.policy import Policy
from audit.report import Problem, Reading, Report
from audit.verify_entries import Asked, verify_continues, verify_entries


def examine_bundle(
    path: Path,
    *,
    policy: str | None,
    secret: EvaluatorSecret | None = None,
    earlier: bytes | None = None,
    jobs: int = 1,
) -> Report:
    """All that can be said about a bundle.

    `path`    a zip archive, or the directory it was unpacked to
    `policy`  the evaluator's tlog-policy; None falls back to the one in the bundle, which proves nothing
    `secret`  opens disclosures that were sealed to it
    `earlier` a checkpoint the evaluator kept: the log must continue it; needs a bundle of the whole log
    `jobs`    processes to hash with, 1 or more

    Never raises for what is in the bundle: that becomes a `Problem`. Raises `MalformedPolicy` for a bad policy
    of the evaluator's.
    """
    try:
        files = open_files(path)
    except AuditError as error:
        return Report([Problem(path.name, type(error).__name__, str(error))])
    return examine_files(files, policy=policy, secret=secret, earlier=earlier, jobs=jobs)


def examine_files(
    files: Files,
    *,
    policy: str | None,
    secret: EvaluatorSecret | None = None,
    earlier: bytes | None = None,
    jobs: int = 1,
) -> Report:
    """As `examine_bundle`, of a bundle that is at hand in another way."""
    own = Policy.parse(policy.encode("utf-8", "surrogateescape")) if policy is not None else None
    report = Report(trusted=own is not None)
    reading = Reading(files, report)
    # 1. The container: nothing beside the files, each header the one that its file gives.
    for name, detail in reading.files.damage:
        report.add(name, MalformedBundle(detail))
    # 2. The policies. 3. The head: signed by the log, cosigned by a quorum, and by nobody unknown.
    head = _verify_head(reading, own=own, inner=_inner_policy(reading))
    # 4. The list of contents, and every file that it lists.
    contents = _verify_contents(reading)
    # 5. to 9. The log, its entries, the export, the opened fields, the sample.
    if head is not None:
        asked = Asked(contents.entries, export=_verify_header(reading), contents=contents.digest)
        verify_entries(reading, head=head, asked=asked, secret=secret, jobs=jobs)
        # 10. The log continues the head that the evaluator kept: nothing cut off, nothing rewritten.
        if earlier is not None:
            verify_continues(reading, head=head, earlier=earlier)
    report.problems.sort()
    return report


class _Contents(NamedTuple):
    entries: Json
    digest: str


def _inner_policy(reading: Reading) -> Policy | None:
    data = reading.read(layout.POLICY)
    try:
        return Policy.parse(data) if data is not None else None
    except AuditError as error:
        reading.report.add(layout.POLICY, error)
        return None


def _verify_head(reading: Reading, *, own: Policy | None, inner: Policy | None) -> Checkpoint | None:
    """The head. One that is signed wrongly is still the best guess for where the other faults are."""
    data = reading.read(layout.CHECKPOINT)
    if data is None:
        return None
    try:
        note = Note.parse(data)
        if bytes(note) != data:
            raise FileChanged("expected the one spelling of a signed note")
    except AuditError as error:
        reading.report.add(layout.CHECKPOINT, error)
    else:
        policies = [policy for policy in (own, inner) if policy is not None]
        verified = _verify_trust(note, reading.report, trusted=policies[0] if policies else None)
        keys = [key for policy in policies for key in _keys(policy)]
        _verify_lines(note, reading.report, keys=keys, verified=verified)
    try:
        head = Checkpoint.parse(data.partition(b"\n\n")[0].decode() + "\n")
    except (AuditError, UnicodeDecodeError):
        reading.report.add(layout.CHECKPOINT, MalformedCheckpoint("expected origin, size and root"))
        return None
    reading.report.origin, reading.report.size = head.origin, head.size
    return head


def _verify_trust(note: Note, report: Report, *, trusted: Policy | None) -> set[VerifierKey]:
    """The keys whose lines are good by the policy that decides; empty when it does not accept the head."""
    try:
        if trusted is None:
            raise NotSigned("expected a policy that says whose signature counts")
        head = trusted.open(note)
    except AuditError as error:
        report.add(layout.CHECKPOINT, error)
        return set()
    lines = {(line.name, line.key_id) for line in note.signatures}
    witnesses = {known.key for known in trusted.witnesses.values()}
    report.witnesses = sorted({key.name for key in witnesses if (key.name, key.key_id) in lines})
    return witnesses | {known.key for known in trusted.logs if known.key.name == head.origin}


def _verify_lines(note: Note, report: Report, *, keys: list[VerifierKey], verified: set[VerifierKey]) -> None:
    """Verify every other line. One by nobody known could hold any bytes: nothing would notice a change."""
    known = {(key.name, key.key_id): key for key in keys}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        try:
            if key is None:
                raise NotSigned("expected no signature by a key that no policy names")
            if key not in verified:
                key.verify(note.text, line)
        except AuditError as error:
            report.add(layout.CHECKPOINT, error)


def _verify_contents(reading: Reading) -> _Contents:
    data = reading.read(layout.CONTENTS)
    entries: Json = None
    listed: Mapping[str, Json] = {}
    if data is not None:
        try:
            entries, listed = _parse_contents(data)
        except AuditError as error:
            reading.report.add(layout.CONTENTS, error)
    for name, stated in listed.items():
        found = reading.read(name)
        if found is not None and {"bytes": len(found), "sha256": sha256(found).hexdigest()} != stated:
            reading.report.add(name, FileChanged("expected the length and digest that contents.json lists"))
        if found is not None and "/" in name and not layout.is_attachment(name, found):
            reading.report.add(
                name, FileChanged("expected an attachment, named after its digest where it is one")
            )
    for name in reading.files.names:
        if layout.is_listed(name) and name not in listed:
            reading.report.add(name, FileUnexpected("expected only files that contents.json lists"))
    return _Contents(entries, sha256(data or b"").hexdigest())


def _parse_contents(data: bytes) -> tuple[Json, Mapping[str, Json]]:
    match parse_canonical(data):
        case {"entries": entries, "files": dict(files), **rest} if not rest:
            if entries == "all" or (isinstance(entries, list) and all(type(at) is int for at in entries)):
                return entries, files
    raise NotCanonical("expected `entries` and `files`")


def _verify_header(reading: Reading) -> int | None:
    """The index of the entry that logged the export."""
    data = reading.read(layout.HEADER)
    if data is None:
        return None
    try:
        match parse_canonical(data):
            case {"export": int(export), "format": layout.FORMAT, **rest} if not rest:
                if type(export) is int and export >= 0:  # `true` is a whole number to Python
                    return export
        raise NotCanonical(f"expected the index of the export and the format `{layout.FORMAT}`")
    except AuditError as error:
        reading.report.add(layout.HEADER, error)
        return None


def _keys(policy: Policy) -> list[VerifierKey]:
    return [known.key for known in (*policy.logs, *policy.witnesses.values())]
