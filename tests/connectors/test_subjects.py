"""Are subjects written to a department as they are meant, however they were given?"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from connectors.forms import plainly_text
from connectors.subjects import LONGEST_SUBJECT, Subjects, tidy
from vocabulary.idnumber import WrittenId

ID = "11010519491231002X"

texts = some.text(max_size=LONGEST_SUBJECT + 2) | some.text("0123456789AXEx- \t\"\\'", max_size=20)


@given(some.lists(texts | texts.map(WrittenId), max_size=5))
@example([])
@example([""])
@example([ID, ID.lower(), " " + ID])
@example([" HD-1"])
@example(["\ud800"])
@example(['"', "\\"])
@example(["7" * (LONGEST_SUBJECT + 1)])
def test_each_is_asked_for_once_tidied_and_as_json(given_as: list[str]) -> None:
    subjects = Subjects(given_as)
    once = dict.fromkeys(map(tidy, given_as))
    assert subjects.askable == [one for one in once if 0 < len(one) <= LONGEST_SUBJECT and one.isprintable()]
    assert [*subjects.tidied] == [*map(tidy, given_as)]
    assert subjects.encoded == msgspec.json.encode(subjects.askable)
    assert set(map(type, subjects.askable)) <= {str}


@given(some.lists(texts | texts.map(WrittenId), max_size=5))
@example([WrittenId(ID), "HD-1"])
@example([WrittenId(ID), WrittenId("5E17")])
def test_what_is_plainly_written_of_them_is_known_as_the_very_same_word(given_as: list[str]) -> None:
    subjects = Subjects(given_as)
    for word in (str, WrittenId):
        known = subjects.known(word)
        if known is None:
            assert (
                subjects.tidied is not subjects
                or not subjects.askable
                or not plainly_text(subjects.askable)
                or max(map(len, subjects.askable)) > 32
            )
            continue
        assert [*known] == subjects.askable
        assert all(key == one and type(one) is word for key, one in known.items())


def test_a_word_that_is_there_already_is_taken() -> None:
    mine, other = WrittenId(ID), WrittenId("529901195001010007")
    for given_as in ((mine, other), (mine, "529901195001010007")):
        known = Subjects(given_as).known(WrittenId)
        assert known is not None
        assert known[ID] is mine


@pytest.mark.parametrize("word", [int, None])
def test_of_other_columns_nothing_is_known(word: type[str] | None) -> None:
    assert Subjects((ID,)).known(word) is None
