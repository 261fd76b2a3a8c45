"""Several pieces of work are heard of as if they were one."""

from collections.abc import Iterator
from threading import Barrier, Event

import pytest

from verification.runs.abreast import abreast


def steps(*names: str) -> Iterator[str]:
    yield from names


def unheard() -> None:
    pytest.fail("nobody is to be interrupted")


def test_a_step_is_told_once_all_have_done_it() -> None:
    assert list(abreast([steps("a", "b"), steps("c", "d")], interrupt=unheard)) == ["a", "b"]


def test_one_work_is_done_as_it_is_heard() -> None:
    heard = abreast([steps("a", "b")], interrupt=unheard)
    assert next(heard) == "a"
    assert list(heard) == ["b"]


def test_works_go_on_at_the_same_time() -> None:
    both = Barrier(2, timeout=60)

    def work() -> Iterator[str]:
        both.wait()
        yield "met"

    assert list(abreast([work(), work()], interrupt=unheard)) == ["met"]


@pytest.mark.parametrize("failing", [0, 1])
def test_what_a_work_raises_is_raised_when_none_goes_on(failing: int) -> None:
    interrupted = Event()

    def fails() -> Iterator[str]:
        yield "first"
        raise ArithmeticError

    def waits() -> Iterator[str]:
        yield "first"
        assert interrupted.wait(60)
        yield "second"
        pytest.fail("it goes on")

    works = [waits(), waits()]
    works[failing] = fails()
    with pytest.raises(ArithmeticError):
        list(abreast(works, interrupt=interrupted.set))
    assert interrupted.is_set()


def test_who_wants_to_hear_no_more_ends_the_works() -> None:
    interrupted = Event()

    def works() -> Iterator[str]:
        yield "first"
        assert interrupted.wait(60)
        yield "second"
        pytest.fail("it goes on")

    heard = abreast([works(), works()], interrupt=interrupted.set)
    assert next(heard) == "first"
    heard.close()  # type: ignore[attr-defined] # it is a generator
    assert interrupted.is_set()
