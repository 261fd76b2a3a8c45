"""Results of checks are kept by keys alone, and every answer carries what is known of its batch."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from connectors.ask import Ask, SnapshotFailed
from connectors.departments import TABLES
from connectors.federation import _both
from connectors.file_register import FileRegister
from connectors.memory import MemoryConnector
from connectors.qualified import Qualified, stamped
from connectors.quality import LOOKED_AGAIN_S, BatchCheck, Checked, Gravity, QualityBook, key_shown
from connectors.quality_page import page
from demo.registers.deliveries import write_delivery
from tests.connectors.conformance import ROWS, Conformance
from tests.connectors.rows import NOW, clock, person
from vocabulary.codes import Department, SharingClass
from vocabulary.evidence import (
    FailureKind,
    Found,
    NoRecord,
    NotAsked,
    Outcome,
    Provenance,
    Quality,
    SourceFailed,
)
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Aid

KEPT = Checked(
    column="record_id", expectation="unique", severity=Gravity.CRITICAL, rows=3, failing_rows=0, kept=True
)
BROKEN = Checked(
    column="person",
    expectation="in_form",
    severity=Gravity.CRITICAL,
    rows=3,
    failing_rows=2,
    kept=False,
    keys=("CL-1", "CL-2"),
)
ODD = Checked(
    column="name", expectation="in_form", severity=Gravity.ERROR, rows=3, failing_rows=1, kept=False
)


def checked(*results: Checked, batch: str = "", at: datetime = NOW) -> BatchCheck:
    return BatchCheck(
        department=Department.DISABILITY,
        record="Certificate",
        batch=batch,
        checked_at=at,
        rows=3,
        newest=date(2026, 10, 31),
        checked=results,
    )


@pytest.mark.parametrize(
    ("results", "quality"),
    [
        ((), Quality.SOUND),
        ((KEPT,), Quality.SOUND),
        ((KEPT, ODD), Quality.SOUND),
        ((KEPT, ODD, BROKEN), Quality.DOUBTFUL),
    ],
)
def test_only_a_critical_expectation_makes_a_batch_doubtful(
    results: tuple[Checked, ...], quality: Quality
) -> None:
    assert checked(*results).quality is quality


def test_what_is_kept_is_read_again_and_the_newest_counts(tmp_path: Path) -> None:
    book, elsewhere = QualityBook(tmp_path), QualityBook(tmp_path)
    assert book.newest(Certificate) is None
    assert book.quality(Certificate, "") is Quality.UNCHECKED
    book.keep(checked(BROKEN))
    assert elsewhere.newest(Certificate) == checked(BROKEN)
    assert elsewhere.quality(Certificate, "") is Quality.DOUBTFUL
    later = checked(KEPT, at=datetime(2026, 11, 23, tzinfo=UTC))
    book.keep(later)
    assert elsewhere.newest(Certificate) == later
    assert elsewhere.of([Aid, Certificate]) == (later,)
    assert len([*(tmp_path / "disability").glob("Certificate-*.json")]) == 2


def test_what_another_process_kept_is_known_half_a_second_later(tmp_path: Path) -> None:
    at = [10.0]
    book, elsewhere = QualityBook(tmp_path, now=lambda: at[0]), QualityBook(tmp_path)
    assert book.quality(Certificate, "") is Quality.UNCHECKED
    elsewhere.keep(checked(BROKEN))
    at[0] += LOOKED_AGAIN_S - 0.001
    assert book.quality(Certificate, "") is Quality.UNCHECKED
    at[0] += 0.001
    assert book.quality(Certificate, "") is Quality.DOUBTFUL


def test_a_delivery_is_known_only_by_its_own_check(tmp_path: Path) -> None:
    book = QualityBook(tmp_path)
    book.keep(checked(BROKEN, batch="ab"))
    assert book.quality(Certificate, "ab") is Quality.DOUBTFUL
    assert book.quality(Certificate, "cd") is Quality.UNCHECKED


def test_a_result_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    book = QualityBook(tmp_path)
    book.keep(checked(BROKEN))
    (tmp_path / "disability" / "Certificate.json").write_text("{half")
    assert book.quality(Certificate, "") is Quality.UNCHECKED


@pytest.mark.parametrize(
    "key", ["529901195001010007", " 52990119500101000X", "13800138000", "张三", "", None, 4.5]
)
def test_a_key_that_could_name_a_person_is_shown_as_a_place(key: object) -> None:
    assert key_shown(key, row=7) == "row 7"


class TestQualified(Conformance):
    """A connector with a book that knows nothing answers as it always did."""

    @pytest.fixture
    def reference(self) -> MemoryConnector:
        return MemoryConnector(Department.DISABILITY, ROWS, clock=clock)

    @pytest.fixture
    def connector(self, reference: MemoryConnector, tmp_path: Path) -> Qualified:
        return Qualified(reference, QualityBook(tmp_path), clock=clock)


def qualities(connector: Qualified, ask: Ask) -> set[Quality]:
    answer = asyncio.run(connector.fetch(ask))
    found = [one for one in answer.values() if isinstance(one, Found | NoRecord)]
    assert len(found) == len(ask.ids)
    return {one.provenance.quality for one in found}


def test_records_and_their_absence_carry_the_quality_of_their_batch(tmp_path: Path) -> None:
    book = QualityBook(tmp_path)
    connector = Qualified(MemoryConnector(Department.DISABILITY, ROWS, clock=clock), book, clock=clock)
    ask = Ask(Certificate, "person", (person(0), person(1)), frozenset({"grade"}))
    assert qualities(connector, ask) == {Quality.UNCHECKED}
    book.keep(checked(KEPT))
    assert qualities(connector, ask) == {Quality.SOUND}
    assert sum(map(len, connector.snapshot(Certificate, frozenset()))) == len(ROWS[Certificate])
    book.keep(checked(BROKEN))
    assert qualities(connector, ask) == {Quality.DOUBTFUL}
    with pytest.raises(SnapshotFailed) as failed:
        connector.snapshot(Certificate, frozenset())
    assert failed.value.failure.failure is FailureKind.CONTRACT_BROKEN


def test_each_outcome_keeps_where_it_came_from() -> None:
    one, other = (Provenance(Department.HEALTH, name, SharingClass.CONDITIONAL, NOW) for name in ("1", "2"))
    record = ROWS[Certificate][0]
    answer: dict[str, Outcome] = {
        "a": Found((record,), one),
        "b": NoRecord(other),
        "c": SourceFailed(Department.HEALTH, FailureKind.TIMED_OUT, NOW),
        "d": NoRecord(one),
    }
    sound = {each: msgspec.structs.replace(each, quality=Quality.SOUND) for each in (one, other)}
    assert stamped(answer, Quality.SOUND) == {
        **answer,
        "a": Found((record,), sound[one]),
        "b": NoRecord(sound[other]),
        "d": NoRecord(sound[one]),
    }


def test_a_failure_and_what_was_not_asked_stay_as_they_are() -> None:
    answer: dict[str, Outcome] = {
        "a": SourceFailed(Department.HEALTH, FailureKind.TIMED_OUT, NOW),
        "b": NotAsked(Department.HEALTH, "art. 1"),
    }
    assert stamped(answer, Quality.DOUBTFUL) == answer


def test_a_new_delivery_is_unchecked_again(tmp_path: Path) -> None:
    tables = TABLES[Department.EDUCATION]
    write_delivery(tmp_path / "in", tables, ROWS, on=date(2026, 9, 30))
    register = FileRegister(Department.EDUCATION, (tmp_path / "in").as_uri(), tables, clock=clock)
    book = QualityBook(tmp_path / "kept")
    connector = Qualified(register, book, clock=clock)
    of_education = replace_record(checked(BROKEN, batch=register.batch()))
    book.keep(of_education)
    ask = Ask(Aid, "person", (person(0),), frozenset())
    assert qualities(connector, ask) == {Quality.DOUBTFUL}
    with pytest.raises(SnapshotFailed):
        connector.snapshot(Aid, frozenset())
    write_delivery(tmp_path / "in", tables, ROWS, on=date(2026, 10, 31))
    assert sum(map(len, connector.snapshot(Aid, frozenset()))) == len(ROWS[Aid])
    assert qualities(connector, ask) == {Quality.UNCHECKED}


def test_an_answer_keeps_its_own_delivery_while_another_comes_from_a_newer_one(tmp_path: Path) -> None:
    tables = TABLES[Department.EDUCATION]
    folder = tmp_path / "in"
    write_delivery(folder, tables, ROWS, on=date(2026, 9, 30))
    register = FileRegister(Department.EDUCATION, folder.as_uri(), tables, clock=clock)
    ask = Ask(Aid, "person", (person(0),), frozenset())

    async def asked() -> str:
        await register.fetch(ask)
        return register.answered_from

    async def story() -> None:
        await register.fetch(ask)
        older = register.batch()
        write_delivery(folder, tables, ROWS, on=date(2026, 10, 31))
        newer = await asyncio.create_task(asked())
        assert (register.answered_from, newer) == (older, register.batch())
        assert older != newer

    asyncio.run(story())


def test_two_registers_asked_in_one_task_tell_each_their_own_delivery(tmp_path: Path) -> None:
    tables = TABLES[Department.EDUCATION]
    registers = []
    for name, on in (("one", date(2026, 9, 30)), ("other", date(2026, 10, 31))):
        write_delivery(tmp_path / name, tables, ROWS, on=on)
        address = (tmp_path / name).as_uri()
        registers.append(FileRegister(Department.EDUCATION, address, tables, clock=clock))

    async def asked() -> list[str]:
        for register in registers:
            await register.fetch(Ask(Aid, "person", (person(0),), frozenset()))
        return [register.answered_from for register in registers]

    told = asyncio.run(asked())
    assert told == [register.batch() for register in registers]
    assert len(set(told)) == 2


def replace_record(check: BatchCheck) -> BatchCheck:
    return msgspec.structs.replace(check, department=Department.EDUCATION, record="Aid")


def test_the_page_shows_what_was_broken_by_keys_and_loads_nothing() -> None:
    text = page(Department.DISABILITY, [checked(KEPT, ODD, BROKEN, batch="ab" * 32)])
    assert "存疑" in text
    assert "<code>CL-1</code>、<code>CL-2</code>" in text
    assert "身份号码" in text
    for outside in ("http:", "https:", "//", "<script", "<img", "<link", "url(", "@import"):
        assert outside not in text


def test_the_page_escapes_whatever_stands_in_a_result() -> None:
    odd = Checked(
        column="name", expectation="<script>", severity=Gravity.ERROR, rows=1, failing_rows=1, kept=False
    )
    text = page(Department.DISABILITY, [checked(odd)])
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_page_without_any_check_says_so() -> None:
    assert "尚未检核" in page(Department.HEALTH, [])


def test_joining_two_answers_keeps_the_doubt() -> None:
    provenance = asyncio.run(
        MemoryConnector(Department.DISABILITY, ROWS, clock=clock).fetch(
            Ask(Certificate, "person", (person(0),), frozenset())
        )
    )[person(0)]
    assert isinstance(provenance, Found)
    nothing = NoRecord(msgspec.structs.replace(provenance.provenance, quality=Quality.DOUBTFUL))
    for joined in (_both(provenance, nothing), _both(nothing, provenance)):
        assert isinstance(joined, Found)
        assert joined.provenance.quality is Quality.DOUBTFUL
