"""What did somebody type into a form that was not taken? It stands on the page that says so, to be read and sent again.

Nothing of it is kept by us, nor by the browser beyond that page: it came with the request, and leaves with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form held, by the names of its fields, and where it was sent to. Files are not among it."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What was written in words: no code, and no number of anybody."""
        return tuple(value for _, value in self.fields if not value.isascii() or " " in value.strip())


NOTHING = Typed("", ())


async def typed_in(request: Request) -> Typed:
    """What the form of a request held; nothing where it is no form."""
    if request.method != "POST":
        return NOTHING
    form = await request.form()
    fields = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))
    return Typed(request.url.path, fields)


def day_in(text: str) -> date | None:
    """The day that somebody chose; None for none, and for what is no day.

    >>> day_in("2026-11-16"), day_in("soon")
    (datetime.date(2026, 11, 16), None)
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
