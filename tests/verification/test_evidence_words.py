"""Does every piece of evidence have a name in both languages, so that no sentence shows an identifier?"""

import re

from demo.story import load_all
from demo.story_check import verify
from verification.catalogue import CATALOGUE
from verification.citation import in_chinese
from verification.evidence_words import WORDS, WORDS_IN_A_RULE, in_english
from verification.language.describe import words
from vocabulary.codes import Category, SpecialStatus

SHOWN = {name for rule in CATALOGUE.rules for name, _ in rule.evidence if not name.endswith("_records")}


def test_every_piece_of_evidence_has_its_words_and_no_other_has() -> None:
    assert set(WORDS) == SHOWN


def test_words_are_chinese_and_english() -> None:
    for zh, en in [*WORDS.values(), *WORDS_IN_A_RULE.values()]:
        assert re.search("[\u4e00-\u9fff]", zh)
        assert not re.search("[a-zA-Z_]", zh)
        assert en.isascii() or en.startswith("特困")
        assert "_" not in en


def test_no_finding_of_a_story_shows_an_identifier_or_a_unit_that_it_is_not_told_in() -> None:
    for story in load_all():
        for finding in verify(story).findings:
            assert not re.search("[a-z]_[a-z]", finding.zh), finding.zh
            assert not re.search(r"\bfen\b", finding.en), finding.en
            assert finding.en.endswith(f" Under {finding.article}.")
            assert f"。依据：{in_chinese(finding.article)}。" in finding.zh


def test_words_of_one_rule_are_of_its_evidence_and_say_something_else() -> None:
    evidence = {(rule.number, name) for rule in CATALOGUE.rules for name, _ in rule.evidence}
    assert WORDS_IN_A_RULE.keys() <= evidence
    assert all(words != WORDS[name] for (_, name), words in WORDS_IN_A_RULE.items())


def test_no_two_rules_mean_different_people_by_one_word() -> None:
    """CAU-01 counts the ill, CAT-02 everybody who is counted: the sentences must not say the same of both."""
    told = {finding.rule: finding.zh for story in load_all() for finding in verify(story).findings}
    assert "，计入人数 " in told["CAT-02"]
    assert "，重特大疾病人数 " in told["CAU-01"]
    assert "，失业人数 " in told["CAU-05"]


def test_a_code_is_said_in_english_and_not_by_its_name() -> None:
    for code in [*Category, *SpecialStatus]:
        assert in_english(code).islower()
    told = {
        (story.id, finding.rule): finding.en for story in load_all() for finding in verify(story).findings
    }
    assert "verified category: no category" in told["H8", "CAT-05"]
    assert "away: in prison" in told["HH-04", "HH-04"]
    assert "from social security; 9,600.00 yuan" in told["H13", "CAT-07"]


def test_no_condition_in_chinese_shows_the_name_that_a_fact_has_in_the_code() -> None:
    """But for parameters, which a pack's file calls by their names."""
    for rule in CATALOGUE.rules:
        for condition in rule.deciding():
            told = re.sub(r"政策参数 \w+", "", words(condition, "zh"))
            assert not re.search("[a-z]{2}", told), (rule.number, told)
