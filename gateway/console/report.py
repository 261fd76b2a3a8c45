"""What does the 核对报告 on one household say? Each source with when it was asked, as of which day, and what it knew.

As county practice writes it: a section a source with its 反馈时间; what was found is 疑似; the time
to object; and on every page that it is for social assistance in this region alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from casework.letters import USE
from casework.paper import Paper, Part
from gateway.console.terms import china, yuan
from gateway.view import AnswerState
from verification.citation import in_chinese
from verification.language.rule import Severity
from vocabulary.codes import Category, Department, Relation
from vocabulary.register import BY_NAME

STATES = {state.value: state.term.partition(":")[0] for state in AnswerState} | {
    "SOURCE_FAILED": "数据源未答复，结果未知"
}
"""What became of asking, in a word."""

REPORTED = "反馈疑似信息"
"""What another department has, in the words of county practice; civil affairs' own papers are only on file."""


def document_of(schema: GraphQLSchema) -> str:
    """The trusted document of a report: what every department answered, without a single record."""
    envelope = "{ state reason asOf fetchedAt count }"
    of_household = "\n".join(f"    {field} {envelope}" for field, _ in _answers(schema, "Household"))
    of_member = "\n".join(f"      {field} {envelope}" for field, _ in _answers(schema, "Member"))
    return (
        "# What did every department answer about a household, without a single record?\n"
        "query Report($number: ID, $on: Date) {\n  household(number: $number, on: $on) {\n    number\n    on\n"
        f"{of_household}\n    members {{\n      idNumber\n      relation\n{of_member}\n    }}\n  }}\n}}\n"
    )


def report_of(
    answers: Mapping[str, Any],
    verdict: Mapping[str, Any],
    *,
    case: str,
    objections_until: date | None,
    schema: GraphQLSchema,
) -> Paper:
    """The report.

    `answers`   the household as the report's document tells it
    `verdict`   its verification
    """
    number, on = answers["number"], answers["on"]
    until = (
        f"对疑似信息有异议的，请于 {objections_until} 前提出。"
        if objections_until
        else "当事人自告知之日起可以提出异议。"
    )
    head = Part(
        "核对结论",
        (f"家庭 {number}，核对日 {on}，案件 {case}。", *_unknown(verdict), until),
        ("事项", "结果"),
        tuple(_conclusions(verdict)),
    )
    sources = [_source(department, answers, schema) for department in Department]
    return Paper(
        "家庭经济状况核对报告",
        case,
        (head, _findings(verdict), *[part for part in sources if part.rows], _arithmetic(verdict)),
        USE,
    )


def _conclusions(verdict: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "核对类别", _category(verdict.get("category"))
    yield "申报类别", _category(verdict.get("declaredCategory"))
    yield "计入成员数", _said(verdict.get("countedMembers"))
    yield "年收入（元）", _yuan(verdict.get("annual"))
    yield "人均月收入（元）", _yuan(verdict.get("perCapitaMonth"))
    yield "月应发金额（元）", _yuan(verdict.get("payable"))


def _unknown(verdict: Mapping[str, Any]) -> Iterator[str]:
    if verdict.get("category") == "INDETERMINATE":
        yield "待核：有来源未反馈，现在无法判断，既不是符合也不是不符合。"


def _findings(verdict: Mapping[str, Any]) -> Part:
    """What is suspected; that somebody is in a category is no suspicion, and stands above."""
    found = [each for each in verdict.get("findings") or () if each["severity"] != Severity.INFO.value]
    rows = tuple((each["rule"], each["zh"], in_chinese(each["article"])) for each in found)
    says = () if rows else ("没有规则发现疑点。",)
    return Part("疑似信息", says, ("规则", "内容", "依据") if rows else (), rows)


def _arithmetic(verdict: Mapping[str, Any]) -> Part:
    steps = verdict.get("arithmetic") or ()
    return Part("计算过程", (), ("步骤", "元"), tuple((step["zh"], yuan(step["amount"])) for step in steps))


def _source(department: Department, answers: Mapping[str, Any], schema: GraphQLSchema) -> Part:
    rows = [*_rows(answers, "家庭", "Household", department, schema)]
    for member in answers.get("members") or ():
        rows += _rows(member, relation_of(member), "Member", department, schema)
    return Part(
        f"{department.term}反馈",
        (),
        ("对象", "内容", "状态", "数据日期", "反馈时间（北京时间）"),
        tuple(rows),
    )


def _rows(
    subject: Mapping[str, Any], whose: str, kind: str, department: Department, schema: GraphQLSchema
) -> Iterator[tuple[str, ...]]:
    for field, record in _answers(schema, kind):
        told = subject.get(field)
        if told is not None and BY_NAME[record].department is department:
            is_theirs = told["state"] == "FOUND" and department is not Department.CIVIL_AFFAIRS
            state = REPORTED if is_theirs else STATES[told["state"]]
            state += f"（{told['count']} 条）" if told["count"] else ""
            yield whose, BY_NAME[record].term, state, told["asOf"] or "—", china(told["fetchedAt"]) or "—"


def _answers(schema: GraphQLSchema, kind: str) -> Iterable[tuple[str, str]]:
    owner = schema.type_map[kind]
    assert isinstance(owner, GraphQLObjectType), "Household and Member are objects"
    for name, field in owner.fields.items():
        answer = get_named_type(field.type).name
        if answer.endswith("Answer") and answer.removesuffix("Answer") in BY_NAME:
            yield name, answer.removesuffix("Answer")


def relation_of(subject: Mapping[str, Any]) -> str:
    """Who somebody is in the household: the household itself, or a member, whose relation may not be shown."""
    if "relation" not in subject:
        return "家庭"
    told = str(subject["relation"])
    return Relation[told].term if told in Relation.__members__ else "成员"


def _category(code: object) -> str:
    text = str(code)
    return Category(text).term if text in Category.__members__ else "待核"


def _said(value: object) -> str:
    return "—" if value is None else str(value)


def _yuan(amount: str | None) -> str:
    return "—" if amount is None else yuan(amount)
