"""What do the sharing agreements say to this caller about this field?

The agreements are compiled to Cedar: a field belongs to one group an agreement and mode, and
each such group is one policy, so the number of policies grows with the agreements and not
with the fields. Cedar decides; this module asks it and names the clause. Nothing found means
denied, and the clause then says which condition was not met.

    ValueError
    └── DoesNotCompile     the set is not valid against the Cedar schema
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import cedarpy

from casework.agreement import Access, Agreement, Area, Condition, Purpose, Recipient, hash_of
from casework.resource import resources

CACHED_DECISIONS = 65_536
"""The real working set (posts × purposes × fields of a day) is a few thousand."""

SCHEMA = """
entity Department;
entity Post in [Department];
entity Group;
entity Field in [Group];
action readClear, readMasked, verifyOnly appliesTo {
  principal: [Post], resource: [Field],
  context: { purpose: String, inOwnRegion: Bool, consent: Bool, day: Long }
};
"""


class DoesNotCompile(ValueError):
    """The agreements do not compile to policies that are valid against the schema."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a decision rests on, besides the field.

    `in_own_region`   the household lives in the subtree of the caller's region
    `consent`         the person asked about has signed an authorization that holds on `day`
    """

    department: Recipient
    post: str
    purpose: Purpose
    in_own_region: bool
    consent: bool
    day: date


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be shown, the clause that decided it, and the clause's legal basis."""

    outcome: Access
    clause: str
    basis: str


class AgreementSet:
    """The agreements in force, ready to decide.

    Immutable and safe to share between threads; decisions are cached.
    """

    def __init__(self, agreements: Iterable[Agreement]) -> None:
        """Compile. Raises `DoesNotCompile`."""
        self.agreements: tuple[Agreement, ...] = tuple(sorted(agreements, key=lambda each: each.number))
        self.hash: str = hash_of(self.agreements)
        self.source: str = compile_policies(self.agreements)
        self._by_number = {agreement.number: agreement for agreement in self.agreements}
        self._policies = _checked(self.source)
        self._entities = cedarpy.Entities.from_json_str(json.dumps(_entities(self.agreements)), SCHEMA)
        self._decide = lru_cache(maxsize=CACHED_DECISIONS)(self._ask_cedar)

    def decide(self, field: str, standing: Standing) -> Decision:
        """The most generous mode that some agreement grants and none forbids. Never raises for any field.

        A field without a resource of that name is denied like one without an agreement.
        """
        return self._decide(field, standing)

    def _ask_cedar(self, field: str, standing: Standing) -> Decision:
        for action, granted in _ACTIONS.items():
            answer = cedarpy.is_authorized(_request(field, standing, action), self._policies, self._entities)
            named = sorted(answer.diagnostics.id_annotations_by_reason.values())
            if answer.allowed:
                # The clause that grants exactly this mode is the one to cite, where there is one.
                exact = [each for each in named if each.endswith(f"/{granted.term}")]
                return self._cited(granted, (exact or named)[0], field)
            if named:
                return self._cited(Access.DENIED, named[0], field)
        return why_not(self.agreements, field, standing)

    def _cited(self, outcome: Access, policy: str, field: str) -> Decision:
        number, mode = policy.split("/")
        agreement = self._by_number[number]
        return Decision(outcome, agreement.clause(mode, field), agreement.basis)


def compile_policies(agreements: Sequence[Agreement]) -> str:
    """The set as Cedar text: one policy for each mode of each agreement that names a field in it."""
    return "\n".join(
        _policy(agreement, mode)
        for agreement in agreements
        for mode in Access
        if any(access is mode for _, access in agreement.fields)
    )


def why_not(agreements: Iterable[Agreement], field: str, standing: Standing) -> Decision:
    """The denial of a field that nothing grants, citing what came nearest: the last condition unmet.

    This explains and does not decide: it is asked only after Cedar has found no permit.
    """
    nearest = (
        -1,
        f"政务数据共享条例/第二十条/{field}",
        "政务数据共享条例 第二十条：未列入任何共享协议的字段不共享",
    )
    if standing.department is Recipient.EVALUATOR:
        nearest = (-1, f"政务数据共享条例/第二十五条/{field}", ONWARD_BASIS)
    for agreement in agreements:
        granted = dict(agreement.fields).get(field, Access.DENIED)
        if agreement.recipient is standing.department and granted is not Access.DENIED:
            rank, key, basis = _first_unmet(agreement, standing)
            if rank > nearest[0]:
                nearest = (rank, agreement.clause(key), basis)
    return Decision(Access.DENIED, nearest[1], nearest[2])


ONWARD_BASIS = "政务数据共享条例 第二十五条、第四十条：未经提供部门同意不得提供给第三方"

_ACTIONS = {"readClear": Access.CLEAR, "readMasked": Access.MASKED, "verifyOnly": Access.VERIFY_ONLY}


def _first_unmet(agreement: Agreement, standing: Standing) -> tuple[int, str, str]:
    """How far the standing got through the agreement's conditions, and where it stopped."""
    steps = (
        ("岗位", standing.post in agreement.posts, "政务数据共享条例 第二十条：岗位不在协议使用范围内"),
        (
            "目的",
            standing.purpose in agreement.purposes,
            "政务数据共享条例 第二十五条：不得超出协议约定的目的",
        ),
        (
            "有效期",
            agreement.since <= standing.day <= agreement.until,
            "政务数据共享条例 第二十条：不在协议使用时限内",
        ),
        (
            "地域",
            agreement.area is Area.ANYWHERE or standing.in_own_region,
            "政务数据共享条例 第二十条：家庭不在本辖区",
        ),
        ("条件", False, "社会救助法 第四十条、第四十一条：未取得当事人书面授权"),
    )
    rank, (key, _, basis) = next((rank, step) for rank, step in enumerate(steps) if not step[1])
    return rank, key, basis


def _policy(agreement: Agreement, mode: Access) -> str:
    group = f"{agreement.number}/{mode.term}"
    head = f"@id({_quoted(group)})\n@basis({_quoted(agreement.basis)})\n"
    posts = ", ".join(_post(agreement.recipient, post) for post in agreement.posts)
    always = (
        f"[{posts}].contains(principal)",
        f"context.day >= {_day(agreement.since)} && context.day <= {_day(agreement.until)}",
    )
    resource = f"resource in Group::{_quoted(group)}"
    if mode is Access.DENIED:
        # A ban does not ask for purpose, region or consent: gaining one of them must never lose a field.
        return f"{head}forbid (principal, action, {resource})\nwhen {{ {' && '.join(always)} }};"
    actions = ", ".join(f'Action::"{name}"' for name in _implied(mode))
    when = " && ".join((*always, *_conditions(agreement)))
    return f"{head}permit (principal, action in [{actions}], {resource})\nwhen {{ {when} }};"


def _implied(mode: Access) -> list[str]:
    """Clear implies masked, masked implies verify-only."""
    names = list(_ACTIONS)
    return names[list(_ACTIONS.values()).index(mode) :]


def _conditions(agreement: Agreement) -> Iterable[str]:
    purposes = ", ".join(_quoted(purpose.term) for purpose in agreement.purposes)
    yield f"[{purposes}].contains(context.purpose)"
    if agreement.area is Area.OWN_REGION:
        yield "context.inOwnRegion"
    if Condition.CONSENT in agreement.conditions:
        yield "context.consent"


def _checked(source: str) -> cedarpy.PolicySet:
    result = cedarpy.validate_policies(source, SCHEMA)
    if not result.validation_passed:
        raise DoesNotCompile(
            f"expected valid policies, got: {'; '.join(str(each) for each in result.errors[:3])}"
        )
    return cedarpy.PolicySet.from_str(source)


def _entities(agreements: Sequence[Agreement]) -> list[dict[str, object]]:
    groups: dict[str, list[str]] = {name: [] for name in resources()}
    posts: dict[tuple[Recipient, str], None] = {}
    for agreement in agreements:
        for name, access in agreement.fields:
            groups[name].append(f"{agreement.number}/{access.term}")
        posts.update({(agreement.recipient, post): None for post in agreement.posts})
    used = sorted({group for names in groups.values() for group in names})
    return [
        *(_entity("Department", each.term) for each in Recipient),
        *(_entity("Post", f"{who.term}/{post}", ("Department", who.term)) for who, post in posts),
        *(_entity("Group", group) for group in used),
        *(_entity("Field", name, *(("Group", group) for group in names)) for name, names in groups.items()),
    ]


def _entity(kind: str, name: str, *parents: tuple[str, str]) -> dict[str, object]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {},
        "parents": [{"type": each, "id": parent} for each, parent in parents],
    }


def _request(field: str, standing: Standing, action: str) -> dict[str, object]:
    return {
        "principal": {"type": "Post", "id": f"{standing.department.term}/{standing.post}"},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Field", "id": field},
        "context": {
            "purpose": standing.purpose.term,
            "inOwnRegion": standing.in_own_region,
            "consent": standing.consent,
            "day": _day(standing.day),
        },
    }


def _post(recipient: Recipient, post: str) -> str:
    return f"Post::{_quoted(f'{recipient.term}/{post}')}"


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
