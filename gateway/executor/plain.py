"""How is a plain value written in JSON, and when is a value not plain? As expressions of Python, for compiled operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from json.encoder import encode_basestring
from typing import Any, NoReturn

import msgspec
from graphql import GraphQLBoolean, GraphQLID, GraphQLInt, GraphQLString

Leaves = Callable[[Any], Mapping[Any, Any] | type[str] | None]
"""For a leaf type the mapping from value to what is written, `str`, or None: the type itself says."""


class Unquick(Exception):
    """The part of an operation is not one that can be told at once."""


class NotPlain(Exception):
    """A value is not plainly of its type; whoever looks with care says what it is."""


def not_plain() -> NoReturn:
    """Leave the quick way."""
    raise NotPlain


def raw(text: str) -> msgspec.Raw:
    """Text in JSON as a part of an answer. Raises `UnicodeEncodeError` for half a character."""
    return msgspec.Raw(text.encode())


def in_json(value: Any) -> str:
    """What is written of a value."""
    return msgspec.json.encode(value).decode()


NAMES: Mapping[str, Any] = {
    "raw": raw,
    "not_plain": not_plain,
    "said": encode_basestring,
    "joined": ",".join,
}
"""What the expressions are written with; `said` writes a text as msgspec does, which a test holds."""

NULL_OR = {False: "'null' if w is None else not_plain()", True: "not_plain()"}
"""What else there is to tell of `w`, by whether null may not stand there."""

PLAIN = {
    GraphQLString: "type({0}) is str",
    GraphQLID: "type({0}) is str",
    GraphQLBoolean: "type({0}) is bool",
    GraphQLInt: "(type({0}) is int and -2147483648 <= {1} <= 2147483647)",
}
"""When a value of a built-in scalar, read first as {0} and again as {1}, is what its `serialize` would give."""

_SAID = {
    GraphQLString: "said(w)",
    GraphQLID: "said(w)",
    GraphQLBoolean: "('true' if w else 'false')",
    GraphQLInt: "w",
}


def leaf(kind: Any, value: str, *, required: bool, leaves: Leaves, keep: Callable[[str, Any], str]) -> str:
    """The expression that tells the value of another, of a leaf type without `NonNull`. Raises `Unquick`."""
    written = leaves(kind)
    if isinstance(written, Mapping):
        return f"{keep('M', _texts(kind, leaves, required=required))}[{value}]"
    if written is str:
        return f"(said(str(w)) if (w := {value}) is not None else {NULL_OR[required]})"
    if kind not in PLAIN:
        raise Unquick
    fits = PLAIN[kind].format(f"w := {value}", "w")
    return f"({_SAID[kind]} if {fits} else {NULL_OR[required]})"


TEXTS_KEPT = 8_192
"""Values of one type whose text is remembered."""


class Texts(dict[Any, str]):
    """Value → its text in JSON, for a leaf type that repeats; begun anew when it has grown too large."""

    def __init__(self, written: Mapping[Any, Any], *, required: bool) -> None:
        super().__init__()
        self._written, self._required = written, required

    def __missing__(self, value: Any) -> str:
        if value is None and self._required:
            raise NotPlain
        text = in_json(self._written[value])
        if len(self) >= TEXTS_KEPT:
            self.clear()
        self[value] = text
        return text


@cache
def _texts(kind: Any, leaves: Leaves, *, required: bool) -> Texts:
    written = leaves(kind)
    assert isinstance(written, Mapping), "asked only where it is one"
    return Texts(written, required=required)
