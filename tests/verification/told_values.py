"""Of whom is a rule told, and what is a figure, as one thing of the records goes through its values? From `told/*.yaml`.

A case is a story of a parent and a child whose records hold `$` where the value stands: a kind, a
month, a status, an amount. `told` says for each value of whom the rule is found (`nobody`,
`household`, or aliases), or what each of the figures in `of` is. The codes of the list `others`
that it does not name have what `rest` says, or nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from demo.story import Story, read_story
from demo.story_file import read_yaml
from tests.verification.neighbours import CHILD, HEAD, text_of_story
from verification.verdict import Verdict
from vocabulary import codes

FOLDER = Path(__file__).parent / "told"
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_PARTS = ("head", "child", "head_id", "child_id", "people", "records")


@dataclass(frozen=True)
class Told:
    """What is looked at (a rule, or figures), what the case says, a value, what is then told, and the story's text."""

    of: str
    says: str
    value: str
    told: str
    text: str

    @property
    def name(self) -> str:
        """For a test's report."""
        return f"{self.of} {self.value}: {self.says}"


def told(folder: Path = FOLDER) -> Iterator[Told]:
    """Every value of every case of a folder."""
    for path in sorted(folder.glob("*.yaml")):
        for case in read_yaml(path.read_text("utf-8"), file=path.name, loader=_LOADER):
            for value, told in (_others(case) | case["told"]).items():
                of = case.get("rule") or case["of"]
                text = _text(case, value) + ("" if "rule" in case else _expected(of, told))
                yield Told(of, case["says"], value, " ".join(sorted(told.split())), text)


def read(each: Told) -> Story:
    """The story."""
    return read_story(f"{each.name}.yaml", each.text)


def whom(story: Story, verdict: Verdict, rule: str) -> str:
    """Of whom a rule is found, in the words of a case."""
    found = [each for each in verdict.findings if each.rule == rule]
    return (
        " ".join(sorted(story.alias(each.person) if each.person else "household" for each in found))
        or "nobody"
    )


def _others(case: dict) -> dict[str, str]:
    rest = case.get("rest", "nobody")
    return {str(code): rest for code in getattr(codes, case["others"])} if "others" in case else {}


def _expected(figures: str, told: str) -> str:
    """As a story expects it; `single_person` is told as `head 636.00`."""
    who, _, fen = told.partition(" ")
    value = json.dumps({who: fen} if fen else {}) if figures == "single_person" else json.dumps(told)
    value = told if figures == "counted_members" else value
    return "\nexpect:\n" + "".join(f"  {name}: {value}\n" for name in figures.split())


def _text(case: dict, value: str) -> str:
    part = {name: case.get(name, "").replace("$", value) for name in _PARTS}
    records = "".join(f"  {line}\n" for line in part.pop("records").splitlines()) or "  Visit: []"
    changes = "".join(
        f"  {name.replace('$', value)}: {it.replace('$', value)}\n"
        for name, it in case.get("changes", {}).items()
    )
    part |= {"head_id": part["head_id"] or HEAD, "child_id": part["child_id"] or CHILD}
    return text_of_story(records, extra=f"\npack_changes:\n{changes}" if changes else "", **part)
