"""What would one write otherwise? Fourteen of the rules as SQL by hand.

    python benchmarks/city_sql.py FOLDER [MIB]

It reads the Parquet files that our run reads and gives the same findings: rule, household, person;
and the category and the payable amount of every household, as our fourteen do: a rule's evidence
names them. It knows nothing of sources that did not answer, of what else is evidence, of packs or
of explanations. MIB is what its database may hold; without it there is no limit.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, by the benchmark

from benchmarks.city_findings import AWAY, PENSIONS, STANDING, WEIGHTS, WINDOW, Findings, contend
from benchmarks.city_people import DAY

EXCLUDED = (
    "CENTRAL_BASE_PENSION", "SCHOLARSHIP", "PREFERENTIAL_CARE", "FAMILY_PLANNING", "BRAVERY_AWARD",
    "DISABILITY_SUBSIDY", "RELIEF", "EDUCATION_AID", "AGE_ALLOWANCE", "TRAINING_SUBSIDY",
)  # fmt: skip
"""Items that do not count as income, for 特困 and otherwise."""


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


def found_in(tables: list[pa.Table]) -> tuple[Findings, Findings]:
    """The findings, and the amounts."""
    findings, amounts = (_rows(table) for table in tables)
    return findings, amounts


def _rows(table: pa.Table) -> Findings:
    """The rows of an Arrow table of three columns, as text."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return {(str(what), str(household), str(rest)) for what, household, rest in rows}


def main() -> None:
    """Judge a city's files, and print what that took."""
    folder, *memory = sys.argv[1:]
    memory_mib = int(memory[0]) if memory else None
    contend(lambda: by_hand(Path(folder), on=DAY, memory_mib=memory_mib), found_in)


if __name__ == "__main__":
    main()
