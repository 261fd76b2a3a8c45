"""Do agreements come back from an Excel file as the very same, and are its mistakes named by row and key?"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from openpyxl import Workbook, load_workbook

from casework.agreement import as_text, hash_of, load_agreements
from casework.agreement_register import understood
from casework.agreement_sheet import read_sheet, write_sheet
from casework.written import BadAgreement

SHIPPED = load_agreements()


def test_what_is_shipped_comes_back_with_the_same_hash() -> None:
    back = read_sheet(write_sheet(SHIPPED), file="all.xlsx")
    assert back == SHIPPED
    assert hash_of(back) == hash_of(SHIPPED)


def test_as_yaml_it_comes_back_as_well() -> None:
    assert tuple(understood(as_text(one), file=one.number) for one in SHIPPED) == SHIPPED


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+86", "𠮷林  　省", "a、b；c", "'quoted'"])
def test_a_text_stays_the_text_that_it_is(text: str) -> None:
    one = replace(SHIPPED[0], scenario=text, bases=(text, f"{text} 二"))
    data = write_sheet([one])
    assert read_sheet(data, file="one.xlsx") == (one,)
    cells = [cell for row in load_workbook(io.BytesIO(data)).worksheets[0].rows for cell in row]
    assert "f" not in {cell.data_type for cell in cells}


def changed(change: Callable[[Workbook], object]) -> bytes:
    book = load_workbook(io.BytesIO(write_sheet(SHIPPED[:2])))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def at(sheet: int, cell: str, value: object) -> Callable[[Workbook], object]:
    def change(book: Workbook) -> None:
        book.worksheets[sheet][cell] = value

    return change


@pytest.mark.parametrize(
    ("change", "line", "key"),
    [
        (at(0, "B3", "招商"), 3, "提供部门"),
        (at(0, "E2", "招生宣传"), 2, "目的"),
        (at(0, "A3", SHIPPED[0].number), 3, "协议编号"),
        (at(0, "L2", "2026-13-01"), 2, "自"),
        (at(0, "G2", ""), 2, "场景"),
        (at(0, "A1", "编号"), 1, "-"),
        (at(0, "G2", 17), 2, "-"),
        (at(1, "B2", "公开"), 2, "方式"),
        (at(1, "C2", "社会保险缴费.不存在"), 2, "明文"),
        (at(1, "A2", "XX-XX-2026-999"), 2, "协议编号"),
        (lambda book: book.remove(book.worksheets[1]), 1, "-"),
    ],
)
def test_a_mistake_is_named_by_row_and_key(change: Callable[[Workbook], object], line: int, key: str) -> None:
    with pytest.raises(BadAgreement) as wrong:
        read_sheet(changed(change), file="two.xlsx")
    assert (wrong.value.file, wrong.value.line, wrong.value.key) == ("two.xlsx", line, key)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"a;b;c", b"\x00" * (5 << 20)])
def test_what_is_no_excel_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadAgreement):
        read_sheet(data, file="none.xlsx")
