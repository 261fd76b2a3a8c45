"""Whose are the rows with a missing or mistyped id number? `hedui links`: proposed by likeness, decided by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.correction_commands import As, Id, Token, at_casework_desk, record_named
from gateway.log_terminal import Config, dev, plainly_logged
from gateway.terminal import fail, registers_of, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    import pyarrow as pa

    from casework.desk import Desk
    from casework.links import Likeness, Link
    from casework.role import Actor
    from connectors.decode import Row
    from connectors.linkage import Identity
    from gateway.settings import Settings
    from vocabulary.record import Record

links = typer.Typer(
    name="links",
    help="疑似同一人: rows under a missing, mistyped or 15-digit id number, proposed by likeness; nothing is merged.",
    rich_markup_mode=None,
)


@links.command()
def propose(
    record: Annotated[
        str, typer.Argument(help="Record type, as `Enrolment`; read whole, as it was written.")
    ],
    who: As = "verifier",
    token: Token = None,
    config: Config = None,
) -> None:
    """Lay a department's rows beside civil affairs' own list of people, and register likely pairs for a person to decide."""
    from casework.links import propose as registered
    from connectors.ask import SnapshotFailed
    from connectors.contract_file import BadContract
    from connectors.failure import Failed

    known = (Failed, SnapshotFailed, BadContract)
    kind = record_named(record)
    with plainly_logged(*known), registers_of(dev(settings_of(config))) as (settings, today):
        found = _likely(settings, kind, today() if today else None)

        async def work(desk: Desk, actor: Actor) -> int:
            return await registered(desk, actor, found)

        new = at_casework_desk(config, who, token, work)
    typer.echo(f"{new} new of {len(found)} likely pairs")


@links.command("list")
def list_(
    open_only: Annotated[bool, typer.Option("--open", help="Only those that nobody has decided.")] = False,
    who: As = "supervisor",
    token: Token = None,
    config: Config = None,
) -> None:
    """List links of one's region: the row by its department's key, and what the likeness rests on."""
    from casework.links import LinkState
    from casework.links import links as listed

    async def work(desk: Desk, actor: Actor) -> Sequence[Link]:
        return await listed(desk, actor, state=LinkState.PROPOSED if open_only else None, first=1_000)

    names = {True: "姓名一致", False: "姓名不同", None: "缺姓名"}
    for one in at_casework_desk(config, who, token, work):
        typer.echo(
            f"{one.id}  {one.source.term}  {one.record}/{one.record_id}  {one.how.term}  "
            f"{names[one.names_agree]}  {one.state.term}"
        )


@links.command()
def decide(
    id_: Id,
    same: Annotated[bool, typer.Option("--same/--other", help="Whether it is the same person.")],
    reason: Annotated[str, typer.Option(help="On what grounds; no names or ids.")],
    who: As = "supervisor",
    token: Token = None,
    config: Config = None,
) -> None:
    """Confirm or reject a link. A confirmed one is reason to ask the department to mend its row: `hedui corrections ask`."""
    from casework.links import decide as decided
    from casework.links import read_link

    async def work(desk: Desk, actor: Actor) -> Link:
        return await decided(desk, actor, read_link(desk, actor, id_), same=same, reason=reason)

    done = at_casework_desk(config, who, token, work)
    typer.echo(f"{done.id}  {done.state.term}")


def _likely(settings: Settings, kind: type[Record], today: date | None) -> list[Likeness]:
    """The pairs that somebody has to look at. Raises `Failed`, `SnapshotFailed`, `BadContract`."""
    from casework.links import Likeness
    from connectors.contract import read_contracts
    from connectors.departments import connect
    from connectors.linkage import link
    from connectors.register import Register
    from gateway.log_desk import now
    from vocabulary.codes import Department
    from vocabulary.records.civil_affairs import Person

    asked = {Department.CIVIL_AFFAIRS, kind.department}
    addresses = {one: address for one, address in settings.registers.items() if one in asked}
    if len(addresses) < len(asked) or "person" not in kind.subjects:
        fail(f"expected a record type of persons, and the registers of {', '.join(sorted(asked))}")
    contracts = read_contracts(settings.contracts)
    connected = connect(addresses, clock=now, today=(lambda: today) if today else None, contracts=contracts)
    theirs = connected[kind.department]
    if not isinstance(theirs, Register):
        fail(f"expected a register that gives its rows as they are written, got one for {kind.department}")
    people = connected[Department.CIVIL_AFFAIRS].snapshot(Person, frozenset({"name", "birth"}))
    columns = [one.column for one in contracts[kind.department].tables[kind].fields]
    found = link(_ours(people), _theirs(theirs.delivered(kind), columns))
    return [
        Likeness(kind, match.theirs, match.ours, match.how, match.names_agree)
        for match in found.matches
        if match.needs_a_person
    ]


def _ours(people: Iterable[pa.RecordBatch]) -> Iterable[Identity]:
    """Each person once: the civil register may have several rows of one."""
    from connectors.linkage import Identity

    rows = (row for batch in people for row in batch.to_pylist())
    return {
        row["person"]: Identity(row["person"], row["person"], row["name"], row["birth"]) for row in rows
    }.values()


def _theirs(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[Identity]:
    """A department's rows as it wrote them: what cannot be read as an id number is just what is looked for."""
    from connectors.linkage import Identity

    for row in rows:
        said = {name: "" if cell is None else str(cell) for name, cell in zip(columns, row, strict=True)}
        yield Identity(said["record_id"], said["person"], said.get("name", ""))
