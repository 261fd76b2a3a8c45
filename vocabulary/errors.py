"""What can be wrong with a word.

    ValueError
    └── Malformed             a value is not what its name promises
        ├── MalformedIdNumber      公民身份号码, GB 11643
        ├── MalformedCreditCode    统一社会信用代码, GB 32100
        ├── MalformedRegionCode    行政区划代码, GB/T 2260
        ├── MalformedMoney         whole fen
        └── MalformedMonth         YYYY-MM

No message ever repeats an id number, a name or a key: it says what was expected and of
what shape the given value was.
"""


class Malformed(ValueError):
    """A value is not what its name promises."""


class MalformedIdNumber(Malformed):
    """A citizen's id number has the wrong length, an impossible birth date or a wrong check digit."""


class MalformedCreditCode(Malformed):
    """A unified social credit code has the wrong length, alphabet or check character."""


class MalformedRegionCode(Malformed):
    """A region code is not 2, 4, 6, 9 or 12 digits."""


class MalformedMoney(Malformed):
    """An amount is not a whole number of fen, or lies outside ±100 billion yuan."""


class MalformedMonth(Malformed):
    """A month is not written YYYY-MM, or lies outside the years 1900 to 2199."""
