"""How do two districts find whom both pay? `hedui tokens`: a secret, a file each, and what is equal.

What is read for it is civil affairs' own list of benefits; what leaves, and what was compared,
stands in the log before it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.log_terminal import Config, at_desk, dev, plainly_logged, write_new
from gateway.terminal import fail, registers_of, require_new, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from connectors.tokens import Border, Drawn
    from gateway.log_desk import LogDesk
    from gateway.settings import Settings

tokens = typer.Typer(
    name="tokens",
    help="Cross-district comparison (跨区比对, HH-06): no name and no id number is exchanged.",
    rich_markup_mode=None,
)

Here = Annotated[str, typer.Option(help="Our district, as 529901.")]
Other = Annotated[str, typer.Option(help="The other district, as 529902.")]
Period = Annotated[str, typer.Option(help="The month that is compared, as 2026-10.")]
Secret = Annotated[Path, typer.Option(help="File of the secret that both districts hold.")]


@tokens.command()
def secret(out: Annotated[Path, typer.Argument(help="Where it goes; must not be there yet.")]) -> None:
    """Make the secret of two districts. Hand it over in person; whoever has it can try id numbers."""
    import secrets

    with plainly_logged():
        write_new(out, secrets.token_hex(32).encode() + b"\n")
    typer.echo(out)


@tokens.command()
def write(
    out: Annotated[Path, typer.Argument(help="The file for the other district; must not be there yet.")],
    here: Here,
    other: Other,
    period: Period,
    secret: Secret,
    config: Config = None,
) -> None:
    """Write whom we paid in a month as keyed tokens, for one other district."""
    from hashlib import sha256

    import msgspec

    from connectors.ask import SnapshotFailed
    from connectors.tokens import written

    border, key = _border(here, other, period), _secret(secret)
    with plainly_logged():
        require_new(out)
    with plainly_logged(SnapshotFailed), registers_of(dev(settings_of(config))) as (settings, _):
        data, left_out = written(border, _drawn(settings, border), secret=key)

        async def note(desk: LogDesk) -> None:
            fields = {"what": "tokens", "contents": sha256(data).hexdigest(), "recipient": other}
            await desk.note("export", {**fields, "entries": len(msgspec.json.decode(data)["rows"])})

        at_desk(config, note)
        write_new(out, data)
    typer.echo(f"{out}  for {other}, {period}")
    if left_out:
        typer.echo(f"{left_out} rows left out: no proper id number", err=True)


@tokens.command()
def compare(
    given: Annotated[Path, typer.Argument(help="The other district's file.")],
    out: Annotated[
        Path, typer.Argument(help="CSV of records for civil affairs' register; must not be there yet.")
    ],
    here: Here,
    other: Other,
    period: Period,
    secret: Secret,
    load: Annotated[
        bool, typer.Option("--load", help="Also keep it here, so that rule HH-06 reads it from now on.")
    ] = False,
    config: Config = None,
) -> None:
    """Find whom both districts paid in a month. A rule finds, a person decides: each is checked by hand."""
    from hashlib import sha256

    from audit.kinds import MOST_SUBJECTS
    from connectors.ask import SnapshotFailed
    from connectors.kept_tokens import as_csv
    from connectors.tokens import BadExchange, compared, read
    from gateway.opening import token_book

    border, key = _border(here, other, period), _secret(secret)
    with plainly_logged():
        require_new(out)
    with plainly_logged(BadExchange, SnapshotFailed), registers_of(dev(settings_of(config))) as (settings, _):
        data = given.read_bytes()
        exchange = read(data, border, secret=key)
        drawn = _drawn(settings, border)
        found = [*compared(exchange, drawn, border, secret=key, as_of=_last_day(border))]

        async def note(desk: LogDesk) -> None:
            fields = {"other": other, "period": period, "contents": sha256(data).hexdigest()}
            counts = {"tokens": len(exchange.rows), "equal": len(found)}
            people = sorted({row.person for row in found})
            for at in range(0, len(people) or 1, MOST_SUBJECTS):
                some = people[at : at + MOST_SUBJECTS]
                await desk.note("tokens.compared", {**fields, **counts}, subjects=some)

        at_desk(config, note)
        write_new(out, as_csv(found))
        if load:
            token_book(settings).keep(border, found)
    typer.echo(f"{out}  {len(found)} equal of {len(exchange.rows)} tokens")


def _drawn(settings: Settings, border: Border) -> Iterator[Drawn]:
    """Whom civil affairs paid in the month: each person named, or all who lived in the household paid."""
    from connectors.departments import connect
    from connectors.tokens import Drawn
    from gateway.log_desk import now
    from vocabulary.codes import BenefitKind, Department, MemberKind
    from vocabulary.idnumber import WrittenId
    from vocabulary.records.civil_affairs import Benefit, Membership

    address = settings.registers.get(Department.CIVIL_AFFAIRS)
    if address is None:
        fail("expected `registers` to name the register of civil_affairs")
    register = connect({Department.CIVIL_AFFAIRS: address}, clock=now)[Department.CIVIL_AFFAIRS]
    last = _last_day(border)
    living: dict[str, list[str]] = {}
    listing = frozenset({"household", "person", "kind", "joined_on", "left_on"})
    for batch in register.snapshot(Membership, listing):
        for row in batch.to_pylist():
            listed = row["joined_on"] <= last and (row["left_on"] is None or row["left_on"] > last)
            if listed and row["kind"] == MemberKind.COHABIT.value:
                living.setdefault(row["household"], []).append(row["person"])
    columns = frozenset({"household", "person", "kind", "month", "paid"})
    for batch in register.snapshot(Benefit, columns):
        for row in batch.to_pylist():
            if row["month"] == border.period:
                for person in [row["person"]] if row["person"] else living.get(row["household"], []):
                    yield Drawn(WrittenId(person), BenefitKind(row["kind"]), row["paid"])


def _last_day(border: Border) -> date:
    from datetime import timedelta

    return border.period.plus(1).first_day - timedelta(days=1)


def _border(here: str, other: str, period: str) -> Border:
    from connectors.tokens import Border
    from vocabulary.errors import Malformed
    from vocabulary.month import Month
    from vocabulary.region import RegionCode

    try:
        return Border(RegionCode.parse(here), RegionCode.parse(other), Month.parse(period))
    except Malformed as error:
        fail(str(error))


def _secret(path: Path) -> bytes:
    from connectors.tokens import SECRET_BYTES

    try:
        made = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        fail("expected --secret to name a file of hex digits, as `hedui tokens secret` writes it")
    if len(made) < SECRET_BYTES:
        fail(f"expected a secret of {SECRET_BYTES} bytes or more")
    return made
