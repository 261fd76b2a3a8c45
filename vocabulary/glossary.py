"""What do the codes and columns mean, as tables for the glossary?"""

from __future__ import annotations

from collections.abc import Iterable

from vocabulary.codes import Code
from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.register import RECORD_TYPES


def code_tables(lists: Iterable[type[Code]]) -> str:
    """Markdown: one table a code list, by name, and one table a record type."""
    codes = "\n".join(map(_code_list, sorted(lists, key=lambda one: (one.__name__, one.__module__))))
    records = "\n".join(map(_record, RECORD_TYPES))
    return f"## Code lists 代码表\n\n{codes}\n## Records 记录\n\n{records}"


def _code_list(kind: type[Code]) -> str:
    first = (kind.__doc__ or "").strip().splitlines()[0]
    rows = "\n".join(
        f"| `{member.value}` | {member.term} | `{kind.__name__}.{member.name}` |" for member in kind
    )
    return f"### {kind.__name__}\n{first}\n\n| code | 中文 | name in code |\n|---|---|---|\n{rows}\n"


def _record(record: type[Record]) -> str:
    rows = "\n".join(
        f"| {c.term} | `{c.name}` | {c.codes.__name__ if c.codes else _KIND_WORDS[c.kind]}"
        f"{', may be empty' if c.optional else ''} |"
        for c in columns_of(record).values()
    )
    title = f"### {record.term} {record.__name__} ({record.department.term} {record.catalogue_id})"
    return f"{title}\n\n| 中文 | column | holds |\n|---|---|---|\n{rows}\n"


_KIND_WORDS = {
    ColumnKind.TEXT: "text",
    ColumnKind.CODE: "code",
    ColumnKind.ID_NUMBER: "公民身份号码, GB 11643, as written",
    ColumnKind.CREDIT_CODE: "统一社会信用代码, GB 32100",
    ColumnKind.REGION: "行政区划代码, GB/T 2260",
    ColumnKind.FEN: "whole fen 分",
    ColumnKind.NUMBER: "whole number",
    ColumnKind.MONTH: "month 月",
    ColumnKind.DATE: "day 日",
    ColumnKind.FLAG: "yes or no",
}
