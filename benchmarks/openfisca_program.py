"""The income part of the law as OpenFisca tells it: a program for a Python of its own, which has OpenFisca.

    python openfisca_program.py FOLDER LAW

Reads a city's Parquet files and gives each household's counted income of the window: FOLDER gets
`openfisca.parquet`, and `seconds` are told. Then each line that it is given, a JSON list of households, is
answered by the CPU seconds that these take one after the other, until there are no more lines; `aside` is
how long all that followed the city took. What is told is a JSON object a line.
LAW is a JSON file: `day`, `window` (months as ordinals), `cost_fen`, `standard_fen`, `excluded` kinds.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openfisca_core.entities import build_entity
from openfisca_core.periods import ETERNITY, MONTH
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

NOT_COUNTED = ["PRISON", "COMPULSORY_REHAB", "MISSING", "CLERGY_3Y"]
PENSIONS = ["PENSION", "CENTRAL_BASE_PENSION", "LOCAL_BASE_PENSION", "PERSONAL_PENSION"]
FAMILIES = ("wage", "pension", "unemployment", "injury")

PERSON = build_entity("person", "persons", "A person", is_person=True)
HOUSEHOLD = build_entity(
    "household", "households", "A household", roles=[{"key": "member", "plural": "members"}]
)


def law(given: dict) -> TaxBenefitSystem:
    """The variables: what came in, what counts of it in a month, and of the household in twelve."""
    system = TaxBenefitSystem([PERSON, HOUSEHOLD])
    cost, standard = given["cost_fen"] / 100, given["standard_fen"] / 100

    def variable(name: str, kind: type, entity, period, formula=None) -> None:
        attributes = {"value_type": kind, "entity": entity, "definition_period": period, "label": name}
        if formula is not None:
            attributes["formula"] = formula
        system.add_variable(type(name, (Variable,), attributes))

    for family in FAMILIES:
        for what, kind in (("declared", float), ("registered", float), ("is_registered", bool)):
            variable(f"{family}_{what}", kind, PERSON, MONTH)

        variable(family, float, PERSON, MONTH, best_of(family))
    variable("other_declared", float, PERSON, MONTH)
    variable("is_counted", bool, PERSON, ETERNITY)

    def counted(person, period):
        earned = sum(person(family, period) for family in (*FAMILIES, "other_declared"))
        return earned - cost * (person("wage", period) > 0)

    def annual(household, period):
        counts = household.members("is_counted", period)
        months = (household.members("counted_income", period.offset(-n)) for n in range(1, 13))
        return sum(household.sum(month * counts) for month in months)

    def below(household, period):
        members = household.sum(household.members("is_counted", period))
        return household("annual_income", period) < 12 * standard * members

    variable("counted_income", float, PERSON, MONTH, counted)
    variable("annual_income", float, HOUSEHOLD, MONTH, annual)
    variable("is_below_standard", bool, HOUSEHOLD, MONTH, below)
    return system


def best_of(family: str):
    """What an official record says of a month, and what is declared where there is none."""

    def best(person, period):
        official = person(f"{family}_is_registered", period)
        return np.where(
            official, person(f"{family}_registered", period), person(f"{family}_declared", period)
        )

    return best


class City:
    """A city's inputs as arrays: a place a person of a household, twelve months."""

    def __init__(self, folder: Path, given: dict) -> None:
        self.folder, self.given = folder, given
        self.months = given["window"]
        day = pa.scalar(given["day"]).cast(pa.date32())
        listed = self.read("Membership")
        here = pc.and_kleene(
            pc.less_equal(listed["joined_on"], day),
            pc.fill_null(pc.greater(listed["left_on"], day), True),
        )
        rows = listed.filter(here).sort_by(
            [("household", "ascending"), ("person", "ascending"), ("record_id", "ascending")]
        )
        home, who = rows["household"].to_numpy(), rows["person"].to_numpy()
        first = np.r_[True, (home[1:] != home[:-1]) | (who[1:] != who[:-1])]
        self.members = rows.filter(pa.array(first)).append_column("place", pa.array(range(int(first.sum()))))
        self.households, self.home = np.unique(self.members["household"].to_numpy(), return_inverse=True)
        self.inputs = {**self._declared(), **self._registered()}
        self.counted = self._counted(day)

    def read(self, name: str) -> pa.Table:
        """A record type of the city."""
        return pq.read_table(self.folder / f"{name}.parquet")

    def _placed(self, table: pa.Table, keys: list[str]) -> pa.Table:
        places = self.members.select([*keys, "place"])
        return table.join(places, keys, join_type="inner", use_threads=False)

    def _sums(self, table: pa.Table, fen: str) -> np.ndarray:
        """Yuan a person and month of the window, as OpenFisca holds them."""
        found = np.zeros((12, len(self.members)))
        inside = table.filter(pc.is_in(table["month"], pa.array(self.months)))
        month = inside["month"].to_numpy() - self.months[0]
        np.add.at(found, (month, inside["place"].to_numpy()), inside[fen].to_numpy())
        return (found / 100).astype(np.float32)

    def _declared(self) -> dict[str, np.ndarray]:
        rows = self._placed(self.read("Declaration"), ["household", "person"])
        named = {
            "wage": ["WAGE"],
            "pension": PENSIONS,
            "unemployment": ["UNEMPLOYMENT_BENEFIT"],
            "injury": ["INJURY_BENEFIT"],
        }
        counts = pc.invert(pc.is_in(rows["item"], pa.array(self.given["excluded"])))
        rows, found = rows.filter(counts), {}
        for family, items in named.items():
            theirs = pc.is_in(rows["item"], pa.array(items))
            found[f"{family}_declared"] = self._sums(rows.filter(theirs), "amount_fen")
            rows = rows.filter(pc.invert(theirs))
        return {**found, "other_declared": self._sums(rows, "amount_fen")}

    def _registered(self) -> dict[str, np.ndarray]:
        insured, one = self.read("Insurance"), pa.scalar(1)
        wage = insured.filter(
            (pc.field("kind") == "PENSION")
            & (pc.field("participation") == "EMPLOYEE")
            & (pc.field("status") == "NORMAL")
        )
        pension = self.read("Pension")
        counted = pc.add(pc.add(pension["local_base_fen"], pension["personal_fen"]), pension["employee_fen"])
        tables = {
            "wage": (wage, "base_fen"),
            "pension": (pension.append_column("counted_fen", counted), "counted_fen"),
            "unemployment": (self.read("UnemploymentBenefit"), "amount_fen"),
        }
        if (self.folder / "InjuryBenefit.parquet").exists():  # a city where nobody was hurt has none
            tables["injury"] = (self.read("InjuryBenefit"), "amount_fen")
        found = {}
        for family, (table, fen) in tables.items():
            rows = self._placed(table.append_column("one", pa.repeat(one, len(table))), ["person"])
            found[f"{family}_registered"] = self._sums(rows, fen)
            found[f"{family}_is_registered"] = self._sums(rows, "one") > 0
        return found

    def _counted(self, day: pa.Scalar) -> np.ndarray:
        rows, dead, studies = self.members, self.read("Death"), self.read("Enrolment")
        died = dead.filter(pc.less_equal(dead["died_on"], day))["person"]
        postgraduate = studies.filter(
            (pc.field("status") == "ENROLLED")
            & pc.field("full_time")
            & pc.field("stage").isin(["MASTER", "DOCTOR"])
        )["person"]
        child = pc.invert(pc.is_in(rows["relation"], pa.array(["0", "1"])))
        away = pc.or_(
            pc.or_(pc.is_in(rows["special"], pa.array(NOT_COUNTED)), pc.is_in(rows["person"], _array(died))),
            pc.and_(pc.is_in(rows["person"], _array(postgraduate)), child),
        )
        return pc.and_(pc.equal(rows["kind"], "COHABIT"), pc.invert(away)).to_numpy()

    def simulated(self, system: TaxBenefitSystem, places: np.ndarray, homes: np.ndarray):
        """The income of the households in which some people live: `homes` is each one's, from 0."""
        builder = SimulationBuilder()
        builder.create_entities(system)
        builder.declare_person_entity("person", np.arange(len(places)))
        declared = builder.declare_entity("household", np.arange(homes.max() + 1))
        builder.join_with_persons(declared, homes, roles=np.array(["member"] * len(places)))
        simulation = builder.build(system)
        year, month = divmod(self.months[-1] + 1, 12)
        now = f"{year:04d}-{month + 1:02d}"
        simulation.set_input("is_counted", ETERNITY_NAME, self.counted[places])
        for name, values in self.inputs.items():
            for ordinal, row in zip(self.months, values, strict=True):
                simulation.set_input(name, f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}", row[places])
        return simulation.calculate("annual_income", now), simulation.calculate("is_below_standard", now)


ETERNITY_NAME = "ETERNITY"


def main() -> None:
    """The whole city, then households alone, as they are asked for."""
    begun = time.perf_counter()
    folder, given = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    system, city = law(given), City(folder, given)
    annual, below = city.simulated(system, np.arange(len(city.members)), city.home)
    took = time.perf_counter() - begun
    # All that follows is for comparing: it is told how long that took.
    told = {"household": city.households, "annual_yuan": annual, "below": below}
    pq.write_table(pa.table(told), folder / "openfisca.parquet")
    tell({"seconds": took})
    for line in sys.stdin:
        homes = np.searchsorted(city.households, json.loads(line))
        people = [np.flatnonzero(city.home == home) for home in homes]
        since = time.process_time()
        for places in people:
            city.simulated(system, places, np.zeros(len(places), int))
        tell({"cpu_s": time.process_time() - since})
    tell({"aside": time.perf_counter() - begun - took})


def tell(told: dict[str, float]) -> None:
    """One line to whoever started this."""
    print(json.dumps(told), flush=True)


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


if __name__ == "__main__":
    main()
