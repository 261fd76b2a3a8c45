"""How does one inquiry ask departments? Within the time that is left of it, and counting whom it was told about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Self

from connectors.ask import Ask
from connectors.federation import ask_all
from connectors.hedge import Hedge
from connectors.search import Find, Finds, find
from connectors.served import answered
from gateway.office import Office
from gateway.trace import Intent
from vocabulary.codes import Department
from vocabulary.evidence import Evidence, Outcome, SourceFailed
from vocabulary.record import Record


class Asking:
    """Asks departments within the time that the whole inquiry has left; who they answered about is kept at its end.

    `answers`   all that was answered, record type by record type, shown or not
    """

    def __init__(self, intent: Intent, office: Office) -> None:
        self._office = office
        self._hedge = Hedge(office.hedge_after_s) if office.hedge_after_s else None
        self._tally = office.served.tally(str(intent.index)) if office.served else None
        self._ends_at = asyncio.get_running_loop().time() + office.inquiry_timeout_s
        self.answers: list[tuple[type[Record], Mapping[str, Outcome]]] = []

    @property
    def hedged(self) -> dict[str, int]:
        """Questions that a department was asked a second time."""
        extra = self._hedge.extra if self._hedge is not None else {}
        return {department.value: count for department, count in extra.items()}

    def persons(self) -> dict[str, int]:
        """How many persons and households each department answered about, each once."""
        about: dict[Department, set[str]] = {}
        for record, answer in self.answers:
            known = about.get(record.department)
            if known is None:
                about[record.department] = answered(answer)
            else:
                known |= answered(answer)
        return {department.value: len(subjects) for department, subjects in about.items() if subjects}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tally is not None:
            self._tally.write()

    async def __call__(self, asks: list[Ask]) -> Evidence:
        """What everybody answers."""
        office = self._office
        came = await ask_all(
            office.connectors,
            asks,
            timeout_s=self._left_s(),
            clock=office.clock,
            tally=self._tally,
            hedge=self._hedge,
        )
        self.answers += came.outcomes.items()
        return came

    async def find(self, wanted: Find) -> Finds:
        """Who is found."""
        office = self._office
        came = await find(
            office.connectors, wanted, timeout_s=self._left_s(), clock=office.clock, tally=self._tally
        )
        if not isinstance(came, SourceFailed):
            self.answers.append((wanted.record, came))
        return came

    def _left_s(self) -> float:
        left_s = self._ends_at - asyncio.get_running_loop().time()
        return max(0.0, min(self._office.register_timeout_s, left_s))
