"""Does a contract hold in itself? What can be told of it offline, beyond that it can be read.

Reading (`connectors.contract`) finds what is written wrongly. Here every example in a contract
is worked out and read, the transport is looked for, what the contract tells it of the server is
read, and where the department describes its service by an OpenAPI document beside the contract,
paths and fields are compared with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.contract import ENDING, Contract, read_contract
from connectors.contract_file import BadContract, Fault
from connectors.decode import reader_of
from connectors.derived import worked_out
from connectors.forms import NotInForm
from connectors.mapping import Field
from connectors.openapi import differences
from connectors.transports import NoTransport, check_service, transport
from vocabulary.codes import Department
from vocabulary.record import Record, columns_of


def check(path: Path) -> tuple[list[Contract], list[Fault]]:
    """Give the contracts of a file or folder that can be read, and every fault of all of them."""
    contracts: dict[Department, Contract] = {}
    faults: list[Fault] = []
    files = sorted(path.glob(f"*{ENDING}")) if path.is_dir() else [path]
    if not files:
        faults.append(Fault(path.name, 1, "", f"expected contracts `*{ENDING}` in this folder, got none"))
    for file in files:
        try:
            contract = read_contract(file)
        except BadContract as error:
            faults += error.faults
            continue
        if contract.department in contracts:
            other = contracts[contract.department].file.name
            faults.append(Fault(file.name, 1, "id", f"expected one contract a department, got `{other}` too"))
        contracts[contract.department] = contract
        faults += (Fault(file.name, 1, field, why) for field, why in _faults(contract))
    return [*contracts.values()], faults


def _faults(contract: Contract) -> Iterator[tuple[str, str]]:
    for record, table in contract.tables.items():
        for one in table.fields:
            if one.expression is not None and len(one.inputs) == 1:
                yield from _examples(record, one)
    try:
        transport(contract.transport)
        check_service(contract)
    except NoTransport as why:
        yield "servers", str(why)
    else:
        yield from differences(contract)


def _examples(record: type[Record], one: Field) -> Iterator[tuple[str, str]]:
    """Each example must come to a value in form, and all together to every code, or yes and no, that there is."""
    place, column = f"{record.__name__}.{one.column}", columns_of(record)[one.column]
    if not one.examples:
        yield place, "expected `examples` of the field it is worked out from, got none"
        return
    reader, met = reader_of(one, column), set[object]()
    for example, value in worked_out(one):
        try:
            met.add(reader(value))
        except NotInForm as why:
            yield place, f"example `{example}`: {why}"
    wanted: set[object] = {code.value for code in column.codes} if column.codes else set()
    for missing in sorted(map(str, wanted - met)):
        yield place, f"expected an example that comes to `{missing}`, got none"
