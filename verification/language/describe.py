"""How is a rule said in words? Chinese and English from the same tree: for explanations and for docs/rules.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from verification.language.expression import Expr
from verification.language.kinds import Kind, Value
from verification.language.level import HOUSEHOLD, MEMBER, Definition, FactOf, MemberRows
from verification.language.rows import Aggregate, Grouped
from verification.language.rule import Catalogue, Rule
from verification.language.source import Best, ColumnOf, Filtered, Plan, Records, Union
from vocabulary.codes import Code
from vocabulary.money import Money
from vocabulary.terms import COLUMN_TERMS

Language = Literal["zh", "en"]


def words(expr: Expr, language: Language) -> str:
    """An expression in words. A fact is called by the name it was given, a column by its official term."""
    if isinstance(expr, FactOf):
        return fact_name(expr, language)
    if isinstance(expr, ColumnOf):
        return _column(expr, language)
    if isinstance(expr, Aggregate):
        return _aggregate(expr, language)
    if expr.op == "literal":
        return _literal(expr.constants[0], expr.kind, language)
    if expr.op in ("param", "param_class"):
        return _parameter(expr, language)
    if expr.op in ("and", "or"):
        sign = _SIGNS[expr.op][language]
        return f"({f' {sign} '.join(words(arg, language) for arg in _chain(expr, expr.op))})"
    args = [words(arg, language) for arg in expr.args]
    if expr.op == "first_of":
        return _first_of(args, language)
    if expr.op == "among":
        members = ("、" if language == "zh" else ", ").join(args[1:])
        return f"{args[0]} 属于 {members}" if language == "zh" else f"{args[0]} is one of {members}"
    if expr.op in _SIGNS:
        return f"({args[0]} {_SIGNS[expr.op][language]} {args[1]})"
    constants = [str(constant) for constant in expr.constants]
    return _PHRASES[expr.op][language].format(*args, *constants)


def fact_name(fact: FactOf, language: Language) -> str:
    """What a fact is called; one without a name is said by what it is."""
    return _called(fact.definition, language)


def _column(expr: ColumnOf, language: Language) -> str:
    """Of the household's members a column is a fact of theirs."""
    root = expr.plan.root
    if isinstance(root, MemberRows):
        return _called(root.level.definitions[expr.column], language)
    return COLUMN_TERMS.get(expr.column, expr.column) if language == "zh" else expr.column.replace("_", " ")


def _called(found: Definition, language: Language) -> str:
    given = found.zh if language == "zh" else found.en
    if given:
        return given
    if found.name.startswith("_") and found.expr is not None:
        return words(found.expr, language)
    return found.name.replace("_", " ")


def source_name(plan: Plan, language: Language) -> str:
    """What rows are called: the record type's official term, or the name a derived source was given."""
    if isinstance(plan, Records):
        return plan.record.term if language == "zh" else plan.record.__name__
    if isinstance(plan, Filtered):
        condition = words(plan.condition, language)
        of = source_name(plan.of, language)
        return f"{of}[{condition}]" if language == "zh" else f"{of} [{condition}]"
    if isinstance(plan, Best):
        best = "(取证据等级最高者)" if language == "zh" else " (of the highest rank)"
        return source_name(plan.of, language) + best
    if isinstance(plan, Grouped):
        by = ", ".join(COLUMN_TERMS.get(name, name) if language == "zh" else name for name in plan.by)
        of = source_name(plan.of, language)
        return f"{of}(按{by}分组)" if language == "zh" else f"{of} by {by}"
    if isinstance(plan, Union):
        return plan.name
    return "家庭成员" if language == "zh" else "members of the household"


def rules_page(catalogue: Catalogue, beside: Iterable[Rule] = ()) -> str:
    """docs/rules.md: every rule with its condition, its article, what it reads and what it shows.

    `beside`   rules that are judged elsewhere than in the catalogue, told on the same page
    """
    rules = sorted({*catalogue.rules, *beside}, key=lambda each: each.number)
    lines = [
        "# Rules",
        "",
        f"{len(rules)} rules. This page is printed from the rules themselves "
        "(`python -m verification.rules_page`); a test holds it to them.",
        "A rule finds, a person decides: every finding is 疑似 (suspected) until a person has confirmed it.",
        "",
        "| rule | 名称 | name | severity | article |",
        "|---|---|---|---|---|",
    ]
    for rule in rules:
        lines.append(
            f"| [{rule.number}](#{rule.number.lower()}) | {rule.zh} | {rule.en} | {_severity(rule)} | {rule.cite} |"
        )
    for rule in rules:
        lines += ["", f"## {rule.number}", "", *_rule(rule)]
    lines += ["", "## Facts that the rules use", "", *_facts(catalogue)]
    return "\n".join(lines) + "\n"


def _severity(rule: Rule) -> str:
    return f"{rule.severity}" if rule.milder is None else f"{rule.severity}, or {rule.milder[0]}"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"**{rule.zh}** · {rule.en}"
    yield ""
    yield f"- of: {_OF[rule.level.name]}; severity {_severity(rule)} ({rule.severity.term}); {rule.cite}"
    yield f"- 条件: {words(rule.condition, 'zh')}"
    yield f"- condition: {words(rule.condition, 'en')}"
    if rule.milder is not None:
        yield f"- {rule.milder[0]} 条件: {words(rule.milder[1], 'zh')}"
        yield f"- {rule.milder[0]} condition: {words(rule.milder[1], 'en')}"
    if rule.evidence:
        yield f"- evidence: {', '.join(f'`{name}`' for name, _ in rule.evidence)}"
    if rule.level.name in (MEMBER, HOUSEHOLD):
        yield "- reads: " + "; ".join(
            f"{record.term} {record.__name__} ({', '.join(sorted(columns))})"
            for record, columns in rule.reads().items()
        )
    else:
        yield "- reads: no record of a department"


_OF = {
    MEMBER: "每名成员 · each member",
    HOUSEHOLD: "家庭 · the household",
    "inquiry": "查询 · a question to the gateway",
    "trail": "日志 · a department's list of a day, beside the log",
    "sample": "抽样 · a random check",
    "decision": "决定 · a decision, before it is made",
}


def _facts(catalogue: Catalogue) -> Iterator[str]:
    yield "| of | fact | 名称 | how it is told | name |"
    yield "|---|---|---|---|---|"
    for level in (catalogue.household, catalogue.member):
        for found in catalogue.definitions(level):
            if found.expr is not None and not found.name.startswith("_"):
                told = words(found.expr, "en").replace("|", "\\|")
                yield f"| {level.name} | `{found.name}` | {found.zh} | {told} | {found.en} |"


def _chain(expr: Expr, op: str) -> Iterator[Expr]:
    """What stands between equal signs: `a and b and c`, however it was put together."""
    for arg in expr.args:
        if arg.op == op:
            yield from _chain(arg, op)
        else:
            yield arg


def _literal(value: Value, kind: Kind, language: Language) -> str:
    if kind is Kind.FEN and isinstance(value, int):
        return f"{Money(value)} 元" if language == "zh" else f"{Money(value)} yuan"
    if isinstance(value, Code):
        return value.term if language == "zh" else str(value)
    if isinstance(value, bool):
        return ("是" if value else "否") if language == "zh" else ("yes" if value else "no")
    return (
        f"「{value}」"
        if isinstance(value, str) and language == "zh"
        else f"`{value}`"
        if isinstance(value, str)
        else str(value)
    )


def _parameter(expr: Expr, language: Language) -> str:
    name, at = expr.constants[0], words(expr.args[-1], language)
    of = f" {words(expr.args[0], language)}" if expr.op == "param_class" else ""
    return f"政策参数 {name}{of}({at})" if language == "zh" else f"parameter {name}{of} at {at}"


def _first_of(args: list[str], language: Language) -> str:
    pairs = zip(args[:-1:2], args[1::2], strict=True)
    if language == "zh":
        return "(" + ";".join(f"若 {c} 则 {v}" for c, v in pairs) + f";否则 {args[-1]})"
    return "(" + "; ".join(f"{v} if {c}" for c, v in pairs) + f"; else {args[-1]})"


def _aggregate(expr: Aggregate, language: Language) -> str:
    value = expr.role("value")
    rows = source_name(expr.plan, language)
    said = words(value, language) if value is not None else ""
    text = _AGGREGATES[expr.op][language].format(rows=rows, value=said)
    limits = list(_limits(expr, language))
    if not limits:
        return text
    return f"{text}({';'.join(limits)})" if language == "zh" else f"{text} ({'; '.join(limits)})"


def _limits(expr: Aggregate, language: Language) -> Iterable[str]:
    zh = language == "zh"
    during, where, by = expr.role("during"), expr.role("where"), expr.role("by")
    if during is not None:
        yield ("期间 " if zh else "during ") + words(during, language)
    if where is not None:
        yield ("条件 " if zh else "where ") + words(where, language)
    if by is not None:
        yield ("按 " if zh else "by ") + words(by, language)
    if expr.match is not None:
        rows, matched = source_name(expr.match.plan, language), expr.role("matched")
        columns = ", ".join(COLUMN_TERMS.get(c, c) if zh else c for c in expr.match.columns)
        also = f"[{words(matched, language)}]" if matched is not None else ""
        if zh:
            yield f"同{columns}{'有' if expr.match.present else '无'}{rows}{also}"
        else:
            yield f"{'with' if expr.match.present else 'without'} {rows}{also} of the same {columns}"


_SIGNS: dict[str, dict[Language, str]] = {
    "add": {"zh": "+", "en": "+"},
    "sub": {"zh": "−", "en": "−"},
    "mul": {"zh": "×", "en": "×"},
    "eq": {"zh": "=", "en": "="},
    "ne": {"zh": "≠", "en": "≠"},
    "lt": {"zh": "<", "en": "<"},
    "le": {"zh": "≤", "en": "≤"},
    "gt": {"zh": ">", "en": ">"},
    "ge": {"zh": "≥", "en": "≥"},
    "and": {"zh": "且", "en": "and"},
    "or": {"zh": "或", "en": "or"},
}

_PHRASES: dict[str, dict[Language, str]] = {
    "nothing": {"zh": "(无)", "en": "nothing"},
    "not": {"zh": "并非 {0}", "en": "not {0}"},
    "missing": {"zh": "无 {0}", "en": "there is no {0}"},
    "required": {"zh": "{0}(无则不明)", "en": "{0} (unknown where there is none)"},
    "otherwise": {"zh": "{0}(无则 {1})", "en": "{0} (else {1})"},
    "floor_div": {"zh": "⌊{0} ÷ {1}⌋", "en": "⌊{0} ÷ {1}⌋"},
    "ceil_div": {"zh": "⌈{0} ÷ {1}⌉", "en": "⌈{0} ÷ {1}⌉"},
    "half_up": {"zh": "{0} ÷ {1}(四舍五入)", "en": "{0} ÷ {1} (half up)"},
    "mod": {"zh": "{0} 除以 {1} 的余数", "en": "remainder of {0} ÷ {1}"},
    "least": {"zh": "{0} 与 {1} 之小者", "en": "the lesser of {0} and {1}"},
    "greatest": {"zh": "{0} 与 {1} 之大者", "en": "the greater of {0} and {1}"},
    "month_of": {"zh": "{0} 所在月", "en": "month of {0}"},
    "first_day": {"zh": "{0} 首日", "en": "first day of {0}"},
    "year_of": {"zh": "{0} 之年", "en": "year of {0}"},
    "month_in_year": {"zh": "{0} 之月", "en": "month in the year of {0}"},
    "date_number": {"zh": "{0}", "en": "{0}"},
    "plus_days": {"zh": "{0} 后 {1} 日", "en": "{1} days after {0}"},
    "plus_months": {"zh": "{0} 后 {1} 个月", "en": "{1} months after {0}"},
    "days_between": {"zh": "{0} 至 {1} 的天数", "en": "days from {0} to {1}"},
    "part": {"zh": "{0} 第 {1} 至 {2} 位(从 0 起)", "en": "characters {1} to {2} of {0}"},
    "length": {"zh": "{0} 的长度", "en": "length of {0}"},
    "position": {"zh": "{0} 在 {1} 中的位置", "en": "place of {0} in {1}"},
    "pick": {"zh": "{1} 的第 {0} 位", "en": "character {0} of {1}"},
    "contains": {"zh": "{0} 含 {1}", "en": "{0} contains {1}"},
    "tidy": {"zh": "{0}(规范化)", "en": "{0} tidied"},
    "text_of": {"zh": "{0}", "en": "{0}"},
}

_AGGREGATES: dict[str, dict[Language, str]] = {
    "rows count": {"zh": "{rows} 的笔数", "en": "number of {rows}"},
    "rows total": {"zh": "{rows} 的 {value} 合计", "en": "total {value} of {rows}"},
    "rows kinds": {"zh": "{rows} 中不同 {value} 的个数", "en": "number of different {value} of {rows}"},
    "rows some": {"zh": "{rows} 中至少一笔 {value}", "en": "some {rows} {value}"},
    "rows every": {"zh": "{rows} 中每一笔 {value}", "en": "every one of {rows}: {value}"},
    "rows only": {"zh": "{rows} 的 {value}", "en": "the {value} of {rows}"},
    "rows latest": {"zh": "{rows} 中最近的 {value}", "en": "latest {value} of {rows}"},
    "rows earliest": {"zh": "{rows} 中最早的 {value}", "en": "earliest {value} of {rows}"},
    "rows highest": {"zh": "{rows} 中最大的 {value}", "en": "highest {value} of {rows}"},
    "rows lowest": {"zh": "{rows} 中最小的 {value}", "en": "lowest {value} of {rows}"},
    "rows listing": {"zh": "{rows} 的 {value} 清单", "en": "list of {value} of {rows}"},
}
