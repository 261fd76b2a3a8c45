"""What is written down about an inquiry? An intent before anybody is asked, an outcome before anything leaves.

Refusals are written like answers. Entries hold no person: subjects and callers stand under
keyed pseudonyms, purpose and case are only committed to. When the log cannot take an entry,
`NotLogged` is raised, and what the entry stands for must not happen.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from string import ascii_lowercase
from typing import NamedTuple

import msgspec
import structlog

from audit.commitment import Json
from audit.entropy import Entropy
from audit.entry import EntryBook, Form, Made, Spelled
from audit.errors import AuditError, KeyUnusable, Unwitnessed
from audit.log import Log
from gateway.access import Errand, Refused
from gateway.caller import Caller
from gateway.decision_record import Decided, DecisionRecord
from gateway.errors import NotLogged, NotSealed, NotWitnessed
from gateway.executor.kept import Kept
from gateway.plan import Plan
from gateway.view import LogView
from vocabulary.codes import Department
from vocabulary.evidence import Answer

_log = structlog.get_logger("hedui.trace")

TRIED_EVERY = timedelta(seconds=1)
"""How often a log that refused an entry is asked, by whoever looks, whether it would take one now."""


class Intent(msgspec.Struct, frozen=True):
    """An intent that the log holds, at `index`."""

    index: int
    caller: Caller
    request: str


class Came(msgspec.Struct, frozen=True):
    """What an inquiry came to.

    `data`       the answer's `data`, in the bytes in which it leaves
    `subjects`   the household and every person whose records were asked for, some of them perhaps twice
    `sources`    department → state
    `persons`    department → persons and households that it answered about, 1 or more
    `result`     a code: `ANSWERED`, `NO_HOUSEHOLD`
    `hedged`     department → questions that it was asked a second time, since it was slow
    `close`      whether somebody has the asker's surname and address
    """

    data: bytes
    subjects: Sequence[str]
    sources: Mapping[str, str]
    persons: Mapping[str, int]
    result: str
    pack: str | None = None
    rules: str | None = None
    category: str | None = None
    findings: Mapping[str, int] | None = None
    record: DecisionRecord | None = None
    """What the verdict rested on and came to, where there is one."""
    hedged: Mapping[str, int] | None = None
    close: Answer = Answer.UNKNOWN


class Noted(NamedTuple):
    """The proof that the log holds an outcome (tlog-proof), and where its verdict can be found again."""

    receipt: str
    decided: Decided | None


Covers = Callable[[int], Awaitable[bool]]
"""Tells whether a quorum has cosigned a head of so many entries, after waiting a little."""


class Trace:
    """Writes the entries of inquiries to one log. Safe for concurrent use.

    `covers`   None where no witness is required: receipts are then under the log's own signature
    """

    def __init__(
        self, log: Log, book: EntryBook, *, clock: Callable[[], datetime], covers: Covers | None = None
    ) -> None:
        self._log, self._book, self._clock, self._covers = log, book, clock, covers
        self._refused = False
        self._tried_at: datetime | None = None
        self._forms: Kept[Form] = Kept(512)

    def pseudonym(self, subject: str) -> str:
        """The name under which a person or household stands in the log."""
        return self._book.pseudonym(subject)

    async def intent(
        self,
        caller: Caller,
        errand: Errand,
        plan: Plan,
        *,
        agreements: str,
        sources: Iterable[Department],
        request: str,
    ) -> Intent:
        """Note who is about to ask what, about whom, why, and which departments. Raises `NotLogged`."""
        fields: dict[str, Json] = {"request": request}
        committed: dict[str, Json | Spelled] = {"purpose": str(errand.purpose), "case": errand.case}
        search = plan.question.search
        if search is not None:
            # Who is looked for is not known yet: the region is told, the name only committed to.
            fields["region"] = str(search.region)
            committed |= {} if search.name is None else {"note": search.name}
        asked = frozenset(sources)

        def made(at: datetime) -> Made:
            form = self._forms.of(
                caller,
                plan.question.outline,
                key=(agreements, asked, search is None),
                make=lambda: self._intents(caller, plan, agreements, asked, differ=[*fields]),
            )
            return self._book.filled(
                form, at=at, fields=fields, subjects=plan.question.keys, committed=committed
            )

        return Intent(await self._append("inquiry.intent", made), caller, request)

    def _intents(
        self, caller: Caller, plan: Plan, agreements: str, sources: Iterable[Department], *, differ: list[str]
    ) -> Form:
        """What all intents of a caller to ask this have in common. Raises `EntryRefused`."""
        fields: dict[str, Json] = {
            **_who(caller),
            "agreements": agreements,
            "asked": coordinates(plan),
            "sources": [*sorted(department.value for department in sources)],
        }
        return self._book.form("inquiry.intent", fields, differ=differ)

    async def outcome(self, intent: Intent, came: Came) -> Noted:
        """Note what came of it, and with a verdict what it rested on. Raises `NotLogged`."""
        fields: dict[str, Json] = {
            "intent": intent.index,
            "sources": dict(came.sources),
            "persons": dict(came.persons),
            "result": came.result,
            "request": intent.request,
        }
        if came.hedged:
            fields["hedged"] = dict(came.hedged)
        if came.close is not Answer.UNKNOWN:
            fields["close"] = came.close.name
        if came.pack is not None and came.rules is not None:
            fields |= {"pack": came.pack, "rules": came.rules, "findings": dict(came.findings or {})}
        index = await self._write(
            "inquiry.outcome",
            fields,
            subjects=came.subjects,
            committed={"answer": digest(came.data), "category": came.category, **_kept(came.record)},
        )
        decided = came.record.decided(index) if came.record is not None else None
        return Noted(await self.receipt(index), decided)

    async def receipt(self, index: int) -> str:
        """The receipt (tlog-proof) of an entry, cosigned where a quorum has seen it. Raises `NotLogged`."""
        try:
            if self._covers is not None and await self._covers(index + 1):
                return await self._log.witnessed_proof(index)
            return await self._log.proof(index)
        except AuditError as error:
            raise NotLogged(f"expected a receipt from the log, got {type(error).__name__}") from error

    async def refused(self, caller: Caller, refusal: Refused, *, agreements: str, request: str) -> None:
        """Note a refusal, and by which clause. Raises `NotLogged`."""
        await self._write(
            "inquiry.refused",
            {**_who(caller), "clause": code_of(refusal.clause), "agreements": agreements, "request": request},
            committed={"reason": refusal.clause},
        )

    async def run_started(
        self, *, by: str, run: str, pack: str, rules: str, households: int, day: date
    ) -> int:
        """Note that a verification of many households begins; the index of the entry. Raises `NotLogged`."""
        fields: dict[str, Json] = {"caller": by, "run": run, "pack": pack, "rules": rules}
        return await self._write("run.started", {**fields, "households": households, "day": day.isoformat()})

    async def run_finished(
        self,
        started: int,
        *,
        state: str,
        households: int,
        found: Mapping[str, int],
        sources: Mapping[str, str] | None = None,
        persons: Mapping[str, int] | None = None,
    ) -> None:
        """Note what a run came to, finding by finding, and which departments it asked. Raises `NotLogged`.

        `sources`  department → state
        `persons`  department → subjects in what it gave, each record type by itself
        """
        fields: dict[str, Json] = {"started": started, "state": state, "households": households}
        if sources is not None:
            fields |= {"sources": dict(sources), "persons": dict(persons or {})}
        await self._write(
            "run.finished", {**fields, "findings": sum(found.values()), "counts": dict(sorted(found.items()))}
        )

    async def writable(self) -> bool:
        """Tell whether the log can be read and would take an entry.

        That it took the last one shows it. Where it refused that, it is tried out: a balancer sends no question,
        and so no entry, to a gateway that is not ready.
        """
        try:
            await self._log.checkpoint()
            if self._refused:
                await self._try_out()
        except AuditError:
            return False
        return self._log.fault is None and not self._refused

    async def _try_out(self) -> None:
        """Forget that an entry was refused where one would be taken now. Raises `AuditError`."""
        now = self._clock()
        if self._tried_at is None or not timedelta() <= now - self._tried_at < TRIED_EVERY:
            self._tried_at = now
            await self._log.try_out()
            if self._refused:  # an entry may have shown it meanwhile
                self._takes_again()

    async def head(self) -> LogView:
        """The log as it stands: its signed head. Raises `NotLogged` when it cannot be read."""
        try:
            note = await self._log.checkpoint()
        except AuditError as error:
            raise NotLogged(f"expected the log's head, got {type(error).__name__}") from error
        return LogView(self._log.origin, int(note.splitlines()[1]), note.decode())

    async def read(self, caller: Caller, what: str, *, request: str) -> None:
        """Note that somebody reads the log itself. Raises `NotLogged`."""
        await self._write("audit.read", {**_who(caller), "what": what, "request": request})

    def _write(
        self,
        event: str,
        fields: Mapping[str, Json],
        *,
        subjects: Iterable[str] = (),
        committed: Mapping[str, Json | Spelled] | None = None,
    ) -> Awaitable[int]:
        return self._append(
            event,
            lambda at: self._book.entry(event, at=at, fields=fields, subjects=subjects, committed=committed),
        )

    async def _append(self, event: str, entry: Callable[[datetime], Made]) -> int:
        """Make an entry of this instant, and have the log take it; where it stands then."""
        try:
            made = entry(self._clock())
            receipt = await self._log.append(made.bytes, alongside=made.alongside)
        except Unwitnessed as error:  # passes by itself, without an entry that would show it
            raise NotWitnessed(str(error)) from error
        except KeyUnusable as error:  # does not pass, and concerns nobody else: the log takes other entries
            _log.error("the key of a subject does not open", refused=event)
            raise NotSealed(
                "expected the log to take an entry, got a subject's key that does not open"
            ) from error
        except AuditError as error:
            self._is_refused(error)
            raise NotLogged(f"expected the log to take an entry, got {type(error).__name__}") from error
        if self._refused:
            self._takes_again()
        return receipt.index

    def _is_refused(self, error: AuditError) -> None:
        """Say once that the log takes no entry, for all that are refused until it does again."""
        if not self._refused:
            _log.error("the log takes no entry", kind=type(error).__name__, why=str(error))
        self._refused = True

    def _takes_again(self) -> None:
        _log.warning("the log takes entries again")
        self._refused = False


def digest(data: bytes) -> str:
    """SHA-256, in hex, of an answer's `data` as it left: whoever has the answer can recompute it."""
    return sha256(data).hexdigest()


def _kept(record: DecisionRecord | None) -> dict[str, Spelled]:
    """The record whole: the entry only commits to it, the vault keeps it."""
    return {} if record is None else {"inputs": Spelled(record.inputs), "result": Spelled(record.result)}


def coordinates(plan: Plan) -> list[Json]:
    """What was asked for, as `Type.field`, each once."""
    return [*plan.question.outline.coordinates]


@lru_cache(maxsize=4_096)
def code_of(text: str) -> str:
    """A short public code for a post or a clause; the log holds no free text.

    The number of an agreement stands for its clause, `SAL-40` for 社会救助法 art. 40; any other
    Chinese term is written in Punycode (RFC 3492), which can be read back.

    >>> code_of("MZ-RS-2026-017/目的"), code_of("政务数据共享条例 第二十五条：…"), code_of("核对员")
    ('MZ-RS-2026-017', 'GDSR-25', 'xn--jsr70py2k')
    """
    agreement = re.match(r"[A-Z]{2}-[A-Z]{2}-\d{4}-\d{3}", text)
    if agreement:
        return agreement[0]
    article = re.search(rf"({'|'.join(_LAWS)})[\s/]*第([一二三四五六七八九十]+)条", text)
    if article:
        return f"{_LAWS[article[1]]}-{_number(article[2])}"
    return text if text.isascii() else "xn--" + text[:12].encode("punycode").decode()


def new_request() -> str:
    """A number for a request, 100 random bits in letters: digits could look like a telephone number to the log."""
    return _random(22).translate(_LETTERS).decode()


_random = Entropy()


_LETTERS = (ascii_lowercase.encode() * 10)[:256]
"""A letter for each byte."""

_LAWS = {"政务数据共享条例": "GDSR", "社会救助法": "SAL", "个人信息保护法": "PIPL"}


def _number(numeral: str) -> int:
    """A Chinese numeral from 1 to 99, as articles are numbered: 二十五 is 25, 十 is 10."""
    digits = "零一二三四五六七八九"
    tens, ten, ones = numeral.rpartition("十")
    return (digits.index(tens or "一") * 10 if ten else 0) + (digits.index(ones) if ones else 0)


def _who(caller: Caller) -> dict[str, Json]:
    return {
        "caller": f"{caller.issuer} {caller.subject}",
        "department": caller.department.value,
        "post": code_of(caller.post),
    }
