"""What do the commands that work on the log have in common? The desk, files that are new, and errors in a line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.terminal import plainly, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from gateway.log_desk import LogDesk
    from gateway.settings import Settings

T = TypeVar("T")

Config = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", envvar="HEDUI_CONFIG")
]


def at_desk(config: Path | None, work: Callable[[LogDesk], Awaitable[T]]) -> T:
    """What `work` gives at a desk that is open while it lasts."""
    from gateway.opening import desk_opened

    async def run() -> T:
        async with desk_opened(dev(settings_of(config))) as desk:
            return await work(desk)

    return asyncio.run(run())


def dev(settings: Settings) -> Settings:
    """The settings of a development machine: those of the demo, when neither register nor `env` is set."""
    if settings.registers or "env" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"env": "dev"})


def write_new(path: Path, data: bytes) -> None:
    """Write a file for its owner alone. Raises `FileExistsError`."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


@contextmanager
def plainly_logged(*errors: type[Exception]) -> Iterator[None]:
    """What goes wrong with the log, or in these ways, is one line on standard error, not a trace."""
    from audit.errors import AuditError
    from gateway.errors import CannotOpen
    from gateway.sampling import CannotSample

    with plainly(AuditError, CannotOpen, CannotSample, *errors):
        yield
