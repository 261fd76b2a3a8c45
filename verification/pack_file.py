"""What does one policy pack file say, and on which line?

Reads YAML into entries that remember their line, so that a mistake can be named. Nothing is
judged here but shape; what a value may be is `verification.parameters`' to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import yaml

from verification.parameters import BadValue

_TOP = ("pack", "title", "says", "base", "values", "tables", "limits")


@dataclass(frozen=True, slots=True)
class Entry:
    """One dated value as written; `value` is not yet checked."""

    since: date
    until: date | None
    value: object
    cite: str
    line: int


@dataclass(frozen=True)
class PackFile:
    """One layer as written."""

    file: str
    name: str
    title: str
    base: str | None
    values: Mapping[str, tuple[Entry, ...]]
    tables: Mapping[str, Mapping[str, tuple[Entry, ...]]]
    limits: Mapping[str, tuple[int | None, int | None, str, int]]
    lines: Mapping[str, int] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Tell whether this layer speaks of a key (`name` or `table.row`)."""
        return key in self.lines

    def line(self, key: str) -> int:
        """The line on which a key stands, 1 where it does not."""
        return self.lines.get(key, 1)

    def place(self, key: str) -> str:
        """Where a key stands, as `file:line: key`: how a mistake in it begins."""
        return f"{self.file}:{self.line(key)}: {key}"


def read_pack_file(text: str, *, file: str) -> PackFile:
    """One layer from its YAML text. Raises `BadValue` with `file:line: key: reason`."""
    return _Reader(file).read(text)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Reader:
    """Walks the node tree, because only nodes know their line."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[str, int] = {}

    def read(self, text: str) -> PackFile:
        try:
            root = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as wrong:
            mark = getattr(wrong, "problem_mark", None)
            line = mark.line + 1 if mark is not None else 1
            raise BadValue(f"{self.file}:{line}: expected YAML, got something else") from None
        if root is None:
            raise BadValue(f"{self.file}:1: expected a policy pack, got an empty file")
        top = self.mapping(root, "pack", _TOP)
        for needed in ("pack", "title"):
            if needed not in top:
                raise BadValue(f"{self.file}:1: {needed}: expected a text, got none")
        if "base" in top:
            self.lines["base"] = _line(top["base"])
        return PackFile(
            self.file,
            self.text(top["pack"], "pack"),
            self.text(top["title"], "title"),
            self.text(top["base"], "base") if "base" in top else None,
            {key: self.entries(node, key) for key, node in self.part(top, "values").items()},
            {key: self.rows(node, key) for key, node in self.part(top, "tables").items()},
            {key: self.limit(node, f"limits.{key}") for key, node in self.part(top, "limits").items()},
            self.lines,
        )

    def part(self, top: Mapping[str, yaml.Node], name: str) -> dict[str, yaml.Node]:
        return self.mapping(top[name], name, None) if name in top else {}

    def rows(self, node: yaml.Node, table: str) -> dict[str, tuple[Entry, ...]]:
        self.lines[table] = _line(node)
        rows = self.mapping(node, table, None)
        return {key: self.entries(row, f"{table}.{key}") for key, row in rows.items()}

    def entries(self, node: yaml.Node, key: str) -> tuple[Entry, ...]:
        self.lines[key] = _line(node)
        if isinstance(node, yaml.MappingNode):
            return (self.entry(node, key),)
        if not isinstance(node, yaml.SequenceNode):
            raise self.bad(node, key, "a dated value, or a list of them")
        return tuple(self.entry(one, key) for one in node.value)

    def entry(self, node: yaml.Node, key: str) -> Entry:
        found = self.mapping(node, key, ("since", "until", "value", "cite"))
        for needed in ("since", "value"):
            if needed not in found:
                raise self.bad(node, key, f"`{needed}`")
        return Entry(
            self.day(found["since"], f"{key}.since"),
            self.day(found["until"], f"{key}.until") if "until" in found else None,
            self.scalar(found["value"], f"{key}.value"),
            self.text(found["cite"], f"{key}.cite") if "cite" in found else "",
            _line(node),
        )

    def limit(self, node: yaml.Node, key: str) -> tuple[int | None, int | None, str, int]:
        found = self.mapping(node, key, ("least", "most", "cite"))
        bounds = []
        for name in ("least", "most"):
            value = self.scalar(found[name], f"{key}.{name}") if name in found else None
            if value is not None and type(value) is not int:
                raise self.bad(found[name], f"{key}.{name}", "a whole number")
            bounds.append(value)
        cite = self.text(found["cite"], f"{key}.cite") if "cite" in found else ""
        return bounds[0], bounds[1], cite, _line(node)

    def mapping(self, node: yaml.Node, key: str, known: tuple[str, ...] | None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self.bad(node, key, "a mapping")
        found: dict[str, yaml.Node] = {}
        for name_node, value in node.value:
            name = str(name_node.value)
            if name in found:
                raise self.bad(name_node, f"{key}.{name}", "each key once, got it twice")
            if known is not None and name not in known:
                raise self.bad(name_node, f"{key}.{name}", f"one of {', '.join(known)}")
            found[name] = value
        return found

    def day(self, node: yaml.Node, key: str) -> date:
        value = self.scalar(node, key)
        if type(value) is not date:
            raise self.bad(node, key, "a day as 2026-07-01")
        return value

    def text(self, node: yaml.Node, key: str) -> str:
        value = self.scalar(node, key)
        if not isinstance(value, str):
            raise self.bad(node, key, "a text")
        return value

    def scalar(self, node: yaml.Node, key: str) -> object:
        if not isinstance(node, yaml.ScalarNode):
            raise self.bad(node, key, "a single value")
        try:
            made: object = yaml.SafeLoader("").construct_object(node)
        except (ValueError, yaml.YAMLError):
            raise self.bad(node, key, "a value that exists") from None
        return made

    def bad(self, node: yaml.Node, key: str, expected: str) -> BadValue:
        return BadValue(f"{self.file}:{_line(node)}: {key}: expected {expected}")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
