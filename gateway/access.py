"""May this caller see this field of this household, and in what form?

Purpose and case number first (政务数据共享条例 art. 20), then each field by the sharing agreements
(`casework.cedar`), for the region and the consents of the household. Everything here is pure:
it is decided before anything is fetched.

    Exception
    └── Refused      who (department and post), what, which clause; logged like an answer
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote

from casework.agreement import Access, Purpose
from casework.cedar import ONWARD_BASIS, AgreementSet, Decision, Standing
from casework.resource import resources
from gateway.caller import Caller
from verification.conduct import refusing
from vocabulary.idnumber import passes_check
from vocabulary.masked import Masked
from vocabulary.masked import masked as part_shown
from vocabulary.record import columns_of


class Refused(Exception):
    """The caller is known, but may not have this: ask within an agreement, with purpose and case.

    `rule`   number of the catalogue's rule that refuses it (AUT-01 to AUT-03), empty where it is a limit of ours
    """

    def __init__(self, *, who: str, what: str, clause: str, rule: str = "") -> None:
        super().__init__(f"refused: {who} may not have {what}: {clause}")
        self.who, self.what, self.clause, self.rule = who, what, clause, rule


@dataclass(frozen=True, slots=True)
class Errand:
    """Why a caller asks: one purpose of the agreements, one case of its own office."""

    purpose: Purpose
    case: str


def read_errand(caller: Caller, *, purpose: str | None, case: str | None) -> Errand:
    """The errand from the headers `X-Hedui-Purpose` and `X-Hedui-Case`. Raises `Refused`.

    A purpose is written as its code (`DIBAO_RECOGNITION`) or its term (`低保资格认定`); Chinese text
    comes percent-encoded, or as plain UTF-8, which HTTP hands on as Latin-1.
    """
    return _well_said(purpose, case) or Errand(_purpose(caller, purpose), _case(caller, case))


def require_many(caller: Caller, errand: Errand) -> None:
    """Return when the errand is about many households: to the other purposes a case is one household's.

    Raises `Refused`.
    """
    if errand.purpose not in _OF_MANY:
        what = f"several households in one question for `{errand.purpose.term}`"
        rule = _rule(inside_grant=False)
        raise Refused(who=caller.office, what=what, clause=_ERRAND_CLAUSE, rule=rule)


def needs_consent(agreements: AgreementSet, field: str, standing: Standing) -> bool:
    """Tell whether the field is shown only because the person asked about has authorized it.

    A whole household is planned as if everybody had; who has not is then not asked about these fields.
    """
    without = replace(standing, consent=False)
    return agreements.decide(field, without).outcome is Access.DENIED


def refusal(caller: Caller, field: str, decision: Decision) -> Refused:
    """The refusal that a denied decision amounts to."""
    return Refused(
        who=caller.office,
        what=f"`{field}`",
        clause=f"{decision.clause} {decision.basis}",
        rule=rule_against(decision),
    )


def rule_against(decision: Decision) -> str:
    """Number of the rule that a denied decision is an instance of: no agreement, outside it, or a third party."""
    onward = decision.basis == ONWARD_BASIS
    unmet = decision.clause.split("/")[1:2]
    return _rule(
        grant_in_force=not {*unmet} & {"岗位", "目的", "有效期"},
        inside_grant=onward,
        to_third_party=onward,
        provider_agrees=not onward,
    )


def masked(field: str, value: str) -> Masked:
    """A value with only the part that 脱敏 shows, see `vocabulary.masked`.

    Raises `KeyError` for a field that cannot be masked; no agreement grants one masked.

    >>> masked("人员基本信息.姓名", "欧阳示例")
    '欧***'
    """
    resource = resources()[field]
    if not resource.maskable or resource.record is None or resource.column is None:
        raise KeyError(f"{field} cannot be masked by itself")
    return part_shown(columns_of(resource.record)[resource.column], value)


def _rule(**facts: bool) -> str:
    in_order = {"purpose_given": True, "case_given": True, "grant_in_force": True, "inside_grant": True}
    found = refusing({**in_order, **facts})
    return found.number if found is not None else ""


_CASE = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff〔〕()（）_/-]{2,39}")

_OF_MANY = frozenset({Purpose.PERIODIC_REVIEW, Purpose.EVALUATION, Purpose.AUDIT})

_ERRAND_CLAUSE = "政务数据共享条例 第二十条：使用依据、使用场景应当明确"


@lru_cache(maxsize=4_096)
def _is_case(said: str) -> bool:
    """Tell whether it has the form of a case number, and holds no id number."""
    return _CASE.fullmatch(said) is not None and not _holds_an_id(said)


@lru_cache(maxsize=4_096)
def _well_said(purpose: str | None, case: str | None) -> Errand | None:
    """The errand of two headers as they came, if nothing is wrong with them: somebody asks many times in a case."""
    named, said = _PURPOSES.get(_said(purpose)), _said(case)
    return Errand(named, said) if named is not None and said and _is_case(said) else None


_PURPOSES = {said: purpose for purpose in Purpose for said in (purpose.value, purpose.term)}


def _purpose(caller: Caller, text: str | None) -> Purpose:
    said = _said(text)
    if (purpose := _PURPOSES.get(said)) is not None:
        return purpose
    what = "anything without a purpose" if not said else "anything for a purpose that no agreement names"
    raise Refused(who=caller.office, what=what, clause=_ERRAND_CLAUSE, rule=_rule(purpose_given=False))


def _case(caller: Caller, text: str | None) -> str:
    said = _said(text)
    if not said:
        what, rule = "anything without a case number", _rule(case_given=False)
        raise Refused(who=caller.office, what=what, clause=_ERRAND_CLAUSE, rule=rule)
    # A case number that holds an id number would carry it into headers, logs and letters.
    if not _is_case(said):
        what, rule = "anything under a case number of this form", _rule(case_given=False)
        raise Refused(who=caller.office, what=what, clause=_ERRAND_CLAUSE, rule=rule)
    return said


def _said(header: str | None) -> str:
    text = unquote(header or "").strip()
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _holds_an_id(said: str) -> bool:
    """Tell whether an id number stands in a text, hyphens and all, in 18 characters or in 15 digits."""
    bare = re.sub(r"[^0-9A-Za-z]", "", said)
    if re.search(r"\d{15}", said):
        return True
    windows = (bare[start : start + 18] for start in range(len(bare) - 17))
    return any(passes_check(window.upper()) for window in windows)
