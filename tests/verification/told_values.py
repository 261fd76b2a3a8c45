"""Of whom is a rule told, as one thing of the records goes through its values? Read from `told/*.yaml`.

A case is a story of a parent and a child whose records hold `$` where the value stands: a kind, a
month, a status, an amount. `told` says of whom the rule is found for each value (`nobody`,
`household`, or aliases), and the codes of the list `others` that it does not name are nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from demo.story import read_story
from tests.verification.neighbours import CHILD, HEAD, text_of_story
from vocabulary import codes

FOLDER = Path(__file__).parent / "told"
_PARTS = ("head", "child", "head_id", "child_id", "people", "records")


@dataclass(frozen=True)
class Told:
    """A rule, what one of its cases says, a value, of whom it is then found, and the story's text."""

    rule: str
    says: str
    value: str
    whom: frozenset[str]
    text: str

    @property
    def name(self) -> str:
        """For a test's report."""
        return f"{self.rule} {self.value}: {self.says}"


def told() -> Iterator[Told]:
    """Every value of every case."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for case in yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader):
            given = dict.fromkeys(_others(case), "nobody") | case["told"]
            for value, whom in given.items():
                found = frozenset() if whom == "nobody" else frozenset(whom.split())
                yield Told(case["rule"], case["says"], value, found, _text(case, value))


def read(each: Told):
    """The story."""
    return read_story(f"{each.name}.yaml", each.text)


def _others(case: dict) -> list[str]:
    return [str(code) for code in getattr(codes, case["others"])] if "others" in case else []


def _text(case: dict, value: str) -> str:
    part = {name: case.get(name, "").replace("$", value) for name in _PARTS}
    records = "".join(f"  {line}\n" for line in part.pop("records").splitlines()) or "  Visit: []"
    changes = ", ".join(f"{name}: '{it}'" for name, it in case.get("changes", {}).items()).replace("$", value)
    part |= {"head_id": part["head_id"] or HEAD, "child_id": part["child_id"] or CHILD}
    return text_of_story(records, extra=f"\npack_changes: {{{changes}}}\n" if changes else "", **part)
