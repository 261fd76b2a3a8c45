"""Which records does a made-up city have? Arrow tables drawn from one seed, for measuring and nothing else.

About 2.8 people a household, twelve months of declarations, insurance and pensions, and in
about 2 % of the households something that contradicts something else. What is declared is what
is paid, who is poor draws relief, who is old draws a pension: else nothing contradicts. The
columns are those that the catalogue reads. A seed and a size give the same rows; a city of
millions is made and written a block of households at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.city_people import DAY, TODAY, Means, People, means_of, numbered, people_of
from verification.catalogue import CATALOGUE
from verification.runs.tables import Snapshot, schema_of
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.register import RECORD_TYPES

MONTHS = np.arange(int(Month.of(DAY)) - 12, int(Month.of(DAY)))
PLANTED = 0.02
"""The share of households in which a contradiction is planted."""

_BLOCK = 100_000
"""So many households are made at a time."""

_READS = CATALOGUE.reads()
_NAMED = {record.__name__: record for record in RECORD_TYPES}

Columns = Mapping[str, object]


def city(seed: int, *, households: int) -> Snapshot:
    """The records of so many households as a run reads them; everybody answered about everything."""
    tables: dict[type[Record], list[pa.Table]] = {}
    cases = []
    for block in blocks(seed, households=households):
        cases.append(block.cases)
        for record in block.tables:
            tables.setdefault(record, []).append(block.table(record))
    return Snapshot(
        {record: pa.concat_tables(parts) for record, parts in tables.items()}, pa.concat_tables(cases)
    )


def write_city(folder: Path, seed: int, *, households: int) -> dict[str, int]:
    """The same as Parquet files, whatever its size: rows by record type, and `cases`."""
    writers: dict[str, pq.ParquetWriter] = {}
    rows: dict[str, int] = {}
    for block in blocks(seed, households=households):
        parts = {record.__name__: block.table(record) for record in block.tables}
        for name, table in {**parts, "cases": block.cases}.items():
            if name not in writers:
                writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", table.schema)
            writers[name].write_table(table)
            rows[name] = rows.get(name, 0) + table.num_rows
    for writer in writers.values():
        writer.close()
    return rows


def blocks(seed: int, *, households: int) -> Iterator[Snapshot]:
    """A city in blocks of households that have nothing to do with each other."""
    people_before = 0
    count = -(-households // _BLOCK)
    for block in range(count):
        homes = np.arange(block * _BLOCK, min((block + 1) * _BLOCK, households))
        rng = np.random.default_rng([seed, block])
        people = people_of(rng, len(homes), block=block, blocks=count, first=people_before)
        people_before += len(people.home)
        yield _snapshot(rng, people, numbered("C", homes, 8), block)


def _snapshot(rng: np.random.Generator, people: People, homes: pa.Array, block: int) -> Snapshot:
    planted = np.flatnonzero(rng.random(len(homes)) < PLANTED)
    means = means_of(rng, people)
    made = [*_civil(people, means, homes), *_money(rng, people, means, homes)]
    made += [*_status(rng, people, means, homes), *_contradictions(rng, people, homes, planted)]
    tables: dict[type[Record], list[pa.Table]] = {}
    for place, (name, columns) in enumerate(made):
        tables.setdefault(_NAMED[name], []).append(_table(_NAMED[name], columns, block * 64 + place))
    cases = pa.table(
        {
            "household": homes,
            "on": _days(np.full(len(homes), TODAY)),
            "mask": pa.array(np.zeros(len(homes), np.int64)),
        }
    )
    return Snapshot({record: pa.concat_tables(parts) for record, parts in tables.items()}, cases)


# ------------------------------------------------------------------ what departments hold


def _civil(people: People, means: Means, homes: pa.Array) -> list[tuple[str, Columns]]:
    child = np.where(people.is_male, "2", "3")
    relation = np.select([people.rank == 0, people.rank == 1], ["0", "1"], child)
    married = np.flatnonzero(
        (people.rank == 1) | ((people.rank == 0) & (np.r_[people.rank[1:], 0] == 1) & (people.age > 22))
    )
    spouse = np.where(people.rank[married] == 0, married + 1, married - 1)
    poor = means.poor(people, len(homes))
    told, months = _monthly(poor)
    return [
        ("Membership", {"household": homes.take(people.home), "person": people.ids, "relation": relation,
                        "kind": "COHABIT", "special": "NONE", "joined_on": TODAY - 3_000}),
        ("Person", {"person": people.ids, "name": _names(people, np.arange(len(people.home))),
                    "sex": np.where(people.is_male, "1", "2"), "birth": people.born,
                    "hukou_district": "529901001001", "residence_district": "529901001001"}),
        ("Authorization", {"person": people.ids, "valid_from": TODAY - 100, "valid_until": TODAY + 265}),
        ("Application", {"household": homes, "applied_on": TODAY - 100, "near_relative": False}),
        ("Marriage", {"person": people.ids.take(married), "spouse": people.ids.take(spouse), "status": "21",
                      "registered_on": TODAY - 4_000}),
        ("Benefit", {"household": homes.take(told), "kind": "DIBAO", "month": months, "paid": True,
                     "amount_fen": 30_000 + told % 50 * 1_000}),
        ("Visit", {"household": homes.take(poor), "visited_on": TODAY - 90, "next_due": TODAY + 90,
                   "visitors": 2}),
        ("PropertyCheck", {"household": homes, "over_limit": False}),
    ]  # fmt: skip


def _money(
    rng: np.random.Generator, people: People, means: Means, homes: pa.Array
) -> list[tuple[str, Columns]]:
    wage, farms = means.wage, means.farms
    worker, work_month = _monthly(means.works)
    pensioner, pension_month = _monthly(means.retired)
    idle, idle_month = _monthly(means.lost)
    residents = np.flatnonzero((people.age >= 16) & (people.age < 60) & (rng.random(len(people.age)) < 0.1))
    resident, resident_month = _monthly(residents)

    def declared(who: np.ndarray, month: np.ndarray, item: str, fen: object) -> tuple[str, Columns]:
        home = homes.take(people.home[who])
        return "Declaration", {"household": home, "person": people.ids.take(who), "item": item,
                               "month": month, "amount_fen": fen}  # fmt: skip

    return [
        declared(worker, work_month, "WAGE", wage[worker]),
        declared(pensioner, pension_month, "PENSION", means.pension(pensioner)),
        declared(idle, idle_month, "UNEMPLOYMENT_BENEFIT", 150_000),
        declared(farms, MONTHS[farms % len(MONTHS)], "LAND", means.harvest(farms)),
        ("EmploymentRegistration", {"person": people.ids.take(farms), "since": TODAY - 2_000}),
        ("Insurance", {"person": people.ids.take(worker), "kind": "PENSION", "participation": "EMPLOYEE",
                       "status": "NORMAL", "month": work_month, "base_fen": wage[worker]}),
        ("Insurance", {"person": people.ids.take(resident), "kind": "MEDICAL", "participation": "RESIDENT",
                       "status": "NORMAL", "month": resident_month, "base_fen": 0}),
        ("Pension", {"person": people.ids.take(pensioner), "month": pension_month, "local_base_fen": 0,
                     "central_base_fen": 14_300, "personal_fen": wage[pensioner] // 4, "employee_fen": 0}),
        ("UnemploymentBenefit", {"person": people.ids.take(idle), "month": idle_month,
                                 "amount_fen": 150_000, "remaining_months": 2 + idle % 20}),
    ]  # fmt: skip


def _status(
    rng: np.random.Generator, people: People, means: Means, homes: pa.Array
) -> list[tuple[str, Columns]]:
    ages, draw = people.age, rng.random(len(people.age))
    pupils, sick = np.flatnonzero((ages >= 4) & (ages < 18)), np.flatnonzero(draw < 0.1)
    disabled, students = np.flatnonzero(draw > 0.94), np.flatnonzero((ages >= 18) & (ages < 22))
    ids, held = people.ids, people.ids.take(disabled)
    grade = disabled % 4 + 1
    number = pa.array([f"{each}4{level}" for each, level in zip(held.to_pylist(), grade, strict=True)])
    cared, care_month = _monthly(disabled[grade <= 2])
    needy = disabled[np.isin(people.home[disabled], means.poor(people, len(homes)))]
    living, living_month = _monthly(needy)
    young = np.flatnonzero((ages < 18) & (people.rank > 1))
    mothers = young - people.rank[young] + 1
    found: list[tuple[str, Columns]] = [
        ("Enrolment", {"person": ids.take(who), "name": _names(people, who), "stage": stage,
                       "full_time": True, "status": "ENROLLED", "expected_graduation": TODAY + 400})
        for who, stage in ((pupils, "PRIMARY"), (students, "UNDERGRADUATE"))
    ]  # fmt: skip
    return [
        *found,
        ("Birth", {"person": ids.take(young), "mother": ids.take(mothers), "born_on": people.born[young]}),
        ("Certificate", {"person": held, "name": _names(people, disabled), "number": number, "category": "4",
                         "grade": grade, "parts": "", "issued_on": TODAY - 900, "status": "VALID",
                         "valid_until": TODAY + 900}),
        ("DisabilitySubsidy", {"person": ids.take(cared), "kind": "CARE", "month": care_month,
                               "amount_fen": 8_000}),
        ("DisabilitySubsidy", {"person": ids.take(living), "kind": "LIVING", "month": living_month,
                               "amount_fen": 8_000}),
        ("Settlement", {"person": ids.take(sick), "designated": True, "discharged_on": TODAY - 80,
                        "self_pay_fen": 90_000 + sick, "compliant_self_pay_fen": 80_000 + sick}),
        ("FeeBill", {"person": ids.take(students), "stage": "UNDERGRADUATE", "paid_on": TODAY - 70,
                     "paid_fen": 500_000, "public_standard_fen": 450_000}),
        ("Aid", {"person": ids.take(students[::4]), "programme": "国家助学金", "academic_year": 2026,
                 "amount_fen": 330_000, "paid_on": TODAY - 30}),
    ]  # fmt: skip


# ------------------------------------------------------------------ what contradicts


def _contradictions(
    rng: np.random.Generator, people: People, homes: pa.Array, planted: np.ndarray
) -> list[tuple[str, Columns]]:
    """In each planted household one of fifteen, about its head or the household itself."""
    heads = np.flatnonzero(people.rank == 0)[planted]
    drawn = rng.integers(0, 15, len(heads))
    ours = [heads[drawn == place] for place in range(15)]
    return [*_wrong_money(people, homes, ours[:7]), *_wrong_papers(people, homes, ours[7:])]


def _wrong_money(people: People, homes: pa.Array, ours: list[np.ndarray]) -> list[tuple[str, Columns]]:
    """Paid beside what was declared, beside another payment, or after death."""
    ids, home = people.ids, lambda who: homes.take(people.home[who])
    idle, idle_month = _monthly(ours[0])
    low, low_month = _monthly(ours[1])
    retired, retired_month = _monthly(ours[2])
    lost, lost_month = _monthly(ours[3])
    both, both_month = _monthly(ours[4])
    flexible, flexible_month = _monthly(ours[5])
    dead, dead_month = _monthly(ours[6])
    insured = {"kind": "PENSION", "participation": "EMPLOYEE", "status": "NORMAL"}
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
        ("Death", {"person": ids.take(ours[6]), "died_on": TODAY - 150}),
        ("Benefit", {"household": home(dead), "kind": "DIBAO", "month": dead_month, "paid": True,
                     "amount_fen": 40_000}),
    ]  # fmt: skip


def _wrong_papers(people: People, homes: pa.Array, ours: list[np.ndarray]) -> list[tuple[str, Columns]]:
    """Property, papers that have expired, and people who are not who or where the household says."""
    over, unfit, well, miswritten, born, twice, gone, silent = ours
    ids, home = people.ids, lambda who: homes.take(people.home[who])
    outside = {"kind": "OBLIGOR", "special": "NONE", "joined_on": TODAY - 9, "relation": "8"}
    broken = pa.array([f"{each[:17]}{'12'[each[17] == '1']}" for each in ids.take(miswritten).to_pylist()])
    away, unsigned = numbered("N", people.first + gone, 18), numbered("M", people.first + silent, 18)
    return [
        ("PropertyCheck", {"household": home(over), "over_limit": True}),
        ("Certificate", {"person": ids.take(unfit), "name": _names(people, unfit), "number": "", "category": "4",
                         "grade": 3, "parts": "", "issued_on": TODAY - 900, "status": "EXPIRED",
                         "valid_until": TODAY - 1}),
        ("IllnessRecognition", {"person": ids.take(well), "valid_from": TODAY - 400,
                                "valid_until": TODAY - 30}),
        ("Membership", {"household": home(miswritten), "person": broken, **outside}),
        ("Person", {"person": ids.take(born), "name": _names(people, born), "sex": "1",
                    "birth": people.born[born] + 1, "hukou_district": "529901001001",
                    "residence_district": "529901002001"}),
        ("Membership", {"household": homes.take((people.home[twice] + 1) % len(homes)),
                        "person": ids.take(twice), "relation": "8", "kind": "COHABIT", "special": "NONE",
                        "joined_on": TODAY - 9}),
        ("Membership", {"household": home(gone), "person": away, **outside,
                        "kind": "COHABIT", "special": "PRISON"}),
        ("Membership", {"household": home(silent), "person": unsigned, **outside}),
        *(_registered(people, *each) for each in ((broken, miswritten), (away, gone), (unsigned, silent))),
    ]  # fmt: skip


def _registered(people: People, who: pa.Array, like: np.ndarray) -> tuple[str, Columns]:
    """In the register with a birth date, though their numbers fail the check: else nobody could tell their age."""
    return "Person", {"person": who, "name": _names(people, like), "sex": "1", "birth": people.born[like],
                      "hukou_district": "529901001001", "residence_district": "529901001001"}  # fmt: skip


def _monthly(who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Everybody twelve times, once for each month of the window."""
    return np.repeat(who, len(MONTHS)), np.tile(MONTHS, len(who))


def _names(people: People, who: np.ndarray) -> pa.Array:
    return numbered("R", people.first + who, 9)


def _days(days: np.ndarray) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def _table(record: type[Record], columns: Columns, part: int) -> pa.Table:
    """Columns as the catalogue reads them; what is not given is absent, and one value stands for all."""
    schema = schema_of(record, _READS[record])
    count = max(len(value) for value in columns.values() if isinstance(value, (np.ndarray, pa.Array)))
    numbers = np.arange(count) + part * 2_500_000
    given = {"record_id": numbered("Z", numbers, 11), **columns}
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
