"""How much of one source's time was agreed, and how much does the operator take? The stricter of both is its quota.

The department says it in its contract (`quota` of the server), the operator in the setting
`quotas`. Both mean the whole gateway; each of its processes gets its share.

    ValueError
    └── BadAllowance    says what was expected
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta

from connectors.quota import Quota


class BadAllowance(ValueError):
    """What is said of a quota is none."""


class Allowance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be asked of a source; what is not said is left to us.

    `concurrent`   questions at a time
    `per_second`   questions a second, repeats included
    """

    concurrent: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    per_second: Annotated[float, Meta(gt=0, le=100_000)] | None = None


def allowance(given: object) -> Allowance:
    """Read one, as a contract or the settings have it. Raises `BadAllowance`.

    >>> allowance({"concurrent": "4"})
    Allowance(concurrent=4, per_second=None)
    """
    try:
        return msgspec.convert(given, Allowance, strict=False)
    except msgspec.ValidationError as error:
        raise BadAllowance(str(error).lower()) from None


def quota_of(said: Iterable[Allowance], *, processes: int) -> Quota:
    """The quota of one of so many processes: by the strictest of what is said, ours where nothing is.

    >>> quota_of([Allowance(per_second=30.0), Allowance(per_second=8.0, concurrent=3)], processes=2)
    Quota(concurrent=1, queue_s=0.5, per_second=4.0, repeats=0.2)
    """
    allowed, quota = [*said], Quota()
    concurrent = [one.concurrent for one in allowed if one.concurrent is not None]
    rates = [one.per_second for one in allowed if one.per_second is not None]
    if concurrent:
        quota = replace(quota, concurrent=max(1, min(concurrent) // processes))
    return replace(quota, per_second=min(rates) / processes) if rates else quota
