"""What is told of a person, where registers and id number leave it open."""

from datetime import date

from tests.verification.households import HOUSEHOLD, ON, Drawn, evidence_of
from tests.verification.oracle import Policy
from verification.catalogue import CATALOGUE
from verification.crosscheck import crosscheck
from verification.language.case import case_of
from verification.language.to_python import Judge
from verification.language.values import Missing
from verification.pack import load_pack
from verification.verdict import INDETERMINATE
from vocabulary.codes import Category, MemberKind, Relation, Sex
from vocabulary.evidence import Answer, Evidence
from vocabulary.idnumber import WrittenId
from vocabulary.records.civil_affairs import Membership, Person
from vocabulary.region import RegionCode

PACK = load_pack("demo-2026")
BAD = WrittenId("529901196001010000")
"""An id number that fails its check, of somebody who would be 66 by it."""


def alone(*births: date) -> Evidence:
    """Somebody without income who lives alone; the register has these birth dates of him."""
    member = Membership(
        record_id="m-1", as_of=ON, household=HOUSEHOLD, person=BAD, relation=Relation.HEAD,
        kind=MemberKind.COHABIT, joined_on=date(2020, 1, 1),
    )  # fmt: skip
    home = RegionCode("529901")
    persons = [
        Person(
            record_id=f"p-{place}", as_of=ON, person=BAD, name="甲", sex=Sex.MALE, birth=birth,
            hukou_district=home, residence_district=home,
        )
        for place, birth in enumerate(births)
    ]  # fmt: skip
    return evidence_of(Drawn((BAD,), (member, *persons), Policy()))


def test_without_any_birth_date_nobody_is_old_or_young() -> None:
    verdict = crosscheck(alone(), HOUSEHOLD, ON, PACK)
    assert verdict.category is INDETERMINATE
    assert verdict.gates[0].answer is Answer.UNKNOWN
    assert "ID-01" in {each.rule for each in verdict.findings}
    assert "LIF-03" in {each.rule for each in verdict.cannot_tell}


def test_the_register_tells_where_the_number_does_not() -> None:
    assert crosscheck(alone(date(1956, 11, 16)), HOUSEHOLD, ON, PACK).category is Category.TEKUN
    assert crosscheck(alone(date(1956, 11, 17)), HOUSEHOLD, ON, PACK).category is Category.TEKUN
    assert crosscheck(alone(date(1966, 11, 16)), HOUSEHOLD, ON, PACK).category is Category.TEKUN
    assert crosscheck(alone(date(1966, 11, 17)), HOUSEHOLD, ON, PACK).category is Category.DIBAO


def test_two_birth_dates_are_none() -> None:
    case = case_of(
        alone(date(1956, 11, 16), date(1956, 11, 17)), household=HOUSEHOLD, on=ON, reads=CATALOGUE.reads()
    )
    told = Judge(CATALOGUE, PACK).judge(case)
    assert told.facts["category"] is Missing.UNKNOWN
