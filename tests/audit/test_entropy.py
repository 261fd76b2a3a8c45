"""Random bytes, each given once."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection

import pytest

from audit.entropy import Entropy


@pytest.mark.parametrize("ahead", [1, 16, 100])
def test_every_byte_is_given_once_and_as_many_as_were_asked_for(
    ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = iter(range(10_000))
    monkeypatch.setattr("os.urandom", lambda many: bytes(next(counted) % 256 for _ in range(many)))
    entropy, given = Entropy(ahead=ahead), b""
    for count in (1, 5, 16, 3, 40, 7):
        taken = entropy(count)
        assert len(taken) == count
        given += taken
    assert len(set(given)) == len(given)


def _told(entropy: Entropy, pipe: Connection) -> None:
    pipe.send(entropy(16))


def test_a_forked_process_does_not_give_what_its_parent_gives() -> None:
    entropy = Entropy()
    entropy(1)
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_told, args=(entropy, theirs))
    process.start()
    told = mine.recv()
    process.join()
    assert told != entropy(16)
