"""Whom may we ask about? Each person's own written authorization (核对授权书), on the day of asking.

Those who live in the household agree to be checked when it applies (社会救助法 art. 40); those
outside who owe it support are asked about only with their own consent (art. 41, rule HH-09).
Who lives in the household agreed to be checked together with those who lived there then: when
somebody joins, all sign anew (rule LIF-06). When the register of authorizations did not answer,
nobody has been shown to consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple, assert_never, cast

import msgspec

from vocabulary.codes import Code, Department, MemberKind
from vocabulary.evidence import Found, NoRecord, NotAsked, Outcome, SourceFailed
from vocabulary.household import Household
from vocabulary.records.civil_affairs import Authorization, Membership


class Lack(Code):
    """Why a person may not be asked about; the order is from the nearest to consent to the farthest."""

    WITHDRAWN = "WITHDRAWN", "授权已撤回"
    EXPIRED = "EXPIRED", "授权已到期"
    MEMBERS_CHANGED = "MEMBERS_CHANGED", "签署后家庭成员有变动（LIF-06）"
    NOT_YET_VALID = "NOT_YET_VALID", "授权尚未生效"
    MISSING = "MISSING", "没有授权书"
    UNKNOWN = "UNKNOWN", "授权情况未能查明"
    NOT_LISTED = "NOT_LISTED", "不是家庭成员也不是义务人"
    OUT_OF_SCOPE = "OUT_OF_SCOPE", "授权书没有列明该部门"


class Allowed(msgspec.Struct, frozen=True):
    """The person may be asked about, by the authorization of this record id.

    `departments`   who may be asked by it; None where it names none, and all may
    """

    record_id: str
    departments: frozenset[Department] | None = None


class Withheld(msgspec.Struct, frozen=True):
    """The person may not be asked about. `clause` goes into `NotAsked` as it is; it names no one."""

    lack: Lack
    clause: str


Consent = Allowed | Withheld


class Consents(msgspec.Struct, frozen=True):
    """Everyone listed with the household, and whether they may be asked about.

    `scoped`   whether somebody's authorization names the departments that may be asked
    """

    of_person: Mapping[str, Consent]
    scoped: bool = False

    def of(self, person: str, department: Department | None = None) -> Consent:
        """One person's consent, to asking a department where one is named; who is not listed is withheld."""
        consent = self.of_person.get(person) or _withheld(Lack.NOT_LISTED, _COHABITING)
        if isinstance(consent, Allowed) and consent.departments is not None and department is not None:
            return consent if department in consent.departments else _withheld(Lack.OUT_OF_SCOPE, _COHABITING)
        return consent

    @property
    def allowed(self) -> frozenset[str]:
        """Those who may be asked about."""
        return frozenset(who for who, consent in self.of_person.items() if isinstance(consent, Allowed))

    @property
    def everyone(self) -> bool:
        """Tell whether every person listed has consented."""
        return Withheld not in map(type, self.of_person.values())


def consents(
    household: Household,
    authorizations: Mapping[str, Outcome],
    *,
    asked_on: date,
    listed: Sequence[Membership] = (),
    scopes: Mapping[str, frozenset[Department]] = MappingProxyType({}),
) -> Consents:
    """Whether each person of the household may be asked about, on the household's day and on that of asking.

    `asked_on`         today: a caller may ask about any earlier day, and must not thereby choose one
                       on which an authorization that has ended was still good, or a member not there
    `authorizations`   what civil affairs answered about each person's `Authorization`; a person
                       that is absent was not asked about, and is withheld as unknown
    `listed`           rows of the household of all days, so that who joined since is known
    `scopes`           by record id, who may be asked by an authorization that names departments
    """
    joined = _joined_on(listed or household.members, by=max(asked_on, household.on))
    inside = _Terms(_COHABITING, household.on, asked_on, joined, scopes)
    outside = _Terms(_OBLIGOR, household.on, asked_on, date.min, scopes)
    decided: dict[str, Consent] = {}
    for row in household.members:
        person = row.person
        found = _consent(authorizations.get(person), inside if row.kind is MemberKind.COHABIT else outside)
        if not isinstance(decided.get(person), Allowed):
            decided[person] = found
    return Consents(decided, bool(scopes) and any(map(_is_scoped, decided.values())))


def consents_of(
    households: Iterable[Household],
    authorizations: Mapping[str, Outcome],
    *,
    on: date,
    asked_on: date,
    listed: Mapping[str, Sequence[Membership]],
    scopes: Mapping[str, frozenset[Department]],
) -> dict[str, Consents]:
    """What `consents` says of each of these households, by number; `on` is the day of all of them.

    Where everybody has one authorization that holds, as nearly everybody has, that is seen at once.
    """
    signed = {} if scopes else _plainly_signed(authorizations, since=on, asked_on=asked_on)
    latest = max(asked_on, on)
    found: dict[str, Consents] = {}
    for household in households:
        rows = listed.get(household.number, household.members)
        joined = _joined_on(rows, by=latest)
        agreed: dict[str, Consent] = {
            row.person: Allowed(one.record_id)
            for row in household.members
            if (one := signed.get(row.person)) is not None and one.valid_from >= joined
        }
        found[household.number] = (
            Consents(agreed)
            if len(agreed) == len(household.members)  # else somebody has not, or is listed twice
            else consents(household, authorizations, asked_on=asked_on, listed=rows, scopes=scopes)
        )
    return found


def _plainly_signed(
    authorizations: Mapping[str, Outcome], *, since: date, asked_on: date
) -> dict[str, Authorization]:
    """By person, the authorizations of those who have exactly one, when it holds; as `holds` says it."""
    return {
        person: one
        for person, outcome in authorizations.items()
        if isinstance(outcome, Found) and len(outcome.records) == 1
        for one in cast("tuple[Authorization, ...]", outcome.records)
        if one.withdrawn_on is None
        and one.valid_from <= since
        and (one.valid_until is None or one.valid_until >= asked_on)
    }


def _is_scoped(consent: Consent) -> bool:
    return isinstance(consent, Allowed) and consent.departments is not None


def holds(authorization: Authorization, *, since: date, asked_on: date) -> Lack | None:
    """None when the authorization holds from one day to the day of asking, else what is wrong with it.

    The first day and the last day are included; on the day of withdrawal it holds no more.
    """
    if authorization.withdrawn_on is not None and authorization.withdrawn_on <= asked_on:
        return Lack.WITHDRAWN
    if authorization.valid_until is not None and authorization.valid_until < asked_on:
        return Lack.EXPIRED
    if since < authorization.valid_from:
        return Lack.NOT_YET_VALID
    return None


_COHABITING = "社会救助法 第四十条"
_OBLIGOR = "社会救助法 第四十一条（HH-09）"


class _Terms(NamedTuple):
    """What an authorization is held against. `joined`: the day on which the newest of the household joined it."""

    basis: str
    since: date
    asked_on: date
    joined: date
    scopes: Mapping[str, frozenset[Department]]


def _joined_on(rows: Iterable[Membership], *, by: date) -> date:
    """The day on which the newest of those who live there, or will have lived there, joined."""
    days = [row.joined_on for row in rows if row.kind is MemberKind.COHABIT]
    newest = max(days, default=date.min)
    # Hardly anybody is known to join later.
    return newest if newest <= by else max((day for day in days if day <= by), default=date.min)


def _consent(outcome: Outcome | None, terms: _Terms) -> Consent:
    if isinstance(outcome, Found):
        # Connectors give `partial` records, which have the columns of the type and not the type.
        return _best(cast("tuple[Authorization, ...]", outcome.records), terms)
    match outcome:
        case NoRecord():
            return _withheld(Lack.MISSING, terms.basis)
        case None | NotAsked() | SourceFailed():
            return _withheld(Lack.UNKNOWN, terms.basis)
        case _:
            assert_never(outcome)


def _best(signed: Sequence[Authorization], terms: _Terms) -> Consent:
    """One that holds is enough, or several for their departments; when none does, the one nearest to it is named."""
    basis, since, asked_on, joined, scopes = terms
    lacks: list[Lack] = []
    scoped: list[str] = []
    for authorization in signed:
        lack = holds(authorization, since=since, asked_on=asked_on)
        if lack is None and authorization.valid_from < joined:
            lack = Lack.MEMBERS_CHANGED
        if lack is not None:
            lacks.append(lack)
        elif authorization.record_id not in scopes:
            return Allowed(authorization.record_id)
        else:
            scoped.append(authorization.record_id)
    if scoped:
        return Allowed(scoped[0], frozenset().union(*(scopes[one] for one in scoped)))
    return _withheld(min(lacks, key=list(Lack).index, default=Lack.MISSING), basis)


def _withheld(lack: Lack, basis: str) -> Withheld:
    return Withheld(lack, f"{basis}：{lack.term}")
