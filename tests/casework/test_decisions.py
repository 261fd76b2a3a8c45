"""A decision: two people, and an adverse one never without a confirmed finding, a closed window and a hearing."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework import tables
from casework.cases import (
    Case,
    CaseState,
    Late,
    clocks_of,
    late_by_unit,
    move_case,
    open_case,
    overdue,
    read_case,
    steps_of,
)
from casework.decision import DecisionKind, DecisionState
from casework.decisions import decide, draft, hear, missing, read_decision, send_back
from casework.desk import ChangedMeanwhile, Desk, NotAllowed, NotThere
from casework.finding import Lack, NotNow
from casework.findings import Finding, add_findings, confirm, findings_of, tell
from tests.casework.desks import (
    CLERK,
    HERE,
    HOUSEHOLD,
    NEIGHBOUR,
    SUPERVISOR,
    VERIFIER,
    Calendar,
    a_case,
    actor,
    basis,
    desk_opened,
    suspicion,
)
from vocabulary.codes import ApplicationKind, Category

SECOND = actor("复核主管", "mz-0002")


async def told(desk: Desk, case: Case) -> Finding:
    await add_findings(desk, VERIFIER, case, [suspicion()])
    [finding] = findings_of(desk, VERIFIER, case)
    return await tell(desk, CLERK, finding)


async def confirmed(desk: Desk, case: Case, calendar: Calendar) -> Finding:
    finding = await told(desk, case)
    assert finding.objection_until is not None
    calendar.day = finding.objection_until + timedelta(days=1)
    return await confirm(desk, SUPERVISOR, finding, reason="缴费记录相符")


def test_an_adverse_decision_is_made_when_everything_is_there(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            finding = await confirmed(desk, case, calendar)
            await hear(desk, VERIFIER, case, record="当事人称该月已离职")
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.REFUSE, basis=basis(Category.NONE, payable_fen=0),
                reason="人均收入不低于标准", finding=finding,
            )  # fmt: skip
            made = await decide(desk, SUPERVISOR, paper)
            after = read_case(desk, CLERK, case.id)
            entries = [json.loads(entry) for entry in await desk.log.entries(0, 7)]
            assert (made.state, made.second, made.decided_on) == (
                DecisionState.CONFIRMED,
                SUPERVISOR.account,
                calendar.day,
            )
            assert after.state is CaseState.DECIDED
            assert [step["after"] for step in steps_of(desk, case.id)] == ["ACCEPTED", "COMPARED", "DECIDED"]
        events = [entry["event"] for entry in entries]
        assert events == ["case.changed"] * 2 + ["finding.changed"] * 3 + ["hearing.held", "case.changed"]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("given", "lack"),
    [
        ({"hearing"}, Lack.NO_FINDING),
        ({"finding"}, Lack.NO_HEARING),
        ({"finding", "hearing"}, Lack.NO_SECOND),
    ],
)
def test_without_one_of_them_an_adverse_decision_is_refused_and_says_which(
    given: set[str], lack: Lack, tmp_path: Path
) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, calendar) as desk:
            case = await a_case(desk)
            finding = await confirmed(desk, case, calendar) if "finding" in given else None
            if "hearing" in given:
                await hear(desk, VERIFIER, case, record="当事人无异议")
            paper = await draft(
                desk, SUPERVISOR, case, kind=DecisionKind.TERMINATE, basis=basis(Category.NONE),
                reason="不再符合条件", finding=finding,
            )  # fmt: skip
            who = SUPERVISOR if lack is Lack.NO_SECOND else SECOND
            assert missing(desk, who, paper) == (lack,)
            with pytest.raises(NotNow) as refused:
                await decide(desk, who, paper)
            assert refused.value.lacks == (lack,)
            assert read_decision(desk, CLERK, paper.id).state is DecisionState.DRAFT

    asyncio.run(story())


def test_a_finding_nobody_confirmed_is_no_ground_and_an_open_window_neither(tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, calendar) as desk:
            case = await a_case(desk)
            finding = await told(desk, case)
            with pytest.raises(NotNow) as early:
                await confirm(desk, SUPERVISOR, finding, reason="缴费记录相符")
            await hear(desk, VERIFIER, case, record="当事人有异议")
            paper = await draft(
                desk,
                VERIFIER,
                case,
                kind=DecisionKind.REDUCE,
                basis=basis(),
                reason="收入增加",
                finding=finding,
            )
            assert early.value.lacks == (Lack.WINDOW_OPEN,)
            assert missing(desk, SUPERVISOR, paper) == (Lack.NO_FINDING,)

    asyncio.run(story())


def test_the_database_itself_refuses_an_adverse_decision_without_a_hearing(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.TERMINATE, basis=basis(), reason="不再符合条件"
            )
            forced = desk.kept.changed(
                tables.decision,
                id=paper.id,
                version=paper.version,
                state="CONFIRMED",
                second=SUPERVISOR.account,
            )
            fields = {**desk.who(SUPERVISOR), "before": "DRAFT", "after": "CONFIRMED"}
            with pytest.raises(ChangedMeanwhile):
                await desk.write("case.changed", fields=fields, subjects=[case.household], changes=[forced])
            assert read_decision(desk, CLERK, paper.id).state is DecisionState.DRAFT

    asyncio.run(story())


def test_relief_is_granted_only_after_publicity_and_a_near_relative_only_after_a_visit(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, calendar) as desk:
            case = await a_case(desk)
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.GRANT, basis=basis(visited=False), reason="符合条件"
            )
            assert missing(desk, SUPERVISOR, paper) == (Lack.NOT_PUBLICIZED, Lack.NO_VISIT)
            case = await move_case(desk, VERIFIER, case, to=CaseState.PUBLICIZED)
            calendar.day += timedelta(days=7)
            assert missing(desk, SUPERVISOR, paper) == (Lack.NOT_PUBLICIZED, Lack.NO_VISIT)
            calendar.day += timedelta(days=1)
            assert missing(desk, SUPERVISOR, paper) == (Lack.NO_VISIT,)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "case_kind", "lacks"),
    [
        (DecisionKind.GRANT, ApplicationKind.DIBAO, (Lack.NOT_PUBLICIZED,)),
        (DecisionKind.KEEP, ApplicationKind.EDGE, (Lack.NOT_PUBLICIZED,)),
        (DecisionKind.INCREASE, ApplicationKind.TEKUN, (Lack.NOT_PUBLICIZED,)),
        (DecisionKind.GRADUAL, ApplicationKind.RIGID, (Lack.NOT_PUBLICIZED,)),
        (DecisionKind.GRANT, ApplicationKind.REVIEW, (Lack.NOT_PUBLICIZED,)),
        (DecisionKind.KEEP, ApplicationKind.REVIEW, ()),
        (DecisionKind.INCREASE, ApplicationKind.REVIEW, ()),
        (DecisionKind.REFUSE, ApplicationKind.DIBAO, (Lack.NO_FINDING, Lack.NO_HEARING)),
    ],
)
def test_an_application_that_is_followed_is_posted_first_and_a_review_or_a_refusal_is_not(
    kind: DecisionKind, case_kind: ApplicationKind, lacks: tuple[Lack, ...], tmp_path: Path
) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await a_case(desk, kind=case_kind)
            paper = await draft(desk, VERIFIER, case, kind=kind, basis=basis(), reason="核对结果相符")
            assert missing(desk, SUPERVISOR, paper) == lacks

    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "category", "lacks"),
    [
        (DecisionKind.KEEP, Category.NONE, (Lack.NOT_ENTITLED,)),
        (DecisionKind.INCREASE, Category.NONE, (Lack.NOT_ENTITLED,)),
        (DecisionKind.GRANT, Category.NONE, (Lack.NOT_PUBLICIZED, Lack.NOT_ENTITLED)),
        (DecisionKind.GRADUAL, Category.NONE, ()),
        (DecisionKind.KEEP, Category.EDGE, ()),
        (DecisionKind.TERMINATE, Category.NONE, (Lack.NO_FINDING, Lack.NO_HEARING)),
    ],
)
def test_relief_is_not_given_on_a_verdict_that_says_none(
    kind: DecisionKind, category: Category, lacks: tuple[Lack, ...], tmp_path: Path
) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await a_case(desk, kind=ApplicationKind.REVIEW)
            paper = await draft(
                desk, VERIFIER, case, kind=kind, basis=basis(category, payable_fen=0), reason="核对结果相符"
            )
            assert missing(desk, SUPERVISOR, paper) == lacks
            if lacks:
                with pytest.raises(NotNow):
                    await decide(desk, SUPERVISOR, paper)

    asyncio.run(story())


def test_publicity_that_was_cut_short_is_done_again_from_its_first_day(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.GRANT, basis=basis(), reason="符合条件"
            )
            case = await move_case(desk, VERIFIER, case, to=CaseState.PUBLICIZED)
            calendar.day += timedelta(days=1)
            case = await move_case(desk, VERIFIER, case, to=CaseState.COMPARED, reason="公示期间有异议")
            calendar.day += timedelta(days=10)
            assert missing(desk, SUPERVISOR, paper) == (Lack.NOT_PUBLICIZED,)
            case = await move_case(desk, VERIFIER, case, to=CaseState.PUBLICIZED)
            calendar.day += timedelta(days=7)
            assert missing(desk, SUPERVISOR, paper) == (Lack.NOT_PUBLICIZED,)
            calendar.day += timedelta(days=1)
            assert missing(desk, SUPERVISOR, paper) == ()
            decided = [clock for clock in clocks_of(desk, case.id) if clock["kind"] == "decide"]
            assert [clock["met_on"] for clock in decided] == [None], "the time to decide runs on"

    asyncio.run(story())


def test_tekun_is_confirmed_within_a_time_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await open_case(
                desk, CLERK, number="TK-1", household=HOUSEHOLD, region=HERE, kind=ApplicationKind.TEKUN
            )
            case = await move_case(desk, VERIFIER, case, to=CaseState.COMPARED)
            assert {clock["kind"] for clock in clocks_of(desk, case.id)} == {
                *("tekun_survey", "tekun_confirm", "total")
            }

    asyncio.run(story())


def test_a_verdict_that_cannot_tell_is_no_basis(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            with pytest.raises(NotNow) as refused:
                await draft(
                    desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(None), reason="符合条件"
                )
            assert refused.value.lacks == (Lack.INDETERMINATE,)

    asyncio.run(story())


def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            case = await a_case(desk, kind=ApplicationKind.REVIEW)
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(), reason="仍符合条件"
            )
            came = await asyncio.gather(
                decide(desk, SUPERVISOR, paper), decide(desk, SECOND, paper), return_exceptions=True
            )
            made = desk.kept.rows(sa.select(tables.decision.c.second))
        assert sorted(type(each).__name__ for each in came) == ["ChangedMeanwhile", "Decision"]
        assert len(made) == 1

    asyncio.run(story())


def test_who_may_not_decide_or_lives_elsewhere_is_refused_and_the_refusal_is_logged(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(), reason="仍符合条件"
            )
            size = int((await desk.log.checkpoint()).splitlines()[1])
            for who in (CLERK, VERIFIER, NEIGHBOUR):
                with pytest.raises(NotAllowed):
                    await decide(desk, who, paper)
            refusals = [json.loads(entry) for entry in await desk.log.entries(size, size + 3)]
            with pytest.raises(NotThere):
                read_case(desk, NEIGHBOUR, case.id)
        clauses = [(entry["event"], entry["fields"]["clause"]) for entry in refusals]
        assert clauses == [("inquiry.refused", each) for each in ("ROLE", "ROLE", "REGION")]

    asyncio.run(story())


def test_a_draft_that_was_sent_back_cannot_be_decided(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(), reason="仍符合条件"
            )
            returned = await send_back(desk, SUPERVISOR, paper, reason="缺少就业成本说明")
            with pytest.raises(NotNow):
                await decide(desk, SUPERVISOR, returned)
            assert returned.state is DecisionState.RETURNED

    asyncio.run(story())


def test_clocks_run_in_working_days_from_the_day_after_and_stop_with_the_step(tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar(date(2026, 9, 24))
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, calendar) as desk:
            case = await a_case(desk, compared=False)
            due = {clock["kind"]: clock["due_on"] for clock in clocks_of(desk, case.id)}
            # 25–27 September is 中秋, 1–7 October 国庆; 20 September and 10 October are worked.
            assert due["compare_start"] == "2026-09-30"
            calendar.day = date(2026, 10, 8)
            late = [(row["kind"], row["due_on"]) for row in overdue(desk, SUPERVISOR)]
            units = late_by_unit(desk, SUPERVISOR)
            of_one = overdue(desk, SUPERVISOR, region=case.region, kind="compare_start")
            await move_case(desk, VERIFIER, case, to=CaseState.COMPARED)
            left = [row["kind"] for row in overdue(desk, SUPERVISOR)]
        assert ("compare_start", "2026-09-30") in late
        assert Late(case.region, "compare_start", 1, date(2026, 9, 30)) in units
        assert [row["kind"] for row in of_one] == ["compare_start"]
        assert left == ["survey_start"]

    asyncio.run(story())


def test_nothing_in_the_tables_of_casework_names_a_person(tmp_path: Path) -> None:
    async def story() -> bytes:
        calendar = Calendar()
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, calendar) as desk:
            await confirmed(desk, await a_case(desk), calendar)
        return b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()) if path.is_file())

    assert suspicion().person is not None
    assert str(suspicion().person).encode() not in asyncio.run(story())
