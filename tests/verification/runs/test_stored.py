"""Is what lies in a folder what was written there, and is anything else refused by its name?"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verification.caseload import stories_snapshot
from verification.catalogue import CATALOGUE
from verification.runs.inputs import digest_of
from verification.runs.readable import require_whole
from verification.runs.stored import ChangedSnapshot, NoSnapshot, discard, lying, store, stored
from vocabulary.records.health import Death

GIVEN = stories_snapshot(CATALOGUE)


def test_what_was_stored_is_read_back_whole(tmp_path: Path) -> None:
    written = store(GIVEN, tmp_path)
    assert set(written) == {path.name for path in tmp_path.iterdir()}
    assert digest_of(stored(tmp_path, written)) == digest_of(GIVEN)


def test_the_same_rows_have_the_same_digests_in_any_folder(tmp_path: Path) -> None:
    assert store(GIVEN, tmp_path / "one") == store(GIVEN, tmp_path / "other")


def test_what_lies_there_has_its_columns_before_a_row_is_read(tmp_path: Path) -> None:
    store(GIVEN, tmp_path)
    require_whole(lying(tmp_path), CATALOGUE.reads())
    assert lying(tmp_path).table(Death).equals(GIVEN.table(Death))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [Path.unlink, emptied])
def test_a_folder_without_its_cases_is_no_snapshot(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    store(GIVEN, tmp_path)
    spoil(tmp_path / "cases.parquet")
    with pytest.raises(NoSnapshot):
        lying(tmp_path)


def test_whatever_differs_first_by_name_is_named(tmp_path: Path) -> None:
    written = store(GIVEN, tmp_path)
    (tmp_path / "Visit.parquet").unlink()
    emptied(tmp_path / "Death.parquet")
    was, nothing = written["Death.parquet"][:12], "e3b0c44298fc"
    named = f"^expected `Death.parquet` of the snapshot with sha256 `{was}…`, got `{nothing}…`$"
    with pytest.raises(ChangedSnapshot, match=named):
        stored(tmp_path, written)
    with pytest.raises(ChangedSnapshot, match=r"with sha256 none, got"):
        stored(tmp_path, {})
    discard(tmp_path)
    with pytest.raises(NoSnapshot):
        stored(tmp_path, written)
