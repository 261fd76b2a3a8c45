"""How is a statement about all households kept within parts of them, so that no row ever meets another part's?

Every table has a column `part`. Each SELECT carries it along from what it selects from first;
each join, group and window is of one part alone. Where the tables lie partitioned by `part`, an
engine of many machines then has nothing to exchange between them.

    ValueError
    └── NotWithin   the statement has a form whose parts cannot be told
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

PART = "part"


class NotWithin(ValueError):
    """This statement compares rows in a way of which we cannot say that it stays within a part."""


def within(select: str, *, dialect: str) -> str:
    """The same SELECT over tables with a column `part`, giving that column too.

    `dialect`   sqlglot's name of the dialect in which the text is read and written
    Raises `NotWithin`.

    >>> within("SELECT a.x FROM a JOIN b ON a.y = b.y", dialect="spark")
    'SELECT a.x, `a`.`part` FROM a JOIN b ON a.y = b.y AND `b`.`part` = `a`.`part`'
    """
    tree = sqlglot.parse_one(select, read=dialect)
    for found in list(tree.find_all(exp.Select)):
        _keep(found)
    return tree.sql(dialect=dialect)


def _keep(select: exp.Select) -> None:
    first = select.args["from_"].this if select.args.get("from_") else None
    if first is None or isinstance(select.parent, (exp.In, exp.Exists)):
        raise NotWithin("expected a SELECT from a table, outside of an expression")
    mine = _part_of(first)
    for join in select.args.get("joins") or ():
        join.set("on", exp.and_(join.args["on"], exp.EQ(this=_part_of(join.this), expression=mine.copy())))
    for window in select.find_all(exp.Window):
        if window.find_ancestor(exp.Select) is select:
            window.set("partition_by", [*(window.args.get("partition_by") or ()), mine.copy()])
    group = select.args.get("group")
    if group is not None:
        group.append("expressions", mine.copy())
    elif any(_is_of(select, found) for found in select.find_all(exp.AggFunc)):
        raise NotWithin("expected an aggregate to be of groups")
    if not _carries_all(select):
        # Without an alias: Spark follows where a table is parted by the column itself, not by a new name of it.
        select.append("expressions", mine.copy())


def _part_of(source: exp.Expression) -> exp.Column:
    if not source.alias_or_name:
        raise NotWithin("expected every source to have a name")
    return exp.column(PART, table=source.alias_or_name, quoted=True)


def _is_of(select: exp.Select, aggregate: exp.AggFunc) -> bool:
    """Whether it gathers the rows of this very SELECT: one in a window does not."""
    return aggregate.find_ancestor(exp.Select) is select and aggregate.find_ancestor(exp.Window) is None


def _carries_all(select: exp.Select) -> bool:
    """Whether a star brings the column already; two of them would bring it twice."""
    stars = [each for each in select.expressions if each.is_star]
    if len(stars) > 1 or (
        stars and stars[0].name == "*" and not stars[0].find(exp.Column) and select.args.get("joins")
    ):
        raise NotWithin("expected a star over one source")
    return bool(stars)
