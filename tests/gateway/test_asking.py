"""Is every person and household that a department answered about counted in the outcome, shown or not?"""

import msgspec
import pytest

from connectors.served import FILE
from tests.gateway.desk import at_desk
from tests.gateway.rows import HEAD, NAMES, ROWS, SPOUSE
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.records.civil_affairs import HouseholdFile
from vocabulary.region import RegionCode

HERE_TOO = {
    **ROWS,
    HouseholdFile: [
        *ROWS[HouseholdFile][:1],
        msgspec.structs.replace(ROWS[HouseholdFile][1], street=RegionCode("529901001")),
    ],
}
"""The spouse's second household lies in the same district."""

FIELDS = "number members {person {state} insurance {state} death {state}}"
LISTS = {"purpose": "PERIODIC_REVIEW"}


def counted(folder, query, rows=ROWS, *, asks=None, **options):
    """What the outcome says of each department's answers, and what was counted as they came in."""

    async def test(desk):
        answer = await desk.ask(query, **(asks or {}))
        assert answer.status_code == 200
        return await desk.entries()

    _, outcome = at_desk(folder, rows, test, **options)
    lines = [line.split() for line in (folder / "served" / FILE).read_text().splitlines()]
    assert {reference for _, _, reference, _ in lines} == {str(outcome["fields"]["intent"])}
    return outcome["fields"], {department: int(many) for _, department, _, many in lines}


@pytest.mark.parametrize("rows", [ROWS, HERE_TOO], ids=["the other elsewhere", "both here"])
@pytest.mark.parametrize(
    ("query", "asks"),
    [
        (f'{{household(number: "H-1") {{{FIELDS}}}}}', {}),
        (f'{{household(number: "H-9") {{{FIELDS}}}}}', {}),
        (f'{{household(idNumber: "{HEAD}") {{{FIELDS}}}}}', {}),
        (f'{{household(idNumber: "{SPOUSE}") {{{FIELDS}}}}}', {}),
        (f'{{household(idNumber: "{SPOUSE}") {{{FIELDS}}}}}', {"region": "529902"}),
        (f'{{household(idNumber: "{SPOUSE}") {{{FIELDS}}}}}', {"region": "520302"}),
        (f'{{households(numbers: ["H-1", "H-2", "H-9"]) {{edges {{node {{{FIELDS}}}}}}}}}', LISTS),
        (f'{{households(region: "529901") {{edges {{node {{{FIELDS}}}}}}}}}', LISTS),
        (f'{{households(region: "529901", name: "{NAMES[HEAD]}") {{edges {{node {{{FIELDS}}}}}}}}}', LISTS),
    ],
)
def test_whoever_was_answered_about_is_counted_alike_on_both_sides(tmp_path, rows, query, asks):
    outcome, served = counted(tmp_path, query, rows, asks=asks)
    assert served
    assert outcome["persons"] == served


def test_households_that_were_only_looked_up_for_their_region_are_counted(tmp_path):
    query = f'{{household(idNumber: "{SPOUSE}") {{number}}}}'
    outcome, _ = counted(tmp_path / "several", query, HERE_TOO)
    assert outcome["result"] == "SEVERAL_HOUSEHOLDS"
    assert outcome["persons"] == {"civil_affairs": 3}  # the person, and both households
    # The household in another region is told to nobody, and was answered about all the same.
    outcome, _ = counted(tmp_path / "one", query)
    assert outcome["result"] == "ANSWERED"
    assert outcome["persons"] == {"civil_affairs": 5}  # three persons and both households


def test_a_source_that_failed_has_answered_about_nobody(tmp_path):
    query = f'{{household(number: "H-1") {{{FIELDS}}}}}'
    failing = {Department.SOCIAL_SECURITY: FailureKind.TIMED_OUT}
    outcome, served = counted(tmp_path, query, failing=failing)
    assert outcome["persons"] == served
    assert "social_security" not in served
