"""What stays where the rows come from, and is it found again?"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.verification.language.both import ON, PACK, World, a_world
from verification.language.aggregate import count, latest, listing, some
from verification.language.case import listed
from verification.language.expression import Expr
from verification.language.level import Level, levels
from verification.language.rule import Catalogue, Severity, rule
from verification.language.source import Source, lines, source, union
from verification.language.to_python import Case, Judge, Judgement
from verification.language.to_sql import Sql
from verification.runs import duck
from verification.runs.district import Engine
from verification.runs.loading import load
from verification.runs.numbered import NAMES
from verification.runs.tables import InFile, Snapshot, cases_table, in_memory, masks_table, table_of
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance, Pension

INSURANCE, PENSION, BENEFIT, DEATH = (source(each) for each in (Insurance, Pension, Benefit, Death))
PAID = union("paid", lines(PENSION, fen=PENSION.personal_fen), lines(INSURANCE, fen=INSURANCE.base_fen))


def catalogue(enrolment: Source | None = None) -> Catalogue:
    """Ids that are shown of who is found, that break ties among everybody's rows, and that are counted of everybody."""
    p, h = levels()
    p.define(
        last=latest(PENSION.personal_fen, by=PENSION.month),
        deaths=listing(DEATH.record_id),
        first=some(enrolment, where=enrolment.record_id == "ENR-1") if enrolment else some(DEATH),
    )

    @rule("X-01", "行", "rows", of=p, severity=Severity.REVIEW, cite="test")
    def insured(p: Level) -> tuple[Expr, dict[str, Expr]]:
        """Insured with what."""
        found = count(INSURANCE, where=INSURANCE.base_fen > 0) > 1
        shown = {"rows": listing(INSURANCE.record_id), "paid": listing(PAID.record_id)}
        return found, shown | {"benefits": listing(BENEFIT.record_id, on="person")}

    @rule("X-02", "户", "household", of=h, severity=Severity.REVIEW, cite="test")
    def paid(h: Level) -> tuple[Expr, dict[str, Expr]]:
        """Paid."""
        return some(BENEFIT.paid), {"of": count(BENEFIT)}

    return Catalogue(p, h, [insured, paid], [p.last, p.deaths, p.first])


def apart(made: Catalogue, *, names: str | None = NAMES) -> set[type[Record]]:
    """Record types whose ids stay behind."""
    return set(Sql(made, PACK, on=ON, names=names).apart)


def snapshot(made: Catalogue, world: World) -> Snapshot:
    reads = made.reads()
    tables = {record: table_of(record, world.rows[record], reads[record]) for record in reads}
    cases = cases_table((house, ON, mask) for house, mask in world.unanswered.items())
    return Snapshot(tables, cases, masks_table(world.unanswered_of))


def in_files(given: Snapshot, folder: Path) -> Snapshot:
    """The same in files of several row groups."""
    for record, rows in given.tables.items():
        pq.write_table(in_memory(rows), folder / f"{record.__name__}.parquet", row_group_size=50)
    return replace(given, tables={each: InFile(folder / f"{each.__name__}.parquet") for each in given.tables})


def one_by_one(made: Catalogue, world: World) -> Iterator[Judgement]:
    judge = Judge(made, PACK)
    for house in sorted(world.unanswered):
        members = listed(world.rows[Membership], household=house, on=ON)
        yield judge.judge(Case(house, ON, members, world.rows, world.unanswered[house], world.unanswered_of))


def test_ids_that_are_only_shown_of_the_few_stay_behind() -> None:
    assert apart(catalogue()) == {Insurance, Benefit}


def test_ids_that_anything_looks_at_of_everybody_are_brought_along() -> None:
    """Pension's break ties of the latest row, Death's are listed, Enrolment's are compared, Membership's pick a row."""
    made = catalogue(source(Enrolment))
    assert all("record_id" in made.reads()[each] for each in (Pension, Death, Enrolment, Membership))
    assert apart(made) == {Insurance, Benefit}


def test_without_numbers_ids_stand_where_they_are_read() -> None:
    assert apart(catalogue(), names=None) == set()


@pytest.mark.parametrize("lying", ["memory", "files"])
@pytest.mark.parametrize("many", [False, True])
def test_ids_are_found_again_wherever_rows_lie(tmp_path: Path, lying: str, many: bool) -> None:
    made, world = catalogue(source(Enrolment)), a_world(11, households=60)
    given = snapshot(made, world)
    given = in_files(given, tmp_path) if lying == "files" else given
    expected = list(one_by_one(made, world))
    with Engine(given, made, PACK, many=many, worth_a_desk=1) as engine:
        list(engine.load(given.cases))
        assert list(engine.judgements()) == expected
    shown = [found.evidence["rows"] for each in expected for found in each.found if "rows" in found.evidence]
    assert len({*shown}) > 10, "expected many ids to be shown"


def test_tables_hold_places_instead_of_ids() -> None:
    made, world = catalogue(), a_world(11, households=10)
    connection, sql = duck.connect(), Sql(made, PACK, on=ON, names=NAMES)
    bring = load(connection, snapshot(made, world), sql)
    for record in (Insurance, Pension):
        bring(record)
    types = dict(
        connection.execute(
            "SELECT table_name, data_type FROM duckdb_columns() WHERE column_name = 'record_id'"
        ).fetchall()
    )
    assert types["Insurance"] == "INTEGER"
    assert types["Pension"] == "VARCHAR"


def test_rows_come_once_and_go_with_the_last_statement_that_looks_at_them() -> None:
    made, world = catalogue(), a_world(11, households=10)
    connection, sql = duck.connect(), Sql(made, PACK, on=ON, names=NAMES)
    bring, came = load(connection, snapshot(made, world), sql), list[type[Record]]()

    def brought(record: type[Record]) -> None:
        came.append(record)
        bring(record)

    def there() -> set[str]:
        found = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        return {name for (name,) in found} & {each.__name__ for each in came}

    seen = [there() for _ in duck.run(connection, sql, brought)]
    assert len(came) == len(made.reads())
    assert set(came) == set(made.reads())
    assert max(len(each) for each in seen) < len(came), "expected not all at once"
    assert seen[-1] == set()
