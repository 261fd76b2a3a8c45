"""Does a signed document say where it is wrong?"""

import pytest

from casework.written import BadAgreement, read_file, read_text


def test_scalars_stay_what_was_written():
    section = read_text("自: 2026-01-01\n数: 007\n否: no\n", file="a.yaml")
    assert [section.text(key).value for key in ("自", "数", "否")] == ["2026-01-01", "007", "no"]


def test_an_error_names_file_line_key_expected_and_got():
    section = read_text("甲: 1\n乙: 二〇二六年\n", file="a.yaml")
    with pytest.raises(BadAgreement) as caught:
        section.text("乙").as_date()
    assert str(caught.value) == "a.yaml:2: `乙`: expected a day such as `2026-01-01`, got `二〇二六年`"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("甲: 1\n甲: 2\n", 2, "each key once"),
        ("甲: &x 1\n乙: *x\n", 1, "no aliases"),
        ("- 1\n", 1, "keys and values"),
        ("", 1, "keys and values"),
        ("甲: [1\n", 2, "one YAML document"),
        ("? [1]\n: 2\n", 1, "a word as key"),
        ("甲: 1\n---\n乙: 2\n", 2, "one YAML document"),
    ],
)
def test_a_document_that_two_readers_could_take_for_two_things_is_refused(text, line, expected):
    with pytest.raises(BadAgreement) as caught:
        read_text(text, file="a.yaml")
    assert (caught.value.line, caught.value.expected) == (line, expected)


def test_a_key_that_nobody_knows_is_refused_with_its_line():
    with pytest.raises(BadAgreement) as caught:
        read_text("甲: 1\n丙: 2\n", file="a.yaml").only(required=("甲",), optional=("乙",))
    assert (caught.value.line, caught.value.key) == (2, "丙")


def test_a_missing_key_is_named():
    with pytest.raises(BadAgreement) as caught:
        read_text("甲: 1\n", file="a.yaml").only(required=("甲", "乙"))
    assert caught.value.key == "乙"


@pytest.mark.parametrize("text", ["甲: \n", "甲: {乙: 1}\n", "甲: [1]\n"])
def test_one_value_means_one_value(text):
    with pytest.raises(BadAgreement, match="one value"):
        read_text(text, file="a.yaml").text("甲")


def test_a_single_value_is_not_taken_for_a_list():
    with pytest.raises(BadAgreement, match="a list"):
        read_text("甲: 1\n", file="a.yaml").texts("甲")


def test_another_encoding_is_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("提供部门: 民政\n".encode("gb18030"))
    with pytest.raises(BadAgreement, match="UTF-8"):
        read_file(path)
