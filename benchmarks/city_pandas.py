"""What would one write otherwise? Fourteen of the rules as a plain pandas program.

    python benchmarks/city_pandas.py FOLDER

It reads the Parquet files that our run reads and gives the same findings: rule, household, person.
It knows nothing of sources that did not answer, of what else is evidence, of packs or of explanations.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, by the benchmark

from benchmarks.city_findings import AWAY, PENSIONS, STANDING, WEIGHTS, WINDOW, Findings, contend
from benchmarks.city_people import DAY

Frames = dict[str, pd.DataFrame]
"""Rows of household and person by rule."""


def by_pandas(folder: Path, *, on: date) -> Frames:
    """The findings of the fourteen rules."""
    today = pd.Timestamp(on)
    month = on.year * 12 + on.month - 1
    listed = _read(folder, "Membership")
    listed = listed[_holds(listed["joined_on"], listed["left_on"], today)]
    listed = listed.sort_values("record_id").drop_duplicates(["household", "person"])
    found = {
        **_identity(folder, listed),
        **_membership(folder, listed, today),
        **_income(folder, listed, month),
        **_papers(folder, listed, today),
    }
    found["INC-09"] = _over_limit(folder)
    return {rule: rows[["household", "person"]] for rule, rows in found.items()}


def _read(folder: Path, record: str) -> pd.DataFrame:
    path = folder / f"{record}.parquet"
    frame = pd.read_parquet(path)
    for name in frame.columns:
        if name.endswith(("_on", "_until", "_from", "birth")):
            frame[name] = pd.to_datetime(frame[name])
    return frame


def _holds(since: pd.Series, until: pd.Series, today: pd.Timestamp) -> pd.Series:
    return (since <= today) & (until.isna() | (until > today))


def _passes(numbers: pd.Series) -> pd.Series:
    total = sum(
        (pd.to_numeric(numbers.str[place], errors="coerce") * weight for place, weight in enumerate(WEIGHTS)),
        start=pd.Series(0.0, index=numbers.index),
    )
    check = (total % 11).map(dict(enumerate("10X98765432")))
    return (numbers.str.len() == 18) & (check == numbers.str[17])


def _identity(folder: Path, listed: pd.DataFrame) -> Frames:
    passes = _passes(listed["person"])
    good = listed.loc[passes, ["household", "person"]]
    in_number = good["person"].str[6:14]
    male = good["person"].str[16].isin(list("13579"))
    own = good.assign(written=in_number, male=male)
    people = own.merge(_read(folder, "Person"), on="person")
    birth_differs = people["birth"].dt.strftime("%Y%m%d") != people["written"]
    sex_differs = ((people["sex"] == "1") & ~people["male"]) | ((people["sex"] == "2") & people["male"])
    born = own.merge(_read(folder, "Birth"), on="person")
    born = born[born["born_on"].dt.strftime("%Y%m%d") != born["written"]]
    both = pd.concat([people[birth_differs | sex_differs], born])[["household", "person"]]
    return {"ID-01": listed[~passes], "ID-02": both}


def _membership(folder: Path, listed: pd.DataFrame, today: pd.Timestamp) -> Frames:
    inside = listed[listed["kind"] == "COHABIT"]
    homes = _read(folder, "Membership")
    homes = homes[(homes["kind"] == "COHABIT") & _holds(homes["joined_on"], homes["left_on"], today)]
    homes = homes.groupby("person")["household"].nunique()
    signed = _read(folder, "Authorization")
    signed = signed[
        (signed["valid_from"] <= today)
        & (signed["valid_until"].isna() | (signed["valid_until"] >= today))
        & (signed["withdrawn_on"].isna() | (signed["withdrawn_on"] > today))
    ]
    obligors = listed[listed["kind"] == "OBLIGOR"]
    return {
        "HH-04": inside[inside["special"].isin(AWAY)],
        "HH-05": inside[inside["person"].isin(homes[homes > 1].index)],
        "HH-09": obligors[~obligors["person"].isin(signed["person"])],
    }


def _income(folder: Path, listed: pd.DataFrame, month: int) -> Frames:
    key, each, when = ["household", "person"], ["household", "person", "month"], ["person", "month"]
    people = listed[key]

    def window(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[(rows["month"] >= month - WINDOW) & (rows["month"] < month)]

    everywhere = _read(folder, "Declaration")
    declared = everywhere.merge(people, on=key)
    insurance = _read(folder, "Insurance")
    insurance = insurance[(insurance["kind"] == "PENSION") & (insurance["status"] == "NORMAL")]
    taken = insurance["participation"].isin(["EMPLOYEE", "FLEXIBLE"])
    insurance = insurance[taken].merge(people, on="person")
    employee = insurance[insurance["participation"] == "EMPLOYEE"]
    paid = _read(folder, "UnemploymentBenefit").merge(people, on="person")
    drawn = _read(folder, "Pension").merge(people, on="person")

    # Months are matched by person, in whichever household a month was declared: so does the rule.
    idle = everywhere[everywhere["item"] == "UNEMPLOYED"][when].drop_duplicates()
    idle_insured = window(insurance).merge(idle, on=when)
    wages = declared[(declared["item"] == "WAGE") & (declared["amount_fen"] > 0)]
    beside = pd.concat(
        [
            window(wages).groupby(each)["amount_fen"].sum(),
            window(employee).groupby(each)["base_fen"].sum(),
        ],
        axis=1,
        join="inner",
    )
    parts = ["central_base_fen", "local_base_fen", "personal_fen", "employee_fen"]
    pensions = window(drawn).groupby(key)[parts].sum().sum(axis=1)
    pensioners = pensions[pensions > 0].reset_index()[key]
    told = window(declared[declared["item"].isin(PENSIONS) & (declared["amount_fen"] > 0)])
    benefit = everywhere[(everywhere["item"] == "UNEMPLOYMENT_BENEFIT") & (everywhere["amount_fen"] > 0)]
    return {
        "INC-01": idle_insured,
        "INC-02": beside[beside["amount_fen"] != beside["base_fen"]].reset_index()[key].drop_duplicates(),
        "INC-03": _without(pensioners, told, key),
        "INC-04": _without(window(paid)[each], benefit, when),
        "BEN-08": window(paid).merge(employee[each].drop_duplicates(), on=each),
    }


def _without(rows: pd.DataFrame, others: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    both = rows.merge(others[on].drop_duplicates(), on=on, how="left", indicator=True)
    return both[both["_merge"] == "left_only"]


def _papers(folder: Path, listed: pd.DataFrame, today: pd.Timestamp) -> Frames:
    inside = listed.loc[listed["kind"] == "COHABIT", ["household", "person"]]
    cards = _read(folder, "Certificate")
    holds = (cards["status"] == "VALID") & (cards["valid_until"].isna() | (cards["valid_until"] >= today))
    lapsed = inside[inside["person"].isin(cards.loc[~holds, "person"])]
    ill = _read(folder, "IllnessRecognition")
    past = ill["valid_until"] < today
    current = (ill["valid_from"] <= today) & (ill["valid_until"].isna() | (ill["valid_until"] >= today))
    recovered = inside[inside["person"].isin(ill.loc[past, "person"])]
    died = _read(folder, "Death").groupby("person")["died_on"].min().reset_index()
    died["died_month"] = died["died_on"].dt.year * 12 + died["died_on"].dt.month - 1
    paid = _read(folder, "Benefit")
    paid = paid[paid["paid"] & paid["kind"].isin(STANDING)].rename(columns={"person": "named"})
    dead = listed[["household", "person"]].merge(died, on="person").merge(paid, on="household")
    late = dead["month"] > dead["died_month"]
    return {
        "LIF-01": dead[late & (dead["named"].isna() | (dead["named"] == dead["person"]))],
        "LIF-02": lapsed[~lapsed["person"].isin(cards.loc[holds, "person"])],
        "LIF-05": recovered[~recovered["person"].isin(ill.loc[current, "person"])],
    }


def _over_limit(folder: Path) -> pd.DataFrame:
    checks = _read(folder, "PropertyCheck")
    return checks.loc[checks["over_limit"], ["household"]].assign(person="")


def found_in(frames: Frames) -> tuple[Findings, Findings]:
    """The findings; it tells no amounts."""
    return {(rule, *row) for rule, rows in frames.items() for row in rows.itertuples(index=False)}, set()


if __name__ == "__main__":
    contend(lambda: by_pandas(Path(sys.argv[1]), on=DAY), found_in)
