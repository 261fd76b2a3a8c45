"""Is somebody asked about close to whoever asks? Surname and address, known or not."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from casework.agreement import Recipient
from gateway.caller import Caller
from gateway.nearness import close, surname
from vocabulary.evidence import Answer, Evidence, Found
from vocabulary.masked import Masked
from vocabulary.records.civil_affairs import Person
from vocabulary.region import RegionCode

STREET, NEXT_STREET = RegionCode("529901001"), RegionCode("529901002")
SOMEBODY = "529901195001010007"


def caller(name: str | None, home: RegionCode | None) -> Caller:
    return Caller(
        "test", "mz-1", Recipient.CIVIL_AFFAIRS, "窗口", RegionCode("529901"), datetime.max.replace(tzinfo=UTC), name, home
    )  # fmt: skip


def household(street: RegionCode = STREET, *, lives_there: bool = True):
    members = [SimpleNamespace(person=SOMEBODY)]
    living = [SOMEBODY] if lives_there else []
    return SimpleNamespace(household=SimpleNamespace(members=members, cohabiting=living), region=street)


def told(**columns: object) -> Evidence:
    return Evidence({Person: {SOMEBODY: Found((SimpleNamespace(**columns),), None)}})


@pytest.mark.parametrize(
    ("asker", "home", "columns", "said"),
    [
        ("黄示例", STREET, {"name": "黄示华"}, Answer.YES),
        ("黄示例", STREET, {"name": "王示华"}, Answer.NO),
        ("黄示例", NEXT_STREET, {"name": "黄示华"}, Answer.NO),
        ("黄示例", RegionCode("529901001001"), {"name": "黄示华"}, Answer.YES),
        ("黄示例", STREET, {}, Answer.UNKNOWN),
        ("黄示例", NEXT_STREET, {}, Answer.NO),
        ("欧示例", STREET, {"name": "欧阳示华"}, Answer.NO),
        ("黄示例", STREET, {"name": Masked("黄**")}, Answer.YES),
        ("黄示例", STREET, {"name": Masked("王**")}, Answer.NO),
        ("黄示例", STREET, {"name": Masked("*")}, Answer.UNKNOWN),
        ("欧示例", STREET, {"name": Masked("欧***")}, Answer.UNKNOWN),
        ("欧阳示例", STREET, {"name": Masked("欧***")}, Answer.UNKNOWN),
        ("欧阳示例", NEXT_STREET, {"name": Masked("欧***")}, Answer.NO),
        (None, STREET, {"name": "黄示华"}, Answer.UNKNOWN),
        ("黄示例", None, {"name": "黄示华"}, Answer.UNKNOWN),
    ],
)
def test_both_the_surname_and_the_address_must_agree_and_be_known(
    asker: str | None, home: RegionCode | None, columns: dict[str, object], said: Answer
) -> None:
    assert close(caller(asker, home), [household()], told(**columns)) is said


def test_where_an_obligor_lives_is_not_known() -> None:
    elsewhere = [household(lives_there=False)]
    assert close(caller("黄示例", STREET), elsewhere, told(name="黄示华")) is Answer.UNKNOWN
    assert close(caller("王示例", STREET), elsewhere, told(name="黄示华")) is Answer.NO


def test_nobody_asked_about_is_close_to_nobody() -> None:
    assert close(caller("黄示例", STREET), [], Evidence()) is Answer.NO


def test_a_surname_may_have_two_characters() -> None:
    assert [surname(each) for each in ("欧阳示华", "欧阳", "黄示华")] == ["欧阳", "欧", "黄"]
