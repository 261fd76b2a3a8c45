"""What does OpenFisca take for the income part of the law alone, and does it come to the same?

    python benchmarks/openfisca_rival.py [HOUSEHOLDS]

OpenFisca cannot stand beside our libraries, so it runs in a Python environment of its own, which
this makes where there is none yet (by name, from the package index that pip is set to). It reads
the same Parquet files as every contender. Its amounts are float32: each sum is compared with ours
within the rounding that float32 may do on so many terms; what differs by more is a contradiction.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.city import DAY, city
from verification.category import household, member
from verification.language.rule import Catalogue
from verification.pack import Pack, load_pack
from verification.runs.district import judge_district
from verification.runs.stored import store
from verification.runs.tables import Snapshot
from vocabulary.codes import DeclaredItem
from vocabulary.month import Month

NEEDED = "openfisca-core==46.*"
ENVIRONMENT = Path.home() / ".cache" / "hedui" / "openfisca-46"
PROGRAM = Path(__file__).with_name("openfisca_program.py")
INCOME = Catalogue(member, household, [], told=[household.annual_fen, household.counted_members])
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
class Ran:
    """One run of it: seconds inside, of its process but for what compares, and CPU seconds of one household."""

    seconds: float
    wall: float
    household_s: float


def ratios(
    folder: Path, few: Snapshot, *, ours_city_s: float, ours_household_s: float
) -> dict[str, float | None]:
    """How many times longer OpenFisca takes than we do; None, with the reason printed, where it cannot be had.

    `folder`            a city's Parquet files
    `few`               some of its households, whose income is compared
    `ours_city_s`       wall time of the process that judges it by the whole catalogue
    `ours_household_s`  CPU time of one household in the compiled rules, warm
    Raises `SystemExit` where its income of some households is not ours.
    """
    try:
        ran = run(folder, environment(), load_pack("demo-2026"), alone=50)
    except NoOpenFisca as reason:
        print(f"openfisca: null, {reason}")
        return {"city_vs_openfisca": None, "household_vs_openfisca": None}
    alone = f"{ran.household_s * 1e3:.2f} ms CPU a household"
    print(f"openfisca, income part: {ran.seconds:.2f} s inside, {ran.wall:.2f} s wall, {alone}")
    _require_equal(compared(folder, few, load_pack("demo-2026")))
    return {
        "city_vs_openfisca": ran.wall / ours_city_s,
        "household_vs_openfisca": ran.household_s / ours_household_s,
    }


def _require_equal(found: Compared) -> None:
    print(
        f"{found.equal} equal to the fen, {found.rounded} rounded by float32, {len(found.contradicted)} contradicted"
    )
    if found.contradicted:
        raise SystemExit(1)


def environment(folder: Path = ENVIRONMENT) -> Path:
    """The Python that has OpenFisca, made if need be. Raises `NoOpenFisca`."""
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            NEEDED,
            "pyarrow",
        ]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            raise NoOpenFisca(f"it could not be installed: {last[:200]}")
        ready.touch()
    return python


def run(folder: Path, python: Path, pack: Pack, *, alone: int) -> Ran:
    """Let it judge a city; each household's income then lies in `openfisca.parquet`. Raises `NoOpenFisca`."""
    terms = folder / "law.json"
    terms.write_text(json.dumps(law_of(pack)), "utf-8")
    begun = time.perf_counter()
    command = [str(python), str(PROGRAM), str(folder), str(terms), str(alone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begun
    if done.returncode != 0:
        raise NoOpenFisca(f"its program failed: {done.stderr.strip().splitlines()[-1:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Ran(told["seconds"], wall - told["aside"], told["household_s"])


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
        ran = run(folder, environment(), pack, alone=50)
        found = compared(folder, snapshot, pack)
    print(
        f"openfisca: {ran.seconds:.2f} s inside, {ran.wall:.2f} s wall, {ran.household_s * 1e3:.2f} ms CPU a household"
    )
    _require_equal(found)


if __name__ == "__main__":
    main()
