"""Which numbers does the policy lay down, from when to when, and by which article?

A policy pack is a YAML file of dated, cited values. It may rest on another (`base:`): national,
provincial and city packs are layers, and the lower one restates only what it sets itself,
inside the `limits` that the upper one draws. A loaded pack is checked, and names itself by
the hash of its effective content; nothing here computes what a value means for a household.

    ValueError
    └── PackError
        ├── NoSuchPack    there is no pack of that name
        ├── BadPack       file, line and key of what is wrong, and why
        └── NotInForce    the pack has no value for that day
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

from verification import bands, freshness, working_days
from verification.catalogue import CATALOGUE
from verification.entitlement import misfits
from verification.language.kinds import PackGap, Value
from verification.language.parameter import Dated
from verification.pack_file import Entry, PackFile, read_pack_file
from verification.parameters import TABLES, VALUES, BadValue, Parameter

LAPSED = "LAPSED"
"""Class of an income kind whose exclusion has ended with nothing newer: it counts, and INC-06 says so."""


class PackError(ValueError):
    """A policy pack cannot be used."""


class NoSuchPack(PackError):
    """There is no policy pack of that name or at that path."""


class BadPack(PackError):
    """A policy pack breaks its own rules; the message is `file:line: key: reason`."""


class NotInForce(PackError):
    """A policy pack has no value for the day asked."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a lower layer may not pass: `least` ≤ value ≤ `most`."""

    least: int | None
    most: int | None
    cite: str

    def within(self, upper: Limit | None) -> Limit:
        """Both limits at once: a lower layer can narrow what the upper one draws, never widen it."""
        if upper is None:
            return self
        lows = [each for each in (self.least, upper.least) if each is not None]
        highs = [each for each in (self.most, upper.most) if each is not None]
        return Limit(max(lows, default=None), min(highs, default=None), f"{upper.cite}; {self.cite}")


@dataclass(frozen=True)
class Pack:
    """政策包: every number of policy that a verification uses, with its dates and its article."""

    name: str
    title: str
    parameters: Mapping[str, tuple[Dated, ...]]
    rows: Mapping[str, Mapping[str, tuple[Dated, ...]]]
    limits: Mapping[str, Limit]
    hash: str
    """sha256 in hex of the canonical effective content: what a decision names."""

    def values(self, name: str) -> tuple[Dated, ...]:
        """Every value of one parameter, by date. Raises `PackGap` for a name that is no parameter."""
        if name not in self.parameters:
            raise PackGap(f"expected a parameter of the pack, got `{name}`")
        return self.parameters[name]

    def table(self, name: str) -> Mapping[str, tuple[Dated, ...]]:
        """Every row of one table by its key; where income classes have ended, `LAPSED` follows them.

        Raises `PackGap` for a name that is no table.
        """
        if name not in self.rows:
            raise PackGap(f"expected a table of the pack, got `{name}`")
        rows = self.rows[name]
        return {key: _with_lapse(dated) for key, dated in rows.items()} if "income_class" in name else rows

    def on(self, name: str, day: date) -> Dated:
        """The value in force on a day. Raises `NotInForce`."""
        return _in_force(self.values(name), name, day)

    def number(self, name: str, day: date) -> int:
        """The whole number (fen, months, percent) in force on a day. Raises `NotInForce`."""
        value = self.on(name, day).value
        assert type(value) is int, f"{name} is no number"
        return value

    def code(self, name: str, day: date) -> str:
        """The choice in force on a day. Raises `NotInForce`."""
        return str(self.on(name, day).value)

    def row(self, name: str, key: str, day: date) -> Dated | None:
        """The row of a table in force on a day, or None where the table says nothing."""
        rows = self.rows[name].get(key, ())
        rows = _with_lapse(rows) if rows and "income_class" in name else rows
        return next((row for row in rows if row.holds_at(day)), None)

    def canonical(self) -> bytes:
        """What `hash` is the SHA-256 of: canonical JSON of values, tables and citations; prose is left out."""
        content = {
            "format": "hedui-policy-pack-1",
            "pack": self.name,
            "content": {key: [_plain(dated) for dated in rows] for key, rows in _flat(self)},
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def changed(self, changes: Mapping[str, object], *, why: str) -> Pack:
        """The same pack with some values set for all time: for stories and for asking *what if*.

        A table's rows are named `table.key`. The result is checked like a file. Raises `BadPack`.
        """
        values, tables = dict(self.parameters), {name: dict(rows) for name, rows in self.rows.items()}
        for key, given in changes.items():
            name, _, row = key.partition(".")
            entries = _entries_of_change(key, given, why=why)
            if row and name in tables:
                tables[name][row] = entries
            elif name in values:
                values[name] = entries
            else:
                raise BadPack(f"{why}: {key}: expected a parameter of the pack")
        changed = sealed(replace(self, parameters=values, rows=tables))
        _check_whole(changed, lambda key: f"{why}: {key}")
        return changed


def load_pack(which: str | Path) -> Pack:
    """A policy pack by its name (`demo-2026`) or by the path of its file, with its layers laid together.

    Raises `NoSuchPack`, `BadPack`.

    >>> load_pack("demo-2026").number("dibao_standard_fen_month", date(2026, 11, 16))
    63600
    """
    return _load_named(which) if isinstance(which, str) and which in pack_names() else _load(which)


@cache
def _load_named(name: str) -> Pack:
    """The packs that come with the product do not change while it runs."""
    return _load(name)


def _load(which: str | Path) -> Pack:
    layers = list(_layers(which))
    top = layers[0]
    values: dict[str, tuple[Dated, ...]] = {}
    tables: dict[str, dict[str, tuple[Dated, ...]]] = {name: {} for name in TABLES}
    limits: dict[str, Limit] = {}
    for layer in reversed(layers):
        for name, limit in _limits(layer).items():
            limits[name] = limit.within(limits.get(name))
        values |= _values(layer)
        for name, rows in _tables(layer).items():
            tables[name] |= rows
    pack = sealed(Pack(top.name, top.title, values, tables, limits, ""))
    _check_whole(pack, lambda key: _place(layers, key))
    return pack


def pack_names() -> tuple[str, ...]:
    """The packs that come with the product, in alphabetical order."""
    folder = resources.files("verification") / "packs"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


# ------------------------------------------------------------------ layers


def _layers(which: str | Path) -> Iterator[PackFile]:
    """The pack's file, then the one it rests on, and so on. Raises for a circle, and for a base that is not there."""
    above: list[PackFile] = []
    current: str | Path | None = which
    while current is not None:
        try:
            layer = _file(current)
        except NoSuchPack as missing:
            if not above:
                raise
            raise BadPack(f"{above[-1].place('base')}: {missing}") from None
        if layer.name in [each.name for each in above]:
            place = above[-1].place("base")
            raise BadPack(f"{place}: expected a pack that does not rest on itself, got `{layer.name}`")
        above.append(layer)
        yield layer
        current = _beside(current, layer.base)


def _beside(above: str | Path, base: str | None) -> str | Path | None:
    """The name of a pack that comes along, or a file; one that is not absolute stands beside the file above."""
    path = _as_path(base) if base is not None else None
    if path is None:
        return base
    upper = _as_path(above)
    return path if upper is None else upper.parent / path


def _as_path(which: str | Path) -> Path | None:
    return Path(which) if isinstance(which, Path) or which.endswith((".yaml", ".yml")) else None


def _file(which: str | Path) -> PackFile:
    path = _as_path(which)
    place = path if path is not None else resources.files("verification") / "packs" / f"{which}.yaml"
    if not place.is_file():
        raise NoSuchPack(f"expected one of {', '.join(pack_names())} or the path of a file, got `{which}`")
    try:
        return read_pack_file(place.read_text("utf-8"), file=place.name)
    except BadValue as wrong:
        raise BadPack(str(wrong)) from None
    except UnicodeDecodeError as wrong:  # GBK, as an office program on Windows may write it
        line = wrong.object.count(b"\n", 0, wrong.start) + 1
        raise BadPack(f"{place.name}:{line}: expected text in UTF-8, got another encoding") from None


def _values(layer: PackFile) -> dict[str, tuple[Dated, ...]]:
    made = {}
    for name, entries in layer.values.items():
        if name not in VALUES:
            raise BadPack(f"{layer.place(name)}: expected a parameter, see docs/policy-packs.md")
        made[name] = _dated(layer, name, entries, VALUES[name])
    return made


def _tables(layer: PackFile) -> dict[str, dict[str, tuple[Dated, ...]]]:
    made: dict[str, dict[str, tuple[Dated, ...]]] = {}
    for name, rows in layer.tables.items():
        if name not in TABLES:
            raise BadPack(f"{layer.place(name)}: expected a table, see docs/policy-packs.md")
        table = TABLES[name]
        for key, entries in rows.items():
            if table.keys is not None and key not in table.keys:
                raise BadPack(f"{layer.place(f'{name}.{key}')}: expected one of {', '.join(table.keys)}")
            made.setdefault(name, {})[key] = _dated(layer, f"{name}.{key}", entries, table.value)
    return made


def _limits(layer: PackFile) -> dict[str, Limit]:
    for name, (_, _, cite, line) in layer.limits.items():
        if name not in VALUES or not cite:
            raise BadPack(f"{layer.file}:{line}: limits.{name}: expected a parameter and `cite`")
    return {name: Limit(least, most, cite) for name, (least, most, cite, _) in layer.limits.items()}


def _dated(layer: PackFile, key: str, entries: tuple[Entry, ...], parameter: Parameter) -> tuple[Dated, ...]:
    """Check each entry by itself: its value, its citation, its dates."""
    if not entries:
        raise BadPack(f"{layer.place(key)}: expected at least one dated value")
    made = []
    for entry in entries:
        where = f"{layer.file}:{entry.line}: {key}"
        try:
            value = parameter.checked(entry.value)
        except BadValue as wrong:
            raise BadPack(f"{where}: {wrong}") from None
        if not entry.cite.strip():
            raise BadPack(f"{where}: expected `cite`, the article that the value stands on, got none")
        if entry.until is not None and entry.until < entry.since:
            raise BadPack(
                f"{where}: expected `until` on or after `since`, got {entry.until} and {entry.since}"
            )
        made.append(Dated(value, entry.since, entry.until, entry.cite))
    _refuse_overlap(layer, key, entries)
    return tuple(sorted(made, key=_since))


def _refuse_overlap(layer: PackFile, key: str, entries: tuple[Entry, ...]) -> None:
    ordered = sorted(entries, key=lambda entry: entry.since)
    for before, after in pairwise(ordered):
        if before.until is None or after.since <= before.until:
            until = before.until or "without end"
            raise BadPack(
                f"{layer.file}:{after.line}: {key}: expected values that do not overlap, "
                f"got one since {after.since} while one since {before.since} holds until {until}"
            )


# ------------------------------------------------------------------ the whole


def _check_whole(pack: Pack, place: Callable[[str], str]) -> None:
    """What only the laid-together pack can show: completeness, limits, edge ≥ 低保, ratio in (0, 1)."""
    missing = [name for name in VALUES if name not in pack.parameters]
    complete = [(name, table.keys or ()) for name, table in TABLES.items() if table.complete]
    missing += [f"{name}.{key}" for name, keys in complete for key in keys if key not in pack.rows[name]]
    if missing:
        more = f"; neither for {', '.join(missing[1:])}" if missing[1:] else ""
        raise BadPack(f"{place(missing[0])}: expected a value, got none in any layer{more}")
    for key, wrong in misfits(pack.rows["stacking"], programmes=pack.rows["aid_group"]):
        raise BadPack(f"{place(f'stacking.{key}')}: {wrong}")
    for key, wrong in bands.misfits(
        pack.parameters["payable_mode"], below=pack.rows[bands.BELOW], amounts=pack.rows[bands.AMOUNT]
    ):
        raise BadPack(f"{place(key)}: {wrong}")
    for key, wrong in freshness.misfits(pack.rows[freshness.TABLE_OF_RULES], CATALOGUE.rules):
        raise BadPack(f"{place(f'{freshness.TABLE_OF_RULES}.{key}')}: {wrong}")
    for key, wrong in working_days.misfits(pack.rows[working_days.TABLE]):
        raise BadPack(f"{place(f'{working_days.TABLE}.{key}')}: {wrong}")
    for name, limit in pack.limits.items():
        for dated in pack.parameters[name]:
            _check_limit(dated.value, limit, place(name))


def _check_limit(value: Value, limit: Limit, where: str) -> None:
    assert type(value) is int, "limits are drawn for numbers"
    if (limit.least is not None and value < limit.least) or (limit.most is not None and value > limit.most):
        least = "-∞" if limit.least is None else limit.least
        most = "∞" if limit.most is None else limit.most
        raise BadPack(f"{where}: expected {least} to {most} ({limit.cite}), got {value}")


def _place(layers: list[PackFile], key: str) -> str:
    """Where a key stands: in the lowest layer that has it, or at the top of the pack's own file."""
    found = next((layer for layer in layers if layer.has(key)), layers[0])
    return found.place(key)


def sealed(pack: Pack) -> Pack:
    """The same pack with its hash."""
    return replace(pack, hash=hashlib.sha256(pack.canonical()).hexdigest())


def _flat(pack: Pack) -> Iterator[tuple[str, tuple[Dated, ...]]]:
    yield from pack.parameters.items()
    for name, rows in pack.rows.items():
        for key, dated in rows.items():
            yield f"{name}.{key}", dated


def _plain(dated: Dated) -> list[Value | None]:
    until = None if dated.until is None else dated.until.isoformat()
    return [_since(dated).isoformat(), until, dated.value, dated.cite]


def _since(dated: Dated) -> date:
    return date.min if dated.since is None else dated.since


def _with_lapse(rows: tuple[Dated, ...]) -> tuple[Dated, ...]:
    last = rows[-1]
    return (
        rows
        if last.until is None
        else (*rows, Dated(LAPSED, last.until + timedelta(days=1), None, last.cite))
    )


def _in_force(rows: tuple[Dated, ...], name: str, day: date) -> Dated:
    for dated in rows:
        if dated.holds_at(day):
            return dated
    raise NotInForce(f"expected a value of `{name}` in force on {day}, got none")


def _entries_of_change(key: str, given: object, *, why: str) -> tuple[Dated, ...]:
    name, _, row = key.partition(".")
    parameter = TABLES[name].value if row and name in TABLES else VALUES.get(name)
    if parameter is None:
        raise BadPack(f"{why}: {key}: expected a parameter of the pack")
    rows = given if isinstance(given, list) else [{"since": date(1900, 1, 1), "value": given}]
    made = []
    for one in rows:
        if not isinstance(one, dict) or not one.keys() <= {"since", "until", "value"}:
            raise BadPack(f"{why}: {key}: expected `since`, `until` and `value`")
        since, until = one.get("since"), one.get("until")
        if type(since) is not date or (until is not None and type(until) is not date):
            raise BadPack(f"{why}: {key}: expected days as 2026-07-01")
        try:
            value = parameter.checked(one.get("value"))
        except BadValue as wrong:
            raise BadPack(f"{why}: {key}: {wrong}") from None
        made.append(Dated(value, since, until, f"[ILL] {why}"))
    return tuple(sorted(made, key=_since))
