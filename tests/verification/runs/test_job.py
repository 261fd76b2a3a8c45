"""A job that is stopped, killed or taken over ends with the same judgements as one that is not."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.postgres import cut_off
from tests.verification.language.both import DAY, ON, PACK, World, a_world
from tests.verification.language.test_engines_agree import with_rules
from verification.language.seal import canonical
from verification.runs.changes import known_of, taken_over, to_judge
from verification.runs.district import Progress, judge_district
from verification.runs.few import FewEngine
from verification.runs.job import Job, NoSuchRun, OtherRun, Pace, RunEnded
from verification.runs.ledger import Ledger, RunState, Terms
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of
from vocabulary.codes import InsuranceKind, InsuranceStatus, Participation
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Membership
from vocabulary.records.social_security import Insurance

CATALOGUE = with_rules()
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def snapshot(world: World) -> Snapshot:
    reads = CATALOGUE.reads()
    tables = {record: table_of(record, world.rows[record], reads[record]) for record in reads}
    cases = cases_table((house, ON, mask) for house, mask in world.unanswered.items())
    return Snapshot(tables, cases, masks_table(world.unanswered_of))


WORLD = a_world(41, households=30)
GIVEN = snapshot(WORLD)


PACE = Pace(shard_households=8)


def job(
    ledger: Ledger, name: str = "r", given: Snapshot = GIVEN, now: Callable[[], datetime] = lambda: NOON
) -> Job:
    return Job(ledger, name, given, CATALOGUE, PACK, now, PACE)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger(url)
    yield opened
    opened.close()


def whole(given: Snapshot) -> list[tuple[str, bytes]]:
    return [(each.household, canonical(each)) for each in judge_district(given, CATALOGUE, PACK)]


def stop_after(shards: int) -> Callable[[], bool]:
    left = iter([False] * shards)
    return lambda: next(left, True)


def test_a_job_gives_what_a_run_gives(ledger: Ledger) -> None:
    one = job(ledger)
    assert one.begin() == 0
    told: list[Progress] = []
    assert one.work("a", progress=told.append)
    assert sorted({each.judged for each in told}) == [0, 8, 16, 24, 30]
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert told[-1].done == told[-1].of
    assert list(one.results()) == whole(GIVEN)


def test_a_stopped_job_is_taken_up(ledger: Ledger) -> None:
    job(ledger).begin()
    assert not job(ledger).work("a", stop=stop_after(2))
    assert len(list(job(ledger).results())) == 16
    assert job(ledger).begin() == 0
    assert job(ledger).work("b")
    assert list(job(ledger).results()) == whole(GIVEN)


def test_a_claim_is_respected_until_it_runs_out_or_is_given_back(ledger: Ledger) -> None:
    first = job(ledger)
    first.begin()
    until = NOON + timedelta(minutes=5)
    assert [ledger.claim("r", "gone", now=NOON, until=until) for _ in range(2)] == [0, 1]
    assert not job(ledger).work("b")
    assert len(list(first.results())) == 14
    assert ledger.workers("r") == {"gone"}
    later = job(ledger, now=lambda: NOON + timedelta(minutes=6))
    assert not later.work("c", stop=stop_after(1))
    ledger.release("r", ["gone"])
    assert job(ledger).work("d")
    assert list(first.results()) == whole(GIVEN)


def test_two_at_once_never_take_the_same_shard(ledger: Ledger) -> None:
    job(ledger).begin()
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda worker: job(ledger).work(worker), ("a", "b")))
    assert any(done)
    assert list(job(ledger).results()) == whole(GIVEN)


def test_a_worker_that_fails_gives_its_claim_back(ledger: Ledger) -> None:
    job(ledger).begin()

    def fail(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job(ledger).work("a", progress=fail)
    assert job(ledger).work("b")
    assert list(job(ledger).results()) == whole(GIVEN)


def test_a_shard_written_twice_is_written_once(ledger: Ledger) -> None:
    one = job(ledger)
    one.begin()
    assert one.work("a")
    assert ledger.finish("r", 0, iter(whole(GIVEN)[:8])) is False, "the run is done"
    assert list(one.results()) == whole(GIVEN)


def test_a_cancelled_run_ends_at_its_next_step(ledger: Ledger) -> None:
    one = job(ledger)
    one.begin()
    steps = iter(range(10_000))

    def progress(now: Progress) -> None:
        if next(steps) == 5:
            assert ledger.close_run("r", RunState.CANCELLED)

    with pytest.raises(RunEnded):
        one.work("a", progress=progress)
    kept = ledger.run("r")
    assert kept is not None
    assert (kept.state, kept.judged) == (RunState.CANCELLED, 0)
    assert not ledger.close_run("r", RunState.CANCELLED), "it had ended"


def test_a_forgotten_run_leaves_nothing(ledger: Ledger) -> None:
    for name in ("r", "s"):
        job(ledger, name).begin()
    job(ledger).work("a")
    ledger.forget("r")
    assert [each.id for each in ledger.runs()] == ["s"]
    assert list(ledger.results("r")) == []
    assert len(ledger.known("r")) == 0


def test_a_run_of_other_inputs_is_refused(ledger: Ledger) -> None:
    job(ledger).begin()
    with pytest.raises(OtherRun):
        job(ledger, given=snapshot(a_world(42, households=30))).begin()


def test_a_run_after_one_that_is_not_kept_is_refused(ledger: Ledger) -> None:
    with pytest.raises(NoSuchRun):
        job(ledger).begin(after="nothing")


def test_without_households_a_run_is_done_at_once(ledger: Ledger) -> None:
    nobody = Snapshot(GIVEN.tables, GIVEN.cases.slice(0, 0), GIVEN.persons)
    one = job(ledger, given=nobody)
    assert one.begin() == 0
    assert one.work("a")


def insured(person: str) -> Insurance:
    return Insurance(
        record_id="new",
        as_of=DAY,
        person=person,  # type: ignore[arg-type] # as a register writes it
        kind=InsuranceKind.PENSION,
        participation=Participation.EMPLOYEE,
        month=Month.parse("2026-10"),
        base_fen=1,
        status=InsuranceStatus.NORMAL,
    )


@pytest.mark.parametrize("how", ["by digests", "by deltas"])
def test_only_households_whose_inputs_changed_are_judged_again(ledger: Ledger, how: str) -> None:
    before = job(ledger, "before")
    before.begin()
    before.work("a")
    members = [row for row in WORLD.rows[Membership] if isinstance(row, Membership)]
    person = members[0].person
    touched = {row.household for row in members if row.person == person}
    now = snapshot(replace(WORLD, rows={**WORLD.rows, Insurance: (*WORLD.rows[Insurance], insured(person))}))
    after = job(ledger, "after", now)
    told = {str(person)} if how == "by deltas" else None
    assert after.begin(after="before", touched=told) == 30 - len(touched)
    assert after.work("a")
    assert list(after.results()) == whole(now)
    assert whole(now) != whole(GIVEN)


def test_what_was_not_answered_makes_a_difference_whatever_the_departments_say(ledger: Ledger) -> None:
    before = job(ledger, "before")
    before.begin()
    before.work("a")
    masks = dict.fromkeys(WORLD.unanswered_of, 0)
    now = snapshot(replace(WORLD, unanswered_of=masks))
    after = job(ledger, "after", now)
    assert after.begin(after="before", touched=()) < 30
    assert after.work("a")
    assert list(after.results()) == whole(now)


def test_other_rules_or_another_pack_give_nothing_over(ledger: Ledger) -> None:
    before = job(ledger, "before")
    before.begin()
    before.work("a")
    other = replace(job(ledger, "after"), pack=replace(PACK, hash="1" * 64))
    assert other.begin(after="before", touched=()) == 0


def changed_world(seed: int) -> tuple[Snapshot, set[str], str]:
    """The world with one more record, the households of whom it names, and his number."""
    members = [row for row in WORLD.rows[Membership] if isinstance(row, Membership)]
    person = members[seed].person
    touched = {row.household for row in members if row.person == person}
    rows = {**WORLD.rows, Insurance: (*WORLD.rows[Insurance], insured(person))}
    return snapshot(replace(WORLD, rows=rows)), touched, str(person)


def ended(ledger: Ledger, name: str, given: Snapshot = GIVEN, **how: object) -> int:
    """A run from beginning to end; the number of households taken over."""
    one = job(ledger, name, given)
    taken = one.begin(**how)  # type: ignore[arg-type] # as `Job.begin` takes them
    assert one.work("a")
    return taken


def test_runs_after_each_other_give_what_whole_runs_give(ledger: Ledger) -> None:
    ended(ledger, "first")
    second, touched, person = changed_world(0)
    assert ended(ledger, "second", second, after="first", touched={person}) == 30 - len(touched)
    third, others, other = changed_world(7)
    back = len(touched | others)
    assert ended(ledger, "third", third, after="second", touched={person, other}) == 30 - back
    assert list(ledger.results("third")) == whole(third)
    assert list(ledger.results("second")) == whole(second)
    kept = ledger.run("third")
    assert kept is not None
    assert (kept.judged, kept.state) == (30, RunState.DONE)


def test_what_one_holds_for_another_outlasts_it(ledger: Ledger) -> None:
    ended(ledger, "first")
    second, _, person = changed_world(0)
    ended(ledger, "second", second, after="first", touched={person})
    third, _, other = changed_world(7)
    ended(ledger, "third", third, after="second", touched={person, other})
    for gone in ("first", "second"):
        ledger.forget(gone)
        assert list(ledger.results("third")) == whole(third)
        assert list(ledger.results(gone)) == []
    assert [(each.id, each.judged) for each in ledger.runs()] == [("third", 30)]
    assert ended(ledger, "fourth", third, after="third", touched=()) == 30
    assert list(ledger.results("fourth")) == whole(third)


def test_only_what_is_judged_is_taken_over_from_a_run_under_way(ledger: Ledger) -> None:
    job(ledger, "first").begin()
    job(ledger, "first").work("a", stop=stop_after(1))
    one = job(ledger, "second")
    assert one.begin(after="first", touched=()) == 8
    assert job(ledger, "first").work("b")
    assert len(list(one.results())) == 8
    assert one.work("a")
    assert list(one.results()) == whole(GIVEN)


def test_a_run_forgotten_while_another_is_planned_after_it_is_missed(ledger: Ledger) -> None:
    ended(ledger, "first")
    known = taken_over(known_of(GIVEN, compared=True), ledger.known("first"), run="first")
    ledger.forget("first")
    terms = Terms(ON, "0" * 64, "0" * 64, "0" * 64)
    assert not ledger.plan("second", terms, known, shards=[], at=NOON)
    assert ledger.run("second") is None


def test_many_that_are_left_are_judged_by_the_database_and_few_in_python(ledger: Ledger) -> None:
    ended(ledger, "first")
    now, touched, person = changed_world(3)
    for few in (0, len(touched)):
        one = replace(job(ledger, f"with-{few}", now), pace=Pace(few_households=few))
        one.begin(after="first", touched={person})
        steps: list[int] = []
        assert one.work("a", progress=lambda now, steps=steps: steps.append(now.of))
        assert (steps[-1] == FewEngine.steps) is (few > 0)
        assert list(one.results()) == whole(now)


def test_the_inputs_of_a_run_after_another_are_its_and_what_came_anew(ledger: Ledger) -> None:
    ended(ledger, "first")
    given, _, person = changed_world(0)

    def inputs(name: str, now: Snapshot, after: str, touched: set[str]) -> str:
        ended(ledger, name, now, after=after, touched=touched)
        kept = ledger.run(name)
        assert kept is not None
        return kept.terms.inputs

    first = inputs("a", given, "first", {person})
    assert inputs("b", given, "first", {person}) == first
    assert inputs("c", GIVEN, "first", {person}) != first, "other rows"
    assert inputs("d", given, "a", {person}) != first, "another run before"
    masked = Snapshot(given.tables, given.cases, masks_table({}))
    assert inputs("e", masked, "first", {person}) != first, "other answers"


@pytest.mark.parametrize("what", ["order of rows", "a mask of a person", "a mask of a household", "the day"])
def test_what_changes_a_households_digest(what: str) -> None:
    before = known_of(GIVEN, compared=True)
    other = {
        "order of rows": lambda: replace(WORLD, rows={r: rows[::-1] for r, rows in WORLD.rows.items()}),
        "a mask of a person": lambda: replace(
            WORLD, unanswered_of={p: mask ^ 1024 for p, mask in WORLD.unanswered_of.items()}
        ),
        "a mask of a household": lambda: replace(
            WORLD, unanswered={h: mask ^ 1024 for h, mask in WORLD.unanswered.items()}
        ),
        "the day": lambda: WORLD,
    }[what]()
    now = snapshot(other)
    if what == "the day":
        cases = cases_table((house, ON + timedelta(1), mask) for house, mask in WORLD.unanswered.items())
        now = Snapshot(now.tables, cases, now.persons)
    expected = 0 if what == "order of rows" else 30
    if what == "a mask of a person":
        expected = len({row.household for row in WORLD.rows[Membership] if isinstance(row, Membership)})
    again = taken_over(known_of(now, compared=True), before, run="before")
    assert len(to_judge(again)) == expected


def test_a_database_that_was_started_again_is_read_at_once(postgres_url: str) -> None:
    ledger = Ledger(postgres_url)
    assert ledger.runs() == []
    cut_off(postgres_url)
    assert ledger.runs() == []
    ledger.close()
