"""What the database refuses by itself: an adverse decision without its grounds, written by any program."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework.cases import CaseState, move_case
from casework.decision import DecisionKind
from casework.decisions import decide, draft, hear, read_decision
from casework.desk import NotThere
from casework.finding import Lack, NotNow
from casework.findings import Suspicion, add_findings, confirm, findings_of, tell
from tests.casework.desks import (
    CLERK,
    PERSON,
    SUPERVISOR,
    VERIFIER,
    Calendar,
    a_case,
    basis,
    desk_opened,
    suspicion,
)
from tests.casework.test_decisions import SECOND, confirmed
from verification.language.rule import Severity
from vocabulary.codes import ApplicationKind, Category

SPREAD = Suspicion("INC-05", Severity.CONFLICT, PERSON, {}, ("Aid/a-1",))
MADE = (
    "update casework_decision set state = 'CONFIRMED', second = 'x', decided_on = :day, hearing_id = :hearing"
)


@contextmanager
def by_hand(url: str) -> Iterator[sa.Connection]:
    """A connection that is not ours: no log, no foreign keys, nothing but SQL."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def refused(url: str, statement: str, *, match: str = r"expected no|CHECK|check", **values: object) -> None:
    with by_hand(url) as connection, pytest.raises(sa.exc.IntegrityError, match=match):
        connection.execute(sa.text(statement), values)


def taken(url: str, statement: str, **values: object) -> None:
    """It would be taken; and is not, so that the next one finds the same."""
    with by_hand(url) as connection:
        assert connection.execute(sa.text(statement), values).rowcount == 1
        connection.rollback()


def test_each_ground_of_an_adverse_decision_is_held_by_the_database(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case, other = await a_case(desk), await a_case(desk, "DB-2026-0002")
            finding = await confirmed(desk, case, calendar)
            hearing = await hear(desk, VERIFIER, case, record="当事人称该月已离职")
            elsewhere = await hear(desk, VERIFIER, other, record="另案")
            await draft(
                desk, VERIFIER, case, kind=DecisionKind.REFUSE, basis=basis(Category.NONE),
                reason="人均收入不低于标准", finding=finding,
            )  # fmt: skip
        assert finding.objection_until is not None
        good: dict[str, object] = {"day": calendar.day.isoformat(), "hearing": hearing}
        taken(url, MADE, **good)
        refused(url, MADE, **{**good, "hearing": elsewhere})
        refused(url, MADE, **{**good, "hearing": None})
        refused(url, MADE, **{**good, "day": None})
        refused(url, MADE, **{**good, "day": finding.objection_until.isoformat()})
        refused(url, MADE.replace("second = 'x'", "second = drafted_by"), **good)
        refused(url, MADE.replace("second = 'x'", "second = null"), **good)
        refused(url, MADE + ", reason = ''", **good)
        refused(url, MADE + ", finding_id = null", **good)
        refused(url, MADE + ", case_id = '" + other.id + "'", **good)
        refused(url, MADE + ", facts_of_a_month = 0, facts_of_longer = 2", **good)
        refused(url, "update casework_decision set adverse = 0")
        refused(url, "update casework_finding set state = 'REVIEWING'")
        refused(url, "update casework_finding set evidence = '{}'")
        refused(url, "update casework_hearing set record = '无异议'")

    asyncio.run(story())


def test_a_decision_that_was_made_stays_and_so_does_what_it_rests_on(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            finding = await confirmed(desk, case, calendar)
            await hear(desk, VERIFIER, case, record="当事人称该月已离职")
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.TERMINATE, basis=basis(Category.NONE),
                reason="不再符合条件", finding=finding,
            )  # fmt: skip
            again = await draft(
                desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(), reason="仍符合条件"
            )
            await decide(desk, SUPERVISOR, paper)
            with pytest.raises(NotNow) as over:
                await decide(desk, SUPERVISOR, read_decision(desk, SUPERVISOR, again.id))
            assert over.value.lacks == (Lack.WRONG_STATE,)
        made = f"where id = '{paper.id}'"
        refused(url, f"update casework_decision set reason = '另一理由' {made}")
        refused(url, f"update casework_decision set state = 'DRAFT' {made}")
        refused(url, f"delete from casework_decision {made}")
        refused(url, "delete from casework_finding")
        refused(url, "delete from casework_hearing")

    asyncio.run(story())


def test_a_finding_is_confirmed_only_after_the_person_was_told(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            await add_findings(desk, VERIFIER, case, [suspicion()])
        refused(url, "update casework_finding set state = 'CONFIRMED'")

    asyncio.run(story())


def test_a_finding_of_another_case_is_no_ground(tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, calendar) as desk:
            case, other = await a_case(desk), await a_case(desk, "DB-2026-0002")
            finding = await confirmed(desk, case, calendar)
            await hear(desk, VERIFIER, other, record="另案")
            with pytest.raises(NotThere):
                await draft(
                    desk, VERIFIER, other, kind=DecisionKind.REFUSE, basis=basis(Category.NONE),
                    reason="人均收入不低于标准", finding=finding,
                )  # fmt: skip

    asyncio.run(story())


def test_what_rests_on_values_laid_over_months_alone_is_not_decided(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            await add_findings(desk, VERIFIER, case, [SPREAD])
            [found] = findings_of(desk, VERIFIER, case)
            finding = await tell(desk, CLERK, found)
            assert finding.objection_until is not None
            calendar.day = finding.objection_until + timedelta(days=1)
            finding = await confirm(desk, SUPERVISOR, finding, reason="资助记录相符")
            await hear(desk, VERIFIER, case, record="当事人称按学年发放")
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.REDUCE, basis=basis(), reason="收入增加",
                finding=finding,
            )  # fmt: skip
            with pytest.raises(NotNow) as refusal:
                await decide(desk, SECOND, paper)
            assert refusal.value.lacks == (Lack.ONLY_AVERAGES,)

    asyncio.run(story())


GIVEN = "update casework_decision set state = 'CONFIRMED', second = 'x', decided_on = :day"
PUBLICITY = "update casework_clock set {} where kind = 'publicity'"


def test_what_an_application_is_given_is_posted_to_the_end_first_whoever_writes(
    url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk)
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(), reason="符合条件"
            )
            refused(url, GIVEN, day=calendar.day.isoformat())
            case = await move_case(desk, VERIFIER, case, to=CaseState.PUBLICIZED)
            last, over = (calendar.day + timedelta(days=days) for days in (7, 8))
            refused(url, GIVEN, day=last.isoformat())
            taken(url, GIVEN, day=over.isoformat())
            refused(url, PUBLICITY.format("due_on = started_on"))
            refused(url, PUBLICITY.format("started_on = '2026-01-01', due_on = '2026-01-08'"))
            refused(url, "delete from casework_clock")
            calendar.day = over
            await decide(desk, SUPERVISOR, read_decision(desk, SUPERVISOR, paper.id))
        refused(url, PUBLICITY.format("met_on = due_on"))

    asyncio.run(story())


def test_publicity_that_was_cut_short_counts_for_nothing_until_it_starts_anew(
    url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await move_case(desk, VERIFIER, await a_case(desk), to=CaseState.PUBLICIZED)
            await draft(desk, VERIFIER, case, kind=DecisionKind.GRANT, basis=basis(), reason="符合条件")
            calendar.day += timedelta(days=3)
            case = await move_case(desk, VERIFIER, case, to=CaseState.COMPARED)
            later = (calendar.day + timedelta(days=20)).isoformat()
            refused(url, GIVEN, day=later)
            refused(url, PUBLICITY.format("met_on = null"))
            refused(url, PUBLICITY.format("met_on = '2026-01-01'"))
            calendar.day += timedelta(days=1)
            await move_case(desk, VERIFIER, case, to=CaseState.PUBLICIZED)
            taken(url, GIVEN, day=later)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "posted"), [(DecisionKind.KEEP, False), (DecisionKind.GRANT, True)], ids=lambda each: str(each)
)
def test_a_review_is_not_posted_save_where_it_grants_anew(
    kind: DecisionKind, posted: bool, url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            case = await a_case(desk, kind=ApplicationKind.REVIEW)
            await draft(desk, VERIFIER, case, kind=kind, basis=basis(), reason="核对结果相符")
        (refused if posted else taken)(url, GIVEN, day=calendar.day.isoformat())

    asyncio.run(story())
