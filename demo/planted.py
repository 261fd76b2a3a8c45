"""Which contradictions are planted in the demo district, and how many of each?

Planted households are chosen by the district's own seed, each for one contradiction only, so
that a run finds at least as many as the table says: incomes that were declared wrongly also
show in the category rules. `docs/demo-district.md` prints the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from demo.contradiction import Contradiction, Ground
from demo.people import Registrar
from demo.planted_benefits import PLANTED_BENEFITS
from demo.planted_income import PLANTED_INCOME
from demo.planted_people import PLANTED_PEOPLE
from demo.scribe import Dossier, Scribe
from vocabulary.creditcode import CreditCode

PLANTED: tuple[Contradiction, ...] = tuple(
    sorted((*PLANTED_PEOPLE, *PLANTED_INCOME, *PLANTED_BENEFITS), key=lambda one: one.rule)
)
"""Every kind of planted contradiction, by rule."""


class NoRoom(ValueError):
    """Too few households fit a contradiction that is to be planted."""


def plant(
    rng: Random,
    dossiers: Iterable[Dossier],
    *,
    scribe: Scribe,
    registrar: Registrar,
    employers: Sequence[CreditCode],
) -> None:
    """Plant every contradiction of the table, each in households of its own. Raises `NoRoom`."""
    untouched = list(dossiers)
    rng.shuffle(untouched)
    ground = Ground(rng, scribe, registrar, employers, untouched)
    for contradiction in _rarest_first():
        for _ in range(contradiction.count):
            dossier = next((home for home in untouched if contradiction.fits(home)), None)
            if dossier is None:
                raise NoRoom(f"expected {contradiction.count} households for {contradiction.rule}, got fewer")
            untouched.remove(dossier)
            dossier.planted = contradiction.rule
            contradiction.plant(ground, dossier)


def _rarest_first() -> list[Contradiction]:
    """What few households fit is planted before what many do."""
    rare = ("ENT-03", "ENT-02", "ENT-04", "BEN-05", "LIF-04", "HH-03", "BEN-02")
    return sorted(PLANTED, key=lambda one: (one.rule not in rare, one.rule))
