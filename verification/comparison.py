"""What does one policy pack lay down differently from another, from which day to which, and by which article?

Where the two speak, time is cut at every day on which either changes; of each stretch in which
they differ both values are told, with their articles. Values that are the same by another
article are told as well: the packs' hashes differ by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from verification.language.kinds import Value
from verification.language.parameter import Dated
from verification.pack import Pack
from verification.parameters import TABLES, VALUES, Parameter

_DAY = timedelta(days=1)
_Said = tuple[Value, str] | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which two packs differ, both days included; None is without beginning or end.

    `before`, `after`   what is in force in one and in the other; None where that one says nothing
    """

    since: date | None
    until: date | None
    before: Dated | None
    after: Dated | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One parameter, or one row of a table (`table.row`), that two packs lay down differently."""

    key: str
    term: str
    says: str
    stretches: tuple[Stretch, ...]
    parameter: Parameter

    def in_chinese(self) -> str:
        """One line a stretch, with both articles."""
        return "\n".join(
            f"{self.term}（{self.key}）{_days_zh(each)}：{self._side(each.before, '未规定')}"
            f" → {self._side(each.after, '未规定')}"
            for each in self.stretches
        )

    def in_english(self) -> str:
        """The same in English."""
        return "\n".join(
            f"{self.key} ({self.says}) {_days_en(each)}: {self._side(each.before, 'nothing')}"
            f" → {self._side(each.after, 'nothing')}"
            for each in self.stretches
        )

    def _side(self, dated: Dated | None, nothing: str) -> str:
        return nothing if dated is None else f"{self.parameter.written(dated.value)} [{dated.cite}]"


def diff(before: Pack, after: Pack) -> tuple[Difference, ...]:
    """Every parameter and table row that differs, in the order of keys; empty for packs of one content.

    >>> from verification.pack import load_pack
    >>> pack = load_pack("demo-2026")
    >>> found = diff(pack, pack.changed({"gradual_exit_months": 3}, why="example"))
    >>> print(found[0].in_english().splitlines()[-1])
    gradual_exit_months (months of benefit after leaving) since 2022-10-20: \
6 [民发〔2022〕83号: 渐退期原则上不超过6个月] → 3 [[ILL] example]
    """
    old, new = _flat(before), _flat(after)
    found = (_difference(key, old.get(key, ()), new.get(key, ())) for key in sorted(old.keys() | new.keys()))
    return tuple(each for each in found if each.stretches)


def _difference(key: str, before: Sequence[Dated], after: Sequence[Dated]) -> Difference:
    name, _, row = key.partition(".")
    parameter = TABLES[name].value if row else VALUES[name]
    return Difference(key, parameter.term, parameter.says, tuple(_stretches(before, after)), parameter)


def _stretches(before: Sequence[Dated], after: Sequence[Dated]) -> Iterator[Stretch]:
    """Neighbours that differ in the same way are one stretch."""
    last: Stretch | None = None
    for since, until in _cut([*before, *after]):
        day = since or until or date.min
        found = Stretch(since, until, _in_force(before, day), _in_force(after, day))
        if last is not None and _says(last) == _says(found):
            last = Stretch(last.since, until, last.before, last.after)
            continue
        if last is not None and _differs(last):
            yield last
        last = found
    if last is not None and _differs(last):
        yield last


def _cut(rows: Sequence[Dated]) -> Iterator[tuple[date | None, date | None]]:
    """All of time, cut where a value begins and after it has ended."""
    cuts = {row.since for row in rows if row.since is not None}
    cuts |= {row.until + _DAY for row in rows if row.until is not None and row.until < date.max}
    since: date | None = None
    for cut in sorted(cuts - {date.min}):
        yield since, cut - _DAY
        since = cut
    yield since, None


def _in_force(rows: Sequence[Dated], day: date) -> Dated | None:
    return next((row for row in rows if row.holds_at(day)), None)


def _differs(each: Stretch) -> bool:
    before, after = _says(each)
    return before != after


def _says(each: Stretch) -> tuple[_Said, _Said]:
    """What both sides say, without the days on which they began to say it."""
    return _said(each.before), _said(each.after)


def _said(dated: Dated | None) -> _Said:
    return None if dated is None else (dated.value, dated.cite)


def _flat(pack: Pack) -> Mapping[str, Sequence[Dated]]:
    rows = {f"{name}.{key}": dated for name, table in pack.rows.items() for key, dated in table.items()}
    return {**pack.parameters, **rows}


def _days_zh(each: Stretch) -> str:
    since = f"自{each.since}起" if each.since else ""
    until = f"至{each.until}止" if each.until else ""
    return since + until or "一直"


def _days_en(each: Stretch) -> str:
    since = f"since {each.since}" if each.since else ""
    until = f"until {each.until}" if each.until else ""
    return " ".join(filter(None, (since, until))) or "always"
