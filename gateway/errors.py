"""What can go wrong with an inquiry, and what does the asker get told?

    Exception
    └── InquiryError          each has a `code` for machines and an HTTP `status`
        ├── BadRequest        the HTTP request is not a GraphQL one
        ├── BadDocument       the document is not one that this schema can answer
        │   ├── TooCostly     it is too large to think about
        │   └── UnknownDocument   its hash names no trusted document
        ├── BadArgument       an argument is not what its name promises
        ├── Ending            the gateway is being stopped: whoever follows something asks again
        └── NotLogged         the log cannot be written, so there is no answer
            ├── NotSealed     the key of somebody whom an entry is about does not open: an operator has to look
            └── NotWitnessed  no quorum of witnesses has seen the log for too long
    Exception
    ├── CannotOpen            a key, a pack or an issuer is missing; says which setting
    ├── NotListening          the server did not come up
    └── CannotRun             civil affairs did not say which households there are

Who asks and whether they may is said by `gateway.caller` and `gateway.access`. A department
that fails is no error: it is a value in the answer. No message repeats an id number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from graphql import GraphQLError


class InquiryError(Exception):
    """An inquiry that gets no data."""

    code: ClassVar[str] = "FAILED"
    status: ClassVar[int] = 400


class BadRequest(InquiryError):
    """The HTTP request is not a GraphQL one. `status` says how, `allow` what would be."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, *, status: int = 400, allow: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.answered_with, self.allow = status, tuple(allow)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a document and where it stands, line and column from 1. The message holds no value."""

    message: str
    places: tuple[tuple[int, int], ...]


class BadDocument(InquiryError):
    """The document does not parse, does not fit the schema, or its variables do not fit it."""

    code = "BAD_DOCUMENT"

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, faults: Sequence[GraphQLError]) -> BadDocument:
        """All that graphql-core found, without the values that it quotes."""
        found = [
            Fault(
                without_values(fault.message),
                tuple((place.line, place.column) for place in fault.locations or ()),
            )
            for fault in faults
        ]
        return cls(f"expected a document that fits the schema, got {len(found)} faults", found)


class TooCostly(BadDocument):
    """The document is over a limit, and refused before it is validated."""

    code = "TOO_COSTLY"


class UnknownDocument(BadDocument):
    """No trusted document has this hash: send the text, if you may ask ad hoc, or have it trusted."""

    code = "DOCUMENT_NOT_FOUND"


class BadArgument(InquiryError):
    """An argument is not what its name promises; `argument` says which one."""

    code = "BAD_ARGUMENT"

    def __init__(self, message: str, *, argument: str) -> None:
        super().__init__(message)
        self.argument = argument


class Ending(InquiryError):
    """The gateway is being stopped, and what takes long is told no farther: ask again, and another answers."""

    code = "ENDING"
    status = 503

    def __init__(self) -> None:
        super().__init__("expected to go on, got a gateway that is being stopped: ask again")


class NotLogged(InquiryError):
    """The audit log cannot be written. Nothing was asked, or what was asked does not leave."""

    code = "NOT_LOGGED"
    status = 503


class NotSealed(NotLogged):
    """The key of somebody whom this is about does not open, so nothing about them is taken. Others are answered."""

    code = "NOT_SEALED"


class NotWitnessed(NotLogged):
    """Nobody outside has seen the log for too long, so nobody is asked. It passes when the witnesses are back."""

    code = "UNWITNESSED"


class CannotOpen(Exception):
    """The gateway cannot be opened with these settings."""


class NotListening(Exception):
    """The server did not come up: its address is taken, or not ours."""


class CannotRun(Exception):
    """Civil affairs did not say which households there are, or who is listed with them."""


def without_values(message: str) -> str:
    """A message of graphql-core without any value of the document: it quotes literals and variables.

    >>> without_values("Variable '$id' got invalid value 529901199001011234; String cannot represent it")
    "Variable '$id' got an invalid value; String cannot represent it"
    """
    message = re.sub(r"got invalid value .*?;", "got an invalid value;", message, flags=re.DOTALL)
    message = re.sub(r"(cannot represent [a-z -]*value|Unexpected \w+|found \w+)[: ].*", r"\1", message)
    message = re.sub(r"found .*\.$", "found another value.", message)
    message = re.sub(r"\"[^\"]*\"", '"…"', message)
    message = re.sub(r"\d{5,}[0-9Xx]*", "…", message)
    return re.sub(r"[^\x00-\x7f…]+", "…", message)
