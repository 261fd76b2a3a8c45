"""How is a page of plain rows read fast? By one Python function, written for the very columns that were asked for.

    def read(rows, whose):
        if not plain([r.f0 for r in rows]): raise NotInForm
        records = [made(r.f0, m1[r.f1], whose[r.f2], r.f3.means) for r in rows]
        return [r.person for r in records], records

`made` is the record type, `m1` the meanings of a column (`connectors.meanings`), `whose` the subjects
that were asked about, by what is plainly written of them. Nothing of a contract gets into the text:
columns are numbered, and what belongs to them stands in the namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from connectors.decode import Decoder
from connectors.forms import NotInForm, plainly_text
from connectors.meanings import plainly_ids
from vocabulary.idnumber import WrittenId
from vocabulary.record import Record


class Reading(NamedTuple):
    """How the rows of an answer are read, and by which words of the subjects asked about.

    `read`   gives whose they are and the records of rows whose cells are of the types that `Meanings.kind` says, `f0`
             the first of them. Raises `KeyError` for a row of nobody who is known, and one of `UNREADABLE` for one that
             must be looked at by itself
    """

    word: type[str] | None
    read: Callable[[Sequence[Any], Mapping[str, str]], tuple[list[str], list[Record]]]


@lru_cache(maxsize=512)
def reading(decode: Decoder, by: str, *, spelled: bool) -> Reading:
    """Write the function for a decoder and the column by which is asked.

    `spelled`   cells of columns that have `Meanings.spelled` are of that type
    """
    meanings, subject = decode.meanings, decode.places[by]
    names: dict[str, Any] = {"made": decode.made, "NotInForm": NotInForm, "WrittenId": WrittenId}
    names |= {"plain": plainly_text, "ids": plainly_ids, **{f"m{at}": one for at, one in enumerate(meanings)}}
    texts, ids, taken = list[str](), list[str](), list[str]()
    for at, one in enumerate(meanings):
        cell = f"r.f{at}"
        if at == subject:
            taken.append(f"whose[{cell}]")
        elif one.word is str:
            texts.append(f"[{cell} for r in rows" + (f" if {cell} is not None]" if one.is_optional else "]"))
            taken.append(cell)
        elif one.word is WrittenId and not one.is_optional:
            ids.append(f"[{cell} for r in rows]")
            taken.append(f"WrittenId({cell})")
        elif spelled and one.spelled is not None:
            taken.append(f"None if {cell} is None else {cell}.means" if one.is_optional else f"{cell}.means")
        else:
            taken.append(f"m{at}[{cell}]")
    checks = [f"not {check}({' + '.join(some)})" for check, some in (("plain", texts), ("ids", ids)) if some]
    text = [
        "def read(rows, whose):",
        *([f"    if {' or '.join(checks)}: raise NotInForm"] if checks else []),
        f"    records = [made({', '.join(taken[at] for at in decode.order)}) for r in rows]",
        f"    return [r.{by} for r in records], records",
    ]
    exec(compile("\n".join(text), "<page>", "exec"), names)  # noqa: S102  # written here, see above
    return Reading(meanings[subject].word, names["read"])
