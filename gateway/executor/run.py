"""What does a compiled operation need while it runs? Errors with their paths, and all that is unusual.

A run is an execution context of graphql-core. What is awaited, of an unexpected type, or
anything else that the written functions do not look at is done by graphql-core's own methods,
so that it has graphql-core's own answer.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Mapping
from typing import Any

from graphql import ExecutionContext, GraphQLError, GraphQLObjectType, GraphQLResolveInfo
from graphql.error import located_error
from graphql.execution.execute import invalid_return_type_error
from graphql.execution.values import get_argument_values
from graphql.pyutils import is_iterable

from gateway.executor.places import NotCompiled, Place
from gateway.executor.plain import not_plain


class Run(ExecutionContext):
    """One execution of a compiled operation. `at` holds the indexes of the lists that it stands in."""

    awaits = False
    at: list[int]
    concrete: Callable[[Place, GraphQLObjectType], Callable[..., Any]]
    told: set[tuple[str, ...]]
    """The refusals that have been told, by the response keys of their fields."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.told = set()

    def failed(self, place: Place, error: Exception) -> None:
        """Note an error and give null, or raise it on where null may not stand."""
        path = place.path(self.at)
        located = located_error(error, place.field.nodes, path.as_list())
        self.handle_field_error(located, place.kind, path)

    def null(self, place: Place) -> TypeError:
        """The error of null where it may not stand."""
        field = place.field
        name = f"{field.parent.name}.{field.nodes[0].name.value}"
        return TypeError(f"Cannot return null for non-nullable field {name}.")

    def refused(self, place: Place) -> None:
        """Refuse a field: with an error the first time, with null afterwards."""
        selected = place.field.selected
        if selected not in self.told:
            self.told.add(selected)
            assert place.field.obtained.refused is not None, "written only where it is given"
            raise place.field.obtained.refused()

    def info(self, place: Place) -> GraphQLResolveInfo:
        """What a resolver may look at."""
        field = place.field
        return self.build_resolve_info(field.definition, field.nodes, field.parent, place.field_path(self.at))

    def arguments(self, place: Place) -> Mapping[str, Any]:
        """The arguments of a field, coerced. Raises `GraphQLError`."""
        field = place.field
        if field.arguments is not None:
            return field.arguments
        given = None if field.taken is None else field.taken.arguments(self.variable_values)
        if given is not None:
            return given
        return get_argument_values(field.definition, field.nodes[0], self.variable_values)

    def most(self, variable: str, default: int) -> int:
        """How many items a variable asks for. Raises `NotPlain` where it says something else."""
        given = self.variable_values.get(variable, default)
        return given if type(given) is int else not_plain()

    @staticmethod
    def attribute(source: Any, name: str) -> Any:
        """The value of a field without a resolver of its own."""
        return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)

    def leaf(self, place: Place, value: Any) -> Any:
        """A leaf value that is not plainly one of its type."""
        if value is None:
            if place.required:
                raise self.null(place)
            return None
        return self.complete_leaf_value(place.named, value)

    def listed(self, place: Place, value: Any) -> Any:
        """What can be gone through, or something to be awaited that completes the whole list."""
        if is_iterable(value) or not isinstance(value, AsyncIterable):
            return value if is_iterable(value) else self._no_list(place)
        self.awaits = True
        inner = place.kind.of_type if place.required else place.kind  # type: ignore[union-attr]  # a list stands there
        nodes, info, path = place.field.nodes, self.info(place), place.path(self.at)
        return self.complete_list_value(inner, nodes, info, path, value)  # type: ignore[arg-type]

    def abstract(self, place: Place, value: Any, at: list[int]) -> Any:
        """Complete a value of an interface or a union, once its type is known."""
        kind, nodes, info = place.named, place.field.nodes, self.info(place)
        named: Any = (kind.resolve_type or self.type_resolver)(value, info, kind)
        if self.is_awaitable(named):
            path = place.path(at)

            async def later() -> Any:
                runtime = self.ensure_valid_runtime_type(await named, kind, nodes, info, value)
                return await self._whole(self.complete_object_value(runtime, nodes, info, path, value))

            return self._awaited(later())
        runtime = self.ensure_valid_runtime_type(named, kind, nodes, info, value)
        try:
            function = self.concrete(place, runtime)
        except NotCompiled:
            answer = self.complete_object_value(runtime, nodes, info, place.path(at), value)
            return self._awaited(answer) if self.is_awaitable(answer) else answer
        if runtime.is_type_of is not None:
            return self._typed(runtime, place, function, value, at)
        return function(value, self, at)

    def typed(self, place: Place, function: Callable[..., Any], value: Any, at: list[int]) -> Any:
        """Complete an object whose type asks whether it is one."""
        return self._typed(place.named, place, function, value, at)

    def later(self, place: Place, value: Awaitable[Any]) -> Coroutine[Any, Any, Any]:
        """Complete what is still awaited, as graphql-core does."""
        info, path = self.info(place), place.path(self.at)

        async def completed() -> Any:
            nodes = place.field.nodes
            return await self._whole(self.complete_value(place.kind, nodes, info, path, await value))

        return self.settled(place, self._awaited(completed()))

    def settled(self, place: Place, value: Awaitable[Any]) -> Coroutine[Any, Any, Any]:
        """The value that is awaited, or null with its error."""
        path = place.path(self.at)

        async def settle() -> Any:
            try:
                return await value
            except Exception as error:  # whatever a resolver raises is an error of the answer
                located = located_error(error, place.field.nodes, path.as_list())
                self.handle_field_error(located, place.kind, path)
                return None

        return settle()

    def gathered(self, answer: dict[str, Any]) -> Any:
        """An object, once all that it awaits is there."""
        waiting = [key for key, value in answer.items() if self.is_awaitable(value)]
        if not waiting:
            return answer

        async def gathering() -> dict[str, Any]:
            answer.update(zip(waiting, await gather(*(answer[key] for key in waiting)), strict=True))
            return answer

        return gathering()

    def gathered_list(self, items: list[Any]) -> Any:
        """A list, once all that it awaits is there."""
        waiting = [index for index, value in enumerate(items) if self.is_awaitable(value)]
        if not waiting:
            return items

        async def gathering() -> list[Any]:
            found = await gather(*(items[index] for index in waiting))
            for index, value in zip(waiting, found, strict=True):
                items[index] = value
            return items

        return gathering()

    def serially(self, answer: dict[str, Any]) -> Any:
        """The answer of a mutation: what is awaited is awaited one after the other."""
        if not any(map(self.is_awaitable, answer.values())):
            return answer

        async def one_by_one() -> dict[str, Any]:
            for key, value in answer.items():
                answer[key] = await self._whole(value)
            return answer

        return one_by_one()

    async def _whole(self, value: Any) -> Any:
        return await value if self.is_awaitable(value) else value

    def _awaited(self, value: Any) -> Any:
        self.awaits = True
        return value

    def _typed(
        self,
        kind: GraphQLObjectType,
        place: Place,
        function: Callable[..., Any],
        value: Any,
        at: list[int],
    ) -> Any:
        assert kind.is_type_of is not None, "asked only where there is one"
        nodes, info = place.field.nodes, self.info(place)
        told = kind.is_type_of(value, info)
        if self.is_awaitable(told):
            path = place.path(at)

            async def later() -> Any:
                if not await told:  # type: ignore[misc]  # it is awaitable
                    raise invalid_return_type_error(kind, value, nodes)
                fields = self.collect_subfields(kind, nodes)
                return await self._whole(self.execute_fields(kind, value, path, fields))

            return self._awaited(later())
        if not told:
            raise invalid_return_type_error(kind, value, nodes)
        return function(value, self, at)

    def _no_list(self, place: Place) -> None:
        field = place.field
        name = f"{field.parent.name}.{field.nodes[0].name.value}"
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{name}'.")
