"""Which records does a made-up city have? Arrow tables drawn from one seed, for measuring and nothing else.

About 2.9 people a household, twelve months of declarations, insurance and pensions, and in
about 2 % of the households something that contradicts something else. The columns are those
that the catalogue reads. A seed and a size give the same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from verification.catalogue import CATALOGUE
from verification.runs.tables import Snapshot, schema_of
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.register import RECORD_TYPES

DAY = date(2026, 11, 16)
MONTHS = np.arange(int(Month.of(DAY)) - 12, int(Month.of(DAY)))
PLANTED = 0.02
"""The share of households in which a contradiction is planted."""

FOURTEEN_RULES = (
    "BEN-08", "HH-04", "HH-05", "HH-09", "ID-01", "ID-02", "INC-01", "INC-02", "INC-03", "INC-04",
    "INC-09", "LIF-01", "LIF-02", "LIF-05",
)  # fmt: skip
"""The rules by which the rivals judge, too."""

_EPOCH = date(1970, 1, 1)
_TODAY = (DAY - _EPOCH).days
_READS = CATALOGUE.reads()
_NAMED = {record.__name__: record for record in RECORD_TYPES}

Columns = Mapping[str, object]


@dataclass(frozen=True)
class People:
    """Everybody of the city, a place an array: `home` is the household's place, `rank` 0 the head's."""

    home: np.ndarray
    rank: np.ndarray
    age: np.ndarray
    born: np.ndarray
    is_male: np.ndarray
    ids: pa.Array


def city(seed: int, *, households: int) -> Snapshot:
    """The records of so many households as a run reads them; everybody answered about everything."""
    rng = np.random.default_rng(seed)
    people = _people(rng, households)
    homes = _homes(np.arange(households))
    planted = np.flatnonzero(rng.random(households) < PLANTED)
    made = [*_civil(rng, people, homes), *_money(rng, people, homes), *_status(rng, people, homes)]
    made += _contradictions(rng, people, homes, planted)
    tables: dict[type[Record], list[pa.Table]] = {}
    for place, (name, columns) in enumerate(made):
        tables.setdefault(_NAMED[name], []).append(_table(_NAMED[name], columns, place))
    cases = pa.table(
        {
            "household": homes,
            "on": _days(np.full(households, _TODAY)),
            "mask": pa.array(np.zeros(households, np.int64)),
        }
    )
    return Snapshot({record: pa.concat_tables(parts) for record, parts in tables.items()}, cases)


# ------------------------------------------------------------------ people


def _people(rng: np.random.Generator, households: int) -> People:
    sizes = rng.choice([1, 2, 3, 4, 5], households, p=[0.14, 0.27, 0.27, 0.22, 0.10])
    home = np.repeat(np.arange(households), sizes)
    rank = np.arange(len(home)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    of_head = np.repeat(rng.integers(28, 88, households), sizes)
    drawn = rng.integers(0, 6, len(home))
    age = np.select([rank == 0, rank == 1], [of_head, of_head - 2 + drawn // 2], of_head - 24 - drawn)
    age = np.maximum(age, drawn)
    born = _TODAY - age * 365 - age // 4 - rng.integers(1, 364, len(home))
    is_male = np.where(rank < 2, rank == 0, rng.random(len(home)) < 0.5)
    return People(home, rank, age, born, is_male, _id_numbers(born, is_male))


def _id_numbers(born: np.ndarray, is_male: np.ndarray) -> pa.Array:
    """Numbers that pass their check: 529901, the birth date, a serial of that day, the check character."""
    order = np.lexsort((born, is_male))
    day, sex = born[order], is_male[order]
    starts = np.flatnonzero(np.r_[True, (day[1:] != day[:-1]) | (sex[1:] != sex[:-1])])
    serial = np.empty(len(born), np.int64)
    serial[order] = np.arange(len(born)) - np.repeat(starts, np.diff(np.r_[starts, len(born)]))
    assert serial.max() < 500, "expected fewer than 500 births of one sex a day"
    days = born.astype("datetime64[D]")
    years, months = days.astype("datetime64[Y]").astype(int) + 1970, days.astype("datetime64[M]").astype(int)
    in_month = (days - days.astype("datetime64[M]")).astype(int) + 1
    written = years * 10_000 + (months % 12 + 1) * 100 + in_month
    digits = np.empty((len(born), 18), np.uint8)
    digits[:, :6] = [5, 2, 9, 9, 0, 1]
    for place in range(8):
        digits[:, 6 + place] = written // 10 ** (7 - place) % 10
    number = serial * 2 + is_male
    for place in range(3):
        digits[:, 14 + place] = number // 10 ** (2 - place) % 10
    weights = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
    check = np.frombuffer(b"10X98765432", np.uint8)[(digits[:, :17] * weights).sum(axis=1) % 11]
    digits += ord("0")
    digits[:, 17] = check
    return _fixed(digits)


def _homes(places: np.ndarray) -> pa.Array:
    return _numbered("C", places, 8)


def _numbered(letter: str, numbers: np.ndarray, width: int) -> pa.Array:
    """Texts of one length: a letter and a number."""
    written = np.empty((len(numbers), width), np.uint8)
    written[:, 0] = ord(letter)
    for place in range(1, width):
        written[:, place] = numbers // 10 ** (width - 1 - place) % 10 + ord("0")
    return _fixed(written)


def _fixed(texts: np.ndarray) -> pa.Array:
    count, width = texts.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(texts))
    )


# ------------------------------------------------------------------ what departments hold


def _civil(rng: np.random.Generator, people: People, homes: pa.Array) -> list[tuple[str, Columns]]:
    every = np.arange(len(people.home))
    child = np.where(people.is_male, "2", "3")
    relation = np.select([people.rank == 0, people.rank == 1], ["0", "1"], child)
    married = np.flatnonzero(
        (people.rank == 1) | ((people.rank == 0) & (np.r_[people.rank[1:], 0] == 1) & (people.age > 22))
    )
    spouse = np.where(people.rank[married] == 0, married + 1, married - 1)
    poor = np.flatnonzero(rng.random(len(homes)) < 0.15)
    told, months = _monthly(poor)
    return [
        ("Membership", {"household": homes.take(people.home), "person": people.ids, "relation": relation,
                        "kind": "COHABIT", "special": "NONE", "joined_on": _TODAY - 3_000}),
        ("Person", {"person": people.ids, "name": _names(every), "sex": np.where(people.is_male, "1", "2"),
                    "birth": people.born, "hukou_district": "529901001001",
                    "residence_district": "529901001001"}),
        ("Authorization", {"person": people.ids, "valid_from": _TODAY - 100, "valid_until": _TODAY + 265}),
        ("Application", {"household": homes, "applied_on": _TODAY - 100, "near_relative": False}),
        ("Marriage", {"person": people.ids.take(married), "spouse": people.ids.take(spouse), "status": "21",
                      "registered_on": _TODAY - 4_000}),
        ("Benefit", {"household": homes.take(told), "kind": "DIBAO", "month": months, "paid": True,
                     "amount_fen": 30_000 + told % 50 * 1_000}),
        ("Visit", {"household": homes.take(poor), "visited_on": _TODAY - 90, "next_due": _TODAY + 90,
                   "visitors": 2}),
        ("PropertyCheck", {"household": homes, "over_limit": False}),
    ]  # fmt: skip


def _money(rng: np.random.Generator, people: People, homes: pa.Array) -> list[tuple[str, Columns]]:
    works = np.flatnonzero((people.age >= 23) & (people.age < 60) & (rng.random(len(people.age)) < 0.36))
    retired = np.flatnonzero((people.age >= 61) & (rng.random(len(people.age)) < 0.5))
    lost = np.flatnonzero((people.age >= 25) & (people.age < 58) & (rng.random(len(people.age)) < 0.02))
    lost = np.setdiff1d(lost, works)
    adults = np.flatnonzero((people.age >= 18) & (people.age < 61))
    farms = np.setdiff1d(adults, np.union1d(works, lost))
    wage = rng.integers(60_000, 700_000, len(people.age))
    worker, work_month = _monthly(works)
    pensioner, pension_month = _monthly(retired)
    idle, idle_month = _monthly(lost)
    residents = np.flatnonzero((people.age >= 16) & (people.age < 60) & (rng.random(len(people.age)) < 0.1))
    resident, resident_month = _monthly(residents)

    def declared(who: np.ndarray, month: np.ndarray, item: str, fen: object) -> tuple[str, Columns]:
        home = homes.take(people.home[who])
        return "Declaration", {"household": home, "person": people.ids.take(who), "item": item,
                               "month": month, "amount_fen": fen}  # fmt: skip

    return [
        declared(worker, work_month, "WAGE", wage[worker]),
        declared(pensioner, pension_month, "PENSION", wage[pensioner] // 4 + 14_300),
        declared(idle, idle_month, "UNEMPLOYMENT_BENEFIT", 150_000),
        declared(farms, MONTHS[farms % len(MONTHS)], "LAND", 500_000 + wage[farms] * 3),
        ("EmploymentRegistration", {"person": people.ids.take(farms)}),
        ("Insurance", {"person": people.ids.take(worker), "kind": "PENSION", "participation": "EMPLOYEE",
                       "status": "NORMAL", "month": work_month, "base_fen": wage[worker]}),
        ("Insurance", {"person": people.ids.take(resident), "kind": "MEDICAL", "participation": "RESIDENT",
                       "status": "NORMAL", "month": resident_month, "base_fen": 0}),
        ("Pension", {"person": people.ids.take(pensioner), "month": pension_month, "local_base_fen": 0,
                     "central_base_fen": 14_300, "personal_fen": wage[pensioner] // 4, "employee_fen": 0}),
        ("UnemploymentBenefit", {"person": people.ids.take(idle), "month": idle_month,
                                 "amount_fen": 150_000, "remaining_months": 2}),
    ]  # fmt: skip


def _status(rng: np.random.Generator, people: People, homes: pa.Array) -> list[tuple[str, Columns]]:
    ages, draw = people.age, rng.random(len(people.age))
    pupils, sick = np.flatnonzero((ages >= 4) & (ages < 18)), np.flatnonzero(draw < 0.1)
    disabled, students = np.flatnonzero(draw > 0.94), np.flatnonzero((ages >= 18) & (ages < 22))
    ids, held = people.ids, people.ids.take(disabled)
    grade = disabled % 4 + 1
    number = pa.array([f"{each}4{level}" for each, level in zip(held.to_pylist(), grade, strict=True)])
    cared, care_month = _monthly(disabled[grade <= 2])
    young = np.flatnonzero((ages < 18) & (people.rank > 1))
    mothers = young - people.rank[young] + 1
    found: list[tuple[str, Columns]] = [
        ("Enrolment", {"person": ids.take(who), "name": _names(who), "stage": stage, "full_time": True,
                       "status": "ENROLLED", "expected_graduation": _TODAY + 400})
        for who, stage in ((pupils, "PRIMARY"), (students, "UNDERGRADUATE"))
    ]  # fmt: skip
    return [
        *found,
        ("Birth", {"person": ids.take(young), "mother": ids.take(mothers), "born_on": people.born[young]}),
        ("Certificate", {"person": held, "name": _names(disabled), "number": number, "category": "4",
                         "grade": grade, "parts": "", "issued_on": _TODAY - 900, "status": "VALID",
                         "valid_until": _TODAY + 900}),
        ("DisabilitySubsidy", {"person": ids.take(cared), "kind": "CARE", "month": care_month,
                               "amount_fen": 8_000}),
        ("Settlement", {"person": ids.take(sick), "designated": True, "discharged_on": _TODAY - 80,
                        "self_pay_fen": 90_000 + sick, "compliant_self_pay_fen": 80_000 + sick}),
        ("FeeBill", {"person": ids.take(students), "stage": "UNDERGRADUATE", "paid_on": _TODAY - 70,
                     "paid_fen": 500_000, "public_standard_fen": 450_000}),
        ("Aid", {"person": ids.take(students[::4]), "programme": "国家助学金", "academic_year": 2026,
                 "amount_fen": 330_000, "paid_on": _TODAY - 30}),
    ]  # fmt: skip


# ------------------------------------------------------------------ what contradicts


def _contradictions(
    rng: np.random.Generator, people: People, homes: pa.Array, planted: np.ndarray
) -> list[tuple[str, Columns]]:
    """In each planted household one of fifteen, about its head or the household itself."""
    heads = np.flatnonzero(people.rank == 0)[planted]
    drawn = rng.integers(0, 15, len(heads))
    ours = [heads[drawn == place] for place in range(15)]
    ids, home = people.ids, lambda who: homes.take(people.home[who])
    idle, idle_month = _monthly(ours[0])
    low, low_month = _monthly(ours[1])
    retired, retired_month = _monthly(ours[2])
    lost, lost_month = _monthly(ours[3])
    both, both_month = _monthly(ours[4])
    flexible, flexible_month = _monthly(ours[5])
    dead, dead_month = _monthly(ours[6])
    insured = {"kind": "PENSION", "participation": "EMPLOYEE", "status": "NORMAL"}
    outside = {"kind": "OBLIGOR", "special": "NONE", "joined_on": _TODAY - 9, "relation": "8"}
    broken = pa.array([f"{each[:17]}{'12'[each[17] == '1']}" for each in ids.take(ours[10]).to_pylist()])
    return [
        ("Declaration", {"household": home(idle), "person": ids.take(idle), "item": "UNEMPLOYED",
                         "month": idle_month, "amount_fen": 0}),
        ("Insurance", {"person": ids.take(idle), **insured, "month": idle_month, "base_fen": 310_000}),
        ("Declaration", {"household": home(low), "person": ids.take(low), "item": "WAGE",
                         "month": low_month, "amount_fen": 100_000}),
        ("Insurance", {"person": ids.take(low), **insured, "month": low_month,
                       "base_fen": np.where(low % 3 == 0, 100_000, 380_000)}),
        ("Pension", {"person": ids.take(retired), "month": retired_month, "local_base_fen": 0,
                     "central_base_fen": 14_300, "personal_fen": 0, "employee_fen": 210_000}),
        ("UnemploymentBenefit", {"person": ids.take(lost), "month": lost_month, "amount_fen": 150_000,
                                 "remaining_months": 1}),
        ("UnemploymentBenefit", {"person": ids.take(both), "month": both_month, "amount_fen": 150_000,
                                 "remaining_months": 1}),
        ("Insurance", {"person": ids.take(both), **insured, "month": both_month, "base_fen": 310_000}),
        ("Declaration", {"household": home(flexible), "person": ids.take(flexible), "item": "UNEMPLOYED",
                         "month": flexible_month, "amount_fen": 0}),
        ("Insurance", {"person": ids.take(flexible), **insured, "participation": "FLEXIBLE",
                       "month": flexible_month, "base_fen": 200_000}),
        ("Death", {"person": ids.take(ours[6]), "died_on": _TODAY - 150}),
        ("Benefit", {"household": home(dead), "kind": "DIBAO", "month": dead_month, "paid": True,
                     "amount_fen": 40_000}),
        ("PropertyCheck", {"household": home(ours[7]), "over_limit": True}),
        ("Certificate", {"person": ids.take(ours[8]), "name": _names(ours[8]), "number": "", "category": "4",
                         "grade": 3, "parts": "", "issued_on": _TODAY - 900, "status": "EXPIRED",
                         "valid_until": _TODAY - 1}),
        ("IllnessRecognition", {"person": ids.take(ours[9]), "valid_from": _TODAY - 400,
                                "valid_until": _TODAY - 30}),
        ("Membership", {"household": home(ours[10]), "person": broken, **outside}),
        ("Person", {"person": ids.take(ours[11]), "name": _names(ours[11]), "sex": "1",
                    "birth": people.born[ours[11]] + 1, "hukou_district": "529901001001",
                    "residence_district": "529901002001"}),
        ("Membership", {"household": homes.take((people.home[ours[12]] + 1) % len(homes)),
                        "person": ids.take(ours[12]), "relation": "8", "kind": "COHABIT", "special": "NONE",
                        "joined_on": _TODAY - 9}),
        ("Membership", {"household": home(ours[13]), "person": _numbered("N", ours[13], 18), **outside,
                        "kind": "COHABIT", "special": "PRISON"}),
        ("Membership", {"household": home(ours[14]), "person": _numbered("M", ours[14], 18), **outside}),
    ]  # fmt: skip


def _monthly(who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Everybody twelve times, once for each month of the window."""
    return np.repeat(who, len(MONTHS)), np.tile(MONTHS, len(who))


def _names(who: np.ndarray) -> pa.Array:
    return _numbered("R", who, 7)


def _days(days: np.ndarray) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def _table(record: type[Record], columns: Columns, part: int) -> pa.Table:
    """Columns as the catalogue reads them; what is not given is absent, and one value stands for all."""
    schema = schema_of(record, _READS[record])
    count = max(len(value) for value in columns.values() if isinstance(value, (np.ndarray, pa.Array)))
    numbers = np.arange(count) + part * 10_000_000
    given = {"record_id": _numbered("Z", numbers, 11), **columns}
    return pa.Table.from_arrays(
        [_cells(given.get(each.name), each.type, count) for each in schema], schema=schema
    )


def _cells(value: object, kind: pa.DataType, count: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value
    if not isinstance(value, np.ndarray):
        scalar = pa.scalar(value, pa.int32()) if kind == pa.date32() and value is not None else value
        return pa.repeat(scalar, count).cast(kind) if value is not None else pa.nulls(count, kind)
    return (
        _days(value)
        if kind == pa.date32()
        else pa.array(value.tolist() if value.dtype.kind == "U" else value, kind)
    )


def rows_of(snapshot: Snapshot) -> int:
    """Records in all tables."""
    return sum(table.num_rows for table in snapshot.tables.values())


def people_of(snapshot: Snapshot, names: Sequence[str] = ("Membership",)) -> int:
    """Rows of these record types: as many people as are listed."""
    return sum(snapshot.tables[_NAMED[name]].num_rows for name in names)


def digest_of_findings(found: Iterable[tuple[str, str, str]]) -> str:
    """One digest for findings in any order: rule, household, person."""
    return hashlib.sha256("\n".join(" ".join(each) for each in sorted(found)).encode()).hexdigest()
