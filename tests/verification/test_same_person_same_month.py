"""Same person, same month: the year's sum does not stand for its months, nor one member for another."""

from __future__ import annotations

from demo.story import read_story
from demo.story_check import differences, verify

EACH_ALONE = """\
id: SAME
title: 逐月比较
says: The year's sums agree, no month does.
on: 2026-11-16
household: {number: S-A7, primary_cause: OTHER, registered: DIBAO}
people:
  head: {id: "529901198802189012", name: 韩一木, relation: "0"}
  spouse: {id: "52990119900715902X", name: 韩二枝, relation: "1"}
records:
  Declaration:
    - {person: head, item: WAGE, month: 2025-11..2026-04, amount_yuan: "1100.00"}
    - {person: head, item: WAGE, month: 2026-05..2026-10, amount_yuan: "1300.00"}
  Insurance:
    - {person: head, kind: PENSION, participation: EMPLOYEE, status: NORMAL, month: 2025-11..2026-10, base_yuan: "1200.00"}
  Benefit:
    - {kind: TEKUN, person: head, month: 2026-11, amount_yuan: "1.00"}
    - {kind: DIBAO, person: spouse, month: 2026-11, amount_yuan: "1.00"}
  DisabilitySubsidy:
    - {person: head, kind: CARE, month: 2026-10..2026-11, amount_yuan: "80.00"}
    - {person: spouse, kind: CARE, month: 2026-10..2026-11, amount_yuan: "80.00"}
  Certificate:
    - {person: head, category: "4", grade: 2}
    - {person: spouse, category: "4", grade: 2}
expect:
  findings: {INC-02: [head], BEN-02: [head]}
"""


def test_months_are_compared_with_themselves_and_persons_with_themselves() -> None:
    story = read_story("each-alone.yaml", EACH_ALONE)
    assert differences(story, verify(story)) == []


def test_both_benefits_of_one_person_in_the_month_of_application_stand_together() -> None:
    together = EACH_ALONE.replace("{kind: DIBAO, person: spouse,", "{kind: DIBAO, person: head,")
    found = {(one.rule, one.person) for one in verify(read_story("together.yaml", together)).findings}
    assert ("BEN-01", "529901198802189012") in found
    assert ("BEN-01", "52990119900715902X") not in found
