"""The bytes that a run keeps are those to which each judgement seals, whatever stands in the records."""

import random
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pytest

from tests.verification.households import POLICIES, pack_of, seeded, snapshot_of
from tests.verification.language.both import ON, PACK
from tests.verification.silence import some_silence
from verification.catalogue import CATALOGUE
from verification.language.aggregate import highest, latest, lowest
from verification.language.level import levels
from verification.language.parameter import Pack
from verification.language.rule import Catalogue, Severity, rule
from verification.language.seal import canonical
from verification.language.source import source
from verification.language.to_python import mask_of
from verification.runs.district import Engine
from verification.runs.tables import Snapshot, cases_table, masks_table, schema_of
from vocabulary.month import LAST, Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership, Person
from vocabulary.records.social_security import Insurance

ODD = ['he said "no"', "back\\slash", "line\nfeed \x1f", "遵义 \u2028 \x7f", ""]


def of_a_run(snapshot: Snapshot, catalogue: Catalogue, pack: Pack) -> list[tuple[str, bytes]]:
    """The bytes made from columns, when they are those of the judgements one by one."""
    with Engine(snapshot, catalogue, pack) as engine:
        assert list(engine.load(snapshot.cases))
        found = list(engine.sealed())
        assert found == [(each.household, canonical(each)) for each in engine.judgements()]
        return found


@pytest.mark.parametrize("place", [0, 3])
def test_drawn_households_in_silence_are_sealed_as_their_judgements(place: int) -> None:
    homes = seeded(place, 200, POLICIES[place])
    masks = some_silence(random.Random(place), homes)
    found = of_a_run(snapshot_of(homes, masks), CATALOGUE, pack_of(POLICIES[place]))
    assert len(found) == 200
    assert any(b'"missing":"unknown"' in each for _, each in found)
    assert any(b'"answer":"cannot tell","because":["' in each for _, each in found)


def test_texts_that_json_must_escape_are_escaped() -> None:
    found = of_a_run(_odd(), _odd_catalogue(), PACK)
    assert [household for household, _ in found] == sorted(ODD)
    assert rb'"called":"he said \"no\""' in dict(found)[ODD[0]]
    assert rb'"household":"back\\slash"' in dict(found)[ODD[1]]
    assert rb'"called":"line\nfeed \u001f"' in dict(found)[ODD[2]]


def test_months_and_days_at_the_ends_of_time_are_written_out() -> None:
    text = b"".join(each for _, each in of_a_run(_odd(), _odd_catalogue(), PACK))
    assert b'"born":"0001-01-01"' in text
    assert b'"born":"9999-12-31"' in text
    assert f'"last":"{Month(LAST)}"'.encode() in text


def test_a_shard_in_which_nothing_is_found_has_empty_lists() -> None:
    (found,) = of_a_run(Snapshot({}, cases_table([("S-EMPTY", ON, 0)])), _odd_catalogue(), PACK)
    assert found[1] == b'{"facts":{},"found":[],"household":"S-EMPTY","members":{}}'


def _odd_catalogue() -> Catalogue:
    p, h = levels()
    person, insurance = source(Person), source(Insurance)
    p.define(
        called=latest(person.name, by=person.birth),
        born=lowest(person.birth),
        last=highest(insurance.month),
    )

    @rule("O-01", "甲", "named", of=p, severity=Severity.REVIEW, cite="1")
    def named(p):  # type: ignore[no-untyped-def] # as rules are written in a test
        return ~p.called.missing(), {"called": p.called, "who": p.person}

    return Catalogue(p, h, [named], [p.called, p.born, p.last])


def _odd() -> Snapshot:
    """Households and people of odd names, days and months at the ends of time, and somebody who was not answered."""
    count, reads = len(ODD), _odd_catalogue().reads()
    days = [date.min, date.max, ON, ON, ON]
    columns: dict[type[Record], dict[str, Sequence[object]]] = {
        Membership: {
            "record_id": ODD,
            "household": ODD,
            "person": ODD,
            "joined_on": [date(2020, 1, 1)] * count,
        },
        Person: {"record_id": ODD, "person": ODD, "name": ODD, "birth": days},
        Insurance: {"record_id": ODD, "person": ODD, "month": [10**7, 24_000, -5, 24_001, 24_002]},
    }
    tables = {
        record: pa.Table.from_pylist(
            [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)],
            schema=schema_of(record, reads[record]),
        )
        for record, values in columns.items()
    }
    masks = masks_table({ODD[3]: mask_of([Insurance])})
    return Snapshot(tables, cases_table((household, ON, 0) for household in ODD), masks)
