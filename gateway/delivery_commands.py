"""Does the newest delivery keep what was agreed? `hedui deliveries`, in a process of its own.

Great Expectations takes seconds to load and is never loaded by the gateway: a delivery is
checked by whoever takes it in, before anybody is asked from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.terminal import FAILED, day_of, plainly

if TYPE_CHECKING:  # the engines behind the command take their time to load
    from connectors.expectations import Checked


def deliveries(
    folder: Annotated[Path, typer.Argument(help="Folder of education's deliveries, with their manifests.")],
    on: Annotated[
        str | None,
        typer.Option(help="The day, as 2026-11-16; none dated after it is read. Today unless given."),
    ] = None,
) -> None:
    """Check the newest delivery of 教育 with Great Expectations; counts only, nobody's values."""
    from connectors.failure import Failed

    day = day_of(on)
    with plainly(Failed):
        checked = check_newest(folder, on=day)
    _show(checked)
    if any(one.critical and not one.success for one in checked):
        raise typer.Exit(FAILED)


def check_newest(folder: Path, *, on: date | None = None) -> list[Checked]:
    """Every expectation of every record type that education delivers, with the rows that fail it.

    `on`   a later delivery is not looked at; today unless given
    Raises `Failed` when there is no complete delivery, or a file is not what its manifest says.
    """
    from datetime import UTC, datetime

    from connectors.departments import TABLES
    from connectors.expectations import check
    from connectors.file_register import FileRegister
    from vocabulary.codes import Department

    tables = TABLES[Department.EDUCATION]
    register = FileRegister(
        Department.EDUCATION,
        folder.resolve().as_uri(),
        tables,
        clock=lambda: datetime.now(UTC),
        today=None if on is None else lambda: on,
    )
    return [
        one for record, table in tables.items() for one in check(record, table, register.delivered(record))
    ]


def _show(checked: Iterable[Checked]) -> None:
    from gateway.showing import deliveries_table, terminal_console

    terminal_console().print(deliveries_table(checked))
