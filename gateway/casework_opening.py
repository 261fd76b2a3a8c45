"""How is a desk of casework opened? Its tables beside the log, the book and the policy pack of the settings: one way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from audit.log import Log
from casework.authorized import Authorized
from casework.desk import Desk
from casework.kept import Kept, OtherCaseworkSchema
from gateway.errors import CannotOpen
from gateway.keys import earlier_books, entry_book
from gateway.settings import Settings
from gateway.trace import code_of
from verification.pack import load_pack


@contextmanager
def desk_over(
    settings: Settings, log: Log, *, clock: Callable[[], datetime], today: Callable[[], date]
) -> Iterator[Desk]:
    """A desk over an open log, closed again when the context ends. Raises `CannotOpen`, `PackError`."""
    pack = load_pack(settings.policy_pack)
    try:
        kept = Kept(settings.log_url)
    except OtherCaseworkSchema as error:
        raise CannotOpen(str(error)) from error
    try:
        yield Desk(kept, log, entry_book(settings), pack, clock, today, code_of)
    finally:
        kept.close()


def authorized_at(desk: Desk, settings: Settings) -> Authorized:
    """Our register of authorizations, as questions look into it. Raises `CannotOpen`."""
    books = (desk.book, *earlier_books(settings))
    return Authorized(desk.kept, tuple(book.pseudonym for book in books))
