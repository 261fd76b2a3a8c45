"""Which SQL may a contract file hold, and how does each database write it?

A contract says of a column that is no plain field of the department's how it follows from
its fields: one SQL expression in `transformLogic`, of the words in the lists below and no
others. An expression chooses, joins and cuts text. It does not calculate and converts
nothing to a number or a date: databases disagree there (MySQL reads `'abc'` as 0, SQLite
makes a float of a sum), and the form of a column reads its value strictly anyway.

    ValueError
    └── NotAllowed     the expression, or a part of it, is not of the lists; says which
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

LONGEST = 2_000
"""Characters of an expression; what is longer is a program, which a contract is not."""

MOST_NODES = 500
"""Parts of an expression, so that reading it ends."""

DIALECTS = {
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "oracle": "oracle",
    "mssql": "tsql",
    "dm": "oracle",
    "kingbase": "postgres",
    "opengauss": "postgres",
    "duckdb": "duckdb",
}
"""SQLAlchemy's name of a database → sqlglot's name of how it writes SQL."""

WORDS: dict[type[exp.Expr], str] = {
    exp.Case: "CASE",
    exp.Coalesce: "COALESCE",
    exp.Nullif: "NULLIF",
    exp.DPipe: "||",
    exp.Substring: "SUBSTRING",
    exp.Trim: "TRIM",
    exp.Upper: "UPPER",
    exp.Lower: "LOWER",
    exp.Replace: "REPLACE",
    exp.Cast: "CAST(… AS VARCHAR)",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.Is: "IS NULL",
    exp.In: "IN (list)",
    exp.And: "AND",
    exp.Or: "OR",
    exp.Not: "NOT",
}
"""What an expression may do: sqlglot's node → how it is written."""

_PARTS = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Null,
    exp.Paren,
    exp.If,
    exp.DataType,
    exp.DataTypeParam,
)

_MAKERS = (exp.DPipe, exp.Substring, exp.Trim, exp.Upper, exp.Lower, exp.Replace)

_TEXTS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT, exp.DataType.Type.CHAR)


class NotAllowed(ValueError):
    """The expression is not one that a contract may hold."""


@dataclass(frozen=True)
class Expression:
    """One allowed expression over the fields of one table; made by `parse`."""

    written: str
    tree: exp.Expr

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The department's fields that it reads, each once, in the order of the text."""
        return tuple(dict.fromkeys(one.name for one in self.tree.find_all(exp.Column, bfs=False)))

    @cached_property
    def for_rows(self) -> str:
        """How DuckDB writes it, which computes it over rows; written once, since that takes longer than computing."""
        return self.sql("duckdb")

    @property
    def plain(self) -> str | None:
        """The field that it is, where it is nothing but a field."""
        return self.tree.name if isinstance(self.tree, exp.Column) else None

    @property
    def makes_text(self) -> bool:
        """Whether it may give a text that stands in no field: one that is cut, joined or changed."""
        return any(self.tree.find_all(*_MAKERS))

    def sql(self, dialect: str, *, table: str = "", schema: str = "") -> str:
        """Give it as a database writes it, each field quoted and, where a table is given, by its full name.

        `dialect`   SQLAlchemy's name of the database, a key of `DIALECTS`; raises `NotAllowed` for another
        """
        if dialect not in DIALECTS:
            raise NotAllowed(f"expected a database of {', '.join(DIALECTS)}, got `{dialect}`")
        tree = self.tree.copy()
        for one in list(tree.find_all(exp.Column)):
            full = exp.column(one.name, table=table or None, db=schema or None, quoted=True)
            if one is tree:
                tree = full
            else:
                one.replace(full)
        return tree.sql(DIALECTS[dialect], identify=True)


ABSENT = Expression("NULL", exp.null())
"""What a department does not deliver, as its contract says: nothing, in every row."""


def parse(written: str) -> Expression:
    """Read an expression. Raises `NotAllowed` naming what is not of the lists.

    >>> parse("CASE dj WHEN 'C级' THEN 'C' END").inputs
    ('dj',)
    >>> parse("pg_sleep(3)")
    Traceback (most recent call last):
        ...
    connectors.expression.NotAllowed: expected words of the allow-list, got `PG_SLEEP(3)`
    """
    if len(written) > LONGEST:
        raise NotAllowed(f"expected at most {LONGEST} characters, got {len(written)}")
    try:
        statements = sqlglot.parse(written, read="duckdb")
    except (SqlglotError, RecursionError):
        raise NotAllowed("expected one SQL expression, got text that is none") from None
    if len(statements) != 1 or statements[0] is None:
        raise NotAllowed(f"expected one SQL expression, got {len(statements)} statements")
    tree = statements[0]
    for count, node in enumerate(tree.walk(), start=1):
        if count > MOST_NODES:
            raise NotAllowed(f"expected at most {MOST_NODES} parts, got more")
        _check(node)
    if not any(tree.find_all(exp.Column)):
        raise NotAllowed("expected an expression over the department's fields, got a constant")
    return Expression(written, tree)


def _check(node: exp.Expr) -> None:
    if node.comments:
        raise NotAllowed("expected an expression without comments, got a comment")
    if type(node) not in WORDS and not isinstance(node, _PARTS):
        raise NotAllowed(f"expected words of the allow-list, got `{_short(node)}`")
    if isinstance(node, exp.Column) and (node.table or not isinstance(node.this, exp.Identifier)):
        raise NotAllowed(f"expected a field of the table itself, got `{_short(node)}`")
    if isinstance(node, exp.Literal) and not node.is_string and not node.this.isdigit():
        raise NotAllowed(f"expected texts and whole numbers, got `{_short(node)}`")
    if isinstance(node, exp.DataType) and node.this not in _TEXTS:
        raise NotAllowed(f"expected a conversion to text, got one to `{_short(node)}`")
    if isinstance(node, exp.Cast) and (node.args.get("format") or node.args.get("safe")):
        raise NotAllowed(f"expected a plain conversion to text, got `{_short(node)}`")
    if isinstance(node, exp.In) and not all(isinstance(one, exp.Literal) for one in node.expressions):
        raise NotAllowed("expected a list of constants after IN, got something else")
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
        raise NotAllowed(f"expected IS NULL or IS NOT NULL, got `{_short(node)}`")


def _short(node: exp.Expr) -> str:
    text = " ".join(node.sql("duckdb").split())
    return text if len(text) <= 60 else text[:57] + "…"
