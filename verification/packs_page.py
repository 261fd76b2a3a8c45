"""Which parameters and tables may a policy pack set, and which does the national layer? Parts of docs/policy-packs.md."""

from __future__ import annotations

from importlib import resources

from verification.pack_file import PackFile, read_pack_file
from verification.parameters import TABLES, VALUES, Parameter, ParameterKind


def parameters_table() -> str:
    """Every plain parameter: name, Chinese term, what it is for, kind and range, and who has to set it."""
    head = "| parameter | 中文 | what it is for | value | by |\n|---|---|---|---|---|\n"
    national = _national().values
    return head + "\n".join(
        f"| `{name}` | {found.term} | {found.says} | {_value(found)} | {_by(name in national)} |"
        for name, found in VALUES.items()
    )


def tables_table() -> str:
    """Every table: name, Chinese term, what a row is for, its keys, its value, and who has to set it."""
    head = "| table | 中文 | what a row is for | keys | value | by |\n|---|---|---|---|---|---|\n"
    rows, national = [], _national().tables
    for name, table in TABLES.items():
        keys = "any text" if table.keys is None else ", ".join(f"`{key}`" for key in table.keys)
        found, lacking = table.value, [key for key in table.keys or () if key not in national.get(name, ())]
        by = _by(not lacking) if table.complete else "whoever likes"
        if table.complete and 0 < len(lacking) < len(table.keys or ()):
            by = f"the nation; the place {', '.join(f'`{key}`' for key in lacking)}"
        rows.append(f"| `{name}` | {found.term} | {found.says} | {keys} | {_value(found)} | {by} |")
    return head + "\n".join(rows)


def _national() -> PackFile:
    file = resources.files("verification") / "packs" / "national-2026.yaml"
    return read_pack_file(file.read_text("utf-8"), file=file.name)


def _by(national: bool) -> str:
    return "the nation" if national else "**the place**"


def _value(found: Parameter) -> str:
    """Its kind, with the choices or the range where they say something."""
    match found.kind:
        case ParameterKind.CODE:
            return " · ".join(f"`{choice}`" for choice in found.choices)
        case ParameterKind.NUMBER:
            return f"{found.least} to {found.most}"
        case _:
            return str(found.kind.value)
