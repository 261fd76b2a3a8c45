"""The examples of docs/rule-language.md run, and docs/rules.md says what the rules say."""

import re
from pathlib import Path

from verification.catalogue import CATALOGUE
from verification.language import aggregate, functions, source
from verification.language.describe import rules_page, words
from verification.language.expression import Expr
from verification.language.rule import Catalogue
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
    assert printed == rules_page(CATALOGUE), "run: python -m verification.rules_page > docs/rules.md"
