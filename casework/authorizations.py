"""Who has agreed to be asked about, and who took it back? Our own register of authorizations (核对授权书).

It stands beside civil affairs' own. A paper names the departments that may be asked and is signed by
each person for themselves: whoever lives in the household (社会救助法 art. 40), obligors outside it
(art. 41, HH-09), and for a minor the guardian (民法典 art. 23, 个人信息保护法 art. 31). Nothing is
changed in place: what is taken back stays on file with the day of it. The register knows people by
pseudonym alone.

Raises `CaseworkError` in its kinds, `audit.errors.NotLogged`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from audit.alongside import Change
from casework import tables
from casework.desk import Desk, new_id
from casework.finding import BadRequest
from casework.role import Act, Actor
from vocabulary.codes import Code, Department, MemberKind, SignatureMethod
from vocabulary.idnumber import IdNumber
from vocabulary.region import RegionCode

OF_AGE = 18
"""Years; 民法典 art. 17. Whoever is younger is signed for by a guardian."""


class Standing(Code):
    """What an authorization is worth today."""

    HOLDS = "HOLDS", "有效"
    EXPIRED = "EXPIRED", "已到期"
    WITHDRAWN = "WITHDRAWN", "已撤回"


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's own. `guardian`: who signs for a minor, or for somebody who cannot."""

    person: IdNumber
    kind: MemberKind
    guardian: IdNumber | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """核对授权书 as it was signed.

    `departments`   who may be asked; one or more
    `valid_from`    the day of signing, not after today; both days are included
    `valid_until`   None where it holds until the household leaves relief
    `scan`          SHA-256 of the paper, 64 hex digits, or empty
    """

    household: str
    region: RegionCode
    signatures: tuple[Signature, ...]
    departments: frozenset[Department]
    method: SignatureMethod
    valid_from: date
    valid_until: date | None = None
    scan: str = ""


@dataclass(frozen=True, slots=True)
class Authorization:
    """One person's authorization, as it is kept. `person`, `guardian`: pseudonyms; `method` None: taken back only."""

    id: str
    paper: str
    household: str
    region: RegionCode
    person: str
    kind: MemberKind
    departments: frozenset[Department]
    method: SignatureMethod | None
    guardian: str | None
    valid_from: date
    valid_until: date | None
    withdrawn_on: date | None
    reason: str | None
    recorded_by: str
    recorded_on: date
    version: int

    def standing(self, day: date) -> Standing:
        """What it is worth on a day; on the day of withdrawal nothing any more."""
        if self.withdrawn_on is not None and self.withdrawn_on <= day:
            return Standing.WITHDRAWN
        over = self.valid_until is not None and self.valid_until < day
        return Standing.EXPIRED if over else Standing.HOLDS


async def record_authorization(desk: Desk, actor: Actor, paper: Paper) -> list[Authorization]:
    """What a signed paper comes to, one authorization for each who signed. Raises `NotAllowed`, `BadRequest`."""
    await desk.permit(actor, Act.AUTHORIZE, paper.region)
    _require_sound(paper, today=desk.today())
    number = new_id()
    changes: list[Change] = []
    for signature in paper.signatures:
        changes += _signed(desk, actor, paper, signature, number)
    fields = {
        "caller": actor.account,
        "before": "-",
        "after": Standing.HOLDS.value,
        "method": paper.method.value,
        "day": paper.valid_from.isoformat(),
    }
    until = {} if paper.valid_until is None else {"until": paper.valid_until.isoformat()}
    await desk.write(
        "authorization.changed",
        fields={**fields, **until},
        subjects=[paper.household, *_named(paper)],
        committed={"authorization": number},
        changes=changes,
    )
    table = tables.authorization
    return _read(desk, sa.select(table).where(table.c.paper == number).order_by(table.c.id))


async def withdraw_consent(
    desk: Desk, actor: Actor, *, household: str, region: RegionCode, person: IdNumber, reason: str = ""
) -> list[Authorization]:
    """Everything that one person had signed up to today, taken back from today on: in this register and in others.

    No reason is asked for (个人信息保护法 art. 15). Raises `NotAllowed`, `ChangedMeanwhile`.
    """
    await desk.permit(actor, Act.AUTHORIZE, region)
    tag, today = desk.book.pseudonym(person), desk.today()
    table = tables.authorization
    held = _read(desk, sa.select(table).where(table.c.person == tag, table.c.withdrawn_on.is_(None)))
    changes: list[Change] = []
    for one in held:
        changes += _withdrawn(desk, actor, one, reason)
    if not held:  # it is civil affairs' own record that is taken back
        changes += _only_withdrawn(desk, actor, household, region, tag, reason)
    await desk.write(
        "authorization.changed",
        fields={
            "caller": actor.account,
            "before": Standing.HOLDS.value,
            "after": Standing.WITHDRAWN.value,
            "day": today.isoformat(),
        },
        subjects=[household, person],
        committed={"reason": reason},
        changes=changes,
    )
    return _read(desk, sa.select(table).where(table.c.person == tag).order_by(table.c.id))


async def authorizations_of(
    desk: Desk, actor: Actor, *, household: str, region: RegionCode
) -> list[Authorization]:
    """What is on file of a household, the newest paper first; noted before it is given. Raises `NotAllowed`."""
    await desk.permit(actor, Act.READ, region)
    table = tables.authorization
    query = sa.select(table).where(table.c.household == household)
    found = _read(desk, query.order_by(table.c.recorded_on.desc(), table.c.paper, table.c.id))
    await desk.read(actor, "authorizations", rows=len(found))
    return found


def minor(person: IdNumber, *, on: date) -> bool:
    """Tell whether somebody is under age on a day; on the eighteenth birthday no more.

    >>> born_on_new_years_eve = IdNumber.parse("11010519491231002X")
    >>> minor(born_on_new_years_eve, on=date(1967, 12, 30)), minor(born_on_new_years_eve, on=date(1967, 12, 31))
    (True, False)
    """
    birth = person.birth
    return (on.year - birth.year, on.month, on.day) < (OF_AGE, birth.month, birth.day)


def _require_sound(paper: Paper, *, today: date) -> None:
    persons = [each.person for each in paper.signatures]
    if not persons or len(set(persons)) < len(persons):
        raise BadRequest("expected one or more persons who sign, each once")
    if not paper.departments:
        raise BadRequest("expected one or more departments that may be asked, got none")
    if paper.valid_from > today:
        raise BadRequest("expected a day of signing not after today, got a later one")
    if paper.valid_until is not None and paper.valid_until < paper.valid_from:
        raise BadRequest("expected a last day not before the day of signing, got an earlier one")
    for each in paper.signatures:
        if minor(each.person, on=paper.valid_from) and each.guardian is None:
            raise BadRequest("expected a guardian's signature for a minor (民法典 第二十三条), got none")
        if each.guardian is not None and (
            each.guardian == each.person or minor(each.guardian, on=paper.valid_from)
        ):
            raise BadRequest("expected a guardian who is another person and of age")


def _named(paper: Paper) -> list[str]:
    guardians = [each.guardian for each in paper.signatures if each.guardian is not None]
    return [*(each.person for each in paper.signatures), *guardians]


def _signed(desk: Desk, actor: Actor, paper: Paper, signature: Signature, number: str) -> list[Change]:
    guardian = signature.guardian
    until = paper.valid_until
    id_ = new_id()
    row = desk.kept.added(
        tables.authorization,
        id=id_,
        paper=number,
        household=paper.household,
        region=str(paper.region),
        person=desk.book.pseudonym(signature.person),
        kind=signature.kind.value,
        departments=_departments_text(paper.departments),
        method=paper.method.value,
        guardian=None if guardian is None else desk.book.pseudonym(guardian),
        valid_from=paper.valid_from.isoformat(),
        valid_until=None if until is None else until.isoformat(),
        scan=paper.scan or None,
        recorded_by=actor.account,
        recorded_on=desk.today().isoformat(),
        version=1,
    )
    return [row, desk.step(actor, id_, before="-", after=Standing.HOLDS.value, reason="")]


def _withdrawn(desk: Desk, actor: Actor, one: Authorization, reason: str) -> list[Change]:
    day = desk.today().isoformat()
    before, after = one.standing(desk.today()).value, Standing.WITHDRAWN.value
    return [
        desk.kept.changed(
            tables.authorization, id=one.id, version=one.version, withdrawn_on=day, reason=reason
        ),
        desk.step(actor, one.id, before=before, after=after, reason=reason),
    ]


def _only_withdrawn(
    desk: Desk, actor: Actor, household: str, region: RegionCode, tag: str, reason: str
) -> list[Change]:
    id_, day = new_id(), desk.today().isoformat()
    row = desk.kept.added(
        tables.authorization,
        id=id_,
        paper=new_id(),
        household=household,
        region=str(region),
        person=tag,
        kind=MemberKind.COHABIT.value,
        departments=_departments_text(frozenset()),
        valid_from=day,
        withdrawn_on=day,
        reason=reason,
        recorded_by=actor.account,
        recorded_on=day,
        version=1,
    )
    return [row, desk.step(actor, id_, before="-", after=Standing.WITHDRAWN.value, reason=reason)]


def _departments_text(departments: frozenset[Department]) -> str:
    return json.dumps(sorted(each.value for each in departments))


def _read(desk: Desk, query: sa.Select[tuple[object, ...]]) -> list[Authorization]:
    return [authorization_in(row) for row in desk.kept.rows(query)]


def authorization_in(row: sa.RowMapping) -> Authorization:
    """The authorization that a row holds."""
    return Authorization(
        id=row["id"],
        paper=row["paper"],
        household=row["household"],
        region=RegionCode(row["region"]),
        person=row["person"],
        kind=MemberKind(row["kind"]),
        departments=frozenset(map(Department, json.loads(row["departments"]))),
        method=None if row["method"] is None else SignatureMethod(row["method"]),
        guardian=row["guardian"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=_day(row["valid_until"]),
        withdrawn_on=_day(row["withdrawn_on"]),
        reason=row["reason"],
        recorded_by=row["recorded_by"],
        recorded_on=date.fromisoformat(row["recorded_on"]),
        version=row["version"],
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
