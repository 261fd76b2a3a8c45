"""What was answered becomes a case: rows once each, members once each, and what is missing by whom."""

from datetime import UTC, date, datetime

from tests.verification.language.both import DAY, ON
from verification.language.case import case_of, listed
from verification.language.to_python import bit_of, mask_of
from vocabulary.codes import MemberKind, Relation
from vocabulary.evidence import Evidence, FailureKind, Found, NoRecord, Provenance, SourceFailed
from vocabulary.idnumber import WrittenId
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Benefit, Declaration, Membership
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance

AT = datetime(2026, 11, 16, 8, tzinfo=UTC)
ONE, TWO = WrittenId("529901198001010019"), WrittenId("529901198202020027")


def member(
    record_id: str, person: WrittenId, *, left_on: date | None = None, house: str = "S-1"
) -> Membership:
    return Membership(
        record_id=record_id,
        as_of=DAY,
        household=house,
        person=person,
        relation=Relation.HEAD if person == ONE else Relation.SPOUSE,
        kind=MemberKind.COHABIT,
        joined_on=date(2020, 1, 1),
        left_on=left_on,
    )


def provenance(record: type[Record]) -> Provenance:
    return Provenance(record.department, record.catalogue_id, record.sharing_class, AT)


def found(*rows: Record) -> Found:
    return Found(rows, provenance(type(rows[0])))


def failed(record: type[Record]) -> SourceFailed:
    return SourceFailed(record.department, FailureKind.TIMED_OUT, AT)


def test_a_row_found_by_two_subjects_is_one_row() -> None:
    rows = (member("m1", ONE), member("m2", TWO))
    evidence = Evidence(
        {Membership: {"S-1": found(*rows), ONE: found(rows[0], member("m3", ONE, house="S-2"))}}
    )
    case = case_of(evidence, household="S-1", on=ON, reads=[Membership])
    assert sorted(row.record_id for row in case.rows[Membership]) == ["m1", "m2", "m3"]
    assert [each.person for each in case.members] == [ONE, TWO]
    assert case.unanswered == 0
    assert case.unanswered_of == {ONE: 0, TWO: bit_of(Membership)}


def test_only_no_record_and_found_are_answers() -> None:
    outcomes = {
        Membership: {
            "S-1": found(member("m1", ONE), member("m2", TWO)),
            ONE: NoRecord(provenance(Membership)),
        },
        Insurance: {ONE: NoRecord(provenance(Insurance)), TWO: failed(Insurance)},
        Benefit: {
            "S-1": failed(Benefit),
            ONE: NoRecord(provenance(Benefit)),
            TWO: NoRecord(provenance(Benefit)),
        },
    }
    case = case_of(Evidence(outcomes), household="S-1", on=ON, reads=[Membership, Insurance, Benefit, Death])
    assert case.unanswered == bit_of(Benefit)
    assert case.unanswered_of == {
        ONE: bit_of(Death),
        TWO: mask_of([Membership, Insurance, Death]),
    }


def test_what_the_household_declared_answers_for_its_members() -> None:
    outcomes = {
        Membership: {"S-1": found(member("m1", ONE)), ONE: NoRecord(provenance(Membership))},
        Declaration: {"S-1": NoRecord(provenance(Declaration))},
    }
    case = case_of(Evidence(outcomes), household="S-1", on=ON, reads=[Membership, Declaration])
    assert case.unanswered_of == {ONE: 0}


def test_a_person_listed_twice_is_one_member() -> None:
    rows = [member("m9", ONE), member("m2", ONE), member("m5", TWO, left_on=ON)]
    assert [each.record_id for each in listed(rows, household="S-1", on=ON)] == ["m2"]
    assert listed(rows, household="S-1", on=ON) == listed(rows[::-1], household="S-1", on=ON)
