"""What does every command do before and around its work? Settings, registers, and errors as one plain line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from gateway.settings import Settings

FAILED = 1


def settings_of(config: Path | None) -> Settings:
    """The settings of a file and the environment; ends the command where they are wrong."""
    from gateway.settings import BadSettings, Settings

    try:
        return Settings.load(**({} if config is None else {"config": config}))
    except BadSettings as error:
        fail(str(error))


@contextmanager
def registers_of(settings: Settings) -> Iterator[tuple[Settings, Callable[[], date] | None]]:
    """Settings with registers: those that are set, or the demo district's, whose day stands still."""
    if settings.registers:
        yield settings, None
        return
    from gateway.demo_desk import demo_registers, district_day

    with demo_registers(settings, say=typer.echo) as ready:
        yield ready, district_day


@contextmanager
def plainly(*errors: type[Exception]) -> Iterator[None]:
    """What goes wrong in these ways is one line on standard error, not a trace; the command ends with `FAILED`."""
    told: tuple[type[Exception], ...] = (*errors, OSError)
    try:
        yield
    except told as error:
        fail(f"{type(error).__name__}: {error}")


def require_new(path: Path) -> None:
    """Return when a file can be made at a path: before what takes long is begun, or what is written down is noted.

    Raises `FileExistsError`, `NotADirectoryError` and `PermissionError`.
    """
    if os.path.lexists(path):
        raise FileExistsError(f"expected a path where nothing is yet, got `{path}`")
    if not path.parent.is_dir():
        raise NotADirectoryError(f"expected a folder that is there, got `{path.parent}`")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"expected a folder that can be written to, got `{path.parent}`")


def day_of(text: str | None) -> date | None:
    """A day as it was typed; ends the command where it is none."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        fail("expected a day such as 2026-11-16")


def fail(message: str) -> NoReturn:
    """Say why on standard error and end the command."""
    typer.echo(message, err=True)
    raise typer.Exit(FAILED)
