"""What can be done with policy packs? `hedui packs check`, `sign`, `diff`, and `hedui whatif`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.terminal import day_of, fail, plainly, registers_of, require_new, settings_of
from vocabulary.counting import count_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway.settings import Settings
    from verification.pack import Pack
    from verification.signature import PublicKey
    from verification.whatif import WhatIf
    from vocabulary.codes import Department

packs = typer.Typer(
    name="packs", help="Policy packs: check, sign, and tell two of them apart.", rich_markup_mode=None
)

WhichPack = Annotated[str, typer.Argument(help="Name of a pack that comes along, or the path of its file.")]


class Language(StrEnum):
    """In which language differences are told."""

    ZH = "zh"
    EN = "en"


@packs.command()
def check(
    which: Annotated[list[str], typer.Argument(help="Names or files of packs.")],
    trusted: Annotated[
        list[str] | None,
        typer.Option(
            help="A public key, `NAME+KEYID+BASE64`, whose signature is asked for; may be repeated."
        ),
    ] = None,
) -> None:
    """Load packs with their layers, check every value, and the signature where keys are given.

    A signature that lies beside a pack must be of its content, whether a key is given or not.
    """
    from verification.pack import PackError
    from verification.signature import PublicKey, SignatureError

    with plainly(PackError, SignatureError):
        keys = [PublicKey.parse(each) for each in trusted or ()]
        for each in which:
            pack, signers = _checked(each, keys)
            typer.echo(f"{pack.name}  {pack.title}\n  sha256 {pack.hash}")
            for signer in signers:
                typer.echo(f"  signed by {signer.name}+{signer.key_id.hex()}")
            for name in () if keys else _named_signers(pack, Path(each)):
                typer.echo(f"  names {name} as its signer, which was not checked: --trusted asks for a key")


@packs.command()
def sign(
    file: Annotated[Path, typer.Argument(help="The pack's file; `NAME.sig` is written beside it.")],
    key: Annotated[Path, typer.Option(help="File of an Ed25519 private key in PEM, PKCS #8.")],
    name: Annotated[str, typer.Option(help="The signer's name, such as civil-affairs.example.")],
    anew: Annotated[
        bool, typer.Option("--anew", help="The pack has changed: drop the signatures of its earlier content.")
    ] = False,
) -> None:
    """Sign a pack's content with a key, beside those who have signed it already."""
    from verification.pack import PackError, load_pack
    from verification.signature import PublicKey, SignatureError, read_signature, signature_path
    from verification.signature import sign as signed

    with plainly(PackError, SignatureError):
        pack, private, path = load_pack(file), _private(key), signature_path(file)
        beside = read_signature(path) if path.exists() and not anew else ""
        path.write_text(signed(pack, private, name=name, beside=beside), "utf-8")
        typer.echo(f"{path}\ncheck with: --trusted {PublicKey.of(private, name=name)}")


@packs.command()
def diff(
    before: WhichPack,
    after: WhichPack,
    language: Annotated[Language, typer.Option("--in", help="zh or en.")] = Language.ZH,
) -> None:
    """Every dated value that two packs lay down differently, with both articles."""
    from verification.comparison import diff as differences
    from verification.pack import PackError

    with plainly(PackError):
        found = differences(_load(before), _load(after))
    for each in found:
        typer.echo(each.in_chinese() if language is Language.ZH else each.in_english())
    typer.echo(f"{count_of(len(found), 'key')} with differences" if found else "no difference")


def what_if(
    before: WhichPack,
    after: WhichPack,
    on: Annotated[
        str | None, typer.Option(help="The day, as 2026-11-16; today, or the demo district's own.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Where every household that changes goes; must not be there yet.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file of settings.", envvar="HEDUI_CONFIG")
    ] = None,
) -> None:
    """Judge the whole district by two packs: who changes category, and how much money a month."""
    import asyncio

    from audit.errors import AuditError
    from gateway.errors import CannotOpen, CannotRun, NotLogged
    from verification.language.kinds import PackGap
    from verification.pack import PackError

    day = day_of(on)
    with plainly(AuditError, CannotOpen, CannotRun, NotLogged, PackError, PackGap):
        if csv is not None:
            require_new(csv)
        one, other = _load(before), _load(after)
        with registers_of(settings_of(config)) as (ready, today):
            found, failed, asked_on = asyncio.run(_asked(ready, one, other, on=day, today=today))
        if csv is not None:
            write_changes(csv, found)
    _show(found, failed, on=asked_on)


def write_changes(path: Path, found: WhatIf) -> None:
    """Write each household that changes as a line of CSV, money in yuan a month. Raises `OSError`."""
    from csv import writer

    from vocabulary.money import Money

    with path.open("x", encoding="utf-8", newline="") as file:
        lines = writer(file, lineterminator="\n")
        lines.writerow(_COLUMNS)
        for each in found.changed:
            categories = each.before.category, each.after.category
            fen = each.before.payable_fen, each.after.payable_fen, each.fen_month
            yuan = ["" if one is None else Money(one) for one in fen]
            lines.writerow((each.household, each.move, *categories, *yuan))


_COLUMNS = (
    *("household", "move", "category_before", "category_after"),
    *("yuan_month_before", "yuan_month_after", "change_yuan_month"),
)
"""Of the file. An amount that cannot be told is empty; a change is below zero where less is paid."""


async def _asked(
    settings: Settings, before: Pack, after: Pack, *, on: date | None, today: Callable[[], date] | None
) -> tuple[WhatIf, Mapping[Department, str], date]:
    from gateway.district_asked import district_of
    from gateway.opening import opened
    from gateway.showing import progress_bar
    from gateway.what_if import ask_what_if

    async with opened(settings, today=today) as gateway:
        with progress_bar() as progress:
            district = district_of(gateway.office, on=on, caller="operator")
            told = await ask_what_if(district, before=before, after=after, progress=progress)
            return *told, district.on


def _show(found: WhatIf, failed: Mapping[Department, str], *, on: date) -> None:
    from verification.verdict import Indeterminate
    from vocabulary.codes import Category
    from vocabulary.money import fen_with_commas

    before, after = found.before, found.after
    typer.echo(f"{before.pack} {before.pack_hash[:16]} → {after.pack} {after.pack_hash[:16]}, on {on}")
    typer.echo(
        f"{count_of(len(before.standings), 'household')}, the same inputs in both runs: {before.inputs_digest}"
    )
    for department, failure in failed.items():
        typer.echo(f"  {department.term} did not answer: {failure}")
    paid = " → ".join(map(fen_with_commas, (found.fen_before, found.fen_after)))
    typer.echo(f"  paid a month: {paid} yuan, {_more(found.fen_month)}")
    counts = [Counter(each.category for each in run.standings.values()) for run in (before, after)]
    for category in sorted(counts[0] | counts[1], key=[*Category, *Indeterminate].index):
        typer.echo(
            f"  {category} {category.term}: {counts[0][category]:,} → {count_of(counts[1][category], 'household')}"
        )
    typer.echo(f"affected: {count_of(len(found.changed), 'household')}")
    for (one, other), count in sorted(found.categories.items()):
        typer.echo(f"  {one} {one.term} → {other} {other.term}: {count_of(count, 'household')}")
    for move, count in sorted(found.moves.items()):
        money = f", {_more(found.fen_moves[move])} a month" if move in found.fen_moves else ""
        typer.echo(f"  {move} {move.term}: {count_of(count, 'household')}{money}")
    if found.untold:
        typer.echo(f"  not in the sums: {count_of(found.untold, 'household')} whose amount cannot be told")


def _more(fen: int) -> str:
    from vocabulary.money import fen_with_commas

    return f"{fen_with_commas(abs(fen))} yuan {'more' if fen >= 0 else 'less'}"


def _load(which: str) -> Pack:
    from verification.pack import load_pack, pack_names

    return load_pack(which if which in pack_names() else Path(which))


def _checked(which: str, keys: list[PublicKey]) -> tuple[Pack, tuple[PublicKey, ...]]:
    from verification.pack import pack_names
    from verification.signature import load_signed_pack

    if not keys:
        return _load(which), ()
    if which not in pack_names():
        return load_signed_pack(Path(which), keys)
    with resources.as_file(resources.files("verification") / "packs" / f"{which}.yaml") as path:
        return load_signed_pack(path, keys)


def _named_signers(pack: Pack, path: Path) -> tuple[str, ...]:
    """Whom the file beside a pack names, where there is one: a signature of other content is a mistake in any case."""
    from verification.signature import named_signers, read_signature, signature_path

    beside = signature_path(path)
    return named_signers(pack, read_signature(beside)) if path.is_file() and beside.exists() else ()


def _private(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        fail("expected `--key` to name a file with a private key in PEM")
    if not isinstance(key, Ed25519PrivateKey):
        fail("expected the key of `--key` to be Ed25519")
    return key
