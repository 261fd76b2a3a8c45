"""Every sentence of the pages is said in Chinese and in English."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from audit.catalogue import EVENTS
from gateway.console.words import said_in_chinese, say
from tests.gateway.console.houses import console_over

CONSOLE = Path(__file__).parents[3] / "gateway" / "console"


def sentences() -> set[str]:
    """What templates ask to be said, and what pages say from Python."""
    found = extract_from_dir(CONSOLE / "templates", method_map=[("**.html", "jinja2")])
    from_templates = {message for _, _, message, _, _ in found if isinstance(message, str)}
    python = "\n".join(path.read_text(encoding="utf-8") for path in CONSOLE.glob("*.py"))
    return from_templates | set(re.findall(r'\.say\(\s*"([^"]+)"\s*\)', python))


def test_no_sentence_lacks_its_chinese() -> None:
    assert sorted(sentences() - said_in_chinese().keys()) == []


def test_what_an_entry_says_and_what_a_form_expects_are_said_in_chinese_too() -> None:
    events = {event.says for event in EVENTS.values()}
    sources = [*(CONSOLE.parents[1] / "casework").glob("*.py"), *CONSOLE.glob("*.py")]
    python = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    mistakes = set(re.findall(r'BadRequest\(\s*"([^"]+)"\s*\)', python))
    assert len(mistakes) > 5
    assert sorted((events | mistakes) - said_in_chinese().keys()) == []


@pytest.mark.parametrize(("lang", "word"), [("zh", "登录"), ("en", "Sign in")])
def test_a_browser_is_spoken_to_in_its_language(lang: str, word: str, tmp_path: Path) -> None:
    async def story() -> str:
        async with console_over(tmp_path) as console:
            return (await console.browser(lang=lang).get("/console/login")).text

    assert word in asyncio.run(story())


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert say("no such sentence", "zh") == "no such sentence"
