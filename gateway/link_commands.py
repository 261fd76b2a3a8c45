"""Whose are the rows with a missing or mistyped id number? `hedui links`: proposed by likeness, decided by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from gateway.correction_commands import As, Id, Token, at_casework_desk
from gateway.log_terminal import Config, dev, plainly_logged
from gateway.terminal import fail, registers_of, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    import pyarrow as pa

    from casework.desk import Desk
    from casework.links import Likeness, Link
    from casework.role import Actor
    from connectors.ask import Connector
    from connectors.contract import Contract
    from connectors.decode import Row
    from connectors.linkage import Identity, Linked, Match
    from connectors.mapping import Field, Table
    from connectors.register import Register
    from gateway.settings import Settings
    from vocabulary.codes import Department
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
    likelihood: Annotated[
        bool,
        typer.Option(
            "--likelihood", help="Of rows without any id number, what Splink holds likely (`make linkage`)."
        ),
    ] = False,
    who: As = "verifier",
    token: Token = None,
    config: Config = None,
) -> None:
    """Lay a department's rows beside civil affairs' own list of people, and register likely pairs for a person to decide."""
    from casework.links import propose as registered
    from casework.role import Act
    from connectors.ask import SnapshotFailed
    from connectors.contract_file import BadContract
    from connectors.failure import Failed
    from connectors.likelihood import NoSplink
    from vocabulary.records.civil_affairs import Person

    known = (Failed, SnapshotFailed, BadContract, NoSplink)
    with plainly_logged(*known), registers_of(dev(settings_of(config))) as (settings, today):
        sides = _sides(settings, record, today() if today else None)

        async def work(desk: Desk, actor: Actor) -> tuple[int, int]:
            await desk.permit(actor, Act.ADD_FINDING)
            for read in (Person, sides.kind):  # noted before it is read, whatever comes of it
                source = {"source": read.department.value, "record": read.__name__}
                await desk.write("table.landed", fields={"caller": actor.account, **source})
            found = _likely(sides, by_likelihood=likelihood)
            return await registered(desk, actor, found), len(found)

        new, pairs = at_casework_desk(config, who, token, work)
    typer.echo(f"{new} new of {pairs} likely pairs")


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
        return await listed(desk, actor, state=LinkState.PROPOSED if open_only else None)

    names = {True: "姓名一致", False: "姓名不同", None: "缺姓名"}
    for one in at_casework_desk(config, who, token, work):
        held = "" if one.per_mille is None else f" {one.per_mille}‰"
        typer.echo(
            f"{one.id}  {one.source.term}  {one.record}/{one.record_id}  {one.how.term}{held}  "
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


class _Sides(NamedTuple):
    """What is laid beside each other: people as civil affairs lists them, and a table of a department."""

    people: Connector
    kind: type[Record]
    theirs: Register
    table: Table


def _sides(settings: Settings, record: str, today: date | None) -> _Sides:
    """Where to read; nothing is read yet. Ends the command where there is nothing to compare. Raises `BadContract`."""
    from connectors.contract import read_contracts
    from connectors.departments import connect
    from connectors.register import Register
    from gateway.log_desk import now
    from vocabulary.codes import Department

    contracts = read_contracts(settings.contracts)
    kind = _record_type(contracts, record)
    asked = {Department.CIVIL_AFFAIRS, kind.department}
    addresses = {one: address for one, address in settings.registers.items() if one in asked}
    if len(addresses) < len(asked) or "person" not in kind.subjects:
        fail(f"expected a record type of persons, and the registers of {', '.join(sorted(asked))}")
    connected = connect(addresses, clock=now, today=(lambda: today) if today else None, contracts=contracts)
    theirs = connected[kind.department]
    if not isinstance(theirs, Register):
        fail(f"expected a register that gives its rows as they are written, got one for {kind.department}")
    return _Sides(connected[Department.CIVIL_AFFAIRS], kind, theirs, contracts[kind.department].tables[kind])


def _likely(sides: _Sides, *, by_likelihood: bool) -> list[Likeness]:
    """The pairs that somebody has to look at. Raises `Failed`, `SnapshotFailed`, `NoSplink`."""
    from casework.links import Likeness
    from connectors.linkage import link
    from vocabulary.records.civil_affairs import Person

    people = sides.people.snapshot(Person, frozenset({"name", "birth", "residence_district"}))
    ours, rows = _ours(people), [*_theirs(sides.theirs.delivered(sides.kind), sides.table)]
    found = link(ours, rows)
    matches = [match for match in found.matches if match.needs_a_person]
    if by_likelihood:
        matches += _by_likelihood(ours, rows, found)
    return [
        Likeness(sides.kind, match.theirs, match.ours, match.how, match.names_agree, match.per_mille)
        for match in matches
    ]


def _by_likelihood(ours: Sequence[Identity], rows: Sequence[Identity], found: Linked) -> list[Match]:
    """Of rows without a number and people whom no row names: what the steps left over. Raises `NoSplink`.

    It learns from all of them, also from those whom the steps have found.
    """
    from connectors.likelihood import likely
    from connectors.linkage import How

    named = {match.ours for match in found.matches if match.how in (How.EXACT, How.RAISED)}
    taken = {match.ours for match in found.matches}
    left = {*found.unmatched, *found.ambiguous}
    held = likely(
        (one for one in ours if one.key not in named), (row for row in rows if not row.written), seed=SEED
    )
    return [match for match in held.matches if match.theirs in left and match.ours not in taken]


SEED = 1
"""Of the sample of pairs by which Splink learns: the same lists give the same proposals."""


def _record_type(contracts: Mapping[Department, Contract], name: str) -> type[Record]:
    """A record type of some contract, ours or its own; ends the command where there is none."""
    known = {one.__name__: one for contract in contracts.values() for one in contract.tables}
    if name not in known:
        fail(f"expected a record type of {', '.join(sorted(known))}, got `{name}`")
    return known[name]


def _ours(people: Iterable[pa.RecordBatch]) -> list[Identity]:
    """Each person once: the civil register may have several rows of one."""
    from connectors.linkage import Identity

    rows = (row for batch in people for row in batch.to_pylist())
    return [
        *{
            row["person"]: Identity(
                row["person"], row["person"], row["name"], row["birth"], row["residence_district"]
            )
            for row in rows
        }.values()
    ]


def _theirs(rows: Iterable[Row], table: Table) -> Iterator[Identity]:
    """A department's rows as it wrote them: what cannot be read as an id number is just what is looked for.

    Name, birthday and district count where the record type has such columns: `name`, `birth`, `district`.
    """
    from connectors.linkage import Identity

    columns = [one.column for one in table.fields]
    for row in rows:
        cells = dict(zip(columns, row, strict=True))
        said = {name: "" if cell is None else str(cell) for name, cell in cells.items()}
        birth = _day(table.of["birth"], cells["birth"]) if "birth" in cells else None
        yield Identity(
            said["record_id"], said["person"], said.get("name", ""), birth, said.get("district", "")
        )


def _day(field: Field, cell: object) -> date | None:
    from connectors.forms import NotInForm, read

    try:
        day = read(field.form, cell)
    except NotInForm:
        return None
    return day if isinstance(day, date) else None
