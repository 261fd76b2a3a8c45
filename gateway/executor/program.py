"""Is this operation compiled already? Programs are kept, by operation and by the variables that choose its fields.

    programs = Programs()
    execute(schema, document, execution_context_class=programs.context, …)

What cannot be compiled is executed by graphql-core; `counts` says how often, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    default_field_resolver,
)
from graphql.execution.collect_fields import collect_fields

from gateway.executor.kept import Kept
from gateway.executor.places import FieldReader, NotCompiled, Obtained, Step
from gateway.executor.plain import Leaves
from gateway.executor.run import Run
from gateway.executor.writing import MOST_LISTS, Writer

PROGRAMS_KEPT = 256
"""A product asks a few dozen operations, for a few standings of its callers."""

COMPILED = "compiled"


@dataclass(frozen=True, slots=True)
class Program:
    """One operation as functions."""

    root: Callable[..., Any]
    writer: Writer
    serial: bool

    def run(self, context: Run, root_value: Any) -> Any:
        """The answer's data, or something to be awaited that gives it. Raises `GraphQLError` for null at the root."""
        context.at = [0] * MOST_LISTS
        context.concrete = self.writer.concrete
        if not self.serial:
            return self.root(root_value, context, context.at)
        context.gathered = context.serially  # type: ignore[method-assign]  # only the root's is called by its name
        return self.root(root_value, context, context.at)


class Programs:
    """Compiled operations. Used by one event loop; the least used are let go.

    `pure`     every resolver gives plain values, and none is awaited
    `leaves`   for a leaf type a mapping from values to what is written of them, or None
    """

    def __init__(self, *, pure: bool = False, leaves: Leaves = lambda _: None) -> None:
        self._pure, self._leaves = pure, leaves
        self._kept: Kept[Program] = Kept(PROGRAMS_KEPT)
        self._conditions: Kept[tuple[str, ...]] = Kept(PROGRAMS_KEPT)
        self.counts: Counter[str] = Counter()
        self.context: type[Run] = type("Compiled", (_Compiled,), {"programs": self})

    def of(self, context: Run, *, by: object = None, read: FieldReader | None = None) -> Program:
        """The program of an execution's operation. Raises `NotCompiled`.

        `by`     what `read` goes by: another object, another program
        `read`   says how its fields are obtained; by default as graphql-core does
        """
        operation, resolve = context.operation, context.field_resolver
        given = tuple(context.variable_values.get(name) for name in self.chosen_by(context))
        try:
            return self._kept.of(
                operation,
                context.schema,
                resolve,
                by,
                *context.fragments.values(),
                key=given,
                make=lambda: self._compiled(context, read or _as_graphql_core(context)),
            )
        except TypeError:  # a value that cannot be a key is none that may stand there
            raise NotCompiled("unusual condition") from None

    def _compiled(self, context: Run, read: FieldReader) -> Program:
        operation, schema = context.operation, context.schema
        root = schema.get_root_type(operation.operation)
        if root is None or context.middleware_manager is not None:
            raise NotCompiled("no such operation" if root is None else "middleware")
        fragments, variables = context.fragments, context.variable_values
        try:
            writer = Writer(schema, fragments, variables, read, pure=self._pure, leaves=self._leaves)
            made = writer.root(
                root, collect_fields(schema, fragments, variables, root, operation.selection_set)
            )
        except RecursionError:
            why = "nested too deeply"
        except GraphQLError:
            why = "faulty directive"
        else:
            serial = operation.operation is OperationType.MUTATION
            return Program(made, writer, serial)
        # Raised out here, so that no frames of a recursion hang on the error.
        raise NotCompiled(why)

    def chosen_by(self, context: Run) -> tuple[str, ...]:
        """The variables that `@skip` and `@include` of the operation look at."""
        return self._conditions.of(
            context.operation,
            *context.fragments.values(),
            make=lambda: conditions(context.operation, context.fragments),
        )


class _Compiled(Run):
    """The execution context of a set of programs."""

    programs: Programs

    def execute_operation(self, operation: OperationDefinitionNode, root_value: Any) -> Any:
        """Run the compiled operation, or let graphql-core execute it."""
        program, why = self._program()
        self.programs.counts[why] += 1
        if program is None:
            return super().execute_operation(operation, root_value)
        return program.run(self, root_value)

    def _program(self) -> tuple[Program | None, str]:
        try:
            return self.programs.of(self), COMPILED
        except NotCompiled as error:
            return None, error.why


def conditions(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """The variables that choose which fields are selected, each once."""
    return tuple(dict.fromkeys(_named(operation, fragments)))


def _as_graphql_core(context: Run) -> FieldReader:
    def read(
        _parent: GraphQLObjectType, _name: str, definition: GraphQLField, _steps: tuple[Step, ...]
    ) -> Obtained:
        if definition.resolve is not None:
            return Obtained(call=definition.resolve)
        if context.field_resolver is default_field_resolver:
            return Obtained()
        return Obtained(call=context.field_resolver)

    return read


def _named(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[str]:
    waiting: list[Any] = [operation, *fragments.values()]
    while waiting:
        node = waiting.pop()
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                for argument in directive.arguments:
                    if isinstance(argument.value, VariableNode):
                        yield argument.value.name.value
        selections = getattr(node, "selection_set", None)
        waiting += selections.selections if selections else ()
