"""Does every piece of evidence have a name in both languages, so that no sentence shows an identifier?"""

import re

from demo.story import load_all
from demo.story_check import verify
from verification.catalogue import CATALOGUE
from verification.evidence_words import WORDS

SHOWN = {name for rule in CATALOGUE.rules for name, _ in rule.evidence if not name.endswith("_records")}


def test_every_piece_of_evidence_has_its_words_and_no_other_has() -> None:
    assert set(WORDS) == SHOWN


def test_words_are_chinese_and_english() -> None:
    for zh, en in WORDS.values():
        assert re.search("[\u4e00-\u9fff]", zh)
        assert not re.search("[a-zA-Z_]", zh)
        assert en.isascii() or en.startswith("特困")
        assert "_" not in en


def test_no_finding_of_a_story_shows_an_identifier_or_a_unit_that_it_is_not_told_in() -> None:
    for story in load_all():
        for finding in verify(story).findings:
            assert not re.search("[a-z]_[a-z]", finding.zh), finding.zh
            assert not re.search(r"\bfen\b", finding.en), finding.en
            assert finding.rule == "CAT-07" or finding.en.endswith(f" Under {finding.article}.")
