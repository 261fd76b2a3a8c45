"""Rows of every record type for the connectors' tests: invented, the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from stdnum.cn import ric

from vocabulary.creditcode import CreditCode
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Column, ColumnKind, Record, columns_of
from vocabulary.region import RegionCode
from vocabulary.register import RECORD_TYPES

Rows = Mapping[type[Record], Sequence[Record]]

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

NAMES = ("安一", "𠮷田·安", "买买提·吐尔逊", "欧阳 安", "㐂安", "O'An", '安"二"', "安,三")
"""Rare characters, a middle dot, a blank, quotes and a comma within a name."""


def clock() -> datetime:
    """The fixed instant of the tests."""
    return NOW


def person(number: int) -> WrittenId:
    """An id number under the unassigned prefix 529901; every eleventh or so ends in X."""
    body = f"529901{1950 + number % 60}{1 + number % 12:02d}{1 + number % 28:02d}{number % 1000:03d}"
    return WrittenId(body + str(ric.calc_check_digit(body + "0")))


def household(number: int) -> str:
    """A household number."""
    return f"JT-{number:05d}"


def sample_rows(people: int, *, each: int = 2, seed: int = 1) -> dict[type[Record], list[Record]]:
    """Rows of every record type: `each` for every second person and the household of the same number."""
    chance = random.Random(seed)
    return {
        record: [_row(record, chance, number, turn) for number in range(0, people, 2) for turn in range(each)]
        for record in RECORD_TYPES
    }


def _row(record: type[Record], chance: random.Random, number: int, turn: int) -> Record:
    values = {one.name: _value(record, one, chance, number) for one in columns_of(record).values()}
    values["record_id"] = f"{record.catalogue_id}-{number:05d}-{turn:02d}"
    values["as_of"] = date(2026, 10, 31)
    return record(**values)


def _value(record: type[Record], one: Column, chance: random.Random, number: int) -> Any:
    if one.name == "household":
        return household(number)
    if one.name == record.subjects[0]:
        return person(number)
    if one.name == "mother":
        return person(number + 2)
    if one.optional and chance.random() < 0.4:
        return None
    if one.name in record.subjects:
        return person(number)
    if one.codes is not None:
        return chance.choice(list(one.codes))
    if one.name in ("grade", "remaining_months", "visitors"):
        return chance.randint(1, 4)
    if one.name == "academic_year":
        return chance.randint(2019, 2026)
    return _OF_KIND[one.kind](chance)


_OF_KIND: dict[ColumnKind, Any] = {
    ColumnKind.TEXT: lambda chance: chance.choice(NAMES),
    ColumnKind.ID_NUMBER: lambda chance: person(chance.randrange(10_000)),
    ColumnKind.CREDIT_CODE: lambda _: CreditCode("91110000600037341L"),
    ColumnKind.REGION: lambda chance: RegionCode(chance.choice(("529901", "529901003", "529902", "52"))),
    ColumnKind.FEN: lambda chance: chance.choice((0, 1, 99, 100, 63600, 1526399, -500, 10**11 - 1)),
    ColumnKind.NUMBER: lambda chance: chance.randint(0, 20_000),
    ColumnKind.MONTH: lambda chance: Month.parse("2025-11").plus(chance.randrange(12)),
    ColumnKind.DATE: lambda chance: date(1999, 12, 31) + timedelta(days=chance.randrange(10_000)),
    ColumnKind.FLAG: lambda chance: chance.random() < 0.5,
}
