"""Whose are the rows with a missing or mistyped id number? `hedui links`: proposed by likeness, decided by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.correction_commands import As, Id, Token, at_casework_desk
from gateway.log_terminal import Config, dev, plainly_logged
from gateway.terminal import fail, registers_of, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    import pyarrow as pa

    from casework.desk import Desk
    from casework.links import Likeness, Link
    from casework.role import Actor
    from connectors.contract import Contract
    from connectors.decode import Row
    from connectors.linkage import Identity, Linked, Match
    from connectors.mapping import Field, Table
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
    from connectors.ask import SnapshotFailed
    from connectors.contract_file import BadContract
    from connectors.failure import Failed
    from connectors.likelihood import NoSplink

    known = (Failed, SnapshotFailed, BadContract, NoSplink)
    with plainly_logged(*known), registers_of(dev(settings_of(config))) as (settings, today):
        found = _likely(settings, record, today() if today else None, by_likelihood=likelihood)

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


def _likely(settings: Settings, record: str, today: date | None, *, by_likelihood: bool) -> list[Likeness]:
    """The pairs that somebody has to look at. Raises `Failed`, `SnapshotFailed`, `BadContract`, `NoSplink`."""
    from casework.links import Likeness
    from connectors.contract import read_contracts
    from connectors.departments import connect
    from connectors.linkage import link
    from connectors.register import Register
    from gateway.log_desk import now
    from vocabulary.codes import Department
    from vocabulary.records.civil_affairs import Person

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
    people = connected[Department.CIVIL_AFFAIRS].snapshot(
        Person, frozenset({"name", "birth", "residence_district"})
    )
    ours, rows = _ours(people), [*_theirs(theirs.delivered(kind), contracts[kind.department].tables[kind])]
    found = link(ours, rows)
    matches = [match for match in found.matches if match.needs_a_person]
    if by_likelihood:
        matches += _by_likelihood(ours, rows, found)
    return [
        Likeness(kind, match.theirs, match.ours, match.how, match.names_agree, match.per_mille)
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
