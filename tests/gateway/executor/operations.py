"""Random operations over a schema with everything in it; every second one meets rows that are corrupted.

    python -m tests.gateway.executor.operations --count 100000 [--seed 1]

Each operation, another one each time, is executed by graphql-core and by the compiled executor; the answers,
errors with their paths included, must be the same bytes. The first that differs is printed with its number.
With `--pure` resolvers give plain values, as those of the gateway do, and what is plain is told as text.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from typing import Any

import msgspec
from graphql import ExecutionResult, GraphQLError, GraphQLScalarType, build_schema, execute, parse

from gateway.executor.places import Obtained
from gateway.executor.program import COMPILED, Program, Programs
from gateway.schema.scalars import written_often

SDL = """
scalar Money
enum Kind { ONE TWO THREE }
interface Named { name: String! nick(first: Int = 3): String }
union Thing = Person | Dog | Home
input Near { of: String = "x" within: [Int!] }
type Person implements Named {
  name: String! nick(first: Int = 3): String age: Int height: Float alive: Boolean! kind: Kind paid: Money!
  id: ID! dogs: [Dog!]! friends: [Person] rows: [[Int!]]! home: Home! things: [Thing] boss: Named echo(of: Near): String
}
type Dog implements Named { name: String! nick(first: Int = 3): String owner: Person tags: [String!] weight: Float! }
type Home { street: String! people: [Person!]! area: Money grid: [[String]!] }
type Query { person: Person must: Person! thing: Thing things: [Thing!] named: [Named]! home: Home count: Int! }
type Mutation { add(by: Int!): Int! rename(name: String): Person! }
"""


def schema_with_words() -> Any:
    """The schema, with a scalar whose writing may fail."""
    made = build_schema(SDL)
    money = made.type_map["Money"]
    assert isinstance(money, GraphQLScalarType)
    money.serialize = _written  # type: ignore[method-assign]  # a scalar of SDL has no words of its own
    made.type_map["Person"].fields["echo"].resolve = lambda _, info, of=None: f"{of} {info.path.as_list()}"
    made.type_map["Person"].fields["nick"].resolve = _nick
    return made


def _written(fen: Any) -> str:
    if type(fen) is not int:
        raise GraphQLError("expected whole fen")
    return f"{fen // 100}.{fen % 100:02}"


def _nick(source: Any, _info: Any, first: int) -> Any:
    name = source.get("name")
    if isinstance(name, str):
        return name[:first]
    raise ValueError("expected a name")


class Maker:
    """Makes operations and rows from one seed."""

    def __init__(self, schema: Any, seed: int) -> None:
        self.schema, self.dice = schema, random.Random(seed)
        self._chosen = self.dice.choice((0.08, 0.15, 0.3))
        self._fragments: list[str] = []

    def operation(self) -> tuple[str, dict[str, Any]]:
        """An operation with its variables."""
        self._fragments, dice = [], self.dice
        root = "mutation" if dice.random() < 0.1 else "query"
        owner = "Mutation" if root == "mutation" else "Query"
        body = self._selection(owner, 0)
        variables = {"yes": dice.random() < 0.5, "few": dice.choice([0, 1, 2, None]), "of": {"of": "v"}}
        given = "($yes: Boolean!, $few: Int = 2, $of: Near)"
        if dice.random() < 0.3:
            del variables["few"]
        return f"{root} {given} {body} {' '.join(self._fragments)}", variables

    def row(self, kind: str, depth: int, *, corrupt: bool) -> Any:
        """An object of a type, with the type's name where an abstract one asks for it."""
        dice = self.dice
        if corrupt and dice.random() < 0.06:
            return dice.choice([None, 3, "text", ValueError("as a value"), []])
        row = {"__typename": kind}
        for name, field in self.schema.type_map[kind].fields.items():
            row[name] = self._value(field.type, depth, corrupt=corrupt)
            if corrupt and dice.random() < 0.03:
                del row[name]
        if corrupt and dice.random() < 0.03:
            row["__typename"] = dice.choice(["Kind", "Nobody", 7, None])
        return row

    def _value(self, kind: Any, depth: int, *, corrupt: bool) -> Any:
        dice, text = self.dice, str(kind)
        required, bare = text.endswith("!"), text.rstrip("!")
        if not required and dice.random() < 0.15:
            return None
        if corrupt and dice.random() < 0.05:
            return dice.choice(
                [None, True, 2**40, "x", 1.5, float("nan"), {}, [None], KeyError("resolver"), object]
            )
        if bare.startswith("["):
            inner = (kind.of_type if required else kind).of_type
            return [
                self._value(inner, depth + 1, corrupt=corrupt)
                for _ in range(dice.randrange(3 if depth < 2 else 1))
            ]
        if bare in _LEAVES:
            return dice.choice(_LEAVES[bare])
        if depth > 2 and not required:
            return None
        possible = {"Thing": ["Person", "Dog", "Home"], "Named": ["Person", "Dog"]}.get(bare, [bare])
        return self.row(dice.choice(possible), depth + 1, corrupt=corrupt)

    def _selection(self, owner: str, depth: int) -> str:
        dice, kind = self.dice, self.schema.type_map[owner]
        fields = getattr(kind, "fields", {})
        chosen = [
            self._field(kind, name, depth)
            for name in fields
            if dice.random() < self._chosen + (0 if depth else 0.15)
        ]
        chosen = [one for one in chosen if one]
        if dice.random() < 0.2 or not chosen:
            chosen.append(dice.choice(["__typename", "what: __typename"]))
        for inner in {"Thing": ["Person", "Dog", "Home"], "Named": ["Person", "Dog"]}.get(owner, []):
            if dice.random() < 0.5 and depth < 3:
                chosen.append(f"... on {inner}{self._directive()} {self._selection(inner, depth + 1)}")
        if dice.random() < 0.12 and fields and depth < 3 and owner not in ("Query", "Mutation"):
            name = f"F{len(self._fragments)}"
            self._fragments.append("")  # its place, while it makes more
            self._fragments[int(name[1:])] = f"fragment {name} on {owner} {self._selection(owner, depth + 1)}"
            chosen.append(f"...{name}{self._directive()}")
        dice.shuffle(chosen)
        return "{" + " ".join(chosen) + "}"

    def _field(self, owner: Any, name: str, depth: int) -> str | None:
        dice, field = self.dice, owner.fields[name]
        bare = str(field.type).replace("[", "").replace("]", "").replace("!", "")
        inner = ""
        if bare not in _LEAVES:
            if depth > 2:
                return None
            inner = " " + self._selection(bare, depth + 1)
        # An alias that tells apart what has other arguments: two fields of one key must be one field.
        given, key = dice.choice(_ARGUMENTS.get(name, [("", name)]))
        alias = f"{owner.name}_{key}: " if given or dice.random() < 0.2 else ""
        return f"{alias}{name}{given}{self._directive()}{inner}"

    def _directive(self) -> str:
        options = ["@include(if: $yes)", "@skip(if: $yes)", "@include(if: false)", "@skip(if: false)"]
        return f" {self.dice.choice(options)}" if self.dice.random() < 0.12 else ""


_LEAVES: dict[str, list[Any]] = {
    "String": ["", "甲", "text", "5"],
    "Int": [0, -1, 7, 2**31 - 1],
    "Float": [0.0, 1.5, 3],
    "Boolean": [True, False],
    "ID": ["a", 7],
    "Kind": ["ONE", "TWO", "THREE"],
    "Money": [0, 5, 100_01],
}

_ARGUMENTS = {
    "nick": [("", "nick"), ("(first: 1)", "short"), ("(first: $few)", "few")],
    "echo": [("", "echo"), ("(of: $of)", "given"), ('(of: {of: "y", within: [1, 2]})', "near")],
    "add": [("(by: 1)", "one"), ("(by: 2)", "two")],
    "rename": [("", "nobody"), ('(name: "n")', "n")],
}


class Row(dict[str, Any]):
    """A row whose attributes are what a resolver of the gateway would give: no exception, and nothing to be called."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(name)
        value = self[name]
        if isinstance(value, Exception):
            raise value
        return value(None) if callable(value) else value


def as_rows(value: Any) -> Any:
    """The same with attributes, and no error that stands for a value where none is raised."""
    if isinstance(value, list):
        return [None if isinstance(each, Exception) else as_rows(each) for each in value]
    if not isinstance(value, dict):
        return value
    unread = {key: None for key in _UNREAD if isinstance(value.get(key), Exception)}
    return Row({key: as_rows(each) for key, each in {**value, **unread}.items()})


_UNREAD = ("count", "add", "rename")
"""Not read as attributes: texts and lists have one of the name, or they take arguments."""


def _purely(owner: Any, name: str, definition: Any, _steps: Any) -> Obtained:
    if definition.resolve is not None:
        return Obtained(call=definition.resolve, informed=definition.resolve is not _nick)
    if name in _UNREAD:
        return Obtained()
    return Obtained(reads=name, named=True)


def pure_programs() -> Programs:
    """Programs as the gateway's own are: `context` runs operations whose resolvers give plain values."""
    programs = Programs(pure=True, leaves=written_often)

    class Purely(programs.context):  # type: ignore[name-defined,misc]  # made at run time
        def _program(self) -> tuple[Program | None, str]:
            return programs.of(self, by=_purely, read=_purely), COMPILED

    programs.context = Purely
    return programs


def told(result: Any) -> bytes:
    """An answer as bytes."""
    assert isinstance(result, ExecutionResult)
    return msgspec.json.encode(result.formatted, order=None)


def differing(count: int, *, seed: int, pure: bool = False) -> tuple[str | None, Counter[str]]:
    """The first of so many operations whose answers differ, None where all are the same; and what ran compiled."""
    schema, programs = schema_with_words(), pure_programs() if pure else Programs()
    for number in range(count):
        maker = Maker(schema, seed * 1_000_003 + number)
        text, variables = maker.operation()
        root = maker.row("Mutation" if text.startswith("mutation") else "Query", 0, corrupt=bool(number % 2))
        found = compared(schema, programs, text, variables, as_rows(root) if pure else root)
        if found is not None:
            return f"{number}: {found}", programs.counts
    return None, programs.counts


def compared(schema: Any, programs: Programs, text: str, variables: dict[str, Any], root: Any) -> str | None:
    """How the two answers to an operation differ, with all that it takes to see it again; None where they do not."""
    document = parse(text)
    options = {"root_value": root, "variable_values": variables}
    reference = told(execute(schema, document, **options))
    ours = told(execute(schema, document, execution_context_class=programs.context, **options))
    return None if ours == reference else f"{text}\n{variables}\n{root}\n{reference!r}\n{ours!r}"


def main() -> None:
    """Compare as many as asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pure", action="store_true")
    options = parser.parse_args()
    found, counts = differing(options.count, seed=options.seed, pure=options.pure)
    print(dict(counts))
    raise SystemExit(found)


if __name__ == "__main__":
    main()
