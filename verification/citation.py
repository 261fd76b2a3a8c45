"""How is an article named to the person concerned? `社会救助法 art. 18` is 《社会救助法》第十八条.

A citation is written once, short, with the rule or the value that stands on it: parts between
semicolons, each a title with `art.` and what follows it, or `pack:` and the names of parameters.
`[ILL]` marks what no text sets: an illustrative value (示例值).
"""

from __future__ import annotations

import re

from verification.parameters import TABLES, VALUES

FULL_TITLES = {
    "审核确认办法": "最低生活保障审核确认办法",
    "刚性办法": "刚性支出困难家庭认定办法",
    "刚性支出困难家庭认定办法": "刚性支出困难家庭认定办法",
    "特困人员认定办法": "特困人员认定办法",
    "社会救助法": "社会救助法",
    "社会救助暂行办法": "社会救助暂行办法",
    "政务数据共享条例": "政务数据共享条例",
    "个人信息保护法": "个人信息保护法",
    "民法典": "民法典",
    "失业保险条例": "失业保险条例",
    "残疾人证管理办法": "残疾人证管理办法",
}
"""What a short title stands for."""


def in_chinese(cite: str) -> str:
    """A citation as a letter writes it.

    >>> in_chinese("审核确认办法 art. 7 (三), 13, last paragraph; 社会救助法 art. 24–27")
    '《最低生活保障审核确认办法》第七条第（三）项、第十三条末款；《社会救助法》第二十四条至第二十七条'
    """
    return "；".join(map(_part, cite.split("; ")))


def numeral(number: int) -> str:
    """A whole number from 1 to 9,999 as the numbers of articles are written.

    >>> [numeral(each) for each in (7, 10, 18, 40, 105, 1067)]
    ['七', '十', '十八', '四十', '一百零五', '一千零六十七']
    """
    digits = str(number)
    places = range(len(digits) - 1, -1, -1)
    said = "".join(
        _DIGITS[int(digit)] + (_PLACES[place] if digit != "0" else "")
        for digit, place in zip(digits, places, strict=True)
    )
    said = re.sub("零+", "零", said).rstrip("零")
    return said.removeprefix("一") if 10 <= number < 20 else said


def _part(text: str) -> str:
    if text.startswith("pack: "):
        return "政策参数：" + "、".join(map(_term, text.removeprefix("pack: ").split(", ")))
    marked = text.startswith(_ILLUSTRATIVE)
    text = text.removeprefix(_ILLUSTRATIVE).strip()
    found = _ARTICLES.fullmatch(text)
    if found is None:
        title, colon, rest = text.partition(": ")
        said = _titled(title) + (f"：{rest}" if colon else "")
    else:
        rest = found["rest"].removeprefix(": ")
        said = _titled(found["title"]) + _articles(found["articles"]) + (f"：{rest}" if rest else "")
    return "（示例值）" + said if marked else said


def _articles(text: str) -> str:
    return "、".join(map(_article, text.replace(", last paragraph", "末款").split(", ")))


def _article(text: str) -> str:
    found = _ARTICLE.fullmatch(text)
    assert found is not None, "written only as `_ARTICLES` takes it"
    until = f"至第{numeral(int(found['until']))}条" if found["until"] else ""
    item = f"第（{found['item']}）项" if found["item"] else ""
    return f"第{numeral(int(found['first']))}条{until}{item}{found['last'] or ''}"


def _titled(title: str) -> str:
    return f"《{FULL_TITLES[title]}》" if title in FULL_TITLES else title


def _term(name: str) -> str:
    return VALUES[name].term if name in VALUES else TABLES[name].value.term


_DIGITS, _PLACES = "零一二三四五六七八九", ("", "十", "百", "千")
_ILLUSTRATIVE = "[ILL]"
_ONE = r"\d+(?:–\d+)?(?: \([一二三四五六七八九十]+\))?"
_ARTICLES = re.compile(
    rf"(?P<title>[^:]+) art\. (?P<articles>{_ONE}(?:, {_ONE})*(?:, last paragraph)?)(?P<rest>(?:: .*)?)"
)
_ARTICLE = re.compile(r"(?P<first>\d+)(?:–(?P<until>\d+))?(?: \((?P<item>\w+)\))?(?P<last>末款)?")
