"""Writes one department's delivery: CSV and Excel files, and last of all the manifest that lists them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from openpyxl import Workbook

from connectors.delivery import MANIFEST, DeliveredFile, Manifest
from connectors.mapping import Table, Tables
from demo.registers.writing import Cell, heading, written
from vocabulary.record import Record

Lines = Sequence[Sequence[Cell]]


def write_delivery(
    folder: Path, tables: Tables, rows: Mapping[type[Record], Sequence[Record]], *, on: date
) -> Path:
    """Write one delivery into `folder` under its date; the manifest comes last and by renaming, so it is whole."""
    delivery = folder / on.isoformat()
    delivery.mkdir(parents=True, exist_ok=True)
    files = [_write_file(delivery, table, rows.get(record, ())) for record, table in tables.items()]
    manifest = msgspec.json.format(msgspec.json.encode(Manifest(on.isoformat(), tuple(files))), indent=2)
    half = delivery / f"{MANIFEST}.part"
    half.write_bytes(manifest)
    half.replace(delivery / MANIFEST)
    return delivery


def _write_file(delivery: Path, table: Table, rows: Sequence[Record]) -> DeliveredFile:
    lines: Lines = [heading(table), *written(table, rows)]
    kind, _, of = table.layout.partition(":")
    content = _csv(lines, of) if kind == "csv" else _excel(lines, of)
    name = f"{table.physical}.{kind}"
    (delivery / name).write_bytes(content)
    return DeliveredFile(name, table.physical, hashlib.sha256(content).hexdigest(), len(rows))


def _csv(lines: Lines, encoding: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode(encoding)


def _excel(lines: Lines, sheet: str) -> bytes:
    """Write every cell as text: a number of 18 digits does not survive Excel."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for line in lines:
        page.append(["" if cell is None else str(cell) for cell in line])
    buffer = io.BytesIO()
    book.save(buffer)
    return _timeless(buffer)


def _timeless(book: io.BytesIO) -> bytes:
    """Take the times of writing out of an Excel file, so that the same rows give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
