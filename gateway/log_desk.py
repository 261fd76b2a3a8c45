"""What does a command or an act work with that reads or writes the audit log? The log, its book, the evaluator's policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from audit.catalogue import Entry, parse_entry
from audit.commitment import Json
from audit.entry import EntryBook, Made
from audit.errors import NoSuchEntry, QuorumMissing
from audit.log import Log, Receipt
from audit.note import Checkpoint, Note
from audit.policy import Policy
from audit.vault import Vault
from gateway.watching import note_witnessed, witnessed_head

OPERATOR = "operator"
"""The account of whoever types commands on this machine."""

_AT_ONCE = 4096
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class LogDesk:
    """A log open for one command, or for one act of a caller.

    `policy`  None where no witness is required
    `by`      the account that entries name
    `earlier` books of epochs gone by, for their pseudonyms alone
    """

    log: Log
    book: EntryBook
    policy: Policy | None
    max_unwitnessed_s: float
    by: str = OPERATOR
    earlier: tuple[EntryBook, ...] = ()

    async def note(
        self,
        event: str,
        fields: Mapping[str, Json],
        *,
        subjects: Iterable[str] = (),
        committed: Mapping[str, Json] | None = None,
    ) -> Receipt:
        """Note an event by whoever works here, now. Raises what `EntryBook.entry` and `Log.append` raise."""
        public = {"caller": self.by, **fields}
        return await self.write(
            self.book.entry(event, at=now(), fields=public, subjects=subjects, committed=committed)
        )

    async def write(self, made: Made) -> Receipt:
        """Write an entry. Raises what `Log.append` raises."""
        return await self.log.append(made.bytes, alongside=made.alongside)

    async def head(self) -> bytes:
        """The newest head, cosigned where the witnesses can be reached. Raises `StoreBusy`, `StoreBroken`."""
        return await witnessed_head(
            self.log, self.book, self.policy, max_unwitnessed_s=self.max_unwitnessed_s
        )

    def is_short_of_witnesses(self, head: bytes) -> bool:
        """Tell whether a signed head lacks the quorum that the policy asks for."""
        try:
            return self.policy is not None and not self.policy.require_quorum(Note.parse(head))
        except QuorumMissing:
            return True

    async def witness(self) -> None:
        """Have the head witnessed and note it; without a policy nothing is done. Raises `NotProven`, `NotLogged`."""
        if self.policy is not None:
            await note_witnessed(self.log, self.book, self.policy, await self.head(), at=now().timestamp())

    @property
    def epochs(self) -> frozenset[str]:
        """The pseudonym epochs whose keys are at hand."""
        return frozenset(book.epoch for book in (*self.earlier, self.book))

    def pseudonyms(self, person: str) -> dict[str, str]:
        """The pseudonym of a person, household or account in every epoch whose key is at hand, by epoch."""
        return {book.epoch: book.pseudonym(person) for book in (*self.earlier, self.book)}

    def vault(self) -> Vault:
        """Opens what the log committed to. Synchronous."""
        return Vault(self.log.reader, self.book.sealing)

    def entries(self, first: int, end: int, *, holding: str = "") -> Iterator[tuple[int, Entry]]:
        """The entries from `first` up to `end`, with their indexes. Synchronous; raises `MalformedEntry`.

        `holding`   only those in whose bytes this stands: what is not looked for need not be parsed
        """
        text = holding.encode()
        for at in range(first, end, _AT_ONCE):
            for index, data in enumerate(self.log.reader.entries(at, min(at + _AT_ONCE, end)), at):
                if text in data:
                    yield index, parse_entry(data)

    def decisions(self, size: int) -> list[int]:
        """Of the first `size` entries those that keep a verdict or rest on one. Synchronous; reads them all."""
        return [index for index, entry in self.entries(0, size) if "inputs" in entry.committed]

    def entry(self, index: int) -> Entry | None:
        """One entry, None where the log has no such index. Synchronous; raises `MalformedEntry`."""
        try:
            return parse_entry(self.log.reader.entries(index, index + 1)[0])
        except NoSuchEntry:
            return None


def size_of(checkpoint: bytes) -> int:
    """How many entries a signed head covers."""
    return Checkpoint.parse(Note.parse(checkpoint).text).size


def named(event: str, *, whole: bool = True) -> str:
    """What stands in the bytes of every entry of an event, to be looked for before they are parsed.

    `whole`   whether it is the whole name, or how it begins
    """
    return f'"event":"{event}' + ('"' if whole else "")


def china_day(at: datetime) -> date:
    """The day in China at an instant."""
    return china_time(at).date()


def china_time(at: datetime) -> datetime:
    """The same instant as the clocks in China show it."""
    return at.astimezone(_CHINA)


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)
