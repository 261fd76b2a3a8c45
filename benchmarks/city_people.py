"""Who lives in a made-up city, and on what? Arrays drawn from one seed; id numbers that belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

DAY = date(2026, 11, 16)
TODAY = (DAY - date(1970, 1, 1)).days

_PREFIXES = ("529901", "529902", "110105")
"""Number prefixes for invented people; with birth dates of 80 years there is room for 43 million."""

_LINE_FEN = 63_600
"""The standard a head and month, below which a household of this city draws relief."""

_COST_FEN = 20_000
"""What goes from a wage each month before it counts."""


@dataclass(frozen=True)
class People:
    """Everybody of a block, a place an array: `home` is the household's place, `rank` 0 the head's.

    `first`   how many people came before them in the whole city
    """

    home: np.ndarray
    rank: np.ndarray
    age: np.ndarray
    born: np.ndarray
    is_male: np.ndarray
    ids: pa.Array
    first: int


@dataclass(frozen=True)
class Means:
    """What they live on, as places of people: a wage, a pension, unemployment benefit, or land."""

    works: np.ndarray
    retired: np.ndarray
    lost: np.ndarray
    farms: np.ndarray
    wage: np.ndarray

    def poor(self, people: People, households: int) -> np.ndarray:
        """The households that are below the line by what their people have."""
        year = np.zeros(len(people.home), np.int64)
        year[self.works] += (self.wage[self.works] - _COST_FEN) * 12
        year[self.retired] += self.pension(self.retired) * 12
        year[self.lost] += 150_000 * 12
        year[self.farms] += self.harvest(self.farms)
        heads = np.bincount(people.home, minlength=households)
        return np.flatnonzero(np.bincount(people.home, year, households) < heads * 12 * _LINE_FEN)

    def pension(self, who: np.ndarray) -> np.ndarray:
        """A month's pension."""
        return self.wage[who] // 4 + 14_300

    def harvest(self, who: np.ndarray) -> np.ndarray:
        """A year's yield of the land."""
        return 500_000 + self.wage[who] * 3


def people_of(rng: np.random.Generator, households: int, *, block: int, blocks: int, first: int) -> People:
    """The people of a block of households; `first` were drawn before them."""
    sizes = rng.choice([1, 2, 3, 4, 5], households, p=[0.14, 0.27, 0.27, 0.22, 0.10])
    home = np.repeat(np.arange(households), sizes)
    rank = np.arange(len(home)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    of_head = np.repeat(rng.integers(26, 78, households), sizes)
    drawn = rng.integers(0, 6, len(home))
    age = np.select([rank == 0, rank == 1], [of_head, of_head - 2 + drawn // 2], of_head - 24 - drawn)
    age = np.maximum(age, drawn)
    born = TODAY - age * 365 - age // 4 - rng.integers(1, 364, len(home))
    is_male = np.where(rank < 2, rank == 0, rng.random(len(home)) < 0.5)
    return People(home, rank, age, born, is_male, _id_numbers(born, is_male, block, blocks), first)


def _id_numbers(born: np.ndarray, is_male: np.ndarray, block: int, blocks: int) -> pa.Array:
    """Numbers that pass their check: a prefix, the birth date, a serial of that day, the check character.

    Each block takes one prefix and its share of the serials.
    """
    order = np.lexsort((born, is_male))
    day, sex = born[order], is_male[order]
    starts = np.flatnonzero(np.r_[True, (day[1:] != day[:-1]) | (sex[1:] != sex[:-1])])
    serial = np.empty(len(born), np.int64)
    serial[order] = np.arange(len(born)) - np.repeat(starts, np.diff(np.r_[starts, len(born)]))
    share = 500 // -(-blocks // len(_PREFIXES))
    assert serial.max() < share, f"expected fewer than {share} births of one sex a day in a block"
    serial += block // len(_PREFIXES) * share
    days = born.astype("datetime64[D]")
    years, months = days.astype("datetime64[Y]").astype(int) + 1970, days.astype("datetime64[M]").astype(int)
    in_month = (days - days.astype("datetime64[M]")).astype(int) + 1
    written = years * 10_000 + (months % 12 + 1) * 100 + in_month
    digits = np.empty((len(born), 18), np.uint8)
    digits[:, :6] = [int(digit) for digit in _PREFIXES[block % len(_PREFIXES)]]
    for place in range(8):
        digits[:, 6 + place] = written // 10 ** (7 - place) % 10
    number = serial * 2 + is_male
    for place in range(3):
        digits[:, 14 + place] = number // 10 ** (2 - place) % 10
    weights = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
    check = np.frombuffer(b"10X98765432", np.uint8)[(digits[:, :17] * weights).sum(axis=1) % 11]
    digits += ord("0")
    digits[:, 17] = check
    return _fixed(digits)


def numbered(letter: str, numbers: np.ndarray, width: int) -> pa.Array:
    """Texts of one length: a letter and a number."""
    written = np.empty((len(numbers), width), np.uint8)
    written[:, 0] = ord(letter)
    for place in range(1, width):
        written[:, place] = numbers // 10 ** (width - 1 - place) % 10 + ord("0")
    return _fixed(written)


def _fixed(texts: np.ndarray) -> pa.Array:
    count, width = texts.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(texts))
    )


def means_of(rng: np.random.Generator, people: People) -> Means:
    """What the people of a block live on: of working age a wage, the land or nothing; after it a pension."""
    age = people.age
    retires = np.where(people.is_male, 60, 55)
    works = np.flatnonzero((age >= 23) & (age < retires) & (rng.random(len(age)) < 0.36))
    lost = np.flatnonzero((age >= 25) & (age < retires - 2) & (rng.random(len(age)) < 0.02))
    lost = np.setdiff1d(lost, works)
    adults = np.flatnonzero((age >= 18) & (age < retires))
    farms = np.setdiff1d(adults, np.union1d(works, lost))
    return Means(works, np.flatnonzero(age >= retires), lost, farms, rng.integers(60_000, 700_000, len(age)))
