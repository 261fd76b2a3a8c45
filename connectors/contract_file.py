"""What stands in a contract file, and on which line? Read as the Open Data Contract Standard has it, and strictly.

The package `open-data-contract-standard` knows the standard's words; it passes over those
that it does not know, so that a slip of the pen would silently mean nothing. Here a word that
is not the standard's, a key that stands twice and an alias are refused.

    ValueError
    └── BadContract     every fault that was found: file, line, field, what was expected and what was found
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from open_data_contract_standard.model import CustomProperty, OpenDataContractStandard
from pydantic import BaseModel, ValidationError

FILE_BYTES = 1 << 20
"""A larger file is not read."""

LEVELS = 32
"""A document that is nested deeper is not read: the standard needs a dozen."""

Place = tuple[str | int, ...]
"""Where in a document: keys and numbers of items, from the outside in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a contract file; `field` is empty where the whole file is meant."""

    file: str
    line: int
    field: str
    why: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: "
        return place + (f"`{self.field}`: {self.why}" if self.field else self.why)


class BadContract(ValueError):
    """A contract file does not say what it must, in the places that the message names, one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Written:
    """A contract as it is written, with the line of each of its places."""

    file: Path
    document: OpenDataContractStandard
    lines: Mapping[Place, int]

    def fault(self, place: Place, why: str) -> Fault:
        """Give the fault at a place, or at the innermost place around it that is written."""
        return _fault(self.file, self.lines, place, why)


def read_file(file: Path) -> Written:
    """Read one contract file. Raises `BadContract` with every fault of form; what it means is not looked at."""
    root = _root(file)
    lines = dict(_lines(root, ()))
    faults = [_fault(file, lines, place, why) for place, why in _twice(root, ())]
    content = yaml.SafeLoader("").construct_document(root)
    if not isinstance(content, dict):
        raise BadContract([Fault(file.name, 1, "", "expected a mapping of the standard's words, got none")])
    faults += [
        _fault(file, lines, place, why) for place, why in _unknown(content, OpenDataContractStandard, ())
    ]
    try:
        document = OpenDataContractStandard.model_validate(content)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        faults += [
            _fault(file, lines, _known(lines, one["loc"]), one["msg"].lower())
            for one in told
            if one["type"] != "extra_forbidden"  # named already
        ]
        raise BadContract(faults) from None
    if faults:
        raise BadContract(faults)
    return Written(file, document, lines)


def custom(properties: Sequence[CustomProperty] | None) -> dict[str, Any]:
    """Give custom properties by name."""
    return {one.property or "": one.value for one in properties or ()}


def _root(file: Path) -> yaml.Node:
    def bad(line: int, why: str) -> BadContract:
        return BadContract([Fault(file.name, line, "", why)])

    try:
        content = file.read_bytes()
    except OSError:
        raise bad(1, "expected a file that can be read, got none") from None
    if len(content) > FILE_BYTES:
        raise bad(1, f"expected at most {FILE_BYTES} bytes, got more")
    try:
        text = content.decode("utf-8")
        depth = 0
        for event in yaml.parse(text, _LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > LEVELS:
                got = "an alias" if depth <= LEVELS else "more"
                why = f"expected every value written out, in at most {LEVELS} levels, got {got}"
                raise bad(_line(event), why)
        root = yaml.compose(text, _LOADER)
    except UnicodeDecodeError:
        raise bad(1, "expected UTF-8, got other bytes") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise bad(1 if mark is None else mark.line + 1, "expected YAML, got text that is none") from None
    if root is None:
        raise bad(1, "expected a contract, got an empty file")
    return root


def _line(place: yaml.Event | yaml.Node) -> int:
    mark = place.start_mark
    return 1 if mark is None else mark.line + 1


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, _line(node)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            yield from _lines(item, (*place, at))


def _twice(node: yaml.Node, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield (*place, name), "expected the key once, got it twice"
        for key, value in node.value:
            yield from _twice(value, (*place, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            yield from _twice(item, (*place, at))


def _unknown(content: object, kind: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Give every key that is not one of the standard's, wherever the model itself would pass over it."""
    if isinstance(content, list):
        for at, item in enumerate(content):
            for inner in _inner(kind, list):
                yield from _unknown(item, inner, (*place, at))
    elif isinstance(content, dict):
        for model in _inner(kind, BaseModel):
            named = {one.alias or name: one.annotation for name, one in model.model_fields.items()}
            for key, value in content.items():
                if key in named:
                    yield from _unknown(value, named[key], (*place, key))
                else:
                    yield (*place, key), "expected a word of the standard, got another"


def _inner(kind: Any, sought: type) -> Iterator[Any]:
    """Give the first model, or kind of item, among what an annotation allows; none where anything goes."""
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    for option in options:
        if sought is list and get_origin(option) is list:
            yield get_args(option)[0]
            return
        if sought is BaseModel and isinstance(option, type) and issubclass(option, BaseModel):
            yield option
            return


def _known(lines: Mapping[Place, int], told: Sequence[str | int]) -> Place:
    """Give the written place of an error of the model, which also names the alternatives that it tried."""
    place: Place = ()
    for part in told:
        if (*place, part) in lines:
            place = (*place, part)
    return place


def _fault(file: Path, lines: Mapping[Place, int], place: Place, why: str) -> Fault:
    written = place
    while written not in lines:
        written = written[:-1]
    return Fault(file.name, lines[written], ".".join(map(str, place)), why)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where the library was built with it."""
