"""By what are the months of an aggregate counted? By a bit each where its period is short and known."""

from __future__ import annotations

import pytest

from verification.language.aggregate import kinds
from verification.language.expression import Expr, literal
from verification.language.kinds import Kind
from verification.language.rows import Aggregate
from verification.language.source import source
from verification.language.sql_parts import first_month
from vocabulary.month import Month
from vocabulary.records.social_security import Insurance

INSURANCE = source(Insurance)
FIRST = Month.parse("2025-11")


def months(during: Expr | None) -> Aggregate:
    found = kinds(INSURANCE.month) if during is None else kinds(INSURANCE.month, during=during)
    assert isinstance(found, Aggregate)
    return found


def since(month: Month) -> Expr:
    return INSURANCE.month >= literal(month, Kind.MONTH)


def until(month: Month) -> Expr:
    return INSURANCE.month <= literal(month, Kind.MONTH)


@pytest.mark.parametrize("more", [0, 11, 59])
def test_few_months_are_counted_from_the_first(more: int) -> None:
    assert first_month(months(since(FIRST) & until(FIRST.plus(more)))) == int(FIRST)


def test_sixty_one_months_are_too_many() -> None:
    assert first_month(months(since(FIRST) & until(FIRST.plus(60)))) is None


def test_a_period_without_an_end_or_none_has_no_first() -> None:
    assert first_month(months(since(FIRST))) is None
    assert first_month(months(None)) is None


def test_an_end_that_need_not_hold_is_none() -> None:
    either = until(FIRST.plus(3)) | (INSURANCE.base_fen > 0)
    assert first_month(months(since(FIRST) & either)) is None
