"""Do agreements say what a lawyer signed, and does a slip of the pen name its place?"""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.agreement import (
    KEYS,
    SHIPPED,
    Access,
    Condition,
    Purpose,
    Recipient,
    canonical,
    differences,
    hash_of,
    load_agreement,
    load_agreements,
    read_agreement,
)
from casework.resource import Product, of_column, of_state, resources
from casework.written import BadAgreement, read_text
from vocabulary.codes import Department
from vocabulary.record import ColumnKind, columns_of
from vocabulary.register import RECORD_TYPES

GOOD = """\
协议编号: MZ-RS-2026-901
提供部门: 人社
使用部门: 民政
共享类型: 有条件共享
目的: [低保资格认定, 定期核查]
法律依据: [《社会救助法》第四十一条]
场景: 核对家庭经济状况
方式: 服务接口
岗位: [核对员]
地域: 本辖区
条件: [当事人书面授权]
有效期: {自: 2026-01-01, 至: 2027-12-31}
字段:
  明文: [失业登记.*, 社会保险缴费.月份]
  脱敏: [失业登记.身份号码]
  仅核验: [社会保险缴费.缴费基数]
  禁止: [工伤保险待遇.金额]
"""


def read(text):
    return read_agreement(read_text(text, file="a.yaml"))


def wrong(old, new):
    assert old in GOOD
    with pytest.raises(BadAgreement) as caught:
        read(GOOD.replace(old, new))
    return caught.value


def test_an_agreement_reads_as_it_was_written():
    agreement = read(GOOD)
    assert agreement.provider is Department.SOCIAL_SECURITY
    assert agreement.recipient is Recipient.CIVIL_AFFAIRS
    assert agreement.purposes == (Purpose.DIBAO_RECOGNITION, Purpose.PERIODIC_REVIEW)
    assert agreement.conditions == (Condition.CONSENT,)
    assert (agreement.since, agreement.until) == (date(2026, 1, 1), date(2027, 12, 31))
    assert dict(agreement.fields)["社会保险缴费.缴费基数"] is Access.VERIFY_ONLY


def test_a_field_named_by_itself_outranks_the_star_of_its_record():
    fields = dict(read(GOOD).fields)
    assert fields["失业登记.身份号码"] is Access.MASKED
    assert fields["失业登记.登记日期"] is fields["失业登记.查询状态"] is Access.CLEAR


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_required(key):
    lines = GOOD.split("\n字段:")[0].splitlines() if key == "字段" else GOOD.splitlines()
    text = "\n".join(line for line in lines if not line.startswith(key))
    with pytest.raises(BadAgreement) as caught:
        read(text + "\n")
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "expected"),
    [
        ("MZ-RS-2026-901", "17号", 1, "协议编号", "a number such as"),
        ("提供部门: 人社", "提供部门: 人力社保", 2, "提供部门", "one of 民政、人社"),
        ("使用部门: 民政", "使用部门: 银行", 3, "使用部门", "one of 民政"),
        ("有条件共享", "共享", 4, "共享类型", "one of 无条件共享"),
        ("定期核查", "招生宣传", 5, "目的", "one of 特困人员认定"),
        ("[低保资格认定, 定期核查]", "[]", 1, "目的", "at least one value"),
        ("[低保资格认定, 定期核查]", "[定期核查, 定期核查]", 5, "目的", "each value once"),
        ("本辖区", "全国", 10, "地域", "one of 本辖区"),
        ("当事人书面授权", "口头同意", 11, "条件", "one of 当事人书面授权"),
        ("2026-01-01", "2026-13-01", 12, "自", "a day such as"),
        ("2026-01-01", "20260101", 12, "自", "a day such as"),
        ("2027-12-31", "2025-12-31", 12, "至", "a day not before"),
        ("社会保险缴费.月份", "社会保险缴费.工资", 14, "明文", "a field such as"),
        ("社会保险缴费.月份", "社会保险.*", 14, "明文", "a field such as"),
        ("社会保险缴费.月份", "社会保险缴费.缴费基数", 16, "仅核验", "each field once"),
        ("社会保险缴费.月份", "失业登记.*", 14, "明文", "each field once"),
        ("社会保险缴费.月份", "学籍.学校", 14, "明文", "a field of 人社"),
        (
            "脱敏: [失业登记.身份号码]",
            "脱敏: [养老金.个人账户养老金]",
            15,
            "脱敏",
            "a field that can be masked",
        ),
        (
            "仅核验: [社会保险缴费.缴费基数]",
            "仅核验: [社会保险缴费.查询状态]",
            16,
            "仅核验",
            "can be compared",
        ),
        ("  禁止:", "  隐藏:", 17, "隐藏", "one of the keys"),
        ("有条件共享", "无条件共享", 4, "共享类型", "有条件共享, as"),
        ("有条件共享", "不予共享", 4, "共享类型", "a class that shares"),
        ("使用部门: 民政", "使用部门: 第三方评估", 3, "使用部门", "the condition 提供部门书面同意"),
    ],
)
def test_a_slip_names_its_line_and_what_was_expected(old, new, line, key, expected):
    error = wrong(old, new)
    assert (error.file, error.line, error.key) == ("a.yaml", line, key)
    assert expected in error.expected


def test_the_neighbour_of_each_slip_is_accepted():
    assert read(GOOD.replace("2027-12-31", "2026-01-01")).until == date(2026, 1, 1)
    outside = GOOD.replace("使用部门: 民政", "使用部门: 第三方评估")
    assert read(outside.replace("当事人书面授权", "提供部门书面同意")).recipient is Recipient.EVALUATOR


def test_withheld_records_may_be_forbidden_by_name():
    fields = "字段: {禁止: [工伤保险待遇.*]}\n"
    agreement = read(GOOD.split("字段:")[0].replace("有条件共享", "不予共享") + fields)
    assert {access for _, access in agreement.fields} == {Access.DENIED}


def test_the_hash_depends_on_what_is_said_and_on_nothing_else():
    same = read(
        "# 注释\n" + GOOD.replace("[失业登记.*, 社会保险缴费.月份]", "[社会保险缴费.月份, 失业登记.*]")
    )
    assert hash_of([same]) == hash_of([read(GOOD)])
    other = read(GOOD.replace("2027-12-31", "2027-12-30"))
    assert hash_of([other]) != hash_of([same])
    assert hash_of([same, read(GOOD.replace("901", "902"))]) == hash_of(
        [read(GOOD.replace("901", "902")), same]
    )


def test_the_canonical_form_is_itself_an_agreement():
    agreement = read(GOOD)
    (data,) = yaml.safe_load(canonical([agreement]).decode())
    text = yaml.safe_dump(data, allow_unicode=True)
    assert read(text) == agreement


@given(
    at=st.integers(0, len(GOOD)),
    length=st.integers(0, 40),
    put=st.text(max_size=12)
    | st.sampled_from(["[", "{", ": ", "\n- ", "*x", "!!python/object:x", "\x00", "? "]),
)
@settings(max_examples=300)
def test_a_damaged_file_raises_our_error_alone(at, length, put):
    with suppress(BadAgreement):
        assert read(GOOD[:at] + put + GOOD[at + length :]).fields


def test_a_number_used_twice_is_refused(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(BadAgreement, match="each number once"):
        load_agreements(tmp_path)


def test_an_empty_folder_is_not_an_agreement_to_share_nothing(tmp_path):
    with pytest.raises(BadAgreement, match="got none"):
        load_agreements(tmp_path)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_agreement_loads_and_bears_its_number(path):
    assert load_agreement(path).number == path.stem


def test_the_shipped_set_covers_all_departments_and_the_evaluator():
    pairs = {(each.provider.term, each.recipient.term) for each in load_agreements()}
    providers = {record.department.term for record in RECORD_TYPES}
    assert {(provider, "民政") for provider in providers} <= pairs
    assert {("民政", recipient.term) for recipient in Recipient} <= pairs
    assert {(provider, "第三方评估") for provider in providers} <= pairs


def test_no_amount_reaches_the_evaluator_in_clear():
    for agreement in load_agreements():
        if agreement.recipient is not Recipient.EVALUATOR:
            continue
        assert Condition.ONWARD in agreement.conditions
        for name, access in agreement.fields:
            found = resources()[name]
            if found.record is None or found.column is None:
                continue
            kind = columns_of(found.record)[found.column].kind
            if kind in (ColumnKind.FEN, ColumnKind.ID_NUMBER) or found.column == "name":
                assert access is not Access.CLEAR, name


PAGE = (Path(__file__).parents[2] / "docs" / "sharing-agreements.md").read_text(encoding="utf-8")


def example(language):
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return code


def test_the_documents_agreement_is_one():
    assert read(example("yaml")).number == "MZ-RS-2026-018"


def test_the_documents_example_prints_what_it_says(capsys):
    code = example("python")
    exec(compile(code, "docs/sharing-agreements.md", "exec"), {})
    assert capsys.readouterr().out.strip() == code.strip().rpartition("# ")[2]


@pytest.mark.parametrize(
    "word", [*KEYS, *(c.term for codes in (Purpose, Condition, Product, Access) for c in codes)]
)
def test_every_word_of_the_agreements_is_documented(word):
    assert f"| {word} |" in PAGE or f"| {word} `" in PAGE


def test_every_shipped_agreement_stands_in_the_documents_table() -> None:
    rows = re.findall(
        r"\| (\w\w-\w\w-2026)-(\d{3}(?:(?:, | and )\d{3})*).*? \| (\w+) → (\w+) \| (.+) \|", PAGE
    )
    told = {
        f"{pair}-{number}": (giver, taker, posts[min(which, len(posts) - 1)])
        for pair, numbers, giver, taker, said in rows
        for posts in [said.split(" and ")]
        for which, number in enumerate(re.findall(r"\d{3}", numbers))
    }
    assert told == {
        one.number: (one.provider.term, one.recipient.term, ", ".join(one.posts)) for one in load_agreements()
    }


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_is_documented_with_its_code(purpose):
    assert f"| `{purpose.value}` | {purpose.term} |" in PAGE


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_whoever_sees_a_column_also_sees_whether_there_is_a_record_and_for_which_day(path):
    shown = {name for name, access in load_agreement(path).fields if access is not Access.DENIED}
    records = {resources()[name].record for name in shown} - {
        None
    }  # none where only answers of ours are shared
    assert {of_state(record) for record in records} <= shown
    assert {of_column(record, "as_of") for record in records} <= shown


def test_what_a_revision_changes_is_told_key_by_key_and_field_by_field() -> None:
    (one,) = [each for each in load_agreements() if each.number == "MZ-RS-2026-018"]
    other = replace(one, way="批量", fields=one.fields[1:])
    name, access = one.fields[0]
    assert differences(one, other) == [("方式", one.way, "批量"), (name, access.term, "")]
    assert differences(one, one) == []
    assert ("协议编号", "", one.number) in differences(None, one)
