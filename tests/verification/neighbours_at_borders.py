"""Stories that stand at a border of a comparison, each beside the nearest on its other side."""

from __future__ import annotations

from tests.verification.neighbours import CARE, CERT, DIBAO, LIVING, PAYS, UB, WAGE, number, rows
from tests.verification.neighbours_of_lines import (
    AID,
    COST,
    IN_DIBAO,
    INSURED,
    JOB,
    MOVED,
    OBLIGOR,
    PAID,
    RENT,
    SCHOOL,
    STAY,
    TOKEN,
    story,
)

Case = tuple[str, str, dict[str, str], dict[str, str]]

EARNS = RENT.format(fen="1400.00").replace("head", "child")
REFUSED = "person: head, post: 岗, offered_on: {day}, answer: REFUSED"
RENT_IN = "person: head, item: RENT, month: {m}, amount_yuan: '{fen}'"
WAGE_OF = RENT_IN.replace("RENT", "WAGE")
SCHOLARSHIP = "person: head, item: SCHOLARSHIP, month: {m}, amount_yuan: '9.00'"
AWAY = f'away: {{id: "{number("19790303", 905)}", name: 乙一, relation: "7", special: PRISON}}'
BASE_IN = "person: head, kind: PENSION, participation: EMPLOYEE, status: NORMAL, month: 2026-03, base_yuan: "
WAGE_IN = "person: head, item: WAGE, month: {m}, amount_yuan: '1000.01'"
MARRIED = "person: head, status: '20', spouse: '" + number("19850505", 908) + "', divorced_on: {day}"
WORKS = "person: head, kind: EMPLOYER, since: 2024-01-01, until: {day}, district: '529902'"
ENDED = JOB.format(since="2020-01-01", until="2026-06-30") + " | "
ILL = "person: head, disease: 病, valid_from: {a}, valid_until: {b}"
SIGNED = "person: head, method: HANDWRITTEN, valid_from: 2026-01-01"
PERSON = "person: head, name: {name}, sex: '1', birth: 1984-04-04, hukou_district: '529901', residence_district: '529901'"
NEAR = "application: A, kind: DIBAO, applied_on: 2026-11-16, near_relative: true"
RICHER = RENT.format(fen="1300.00")
NURSED = "person: head, kind: LIVING_CARE, month: {m}, amount_yuan: '9.00'"
ENDING = UB.format(m="2026-10", r=1)
PAID_LAST = UB.format(m="{m}", r=1)
EXACTLY = "person: head, item: RENT, month: 2025-11..2026-09, amount_yuan: '1272.00'"
MONTHS = ("2026-10", "2026-09", "2026-08", "2026-07", "2026-06", "2026-05")
BY_INSURANCE = PAYS.format(p="EMPLOYEE", s="NORMAL", m="{m}")


def birthdays() -> list[Case]:
    """Turning 16, 18, 60 or 70: tomorrow and not today, in sixty days and not in sixty-one."""
    return [
        ("LIF-03", "child", *(story(rows(Declaration=WAGE), child_id=number(f"{2026 - years}{day}", 903)) for day in days))
        for years in (16, 18, 60, 70)
        for days in (("1117", "1116"),)
    ] + [
        ("LIF-03", "child", *(story(rows(Declaration=WAGE), child_id=number(f"{2027 - years}{day}", 903)) for day in days))
        for years in (16, 18, 60, 70)
        for days in (("0115", "0116"),)
    ]  # fmt: skip


def months_above(short: int | None, asked: int, *, worked: int = 0) -> dict[str, str]:
    """Both have exactly the standard for so many months back, but for one month, in which a fen is missing.

    `worked`   0: a wage, after its cost, in this month, in the second before it and so on, and rent in the
               others; 1: the other way round

    What does not count as income, and what somebody away has, makes up for nothing.
    """
    earned = []
    for back, month in enumerate(MONTHS):
        works = back % 2 == worked
        enough, missing = ("1472.00", "1471.99") if works else ("1272.00", "1271.99")
        earned.append(
            (WAGE_OF if works else RENT_IN).format(m=month, fen=missing if back == short else enough)
        )
        earned += [SCHOLARSHIP.format(m=month), RENT_IN.format(m=month, fen="9.00").replace("head", "away")]
    records = rows(Declaration=" | ".join(earned), CategoryHistory=IN_DIBAO)
    return story(records, people=AWAY, extra=f"pack_changes: {{exit_months: {asked}}}\n")


AT_BORDERS: list[Case] = [
    *birthdays(),
    *[
        ("EXIT-01", "", months_above(None, 6, worked=worked), months_above(back, 6, worked=worked))
        for back in range(6)
        for worked in (back % 2, 1 - back % 2)
    ],
    *[("EXIT-01", "", months_above(back, back), months_above(back, back + 1)) for back in range(1, 6)],
    *[
        (
            "ENT-04",
            "head",
            *(
                story(rows(Certificate=CERT.format(g=2) + f", issued_on: {day}", Declaration=EARNS))
                for day in days
            ),
        )
        for days in (("2025-11-17", "2025-11-16"), ("2026-11-16", "2026-11-17"))
    ],
    *[
        (
            "EXIT-02",
            "head",
            *(
                story(
                    rows(
                        JobReferral=" | ".join(
                            REFUSED.format(day=each) for each in ("2026-01-10", "2026-02-10", day)
                        )
                    )
                )
                for day in days
            ),
        )
        for days in (("2025-11-17", "2025-11-16"), ("2026-11-16", "2026-11-17"))
    ],
    (
        "HH-01",
        "head",
        *(story(rows(Marriage=MARRIED.format(day=day))) for day in ("2026-11-17", "2026-11-16")),
    ),
    (
        "HH-02",
        "head",
        *(
            story(rows(Birth=f"person: '{child}', born_on: 2008-11-17, mother: head"), child_id=child)
            for child in (number("20081116", 903), number("20081117", 903))
        ),
    ),
    *[
        (
            "HH-06",
            "head",
            *(
                story(
                    rows(
                        Benefit=DIBAO.format(m=m),
                        DistrictToken=TOKEN.format(m=m, o="00ff", k="DIBAO", p="true"),
                    )
                )
                for m in months
            ),
        )
        for months in (("2025-11", "2025-10"), ("2026-11", "2026-12"))
    ],
    (
        "ID-04",
        "head",
        story(rows(Person=PERSON.format(name="甲一") + " | " + PERSON.format(name="甲一"))),
        story(),
    ),
    (
        "INC-07",
        "head",
        story(rows(Declaration=WAGE + " | " + COST.format(m="2026-03"))),
        story(rows(Declaration=WAGE)),
    ),
    *[
        ("INC-10", who, *(story(rows(Declaration=EARNS), **{f"{who}_id": number(day, 901)}) for day in days))
        for who, days in (("child", ("20101116", "20101117")), ("head", ("19661117", "19661116")))
    ],
    *[
        (
            "INC-02",
            "head",
            *(
                story(
                    rows(
                        Declaration=WAGE_IN.format(m=m),
                        Insurance=BY_INSURANCE.format(m=m),
                    )
                )
                for m in months
            ),
        )
        for months in (("2025-11", "2025-10"), ("2026-10", "2026-11"))
    ],
    (
        "INC-03",
        "head",
        *(
            story(rows(Pension=f"person: head, month: {m}, personal_yuan: '90.00'"))
            for m in ("2026-10", "2026-11")
        ),
    ),
    (
        "LIF-05",
        "head",
        story(rows(IllnessRecognition=ILL.format(a="2026-01-01", b="2026-11-15"))),
        story(rows(IllnessRecognition=ILL.format(a="2026-11-17", b="2026-11-16"))),
    ),
    (
        "LIF-06",
        "head",
        *(
            story(rows(Authorization=SIGNED), child=f"joined_on: {day}")
            for day in ("2026-01-02", "2026-01-01")
        ),
    ),
    (
        "LIF-08",
        "head",
        *(
            story(
                rows(
                    HouseholdMove=MOVED.format(a="529902", day="2026-06-01"),
                    EmploymentRegistration=WORKS.format(day=day),
                )
            )
            for day in ("2026-11-17", "2026-11-16")
        ),
    ),
    (
        "LIF-08",
        "child",
        *(
            story(
                rows(
                    HouseholdMove=" | ".join(
                        MOVED.format(a="529902", day=each) for each in ("2026-06-01", day)
                    ),
                    Enrolment=SCHOOL.format(s="ENROLLED", d="529902"),
                )
            )
            for day in ("2026-11-17", "2026-11-16")
        ),
    ),
    (
        "BEN-02",
        "head",
        *(
            story(records, head_id=number("19400101"), child="left_on: 2026-01-01")
            for records in (rows(DisabilitySubsidy=LIVING), "  Visit: []")
        ),
    ),
    (
        "BEN-08",
        "head",
        *(
            story(rows(UnemploymentBenefit=UB.format(m=m, r=6), Insurance=BY_INSURANCE.format(m=m)))
            for m in ("2026-11", "2026-12")
        ),
    ),
    ("CAU-01", "", story(rows(IllnessRecognition=ILL.format(a="2026-01-01", b="2026-12-31"))), story()),
    (
        "HH-10",
        "",
        *(
            story(rows(Application=NEAR, Visit=f"visited_on: {day}, visitors: 2"))
            for day in ("2025-11-16", "2025-11-17")
        ),
    ),
    *[
        (
            "BEN-09",
            "",
            *(
                story(
                    rows(Declaration=RICHER, Certificate=CERT.format(g=2), InjuryBenefit=NURSED.format(m=m))
                )
                for m in months
            ),
        )
        for months in (("2025-10", "2025-11"), ("2026-11", "2026-10"))
    ],
    (
        "BEN-09",
        "",
        story(rows(Benefit=DIBAO.format(m="2026-10"), Certificate=CERT.format(g=3))),
        story(
            rows(Benefit=DIBAO.format(m="2026-10"), Certificate=CERT.format(g=3), DisabilitySubsidy=LIVING)
        ),
    ),
    (
        "BEN-09",
        "",
        story(rows(Declaration=RICHER, Certificate=CERT.format(g=2))),
        story(rows(Declaration=RICHER, Certificate=CERT.format(g=2), DisabilitySubsidy=CARE)),
    ),
    (
        "ENT-03",
        "head",
        *(
            story(
                rows(
                    Declaration=EXACTLY + " | " + RENT_IN.format(m="2026-10", fen=fen),
                    UnemploymentBenefit=ENDING,
                )
            )
            for fen in ("1271.99", "1272.00")
        ),
    ),
    (
        "ENT-03",
        "head",
        *(
            story(rows(Declaration=RENT.format(fen="1250.00"), UnemploymentBenefit=PAID_LAST.format(m=m)))
            for m in ("2026-08", "2026-07")
        ),
    ),
    (
        "INC-02",
        "head",
        *(
            story(
                rows(
                    Declaration=WAGE_IN.format(m="2026-03"),
                    Insurance=BASE_IN + f"'{fen}'",
                )
            )
            for fen in ("1000.02", "1000.01")
        ),
    ),
    (
        "INC-11",
        "son",
        *(
            story(
                rows(
                    Insurance=" | ".join(
                        INSURED.format(who="son", m=m, fen=fen)
                        for m, fen in (("2025-11..2026-09", "5400.00"), ("2026-10", last))
                    )
                ),
                people=OBLIGOR % "true",
            )
            for last in ("5400.01", "5400.00")
        ),
    ),
    (
        "LIF-05",
        "head",
        *(
            story(rows(CategoryHistory=f"category: RIGID, since: {day}"))
            for day in ("2025-11-16", "2025-11-17")
        ),
    ),
    *[
        ("LIF-06", "head", *(story(rows(Authorization=SIGNED), child=f"left_on: {day}") for day in days))
        for days in (("2026-01-02", "2026-01-01"), ("2026-11-16", "2026-11-17"))
    ],
    (
        "CAU-01",
        "",
        *(
            story(
                rows(
                    Declaration=RENT_IN.format(m="2026-03", fen="5099.97"),
                    Settlement=STAY.format(day="2026-03-01", fen=fen),
                ),
                extra="pack_changes: {medical_cause_basis_points: 3333}\n",
            )
            for fen in ("1699.83", "1699.82")
        ),
    ),
    (
        "CAU-03",
        "",
        *(
            story(rows(FeeBill=PAID, Aid=AID.format(fen="1000.01", day=day)))
            for day in ("2026-11-17", "2026-11-16")
        ),
    ),
    *[
        ("CAU-05", "", story(rows(EmploymentRegistration=yes)), story(rows(EmploymentRegistration=no)))
        for yes, no in (
            (
                JOB.format(since="2026-11-16", until="2026-11-16"),
                JOB.format(since="2026-11-17", until="2026-11-17"),
            ),
            (
                ENDED + JOB.format(since="2026-11-17", until="2027-11-16"),
                ENDED + JOB.format(since="2026-11-16", until="2027-11-16"),
            ),
        )
    ],
    *[
        (
            "INC-02",
            "head",
            *(
                story(
                    rows(
                        Declaration=WAGE_IN.format(m=month),
                        Insurance=INSURED.format(who="head", m=month, fen="1400.00"),
                    )
                )
                for month in months
            ),
        )
        for months in (("2025-11", "2025-10"), ("2026-10", "2026-11"))
    ],
]
