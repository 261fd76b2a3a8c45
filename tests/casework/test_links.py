"""Likeness is kept with its evidence, decided once by a person with a reason, and named in the log by pseudonym."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit.catalogue import parse_entry
from casework.cases import steps_of
from casework.desk import ChangedMeanwhile, Desk, NotAllowed, NotThere
from casework.finding import NotNow
from casework.links import Likeness, LinkState, decide, links, propose, read_link
from connectors.linkage import How
from tests.casework.desks import CLERK, NEIGHBOUR, PERSON, SUPERVISOR, VERIFIER, Calendar, desk_opened
from vocabulary.records.education import Enrolment

LIKE = Likeness(Enrolment, "JY-001-7", PERSON, How.ONE_ERROR, True)


def played(tmp_path: Path, story: Callable[[Desk], Awaitable[None]], *, url: str = "") -> None:
    async def play() -> None:
        async with desk_opened(url or f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            await story(desk)

    asyncio.run(play())


def test_likeness_is_proposed_once_and_confirmed_by_another(url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert await propose(desk, VERIFIER, [LIKE, LIKE, replace(LIKE, record_id="JY-001-8")]) == 2
        assert await propose(desk, VERIFIER, [LIKE]) == 0
        first = next(one for one in await links(desk, SUPERVISOR) if one.record_id == LIKE.record_id)
        assert (first.state, first.how, first.names_agree) == (LinkState.PROPOSED, How.ONE_ERROR, True)
        done = await decide(desk, SUPERVISOR, first, same=True, reason="户口簿原件核对一致")
        assert (done.state, done.decided_by) == (LinkState.CONFIRMED, SUPERVISOR.account)
        assert [step["after"] for step in steps_of(desk, first.id)] == ["PROPOSED", "CONFIRMED"]
        assert await propose(desk, VERIFIER, [LIKE]) == 0
        assert len(await links(desk, SUPERVISOR, state=LinkState.PROPOSED)) == 1

    played(tmp_path, story, url=url)


def test_no_entry_names_the_person_and_each_concerns_them(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await propose(desk, VERIFIER, [LIKE])
        (one,) = await links(desk, VERIFIER)
        await decide(desk, VERIFIER, one, same=False, reason="是其孪生兄弟")
        proposed, _, decided = await desk.log.entries(0, 3)
        for entry in (proposed, decided):
            assert parse_entry(entry).subjects == (desk.book.pseudonym(PERSON),)
            assert PERSON.encode() not in entry
            assert LIKE.record_id.encode() not in entry
        assert one.person == desk.book.pseudonym(PERSON)

    played(tmp_path, story)


def test_who_only_found_does_not_confirm_and_a_reason_is_asked_for(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await propose(desk, VERIFIER, [LIKE])
        (one,) = await links(desk, VERIFIER)
        for actor in (CLERK, VERIFIER):
            with pytest.raises(NotAllowed):
                await decide(desk, actor, one, same=True, reason="像")
        with pytest.raises(NotNow):
            await decide(desk, SUPERVISOR, one, same=True, reason=" ")
        with pytest.raises(NotAllowed):
            await propose(desk, CLERK, [LIKE])
        assert read_link(desk, VERIFIER, one.id).state is LinkState.PROPOSED

    played(tmp_path, story)


def test_what_is_decided_is_not_decided_again(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await propose(desk, VERIFIER, [LIKE])
        (seen,) = await links(desk, VERIFIER)
        done = await decide(desk, SUPERVISOR, seen, same=False, reason="不是同一人")
        with pytest.raises(NotNow):
            await decide(desk, SUPERVISOR, done, same=True, reason="又是了")
        with pytest.raises(ChangedMeanwhile):
            await decide(desk, SUPERVISOR, seen, same=True, reason="同时办理")
        assert read_link(desk, VERIFIER, seen.id).state is LinkState.REJECTED

    played(tmp_path, story)


def test_the_neighbour_learns_nothing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await propose(desk, VERIFIER, [LIKE])
        (one,) = await links(desk, VERIFIER)
        assert await links(desk, NEIGHBOUR) == []
        with pytest.raises(NotThere):
            read_link(desk, NEIGHBOUR, one.id)
        with pytest.raises(NotAllowed):
            await decide(desk, NEIGHBOUR, one, same=False, reason="x")

    played(tmp_path, story)
