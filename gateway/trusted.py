"""Which documents do we know, and who may ask others? Trusted documents (可信文档), by the SHA-256 of their text.

A product asks the same few questions all day. They are read before they are trusted, and named by
their hash; a document that nobody has read is asked *ad hoc*, by those offices alone that may.

    ValueError
    └── BadTrustedDocument    a file of the folder is not a document that this schema can answer
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib import resources
from pathlib import Path

from graphql import GraphQLSchema, OperationDefinitionNode

from gateway.access import Refused
from gateway.caller import Caller
from gateway.document import Limits, checked
from gateway.errors import BadDocument, BadRequest, UnknownDocument

PREFIX = "sha256:"
"""How an identifier begins (GraphQL over HTTP, persisted documents)."""

EVERYBODY = "*"

_AD_HOC = "HEDUI_AD_HOC"
_INTROSPECTION = "HEDUI_INTROSPECTION"
"""The clauses that refusals cite: no agreement, but the operator's setting of this name."""


class BadTrustedDocument(ValueError):
    """A file of trusted documents cannot be trusted: it does not fit the schema, or has no one named operation."""


@dataclass(frozen=True)
class TrustedDocument:
    """One document that was read before it was trusted. `name` is its operation's."""

    name: str
    kind: str
    text: str

    @cached_property
    def identifier(self) -> str:
        """`sha256:` and 64 hex digits over the text in UTF-8."""
        return identifier_of(self.text)


@dataclass(frozen=True)
class Documents:
    """The documents that may be asked.

    `trusted`         by identifier
    `ad_hoc`          offices (`民政/核对员`, or `*`) that may ask any document
    `introspection`   offices that may ask what the schema is
    """

    trusted: Mapping[str, TrustedDocument]
    ad_hoc: frozenset[str]
    introspection: frozenset[str]

    def text_of(self, text: str | None, identifier: str | None) -> str:
        """The text of what is asked, by itself, by its identifier, or by both where they agree.

        Raises `UnknownDocument`, and `BadRequest` when neither is given or the two do not agree.
        """
        if identifier is None:
            if text is None:
                raise BadRequest("expected the text of the question in `query`, or its hash in `documentId`")
            return text
        if text is not None and identifier_of(text) != identifier:
            raise BadRequest("expected `documentId` to be the SHA-256 of `query`, got another hash")
        known = self.trusted.get(identifier)
        if known is not None:
            return known.text
        if text is None:
            raise UnknownDocument("expected `documentId` to name a trusted document, got an unknown one")
        return text

    def named(self, name: str) -> TrustedDocument:
        """The trusted document whose operation has this name. Raises `KeyError`."""
        return self._named[name]

    def require(self, caller: Caller, text: str) -> None:
        """Return when the caller may ask this document. Raises `Refused`."""
        if text not in self._texts and not _admits(self.ad_hoc, caller):
            what = "a document that is not a trusted one"
            raise Refused(who=caller.office, what=what, clause=_AD_HOC)

    def require_introspection(self, caller: Caller) -> None:
        """Return when the caller may ask what the schema is. Raises `Refused`."""
        if not _admits(self.introspection, caller):
            raise Refused(who=caller.office, what="`__schema` or `__type`", clause=_INTROSPECTION)

    @cached_property
    def _named(self) -> dict[str, TrustedDocument]:
        return {known.name: known for known in self.trusted.values()}

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(known.text for known in self.trusted.values())


def identifier_of(text: str) -> str:
    """The identifier of a document.

    >>> identifier_of("{log{size}}")[:18]
    'sha256:d86f6d78b0e'
    """
    return PREFIX + sha256(text.encode("utf-8", "replace")).hexdigest()


def load_trusted(folder: Path | None, *, schema: GraphQLSchema, limits: Limits) -> dict[str, TrustedDocument]:
    """The documents that are shipped and those of a folder, by identifier. Raises `BadTrustedDocument`."""
    found: dict[str, TrustedDocument] = {}
    for name, text in _texts(folder):
        document = read_trusted(text, name=name, schema=schema, limits=limits)
        if any(known.name == document.name for known in found.values()):
            raise BadTrustedDocument(f"{name}: expected a name of its own, got `{document.name}` once more")
        found[document.identifier] = document
    return found


def read_trusted(text: str, *, name: str, schema: GraphQLSchema, limits: Limits) -> TrustedDocument:
    """One document, if it can be trusted. `name` is the file's. Raises `BadTrustedDocument`."""
    try:
        tree = checked(text, limits, schema).tree
    except BadDocument as error:
        faults = "; ".join(fault.message for fault in error.faults)
        raise BadTrustedDocument(f"{name}: {error}{f': {faults}' if faults else ''}") from None
    operations = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].name is None:
        raise BadTrustedDocument(f"{name}: expected one operation with a name, got {len(operations)}")
    return TrustedDocument(operations[0].name.value, operations[0].operation.value, text)


def _texts(folder: Path | None) -> Iterator[tuple[str, str]]:
    shipped = resources.files("gateway") / "documents"
    own = folder.iterdir() if folder is not None else ()
    for file in sorted((*shipped.iterdir(), *own), key=lambda file: file.name):
        if file.name.endswith(".graphql"):
            try:
                yield file.name, file.read_text("utf-8")
            except UnicodeDecodeError:
                raise BadTrustedDocument(f"{file.name}: expected UTF-8, got other bytes") from None


def _admits(offices: frozenset[str], caller: Caller) -> bool:
    return EVERYBODY in offices or caller.office in offices
