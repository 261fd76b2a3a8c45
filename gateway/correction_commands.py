"""How is a record disputed, and how does its department answer? `hedui corrections`, 校核."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.log_terminal import Config, dev, plainly_logged
from gateway.terminal import fail, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from casework.corrections import Correction
    from casework.desk import Desk
    from casework.role import Actor
    from gateway.client import Client
    from vocabulary.record import Record

T = TypeVar("T")

As = Annotated[str | None, typer.Option("--as", help="Who acts, on a development machine: clerk, steward, …")]
Token = Annotated[Path | None, typer.Option(help="File with the token of who acts.")]
Id = Annotated[str, typer.Argument(help="The request's id, as `hedui corrections list` shows it.")]

corrections = typer.Typer(
    name="corrections",
    help="校核: dispute a record with the department that owns it, and record its answer in ten working days.",
    rich_markup_mode=None,
)


@corrections.command()
def ask(
    subject: Annotated[
        str,
        typer.Option(help="Household number, or an id number; `-` reads it from standard input."),
    ],
    record: Annotated[str, typer.Option(help="Record type, as `Insurance`.")],
    key: Annotated[str, typer.Option(help="The record's own key at the department (record_id).")],
    column: Annotated[list[str], typer.Option(help="A column that is disputed; may be given several times.")],
    claim: Annotated[
        str, typer.Option(help="What is said to be right, and on what grounds; no names or ids.")
    ],
    case: Annotated[str | None, typer.Option(help="Number of the case that it came up in.")] = None,
    who: As = "verifier",
    token: Token = None,
    purpose: Annotated[
        str | None, typer.Option(help="Purpose, as the agreements name it; a persona's usual one by default.")
    ] = None,
    address: Annotated[str, typer.Option(help="Where the gateway listens.")] = "http://127.0.0.1:8443",
    config: Config = None,
) -> None:
    """Dispute a record at a running gateway, which asks the department whether it is the subject's.

    The department has the request from today on, and ten working days to answer.
    """
    from importlib import resources

    from gateway.client import NoAnswer
    from vocabulary.codes import Department

    about = {
        "subject": sys.stdin.readline().strip() if subject == "-" else subject,
        "record": record_named(record).__name__,
        "recordId": key,
        "columns": column,
        "claim": claim,
        "case": case,
    }
    text = (resources.files("gateway") / "documents" / "dispute-record.graphql").read_text("utf-8")
    client, region = _client(config, who, token, purpose=purpose, case=case, address=address)
    with plainly_logged(NoAnswer):
        answer = client.ask(text, {**about, "region": region})
    made = answer.data["disputeRecord"]
    if made is None:
        fail("; ".join(error["message"] for error in answer.errors))
    typer.echo(f"{made['id']}  {Department[made['source']].term} answers by {made['dueOn']}")


@corrections.command("list")
def list_(
    open_only: Annotated[bool, typer.Option("--open", help="Only those without an answer.")] = False,
    who: As = "supervisor",
    token: Token = None,
    config: Config = None,
) -> None:
    """List requests, what is due first: those of one's region, or about one's own department's records."""
    from casework.corrections import CorrectionState
    from casework.corrections import corrections as listed

    async def work(desk: Desk, actor: Actor) -> tuple[Sequence[Correction], str]:
        state = CorrectionState.ASKED if open_only else None
        found = await listed(desk, actor, state=state)
        return found, desk.today().isoformat()

    found, today = at_casework_desk(config, who, token, work)
    for one in found:
        late = "  overdue" if one.state is CorrectionState.ASKED and one.due_on.isoformat() < today else ""
        typer.echo(
            f"{one.id}  {one.source.term}  {one.record}/{one.record_id}  {','.join(one.columns)}"
            f"  due {one.due_on}  {one.state.term}{late}"
        )


@corrections.command()
def letter(id_: Id, who: As = "supervisor", token: Token = None, config: Config = None) -> None:
    """Print one request as the letter that the department gets, with its answer when it has come."""
    from casework.corrections import read_correction

    async def work(desk: Desk, actor: Actor) -> Correction:
        await desk.read(actor, "correction", rows=1)
        return read_correction(desk, actor, id_)

    typer.echo(_letter(at_casework_desk(config, who, token, work)))


@corrections.command()
def answer(
    id_: Id,
    text: Annotated[str, typer.Option(help="The answer, in the department's words.")],
    corrected: Annotated[
        bool, typer.Option("--corrected/--upheld", help="Whether the record was wrong, and is corrected.")
    ],
    reply: Annotated[
        str, typer.Option("--letter", help="Number of the department's letter, where others record it.")
    ] = "",
    who: As = "steward",
    token: Token = None,
    config: Config = None,
) -> None:
    """Record the department's answer; it is taken when it comes late, too."""
    from casework.corrections import CorrectionState, read_correction
    from casework.corrections import answer as answered

    async def work(desk: Desk, actor: Actor) -> Correction:
        asked = read_correction(desk, actor, id_)
        state = CorrectionState.CORRECTED if corrected else CorrectionState.UPHELD
        return await answered(desk, actor, asked, state=state, text=text, letter=reply)

    done = at_casework_desk(config, who, token, work)
    typer.echo(f"{done.id}  {done.state.term} on {done.answered_on}")


@corrections.command()
def withdraw(
    id_: Id,
    reason: Annotated[str, typer.Option(help="Why it is taken back.")],
    who: As = "clerk",
    token: Token = None,
    config: Config = None,
) -> None:
    """Take a request back, on the side that asked."""
    from casework.corrections import read_correction
    from casework.corrections import withdraw as withdrawn

    async def work(desk: Desk, actor: Actor) -> Correction:
        return await withdrawn(desk, actor, read_correction(desk, actor, id_), reason=reason)

    done = at_casework_desk(config, who, token, work)
    typer.echo(f"{done.id}  {done.state.term}")


def at_casework_desk(
    config: Path | None,
    who: str | None,
    token: Path | None,
    work: Callable[[Desk, Actor], Awaitable[T]],
) -> T:
    """What `work` gives at a desk, done by whoever is named or whose token it is; errors are one plain line."""
    from casework.cedar import DoesNotCompile
    from casework.finding import CaseworkError
    from gateway.caller import BadTrust, NotAuthenticated
    from gateway.casework_desk import actor_of, casework_desk
    from verification.pack import PackError
    from verification.working_days import BeyondCalendar

    async def run() -> T:
        settings = dev(settings_of(config))
        actor = await actor_of(settings, persona=who, token=token)
        async with casework_desk(settings) as desk:
            return await work(desk, actor)

    with plainly_logged(CaseworkError, BeyondCalendar, PackError, BadTrust, NotAuthenticated, DoesNotCompile):
        return asyncio.run(run())


def _client(
    config: Path | None,
    who: str | None,
    token: Path | None,
    *,
    purpose: str | None,
    case: str | None,
    address: str,
) -> tuple[Client, str]:
    """Who asks of which gateway, and for which region they work; ends the command where nobody is known."""
    from gateway.caller import BadTrust, NotAuthenticated
    from gateway.casework_desk import actor_of
    from gateway.client import Client
    from gateway.log_desk import now
    from gateway.persona import PERSONAS, mint

    if token is not None and purpose is None:
        fail("expected --purpose with --token, got none")
    with plainly_logged(BadTrust, NotAuthenticated):
        settings = dev(settings_of(config))
        actor = asyncio.run(actor_of(settings, persona=who, token=token))
        bearer = token.read_text("ascii").strip() if token else mint(settings, PERSONAS[who or ""], at=now())
    said = purpose or PERSONAS[who or ""].purpose.value
    return Client(address.rstrip("/"), bearer, said, case or "HD-2026-0001"), str(actor.region)


def record_named(name: str) -> type[Record]:
    """A record type by its name; ends the command where there is none."""
    from vocabulary.register import RECORD_TYPES

    known = {one.__name__: one for one in RECORD_TYPES}
    if name not in known:
        fail(f"expected --record one of {', '.join(sorted(known))}")
    return known[name]


def _letter(one: Correction) -> str:
    from vocabulary.record import columns_of
    from vocabulary.register import RECORD_TYPES

    kind = next(each for each in RECORD_TYPES if each.__name__ == one.record)
    disputed = "、".join(columns_of(kind)[name].term for name in one.columns)
    lines = [
        "数据校核申请（政务数据共享条例 第二十六条）",
        f"编号：{one.id}",
        f"提供部门：{one.source.term}",
        f"资源：{kind.term}（{kind.catalogue_id}）",
        f"记录标识：{one.record_id}",
        f"有异议的数据项：{disputed}",
        f"理由：{one.claim}",
        f"提出日期：{one.asked_on}    请于 {one.due_on} 当日或之前答复",
        f"状态：{one.state.term}",
    ]
    if one.answer is not None:
        lines.append(f"答复（{one.answered_on}{'，' + one.letter if one.letter else ''}）：{one.answer}")
    return "\n".join(lines)
