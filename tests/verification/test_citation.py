"""How is an article named to the person concerned?"""

import re

import pytest

from verification.citation import in_chinese
from verification.pack import load_pack
from verification.rules_page import BESIDE, CATALOGUE


@pytest.mark.parametrize(
    ("cite", "said"),
    [
        ("社会救助法 art. 18", "《社会救助法》第十八条"),
        ("政务数据共享条例 art. 25, 40", "《政务数据共享条例》第二十五条、第四十条"),
        ("社会救助法 art. 5, 24–27", "《社会救助法》第五条、第二十四条至第二十七条"),
        ("社会救助法 art. 70 (四); 民发〔2022〕83号", "《社会救助法》第七十条第（四）项；民发〔2022〕83号"),
        ("审核确认办法 art. 13, last paragraph", "《最低生活保障审核确认办法》第十三条末款"),
        (
            "审核确认办法 art. 13 (四); 民法典 art. 1067",
            "《最低生活保障审核确认办法》第十三条第（四）项；《民法典》第一千零六十七条",
        ),
        ("审核确认办法 art. 13: 十四五期间", "《最低生活保障审核确认办法》第十三条：十四五期间"),
        ("[ILL] 审核确认办法 art. 13: 其他", "（示例值）《最低生活保障审核确认办法》第十三条：其他"),
        ("武汉 新三无; pack: working_age_from", "武汉 新三无；政策参数：劳动年龄下限"),
        ("pack: quiet_from_hour, look_ups_an_hour", "政策参数：非工作时间起、每小时查询数"),
        ("残疾人证管理办法: 类别加等级", "《残疾人证管理办法》：类别加等级"),
        ("GB 11643-1999", "GB 11643-1999"),
    ],
)
def test_an_article_is_named_as_a_letter_names_it(cite: str, said: str) -> None:
    assert in_chinese(cite) == said


def english_in(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]{2,}", text.replace("GB 11643", "").replace("GB/T", ""))


def test_no_rule_is_cited_to_a_person_in_english() -> None:
    left = {
        rule.number: found
        for rule in (*CATALOGUE.rules, *BESIDE)
        if (found := english_in(in_chinese(rule.cite)))
    }
    assert left == {}


def test_no_value_of_the_shipped_pack_is_cited_to_a_person_in_english() -> None:
    pack = load_pack("demo-2026")  # with the national one below it
    rows = [*pack.parameters.values(), *(row for table in pack.rows.values() for row in table.values())]
    cites = {each.cite for row in rows for each in row}
    assert len(cites) > 20
    assert {cite: found for cite in cites if (found := english_in(in_chinese(cite)))} == {}
