"""A record is disputed, the department answers in time or late, and each step has its entry, on either database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.catalogue import parse_entry
from casework import tables
from casework.agreement import Recipient
from casework.cases import overdue, steps_of
from casework.corrections import (
    BadRequest,
    CorrectionState,
    Dispute,
    answer,
    corrections,
    dispute,
    read_correction,
    withdraw,
)
from casework.desk import ChangedMeanwhile, Desk, NotAllowed, NotThere
from casework.finding import NotNow
from casework.role import Actor
from tests.casework.desks import (
    CLERK,
    HERE,
    NEIGHBOUR,
    NEXT_DOOR,
    PERSON,
    SUPERVISOR,
    VERIFIER,
    Calendar,
    a_case,
    desk_opened,
)
from verification.working_days import BeyondCalendar, last_day
from vocabulary.records.disability import Certificate
from vocabulary.records.social_security import Insurance

STEWARD = Actor("hedui-dev rs-0099", Recipient.SOCIAL_SECURITY, "数据管理员", HERE)
OTHER_STEWARD = Actor("hedui-dev cl-0099", Recipient.DISABILITY, "数据管理员", HERE)

WRONG = Dispute(
    PERSON, HERE, Insurance, "RS-2026-000017", ("employer",), "2026年3月已离职，有解除劳动合同证明"
)


def played(
    tmp_path: Path,
    story: Callable[[Desk, Calendar], Awaitable[None]],
    *,
    url: str = "",
    day: date | None = None,
) -> None:
    """Play a story at a desk, by default on SQLite, on the day before the Mid-Autumn and National Day weeks."""

    async def play() -> None:
        calendar = Calendar(day or date(2026, 9, 24))
        async with desk_opened(url or f"sqlite:///{tmp_path}/log.db", tmp_path, calendar) as desk:
            await story(desk, calendar)

    asyncio.run(play())


async def events(desk: Desk) -> list[str]:
    size = await asyncio.to_thread(lambda: desk.log.reader.head().frontier.size)
    return [parse_entry(one).event for one in await desk.log.entries(0, size)]


def test_a_record_is_disputed_and_the_department_corrects_it(url: str, tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, WRONG, case=await a_case(desk))
        # Ten working days after 24 September 2026: 中秋 and 国庆 between, 10 October is worked.
        assert (asked.state, asked.due_on) == (CorrectionState.ASKED, date(2026, 10, 15))
        assert [one.id for one in await corrections(desk, STEWARD)] == [asked.id]
        calendar.day = date(2026, 10, 15)
        done = await answer(desk, STEWARD, asked, state=CorrectionState.CORRECTED, text="已补录2026年3月减员")
        assert (done.state, done.answered_on) == (CorrectionState.CORRECTED, date(2026, 10, 15))
        assert done.answered_by == STEWARD.account
        assert [step["after"] for step in steps_of(desk, asked.id)] == ["ASKED", "CORRECTED"]
        assert (await events(desk))[-3:] == ["correction.changed", "case.read", "correction.changed"]

    played(tmp_path, story, url=url)


def test_no_entry_names_the_person_and_both_concern_them(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, WRONG)
        await answer(desk, STEWARD, asked, state=CorrectionState.UPHELD, text="经核实无误")
        entries = await desk.log.entries(0, 2)
        assert [parse_entry(one).subjects for one in entries] == [(desk.book.pseudonym(PERSON),)] * 2
        for one in entries:
            assert PERSON.encode() not in one
            assert WRONG.record_id.encode() not in one
            assert "离职".encode() not in one
        assert PERSON not in str(desk.kept.rows(sa.select(tables.correction)))

    played(tmp_path, story)


def test_a_late_answer_is_taken_and_the_lateness_was_listed(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, WRONG)
        calendar.day = asked.due_on
        assert not asked.overdue_on(calendar.day)
        assert not overdue(desk, SUPERVISOR)
        calendar.day = date(2026, 10, 16)
        assert asked.overdue_on(calendar.day)
        assert [clock["about"] for clock in overdue(desk, SUPERVISOR)] == [asked.id]
        done = await answer(desk, STEWARD, asked, state=CorrectionState.UPHELD, text="经核实无误")
        assert not done.overdue_on(calendar.day)
        assert not overdue(desk, SUPERVISOR)

    played(tmp_path, story)


def test_beyond_the_published_calendar_nobody_guesses_and_nothing_is_written(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        with pytest.raises(BeyondCalendar):
            await dispute(desk, CLERK, WRONG)
        assert await events(desk) == []

    played(tmp_path, story, day=last_day())


def test_only_the_department_itself_answers_without_a_letter(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, WRONG)
        with pytest.raises(BadRequest, match="letter"):
            await answer(desk, VERIFIER, asked, state=CorrectionState.UPHELD, text="电话答复")
        with pytest.raises(NotAllowed):
            await answer(desk, CLERK, asked, state=CorrectionState.UPHELD, text="电话答复", letter="1号")
        done = await answer(
            desk, VERIFIER, asked, state=CorrectionState.UPHELD, text="核实无误", letter="人社函〔2026〕17号"
        )
        assert done.letter == "人社函〔2026〕17号"

    played(tmp_path, story)


@pytest.mark.parametrize("stranger", [OTHER_STEWARD, NEIGHBOUR, replace(STEWARD, region=NEXT_DOOR)])
def test_others_do_not_learn_that_there_is_a_request(tmp_path: Path, stranger: Actor) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, WRONG)
        assert await corrections(desk, stranger) == []
        with pytest.raises(NotThere):
            read_correction(desk, stranger, asked.id)

    played(tmp_path, story)


def test_another_department_cannot_answer_even_with_a_letter(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, WRONG)
        with pytest.raises(NotThere):
            await answer(
                desk, OTHER_STEWARD, asked, state=CorrectionState.UPHELD, text="不是我们的", letter="1号"
            )
        assert read_correction(desk, CLERK, asked.id).state is CorrectionState.ASKED

    played(tmp_path, story)


def test_what_was_answered_is_not_answered_again(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, WRONG)
        done = await answer(desk, STEWARD, asked, state=CorrectionState.UPHELD, text="经核实无误")
        with pytest.raises(NotNow):
            await answer(desk, STEWARD, done, state=CorrectionState.CORRECTED, text="又改了")
        with pytest.raises(NotNow):
            await withdraw(desk, CLERK, done, reason="不用了")

    played(tmp_path, story)


def test_of_two_who_answer_at_once_the_second_is_told_and_leaves_no_entry(url: str, tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        seen_by_both = await dispute(desk, CLERK, WRONG)
        await withdraw(desk, CLERK, seen_by_both, reason="当事人自行更正")
        before = await events(desk)
        with pytest.raises(ChangedMeanwhile):
            await answer(desk, STEWARD, seen_by_both, state=CorrectionState.UPHELD, text="经核实无误")
        assert await events(desk) == before
        assert read_correction(desk, CLERK, seen_by_both.id).state is CorrectionState.WITHDRAWN

    played(tmp_path, story, url=url)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(WRONG, columns=()),
        replace(WRONG, columns=("salary",)),
        replace(WRONG, record=Certificate, columns=("employer",)),
        replace(WRONG, claim="  "),
        replace(WRONG, claim="字" * 2001),
        replace(WRONG, record_id=""),
        replace(WRONG, record_id="1" * 65),
    ],
)
def test_a_request_that_says_too_little_is_refused_whole(tmp_path: Path, wrong: Dispute) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        with pytest.raises(BadRequest):
            await dispute(desk, CLERK, wrong)
        assert await events(desk) == []

    played(tmp_path, story)


def test_who_may_not_dispute_is_refused_and_the_refusal_is_logged(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        for actor in (STEWARD, NEIGHBOUR):
            with pytest.raises(NotAllowed):
                await dispute(desk, actor, WRONG)
        assert await events(desk) == ["inquiry.refused"] * 2

    played(tmp_path, story)


def test_requests_are_listed_by_what_is_due_first(tmp_path: Path) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        calendar.day = date(2026, 9, 8)
        later = await dispute(desk, CLERK, WRONG)
        calendar.day = date(2026, 9, 1)
        sooner = await dispute(desk, CLERK, replace(WRONG, record_id="RS-2"))
        assert [one.id for one in await corrections(desk, SUPERVISOR)] == [sooner.id, later.id]
        await withdraw(desk, CLERK, sooner, reason="重复")
        open_ones = await corrections(desk, SUPERVISOR, state=CorrectionState.ASKED)
        assert [one.id for one in open_ones] == [later.id]

    played(tmp_path, story)


def test_who_disputed_by_a_handle_never_learns_the_key_and_the_department_does(
    url: str, tmp_path: Path
) -> None:
    async def story(desk: Desk, calendar: Calendar) -> None:
        asked = await dispute(desk, CLERK, replace(WRONG, handle="f" * 32))
        seen = {
            who.post: read_correction(desk, who, asked.id).record_id for who in (CLERK, VERIFIER, STEWARD)
        }
        assert asked.record_id == "f" * 32
        assert seen == {"窗口": "f" * 32, "核对员": WRONG.record_id, "数据管理员": WRONG.record_id}
        assert [one.record_id for one in await corrections(desk, CLERK)] == ["f" * 32]
        taken_back = await withdraw(desk, CLERK, asked, reason="当事人撤回")
        assert taken_back.record_id == "f" * 32

    played(tmp_path, story, url=url)
