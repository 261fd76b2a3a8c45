"""Records side by side: what is laid beside what, and what counts as a difference."""

from __future__ import annotations

from gateway.console.dossier import Cell
from gateway.console.sides import Side, laid
from vocabulary.codes import Department

CIVIL, SOCIAL = Department.CIVIL_AFFAIRS, Department.SOCIAL_SECURITY


def side(of: Department, term: str, id_: str, **columns: str) -> Side:
    cells = tuple((head, Cell(text)) for head, text in columns.items())
    return Side(of, term, id_, (("记录编号", Cell(id_)), *cells))


def test_two_sources_of_one_month_stand_in_one_row_and_a_difference_is_marked() -> None:
    months = laid([
        side(CIVIL, "收入申报", "d1", 月份="2026-01", 金额="1000.00"),
        side(SOCIAL, "社会保险缴费", "i1", 月份="2026-01", 缴费基数="4000.00"),
        side(CIVIL, "收入申报", "d2", 月份="2026-02", 金额="4000.00"),
        side(SOCIAL, "社会保险缴费", "i2", 月份="2026-02", 缴费基数="4000.00"),
        side(CIVIL, "收入申报", "d3", 月份="2026-03", 金额="1000.00"),
    ]).months  # fmt: skip
    assert months is not None
    assert months.sources == ("民政 · 收入申报", "人社 · 社会保险缴费")
    assert [(month, differs) for month, _, differs in months.rows] == [
        ("2026-01", True), ("2026-02", False), ("2026-03", False),
    ]  # fmt: skip
    assert months.rows[2][1] == ("1000.00", "")


def test_records_of_no_month_are_cards_and_the_column_in_which_they_disagree_is_marked() -> None:
    others = laid(
        [
            side(CIVIL, "人员基本信息", "p1", 姓名="安一木", 性别="男"),
            side(SOCIAL, "培训", "t1", 姓名="安一本"),
        ]
    ).others
    assert [card.differs for card in others] == [frozenset({"姓名"})] * 2


def test_a_value_that_is_hidden_is_no_difference() -> None:
    hidden = Side(SOCIAL, "培训", "t1", (("姓名", Cell("", "DENIED", "条款")),))
    assert laid([side(CIVIL, "人员基本信息", "p1", 姓名="安一木"), hidden]).others[0].differs == frozenset()
