"""What can be asked for? Every thing that an agreement may release, under one Chinese name.

A resource is a column of a record (`社会保险缴费.缴费基数`), the state of a department's answer
about a record (`社会保险缴费.查询状态`: whether there is one is itself a disclosure), or
something this product makes (`核对结论.类别`, `审计.检查点`). Each field of the API names
exactly one resource; a field that names none is denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vocabulary.codes import Code, Department
from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.register import record_types

STATE_TERM = "查询状态"
"""The envelope of an answer: its evidence state, the reason for it, the department, when it was fetched."""


class Product(Code):
    """What the gateway makes of the records; civil affairs (民政) answers for all of it."""

    CATEGORY = "category", "核对结论.类别"
    GATES = "gates", "核对结论.判定过程"
    COUNTED_MEMBERS = "counted_members", "核对结论.计入成员"
    ANNUAL_INCOME = "annual_income", "核对结论.年收入"
    INCOME_LINES = "income_lines", "核对结论.收入明细"
    ARITHMETIC = "arithmetic", "核对结论.计算过程"
    RIGID_SPENDING = "rigid_spending", "核对结论.刚性支出"
    PAYABLE = "payable", "核对结论.应发金额"
    DECLARED_CATEGORY = "declared_category", "核对结论.申报类别"
    DECLARED_PAYABLE = "declared_payable", "核对结论.申报应发金额"
    FINDINGS = "findings", "核对结论.疑点"
    CANNOT_TELL = "cannot_tell", "核对结论.待核事项"
    POLICY = "policy", "核对结论.政策包"
    CHECKPOINT = "checkpoint", "审计.检查点"
    ENTRIES = "entries", "审计.条目"
    PROOFS = "proofs", "审计.证明"
    RECEIPT = "receipt", "审计.回执"
    LOOKUPS = "lookups", "审计.查询记录"
    SAMPLES = "samples", "审计.抽样"
    RUNS = "runs", "批量核对.进度"
    CORRECTIONS = "corrections", "办理.校核"
    AUTHORIZATIONS = "authorizations", "办理.授权"


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that can be asked for.

    `maskable`    whether showing it masked means something: text and numbers of persons yes, amounts no
    `comparable`  whether "agrees or does not agree" means something
    """

    name: str
    provider: Department
    maskable: bool
    comparable: bool
    record: type[Record] | None = None
    column: str | None = None


class UnknownResource(KeyError):
    """Nobody has registered a resource of this name; such a field is denied."""


@cache
def resources() -> dict[str, Resource]:
    """Every resource by name, records in the order of the register, products last."""
    known: dict[str, Resource] = {}
    for record in record_types():
        for name, column in columns_of(record).items():
            known[of_column(record, name)] = _of_kind(column.kind, record, name)
        known[of_state(record)] = Resource(of_state(record), record.department, False, False, record)
    for product in Product:
        known[product.term] = Resource(
            product.term, Department.CIVIL_AFFAIRS, product in _NAME_PERSONS, product in _COMPARED
        )
    return known


def resource(name: str) -> Resource:
    """The resource of a name. Raises `UnknownResource`."""
    try:
        return resources()[name]
    except KeyError:
        raise UnknownResource(f"expected a resource such as `社会保险缴费.缴费基数`, got `{name}`") from None


@cache
def of_column(record: type[Record], column: str) -> str:
    """The name of a record's column, `记录名.字段名`. Raises `KeyError` when there is no such column.

    >>> from vocabulary.records.social_security import Insurance
    >>> of_column(Insurance, "base_fen")
    '社会保险缴费.缴费基数'
    """
    return f"{record.term}.{columns_of(record)[column].term}"


def of_state(record: type[Record]) -> str:
    """The name of what the department's answer about a record was: found, nothing, not asked, failed."""
    return f"{record.term}.{STATE_TERM}"


_SHOWN_IN_PART = frozenset({ColumnKind.ID_NUMBER, ColumnKind.CREDIT_CODE, ColumnKind.TEXT})

_NAME_PERSONS = frozenset(
    {Product.COUNTED_MEMBERS, Product.INCOME_LINES, Product.FINDINGS, Product.CANNOT_TELL}
)
"""Masked, these show everything but who: the person becomes a masked number."""

_COMPARED = frozenset({Product.CATEGORY, Product.PAYABLE})
"""Verified only, these tell whether the declared value agrees."""


def _of_kind(kind: ColumnKind, record: type[Record], column: str) -> Resource:
    maskable = kind in _SHOWN_IN_PART
    return Resource(of_column(record, column), record.department, maskable, True, record, column)
