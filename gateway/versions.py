"""Under which packs and rules was ever judged here? Kept by their hash, so that an old verdict can be reached again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from audit import layout
from verification.catalogue import CATALOGUE
from verification.pack import Pack

FOLDER = "versions"


def keep_versions(run_folder: Path, pack: Pack) -> None:
    """Keep the bytes that a pack's hash and the rule set's hash are of, before anybody is judged by them."""
    for name, data in _present(pack).items():
        path = run_folder / FOLDER / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}.{os.getpid()}.new")
            beside.write_bytes(data)
            beside.replace(path)


def kept_versions(run_folder: Path, pack: Pack) -> Mapping[str, bytes]:
    """Every pack and rule set that was kept, and the present ones, as a bundle carries them: name → bytes.

    A file that is no longer what its name says is left out: a bundle would not take it.
    """
    found = _present(pack)
    for folder in ("packs", "rules"):
        for path in sorted((run_folder / FOLDER / folder).glob("*.*")):
            name, data = f"{folder}/{path.name}", path.read_bytes()
            if layout.is_attachment(name, data):
                found[name] = data
    return found


def _present(pack: Pack) -> dict[str, bytes]:
    rules = "\n".join(CATALOGUE.canonical()).encode()
    return {f"packs/{pack.hash}.json": pack.canonical(), f"rules/{CATALOGUE.hash}.txt": rules}
