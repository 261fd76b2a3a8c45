"""Which parts of the documents follow from the code? `make docs` writes them anew; a test holds them.

A generated part stands between two marks, so that the page around it is written by hand.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from audit.events_page import events_table  # noqa: E402 # the path has to be there first
from connectors.contracts_page import contract_tables  # noqa: E402 # as below
from gateway.console.dossier import documents  # noqa: E402 # the path has to be there first
from gateway.console.report import document_of  # noqa: E402 # as below
from gateway.schema.query import schema  # noqa: E402 # as above
from verification.packs_page import parameters_table, tables_table  # noqa: E402 # as below
from vocabulary.codes import Code  # noqa: E402 # the path has to be there first
from vocabulary.glossary import code_tables  # noqa: E402 # as above
from vocabulary.register import RECORD_TYPES  # noqa: E402 # as above

ROOMS = ("gateway", "casework", "connectors", "verification", "audit", "vocabulary", "demo")


def code_lists() -> list[type[Code]]:
    """Every enumeration of codes in any room."""
    for path in (ROOT / room for room in ROOMS):
        for module in path.rglob("*.py"):
            if "(Code):" in module.read_text(encoding="utf-8"):
                importlib.import_module(".".join(module.relative_to(ROOT).with_suffix("").parts))
    ours = [kind for kind in Code.__subclasses__() if kind.__module__.partition(".")[0] in ROOMS]
    # A contract may declare a list of its own: that one is made while it is read, and stands in no module.
    return [kind for kind in ours if getattr(sys.modules[kind.__module__], kind.__name__, None) is kind]


def code_map() -> str:
    """One table a room: each module, and the first sentence of its own docstring."""
    return "\n".join(map(_room, ROOMS))


def _room(room: str) -> str:
    modules = sorted(path for path in (ROOT / room).rglob("*.py") if path.name != "__init__.py")
    rows = "\n".join(f"| `{path.relative_to(ROOT)}` | {_first_line(path)} |" for path in modules)
    return f"### {room}/\n{_first_line(ROOT / room / '__init__.py')}\n\n| module | what it answers |\n|---|---|\n{rows}\n"


def _first_line(path: Path) -> str:
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return words.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "ARCHITECTURE.md": {"code map": code_map},
    "GLOSSARY.md": {"code lists and records": lambda: code_tables(code_lists())},
    "docs/audit-log-format.md": {"events": events_table},
    "docs/connectors.md": {"contracts": contract_tables},
    "docs/policy-packs.md": {"parameters": parameters_table, "tables": tables_table},
}
"""Page → name of the part → what it must say."""


def renewed(page: str) -> str:
    """A page with its generated parts made anew. Raises `ValueError` when a mark is missing."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, make in PARTS[page].items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->\n"
        head, tail = text.index(begin) + len(begin), text.index(end)
        text = f"{text[:head]}\n{make()}\n{text[tail:]}"
    return text


def dossier_documents() -> dict[str, str]:
    """File name to text of the documents by which the console asks."""
    departments = tuple(dict.fromkeys(record.department for record in RECORD_TYPES))
    return {**documents(schema(), departments), "report.graphql": document_of(schema())}


if __name__ == "__main__":
    for name, text in dossier_documents().items():
        (ROOT / "gateway" / "documents" / name).write_text(text, encoding="utf-8")
    for page in PARTS:
        (ROOT / page).write_text(renewed(page), encoding="utf-8")
