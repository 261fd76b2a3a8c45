"""Housing by SOAP, for the tests: its WSDL, a contract that names it, and a server of somebody else's that answers."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.contract import shipped
from demo.registers.writing import heading, written
from tests.connectors.contract_text import changed
from vocabulary.codes import Department
from vocabulary.record import Record

SPACE = "urn:housing"

SERVER = Path(__file__).parent / "soap_server.cjs"

PACKAGE = Path(__file__).parents[2] / "node_modules" / "soap"


def missing() -> str:
    """Why there can be no server; empty when there can."""
    if shutil.which("node") is None:
        return "no SOAP server: node is not installed"
    return "" if PACKAGE.is_dir() else "no SOAP server: the npm package soap is not installed"


def contract_file(folder: Path) -> Path:
    """Housing's contract with a SOAP server in place of a database, and the WSDL beside it."""
    tables = shipped()[Department.HOUSING].tables.values()
    (folder / "housing.wsdl").write_text(
        wsdl([(one.physical, heading(one)) for one in tables]), encoding="utf-8"
    )
    operations = ", ".join(
        f"{one.physical}: {{lookup: Query{one.physical}, by: field, ids: id, all: List{one.physical}, rows: row}}"
        for one in tables
    )
    server = "[{property: transport, value: soap}, {property: wsdl, value: housing.wsdl}, "
    server += f"{{property: operations, value: {{{operations}}}}}]"
    return changed(folder, "housing", "[{property: transport, value: sql}]", server)


@contextmanager
def serving(
    folder: Path, rows: Mapping[type[Record], Sequence[Record]], *, account: str = "", password: str = ""
) -> Iterator[str]:
    """A server over the rows while the context lasts; gives its address."""
    told = {
        table.physical: {
            "row": "row",
            "rows": [*map(_without_nothing(heading(table)), written(table, rows.get(record, ())))],
        }
        for record, table in shipped()[Department.HOUSING].tables.items()
    }
    content = {
        "service": "Housing",
        "port": "HousingPort",
        "tables": told,
        "account": account,
        "password": password,
    }
    (folder / "rows.json").write_text(json.dumps(content), encoding="utf-8")
    process = subprocess.Popen(
        ["node", str(SERVER), str(folder / "housing.wsdl"), str(folder / "rows.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"NODE_PATH": str(PACKAGE.parent), "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/service"
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def _without_nothing(names: Sequence[str]):
    return lambda cells: {
        name: str(cell) for name, cell in zip(names, cells, strict=True) if cell is not None
    }


def wsdl(tables: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A WSDL of two operations for each table, as a department's own service might describe itself."""
    types, messages, operations, bindings = "", "", "", ""
    for name, fields in tables:
        row = "".join(f'<xsd:element name="{one}" type="xsd:string" minOccurs="0"/>' for one in fields)
        types += f'<xsd:complexType name="{name}"><xsd:sequence>{row}</xsd:sequence></xsd:complexType>'
        asked = {
            f"Query{name}": '<xsd:element name="field" type="xsd:string"/>'
            '<xsd:element name="id" type="xsd:string" minOccurs="0" maxOccurs="unbounded"/>',
            f"List{name}": '<xsd:element name="after" type="xsd:string" minOccurs="0"/>',
        }
        for act, given in asked.items():
            answer = '<xsd:element name="count" type="xsd:int"/>'
            answer += '<xsd:element name="next" type="xsd:string" minOccurs="0"/>'
            answer += f'<xsd:element name="row" type="tns:{name}" minOccurs="0" maxOccurs="unbounded"/>'
            for element, parts in ((act, given), (f"{act}Answer", answer)):
                types += f'<xsd:element name="{element}"><xsd:complexType><xsd:sequence>{parts}'
                types += "</xsd:sequence></xsd:complexType></xsd:element>"
                messages += (
                    f'<message name="{element}"><part name="parameters" element="tns:{element}"/></message>'
                )
            operations += f'<operation name="{act}"><input message="tns:{act}"/>'
            operations += f'<output message="tns:{act}Answer"/></operation>'
            bindings += f'<operation name="{act}"><soap:operation soapAction="{SPACE}#{act}"/>'
            bindings += '<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>'
    return (
        f'<definitions name="Housing" targetNamespace="{SPACE}" xmlns="http://schemas.xmlsoap.org/wsdl/" '
        f'xmlns:tns="{SPACE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"><types>'
        f'<xsd:schema targetNamespace="{SPACE}" elementFormDefault="qualified">{types}</xsd:schema></types>'
        f'{messages}<portType name="HousingType">{operations}</portType>'
        '<binding name="HousingBinding" type="tns:HousingType">'
        f'<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</binding>'
        '<service name="Housing"><port name="HousingPort" binding="tns:HousingBinding">'
        '<soap:address location="http://127.0.0.1:1/nowhere"/></port></service></definitions>'
    )
