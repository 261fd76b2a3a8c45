"""Does OpenFisca, which knows nothing of our rules, come to the same income? The outside oracle, on drawn cities.

It tells what a household lives on in the window: best evidence a month, the list of what is excluded, the employment
cost, who counts. Its amounts are float32; see `benchmarks.openfisca_rival` for what they may be off by.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow.compute as pc
import pytest

from benchmarks.city import city
from benchmarks.openfisca_rival import ENVIRONMENT, compared, income_told
from verification.pack import load_pack
from verification.runs.stored import store
from vocabulary.records.civil_affairs import Declaration

PACK = load_pack("demo-2026")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    if not (ENVIRONMENT / "ready").exists():
        pytest.skip("OpenFisca is not installed: `make openfisca`")
    folder, snapshot = tmp_path_factory.mktemp("openfisca") / "city", city(20261123, households=4_000)
    store(snapshot, folder)
    income_told(folder, ENVIRONMENT / "bin" / "python", PACK)
    return folder, snapshot


def test_every_household_lives_on_as_much(told):
    folder, snapshot = told
    found = compared(folder, snapshot, PACK)
    assert found.contradicted == ()
    assert found.equal + found.rounded == 4_000
    assert found.equal > 3_500  # to the fen; the others by what float32 rounds


def test_a_hundred_yuan_more_of_each_declaration_are_noticed(told):
    folder, snapshot = told
    rows = snapshot.tables[Declaration]
    more = pc.add(rows["amount_fen"], 10_000)
    raised = rows.set_column(rows.schema.get_field_index("amount_fen"), "amount_fen", more)
    other = replace(snapshot, tables={**snapshot.tables, Declaration: raised})
    found = compared(folder, other, PACK)
    assert len(found.contradicted) > 1_000
