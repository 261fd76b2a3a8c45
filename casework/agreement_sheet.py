"""How do sharing agreements travel as an Excel file? Two sheets, which come back as the very same agreements.

`共享协议` has a row for each agreement, `字段` one for each field of each. A cell that holds several
values has each on a line of its own. What comes in is read as strictly as the YAML files, by the same
reader, and its mistakes are told all at once, by file and sheet, row and column.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import yaml
from python_calamine import CalamineError, CalamineWorkbook

from casework.agreement import KEYS, Access, Agreement, as_data, read_agreement
from casework.written import BadAgreement, Faults, section_of

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
    """The agreements of an Excel file, in its order.

    Raises `BadAgreement`, or `BadAgreements` with everything that is wrong, by sheet, row and column.
    """
    if len(data) > LARGEST:
        raise _wrong(file, 1, "-", f"a file of at most {LARGEST} bytes", "a larger one")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (CalamineError, ValueError, OSError):
        raise _wrong(file, 1, "-", "an Excel file (.xlsx)", "something else") from None
    faults = Faults()
    terms = faults.of(lambda: _Sheet.read(sheets, TERMS, HEADS, file), instead=None)
    of_fields = faults.of(lambda: _Sheet.read(sheets, FIELDS, FIELD_HEADS, file), instead=None)
    if terms is None or of_fields is None:
        faults.require_none()
        raise AssertionError("a sheet that is not read has a fault")
    found = _agreements(terms, _fields(of_fields, faults), faults)
    faults.require_none()
    return tuple(found.values())


def _agreements(terms: _Sheet, fields: dict[str, list[Field]], faults: Faults) -> dict[str, Agreement]:
    """The agreements of the sheets, by number; what is wrong with them is among the faults."""
    found: dict[str, Agreement] = {}
    seen: set[str] = set()
    for line, row in terms.rows(faults):
        number = row["协议编号"]
        if number in seen:
            faults.found.append(terms.wrong(line, "协议编号", "each number once", "it a second time"))
            continue
        seen.add(number)
        document = section_of(_document(row, fields.get(number, []), line), file=terms.file)
        read = Faults()
        agreement = read.of(partial(read_agreement, document), instead=None)
        faults.found += [_placed(each, terms.file) for each in read.found]
        if agreement is not None:
            found[number] = agreement
    for number in sorted(fields.keys() - terms.column("协议编号")):
        (line, _, _), *_ = fields[number]
        faults.found.append(
            _wrong(terms.file, line, "协议编号", f"a number of the sheet {TERMS}", "another one", FIELDS)
        )
    if not seen and not faults.found:
        faults.found.append(terms.wrong(1, "-", "one or more agreements", "none"))
    return found


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


class _Sheet(NamedTuple):
    """A sheet with the heads that it must have."""

    file: str
    name: str
    heads: tuple[str, ...]
    cells: Sequence[Sequence[object]]

    @classmethod
    def read(
        cls, sheets: Mapping[str, Sequence[Sequence[object]]], name: str, heads: Sequence[str], file: str
    ) -> _Sheet:
        """The sheet of a name. Raises `BadAgreement`."""
        rows = sheets.get(name)
        if not rows:
            raise _wrong(file, 1, "-", f"a sheet {name} with heads", "none")
        found = tuple(str(cell).strip() for cell in rows[0])
        if sorted(found) != sorted(heads):
            raise _wrong(file, 1, "-", "the heads " + "、".join(heads), "、".join(found)[:80], name)
        return cls(file, name, found, rows[1:])

    def rows(self, faults: Faults) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows under the heads, each with its number as Excel shows it; empty and faulty ones are left out."""
        for line, row in enumerate(self.cells, 2):
            cells = dict(zip(self.heads, row, strict=False))
            texts = {head: _text(cell) for head, cell in cells.items()}
            wrong = [head for head, text in texts.items() if text is None]
            for head in wrong:
                faults.found.append(self.wrong(line, head, "a text", f"`{str(cells[head])[:20]}`"))
            if not wrong and any(texts.values()):
                yield line, {head: text or "" for head, text in texts.items()}

    def column(self, head: str) -> set[str | None]:
        """Every text under a head, also of rows that are left out."""
        place = self.heads.index(head)
        return {_text(row[place]) for row in self.cells if place < len(row)}

    def wrong(self, line: int, column: str, expected: str, got: str) -> BadAgreement:
        """What is wrong in a cell."""
        return _wrong(self.file, line, column, expected, got, self.name)


def _text(cell: object) -> str | None:
    """A cell as text: days may come as days; anything else says nothing for sure."""
    if isinstance(cell, str):
        return cell.strip()
    return str(cell.isoformat())[:10] if hasattr(cell, "isoformat") else None


def _fields(sheet: _Sheet, faults: Faults) -> dict[str, list[Field]]:
    """The fields by number of their agreement, also of those that are named under no agreement."""
    fields: dict[str, list[Field]] = {}
    for line, row in sheet.rows(faults):
        of_number = fields.setdefault(row["协议编号"], [])
        if row["方式"] not in _MODES:
            terms = "、".join(_MODES)
            faults.found.append(sheet.wrong(line, "方式", f"one of {terms}", f"`{row['方式'][:20]}`"))
        else:
            of_number.append((line, row["方式"], row["字段"]))
    return {number: rows for number, rows in fields.items() if rows}


_MODES = tuple(access.term for access in Access)


def _placed(wrong: BadAgreement, file: str) -> BadAgreement:
    """What the reader of a document found, by the sheet and the column where it stands."""
    if wrong.key in _MODES:
        return _wrong(file, wrong.line, "字段", wrong.expected, wrong.got, FIELDS)
    column = next((head for head, part in TERM.items() if part == wrong.key), wrong.key)
    return _wrong(file, wrong.line, column, wrong.expected, wrong.got, TERMS)


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


def _wrong(file: str, line: int, key: str, expected: str, got: str, sheet: str = "") -> BadAgreement:
    """What is wrong in a row of a sheet, or with the file."""
    return BadAgreement(file=f"{file} {sheet}".strip(), line=line, key=key, expected=expected, got=got)
