"""What happened in one household, as a civil-affairs officer tells it?

A story is a YAML file: whole department records in, the expected verdict out. The demo plants
stories in the district, the tests run every one of them, and the documentation quotes them.

    ValueError
    └── StoryError    file, key path, expected and got
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import resources
from pathlib import Path

from demo.story_file import PersonOfStory, StoryError, read_story_file
from demo.story_records import records_of_story
from vocabulary.codes import Category, MemberKind
from vocabulary.evidence import (
    Evidence,
    FailureKind,
    Found,
    NoRecord,
    NotAsked,
    Outcome,
    Provenance,
    SourceFailed,
)
from vocabulary.idnumber import WrittenId
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Authorization
from vocabulary.register import RECORD_TYPES

__all__ = ["Story", "StoryError", "load_all", "read_story"]

_OWN_CONSENT = "社会救助法 art. 41: 须经本人同意"
_AUTHORIZATION = "社会救助法 art. 40: 未授权"


@dataclass(frozen=True)
class Story:
    """One household with all its records, and what a verification must say of it on a day."""

    id: str
    title: str
    says: str
    pack: str
    pack_changes: Mapping[str, object]
    on: date
    household: str
    registered: Category
    """In which category the district's register has it."""
    people: Mapping[str, PersonOfStory]
    records: tuple[Record, ...]
    unanswered: Mapping[str, FailureKind]
    """Department or record type → how it fails."""
    expect: Mapping[str, object]
    file: str = field(default="", compare=False)

    @property
    def members(self) -> tuple[WrittenId, ...]:
        """Those listed as living in the household, in the order of the story."""
        return tuple(p.id for p in self.people.values() if p.kind is MemberKind.COHABIT)

    def alias(self, person: str) -> str:
        """The story's own word for a person: `spouse`; the id's last four where it has none."""
        return next((alias for alias, p in self.people.items() if p.id == person), f"…{person[-4:]}")

    def evidence(self, asked: Collection[type[Record]] = RECORD_TYPES) -> Evidence:
        """What the departments answer when `asked` is asked of everybody who agreed to it."""
        at = datetime.combine(self.on, time(9), UTC)
        return Evidence(
            {record: dict(self._outcomes(record, at)) for record in RECORD_TYPES if record in asked}
        )

    def _outcomes(self, record: type[Record], at: datetime) -> Iterator[tuple[str, Outcome]]:
        failure = self.unanswered.get(record.__name__) or self.unanswered.get(record.department)
        for subject, refused in self._subjects(record):
            if refused is not None:
                yield subject, NotAsked(record.department, refused)
            elif failure is not None:
                yield subject, SourceFailed(record.department, failure, at, "as the story tells")
            else:
                yield subject, self._answer(record, subject, at)

    def _subjects(self, record: type[Record]) -> Iterator[tuple[str, str | None]]:
        """Whom a record type is asked about, and the clause where somebody did not agree.

        Whether somebody agreed is itself asked of everybody: that record is civil affairs' own.
        """
        if "household" in record.subjects:
            yield self.household, None
        if {"person", "mother"} & set(record.subjects):
            for person in self.people.values():
                clause = _OWN_CONSENT if person.kind is MemberKind.OBLIGOR else _AUTHORIZATION
                yield person.id, None if person.authorized or record is Authorization else clause

    def _answer(self, record: type[Record], subject: str, at: datetime) -> Outcome:
        source = Provenance(record.department, record.catalogue_id, record.sharing_class, at)
        rows = [row for row in self.records if type(row) is record and _about(row, subject)]
        return Found(tuple(sorted(rows, key=lambda row: row.record_id)), source) if rows else NoRecord(source)


def read_story(path: Path | str, text: str | None = None) -> Story:
    """One story from its file (or from `text`, which is then named after `path`). Raises `StoryError`."""
    if text is None:
        try:
            text = Path(path).read_text("utf-8")
        except UnicodeDecodeError:
            raise StoryError(f"{Path(path).name}: expected UTF-8, got other bytes") from None
    told = read_story_file(text, file=Path(path).name)
    return Story(
        id=told.id,
        title=told.title,
        says=told.says,
        pack=told.pack,
        pack_changes=told.pack_changes,
        on=told.on,
        household=told.number,
        registered=told.registered,
        people=told.people,
        records=records_of_story(told),
        unanswered=told.unanswered,
        expect=told.expect,
        file=told.file,
    )


@cache
def load_all() -> tuple[Story, ...]:
    """Every story that comes with the product, by file name; read once. Raises `StoryError`."""
    folder = resources.files("demo") / "stories"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    stories = tuple(read_story(f.name, f.read_text("utf-8")) for f in files)
    _refuse_shared_people(stories)
    return stories


def _about(row: Record, subject: str) -> bool:
    return any(getattr(row, column) == subject for column in type(row).subjects)


def _refuse_shared_people(stories: tuple[Story, ...]) -> None:
    """Stories live in one district: a person or a household of two stories would plant a conflict."""
    seen: dict[str, str] = {}
    for story in stories:
        for key in (story.household, *(person.id for person in story.people.values())):
            if key in seen:
                raise StoryError(
                    f"{story.file}: expected people and a number of its own, shares with {seen[key]}"
                )
            seen[key] = story.file
