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
from casework.written import BadAgreement, BadAgreements

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
    ("change", "sheet", "line", "column"),
    [
        (at(0, "B3", "招商"), " 共享协议", 3, "提供部门"),
        (at(0, "E2", "招生宣传"), " 共享协议", 2, "目的"),
        (at(0, "L2", "2026-13-01"), " 共享协议", 2, "有效期自"),
        (at(0, "G2", ""), " 共享协议", 2, "场景"),
        (at(0, "A1", "编号"), " 共享协议", 1, "-"),
        (at(0, "G2", 17), " 共享协议", 2, "场景"),
        (at(1, "B2", "公开"), " 字段", 2, "方式"),
        (at(1, "C2", "社会保险缴费.不存在"), " 字段", 2, "字段"),
        (at(1, "A2", "XX-XX-2026-999"), " 字段", 2, "协议编号"),
        (lambda book: book.remove(book.worksheets[1]), "", 1, "-"),
    ],
)
def test_a_mistake_is_named_by_sheet_row_and_column(
    change: Callable[[Workbook], object], sheet: str, line: int, column: str
) -> None:
    with pytest.raises(BadAgreement) as wrong:
        read_sheet(changed(change), file="two.xlsx")
    assert (wrong.value.file, wrong.value.line, wrong.value.key) == (f"two.xlsx{sheet}", line, column)


def test_all_mistakes_are_told_at_once() -> None:
    def change(book: Workbook) -> None:
        for cell, value in (("B2", "招商"), ("L2", "2026-13-01"), ("G3", 17), ("H3", "")):
            book.worksheets[0][cell] = value
        for cell, value in (("C2", "社会保险缴费.不存在"), ("C3", "无此字段"), ("B4", "公开")):
            book.worksheets[1][cell] = value

    with pytest.raises(BadAgreements) as wrong:
        read_sheet(changed(change), file="two.xlsx")
    places = {(each.file, each.line, each.key) for each in wrong.value.faults}
    assert places == {
        ("two.xlsx 共享协议", 2, "提供部门"),
        ("two.xlsx 共享协议", 2, "有效期自"),
        ("two.xlsx 共享协议", 3, "场景"),
        ("two.xlsx 字段", 2, "字段"),
        ("two.xlsx 字段", 3, "字段"),
        ("two.xlsx 字段", 4, "方式"),
    }
    assert str(wrong.value).splitlines() == [str(each) for each in wrong.value.faults]


def test_a_number_that_stands_twice_is_told_with_the_fields_left_over() -> None:
    with pytest.raises(BadAgreements) as wrong:
        read_sheet(changed(at(0, "A3", SHIPPED[0].number)), file="two.xlsx")
    assert [(each.file, each.key) for each in wrong.value.faults] == [
        ("two.xlsx 共享协议", "协议编号"),
        ("two.xlsx 字段", "协议编号"),
    ]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"a;b;c", b"\x00" * (5 << 20)])
def test_what_is_no_excel_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadAgreement):
        read_sheet(data, file="none.xlsx")
