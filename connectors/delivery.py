"""Which files did a department deliver, and are they the ones it sent?

A delivery is a folder with a `manifest.json` that is written last:

    {"delivered_on": "2026-10-31",
     "files": [{"name": "学籍.csv", "table": "xueji", "sha256": "…", "rows": 3127}]}

A folder without a manifest is still being written and is not looked at, nor is one dated
after today: a slip of the year would otherwise hide every delivery to come. A file that is not
in the manifest does not exist; one whose bytes differ from it is not read. The newest
delivery counts: each is a full one. Bytes are read once, and what was hashed is what is parsed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
from python_calamine import CalamineError, load_workbook

from connectors.failure import Failed, broken
from connectors.mapping import Table
from vocabulary.evidence import FailureKind

MANIFEST = "manifest.json"

FILE_BYTES = 512 << 20
"""A larger file is not read, nor an Excel file that unpacks to more."""


class DeliveredFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a delivery: `rows` without the header, `sha256` in lower-case hexadecimal."""

    name: str
    table: str
    sha256: str
    rows: int


class Manifest(msgspec.Struct, frozen=True):
    """What a department says that it delivered; `delivered_on` is an ISO date and the folder's name."""

    delivered_on: str
    files: tuple[DeliveredFile, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery that is complete by its own word. `identity` changes whenever the manifest does."""

    folder: Path
    manifest: Manifest
    identity: str

    def rows(self, table: Table) -> Iterator[tuple[object, ...]]:
        """Give the header and then the rows of a table's file, every cell as text or as what Excel holds.

        Raises `Failed` when the file is absent, differs from the manifest or is not of its layout.
        """
        listed = next((one for one in self.manifest.files if one.table == table.physical), None)
        if listed is None:
            raise broken(f"expected a file for table `{table.physical}` in the manifest, got none")
        kind, _, of = table.layout.partition(":")
        rows = (_csv if kind == "csv" else _excel)(self._bytes(listed), of)
        if len(rows) - 1 != listed.rows:
            raise broken(f"`{table.physical}`: expected {listed.rows} rows, got {len(rows) - 1}")
        yield from rows

    def _bytes(self, listed: DeliveredFile) -> bytes:
        """Read a file once. Its name is the department's word: it may not lead out of the folder."""
        if Path(listed.name).name != listed.name:
            raise broken("expected the name of a file in the delivery's own folder, got a path")
        path = self.folder / listed.name
        try:
            if path.stat().st_size > FILE_BYTES:
                raise broken(f"`{listed.table}`: expected at most {FILE_BYTES} bytes, got more")
            content = path.read_bytes()
        except OSError:
            raise broken(f"`{listed.table}`: expected the file that the manifest lists, got none") from None
        if hashlib.sha256(content).hexdigest() != listed.sha256:
            raise broken(f"`{listed.table}`: expected the bytes that the manifest lists, got others")
        return content


def newest(folder: Path, *, today: date) -> Delivery:
    """Give the newest complete delivery below `folder` that is not dated after today. Raises `Failed`."""
    try:
        complete = sorted(path for path in folder.iterdir() if (path / MANIFEST).is_file())
        found = [path for path in complete if path.name <= today.isoformat()]
        content = (found[-1] / MANIFEST).read_bytes() if found else b""
    except OSError:
        raise Failed(FailureKind.UNREACHABLE, "expected the folder of deliveries, got none") from None
    if complete and not found:
        raise broken(f"expected a delivery dated {today} or before, got {len(complete)} others")
    if not found:
        raise Failed(FailureKind.UNREACHABLE, "expected a complete delivery, got none")
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise broken("expected a manifest that lists files, got something else") from None
    if manifest.delivered_on != found[-1].name:
        raise broken("expected `delivered_on` to be the date of the delivery's folder, got another")
    return Delivery(found[-1], manifest, hashlib.sha256(content).hexdigest())


def _csv(content: bytes, encoding: str) -> list[tuple[object, ...]]:
    try:
        text = content.decode(encoding)
        return [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)]
    except (UnicodeDecodeError, csv.Error):
        raise broken(f"expected CSV in {encoding}, got something else") from None


def _excel(content: bytes, sheet: str) -> list[tuple[object, ...]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > FILE_BYTES:
            raise broken(f"expected at most {FILE_BYTES} bytes unpacked, got more")
        cells = load_workbook(io.BytesIO(content)).get_sheet_by_name(sheet).to_python(skip_empty_area=True)
    except (CalamineError, zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise broken(f"expected an Excel file with sheet `{sheet}`, got something else") from None
    return [tuple(row) for row in cells]
