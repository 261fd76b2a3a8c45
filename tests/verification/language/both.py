"""A world of random records, judged by both engines, for the tests of the language."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg
import pyarrow as pa

from verification.language.case import listed
from verification.language.dialect import POSTGRES
from verification.language.kinds import PackGap
from verification.language.parameter import Dated
from verification.language.rule import Catalogue
from verification.language.to_python import Case, Judge, Judgement, mask_of
from verification.language.to_sql import Sql
from verification.language.values import Result
from verification.runs import duck
from verification.runs.assembling import assembled, tables_of
from verification.runs.loading import load
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of
from vocabulary.codes import (
    BenefitKind,
    EnrolmentStatus,
    InsuranceKind,
    InsuranceStatus,
    MemberKind,
    Ownership,
    Participation,
    Relation,
    Stage,
)
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance, Pension

ON = date(2026, 11, 16)
DAY = date(2026, 11, 1)
TYPES = (Benefit, Enrolment, Death, Insurance, Pension)


def dated(value: int | str | bool, since: date | None = None, until: date | None = None) -> Dated:
    """A value of a pack that cites nothing in particular."""
    return Dated(value, since, until, "test")


@dataclass
class SmallPack:
    """A policy pack in memory."""

    parameters: Mapping[str, Sequence[Dated]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Sequence[Dated]]] = field(default_factory=dict)
    hash: str = "0" * 64

    def values(self, name: str) -> Sequence[Dated]:
        """Values of a parameter."""
        return self.parameters[name]

    def table(self, name: str) -> Mapping[str, Sequence[Dated]]:
        """Values of a table. Raises `PackGap`."""
        if name not in self.tables:
            raise PackGap(f"expected a table of the pack, got `{name}`")
        return self.tables[name]


PACK = SmallPack(
    {
        "standard": [dated(60_000, None, date(2026, 6, 30)), dated(63_600, date(2026, 7, 1))],
        "ended": [dated(2, None, date(2026, 9, 15))],
        "open": [dated(True, date(2026, 9, 2))],
    },
    {
        "class": {
            "NORMAL": [dated("A", None, date(2026, 9, 30)), dated("B", date(2026, 10, 1))],
            "*": [dated("C", date(2026, 8, 1))],
        }
    },
)


@dataclass(frozen=True)
class World:
    """Records of a few people in two households, and what was not answered."""

    rows: Mapping[type[Record], tuple[Record, ...]]
    unanswered: Mapping[str, int]
    unanswered_of: Mapping[str, int]


def a_world(seed: int, households: int = 120) -> World:
    """A world drawn from a seed: some of everything missing, shared, doubled and unanswered."""
    r = random.Random(seed)
    houses = [f"S-{number:04d}" for number in range(households)]
    people = [
        f"52990119{r.randint(30, 99)}{r.randint(10, 12)}{r.randint(10, 28)}{n:03d}{r.choice('0123456789X')}"
        for n in range(households)
    ]

    def drawn(
        record: type[Record], most: int, columns: Callable[[], dict[str, object]]
    ) -> tuple[Record, ...]:
        keys = iter(r.sample(range(10**6), most))
        return tuple(
            record(record_id=f"r{next(keys):06d}", as_of=DAY, **columns())  # type: ignore[call-arg] # by name
            for _ in range(most)
        )

    def month() -> Month:
        return Month(r.randint(Month.parse("2026-07"), Month.parse("2026-11")))

    def day() -> date:
        return date(2025, 12, 25) + timedelta(r.randrange(345))

    def fen() -> int:
        return r.randint(-3, 3) * 10_000

    def maybe(value: object, share: float = 0.5) -> object:
        return value if r.random() < share else None

    def mask() -> int:
        return mask_of(r.sample([*TYPES, Membership], r.randint(1, 2))) if r.random() < 0.3 else 0

    rows: dict[type[Record], tuple[Record, ...]] = {
        Membership: drawn(
            Membership,
            households * 3,
            lambda: {
                "household": r.choice(houses),
                "person": r.choice(people),
                "relation": r.choice([Relation.HEAD, Relation.SPOUSE, Relation.SON]),
                "kind": r.choice(list(MemberKind)),
                "joined_on": r.choice([date(2020, 1, 1), ON, date(2026, 11, 17)]),
                "left_on": r.choice([None, None, None, ON, date(2026, 11, 17)]),
                "guardian": maybe(r.choice(people)),
            },
        ),
        Insurance: drawn(
            Insurance,
            households * 5,
            lambda: {
                "person": r.choice(people),
                "kind": r.choice([InsuranceKind.PENSION, InsuranceKind.MEDICAL]),
                "participation": r.choice(list(Participation)),
                "month": month(),
                "base_fen": fen(),
                "status": r.choice(list(InsuranceStatus)),
                "employer": r.choice([None, "91520302MA6DEMO11A", "91520302MA6DEMO22B"]),
            },
        ),
        Pension: drawn(
            Pension,
            households * 3,
            lambda: {
                "person": r.choice(people),
                "month": month(),
                "personal_fen": fen(),
                "employee_fen": fen(),
            },
        ),
        Enrolment: drawn(
            Enrolment,
            households * 2,
            lambda: {
                "person": r.choice(people),
                "name": r.choice(["安一", " 安一", "安\uff11", "安二", "\u3000安二"]),
                "school": r.choice(["甲", "乙'丙"]),
                "stage": r.choice([Stage.SENIOR, Stage.UNDERGRADUATE, Stage.MASTER]),
                "full_time": r.random() < 0.5,
                "ownership": Ownership.PUBLIC,
                "status": r.choice(list(EnrolmentStatus)),
                "since": day(),
                "expected_graduation": maybe(r.choice([day(), day(), date(9999, 12, 31), date(1, 1, 1)])),
            },
        ),
        Death: drawn(Death, households, lambda: {"person": r.choice(people), "died_on": day()}),
        Benefit: drawn(
            Benefit,
            households * 4,
            lambda: {
                "household": r.choice(houses),
                "person": maybe(r.choice(people)),
                "kind": r.choice([BenefitKind.DIBAO, BenefitKind.TEKUN]),
                "month": month(),
                "amount_fen": fen(),
                "paid": r.random() < 0.5,
            },
        ),
    }
    return World(rows, {house: mask() for house in houses}, {person: mask() for person in people})


Told = dict[tuple[str, str | None, str], Result]


def told_by_python(catalogue: Catalogue, world: World) -> tuple[Told, list[object]]:
    """Every fact told and every answer found, household by household."""
    judge = Judge(catalogue, PACK)
    return _said(
        judge.judge(
            Case(
                house,
                ON,
                listed(world.rows[Membership], household=house, on=ON),
                world.rows,
                world.unanswered[house],
                world.unanswered_of,
            )
        )
        for house in world.unanswered
    )


def told_by_duckdb(
    catalogue: Catalogue, world: World, *, on: date | None = None
) -> tuple[Told, list[object]]:
    """The same by the generated SQL: for cases of any day, or of one."""
    sql, reads = Sql(catalogue, PACK, on=on), catalogue.reads()
    tables = {record: table_of(record, world.rows.get(record, ()), reads[record]) for record in reads}
    cases = cases_table((house, ON, mask) for house, mask in world.unanswered.items())
    with duck.connect() as connection:
        bring = load(connection, Snapshot(tables, cases, masks_table(world.unanswered_of)), sql)
        assert len(list(duck.run(connection, sql, bring))) == len(sql.statements)
        return _said(assembled(sql, tables_of(sql, duck.taken(connection, sql))))


def told_by_postgres(
    catalogue: Catalogue, world: World, url: str, *, on: date | None = None
) -> tuple[Told, list[object]]:
    """The same by the generated SQL in the words of PostgreSQL."""
    sql = Sql(catalogue, PACK, POSTGRES, on=on)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        for record, columns in catalogue.reads().items():
            copied(connection, record.__name__, table_of(record, world.rows.get(record, ()), columns))
        copied(
            connection, "cases", cases_table((house, ON, mask) for house, mask in world.unanswered.items())
        )
        copied(connection, "person_masks", masks_table(world.unanswered_of))
        return _said(judged_by_postgres(connection, sql))


def judged_by_postgres(connection: psycopg.Connection, sql: Sql) -> Iterator[Judgement]:
    """What the statements come to over tables that are there."""
    for statement in sql.statements:
        connection.execute(f'CREATE TEMP TABLE "{statement.table}" AS {statement.select}')  # type: ignore[arg-type] # text
    return assembled(sql, tables_of(sql, lambda what, level: _taken(connection, f"{what}_{level}")))


def _taken(connection: psycopg.Connection, name: str) -> pa.Table:
    """A table of PostgreSQL as one of Arrow, in the order of households; its sums of whole numbers are `numeric`."""
    rows = connection.execute(f'SELECT * FROM "{name}" ORDER BY "household"')  # type: ignore[arg-type] # text
    types = {16: pa.bool_(), 25: pa.string(), 1082: pa.date32()}
    fields = [pa.field(each.name, types.get(each.type_code, pa.int64())) for each in rows.description or ()]
    cells = list(zip(*rows.fetchall(), strict=True)) or [()] * len(fields)
    whole = pa.int64()
    arrays = [
        pa.array(
            [None if cell is None else int(cell) for cell in column] if each.type == whole else column,
            each.type,
        )
        for each, column in zip(fields, cells, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _said(judgements: Iterable[Judgement]) -> tuple[Told, list[object]]:
    told, found = Told(), []
    for judged in judgements:
        house = judged.household
        told |= {(house, None, name): value for name, value in judged.facts.items()}
        for person, facts in judged.members.items():
            told |= {(house, str(person), name): value for name, value in facts.items()}
        for each in judged.found:
            person = None if each.person is None else str(each.person)
            found.append((each.rule.number, house, person, each.answer, each.severity, each.evidence))
    return told, sorted(found, key=repr)


def copied(connection: psycopg.Connection, name: str, table: pa.Table) -> None:
    """Make a table of PostgreSQL from one of Arrow, for as long as the connection lasts."""
    types = {pa.int64(): "BIGINT", pa.date32(): "DATE", pa.bool_(): "BOOLEAN", pa.string(): "TEXT"}
    columns = ", ".join(f'"{each.name}" {types[each.type]}' for each in table.schema)
    connection.execute(f'CREATE TEMP TABLE "{name}" ({columns})')  # type: ignore[arg-type] # text
    with connection.cursor().copy(f'COPY "{name}" FROM STDIN') as copy:  # type: ignore[arg-type] # text
        for row in zip(*(table[each].to_pylist() for each in table.column_names), strict=True):
            copy.write_row(row)


def varied(told: Told) -> dict[str, set[Result]]:
    """The different values of each fact told: a comparison proves little where there is but one."""
    values: dict[str, set[Result]] = {}
    for (_, _, name), value in told.items():
        values.setdefault(name, set()).add(value)
    return values
