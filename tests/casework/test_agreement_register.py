"""Agreements change by revisions that two people sign; nothing is edited, and nothing overtakes unseen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.catalogue import parse_entry
from casework.agreement import as_text, hash_of, load_agreements
from casework.agreement_register import (
    RevisionState,
    Unreadable,
    draft_revision,
    drafts,
    in_force,
    mark_of,
    put_in_force,
    read_revision,
    revisions_of,
    send_back,
)
from casework.cedar import AgreementSet
from casework.desk import ChangedMeanwhile, Desk, NotAllowed
from casework.finding import BadRequest, Lack, NotNow
from casework.written import BadAgreement
from tests.casework.desks import CLERK, SUPERVISOR, VERIFIER, Calendar, actor, desk_opened
from tests.casework.test_guards import refused

FOLDER = load_agreements()
ONE = next(each for each in FOLDER if each.number == "MZ-RS-2026-018")
TEXT = as_text(replace(ONE, scenario="窗口受理申请时核对"))
LAWYER, OTHER = actor("法务", "mz-0005"), actor("法务", "mz-0006")


async def drafted(desk: Desk, text: str = TEXT) -> str:
    made = await draft_revision(desk, LAWYER, text=text, reason="场景调整", folder=FOLDER)
    return made.id


def test_a_revision_counts_when_a_second_person_has_signed_it_and_not_before(
    url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            id_ = await drafted(desk)
            assert hash_of(in_force(desk.kept, FOLDER)) == hash_of(FOLDER)
            assert [each.id for each in drafts(desk.kept)] == [id_]
            mark = mark_of(desk.kept)
            with pytest.raises(NotNow) as alone:
                await put_in_force(desk, LAWYER, read_revision(desk.kept, id_), folder=FOLDER)
            assert alone.value.lacks == (Lack.NO_SECOND,)
            whole = await put_in_force(desk, OTHER, read_revision(desk.kept, id_), folder=FOLDER)
            now = in_force(desk.kept, FOLDER)
            entries = [parse_entry(entry) for entry in await desk.log.entries(0, 2)]
        assert mark != (id_,)
        assert whole.hash == hash_of(now) == AgreementSet(now).hash != hash_of(FOLDER)
        assert len(now) == len(FOLDER)
        assert [entry.event for entry in entries] == ["grant.changed"] * 2
        assert entries[1].fields["agreements"] == whole.hash
        assert (entries[1].fields["before"], entries[1].fields["after"]) == ("-", "IN_FORCE-1")

    asyncio.run(story())


def test_each_revision_replaces_the_one_before_and_all_stay_on_file(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            for scenario in ("第一次", "第二次"):
                id_ = await drafted(desk, as_text(replace(ONE, scenario=scenario)))
                await put_in_force(desk, SUPERVISOR, read_revision(desk.kept, id_), folder=FOLDER)
            states = [(each.revision, each.state) for each in revisions_of(desk.kept, ONE.number)]
            (now,) = [each for each in in_force(desk.kept, FOLDER) if each.number == ONE.number]
        assert states == [(2, RevisionState.IN_FORCE), (1, RevisionState.REPLACED)]
        assert now.scenario == "第二次"

    asyncio.run(story())


def test_a_draft_that_was_overtaken_is_not_put_in_force(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            older, newer = await drafted(desk), await drafted(desk, as_text(replace(ONE, way="另一方式")))
            await put_in_force(desk, OTHER, read_revision(desk.kept, newer), folder=FOLDER)
            with pytest.raises(NotNow) as late:
                await put_in_force(desk, OTHER, read_revision(desk.kept, older), folder=FOLDER)
            assert late.value.lacks == (Lack.OVERTAKEN,)
            before = read_revision(desk.kept, older)
            back = await send_back(desk, OTHER, before, reason="已被替代", folder=FOLDER)
            assert back.state is RevisionState.RETURNED
            last = parse_entry((await desk.log.entries(3, 4))[0])
            assert last.fields["agreements"] == hash_of(in_force(desk.kept, FOLDER))

    asyncio.run(story())


def test_of_two_who_sign_at_once_one_does(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            revision = read_revision(desk.kept, await drafted(desk))
            came = await asyncio.gather(
                *(put_in_force(desk, who, revision, folder=FOLDER) for who in (OTHER, SUPERVISOR)),
                return_exceptions=True,
            )
        assert {type(each) for each in came} == {AgreementSet, ChangedMeanwhile}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (TEXT.replace("人社", "招商", 1), BadAgreement),
        (TEXT.replace("有条件共享", "无条件共享"), BadAgreement),
        ("", BadAgreement),
        (as_text(ONE), BadRequest),
        (TEXT + "#" * 100_001, BadRequest),
    ],
)
def test_what_would_not_hold_or_changes_nothing_is_not_drafted(
    tmp_path: Path, text: str, error: type[Exception]
) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            with pytest.raises(error):
                await drafted(desk, text)
            assert drafts(desk.kept) == []

    asyncio.run(story())


def test_only_lawyers_draft_and_only_lawyers_and_supervisors_sign(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            for who in (CLERK, VERIFIER, SUPERVISOR):
                with pytest.raises(NotAllowed):
                    await draft_revision(desk, who, text=TEXT, reason="场景调整", folder=FOLDER)
            revision = read_revision(desk.kept, await drafted(desk))
            for who in (CLERK, VERIFIER):
                with pytest.raises(NotAllowed):
                    await put_in_force(desk, who, revision, folder=FOLDER)

    asyncio.run(story())


def test_the_database_itself_asks_for_a_second_person_and_for_one_in_force(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            id_ = await drafted(desk)
            await put_in_force(desk, OTHER, read_revision(desk.kept, id_), folder=FOLDER)
            await drafted(desk, as_text(replace(ONE, scenario="再次")))
            assert len(desk.kept.rows(sa.text("select 1 from casework_agreement"))) == 2  # type: ignore[arg-type]

    asyncio.run(story())
    signed = "set state = 'IN_FORCE', decided_on = '2026-09-01', second"
    draft = "where state = 'DRAFT'"
    refused(url, f"update casework_agreement {signed} = null {draft}", match="CHECK|check")
    refused(url, f"update casework_agreement {signed} = drafted_by {draft}", match="CHECK|check")
    refused(url, f"update casework_agreement {signed} = 'x' {draft}", match="UNIQUE|unique")


def test_a_register_that_cannot_be_read_is_told_as_such_by_whoever_looks(tmp_path: Path) -> None:
    """Whoever looks again and again knows that error alone, and would stop looking by another."""

    async def story() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            engine = sa.create_engine(f"sqlite:///{tmp_path}/log.db")
            with engine.begin() as connection:
                connection.exec_driver_sql("alter table casework_agreement rename to away")
            engine.dispose()
            with pytest.raises(Unreadable):
                mark_of(desk.kept)
            with pytest.raises(Unreadable):
                in_force(desk.kept, FOLDER)

    asyncio.run(story())
