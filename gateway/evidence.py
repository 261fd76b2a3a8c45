"""What does an evaluator take home from here? The whole log with the policy packs and rules that its entries name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from audit.bundle import Parcel, write_bundle
from audit.commitment import Disclosure
from audit.disclosure import EvaluatorKey
from audit.entry import EntryBook
from audit.errors import Shredded
from audit.log import Log, Receipt
from audit.policy import Known, Policy
from audit.sample import SampleRecord
from audit.vault import Vault
from gateway.keys import log_signers
from gateway.settings import Settings


@dataclass(frozen=True)
class Opening:
    """Which entries are opened for whoever gets the bundle, and to whom.

    `indexes`    entries whose committed fields are disclosed
    `fields`     of these only; empty is every field that an entry commits to
    `to`         the evaluator's public key, to which they are sealed; None leaves them readable by anybody
    """

    indexes: Sequence[int]
    fields: frozenset[str] = frozenset()
    to: EvaluatorKey | None = None


async def export(
    path: Path,
    *,
    log: Log,
    book: EntryBook,
    versions: Mapping[str, bytes],
    policy: bytes,
    caller: str,
    at: datetime,
    sample: SampleRecord | None = None,
    opening: Opening | None = None,
    head: Callable[[int], Awaitable[bytes]] | None = None,
) -> Exported:
    """Log the export and write the bundle; where the log put the export.

    `path`      ends in `.zip`; must not exist
    `versions`  the packs and rules that entries name, see `gateway.versions`
    `policy`    see `trust_policy`
    `caller`    account of who exports
    `sample`    how a sample was drawn, to be drawn again by whoever checks
    `head`      gives a signed head over so many entries, cosigned where witnesses are; the newest by default
    Raises what `audit.bundle.write_bundle` raises, `NoSuchEntry`, `WrongVaultKey`.
    """
    opened, shredded = await asyncio.to_thread(_opened, Vault(log.reader, book.sealing), opening)
    to = opening.to if opening is not None else None
    parcel = Parcel(
        policy=policy,
        attachments=versions,
        sample=sample,
        disclosures=opened if to is None else (),
        sealed=to.seal(opened, origin=log.origin) if to is not None else None,
    )
    receipt = await write_bundle(path, log=log, book=book, parcel=parcel, caller=caller, at=at, head=head)
    return Exported(receipt, len(opened), shredded)


class Exported(NamedTuple):
    """What left the house: where it is noted, how many fields were opened, how many entries had been shredded."""

    receipt: Receipt
    opened: int
    shredded: int


def _opened(vault: Vault, opening: Opening | None) -> tuple[list[Disclosure], int]:
    found: list[Disclosure] = []
    shredded = 0
    for index in sorted(set(opening.indexes)) if opening is not None else ():
        try:
            fields = vault.disclose(index)
        except Shredded:
            shredded += 1
            continue
        found += [one for one in fields if not opening or not opening.fields or one.name in opening.fields]
    return found, shredded


def trust_policy(settings: Settings) -> bytes:
    """The trust anchor (tlog-policy): the evaluator's own where the settings name it. Raises `OSError`."""
    return settings.witness_policy.read_bytes() if settings.witness_policy else own_policy(settings)


def own_policy(settings: Settings) -> bytes:
    """A policy of the log's public keys alone. Hand it to evaluators before they need it."""
    return bytes(Policy(tuple(Known(signer.key) for signer in log_signers(settings))))
