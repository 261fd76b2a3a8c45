"""What a pack that pays by bands gives, against fractions worked out by hand: the bound itself is the next band."""

from __future__ import annotations

from fractions import Fraction

import pytest

from demo.story import read_story
from demo.story_check import verify
from verification.bands import misfits
from verification.pack import load_pack

BANDS = [(25, 60_000), (50, 45_000), (100, 20_000)]
STANDARD_FEN, MONTHS = 63_600, 12
STORY = """
id: R
title: 分档
on: 2026-11-16
pack_changes:
  payable_mode: BANDED
  payable_band_below_percent.1: 25
  payable_band_below_percent.2: 50
  payable_band_below_percent.3: 100
  payable_band_fen_month.1: "600.00"
  payable_band_fen_month.2: "450.00"
  payable_band_fen_month.3: "200.00"
household: {number: S-R}
people:
  head: {id: "529901198404049014", name: 甲一, relation: "0"}
records:
  Declaration:
    - {person: head, item: RENT, month: 2026-03, amount_yuan: "%s"}
"""


def expected(annual_fen: int) -> int:
    share = Fraction(annual_fen, STANDARD_FEN * MONTHS)
    return next((fen for percent, fen in BANDS if share < Fraction(percent, 100)), 0)


@pytest.mark.parametrize("percent", [25, 50, 100])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_fen_below_the_bound_is_the_poorer_band(percent: int, off: int) -> None:
    annual = STANDARD_FEN * MONTHS * percent // 100 + off
    verdict = verify(read_story("r.yaml", STORY % f"{annual // 100}.{annual % 100:02d}"))
    assert verdict.annual_fen == annual
    assert verdict.payable_fen == verdict.declared_payable_fen == expected(annual)
    told = [step.fen for step in verdict.arithmetic if step.zh.startswith("分档")]
    assert told == ([expected(annual)] if expected(annual) else [])


def test_more_income_never_pays_more_by_bands() -> None:
    paid = [
        verify(read_story("r.yaml", STORY % f"{yuan}.00")).payable_fen or 0 for yuan in range(1, 8_000, 640)
    ]
    assert paid == sorted(paid, reverse=True)


def test_a_pack_without_bands_has_nothing_to_misfit() -> None:
    pack = load_pack("demo-2026")
    assert list(misfits(pack.values("payable_mode"), below={}, amounts={})) == []
