"""Is this an organisation's unified social credit code (统一社会信用代码, GB 32100-2015)?"""

from __future__ import annotations

from typing import Self

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from vocabulary.errors import MalformedCreditCode


class CreditCode(str):
    """统一社会信用代码: 18 characters without I, O, S, V, Z, checked.

    >>> CreditCode.parse("91110000600037341L")
    '91110000600037341L'
    >>> CreditCode.parse("91110000600037342L")
    Traceback (most recent call last):
        ...
    vocabulary.errors.MalformedCreditCode: expected 18 characters that pass GB 32100, got 18
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code; blanks and hyphens between are forgiven. Raises `MalformedCreditCode`."""
        try:
            return cls(uscc.validate(text))
        except ValidationError:
            raise MalformedCreditCode(
                f"expected 18 characters that pass GB 32100, got {len(text.strip())}"
            ) from None
