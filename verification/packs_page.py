"""Which parameters and tables may a policy pack set? The generated parts of docs/policy-packs.md."""

from __future__ import annotations

from verification.parameters import TABLES, VALUES, Parameter, ParameterKind


def parameters_table() -> str:
    """Every plain parameter: name, Chinese term, what it is for, kind and range."""
    head = "| parameter | 中文 | what it is for | value |\n|---|---|---|---|\n"
    return head + "\n".join(
        f"| `{name}` | {found.term} | {found.says} | {_value(found)} |" for name, found in VALUES.items()
    )


def tables_table() -> str:
    """Every table: name, Chinese term, what a row is for, its keys, its value."""
    head = "| table | 中文 | what a row is for | keys | value |\n|---|---|---|---|---|\n"
    rows = []
    for name, table in TABLES.items():
        keys = "any text" if table.keys is None else ", ".join(f"`{key}`" for key in table.keys)
        found = table.value
        rows.append(f"| `{name}` | {found.term} | {found.says} | {keys} | {_value(found)} |")
    return head + "\n".join(rows)


def _value(found: Parameter) -> str:
    """Its kind, with the choices or the range where they say something."""
    match found.kind:
        case ParameterKind.CODE:
            return " · ".join(f"`{choice}`" for choice in found.choices)
        case ParameterKind.NUMBER:
            return f"{found.least} to {found.most}"
        case _:
            return str(found.kind.value)
