"""How is a code, an instant or an amount said to a person? The filters of the templates, for one language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from casework.agreement import Recipient
from gateway.console.words import Lang, say
from gateway.log_desk import china_time
from verification.citation import in_chinese
from verification.evidence_words import WORDS, words_of
from vocabulary.codes import Category, Code, Department, SpecialStatus
from vocabulary.money import fen_with_commas, with_commas
from vocabulary.record import columns_of
from vocabulary.register import BY_NAME


def filters(lang: Lang) -> dict[str, Callable[..., Any]]:
    """What templates say things by."""
    return {
        "term": lambda code: term(code, lang),
        "like": lambda value, state: like(value, state, lang),
        "coded": lambda value, record, column: coded(value, record, column, lang),
        "cited": in_chinese if lang == "zh" else str,
        "china": china,
        "yuan": yuan,
        "fen": fen_with_commas,
        "record": record_term,
        "column": column_term,
        "office": office,
        "fact": lambda name, rule="": fact(name, lang, rule=rule),
        "told": lambda value, name: told(value, name, lang),
        "fault": lambda code: fault(code, lang),
        "lines": lambda text: Markup("<br>").join(str(text).splitlines()),
    }


def term(code: object, lang: Lang) -> str:
    """A coded value as people say it: the official term, and the code beside it in English."""
    if not isinstance(code, Code):
        return "" if code is None else str(code)
    return code.term if lang == "zh" else f"{code.value} {code.term}"


def like(value: str, state: Code, lang: Lang) -> str:
    """A step of a history as people say it: a state of the same list as `state`; anything else stays.

    >>> like("DIBAO", Category.NONE, "zh"), like("-", Category.NONE, "zh")
    ('最低生活保障', '-')
    """
    return next((term(each, lang) for each in type(state) if each.value == value), value)


def coded(value: object, record: str, column: str, lang: Lang) -> str:
    """What an answer gives for a coded column, as people say it."""
    codes = columns_of(BY_NAME[record])[column].codes
    if codes is not None and isinstance(value, str) and value in codes.__members__:
        return term(codes[value], lang)
    return term(value, lang)


def record_term(name: str) -> str:
    """The official term of a record type; a name that is none stays.

    >>> record_term("Insurance")
    '社会保险缴费'
    """
    return BY_NAME[name].term if name in BY_NAME else name


def column_term(name: str, record: str) -> str:
    """The official term of a column.

    >>> column_term("base_fen", "Insurance")
    '缴费基数'
    """
    columns = columns_of(BY_NAME[record]) if record in BY_NAME else {}
    return columns[name].term if name in columns else name


def fact(name: str, lang: Lang, *, rule: str = "") -> str:
    """What a piece of a rule's evidence is called, with its unit; a name of an earlier version stays.

    >>> fact("annual_fen", "zh"), fact("months", "en", rule="INC-04")
    ('核实年收入（元）', 'months not declared')
    """
    if name not in WORDS and name not in _OF_CONDUCT:
        return name
    words = words_of(name, rule=rule) if name in WORDS else _OF_CONDUCT[name]
    unit = ("（元）", ", yuan") if name.endswith("fen") else ("", "")
    return words[0] + unit[0] if lang == "zh" else words[1] + unit[1]


def told(value: object, name: str, lang: Lang) -> str:
    """What a piece of evidence says.

    >>> told(3240000, "annual_fen", "zh"), told("DIBAO", "declared", "zh"), told(None, "since", "en")
    ('32,400.00', '最低生活保障', '·')
    """
    if isinstance(value, bool):
        return ("是", "否")[not value] if lang == "zh" else ("yes", "no")[not value]
    if name.endswith("fen") and isinstance(value, int):
        return fen_with_commas(value)
    codes = _CODED.get(name)
    if codes is not None and value in codes.__members__:
        return term(codes[str(value)], lang)
    return "·" if value is None else str(value)


def fault(code: str, lang: Lang) -> str:
    """What became of a question that got no answer, by the code of its error; a code of none stays.

    >>> fault("TOO_COSTLY", "zh"), fault("TOO_COSTLY", "en")
    ('查询范围过大，请缩小范围。', 'That asks for too much at once: ask for less.')
    """
    return say(FAULTS[code], lang) if code in FAULTS else code


_NO_LOG = "The audit log cannot be written. Nothing is asked that cannot be noted: nothing was asked. Tell your operator."
_NOT_WELL_FORMED = "The question is not well formed."

FAULTS: Mapping[str, str] = {
    "NO_HOUSEHOLD": "There is no such household in your region.",
    "SEVERAL_HOUSEHOLDS": "This person is listed with several households. Ask by the household number:",
    "SOURCE_FAILED": "The department did not answer: whether there is such a household is unknown, not denied.",
    "NOBODY_LISTED": "Nobody was listed with this household on that day.",
    "BAD_ARGUMENT": "What was entered does not fit: check the number or the region code.",
    "TOO_COSTLY": "That asks for too much at once: ask for less.",
    "TOO_MANY": "Too many questions in a short time: wait a little.",
    "NO_SUCH_RECORD": "There is no such kind of record.",
    "NO_SUCH_ACT": "There is no such act.",
    "BAD_REQUEST": _NOT_WELL_FORMED,
    "BAD_DOCUMENT": _NOT_WELL_FORMED,
    "DOCUMENT_NOT_FOUND": "It asked for something that this gateway does not know.",
    "ENDING": "The gateway is being stopped: ask again.",
    "NOT_LOGGED": _NO_LOG,
    "NOT_SEALED": _NO_LOG,
    "UNWITNESSED": _NO_LOG,
}
"""By the code of an error of a question."""

_CODED: Mapping[str, type[Code]] = {
    **dict.fromkeys(("declared", "verified", "projected_category"), Category),
    "special": SpecialStatus,
}
"""Evidence that is a code, which a finding keeps by its name."""

_OF_CONDUCT = {
    "case": ("有案件", "with a case"),
    "hour": ("时刻（时）", "hour of the day"),
    "look_ups": ("一小时内查询次数", "look-ups within an hour"),
    "relative": ("亲属", "a relative"),
    "surname_and_address": ("同姓同住址", "of the caller's surname and address"),
}
"""Of AUD-01 and AUD-02, whose evidence no finding about a household has."""


def office(code: str) -> str:
    """A department, or a post as the log writes it (`gateway.trace.code_of`), as people say it.

    >>> office("civil_affairs"), office("xn--jsr70py2k"), office("MZ-RS-2026-017")
    ('民政', '核对员', 'MZ-RS-2026-017')
    """
    for kind in (Department, Recipient):
        if code in [each.value for each in kind]:
            return kind(code).term
    return code.removeprefix("xn--").encode().decode("punycode") if code.startswith("xn--") else code


def china(at: datetime | str | None) -> str:
    """An instant as the clocks in China show it (北京时间), to the minute.

    >>> china("2026-11-16T02:30:00Z")
    '2026-11-16 10:30'
    """
    if not at:
        return ""
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return china_time(instant).strftime("%Y-%m-%d %H:%M")


def yuan(amount: str | None) -> str:
    """An amount as people read it, with its thousands apart; `·` where there is none.

    >>> yuan("-15600.00")
    '-15,600.00'
    """
    return with_commas(amount) if amount else "·"
