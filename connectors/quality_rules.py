"""Which expectations does the quality section of a contract come to? ODCS metrics, as Great Expectations knows them.

Great Expectations counts the rows that fail; whether so many are too many is decided here,
exactly, from the bound that the contract sets (`mustBe`, `mustBeLessThan`, …).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from open_data_contract_standard.model import DataQuality

from connectors.contract import Quality
from connectors.quality import Gravity

PRESENT = " present"
"""Ending of the name of a column that is empty where a cell is empty or blank."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How many may fail, or, of a rule about the table, how many rows there must be.

    `must`     ODCS's word for the comparison
    `limit`    a number, or two of them, in rows or, if `percent`, of all rows
    `of_rows`  whether the rows themselves are counted, and not those that fail
    """

    must: str
    limit: Any
    percent: bool = False
    of_rows: bool = False

    def holds(self, *, failing: int, rows: int) -> bool:
        """Tell whether so many are within the bound. Of no rows, no share fails.

        >>> Bound("mustBeLessThan", 1, percent=True).holds(failing=1, rows=100)
        False
        >>> Bound("mustBeLessOrEqualTo", 1, percent=True).holds(failing=1, rows=100)
        True
        """
        counted = rows if self.of_rows else failing
        # Both sides times the rows, so that nothing is divided.
        times = rows if self.percent else 1
        limits = self.limit if isinstance(self.limit, list) else [self.limit]
        against = [Decimal(str(one)) * times for one in limits]
        return _HOLDS[self.must](Decimal(counted * 100 if self.percent else counted), against)


def agreed(rules: Iterable[Quality]) -> Iterator[tuple[dict[str, Any], Bound]]:
    """Give the expectations of rules of one record type, as Great Expectations stores them, each with its bound."""
    for one in rules:
        severity = Gravity(one.rule.severity or Gravity.ERROR).value
        told = {"column": one.column or "", "severity": severity, "expectation": str(one.rule.metric)}
        for kind, arguments in _EXPECTED[str(one.rule.metric)](one.column, one.rule.arguments or {}):
            yield {"type": kind, "kwargs": arguments, "meta": told}, _bound(one.rule)


def _bound(rule: DataQuality) -> Bound:
    set_ = {name: getattr(rule, name) for name in _HOLDS if getattr(rule, name) is not None}
    # INVARIANT: a contract with no bound or several is refused when it is read.
    [(must, limit)] = set_.items()
    return Bound(must, limit, percent=rule.unit == "percent", of_rows=rule.metric == "rowCount")


Expected = tuple[str, dict[str, Any]]


def _rows(_column: str | None, _given: Mapping[str, Any]) -> Iterator[Expected]:
    yield "expect_table_row_count_to_be_between", {"min_value": 0}


def _nulls(column: str | None, _given: Mapping[str, Any]) -> Iterator[Expected]:
    yield "expect_column_values_to_not_be_null", {"column": column}


def _missing(column: str | None, given: Mapping[str, Any]) -> Iterator[Expected]:
    """What is empty or blank; and, held to the same bound, what the rule lists besides."""
    yield "expect_column_values_to_not_be_null", {"column": f"{column}{PRESENT}"}
    listed = [one for one in given.get("missingValues", ()) if one is not None and str(one).strip()]
    if listed:
        yield "expect_column_values_to_not_be_in_set", {"column": column, "value_set": listed}


def _invalid(column: str | None, given: Mapping[str, Any]) -> Iterator[Expected]:
    if "validValues" in given:
        yield "expect_column_values_to_be_in_set", {"column": column, "value_set": [*given["validValues"]]}
    if "pattern" in given:
        yield "expect_column_values_to_match_regex", {"column": column, "regex": str(given["pattern"])}


def _duplicates(column: str | None, given: Mapping[str, Any]) -> Iterator[Expected]:
    if column is None:
        yield "expect_compound_columns_to_be_unique", {"column_list": [*given.get("properties", ())]}
    else:
        yield "expect_column_values_to_be_unique", {"column": column}


_EXPECTED: Mapping[str, Callable[[str | None, Mapping[str, Any]], Iterator[Expected]]] = {
    "rowCount": _rows,
    "nullValues": _nulls,
    "missingValues": _missing,
    "invalidValues": _invalid,
    "duplicateValues": _duplicates,
}


def _against_one(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[Decimal, list[Decimal]], bool]:
    return lambda counted, limits: compare(counted, limits[0])


_HOLDS: Mapping[str, Callable[[Decimal, list[Decimal]], bool]] = {
    "mustBe": _against_one(operator.eq),
    "mustNotBe": _against_one(operator.ne),
    "mustBeGreaterThan": _against_one(operator.gt),
    "mustBeGreaterOrEqualTo": _against_one(operator.ge),
    "mustBeLessThan": _against_one(operator.lt),
    "mustBeLessOrEqualTo": _against_one(operator.le),
    "mustBeBetween": lambda counted, limits: limits[0] <= counted <= limits[1],
    "mustNotBeBetween": lambda counted, limits: not limits[0] <= counted <= limits[1],
}
