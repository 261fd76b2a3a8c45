"""What can be done through the gateway, and not only asked? Acts, one after the other, each with an entry of its own.

A mutation passes the same way as a question: caller, purpose, agreement, intent, outcome. What it
does is done between the two, in the order in which it is written; an act that is not done is an
error with a path and leaves the others as they are.

    Exception
    └── NotDone     what stands in the way, in a sentence; nothing was changed
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLSchema, OperationType
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values

from audit.errors import AuditError, EntryRefused, SampleImpossible, WrongSample
from connectors.ask import Ask
from gateway import sampling
from gateway.caller import Caller
from gateway.disputed import Sight, Unfounded, founded, names_record
from gateway.document import Document
from gateway.errors import NotLogged
from gateway.fetch import AskAll, together
from gateway.log_desk import LogDesk
from gateway.whereabouts import misplaced, names_place
from vocabulary.evidence import Evidence

Act: TypeAlias = Callable[[Caller, Mapping[str, Any]], Awaitable[object]]
"""Does one thing for a caller; gives what the schema's type of that act reads. Raises `NotDone`, `NotLogged`."""


Watching: TypeAlias = Callable[[Caller, Mapping[str, Any]], AsyncIterator[Any]]
"""Follows one thing for a caller; gives how far it is, `is_over` of the last. Raises `NotDone` and `NotLogged`."""


class NotDone(Exception):
    """An act was not done."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One act that a mutation asks for, or what a subscription follows. `key` is its place in the answer."""

    key: str
    name: str
    arguments: Mapping[str, Any]


def deeds_of(document: Document, schema: GraphQLSchema) -> tuple[Deed, ...]:
    """What an operation is to do, in the order in which it is written; nothing of a query."""
    operation = document.operation
    if operation.operation is OperationType.QUERY:
        return ()
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation has refused an operation that the schema does not have"
    variables = dict(document.variables)
    fields = collect_fields(schema, dict(document.fragments), variables, root, operation.selection_set)
    return tuple(
        Deed(
            key,
            nodes[0].name.value,
            get_argument_values(root.fields[nodes[0].name.value], nodes[0], variables),
        )
        for key, nodes in fields.items()
        if nodes[0].name.value in root.fields
    )


@dataclass(frozen=True, slots=True)
class SampleCommitted:
    """抽样承诺: what will be drawn from, and the entry that says so.

    `strata`   outcomes by verified category
    `frame`    the list that is drawn from, as canonical JSON; whoever draws needs it
    """

    entry: int
    population: int
    strata: tuple[tuple[str, int], ...]
    frame: str


@dataclass(frozen=True, slots=True)
class SampleRevealed:
    """抽样揭示: the entry that holds the secret."""

    entry: int


def acts_on(desk: LogDesk) -> Mapping[str, Act]:
    """Every act by the name of its field."""
    return {
        "commitSample": lambda caller, given: _commit(_by(desk, caller), given),
        "revealSample": lambda caller, given: _reveal(_by(desk, caller), given),
    }


async def done(
    deeds: Iterable[Deed],
    acts: Mapping[str, Act],
    caller: Caller,
    *,
    sight: Sight,
    on: date,
    ask: AskAll,
) -> tuple[dict[str, object], Evidence]:
    """What came of each deed, by its place in the answer, and what was asked in order to do it.

    `sight`   what the caller may see of whom it does it about
    `on`      today
    Raises `NotLogged`: what follows is then not begun.
    """
    came: dict[str, object] = {}
    heard: list[Evidence] = []

    async def hearing(asks: list[Ask]) -> Evidence:
        heard.append(await ask(asks))
        return heard[-1]

    for deed in deeds:
        try:
            if deed.name not in acts:
                raise NotDone("expected an act that this gateway does, got one that it is not set up for")
            if names_place(deed.arguments):
                _require(await misplaced(deed.arguments, on=on, ask=hearing))
            given = deed.arguments
            if names_record(given):
                given = await founded(given, sight=sight, on=on, ask=hearing)
            came[deed.key] = await acts[deed.name](caller, given)
        except (NotDone, Unfounded) as error:
            came[deed.key] = GraphQLError(str(error), extensions={"code": "NOT_DONE"})
    return came, together(*heard)


def _require(wrong: str | None) -> None:
    """Return when nothing stands in the way. Raises `NotDone`."""
    if wrong is not None:
        raise NotDone(wrong)


async def _commit(desk: LogDesk, given: Mapping[str, Any]) -> SampleCommitted:
    shares = {share["stratum"]: share["percent"] for share in given.get("shares") or ()}
    try:
        receipt, frame = await sampling.commit(
            desk, promise=given["promise"], count=given["count"], shares=shares
        )
    except (sampling.CannotSample, SampleImpossible, EntryRefused) as error:
        raise NotDone(str(error)) from None
    except AuditError as error:
        raise NotLogged(f"expected the log to take an entry, got {type(error).__name__}") from error
    strata = tuple(sorted(frame.strata.items()))
    return SampleCommitted(receipt.index, len(frame.items), strata, sampling.frame_bytes(frame).decode())


async def _reveal(desk: LogDesk, given: Mapping[str, Any]) -> SampleRevealed:
    try:
        secret = bytes.fromhex(given["secret"])
    except ValueError:
        raise NotDone("expected `secret` in hex digits") from None
    try:
        receipt = await sampling.reveal(desk, commit_index=given["commit"], secret=secret)
    except (sampling.CannotSample, WrongSample, EntryRefused) as error:
        raise NotDone(str(error)) from None
    except AuditError as error:
        raise NotLogged(f"expected the log to take an entry, got {type(error).__name__}") from error
    return SampleRevealed(receipt.index)


def _by(desk: LogDesk, caller: Caller) -> LogDesk:
    return replace(desk, by=f"{caller.issuer} {caller.subject}")
