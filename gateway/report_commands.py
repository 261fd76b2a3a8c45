"""What can be counted over the district? `hedui reports stacking`, `aids` and `causes`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.terminal import day_of, plainly, registers_of, require_new, settings_of
from vocabulary.counting import count_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from collections.abc import Iterator

    from gateway.reports import AidReport, CauseReport, StackingReport
    from vocabulary.codes import Department

T = TypeVar("T")

reports = typer.Typer(
    name="reports",
    help="Counts over the district: benefits beside each other, aids, causes.",
    rich_markup_mode=None,
)

On = Annotated[str | None, typer.Option(help="The day, as 2026-11-16; today, or the demo district's own.")]
Csv = Annotated[
    Path | None, typer.Option(help="Where each of them goes, people masked; must not be there yet.")
]
Config = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", envvar="HEDUI_CONFIG")
]


@reports.command()
def stacking(on: On = None, csv: Csv = None, config: Config = None) -> None:
    """Benefits that may not stand together, and what is due and not drawn: a proposal, no decision."""
    from gateway.reports import report_stacking

    _show_stacking(_listed(report_stacking, on, config, csv, write_list))


@reports.command()
def aids(on: On = None, csv: Csv = None, config: Config = None) -> None:
    """医疗、教育、住房、就业救助 that is open to somebody and that no register shows as given: an offer, no decision."""
    from gateway.reports import report_aids

    _show_aids(_listed(report_aids, on, config, csv, write_aids))


@reports.command()
def causes(on: On = None, config: Config = None) -> None:
    """致困类别统计表, and the ledger by category: each sums to all households."""
    import asyncio

    from gateway.reports import report_causes

    with _plainly():
        report = asyncio.run(_asked(report_causes, on, config))
    _show_causes(report)


def write_list(path: Path, report: StackingReport) -> None:
    """Each proposal on a line, people masked; with a mark by which spreadsheets know that it is UTF-8."""
    from csv import writer

    from vocabulary.idnumber import mask
    from vocabulary.money import Money

    with path.open("x", encoding="utf-8-sig", newline="") as file:
        lines = writer(file, lineterminator="\n")
        lines.writerow(_COLUMNS)
        for home in report.listed:
            for each in home.proposals:
                holder = "" if each.person == home.household else mask(each.person)
                sides = (each.drawn, each.best, each.uncovered)
                benefits = (" ".join(paid.name for paid in side) for side in sides)
                articles = "; ".join(sorted({clash.cite for clash in each.clashes if clash.cite}))
                money = Money(each.overpaid_fen), Money(each.forgone_fen)
                lines.writerow((home.household, holder, each.month, *benefits, *money, articles))


def write_aids(path: Path, report: AidReport) -> None:
    """Each aid that is open and not given, or cannot be told, on a line, people masked."""
    from csv import writer

    from verification.citation import in_chinese
    from vocabulary.evidence import Answer
    from vocabulary.idnumber import mask

    with path.open("x", encoding="utf-8-sig", newline="") as file:
        lines = writer(file, lineterminator="\n")
        lines.writerow(("household", "holder", "rule", "told", "not_answered", "articles"))
        for household, found in report.listed:
            told = f"{'疑似' if found.answer is Answer.YES else '待核：'}{found.rule.zh}"
            silent = " ".join(dict.fromkeys(record.department.term for record in found.because))
            holder = mask(found.person) if found.person else ""
            lines.writerow((household, holder, found.rule.number, told, silent, in_chinese(found.rule.cite)))


_COLUMNS = (
    *("household", "holder", "month", "drawn", "best", "uncovered"),
    *("overpaid_yuan", "forgone_yuan", "articles"),
)
"""Of the file; `uncovered` is what the best combination pays and was not drawn at all (应享未享, BEN-09)."""


def _listed(
    work: Callable[..., Awaitable[T]],
    on: str | None,
    config: Path | None,
    csv: Path | None,
    write: Callable[[Path, T], None],
) -> T:
    """A report, which stands line by line in the file that was named for it, if one was."""
    import asyncio

    with _plainly():
        if csv is not None:
            require_new(csv)
        report = asyncio.run(_asked(work, on, config))
        if csv is not None:
            write(csv, report)
    return report


async def _asked(work: Callable[..., Awaitable[T]], on: str | None, config: Path | None) -> T:
    from gateway.district_asked import district_of
    from gateway.opening import opened
    from verification.pack import load_pack

    day = day_of(on)
    with registers_of(settings_of(config)) as (settings, today):
        async with opened(settings, today=today) as gateway:
            district = district_of(gateway.office, on=day, caller="operator")
            return await work(district, pack=load_pack(settings.policy_pack))


def _show_stacking(report: StackingReport) -> None:
    from vocabulary.money import fen_with_commas

    found = report.sums
    typer.echo(f"{count_of(report.households, 'household')}; a proposal, nothing is decided by it")
    _show_failed(report.failed)
    overpaid, forgone = map(fen_with_commas, (found.overpaid_fen, found.forgone_fen))
    typer.echo(f"  drawn too much: {overpaid} yuan, {count_of(found.persons_overpaid, 'holder')}")
    typer.echo(f"  due and not drawn: {forgone} yuan, {count_of(found.persons_forgoing, 'holder')}")
    untold = sum(bool(each.cannot_tell) for each in report.listed)
    typer.echo(f"  something cannot be told of {count_of(untold, 'household')}")


def _show_aids(report: AidReport) -> None:
    from collections import Counter

    from verification.aids import AIDS
    from verification.citation import in_chinese
    from vocabulary.evidence import Answer

    counts = Counter((found.rule.number, found.answer) for _, found in report.listed)
    typer.echo(f"{count_of(report.households, 'household')}; an offer, nothing is decided by it")
    _show_failed(report.failed)
    for rule in AIDS.rules:
        whose = "household" if rule.level is AIDS.household else "person"
        found, untold = (counts[rule.number, answer] for answer in (Answer.YES, Answer.UNKNOWN))
        typer.echo(
            f"  疑似{rule.zh}（{in_chinese(rule.cite)}）: {count_of(found, whose)}; cannot be told of {untold:,}"
        )


def _show_causes(report: CauseReport) -> None:
    counted = report.table
    typer.echo(f"{count_of(counted.households, 'household')} by primary cause")
    _show_failed(report.failed)
    for cause, count in counted.causes.items():
        typer.echo(f"  {cause.term}: {count:,}")
    typer.echo(f"  并列待选定: {counted.ties:,}\n  待核: {counted.cannot_tell:,}")
    typer.echo("by line of the ledger, households and persons")
    for category, line in report.ledger.items():
        name = "待核" if category is None else category.term
        typer.echo(f"  {name}: {count_of(line.households, 'household')}, {count_of(line.persons, 'person')}")


def _show_failed(failed: Mapping[Department, str]) -> None:
    for department, failure in failed.items():
        typer.echo(f"  {department.term} did not answer: {failure}")


@contextmanager
def _plainly() -> Iterator[None]:
    from audit.errors import AuditError
    from gateway.errors import CannotOpen, CannotRun, NotLogged
    from verification.language.kinds import PackGap
    from verification.pack import PackError
    from verification.stacking import TooManyClaims

    with plainly(AuditError, CannotOpen, CannotRun, NotLogged, PackError, PackGap, TooManyClaims):
        yield
