"""What does the API say of a verdict? Its category, its arithmetic line by line, its findings, and what it cannot tell.

Each field of `Verification` shows one product resource; what stands inside a list is decided
with the list, and is masked as a whole (`gateway.masking`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import graphene

from casework.resource import Product
from gateway.schema import scalars
from gateway.schema.claims import ClaimState, compared, verify_field
from gateway.schema.records import enumeration
from gateway.schema.told import OPEN, Told
from verification.language.rule import Severity
from verification.language.values import Missing, Result
from verification.verdict import Indeterminate, Verdict
from vocabulary.codes import Category, Code, DeclaredItem, Department
from vocabulary.evidence import Answer, EvidenceState
from vocabulary.money import Money
from vocabulary.month import Month


class VerifiedCategory(Code):
    """核对类别: the category that the records support, or 待核 when it cannot be told."""

    TEKUN = Category.TEKUN.value, Category.TEKUN.term
    DIBAO = Category.DIBAO.value, Category.DIBAO.term
    EDGE = Category.EDGE.value, Category.EDGE.term
    RIGID = Category.RIGID.value, Category.RIGID.term
    NONE = Category.NONE.value, Category.NONE.term
    INDETERMINATE = (
        Indeterminate.INDETERMINATE.value,
        "待核: neither eligible nor refused; an answer is missing",
    )


class AnswerCode(Code):
    """三值判断: yes, no, or cannot tell. Cannot tell is never no."""

    YES = "yes", "是"
    NO = "no", "否"
    UNKNOWN = "cannot tell", "无法判断"


def _inside(kind: Any, description: str, **options: Any) -> Told:
    """A field of an object that was decided as a whole."""
    return Told(kind, shows=OPEN, description=description, **options)


def _list_of(kind: Any) -> graphene.List:
    return graphene.List(graphene.NonNull(kind))


_TEXT = graphene.NonNull(graphene.String)


class Because(graphene.ObjectType):
    """缺失的答复: a record type without a usable answer, and why."""

    record = _inside(_TEXT, "记录种类, by its name in this schema.")
    department = _inside(graphene.NonNull(enumeration(Department)), "部门: whose record it is.")
    state = _inside(_TEXT, "状态: `NOT_ASKED` with its clause, or how the source failed.")


class Gate(graphene.ObjectType):
    """判定关口: one gate of the order 特困, 低保, 边缘, 刚性支出, answered by itself."""

    category = _inside(graphene.NonNull(enumeration(Category)), "类别 that the gate leads to.")
    answer = _inside(
        graphene.NonNull(enumeration(AnswerCode)),
        "判断: yes, no, or cannot tell.",
        resolver=lambda gate, _info: _answer(gate.answer),
    )
    zh = _inside(_TEXT, "理由 in Chinese.")
    en = _inside(_TEXT, "理由 in English.")
    article = _inside(_TEXT, "依据: the article.")
    because = _inside(graphene.NonNull(_list_of(Because)), "缺失的答复, when it cannot be told.")


class Counting(graphene.ObjectType):
    """计入成员: whether one listed person is counted, and why."""

    person = _inside(scalars.IdNumber, "公民身份号码, in full or masked.")
    counted = _inside(
        graphene.NonNull(enumeration(AnswerCode)),
        "是否计入: whether the person is counted.",
        resolver=lambda member, _info: _answer(member.counted),
    )
    zh = _inside(_TEXT, "理由 in Chinese.")
    en = _inside(_TEXT, "理由 in English.")
    article = _inside(_TEXT, "依据: the article.")


class SinglePerson(graphene.ObjectType):
    """单人户: who may enter alone, and how much a month."""

    person = Told(
        scalars.IdNumber,
        shows=Product.COUNTED_MEMBERS.term,
        description="公民身份号码, in full or masked.",
        resolver=lambda item, _info: item[0],
    )
    amount = _inside(
        graphene.NonNull(scalars.Money), "应发金额 a month.", resolver=lambda item, _info: item[1]
    )


class IncomeLine(graphene.ObjectType):
    """收入明细: one piece of evidence of income in one month, from one record."""

    person = _inside(scalars.IdNumber, "公民身份号码, in full or masked.")
    month = _inside(graphene.NonNull(scalars.Month), "月份: the month.")
    kind = _inside(graphene.NonNull(enumeration(DeclaredItem)), "收入种类: the kind of income.")
    amount = _inside(
        graphene.NonNull(scalars.Money), "金额: the amount.", resolver=lambda line, _info: line.fen
    )
    counted = _inside(graphene.NonNull(graphene.Boolean), "是否计入: whether it counts as household income.")
    article = _inside(_TEXT, "依据: the article that counts or excludes it.")
    department = _inside(graphene.NonNull(enumeration(Department)), "部门 whose record it is.")
    record = _inside(_TEXT, "记录种类, by its name in this schema.")
    record_id = _inside(graphene.String, "记录编号: the register's own key.")
    state = _inside(
        graphene.NonNull(enumeration(EvidenceState)),
        "核对状态: how the declaration stands against the department.",
    )


class Step(graphene.ObjectType):
    """计算步骤: one step of the arithmetic; those that add sum exactly to the annual income."""

    zh = _inside(_TEXT, "步骤 in Chinese.")
    en = _inside(_TEXT, "步骤 in English.")
    amount = _inside(
        graphene.NonNull(scalars.Money), "金额: the amount.", resolver=lambda step, _info: step.fen
    )
    adds = _inside(
        graphene.NonNull(graphene.Boolean), "是否相加: whether it is added up to the annual income."
    )


class EvidenceValue(graphene.ObjectType):
    """佐证: one value that a finding rests on."""

    name = _inside(_TEXT, "名称: what it is.", resolver=lambda item, _info: item[0].removesuffix("_fen"))
    value = _inside(
        graphene.String,
        "值: amounts in yuan; null when the register was asked and has none.",
        resolver=lambda item, _info: _written(*item),
    )


class Finding(graphene.ObjectType):
    """疑点: a rule found something. A person looks at it; nothing follows from it by itself."""

    rule = _inside(_TEXT, "规则编号: number of the rule.")
    name_zh = _inside(_TEXT, "规则名称 in Chinese.")
    name_en = _inside(_TEXT, "规则名称 in English.")
    severity = _inside(graphene.NonNull(enumeration(Severity)), "程度: what it asks for.")
    person = _inside(
        scalars.IdNumber, "公民身份号码, in full or masked; null when it is about the household."
    )
    article = _inside(_TEXT, "依据: the article.")
    zh = _inside(_TEXT, "One sentence in Chinese; it says 疑似.")
    en = _inside(_TEXT, "一句话 in English.")
    evidence = _inside(
        graphene.NonNull(_list_of(EvidenceValue)),
        "佐证: the values that it rests on.",
        resolver=lambda finding, _info: list(finding.evidence.items()),
    )
    records = _inside(
        graphene.NonNull(_list_of(graphene.String)), "The records it rests on, `type/记录编号`."
    )


class CannotTell(graphene.ObjectType):
    """待核事项: a rule that could not be decided, and which answers are missing."""

    rule = _inside(_TEXT, "规则编号: number of the rule.")
    person = _inside(
        scalars.IdNumber, "公民身份号码, in full or masked; null when it is about the household."
    )
    because = _inside(graphene.NonNull(_list_of(Because)), "缺失的答复: which answers are missing.")


def _shows(product: Product, kind: Any, description: str, **options: Any) -> Told:
    return Told(kind, shows=product.term, description=description, **options)


def _claimed(kind: Any, value: Callable[[Verdict], object], *, shows: Product, what: str) -> Told:
    return Told(
        enumeration(ClaimState),
        shows=shows.term,
        compares=True,
        description=f"{what}: whether the claimed one agrees with the verified one.",
        claimed=graphene.Argument(graphene.NonNull(kind), description=f"{what}, as claimed."),
        resolver=lambda verdict, _info, claimed: compared(claimed, value(verdict)),
    )


class VerificationVerify(graphene.ObjectType):
    """核对结论核验: whether claimed values agree with the verdict; never the values."""

    category = _claimed(
        enumeration(VerifiedCategory),
        lambda verdict: None if verdict.category is Indeterminate.INDETERMINATE else _category(verdict),
        shows=Product.CATEGORY,
        what="核对类别",
    )
    payable = _claimed(
        scalars.Money, lambda verdict: verdict.payable_fen, shows=Product.PAYABLE, what="应发金额 a month"
    )


class Verification(graphene.ObjectType):
    """核对结论 on one household on one day. 仅供本行政区域内社会救助审核使用. A rule finds, a person decides."""

    category = _shows(
        Product.CATEGORY,
        enumeration(VerifiedCategory),
        "核对类别: what the records support.",
        resolver=lambda verdict, _info: _category(verdict),
    )
    declared_category = _shows(
        Product.DECLARED_CATEGORY,
        enumeration(VerifiedCategory),
        "申报类别: what the declarations alone would give.",
        resolver=lambda verdict, _info: VerifiedCategory(str(verdict.declared_category)),
    )
    category_agrees = _shows(
        Product.CATEGORY,
        enumeration(EvidenceState),
        "仅核验: whether the declared category agrees with the verified one.",
        compares=True,
        resolver=lambda verdict, _info: _agree(verdict, verdict.category, verdict.declared_category),
    )
    gates = _shows(Product.GATES, _list_of(Gate), "判定过程, in the order of the law.")
    counted_members = _shows(Product.COUNTED_MEMBERS, graphene.Int, "计入成员数: how many are counted.")
    members = _shows(Product.COUNTED_MEMBERS, _list_of(Counting), "计入成员: who is counted, and why.")
    window = _shows(
        Product.ANNUAL_INCOME, _list_of(scalars.Month), "核算期: the first and the last of the twelve months."
    )
    annual = _shows(
        Product.ANNUAL_INCOME,
        scalars.Money,
        "年收入, verified and counted, after employment cost; null when it cannot be told.",
        resolver=lambda verdict, _info: verdict.annual_fen,
    )
    declared_annual = _shows(
        Product.ANNUAL_INCOME,
        scalars.Money,
        "年收入 as declared.",
        resolver=lambda verdict, _info: verdict.declared_annual_fen,
    )
    lower_bound = _shows(
        Product.ANNUAL_INCOME,
        scalars.Money,
        "至少收入: what the income is proven not to be below, whatever did not answer; null where nothing is proven.",
        resolver=lambda verdict, _info: verdict.lower_bound_fen,
    )
    evidenced = _shows(
        Product.ANNUAL_INCOME,
        scalars.Money,
        "已有证据的收入: the sum of what was answered, a promise in neither direction.",
        resolver=lambda verdict, _info: verdict.evidenced_fen,
    )
    per_capita_month = _shows(
        Product.ANNUAL_INCOME,
        graphene.String,
        "人均月收入 in yuan, half up: for display, never used to decide.",
    )
    income_lines = _shows(
        Product.INCOME_LINES,
        _list_of(IncomeLine),
        "收入明细, by person, month and kind.",
        resolver=lambda verdict, _info: verdict.lines,
    )
    arithmetic = _shows(Product.ARITHMETIC, _list_of(Step), "计算过程, to the fen.")
    payable = _shows(
        Product.PAYABLE,
        scalars.Money,
        "应发金额: 低保 a month; null when it cannot be told.",
        resolver=lambda verdict, _info: verdict.payable_fen,
    )
    declared_payable = _shows(
        Product.DECLARED_PAYABLE,
        scalars.Money,
        "应发金额 by the declarations alone.",
        resolver=lambda verdict, _info: verdict.declared_payable_fen,
    )
    payable_agrees = _shows(
        Product.PAYABLE,
        enumeration(EvidenceState),
        "仅核验: whether the amount by the declarations agrees with the verified one.",
        compares=True,
        resolver=lambda verdict, _info: _agree(verdict, verdict.payable_fen, verdict.declared_payable_fen),
    )
    single_person = _shows(
        Product.PAYABLE,
        _list_of(SinglePerson),
        "单人户 entitlements.",
        resolver=lambda verdict, _info: list(verdict.single_person.items()),
    )
    rigid = _shows(
        Product.RIGID_SPENDING,
        scalars.Money,
        "刚性支出 of the window.",
        resolver=lambda verdict, _info: verdict.rigid_fen,
    )
    rigid_ratio_percent = _shows(
        Product.RIGID_SPENDING,
        graphene.String,
        "刚性支出 by income, per cent with three places, for display.",
    )
    findings = _shows(Product.FINDINGS, _list_of(Finding), "疑点, by rule.")
    cannot_tell = _shows(Product.CANNOT_TELL, _list_of(CannotTell), "待核事项, by rule.")
    verify = verify_field(VerificationVerify)
    pack = _shows(Product.POLICY, graphene.String, "政策包: name of the policy pack.")
    pack_hash = _shows(Product.POLICY, graphene.String, "政策包摘要: SHA-256 of the policy pack's content.")
    ruleset_hash = _shows(Product.POLICY, graphene.String, "规则集摘要: SHA-256 of the rules.")


def _category(verdict: Verdict) -> VerifiedCategory:
    return VerifiedCategory(str(verdict.category))


def _answer(answer: Answer) -> AnswerCode:
    return AnswerCode(answer.value)


def _agree(verdict: Verdict, verified: object, declared: object) -> EvidenceState:
    """Whether two sides agree; what cannot be told neither agrees nor differs, and says why it cannot."""
    unknown = (None, Indeterminate.INDETERMINATE)
    if verified not in unknown and declared not in unknown:
        return EvidenceState.MATCH if verified == declared else EvidenceState.MISMATCH
    states = [because.state for gate in verdict.gates for because in gate.because]
    failed = any(not state.startswith(EvidenceState.NOT_ASKED.value) for state in states)
    return EvidenceState.SOURCE_FAILED if failed else EvidenceState.NOT_ASKED


def _written(name: str, value: Result) -> str | None:
    """One value of a finding as people write it."""
    match value:
        case Missing():
            return None
        case bool():
            return "是 yes" if value else "否 no"
        case Month():
            return str(value)
        case int() if name.endswith("_fen"):
            return str(Money(value))
        case date():
            return value.isoformat()
        case _:
            return str(value)
