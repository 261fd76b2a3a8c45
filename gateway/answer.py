"""What may leave, field by field? The operation is executed over what was fetched, and every field passes one guard.

The guard asks the plan's decision about the resource that the field shows: clear, masked,
verify-only or denied. A field that nobody declared shows nothing. Execution does no I/O:
everything was fetched before, so a resolver cannot ask a department behind the plan's back.

The operation is compiled with its decisions, once: `_guarding` is the guard as it is written into
it. What is not compiled is executed by graphql-core under `guard`, with the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeAlias

import msgspec
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
    default_type_resolver,
    execute,
)
from graphql.execution.execute import CollectedErrors, assume_not_awaitable

from casework.agreement import Access
from casework.cedar import Decision
from casework.resource import STATE_TERM, resources
from gateway.access import masked
from gateway.executor.kept import Kept
from gateway.executor.places import FieldReader, NotCompiled, Obtained, Step
from gateway.executor.program import COMPILED, Program, Programs
from gateway.executor.run import Run
from gateway.masking import without_persons
from gateway.plan import Plan
from gateway.schema.scalars import written_often
from gateway.schema.told import OPEN, Shows
from gateway.view import Shown, Sourced

Coordinates: TypeAlias = Mapping[tuple[str, str], Shows]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, before it has a receipt. `errors` have paths.

    `written`   its `data` in the bytes in which it leaves: JSON without blanks, in the order of the question;
                null when nothing could be told
    """

    written: bytes
    errors: tuple[dict[str, Any], ...]
    access: tuple[dict[str, Any], ...]
    sources: Mapping[str, Any]

    @property
    def data(self) -> dict[str, Any] | None:
        """What was told, read again from what leaves."""
        read: dict[str, Any] | None = msgspec.json.decode(self.written)
        return read


def as_it_leaves(data: Any) -> bytes:
    """An answer's `data` as it is sent, digested and logged: JSON without blanks, in the order of the question.

    >>> as_it_leaves({"b": "核", "a": 1}).decode()
    '{"b":"核","a":1}'
    """
    return _encode(data)


_encode = msgspec.json.Encoder().encode


def tell(plan: Plan, shown: Shown, *, schema: GraphQLSchema, shows: Coordinates) -> Told:
    """Execute the question over what was fetched."""
    programs, decisions = _programs(schema), plan.decisions
    context = _context(plan, shown, schema, programs)
    known = _KNOWN.of(
        plan.question.outline,  # one for each operation and each choice of its fields
        decisions,
        schema,
        shows,
        make=lambda: _compiled(plan, context, programs, shows),
    )
    programs.counts[known.why] += 1
    if known.program is None:
        result = by_graphql_core(plan, shown, schema=schema, shows=shows)
    else:
        result = _run(known.program, context, shown)
    errors = tuple(map(formatted, result.errors)) if result.errors else ()
    return Told(as_it_leaves(result.data), errors, known.access, dict(shown.sources))


class _Compiled(NamedTuple):
    """A question with its decisions, ready to be told; without a program graphql-core tells it, and `why` says why."""

    program: Program | None
    why: str
    access: tuple[dict[str, Any], ...]


_KNOWN: Kept[_Compiled] = Kept(256)


def _compiled(plan: Plan, context: Run, programs: Programs, shows: Coordinates) -> _Compiled:
    access = tuple(_explained(plan))
    try:
        program = programs.of(context, by=plan.decisions, read=_guarding(plan.decisions, shows))
    except NotCompiled as error:
        return _Compiled(None, error.why, access)
    return _Compiled(program, COMPILED, access)


def executed(schema: GraphQLSchema) -> Mapping[str, int]:
    """How many operations ran compiled, and why the others did not."""
    return _programs(schema).counts


def by_graphql_core(
    plan: Plan, shown: Shown, *, schema: GraphQLSchema, shows: Coordinates
) -> ExecutionResult:
    """The same by graphql-core: the reference."""
    document = plan.question.document
    result = execute(
        schema,
        document.tree,
        root_value=shown,
        context_value=Telling(plan.decisions, shows),
        variable_values=dict(document.given),
        operation_name=document.operation.name.value if document.operation.name else None,
        middleware=[guard],
        is_awaitable=assume_not_awaitable,
        hide_suggestions=True,
    )
    assert isinstance(result, ExecutionResult), "nothing here is awaited"
    return result


@lru_cache(maxsize=4)
def _programs(_schema: GraphQLSchema) -> Programs:
    return Programs(pure=True, leaves=written_often)


def _context(plan: Plan, shown: Shown, schema: GraphQLSchema, programs: Programs) -> Run:
    document = plan.question.document
    return programs.context(
        schema,
        document.fragments,
        shown,
        None,
        document.operation,
        document.variables,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        CollectedErrors(),
        None,
        assume_not_awaitable,
    )


def _run(program: Program, context: Run, shown: Shown) -> ExecutionResult:
    errors = context.collected_errors
    try:
        data = program.run(context, shown)
    except GraphQLError as error:
        errors.add(error, None)
        data = None
    return context.build_response(data, errors.errors)


def formatted(error: GraphQLError) -> dict[str, Any]:
    """An error as it leaves. What we did not raise ourselves is a fault of ours, and its text stays here."""
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        shown = {"message": "expected an answer, got a fault of ours", "extensions": {"code": "INTERNAL"}}
        return {**shown, "path": error.path} if error.path else shown
    return dict(error.formatted)


@dataclass(slots=True)
class Telling:
    """The state of one execution: what is decided, and which refusals have been told."""

    decisions: Mapping[str, Decision]
    shows: Coordinates
    told: set[tuple[str, ...]] = field(default_factory=set)

    def refuse(self, info: GraphQLResolveInfo, decision: Decision) -> None:
        """Tell a refusal once for each selected field, at the first place where it occurs; later ones are null."""
        selected = tuple(step for step in info.path.as_list() if isinstance(step, str))
        if selected in self.told:
            return
        self.told.add(selected)
        raise _refusal(decision)


def guard(resolve: Callable[..., Any], root: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """Let through what is decided to be shown, in the form that is decided."""
    owner, telling = info.parent_type.name, info.context
    if owner.startswith("__") or info.field_name.startswith("__"):
        return resolve(root, info, **arguments)
    shown = telling.shows.get((owner, info.field_name), Shows(f"{owner}.{info.field_name}"))
    name, compares = shown.resource, shown.compares
    if name == OPEN:
        return resolve(root, info, **arguments)
    decision = telling.decisions[name]
    if decision.outcome is Access.CLEAR or (compares and decision.outcome is not Access.DENIED):
        return resolve(root, info, **arguments)
    if name.endswith(STATE_TERM):
        return _enveloped(resolve(root, info, **arguments), telling, info, decision)
    if decision.outcome is Access.MASKED:
        return _masked(name, resolve(root, info, **arguments))
    return telling.refuse(info, decision)


def _guarding(decisions: Mapping[str, Decision], shows: Coordinates) -> FieldReader:
    """The guard, asked once for each field while its operation is compiled."""

    def read(
        parent: GraphQLObjectType, name: str, definition: GraphQLField, _steps: tuple[Step, ...], /
    ) -> Obtained:
        if parent.name.startswith("__") or name.startswith("__"):
            return Obtained(call=definition.resolve)
        shown = shows.get((parent.name, name), Shows(f"{parent.name}.{name}"))
        clear = Obtained(
            call=definition.resolve, informed=shown.informed, sought=shown.sought, cases=shown.cases
        )
        if shown.reads:
            clear = Obtained(reads=shown.reads, named=shown.named, cases=shown.cases)
        if shown.resource == OPEN:
            return clear
        decision = decisions[shown.resource]
        if decision.outcome is Access.CLEAR or (shown.compares and decision.outcome is not Access.DENIED):
            return clear
        if shown.resource.endswith(STATE_TERM):
            return _enveloping(clear, definition, decision)
        if decision.outcome is Access.MASKED:
            return replace(clear, through=partial(_masked, shown.resource))
        return Obtained(refused=partial(_refusal, decision))

    return read


def _enveloping(clear: Obtained, definition: GraphQLField, decision: Decision) -> Obtained:
    """As `_enveloped`: a list of the schema holds no sourced answer, and an object of it is one."""
    if decision.outcome is not Access.DENIED:
        return clear
    kind = definition.type
    if isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList):
        return Obtained(refused=partial(_refusal, decision))
    return replace(clear, through=lambda sourced: sourced.without(decision.clause), sought=None)


def _refusal(decision: Decision) -> GraphQLError:
    what = "verified only, not shown" if decision.outcome is Access.VERIFY_ONLY else "refused"
    return GraphQLError(
        f"{what}: {decision.clause}",
        extensions={"code": _CODES[decision.outcome], "clause": decision.clause, "basis": decision.basis},
    )


_CODES = {Access.DENIED: "REFUSED", Access.VERIFY_ONLY: "VERIFY_ONLY"}


def _enveloped(value: Any, telling: Telling, info: GraphQLResolveInfo, decision: Decision) -> Any:
    """Whether there is a record at all: an answer says itself that it is withheld, a list is refused."""
    if decision.outcome is not Access.DENIED:
        return value
    return value.without(decision.clause) if isinstance(value, Sourced) else telling.refuse(info, decision)


def _masked(name: str, value: Any) -> Any:
    """A value with only the part that 脱敏 shows; one that came masked stays as it is."""
    if value is None:
        return None
    return str(masked(name, str(value))) if resources()[name].column is not None else without_persons(value)


def _explained(plan: Plan) -> Iterator[dict[str, Any]]:
    """What was not shown in clear, with the clause that decided, for `extensions.access`."""
    for selected, decision in plan.withheld():
        yield {
            "field": ".".join(selected.path),
            "outcome": decision.outcome.value,
            "clause": decision.clause,
            "basis": decision.basis,
        }
