"""Is what is left of a masked verdict of nobody, and without amounts?"""

from dataclasses import fields

from demo.story import load_all
from demo.story_check import verify
from gateway.masking import without_persons
from vocabulary.money import Money

STORY = next(story for story in load_all() if story.id == "H8")
VERDICT = verify(STORY)


def test_a_masked_part_names_nobody():
    for part in (VERDICT.findings, VERDICT.members, VERDICT.lines, VERDICT.cannot_tell):
        text = str(without_persons(part))
        for person in STORY.people.values():
            assert person.id not in text
            assert person.name not in text


def test_a_masked_finding_tells_its_rule_and_no_amount():
    for before, after in zip(VERDICT.findings, without_persons(VERDICT.findings), strict=True):
        assert (after.rule, after.severity, after.article) == (before.rule, before.severity, before.article)
        assert after.records == ()
        amounts = [str(Money(value)) for name, value in before.evidence.items() if name.endswith("_fen")]
        told = after.zh + after.en + str(after.evidence)
        assert not [amount for amount in amounts if amount in told or f"{float(amount):,.2f}" in told]
        assert after.zh.startswith(("疑似", "提示"))


def test_a_masked_finding_does_not_tell_the_day_of_a_death():
    story = next(story for story in load_all() if story.id == "H10")
    (found,) = (each for each in verify(story).findings if each.rule == "LIF-01")
    assert {"died_on", "check_due"} <= set(found.evidence)
    assert set(without_persons(found).evidence) == {"months"}


def test_numbers_and_codes_stay_as_they_are():
    assert without_persons(3) == 3
    assert without_persons("DIBAO") == "DIBAO"
    assert without_persons(None) is None


def test_the_verdict_itself_is_not_changed():
    before = {each.name: getattr(VERDICT, each.name) for each in fields(VERDICT)}
    without_persons(VERDICT.findings)
    assert before == {each.name: getattr(VERDICT, each.name) for each in fields(VERDICT)}


def test_a_masked_finding_names_its_article_as_any_finding_does():
    for before, after in zip(VERDICT.findings, without_persons(VERDICT.findings), strict=True):
        assert before.zh.partition("依据：")[2] == after.zh.partition("依据：")[2] != ""
        assert before.en.partition(". Under ")[2] == after.en.partition(". Under ")[2] != ""
