"""What does a contract say of one column: which field it is, or how it follows, and how it is written?

The standard's words stand for ours: `logicalType` with its `format`, or with the custom
property `unit`, is a `Form`; `enum` with the department's `value` and our code as
`id` is a code list; `transformLogic` is an `Expression`, and where it is nothing but a field
it is that field, so that a rename costs nothing when an answer is read.
"""

from __future__ import annotations

from collections.abc import Callable

from open_data_contract_standard.model import SchemaProperty

from connectors.contract_file import Place, custom
from connectors.expression import Expression, NotAllowed, parse
from connectors.forms import Form
from connectors.mapping import Codes, Field
from vocabulary.record import Column, ColumnKind, Record

Wrong = Callable[[Place, str], None]
"""Notes a fault at a place below the property."""

_TEXT: dict[tuple[str, str | None], Form] = {("string", None): Form.TEXT}

FORMS: dict[ColumnKind, dict[tuple[str, str | None], Form]] = {
    ColumnKind.TEXT: _TEXT,
    ColumnKind.CODE: {**_TEXT, ("integer", None): Form.TEXT},
    ColumnKind.ID_NUMBER: _TEXT,
    ColumnKind.CREDIT_CODE: _TEXT,
    ColumnKind.REGION: {**_TEXT, ("string", "12 digits"): Form.PADDED_REGION},
    ColumnKind.FEN: {
        ("number", "yuan"): Form.YUAN,
        ("string", "yuan"): Form.YUAN,
        ("integer", "fen"): Form.FEN,
    },
    ColumnKind.NUMBER: {
        ("integer", None): Form.INTEGER,
        ("string", "yyyy-yyyy"): Form.SCHOOL_YEAR,
        ("number", "m2"): Form.SQUARE_METRES,
    },
    ColumnKind.MONTH: {
        ("string", "yyyyMM"): Form.COMPACT_MONTH,
        ("integer", "yyyyMM"): Form.COMPACT_MONTH,
        ("string", "yyyy-MM"): Form.ISO_MONTH,
    },
    ColumnKind.DATE: {
        ("date", None): Form.ISO_DATE,
        ("date", "yyyy-MM-dd"): Form.ISO_DATE,
        ("date", "yyyyMMdd"): Form.COMPACT_DATE,
        ("date", "yyyy/M/d"): Form.SLASH_DATE,
        ("timestamp", None): Form.DATE_AND_TIME,
        ("timestamp", "yyyy-MM-dd HH:mm:ss"): Form.DATE_AND_TIME,
    },
    ColumnKind.FLAG: {
        ("boolean", None): Form.ONE_ZERO,
        ("boolean", "1/0"): Form.ONE_ZERO,
        ("boolean", "是/否"): Form.YES_NO,
    },
}
"""Kind of column → logical type, and format or unit → form."""


def column_field(record: type[Record], column: Column, said: SchemaProperty, *, wrong: Wrong) -> Field:
    """Give the field of one column; every fault goes to `wrong`, and what is given then is not to be used."""
    expression = _expression(record, column, said, wrong)
    plain = said.physicalName if expression is None else expression.plain
    form = _form(column, said, wrong)
    codes = _codes(column, said, wrong)
    terms = (
        ("businessName", column.term, said.businessName),
        ("classification", record.sharing_class.term, said.classification),
        ("required", not column.optional, bool(said.required)),
    )
    for name, expected, got in terms:
        if expected != got:
            wrong((name,), f"expected `{expected}`, got `{got}`")
    if plain is None:
        examples = tuple(str(one) for one in said.examples or ())
        return Field(column.name, column.name, form, codes, expression, examples)
    return Field(plain, column.name, form, codes)


def _expression(
    record: type[Record], column: Column, said: SchemaProperty, wrong: Wrong
) -> Expression | None:
    if (said.physicalName is None) == (said.transformLogic is None):
        wrong((), "expected either `physicalName` or `transformLogic`, got both or neither")
    if said.transformLogic is None:
        return None
    try:
        expression = parse(said.transformLogic)
    except NotAllowed as why:
        wrong(("transformLogic",), str(why))
        return None
    if expression.plain is None and column.name in ("record_id", *record.subjects):
        wrong(("transformLogic",), "expected a field, since records are looked up by it, got an expression")
    if expression.plain is None and column.kind is ColumnKind.FEN and expression.makes_text:
        wrong(("transformLogic",), "expected an amount as it stands in a field, got text made into one")
    return expression


def _form(column: Column, said: SchemaProperty, wrong: Wrong) -> Form:
    allowed = FORMS[column.kind]
    unit = custom(said.customProperties).get("unit")
    told = unit if unit is not None else (said.logicalTypeOptions or {}).get("format")
    form = allowed.get((said.logicalType or "", told))
    if form is None:
        expected = " or ".join(f"`{kind}`" + (f" as `{of}`" if of else "") for kind, of in allowed)
        got = f"`{said.logicalType}`" + (f" as `{told}`" if told else "")
        wrong(("logicalType",), f"expected {expected}, got {got}")
        return Form.TEXT
    return form


def _codes(column: Column, said: SchemaProperty, wrong: Wrong) -> Codes | None:
    """Give the department's code → ours. A code column without a list has our codes already."""
    if column.codes is None:
        if said.enum is not None:
            wrong(("enum",), "expected no list for a column that holds no code, got one")
        return None
    ours = {code.value for code in column.codes}
    if said.enum is None:
        return {code: code for code in sorted(ours)}
    codes: dict[str, str] = {}
    for at, one in enumerate(said.enum):
        if not isinstance(one.value, str) or one.value != one.value.strip() or one.value in codes:
            wrong(("enum", at, "value"), "expected a code of theirs as text in quotes, once, got otherwise")
        elif one.id not in ours:
            wrong(("enum", at, "id"), f"expected a code of {', '.join(sorted(ours))}, got `{one.id}`")
        else:
            codes[one.value] = one.id
    unsaid = custom(said.customProperties).get("absentCodes") or []
    for code in sorted(ours - set(codes.values()) - set(unsaid if isinstance(unsaid, list) else [])):
        wrong(("enum",), f"expected a code of theirs for `{code}`, or it in `absentCodes`, got neither")
    return codes
