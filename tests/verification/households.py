"""Random households for property tests: whole records, with everything that moves income or counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec
from hypothesis import strategies as st
from stdnum.cn import ric

from tests.verification.oracle import Policy
from verification.pack import Pack, load_pack
from vocabulary.evidence import Evidence, FailureKind, Found, NoRecord, Outcome, Provenance, SourceFailed
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Record, read_word
from vocabulary.records.civil_affairs import Benefit, Declaration, Membership, PropertyCheck
from vocabulary.records.disability import Certificate, RehabilitationExpense
from vocabulary.records.education import Enrolment, FeeBill
from vocabulary.records.health import Death, IllnessRecognition, Settlement
from vocabulary.records.social_security import InjuryBenefit, Insurance, Pension, UnemploymentBenefit
from vocabulary.register import RECORD_TYPES

HOUSEHOLD, ON = "T-1", date(2026, 11, 16)
AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
MONTHS = [Month.parse("2025-10").plus(n) for n in range(14)]
"""One month before the window, the twelve of it, one after."""
BIRTHS = [
    date(1940, 1, 1), date(1956, 11, 16), date(1956, 11, 17), date(1966, 11, 16), date(1966, 11, 17),
    date(1980, 2, 29), date(1990, 6, 6), date(2008, 11, 16), date(2008, 11, 17), date(2010, 11, 16),
    date(2010, 11, 17), date(2018, 5, 5),
]  # fmt: skip
DAYS = [date(2025, 11, 16), date(2025, 11, 17), date(2026, 4, 1), date(2026, 11, 15), ON, date(2026, 11, 17)]
AMOUNTS = st.one_of(
    st.sampled_from([0, 1, 19_999, 20_000, 63_600, 63_599, 95_400, 100_000, 260_000]),
    st.integers(0, 400_000),
)


@dataclass(frozen=True)
class Drawn:
    """A household as drawn: its records, and the policy it is judged by."""

    people: tuple[str, ...]
    records: tuple[Record, ...]
    policy: Policy


def id_of(birth: date, place: int) -> WrittenId:
    body = f"529901{birth:%Y%m%d}{700 + place:03d}"
    return WrittenId(body + ric.calc_check_digit(body + "0"))


def _row(record: type[Record], number: int, /, **columns: object) -> Record:
    row = {"record_id": f"{record.__name__}-{number:04d}", "as_of": ON, **columns}
    return msgspec.convert(row, record, dec_hook=read_word)


@st.composite
def households(draw: st.DrawFn) -> Drawn:
    people = [id_of(draw(st.sampled_from(BIRTHS)), place) for place in range(draw(st.integers(1, 4)))]
    made: list[Record] = []

    def add(record: type[Record], /, **columns: object) -> None:
        made.append(_row(record, len(made), **columns))

    for place, person in enumerate(people):
        add(
            Membership,
            household=HOUSEHOLD,
            person=person,
            relation="0" if place == 0 else draw(st.sampled_from(["1", "2", "3", "52", "7"])),
            kind="COHABIT"
            if place == 0
            else draw(st.sampled_from(["COHABIT", "COHABIT", "COHABIT", "OBLIGOR"])),
            joined_on=draw(st.sampled_from([date(2020, 1, 1), ON, date(2026, 11, 17)]))
            if place
            else date(2020, 1, 1),
            left_on=draw(st.sampled_from([None, None, None, ON, date(2026, 11, 17)])) if place else None,
            special=draw(st.sampled_from(["NONE", "NONE", "NONE", "PRISON", "MISSING", "COMMUNITY_REHAB"])),
        )
        _money(draw, add, person)
        _status(draw, add, person)
    for over in draw(st.lists(st.sampled_from([False, False, False, True]), max_size=2)):
        add(PropertyCheck, household=HOUSEHOLD, kind="DEPOSIT", over_limit=over)
    policy = Policy(
        standard=draw(st.sampled_from([63_600, 63_200, 20_000, 1])),
        rounding=draw(st.sampled_from(["CEIL_YUAN", "HALF_UP_FEN", "NONE"])),
        gross=draw(st.booleans()),
    )
    return Drawn(tuple(people), tuple(made), policy)


def _money(draw: st.DrawFn, add, person: str) -> None:
    """Spans of months with one amount, so that declarations and registers often overlap and often agree."""
    amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=2))
    for _ in range(draw(st.integers(0, 3))):
        what = draw(
            st.sampled_from(
                ["WAGE", "WAGE", "UNEMPLOYED", "PENSION", "CENTRAL_BASE_PENSION", "RENT", "SCHOLARSHIP",
                 "UNEMPLOYMENT_BENEFIT", "BUSINESS", "AGE_ALLOWANCE", "INJURY_BENEFIT"]
            )
        )  # fmt: skip
        for month in _span(draw):
            fen = 0 if what == "UNEMPLOYED" else draw(st.sampled_from(amounts))
            add(Declaration, household=draw(st.sampled_from([HOUSEHOLD] * 5 + ["T-2"])), person=person,
                item=what, month=month, amount_fen=fen)  # fmt: skip
    register = draw(st.sampled_from([None, None, "wage", "pension", "benefit", "injury"]))
    for month in _span(draw) if register else ():
        fen = draw(st.sampled_from(amounts))
        match register:
            case "wage":
                add(Insurance, person=person, kind=draw(st.sampled_from(["PENSION", "PENSION", "MEDICAL"])),
                    participation=draw(st.sampled_from(["EMPLOYEE", "EMPLOYEE", "FLEXIBLE", "RESIDENT"])),
                    status=draw(st.sampled_from(["NORMAL", "NORMAL", "SUSPENDED"])), month=month, base_fen=fen)  # fmt: skip
            case "pension":
                add(Pension, person=person, month=month, central_base_fen=14_300, personal_fen=fen,
                    employee_fen=draw(st.sampled_from([0, 1, 100_000])))  # fmt: skip
            case "benefit":
                add(UnemploymentBenefit, person=person, month=month, amount_fen=fen, remaining_months=2)
            case "injury":
                add(InjuryBenefit, person=person, kind="LIVING_CARE", month=month, amount_fen=fen)


def _span(draw: st.DrawFn) -> Sequence[Month]:
    first = draw(st.integers(0, len(MONTHS) - 1))
    return MONTHS[first : first + draw(st.integers(1, 13))]


def _status(draw: st.DrawFn, add, person: str) -> None:
    for what in draw(
        st.lists(st.sampled_from(["death", "study", "disabled", "ill", "fees", "hospital", "rehab", "orphan"]),
                 max_size=2, unique=True)
    ):  # fmt: skip
        day = draw(st.sampled_from(DAYS))
        fen = draw(st.integers(0, 5_000_000))
        match what:
            case "death":
                add(Death, person=person, died_on=day)
            case "study":
                add(Enrolment, person=person, name="甲", school="校", ownership="PUBLIC", since=date(2024, 9, 1),
                    stage=draw(st.sampled_from(["SENIOR", "UNDERGRADUATE", "MASTER"])), full_time=draw(st.booleans()),
                    status=draw(st.sampled_from(["ENROLLED", "SUSPENDED", "GRADUATED"])))  # fmt: skip
            case "disabled":
                kind, grade = draw(st.sampled_from("1234567")), draw(st.integers(1, 4))
                add(Certificate, person=person, name="甲", number=f"{person}{kind}{grade}", category=kind, grade=grade,
                    parts=draw(st.sampled_from(["", "43,52", "53,21", "22,44"])) if kind == "7" else "",
                    issued_on=date(2020, 1, 1), valid_until=draw(st.sampled_from([None, day])),
                    status=draw(st.sampled_from(["VALID", "VALID", "CANCELLED"])))  # fmt: skip
            case "ill":
                add(IllnessRecognition, person=person, disease="病", valid_from=date(2026, 1, 1),
                    valid_until=draw(st.sampled_from([None, day])))  # fmt: skip
            case "fees":
                add(FeeBill, person=person, academic_year=2026, kind="TUITION", billed_fen=fen, paid_fen=fen,
                    stage=draw(st.sampled_from(["UNDERGRADUATE", "MASTER"])), public_standard_fen=160_000,
                    paid_on=day)  # fmt: skip
            case "hospital":
                add(Settlement, person=person, designated=draw(st.booleans()), discharged_on=day, total_fen=fen,
                    self_pay_fen=fen, compliant_self_pay_fen=fen)  # fmt: skip
            case "rehab":
                add(RehabilitationExpense, person=person, spent_on=day, total_fen=fen, self_pay_fen=fen)
            case "orphan":
                add(Benefit, household=HOUSEHOLD, kind="ORPHAN", month=draw(st.sampled_from(MONTHS)), person=person,
                    amount_fen=100_000, paid=True)  # fmt: skip


def evidence_of(drawn: Drawn, *, failed: frozenset[type[Record]] = frozenset()) -> Evidence:
    """Every record type asked of everybody; `failed` ones did not answer."""
    outcomes: dict[type[Record], dict[str, Outcome]] = {}
    for record in RECORD_TYPES:
        subjects = [HOUSEHOLD] if "household" in record.subjects else []
        subjects += list(drawn.people) if {"person", "mother"} & set(record.subjects) else []
        outcomes[record] = {subject: _outcome(drawn, record, subject, failed) for subject in subjects}
    return Evidence(outcomes)


def _outcome(drawn: Drawn, record: type[Record], subject: str, failed: frozenset[type[Record]]) -> Outcome:
    if record in failed:
        return SourceFailed(record.department, FailureKind.TIMED_OUT, AT)
    rows = tuple(
        row for row in drawn.records
        if type(row) is record and any(getattr(row, column) == subject for column in record.subjects)
    )  # fmt: skip
    source = Provenance(record.department, record.catalogue_id, record.sharing_class, AT)
    return Found(rows, source) if rows else NoRecord(source)


def pack_of(policy: Policy) -> Pack:
    changes: dict[str, object] = {
        "dibao_standard_fen_month": policy.standard,
        "payable_rounding": policy.rounding,
        "rigid_denominator": "GROSS" if policy.gross else "COUNTED",
    }
    return load_pack("demo-2026").changed(changes, why="a property test")
