"""A district is judged as its households are one at a time."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.verification.language.both import ON, PACK, World, a_world
from verification.language.aggregate import count, highest, listing, lowest, some, total
from verification.language.case import listed
from verification.language.functions import first_of
from verification.language.level import levels
from verification.language.parameter import param
from verification.language.rule import Catalogue, Severity, rule
from verification.language.source import source
from verification.language.to_python import Case, Judge, Judgement
from verification.language.values import Missing
from verification.runs import duck
from verification.runs.district import Engine, Progress, judge_district
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    p, h = levels()
    insurance, death, benefit, membership = (source(each) for each in (Insurance, Death, Benefit, Membership))
    p.define(
        base=total(insurance.base_fen, during=insurance.month >= h.month - 3),
        last=highest(insurance.month),
        died_on=lowest(death.died_on),
        houses=listing(membership.record_id, on="person"),
        wards=count(membership, on="guardian"),
    )
    h.define(base=total(p.base), dead=some(~p.died_on.missing()), standard=param("standard", at=h.on))
    h.define(group=first_of((h.base < h.standard, 1), otherwise=2))

    @rule("R-01", "甲", "dead and insured", of=p, severity=Severity.CONFLICT, cite="1")
    def dead(p):  # type: ignore[no-untyped-def] # as rules are written in a test
        return (p.died_on < p.on).otherwise(False) & (p.base > 0), {"base": p.base, "last": p.last}

    @rule("R-02", "乙", "paid", of=h, severity=Severity.REVIEW, cite="1", or_else=(Severity.INFO, h.dead))
    def paid(h):  # type: ignore[no-untyped-def] # as above
        return some(benefit.paid) & (h.group == 1), {"first": lowest(p.died_on)}

    return Catalogue(p, h, [dead, paid], [h.base, h.group, p.died_on, p.last, p.houses, p.wards])


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(7, households=60)


def one_by_one(catalogue: Catalogue, world: World) -> Iterator[Judgement]:
    judge = Judge(catalogue, PACK)
    for house in sorted(world.unanswered):
        members = listed(world.rows[Membership], household=house, on=ON)
        yield judge.judge(Case(house, ON, members, world.rows, world.unanswered[house], world.unanswered_of))


def snapshot(catalogue: Catalogue, world: World) -> Snapshot:
    reads = catalogue.reads()
    tables = {record: table_of(record, world.rows[record], reads[record]) for record in reads}
    cases = cases_table((house, ON, mask) for house, mask in reversed(world.unanswered.items()))
    return Snapshot(tables, cases, masks_table(world.unanswered_of))


@pytest.mark.parametrize("shard_households", [7, 1_000])
def test_a_district_equals_its_households(catalogue: Catalogue, world: World, shard_households: int) -> None:
    judged = judge_district(snapshot(catalogue, world), catalogue, PACK, shard_households=shard_households)
    assert list(judged) == list(one_by_one(catalogue, world))


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("threads", [2, 3])
def test_what_several_desks_judge_is_what_one_judges(
    catalogue: Catalogue, world: World, many: bool, threads: int
) -> None:
    given = snapshot(catalogue, world)
    with Engine(given, catalogue, PACK, threads=threads, many=many, worth_a_desk=1) as engine:
        steps = list(engine.load(given.cases))
        assert list(engine.judgements()) == list(one_by_one(catalogue, world))
        assert len(engine.tables().told["household"]) == 60
        assert len(steps) == engine.steps - 1
        fewer = given.cases.sort_by("household").slice(0, 4)
        list(engine.load(fewer))
        assert list(engine.judgements()) == list(one_by_one(catalogue, world))[:4]


def test_households_that_are_taken_out_in_turns_are_those_taken_out_at_once(
    catalogue: Catalogue, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duck, "_AT_ONCE", 7)
    given = snapshot(catalogue, world)
    with Engine(given, catalogue, PACK) as engine:
        list(engine.load(given.cases))
        assert list(engine.judgements()) == list(one_by_one(catalogue, world))
        assert engine.tables().told["household"]["household"].num_chunks > 5


def test_a_desk_that_fails_ends_the_others(
    catalogue: Catalogue, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = snapshot(catalogue, world)
    at_work: list[duckdb.DuckDBPyConnection] = []

    def run(connection: duckdb.DuckDBPyConnection, *_: object) -> Iterator[str]:
        at_work.append(connection)
        if len(at_work) > 1:
            connection.execute("SELECT COUNT(*) FROM RANGE(1000000000000) AS a")  # until it is interrupted
        yield "first"
        raise ArithmeticError

    monkeypatch.setattr(duck, "run", run)
    with Engine(given, catalogue, PACK, worth_a_desk=1) as engine, pytest.raises(ArithmeticError):
        list(engine.load(given.cases))


def test_nothing_of_a_snapshot_that_was_numbered_has_a_name_on_disk(
    catalogue: Catalogue, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is killed cannot remove it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = snapshot(catalogue, world)
    with Engine(given, catalogue, PACK, many=True) as engine:
        for cases in (given.cases.slice(0, 20), given.cases.slice(20, 20)):
            list(engine.load(cases))
            assert len(list(engine.judgements())) == 20
            assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["alive"], "an empty lock"
            assert list(tmp_path.iterdir()), "a folder of its own"


def test_progress_ends_with_every_household_judged(catalogue: Catalogue, world: World) -> None:
    steps: list[Progress] = []
    given = snapshot(catalogue, world)
    assert len(list(judge_district(given, catalogue, PACK, shard_households=40, progress=steps.append))) == 60
    assert [each.done for each in steps] == list(range(1, steps[-1].of + 1))
    assert (steps[-1].judged, steps[-1].households) == (60, 60)


def test_a_household_without_members_or_records_is_judged(catalogue: Catalogue) -> None:
    given = Snapshot({}, cases_table([("S-EMPTY", ON, 0)]))
    (judged,) = judge_district(given, catalogue, PACK)
    assert judged.facts == {"base": 0, "group": 1}
    assert judged.found == ()


def test_tables_hold_what_judgements_say(catalogue: Catalogue, world: World) -> None:
    given = snapshot(catalogue, world)
    with Engine(given, catalogue, PACK) as engine:
        assert list(engine.load(given.cases))
        judged, tables = list(engine.judgements()), engine.tables()
    found = [(each.household, one) for each in judged for one in each.found]
    assert found
    for number, table in tables.answers.items():
        ours = [(home, one.person) for home, one in found if one.rule.number == number]
        rows = zip(table["household"].to_pylist(), table["person"].to_pylist(), strict=True)
        assert sorted(rows, key=str) == sorted(ours, key=str)
    assert tables.told["household"]["household"].to_pylist() == [each.household for each in judged]
    groups = [None if isinstance(each.facts["group"], Missing) else each.facts["group"] for each in judged]
    assert tables.told["household"]["group"].to_pylist() == groups


def test_what_is_only_shown_decides_nothing(catalogue: Catalogue) -> None:
    p, h = levels()
    insurance = source(Insurance)
    p.define(months=count(insurance), shown=total(insurance.base_fen), lent=highest(insurance.month))
    h.define(last=highest(p.lent))

    @rule("R-01", "甲", "insured", of=p, severity=Severity.INFO, cite="1")
    def insured(p):  # type: ignore[no-untyped-def] # as rules are written in a test
        return p.months > 0, {"fen": p.shown, "last": h.last}

    decisive = Catalogue(p, h, [insured]).decisive
    assert {name for _, name in decisive} >= {"months", "last", "lent"}
    assert ("member", "shown") not in decisive
