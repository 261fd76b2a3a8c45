"""Do the recorded rules on the recorded inputs still come to the recorded result? Decision by decision, from a bundle.

Nothing is asked and nothing is opened but the bundle: no register, no database, no settings. A
verdict is reached again by `verification` from its disclosed inputs, under the pack whose bytes
the bundle carries by their hash, and compared line by line. The rules are the program's own; when
the entry names another rule set, that is said instead: another version of the program has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import zip_longest

from audit.catalogue import Entry
from audit.commitment import Json, canonical
from audit.contents import Contents, opened_values
from gateway.decision_record import inputs_of, result_of
from verification.arithmetic import ArithmeticDiffers
from verification.catalogue import CATALOGUE
from verification.crosscheck import NobodyListed, crosscheck, reads
from verification.language.kinds import PackGap
from verification.pack import Pack, PackError
from verification.pack_record import pack_of
from vocabulary.idnumber import mask


class State(StrEnum):
    """What came of replaying one decision."""

    AGREES = "agree"
    DIFFERS = "differ"
    SHREDDED = "shredded"
    """Its inputs were destroyed with a person's keys: the proof holds, nothing can be reached again."""
    SEALED = "sealed"
    """Its inputs were not disclosed to this reader."""
    OTHER_WORDS = "other words"
    """Every figure is reached again, and the arithmetic is told in other sentences, as by another version of the program."""
    OTHER_RULES = "other rules"
    """It names a rule set that this program does not have."""
    NO_PACK = "no pack"
    """It names a policy pack whose bytes are not in the bundle."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision: where the log has it, what came of it, and where not `AGREES` the reason, in a line."""

    index: int
    at_ms: int
    event: str
    state: State
    detail: str = ""


def replayed(contents: Contents) -> Iterator[Replayed]:
    """Every decision of a bundle, ascending: outcomes with a verdict, and decisions that rest on one."""
    entries = [(index, entry) for index, entry in contents.entries() if entry.event in _READ]
    shredded = _shreddings(entries)
    desk = _Desk(contents)
    for index, entry in entries:
        if entry.event in _DECIDED and entry.committed.keys() >= _REPLAYED and "pack" in entry.fields:
            opened = opened_values(entry, desk.opened.get(index, {}))
            if opened.keys() >= _REPLAYED:
                state, detail = desk.again(entry, opened)
            elif any(shredded.get(subject, -1) > index for subject in entry.subjects):
                state, detail = State.SHREDDED, "its inputs are gone; that it was made is proven"
            else:
                state, detail = State.SEALED, "its inputs were not disclosed, or to a key that was not given"
            yield Replayed(index, entry.at_ms, entry.event, state, detail)


_DECIDED = frozenset({"inquiry.outcome", "decision.made"})
_READ = _DECIDED | {"subject.shredded"}
_REPLAYED = frozenset({"inputs", "result"})

Came = tuple[State, str]


class _Desk:
    """Reaches verdicts again; remembers packs, and outcomes for the decisions that rest on them."""

    def __init__(self, contents: Contents) -> None:
        self.opened = contents.opened()
        self._contents = contents
        self._packs: dict[str, Pack | None] = {}
        self._reached: dict[str, tuple[str, Came]] = {}

    def again(self, entry: Entry, opened: Mapping[str, Json]) -> Came:
        inputs, result = opened["inputs"], opened["result"]
        if isinstance(inputs, str) and isinstance(result, str):
            return self._rests_on(inputs, result)
        recorded, expected = canonical(inputs), canonical(result)
        came = self._verdict(entry, recorded, expected)
        self._reached[sha256(recorded).hexdigest()] = sha256(expected).hexdigest(), came
        return came

    def _rests_on(self, inputs: str, result: str) -> Came:
        """A decision names digests only; the outcome that it rests on has the documents."""
        found = self._reached.get(inputs)
        if found is None:
            return State.SEALED, "the outcome that it rests on was not disclosed to this reader"
        if found[0] != result:
            return State.DIFFERS, "the decision names another result than the verdict on these inputs"
        return found[1]

    def _verdict(self, entry: Entry, recorded: bytes, expected: bytes) -> Came:
        if entry.text("rules") != CATALOGUE.hash:
            return State.OTHER_RULES, self._other_rules(entry.text("rules"))
        pack = self._pack(entry.text("pack"))
        if pack is None:
            return State.NO_PACK, f"expected the pack `{entry.text('pack')}` in the bundle"
        try:
            given = inputs_of(recorded, reads=reads())
            reached = result_of(crosscheck(given.evidence, given.household, given.on, pack))
        except (NobodyListed, PackGap, ArithmeticDiffers, ValueError, OverflowError) as error:
            # What was recorded is the examined party's word: no verdict follows from it, whatever is wrong with it.
            return State.DIFFERS, f"{type(error).__name__}: {_masked(str(error))}"
        if reached == expected:
            return State.AGREES, ""
        alike = _figures(reached) == _figures(expected)
        return State.OTHER_WORDS if alike else State.DIFFERS, first_difference(expected, reached)

    def _pack(self, hash_: str) -> Pack | None:
        if hash_ not in self._packs:
            data = self._contents.attachment(f"packs/{hash_}.json")
            good = data is not None and sha256(data).hexdigest() == hash_
            try:
                self._packs[hash_] = pack_of(data) if data is not None and good else None
            except PackError:
                self._packs[hash_] = None
        return self._packs[hash_]

    def _other_rules(self, hash_: str) -> str:
        data = self._contents.attachment(f"rules/{hash_}.txt")
        named = f"it was judged by the rules `{hash_[:12]}`, this program has `{CATALOGUE.hash[:12]}`"
        if data is None or sha256(data).hexdigest() != hash_:
            return f"{named}; the bundle does not hold their text"
        theirs, ours = data.decode("utf-8", "replace").splitlines(), CATALOGUE.canonical()
        of = ""
        for number, (one, other) in enumerate(zip_longest(theirs, ours, fillvalue="nothing"), 1):
            of = _rule_of(one, of)
            if one != other:
                told = f"recorded `{_printable(one):.120}`, here `{other:.120}`"
                return f"{named}; first in line {number}{_printable(of):.20}: {told}"
        return named


def _rule_of(line: str, before: str) -> str:
    """Of which rule a line of a rule set speaks, as ` of BEN-08`: those of a rule follow the one that names it."""
    word, _, rest = line.partition(" ")
    if word == "rule":
        return f" of {rest.partition(' ')[0]}"
    return before if word in ("evidence", "milder") else ""


def first_difference(recorded: bytes, reached: bytes) -> str:
    """The first line in which two results differ, the arithmetic first; id numbers are masked."""
    one, other = list(_lines(recorded)), list(_lines(reached))
    for left, right in zip_longest(one, other, fillvalue="nothing"):
        if left != right:
            return f"recorded `{_printable(_masked(left))}`, reached `{_masked(right)}`"
    return "recorded in another spelling"


def _figures(result: bytes) -> object:
    """A result without its sentences: of the arithmetic what adds up to the income. None for what is no result."""
    match json.loads(result):
        case {"arithmetic": [*steps], **others} if all(
            isinstance(one, list) and len(one) == 3 for one in steps
        ):
            return others, [fen for _, fen, adds in steps if adds]
    return None


def _lines(result: bytes) -> Iterator[str]:
    """A result as lines: its arithmetic step by step, then every other part in the order of names."""
    try:
        parts = json.loads(result)
    except ValueError:
        parts = {}
    if not isinstance(parts, dict):
        parts = {}
    steps = parts.pop("arithmetic", [])
    for step in steps if isinstance(steps, list) else [steps]:
        yield f"arithmetic: {_plain(step)}"
    for name, value in sorted(parts.items()):
        for one in value if isinstance(value, list) else [value]:
            yield f"{name}: {_plain(one)}"


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _printable(text: str) -> str:
    """What was recorded is somebody else's word: nothing in it may speak to a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _masked(line: str) -> str:
    return re.sub(r"(?<![0-9])[0-9]{17}[0-9X]", lambda found: mask(found[0]), line)


def _shreddings(entries: list[tuple[int, Entry]]) -> dict[str, int]:
    """The last entry that shredded each pseudonym."""
    last: dict[str, int] = {}
    for index, entry in entries:
        tags = entry.fields.get("shredded")
        if isinstance(tags, list):
            last.update((str(tag), index) for tag in tags)
    return last
