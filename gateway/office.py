"""With what does an inquiry work, and what comes in and goes out? The words of the spine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
from graphql import GraphQLSchema

from casework.authorized import Authorized
from casework.cedar import AgreementSet
from connectors.ask import Connector
from connectors.served import ServedBook
from gateway.acts import Act, Watching
from gateway.answer import Coordinates, Told
from gateway.caller import Trusts
from gateway.decision_record import Decided
from gateway.document import Limits
from gateway.pace import Pacing
from gateway.trace import Trace
from gateway.trusted import Documents
from gateway.wanted import Columns
from verification.verdict import Verdict
from vocabulary.codes import Department
from vocabulary.evidence import Evidence


class Asked(msgspec.Struct, frozen=True):
    """A question as it came in. Nothing of it is believed yet."""

    text: str | None
    identifier: str | None
    """Of a trusted document, where its text need not be sent."""
    operation_name: str | None
    variables: Mapping[str, Any] | None
    authorization: str | None
    purpose: str | None
    case: str | None
    request: str
    """Our own number for the request: it ties lines of the server log to entries of the audit log."""
    reads_only: bool = False
    """It came in a way in which nothing may be changed."""
    follows: bool = False
    """Whoever asks takes answer after answer."""


class Answered(msgspec.Struct, frozen=True):
    """An answer with its receipt: the proof (tlog-proof) that the log holds the outcome entry."""

    told: Told
    data: bytes
    """What was told, as it leaves."""
    receipt: str | None
    """None of an answer that others follow: the last one has the receipt."""
    decided: Decided | None = None
    """Where the verdict can be found again, when there is one."""
    hedged: Mapping[str, int] = {}
    """How often a slow department was asked a second time, by its name."""


@dataclass(frozen=True, slots=True)
class Judge:
    """How records are cross-checked: under one policy pack and one set of rules.

    `reads`     the columns that the rules need, by record type
    `requires`  returns when the policy pack is in force on a day; raises `NotInForce`
    `verdict`   what they say of one household on one day; pure
    """

    reads: Columns
    requires: Callable[[date], None]
    verdict: Callable[[Evidence, str, date], Verdict]


@dataclass(frozen=True, slots=True)
class Office:
    """All that an inquiry is handed: nothing is global, nothing is looked up by the way."""

    trust: Trusts
    agreements: AgreementSet
    connectors: Mapping[Department, Connector]
    trace: Trace
    judge: Judge
    schema: GraphQLSchema
    shows: Coordinates
    limits: Limits
    register_timeout_s: float
    inquiry_timeout_s: float
    clock: Callable[[], datetime]
    today: Callable[[], date]
    documents: Documents
    pacing: Pacing
    authorized: Authorized | None = None
    """Our own register of authorizations, beside civil affairs'."""
    served: ServedBook | None = None
    """Where departments' answers are counted, under the index of the intent."""
    acts: Mapping[str, Act] = field(default_factory=dict)
    """What a mutation can do, by the name of its field."""
    hedge_after_s: float = 0.0
    """After so long a slow department is asked a second time; 0 for never."""
    federated: GraphQLSchema | None = None
    """The schema as a subgraph of others, where it is one (`gateway.subgraph`)."""
    watching: Mapping[str, Watching] = field(default_factory=dict)
    """What a subscription can follow, by the name of its field."""
