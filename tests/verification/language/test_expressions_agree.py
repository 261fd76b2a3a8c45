"""Random expressions of every operator: the plain interpreter, the compiled Python and the generated SQL say the same."""

from __future__ import annotations

import random
from functools import partial

import pytest

from tests.verification.drawing import Seeded
from tests.verification.language.both import ON, PACK, Told, World, a_world, told_by_duckdb, told_by_python
from tests.verification.language.random_expressions import operators_in, random_catalogue
from verification.language.describe import _PHRASES, _SIGNS
from verification.language.evaluate import _OPERATORS, evaluate
from verification.language.level import FactOf
from verification.language.rule import Catalogue
from verification.language.values import Missing, result
from vocabulary.month import Month

SEEDS = range(1, 6)
EVERY = {*_OPERATORS, *_SIGNS, *_PHRASES, "literal", "fact", "first_of", "param", "param_class"}
"""The operators of the language: those that the plain interpreter works out, and those that have words."""


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(11, households=40)


def catalogue_of(seed: int, size: int = 70) -> Catalogue:
    return random_catalogue(Seeded(random.Random(seed)), size)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_expressions(world: World, seed: int) -> None:
    catalogue = catalogue_of(seed)
    told, _ = told_by_python(catalogue, world)
    assert told_by_duckdb(catalogue, world) == (told, [])
    drawn = {name: each.expr for name, each in catalogue.member.definitions.items() if name[0] == "x"}
    for house, person, name in told:
        if name in drawn:
            given = partial(_given, told, house, person)
            worth = evaluate(drawn[name], given, PACK)
            expr = drawn[name]
            assert told[house, person, name] == result(worth, expr.kind, expr.codes), (seed, name)


def test_every_operator_of_the_language_is_drawn() -> None:
    drawn = [operators_drawn(catalogue_of(seed)) for seed in SEEDS]
    assert set().union(*drawn) == EVERY
    assert EVERY in drawn, "by one of them all at once"


def operators_drawn(catalogue: Catalogue) -> set[str]:
    definitions = catalogue.member.definitions
    return operators_in(each.expr for name, each in definitions.items() if name[0] == "x")


def _given(told: Told, house: str, person: str | None, fact: FactOf) -> object:
    level, name = fact.constants
    if name == "on" and level == "household":
        return ON
    if name == "month" and level == "household":
        return int(Month.of(ON))
    if name == "person":
        return person
    value = told[house, person, name]
    return None if value is Missing.UNKNOWN else value
