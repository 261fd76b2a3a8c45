"""Conditions that hold, each beside the nearest that do not, for rules that look at sums, lines and lists.

A row is a rule, whom it is about, what finds it and what does not: records, or records with people and changes.
"""

from __future__ import annotations

from tests.verification.neighbours import CERT, WAGE, number, rows

SON = number("19790303", 905)
TWIN = number("19840404", 907)
BABY = number("20200101", 909)
FEE = "person: child, academic_year: 2026, kind: TUITION, stage: COLLEGE, billed_yuan: '9000.00', paid_yuan: '{fen}', "
FEE += "public_standard_yuan: '9000.00', paid_on: {day}"
STAY = "person: head, discharged_on: {day}, total_yuan: '{fen}'"
RENT = "person: head, item: RENT, month: 2025-11..2026-10, amount_yuan: '{fen}'"
LONG_AGO = "application: A, kind: DIBAO, applied_on: 2024-01-10"
IN_DIBAO = "category: DIBAO, since: 2025-01-10"
TOKEN = "person: head, month: {m}, own_token: 00ff, other_token: {o}, other_district: '529902', kind: {k}, paid: {p}"
DIBAO = "kind: DIBAO, month: 2026-10, amount_yuan: '400.00'"
MOVED = "from_district: '{a}', to_district: '529901', moved_on: {day}"
SCHOOL = "person: child, stage: SENIOR, status: {s}, district: '{d}'"
ALLOWANCE = "person: head, kind: DISABILITY_ALLOWANCE, month: {m}, amount_yuan: '90.00'"
LIVING = "person: head, kind: LIVING, month: 2026-10, amount_yuan: '80.00'"
COST = "person: head, item: EMPLOYMENT_COST, month: {m}, amount_yuan: '200.00'"
PAID = FEE.format(fen="7000.00", day="2026-09-01")
AID = "person: child, academic_year: 2026, programme: 国家助学金, fund_source: 中央, amount_yuan: '{fen}', paid_on: {day}"
JOB = "person: head, kind: EMPLOYER, since: {since}, until: {until}"
NOT_AT_WORK = rows(UnemploymentRegistration="person: head, registered_on: 2026-11-16")
OBLIGOR = f'son: {{id: "{SON}", name: 乙一, relation: "2", kind: OBLIGOR, obligor_to: head, authorized: %s}}'
INSURED = (
    "person: {who}, kind: PENSION, participation: EMPLOYEE, status: NORMAL, month: {m}, base_yuan: '{fen}'"
)
NO_WORK = "person: head, registered_on: {a}, cancelled_on: {b}"
KNOWN = "person: head, kind: MEDICAL, participation: RESIDENT, status: NORMAL, month: {m}, base_yuan: '0.00'"
BENEFIT = "person: head, month: 2026-10, amount_yuan: '{fen}', remaining_months: {r}"


def story(records: str = "  Visit: []", **more: str) -> dict[str, str]:
    return {"records": records, **more}


LINES: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    (
        "ID-04",
        "head",
        story(people=f'twin: {{id: "{TWIN}", name: 甲一, relation: "7"}}'),
        story(people=f'twin: {{id: "{TWIN}", name: 甲丙, relation: "7"}}'),
    ),
    (
        "HH-02",
        "head",
        story(rows(Birth=f"person: '{BABY}', born_on: 2008-11-17, mother: head")),
        story(rows(Birth=f"person: '{BABY}', born_on: 2008-11-16, mother: head")),
    ),
    (
        "HH-06",
        "head",
        story(rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-10", o="00ff", k="DIBAO", p="true"))),
        story(rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-10", o="00fe", k="DIBAO", p="true"))),
    ),
    (
        "HH-06",
        "head",
        story(rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-10", o="00ff", k="TEKUN", p="true"))),
        story(rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-09", o="00ff", k="TEKUN", p="true"))),
    ),
    (
        "HH-06",
        "head",
        story(rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-10", o="00ff", k="SINGLE", p="true"))),
        story(rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-10", o="00ff", k="SINGLE", p="false"))),
    ),
    (
        "HH-06",
        "head",
        story(rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-10", o="00ff", k="DIBAO", p="true"))),
        story(
            rows(Benefit=DIBAO, DistrictToken=TOKEN.format(m="2026-10", o="00ff", k="TEMPORARY", p="true"))
        ),
    ),
    (
        "HH-07",
        "head",
        story(
            rows(
                Person="person: head, name: 甲一, sex: '1', birth: 1984-04-04, hukou_district: '529902', "
                "residence_district: '529901'"
            )
        ),
        story(
            rows(
                Person="person: head, name: 甲一, sex: '1', birth: 1984-04-04, hukou_district: '529901002', "
                "residence_district: '529901'"
            )
        ),
    ),
    (
        "HH-08",
        "head",
        story(
            rows(
                Certificate=CERT.format(g=2), Declaration=RENT.format(fen="1400.00").replace("head", "child")
            )
        ),
        story(
            rows(
                Certificate=CERT.format(g=3), Declaration=RENT.format(fen="1400.00").replace("head", "child")
            )
        ),
    ),
    (
        "HH-09",
        "son",
        story(people=OBLIGOR % "false"),
        story(people=OBLIGOR % "true"),
    ),
    (
        "INC-05",
        "head",
        story(
            rows(
                Declaration="person: head, item: SCHOLARSHIP, month: 2026-10, amount_yuan: '0.01', counted: true"
            )
        ),
        story(
            rows(
                Declaration="person: head, item: SCHOLARSHIP, month: 2026-10, amount_yuan: '0.01', counted: false"
            )
        ),
    ),
    (
        "INC-05",
        "head",
        story(
            rows(Declaration="person: head, item: RENT, month: 2025-11, amount_yuan: '1.00', counted: false")
        ),
        story(
            rows(Declaration="person: head, item: RENT, month: 2025-10, amount_yuan: '1.00', counted: false")
        ),
    ),
    (
        "INC-06",
        "head",
        story(
            rows(Pension="person: head, month: 2026-01, central_base_yuan: '143.00'"),
            extra="pack_changes: {income_class.CENTRAL_BASE_PENSION: [{since: 2021-07-01, until: 2025-12-31, "
            "value: EXCLUDED}]}\n",
        ),
        story(
            rows(Pension="person: head, month: 2025-12, central_base_yuan: '143.00'"),
            extra="pack_changes: {income_class.CENTRAL_BASE_PENSION: [{since: 2021-07-01, until: 2025-12-31, "
            "value: EXCLUDED}]}\n",
        ),
    ),
    (
        "INC-07",
        "head",
        story(rows(Declaration=f"{WAGE} | {COST.format(m='2025-11..2026-09')}")),
        story(rows(Declaration=f"{WAGE} | {COST.format(m='2025-11..2026-10')}")),
    ),
    ("INC-10", "head", story(), story(rows(Insurance=KNOWN.format(m="2026-01")))),
    (
        "INC-10",
        "head",
        story(rows(Declaration="person: head, item: WAGE, month: 2025-10, amount_yuan: '1.00'")),
        story(rows(Declaration="person: head, item: WAGE, month: 2025-11, amount_yuan: '1.00'")),
    ),
    (
        "INC-11",
        "son",
        story(
            rows(Insurance=INSURED.format(who="son", m="2025-11..2026-10", fen="5400.01")),
            people=OBLIGOR % "true",
        ),
        story(
            rows(Insurance=INSURED.format(who="son", m="2025-11..2026-10", fen="5400.00")),
            people=OBLIGOR % "true",
        ),
    ),
    (
        "CAT-02",
        "",
        story(rows(Declaration=RENT.format(fen="1271.99"))),
        story(rows(Declaration=RENT.format(fen="1272.00"))),
    ),
    (
        "CAT-03",
        "",
        story(rows(Declaration=RENT.format(fen="1272.00"))),
        story(rows(Declaration=RENT.format(fen="1271.99"))),
    ),
    (
        "CAT-03",
        "",
        story(rows(Declaration=RENT.format(fen="1907.99"))),
        story(rows(Declaration=RENT.format(fen="1908.00"))),
    ),
    (
        "CAT-04",
        "",
        story(
            rows(
                Declaration=RENT.format(fen="2000.00"),
                Settlement=STAY.format(day="2026-03-01", fen="14400.01"),
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="2000.00"),
                Settlement=STAY.format(day="2026-03-01", fen="14400.00"),
            )
        ),
    ),
    (
        "CAT-04",
        "",
        story(
            rows(
                Declaration=RENT.format(fen="2000.00"),
                Settlement=STAY.format(day="2025-11-17", fen="14400.01"),
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="2000.00"),
                Settlement=STAY.format(day="2025-11-16", fen="14400.01"),
            )
        ),
    ),
    (
        "CAT-05",
        "",
        story(
            rows(
                Declaration=RENT.format(fen="1200.00"),
                Pension="person: head, month: 2026-10, personal_yuan: '864.00'",
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="1200.00"),
                Pension="person: head, month: 2026-10, personal_yuan: '863.99'",
            )
        ),
    ),
    (
        "CAT-06",
        "",
        story(
            rows(
                Declaration=RENT.format(fen="1200.00"),
                Pension="person: head, month: 2026-10, personal_yuan: '12.00'",
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="1200.00"),
                Pension="person: head, month: 2026-10, personal_yuan: '0.00'",
            )
        ),
    ),
    (
        "BEN-06",
        "child",
        story(
            rows(
                Benefit="kind: ORPHAN, person: child, month: 2026-10, amount_yuan: '900.00'",
                DisabilitySubsidy=LIVING.replace("head", "child"),
            )
        ),
        story(
            rows(
                Benefit="kind: ORPHAN, person: child, month: 2026-09, amount_yuan: '900.00'",
                DisabilitySubsidy=LIVING.replace("head", "child"),
            )
        ),
    ),
    (
        "BEN-07",
        "head",
        story(rows(InjuryBenefit=ALLOWANCE.format(m="2026-10"), DisabilitySubsidy=LIVING)),
        story(rows(InjuryBenefit=ALLOWANCE.format(m="2026-09"), DisabilitySubsidy=LIVING)),
    ),
    (
        "BEN-07",
        "head",
        story(rows(InjuryBenefit=ALLOWANCE.format(m="2026-10"), DisabilitySubsidy=LIVING)),
        story(
            rows(InjuryBenefit=ALLOWANCE.format(m="2026-10"), DisabilitySubsidy=LIVING),
            extra="pack_changes: {stacking.DISABILITY_ALLOWANCE+LIVING: ALLOW}\n",
        ),
    ),
    (
        "BEN-09",
        "",
        story(
            rows(
                Declaration=RENT.format(fen="100.00"),
                Benefit="kind: DIBAO, month: 2025-10, amount_yuan: '1.00'",
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="100.00"),
                Benefit="kind: DIBAO, month: 2025-11, amount_yuan: '1.00'",
            )
        ),
    ),
    (
        "LIF-08",
        "child",
        story(
            rows(
                HouseholdMove=MOVED.format(a="529902", day="2026-10-16"),
                Enrolment=SCHOOL.format(s="ENROLLED", d="529902003"),
            )
        ),
        story(
            rows(
                HouseholdMove=MOVED.format(a="529902", day="2026-10-17"),
                Enrolment=SCHOOL.format(s="ENROLLED", d="529902003"),
            )
        ),
    ),
    (
        "LIF-08",
        "child",
        story(
            rows(
                HouseholdMove=MOVED.format(a="529902", day="2026-06-01"),
                Enrolment=SCHOOL.format(s="ENROLLED", d="529902"),
            )
        ),
        story(
            rows(
                HouseholdMove=MOVED.format(a="529902", day="2026-06-01"),
                Enrolment=SCHOOL.format(s="ENROLLED", d="529901"),
            )
        ),
    ),
    (
        "LIF-08",
        "child",
        story(
            rows(
                HouseholdMove=MOVED.format(a="529902", day="2026-06-01"),
                Enrolment=SCHOOL.format(s="ENROLLED", d="529902"),
            )
        ),
        story(
            rows(
                HouseholdMove=MOVED.format(a="529902", day="2026-06-01"),
                Enrolment=SCHOOL.format(s="GRADUATED", d="529902"),
            )
        ),
    ),
    (
        "LIF-08",
        "child",
        story(
            rows(
                HouseholdMove=MOVED.format(a="529902", day="2026-06-01"),
                Enrolment=SCHOOL.format(s="ENROLLED", d="529902"),
            )
        ),
        story(
            rows(
                HouseholdMove=MOVED.format(a="529901003", day="2026-06-01"),
                Enrolment=SCHOOL.format(s="ENROLLED", d="529901003"),
            )
        ),
    ),
    (
        "ENT-01",
        "",
        story(rows(Application=LONG_AGO, Settlement=STAY.format(day="2026-11-16", fen="10000.00"))),
        story(rows(Application=LONG_AGO, Settlement=STAY.format(day="2026-11-16", fen="9999.99"))),
    ),
    (
        "ENT-01",
        "",
        story(rows(Application=LONG_AGO, Settlement=STAY.format(day="2026-08-19", fen="10000.00"))),
        story(rows(Application=LONG_AGO, Settlement=STAY.format(day="2026-08-18", fen="10000.00"))),
    ),
    (
        "ENT-01",
        "",
        story(
            rows(
                Application=LONG_AGO.replace("2024-01-10", "2025-11-16"),
                Settlement=STAY.format(day="2026-11-16", fen="10000.00"),
            )
        ),
        story(
            rows(
                Application=LONG_AGO.replace("2024-01-10", "2025-11-17"),
                Settlement=STAY.format(day="2026-11-16", fen="10000.00"),
            )
        ),
    ),
    (
        "ENT-02",
        "head",
        story(
            rows(
                Declaration=RENT.format(fen="1300.00"),
                Insurance=INSURED.format(who="head", m="2026-09", fen="300.00"),
                UnemploymentRegistration=NO_WORK.format(a="2026-11-16", b="2026-11-17"),
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="1300.00"),
                Insurance=INSURED.format(who="head", m="2026-10", fen="300.00"),
                UnemploymentRegistration=NO_WORK.format(a="2026-11-16", b="2026-11-17"),
            )
        ),
    ),
    (
        "ENT-02",
        "head",
        story(
            rows(
                Declaration=RENT.format(fen="1300.00"),
                Insurance=INSURED.format(who="head", m="2026-09", fen="300.00"),
                UnemploymentRegistration=NO_WORK.format(a="2026-11-16", b="2026-11-17"),
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="1300.00"),
                Insurance=INSURED.format(who="head", m="2026-09", fen="300.00"),
                UnemploymentRegistration=NO_WORK.format(a="2026-11-15", b="2026-11-16"),
            )
        ),
    ),
    (
        "ENT-03",
        "head",
        story(
            rows(
                Declaration=RENT.format(fen="1250.00"), UnemploymentBenefit=BENEFIT.format(fen="300.00", r=2)
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="1250.00"), UnemploymentBenefit=BENEFIT.format(fen="300.00", r=3)
            )
        ),
    ),
    (
        "ENT-03",
        "head",
        story(
            rows(
                Declaration=RENT.format(fen="1250.00"), UnemploymentBenefit=BENEFIT.format(fen="264.00", r=2)
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="1250.00"), UnemploymentBenefit=BENEFIT.format(fen="263.99", r=2)
            )
        ),
    ),
    (
        "ENT-04",
        "head",
        story(
            rows(
                Declaration=RENT.format(fen="1300.00"),
                Certificate=CERT.format(g=2) + ", issued_on: 2025-11-17",
            )
        ),
        story(
            rows(
                Declaration=RENT.format(fen="1300.00"),
                Certificate=CERT.format(g=2) + ", issued_on: 2025-11-16",
            )
        ),
    ),
    (
        "ENT-05",
        "child",
        story(rows(Application=LONG_AGO, HardshipStudent="person: child, academic_year: 2025, level: 困难")),
        story(rows(Application=LONG_AGO, HardshipStudent="person: child, academic_year: 2024, level: 困难")),
    ),
    (
        "ENT-05",
        "child",
        story(
            rows(
                Application=LONG_AGO,
                HardshipStudent="person: child, academic_year: 2026, level: 困难",
                CategoryHistory="category: EDGE, since: 2025-01-01, until: 2026-11-16",
            )
        ),
        story(
            rows(
                Application=LONG_AGO,
                HardshipStudent="person: child, academic_year: 2026, level: 困难",
                CategoryHistory="category: EDGE, since: 2025-01-01, until: 2026-11-17",
            )
        ),
    ),
    ("ENT-06", "head", story(head_id=number("19661116")), story(head_id=number("19661117"))),
    (
        "ENT-06",
        "head",
        story(head_id=number("19661116")),
        story(
            rows(Pension="person: head, month: 2010-01, personal_yuan: '0.00'"), head_id=number("19661116")
        ),
    ),
    (
        "EXIT-01",
        "",
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-08..2026-10, amount_yuan: '1272.00'",
            )
        ),
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-08..2026-10, amount_yuan: '1271.99'",
            )
        ),
    ),
    (
        "EXIT-01",
        "",
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-08..2026-10, amount_yuan: '1272.00'",
            )
        ),
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-09..2026-11, amount_yuan: '9999.00'",
            )
        ),
    ),
    (
        "EXIT-01",
        "",
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: WAGE, month: 2026-08..2026-10, amount_yuan: '1472.00'",
            )
        ),
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: WAGE, month: 2026-08..2026-10, amount_yuan: '1471.99'",
            )
        ),
    ),
    (
        "EXIT-01",
        "",
        story(rows(CategoryHistory=f"{IN_DIBAO}, until: 2026-11-17", Declaration=RENT.format(fen="1272.00"))),
        story(rows(CategoryHistory=f"{IN_DIBAO}, until: 2026-11-16", Declaration=RENT.format(fen="1272.00"))),
    ),
    (
        "EXIT-01",
        "",
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-10, amount_yuan: '1272.00'",
            ),
            extra="pack_changes: {exit_months: 1}\n",
        ),
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-10, amount_yuan: '1272.00'",
            ),
            extra="pack_changes: {exit_months: 2}\n",
        ),
    ),
    (
        "EXIT-01",
        "",
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-05..2026-10, amount_yuan: '1272.00'",
            ),
            extra="pack_changes: {exit_months: 6}\n",
        ),
        story(
            rows(
                CategoryHistory=IN_DIBAO,
                Declaration="person: head, item: RENT, month: 2026-06..2026-10, amount_yuan: '1272.00'",
            ),
            extra="pack_changes: {exit_months: 6}\n",
        ),
    ),
    (
        "CAU-01",
        "",
        story(
            rows(
                Settlement=STAY.format(day="2025-11-17", fen="9600.00"),
                Declaration=RENT.format(fen="2000.00"),
            )
        ),
        story(
            rows(
                Settlement=STAY.format(day="2025-11-17", fen="9599.99"),
                Declaration=RENT.format(fen="2000.00"),
            )
        ),
    ),
    (
        "CAU-01",
        "",
        story(rows(Settlement=STAY.format(day="2025-11-17", fen="0.01"))),
        story(rows(Settlement=STAY.format(day="2025-11-16", fen="9600.00"))),
    ),
    (
        "CAU-01",
        "",
        story(rows(Settlement=STAY.format(day="2025-11-17", fen="9600.00") + ", designated: false")),
        story(),
    ),
    ("CAU-02", "", story(rows(Certificate=CERT.format(g=2))), story(rows(Certificate=CERT.format(g=3)))),
    (
        "CAU-03",
        "",
        story(rows(FeeBill=FEE.format(fen="6000.00", day="2025-11-17"))),
        story(rows(FeeBill=FEE.format(fen="5999.99", day="2025-11-17"))),
    ),
    (
        "CAU-03",
        "",
        story(rows(FeeBill=FEE.format(fen="6000.00", day="2025-11-17"))),
        story(rows(FeeBill=FEE.format(fen="6000.00", day="2025-11-16"))),
    ),
    *[
        (
            "CAU-03",
            "",
            story(rows(FeeBill=PAID, Aid=AID.format(fen=aid, day=day))),
            story(rows(FeeBill=PAID, **other)),
        )
        for aid, day, other in (
            ("1000.00", "2026-09-01", {"Aid": AID.format(fen="1000.01", day="2026-09-01")}),
            ("1000.01", "2025-11-16", {"Aid": AID.format(fen="1000.01", day="2025-11-17")}),
        )
    ],
    *[
        (
            "CAU-03",
            "",
            story(rows(FeeBill=PAID.replace("COLLEGE", beyond))),
            story(rows(FeeBill=PAID.replace("COLLEGE", duty))),
        )
        for beyond, duty in (("SENIOR", "JUNIOR"), ("VOCATIONAL", "PRESCHOOL"))
    ],
    *[
        (
            "CAU-05",
            "",
            story(rows(EmploymentRegistration=JOB.format(since="2020-01-01", until=yes))),
            story(rows(EmploymentRegistration=no)),
        )
        for yes, no in (
            ("2026-11-16", JOB.format(since="2020-01-01", until="2026-11-17")),
            ("2025-11-17", JOB.format(since="2020-01-01", until="2025-11-16")),
            (
                "2026-06-30",
                JOB.format(since="2020-01-01", until="2026-06-30")
                + " | "
                + JOB.format(since="2020-01-01", until="2027-01-01"),
            ),
        )
    ],
    *[
        ("CAU-05", "", *(story(NOT_AT_WORK, head_id=number(birth)) for birth in births))
        for births in (("19661117", "19661116"), ("20101116", "20101117"))
    ],
    (
        "CAU-05",
        "",
        story(rows(UnemploymentRegistration=NO_WORK.format(a="2026-11-16", b="2026-11-17"))),
        story(rows(UnemploymentRegistration=NO_WORK.format(a="2026-11-17", b="2026-11-18"))),
    ),
]
