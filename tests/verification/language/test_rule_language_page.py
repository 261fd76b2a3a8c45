"""The examples of docs/rule-language.md run, and docs/rules.md says what the rules say."""

import re
from pathlib import Path

from verification.language import aggregate, functions, source
from verification.language.describe import words
from verification.language.expression import Expr
from verification.language.rule import Catalogue
from verification.rules_page import page as page_of_rules
from vocabulary.records.health import Death

DOCS = Path(__file__).parents[3] / "docs"


def test_every_example_runs() -> None:
    page = (DOCS / "rule-language.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {"words": words, "death": source.source(Death)}
    names |= {
        name: value for module in (source, aggregate, functions) for name, value in vars(module).items()
    }
    for example in examples:
        exec(compile(example, "rule-language.md", "exec"), names)
    assert len(examples) >= 6
    assert isinstance(names["catalogue"], Catalogue)
    condition = names["insured_while_declared_without_work"].condition  # type: ignore[attr-defined] # a Rule
    assert isinstance(condition, Expr)
    assert words(condition, "zh") == "(申报无业而参保月数 > 0)"


def test_every_aggregate_and_function_is_named() -> None:
    page = (DOCS / "rule-language.md").read_text(encoding="utf-8")
    public = [name for name, value in vars(aggregate).items() if callable(value) and not name.startswith("_")]
    own = [
        name for name in public if vars(aggregate)[name].__module__ == aggregate.__name__ and name.islower()
    ]
    assert [name for name in own if f"{name}(" not in page] == []


def test_the_page_of_rules_is_what_the_rules_say() -> None:
    printed = (DOCS / "rules.md").read_text(encoding="utf-8")
    assert printed == page_of_rules(), "run: python -m verification.rules_page > docs/rules.md"


FAMILIES = {
    "ID": 5,
    "HH": 10,
    "INC": 11,
    "CAT": 7,
    "BEN": 9,
    "LIF": 8,
    "ENT": 6,
    "EXIT": 4,
    "CAU": 7,
    "AUT": 3,
    "AUD": 4,
}


def test_the_page_shows_one_catalogue_of_all_seventy_four_and_the_four_aids() -> None:
    numbers = re.findall(r"^## ([A-Z]+-\d\d)$", page_of_rules(), re.MULTILINE)
    expected = {f"{family}-{place:02d}" for family, last in FAMILIES.items() for place in range(1, last + 1)}
    assert len(expected) == 74
    assert sorted(numbers) == sorted(expected | {f"AID-{article}" for article in (24, 25, 26, 27)})
