"""Who signs, for whom, and how is it taken back?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework import tables
from casework.authorizations import (
    Paper,
    Signature,
    Standing,
    authorizations_of,
    minor,
    record_authorization,
    withdraw_consent,
)
from casework.authorized import Authorized, joined
from casework.desk import NotAllowed
from casework.finding import BadRequest
from tests.casework.desks import CLERK, HERE, HOUSEHOLD, NEIGHBOUR, Calendar, actor, desk_opened
from tests.casework.test_consent import SOURCE
from vocabulary.codes import Department, MemberKind, SignatureMethod
from vocabulary.evidence import FailureKind, Found, NoRecord, SourceFailed
from vocabulary.idnumber import IdNumber, WrittenId
from vocabulary.records.civil_affairs import Authorization as Record

DAY = timedelta(days=1)
HEAD = IdNumber.parse("529901198001010019")
CHILD = IdNumber.parse("529901201505050019")
OBLIGOR = IdNumber.parse("529902195001010011")
SIGNED_ON = date(2026, 9, 1)
ALL = frozenset(Department)


def paper(*signatures: Signature, **given: object) -> Paper:
    whole = Paper(HOUSEHOLD, HERE, signatures, ALL, SignatureMethod.HANDWRITTEN, SIGNED_ON)
    return replace(whole, **given)  # type: ignore[arg-type]  # each test gives what it is about


def own(person: IdNumber, guardian: IdNumber | None = None) -> Signature:
    return Signature(person, MemberKind.COHABIT, guardian)


def test_a_paper_is_kept_with_who_signed_it_and_no_number_of_anybody(url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            made = await record_authorization(
                desk, CLERK, paper(own(HEAD), own(CHILD, HEAD), Signature(OBLIGOR, MemberKind.OBLIGOR))
            )
            assert len(made) == len({one.id for one in made}) == 3
            assert len({one.paper for one in made}) == 1
            by_person = {one.person: one for one in made}
            assert by_person[desk.book.pseudonym(CHILD)].guardian == desk.book.pseudonym(HEAD)
            for row in desk.kept.rows(sa.select(tables.authorization)):
                assert not {HEAD, CHILD, OBLIGOR} & set(map(str, row.values()))
            assert await authorizations_of(desk, CLERK, household=HOUSEHOLD, region=HERE) == made

    asyncio.run(work())


@pytest.mark.parametrize(
    "wrong",
    [
        paper(),
        paper(own(HEAD), own(HEAD)),
        paper(own(CHILD)),
        paper(own(CHILD, CHILD)),
        paper(own(HEAD, HEAD)),
        paper(own(HEAD, CHILD)),
        paper(own(HEAD), departments=frozenset()),
        paper(own(HEAD), valid_from=SIGNED_ON + DAY),
        paper(own(HEAD), valid_until=SIGNED_ON - DAY),
        paper(own(HEAD), scan="a" * 65),
    ],
)
def test_what_is_no_authorization_is_refused(tmp_path: Path, wrong: Paper) -> None:
    async def work() -> None:
        async with desk_opened(f"sqlite:///{tmp_path / 'a.sqlite'}", tmp_path, Calendar()) as desk:
            with pytest.raises(BadRequest):
                await record_authorization(desk, CLERK, wrong)
            assert desk.kept.rows(sa.select(tables.authorization)) == []

    asyncio.run(work())


def test_somebody_is_of_age_on_the_eighteenth_birthday() -> None:
    assert minor(CHILD, on=date(2033, 5, 4))
    assert not minor(CHILD, on=date(2033, 5, 5))


def test_what_is_taken_back_stays_on_file_and_a_new_paper_counts_the_same_day(
    url: str, tmp_path: Path
) -> None:
    async def work() -> None:
        calendar = Calendar()
        async with desk_opened(url, tmp_path, calendar) as desk:
            await record_authorization(desk, CLERK, paper(own(HEAD)))
            calendar.day = SIGNED_ON + DAY
            (back,) = await withdraw_consent(desk, CLERK, household=HOUSEHOLD, region=HERE, person=HEAD)
            assert (back.withdrawn_on, back.standing(calendar.day)) == (calendar.day, Standing.WITHDRAWN)
            assert back.standing(SIGNED_ON) is Standing.HOLDS
            await record_authorization(desk, CLERK, paper(own(HEAD), valid_from=calendar.day))
            ours = Authorized(desk.kept, (desk.book.pseudonym,)).of([HEAD])[HEAD]
            answer = joined(NoRecord(SOURCE), ours, person=HEAD, columns=COLUMNS)
            assert isinstance(answer, Found)
            assert sorted(str(row.withdrawn_on) for row in answer.records) == ["2026-09-02", "None"]  # type: ignore[attr-defined]

    asyncio.run(work())


COLUMNS = frozenset({"record_id", "as_of", "person", "method", "valid_from", "valid_until", "withdrawn_on"})


def test_a_withdrawal_takes_back_what_was_signed_up_to_its_day_in_the_departments_register(
    tmp_path: Path,
) -> None:
    async def work() -> None:
        async with desk_opened(f"sqlite:///{tmp_path / 'a.sqlite'}", tmp_path, Calendar()) as desk:
            await withdraw_consent(desk, CLERK, household=HOUSEHOLD, region=HERE, person=HEAD)
            ours = Authorized(desk.kept, (desk.book.pseudonym,)).of([HEAD])[HEAD]

        def until(valid_from: date, withdrawn_on: date | None = None) -> date | None:
            theirs = Found(
                (
                    Record(
                        record_id="a-1",
                        as_of=SIGNED_ON,
                        person=WrittenId(HEAD),
                        method=SignatureMethod.HANDWRITTEN,
                        valid_from=valid_from,
                        withdrawn_on=withdrawn_on,
                    ),
                ),
                SOURCE,
            )
            answer = joined(theirs, ours, person=HEAD, columns=COLUMNS)
            assert isinstance(answer, Found)
            (row,) = answer.records
            told: date | None = row.withdrawn_on  # type: ignore[attr-defined]
            return told

        assert until(SIGNED_ON - DAY) == SIGNED_ON
        assert until(SIGNED_ON) == SIGNED_ON
        assert until(SIGNED_ON + DAY) is None
        assert until(SIGNED_ON - 9 * DAY, SIGNED_ON - DAY) == SIGNED_ON - DAY
        # Nothing on file there, and nothing signed here: there is nothing that could hold.
        assert joined(NoRecord(SOURCE), ours, person=HEAD, columns=COLUMNS) == NoRecord(SOURCE)

    asyncio.run(work())


def test_where_civil_affairs_did_not_answer_our_own_register_opens_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(f"sqlite:///{tmp_path / 'a.sqlite'}", tmp_path, Calendar()) as desk:
            ours = await record_authorization(desk, CLERK, paper(own(HEAD)))
        failed = SourceFailed(Department.CIVIL_AFFAIRS, FailureKind.TIMED_OUT, desk.clock())
        assert joined(failed, ours, person=HEAD, columns=COLUMNS) == failed

    asyncio.run(work())


def test_a_pseudonym_of_an_earlier_period_is_still_known(tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(f"sqlite:///{tmp_path / 'a.sqlite'}", tmp_path, Calendar()) as desk:
            await record_authorization(desk, CLERK, paper(own(HEAD)))
            this_period = Authorized(desk.kept, (lambda person: f"new {person}",))
            both = Authorized(desk.kept, (lambda person: f"new {person}", desk.book.pseudonym))
            assert this_period.of([HEAD]) == {}
            assert len(both.of([HEAD, OBLIGOR])[HEAD]) == 1
            assert both.everybody([HEAD, OBLIGOR]) == both.of([HEAD, OBLIGOR])

    asyncio.run(work())


def test_only_who_works_there_records_or_takes_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(f"sqlite:///{tmp_path / 'a.sqlite'}", tmp_path, Calendar()) as desk:
            for who in (NEIGHBOUR, actor("法务", "mz-0009"), actor("运维", "mz-0010")):
                with pytest.raises(NotAllowed):
                    await record_authorization(desk, who, paper(own(HEAD)))
                with pytest.raises(NotAllowed):
                    await withdraw_consent(desk, who, household=HOUSEHOLD, region=HERE, person=HEAD)

    asyncio.run(work())
