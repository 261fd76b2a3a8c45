"""What does a page of rows say, and in whose fields? Decoded strictly, and at once where every field was asked for.

A page of a few rows is decoded straight to rows with exactly the fields that were asked for, as
what they may plainly be. Whatever is otherwise is read again in the patient way, which can say
what is wrong with it, and of whose row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from connectors.decode import Decoder, Row
from connectors.derived import derived
from connectors.failure import broken
from connectors.meanings import Meanings

Value = str | int | bool | None


class Page(msgspec.Struct, frozen=True):
    """One page of an answer; `count` says how many rows the department put in, so that half a page is seen."""

    count: int
    rows: list[dict[str, Value]]
    next: str | None


class Pages(msgspec.Struct, frozen=True):
    """The first page of each question of a batch, in their order."""

    pages: list[Page]


def parsed(body: bytes) -> Page:
    """The one page of a body. Raises `Failed`."""
    try:
        page = msgspec.json.decode(body, type=Page)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise broken("expected a page of rows in JSON, got something else") from None
    return _counted(page)


def all_parsed(body: bytes, *, many: int) -> Sequence[Page]:
    """The pages of the answer to a batch of so many questions. Raises `Failed`."""
    try:
        pages = msgspec.json.decode(body, type=Pages).pages
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise broken("expected pages of rows in JSON, got something else") from None
    if len(pages) != many:
        raise broken(f"expected a page for each of {many} questions, got {len(pages)}")
    return [*map(_counted, pages)]


def rows_in(page: Page, decode: Decoder) -> Iterator[Row]:
    """The values of each row in the decoder's order; a field that was asked for must be there, if only as null."""
    try:
        yield from derived(decode, map(itemgetter(*decode.inputs), page.rows))
    except KeyError as missing:
        raise broken(f"`{decode.record.__name__}`: expected field {missing}, got a row without it") from None


class PlainPages:
    """What reads answers to the same questions, where all is as it mostly is."""

    def __init__(self, decoders: Sequence[Decoder], *, batch: bool) -> None:
        """`batch` says that the pages come together, in the order of the questions."""
        computed = any(one.expression for decode in decoders for one in decode.fields)
        spelled = any(one.spelled is not None for decode in decoders for one in decode.meanings)
        self._batch = batch
        self._readings = {
            way: _reading([_page_of(decode, spelled=way) for decode in decoders], batch=batch)
            for way in ((True, False) if spelled else (False,))
            if not computed
        }
        """By whether columns are read as `Meanings.spelled`; the first that could read an answer comes first."""

    def rows(self, body: bytes) -> tuple[Sequence[list[Any]], bool] | None:
        """For each question the rows of its page, and whether they are spelled, both as `plain_outcomes` takes them.

        None where they must be read patiently.
        """
        for spelled, reading in self._readings.items():
            try:
                told = reading.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if spelled is False and len(self._readings) > 1:
                self._readings = {False: reading}  # this department spells otherwise: it is not tried again
            pages = told.pages if self._batch else (told,)
            for page in pages:
                if page.next is not None or page.count != len(page.rows):
                    return None
            return [page.rows for page in pages], spelled
        return None


def _reading(pages: Sequence[Any], *, batch: bool) -> msgspec.json.Decoder[Any]:
    if not batch:
        return msgspec.json.Decoder(pages[0])
    several: Any = tuple[(*pages,)]  # type: ignore[valid-type]  # made at run time
    return msgspec.json.Decoder(msgspec.defstruct("Pages", [("pages", several)], gc=False))


def _page_of(decode: Decoder, *, spelled: bool) -> Any:
    """The type of a page whose rows have the fields of a decoder, `f0` the first of them."""
    fields: Any = [
        (f"f{place}", _type_of(meanings, spelled=spelled)) for place, meanings in enumerate(decode.meanings)
    ]
    names = {f"f{place}": one.physical for place, one in enumerate(decode.fields)}
    row = msgspec.defstruct("Row", fields, rename=names, gc=False)
    rows: Any = list[row]  # type: ignore[valid-type]  # made at run time
    return msgspec.defstruct("Page", [("count", int), ("rows", rows), ("next", str | None)], gc=False)


def _type_of(meanings: Meanings, *, spelled: bool) -> Any:
    words: Any = meanings.spelled if spelled else None
    if words is None:
        return meanings.kind
    return words | None if meanings.is_optional else words


def _counted(page: Page) -> Page:
    if page.count != len(page.rows):
        raise broken(f"expected the {page.count} rows that the page announces, got {len(page.rows)}")
    return page
