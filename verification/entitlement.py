"""What can a person draw, and how is a pair of it written in a policy pack?

A row of the pack's table `stacking` is a pair `FIRST+SECOND`: two entitlements of the list
below, or two programmes of student aid that the pack's `aid_group` names. A pair is one,
whichever is named first; only for OFFSET the first is what is taken off the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from verification.language.parameter import Dated
from vocabulary.codes import Code


class Entitlement(Code):
    """待遇 paid by the month."""

    DIBAO = "DIBAO", "最低生活保障金"
    TEKUN = "TEKUN", "特困供养金"
    SINGLE = "SINGLE", "单人户低保"
    TEMPORARY = "TEMPORARY", "临时救助"
    GRADUAL_EXIT = "GRADUAL_EXIT", "低保渐退"
    ORPHAN = "ORPHAN", "孤儿基本生活保障"
    LIVING = "LIVING", "困难残疾人生活补贴"
    CARE = "CARE", "重度残疾人护理补贴"
    UNEMPLOYMENT_BENEFIT = "UNEMPLOYMENT_BENEFIT", "失业保险金"
    DISABILITY_ALLOWANCE = "DISABILITY_ALLOWANCE", "工伤伤残津贴"
    LIVING_CARE = "LIVING_CARE", "工伤生活护理费"


class Stacking(Code):
    """How two entitlements stand to each other in one month."""

    ALLOW = "ALLOW", "可以同时享受"
    OFFSET = "OFFSET", "抵扣后享受"
    HIGHER = "HIGHER", "择高享受"
    PROHIBIT = "PROHIBIT", "不得同时享受"


Pair = tuple[str, str]


def pair_of(key: str) -> Pair | None:
    """The two names of a row `FIRST+SECOND`, or None for what is not so written.

    >>> pair_of("TEKUN+LIVING")
    ('TEKUN', 'LIVING')
    >>> [pair_of(key) for key in ("TEKUN", "TEKUN+", "+LIVING", "DIBAO+LIVING+CARE", "")]
    [None, None, None, None, None]
    """
    first, plus, second = key.partition("+")
    return (first, second) if plus and first and second and "+" not in second else None


def misfits(
    rows: Mapping[str, Sequence[Dated]], *, programmes: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """Rows of the table that cannot stand, and why: each pair once, of known names, and no chain of offsets."""
    seen: dict[frozenset[str], str] = {}
    reduced = {pair[1] for pair in _offsets(rows)}
    for key, dated in rows.items():
        pair = pair_of(key)
        if pair is None or not (_known(pair, frozenset(Entitlement)) or _known(pair, frozenset(programmes))):
            yield (
                key,
                "expected a pair `FIRST+SECOND` of two entitlements, or of two programmes of `aid_group`",
            )
        elif pair[0] == pair[1]:
            yield key, "expected two different entitlements, got one twice"
        elif frozenset(pair) in seen:
            yield key, f"expected each pair once, got it as `{seen[frozenset(pair)]}` too"
        elif pair[0] in reduced and any(each.value == Stacking.OFFSET for each in dated):
            yield key, f"expected an offset by what is not reduced itself, got `{pair[0]}`"
        else:
            seen[frozenset(pair)] = key


def _offsets(rows: Mapping[str, Sequence[Dated]]) -> Iterator[Pair]:
    for key, dated in rows.items():
        pair = pair_of(key)
        if pair is not None and any(each.value == Stacking.OFFSET for each in dated):
            yield pair


def _known(pair: Pair, names: frozenset[str]) -> bool:
    return names >= set(pair)
