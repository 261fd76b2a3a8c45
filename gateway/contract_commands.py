"""What can be done with contracts? `hedui contracts check`, offline, and `hedui contracts try`, against the real source."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.terminal import FAILED, day_of, fail, plainly, registers_of, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from connectors.contract import Contract
    from connectors.trial import TableTried, Trial
    from gateway.settings import Settings

contracts = typer.Typer(
    name="contracts",
    help="Departments' contracts: check the files, and try them on the real source.",
    rich_markup_mode=None,
)

Config = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", envvar="HEDUI_CONFIG")
]


@contracts.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(help="A contract file or a folder of them; the folder of the settings.")
    ] = None,
    config: Config = None,
) -> None:
    """Read every contract and tell each fault by file, line and field; nobody is asked."""
    from connectors.contract_check import check as checked

    found, faults = checked(path or settings_of(config).contracts)
    for one in found:
        columns = sum(len(table.fields) for table in one.tables.values())
        typer.echo(
            f"{one.file.name}  {one.department.term}  {one.version}  {one.transport}  "
            f"{len(one.tables)} record types, {columns} columns"
        )
    for fault in faults:
        typer.echo(str(fault), err=True)
    if faults:
        raise typer.Exit(FAILED)


@contracts.command("try")
def attempt(
    name: Annotated[str, typer.Argument(help="The department, as the contract's `id` names it.")],
    address: Annotated[
        str | None, typer.Option(help="Where the source is, instead of where the settings say.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(help="The day, as 2026-11-16, for the age of rows; today unless given.")
    ] = None,
    config: Config = None,
) -> None:
    """Ask the real source for its version, the shape of ten rows a table (no value is shown), and their age."""
    from connectors.contract_file import BadContract

    settings, day = settings_of(config), day_of(on)
    with plainly(BadContract):
        contract = _contract(settings, name)
        if address is not None:
            settings = settings.model_copy(update={"registers": {contract.department: address}})
        with registers_of(settings) as (ready, today):
            where = ready.registers.get(contract.department)
            if where is None:
                fail(f"expected an address of `{name}` in the setting `registers` or by --address, got none")
            tried = _tried(contract, where, day or (today() if today else None))
    _show(tried)
    if not tried.holds:
        raise typer.Exit(FAILED)


def _contract(settings: Settings, name: str) -> Contract:
    from connectors.contract import read_contracts

    known = {one.value: contract for one, contract in read_contracts(settings.contracts).items()}
    if name not in known:
        fail(f"expected a contract of {', '.join(known)}, got `{name}`")
    return known[name]


def _tried(contract: Contract, address: str, day: date | None) -> Trial:
    import asyncio
    from datetime import UTC, datetime, timedelta, timezone

    from connectors.departments import connect
    from connectors.trial import attempt as tried

    today = day or datetime.now(timezone(timedelta(hours=8))).date()
    connector = connect(
        {contract.department: address},
        clock=lambda: datetime.now(UTC),
        today=lambda: today,
        contracts={contract.department: contract},
    )[contract.department]
    try:
        return tried(contract, connector, today=today)
    finally:
        asyncio.run(connector.aclose())


def _show(tried: Trial) -> None:
    typer.echo(f"{tried.contract.name} ({tried.contract.transport}): {tried.version}")
    for one in tried.tables:
        typer.echo(f"\n{one.record.__name__} from {one.physical}: {_told(one, tried.contract.latency_days)}")
        for column in one.columns:
            typer.echo(f"  {column.column:<24}{column.comes_from:<24}{', '.join(column.shapes)}")
        for why in one.broken:
            typer.echo(f"  does not read: {why}")


def _told(one: TableTried, latency_days: int) -> str:
    if one.failed is not None:
        return one.failed
    if one.days_old is None:
        return f"{one.rows} rows, none of which reads" if one.rows else "no rows"
    late = "" if one.days_old <= latency_days else f", OLDER than the {latency_days} agreed"
    return f"{one.rows} rows of {one.oldest} to {one.newest}, at most {one.days_old} days old{late}"
