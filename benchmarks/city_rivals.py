"""What would one write otherwise? Fourteen of the rules as a plain pandas program, and as SQL by hand.

Both read the Parquet files that our run reads and give the same findings: rule, household, person.
The SQL also tells the category and the payable amount of every household, as our fourteen do: a
rule's evidence names them. Neither knows of sources that did not answer, of what else is evidence,
of packs or of explanations.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, by the benchmark

from benchmarks.city import DAY, digest_of_findings
from benchmarks.peak import peak_mib

AWAY = ("PRISON", "COMPULSORY_REHAB", "MISSING", "CLERGY_3Y")
PENSIONS = ("PENSION", "CENTRAL_BASE_PENSION", "LOCAL_BASE_PENSION", "PERSONAL_PENSION")
STANDING = ("DIBAO", "TEKUN", "SINGLE", "GRADUAL_EXIT", "ORPHAN")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CATEGORIES = ("TEKUN", "DIBAO", "EDGE", "RIGID", "NONE")
WINDOW = 12
EXCLUDED = (
    "CENTRAL_BASE_PENSION", "SCHOLARSHIP", "PREFERENTIAL_CARE", "FAMILY_PLANNING", "BRAVERY_AWARD",
    "DISABILITY_SUBSIDY", "RELIEF", "EDUCATION_AID", "AGE_ALLOWANCE", "TRAINING_SUBSIDY",
)  # fmt: skip
"""Items that do not count as income, for 特困 and otherwise."""

Findings = set[tuple[str, str, str]]

# ------------------------------------------------------------------ pandas


def by_pandas(folder: Path, *, on: date) -> dict[str, pd.DataFrame]:
    """The findings of the fourteen rules, by a pandas program: rows of household and person by rule."""
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


def _identity(folder: Path, listed: pd.DataFrame) -> dict[str, pd.DataFrame]:
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


def _membership(folder: Path, listed: pd.DataFrame, today: pd.Timestamp) -> dict[str, pd.DataFrame]:
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


def _income(folder: Path, listed: pd.DataFrame, month: int) -> dict[str, pd.DataFrame]:
    key, each, when = ["household", "person"], ["household", "person", "month"], ["person", "month"]
    people = listed[key]

    def window(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[(rows["month"] >= month - WINDOW) & (rows["month"] < month)]

    everywhere = _read(folder, "Declaration")
    declared = everywhere.merge(people, on=key)
    insurance = _read(folder, "Insurance")
    insurance = insurance[(insurance["kind"] == "PENSION") & (insurance["status"] == "NORMAL")]
    insurance = insurance[insurance["participation"].isin(["EMPLOYEE", "FLEXIBLE"])].merge(
        people, on="person"
    )
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


def _papers(folder: Path, listed: pd.DataFrame, today: pd.Timestamp) -> dict[str, pd.DataFrame]:
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


# ------------------------------------------------------------------ SQL by hand


def by_hand(folder: Path, *, on: date, memory_mib: int | None = None) -> list[pa.Table]:
    """The findings of the fourteen rules, and categories with amounts, by statements written for DuckDB by hand."""
    with (
        TemporaryDirectory(prefix="hedui-bench-") as spill,
        duckdb.connect(config={"threads": 2}) as connection,
    ):
        if memory_mib is not None:
            connection.execute(f"SET memory_limit = '{memory_mib}MiB'")
            connection.execute(f"SET temp_directory = '{spill}'")
        for path in folder.glob("*.parquet"):
            connection.execute(f"CREATE VIEW \"{path.stem}\" AS SELECT * FROM '{path}'")
        month = on.year * 12 + on.month - 1
        today, first = f"DATE '{on}'", month - WINDOW
        day = on.year * 10_000 + on.month * 100 + on.day
        for statement in _PREPARED.format(today=today, first=first, month=month, day=day).split(";"):
            connection.execute(statement)
        query = _QUERY.format(today=today, first=first, month=month)
        return [connection.sql(each).to_arrow_table() for each in (query, _CATEGORY)]


_CHECK = " + ".join(f"CAST(person[{place + 1}] AS INT) * {weight}" for place, weight in enumerate(WEIGHTS))

_PREPARED = f"""
CREATE TEMP TABLE listed AS SELECT household, person, MIN_BY(kind, record_id) AS kind,
    MIN_BY(special, record_id) AS special, MIN_BY(relation, record_id) AS relation,
    COALESCE(CASE WHEN regexp_full_match(person, '[0-9]{{{{17}}}}[0-9X]')
        THEN substr('10X98765432', ({_CHECK}) % 11 + 1, 1) = person[18] END, FALSE) AS passes
    FROM Membership WHERE joined_on <= {{today}} AND (left_on IS NULL OR left_on > {{today}}) GROUP BY household, person;
CREATE TEMP TABLE declared AS SELECT d.household, d.person, item, month, amount_fen
    FROM Declaration AS d JOIN listed USING (household, person);
CREATE TEMP TABLE insured AS SELECT household, i.person, month, base_fen, participation
    FROM Insurance AS i JOIN listed USING (person)
    WHERE i.kind = 'PENSION' AND status = 'NORMAL' AND participation IN ('EMPLOYEE', 'FLEXIBLE');
CREATE TEMP TABLE benefits AS SELECT household, u.person, month FROM UnemploymentBenefit AS u JOIN listed USING (person)
    WHERE month >= {{first}} AND month < {{month}};
CREATE TEMP TABLE verified AS
    SELECT person, NULL AS household, month, 'WAGE' AS kind, base_fen AS fen FROM "Insurance"
    WHERE kind = 'PENSION' AND participation = 'EMPLOYEE' AND status = 'NORMAL'
        AND month >= {{first}} AND month < {{month}}
    UNION ALL SELECT person, NULL, month, 'PENSION', local_base_fen + personal_fen + employee_fen
    FROM "Pension" WHERE month >= {{first}} AND month < {{month}}
    UNION ALL SELECT person, NULL, month, 'UNEMPLOYMENT_BENEFIT', amount_fen FROM "UnemploymentBenefit"
    WHERE month >= {{first}} AND month < {{month}}
    UNION ALL SELECT person, household, month, item, amount_fen FROM "Declaration" AS d
    WHERE item NOT IN ('UNEMPLOYED', 'EMPLOYMENT_COST') AND month >= {{first}} AND month < {{month}}
        AND NOT EXISTS (SELECT 1 FROM "Insurance" AS i WHERE item = 'WAGE' AND i.person = d.person
            AND i.month = d.month AND i.kind = 'PENSION' AND participation = 'EMPLOYEE' AND status = 'NORMAL')
        AND NOT EXISTS (SELECT 1 FROM "Pension" AS p WHERE item IN {PENSIONS} AND p.person = d.person
            AND p.month = d.month)
        AND NOT EXISTS (SELECT 1 FROM "UnemploymentBenefit" AS u WHERE item = 'UNEMPLOYMENT_BENEFIT'
            AND u.person = d.person AND u.month = d.month);
CREATE TEMP TABLE earned AS SELECT l.household, v.person, COALESCE(SUM(fen) FILTER (v.kind NOT IN {EXCLUDED}), 0)
    - 20000 * COUNT(DISTINCT month) FILTER (v.kind = 'WAGE' AND fen > 0) AS income
    FROM verified AS v JOIN listed AS l ON l.person = v.person AND COALESCE(v.household, l.household) = l.household
    GROUP BY ALL;
CREATE TEMP TABLE spent AS SELECT person, SUM(fen) AS fen FROM (
    SELECT person, compliant_self_pay_fen AS fen FROM "Settlement"
    WHERE designated AND discharged_on > {{today}} - INTERVAL 12 MONTHS AND discharged_on <= {{today}}
    UNION ALL SELECT person, LEAST(paid_fen, public_standard_fen) FROM "FeeBill"
    WHERE stage NOT IN ('MASTER', 'DOCTOR') AND paid_on > {{today}} - INTERVAL 12 MONTHS AND paid_on <= {{today}}
    ) GROUP BY 1;
CREATE TEMP TABLE disabled AS SELECT person, MIN(grade) <= 2 AS severely,
    BOOL_OR(grade <= CASE category WHEN '1' THEN 1 WHEN '4' THEN 2 WHEN '5' THEN 3 WHEN '6' THEN 3 ELSE 0 END)
        AS incapable,
    BOOL_OR(grade <= CASE WHEN category IN ('5', '6') THEN 3 ELSE 2 END) AS single
    FROM "Certificate" WHERE status = 'VALID' AND (valid_until IS NULL OR valid_until >= {{today}}) GROUP BY 1;
CREATE TEMP TABLE people AS SELECT l.household, l.person, l.kind, special, COALESCE(income, 0) AS income,
    COALESCE(s.fen, 0) AS spent, COALESCE(severely OR single, FALSE) AS disabled, COALESCE(incapable, FALSE) AS incapable,
    ({{day}} - CASE WHEN passes THEN CAST(l.person[7:14] AS INT)
        ELSE COALESCE(CAST(strftime(birth, '%Y%m%d') AS INT), 0) END) // 10000 AS age,
    COALESCE(died_on > {{today}}, TRUE) AS alive,
    l.kind = 'COHABIT' AND alive AND special NOT IN {AWAY} AND g.person IS NULL AS counted
    FROM listed AS l LEFT JOIN earned AS e ON e.household = l.household AND e.person = l.person
    LEFT JOIN spent AS s ON s.person = l.person LEFT JOIN disabled AS c ON c.person = l.person
    LEFT JOIN (SELECT person, MIN(birth) AS birth FROM "Person" GROUP BY 1) AS r ON r.person = l.person
    LEFT JOIN (SELECT person, MIN(died_on) AS died_on FROM "Death" GROUP BY 1) AS d ON d.person = l.person
    LEFT JOIN (SELECT DISTINCT person FROM "Enrolment" WHERE status = 'ENROLLED' AND full_time
        AND stage IN ('MASTER', 'DOCTOR')) AS g ON g.person = l.person AND relation NOT IN ('0', '1');
CREATE TEMP TABLE homes AS SELECT household, COUNT_IF(counted) AS heads, 63600 * 12 * heads AS line,
    COALESCE(SUM(income) FILTER (counted), 0) AS annual, COALESCE(SUM(spent) FILTER (counted), 0) AS spent,
    COALESCE(BOOL_AND((age >= 60 OR age < 16 OR incapable) AND income < 63600 * 12) FILTER (counted), TRUE)
        AS destitute,
    BOOL_OR((kind = 'OBLIGOR' OR NOT counted) AND alive AND age >= 18 AND special NOT IN ('PRISON', 'MISSING')
        AND NOT ((age >= 70 OR disabled) AND income < 3120000)) AS supported
    FROM people GROUP BY 1
"""

_CATEGORY = """
SELECT CASE WHEN o.household IS NOT NULL THEN 'NONE'
        WHEN destitute AND heads > 0 AND NOT supported THEN 'TEKUN'
        WHEN annual < line THEN 'DIBAO'
        WHEN annual * 100 < line * 150 THEN 'EDGE'
        WHEN annual < 3120000 * heads AND spent * 10000 > annual * 6000 THEN 'RIGID' ELSE 'NONE' END AS category,
    h.household, CASE WHEN category = 'DIBAO' THEN (GREATEST(line - annual, 0) + 1199) // 1200 * 100 ELSE 0 END
FROM homes AS h LEFT JOIN (SELECT DISTINCT household FROM "PropertyCheck" WHERE over_limit) AS o USING (household)
"""

_QUERY = f"""
SELECT 'ID-01', household, person FROM listed WHERE NOT passes
UNION SELECT 'ID-02', household, l.person FROM listed AS l JOIN Person AS p USING (person) WHERE passes
    AND (strftime(birth, '%Y%m%d') <> l.person[7:14] OR (sex = '1' AND CAST(l.person[17] AS INT) % 2 = 0)
        OR (sex = '2' AND CAST(l.person[17] AS INT) % 2 = 1))
UNION SELECT 'ID-02', household, l.person FROM listed AS l JOIN Birth AS b USING (person)
    WHERE passes AND strftime(born_on, '%Y%m%d') <> l.person[7:14]
UNION SELECT 'HH-04', household, person FROM listed WHERE kind = 'COHABIT' AND special IN {AWAY}
UNION SELECT 'HH-05', household, person FROM listed WHERE kind = 'COHABIT' AND person IN (
    SELECT person FROM Membership WHERE kind = 'COHABIT' AND joined_on <= {{today}}
        AND (left_on IS NULL OR left_on > {{today}}) GROUP BY person HAVING COUNT(DISTINCT household) > 1)
UNION SELECT 'HH-09', household, person FROM listed WHERE kind = 'OBLIGOR' AND person NOT IN (
    SELECT person FROM "Authorization" WHERE valid_from <= {{today}} AND (valid_until IS NULL OR valid_until >= {{today}})
        AND (withdrawn_on IS NULL OR withdrawn_on > {{today}}))
UNION SELECT 'INC-01', household, person FROM insured SEMI JOIN (SELECT * FROM Declaration WHERE item = 'UNEMPLOYED')
    USING (person, month) WHERE month >= {{first}} AND month < {{month}}
UNION SELECT 'INC-02', household, person FROM (
    SELECT household, person, month, SUM(amount_fen) AS wages FROM declared
    WHERE item = 'WAGE' AND amount_fen > 0 AND month >= {{first}} AND month < {{month}} GROUP BY 1, 2, 3)
    JOIN (
        SELECT household, person, month, SUM(base_fen) AS bases FROM insured
        WHERE participation = 'EMPLOYEE' AND month >= {{first}} AND month < {{month}} GROUP BY 1, 2, 3)
    USING (household, person, month) WHERE wages <> bases
UNION SELECT 'INC-03', household, person FROM (
    SELECT household, p.person, SUM(central_base_fen + local_base_fen + personal_fen + employee_fen) AS fen
    FROM Pension AS p JOIN listed USING (person) WHERE month >= {{first}} AND month < {{month}} GROUP BY 1, 2)
    ANTI JOIN (SELECT * FROM declared WHERE item IN {PENSIONS} AND amount_fen > 0
        AND month >= {{first}} AND month < {{month}}) USING (household, person) WHERE fen > 0
UNION SELECT 'INC-04', household, person FROM benefits ANTI JOIN
    (SELECT * FROM Declaration WHERE item = 'UNEMPLOYMENT_BENEFIT' AND amount_fen > 0) USING (person, month)
UNION SELECT 'BEN-08', household, person FROM benefits SEMI JOIN
    (SELECT * FROM insured WHERE participation = 'EMPLOYEE') USING (household, person, month)
UNION SELECT 'INC-09', household, '' FROM PropertyCheck WHERE over_limit
UNION SELECT 'LIF-01', household, l.person FROM listed AS l
    JOIN (SELECT person, MIN(died_on) AS died_on FROM Death GROUP BY 1) AS d USING (person)
    JOIN Benefit AS b USING (household) WHERE paid AND b.kind IN {STANDING}
        AND b.month > year(died_on) * 12 + month(died_on) - 1 AND (b.person IS NULL OR b.person = l.person)
UNION SELECT 'LIF-02', household, person FROM listed WHERE kind = 'COHABIT'
    AND person IN (SELECT person FROM Certificate
        WHERE NOT (status = 'VALID' AND (valid_until IS NULL OR valid_until >= {{today}})))
    AND person NOT IN (SELECT person FROM Certificate
        WHERE status = 'VALID' AND (valid_until IS NULL OR valid_until >= {{today}}))
UNION SELECT 'LIF-05', household, person FROM listed WHERE kind = 'COHABIT'
    AND person IN (SELECT person FROM IllnessRecognition WHERE valid_until < {{today}})
    AND person NOT IN (SELECT person FROM IllnessRecognition
        WHERE valid_from <= {{today}} AND (valid_until IS NULL OR valid_until >= {{today}}))
"""


def main() -> None:
    """Be one rival, `pandas` or `hand SQL`, over the files of a folder; SQL within some MiB of memory, if told so."""
    name, folder, *memory = sys.argv[1:]
    begun = time.perf_counter()
    if name == "pandas":
        given: dict[str, pd.DataFrame] | list[pa.Table] = by_pandas(Path(folder), on=DAY)
    else:
        given = by_hand(Path(folder), on=DAY, memory_mib=int(memory[0]) if memory else None)
    took = time.perf_counter() - begun
    peak = peak_mib()
    found = _rows(given) if isinstance(given, list) else _rows_of_frames(given)
    told = {each for each in found if each[0] in CATEGORIES}
    digests = {"findings": digest_of_findings(found - told), "amounts": digest_of_findings(told)}
    aside = time.perf_counter() - begun - took
    print(json.dumps({"seconds": took, "aside": aside, "peak": peak, **digests}))


def _rows_of_frames(frames: dict[str, pd.DataFrame]) -> Findings:
    return {(rule, *row) for rule, rows in frames.items() for row in rows.itertuples(index=False)}


def _rows(tables: list[pa.Table]) -> Findings:
    """The rows of Arrow tables of three columns, as text."""
    rows = (zip(*(column.to_pylist() for column in table.columns), strict=True) for table in tables)
    return {(str(what), str(household), str(rest)) for each in rows for what, household, rest in each}


if __name__ == "__main__":
    main()
