"""What becomes of deliveries that are half written, changed, or made with a spreadsheet's usual accidents."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from connectors.ask import Ask, SnapshotFailed
from connectors.departments import TABLES as EVERY
from connectors.file_register import FileRegister
from tests.connectors.conformance import failure_of, fetch, plain
from tests.connectors.rows import NAMES, clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, Outcome, SourceFailed
from vocabulary.records.education import Aid, Enrolment, HardshipStudent

TABLES = EVERY[Department.EDUCATION]

AID = Ask(Aid, "person", (person(0), person(2)), frozenset({"programme", "amount_fen", "academic_year"}))

AID_HEADING = ("序号", "身份证号", "学年", "资助项目", "资金来源", "资助金额", "发放日期", "数据日期")

AID_ROW = ("1", person(0), "2025-2026", "扶贫雨露", "财政", "4500.00", "2026/3/1", "2026/10/31")

ENROLMENT_HEADING = (
    *("序号", "身份证号", "姓名", "学校名称", "学段", "是否全日制", "办学性质"),
    *("学籍状态", "入学日期", "预计毕业日期", "学籍所在地", "数据日期"),
)

ENROLMENT_ROW = (
    *("1", person(0), "安一", "演示一中", "普通高中", "是", "公办"),
    *("在读", "2025/9/1", "", "", "2026/10/31"),
)

HARDSHIP = Ask(HardshipStudent, "person", (person(0),), frozenset({"level"}))


def in_csv(*rows: Sequence[object], encoding: str = "gb18030") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def of_version_99(packed: bytes) -> bytes:
    """A zip whose first file says that it needs version 9.9 to be unpacked: nobody knows that one."""
    at = packed.index(b"PK\x01\x02") + 6  # the version needed, in the central directory
    return packed[:at] + (99).to_bytes(2, "little") + packed[at + 2 :]


def in_excel(*rows: Sequence[object], sheet: str = "困难学生", merge: str | None = None) -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    page = book.create_sheet(sheet, 0)
    for row in rows:
        page.append(row)
    if merge:
        page.merge_cells(merge)
    book.save(buffer)
    return buffer.getvalue()


def deliver(
    folder: Path,
    table: str,
    content: bytes,
    *,
    rows: int,
    on: str = "2026-10-31",
    changed: Mapping[str, object] | None = None,
) -> Path:
    """Write a delivery of one file; `changed` replaces what the manifest says of it."""
    delivery = folder / on
    delivery.mkdir(parents=True, exist_ok=True)
    (delivery / "file").write_bytes(content)
    listed = {
        "name": "file",
        "table": table,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": rows,
        **(changed or {}),
    }
    (delivery / "manifest.json").write_text(json.dumps({"delivered_on": on, "files": [listed]}))
    return delivery


def register(folder: Path) -> FileRegister:
    return FileRegister(Department.EDUCATION, folder.as_uri(), TABLES, clock=clock)


def asked(folder: Path, ask: Ask = AID) -> Mapping[str, Outcome]:
    return fetch(register(folder), ask)


def test_rows_are_read_from_the_clerk_s_own_words(tmp_path: Path) -> None:
    folder = tmp_path / "文件 交换"
    deliver(folder, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1)
    answers = asked(folder)
    (row,) = plain(answers[person(0)])
    assert (row["programme"], row["amount_fen"], row["academic_year"]) == ("扶贫雨露", 450000, 2025)
    assert isinstance(answers[person(2)], NoRecord)


@pytest.mark.parametrize("name", NAMES)
def test_rare_characters_in_names_survive_gb18030_and_utf_8(tmp_path: Path, name: str) -> None:
    aid = (*AID_ROW[:3], name, *AID_ROW[4:])
    deliver(tmp_path / "gb", "zizhu", in_csv(AID_HEADING, aid), rows=1)
    assert plain(asked(tmp_path / "gb")[person(0)])[0]["programme"] == name
    pupil = (*ENROLMENT_ROW[:2], name, *ENROLMENT_ROW[3:])
    deliver(tmp_path / "utf", "xueji", in_csv(ENROLMENT_HEADING, pupil, encoding="utf-8"), rows=1)
    ask = Ask(Enrolment, "person", (person(0),), frozenset({"name"}))
    assert plain(asked(tmp_path / "utf", ask)[person(0)])[0]["name"] == name


def test_blanks_around_cells_and_headings_and_a_small_x_are_forgiven(tmp_path: Path) -> None:
    row = (*AID_ROW[:1], f" {person(0).lower()}\u3000", *(f"{cell} " for cell in AID_ROW[2:]))
    deliver(tmp_path, "zizhu", in_csv([f" {cell} " for cell in AID_HEADING], row), rows=1)
    assert isinstance(asked(tmp_path)[person(0)], Found)


def test_columns_may_stand_in_any_order_and_others_beside_them_are_not_read(tmp_path: Path) -> None:
    heading, row = (*reversed(AID_HEADING), "家庭住址"), (*reversed(AID_ROW), "=SUM(A1)")
    deliver(tmp_path, "zizhu", in_csv(heading, row), rows=1)
    assert isinstance(asked(tmp_path)[person(0)], Found)


@pytest.mark.parametrize(
    "written", ["5.29901E+17", "5.29901195001010E17", '="529901195001010007"', "=A1"], ids=str
)
def test_an_id_that_a_spreadsheet_has_damaged_might_be_anybody_s_and_fails_all(
    tmp_path: Path, written: str
) -> None:
    damaged = (AID_ROW[0], written, *AID_ROW[2:])
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, ("2", person(2), *AID_ROW[2:]), damaged), rows=2)
    failed = failure_of(asked(tmp_path))
    assert failed.failure is FailureKind.CONTRACT_BROKEN
    assert "`Aid.person`: expected text, got" in failed.detail
    assert written not in failed.detail


def test_an_id_that_excel_keeps_as_a_number_fails_all(tmp_path: Path) -> None:
    heading = ("序号", "身份证号", "学年", "困难等级", "数据日期")
    row = ("1", 529901195001010007, "2025-2026", "特别困难", "2026/10/31")
    deliver(tmp_path, "kunnan", in_excel(heading, row), rows=1)
    assert (
        failure_of(asked(tmp_path, HARDSHIP)).detail == "`HardshipStudent.person`: expected text, got a float"
    )


def test_a_formula_is_no_fact(tmp_path: Path) -> None:
    row = (*AID_ROW[:3], '=HYPERLINK("http://elsewhere")', *AID_ROW[4:])
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, row, ("2", person(2), *AID_ROW[2:])), rows=2)
    answers = asked(tmp_path)
    failed = answers[person(0)]
    assert isinstance(failed, SourceFailed)
    assert failed.detail == "`Aid.programme`: expected text, got a formula"
    assert isinstance(answers[person(2)], Found)


def test_a_formula_in_excel_is_no_fact_either(tmp_path: Path) -> None:
    heading = ("序号", "身份证号", "学年", "困难等级", "数据日期")
    row = ("1", person(0), '="2025-2026"', "特别困难", "2026/10/31")
    deliver(tmp_path, "kunnan", in_excel(heading, row), rows=1)
    ask = Ask(HardshipStudent, "person", (person(0),), frozenset({"academic_year"}))
    assert failure_of(asked(tmp_path, ask)).failure is FailureKind.CONTRACT_BROKEN


def test_merged_headings_are_not_the_columns_agreed(tmp_path: Path) -> None:
    heading = ("序号", "身份证号", "学年", "困难等级", "数据日期")
    row = ("1", person(0), "2025-2026", "特别困难", "2026/10/31")
    deliver(tmp_path, "kunnan", in_excel(heading, row, merge="B1:D1"), rows=1)
    assert failure_of(asked(tmp_path, HARDSHIP)).failure is FailureKind.CONTRACT_BROKEN


@pytest.mark.parametrize(
    ("table", "content", "rows", "ask"),
    [
        pytest.param("zizhu", in_csv(AID_HEADING, AID_ROW), 2, AID, id="fewer rows than announced"),
        pytest.param("zizhu", in_csv(AID_HEADING, AID_ROW, AID_ROW), 1, AID, id="more rows than announced"),
        pytest.param("zizhu", in_csv(AID_HEADING[:-1], AID_ROW[:-1]), 1, AID, id="a column missing"),
        pytest.param("zizhu", in_csv(AID_HEADING, AID_ROW[:-1]), 1, AID, id="a cell missing"),
        pytest.param("zizhu", in_csv(AID_HEADING, AID_ROW, encoding="utf-16"), 1, AID, id="another encoding"),
        pytest.param("zizhu", b"\xff\xff", 1, AID, id="no text"),
        pytest.param("zizhu", b"", 0, AID, id="an empty file"),
        pytest.param("xueji", in_csv(AID_HEADING, AID_ROW), 1, AID, id="another table's file"),
        pytest.param("kunnan", in_csv(AID_HEADING, AID_ROW), 1, HARDSHIP, id="CSV for Excel"),
        pytest.param("kunnan", in_excel(AID_HEADING, sheet="Sheet9"), 0, HARDSHIP, id="another sheet"),
        pytest.param("kunnan", in_excel(AID_HEADING)[:900], 0, HARDSHIP, id="half an Excel file"),
        pytest.param("kunnan", of_version_99(in_excel(AID_HEADING)), 0, HARDSHIP, id="a zip of tomorrow"),
    ],
)
def test_a_file_otherwise_than_agreed_breaks_the_contract(
    tmp_path: Path, table: str, content: bytes, rows: int, ask: Ask
) -> None:
    deliver(tmp_path, table, content, rows=rows)
    assert failure_of(asked(tmp_path, ask)).failure is FailureKind.CONTRACT_BROKEN
    with pytest.raises(SnapshotFailed, match="CONTRACT_BROKEN"):
        list(register(tmp_path).snapshot(ask.record, ask.columns))


@pytest.mark.parametrize(
    "changed",
    [
        {"sha256": "0" * 64},
        {"name": "absent"},
        {"name": "../file"},
        {"table": "other"},
        {"rows": "1"},
        {"x": 1},
    ],
    ids=str,
)
def test_a_file_that_is_not_as_its_manifest_says_is_not_read(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    (tmp_path / "file").write_bytes(in_csv(AID_HEADING, AID_ROW))
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1, changed=changed)
    assert failure_of(asked(tmp_path)).failure is FailureKind.CONTRACT_BROKEN


def test_a_delivery_still_being_written_is_not_looked_at(tmp_path: Path) -> None:
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1)
    half = deliver(tmp_path, "zizhu", b"half", rows=1, on="2026-11-20")
    (half / "manifest.json").rename(half / "manifest.json.part")
    assert isinstance(asked(tmp_path)[person(0)], Found)


def test_a_newer_delivery_takes_the_older_one_s_place(tmp_path: Path) -> None:
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1)
    standing = register(tmp_path)
    assert isinstance(fetch(standing, AID)[person(0)], Found)
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, ("2", person(2), *AID_ROW[2:])), rows=1, on="2026-11-20")
    answers = fetch(standing, AID)
    assert isinstance(answers[person(0)], NoRecord)
    assert isinstance(answers[person(2)], Found)


def test_a_delivery_dated_after_today_is_not_looked_at(tmp_path: Path) -> None:
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, ("2", person(2), *AID_ROW[2:])), rows=1, on="2062-10-31")
    failed = failure_of(asked(tmp_path))
    assert failed.failure is FailureKind.CONTRACT_BROKEN
    assert failed.detail == "expected a delivery dated 2026-11-22 or before, got 1 others"
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1, on="2026-11-22")
    assert isinstance(asked(tmp_path)[person(0)], Found)


def test_a_delivery_whose_manifest_tells_another_day_breaks_the_contract(tmp_path: Path) -> None:
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1, on="2062-10-31")
    (tmp_path / "2062-10-31").rename(tmp_path / "2026-10-31")
    assert failure_of(asked(tmp_path)).failure is FailureKind.CONTRACT_BROKEN


def test_no_delivery_and_no_folder_are_unreachable(tmp_path: Path) -> None:
    assert failure_of(asked(tmp_path)).failure is FailureKind.UNREACHABLE
    assert failure_of(asked(tmp_path / "absent")).failure is FailureKind.UNREACHABLE


def test_a_manifest_that_cannot_be_read_breaks_the_contract(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1)
    (delivery / "manifest.json").write_bytes(b"\xff{")
    assert failure_of(asked(tmp_path)).failure is FailureKind.CONTRACT_BROKEN


@pytest.mark.parametrize("seed", range(4))
def test_whatever_bytes_a_file_has_been_changed_to_nothing_is_raised(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    heading = ("序号", "身份证号", "学年", "困难等级", "数据日期")
    row = ("1", person(0), "2025-2026", "特别困难", "2026/10/31")
    good = {"zizhu": (in_csv(AID_HEADING, AID_ROW), AID), "kunnan": (in_excel(heading, row), HARDSHIP)}
    for table, (content, ask) in good.items():
        for turn in range(40):
            changed = bytearray(content)
            for _ in range(chance.randint(1, 8)):
                changed[chance.randrange(len(changed))] = chance.choice(
                    (0, 10, 34, 44, chance.randrange(256))
                )
            folder = tmp_path / f"{table}-{turn}"
            deliver(folder, table, bytes(changed), rows=1)
            assert set(asked(folder, ask)) == set(ask.ids)


def test_an_excel_file_that_unpacks_to_too_much_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = in_excel(("序号", "身份证号", "学年", "困难等级", "数据日期"), *[["0" * 1000] * 5] * 50)
    deliver(tmp_path, "kunnan", content, rows=50)
    monkeypatch.setattr("connectors.delivery.FILE_BYTES", 3 * len(content))
    failed = failure_of(asked(tmp_path, HARDSHIP))
    assert "unpacked" in failed.detail


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(tmp_path, "zizhu", in_csv(AID_HEADING, AID_ROW), rows=1)
    monkeypatch.setattr("connectors.delivery.FILE_BYTES", 10)
    assert "expected at most 10 bytes" in failure_of(asked(tmp_path)).detail
