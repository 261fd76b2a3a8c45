"""Is whom an act is about kept where the caller says? Civil affairs says so, before anything is done.

The region that an act names decides whether the caller may do it. Taken on the caller's word, whoever
may act for one region could act on anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from connectors.ask import Ask
from gateway.fetch import LISTING, PLACE, AskAll
from vocabulary.errors import MalformedIdNumber
from vocabulary.evidence import Evidence, SourceFailed
from vocabulary.household import is_listed
from vocabulary.idnumber import IdNumber
from vocabulary.records.civil_affairs import HouseholdFile, Membership

_ELSEWHERE = "expected a household that civil affairs keeps in `region`, got another or none"
_STRANGERS = "expected persons who are listed with the household, got somebody who is not"


def names_place(given: Mapping[str, Any]) -> bool:
    """Tell whether the arguments of an act say where a household is kept."""
    return "region" in given


async def misplaced(given: Mapping[str, Any], *, on: date, ask: AskAll) -> str | None:
    """Why an act may not be done where it says, in a sentence that names nobody; None when it may.

    `given`   the act's arguments: `region`, and `household` with the persons concerned, or a `subject`
              that is a household's number or a person's id number
    `on`      the day on which whoever signs must be listed; who takes consent back may have left
    """
    subject: str = given["household"] if "household" in given else given["subject"]
    person = None if "household" in given else _person_in(subject)
    if person is not None:
        return await _misplaced_person(person, given, ask=ask)
    found = await ask(
        [
            Ask(HouseholdFile, "household", (subject,), PLACE),
            Ask(Membership, "household", (subject,), LISTING),
        ]
    )
    if (failed := _failed(found)) is not None:
        return failed
    if not _is_inside(found, (subject,), given):
        return _ELSEWHERE
    rows = found.records(Membership, subject)
    signing = {_person_in(each["id_number"]) for each in given.get("signatures", ())}
    leaving = {_person_in(given["id_number"])} if "id_number" in given else set()
    listed, ever = {row.person for row in rows if is_listed(row, on=on)}, {row.person for row in rows}
    # An id number that is malformed is told as such by the act itself.
    return None if signing - {None} <= listed and leaving - {None} <= ever else _STRANGERS


async def _misplaced_person(person: str, given: Mapping[str, Any], *, ask: AskAll) -> str | None:
    listed = await ask([Ask(Membership, "person", (person,), LISTING)])
    if (failed := _failed(listed)) is not None:
        return failed
    numbers = tuple(sorted({row.household for row in listed.records(Membership, person)}))
    if not numbers:
        return _ELSEWHERE
    files = await ask([Ask(HouseholdFile, "household", numbers, PLACE)])
    return _failed(files) or (None if _is_inside(files, numbers, given) else _ELSEWHERE)


def _is_inside(found: Evidence, numbers: tuple[str, ...], given: Mapping[str, Any]) -> bool:
    files = [row for number in numbers for row in found.records(HouseholdFile, number)]
    return any(row.street.within(given["region"]) for row in files)


def _failed(found: Evidence) -> str | None:
    one: SourceFailed | None = next(found.failures(), None)
    if one is None:
        return None
    says = f"got `{one.failure.value}`, and nothing was changed"
    return f"expected {one.department.term} to say where the household is kept, {says}"


def _person_in(written: str) -> str | None:
    try:
        return str(IdNumber.parse(written))
    except MalformedIdNumber:
        return None
