"""What stands in a YAML document that people sign, and on which line?

Scalars stay text: no date, number or yes/no is guessed, so `否` and `2026-01-01` are what the
lawyer wrote. Anchors, aliases and repeated keys are refused, because two readers could take
them for two things.

    ValueError
    └── BadAgreement     names file, line, key, what was expected and what was found
        └── BadAgreements    several of them, a line each
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import yaml

T = TypeVar("T")

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadAgreement(ValueError):
    """A signed document does not say what it must, in the place that the message names; `faults` is all of it."""

    def __init__(self, *, file: str, line: int, key: str, expected: str, got: str) -> None:
        super().__init__(f"{file}:{line}: `{key}`: expected {expected}, got {got}")
        self.file, self.line, self.key, self.expected, self.got = file, line, key, expected, got
        self.faults: tuple[BadAgreement, ...] = (self,)


class BadAgreements(BadAgreement):
    """Several places do not say what they must: they are told together, and the first stands for all."""

    def __init__(self, faults: Sequence[BadAgreement]) -> None:
        first = faults[0]
        super().__init__(
            file=first.file, line=first.line, key=first.key, expected=first.expected, got=first.got
        )
        self.args = ("\n".join(map(str, faults)),)
        self.faults = tuple(faults)


class Faults:
    """Collects what is wrong, so that whoever has to mend it is told everything at once."""

    def __init__(self) -> None:
        self.found: list[BadAgreement] = []

    def of(self, read: Callable[[], T], *, instead: T) -> T:
        """What is read; where it is wrong `instead`, with which nothing is made before `require_none`."""
        try:
            return read()
        except BadAgreement as wrong:
            self.found += wrong.faults
            return instead

    def require_none(self) -> None:
        """Return when nothing was wrong. Raises `BadAgreement`, or `BadAgreements` of several."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise BadAgreements(self.found)


@dataclass(frozen=True, slots=True)
class Text:
    """One scalar, the key it stands under and its place."""

    value: str
    key: str
    file: str
    line: int

    def wrong(self, expected: str) -> BadAgreement:
        """The error that says what this scalar should have been."""
        return BadAgreement(
            file=self.file, line=self.line, key=self.key, expected=expected, got=f"`{self.value[:60]}`"
        )

    def as_date(self) -> date:
        """A day written `2026-01-01`. Raises `BadAgreement`."""
        try:
            # fromisoformat alone would also take `20260101` and `2026-W01-4`.
            return date.fromisoformat(self.value if _DAY.fullmatch(self.value) else "")
        except ValueError:
            raise self.wrong("a day such as `2026-01-01`") from None


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of the document: read it key by key."""

    key: str
    file: str
    line: int
    _entries: dict[str, yaml.Node]

    def only(self, *, required: Collection[str], optional: Collection[str] = ()) -> None:
        """Raise `BadAgreement` for a key that is missing, or that nobody knows."""
        for key, node in self._entries.items():
            if key not in required and key not in optional:
                known = "、".join((*required, *optional))
                raise self._wrong(key, node, f"one of the keys {known}", f"`{key}`")
        for key in required:
            if key not in self._entries:
                raise BadAgreement(
                    file=self.file, line=self.line, key=key, expected="this key", got="nothing"
                )

    def text(self, key: str) -> Text:
        """The one scalar under a key. Raises `BadAgreement` when it is empty or not a scalar."""
        return self._scalar(key, self._entries[key])

    def texts(self, key: str) -> tuple[Text, ...]:
        """The list of scalars under a key, empty where the key is absent. Raises `BadAgreement`."""
        node = self._entries.get(key)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            raise self._wrong(key, node, "a list", "something else")
        return tuple(self._scalar(key, item) for item in node.value)

    def empty(self, key: str) -> BadAgreement:
        """The error for a list that must not be empty."""
        return BadAgreement(
            file=self.file, line=self.line, key=key, expected="at least one value", got="none"
        )

    def section(self, key: str) -> Section:
        """The mapping under a key. Raises `BadAgreement`."""
        return _section(self._entries[key], key=key, file=self.file)

    def _scalar(self, key: str, node: yaml.Node) -> Text:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self._wrong(key, node, "one value", "nothing or a structure")
        if _CONTROL.search(node.value.strip()):
            # A line of its own is a value of its own where agreements travel as a sheet.
            raise self._wrong(key, node, "one line of text", "more")
        return Text(node.value.strip(), key, self.file, _line(node))

    def _wrong(self, key: str, node: yaml.Node, expected: str, got: str) -> BadAgreement:
        return BadAgreement(file=self.file, line=_line(node), key=key, expected=expected, got=got)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(text: str, *, file: str) -> Section:
    """The document's outermost mapping; `file` is what messages call it. Raises `BadAgreement`."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
            raise BadAgreement(file=file, line=1, key="*", expected="no aliases", got="an alias")
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        raise BadAgreement(file=file, line=line, key="-", expected="one YAML document", got="none") from None
    return _section(node, key="-", file=file)


def read_file(path: Path) -> Section:
    """As `read_text`, from a UTF-8 file. Raises `BadAgreement` also for other encodings."""
    try:
        return read_text(path.read_text(encoding="utf-8"), file=path.name)
    except UnicodeDecodeError:
        raise BadAgreement(
            file=path.name, line=1, key="-", expected="UTF-8", got="another encoding"
        ) from None


def section_of(node: yaml.Node, *, file: str) -> Section:
    """As `read_text`, of a document that was composed already. Raises `BadAgreement`."""
    return _section(node, key="-", file=file)


def _section(node: yaml.Node | None, *, key: str, file: str) -> Section:
    if not isinstance(node, yaml.MappingNode):
        line = 1 if node is None else _line(node)
        raise BadAgreement(file=file, line=line, key=key, expected="keys and values", got="something else")
    entries: dict[str, yaml.Node] = {}
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise BadAgreement(
                file=file, line=_line(name), key=key, expected="a word as key", got="a structure"
            )
        if name.value in entries:
            raise BadAgreement(
                file=file, line=_line(name), key=name.value, expected="each key once", got="it a second time"
            )
        entries[name.value] = value
    return Section(key, file, _line(node), entries)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
