"""Is what is written at once what msgspec writes, and is what is not plain refused?"""

import msgspec
import pytest

from gateway.executor import plain
from gateway.executor.plain import NAMES, NotPlain, Texts, raw


def test_a_text_is_written_as_msgspec_writes_it_whatever_its_signs():
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000))))
    assert NAMES["said"](every).encode() == msgspec.json.encode(every)


def test_half_a_character_leaves_in_no_way():
    with pytest.raises(UnicodeEncodeError):
        raw(NAMES["said"]("\ud800"))


def test_null_has_a_text_only_where_it_may_stand():
    assert Texts({None: None}, required=False)[None] == "null"
    with pytest.raises(NotPlain):
        Texts({None: None}, required=True)[None]


def test_no_more_texts_are_remembered_than_may_be(monkeypatch):
    monkeypatch.setattr(plain, "TEXTS_KEPT", 3)
    texts = Texts({number: f"{number}" for number in range(8)}, required=True)
    assert [texts[number] for number in range(8)] == [f'"{number}"' for number in range(8)]
    assert len(texts) <= 3
