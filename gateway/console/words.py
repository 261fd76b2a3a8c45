"""In which language does a page speak? Chinese or English: `?lang`, then the cookie, then the browser's wish.

Templates are written in English; `words/zh.po` says in Chinese each sentence of theirs, what entries of the
log say and what forms expect, and a test holds that none is missing. Official terms stay Chinese in both:
they are what the law calls things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from babel import Locale, negotiate_locale
from babel.messages.pofile import read_po
from starlette.requests import Request

Lang: TypeAlias = Literal["zh", "en"]

FOLDER = Path(__file__).with_name("words")
COOKIE = "hedui-lang"


def language_of(request: Request) -> Lang:
    """The language for one request."""
    asked = request.query_params.get("lang") or request.cookies.get(COOKIE)
    match asked:
        case "zh" | "en":
            return asked
    wishes = [wish.split(";")[0].strip() for wish in request.headers.get("accept-language", "").split(",")]
    found = negotiate_locale([wish for wish in wishes if wish], ["zh", "en"], sep="-")
    if found is None:  # `zh-CN` is Chinese although only `zh` is offered
        found = next((wish[:2] for wish in wishes if wish[:2] in ("zh", "en")), "zh")
    return "en" if Locale.parse(found).language == "en" else "zh"


@cache
def said_in_chinese() -> Mapping[str, str]:
    """Each English sentence of the templates, in Chinese."""
    with (FOLDER / "zh.po").open("rb") as file:
        catalogue = read_po(file, locale="zh")
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}


def say(sentence: str, lang: Lang) -> str:
    """A sentence in a language; one without a translation stays as it is.

    What a form expects may hold values: `{}` in the catalogue stands for one, which is said in its turn.

    >>> say("expected `reason` of 1 to 2000 characters", "zh")
    '`理由` 应为 1 至 2000 个字符'
    """
    if lang == "en":
        return sentence
    known = said_in_chinese().get(sentence)
    return _filled(sentence) if known is None else known


def _filled(sentence: str) -> str:
    """A sentence with values in it, in Chinese, by the first form of the catalogue that it has."""
    for form, chinese in _forms():
        if found := form.fullmatch(sentence):
            first, *others = chinese.split("{}")
            values = [say(value, "zh") for value in found.groups()]
            return first + "".join(value + text for value, text in zip(values, others, strict=True))
    return sentence


@cache
def _forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with values in them, those first that say most themselves."""
    forms = sorted((each for each in said_in_chinese() if "{}" in each), key=len, reverse=True)
    return tuple(
        (re.compile("(.*)".join(map(re.escape, each.split("{}"))), re.DOTALL), said_in_chinese()[each])
        for each in forms
    )
