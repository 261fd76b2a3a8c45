"""Which files may an evidence bundle hold, and how are they called?

The writer and the offline verifier share these names and nothing else.
"""

from __future__ import annotations

import re
from hashlib import sha256

FORMAT = "hedui-bundle/v1"

INSTRUCTIONS = "VERIFY.md"
HEADER = "bundle.json"
CHECKPOINT = "checkpoint"
CONTENTS = "contents.json"
DISCLOSURES = "disclosures.json"
SEALED_DISCLOSURES = "disclosures.hpke"
POLICY = "policy"
SAMPLE = "sample.json"

_ATTACHMENT = re.compile(r"(packs|rules|decisions|reports|served)/(?!\.)[A-Za-z0-9_.\-]{1,100}").fullmatch
_NAMED_AFTER_DIGEST = re.compile(r"(?:packs|rules)/([0-9a-f]{64})\.[a-z]{1,8}").fullmatch


def is_attachment(name: str, data: bytes) -> bool:
    """Tell whether a file may travel under this name: one of five folders; packs and rules by their SHA-256."""
    if not _ATTACHMENT(name):
        return False
    if name.startswith(("packs/", "rules/")):
        found = _NAMED_AFTER_DIGEST(name)
        return found is not None and found[1] == sha256(data).hexdigest()
    return True


def is_listed(name: str) -> bool:
    """Tell whether the log cannot vouch for a file by itself, so that contents.json must list it."""
    return name not in {HEADER, CHECKPOINT, CONTENTS} and not name.startswith(("tile/", "entries/"))


def entry_name(index: int) -> str:
    """Where a single entry lies, as it was logged."""
    return f"entries/{index}"


def proof_name(index: int) -> str:
    """Where the tlog-proof of a single entry lies."""
    return f"entries/{index}.tlog-proof"
