r"""Which entries shall be looked at, so that neither the operator nor the evaluator chose them?

1. The evaluator logs `sample.commit`: SHA-256 of a secret of 32 bytes, the digest of the frame (what is
   drawn from), how many are drawn and the minimum share of each stratum.
2. The first `checkpoint.witnessed` entry after it, over a size that covers the commit, fixes the head C.
3. The evaluator logs `sample.reveal`: the secret. Seed = SHA-256("hedui-sample/v1\n" ‖ text of C ‖ secret).
4. Picks follow Rivest's sampler: SHA-256(seed "," i) modulo the population, repeats passed over.

The operator could try many heads but does not know the secret; the evaluator knows the secret
but bound itself before C was there. A refusal to reveal stays visible in the log.
The offline verifier uses this module.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from math import perm

from audit.catalogue import Entry
from audit.commitment import LARGEST_INT, Json, canonical, parse_canonical
from audit.errors import MalformedSample, NotCanonical, SampleImpossible, WrongSample
from audit.kinds import is_code
from audit.note import Checkpoint, Note
from audit.policy import Policy

SEED_PREFIX = b"hedui-sample/v1\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """What is drawn from: index of an entry and its stratum, in ascending order of index, one or more."""

    items: tuple[tuple[int, str], ...]

    def __post_init__(self) -> None:
        indexes = [index for index, _ in self.items]
        if not indexes or indexes[0] < 0 or any(a >= b for a, b in pairwise(indexes)):
            raise MalformedSample("expected one index or more, ascending")
        if not all(is_code(stratum) for stratum in self.strata):
            raise MalformedSample("expected strata that are codes")

    @property
    def strata(self) -> Mapping[str, int]:
        """How many items each stratum has."""
        return Counter(stratum for _, stratum in self.items)

    def digest(self) -> str:
        """SHA-256 of the frame's canonical bytes, 64 hex digits."""
        return sha256(canonical(self.as_json())).hexdigest()

    def as_json(self) -> Json:
        """A list of pairs."""
        return [[index, stratum] for index, stratum in self.items]

    @classmethod
    def from_json(cls, given: Json) -> Frame:
        """Read back `as_json`; anything else raises `MalformedSample`."""
        if not isinstance(given, list):
            raise MalformedSample("expected a list of index and stratum")
        items = []
        for pair in given:
            match pair:
                case [int(index), str(stratum)] if type(index) is int and index <= LARGEST_INT:
                    items.append((index, stratum))
                case _:
                    raise MalformedSample("expected pairs of index and stratum")
        return cls(tuple(items))


@dataclass(frozen=True, slots=True)
class Plan:
    """How many are drawn (1 or more), and the least share of each stratum in per cent (0 to 100).

    >>> Plan(10, {"TEKUN": 30}).allocate({"TEKUN": 10, "DIBAO": 990})
    {'DIBAO': 7, 'TEKUN': 3}
    """

    count: int
    shares: Mapping[str, int]

    def allocate(self, strata: Mapping[str, int]) -> dict[str, int]:
        """How many are drawn from each stratum.

        Each stratum first gets its share, rounded up, or all it has. Every further one goes to the
        stratum with the largest N / (2n + 1), N being its size and n what it got so far; the first by
        name when equal (Webster's method). Raises `SampleImpossible`.
        """
        if not 1 <= self.count <= sum(strata.values()):
            raise SampleImpossible("expected a count of at least 1 and at most the population")
        if any(not 0 <= share <= 100 for share in self.shares.values()):
            raise SampleImpossible("expected shares of 0 to 100 per cent")
        given = {
            name: min(size, -(-self.shares.get(name, 0) * self.count // 100))
            for name, size in sorted(strata.items())
        }
        if sum(given.values()) > self.count:
            raise SampleImpossible("expected minimum shares that fit into the count")
        for _ in range(self.count - sum(given.values())):
            given[_neediest(strata, given)] += 1
        return given


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """All that is needed to draw the sample again.

    `commit`, `witnessed`, `reveal`  indexes of the three entries
    `seed`                           64 hex digits
    `picks`                          indexes of the drawn entries, in the order they were drawn
    """

    commit: int
    witnessed: int
    reveal: int
    seed: str
    picks: tuple[int, ...]
    frame: Frame

    def indexes(self) -> set[int]:
        """Every entry that is needed to draw again, and every one that was drawn."""
        return {self.commit, self.witnessed, self.reveal, *self.picks}

    def to_bytes(self) -> bytes:
        """The file `sample.json`."""
        return canonical(
            {
                "commit": self.commit,
                "frame": self.frame.as_json(),
                "picks": list(self.picks),
                "reveal": self.reveal,
                "seed": self.seed,
                "witnessed": self.witnessed,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> SampleRecord:
        """Read back `to_bytes`; anything else raises `MalformedSample`."""
        try:
            given = parse_canonical(data)
        except NotCanonical as error:
            raise MalformedSample("expected canonical JSON") from error
        match given:
            case {
                "commit": int(commit),
                "frame": frame,
                "picks": list(picks),
                "reveal": int(reveal),
                "seed": str(seed),
                "witnessed": int(witnessed),
            } if isinstance(given, dict) and len(given) == 6:
                pass
            case _:
                raise MalformedSample("expected commit, frame, picks, reveal, seed and witnessed")
        indexes = [pick for pick in picks if type(pick) is int and pick >= 0]
        if len(indexes) != len(picks) or any(
            type(at) is not int or at < 0 for at in (commit, reveal, witnessed)
        ):
            raise MalformedSample("expected indexes of 0 or more")
        return cls(commit, witnessed, reveal, seed, tuple(indexes), Frame.from_json(frame))


def seed_of(head: str, secret: bytes) -> str:
    """The seed, 64 hex digits.

    `head`    the text of checkpoint C: origin, size and root, each with its newline
    `secret`  32 bytes
    """
    return sha256(SEED_PREFIX + head.encode() + secret).hexdigest()


def rivest_picks(seed: str, *, population: int) -> Iterator[int]:
    """Whole numbers from 1 to `population`, with repeats, without end.

    Source: R. L. Rivest, sampler.py of 2011-11-14, "with replacement".

    >>> from itertools import islice
    >>> list(islice(rivest_picks("3546311556112163624615351222", population=876), 5))
    [740, 180, 264, 789, 238]
    """
    at = 0
    while True:
        at += 1
        yield 1 + int.from_bytes(sha256(f"{seed},{at}".encode()).digest()) % population


def draw(seed: str, *, population: int, count: int) -> list[int]:
    """`count` different whole numbers from 1 to `population`, in the order drawn. Raises `SampleImpossible`."""
    if not 0 <= count <= population:
        raise SampleImpossible("expected a count of at most the population")
    drawn: dict[int, None] = {}
    picks = rivest_picks(seed, population=population) if population else iter(())
    while len(drawn) < count:
        drawn[next(picks)] = None
    return list(drawn)


def draw_sample(frame: Frame, plan: Plan, *, seed: str) -> tuple[int, ...]:
    """The indexes of the drawn entries, stratum by stratum in the order of their names.

    A frame of one stratum is drawn with the seed itself, so that the published sampler gives the same
    numbers; of several, each is drawn with the seed, a slash and the stratum's name.
    """
    counts = plan.allocate(frame.strata)
    picked: list[int] = []
    for stratum, count in counts.items():
        members = [index for index, name in frame.items if name == stratum]
        own_seed = seed if len(counts) == 1 else f"{seed}/{stratum}"
        picked += [members[at - 1] for at in draw(own_seed, population=len(members), count=count)]
    return tuple(picked)


def sample_size(*, population: int, defects: int, confidence_percent: int) -> int:
    """The smallest sample that, with this confidence, holds a defect when there are `defects` in the population.

    Finding none in it then says, with that confidence, that there are fewer. Drawn without replacement,
    computed exactly. 1 ≤ defects ≤ population; confidence 1 to 99.

    >>> sample_size(population=10_000, defects=500, confidence_percent=95)
    59
    """
    if not (1 <= defects <= population and 1 <= confidence_percent <= 99):
        raise SampleImpossible("expected 1 to all defects and a confidence of 1 to 99 per cent")

    def shows(drawn: int) -> bool:
        """Tell whether drawing so many without a defect is unlikely enough, compared without any rounding."""
        # The chance is P(good, n) / P(population, n), and as well P(population - n, d) / P(population, d).
        if drawn <= defects:
            none_found, out_of = perm(population - defects, drawn), perm(population, drawn)
        else:
            none_found, out_of = perm(population - drawn, defects), perm(population, defects)
        return 100 * none_found <= (100 - confidence_percent) * out_of

    high = 1
    while not shows(high):
        high = min(2 * high, population)
    return bisect_left(range(high + 1), True, lo=high // 2, key=shows)


def commit_fields(promise: str, *, frame: Frame, plan: Plan) -> dict[str, Json]:
    """The fields of `sample.commit`, but for the caller. Raises `SampleImpossible` for a plan that cannot be met.

    `promise`  SHA-256 of the evaluator's secret, 64 hex digits
    """
    plan.allocate(frame.strata)
    return {
        "count": plan.count,
        "frame": frame.digest(),
        "population": len(frame.items),
        "secret": promise,
        "shares": dict(plan.shares),
    }


def witnessed_fields(cosigned: bytes, *, policy: Policy) -> dict[str, Json]:
    """The fields of `checkpoint.witnessed` for a head that a quorum cosigned: log it after every `sample.commit`.

    Raises what `Policy.open` raises: a head without its quorum is not witnessed.
    """
    note = Note.parse(cosigned)
    head = policy.open(note)
    names = sorted({one.key.name for one in policy.require_quorum(note)})
    return {"root": head.root.hex(), "size": head.size, "witnesses": [*names]}


def head_for(commit: int, entries: Sequence[tuple[int, Entry]], *, origin: str) -> tuple[int, str]:
    """Which head C the sample committed at index `commit` must use: index of its entry, and its text.

    `entries`  index and entry, ascending, from the commit on
    Raises `WrongSample` when no head was witnessed since.
    """
    for index, entry in entries:
        if index > commit and entry.event == "checkpoint.witnessed" and entry.number("size") > commit:
            return index, _head_text(entry, origin=origin)
    raise WrongSample("expected a witnessed checkpoint after the commit")


def drawn_from(
    commit: tuple[int, Entry],
    witnessed: tuple[int, Entry],
    reveal: tuple[int, Entry],
    *,
    frame: Frame,
    origin: str,
) -> SampleRecord:
    """The one sample that follows from three entries and the frame; raises `WrongSample` when they do not agree."""
    for (_, entry), event in (
        (commit, "sample.commit"),
        (witnessed, "checkpoint.witnessed"),
        (reveal, "sample.reveal"),
    ):
        if entry.event != event:
            raise WrongSample(f"expected an entry `{event}`, got `{entry.event}`")
    promise, secret = commit[1], bytes.fromhex(reveal[1].text("secret"))
    if reveal[1].number("commit") != commit[0] or not commit[0] < witnessed[0] < reveal[0]:
        raise WrongSample("expected a commit, then a witnessed checkpoint, then the reveal of that commit")
    if witnessed[1].number("size") <= commit[0]:
        raise WrongSample("expected a checkpoint that covers the commit")
    if sha256(secret).hexdigest() != promise.text("secret"):
        raise WrongSample("expected the secret that was committed to")
    if frame.digest() != promise.text("frame") or len(frame.items) != promise.number("population"):
        raise WrongSample("expected the frame that was committed to")
    if frame.items[-1][0] >= witnessed[1].number("size"):
        raise WrongSample("expected a frame of entries that the checkpoint covers")
    seed = seed_of(_head_text(witnessed[1], origin=origin), secret)
    picks = draw_sample(frame, _plan(promise), seed=seed)
    return SampleRecord(commit[0], witnessed[0], reveal[0], seed, picks, frame)


def _plan(promise: Entry) -> Plan:
    shares = promise.fields.get("shares", {})
    assert isinstance(shares, dict)
    return Plan(
        promise.number("count"), {name: share for name, share in shares.items() if isinstance(share, int)}
    )


def _head_text(entry: Entry, *, origin: str) -> str:
    return str(Checkpoint(origin, entry.number("size"), bytes.fromhex(entry.text("root"))))


def _neediest(strata: Mapping[str, int], given: Mapping[str, int]) -> str:
    best = ""
    for name in given:
        if given[name] == strata[name]:
            continue
        # N / (2n + 1) compared by multiplication: no rounding decides who is drawn.
        if not best or strata[name] * (2 * given[best] + 1) > strata[best] * (2 * given[name] + 1):
            best = name
    return best
