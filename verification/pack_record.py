"""Which policy pack was that? One read back from the canonical bytes that its hash is of.

A bundle carries a pack as these bytes (`packs/<hash>.json`), so that a verdict can be reached
again where the pack's own files are not. Prose and limits are not among them: what is read
back judges as the pack did, and is not there to be changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from verification.language.parameter import Dated
from verification.pack import BadPack, Pack, sealed
from verification.parameters import TABLES, VALUES

FORMAT = "hedui-policy-pack-1"


def pack_of(data: bytes) -> Pack:
    """The pack whose `canonical` bytes these are. Raises `BadPack` for any others.

    A parameter that a later version of the program reads is missing in an old pack's bytes: reading it is then
    `NotInForce` or `PackGap`, as for any value that a pack does not have.
    """
    try:
        given = json.loads(data)
        content, name = given["content"], given["pack"]
        if given["format"] != FORMAT or not isinstance(name, str):
            raise BadPack(f"expected a pack in the format `{FORMAT}`")
        flat = {str(key): tuple(map(_dated, rows)) for key, rows in content.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadPack(f"expected the canonical bytes of a pack, got {type(error).__name__}") from None
    pack = sealed(Pack(name, "", _plain(flat), _tables(flat), {}, ""))
    if pack.canonical() != data:
        raise BadPack("expected the canonical bytes of a pack, got another spelling or an unknown parameter")
    return pack


def _plain(flat: Mapping[str, tuple[Dated, ...]]) -> dict[str, tuple[Dated, ...]]:
    return {key: rows for key, rows in flat.items() if key in VALUES}


def _tables(flat: Mapping[str, tuple[Dated, ...]]) -> dict[str, dict[str, tuple[Dated, ...]]]:
    tables: dict[str, dict[str, tuple[Dated, ...]]] = {name: {} for name in TABLES}
    for key, rows in flat.items():
        name, _, row = key.partition(".")
        if row and name in tables:
            tables[name][row] = rows
    return tables


def _dated(row: object) -> Dated:
    match row:
        case [str(since), None | str() as until, bool() | int() | str() as value, str(cite)]:
            return Dated(
                value, date.fromisoformat(since), None if until is None else date.fromisoformat(until), cite
            )
    raise BadPack("expected a dated value: since, until, value and its article")
