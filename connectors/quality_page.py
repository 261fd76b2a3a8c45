"""How does a department see what was found in what it gave us? As one page that needs no network and names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from connectors.quality import KEYS_KEPT, BatchCheck
from vocabulary.codes import Department
from vocabulary.record import columns_of
from vocabulary.register import RECORD_TYPES

TEMPLATES = Path(__file__).with_name("templates")


def page(department: Department, checks: Sequence[BatchCheck]) -> str:
    """HTML of the newest checks of one department: what was broken first, then everything that was held.

    It loads nothing, runs nothing, and shows rows by the register's own keys.
    """
    kinds = {one.__name__: one for one in RECORD_TYPES}
    tables = [
        {
            "check": check,
            "term": kinds[check.record].term,
            "catalogue": kinds[check.record].catalogue_id,
            "columns": {name: column.term for name, column in columns_of(kinds[check.record]).items()},
        }
        for check in checks
        if check.record in kinds
    ]
    return _template().render(department=department, tables=tables, keys_kept=KEYS_KEPT)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("quality.html")
