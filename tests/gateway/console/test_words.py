"""Every sentence of the pages is said in Chinese and in English."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from audit.catalogue import EVENTS
from connectors.quality import Gravity
from gateway.console.words import said_in_chinese, say
from gateway.progress import RunState, VerificationState
from gateway.replay import State
from gateway.sampling import SHREDDED, UNJUDGED
from gateway.schema.verification import AnswerCode, VerifiedCategory
from gateway.view import AnswerState
from tests.gateway.console.houses import console_over
from verification.parameters import TABLES
from vocabulary.codes import Code
from vocabulary.evidence import FailureKind

ROOT = Path(__file__).parents[3]
CONSOLE = ROOT / "gateway" / "console"


def sentences() -> set[str]:
    """What templates ask to be said, and what pages say from Python."""
    found = extract_from_dir(CONSOLE / "templates", method_map=[("**.html", "jinja2")])
    from_templates = {message for _, _, message, _, _ in found if isinstance(message, str)}
    python = "\n".join(path.read_text(encoding="utf-8") for path in CONSOLE.glob("*.py"))
    return from_templates | set(re.findall(r'\.say\(\s*"([^"]+)"\s*\)', python))


def test_no_sentence_lacks_its_chinese() -> None:
    assert sorted(sentences() - said_in_chinese().keys()) == []


FORMS = (
    *(ROOT / "casework").glob("*.py"),
    *CONSOLE.glob("*.py"),
    *(ROOT / "gateway" / f"{name}.py" for name in ("acts", "casework_acts", "disputed", "whereabouts")),
    *(ROOT / "gateway" / f"{name}.py" for name in ("sampling", "district_run", "run_moves", "run_findings")),
    ROOT / "verification" / "working_days.py",
    ROOT / "verification" / "pack.py",
    ROOT / "verification" / "runs" / "job.py",
)
MISTAKES = {
    *("BadRequest", "NotDone", "CannotSample", "BeyondCalendar", "NotInForce", "Unfounded"),
    *("CannotRun", "NoSuchRun", "RunEnded", "OtherRun"),
}
"""Errors whose text a page shows to whoever filled in a form."""


def _text(node: ast.AST) -> str:
    """A text of the source as the catalogue has it: with `{}` for each value."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.BinOp(left=left, op=ast.Add()):
            return _text(left) + "{}"
    return ""


def of_agreements() -> set[str]:
    """What a place of an agreement should have said, and what it said instead."""
    found = set()
    for name in ("written", "agreement", "agreement_sheet"):
        for node in ast.walk(ast.parse((ROOT / "casework" / f"{name}.py").read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id=called) | ast.Attribute(attr=called), args=given, keywords=named
                ):
                    if called in ("wrong", "_wrong", "BadAgreement"):
                        told = [each.value for each in named if each.arg in ("expected", "got")]
                        found |= {_text(each) for each in (*given, *told)}
    return {each for each in found if re.match(r"[A-Za-z]|\{\},", each)}


def mistakes() -> set[str]:
    """What forms expect: raised there, or given as the reason why something is not done."""
    found = set()
    for path in FORMS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[text, *_]) if name in MISTAKES:
                    found.add(_text(text))
                case ast.Return(value=text) | ast.Assign(value=text) if text is not None:
                    found.add(said if (said := _text(text)).startswith(("expected ", "got `")) else "")
    return (found - {"", "{}"}) | of_agreements()


def test_what_an_entry_says_and_what_a_form_expects_are_said_in_chinese_too() -> None:
    events = {event.says for event in EVENTS.values()}
    assert len(mistakes()) > 40
    assert sorted((events | mistakes()) - said_in_chinese().keys()) == []


def test_a_translation_holds_as_many_values_as_the_sentence() -> None:
    assert [each for each, said in said_in_chinese().items() if each.count("{}") != said.count("{}")] == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("expected `claim` of 1 to 2000 characters", "`理由` 应为 1 至 2000 个字符"),
        (
            "expected 人社 to say whose the record is, got `TIMED_OUT`, and nothing was changed",
            "人社未能答复这条记录是谁的：超时，未作任何改动",
        ),
        ("expected a run that is kept, got `{}`", "没有保存编号为 {} 的批量核对"),
        (
            "expected a run that is kept, got `a\nb`, which was forgotten meanwhile",
            "编号为 a\nb 的批量核对已被删除",
        ),
    ],
)
def test_a_mistake_with_values_in_it_is_said_in_chinese(english: str, chinese: str) -> None:
    assert say(english, "zh") == chinese
    assert say(english, "en") == english


SHOWN_BY_VALUE = (AnswerState, FailureKind, VerifiedCategory, VerificationState, RunState, Gravity)
"""Codes that templates give to `_` as they come; others are said by the filters `term`, `like` and `office`."""

OTHERS = {
    *("ANSWERED", "MASKED", "DENIED", "VERIFY_ONLY", SHREDDED, UNJUDGED),
    *(each.value for each in State),
    *TABLES["clock_days"].keys,
}
"""What else they give to `_` as it comes: outcomes, strata, what a replay came to, clocks."""


@pytest.mark.parametrize("kind", SHOWN_BY_VALUE, ids=lambda kind: kind.__name__)
def test_a_code_is_called_by_its_own_term(kind: type[Code]) -> None:
    terms = {each.value: each.term.partition(":")[0] for each in kind}
    assert {value: say(value, "zh") for value in terms} == terms


def test_answers_to_a_gate_are_called_by_their_terms() -> None:
    terms = {each.name: each.term for each in AnswerCode}
    assert {name: say(name, "zh") for name in terms} == terms


def test_words_that_are_of_no_list_of_codes_are_said_in_chinese() -> None:
    assert sorted(OTHERS - said_in_chinese().keys()) == []


def test_no_chinese_is_kept_of_what_no_page_says() -> None:
    codes = {each.value for kind in SHOWN_BY_VALUE for each in kind} | {each.name for each in AnswerCode}
    events = {event.says for event in EVENTS.values()}
    python = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (*CONSOLE.glob("*.py"), *ROOT.glob("casework/*.py"), ROOT / "gateway" / "replay.py")
    )
    left = said_in_chinese().keys() - sentences() - codes - OTHERS - events - mistakes()
    assert sorted(each for each in left if f'"{each}"' not in python) == []


@pytest.mark.parametrize(("lang", "word"), [("zh", "登录"), ("en", "Sign in")])
def test_a_browser_is_spoken_to_in_its_language(lang: str, word: str, tmp_path: Path) -> None:
    async def story() -> str:
        async with console_over(tmp_path) as console:
            return (await console.browser(lang=lang).get("/console/login")).text

    assert word in asyncio.run(story())


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert say("no such sentence", "zh") == "no such sentence"
