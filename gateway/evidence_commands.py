"""How does evidence leave the house, and are its decisions reached again? `hedui bundle` and `hedui replay`."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.log_terminal import Config, at_desk, dev, plainly_logged
from gateway.terminal import FAILED, fail, require_new, settings_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from audit.report import Report
    from audit.sample import SampleRecord
    from gateway.evidence import Exported, Opening
    from gateway.log_desk import LogDesk
    from gateway.replay import Replayed

UNANSWERED = 2

Bundle = Annotated[Path, typer.Argument(help="The bundle: a zip archive, or the folder it was unpacked to.")]
Disclose = Annotated[
    list[str] | None,
    typer.Option(
        help="Open an entry by its index, `sample` for those drawn, `decisions` for all with a verdict; may be repeated."
    ),
]


def bundle(
    path: Annotated[Path, typer.Argument(help="Where the bundle goes, a .zip that is not there yet.")],
    drawn: Annotated[
        Path | None, typer.Option("--sample", help="A record of `hedui sample draw`, to be drawn again.")
    ] = None,
    disclose: Disclose = None,
    field: Annotated[
        list[str] | None, typer.Option(help="Open this field alone, as `inputs`; may be repeated.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="The evaluator's public key, to which opened fields are sealed.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Leave opened fields readable by anybody.")] = False,
    config: Config = None,
) -> None:
    """Write the evidence bundle: the whole log with packs and rules, for `python -m audit verify` and `hedui replay`."""
    from audit.sample import SampleRecord
    from gateway.evidence import trust_policy

    if bool(disclose) != (plain or to is not None) or (plain and to is not None):
        fail("expected `--disclose` with either `--to` or `--plain`")
    with plainly_logged():
        record = SampleRecord.parse(drawn.read_bytes()) if drawn else None
        policy = path.with_suffix(".policy")
        for new in (path, policy):
            require_new(new)
        trusted = trust_policy(dev(settings_of(config)))

        async def work(desk: LogDesk) -> Exported:
            opening = await _opening(desk, disclose or (), field or (), to=to, record=record)
            return await _write(desk, path, config, policy=trusted, record=record, opening=opening)

        came = at_desk(config, work)
        with policy.open("xb") as file:  # for everybody who is to check, and so not for its owner alone
            file.write(trusted)
    if disclose:
        typer.echo(f"{came.opened} fields opened; {came.shredded} entries had been shredded", err=True)
    typer.echo(f"{path}\n{policy}\ncheck with: python -m audit verify {path} --policy {policy}")


def replay(
    path: Bundle,
    policy: Annotated[Path | None, typer.Option(help="Your own tlog-policy.")] = None,
    key: Annotated[Path | None, typer.Option(help="Your private key, to open sealed disclosures.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Reach every disclosed decision of a bundle again; offline, without settings.

    Ends with 0 when all agree, with 1 when one differs or the bundle is wrong, with 2 when nothing could be reached.
    """
    from audit.contents import Contents
    from audit.disclosure import EvaluatorSecret
    from audit.errors import AuditError
    from audit.verify import examine_bundle
    from gateway.replay import replayed

    try:
        if not path.exists():
            raise FileNotFoundError("expected a bundle at the path given")
        secret = EvaluatorSecret.parse(key.read_text("ascii", "replace")) if key else None
        trusted = policy.read_bytes().decode("utf-8", "surrogateescape") if policy else None
        report = examine_bundle(path, policy=trusted, secret=secret, jobs=os.cpu_count() or 1)
        decisions = list(replayed(Contents(path, origin=report.origin, secret=secret)))
    except (AuditError, OSError) as error:
        typer.echo(f"cannot answer: {type(error).__name__}: {error}", err=True)
        raise typer.Exit(UNANSWERED) from None
    typer.echo(_as_json(report, decisions) if as_json else _as_text(report, decisions))
    raise typer.Exit(_code(report, decisions))


async def _opening(
    desk: LogDesk,
    wanted: list[str] | tuple[str, ...],
    fields: list[str] | tuple[str, ...],
    *,
    to: Path | None,
    record: SampleRecord | None,
) -> Opening | None:
    """What is opened, to whom; None for nothing."""
    import asyncio

    from audit.disclosure import EvaluatorKey
    from gateway.evidence import Opening
    from gateway.log_desk import size_of

    if not wanted:
        return None
    indexes: set[int] = set()
    for word in wanted:
        if word == "sample" and record is not None:
            indexes.update(record.picks)
        elif word == "decisions":
            size = size_of(await desk.log.checkpoint())
            indexes.update(await asyncio.to_thread(desk.decisions, size))
        elif word.isascii() and word.isdigit():
            indexes.add(int(word))
        else:
            fail("expected --disclose with an index, `decisions`, or `sample` beside --sample")
    key = EvaluatorKey.parse(to.read_text("ascii", "replace")) if to is not None else None
    return Opening(sorted(indexes), frozenset(fields), key)


async def _write(
    desk: LogDesk,
    path: Path,
    config: Path | None,
    *,
    policy: bytes,
    record: SampleRecord | None,
    opening: Opening | None,
) -> Exported:
    from gateway.evidence import export
    from gateway.log_desk import OPERATOR
    from gateway.versions import kept_versions
    from verification.pack import load_pack

    async def head(size: int) -> bytes:
        signed = await desk.head()
        if desk.is_short_of_witnesses(signed):
            typer.echo("no quorum of witnesses was reached: the head carries the log's signature", err=True)
        return signed

    settings = dev(settings_of(config))
    return await export(
        path,
        log=desk.log,
        book=desk.book,
        versions=kept_versions(settings.run_folder, load_pack(settings.policy_pack)),
        policy=policy,
        caller=OPERATOR,
        at=datetime.now(UTC),
        sample=record,
        opening=opening,
        head=head,
    )


def _code(report: Report, decisions: list[Replayed]) -> int:
    from gateway.replay import State

    states = {one.state for one in decisions}
    if report.problems or State.DIFFERS in states:
        return FAILED
    reached = State.AGREES in states and not states & {State.OTHER_WORDS, State.OTHER_RULES, State.NO_PACK}
    return 0 if reached else UNANSWERED


def _as_text(report: Report, decisions: list[Replayed]) -> str:
    counts = Counter(str(one.state) for one in decisions)
    lines = [f"log        {report.origin or 'unknown'}, {report.size} entries"]
    if not report.trusted:
        lines.append(
            "WARNING    no policy of yours was given: the key in the bundle proves nothing by itself"
        )
    lines += [f"WRONG      {problem}" for problem in report.problems]
    for one in decisions:
        at = datetime.fromtimestamp(one.at_ms // 1000, UTC)
        lines.append(f"{one.index:>9}  {at:%Y-%m-%d %H:%M:%S}Z  {one.event}  {one.state}")
        if one.detail:
            lines.append(f"           {one.detail}")
    came = ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "no decisions"
    return "\n".join([*lines, f"replayed   {came}"])


def _as_json(report: Report, decisions: list[Replayed]) -> str:
    told = {
        "decisions": [
            {
                "index": one.index,
                "at": one.at_ms,
                "event": one.event,
                "state": one.state,
                "detail": one.detail,
            }
            for one in decisions
        ],
        "origin": report.origin,
        "problems": [problem._asdict() for problem in report.problems],
        "size": report.size,
        "trusted": report.trusted,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)
