"""What does one story file say? Read strictly: an unknown key is a mistake with a place.

ValueError
└── StoryError    `file: key path: expected … got …`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import yaml

from vocabulary.codes import (
    Category,
    Cause,
    Code,
    Department,
    HukouType,
    MemberKind,
    Relation,
    Sex,
    SpecialStatus,
)
from vocabulary.errors import MalformedIdNumber
from vocabulary.evidence import FailureKind
from vocabulary.idnumber import IdNumber, WrittenId
from vocabulary.register import BY_NAME

C = TypeVar("C", bound=Code)

KEYS = {
    "id", "title", "says", "pack", "pack_changes", "on", "household", "people", "records", "unanswered", "expect",
}  # fmt: skip
"""What a story file says at its top."""
_HOUSEHOLD = {"number", "district", "street", "hukou", "primary_cause", "registered", "opened_on"}
_PERSON = {
    "id", "name", "relation", "sex", "birth", "kind", "special", "joined_on", "left_on", "obligor_to", "guardian",
    "authorized", "registered",
}  # fmt: skip
EXPECTED = {
    "counted_members", "annual_yuan", "evidenced_yuan", "lower_bound_yuan", "per_capita_month", "category",
    "declared_category", "declared_annual_yuan", "payable_yuan", "declared_payable_yuan", "single_person",
    "findings", "cannot_tell", "evidence", "rigid_yuan", "rigid_ratio_percent", "gates", "compat",
}  # fmt: skip
"""What a story may expect; each is compared exactly."""


class StoryError(ValueError):
    """A story cannot be read as written."""


@dataclass(frozen=True, slots=True)
class PersonOfStory:
    """One person as the story introduces them; `registered` False: civil affairs has no Person record."""

    id: WrittenId
    name: str
    relation: Relation
    sex: Sex
    birth: date
    kind: MemberKind
    special: SpecialStatus
    joined_on: date
    left_on: date | None
    obligor_to: str | None
    guardian: str | None
    authorized: bool
    registered: bool


@dataclass(frozen=True)
class StoryFile:
    """A story as written, with codes read and rows still plain."""

    file: str
    id: str
    title: str
    says: str
    pack: str
    pack_changes: Mapping[str, object]
    on: date
    number: str
    district: str
    street: str
    hukou: HukouType
    primary_cause: Cause
    registered: Category
    opened_on: date
    people: Mapping[str, PersonOfStory]
    rows: Mapping[str, list[dict[str, object]]]
    unanswered: Mapping[str, FailureKind]
    expect: Mapping[str, object]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the one or the other
    """YAML in which only `true` and `false` are truth values, so that the key `on` stays a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read_story_file(text: str, *, file: str) -> StoryFile:
    """One story from its YAML text. Raises `StoryError`."""
    try:
        top = read_yaml(text, file=file)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise StoryError(f"{file}: line {line}: expected YAML, got something else") from None
    except StoryError:
        raise
    except ValueError:
        raise StoryError(f"{file}: expected days that exist, got one that does not") from None
    return _Reading(file).story(top)


def read_yaml(text: str, *, file: str, loader: type[yaml.SafeLoader] = _Loader) -> object:
    """What a YAML text says, by one of the safe loaders.

    Raises `StoryError` for a key that stands twice in a mapping (the last one would count, and nobody would
    see the first), `yaml.YAMLError` for what is no YAML and `ValueError` for a day that does not exist.
    """
    reading = loader(text)
    try:
        root = reading.get_single_node()
        _require_each_key_once(root, file)
        return None if root is None else reading.construct_document(root)
    finally:
        reading.dispose()


def _require_each_key_once(root: yaml.Node | None, file: str) -> None:
    left, seen = [root], set[int]()
    while left:
        node = left.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))  # an anchor's node stands wherever it is named
        if isinstance(node, yaml.SequenceNode):
            left += node.value
            continue
        names = set[str]()
        for key, value in node.value:
            if str(key.value) in names:
                raise StoryError(
                    f"{file}: line {key.start_mark.line + 1}: expected each key once, got one twice"
                )
            names.add(str(key.value))
            left.append(value)


class _Reading:
    """Reads one file; every refusal names the file and the path of the key."""

    def __init__(self, file: str) -> None:
        self.file = file

    def story(self, top: object) -> StoryFile:
        told = self.mapping(top, "story", KEYS, needed=("id", "title", "on", "household", "people"))
        home = self.mapping(told["household"], "household", _HOUSEHOLD, needed=("number",))
        on = self.day(told["on"], "on")
        rows = self.mapping(told.get("records") or {}, "records", set(BY_NAME))
        return StoryFile(
            self.file,
            str(told["id"]),
            str(told["title"]),
            str(told.get("says", "")),
            str(told.get("pack", "demo-2026")),
            self.mapping(told.get("pack_changes") or {}, "pack_changes", None),
            on,
            str(home["number"]),
            str(home.get("district", "529901")),
            str(home.get("street", "529901001")),
            self.code(HukouType, home.get("hukou", "URBAN"), "household.hukou"),
            self.code(Cause, home.get("primary_cause", "OTHER"), "household.primary_cause"),
            self.code(Category, home.get("registered", "DIBAO"), "household.registered"),
            self.day(home.get("opened_on", date(2025, 1, 10)), "household.opened_on"),
            self.people(told["people"]),
            {name: self.rows(given, f"records.{name}") for name, given in rows.items()},
            self.unanswered(told.get("unanswered") or {}),
            self.expect(told.get("expect") or {}),
        )

    def expect(self, given: object) -> dict[str, object]:
        told = self.mapping(given, "expect", EXPECTED)
        for key in ("evidence", "findings", "gates", "single_person"):
            if key in told:
                told[key] = self.mapping(told[key], f"expect.{key}", None)
        for rule, values in self.mapping(told.get("evidence", {}), "expect.evidence", None).items():
            self.mapping(values, f"expect.evidence.{rule}", None)
        for rule, people in self.mapping(told.get("findings", {}), "expect.findings", None).items():
            self.words(people, f"expect.findings.{rule}")
        if "cannot_tell" in told:
            self.words(told["cannot_tell"], "expect.cannot_tell")
        return told

    def people(self, given: object) -> dict[str, PersonOfStory]:
        people = self.mapping(given, "people", None)
        if not people:
            raise self.bad("people", "at least one person", "none")
        return {alias: self.person(one, f"people.{alias}") for alias, one in people.items()}

    def person(self, given: object, path: str) -> PersonOfStory:
        told = self.mapping(given, path, _PERSON, needed=("id", "name", "relation"))
        number = WrittenId.parse(self.text(told["id"], f"{path}.id"))
        birth, sex = _from_number(number)
        if (birth is None and "birth" not in told) or (sex is None and "sex" not in told):
            raise self.bad(path, "`birth` and `sex` where the id number does not give them", "none")
        return PersonOfStory(
            number,
            self.text(told["name"], f"{path}.name"),
            self.code(Relation, told["relation"], f"{path}.relation"),
            self.code(Sex, told.get("sex", sex), f"{path}.sex"),
            self.day(told.get("birth", birth), f"{path}.birth"),
            self.code(MemberKind, told.get("kind", "COHABIT"), f"{path}.kind"),
            self.code(SpecialStatus, told.get("special", "NONE"), f"{path}.special"),
            self.day(told.get("joined_on", date(2020, 1, 1)), f"{path}.joined_on"),
            self.day(told["left_on"], f"{path}.left_on") if "left_on" in told else None,
            self.text(told["obligor_to"], f"{path}.obligor_to") if "obligor_to" in told else None,
            self.text(told["guardian"], f"{path}.guardian") if "guardian" in told else None,
            self.flag(told.get("authorized", True), f"{path}.authorized"),
            self.flag(told.get("registered", True), f"{path}.registered"),
        )

    def rows(self, given: object, path: str) -> list[dict[str, object]]:
        if not isinstance(given, list):
            raise self.bad(path, "a list of rows", type(given).__name__)
        return [self.mapping(row, f"{path}[{i}]", None) for i, row in enumerate(given)]

    def unanswered(self, given: object) -> dict[str, FailureKind]:
        known = {str(department) for department in Department} | set(BY_NAME)
        told = self.mapping(given, "unanswered", known)
        return {name: self.code(FailureKind, kind, f"unanswered.{name}") for name, kind in told.items()}

    def mapping(
        self, given: object, path: str, known: set[str] | None, *, needed: tuple[str, ...] = ()
    ) -> dict[str, object]:
        if not isinstance(given, dict):
            raise self.bad(path, "a mapping", type(given).__name__)
        for key in given:
            if not isinstance(key, str) or (known is not None and key not in known):
                expected = "a word as key" if known is None else f"one of {', '.join(sorted(known))}"
                raise self.bad(f"{path}.{key}", expected, f"`{key}`")
        for key in needed:
            if key not in given:
                raise self.bad(f"{path}.{key}", "a value", "none")
        return dict(given)

    def code(self, kind: type[C], given: object, path: str) -> C:
        if isinstance(given, str) and given in set(kind):
            return kind(given)
        raise self.bad(path, f"one of {', '.join(kind)}, quoted where it is a digit", f"`{given!s:.30}`")

    def day(self, given: object, path: str) -> date:
        if type(given) is date:
            return given
        raise self.bad(path, "a day as 2026-11-16", f"`{given!s:.30}`")

    def text(self, given: object, path: str) -> str:
        if isinstance(given, str):
            return given
        raise self.bad(path, "a text, quoted where it is all digits", type(given).__name__)

    def words(self, given: object, path: str) -> None:
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise self.bad(path, "a list of words, `[]` for none", "something else")

    def flag(self, given: object, path: str) -> bool:
        if isinstance(given, bool):
            return given
        raise self.bad(path, "true or false", f"`{given!s:.30}`")

    def bad(self, path: str, expected: str, got: str) -> StoryError:
        return StoryError(f"{self.file}: {path.removeprefix('story.')}: expected {expected}, got {got}")


def _from_number(number: WrittenId) -> tuple[date | None, Sex | None]:
    """Birth and sex as the number says, also of one whose check digit alone is wrong."""
    digits = number[6:17]
    if len(number) != 18 or not (digits.isascii() and digits.isdigit()):
        return None, None
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None, None
    try:
        return born, IdNumber.parse(number).sex
    except MalformedIdNumber:
        return born, Sex.MALE if int(digits[10]) % 2 else Sex.FEMALE
