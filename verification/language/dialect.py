"""How does each SQL engine say what the language means? One place for every trap between dialects.

They differ in whole-number division, parts of dates, positions in strings, and in what the
least of two values is where one is missing. Every number is a 64-bit integer: amounts stay
below 10¹³ fen. Nothing here trusts implicit rounding or the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from verification.language.kinds import Kind, Value

_NAMES = {"text": "VARCHAR", "whole": "BIGINT", "date": "DATE", "flag": "BOOLEAN"}


@dataclass(frozen=True)
class Dialect:
    """The words of one engine; each takes and gives SQL text.

    `divide`   whole-number division of a dividend that is 0 or more
    `strpos`   place from 1 of a text in another, 0 for none: (in, what)
    `joined`   different texts sorted by their bytes and joined by commas
    `kinds`    how many different values
    `bits`     months, of which all are among the 60 from a first one on, as bits of a number; BIT_COUNT counts them
    `quote`    the character round an identifier
    `escape`   how a text is written between two apostrophes
    `semi`     whether there are SEMI and ANTI joins, so that nothing has to be made distinct first
    """

    name: str
    divide: Callable[[str, str], str]
    year: Callable[[str], str]
    month: Callable[[str], str]
    day: Callable[[str], str]
    first_day: Callable[[str], str]
    plus_days: Callable[[str, str], str]
    plus_months: Callable[[str, str], str]
    days_between: Callable[[str, str], str]
    strpos: Callable[[str, str], str]
    written_month: Callable[[str], str]
    joined: Callable[[str], str]
    tidy: Callable[[str], str]
    any_bits: Callable[[str], str]
    types: dict[str, str]
    quote: str = '"'
    escape: Callable[[str], str] = lambda text: text.replace("'", "''")
    kinds: Callable[[str], str] = lambda value: f"COUNT(DISTINCT {value})"
    semi: bool = False
    bits: Callable[[str, int], str] | None = None

    def quoted(self, name: str) -> str:
        """An identifier."""
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def type_of(self, kind: Kind) -> str:
        """The column type that holds a kind; PERSON and HOUSEHOLD are dense integers or text alike."""
        return self.types[_FAMILY[kind]]

    def nothing(self, kind: Kind) -> str:
        """No value of a kind. Persons and households may stand in the tables as texts or numbers."""
        untold = kind in (Kind.PERSON, Kind.HOUSEHOLD)
        return "NULL" if untold else f"CAST(NULL AS {self.type_of(kind)})"

    def literal(self, value: Value, kind: Kind) -> str:
        """A constant."""
        if kind is Kind.FLAG:
            return "TRUE" if value else "FALSE"
        if isinstance(value, date):
            return f"DATE '{value.isoformat()}'"
        if isinstance(value, str):
            return f"'{self.escape(value)}'"
        return f"CAST({int(value)} AS {self.types['whole']})"


_FAMILY = {
    Kind.FEN: "whole",
    Kind.NUMBER: "whole",
    Kind.MONTH: "whole",
    Kind.DATE: "date",
    Kind.CODE: "text",
    Kind.TEXT: "text",
    Kind.FLAG: "flag",
    Kind.PERSON: "text",
    Kind.HOUSEHOLD: "text",
}


def _extract(part: str, whole: str) -> Callable[[str], str]:
    return lambda day: f"CAST(EXTRACT({part} FROM {day}) AS {whole})"


def _int(text: str) -> str:
    return f"CAST({text} AS INTEGER)"


_FIRST, _LAST = "DATE '0001-01-01'", "DATE '9999-12-31'"
"""All that Python's dates can hold, and what lies beyond is held to."""


def _held(day: str) -> str:
    """A date within the years 1 to 9999."""
    return f"CASE WHEN {day} > {_LAST} THEN {_LAST} WHEN {day} < {_FIRST} THEN {_FIRST} ELSE {day} END"


def _first_day(month: str, made: str) -> str:
    """What is made of a month within those years."""
    return f"CASE WHEN {month} >= {10_000 * 12} THEN {_LAST} WHEN {month} < 12 THEN {_FIRST} ELSE {made} END"


DUCKDB = Dialect(
    "duckdb",
    divide=lambda n, d: f"({n} // {d})",
    year=_extract("YEAR", "BIGINT"),
    month=_extract("MONTH", "BIGINT"),
    day=_extract("DAY", "BIGINT"),
    first_day=lambda m: _first_day(m, f"MAKE_DATE({m} // 12, {m} % 12 + 1, 1)"),
    plus_days=lambda day, n: _held(f"({day} + {_int(n)})"),
    plus_months=lambda day, n: _held(f"CAST({day} + TO_MONTHS({_int(n)}) AS DATE)"),
    days_between=lambda a, b: f"CAST(DATE_DIFF('day', {a}, {b}) AS BIGINT)",
    strpos=lambda text, what: f"STRPOS({text}, {what})",
    written_month=lambda m: f"PRINTF('%04d-%02d', {m} // 12, {m} % 12 + 1)",
    joined=lambda text: f"STRING_AGG(DISTINCT {text}, ',' ORDER BY {text})",
    tidy=lambda text: f"nfkc_tidy({text})",
    any_bits=lambda mask: f"BIT_OR({mask})",
    types=_NAMES,
    semi=True,
    # A bit a month: many times cheaper than keeping the different values of every group.
    bits=lambda month, first: f"BIT_OR(CAST(1 AS BIGINT) << CAST({month} - {first} AS INTEGER))",
)

POSTGRES = Dialect(
    "postgres",
    divide=lambda n, d: f"({n} / {d})",
    year=_extract("YEAR", "BIGINT"),
    month=_extract("MONTH", "BIGINT"),
    day=_extract("DAY", "BIGINT"),
    first_day=lambda m: _first_day(m, f"MAKE_DATE({_int(f'{m} / 12')}, {_int(f'{m} % 12')} + 1, 1)"),
    plus_days=lambda day, n: _held(f"({day} + {_int(n)})"),
    plus_months=lambda day, n: _held(f"CAST({day} + MAKE_INTERVAL(months => {_int(n)}) AS DATE)"),
    days_between=lambda a, b: f"CAST({b} - {a} AS BIGINT)",
    strpos=lambda text, what: f"STRPOS({text}, {what})",
    written_month=lambda m: (
        f"(LPAD(CAST({m} / 12 AS TEXT), 4, '0') || '-' || LPAD(CAST({m} % 12 + 1 AS TEXT), 2, '0'))"
    ),
    joined=lambda text: f'STRING_AGG(DISTINCT {text} COLLATE "C", \',\' ORDER BY {text} COLLATE "C")',
    tidy=lambda text: f"BTRIM(NORMALIZE({text}, NFKC), ' ')",
    any_bits=lambda mask: f"BIT_OR({mask})",
    types={"text": "TEXT", "whole": "BIGINT", "date": "DATE", "flag": "BOOLEAN"},
)

SPARK = Dialect(
    "spark",
    divide=lambda n, d: f"({n} DIV {d})",
    year=_extract("YEAR", "BIGINT"),
    month=_extract("MONTH", "BIGINT"),
    day=_extract("DAY", "BIGINT"),
    first_day=lambda m: _first_day(m, f"MAKE_DATE({_int(f'{m} DIV 12')}, {_int(f'{m} % 12')} + 1, 1)"),
    plus_days=lambda day, n: _held(f"DATE_ADD({day}, {_int(n)})"),
    plus_months=lambda day, n: _held(f"ADD_MONTHS({day}, {_int(n)})"),
    days_between=lambda a, b: f"CAST(DATEDIFF({b}, {a}) AS BIGINT)",
    strpos=lambda text, what: f"LOCATE({what}, {text})",
    written_month=lambda m: f"FORMAT_STRING('%04d-%02d', {m} DIV 12, {m} % 12 + 1)",
    # Gathered texts are sorted by their UTF-8 bytes; of no text at all there is nothing to join.
    joined=lambda text: f"ARRAY_JOIN(SORT_ARRAY(COLLECT_SET({text})), ',')",
    tidy=lambda text: f"nfkc_tidy({text})",
    any_bits=lambda mask: f"BIT_OR({mask})",
    types={"text": "STRING", "whole": "BIGINT", "date": "DATE", "flag": "BOOLEAN"},
    quote="`",
    # Spark reads a backslash in a text as the beginning of an escape.
    escape=lambda text: text.replace("\\", "\\\\").replace("'", "\\'"),
    # Spark deals rows anew for two counts of different values in one statement.
    kinds=lambda value: f"CAST(SIZE(COLLECT_SET({value})) AS BIGINT)",
)
