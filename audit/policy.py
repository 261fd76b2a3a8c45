"""Whose signatures make a checkpoint worth believing? The evaluator's own trust file.

Format: C2SP tlog-policy, an untagged draft, pinned at commit 5ba5ee8:

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>…
    quorum <name>|none
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from audit.errors import MalformedKey, MalformedPolicy, QuorumMissing, WrongOrigin
from audit.note import Checkpoint, Kind, Note, Verified, VerifierKey

POLICY_BYTES_MAX = 1 << 20
_LOG_KINDS = frozenset({Kind.ED25519, Kind.COSIGNATURE_ML_DSA_44})
_WITNESS_KINDS = frozenset({Kind.COSIGNATURE_ED25519, Kind.COSIGNATURE_ML_DSA_44})
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Known:
    """A key of a log or of a witness, and where it is reached; the address is empty when not given."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """At least `needed` of its `members`, each a witness or an earlier group. 1 ≤ needed ≤ members."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which logs are believed, which witnesses are known, and how many of them have to agree.

    `quorum` names a witness or a group; None asks for no cosignature.
    """

    logs: tuple[Known, ...] = ()
    witnesses: Mapping[str, Known] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a policy file. Raises `MalformedPolicy`, naming the line."""
        reading = _Reading()
        for number, words in _lines(data):
            try:
                reading.take(words)
            except (MalformedPolicy, MalformedKey) as error:
                raise MalformedPolicy(f"line {number}: {error}") from None
        if reading.quorum is None:
            raise MalformedPolicy("expected a line `quorum <name>` or `quorum none`")
        quorum = reading.quorum if reading.quorum != _NONE else None
        return cls(tuple(reading.logs), reading.witnesses, reading.groups, quorum)

    def __bytes__(self) -> bytes:
        lines = [f"log {known.key} {known.url}".rstrip() for known in self.logs]
        lines += [
            f"witness {name} {known.key} {known.url}".rstrip() for name, known in self.witnesses.items()
        ]
        lines += [
            f"group {name} {group.needed} {' '.join(group.members)}" for name, group in self.groups.items()
        ]
        lines.append(f"quorum {self.quorum or _NONE}")
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")

    def open(self, note: Note) -> Checkpoint:
        """The head that a log we believe signed and a quorum cosigned.

        Raises `WrongOrigin` for a log that is not listed, `NotSigned`, `WrongSignature`, `QuorumMissing`,
        `MalformedCheckpoint`.
        """
        origin = Checkpoint.parse(note.text).origin
        keys = [known.key for known in self.logs if known.key.name == origin]
        if not keys:
            raise WrongOrigin(f"expected a checkpoint of a log in the policy, got one of `{origin}`")
        head = Checkpoint.open(note, origin=origin, keys=keys)
        self.require_quorum(note)
        return head

    def require_quorum(self, note: Note) -> list[Verified]:
        """The cosignatures of known witnesses. Raises `QuorumMissing`, `WrongSignature`."""
        lines = {(line.name, line.key_id) for line in note.signatures}
        present = [k.key for k in self.witnesses.values() if (k.key.name, k.key.key_id) in lines]
        cosigned = note.signed_by(present) if present else []
        if not self.satisfied_by(verified.key for verified in cosigned):
            raise QuorumMissing(f"expected cosignatures that satisfy `{self.quorum}`, got {len(cosigned)}")
        return cosigned

    def satisfied_by(self, keys: Iterable[VerifierKey]) -> bool:
        """Tell whether cosignatures by these keys make the quorum."""
        if self.quorum is None:
            return True
        cosigned = set(keys)
        agreed = {name for name, known in self.witnesses.items() if known.key in cosigned}
        for name, group in self.groups.items():  # a group names only what stands above it
            if sum(member in agreed for member in group.members) >= group.needed:
                agreed.add(name)
        return self.quorum in agreed


class _Reading:
    """A policy half read."""

    def __init__(self) -> None:
        self.logs: list[Known] = []
        self.witnesses: dict[str, Known] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                known = _known(vkey, url, kinds=_LOG_KINDS)
                self._refuse_duplicate(known, self.logs)
                self.logs.append(known)
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._refuse_taken(name)
                known = _known(vkey, url, kinds=_WITNESS_KINDS)
                self._refuse_duplicate(known, self.witnesses.values())
                self.witnesses[name] = known
            case ["group", name, needed, *members] if members:
                self._refuse_taken(name)
                self.groups[name] = self._group(needed, members)
            case ["quorum", name] if self.quorum is None:
                if name != _NONE and not self._defined(name):
                    raise MalformedPolicy("expected a quorum that is defined above it")
                self.quorum = name
            case _:
                raise MalformedPolicy("expected `log`, `witness`, `group` or one `quorum`, complete")

    def _group(self, needed: str, members: list[str]) -> Group:
        for member in members:
            if not self._defined(member) or member in self._members:
                raise MalformedPolicy("expected members defined above, each in one group only")
            self._members.add(member)
        words = {"any": 1, "all": len(members)}
        if needed not in words and not re.fullmatch(r"[1-9][0-9]{0,5}", needed):
            raise MalformedPolicy("expected `any`, `all` or a number")
        count = words.get(needed) or int(needed)
        if count > len(members):
            raise MalformedPolicy(f"expected at most `{len(members)}` to be needed, got `{count}`")
        return Group(count, tuple(members))

    def _defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _refuse_taken(self, name: str) -> None:
        if self._defined(name) or name == _NONE:
            raise MalformedPolicy("expected a name that is not taken")

    @staticmethod
    def _refuse_duplicate(known: Known, others: Iterable[Known]) -> None:
        if any(known.key.public == other.key.public for other in others):
            raise MalformedPolicy("expected a public key that is not listed above")


def _known(vkey: str, url: list[str], *, kinds: frozenset[Kind]) -> Known:
    key = VerifierKey.parse(vkey)
    if key.kind not in kinds:
        raise MalformedPolicy(f"expected a key of another kind, got `{key.kind.name}`")
    return Known(key, url[0] if url else "")


def _lines(data: bytes) -> Iterable[tuple[int, list[str]]]:
    """Line numbers from 1, and the words of every line that is neither empty nor a comment."""
    if len(data) > POLICY_BYTES_MAX or not data.endswith(b"\n"):
        raise MalformedPolicy("expected lines that each end in a newline, at most 1 MiB")
    if re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", data):
        raise MalformedPolicy("expected no control characters but tab and newline")
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        words = [
            word.decode("utf-8", "surrogateescape") for word in line.replace(b"\t", b" ").split(b" ") if word
        ]
        if words and not words[0].startswith("#"):
            yield number, words
