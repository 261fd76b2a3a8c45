"""How does a whole register come to rest in files? `hedui land`, which goes on where it was killed.

For runs on other machines and for the department's own comparison. What is written are records of
people: the folder is made for its owner alone, and each table is noted before it is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.log_terminal import Config, at_desk, dev, plainly_logged
from gateway.quality_commands import departments_named
from gateway.terminal import fail, registers_of, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from gateway.log_desk import LogDesk


def land(
    folder: Annotated[
        Path, typer.Argument(help="Where the Parquet files go, a folder for each record type.")
    ],
    departments: Annotated[
        list[str] | None,
        typer.Argument(help="Departments, as `health`; all that have a register unless given."),
    ] = None,
    config: Config = None,
) -> None:
    """Bring whole tables to rest as Parquet, in our words; killed, the same command goes on without loss or duplicate."""
    from connectors.ask import SnapshotFailed
    from connectors.contract import read_contracts
    from connectors.contract_file import BadContract
    from connectors.departments import connect
    from connectors.landing import OtherLanding
    from connectors.landing import land as landed
    from gateway.log_desk import now
    from vocabulary.record import columns_of

    async def work(desk: LogDesk) -> None:
        for department, register in connect(asked, clock=now, today=today, contracts=contracts).items():
            for record in contracts[department].tables:
                await desk.note("table.landed", {"source": department.value, "record": record.__name__})
                rows = landed(register, record, frozenset(columns_of(record)), folder)
                typer.echo(f"{department.value:<16} {record.__name__:<24} {rows:>10,} rows")

    known = (SnapshotFailed, OtherLanding, BadContract)
    with plainly_logged(*known), registers_of(dev(settings_of(config))) as (settings, today):
        contracts = read_contracts(settings.contracts)
        named = departments_named(departments)
        asked = {one: settings.registers[one] for one in named if one in settings.registers}
        if not asked:
            fail("expected a department that `registers` names")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        at_desk(config, work)
