"""Is a snapshot that is not what the rules read refused, by the name of what is wrong with it?"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from tests.verification.caseload import stories_snapshot, with_table
from verification.catalogue import CATALOGUE
from verification.pack import load_pack
from verification.runs.district import judge_district
from verification.runs.few import FewEngine
from verification.runs.readable import BadSnapshot, require_readable, require_whole
from verification.runs.stored import store
from verification.runs.tables import InFile, Snapshot
from vocabulary.record import Record, columns_of
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.records.social_security import Insurance

READS = CATALOGUE.reads()
PACK = load_pack("demo-2026")
COLUMNS = [(record, name) for record, names in READS.items() for name in sorted(names)]
CODED = [(record, name) for record, name in COLUMNS if columns_of(record)[name].codes is not None]
NO_CODE = "该不是代码"


@pytest.fixture(scope="module")
def whole() -> Snapshot:
    return stories_snapshot(CATALOGUE)


def changed(snapshot: Snapshot, record: type[Record], name: str, values: pa.ChunkedArray) -> Snapshot:
    table = snapshot.table(record)
    return with_table(snapshot, record, table.set_column(table.column_names.index(name), name, values))


def with_first(snapshot: Snapshot, record: type[Record], name: str, value: str | None) -> Snapshot:
    """The same with another value in the first row of a column."""
    given = snapshot.table(record)[name]
    return changed(snapshot, record, name, pa.chunked_array([[value, *given.to_pylist()[1:]]], given.type))


def in_files(snapshot: Snapshot, folder: Path) -> Snapshot:
    """As it lies in Parquet files, read when it is needed."""
    store(snapshot, folder)
    tables = {record: InFile(folder / f"{record.__name__}.parquet") for record in snapshot.tables}
    return Snapshot(tables, snapshot.cases, snapshot.persons)


def test_what_the_rules_read_is_readable(whole: Snapshot, tmp_path: Path) -> None:
    require_whole(whole, READS)
    require_whole(in_files(whole, tmp_path), READS)


@pytest.mark.parametrize(("record", "name"), COLUMNS)
def test_a_table_without_a_column_is_refused_by_name(
    whole: Snapshot, record: type[Record], name: str
) -> None:
    table = whole.table(record).drop_columns([name])
    said = f"expected the column `{name}` of `{record.__name__}`, got a table without it"
    with pytest.raises(BadSnapshot, match=f"^{said}$"):
        require_readable(with_table(whole, record, table), READS)


@pytest.mark.parametrize(("record", "name"), COLUMNS)
def test_a_column_of_another_type_is_refused_by_both(
    whole: Snapshot, record: type[Record], name: str
) -> None:
    given = whole.table(record)[name]
    other = pa.float64() if given.type != pa.float64() else pa.int64()
    values = pa.chunked_array([pa.nulls(len(given), other)])
    with pytest.raises(BadSnapshot) as refused:
        require_readable(changed(whole, record, name, values), READS)
    assert str(refused.value) == f"expected `{name}` of `{record.__name__}` as {given.type}, got {other}"


@pytest.mark.parametrize(("name", "value"), [("household", pa.int64()), ("mask", pa.string()), ("on", None)])
def test_cases_are_looked_at_too(whole: Snapshot, name: str, value: pa.DataType | None) -> None:
    cases = whole.cases.drop_columns([name])
    if value is not None:
        cases = cases.append_column(name, pa.nulls(len(cases), value))
    with pytest.raises(BadSnapshot, match=f"`{name}` of `cases`"):
        require_readable(Snapshot(whole.tables, cases, whole.persons), READS)


def test_codes_are_known_to_be_looked_at() -> None:
    assert len(CODED) >= 15


@pytest.mark.parametrize(("record", "name"), CODED)
def test_a_code_outside_its_list_is_refused_and_not_repeated(
    whole: Snapshot, record: type[Record], name: str
) -> None:
    assert len(whole.table(record)) > 0, "some story has one"
    with pytest.raises(BadSnapshot) as refused:
        require_whole(with_first(whole, record, name, NO_CODE), READS)
    codes = columns_of(record)[name].codes
    assert codes is not None
    assert str(refused.value) == (
        f"expected codes of the list `{codes.__name__}` in `{name}` of `{record.__name__}`, got others in 1 rows"
    )


def test_a_row_without_what_every_row_has_is_refused(whole: Snapshot) -> None:
    with pytest.raises(
        BadSnapshot, match=r"^expected `person` of `Insurance` in every row, got 1 rows without"
    ):
        require_whole(with_first(whole, Insurance, "person", None), READS)


def broken(whole: Snapshot) -> Iterator[tuple[Snapshot, str]]:
    yield (
        with_table(whole, Benefit, whole.table(Benefit).drop_columns(["kind"])),
        "the column `kind` of `Benefit`",
    )
    text = whole.table(Insurance)["month"].cast(pa.string())
    yield changed(whole, Insurance, "month", text), "`month` of `Insurance` as int64, got string"
    yield (
        with_first(whole, Membership, "relation", NO_CODE),
        "the list `Relation` in `relation` of `Membership`",
    )


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("many", [False, True])
def test_a_run_over_such_files_stops_before_it_judges_anybody(
    whole: Snapshot, tmp_path: Path, place: int, many: bool
) -> None:
    snapshot, said = list(broken(whole))[place]
    shards = 20 if many else 40_000
    with pytest.raises(BadSnapshot) as refused:
        next(judge_district(in_files(snapshot, tmp_path), CATALOGUE, PACK, shard_households=shards))
    assert said in str(refused.value)
    assert NO_CODE not in str(refused.value)


@pytest.mark.parametrize("place", range(3))
def test_a_run_over_a_few_stops_alike(whole: Snapshot, tmp_path: Path, place: int) -> None:
    snapshot, said = list(broken(whole))[place]
    with pytest.raises(BadSnapshot, match=said.replace("`", ".")):
        list(FewEngine(in_files(snapshot, tmp_path), CATALOGUE, PACK).load(snapshot.cases))


def test_the_same_values_in_narrower_types_are_judged_alike(whole: Snapshot, tmp_path: Path) -> None:
    """As other programs write them: texts as dictionaries or with long offsets, numbers of 32 bits."""
    other: dict[pa.DataType, pa.DataType] = {
        pa.string(): pa.large_string(), pa.int64(): pa.int32(), pa.date32(): pa.date32(), pa.bool_(): pa.bool_()
    }  # fmt: skip
    tables: Mapping[type[Record], pa.Table] = {
        record: pa.table(
            {
                name: table[name].dictionary_encode()
                if columns_of(record)[name].codes is not None
                else table[name].cast(other[table[name].type])
                for name in table.column_names
            }
        )
        for record, table in ((record, whole.table(record)) for record in whole.tables)
    }
    narrow = Snapshot(tables, whole.cases, whole.persons)
    assert list(judge_district(narrow, CATALOGUE, PACK)) == list(judge_district(whole, CATALOGUE, PACK))
    assert list(judge_district(in_files(narrow, tmp_path), CATALOGUE, PACK)) == list(
        judge_district(whole, CATALOGUE, PACK)
    )
