"""Which rules are there, and which facts does a verification tell with them? Everything, in one catalogue."""

from __future__ import annotations

from verification.category import household, member
from verification.language.rule import Catalogue, rules_in
from verification.rules import (
    benefit,
    category,
    cause,
    entry_exit,
    identity,
    income,
    life_event,
)
from verification.rules import (
    household as household_rules,
)

TOLD_OF_HOUSEHOLD = (
    "counted_members",
    "annual_fen",
    "gross_annual_fen",
    "evidenced_fen",
    "declared_annual_fen",
    "standard_fen",
    "line_fen",
    "property_over",
    "rigid_fen",
    "tekun",
    "dibao",
    "edge",
    "rigid",
    "category",
    "declared_category",
    "payable_fen",
    "declared_payable_fen",
    "window_from",
    "window_to",
)
"""Facts of the household that a verdict shows."""

TOLD_OF_MEMBER = (
    "relation",
    "kind",
    "counted",
    "cohabits",
    "alive",
    "died_on",
    "away",
    "special",
    "independent",
    "gross_fen",
    "wage_months",
    "income_fen",
    "declared_income_fen",
    "medical_fen",
    "schooling_fen",
    "rehabilitation_fen",
    "enters_alone",
    "alone_fen",
)
"""Facts of each member that a verdict shows."""

CATALOGUE = Catalogue(
    member,
    household,
    rules_in(identity, household_rules, income, category, benefit, life_event, entry_exit, cause),
    told=[
        *(getattr(household, name) for name in TOLD_OF_HOUSEHOLD),
        *(getattr(member, name) for name in TOLD_OF_MEMBER),
    ],
)
"""The rule set: one definition for one household and for a whole province."""
