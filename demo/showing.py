"""How does what came back look on a terminal? Tables and lines; nothing here asks or decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from demo.desk import Reply, Tally
from demo.published import Counts, ReportRow
from vocabulary.codes import Category, Relation
from vocabulary.money import with_commas

_SHOWN_LINES = 4


def verdict_lines(verdict: Mapping[str, Any]) -> Iterator[str]:
    """Category, payable and what was found or could not be told, one line each; only what was shown."""
    category = verdict.get("category")
    if category:
        term = Category(category).term if category in set(Category) else "待核"
        yield f"category {category} {term}; declared {verdict.get('declaredCategory', '·')}"
    if verdict.get("payable") is not None:
        yield f"payable {verdict['payable']} yuan a month; {verdict.get('countedMembers', '·')} counted members"
    for finding in verdict.get("findings") or ():
        yield f"{finding['rule']} ({finding['severity']}) {finding['zh']}"
    yield from _grouped(verdict.get("cannotTell") or ())


def members_table(household: Mapping[str, Any]) -> Table:
    """Who is listed, as far as the asker may know: names and numbers come masked, or not at all."""
    table = Table(title="members", title_justify="left", box=None, pad_edge=True)
    for heading in ("身份号码", "姓名", "与户主关系", "社会保险缴费"):
        table.add_column(heading)
    for member in household.get("members") or ():
        names = [row.get("name") for row in (member.get("person") or {}).get("records") or ()]
        insurance = member.get("insurance") or {}
        table.add_row(
            member.get("idNumber") or member.get("pseudonym") or "—",
            next((name for name in names if name), "—"),
            Relation[member["relation"]].term if member.get("relation") else "—",
            str(insurance.get("state", "·")),
        )
    return table


def registered_table(counts: Counts) -> Table:
    """Households and persons by the category in which they were registered, and by what became of them."""
    table = Table(title="registered, as the registers have it", title_justify="left", box=None, pad_edge=True)
    table.add_column("")
    for heading in ("households", "persons"):
        table.add_column(heading, justify="right")
    rows = {category.term: count for category, count in counts.entered.items()}
    rows |= {"合计": counts.total, "已解困": counts.relieved, "待解困": counts.total - counts.relieved}
    for name, count in rows.items():
        table.add_row(name, f"{count.households:,}", f"{count.persons:,}")
    return table


def arithmetic(verdict: Mapping[str, Any]) -> Table:
    """Every step of the sum, and how many lines of evidence stand behind it."""
    table = Table(title="the sum", title_justify="left", box=None, pad_edge=True)
    table.add_column("step")
    table.add_column("yuan", justify="right")
    for step in verdict["arithmetic"]:
        table.add_row(step["zh"], with_commas(step["amount"]))
    lines = verdict["incomeLines"]
    for line in lines[:_SHOWN_LINES]:
        counted = "counted" if line["counted"] else "not counted"
        table.add_row(
            f"· {line['month']} {line['kind']}, {line['department']}, {counted}: {line['article']}",
            with_commas(line["amount"]),
        )
    if len(lines) > _SHOWN_LINES:
        table.add_row(f"· … {len(lines)} lines of evidence in all", "")
    return table


def access_table(reply: Reply) -> Table:
    """What was not shown in clear, and the clause that decided."""
    table = Table(title="withheld", title_justify="left", box=None, pad_edge=True)
    for heading in ("outcome", "field", "clause", "article"):
        table.add_column(heading, overflow="fold")
    for entry in reply.extensions.get("access") or ():
        table.add_row(entry["outcome"], entry["field"], entry["clause"], entry["basis"])
    if not table.row_count:
        table.add_row("—", "everything asked for is shown", "", "")
    return table


def category_table(tally: Tally) -> Table:
    """Households by verified category."""
    table = Table(title="verified category", title_justify="left", box=None, pad_edge=True)
    table.add_column("category")
    table.add_column("households", justify="right")
    for category in (*Category, None):
        if tally.categories.get(category):
            name = f"{category.value} {category.term}" if category else "INDETERMINATE 待核"
            table.add_row(name, f"{tally.categories[category]:,}")
    return table


def findings_table(tally: Tally) -> Table:
    """Findings by rule: 疑似, for a person to look at."""
    table = Table(title="findings by rule (疑似)", title_justify="left", box=None, pad_edge=True)
    for heading in ("rule", "name", "severity"):
        table.add_column(heading)
    for heading in ("found", "cannot tell"):
        table.add_column(heading, justify="right")
    for each in tally.findings:
        table.add_row(each.rule, each.name_zh, each.severity, f"{each.found:,}", f"{each.cannot_tell:,}")
    return table


def published_table(rows: Sequence[ReportRow]) -> Table:
    """The published percentages, recomputed; each names its unit, and those that do not follow are flagged."""
    table = Table(title="published tables, recomputed", title_justify="left", box=None, pad_edge=True)
    for heading in ("table", "row", "unit"):
        table.add_column(heading)
    for heading in ("part", "whole", "recomputed %", "printed %"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in rows:
        flag = "" if row.follows else f"does not follow from the counts: {row.recomputed}"
        table.add_row(
            row.table,
            row.row,
            row.unit.value,
            f"{row.part:,}",
            f"{row.whole:,}",
            row.recomputed,
            row.printed or "—",
            flag,
        )
    return table


def _grouped(untold: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What cannot be told, by the departments that would have to answer."""
    rules: dict[str, list[str]] = {}
    for each in untold:
        missing = sorted({f"{because['department']} {because['state']}" for because in each["because"]})
        rules.setdefault("; ".join(missing), []).append(each["rule"])
    for why, names in rules.items():
        distinct = list(dict.fromkeys(names))
        shown = ", ".join(distinct[:6]) + (f" and {len(distinct) - 6} more" if len(distinct) > 6 else "")
        yield f"cannot tell {shown}: {why}"
