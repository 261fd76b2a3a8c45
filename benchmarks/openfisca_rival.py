"""What does OpenFisca take for the income part of the law alone, and does it come to the same?

    python benchmarks/openfisca_rival.py [HOUSEHOLDS]

OpenFisca cannot stand beside our libraries, so it runs in a Python environment of its own, which
`make openfisca` makes where there is none yet. It reads the same Parquet files as every contender.
Its amounts are float32: each sum is compared with ours within the rounding that float32 may do on
so many terms; what differs by more is a contradiction.

One household at a time is measured in turns: both judge the same fifty households, ours before and
after theirs, in CPU time, and a turn's ratio is of what was measured next to each other, on one core:
each waits while the other computes. Other work on the machine slows both alike then. Two figures taken
minutes apart differed by half, and so did two taken in turns on two cores, of which one was shared
with somebody else's work throughout. Both start from inputs in memory as they compute with them (theirs:
arrays of months, ours: typed rows) and end with what they tell. The median of the turns counts; the
lowest and highest are printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.city import DAY, city
from verification.catalogue import CATALOGUE
from verification.category import household, member
from verification.language.rule import Catalogue
from verification.language.to_python import Case, Judge
from verification.pack import Pack, load_pack
from verification.runs.cases import cases_of
from verification.runs.district import judge_district, restricted
from verification.runs.stored import store
from verification.runs.tables import Snapshot
from vocabulary.codes import DeclaredItem
from vocabulary.month import Month

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv-openfisca"
PROGRAM = Path(__file__).with_name("openfisca_program.py")
INCOME = Catalogue(member, household, [], told=[household.annual_fen, household.counted_members])
TURNS, A_TURN, AGAIN = 16, 50, 3
"""Turns of households alone; households of one; how often ours judge them before, and after, theirs."""
TERMS_A_MEMBER = 12 * 6
"""Five kinds of income and the employment cost, twelve months."""


class NoOpenFisca(Exception):
    """OpenFisca cannot be had here."""


@dataclass(frozen=True)
class Compared:
    """Households whose income is the same fen, differs by what float32 rounds, or by more."""

    equal: int
    rounded: int
    contradicted: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """The same households by both, next to each other: CPU seconds a household."""

    ours_s: float
    theirs_s: float

    @property
    def ratio(self) -> float:
        """How many times longer they take."""
        return self.theirs_s / self.ours_s


@dataclass(frozen=True)
class Ran:
    """One run of it: seconds inside, of its process but for what compares, and turns of households alone."""

    seconds: float
    wall: float
    turns: tuple[Turn, ...]


def ratios(
    folder: Path, few: Snapshot, *, ours_city_s: float, judge: Callable[[Case], object]
) -> dict[str, float | None]:
    """How many times longer OpenFisca takes than we do; None, with the reason printed, where it cannot be had.

    `folder`       a city's Parquet files
    `few`          some of its households, whose income is compared, and which are judged alone in turns
    `ours_city_s`  wall time of the process that judges it by the whole catalogue
    `judge`        judges one household by the whole catalogue
    Raises `SystemExit` where its income of some households is not ours.
    """
    pack = load_pack("demo-2026")
    try:
        ran = run(folder, environment(), pack, cases=list(cases_of(few)), judge=judge)
    except NoOpenFisca as reason:
        print(f"openfisca: null, {reason}")
        return {"city_vs_openfisca": None, "household_vs_openfisca": None}
    _tell(ran)
    _require_equal(compared(folder, few, pack))
    return {
        "city_vs_openfisca": ran.wall / ours_city_s,
        "household_vs_openfisca": median(turn.ratio for turn in ran.turns),
    }


def _tell(ran: Ran) -> None:
    print(f"openfisca, income part: {ran.seconds:.2f} s inside, {ran.wall:.2f} s wall")
    ours, theirs = (
        median(each) * 1e3 for each in zip(*((t.ours_s, t.theirs_s) for t in ran.turns), strict=True)
    )
    lowest, highest = (f"{end(turn.ratio for turn in ran.turns):.1f}" for end in (min, max))
    print(
        f"openfisca, one household: {theirs:.2f} ms CPU against {ours:.3f},"
        f" {len(ran.turns)} turns of {A_TURN} households, {lowest} to {highest} times"
    )


def _require_equal(found: Compared) -> None:
    print(
        f"{found.equal} equal to the fen, {found.rounded} rounded by float32, {len(found.contradicted)} contradicted"
    )
    if found.contradicted:
        raise SystemExit(1)


def environment() -> Path:
    """The Python that has OpenFisca, made if need be. Raises `NoOpenFisca`."""
    done = subprocess.run(["make", "openfisca"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["make failed"])[-1]
        raise NoOpenFisca(f"it could not be installed: {last[:200]}")
    return ENVIRONMENT / "bin" / "python"


def income_told(folder: Path, python: Path, pack: Pack) -> None:
    """Let it tell the income of each household of a city: it then lies in `openfisca.parquet`. Raises `NoOpenFisca`."""
    with _begun(folder, python, pack) as (ask, _):
        ask(None)
        ask([])


def run(
    folder: Path, python: Path, pack: Pack, *, cases: Sequence[Case], judge: Callable[[Case], object]
) -> Ran:
    """Let it judge a city, whose households' income then lies in `openfisca.parquet`; then each its turns.

    Raises `NoOpenFisca`.
    """
    for case in cases:  # warm: what is compiled when the first doubtful case comes is no household's time
        judge(case)
    begun = time.perf_counter()
    with _begun(folder, python, pack) as (ask, process):
        seconds = ask(None)["seconds"]
        with _at_one_core(process) as next_core:
            turns = []
            for part in _parts(cases):
                next_core()
                turns.append(_turn(part, judge, ask))
        aside = ask([])["aside"]
    return Ran(seconds, time.perf_counter() - begun - aside, tuple(turns))


def _parts(cases: Sequence[Case]) -> Iterator[Sequence[Case]]:
    """The households of each turn: as many turns as are wanted, from the first again after the last."""
    starts = range(0, len(cases) - A_TURN + 1, A_TURN)
    for turn in range(TURNS):
        start = starts[turn % len(starts)]
        yield cases[start : start + A_TURN]


@contextmanager
def _at_one_core(process: int) -> Iterator[Callable[[], None]]:
    """Have a process and ours share a core, and, whenever that is called, both the next one.

    Where the system does not let us (it is not Linux), they run where it puts them.
    """
    if sys.platform != "linux":
        yield lambda: None
        return
    ours = os.sched_getaffinity(0)
    cores = cycle(sorted(ours))

    def go_on() -> None:
        core = next(cores)
        for each in (0, process):
            os.sched_setaffinity(each, {core})

    try:
        yield go_on
    finally:
        os.sched_setaffinity(0, ours)


def _turn(part: Sequence[Case], judge: Callable[[Case], object], ask: Ask) -> Turn:
    """Ours before and after, because what slows the machine does not wait for a turn's end."""
    before = _ours(part, judge)
    theirs = ask([case.household for case in part])["cpu_s"]
    after = _ours(part, judge)
    return Turn((before + after) / 2 / len(part), theirs / len(part))


def _ours(part: Sequence[Case], judge: Callable[[Case], object]) -> float:
    """CPU seconds of all of them once, from several times: once would be too short to tell."""
    begun = time.process_time()
    for _ in range(AGAIN):
        for case in part:
            judge(case)
    return (time.process_time() - begun) / AGAIN


Ask = Callable[[list[str] | None], dict[str, float]]
"""Give the program a line and read its next one; None reads one, an empty list ends the lines."""


@contextmanager
def _begun(folder: Path, python: Path, pack: Pack) -> Iterator[tuple[Ask, int]]:
    """The program over a city, which answers line by line, and its id. Raises `NoOpenFisca` where it ends too soon."""
    terms = folder / "law.json"
    terms.write_text(json.dumps(law_of(pack)), "utf-8")
    command = [str(python), str(PROGRAM), str(folder), str(terms)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as program,
    ):
        assert program.stdin is not None
        assert program.stdout is not None
        given, told = program.stdin, program.stdout

        def ask(homes: list[str] | None) -> dict[str, float]:
            if homes:
                given.write(json.dumps(homes) + "\n")
                given.flush()
            elif homes is not None:
                given.close()
            line = told.readline()
            if not line:
                errors.seek(0)
                raise NoOpenFisca(f"its program failed: {errors.read().strip().splitlines()[-1:]}")
            answer: dict[str, float] = json.loads(line)
            return answer

        yield ask, program.pid


def law_of(pack: Pack) -> dict[str, object]:
    """The few numbers of a policy pack that the income part needs, on the city's day."""
    until = Month.of(DAY)
    window = [int(until) - back for back in range(12, 0, -1)]
    first, last = Month(window[0]), Month(window[-1])
    rows = pack.table("income_class")
    excluded = [
        item.value
        for item in DeclaredItem
        if all(_class(rows, item.value, month) == "EXCLUDED" for month in (first, last))
    ]
    return {
        "day": DAY.isoformat(),
        "window": window,
        "cost_fen": _on_day(pack.values("employment_cost_fen_month")),
        "standard_fen": _on_day(pack.values("dibao_standard_fen_month")),
        "excluded": [*excluded, "UNEMPLOYED", "EMPLOYMENT_COST"],
    }


def _on_day(values: Iterable[object]) -> int:
    return next(
        int(each.value) for each in values if (each.since or DAY) <= DAY and (each.until or DAY) >= DAY
    )


def _class(rows: object, item: str, month: Month) -> str | None:
    day = month.first_day
    for each in (*rows.get(item, ()), *rows.get("*", ())):
        if (each.since or day) <= day and (each.until or day) >= day:
            return str(each.value)
    return None


def compared(folder: Path, snapshot: Snapshot, pack: Pack) -> Compared:
    """Each household's income of the last run against ours."""
    theirs = pq.read_table(folder / "openfisca.parquet")
    yuan = dict(zip(theirs["household"].to_pylist(), theirs["annual_yuan"].to_pylist(), strict=True))
    equal = rounded = 0
    contradicted = []
    for judged in judge_district(snapshot, INCOME, pack):
        ours, members = judged.facts["annual_fen"], judged.facts["counted_members"]
        assert isinstance(ours, int)
        assert isinstance(members, int)
        off = abs(yuan[judged.household] * 100 - ours)
        # Half a unit in the last place of 24 bits, of the largest sum on the way, for each term added.
        bound = TERMS_A_MEMBER * max(members, 1) * 2**-24 * max(abs(ours), 10_000_000)
        if off < 0.5:
            equal += 1
        elif off <= bound:
            rounded += 1
        else:
            contradicted.append(judged.household)
    return Compared(equal, rounded, tuple(contradicted))


def main() -> None:
    """A city of its own, judged by both."""
    households = int(sys.argv[1]) if len(sys.argv) > 1 else 35_000
    pack = load_pack("demo-2026")
    with tempfile.TemporaryDirectory(prefix="hedui-openfisca-") as name:
        folder, snapshot = Path(name, "city"), city(20261116, households=households)
        store(snapshot, folder)
        few = restricted(snapshot, snapshot.cases.sort_by("household").slice(0, 300))
        judge = Judge(CATALOGUE, pack).judge
        ran = run(folder, environment(), pack, cases=list(cases_of(few)), judge=judge)
        found = compared(folder, snapshot, pack)
    _tell(ran)
    _require_equal(found)


if __name__ == "__main__":
    main()
