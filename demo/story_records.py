"""Which department records does a story stand for?

A story says what matters; the rest (the household's file, memberships, persons, signed
authorizations, a couple's marriage, an application) follows from its people. Whatever is
written out wins over what would follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import msgspec

from demo.story_file import PersonOfStory, StoryError, StoryFile
from vocabulary.codes import MemberKind, Relation
from vocabulary.errors import Malformed
from vocabulary.idnumber import WrittenId
from vocabulary.money import Money
from vocabulary.month import Month
from vocabulary.record import ColumnKind, Record, columns_of, read_word
from vocabulary.register import BY_NAME

Row = dict[str, object]

_DEFAULTS: dict[str, Row] = {
    "Application": {"kind": "REVIEW"},
    "Authorization": {"method": "HANDWRITTEN"},
    "Benefit": {"paid": True},
    "CategoryHistory": {},
    "Certificate": {"status": "VALID", "issued_on": date(2022, 3, 1), "valid_until": date(2032, 3, 1)},
    "DisabilitySubsidy": {"district": "529901"},
    "Enrolment": {"school": "演示学校", "full_time": True, "ownership": "PUBLIC", "status": "ENROLLED"},
    "Settlement": {"designated": True},
}
_PAYERS = (
    "basic_fen", "serious_fen", "assistance_fen", "supplementary_fen", "commercial_fen", "other_fen",
)  # fmt: skip


def records_of_story(told: StoryFile) -> tuple[Record, ...]:
    """Every record of the story, in the register's order of types and the story's order of rows.

    Raises `StoryError` naming the row and the column.
    """
    made: list[Record] = []
    for name, record in BY_NAME.items():
        rows = list(_rows(told, name))
        made += [_record(told, record, name, number, row) for number, row in enumerate(rows, 1)]
    return tuple(made)


def _rows(told: StoryFile, name: str) -> Iterator[tuple[str, Row]]:
    """The rows of one type with the path of each: those that follow from the people, then those told."""
    given = told.rows.get(name, [])
    if name in ("HouseholdFile", "Membership", "Person", "Authorization", "Application", "Marriage"):
        for row in _implied(told, name, given):
            yield f"people → {name}", row
    for index, row in enumerate(given):
        for month_row in _by_month(told, row, f"records.{name}[{index}]"):
            yield f"records.{name}[{index}]", month_row


def _implied(told: StoryFile, name: str, given: list[Row]) -> Iterable[Row]:
    people = told.people.values()
    spoken = {row.get("person") for row in given}
    match name:
        case "HouseholdFile":
            return () if given else (_household_file(told),)
        case "Application":
            return () if given else ({"application": f"A-{told.number}", "applied_on": told.on},)
        case "Membership":
            return [_membership(told, p) for p in people]
        case "Person":
            rows = {a: p for a, p in told.people.items() if a not in spoken and p.registered}
            return [_person(told, p) for p in rows.values()]
        case "Authorization":
            signed = told.on - timedelta(days=20)
            rows = {a: p for a, p in told.people.items() if a not in spoken and p.authorized}
            return [{"person": p.id, "valid_from": signed} for p in rows.values()]
    return () if given else _marriages(told)


def _household_file(told: StoryFile) -> Row:
    head = next((p for p in told.people.values() if p.relation is Relation.HEAD), None)
    return {
        "district": told.district,
        "street": told.street,
        "head": (head or next(iter(told.people.values()))).id,
        "hukou": told.hukou,
        "primary_cause": told.primary_cause,
        "opened_on": told.opened_on,
    }


def _membership(told: StoryFile, person: PersonOfStory) -> Row:
    return {
        "person": person.id,
        "relation": person.relation,
        "kind": person.kind,
        "special": person.special,
        "joined_on": max(person.joined_on, person.birth),
        "left_on": person.left_on,
        "obligor_to": person.obligor_to,
        "guardian": person.guardian,
    }


def _person(told: StoryFile, person: PersonOfStory) -> Row:
    return {
        "person": person.id,
        "name": person.name,
        "sex": person.sex,
        "birth": person.birth,
        "hukou_district": told.district,
        "residence_district": told.district,
    }


def _marriages(told: StoryFile) -> Iterator[Row]:
    """Head and spouse of one household are married to each other unless the story says otherwise."""
    pair = [p for p in told.people.values() if p.relation in (Relation.HEAD, Relation.SPOUSE)]
    if len(pair) == 2 and all(p.kind is MemberKind.COHABIT for p in pair):
        for one, other in (pair, pair[::-1]):
            yield {"person": one.id, "status": "20", "spouse": other.id, "registered_on": date(2005, 5, 1)}


def _by_month(told: StoryFile, row: Row, path: str) -> Iterator[Row]:
    """`month: 2025-11..2026-10` stands for one row a month."""
    span = row.get("month")
    if not isinstance(span, str) or ".." not in span:
        yield row
        return
    try:
        first, last = (Month.parse(text.strip()) for text in span.split("..", 1))
    except Malformed as wrong:
        raise StoryError(f"{told.file}: {path}.month: {wrong}") from None
    if last < first:
        raise StoryError(f"{told.file}: {path}.month: expected an earlier month first, got `{span:.20}`")
    for ordinal in range(first, last + 1):
        yield {**row, "month": str(Month(ordinal))}


def _record(told: StoryFile, record: type[Record], name: str, number: int, placed: tuple[str, Row]) -> Record:
    path, row = placed
    columns = columns_of(record)
    full: Row = {"record_id": f"{told.id}-{record.catalogue_id}-{number:03d}", "as_of": told.on}
    full |= _DEFAULTS.get(name, {})
    if "household" in columns:
        full["household"] = told.number
    for key, value in row.items():
        column, value = _column(told, key, value, f"{path}.{key}")
        if column not in columns:
            raise StoryError(f"{told.file}: {path}.{key}: expected a column of {name}, got `{key}`")
        is_id = columns[column].kind is ColumnKind.ID_NUMBER
        full[column] = _id_of(told, value, f"{path}.{key}") if is_id else value
    _complete(told, name, full)
    try:
        return msgspec.convert(full, record, dec_hook=read_word)
    except (msgspec.ValidationError, Malformed) as wrong:
        raise StoryError(f"{told.file}: {path}: {wrong!s}") from None


def _column(told: StoryFile, key: str, value: object, path: str) -> tuple[str, object]:
    if not key.endswith("_yuan"):
        return key, value
    try:
        return key.removesuffix("_yuan") + "_fen", Money.from_yuan(str(value)).fen
    except Malformed as wrong:
        raise StoryError(f"{told.file}: {path}: {wrong}") from None


def _id_of(told: StoryFile, value: object, path: str) -> object:
    """A person by the story's own word, or an id number written out for somebody outside it."""
    if value is None or isinstance(value, WrittenId):
        return value
    if isinstance(value, str) and value in told.people:
        return told.people[value].id
    if isinstance(value, str) and value[:1].isdigit():
        return WrittenId.parse(value)
    got = f"`{value:.20}`" if isinstance(value, str) and value.isalpha() else "something else"
    raise StoryError(f"{told.file}: {path}: expected one of {', '.join(told.people)}, got {got}")


def _complete(told: StoryFile, name: str, row: Row) -> None:
    """Fill what every register would have: the name, the certificate's number, what is left to pay."""
    person = next((p for p in told.people.values() if p.id == row.get("person")), None)
    if person is not None and name in ("Enrolment", "Certificate"):
        row.setdefault("name", person.name)
    match name:
        case "Certificate":
            row.setdefault("number", f"{row.get('person')}{row.get('category')}{row.get('grade')}")
        case "Declaration" if row.get("item") == "UNEMPLOYED":
            row.setdefault("amount_fen", 0)
        case "Enrolment":
            row.setdefault("since", date(told.on.year - 1, 9, 1))
        case "Settlement" if isinstance(total := row.get("total_fen"), int):
            paid = sum(v for v in (row.get(p, 0) for p in _PAYERS) if isinstance(v, int))
            row.setdefault("self_pay_fen", total - paid)
            row.setdefault("compliant_self_pay_fen", row["self_pay_fen"])
        case "RehabilitationExpense" if isinstance(total := row.get("total_fen"), int):
            paid = sum(
                v for v in (row.get(p, 0) for p in ("subsidy_fen", "insurance_fen")) if isinstance(v, int)
            )
            row.setdefault("self_pay_fen", total - paid)
