"""Of which months can rows be, and which of the pack's values stay the same throughout them?"""

from __future__ import annotations

from datetime import date

import pytest

from tests.verification.language.both import SmallPack, dated
from verification.language.aggregate import total
from verification.language.expression import Expr, literal, walk
from verification.language.kinds import Kind
from verification.language.parameter import param, param_class
from verification.language.period import Period, of_the_period, period_of
from verification.language.rows import Aggregate
from verification.language.source import source
from vocabulary.codes import InsuranceStatus
from vocabulary.month import Month
from vocabulary.records.social_security import Insurance

INSURANCE = source(Insurance)
FIRST = Month.parse("2026-08")
PACK = SmallPack(
    {"floor": [dated(100, None, date(2026, 9, 30)), dated(200, date(2026, 10, 1))]},
    {
        "said": {str(code): [dated("A", date(2026, 8, 1))] for code in InsuranceStatus},
        "of some": {"NORMAL": [dated("A")]},
        "of the rest": {"NORMAL": [dated("A")], "*": [dated("B", None, date(2026, 8, 31))]},
    },
)


def during(since: Month, until: Month) -> Expr:
    return (INSURANCE.month >= literal(since, Kind.MONTH)) & (INSURANCE.month <= literal(until, Kind.MONTH))


def an_aggregate(period: Expr, where: Expr) -> Aggregate:
    found = total(INSURANCE.base_fen, where=where, during=period)
    assert isinstance(found, Aggregate)
    return found


def where_of(each: Aggregate) -> Expr:
    found = of_the_period(each, PACK).role("where")
    assert found is not None
    return found


def months_of(each: Aggregate) -> tuple[int, int] | None:
    period = period_of(each)
    return None if period is None else (period.first, period.last)


def test_a_period_is_where_all_its_ends_leave_it() -> None:
    both = during(FIRST, FIRST.plus(5)) & (INSURANCE.month <= literal(FIRST.plus(2), Kind.MONTH))
    assert months_of(an_aggregate(both, INSURANCE.base_fen > 0)) == (FIRST, FIRST.plus(2))
    one = INSURANCE.month == literal(FIRST, Kind.MONTH)
    assert months_of(an_aggregate(one, INSURANCE.base_fen > 0)) == (FIRST, FIRST)
    never = during(FIRST.plus(1), FIRST)
    assert months_of(an_aggregate(never, INSURANCE.base_fen > 0)) is None


def test_a_period_counts_both_its_ends() -> None:
    assert Period(INSURANCE.month, int(FIRST), int(FIRST.plus(2))).months == 3


@pytest.mark.parametrize(("until", "same"), [(1, True), (2, False)])
def test_a_parameter_that_changes_within_the_period_is_asked_of_every_row(until: int, *, same: bool) -> None:
    floor = param("floor", at=INSURANCE.month) < INSURANCE.base_fen
    left = where_of(an_aggregate(during(FIRST, FIRST.plus(until)), floor))
    assert any(node.op == "param" for node in walk(left)) is not same
    assert left.uncertain is not same


def said(name: str, value: str, *, since: Month = FIRST) -> Expr:
    table = param_class(name, key=INSURANCE.status, at=INSURANCE.month, kind=Kind.TEXT)
    return where_of(an_aggregate(during(since, FIRST.plus(2)), table == value))


def test_what_is_said_of_every_code_is_certain() -> None:
    assert said("said", "A").constants == (True,)
    assert said("said", "B").constants == (False,)


def test_what_is_not_said_of_every_code_stays_in_doubt() -> None:
    assert said("of some", "A").uncertain
    # A month before anything was said of any code, and one after what is said of the rest has ended.
    assert said("said", "A", since=FIRST.plus(-1)).uncertain
    assert said("of the rest", "A").uncertain


def test_what_is_said_of_some_codes_is_a_choice_of_those() -> None:
    table = param_class("of the rest", key=INSURANCE.status, at=INSURANCE.month, kind=Kind.TEXT)
    left = where_of(an_aggregate(during(FIRST, FIRST), table != "A"))
    assert left.op == "among"
    assert [str(each.constants[0]) for each in left.args[1:]] == [
        str(c) for c in InsuranceStatus if c != "NORMAL"
    ]
    assert not left.uncertain


def test_the_period_itself_stays() -> None:
    period = during(FIRST, FIRST.plus(1))
    left = of_the_period(an_aggregate(period, param("floor", at=INSURANCE.month) > 5), PACK).role("during")
    assert left is not None
    assert left.digest == period.digest
