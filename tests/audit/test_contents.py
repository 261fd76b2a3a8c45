"""What a bundle's entries say after it was checked, and that nothing unproven is taken from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.archive import open_files
from audit.catalogue import parse_entry
from audit.contents import Contents, opened_values, raw_entries
from audit.disclosure import EvaluatorSecret
from audit.errors import MalformedBundle
from tests.audit.bundles import EVALUATOR, PACK, PACK_NAME, files_of, make_bundle
from tests.audit.conftest import ORIGIN


@pytest.mark.parametrize("whole", [True, False])
def test_the_entries_are_those_of_the_log_in_their_order(tmp_path: Path, whole: bool) -> None:
    made = make_bundle(tmp_path, whole=whole)
    contents = Contents(made.bundle, origin=ORIGIN)
    found = list(contents.entries())
    indexes = [index for index, _ in found]
    assert indexes == sorted(indexes)
    assert (made.export in indexes, contents.whole) == (True, whole)
    if whole:
        assert indexes == list(range(made.export + 1))
    raw = dict(raw_entries(open_files(made.bundle)))
    assert all(parse_entry(raw[index]) == entry for index, entry in found)


def test_fields_are_opened_by_whom_they_are_sealed_to(tmp_path: Path) -> None:
    made = make_bundle(tmp_path)
    public = Contents(made.bundle, origin=ORIGIN)
    assert public.sealed
    assert list(public.opened()[0]) == ["purpose"]  # the plain file has the same field here
    mine = Contents(made.bundle, origin=ORIGIN, secret=EVALUATOR)
    assert not mine.sealed
    assert mine.opened()[0]["purpose"] == made.disclosures[0]
    for wrong in (
        Contents(made.bundle, origin=ORIGIN, secret=EvaluatorSecret.generate()),
        Contents(made.bundle, origin="other.example", secret=EVALUATOR),
    ):
        assert wrong.sealed


def test_only_what_an_entry_commits_to_is_taken_for_its_value(tmp_path: Path) -> None:
    made = make_bundle(tmp_path)
    contents = Contents(made.bundle, origin=ORIGIN)
    entries = dict(contents.entries())
    opened = contents.opened()[0]
    assert opened_values(entries[0], opened) == {"purpose": made.disclosures[0].value}
    assert opened_values(entries[2], opened) == {}


def test_what_is_damaged_or_missing_is_passed_over(tmp_path: Path) -> None:
    files = files_of(make_bundle(tmp_path).bundle)
    where = tmp_path / "spoiled"
    for name, data in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_bytes(data)
    [bundle] = [name for name in files if name.startswith("tile/entries/")]
    (where / bundle).write_bytes(files[bundle][:-1])
    (where / "disclosures.json").write_bytes(b"[]]")
    (where / "entries").mkdir()
    (where / "entries" / "first").write_bytes(b"x")
    contents = Contents(where, origin=ORIGIN)
    assert list(contents.entries()) == []
    assert contents.opened() == {}
    assert contents.attachment(PACK_NAME) == PACK
    assert contents.attachment("packs/none.json") is None


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.zip").write_bytes(b"junk")
    with pytest.raises(MalformedBundle):
        Contents(tmp_path / "junk.zip", origin=ORIGIN)
