"""What people do with a finding, each act with its entry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from casework.cases import steps_of
from casework.desk import ChangedMeanwhile, NotAllowed
from casework.finding import FindingState
from casework.findings import (
    Filter,
    Queue,
    add_findings,
    assign,
    findings_of,
    object_to,
    queue,
    read_finding,
    review,
    tell,
    withdraw,
)
from tests.casework.desks import (
    CLERK,
    NEIGHBOUR,
    SUPERVISOR,
    VERIFIER,
    Calendar,
    a_case,
    desk_opened,
    suspicion,
)
from verification.language.rule import Severity


def test_a_finding_goes_from_suspected_to_withdrawn_and_keeps_its_history(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar(date(2026, 9, 24))
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            assert (
                await add_findings(desk, VERIFIER, case, [suspicion(), suspicion(), suspicion("INC-03")]) == 2
            )
            finding = findings_of(desk, VERIFIER, case)[0]
            finding = await tell(desk, CLERK, finding)
            assert finding.objection_until == date(2026, 10, 9)  # five working days, 中秋 and 国庆 between
            finding = await object_to(desk, CLERK, finding, reason="该月已离职")
            finding = await review(desk, VERIFIER, finding)
            assert finding.assigned == VERIFIER.account
            finding = await withdraw(desk, VERIFIER, finding, reason="社保局更正")
            history = [(step["after"], step["reason"]) for step in steps_of(desk, finding.id)]
        assert finding.state is FindingState.WITHDRAWN
        assert history == [
            ("SUSPECTED", ""), ("SUSPECTED", ""), ("OBJECTED", "该月已离职"), ("REVIEWING", ""), ("WITHDRAWN", "社保局更正"),
        ]  # fmt: skip

    asyncio.run(story())


def test_what_is_found_again_is_not_registered_twice(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            assert await add_findings(desk, VERIFIER, case, [suspicion()]) == 1
            assert await add_findings(desk, VERIFIER, case, [suspicion(), suspicion(person=None)]) == 1

    asyncio.run(story())


def test_two_who_look_at_one_finding_see_each_others_change(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            await add_findings(desk, VERIFIER, case, [suspicion()])
            [seen_by_both] = findings_of(desk, VERIFIER, case)
            await withdraw(desk, SUPERVISOR, seen_by_both, reason="同名不同人")
            with pytest.raises(ChangedMeanwhile):
                await tell(desk, CLERK, seen_by_both)
            assert read_finding(desk, CLERK, seen_by_both.id).state is FindingState.WITHDRAWN

    asyncio.run(story())


def test_the_queue_is_filtered_by_every_column_and_ends_at_the_region(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            await add_findings(desk, VERIFIER, case, [suspicion("INC-01"), suspicion("INC-03")])
            calendar.day += timedelta(days=1)
            await add_findings(desk, VERIFIER, case, [suspicion("HH-01", None)])
            first = queue(desk, VERIFIER, Filter(), first=2)
            rest = queue(desk, VERIFIER, Filter(), first=2, after=first.after)
            assert [each.rule for each in first.findings] == ["INC-01", "INC-03"]
            assert [each.rule for each in rest.findings] == ["HH-01"]
            assert (first.total, rest.total, rest.after) == (3, 3, "")
            assert len(queue(desk, VERIFIER, Filter(), after="gone").findings) == 3
            for which, expected in (
                (Filter(rule="INC-03"), 1),
                (Filter(severity=Severity.CONFLICT), 3),
                (Filter(severity=Severity.REVIEW), 0),
                (Filter(state=FindingState.CONFIRMED), 0),
                (Filter(region="529901"), 3),
                (Filter(region="529901001"), 0),
                (Filter(found_before=calendar.day), 2),
                (Filter(assigned=VERIFIER.account), 0),
            ):
                assert queue(desk, VERIFIER, which).total == expected, which
            assert queue(desk, NEIGHBOUR, Filter()) == Queue((), 0, "")

    asyncio.run(story())


def test_findings_are_given_to_somebody_by_the_supervisor_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            await add_findings(desk, VERIFIER, case, [suspicion("INC-01"), suspicion("INC-03")])
            found = findings_of(desk, VERIFIER, case)
            with pytest.raises(NotAllowed):
                await assign(desk, VERIFIER, found, to=VERIFIER.account)
            assert await assign(desk, SUPERVISOR, found, to=VERIFIER.account) == 2
            assert queue(desk, VERIFIER, Filter(assigned=VERIFIER.account)).total == 2

    asyncio.run(story())
