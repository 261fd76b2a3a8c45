"""What do the entries of a bundle say, and which of their fields are open to this reader?

For whoever works with a bundle after it was checked (`audit.verify`): what cannot be read, or is
not what an entry commits to, was named there and is passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audit import layout
from audit.archive import Files, open_files
from audit.catalogue import Entry, parse_entry
from audit.commitment import Disclosure, Json
from audit.disclosure import EvaluatorSecret, unpack_disclosures
from audit.errors import AuditError
from audit.tiles import WIDTH, TileName, unpack_entries


class Contents:
    """A bundle's entries, its opened fields, and what lies beside them. Raises `MalformedBundle` for no bundle.

    `secret`  opens disclosures that were sealed to it; those sealed to others stay closed
    """

    def __init__(self, path: Path, *, origin: str, secret: EvaluatorSecret | None = None) -> None:
        self._files = open_files(path)
        self._names = frozenset(self._files.names)
        self._origin, self._secret = origin, secret

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Every entry that can be read, ascending."""
        for index, data in raw_entries(self._files):
            try:
                yield index, parse_entry(data)
            except AuditError:
                continue

    @property
    def whole(self) -> bool:
        """Tell whether the whole log is in it."""
        return any(name.startswith("tile/") for name in self._names)

    @property
    def sealed(self) -> bool:
        """Tell whether it holds disclosures that this reader cannot open."""
        return layout.SEALED_DISCLOSURES in self._names and not self._sealed()

    def opened(self) -> dict[int, dict[str, Disclosure]]:
        """The opened fields by index of entry and name; check each against its entry before it is believed."""
        found: dict[int, dict[str, Disclosure]] = {}
        for one in (*self._plain(), *self._sealed()):
            found.setdefault(one.index, {})[one.name] = one
        return found

    def attachment(self, name: str) -> bytes | None:
        """A file beside the entries, None when it is not there or damaged."""
        return self._read(name)

    def _plain(self) -> list[Disclosure]:
        data = self._read(layout.DISCLOSURES)
        try:
            return [] if data is None else unpack_disclosures(data)
        except AuditError:
            return []

    def _sealed(self) -> list[Disclosure]:
        data = self._read(layout.SEALED_DISCLOSURES)
        try:
            return (
                [] if data is None or self._secret is None else self._secret.open(data, origin=self._origin)
            )
        except AuditError:
            return []

    def _read(self, name: str) -> bytes | None:
        try:
            return self._files.read(name) if name in self._names else None
        except AuditError:
            return None


def raw_entries(files: Files) -> Iterator[tuple[int, bytes]]:
    """The bytes of every entry in a bundle that can be read, ascending."""
    found: list[tuple[int, str]] = []
    for name in files.names:
        try:
            if name.startswith("tile/entries/"):
                found.append((TileName.parse(name).index * WIDTH, name))
            elif name.startswith("entries/") and not name.endswith(".tlog-proof"):
                found.append((int(name.removeprefix("entries/")), name))
        except (AuditError, ValueError):
            continue
    for first, name in sorted(found):
        try:
            data = files.read(name)
            several = unpack_entries(data) if name.startswith("tile/") else [data]
        except AuditError:
            continue
        yield from enumerate(several, first)


def opened_values(entry: Entry, disclosed: dict[str, Disclosure]) -> dict[str, Json]:
    """The values of an entry's opened fields that are what it commits to, by name."""
    values: dict[str, Json] = {}
    for name, one in disclosed.items():
        try:
            one.check(entry.committed)
        except AuditError:
            continue
        values[name] = one.value
    return values
