"""How do sharing agreements come in and go out at a terminal? `hedui agreements`: check, export, import, sign."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.correction_commands import As, Token, at_casework_desk
from gateway.log_terminal import Config, write_new
from gateway.terminal import fail, plainly, require_new, settings_of

if TYPE_CHECKING:  # what reads agreements takes its time to load
    from casework.agreement import Agreement
    from casework.agreement_register import Revision
    from casework.desk import Desk
    from casework.role import Actor

agreements = typer.Typer(
    name="agreements",
    help="共享协议: check files, take all in force away as Excel, draft what a file changes, sign as the second person.",
    rich_markup_mode=None,
)

Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="YAML or Excel files.")]


@agreements.command()
def check(files: Files) -> None:
    """Read agreements as the gateway would, compile them, and say what is wrong by file, line and key."""
    from casework.agreement import hash_of
    from casework.cedar import AgreementSet, DoesNotCompile

    found = [each for _, said in _read(files) for each in said]
    numbers = [each.number for each in found]
    if twice := sorted({number for number in numbers if numbers.count(number) > 1}):
        fail(f"expected each number once, got {', '.join(twice)} several times")
    try:
        AgreementSet(found)
    except DoesNotCompile as error:
        fail(str(error))
    typer.echo(f"{len(found)} agreements hold together; hash of the set {hash_of(found)}")


@agreements.command()
def export(
    to: Annotated[Path, typer.Argument(help="Excel file (.xlsx); must not be there yet.")],
    who: As = "lawyer",
    token: Token = None,
    config: Config = None,
) -> None:
    """Write all agreements in force into an Excel file, which comes back with the same hash."""
    from casework.agreement import hash_of
    from casework.agreement_register import in_force
    from casework.agreement_sheet import write_sheet
    from casework.role import Act

    folder = _folder(config)
    with plainly():
        require_new(to)

    async def work(desk: Desk, actor: Actor) -> Sequence[Agreement]:
        await desk.permit(actor, Act.SIGN_AGREEMENT)
        await desk.read(actor, "agreements-export", rows=0)
        return sorted(in_force(desk.kept, folder), key=lambda each: each.number)

    found = at_casework_desk(config, who, token, work)
    with plainly():
        write_new(to, write_sheet(found))
    typer.echo(f"{len(found)} agreements; hash of the set {hash_of(found)}")


@agreements.command("import")
def import_(
    files: Files,
    reason: Annotated[str, typer.Option(help="Why they change.")],
    who: As = "lawyer",
    token: Token = None,
    config: Config = None,
) -> None:
    """Draft a revision of each agreement that says something else than what is in force; `sign` puts it in force.

    Of all files or of none: everything that is wrong is told first, by file and line, or by sheet, row and column.
    """
    from casework.agreement import as_text
    from casework.agreement_register import draft_revisions

    texts = [
        as_text(each) if file.suffix == ".xlsx" else file.read_text("utf-8")
        for file, found in _read(files)
        for each in found
    ]
    folder = _folder(config)

    async def work(desk: Desk, actor: Actor) -> list[Revision]:
        return await draft_revisions(desk, actor, texts=texts, reason=reason, folder=folder)

    for made in at_casework_desk(config, who, token, work):
        typer.echo(f"{made.id}  {made.number}  revision {made.revision}  {made.state.term}")


@agreements.command("list")
def list_(who: As = "lawyer", token: Token = None, config: Config = None) -> None:
    """List revisions that wait for a second person."""
    from casework.agreement_register import drafts
    from casework.role import Act

    async def work(desk: Desk, actor: Actor) -> list[Revision]:
        await desk.permit(actor, Act.SIGN_AGREEMENT)
        await desk.read(actor, "agreements", rows=0)
        return drafts(desk.kept)

    for each in at_casework_desk(config, who, token, work):
        typer.echo(f"{each.id}  {each.number}  revision {each.revision}  {each.drafted_on}  {each.reason}")


@agreements.command()
def sign(
    id_: Annotated[str, typer.Argument(help="The revision's id, as `hedui agreements list` shows it.")],
    who: As = "supervisor",
    token: Token = None,
    config: Config = None,
) -> None:
    """Put a revision in force, as another person than who drafted it; gateways decide by it within about a second."""
    from casework.agreement_register import put_in_force, read_revision

    folder = _folder(config)

    async def work(desk: Desk, actor: Actor) -> str:
        revision = read_revision(desk.kept, id_)
        return (await put_in_force(desk, actor, revision, folder=folder)).hash

    typer.echo(f"in force; hash of the set {at_casework_desk(config, who, token, work)}")


def _read(files: Sequence[Path]) -> list[tuple[Path, tuple[Agreement, ...]]]:
    """The agreements of each file, by its suffix; ends the command where one says something wrong, with all of it."""
    from casework.agreement import load_agreement
    from casework.agreement_sheet import read_sheet
    from casework.written import BadAgreement, Faults

    def read(file: Path) -> tuple[Agreement, ...]:
        if file.suffix == ".xlsx":
            return read_sheet(file.read_bytes(), file=file.name)
        return (load_agreement(file),)

    faults = Faults()
    found: list[tuple[Path, tuple[Agreement, ...]]] = []
    try:
        for file in files:
            said: tuple[Agreement, ...] = faults.of(partial(read, file), instead=())
            found.append((file, said))
        faults.require_none()
    except BadAgreement as error:
        fail(str(error))
    except OSError as error:
        fail(f"expected a file that can be read, got {type(error).__name__}")
    return found


def _folder(config: Path | None) -> tuple[Agreement, ...]:
    """The agreements of the settings' folder; ends the command where they are wrong."""
    from casework.agreement import load_agreements
    from casework.written import BadAgreement

    try:
        return load_agreements(settings_of(config).agreements)
    except BadAgreement as error:
        fail(str(error))
