"""How does one inquiry ask departments? Within the time that is left of it, and counting whom it was told about."""

from __future__ import annotations

from collections.abc import Awaitable
from time import monotonic
from typing import Self

from connectors.ask import Ask
from connectors.federation import ask_all
from connectors.hedge import Hedge
from connectors.search import Find, Finds, find
from connectors.served import Tally
from gateway.office import Office
from gateway.trace import Intent
from vocabulary.evidence import Evidence


class Asking:
    """Asks departments within the time that the whole inquiry has left; who they answered about is kept at its end."""

    def __init__(self, intent: Intent, office: Office) -> None:
        self._office = office
        self._hedge = Hedge(office.hedge_after_s) if office.hedge_after_s else None
        self._tally = Tally(office.served, str(intent.index))
        self._ends_at = monotonic() + office.inquiry_timeout_s

    @property
    def hedged(self) -> dict[str, int]:
        """Questions that a department was asked a second time."""
        extra = self._hedge.extra if self._hedge is not None else {}
        return {str(department): count for department, count in extra.items()}

    @property
    def persons(self) -> dict[str, int]:
        """How many persons and households each department answered about, each once, shown or not."""
        return {str(department): many for department, many in self._tally.persons().items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tally.write()

    def __call__(self, asks: list[Ask]) -> Awaitable[Evidence]:
        """What everybody answers."""
        office = self._office
        return ask_all(
            office.connectors,
            asks,
            timeout_s=self._left_s(),
            clock=office.clock,
            tally=self._tally,
            hedge=self._hedge,
        )

    async def find(self, wanted: Find) -> Finds:
        """Who is found."""
        office = self._office
        return await find(
            office.connectors, wanted, timeout_s=self._left_s(), clock=office.clock, tally=self._tally
        )

    def _left_s(self) -> float:
        return max(0.0, min(self._office.register_timeout_s, self._ends_at - monotonic()))
