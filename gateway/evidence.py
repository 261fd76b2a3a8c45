"""What does an evaluator take home from here? The whole log with the policy packs and rules that its entries name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from audit.bundle import Parcel, write_bundle
from audit.entry import EntryBook
from audit.log import Log, Receipt
from audit.policy import Known, Policy
from audit.sample import SampleRecord
from gateway.keys import log_signers
from gateway.settings import Settings
from verification.catalogue import CATALOGUE
from verification.pack import Pack


async def export(
    path: Path,
    *,
    log: Log,
    book: EntryBook,
    pack: Pack,
    policy: bytes,
    caller: str,
    at: datetime,
    sample: SampleRecord | None = None,
    head: Callable[[int], Awaitable[bytes]] | None = None,
) -> Receipt:
    """Log the export and write the bundle; where the log put the export.

    `path`     ends in `.zip`; must not exist
    `policy`   see `trust_policy`
    `caller`   account of who exports
    `sample`   how a sample was drawn, to be drawn again by whoever checks
    `head`     gives a signed head over so many entries, cosigned where witnesses are; the newest by default
    Raises what `audit.bundle.write_bundle` raises.
    """
    parcel = Parcel(policy=policy, attachments={**_pack_file(pack), **_rules_file()}, sample=sample)
    return await write_bundle(path, log=log, book=book, parcel=parcel, caller=caller, at=at, head=head)


def trust_policy(settings: Settings) -> bytes:
    """The trust anchor (tlog-policy): the evaluator's own where the settings name it. Raises `OSError`."""
    return settings.witness_policy.read_bytes() if settings.witness_policy else own_policy(settings)


def own_policy(settings: Settings) -> bytes:
    """A policy of the log's public keys alone. Hand it to evaluators before they need it."""
    return bytes(Policy(tuple(Known(signer.key) for signer in log_signers(settings))))


def _pack_file(pack: Pack) -> Mapping[str, bytes]:
    return {f"packs/{pack.hash}.json": pack.canonical()}


def _rules_file() -> Mapping[str, bytes]:
    return {f"rules/{CATALOGUE.hash}.txt": "\n".join(CATALOGUE.canonical()).encode()}
