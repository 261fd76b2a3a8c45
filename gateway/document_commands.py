"""Which documents may be asked by their hash? `hedui documents list` and `add`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.terminal import fail, plainly, settings_of

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.trusted import TrustedDocument

documents = typer.Typer(
    name="documents", help="Trusted documents: read first, then asked by their hash.", rich_markup_mode=None
)

Config = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", envvar="HEDUI_CONFIG")
]


@documents.command("list")
def list_them(config: Config = None) -> None:
    """Print every trusted document: its hash, its kind, its name."""
    settings = settings_of(config)
    for known in sorted(_loaded(settings).values(), key=lambda each: each.name):
        typer.echo(f"{known.identifier}  {known.kind:<12} {known.name}")


@documents.command()
def add(
    file: Annotated[Path, typer.Argument(help="File of one named operation.")], config: Config = None
) -> None:
    """Trust a document: check it against schema and limits, and copy it into the folder of `HEDUI_DOCUMENTS`."""
    from gateway.errors import CannotOpen
    from gateway.limits import limits_of
    from gateway.opening import schema_of
    from gateway.trusted import BadTrustedDocument, read_trusted

    settings = settings_of(config)
    if settings.documents is None:
        fail("expected `HEDUI_DOCUMENTS` to name the folder of trusted documents, got none")
    with plainly(BadTrustedDocument, CannotOpen, UnicodeDecodeError):
        text = file.read_text("utf-8")
        read = read_trusted(text, name=file.name, schema=schema_of(settings), limits=limits_of(settings))
        _require_name(read, _loaded(settings))
        settings.documents.mkdir(parents=True, exist_ok=True)
        with (settings.documents / f"{read.name}.graphql").open("x", encoding="utf-8") as copy:
            copy.write(text)
    typer.echo(f"{read.identifier}  {read.kind:<12} {read.name}")


def _loaded(settings: Settings) -> dict[str, TrustedDocument]:
    from gateway.errors import CannotOpen
    from gateway.limits import limits_of
    from gateway.opening import schema_of
    from gateway.trusted import BadTrustedDocument, load_trusted

    folder = settings.documents if settings.documents is not None and settings.documents.exists() else None
    with plainly(BadTrustedDocument, CannotOpen):
        return load_trusted(folder, schema=schema_of(settings), limits=limits_of(settings))


def _require_name(read: TrustedDocument, known: dict[str, TrustedDocument]) -> None:
    """Return when the name is free: pages ask by name, and must not get another document."""
    if read.identifier in known:
        fail(f"`{read.name}` is trusted already")
    if any(each.name == read.name for each in known.values()):
        fail(f"expected a name that no trusted document has, got `{read.name}`")
