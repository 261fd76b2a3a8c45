"""Where is a household kept? By the register, asked now; a case belongs there and not where its clerk works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casework.desk import NotThere
from gateway.console.house import Visit
from vocabulary.region import RegionCode


async def region_of(visit: Visit, number: str) -> RegionCode:
    """The street of a household. Raises `NotThere` where civil affairs does not say, `Refused`, `InquiryError`."""
    answered = await visit.ask("place", {"number": number})
    return region_in((answered.told.data or {}).get("household"))


def region_in(household: Mapping[str, Any] | None) -> RegionCode:
    """The street that an answer about a household names. Raises `NotThere` where it names none."""
    files = (household or {}).get("householdFile") or {}
    for record in files.get("records") or ():
        if record.get("street"):
            return RegionCode(record["street"])
    raise NotThere("expected civil affairs to say where the household is kept")
