"""What do the contracts agree, as tables for the page that users read? Generated, so that a new contract is on it."""

from __future__ import annotations

from connectors.contract import Contract, shipped
from connectors.mapping import Table
from vocabulary.record import Record


def contract_tables() -> str:
    """Give one section for each contract that comes with the product."""
    return "\n".join(map(_section, shipped().values()))


def _section(contract: Contract) -> str:
    rows = "".join(_row(record, table) for record, table in contract.tables.items())
    return (
        f"### {contract.department.term} `{contract.department.value}`\n\n"
        f"{contract.name} ({contract.provider}), version {contract.version}; transport `{contract.transport}`; "
        f"records at most {contract.latency_days} days old; {'；'.join(contract.legal_basis)}\n\n"
        "| record | 名称 | table | looked up by | worked out |\n|---|---|---|---|---|\n" + rows
    )


def _row(record: type[Record], table: Table) -> str:
    subjects = ", ".join(f"`{table.of[one].physical}` ({one})" for one in record.subjects)
    worked_out = ", ".join(f"`{one.column}`" for one in table.fields if one.expression is not None)
    layout = f" {table.layout}" if table.layout else ""
    return f"| {record.__name__} | {record.term} | `{table.physical}`{layout} | {subjects} | {worked_out} |\n"
