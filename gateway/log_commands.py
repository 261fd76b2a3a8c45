"""What can be done with the audit log? `hedui log`, `witness`, `sample`, `statement`, `shred` and `reconcile`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.log_terminal import Config, at_desk, dev, plainly_logged, write_new
from gateway.terminal import FAILED, day_of, fail, require_new, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from audit.log import Receipt
    from audit.reconcile import Discrepancy
    from audit.statement import Statement
    from gateway.conduct import Conduct
    from gateway.log_desk import LogDesk
    from gateway.settings import Settings
    from vocabulary.idnumber import IdNumber

Person = Annotated[
    str,
    typer.Option("--person", help="Id number; `-` reads it from standard input, so that no list shows it."),
]
Basis = Annotated[str, typer.Option(help="A code: by which right.")]
Out = Annotated[Path, typer.Option(help="Where it goes; must not be there yet.")]

log = typer.Typer(
    name="log",
    help="The audit log: its head, its proofs, and whether it holds together.",
    rich_markup_mode=None,
)
witness = typer.Typer(
    name="witness", help="The evaluator's witness: cosigns heads of logs.", rich_markup_mode=None
)


@log.command()
def checkpoint(config: Config = None) -> None:
    """Print the signed head of the log, cosigned where witnesses are. Keep it: later heads must be consistent with it."""
    with plainly_logged():
        typer.echo(at_desk(config, lambda desk: desk.head()).decode(), nl=False)


@log.command()
def key(config: Config = None) -> None:
    """Print the log's verifier keys (vkey), one a line, as witnesses and evaluators need them."""
    from gateway.keys import log_signers

    with plainly_logged():
        settings = dev(settings_of(config))
        settings.run_folder.mkdir(parents=True, exist_ok=True)
        for signer in log_signers(settings):
            typer.echo(signer.key)


@log.command()
def proof(index: int, config: Config = None) -> None:
    """Print the proof (tlog-proof) that an entry is in the log, under a cosigned head where one covers it."""
    from audit.errors import NoSuchEntry

    async def read(desk: LogDesk) -> str:
        await desk.head()
        try:
            return await desk.log.witnessed_proof(index)
        except NoSuchEntry:
            return await desk.log.proof(index)

    with plainly_logged():
        typer.echo(at_desk(config, read), nl=False)


@log.command()
def verify(
    bundle: Annotated[Path | None, typer.Argument(help="A bundle; without one, our own log.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Your own tlog-policy, to check a bundle with.")] = None,
    config: Config = None,
) -> None:
    """Check a bundle as `python -m audit verify` does; or hash our own whole log again."""
    if bundle is not None:
        from audit.cli import main

        raise typer.Exit(main(["verify", str(bundle), *(["--policy", str(policy)] if policy else [])]))
    with plainly_logged():
        size = asyncio.run(_verify_whole(dev(settings_of(config))))
    typer.echo(f"{size} entries lead to the signed head")


@log.command()
def migrate(config: Config = None) -> None:
    """Bring the log's database, with casework's tables in it, from an older version to this one. Stop the gateway first."""
    from audit.migrate import migrate as migrated
    from audit.tables import REVISION
    from casework.kept import SCRIPTS
    from casework.tables import VERSIONS
    from gateway.keys import vault_key

    with plainly_logged():
        settings = dev(settings_of(config))
        settings.run_folder.mkdir(parents=True, exist_ok=True)
        migrated(settings.log_url, vault_key=vault_key(settings))
        migrated(settings.log_url, scripts=SCRIPTS, versions=VERSIONS)
    typer.echo(f"the log's database is of version {REVISION}")


@witness.command()
def serve(
    folder: Annotated[Path, typer.Argument(help="Folder of the keys and the memory; made when not there.")],
    log_keys: Annotated[list[str], typer.Option("--log", help="A log's verifier key; may be repeated.")],
    name: Annotated[
        str, typer.Option(help="The witness's name in cosignatures.")
    ] = "witness.example/evaluator",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8600,
) -> None:
    """Cosign the heads of these logs until stopped. Prints the lines of the policy that name this witness."""
    from audit.note import VerifierKey
    from audit.witness_home import policy_lines, serve_witness

    with plainly_logged():
        known = [VerifierKey.parse(each) for each in log_keys]
        typer.echo(policy_lines(folder, name=name, url=f"http://{host}:{port}"), nl=False)
        serve_witness(folder, name=name, logs=known, host=host, port=port)


def statement(person: Person, out: Out, basis: Basis = "PIPL-45", config: Config = None) -> None:
    """Write who looked at a person, with proofs; the asking is noted first and stands in it too."""
    from gateway.person_log import statement_for, unsearched

    async def work(desk: LogDesk) -> tuple[Statement, list[str]]:
        return await statement_for(desk, who, basis=basis), await unsearched(desk)

    who = _person(person)
    with plainly_logged():
        require_new(out)
        written, epochs = at_desk(config, work)
        write_new(out, written.to_bytes())
    for epoch in epochs:
        typer.echo(
            f"not searched: entries of the epoch `{epoch}`; `pseudonym_keys_before` lacks its key", err=True
        )
    typer.echo(
        f"{out}  {len(written.accesses)} entries\ncheck with: python -m audit statement {out} --policy FILE"
    )


def shred(
    person: Person,
    basis: Basis = "PIPL-47",
    reason: Annotated[str | None, typer.Option(help="Why, in words; only committed to.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    config: Config = None,
) -> None:
    """Destroy a person's keys: what was sealed about them cannot be opened ever again. Noted; proofs stay valid."""
    from gateway.person_log import shred as shredded
    from gateway.person_log import unsearched

    async def work(desk: LogDesk) -> tuple[Receipt, list[str]]:
        return await shredded(desk, who, basis=basis, reason=reason), await unsearched(desk)

    who = _person(person)
    if not yes:
        typer.confirm("this cannot be taken back; destroy the keys?", abort=True)
    with plainly_logged():
        receipt, epochs = at_desk(config, work)
    for epoch in epochs:
        typer.echo(
            f"not reached: entries of the epoch `{epoch}`; `pseudonym_keys_before` lacks its key", err=True
        )
    typer.echo(f"destroyed, noted as entry {receipt.index}")


def reconcile(
    day: Annotated[str | None, typer.Option(help="The day, as 2026-11-16; yesterday unless given.")] = None,
    config: Config = None,
) -> None:
    """Hold what departments served on a day against the log, both ways; ends with 1 when they disagree."""
    from datetime import timedelta

    from connectors.served import BadCount
    from gateway.conduct import of_lists
    from gateway.log_desk import china_day, now
    from gateway.opening import served_book
    from gateway.reconciling import Lists, reconcile_day
    from verification.pack import load_pack

    settings, today = dev(settings_of(config)), china_day(now())
    wanted = day_of(day) or today - timedelta(days=1)
    with plainly_logged(BadCount):
        book = served_book(settings, clock=now)
        lists = Lists(settings.run_folder / "served", book, make_keys=settings.env == "dev")
        came = at_desk(config, lambda desk: reconcile_day(desk, lists, wanted, today=today))
    found = of_lists(came.discrepancies, load_pack(settings.policy_pack), day=wanted)
    for line in (
        *came.faults,
        *map(_told, came.discrepancies),
        *(f"{one.rule} {one.zh}: {one.who}" for one in found),
    ):
        typer.echo(line)
    state = "" if came.final else "; the day is not over, so nothing was signed"
    typer.echo(f"{wanted}: {came.accesses} accesses of {came.departments} departments{state}")
    if came.faults or came.discrepancies:
        raise typer.Exit(FAILED)


@log.command()
def conduct(
    day: Annotated[str | None, typer.Option(help="The day, as 2026-11-16; today unless given.")] = None,
    config: Config = None,
) -> None:
    """Who asked out of hours, too often or without a case (AUD-01, AUD-02): to be looked at, not judged."""
    from gateway.conduct import of_entries
    from gateway.log_desk import china_day, now, size_of
    from verification.pack import load_pack

    wanted, pack = day_of(day) or china_day(now()), load_pack(dev(settings_of(config)).policy_pack)

    async def work(desk: LogDesk) -> Conduct:
        size = size_of(await desk.log.checkpoint())
        await desk.note("audit.read", {"what": "conduct", "first": 0, "last": max(0, size - 1)})
        return await asyncio.to_thread(lambda: of_entries(desk.entries(0, size), pack, day=wanted))

    with plainly_logged():
        came = at_desk(config, work)
    for one in came.noticed:
        shown = ", ".join(f"{name} {value}" for name, value in one.shown.items())
        typer.echo(f"{one.rule} {one.zh}: entry {one.entry}, caller {one.who} ({shown})")
    untold = "; ".join(
        f"{rule} cannot be told of {n} questions" for rule, n in sorted(came.cannot_tell.items())
    )
    typer.echo(f"{wanted}: {len(came.noticed)} noticed" + (f"; {untold}" if untold else ""))


def _told(one: Discrepancy) -> str:
    return f"{one.source}: {one.kind} at {one.intent}: {one.detail}"


async def _verify_whole(settings: Settings) -> int:
    from audit.errors import WrongProof
    from audit.merkle import Frontier, leaf_hash
    from audit.note import Note
    from audit.policy import Policy
    from gateway.evidence import own_policy
    from gateway.opening import log_opened

    async with log_opened(settings) as opened:
        head = Policy.parse(own_policy(settings)).open(Note.parse(await opened.checkpoint()))
        frontier = Frontier()
        for first in range(0, head.size, 4096):
            entries = await opened.entries(first, min(first + 4096, head.size))
            frontier, _ = frontier.extend([leaf_hash(entry) for entry in entries])
    if frontier.root() != head.root:
        raise WrongProof("expected the entries to lead to the signed root")
    return head.size


def _person(typed: str) -> IdNumber:
    from vocabulary.errors import MalformedIdNumber
    from vocabulary.idnumber import IdNumber

    try:
        return IdNumber.parse(sys.stdin.readline() if typed == "-" else typed)
    except MalformedIdNumber:
        fail("expected an id number that passes GB 11643")
