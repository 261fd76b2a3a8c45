"""What is a database given to work with?"""

from pathlib import Path

from verification.runs import duck


def test_a_quarter_of_the_memory_is_never_given_back() -> None:
    with duck.connect(memory_mib=400) as connection:
        kept = connection.execute("SELECT CURRENT_SETTING('block_allocator_memory')").fetchone()
    assert kept == ("100.0 MiB",)


def test_a_database_that_may_hold_less_later_still_lays_down_what_does_not_fit(tmp_path: Path) -> None:
    with duck.connect(memory_mib=90, threads=1, spill=str(tmp_path)) as connection:
        duck.limit(connection, memory_mib=20, threads=1)
        connection.execute(
            "CREATE TEMP TABLE many AS SELECT RANGE AS one, HASH(RANGE) AS other FROM RANGE(4_000_000)"
        )
        laid = list(tmp_path.iterdir())
        assert connection.execute("SELECT COUNT(*), MAX(one) FROM many").fetchone() == (4_000_000, 3_999_999)
    assert laid
