"""Which region does a code name, and does it lie inside another? (GB/T 2260, and 9 or 12 digits below it.)

Codes retire when districts merge, so an unknown code is not a parse error: it is kept and
can be found (`RegionCode.known_on`). The table here holds only what this product speaks of;
a deployment gives its own rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from vocabulary.errors import MalformedRegionCode

LEVELS = (2, 4, 6, 9, 12)
"""Digits of province 省, city 市, district 区县, street 街道 and community 社区."""


class RegionCode(str):
    """行政区划代码: 2, 4, 6, 9 or 12 digits, each level a prefix of the next.

    >>> RegionCode.parse("529901003").within(RegionCode.parse("529901"))
    True
    >>> RegionCode.parse("529902").within(RegionCode.parse("529901"))
    False
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code; trailing zero pairs of a shortened form (`520000`) are kept off (`52`).

        Raises `MalformedRegionCode`.
        """
        if not (text.isascii() and text.isdigit() and len(text) in LEVELS):
            raise MalformedRegionCode(f"expected 2, 4, 6, 9 or 12 digits, got {len(text)} characters")
        if len(text) == 6:
            text = text.removesuffix("00").removesuffix("00")
        return cls(text)

    def within(self, whole: RegionCode) -> bool:
        """Tell whether this region is `whole` itself or lies in its subtree."""
        return self.startswith(whole)

    def known_on(self, day: date) -> bool:
        """Tell whether the table has this code, or the district above it, in force on `day`."""
        entry = REGIONS.get(self[:6])
        return entry is not None and entry.since <= day and (entry.until is None or day < entry.until)


@dataclass(frozen=True, slots=True)
class Region:
    """One row of the dated table. `until` is the first day on which the code no longer holds."""

    code: str
    name: str
    since: date
    until: date | None = None
    demo: bool = False


REGIONS: dict[str, Region] = {
    region.code: region
    for region in (
        Region("52", "贵州省", date(1949, 10, 1)),
        Region("5203", "遵义市", date(1997, 6, 10)),
        Region("520302", "红花岗区", date(1997, 6, 10)),
        Region("370305", "临淄区", date(1970, 1, 1)),
        Region("5299", "演示市", date(2000, 1, 1), demo=True),
        Region("529901", "演示区甲（红花岗合成）", date(2000, 1, 1), demo=True),
        Region("529902", "演示区乙", date(2000, 1, 1), demo=True),
    )
}
"""Regions this product speaks of. Nobody real has an id number under 529901 or 529902: they are unassigned."""
