"""What is a piece of a finding's evidence called, in a Chinese sentence and in an English one?

By its name in the rules, or by its name in one rule where that says more; names that end in
`_records` list records, and no sentence tells them. An amount is told in yuan, whatever the unit in
its name.
"""

from __future__ import annotations

from collections.abc import Mapping

from vocabulary.codes import Category, Code, SpecialStatus


def words_of(name: str, *, rule: str) -> tuple[str, str]:
    """What a piece of a rule's evidence is called, in Chinese and in English.

    >>> words_of("months", rule="INC-04"), words_of("months", rule="BEN-99")
    (('未申报月数', 'months not declared'), ('月数', 'months'))
    """
    return WORDS_IN_A_RULE.get((rule, name)) or WORDS[name]


def in_english(code: Code) -> str:
    """A code of the evidence, or a department, as an English sentence says it.

    >>> in_english(Category.NONE), in_english(SpecialStatus.NONE)
    ('no category', 'not away')
    """
    return _ENGLISH.get((type(code), code.value), code.value.replace("_", " "))


WORDS: Mapping[str, tuple[str, str]] = {
    "age": ("年龄", "age"),
    "annual_fen": ("核实年收入", "verified income of the year"),
    "annual_without_fen": ("不含失业金年收入", "income of the year without the benefit"),
    "base_fen": ("缴费基数合计", "insured bases in sum"),
    "birth": ("出生日期不符", "birth date differs"),
    "born": ("登记未成年子女数", "minor children born"),
    "by_the_form_fen": ("按申报表口径的收入", "income by the form's classes"),
    "by_the_pack_fen": ("按政策口径的收入", "income by the policy's classes"),
    "care_subsidies": ("护理补贴应享未享人数", "care subsidies due and not drawn"),
    "certificates": ("残疾人证数", "certificates"),
    "check_due": ("核查到期日", "check due on"),
    "cost_months": ("扣除就业成本月数", "months of cost deducted"),
    "declared": ("申报类别", "declared category"),
    "declared_annual_fen": ("申报年收入", "declared income of the year"),
    "declared_fen": ("申报金额", "declared amount"),
    "died_on": ("死亡日期", "died on"),
    "disabled": ("重残", "severely disabled"),
    "due": ("到期日", "due on"),
    "duplicate_fen": ("重复金额", "duplicate amount"),
    "entries": ("登记条数", "entries in the register"),
    "fen": ("金额", "amount"),
    "flexible_months": ("灵活就业参保月数", "months insured as flexibly employed"),
    "households": ("列入家庭数", "households"),
    "ill": ("重病", "seriously ill"),
    "illness": ("涉及重病认定", "concerns the recognition of illness"),
    "income_fen": ("年收入", "income of the year"),
    "joined_since": ("签署后新增成员", "somebody joined since it was signed"),
    "keep_the_other": ("工伤待遇较高", "the benefit for work injury is the higher"),
    "last": ("末月", "last month"),
    "last_month_fen": ("末月收入", "income of the last month"),
    "left_since": ("签署后退出成员", "somebody left since it was signed"),
    "length": ("位数", "characters"),
    "lines": ("口径不符的申报行数", "lines classed otherwise"),
    "listed": ("列入", "listed"),
    "living_subsidies": ("生活补贴应享未享人数", "living subsidies due and not drawn"),
    "lower_fen": ("较低一项合计", "the lower of the two in sum"),
    "members": ("计入人数", "members"),
    "months": ("月数", "months"),
    "months_above_floor": ("其中基数高于下限月数", "of these, months with a base above the least there is"),
    "months_with_injury_fee": ("与工伤护理费同月数", "months with the injury care fee"),
    "moved_on": ("迁居日期", "moved on"),
    "names": ("姓名数", "names"),
    "other_fen": ("工伤待遇合计", "benefit for work injury in sum"),
    "overdue": ("已过毕业日期", "past the day of graduation"),
    "overpaid_fen": ("多发金额", "paid too much"),
    "payable_fen": ("月额", "payable a month"),
    "projected_category": ("预计类别", "projected category"),
    "refusals": ("拒绝次数", "refusals"),
    "relief": ("救助金应享未享", "relief due and not drawn"),
    "remaining_months": ("剩余月数", "months left"),
    "rigid": ("刚性支出认定已满12个月", "rigid-expenditure recognition of twelve months"),
    "rigid_fen": ("刚性支出", "rigid spending"),
    "school": ("学籍未转", "school record has not followed"),
    "sex": ("性别不符", "sex differs"),
    "signed": ("曾签授权", "has once signed"),
    "since": ("起始月", "first month"),
    "special": ("特殊情形", "away"),
    "standard_fen": ("全家月标准", "standard of the household a month"),
    "stays_at_school": ("特困未成年人在读", "特困 while a minor, and still at school"),
    "student": ("困难学生", "student in hardship"),
    "studies": ("全日制本科及以下在读", "full-time student up to a first degree"),
    "subsidy_fen": ("残疾补贴合计", "disability subsidy in sum"),
    "unemployed": ("登记失业", "registered as unemployed"),
    "verified": ("核对类别", "verified category"),
    "verified_fen": ("核实金额", "verified amount"),
    "wage_months": ("有工资月数", "months with a wage"),
    "work": ("就业登记未转", "work registration has not followed"),
    "years": ("重复学年数", "academic years with more than one"),
}

WORDS_IN_A_RULE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("BEN-01", "months"): ("同月发放月数", "months with both"),
    ("BEN-02", "fen"): ("残疾补贴合计", "subsidies in sum"),
    ("BEN-02", "months"): ("领取补贴月数", "months with a subsidy"),
    ("BEN-03", "months"): ("无低保的生活补贴月数", "months of the living subsidy alone"),
    ("BEN-04", "fen"): ("护理补贴合计", "care subsidy in sum"),
    ("BEN-04", "months"): ("护理补贴月数", "months of the care subsidy"),
    ("BEN-06", "months"): ("同月发放月数", "months with both"),
    ("BEN-07", "months"): ("同月发放月数", "months with both"),
    ("BEN-08", "fen"): ("失业金合计", "unemployment benefit in sum"),
    ("BEN-08", "months"): ("同月发放月数", "months with both"),
    ("BEN-09", "payable_fen"): ("低保金月额", "minimum living allowance a month"),
    ("CAU-01", "fen"): ("年内医疗自付", "self-paid medical costs of the year"),
    ("CAU-01", "members"): ("重特大疾病人数", "members with a recognised serious illness"),
    ("CAU-02", "members"): (
        "重残及智力、精神三级残疾人数",
        "members severely disabled or of intellectual or mental grade 3",
    ),
    ("CAU-03", "fen"): ("义务教育后净支出", "school costs beyond compulsory school less aid"),
    ("CAU-05", "members"): ("失业人数", "members without work"),
    ("ENT-01", "fen"): ("近期自付医疗费", "recent self-paid medical costs"),
    ("EXIT-01", "months"): ("连续月数", "months in a row"),
    ("EXIT-03", "months"): ("已发放月数", "months paid"),
    ("HH-02", "listed"): ("列入未成年子女数", "minor children listed"),
    ("HH-06", "months"): ("两地同月发放月数", "months paid in both districts"),
    ("INC-01", "months"): ("职工参保月数", "months insured by an employer"),
    ("INC-02", "declared_fen"): ("申报工资合计", "declared wages in sum"),
    ("INC-02", "months"): ("不符月数", "months that differ"),
    ("INC-03", "fen"): ("养老金合计", "pension in sum"),
    ("INC-03", "months"): ("养老金发放月数", "months with a pension"),
    ("INC-04", "months"): ("未申报月数", "months not declared"),
    ("INC-06", "months"): ("扣除到期后月数", "months after its end"),
    ("LIF-01", "months"): ("死亡后发放月数", "months paid after the death"),
    ("LIF-08", "due"): ("移交截止日", "records to follow by"),
    ("LIF-08", "illness"): ("重病认定未转", "recognition of illness has not followed"),
}
"""Where one rule means something nearer by a name that several rules use."""

_ENGLISH: Mapping[tuple[type[Code], str], str] = {
    (Category, "TEKUN"): "support for people in extreme hardship",
    (Category, "DIBAO"): "minimum living allowance",
    (Category, "EDGE"): "edge of the allowance",
    (Category, "RIGID"): "hardship by unavoidable spending",
    (Category, "UNION"): "union hardship worker",
    (Category, "NONE"): "no category",
    (SpecialStatus, "NONE"): "not away",
    (SpecialStatus, "PRISON"): "in prison",
    (SpecialStatus, "COMPULSORY_REHAB"): "in compulsory rehabilitation",
    (SpecialStatus, "COMMUNITY_REHAB"): "in community rehabilitation",
    (SpecialStatus, "MISSING"): "declared missing",
    (SpecialStatus, "CLERGY_3Y"): "a cleric, for three years or more",
}
"""By list and code: codes are text, and equal ones of two lists would be one key."""
