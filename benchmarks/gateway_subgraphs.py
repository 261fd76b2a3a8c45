"""The same registers as Apollo subgraphs, for the federation gateways: civil affairs owns households and persons.

Every answer is prepared text in the words of the common answer; a subgraph looks only at whom it is
asked about, which is as kind to the gateway before it as can be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from vocabulary.money import Money
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Settlement
from vocabulary.records.social_security import Insurance

_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'
_CIVIL = (
    _LINK
    + """
type Query { household(number: ID!): Household households(numbers: [ID!]!): HouseholdConnection }
type HouseholdConnection { edges: [HouseholdEdge!]! }
type HouseholdEdge { node: Household }
type Household { number: ID! members: [Member!]! }
type Member @key(fields: "idNumber") { idNumber: String! relation: String joinedOn: String }
"""
)

WORDS: dict[type[Record], tuple[str, str, dict[str, Callable[[Any], Any]]]] = {
    Insurance: (
        "social_security",
        "insurance",
        {
            "month": lambda row: str(row.month),
            "base": lambda row: str(Money(row.base_fen)),
            "status": lambda row: row.status.name,
        },
    ),
    Settlement: (
        "health",
        "settlement",
        {
            "dischargedOn": lambda row: row.discharged_on.isoformat(),
            "total": lambda row: str(Money(row.total_fen)),
            "selfPay": lambda row: str(Money(row.self_pay_fen)),
        },
    ),
    Enrolment: (
        "education",
        "enrolment",
        {"stage": lambda row: row.stage.name, "since": lambda row: row.since.isoformat()},
    ),
    Certificate: (
        "disability",
        "certificate",
        {"grade": lambda row: row.grade, "category": lambda row: row.category.name},
    ),
}
"""Where a record type stands, under which field of a person, and what its own fields say."""


class Subgraphs:
    """Answers `_service`, the roots of civil affairs, and `_entities` of the others."""

    def __init__(self, rows: dict[type[Record], list[Any]]) -> None:
        self._households = _households(rows[Membership])
        self._entities: dict[str, dict[str, bytes]] = {}
        self._nothing: dict[str, bytes] = {}
        self._sdl = {"civil_affairs": _CIVIL}
        for record, (department, field, words) in WORDS.items():
            found: dict[str, list[dict[str, Any]]] = {}
            for row in sorted(rows[record], key=lambda one: one.record_id):
                found.setdefault(row.person, []).append({name: read(row) for name, read in words.items()})
            self._entities[department] = {who: _entity(field, records) for who, records in found.items()}
            self._nothing[department] = _entity(field, [])
            self._sdl[department] = _sdl(field, words)

    def answer(self, department: str, question: dict[str, Any]) -> bytes:
        """The answer to one question of a gateway."""
        query, variables = question["query"], question.get("variables") or {}
        if "_service" in query:
            return msgspec.json.encode({"data": {"_service": {"sdl": self._sdl[department]}}})
        if department != "civil_affairs":
            known, nothing = self._entities[department], self._nothing[department]
            asked = (known.get(one["idNumber"], nothing) for one in variables["representations"])
            return b'{"data":{"_entities":[%b]}}' % b",".join(asked)
        if "numbers" in variables:
            nodes = (b'{"node":%b}' % self._households.get(one, b"null") for one in variables["numbers"])
            return b'{"data":{"households":{"edges":[%b]}}}' % b",".join(nodes)
        return b'{"data":{"household":%b}}' % self._households.get(variables["number"], b"null")


def _households(memberships: list[Membership]) -> dict[str, bytes]:
    members: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(memberships, key=lambda one: (one.relation, one.person)):
        said = {
            "idNumber": str(row.person),
            "relation": row.relation.name,
            "joinedOn": row.joined_on.isoformat(),
        }
        members.setdefault(row.household, []).append({"__typename": "Member", **said})
    return {
        number: msgspec.json.encode({"number": number, "members": listed})
        for number, listed in members.items()
    }


def _entity(field: str, records: list[dict[str, Any]]) -> bytes:
    state = "FOUND" if records else "NO_RECORD"
    return msgspec.json.encode({field: {"state": state, "records": records}})


def _sdl(field: str, words: dict[str, Callable[[Any], Any]]) -> str:
    name = field.capitalize()
    fields = " ".join(f"{one}: {'Int' if one == 'grade' else 'String'}" for one in words)
    return (
        f'{_LINK}type Member @key(fields: "idNumber") {{ idNumber: String! {field}: {name}Answer! }}\n'
        f"type {name}Answer {{ state: String! records: [{name}!]! }}\ntype {name} {{ {fields} }}\n"
    )
