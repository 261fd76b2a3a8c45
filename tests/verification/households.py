"""Random households for property tests, and what the departments answer about them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache

from hypothesis import strategies as st

from tests.verification.drawing import HOUSEHOLD, ON, Hypothesised, People, Seeded, draw_household
from tests.verification.oracle import Policy
from verification.catalogue import CATALOGUE
from verification.language.case import listed
from verification.language.to_python import Case
from verification.pack import Pack, load_pack
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of
from vocabulary.codes import MemberKind, Relation
from vocabulary.evidence import Evidence, FailureKind, Found, NoRecord, Outcome, Provenance, SourceFailed
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES

Masks = Mapping[str, int]
"""Of a household or a person: which record types gave no usable answer."""
AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
POLICIES = (
    Policy(),
    Policy(rounding="HALF_UP_FEN", gross=True),
    Policy(standard=63_200, rounding="NONE", alone="STANDARD"),
    Policy(bands=((50, 50_000), (100, 30_000))),
    Policy(edge=Fraction(2), cost=0, rigid=frozenset({"MEDICAL"})),
    Policy(pension_excluded_until=Month.parse("2025-12"), rounding="HALF_UP_FEN", alone="STANDARD"),
    Policy(
        standard=20_000,
        disposable=1_200_000,
        ratio=Fraction(1, 2),
        bands=((30, 15_001), (70, 9_999), (100, 0)),
    ),
    Policy(
        standard=1,
        edge=Fraction(21, 20),
        cost=1,
        gross=True,
        rigid=frozenset({"EDUCATION", "REHABILITATION"}),
    ),
)
"""Eight packs, so that each number of the oracle's has at least two values; to bind one takes half a second."""


@dataclass(frozen=True)
class Drawn:
    """A household as drawn: its records, and the policy it is judged by."""

    people: tuple[str, ...]
    records: tuple[Record, ...]
    policy: Policy = POLICIES[0]
    household: str = HOUSEHOLD


@st.composite
def households(draw: st.DrawFn) -> Drawn:
    """One household, and one of the policies."""
    people, records = draw_household(Hypothesised(draw))
    return Drawn(people, records, draw(st.sampled_from(POLICIES)))


def seeded(seed: int, count: int, policy: Policy = POLICIES[0]) -> list[Drawn]:
    """So many households of one district, always the same; one in twenty lists somebody of an earlier one too."""
    choose, district = Seeded(random.Random(seed)), People()
    homes: list[tuple[list[str], list[Record]]] = []
    for place in range(count):
        people, records = draw_household(choose, number=f"T-{place:05d}", district=district)
        homes.append((list(people), list(records)))
        if place and choose.whole(0, 19) == 0:
            _list_twice(choose, homes)
    return [
        Drawn(tuple(people), tuple(records), policy, f"T-{place:05d}")
        for place, (people, records) in enumerate(homes)
    ]


def _list_twice(choose: Seeded, homes: list[tuple[list[str], list[Record]]]) -> None:
    """List one of an earlier household's with the last one too: what is known of a person is known at both."""
    (people, records), (others, elsewhere) = homes[-1], choose.of(homes[:-1])
    person = others[0]
    if person in people or any(
        row.record_id.endswith("-twice") and row.person == person for row in elsewhere
    ):
        return
    listing = Membership(
        record_id=f"{records[0].record_id}-twice",
        as_of=ON,
        household=f"T-{len(homes) - 1:05d}",
        person=WrittenId(person),
        relation=choose.of([Relation.SON, Relation.MOTHER]),
        kind=choose.of([MemberKind.COHABIT, MemberKind.COHABIT, MemberKind.OBLIGOR]),
        joined_on=choose.of([date(2020, 1, 1), ON]),
        left_on=None,
    )
    elsewhere.append(listing)
    people.append(person)
    records += [
        row for row in elsewhere if person in {getattr(row, name, None) for name in type(row).subjects}
    ]


def rows_of(drawn: Iterable[Drawn]) -> dict[type[Record], tuple[Record, ...]]:
    """All records of some households by type, each once."""
    found: defaultdict[type[Record], dict[str, Record]] = defaultdict(dict)
    for home in drawn:
        for row in home.records:
            found[type(row)][row.record_id] = row
    return {record: tuple(rows.values()) for record, rows in found.items()}


def case_of(drawn: Drawn, *, unanswered: int = 0, unanswered_of: Mapping[str, int] | None = None) -> Case:
    """The household as the compiled rules take it."""
    rows = rows_of([drawn])
    members = listed(rows[Membership], household=drawn.household, on=ON)
    return Case(drawn.household, ON, members, rows, unanswered, unanswered_of or {})


def snapshot_of(drawn: Sequence[Drawn], masks: Masks) -> Snapshot:
    """Some households as a run reads them."""
    rows, reads = rows_of(drawn), CATALOGUE.reads()
    tables = {record: table_of(record, rows.get(record, ()), columns) for record, columns in reads.items()}
    cases = cases_table((home.household, ON, masks.get(home.household, 0)) for home in drawn)
    people = {person: masks.get(person, 0) for home in drawn for person in home.people}
    return Snapshot(tables, cases, masks_table(people))


def evidence_of(drawn: Drawn, *, failed: frozenset[type[Record]] = frozenset()) -> Evidence:
    """Every record type asked of everybody; `failed` ones did not answer."""
    outcomes: dict[type[Record], dict[str, Outcome]] = {}
    for record in RECORD_TYPES:
        subjects = [drawn.household] if "household" in record.subjects else []
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


@cache
def pack_of(policy: Policy) -> Pack:
    """The demo pack with the policy's numbers."""
    until = policy.pension_excluded_until
    changes: dict[str, object] = {
        "dibao_standard_fen_month": policy.standard,
        "disposable_income_prior_year_fen": policy.disposable,
        "edge_multiplier_percent": int(policy.edge * 100),
        "rigid_ratio_basis_points": int(policy.ratio * 10_000),
        "employment_cost_fen_month": policy.cost,
        "payable_rounding": policy.rounding,
        "rigid_denominator": "GROSS" if policy.gross else "COUNTED",
        "single_person_amount": policy.alone,
        "payable_mode": "BANDED" if policy.bands else "DIFFERENCE",
        **{
            f"rigid_numerator.{what}": what in policy.rigid
            for what in ("MEDICAL", "EDUCATION", "REHABILITATION")
        },
    }
    if until is not None:
        counts_from = until.plus(1).first_day
        lapses = [
            {"since": date(2021, 7, 1), "until": counts_from - timedelta(days=1), "value": "EXCLUDED"},
            {"since": counts_from, "value": "COUNTED"},
        ]
        changes["income_class.CENTRAL_BASE_PENSION"] = lapses
    for band, (percent, fen) in enumerate(policy.bands, 1):
        changes |= {f"payable_band_below_percent.{band}": percent, f"payable_band_fen_month.{band}": fen}
    return load_pack("demo-2026").changed(changes, why="a property test")
