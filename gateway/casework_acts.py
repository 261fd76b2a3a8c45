"""What of casework can be done through the gateway? Disputing records and answering, granting and withdrawing consent.

Roles, regions and entries are casework's own (`casework.corrections`, `casework.authorizations`): what is
done and the entry that says so are one transaction there, whoever asks for it and by which way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from audit.errors import AuditError
from casework.authorizations import Authorization, Paper, Signature, record_authorization, withdraw_consent
from casework.cases import case_numbered
from casework.corrections import (
    Correction,
    CorrectionState,
    Dispute,
    answer,
    dispute,
    read_correction,
    withdraw,
)
from casework.desk import Desk
from casework.finding import CaseworkError
from casework.role import Actor
from gateway.acts import Act, NotDone
from gateway.caller import Caller
from gateway.errors import NotLogged
from verification.working_days import BeyondCalendar
from vocabulary.errors import MalformedIdNumber
from vocabulary.idnumber import IdNumber
from vocabulary.record import Record
from vocabulary.register import record_types

T = TypeVar("T")

Given = Mapping[str, Any]


def casework_acts(desk: Desk) -> Mapping[str, Act]:
    """Every act of casework by the name of its field."""
    acts: dict[str, Callable[[Desk, Actor, Given], Awaitable[object]]] = {
        "disputeRecord": _dispute,
        "answerCorrection": _answer,
        "withdrawCorrection": _withdraw,
        "grantAuthorization": _grant,
        "withdrawAuthorization": _take_back,
    }
    return {name: _at(desk, act) for name, act in acts.items()}


def _at(desk: Desk, act: Callable[[Desk, Actor, Given], Awaitable[object]]) -> Act:
    async def done(caller: Caller, given: Given) -> object:
        actor = Actor(f"{caller.issuer} {caller.subject}", caller.department, caller.post, caller.region)
        try:
            return await act(desk, actor, given)
        except (CaseworkError, BeyondCalendar) as error:
            raise NotDone(str(error)) from None
        except AuditError as error:
            raise NotLogged(f"expected the log to take an entry, got {type(error).__name__}") from error

    return done


async def _dispute(desk: Desk, actor: Actor, given: Given) -> Correction:
    what = Dispute(
        given["subject"],
        given["region"],
        _record(given["record"]),
        given["record_id"],
        tuple(given["columns"]),
        given["claim"],
        given.get("handle") or "",
    )
    number = given.get("case")
    return await dispute(desk, actor, what, case=number and case_numbered(desk, actor, number))


async def _answer(desk: Desk, actor: Actor, given: Given) -> Correction:
    asked = read_correction(desk, actor, given["id"])
    letter = given.get("letter") or ""
    state: CorrectionState = given["state"]
    return await answer(desk, actor, asked, state=state, text=given["text"], letter=letter)


async def _withdraw(desk: Desk, actor: Actor, given: Given) -> Correction:
    asked = read_correction(desk, actor, given["id"])
    return await withdraw(desk, actor, asked, reason=given["reason"])


async def _grant(desk: Desk, actor: Actor, given: Given) -> Sequence[Authorization]:
    paper = Paper(
        household=given["household"],
        region=given["region"],
        signatures=tuple(map(_signature, given["signatures"])),
        departments=frozenset(given["departments"]),
        method=given["method"],
        valid_from=given["valid_from"],
        valid_until=given.get("valid_until"),
        scan=given.get("scan") or "",
    )
    return await record_authorization(desk, actor, paper)


async def _take_back(desk: Desk, actor: Actor, given: Given) -> Sequence[Authorization]:
    return await withdraw_consent(
        desk,
        actor,
        household=given["household"],
        region=given["region"],
        person=_person(given["id_number"], "idNumber"),
        reason=given.get("reason") or "",
    )


def _signature(given: Given) -> Signature:
    guardian = given.get("guardian")
    return Signature(
        _person(given["id_number"], "idNumber"),
        given["kind"],
        None if guardian is None else _person(guardian, "guardian"),
    )


def _person(written: str, argument: str) -> IdNumber:
    try:
        return IdNumber.parse(written)
    except MalformedIdNumber:
        raise NotDone(
            f"expected an id number in `{argument}` that passes GB 11643, got one that does not"
        ) from None


def _record(name: str) -> type[Record]:
    known = {one.__name__: one for one in record_types()}
    if name not in known:
        raise NotDone(f"expected `record` as one of {', '.join(sorted(known))}")
    return known[name]
