"""How does a verdict, or a run, look on a terminal?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from gateway.client import Answer
from verification.citation import in_chinese
from vocabulary.counting import count_of
from vocabulary.money import with_commas

if TYPE_CHECKING:  # the engines behind a run take seconds to load
    from connectors.quality import BatchCheck
    from gateway.district_run import RunResult


def terminal_console() -> Console:
    """A console as wide as the terminal, or wide enough for a sentence where output goes to a file."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def show_verdict(answer: Answer) -> None:
    """Category, gates, the sum step by step, findings, what cannot be told, and what was not shown."""
    console = terminal_console()
    household = answer.data.get("household") or {}
    verdict = household.get("verification") or {}
    if verdict:
        told = (
            f"[bold]{verdict['category'] or '·'}[/] {household['number'] or ''} on {household['on']};"
            f" declared {verdict['declaredCategory'] or '·'}; payable {verdict['payable'] or '·'} yuan a month"
        )
        console.print(told)
        for gate in verdict["gates"] or ():
            console.print(f"  {gate['answer']:<8}{gate['zh']}  {in_chinese(gate['article'])}", markup=False)
        if verdict["arithmetic"]:
            console.print(_sum(verdict))
        for finding in verdict["findings"] or ():
            console.print(f"  {finding['rule']} {finding['severity']}: {finding['zh']}", markup=False)
        for because, rules in _untold(verdict["cannotTell"] or ()).items():
            console.print(f"  cannot be told for want of {because}: {', '.join(rules)}", markup=False)
    for error in answer.errors:
        console.print(
            f"  not shown: {'.'.join(map(str, error.get('path', [])))}: {error['message']}", markup=False
        )


def show_run(result: RunResult) -> None:
    """Households by category, findings by rule, and which departments failed."""
    console = terminal_console()
    console.print(
        f"{count_of(result.households, 'household')}, {count_of(result.persons, 'person')} in {result.took_s:.1f} s"
    )
    console.print(
        f"  kept as {result.run}; {count_of(result.taken_over, 'household')} taken over from an earlier run"
    )
    if result.judged < result.households:
        console.print(f"  {result.judged:,} are judged: another process is at the rest")
    for department, failure in result.failed.items():
        console.print(f"  {department.term} did not answer: {failure}")
    categories = Table("category", "households", box=None)
    for category, count in sorted(result.categories.items(), key=lambda item: str(item[0])):
        name = f"{category.value} {category.term}" if category is not None else "INDETERMINATE 待核"
        categories.add_row(name, f"{count:,}")
    console.print(categories)
    rules = Table("rule", "name", "severity", "found", "cannot tell", box=None)
    for each in result.rules:
        rules.add_row(each.rule, each.name_zh, each.severity, f"{each.found:,}", f"{each.cannot_tell:,}")
    console.print(rules)


def quality_table(checks: Iterable[BatchCheck]) -> Table:
    """Per record type how many expectations were kept, and each that was not, with how many rows fail it."""
    table = Table("source", "record", "rows", "kept", "quality", "not kept", box=None)
    for check in checks:
        said = "; ".join(
            f"{one.severity.value} {one.column or 'table'}: {one.expectation}, {one.failing_rows} rows"
            for one in check.broken
        )
        kept = f"{len(check.checked) - len(check.broken)} of {len(check.checked)}"
        quality = f"{check.quality.value} {check.quality.term}"
        table.add_row(check.department.term, check.record, f"{check.rows:,}", kept, quality, said or "—")
    return table


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal; what is given takes households done and in all."""
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("households"))
    with Progress(*columns, TimeElapsedColumn()) as bar:
        task = bar.add_task("run", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _sum(verdict: Mapping[str, Any]) -> Table:
    table = Table("step", Column("yuan", justify="right"), box=None)
    for step in verdict["arithmetic"] or ():
        table.add_row(step["zh"], with_commas(step["amount"]))
    return table


def _untold(cannot_tell: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Rules that could not be decided, by the answers they lack; each once, for however many persons."""
    rules: dict[str, dict[str, None]] = {}
    for each in cannot_tell:
        lacking = dict.fromkeys(f"{because['department']} {because['state']}" for because in each["because"])
        rules.setdefault(", ".join(lacking), {})[each["rule"]] = None
    return {because: list(names) for because, names in rules.items()}
