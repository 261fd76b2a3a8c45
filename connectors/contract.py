"""What did a department agree to deliver? One contract, read from its file, in the words that connectors work with.

A contract is data: whose it is, how its register is reached, which of its tables and fields
are which records and columns of ours, and on what terms (`docs/contracts.md` explains every
word). Reading one opens nothing and asks nobody; a contract that is read has
no fault, and one that has any is refused with all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from open_data_contract_standard.model import DataQuality, SchemaObject, Server

from connectors.allowance import Allowance, BadAllowance, allowance
from connectors.contract_column import Wrong, column_field
from connectors.contract_file import BadContract, Fault, Place, Written, custom, read_file
from connectors.contract_record import declared_record, declares
from connectors.expression import ABSENT
from connectors.mapping import Field, Table, Tables
from vocabulary.codes import Department
from vocabulary.record import Record, columns_of
from vocabulary.register import BY_NAME, records_of

SHIPPED = Path(__file__).parent / "contracts"
"""The contracts that come with the product."""

ENDING = ".odcs.yaml"

TRANSPORT_OF = {
    **dict.fromkeys(("postgres", "postgresql", "mysql", "oracle", "sqlserver", "duckdb"), "sql"),
    "api": "http",
    "local": "files",
}
"""The standard's type of a server → our transport; any other says it as the custom property `transport`."""

QUALITY_METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")

SEVERITIES = ("critical", "error", "warning")


@dataclass(frozen=True, slots=True)
class Quality:
    """One agreed rule of quality, of a whole table or (`column`) of one column of ours."""

    record: type[Record]
    column: str | None
    rule: DataQuality


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One department's contract.

    `transport`      how its register is reached: a key of `connectors.transports`
    `server`         what the transport is told about it, from the custom properties of its server
    `allowance`      how much the department lets itself be asked; None where it does not say
    `latency_days`   a record may be dated so many days before it is asked for
    `absent`         record types of the department that it does not deliver, each with the reason
    """

    department: Department
    version: str
    name: str
    provider: str
    purpose: str
    legal_basis: tuple[str, ...]
    transport: str
    tables: Tables
    latency_days: int
    quality: tuple[Quality, ...]
    file: Path
    server: Mapping[str, Any] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    allowance: Allowance | None = None


def read_contract(file: Path) -> Contract:
    """Read one contract file. Raises `BadContract` with every fault that is in it."""
    return _Reading(read_file(file)).contract()


def read_contracts(folder: Path) -> dict[Department, Contract]:
    """Read every contract file of a folder, by department. Raises `BadContract` with the faults of all."""
    found: dict[Department, Contract] = {}
    faults: list[Fault] = []
    for file in sorted(folder.glob(f"*{ENDING}")):
        try:
            contract = read_contract(file)
        except BadContract as error:
            faults += error.faults
            continue
        if contract.department in found:
            other = found[contract.department].file.name
            faults.append(Fault(file.name, 1, "id", f"expected one contract a department, got `{other}` too"))
        found[contract.department] = contract
    if not found and not faults:
        faults.append(Fault(folder.name, 1, "", f"expected contracts `*{ENDING}` in this folder, got none"))
    if faults:
        raise BadContract(faults)
    return {one: found[one] for one in Department if one in found}


@cache
def shipped() -> Mapping[Department, Contract]:
    """The contracts that come with the product, read once."""
    return read_contracts(SHIPPED)


class _Reading:
    """One contract being read; every fault is noted, and told together at the end."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self._document = written.document
        self._faults: list[Fault] = []
        self._quality: list[Quality] = []

    def contract(self) -> Contract:
        department = self._department()
        tables = self._tables(department)
        absent = self._absent(tables, department)
        transport, server = self._server()
        allowed = self._allowance(server.pop("quota", None))
        legal_basis, latency_days = self._legal_basis(), self._latency_days()
        version, name, provider, purpose = self._terms()
        if self._faults or department is None:
            raise BadContract(self._faults)
        return Contract(
            department=department,
            version=version,
            name=name,
            provider=provider,
            purpose=purpose,
            legal_basis=legal_basis,
            transport=transport,
            tables=tables,
            latency_days=latency_days,
            quality=tuple(self._quality),
            file=self._written.file,
            server=server,
            absent=absent,
            allowance=allowed,
        )

    def _terms(self) -> list[str]:
        """Give version, name, provider and purpose, none of which may be empty."""
        document = self._document
        team = None if isinstance(document.team, list) else document.team
        terms = {
            "version": document.version,
            "name": document.name,
            "team.name": team and team.name,
            "description.purpose": document.description and document.description.purpose,
        }
        for name, text in terms.items():
            if not (text or "").strip():
                self._fault(tuple(name.split(".")), "expected a text, got nothing")
        return [text or "" for text in terms.values()]

    def _absent(self, tables: Tables, department: Department | None) -> dict[str, str]:
        """Give the record types that are declared absent; every other one of the department must be there."""
        own = custom(self._document.customProperties)
        absent = self._reasons(own.pop("absent", None), ("customProperties",))
        for record in records_of(department) if department else ():
            if record not in tables and record.__name__ not in absent:
                self._fault(
                    ("schema",), f"expected `{record.__name__}`, or its absence declared, got neither"
                )
        if own:
            self._fault(("customProperties",), f"expected `absent` alone, got `{min(own)}`")
        return absent

    def _department(self) -> Department | None:
        known = {one.value: one for one in Department}
        if self._document.kind != "DataContract":
            self._fault(("kind",), f"expected `DataContract`, got `{self._document.kind}`")
        if self._document.id in known:
            return known[self._document.id]
        self._fault(("id",), f"expected a department of {', '.join(known)}, got `{self._document.id}`")
        return None

    def _server(self) -> tuple[str, dict[str, Any]]:
        """Give the transport and what it is told. The first server is the register; others are its copies."""
        servers = self._document.servers or []
        found = [self._transport(one, ("servers", at)) for at, one in enumerate(servers)]
        if not found:
            self._fault(("servers",), "expected a server, got none")
            return "", {}
        for at, transport in enumerate(found):
            if transport != found[0]:
                self._fault(
                    ("servers", at), f"expected transport `{found[0]}` as of the first, got `{transport}`"
                )
        options = custom(servers[0].customProperties)
        options.pop("transport", None)
        return found[0], options

    def _allowance(self, told: object) -> Allowance | None:
        try:
            return None if told is None else allowance(told)
        except BadAllowance as error:
            self._fault(("servers", 0, "customProperties"), f"quota: {error}")
            return None

    def _transport(self, server: Server, place: Place) -> str:
        told = custom(server.customProperties).get("transport", TRANSPORT_OF.get(server.type or ""))
        if not isinstance(told, str) or not told:
            why = f"expected a type of {', '.join(TRANSPORT_OF)} or the custom property `transport`, got neither"
            self._fault((*place, "type"), why)
            return ""
        return told

    def _legal_basis(self) -> tuple[str, ...]:
        told = self._document.authoritativeDefinitions or ()
        basis = tuple(one.description for one in told if one.type == "legalBasis" and one.description)
        if not basis:
            why = "expected one of type `legalBasis` with its article as description, got none"
            self._fault(("authoritativeDefinitions",), why)
        return basis

    def _latency_days(self) -> int:
        for at, one in enumerate(self._document.slaProperties or ()):
            if one.property == "latency":
                if type(one.value) is int and one.value > 0 and one.unit == "d":
                    return one.value
                self._fault(("slaProperties", at), "expected a whole number of days (`unit: d`), got another")
                return 0
        self._fault(("slaProperties",), "expected `latency` in days, got none")
        return 0

    def _tables(self, department: Department | None) -> dict[type[Record], Table]:
        tables: dict[type[Record], Table] = {}
        for at, schema in enumerate(self._document.schema_ or ()):
            place: Place = ("schema", at)
            record = self._record(schema, department, place)
            if record is None:
                continue
            if record.department is not department:
                known = ", ".join(one.__name__ for one in records_of(department)) if department else "none"
                self._fault((*place, "name"), f"expected a record type of {known}, got `{schema.name}`")
            elif record in tables:
                self._fault((*place, "name"), f"expected `{schema.name}` once, got it twice")
            else:
                tables[record] = self._table(record, schema, place)
        names = [one.physical for one in tables.values()]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._fault(("schema",), f"expected a table for one record type alone, got `{name}` for two")
        return tables

    def _record(
        self, schema: SchemaObject, department: Department | None, place: Place
    ) -> type[Record] | None:
        """Give the record type of ours, or the one that the contract declares."""
        known = BY_NAME.get(schema.name or "")
        if known is None and department is not None and declares(schema):
            return declared_record(schema, department, wrong=self._below(place))
        if known is None or declares(schema):
            names = ", ".join(one.__name__ for one in records_of(department)) if department else "none"
            why = f"expected a record type of {names}, or one declared with `subjects`, got `{schema.name}`"
            self._fault((*place, "name"), why)
            return None
        return known

    def _table(self, record: type[Record], schema: SchemaObject, place: Place) -> Table:
        if not schema.physicalName:
            self._fault((*place, "physicalName"), "expected the name of the department's table, got nothing")
        if schema.businessName != record.term:
            self._fault((*place, "businessName"), f"expected `{record.term}`, got `{schema.businessName}`")
        own = custom(schema.customProperties)
        if own.get("catalogueId") != record.catalogue_id:
            why = f"expected `catalogueId` with `{record.catalogue_id}`, got `{own.get('catalogueId')}`"
            self._fault((*place, "customProperties"), why)
        absent = self._reasons(own.get("absent"), (*place, "customProperties"))
        self._read_quality(record, None, schema.quality, place)
        fields = self._fields(record, schema, place, absent)
        return Table(schema.physicalName or "", tuple(fields), layout=str(own.get("layout", "")))

    def _fields(
        self, record: type[Record], schema: SchemaObject, place: Place, absent: Mapping[str, str]
    ) -> list[Field]:
        known, fields = columns_of(record), dict[str, Field]()
        for at, one in enumerate(schema.properties or ()):
            here: Place = (*place, "properties", at)
            name = one.name or ""
            if name not in known or name in fields or name in absent:
                why = "expected a column of the record type, once and not declared absent"
                self._fault((*here, "name"), f"{why}, got `{name}`")
                continue
            read = column_field(record, known[name], one, wrong=self._below(here))
            fields[name] = read
            self._read_quality(record, name, one.quality, here)
        for name, column in known.items():
            if name in absent and not column.optional:
                why = f"expected `{name}` to be delivered, since no record goes without it, got it declared absent"
                self._fault((*place, "customProperties"), why)
            elif name in absent:
                fields[name] = Field(name, name, expression=ABSENT)
            elif name not in fields:
                why = f"expected column `{name}`, or its absence declared with the reason, got neither"
                self._fault((*place, "properties"), why)
        for name in absent.keys() - known.keys():
            self._fault((*place, "customProperties"), f"expected absent columns of the type, got `{name}`")
        return [*fields.values()]

    def _read_quality(
        self, record: type[Record], column: str | None, rules: Sequence[DataQuality] | None, place: Place
    ) -> None:
        for at, rule in enumerate(rules or ()):
            here: Place = (*place, "quality", at)
            if rule.type not in (None, "library") or rule.metric not in QUALITY_METRICS:
                why = f"expected a metric of {', '.join(QUALITY_METRICS)}, got `{rule.metric}`"
                self._fault((*here, "metric"), why)
            if rule.severity is not None and rule.severity not in SEVERITIES:
                self._fault((*here, "severity"), f"expected {', '.join(SEVERITIES)}, got `{rule.severity}`")
            told = rule.model_dump(exclude_none=True)
            if sum(name.startswith("must") for name in told) != 1:
                self._fault(here, "expected one bound such as `mustBe`, got none or several")
            self._quality.append(Quality(record, column, rule))

    def _reasons(self, told: object, place: Place) -> dict[str, str]:
        """Read what is declared absent: names, each with its reason."""
        if told is None:
            return {}
        if isinstance(told, dict) and all(isinstance(why, str) and why.strip() for why in told.values()):
            return {str(name): why for name, why in told.items()}
        self._fault(place, "expected `absent` to give a reason for each name, got otherwise")
        return {}

    def _below(self, place: Place) -> Wrong:
        return lambda inner, why: self._fault((*place, *inner), why)

    def _fault(self, place: Place, why: str) -> None:
        self._faults.append(self._written.fault(place, why))
