"""Do the others go on while one does not come up again, and is it tried anew? Over processes that do nothing else."""

import multiprocessing
import os
import signal
import time

import pytest
import structlog

from gateway.errors import NotListening
from gateway.staff import Patience, Staff, Worker
from tests.gateway.small_workers import work

# Forked, they come up at once; nothing of what the tests opened is used in them.
PROCESSES = multiprocessing.get_context("fork")
EVERY_S = 0.05
PATIENCE = Patience(steady_s=0.0, waits_s=(0.0, 0.05))
SHORT = Patience(silent_s=1.5, steady_s=0.0, waits_s=(0.0, 0.05))


@pytest.fixture
def told():
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def staff(tmp_path, request):
    made = staff_of(tmp_path, patience=getattr(request, "param", PATIENCE))
    made.bring_up(every_s=EVERY_S)
    yield made
    (tmp_path / "ends").touch()
    made.dismiss(within_s=5)


def staff_of(folder, *, size=2, patience=PATIENCE):
    def begin():
        if (folder / "full").exists():
            raise OSError(11, "Resource temporarily unavailable")
        ours, theirs = PROCESSES.Pipe()
        process = PROCESSES.Process(target=work, args=(folder, theirs), daemon=True)
        with theirs:
            process.start()
        return Worker(process, ours)

    return Staff(begin, size=size, patience=patience)


def begun(folder):
    return [int(pid) for pid in (folder / "begun").read_text().split()]


def until(*conditions):
    """What tells to stop once all of these hold; it fails when they do not come to hold."""
    last = time.monotonic() + 60

    def stop():
        assert time.monotonic() < last, "it did not come to pass"
        return all(each() for each in conditions)

    return stop


def test_one_that_dies_is_replaced(tmp_path, staff, told):
    died = begun(tmp_path)[0]
    os.kill(died, signal.SIGKILL)
    staff.watch(until(lambda: staff.left == 2 and len(begun(tmp_path)) == 3), every_s=EVERY_S)
    assert [(line["event"], line["pid"], line["left"]) for line in told] == [("worker died", died, 1)]


def test_the_others_go_on_while_one_does_not_come_up_again(tmp_path, staff, told):
    died, stays = begun(tmp_path)
    (tmp_path / "fails").touch()
    os.kill(died, signal.SIGKILL)
    staff.watch(until(lambda: len(begun(tmp_path)) >= 5), every_s=EVERY_S)
    assert staff.left == 1
    os.kill(stays, 0)
    assert {line["event"] for line in told} == {"worker died", "worker does not come up"}
    assert {line["left"] for line in told} == {1}
    assert [line["again_in_s"] for line in told][:2] == [0.0, 0.05], "later each time"
    (tmp_path / "fails").unlink()
    staff.watch(until(lambda: staff.left == 2), every_s=EVERY_S)


def test_where_nobody_is_left_it_is_given_up(tmp_path, staff, told):
    (tmp_path / "fails").touch()
    for each in begun(tmp_path):
        os.kill(each, signal.SIGKILL)
    with pytest.raises(NotListening, match="to come up again"):
        staff.watch(until(lambda: False), every_s=EVERY_S)


@pytest.mark.parametrize("staff", [SHORT], indirect=True)
def test_one_that_hangs_is_ended_and_replaced(tmp_path, staff, told):
    hangs = begun(tmp_path)[0]
    os.kill(hangs, signal.SIGSTOP)
    staff.watch(until(lambda: staff.left == 2 and len(begun(tmp_path)) == 3), every_s=EVERY_S)
    assert [(line["event"], line["pid"]) for line in told] == [("worker hangs", hangs)]
    with pytest.raises(ProcessLookupError):
        os.kill(hangs, 0)


@pytest.mark.parametrize("staff", [SHORT], indirect=True)
def test_that_we_stood_still_ourselves_is_no_silence_of_theirs(tmp_path, staff, told):
    time.sleep(SHORT.silent_s + 0.1)
    looked = iter((False, False, True))
    staff.watch(lambda: next(looked), every_s=EVERY_S)
    assert (staff.left, told) == (2, [])


@pytest.mark.parametrize("staff", [SHORT], indirect=True)
def test_where_all_hang_they_wait_for_something_and_are_left_alone(tmp_path, staff, told):
    for each in begun(tmp_path):
        os.kill(each, signal.SIGSTOP)
    last = time.monotonic() + 2 * SHORT.silent_s
    staff.watch(lambda: time.monotonic() > last, every_s=EVERY_S)
    assert told == []
    for each in begun(tmp_path):
        os.kill(each, signal.SIGCONT)
    looked = iter([False] * 5 + [True])
    staff.watch(lambda: next(looked), every_s=EVERY_S)
    assert (staff.left, told) == (2, [])


def test_where_no_process_can_be_begun_it_is_tried_again(tmp_path, staff, told):
    (tmp_path / "full").touch()
    os.kill(begun(tmp_path)[0], signal.SIGKILL)
    staff.watch(until(lambda: len(told) >= 3), every_s=EVERY_S)
    assert told[1]["event"] == "worker cannot be begun"
    (tmp_path / "full").unlink()
    staff.watch(until(lambda: staff.left == 2), every_s=EVERY_S)


def test_nobody_waits_longer_than_the_longest(tmp_path, told):
    staff = staff_of(tmp_path, patience=Patience(waits_s=(0.0, 1.0, 5.0)))
    for _ in range(5):
        staff._put_off("worker died")
    assert [line["again_in_s"] for line in told] == [0.0, 1.0, 5.0, 5.0, 5.0]


def test_at_the_start_all_come_up_or_nothing_is_served(tmp_path):
    (tmp_path / "fails").touch()
    staff = staff_of(tmp_path)
    with pytest.raises(NotListening, match="every worker process to come up"):
        staff.bring_up(every_s=EVERY_S)
    staff.dismiss(within_s=5)


def test_a_stop_does_not_wait_for_one_that_is_coming_up(tmp_path, staff):
    (tmp_path / "silent").touch()
    os.kill(begun(tmp_path)[0], signal.SIGKILL)
    staff.watch(until(lambda: len(begun(tmp_path)) == 3), every_s=EVERY_S)
    assert staff.left <= 1


def test_who_does_not_stop_in_time_is_ended(tmp_path):
    staff = staff_of(tmp_path)
    staff.bring_up(every_s=EVERY_S)
    os.kill(begun(tmp_path)[0], signal.SIGSTOP)
    staff.dismiss(within_s=0.2)
    for pid in begun(tmp_path):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
