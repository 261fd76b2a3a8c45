"""Who may be meant by rows that have no id numbers at all? Proposed by Splink's weights, where it is installed.

What the steps of `connectors.linkage` cannot say, since they ask for the same birthday: how much a
misspelt name beside a rare birthday is worth. Splink learns it from both lists (Fellegi–Sunter). The
result is the same as there, pairs that are the only one for both sides, and every one of them waits
for a person; with it stands how likely Splink holds it. `make linkage` installs it: without it
there is no such proposal, and nothing else is missing.

    Exception
    └── NoSplink    Splink is not installed
"""

from __future__ import annotations

import importlib.util
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from typing import Any

import duckdb
import pyarrow as pa

from connectors.linkage import How, Identity, Linked, Match, names_agree

LEAST_PER_MILLE = 800
"""A pair that is held less likely than so many in a thousand is not proposed."""

FEWEST = 50
"""Rows of a side below which there is nothing to learn from."""

RECALL_ASSUMED = 0.8
"""The share of true pairs that agree in everything, from which Splink sets out."""

PAIRS_SAMPLED = 1_000_000
"""Pairs by which Splink learns how often strangers agree."""


class NoSplink(Exception):
    """The optional package is not there."""


def likely(ours: Iterable[Identity], theirs: Iterable[Identity], *, seed: int) -> Linked:
    """Lay rows without id numbers beside the people we know: at most one proposal a row, none for sure.

    `ours`   those whom no row names by number
    `seed`   of the sample by which Splink learns; the same lists and seed give the same pairs

    A row without a name or a birthday is `unmatched`, and so is every row where the lists teach nothing. Raises `NoSplink`.
    """
    if importlib.util.find_spec("splink") is None:
        raise NoSplink("expected Splink for rows without id numbers: bring it with `make linkage`")
    known, given = (sorted(side, key=lambda one: one.key) for side in (ours, theirs))
    mine, told = ({one.key: one for one in side if one.called and one.birth} for side in (known, given))
    pairs = [*_scored(mine.values(), told.values(), seed=seed)]
    of_mine, of_theirs = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    matches: list[Match] = []
    ambiguous: set[str] = set()
    for our, their, chance in pairs:
        if of_mine[our] == of_theirs[their] == 1:
            agree = names_agree(mine[our], told[their])
            matches.append(Match(our, their, How.PROBABLE, agree, int(chance * 1_000)))
        else:
            ambiguous.add(their)
    settled = {match.theirs for match in matches} | ambiguous
    left = tuple(sorted(one.key for one in given if one.key not in settled))
    return Linked(tuple(sorted(matches, key=lambda one: one.theirs)), tuple(sorted(ambiguous)), left)


def _scored(
    mine: Collection[Identity], told: Collection[Identity], *, seed: int
) -> Iterator[tuple[str, str, float]]:
    """Pairs of one key of ours and one of theirs, with the probability that both are one person."""
    # Imported here, since the package is optional.
    from splink import DuckDBAPI, Linker, block_on
    from splink.internals.exceptions import EMTrainingException, SplinkException

    if len(mine) < FEWEST or len(told) < FEWEST:
        return
    with closing(duckdb.connect(config={"threads": 2})) as connection:
        api = DuckDBAPI(connection)
        sides = [
            api.register(_table(mine), dataset_display_name="a_ours"),
            api.register(_table(told), dataset_display_name="b_theirs"),
        ]
        linker = Linker(sides, _settings(), log_level=logging.ERROR)
        learn = linker.training
        try:
            learn.estimate_probability_two_random_records_match(
                [block_on("birth", "name", "region")], recall=RECALL_ASSUMED
            )
            learn.estimate_u_using_random_sampling(max_pairs=PAIRS_SAMPLED, seed=seed)
            learn.estimate_parameters_using_expectation_maximisation(block_on("birth"))
            learn.estimate_parameters_using_expectation_maximisation(block_on("name"))
            least = LEAST_PER_MILLE / 1_000
            found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
        except (EMTrainingException, SplinkException):
            return  # lists in which nobody agrees with anybody teach nothing
        for pair in found.as_record_list():
            yield pair["unique_id_l"], pair["unique_id_r"], pair["match_probability"]


def _settings() -> Any:
    """What is compared, and which pairs are looked at: two of name, birthday and its parts must agree."""
    # Imported here, since the package is optional.
    import splink.comparison_level_library as level
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    name: list[Any] = [
        level.NullLevel("name"),
        level.ExactMatchLevel("name", term_frequency_adjustments=True),
        level.CustomLevel(_ONE_CHARACTER, "one character differs"),
        level.ElseLevel(),
    ]

    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            compare.CustomComparison(name, output_column_name="name"),
            compare.DamerauLevenshteinAtThresholds("birth", 1),
            compare.ExactMatch("region"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("birth", "substr(name, 1, 1)"),
            block_on("name", "substr(birth, 1, 4)"),
            block_on("name", "substr(birth, 6)"),
        ],
    )


def _table(side: Collection[Identity]) -> pa.Table:
    return pa.table(
        {
            "unique_id": pa.array([one.key for one in side], pa.string()),
            "name": pa.array([one.called for one in side], pa.string()),
            "birth": pa.array([str(one.birth) for one in side], pa.string()),
            "region": pa.array([one.region[:6] or None for one in side], pa.string()),
        }
    )


_ONE_CHARACTER = (
    "length(name_l) = length(name_r) AND length(name_l) > 1 AND substr(name_l, 5) = substr(name_r, 5) AND "
    + " + ".join(f"CAST(substr(name_l, {at}, 1) <> substr(name_r, {at}, 1) AS INTEGER)" for at in range(1, 5))
    + " <= 1"
)
"""DuckDB's edit distance counts bytes, of which a Chinese character has three."""
