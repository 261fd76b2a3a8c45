"""Do the findings of a run come into cases once, in the right region, whatever happens meanwhile?"""

from __future__ import annotations

import asyncio
from datetime import date

import msgspec
import pytest
import sqlalchemy as sa

from casework import tables
from casework.agreement import Recipient
from casework.cases import cases_in, open_case
from casework.desk import NotAllowed
from casework.findings import Filter, queue
from casework.role import Actor
from casework.run_findings import Registered, registered_of
from gateway.errors import CannotRun
from gateway.run_findings import Wanted, register_run, suspicions_in
from tests.gateway.desk import NOW, at_desk
from tests.gateway.rows import HEAD, ROWS, SPOUSE
from verification.runs.job import NoSuchRun
from verification.runs.ledger import KeptRun, RunState, Terms
from vocabulary.codes import ApplicationKind
from vocabulary.evidence import Answer
from vocabulary.records.civil_affairs import HouseholdFile
from vocabulary.region import RegionCode

VERIFIER = Actor("test mz-0042", Recipient.CIVIL_AFFAIRS, "核对员", RegionCode("529901"))
CITY = Actor("test mz-0001", Recipient.CIVIL_AFFAIRS, "复核主管", RegionCode("5299"))
RUN = "run-abcdefgh"


def one(rule, person, answer=Answer.YES, **evidence):
    return {
        "rule": rule, "person": person and str(person), "answer": answer.value, "severity": "CONFLICT", "evidence": evidence,
        "because": [],
    }  # fmt: skip


def judgement(*found):
    return msgspec.json.encode({"facts": {}, "found": found, "household": "-", "members": {}})


JUDGED = {
    "H-1": judgement(
        one("INC-01", HEAD, insurance_records="i-1,i-2", months=3),
        one("INC-01", SPOUSE),
        one("HH-01", None),
        one("INC-03", HEAD, Answer.UNKNOWN),
    ),
    "H-2": judgement(one("INC-01", SPOUSE)),
    "H-3": judgement(),
    "H-9": judgement(one("INC-01", HEAD)),
}


class Ledger:
    """A ledger of one run that is done, of these judgements."""

    def __init__(self, judged, state=RunState.DONE):
        self.judged, self.state = judged, state

    def run(self, run):
        terms = Terms(date(2026, 11, 16), "a" * 64, "b" * 64, "c" * 64)
        kept = KeptRun(run, NOW, self.state, terms, len(self.judged), len(self.judged), 1, 1, None)
        return kept if run.startswith("run-") else None

    def results(self, _run):
        return iter(sorted(self.judged.items()))


class Home:
    """A home of runs with nothing else in it."""

    def __init__(self, judged=JUDGED, state=RunState.DONE):
        self.ledger, self.counted = Ledger(judged, state), {}

    def count(self, started, answered):
        self.counted = dict(answered)


async def registered(desk, actor=CITY, *, run=RUN, home=None, **wanted):
    return await register_run(
        run, Wanted(**wanted), home=home or Home(), desk=desk.casework, actor=actor, office=desk.office
    )


def test_what_a_judgement_found_comes_with_what_it_rests_on():
    first, second, household = suspicions_in(JUDGED["H-1"])
    assert (first.rule, first.person, first.evidence) == ("INC-01", HEAD, {"months": 3})
    assert first.records == ("Insurance/i-1", "Insurance/i-2")
    assert "Insurance/*" in second.records
    assert (household.rule, household.person) == ("HH-01", None)
    assert suspicions_in(JUDGED["H-1"], rule="HH-01") == (household,)


def test_a_run_is_registered_into_cases_of_the_households_own_region(tmp_path):
    async def work(desk):
        came = await registered(desk)
        found = queue(desk.casework, CITY, Filter()).findings
        return came, cases_in(desk.casework, CITY), found, registered_of(desk.casework, VERIFIER, RUN)

    came, cases, found, mine = at_desk(tmp_path, ROWS, work, casework=True)
    assert came.registered == Registered(cases=2, findings=4, known=0)
    assert came.unplaced == 1  # nobody knows H-9
    assert [(case.number, str(case.region)) for case in cases] == [
        ("H-1/R1", "529901003"),
        ("H-2/R1", "529902001"),
    ]
    assert len(found) == 4
    assert mine == 3


def test_registering_again_registers_nothing_twice_not_even_after_the_case_is_closed(tmp_path):
    async def work(desk):
        first = await registered(desk)
        again = await registered(desk)
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'audit.sqlite'}")
        with engine.begin() as by_hand:
            by_hand.execute(tables.case.update().values(state="CLOSED"))
        engine.dispose()
        closed = await registered(desk)
        later = await registered(desk, run="run-later")
        return [each.registered for each in (first, again, closed, later)]

    first, again, closed, later = at_desk(tmp_path, ROWS, work, casework=True)
    assert first == Registered(2, 4, 0)
    assert again == closed == Registered(0, 0, 4)
    assert later == Registered(2, 4, 0)  # another run, and no open case: it is looked at anew


def test_the_next_run_finds_the_open_case_and_adds_what_is_new(tmp_path):
    async def work(desk):
        await registered(desk)
        more = {"H-1": judgement(one("INC-01", HEAD), one("ID-01", SPOUSE))}
        return await registered(desk, run="run-next", home=Home(more)), cases_in(desk.casework, CITY)

    came, cases = at_desk(tmp_path, ROWS, work, casework=True)
    assert came.registered == Registered(cases=0, findings=1, known=1)
    assert len(cases) == 2


def test_one_rule_or_one_region_alone_may_be_registered(tmp_path):
    async def work(desk):
        by_rule = await registered(desk, rule="HH-01")
        by_region = await registered(desk, region=RegionCode("529902"))
        own = await registered(desk, VERIFIER)
        return [each.registered for each in (by_rule, by_region, own)]

    by_rule, by_region, own = at_desk(tmp_path, ROWS, work, casework=True)
    assert by_rule == Registered(1, 1, 0)
    assert by_region == Registered(1, 1, 0)
    assert own == Registered(0, 2, 1)  # who works for one district registers none of another


def test_two_at_once_register_each_finding_once(tmp_path):
    async def work(desk):
        both = await asyncio.gather(registered(desk), registered(desk))
        found = queue(desk.casework, CITY, Filter()).findings
        return [each.registered.findings for each in both], len(found), len(cases_in(desk.casework, CITY))

    findings, found, cases = at_desk(tmp_path, ROWS, work, casework=True)
    assert (sum(findings), found, cases) == (4, 4, 2)


def test_two_runs_at_once_open_one_case_a_household(tmp_path):
    async def work(desk):
        more = {"H-1": judgement(one("INC-01", HEAD), one("ID-01", SPOUSE)), "H-2": JUDGED["H-2"]}
        runs = [
            registered(desk),
            registered(desk, run="run-next", home=Home(more)),
            registered(desk, run="run-3"),
        ]
        came = await asyncio.gather(*runs)
        found = queue(desk.casework, CITY, Filter()).findings
        return [each.registered for each in came], len(found), cases_in(desk.casework, CITY)

    came, found, cases = at_desk(tmp_path, ROWS, work, casework=True)
    assert sorted(case.number for case in cases) == ["H-1/R1", "H-2/R1"]
    assert sum(each.cases for each in came) == 2
    assert sum(each.findings for each in came) == found == 5
    assert sum(each.known for each in came) == 11 - 5


@pytest.mark.parametrize("household", ["H-1", "H-5"])
def test_a_number_that_a_person_took_is_passed_over(household, tmp_path):
    async def work(desk):
        await open_case(
            desk.casework,
            CITY,
            number="H-1/R1",
            household=household,
            region=RegionCode("529901003"),
            kind=ApplicationKind.REVIEW,
        )
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'audit.sqlite'}")
        with engine.begin() as by_hand:
            by_hand.execute(tables.case.update().values(state="CLOSED"))
        engine.dispose()
        await registered(desk)
        return sorted(case.number for case in cases_in(desk.casework, CITY))

    assert at_desk(tmp_path, ROWS, work, casework=True) == ["H-1/R1", "H-1/R2", "H-2/R1"]


def test_each_finding_and_case_is_an_entry_and_so_is_the_asking(tmp_path):
    async def work(desk):
        home = Home()
        await registered(desk, home=home)
        return await desk.entries(), home.counted

    entries, counted = at_desk(tmp_path, ROWS, work, casework=True)
    events = [entry["event"] for entry in entries]
    assert events[0] == "run.started"
    assert events[-1] == "run.finished"
    assert (events.count("case.changed"), events.count("finding.changed")) == (2, 4)
    assert (
        entries[-1]["fields"]["persons"]
        == {"civil_affairs": 2}
        == {department.value: count for department, count in counted.items()}
    )


def test_what_cannot_be_registered_says_why(tmp_path):
    async def work(desk):
        with pytest.raises(NoSuchRun):
            await registered(desk, run="none")
        with pytest.raises(CannotRun):
            await registered(desk, home=Home(state=RunState.RUNNING))
        with pytest.raises(NotAllowed):
            await registered(desk, Actor("test x", Recipient.CIVIL_AFFAIRS, "窗口", RegionCode("529901")))
        return [
            entry["fields"].get("state") for entry in await desk.entries() if entry["event"] == "run.finished"
        ]

    assert at_desk(tmp_path, ROWS, work, casework=True) == ["FAILED"]


def test_a_thousand_households_are_registered_in_batches(tmp_path):
    many = {f"X-{number:05}": JUDGED["H-1"] for number in range(1_000)}
    files = [
        msgspec.structs.replace(ROWS[HouseholdFile][0], household=number, record_id=f"f-{number}")
        for number in many
    ]

    async def work(desk):
        came = await registered(desk, home=Home(many))
        return came.registered

    came = at_desk(tmp_path, {**ROWS, HouseholdFile: files}, work, casework=True)
    assert came == Registered(1_000, 3_000, 0)
