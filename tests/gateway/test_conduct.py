"""Is out of hours, too often and without a case noticed, and a list or a sample that falls short? One hour, one entry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from audit.catalogue import Entry
from audit.reconcile import Discrepancy, Kind
from audit.sample import Plan
from gateway.conduct import of_entries, of_lists, of_sample
from verification.pack import load_pack

DAY = date(2026, 11, 16)
PACK = load_pack("demo-2026")
TEN = datetime(2026, 11, 16, 2, tzinfo=UTC)
"""Ten in the morning in China."""


def intent(
    at: datetime, *, caller: str = "a" * 32, case: bool = True, event: str = "inquiry.intent"
) -> Entry:
    committed = {"case": "0" * 64} if case else {}
    return Entry(event, int(at.timestamp() * 1000), "2026", (), {"caller": caller}, committed, "0" * 32)


def noticed(*entries: Entry) -> list[tuple[str, int | None]]:
    return [(one.rule, one.entry) for one in of_entries(enumerate(entries), PACK, day=DAY).noticed]


@pytest.mark.parametrize(
    ("hour", "minute", "late"),
    [(18, 59, False), (19, 0, True), (23, 59, True), (0, 0, True), (5, 59, True), (6, 0, False)],
)
def test_the_clock_of_china_tells_what_is_out_of_hours(hour: int, minute: int, late: bool) -> None:
    at = datetime(2026, 11, 16, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    assert noticed(intent(at)) == ([("AUD-01", 0)] if late else [])


def test_the_sixty_first_question_within_an_hour_is_one_too_many() -> None:
    minutes = [intent(TEN + timedelta(seconds=59 * n)) for n in range(61)]
    assert noticed(*minutes) == [("AUD-01", 60)]
    spread = [intent(TEN + timedelta(seconds=60 * n)) for n in range(61)]
    assert noticed(*spread) == []


def test_each_caller_is_counted_alone_and_only_intents() -> None:
    mixed = [intent(TEN + timedelta(seconds=n), caller="ab"[n % 2] * 32) for n in range(120)]
    assert noticed(*mixed) == []
    refused = [intent(TEN + timedelta(seconds=n), event="inquiry.refused") for n in range(100)]
    assert noticed(*refused) == []


def test_a_question_without_a_case_is_noticed_on_its_day_only() -> None:
    assert noticed(intent(TEN, case=False)) == [("AUD-02", 0)]
    assert noticed(intent(TEN - timedelta(days=1), case=False)) == []


def test_whose_relative_it_was_cannot_be_told_and_is_said_so() -> None:
    assert of_entries([(0, intent(TEN))], PACK, day=DAY).cannot_tell == {"AUD-02": 1}


def outcome(of: int, close: str | None) -> Entry:
    told = {} if close is None else {"close": close}
    at_ms = int(TEN.timestamp() * 1000) + 1
    return Entry("inquiry.outcome", at_ms, "2026", (), {"intent": of, "sources": {}, **told}, {}, "0" * 32)


def test_somebody_of_the_askers_surname_and_address_is_noticed() -> None:
    assert noticed(intent(TEN), outcome(0, "YES")) == [("AUD-02", 0)]
    assert noticed(intent(TEN), outcome(0, "NO")) == []
    assert noticed(intent(TEN), outcome(0, None)) == []
    assert noticed(outcome(7, "YES"), intent(TEN)) == []  # of an intent that lies before these entries


def test_every_kind_of_disagreement_of_a_list_is_noticed_once_a_department() -> None:
    assert of_lists([], PACK, day=DAY) == ()
    for kind in Kind:
        found = of_lists(
            [Discrepancy(kind, "health", 3, ""), Discrepancy(kind, "health", 4, "")], PACK, day=DAY
        )
        assert [(one.rule, one.who) for one in found] == [("AUD-03", "health")]
        assert sorted(found[0].shown.values()) == [0, 2]


def test_a_sample_of_exactly_three_in_ten_is_enough() -> None:
    strata = {"TEKUN": 10, "DIBAO": 10}
    assert of_sample(Plan(10, {"TEKUN": 30}), {"TEKUN": 10}, PACK, day=DAY) == ()
    (found,) = of_sample(Plan(3, {"DIBAO": 100}), strata, PACK, day=DAY)
    assert (found.rule, found.shown["drawn"]) == ("AUD-04", 0)
    assert of_sample(Plan(6, {}), strata, PACK, day=DAY) == ()
    assert [one.rule for one in of_sample(Plan(5, {"DIBAO": 60}), strata, PACK, day=DAY)] == ["AUD-04"]
