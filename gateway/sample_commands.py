"""How does an evaluator draw a sample? `hedui sample size`, `secret`, `commit`, `reveal` and `draw`, in this order."""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from gateway.log_terminal import Config, at_desk, dev, plainly_logged, write_new
from gateway.terminal import day_of, fail, require_new, settings_of

sample = typer.Typer(
    name="sample", help="Samples that neither side can choose: commit, reveal, draw.", rich_markup_mode=None
)

Commit = Annotated[int, typer.Argument(help="Index of the entry `sample.commit`.")]
SecretFile = Annotated[Path, typer.Argument(help="The evaluator's secret: 64 hex digits.")]


@sample.command()
def size(
    population: Annotated[int, typer.Option(help="How many there are to draw from.")],
    defects: Annotated[int, typer.Option(help="How many defects shall not stay unseen.")],
    confidence: Annotated[int, typer.Option(help="In per cent, 1 to 99.")] = 95,
) -> None:
    """Print how many must be drawn so that, with this confidence, one of so many defects is among them."""
    from audit.sample import sample_size

    with plainly_logged():
        typer.echo(sample_size(population=population, defects=defects, confidence_percent=confidence))


@sample.command()
def secret(file: Annotated[Path, typer.Argument(help="Where it goes; must not be there yet.")]) -> None:
    """Make the evaluator's secret, on the evaluator's own machine, and print the promise: its SHA-256."""
    drawn = secrets.token_bytes(32)
    with plainly_logged():
        write_new(file, f"{drawn.hex()}\n".encode())
    typer.echo(sha256(drawn).hexdigest())


@sample.command()
def commit(
    promise: Annotated[str, typer.Argument(help="SHA-256 of the evaluator's secret, 64 hex digits.")],
    count: Annotated[int, typer.Option(help="How many are drawn.")],
    frame: Annotated[Path, typer.Option(help="Where the frame goes; must not be there yet.")],
    share: Annotated[
        list[str] | None, typer.Option(help="Least share of a stratum, as TEKUN=30; may be repeated.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Outcomes from this day on, as 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Outcomes up to this day, as 2026-11-30.")] = None,
    config: Config = None,
) -> None:
    """Note what will be drawn, from all outcomes so far or those of some days, and have the head witnessed."""
    from audit.sample import Plan
    from gateway import sampling
    from gateway.conduct import of_sample
    from gateway.log_desk import china_day, now
    from verification.pack import load_pack

    shares = dict(map(_share, share or ()))
    period = sampling.Period(day_of(since), day_of(until))
    with plainly_logged():
        require_new(frame)
        receipt, drawn_from = at_desk(
            config,
            lambda desk: sampling.commit(desk, promise=promise, count=count, shares=shares, period=period),
        )
        write_new(frame, sampling.frame_bytes(drawn_from))
    typer.echo(f"committed as entry {receipt.index}")
    for name, items in sorted(drawn_from.strata.items()):
        typer.echo(f"{items:>9}  {name}")
    pack = load_pack(dev(settings_of(config)).policy_pack)
    for one in of_sample(Plan(count, shares), drawn_from.strata, pack, day=china_day(now())):
        typer.echo(f"{one.rule} {one.zh}: {one.shown['drawn']} of {one.shown['confirmed']}")


@sample.command()
def reveal(at: Commit, file: SecretFile, config: Config = None) -> None:
    """Note the evaluator's secret. Refused before a witnessed head covers the commit."""
    from gateway import sampling

    with plainly_logged():
        given = _secret(file)
        receipt = at_desk(config, lambda desk: sampling.reveal(desk, commit_index=at, secret=given))
    typer.echo(f"revealed as entry {receipt.index}")


@sample.command()
def draw(
    at: Commit,
    frame: Annotated[Path, typer.Option(help="The file that `commit` wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the record goes, for `hedui bundle --sample`.")
    ] = None,
    config: Config = None,
) -> None:
    """Draw, and print the seed and the indexes; whoever has the log and the frame draws the same."""
    from gateway import sampling

    with plainly_logged():
        if out is not None:
            require_new(out)
        given = sampling.read_frame(frame.read_bytes())
        record = at_desk(config, lambda desk: sampling.draw(desk, commit_index=at, frame=given))
        if out is not None:
            write_new(out, record.to_bytes())
    typer.echo(f"seed {record.seed}")
    strata = dict(record.frame.items)
    for index in record.picks:
        typer.echo(f"{index:>9}  {strata[index]}")


def _share(text: str) -> tuple[str, int]:
    name, _, per_cent = text.partition("=")
    if not name or not (per_cent.isascii() and per_cent.isdigit()) or int(per_cent) > 100:
        fail("expected a share such as TEKUN=30")
    return name, int(per_cent)


def _secret(file: Path) -> bytes:
    try:
        return bytes.fromhex(file.read_text("ascii").strip())
    except (UnicodeDecodeError, ValueError):
        fail("expected the file of the secret to hold hex digits")
