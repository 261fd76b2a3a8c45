"""Whom is a question about, and how are they written to a department? Worked out once for all that is asked about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase, digits
from typing import Self, cast

import msgspec

from connectors.forms import plainly_text
from vocabulary.idnumber import LONGEST_WRITTEN, WrittenId

LONGEST_SUBJECT = 64
"""Characters of an id number or household number that may be asked for."""


class Subjects(tuple[str, ...]):
    """Id numbers or household numbers as they were given. What is worked out of them goes when they go.

    `tidied`    each tidied, in their order: these very ones where all are tidy already
    `askable`   each once, tidied, without those that no register can hold: they have no record anywhere
    `encoded`   the askable ones as a list in JSON

    >>> Subjects((" 11010519491231002x ", "11010519491231002X")).askable
    ['11010519491231002X']
    """

    tidied: Sequence[str]
    askable: list[str]
    encoded: bytes

    def __new__(cls, given: Sequence[str]) -> Self:
        """Work out what every transport asks."""
        made = tuple.__new__(cls, given)
        made._known, texts = {}, [*map(str, made)]
        if _plain(texts):
            made.tidied, made.askable = made, texts
            made.encoded = ('["' + '","'.join(texts) + '"]').encode()
        else:
            made.tidied = _tidied(made)
            made.askable = _askable(made.tidied)
            made.encoded = msgspec.json.encode(made.askable)
        return made

    def known(self, word: type[str] | None) -> Mapping[str, str] | None:
        """From what a register plainly writes of them to the words of a column, `str` or `WrittenId`.

        None where one of them is not plainly written, or for a column of anything else.
        """
        if word not in self._known:
            self._known[word] = self._words(word)
        return self._known[word]

    _known: dict[type[str] | None, Mapping[str, str] | None]

    def _words(self, word: type[str] | None) -> Mapping[str, str] | None:
        texts = self.askable
        if self.tidied is not self or not texts or not plainly_text(texts):
            return None
        if word is str:
            return dict(zip(texts, texts, strict=True))
        if word is not WrittenId or max(map(len, texts)) > LONGEST_WRITTEN:
            return None
        # A word that is there already is taken, so that everybody speaks of the very same one.
        if {*map(type, self)} == {WrittenId} and len(texts) == len(self):
            return dict(zip(texts, cast("tuple[WrittenId, ...]", self), strict=True))
        words: dict[str, WrittenId] = {one: one for one in self if type(one) is WrittenId}
        return {one: words.get(one) or WrittenId(one) for one in texts}


def _plain(texts: Sequence[str]) -> bool:
    """Tell whether these are tidy, each another one, and of signs that stand in JSON as they are: as most are."""
    together = "".join(texts)
    return (
        together.isascii()
        and bool(texts)
        and not together.encode().translate(None, _TIDY)
        and len({*texts}) == len(texts)
        and all(texts)
        and max(map(len, texts)) <= LONGEST_SUBJECT
    )


def _tidied(given: Subjects) -> Sequence[str]:
    """Mostly all are tidy already, which is seen at one look."""
    together = "".join(given)
    if together.split() == [together] and together == together.upper():
        return given
    return [*map(tidy, given)]


def _askable(tidied: Sequence[str]) -> list[str]:
    once = [*map(str, dict.fromkeys(tidied))]
    if "".join(once).isprintable() and all(once) and max(map(len, once), default=0) <= LONGEST_SUBJECT:
        return once
    return [one for one in once if 0 < len(one) <= LONGEST_SUBJECT and one.isprintable()]


def tidy(subject: str) -> str:
    """Give the form in which subjects are compared: registers differ in blanks and in the case of an X."""
    return subject.strip().upper()


_TIDY = (ascii_uppercase + digits + "-_/.:").encode()
