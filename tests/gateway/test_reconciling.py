"""Is an access without an entry found, and an entry without an access, and a list that was changed?"""

from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.note import Signer
from audit.reconcile import Kind, ServedList
from connectors.served import FILE
from gateway.errors import CannotOpen
from gateway.log_desk import LogDesk
from gateway.reconciling import Lists, reconcile_day
from tests.gateway.desk import NOW, TODAY, at_desk
from tests.gateway.rows import ROWS
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.register import RECORD_TYPES

QUESTION = """{household(number: "H-1") {number members {person {state} insurance {state} death {state}}}}"""
TOMORROW = TODAY + timedelta(days=1)


def reconciled(folder, spoil=lambda folder: None, *, again=False, today=TOMORROW, day=TODAY, **options):
    """What a comparison comes to after one question, when `spoil` was done before it, or before the second."""

    async def test(desk):
        assert (await desk.ask(QUESTION)).status_code == 200
        at = LogDesk(desk.log, desk.office.trace._book, None, 1.0)
        lists = Lists(folder / "served", desk.office.served, make_keys=True)
        if again:
            assert (await reconcile_day(at, lists, day, today=today)).discrepancies == ()
        spoil(folder / "served")
        return await reconcile_day(at, lists, day, today=today), await desk.entries()

    return at_desk(folder, ROWS, test, **options)


def edit(name, change):
    def spoil(folder):
        path = folder / name
        path.write_text(change(path.read_text()))

    return spoil


def test_both_sides_tell_the_same_and_the_lists_are_noted(tmp_path):
    came, entries = reconciled(tmp_path)
    assert (came.discrepancies, came.faults, came.final) == ((), (), True)
    assert came.accesses == 3
    noted = [entry["fields"] for entry in entries if entry["event"] == "source.served"]
    assert {one["source"] for one in noted} == {record.department.value for record in RECORD_TYPES}
    assert {one["day"] for one in noted} == {"2026-11-16"}
    assert sum(one["accesses"] for one in noted) == 3
    assert {one["missing"] for one in noted} == {one["surplus"] for one in noted} == {0}


def without(department):
    """What is left of the counts when a department's are taken out."""
    return lambda text: "".join(f"{line}\n" for line in text.splitlines() if line.split()[1] != department)


def test_the_outcome_tells_how_many_were_answered_about(tmp_path):
    _, entries = reconciled(tmp_path)
    counts = (tmp_path / "served" / FILE).read_text().splitlines()
    (outcome,) = [entry["fields"] for entry in entries if entry["event"] == "inquiry.outcome"]
    assert f"2026-11-16 health {outcome['intent']} {outcome['persons']['health']}" in counts


def test_an_access_without_an_entry_is_found(tmp_path):
    came, entries = reconciled(tmp_path, edit(FILE, lambda text: text + "2026-11-16 health 4242 1\n"))
    (found,) = came.discrepancies
    assert (found.kind, found.source, found.intent) == (Kind.ACCESS_WITHOUT_ENTRY, "health", 4242)
    (noted,) = [one["fields"] for one in entries if one["fields"].get("source") == "health"]
    assert (noted["surplus"], noted["missing"]) == (1, 0)


def test_an_entry_without_an_access_is_found(tmp_path):
    came, _ = reconciled(tmp_path, edit(FILE, without("health")))
    (found,) = came.discrepancies
    assert (found.kind, found.source) == (Kind.ENTRY_WITHOUT_ACCESS, "health")


def test_one_person_more_than_the_entry_tells_is_found(tmp_path):
    came, _ = reconciled(tmp_path, edit(FILE, lambda text: text + text.split()[0] + " health 0 1\n"))
    assert [one.kind for one in came.discrepancies] == [Kind.COUNT_DIFFERS]


def test_a_department_that_failed_is_no_disagreement(tmp_path):
    came, _ = reconciled(tmp_path, failing={Department.HEALTH: FailureKind.TIMED_OUT})
    assert (came.discrepancies, came.accesses) == ((), 2)


@pytest.mark.parametrize("again", [False, True])
def test_a_day_that_is_not_over_is_compared_and_not_noted(tmp_path, again):
    came, entries = reconciled(tmp_path, today=TODAY, again=again)
    assert (came.final, came.discrepancies) == (False, ())
    assert "source.served" not in {entry["event"] for entry in entries}


def test_a_list_is_noted_once(tmp_path):
    _, entries = reconciled(tmp_path, again=True)
    assert [entry["event"] for entry in entries].count("source.served") == len(
        {record.department for record in RECORD_TYPES}
    )


def test_a_list_that_was_changed_after_it_was_signed_is_found(tmp_path):
    came, _ = reconciled(
        tmp_path, edit("2026-11-16/health.served", lambda text: text.replace("\n0 ", "\n1 ")), again=True
    )
    assert "health: the list is not the one that was noted" in came.faults
    assert any(fault.startswith("health: WrongSignature") for fault in came.faults)


def test_a_list_that_was_signed_anew_is_found(tmp_path):
    def spoil(folder):
        (folder / "health.key").unlink()
        (folder / "2026-11-16" / "health.served").unlink()

    came, _ = reconciled(tmp_path, spoil, again=True)
    assert came.faults == ("health: the list that was noted is not there any more",)


def test_a_department_may_bring_its_own_list_and_key(tmp_path):
    own = Signer.ed25519("health.example", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))

    def bring(folder):
        (folder / "health.vkey").write_text(f"{own.key}\n")
        (folder / "2026-11-16").mkdir()
        served = ServedList("health", "2026-11-16", {0: 2, 9: 1})
        (folder / "2026-11-16" / "health.served").write_bytes(served.sign(own))

    came, entries = reconciled(tmp_path, bring)
    assert came.faults == ()
    assert [(one.kind, one.intent) for one in came.discrepancies] == [(Kind.ACCESS_WITHOUT_ENTRY, 9)]
    (noted,) = [one["fields"] for one in entries if one["fields"].get("source") == "health"]
    assert (noted["accesses"], noted["persons"], noted["surplus"]) == (2, 3, 1)
    assert not (tmp_path / "served" / "health.key").exists()


def test_outside_development_no_key_is_made(tmp_path):
    async def test(desk):
        lists = Lists(tmp_path / "served", desk.office.served, make_keys=False)
        at = LogDesk(desk.log, desk.office.trace._book, None, 1.0)
        with pytest.raises(CannotOpen, match="civil_affairs"):
            await reconcile_day(at, lists, date(2026, 11, 16), today=TOMORROW)

    at_desk(tmp_path, ROWS, test)
    assert not list((tmp_path / "served").glob("*.key"))


def test_a_run_stands_in_the_lists_and_in_the_log(tmp_path):
    def spoiled(*, counted, noted):
        async def test(desk):
            trace = desk.office.trace
            started = await trace.run_started(
                by="operator", run="r", pack="ab" * 32, rules="cd" * 32, households=0, day=TODAY
            )
            for department, persons in counted.items():
                desk.office.served.add(str(started), {department: persons})
            states = {one.value: "ANSWERED" for one in noted}
            numbers = {one.value: persons for one, persons in noted.items()}
            await trace.run_finished(
                started, state="DONE", households=2, found={}, sources=states, persons=numbers
            )
            at = LogDesk(desk.log, desk.office.trace._book, None, 1.0)
            lists = Lists(tmp_path / "served", desk.office.served, make_keys=True)
            return (await reconcile_day(at, lists, TODAY, today=TODAY)).discrepancies

        return [(one.kind, one.source) for one in at_desk(tmp_path, ROWS, test)]

    health, education = Department.HEALTH, Department.EDUCATION
    both = {health: 11221, education: 400}
    assert spoiled(counted=both, noted=both) == []
    (tmp_path / "served" / FILE).unlink()
    found = spoiled(counted={health: 11220}, noted=both)
    assert (Kind.COUNT_DIFFERS, "health") in found
    assert (Kind.ENTRY_WITHOUT_ACCESS, "education") in found


def test_reconciling_reads_the_entries_of_the_day_and_no_others(tmp_path):
    async def test(desk):
        at = LogDesk(desk.log, desk.office.trace._book, None, 1.0)
        lists = Lists(tmp_path / "served", desk.office.served, make_keys=True)
        for step in range(600):  # another month
            made = at.book.entry(
                "audit.read",
                at=NOW - timedelta(days=40, seconds=step),
                fields={"caller": "x", "what": "head"},
            )
            await desk.log.append(made.bytes)
        assert (await desk.ask(QUESTION)).status_code == 200
        assert (await reconcile_day(at, lists, TODAY, today=TODAY)).discrepancies == ()
        read, entries = [], desk.log.reader.entries
        desk.log.reader.entries = lambda first, end: read.extend(range(first, end)) or entries(first, end)
        await reconcile_day(at, lists, TODAY, today=TODAY)
        return read

    assert sorted(set(at_desk(tmp_path, ROWS, test))) == [600, 601]
