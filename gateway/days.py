"""Of which days can we judge? Of those on which every value of the policy pack is in force."""

from __future__ import annotations

from datetime import date

from verification.pack import Pack


def require_in_force(pack: Pack, *, on: date) -> None:
    """Return when the pack has a value of each parameter on a day. Raises `verification.pack.NotInForce`."""
    for name in pack.parameters:
        pack.on(name, on)
