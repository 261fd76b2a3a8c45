"""How do sharing agreements travel as an Excel file? Two sheets, which come back as the very same agreements.

`共享协议` has a row for each agreement, `字段` one for each field of each. A cell that holds several
values has each on a line of its own. What comes in is read as strictly as the YAML files, by the same
reader, and its mistakes are named by file, row and key.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import yaml
from python_calamine import CalamineError, CalamineWorkbook

from casework.agreement import KEYS, Access, Agreement, as_data, read_agreement
from casework.written import BadAgreement, section_of

TERMS, FIELDS = "共享协议", "字段"
"""Names of the two sheets."""

LISTS = ("目的", "法律依据", "岗位", "条件")
TERM = {"有效期自": "自", "有效期至": "至"}
HEADS = tuple(key for key in KEYS if key not in ("有效期", "字段")) + tuple(TERM)
FIELD_HEADS = ("协议编号", "方式", "字段")
LARGEST = 4 << 20
"""Bytes of a file that is read."""


def write_sheet(agreements: Iterable[Agreement]) -> bytes:
    """The agreements as an Excel file (.xlsx), in their order."""
    from openpyxl import Workbook  # a gateway starts without its two hundred modules

    book = Workbook()
    terms = book.active
    assert terms is not None, "a new workbook has a sheet"
    terms.title = TERMS
    fields = book.create_sheet(FIELDS)
    _append(terms, HEADS)
    _append(fields, FIELD_HEADS)
    for agreement in agreements:
        said = as_data(agreement)
        _append(terms, [_cell(said, head) for head in HEADS])
        for name, access in agreement.fields:
            _append(fields, (agreement.number, access.term, name))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_sheet(data: bytes, *, file: str) -> tuple[Agreement, ...]:
    """The agreements of an Excel file, in its order. Raises `BadAgreement`."""
    if len(data) > LARGEST:
        raise _wrong(file, 1, "-", f"a file of at most {LARGEST} bytes", "a larger one")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (CalamineError, ValueError, OSError):
        raise _wrong(file, 1, "-", "an Excel file (.xlsx)", "something else") from None
    fields = _fields(_rows(sheets, FIELDS, FIELD_HEADS, file), file)
    found: dict[str, Agreement] = {}
    for line, row in _rows(sheets, TERMS, HEADS, file):
        number = row["协议编号"]
        if number in found:
            raise _wrong(file, line, "协议编号", "each number once", "it a second time")
        found[number] = read_agreement(section_of(_document(row, fields.pop(number, []), line), file=file))
    if fields:
        (line, _, _), *_ = next(iter(fields.values()))
        raise _wrong(file, line, "协议编号", f"a number of the sheet {TERMS}", "another one")
    if not found:
        raise _wrong(file, 1, "-", "one or more agreements", "none")
    return tuple(found.values())


Entries: TypeAlias = list[tuple[yaml.Node, yaml.Node]]

Field: TypeAlias = tuple[int, str, str]
"""Row, heading, name of a field."""


def _append(sheet: object, values: Sequence[str]) -> None:
    """A row of texts: what looks like a formula is a text, too."""
    from openpyxl.cell.cell import Cell  # see `write_sheet`

    cells = []
    for value in values:
        cell = Cell(sheet, value=value)
        cell.data_type = "s"
        cells.append(cell)
    sheet.append(cells)  # type: ignore[attr-defined]


def _cell(said: Mapping[str, object], head: str) -> str:
    if head in TERM:
        term = said["有效期"]
        assert isinstance(term, dict), "as `as_data` gives it"
        return str(term[TERM[head]])
    value = said[head]
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _rows(
    sheets: Mapping[str, Sequence[Sequence[object]]], name: str, heads: Sequence[str], file: str
) -> list[tuple[int, dict[str, str]]]:
    """The rows of a sheet under its heads, each with its number as Excel shows it; empty ones are left out."""
    rows = sheets.get(name)
    if not rows:
        raise _wrong(file, 1, "-", f"a sheet {name} with heads", "none")
    found = [str(cell).strip() for cell in rows[0]]
    if sorted(found) != sorted(heads):
        raise _wrong(file, 1, "-", "the heads " + "、".join(heads), "、".join(found)[:80])
    lines = []
    for line, row in enumerate(rows[1:], 2):
        texts = [_text(cell, file, line) for cell in row]
        if any(texts):
            lines.append((line, dict(zip(found, texts, strict=False))))
    return lines


def _text(cell: object, file: str, line: int) -> str:
    """A cell as text: days may come as days, anything else but text says nothing for sure."""
    if isinstance(cell, str):
        return cell.strip()
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())[:10]
    raise _wrong(file, line, "-", "cells of text", f"`{str(cell)[:20]}`")


def _fields(rows: Iterable[tuple[int, Mapping[str, str]]], file: str) -> dict[str, list[Field]]:
    fields: dict[str, list[Field]] = {}
    for line, row in rows:
        if row["方式"] not in {access.term for access in Access}:
            terms = "、".join(access.term for access in Access)
            raise _wrong(file, line, "方式", f"one of {terms}", f"`{row['方式'][:20]}`")
        fields.setdefault(row["协议编号"], []).append((line, row["方式"], row["字段"]))
    return fields


def _document(row: Mapping[str, str], fields: Sequence[Field], line: int) -> yaml.MappingNode:
    """An agreement as the reader of YAML would have composed it, each value in the row where it stands."""
    entries: Entries = []
    for key in KEYS:
        if key == "有效期":
            term: Entries = [(_scalar(part, line), _scalar(row[head], line)) for head, part in TERM.items()]
            value: yaml.Node = _mapping(term, line)
        elif key == "字段":
            value = _mapping(_modes(fields, line), line)
        elif key in LISTS:
            value = _sequence([(line, text.strip()) for text in row[key].splitlines() if text.strip()], line)
        else:
            value = _scalar(row[key], line)
        entries.append((_scalar(key, line), value))
    return _mapping(entries, line)


def _modes(fields: Sequence[Field], line: int) -> Entries:
    modes = dict.fromkeys(mode for _, mode, _ in fields)
    return [
        (_scalar(mode, line), _sequence([(at, name) for at, each, name in fields if each == mode], line))
        for mode in modes
    ]


def _mark(line: int) -> yaml.Mark:
    return yaml.Mark("", 0, line - 1, 0, None, 0)


def _scalar(text: str, line: int) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, _mark(line), _mark(line))


def _sequence(texts: Iterable[tuple[int, str]], line: int) -> yaml.SequenceNode:
    items = [_scalar(text, at) for at, text in texts]
    return yaml.SequenceNode("tag:yaml.org,2002:seq", items, _mark(line), _mark(line))


def _mapping(entries: Entries, line: int) -> yaml.MappingNode:
    return yaml.MappingNode("tag:yaml.org,2002:map", entries, _mark(line), _mark(line))


def _wrong(file: str, line: int, key: str, expected: str, got: str) -> BadAgreement:
    return BadAgreement(file=file, line=line, key=key, expected=expected, got=got)
