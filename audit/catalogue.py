"""Which events does the log know, and what may stand in each?

The catalogue is closed: an entry of another event, with another field, or with a value out of
range is refused when it is built and reported when it is read. No field can hold free text:
codes are short, ASCII and without long digit runs, so neither a name nor an id number fits.
What must be kept as text (purpose, case, reasons, digests of answers) is only committed to.
Standard library only: the offline verifier uses this module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from audit.commitment import Json, print_canonical
from audit.errors import MalformedEntry
from audit.kinds import (
    CODE,
    CODES,
    COUNT,
    COUNTS,
    DAY,
    HASH,
    INDEX,
    MOST_SUBJECTS,
    PERSON,
    PSEUDONYMS,
    REGION,
    STATES,
    Kind,
    is_code,
    is_hash,
    is_instant,
    is_pseudonym,
)

SCHEMA = 1
"""Version of the entry's form; a reader refuses others."""

LONGEST_ENTRY = 65_535


@dataclass(frozen=True)
class Event:
    """One kind of entry. `says` is its meaning in a sentence; `fields` are required, `optional` may be missing."""

    says: str
    fields: Mapping[str, Kind]
    optional: Mapping[str, Kind] = field(default_factory=dict)
    committed: frozenset[str] = frozenset()
    fewest_subjects: int = 0

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """What each public field may hold, required or not."""
        return {**self.fields, **self.optional}

    @cached_property
    def checks(self) -> Mapping[str, Callable[[object], bool]]:
        """The check of each public field, ready to be called."""
        return {name: kind.fits for name, kind in self.kinds.items()}

    @property
    def persons(self) -> tuple[str, ...]:
        """Fields that are given as an id or account and stored as a pseudonym."""
        return tuple(name for name, kind in self.kinds.items() if kind.person)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as read back from the log.

    `event`      a name of `EVENTS`
    `at_ms`      milliseconds since 1970-01-01 UTC, by the operator's clock
    `epoch`      the period whose pseudonym key was used, a code
    `subjects`   pseudonyms of the people or households concerned, 32 hex digits each, sorted
    `fields`     the public fields
    `committed`  name → commitment, 64 hex digits
    `nonce`      128 random bits, 32 hex digits; also names the keys of the sealed values
    """

    event: str
    at_ms: int
    epoch: str
    subjects: tuple[str, ...]
    fields: Mapping[str, Json] = field(repr=False)
    committed: Mapping[str, str] = field(repr=False)
    nonce: str

    @property
    def at(self) -> datetime:
        """The instant of the entry, UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.at_ms)

    def number(self, name: str) -> int:
        """A field that the catalogue says is an index or a count."""
        value = self.fields[name]
        assert isinstance(value, int)
        return value

    def text(self, name: str) -> str:
        """A field that the catalogue says is a code, a hash or a pseudonym."""
        value = self.fields[name]
        assert isinstance(value, str)
        return value


_CALLER = {"caller": PERSON, "department": CODE, "post": CODE}
_WHY = frozenset({"purpose", "case", "basis", "query"})

EVENTS: Mapping[str, Event] = {
    "inquiry.intent": Event(
        "Somebody is about to be asked about: durable before any source is called.",
        {**_CALLER, "agreements": HASH, "asked": CODES},
        {"region": REGION, "grant": CODE, "sources": CODES, "request": CODE, "scenario": CODE},
        _WHY | {"note"},
    ),
    "inquiry.outcome": Event(
        "What the inquiry at `intent` came to: durable before the answer leaves.",
        {"intent": INDEX, "sources": STATES},
        {
            "pack": HASH,
            "rules": HASH,
            "persons": COUNTS,
            "findings": COUNTS,
            "request": CODE,
            "result": CODE,
            "hedged": COUNTS,
            "close": CODE,
        },
        frozenset({"answer", "outcome", "findings", "category", "inputs", "result"}),
    ),
    "inquiry.refused": Event(
        "A question was refused, and by which clause; nothing was fetched.",
        {**_CALLER, "clause": CODE},
        {
            "agreements": HASH,
            "asked": CODES,
            "region": REGION,
            "grant": CODE,
            "request": CODE,
            "intent": INDEX,
        },
        _WHY | {"reason"},
    ),
    "export": Event(
        "Something left the house as a file: `contents` is the digest of its list of files.",
        {"caller": PERSON, "what": CODE, "contents": HASH},
        {"entries": COUNT, "recipient": CODE, "request": CODE},
        _WHY,
    ),
    "audit.read": Event(
        "Somebody read the log itself.",
        {"caller": PERSON, "what": CODE},
        {"department": CODE, "post": CODE, "first": INDEX, "last": INDEX, "request": CODE},
        _WHY,
    ),
    "statement.asked": Event(
        "A person, or who acts for them, asked who had looked at them.",
        {"caller": PERSON, "basis": CODE},
        {"request": CODE},
        _WHY,
        fewest_subjects=1,
    ),
    "run.started": Event(
        "A verification of many households began.",
        {"caller": PERSON, "run": CODE, "pack": HASH, "rules": HASH},
        {"snapshot": HASH, "region": REGION, "households": COUNT, "day": DAY},
        _WHY,
    ),
    "run.finished": Event(
        "The run that began at `started` ended.",
        {"started": INDEX, "state": CODE, "households": COUNT, "findings": COUNT},
        {"counts": COUNTS, "sources": STATES, "persons": COUNTS},
        frozenset({"result"}),
    ),
    "finding.changed": Event(
        "A finding moved from one state to another.",
        {"caller": PERSON, "rule": CODE, "before": CODE, "after": CODE},
        {"department": CODE, "post": CODE, "second": PERSON, "request": CODE},
        frozenset({"finding", "case", "reason"}),
        fewest_subjects=1,
    ),
    "case.changed": Event(
        "A case moved from one step to another.",
        {"caller": PERSON, "before": CODE, "after": CODE},
        {"department": CODE, "post": CODE, "request": CODE, "due": DAY},
        frozenset({"case", "reason"}),
        fewest_subjects=1,
    ),
    "case.read": Event(
        "Somebody looked at cases, findings or decisions.",
        {**_CALLER, "what": CODE},
        {"region": REGION, "rows": COUNT, "request": CODE},
        frozenset({"case"}),
    ),
    "hearing.held": Event(
        "What a person said before a decision was written down.",
        {"caller": PERSON, "day": DAY},
        {"department": CODE, "post": CODE, "request": CODE},
        frozenset({"case", "record"}),
        fewest_subjects=1,
    ),
    "decision.made": Event(
        "A person decided, and a second one agreed; the digests let it be replayed.",
        {"caller": PERSON, "second": PERSON, "kind": CODE, "pack": HASH, "rules": HASH},
        {"department": CODE, "post": CODE, "region": REGION, "request": CODE},
        frozenset({"outcome", "inputs", "result", "record", "case", "reason"}),
        fewest_subjects=1,
    ),
    "correction.changed": Event(
        "A record was disputed with the department that owns it (校核), or that department answered.",
        {**_CALLER, "source": CODE, "record": CODE, "before": CODE, "after": CODE},
        {"due": DAY, "request": CODE},
        frozenset({"correction", "record_id", "claim", "answer", "case"}),
        fewest_subjects=1,
    ),
    "link.changed": Event(
        "That a department's row is about a person was proposed by likeness, confirmed or rejected by somebody.",
        {**_CALLER, "source": CODE, "record": CODE, "how": CODE, "before": CODE, "after": CODE},
        committed=frozenset({"link", "record_id", "reason"}),
        fewest_subjects=1,
    ),
    "authorization.changed": Event(
        "A person's authorization to be asked about was recorded, used up or withdrawn.",
        {"caller": PERSON, "before": CODE, "after": CODE},
        {"method": CODE, "day": DAY, "until": DAY, "request": CODE},
        frozenset({"authorization", "case", "reason"}),
        fewest_subjects=1,
    ),
    "grant.changed": Event(
        "A data sharing agreement between departments was granted, changed or suspended.",
        {"caller": PERSON, "grant": CODE, "before": CODE, "after": CODE, "agreements": HASH},
        {"second": PERSON, "request": CODE},
        frozenset({"reason"}),
    ),
    "pack.released": Event(
        "A policy pack was signed and put in force.",
        {"caller": PERSON, "pack": HASH, "region": REGION},
        {"second": PERSON, "from": DAY, "before": HASH, "name": CODE},
        frozenset({"reason"}),
    ),
    "settings.changed": Event(
        "A setting of the operator changed.",
        {"caller": PERSON, "setting": CODE},
        {"second": PERSON, "request": CODE},
        frozenset({"before", "after", "reason"}),
    ),
    "key.changed": Event(
        "A key was made, put to use, or retired. Ids are public, keys are not here.",
        {"caller": PERSON, "use": CODE, "state": CODE},
        {"key": CODE, "before": CODE, "second": PERSON},
        frozenset({"reason"}),
    ),
    "subject.shredded": Event(
        "The keys of these pseudonyms were destroyed; what entries committed to about them is gone.",
        {"caller": PERSON, "basis": CODE, "shredded": PSEUDONYMS},
        {"second": PERSON, "request": CODE},
        frozenset({"reason"}),
    ),
    "sample.commit": Event(
        "An evaluator bound itself to a secret and to a plan, before the seed could be known.",
        {"caller": PERSON, "secret": HASH, "frame": HASH, "population": COUNT, "count": COUNT},
        {"shares": COUNTS, "frame_kind": CODE},
    ),
    "sample.reveal": Event(
        "The evaluator opened the secret of the commit at `commit`.",
        {"caller": PERSON, "commit": INDEX, "secret": HASH},
    ),
    "checkpoint.witnessed": Event(
        "A quorum outside the house had cosigned the head of this size and root.",
        {"size": COUNT, "root": HASH, "witnesses": CODES},
    ),
    "table.landed": Event(
        "A department's table is about to be read whole: brought to rest in files, or laid beside another.",
        {"caller": PERSON, "source": CODE, "record": CODE},
    ),
    "batch.checked": Event(
        "A department's table was read whole, and held against what was agreed; `quality` is what came of it.",
        {"caller": PERSON, "source": CODE, "record": CODE, "quality": CODE, "rows": COUNT, "failing": COUNT},
        {"batch": HASH, "request": CODE},
    ),
    "tokens.compared": Event(
        "Another district's keyed tokens of one period were laid beside ours; subjects are those in both.",
        {
            "caller": PERSON,
            "other": REGION,
            "period": CODE,
            "contents": HASH,
            "tokens": COUNT,
            "equal": COUNT,
        },
    ),
    "source.served": Event(
        "What one department says it served us on one day: digest of its signed list.",
        {"source": CODE, "day": DAY, "list": HASH, "accesses": COUNT, "persons": COUNT},
        {"missing": COUNT, "surplus": COUNT},
    ),
    "log.continued": Event(
        "The first entry of a log that continues an older one: the older one's last head.",
        {"origin": CODE, "size": COUNT, "root": HASH},
    ),
}
"""Every event, by name."""


def parse_entry(data: bytes) -> Entry:
    """An entry from its canonical bytes; whatever the catalogue does not know raises `MalformedEntry`."""
    if len(data) > LONGEST_ENTRY:
        raise MalformedEntry(f"expected at most `{LONGEST_ENTRY}` bytes")
    given = _parse(data)
    if not isinstance(given, dict) or given.keys() != _FRAME.keys():
        raise MalformedEntry(f"expected an object of `{', '.join(_FRAME)}`")
    for name, fits in _FRAME.items():
        if not fits(given[name]):
            raise MalformedEntry(f"`{name}` is out of its range")
    entry = _checked(given)
    # Every value was looked at, and none is a float: what is printed again is the canonical spelling.
    if print_canonical(given) != data:
        raise MalformedEntry("expected canonical JSON: sorted keys, no spaces, no repeated key")
    return entry


def misfit(event: Event, fields: Mapping[str, object]) -> str | None:
    """Why the public fields do not fit the event, or None when they do. Never repeats a value.

    >>> misfit(EVENTS["sample.reveal"], {"caller": "0" * 32, "commit": -1, "secret": "0" * 64})
    'field `commit` expected index of an entry, 0 to 2^53-1'
    """
    checks, required = event.checks, event.fields.keys()
    for name, value in fields.items():
        fits = checks.get(name)
        if fits is None:
            return "a field that the event does not have"
        if not fits(value):
            return f"field `{name}` expected {event.kinds[name].says}"
    if required <= fields.keys():
        return None
    return f"expected the fields `{', '.join(sorted(required - fields.keys()))}`"


def _parse(data: bytes) -> Json:
    try:
        value: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedEntry("expected canonical JSON") from error
    return value


def _checked(given: dict[str, Json]) -> Entry:
    at_ms, epoch, name, nonce = given["at"], given["epoch"], given["event"], given["nonce"]
    fields, committed, subjects = given["fields"], given["committed"], given["subjects"]
    # INVARIANT: `_FRAME` has looked at each of these; the assertions tell the type checker so.
    assert isinstance(at_ms, int)
    assert isinstance(epoch, str)
    assert isinstance(name, str)
    assert isinstance(nonce, str)
    assert isinstance(fields, dict)
    assert isinstance(committed, dict)
    assert isinstance(subjects, list)
    event = EVENTS[name]
    wrong = misfit(event, fields)
    if wrong is None and not committed.keys() <= event.committed:
        wrong = "a committed field that the event does not have"
    if wrong is None and len(subjects) < event.fewest_subjects:
        wrong = f"expected `{event.fewest_subjects}` or more subjects"
    if wrong is not None:
        raise MalformedEntry(f"event `{name}`: {wrong}")
    texts = {key: str(value) for key, value in committed.items()}
    return Entry(name, at_ms, epoch, tuple(map(str, subjects)), fields, texts, nonce)


def _are_subjects(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_SUBJECTS
        and all(map(is_pseudonym, value))
        and all(map(str.__lt__, value, value[1:]))
    )


def _are_commitments(value: object) -> bool:
    return isinstance(value, dict) and all(map(is_hash, value.values()))


_FRAME: Mapping[str, Callable[[object], bool]] = {
    "at": is_instant,
    "committed": _are_commitments,
    "epoch": is_code,
    "event": lambda value: isinstance(value, str) and value in EVENTS,
    "fields": lambda value: isinstance(value, dict),
    "nonce": is_pseudonym,
    "subjects": _are_subjects,
    "v": lambda value: type(value) is int and value == SCHEMA,
}
"""What stands in every entry, and what each part may hold."""
