"""The documents are true: what exists is documented, what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.errors import CannotOpen, StoreBusy, WrongOrigin
from docs.generate import PARTS, code_lists, renewed

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PARTS)
def test_generated_parts_follow_from_the_code(page: str) -> None:
    assert text_of(page) == renewed(page), "run `make docs`"


def test_every_code_is_in_the_glossary_with_its_term() -> None:
    glossary = text_of("GLOSSARY.md")
    missing = [
        m.name
        for kind in code_lists()
        for m in kind
        if f"| {m.term} | `{kind.__name__}.{m.name}` |" not in glossary
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if not (page.parent / link).exists()]
    assert not broken


def test_each_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem
)
def test_a_decision_says_its_number(page: Path) -> None:
    assert page.read_text().startswith(f"# {int(page.name[:4])}. ")


def test_what_an_operator_can_meet_stands_on_the_operators_page() -> None:
    """Errors with which a start ends, lines that are no answers, and metrics, by their names."""
    page, source = text_of("docs/operations.md"), "".join(map(text_of, _SPOKEN))
    errors = {kind.__name__ for kind in (*CannotOpen.__subclasses__(), StoreBusy, WrongOrigin)}
    lines = set(re.findall(r'_log\.(?:error|warning|info)\(\s*"([^"]+)"', source))
    metrics = set(re.findall(r'"(hedui_[a-z_]+)"', text_of("gateway/metrics.py")))
    assert len(lines) > 5
    assert sorted(name for name in errors | lines | metrics if f"`{name}`" not in page) == []


_SPOKEN = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "gateway").rglob("*.py"))
