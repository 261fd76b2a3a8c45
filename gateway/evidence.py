"""What does an evaluator take home from here? The whole log with the policy packs and rules that its entries name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from audit.bundle import Parcel, write_bundle
from audit.entry import EntryBook
from audit.log import Log, Receipt
from audit.note import Signer
from audit.policy import Known, Policy
from gateway.opening import log_key
from gateway.settings import Settings
from verification.catalogue import CATALOGUE
from verification.pack import Pack


async def export(
    path: Path, *, log: Log, book: EntryBook, pack: Pack, policy: bytes, caller: str, at: datetime
) -> Receipt:
    """Log the export and write the bundle; where the log put the export.

    `path`     ends in `.zip`; must not exist
    `policy`   see `trust_policy`
    `caller`   account of who exports
    Raises what `audit.bundle.write_bundle` raises.
    """
    parcel = Parcel(policy=policy, attachments={**_pack_file(pack), **_rules_file()})
    return await write_bundle(path, log=log, book=book, parcel=parcel, caller=caller, at=at)


def trust_policy(settings: Settings) -> bytes:
    """The trust anchor (tlog-policy): the log's public key. Hand it to evaluators before they need it."""
    return bytes(Policy((Known(Signer.ed25519(settings.origin, log_key(settings)).key),)))


def _pack_file(pack: Pack) -> Mapping[str, bytes]:
    return {f"packs/{pack.hash}.json": pack.canonical()}


def _rules_file() -> Mapping[str, bytes]:
    return {f"rules/{CATALOGUE.hash}.txt": "\n".join(CATALOGUE.canonical()).encode()}
