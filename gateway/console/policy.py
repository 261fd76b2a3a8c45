"""Which values are in force, by which article, and what would another value change for everybody?"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from casework.desk import NotAllowed
from casework.role import Role
from gateway.console.house import Visit, Visiting
from gateway.district_asked import district_of
from gateway.errors import CannotRun, NotLogged
from gateway.what_if import ask_what_if
from verification.comparison import diff
from verification.language.kinds import PackGap
from verification.pack import NotInForce, Pack, PackError, load_pack, pack_names
from verification.parameters import TABLES, VALUES, ParameterKind

router = APIRouter(prefix="/policy")

SHOWN = 200
"""Households that change and are listed; the sums count all."""


@router.get("")
async def packs(visit: Visiting, which: str = "", other: str = "") -> Response:
    """One pack with its dated values and articles, and where another one differs."""
    await _let_in(visit, "policy")
    pack = _named(which) or visit.house.desk.pack
    beside = _named(other)
    return visit.page(
        "policy.html",
        pack=pack,
        names=_whole(),
        other=other if beside else "",
        values=[(name, VALUES[name], rows) for name, rows in pack.parameters.items()],
        tables=[(name, TABLES[name], rows) for name, rows in pack.rows.items()],
        differences=diff(pack, beside) if beside else (),
        may_ask=visit.role is Role.SUPERVISOR,
    )


@router.post("/whatif")
async def what_if(
    visit: Visiting,
    which: Annotated[str, Form()],
    key: Annotated[str, Form()] = "",
    value: Annotated[str, Form()] = "",
    other: Annotated[str, Form()] = "",
) -> Response:
    """The whole caseload judged by two packs: another one by name, or this one with one value changed.

    Two runs over one snapshot, both noted. It takes as long as they do.
    """
    await _let_in(visit, "whatif", asks=True)
    desk = visit.house.desk
    before = _named(which) or desk.pack
    try:
        after = _named(other) or before.changed({key: _read(key, value)}, why="whatif")
        district = district_of(visit.house.office, on=desk.today(), caller=visit.session.account)
        found, failed = await ask_what_if(
            district, before=before, after=after, progress=lambda done, of: None
        )
    except (PackError, PackGap, NotInForce, CannotRun, NotLogged) as error:
        return visit.page("run_fault.html", status=422, fault=str(error), run="")
    return visit.page(
        "whatif.html", found=found, failed=failed, key=key, value=value, other=other,
        changed=found.changed[:SHOWN], more=max(0, len(found.changed) - SHOWN),
    )  # fmt: skip


async def _let_in(visit: Visit, what: str, *, asks: bool = False) -> None:
    may = {Role.SUPERVISOR} if asks else {Role.VERIFIER, Role.SUPERVISOR, Role.LAWYER, Role.EVALUATOR}
    if visit.role not in may or (asks and not visit.works_for_all):
        raise NotAllowed("expected a post that may look at policy")
    await visit.house.desk.read(visit.actor, what, rows=0)


def _named(name: str) -> Pack | None:
    """A shipped pack; None for another name: no file is opened for a name that came in."""
    return load_pack(name) if name in _whole() else None


@cache
def _whole() -> tuple[str, ...]:
    """The shipped packs that can be judged by; others are layers that a district's pack rests on."""
    names = []
    for name in pack_names():
        with suppress(PackError):
            names.append(load_pack(name).name)
    return tuple(names)


def _read(key: str, value: str) -> object:
    """A value as a pack's file would hold it: money in yuan, a whole number, yes or no, or a code."""
    text = value.strip()
    if key in VALUES and VALUES[key].kind is ParameterKind.FEN:
        return text
    if text.lstrip("-").isdigit() and len(text) < 16:
        return int(text)
    return {"true": True, "false": False}.get(text, text)
