"""Whom may we ask about? Each person's own written authorization (核对授权书), on the day of asking.

Those who live in the household agree to be checked when it applies (社会救助法 art. 40); those
outside who owe it support are asked about only with their own consent (art. 41, rule HH-09).
When the register of authorizations did not answer, nobody has been shown to consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never, cast

from vocabulary.codes import Code, MemberKind
from vocabulary.evidence import Found, NoRecord, NotAsked, Outcome, SourceFailed
from vocabulary.household import Household
from vocabulary.records.civil_affairs import Authorization


class Lack(Code):
    """Why a person may not be asked about; the order is from the nearest to consent to the farthest."""

    WITHDRAWN = "WITHDRAWN", "授权已撤回"
    EXPIRED = "EXPIRED", "授权已到期"
    NOT_YET_VALID = "NOT_YET_VALID", "授权尚未生效"
    MISSING = "MISSING", "没有授权书"
    UNKNOWN = "UNKNOWN", "授权情况未能查明"
    NOT_LISTED = "NOT_LISTED", "不是家庭成员也不是义务人"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The person may be asked about, by the authorization of this record id."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """The person may not be asked about. `clause` goes into `NotAsked` as it is; it names no one."""

    lack: Lack
    clause: str


Consent = Allowed | Withheld


@dataclass(frozen=True, slots=True)
class Consents:
    """Everyone listed with the household, and whether they may be asked about."""

    of_person: Mapping[str, Consent]

    def of(self, person: str) -> Consent:
        """One person's consent; who is not listed is withheld."""
        return self.of_person.get(person, Withheld(Lack.NOT_LISTED, f"{_COHABITING}：{Lack.NOT_LISTED.term}"))

    @property
    def allowed(self) -> frozenset[str]:
        """Those who may be asked about."""
        return frozenset(who for who, consent in self.of_person.items() if isinstance(consent, Allowed))

    @property
    def everyone(self) -> bool:
        """Tell whether every person listed has consented."""
        return all(isinstance(consent, Allowed) for consent in self.of_person.values())


def consents(household: Household, authorizations: Mapping[str, Outcome], *, asked_on: date) -> Consents:
    """Whether each person of the household may be asked about, on the household's day and on that of asking.

    `asked_on`         today: a caller may ask about any earlier day, and must not thereby choose one
                       on which an authorization that has ended was still good
    `authorizations`   what civil affairs answered about each person's `Authorization`; a person
                       that is absent was not asked about, and is withheld as unknown
    """
    decided: dict[str, Consent] = {}
    for row in household.members:
        basis = _COHABITING if row.kind is MemberKind.COHABIT else _OBLIGOR
        found = _consent(authorizations.get(row.person), basis, since=household.on, asked_on=asked_on)
        if not isinstance(decided.get(row.person), Allowed):
            decided[row.person] = found
    return Consents(decided)


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


def _consent(outcome: Outcome | None, basis: str, *, since: date, asked_on: date) -> Consent:
    match outcome:
        case Found(records):
            # Connectors give `partial` records, which have the columns of the type and not the type.
            return _best(cast("tuple[Authorization, ...]", records), basis, since=since, asked_on=asked_on)
        case NoRecord():
            return _withheld(Lack.MISSING, basis)
        case None | NotAsked() | SourceFailed():
            return _withheld(Lack.UNKNOWN, basis)
        case _:
            assert_never(outcome)


def _best(signed: Sequence[Authorization], basis: str, *, since: date, asked_on: date) -> Consent:
    """One that holds is enough; when none does, the one nearest to it is named."""
    lacks: list[Lack] = []
    for authorization in signed:
        lack = holds(authorization, since=since, asked_on=asked_on)
        if lack is None:
            return Allowed(authorization.record_id)
        lacks.append(lack)
    return _withheld(min(lacks, key=list(Lack).index, default=Lack.MISSING), basis)


def _withheld(lack: Lack, basis: str) -> Withheld:
    return Withheld(lack, f"{basis}：{lack.term}")
