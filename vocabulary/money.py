"""How much, in whole fen (分)? No float ever touches an amount.

Records and rules carry plain integers in columns named `…_fen`; `Money` is the amount as
people write it and as the API gives it: yuan with two places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Self

from msgspec import Meta

from vocabulary.errors import MalformedMoney

LIMIT_FEN = 10**13
"""Below this, products with 12 months and a household's head count stay inside 64 bits on every engine."""

Fen = Annotated[int, Meta(ge=-LIMIT_FEN, le=LIMIT_FEN)]
"""An amount in whole fen, ±10¹³ (100 billion yuan)."""

_YUAN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of money in whole fen.

    >>> Money.from_yuan("15263.99").fen
    1526399
    >>> str(Money(63600))
    '636.00'
    >>> Money.from_yuan("0.001")
    Traceback (most recent call last):
        ...
    vocabulary.errors.MalformedMoney: expected yuan with at most two places, as in `636.00`, got `0.001`
    """

    fen: int

    def __post_init__(self) -> None:
        if type(self.fen) is not int:
            raise MalformedMoney(f"expected whole fen as int, got {type(self.fen).__name__}")
        if abs(self.fen) > LIMIT_FEN:
            raise MalformedMoney(f"expected at most {LIMIT_FEN} fen, got more")

    @classmethod
    def from_yuan(cls, text: str) -> Self:
        """Read yuan as people write it. Raises `MalformedMoney` for a third place, an exponent, a comma."""
        found = _YUAN.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is None:
            raise MalformedMoney(f"expected yuan with at most two places, as in `636.00`, got `{text!s:.20}`")
        sign, yuan, places = found.groups()
        fen = int(yuan) * 100 + int((places or "").ljust(2, "0"))
        return cls(-fen if sign else fen)

    def __str__(self) -> str:
        """Yuan with two places and no separators, exact."""
        sign, fen = ("-", -self.fen) if self.fen < 0 else ("", self.fen)
        return f"{sign}{fen // 100}.{fen % 100:02d}"

    def __add__(self, other: Money) -> Money:
        return Money(self.fen + other.fen)

    def __sub__(self, other: Money) -> Money:
        return Money(self.fen - other.fen)

    def __mul__(self, times: int) -> Money:
        return Money(self.fen * times)


def with_commas(yuan: str) -> str:
    """An amount as `Money` writes it, with its thousands apart, as people read it.

    >>> with_commas("-15600.00")
    '-15,600.00'
    """
    return f"{Decimal(yuan):,.2f}"


def fen_with_commas(fen: int) -> str:
    """Whole fen as people read them: in yuan, with the thousands apart. Raises `MalformedMoney`.

    >>> fen_with_commas(-1560005)
    '-15,600.05'
    """
    return with_commas(str(Money(fen)))
