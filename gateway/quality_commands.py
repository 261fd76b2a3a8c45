"""Do the departments deliver what they agreed to? `hedui quality`, in a process of its own.

Great Expectations takes seconds to load and is never loaded by the gateway: whoever takes a
delivery in checks it here, and the gateway reads what came of it from the run folder. Every
check is a reading of a whole table, and stands in the log before its result is kept. Rows that
fail become findings of casework, by their keys, for a person to dispute or to set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.correction_commands import As, Token, at_casework_desk
from gateway.log_terminal import Config, at_desk, dev, plainly_logged
from gateway.terminal import FAILED, day_of, fail, registers_of, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from casework.desk import Desk
    from casework.role import Actor
    from casework.row_findings import RowFinding, RowSuspicion
    from connectors.quality import BatchCheck, QualityBook
    from gateway.log_desk import LogDesk
    from gateway.settings import Settings
    from vocabulary.codes import Department

quality = typer.Typer(
    name="quality",
    help="Whether departments deliver what their contracts say: Great Expectations, results, a page each.",
    rich_markup_mode=None,
)

Departments = Annotated[
    list[str] | None,
    typer.Argument(help="Departments, as `education`; all that have a register unless given."),
]


@quality.command()
def check(
    departments: Departments = None,
    on: Annotated[
        str | None,
        typer.Option(help="The day, as 2026-11-16; no delivery dated after it is read. Today unless given."),
    ] = None,
    findings: Annotated[
        bool, typer.Option("--findings/--no-findings", help="Register each failing row as a finding.")
    ] = True,
    who: As = "verifier",
    token: Token = None,
    config: Config = None,
) -> None:
    """Check what the departments hold or deliver against their contracts; counts and keys only, nobody's values."""
    from connectors.contract_file import BadContract
    from connectors.expectations import NotChecked
    from connectors.failure import Failed
    from gateway.opening import quality_book

    day = day_of(on)
    with (
        plainly_logged(Failed, NotChecked, BadContract),
        registers_of(dev(settings_of(config))) as (settings, today),
    ):
        given = _checked(settings, departments_named(departments), (lambda: day) if day else today)
        checks = at_desk(config, lambda desk: _kept(desk, quality_book(settings), given))
    _show(checks)
    failing = [row for one in checks for row in _failing(one)]
    if findings and failing:
        typer.echo(f"{_registered(failing, config, who, token)} new findings of {len(failing)} failing rows")
    if any(one.quality.value == "DOUBTFUL" for one in checks):
        raise typer.Exit(FAILED)


@quality.command("list")
def list_(departments: Departments = None, config: Config = None) -> None:
    """Show the newest result of every table that was checked."""
    from gateway.opening import quality_book

    book = quality_book(dev(settings_of(config)))
    _show([check for department in departments_named(departments) for check in _newest(book, department)])


@quality.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Where the pages go: one `<department>.html` each.")],
    departments: Departments = None,
    config: Config = None,
) -> None:
    """Write a page for each department: what was agreed, what was not kept, and in which rows, by their keys."""
    from connectors.quality_page import page
    from gateway.opening import quality_book

    book = quality_book(dev(settings_of(config)))
    with plainly_logged():
        folder.mkdir(parents=True, exist_ok=True)
        for department in departments_named(departments):
            path = folder / f"{department.value}.html"
            path.write_text(page(department, _newest(book, department)), "utf-8")
            typer.echo(path)


@quality.command("findings")
def findings_(
    departments: Departments = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that nobody has decided.")] = False,
    who: As = "supervisor",
    token: Token = None,
    config: Config = None,
) -> None:
    """List rows that failed a check, by their department's key: what they fail, and what became of it."""
    from casework.row_findings import RowState, row_findings

    wanted = departments_named(departments)

    async def work(desk: Desk, actor: Actor) -> list[RowFinding]:
        state = RowState.SUSPECTED if open_only else None
        return [
            one
            for department in wanted
            for one in await row_findings(desk, actor, department=department, state=state)
        ]

    for one in at_casework_desk(config, who, token, work):
        what = one.what
        typer.echo(
            f"{one.id}  {what.department.term}  {what.record}/{what.record_id}  {what.rule}  "
            f"{what.severity}  {one.state.term}"
        )


@quality.command()
def decide(
    id_: Annotated[str, typer.Argument(help="The finding, as `hedui quality findings` shows it.")],
    disputed: Annotated[
        bool, typer.Option("--disputed/--set-aside", help="Whether the department is asked to mend the row.")
    ],
    reason: Annotated[str, typer.Option(help="On what grounds; no names or ids.")],
    who: As = "supervisor",
    token: Token = None,
    config: Config = None,
) -> None:
    """Decide on a row that failed: ask its department to correct it, or set the finding aside."""
    from casework.row_findings import decide_row_finding, read_row_finding

    async def work(desk: Desk, actor: Actor) -> RowFinding:
        finding = read_row_finding(desk, actor, id_)
        return await decide_row_finding(desk, actor, finding, confirmed=disputed, reason=reason)

    done = at_casework_desk(config, who, token, work)
    request = f"  {done.correction}" if done.correction else ""
    typer.echo(f"{done.id}  {done.state.term}{request}")


def _registered(
    failing: Sequence[RowSuspicion], config: Path | None, who: str | None, token: Path | None
) -> int:
    """Register failing rows, and say how many are new. The same row of a delivery is one finding."""
    from casework.row_findings import add_row_findings

    return at_casework_desk(config, who, token, lambda desk, actor: add_row_findings(desk, actor, failing))


def _failing(check: BatchCheck) -> Iterator[RowSuspicion]:
    """The rows that fail what was not kept. A register that answers live has no deliveries: a month is taken for one."""
    from casework.row_findings import RowSuspicion

    batch = check.batch or f"live-{check.checked_at:%Y-%m}"
    for one in check.broken:
        rule = rule_of(check.record, one.column, one.expectation)
        for key in one.keys:
            yield RowSuspicion(check.department, check.record, key, batch, rule, one.severity.value)


def rule_of(record: str, column: str, expectation: str) -> str:
    """The name under which findings of an expectation are kept: a code of at most 64 characters.

    >>> rule_of("Enrolment", "person", "expect_column_values_to_not_be_null")
    'Q-Enrolment-person-not_be_null'
    """
    short = expectation.removeprefix("expect_").removeprefix("column_values_to_")
    return "-".join(["Q", record, *([column] if column else []), short])[:64]


def _checked(
    settings: Settings, departments: Sequence[Department], today: Callable[[], date] | None
) -> Iterator[BatchCheck]:
    """Check one table after the other; only one is in memory. Raises `Failed`, `NotChecked`."""
    from connectors.contract import read_contracts
    from connectors.departments import connect
    from connectors.expectations import check as check_table
    from connectors.qualified import Delivered
    from connectors.register import Register
    from gateway.log_desk import china_day, now

    contracts = read_contracts(settings.contracts)
    day = today() if today else china_day(now())
    asked = {one: settings.registers[one] for one in departments if one in settings.registers}
    for department, register in connect(asked, clock=now, today=today, contracts=contracts).items():
        contract = contracts[department]
        if not isinstance(register, Register):
            fail(
                f"expected a register that gives its rows as they are written, got one for {department.value}"
            )
        batch = register.batch() if isinstance(register, Delivered) else ""
        for record, table in contract.tables.items():
            yield check_table(
                record,
                table,
                register.delivered(record),
                rules=contract.quality,
                batch=batch,
                fresh_since=day - timedelta(days=contract.latency_days),
                at=now(),
            )


async def _kept(desk: LogDesk, book: QualityBook, checks: Iterator[BatchCheck]) -> list[BatchCheck]:
    """Note and keep each result. Raises what `checks` raises, and `AuditError`: then it is not kept."""
    kept = []
    for one in checks:
        fields = {"source": one.department.value, "record": one.record, "quality": one.quality.value}
        counts = {"rows": one.rows, "failing": sum(each.failing_rows for each in one.broken)}
        batch = {"batch": one.batch} if one.batch else {}
        await desk.note("batch.checked", {**fields, **counts, **batch})
        book.keep(one)
        kept.append(one)
    return kept


def departments_named(departments: list[str] | None) -> list[Department]:
    """Departments by name, every one where none is named; ends the command for a name that is none."""
    from vocabulary.codes import Department

    known = {one.value: one for one in Department}
    for name in departments or ():
        if name not in known:
            fail(f"expected a department of {', '.join(known)}, got `{name}`")
    return [known[name] for name in departments or known]


def _newest(book: QualityBook, department: Department) -> tuple[BatchCheck, ...]:
    from vocabulary.register import records_of

    return book.of(records_of(department))


def _show(checks: Sequence[BatchCheck]) -> None:
    from gateway.showing import quality_table, terminal_console

    terminal_console().print(quality_table(checks))
