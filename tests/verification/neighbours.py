"""Records that a rule finds, each beside the nearest ones that it does not: a day, a fen, a digit, a month, a grade."""

from __future__ import annotations

from stdnum.cn import ric

from demo.story import read_story
from demo.story_check import verify


def number(birth: str, place: int = 901) -> str:
    body = f"529901{birth}{place}"
    return body + str(ric.calc_check_digit(body + "0"))


HEAD, CHILD, SPOUSE = number("19840404"), number("20080404", 903), number("19850505")
BASE = """
id: R
title: 边界
on: 2026-11-16
household: {number: S-R}
people:
  head: {id: "%s", name: 甲一, relation: "0"%s}
  child: {id: "%s", name: 甲二, relation: "2"%s}
%srecords:
%s
"""


def text_of_story(
    records: str,
    *,
    head: str = "",
    child: str = "",
    head_id: str = HEAD,
    child_id: str = CHILD,
    people: str = "",
    extra: str = "",
) -> str:
    """A story of a parent and a child; `people` are further ones, a line each, `extra` further keys of the story."""
    more = "".join(f"  {line}\n" for line in people.splitlines())
    given = (head_id, f", {head}" if head else "", child_id, f", {child}" if child else "", more, records)
    return BASE % given + extra


def found(records: str, **more: str):
    """What is found, by rule and alias, in such a story."""
    story = read_story("r.yaml", text_of_story(records, **more))
    who = {person.id: alias for alias, person in story.people.items()}
    return {(f.rule, who[f.person] if f.person else ""): f for f in verify(story).findings}


def rows(**of: str) -> str:
    return "\n".join(
        f"  {name}:\n" + "\n".join(f"    - {{{row}}}" for row in text.split(" | "))
        for name, text in of.items()
    )


WAGE = "person: head, item: WAGE, month: 2025-11..2026-10, amount_yuan: '1000.00'"
IDLE = "person: head, item: UNEMPLOYED, month: 2026-03"
PAYS = "person: head, kind: PENSION, participation: {p}, status: {s}, month: {m}, base_yuan: '1000.00'"
UB = "person: head, month: {m}, amount_yuan: '900.00', remaining_months: {r}"
CERT = "person: head, category: '4', grade: {g}"
CARE = "person: head, kind: CARE, month: 2026-10, amount_yuan: '100.00'"
LIVING = "person: head, kind: LIVING, month: 2026-10, amount_yuan: '80.00'"
DIBAO = "kind: DIBAO, month: {m}, amount_yuan: '400.00'"
STUDY = "person: child, stage: {s}, full_time: {f}, status: {t}"
AID = "person: child, academic_year: {y}, programme: {p}, fund_source: 教育, amount_yuan: '4500.00', paid_on: 2026-01-10"

OTHER_HOUSE = "household: S-X, person: child, relation: '2', kind: COHABIT, joined_on: 2026-01-01"

# rule, whom, records that find it, the neighbour that does not
NEIGHBOURS = [
    (
        "INC-01",
        "head",
        rows(Declaration=IDLE, Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-03")),
        rows(Declaration=IDLE, Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-04")),
    ),
    (
        "INC-01",
        "head",
        rows(Declaration=IDLE, Insurance=PAYS.format(p="FLEXIBLE", s="NORMAL", m="2026-03")),
        rows(Declaration=IDLE, Insurance=PAYS.format(p="RESIDENT", s="NORMAL", m="2026-03")),
    ),
    (
        "INC-01",
        "head",
        rows(Declaration=IDLE, Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-03")),
        rows(Declaration=IDLE, Insurance=PAYS.format(p="EMPLOYEE", s="SUSPENDED", m="2026-03")),
    ),
    (
        "INC-01",
        "head",
        rows(
            Declaration=IDLE.replace("2026-03", "2025-11"),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2025-11"),
        ),
        rows(
            Declaration=IDLE.replace("2026-03", "2025-10"),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2025-10"),
        ),
    ),
    (
        "INC-01",
        "head",
        rows(
            Declaration=IDLE.replace("2026-03", "2026-10"),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-10"),
        ),
        rows(
            Declaration=IDLE.replace("2026-03", "2026-11"),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-11"),
        ),
    ),
    (
        "INC-02",
        "head",
        rows(
            Declaration=WAGE.replace("1000.00", "1000.01"),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-03"),
        ),
        rows(Declaration=WAGE, Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-03")),
    ),
    (
        "INC-03",
        "head",
        rows(Pension="person: head, month: 2026-10, personal_yuan: '0.01'"),
        rows(Pension="person: head, month: 2026-10, personal_yuan: '0.00'"),
    ),
    (
        "INC-03",
        "head",
        rows(Pension="person: head, month: 2025-11, personal_yuan: '90.00'"),
        rows(Pension="person: head, month: 2025-10, personal_yuan: '90.00'"),
    ),
    (
        "INC-03",
        "head",
        rows(Pension="person: head, month: 2026-10, personal_yuan: '90.00'"),
        rows(
            Pension="person: head, month: 2026-10, personal_yuan: '90.00'",
            Declaration="person: head, item: PERSONAL_PENSION, month: 2026-10, amount_yuan: '0.01'",
        ),
    ),
    (
        "INC-04",
        "head",
        rows(UnemploymentBenefit=UB.format(m="2026-10", r=6)),
        rows(
            UnemploymentBenefit=UB.format(m="2026-10", r=6),
            Declaration="person: head, item: UNEMPLOYMENT_BENEFIT, month: 2026-10, amount_yuan: '900.00'",
        ),
    ),
    (
        "BEN-08",
        "head",
        rows(
            UnemploymentBenefit=UB.format(m="2026-10", r=6),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-10"),
        ),
        rows(
            UnemploymentBenefit=UB.format(m="2026-10", r=6),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-09"),
        ),
    ),
    (
        "BEN-04",
        "head",
        rows(Certificate=CERT.format(g=3), DisabilitySubsidy=CARE),
        rows(Certificate=CERT.format(g=2), DisabilitySubsidy=CARE),
    ),
    (
        "BEN-04",
        "head",
        rows(
            Certificate=CERT.format(g=1),
            DisabilitySubsidy=CARE,
            InjuryBenefit="person: head, kind: LIVING_CARE, month: 2026-10, amount_yuan: '9.00'",
        ),
        rows(
            Certificate=CERT.format(g=1),
            DisabilitySubsidy=CARE,
            InjuryBenefit="person: head, kind: LIVING_CARE, month: 2026-09, amount_yuan: '9.00'",
        ),
    ),
    (
        "BEN-03",
        "head",
        rows(Certificate=CERT.format(g=3), DisabilitySubsidy=LIVING),
        rows(Certificate=CERT.format(g=3), DisabilitySubsidy=LIVING, Benefit=DIBAO.format(m="2026-10")),
    ),
    (
        "BEN-03",
        "head",
        rows(
            Certificate=CERT.format(g=3),
            DisabilitySubsidy=LIVING,
            Benefit="kind: TEMPORARY, month: 2026-10, amount_yuan: '400.00'",
        ),
        rows(
            Certificate=CERT.format(g=3),
            DisabilitySubsidy=LIVING,
            Benefit="kind: GRADUAL_EXIT, month: 2026-10, amount_yuan: '400.00'",
        ),
    ),
    (
        "BEN-01",
        "head",
        rows(
            Benefit=DIBAO.format(m="2026-10")
            + " | kind: TEKUN, person: head, month: 2026-10, amount_yuan: '1.00'"
        ),
        rows(
            Benefit=DIBAO.format(m="2026-10")
            + " | kind: TEKUN, person: head, month: 2026-09, amount_yuan: '1.00'"
        ),
    ),
    (
        "BEN-02",
        "head",
        rows(Benefit="kind: TEKUN, month: 2026-10, amount_yuan: '827.00'", DisabilitySubsidy=LIVING),
        rows(Benefit="kind: TEKUN, month: 2026-09, amount_yuan: '827.00'", DisabilitySubsidy=LIVING),
    ),
    (
        "BEN-05",
        "child",
        rows(
            Enrolment=STUDY.format(s="UNDERGRADUATE", f="true", t="ENROLLED"),
            Aid=AID.format(y=2025, p="扶贫雨露") + " | " + AID.format(y=2025, p="低保高校新生"),
        ),
        rows(
            Enrolment=STUDY.format(s="UNDERGRADUATE", f="true", t="ENROLLED"),
            Aid=AID.format(y=2025, p="扶贫雨露") + " | " + AID.format(y=2025, p="国家助学金"),
        ),
    ),
    (
        "BEN-05",
        "child",
        rows(Aid=AID.format(y=2025, p="扶贫雨露") + " | " + AID.format(y=2025, p="低保高校新生")),
        rows(Aid=AID.format(y=2025, p="扶贫雨露") + " | " + AID.format(y=2024, p="低保高校新生")),
    ),
    (
        "HH-03",
        "child",
        rows(Enrolment=STUDY.format(s="MASTER", f="true", t="ENROLLED")),
        rows(Enrolment=STUDY.format(s="UNDERGRADUATE", f="true", t="ENROLLED")),
    ),
    (
        "HH-03",
        "child",
        rows(Enrolment=STUDY.format(s="UNDERGRADUATE", f="false", t="ENROLLED")),
        rows(Enrolment=STUDY.format(s="UNDERGRADUATE", f="true", t="ENROLLED")),
    ),
    (
        "HH-03",
        "child",
        rows(Enrolment=STUDY.format(s="UNDERGRADUATE", f="true", t="SUSPENDED")),
        rows(Enrolment=STUDY.format(s="UNDERGRADUATE", f="true", t="GRADUATED")),
    ),
    (
        "HH-05",
        "child",
        rows(Membership="household: S-X, person: child, relation: '2', kind: COHABIT, joined_on: 2026-11-16"),
        rows(Membership="household: S-X, person: child, relation: '2', kind: COHABIT, joined_on: 2026-11-17"),
    ),
    (
        "HH-05",
        "child",
        rows(Membership=OTHER_HOUSE + ", left_on: 2026-11-17"),
        rows(Membership=OTHER_HOUSE + ", left_on: 2026-11-16"),
    ),
    (
        "HH-05",
        "child",
        rows(Membership="household: S-X, person: child, relation: '2', kind: COHABIT, joined_on: 2026-01-01"),
        rows(Membership="household: S-X, person: child, relation: '2', kind: OBLIGOR, joined_on: 2026-01-01"),
    ),
    (
        "HH-01",
        "head",
        rows(Marriage=f"person: head, status: '23', spouse: '{SPOUSE}'"),
        rows(Marriage=f"person: head, status: '40', spouse: '{SPOUSE}'"),
    ),
    (
        "HH-01",
        "head",
        rows(Marriage=f"person: head, status: '20', spouse: '{SPOUSE}', registered_on: 2026-11-16"),
        rows(Marriage=f"person: head, status: '20', spouse: '{SPOUSE}', registered_on: 2026-11-17"),
    ),
    (
        "HH-10",
        "",
        rows(
            Application="application: A, kind: DIBAO, applied_on: 2026-11-16, near_relative: true",
            Visit="visited_on: 2026-11-16, visitors: 1",
        ),
        rows(
            Application="application: A, kind: DIBAO, applied_on: 2026-11-16, near_relative: true",
            Visit="visited_on: 2026-11-16, visitors: 2",
        ),
    ),
    (
        "LIF-01",
        "child",
        rows(Death="person: child, died_on: 2026-05-31", Benefit=DIBAO.format(m="2026-06")),
        rows(Death="person: child, died_on: 2026-06-01", Benefit=DIBAO.format(m="2026-06")),
    ),
    (
        "LIF-02",
        "head",
        rows(Certificate=CERT.format(g=3) + ", valid_until: 2026-11-15"),
        rows(Certificate=CERT.format(g=3) + ", valid_until: 2026-11-16"),
    ),
    (
        "LIF-02",
        "head",
        rows(Certificate=CERT.format(g=3) + ", status: CANCELLED"),
        rows(Certificate=CERT.format(g=3)),
    ),
    (
        "LIF-04",
        "child",
        rows(
            Enrolment=STUDY.format(s="COLLEGE", f="true", t="ENROLLED") + ", expected_graduation: 2026-11-15"
        ),
        rows(
            Enrolment=STUDY.format(s="COLLEGE", f="true", t="ENROLLED") + ", expected_graduation: 2026-11-16"
        ),
    ),
    (
        "LIF-05",
        "head",
        rows(IllnessRecognition="person: head, disease: 病, valid_from: 2026-01-01, valid_until: 2026-11-15"),
        rows(IllnessRecognition="person: head, disease: 病, valid_from: 2026-01-01, valid_until: 2026-11-16"),
    ),
    (
        "LIF-06",
        "head",
        rows(
            Authorization="person: head, method: HANDWRITTEN, valid_from: 2026-01-01, valid_until: 2026-11-15"
        ),
        rows(
            Authorization="person: head, method: HANDWRITTEN, valid_from: 2026-01-01, valid_until: 2026-11-16"
        ),
    ),
    (
        "LIF-06",
        "head",
        rows(
            Authorization="person: head, method: HANDWRITTEN, valid_from: 2026-01-01, withdrawn_on: 2026-11-16"
        ),
        rows(
            Authorization="person: head, method: HANDWRITTEN, valid_from: 2026-01-01, withdrawn_on: 2026-11-17"
        ),
    ),
    (
        "LIF-06",
        "head",
        rows(Authorization="person: head, method: HANDWRITTEN, valid_from: 2026-11-17"),
        rows(Authorization="person: head, method: HANDWRITTEN, valid_from: 2026-11-16"),
    ),
    (
        "LIF-07",
        "",
        rows(Visit="visited_on: 2026-06-01, visitors: 2, next_due: 2026-11-15"),
        rows(Visit="visited_on: 2026-06-01, visitors: 2, next_due: 2026-11-16"),
    ),
    (
        "LIF-07",
        "",
        rows(Visit="visited_on: 2026-05-15, visitors: 2"),
        rows(Visit="visited_on: 2026-05-16, visitors: 2"),
    ),
    (
        "LIF-07",
        "",
        rows(Visit="visited_on: 2026-05-15, visitors: 2, next_due: 2027-05-15"),
        rows(Visit="visited_on: 2026-05-16, visitors: 2, next_due: 2027-05-16"),
    ),
    (
        "EXIT-02",
        "head",
        rows(
            JobReferral=" | ".join(
                f"person: head, post: 岗, offered_on: 2026-0{m}-10, answer: REFUSED" for m in (1, 2, 3)
            )
        ),
        rows(
            JobReferral=" | ".join(
                f"person: head, post: 岗, offered_on: 2026-0{m}-10, answer: REFUSED" for m in (1, 2)
            )
        ),
    ),
    (
        "LIF-04",
        "child",
        rows(Enrolment=STUDY.format(s="COLLEGE", f="true", t="SUSPENDED")),
        rows(Enrolment=STUDY.format(s="COLLEGE", f="true", t="ENROLLED")),
    ),
    (
        "EXIT-03",
        "",
        rows(Benefit="kind: GRADUAL_EXIT, month: 2025-11, amount_yuan: '300.00'"),
        rows(Benefit="kind: GRADUAL_EXIT, month: 2025-10, amount_yuan: '300.00'"),
    ),
    (
        "EXIT-03",
        "",
        rows(Benefit="kind: GRADUAL_EXIT, month: 2026-05..2026-10, amount_yuan: '300.00'"),
        rows(Benefit="kind: GRADUAL_EXIT, month: 2026-06..2026-10, amount_yuan: '300.00'"),
    ),
    (
        "ID-03",
        "head",
        rows(Certificate=CERT.format(g=3) + ", name: 甲乙"),
        rows(Certificate=CERT.format(g=3) + ", name: ' 甲一'"),
    ),
    (
        "ID-05",
        "head",
        rows(Certificate=CERT.format(g=3) + f", number: '{HEAD}42'"),
        rows(Certificate=CERT.format(g=3) + f", number: '{HEAD}43'"),
    ),
    (
        "ID-05",
        "head",
        rows(Certificate=CERT.format(g=3) + f", number: '{HEAD}53'"),
        rows(Certificate=CERT.format(g=3) + f", number: '{HEAD}43'"),
    ),
    (
        "ID-05",
        "head",
        rows(Certificate=CERT.format(g=3) + f", number: '{CHILD}43'"),
        rows(Certificate=CERT.format(g=3) + f", number: '{HEAD}43'"),
    ),
    (
        "INC-09",
        "",
        rows(PropertyCheck="kind: HOUSE, over_limit: true"),
        rows(PropertyCheck="kind: HOUSE, over_limit: false"),
    ),
]
