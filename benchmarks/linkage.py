"""How many rows with a damaged id number find their person, and how many a stranger?

    python benchmarks/linkage.py [--quick]

A town's people are laid beside a department's rows, one in twenty of them damaged (no number, a
wrong digit, a swap, a digit lost, fifteen digits, no name). In `everybody` each row is of somebody
whom we know; in `strangers` a tenth of the rows are of people whom we do not, and a tenth of ours
have none. There are 256 names, a hard case: rows without a number have little else. The last line
is one JSON object; `--quick` takes a tenth of the people and a tenth of the birthdays, so that as
many people share a birthday.

    <town>_linked       rows for whom somebody is proposed or found by number
    <town>_wrong        of them those that are somebody else's
    <town>_wrong_sure   of these those that no person has to confirm
    <town>_ratio        rows linked rightly, of all rows of people whom we know
    <town>_cpu_s        CPU seconds of the linking
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from connectors.linkage import link
from tests.connectors.test_linkage import damaged_town

TOWNS = {"everybody": 0, "strangers": 10}


def main() -> None:
    """Lay the lists of each town beside each other, tell, and print the counts."""
    options = argparse.ArgumentParser(description="linking of damaged rows")
    options.add_argument("--quick", action="store_true")
    people, days = (100_000, 3_400) if options.parse_args().quick else (1_000_000, 34_000)
    found: dict[str, float] = {"people": people}
    for town, strangers in TOWNS.items():
        found |= {f"{town}_{name}": value for name, value in _linked(people, days, strangers).items()}
    print(json.dumps(found))


def _linked(people: int, days: int, strangers: int) -> dict[str, float]:
    ours, theirs, truth = damaged_town(people, share=0.05, seed=1, days=days, strangers=strangers)
    began = time.process_time()
    linked = link(ours, theirs)
    took = time.process_time() - began
    known = {one.key for one in ours}
    wrong = [match for match in linked.matches if truth[match.theirs] != match.ours]
    of_known = sum(key in known for key in truth.values())
    print(
        f"{len(ours):,} people, {len(theirs):,} rows, {strangers} % strangers: {len(linked.matches):,} linked, "
        f"{len(wrong)} wrong, {len(linked.ambiguous):,} left to nobody, {took:.1f} s of CPU"
    )
    return {
        "linked": len(linked.matches),
        "wrong": len(wrong),
        "wrong_sure": sum(not match.needs_a_person for match in wrong),
        "ratio": round((len(linked.matches) - len(wrong)) / of_known, 5),
        "cpu_s": round(took, 1),
    }


if __name__ == "__main__":
    main()
