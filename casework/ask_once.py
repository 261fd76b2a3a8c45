"""What must somebody still say who applies? Only what no source can tell (社会救助法 art. 62). Pure.

Each thing that an application turns on stands here with the columns that tell it. What a connected
department delivers by its contract, and an agreement in force shares with civil affairs for this purpose,
is asked of the department and not of the person. The rest is asked once, and kept with the case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from casework.agreement import Access, Purpose, Recipient
from casework.cedar import AgreementSet, Decision, Standing
from casework.finding import BadRequest
from casework.resource import resource
from vocabulary.codes import ApplicationKind, Department
from vocabulary.errors import Malformed
from vocabulary.money import Money

LONGEST_ANSWER = 500
"""Characters of an answer in words."""


class Answer(Enum):
    """In which form something is said."""

    AMOUNT = "amount"
    """Yuan a month, with fen."""
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Item:
    """事项. `told_by`: the columns that tell it, `记录名.字段名`; any of them is enough, and none means that nobody can."""

    code: str
    zh: str
    en: str
    answer: Answer
    told_by: tuple[str, ...] = ()


ITEMS: tuple[Item, ...] = (
    Item("members", "家庭成员和赡养抚养扶养义务人", "members and obligors", Answer.TEXT, ("家庭成员.与户主关系",)),
    Item("birth", "出生日期", "dates of birth", Answer.TEXT, ("人员基本信息.出生日期",)),
    Item("marriage", "婚姻状况", "marital status", Answer.TEXT, ("婚姻登记.状态",)),
    Item("wage", "工资性收入", "wages", Answer.AMOUNT, ("社会保险缴费.缴费基数",)),
    Item("unemployed", "失业情况", "unemployment", Answer.TEXT, ("失业登记.登记日期", "就业登记.截止日期")),
    Item("unemployment_benefit", "失业保险金", "unemployment benefit", Answer.AMOUNT, ("失业保险金.金额",)),
    Item("pension", "养老金", "pension", Answer.AMOUNT, ("养老金.职工养老金", "养老金.中央基础养老金")),
    Item("injury_benefit", "工伤保险待遇", "injury benefit", Answer.AMOUNT, ("工伤保险待遇.金额",)),
    Item("training_subsidy", "培训补贴", "training subsidy", Answer.AMOUNT, ("职业培训.补贴金额",)),
    Item("family_planning", "计划生育奖励扶助", "family planning aid", Answer.AMOUNT, ("计划生育奖励扶助.金额",)),
    Item("relief", "社会救助款物", "relief received", Answer.AMOUNT, ("救助发放.金额",)),
    Item("disability", "残疾情况", "disability", Answer.TEXT, ("残疾人证.残疾等级",)),
    Item("disability_subsidy", "残疾人两项补贴", "disability subsidies", Answer.AMOUNT, ("残疾人两项补贴.金额",)),
    Item("illness", "重特大疾病和医疗费用", "illness and its costs", Answer.TEXT, ("医疗费用结算.个人自付",)),
    Item("school", "就学情况", "schooling", Answer.TEXT, ("学籍.学段",)),
    Item("school_costs", "学校收费", "school fees", Answer.AMOUNT, ("学校收费.实缴金额",)),
    Item("student_aid", "学生资助", "student aid", Answer.AMOUNT, ("学生资助.金额",)),
    Item("dwelling", "住房情况", "dwelling", Answer.TEXT, ("住房情况.居住方式",)),
    Item("rent_subsidy", "住房租赁补贴", "rent subsidy", Answer.AMOUNT, ("住房租赁补贴.金额",)),
    Item("property", "存款、车辆、不动产是否超限", "property over the limits", Answer.TEXT, ("财产核查反馈.是否超限",)),
    Item("union_aid", "工会帮扶", "trade union aid", Answer.AMOUNT, ("工会帮扶.金额",)),
    Item("casual_work", "未参保的务工收入", "income from work without insurance", Answer.AMOUNT),
    Item("business", "经营净收入", "net income of a business or farm", Answer.AMOUNT),
    Item("rent", "出租房屋等租金", "rent received", Answer.AMOUNT),
    Item("interest", "利息红利", "interest and dividends", Answer.AMOUNT),
    Item("land", "土地流转收入", "income from leased land", Answer.AMOUNT),
    Item("maintenance", "实际得到的赡养抚养扶养费", "maintenance received", Answer.AMOUNT),
    Item("compensation", "赔偿补偿", "damages and compensation", Answer.AMOUNT),
    Item("donation", "接受捐赠", "donations received", Answer.AMOUNT),
    Item("employment_cost", "必要的就业成本", "necessary costs of work", Answer.AMOUNT),
    Item("circumstances", "其他需要说明的情况", "anything else to be said", Answer.TEXT),
)  # fmt: skip
"""In the order of the form."""

PURPOSES: Mapping[ApplicationKind, Purpose] = {
    ApplicationKind.TEKUN: Purpose.TEKUN_RECOGNITION,
    ApplicationKind.DIBAO: Purpose.DIBAO_RECOGNITION,
    ApplicationKind.EDGE: Purpose.EDGE_RECOGNITION,
    ApplicationKind.RIGID: Purpose.RIGID_RECOGNITION,
    ApplicationKind.SINGLE: Purpose.DIBAO_RECOGNITION,
    ApplicationKind.REVIEW: Purpose.PERIODIC_REVIEW,
}
"""For what the departments are asked about an application."""


@dataclass(frozen=True, slots=True)
class Told:
    """A thing that is asked of a department, and by which clause."""

    item: Item
    department: Department
    clause: str


@dataclass(frozen=True, slots=True)
class Form:
    """What an application of one kind asks of the person, and what of departments."""

    kind: ApplicationKind
    asked: tuple[Item, ...]
    told: tuple[Told, ...]


def form(kind: ApplicationKind, *, delivered: Collection[str], agreements: AgreementSet, on: date) -> Form:
    """The form for an application, on a day.

    `delivered`   the columns that connected departments deliver by their contracts
    """
    told: list[Told] = []
    asked: list[Item] = []
    for item in ITEMS:
        shared = [(name, _shared(name, kind, agreements, on)) for name in item.told_by if name in delivered]
        by = next(((name, one) for name, one in shared if one.outcome is not Access.DENIED), None)
        if by is None:
            asked.append(item)
        else:
            told.append(Told(item, resource(by[0]).provider, by[1].clause))
    return Form(kind, tuple(asked), tuple(told))


def answered(form_: Form, said: Mapping[str, str]) -> dict[str, str | int]:
    """What was said, by the code of its item: amounts in fen. What was left empty was not said.

    Raises `BadRequest` for what the form does not ask: it must not be asked for, whatever sends it.
    """
    items = {item.code: item for item in form_.asked}
    for code in said:
        if code not in items:
            raise BadRequest(f"expected only what the form asks, got `{code[:40]}`, which a source tells")
    return {code: _value(items[code], text.strip()) for code, text in said.items() if text.strip()}


def _value(item: Item, text: str) -> str | int:
    if item.answer is Answer.TEXT:
        if len(text) > LONGEST_ANSWER:
            raise BadRequest(f"expected `{item.code}` of at most {LONGEST_ANSWER} characters")
        return text
    try:
        amount = Money.from_yuan(text)
    except Malformed:
        raise BadRequest(f"expected `{item.code}` in yuan, such as `320.50`") from None
    if amount.fen < 0:
        raise BadRequest(f"expected `{item.code}` of 0 yuan or more")
    return amount.fen


def _shared(name: str, kind: ApplicationKind, agreements: AgreementSet, on: date) -> Decision:
    """The most generous decision on a column for civil affairs, whichever post of it asks."""
    posts = sorted(
        {
            post
            for each in agreements.agreements
            if each.recipient is Recipient.CIVIL_AFFAIRS
            for post in each.posts
        }
    )
    rank = list(Access)
    decisions = (
        agreements.decide(name, Standing(Recipient.CIVIL_AFFAIRS, post, PURPOSES[kind], True, True, on))
        for post in posts
    )
    return min(decisions, key=lambda one: rank.index(one.outcome))
