"""What does 脱敏 show of a value? Enough to tell two apart that one has in front of one, and nobody else."""

from __future__ import annotations

from vocabulary.idnumber import mask
from vocabulary.record import Column, ColumnKind


class Masked(str):
    """What is shown of a value that stays where it came from. Masked again it is the same."""

    __slots__ = ()


def masked(column: Column, value: str) -> Masked:
    """Give a value of a column with only the part that 脱敏 shows.

    Of numbers (身份号码, 残疾人证, 信用代码, 家庭编号) the first four and the last four characters, and
    nothing when there are fewer than nine; of a name or other text of two or more, the first.

    >>> name = Column("name", ColumnKind.TEXT, optional=False, codes=None, term="姓名")
    >>> masked(name, "欧阳示例"), masked(name, masked(name, "欧阳示例"))
    ('欧***', '欧***')
    """
    if column.kind is ColumnKind.TEXT and column.name not in _NUMBERS:
        return Masked(value[:1] + "*" * (len(value) - 1) if len(value) > 1 else "*" * len(value))
    return Masked(mask(value))


_NUMBERS = frozenset({"number", "record_id", "household", "application"})
"""Columns of text that hold numbers of persons, papers or households."""
