"""Which record type does a contract declare that the vocabulary does not have? For departments that no rule reads yet.

A contract may bring a record type of its own: its columns, their terms, kinds and code lists
stand in the same words as those of any other. It is shown, guarded by agreements, logged and
asked for like ours; rules cannot read it, since a rule is written by people who know the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta
from open_data_contract_standard.model import SchemaObject, SchemaProperty

from connectors.contract_file import Place, custom
from vocabulary.codes import Code, Department, SharingClass
from vocabulary.creditcode import CreditCode
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.region import RegionCode
from vocabulary.terms import COLUMN_TERMS

NAME = re.compile(r"[A-Z][A-Za-z0-9]{2,39}")

COLUMN = re.compile(r"[a-z][a-z0-9_]{0,39}")

SUBJECTS = ("person", "household")

Number = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""What a GraphQL `Int` can show."""

KINDS: Mapping[str, Any] = {"id number": WrittenId, "credit code": CreditCode, "region": RegionCode}
"""What the custom property `kind` may say of a text."""


def declares(said: SchemaObject) -> bool:
    """Tell whether a contract's object declares a record type: it says by what it is looked up."""
    return "subjects" in custom(said.customProperties)


def declared_record(
    said: SchemaObject, department: Department, *, wrong: Callable[[Place, str], None]
) -> type[Record] | None:
    """Give the record type that an object declares; the same one for the same words. Faults go to `wrong`."""
    faults = [*_faults(said)]
    for place, why in faults:
        wrong(place, why)
    if faults:
        return None
    key = f"{department.value} {said.model_dump_json(exclude_none=True)}"
    if key not in _MADE:
        _MADE[key] = _made(said, department)
    return _MADE[key]


def _faults(said: SchemaObject) -> list[tuple[Place, str]]:
    own, faults = custom(said.customProperties), list[tuple[Place, str]]()
    if not NAME.fullmatch(said.name or ""):
        faults.append((("name",), f"expected a name such as `ResidencePermit`, got `{said.name}`"))
    if not (said.businessName or "").strip():
        faults.append((("businessName",), "expected the record's official name, got nothing"))
    subjects, columns = own.get("subjects"), [one.name or "" for one in said.properties or ()]
    if not isinstance(subjects, list) or not subjects or not set(subjects) <= {*SUBJECTS, *columns}:
        why = "expected `subjects` among the columns, the first being `person` or `household`, got otherwise"
        faults.append((("customProperties",), why))
    elif subjects[0] not in SUBJECTS or not set(subjects) <= set(columns):
        why = f"expected `subjects` to begin with `person` or `household`, got `{subjects[0]}`"
        faults.append((("customProperties",), why))
    for name in ("record_id", "as_of"):
        if name not in columns:
            faults.append((("properties",), f"expected column `{name}`, which every record has, got none"))
    terms = [one.businessName or "" for one in said.properties or ()]
    for at, one in enumerate(said.properties or ()):
        if not COLUMN.fullmatch(one.name or "") or columns.count(one.name or "") > 1:
            why = f"expected a name such as `valid_until`, once, got `{one.name}`"
            faults.append((("properties", at, "name"), why))
        if terms.count(terms[at]) > 1 or not terms[at].strip():
            why = f"expected a term of its own, got `{one.businessName}`"
            faults.append((("properties", at, "businessName"), why))
    sharing = {one.classification for one in said.properties or ()}
    if len(sharing) != 1 or not sharing <= {one.term for one in SharingClass}:
        faults.append((("properties",), "expected one sharing class for all columns, got several or none"))
    return faults


def _made(said: SchemaObject, department: Department) -> type[Record]:
    own, fields, terms = custom(said.customProperties), list[Any](), dict[str, str]()
    for one in said.properties or ():
        name = one.name or ""
        terms[name] = one.businessName or ""
        if name in ("record_id", "as_of"):
            continue
        kind = _kind(said.name or "", one)
        fields.append((name, kind) if one.required else (name, kind | None, None))
    (sharing,) = {one.classification for one in said.properties or ()}
    namespace = {
        "__doc__": f"{said.businessName}: {said.description or 'declared by the contract of ' + department.term}.",
        "department": department,
        "term": said.businessName,
        "catalogue_id": str(own.get("catalogueId", "")),
        "sharing_class": next(one for one in SharingClass if one.term == sharing),
        "subjects": tuple(own["subjects"]),
        "terms": {name: term for name, term in terms.items() if COLUMN_TERMS.get(name) != term},
    }
    made = msgspec.defstruct(
        said.name or "", fields, bases=(Record,), namespace=namespace, frozen=True, kw_only=True, gc=False
    )
    return cast("type[Record]", made)


def _kind(record: str, said: SchemaProperty) -> Any:
    """Give the type of a column. What fits none of these is text, and whether its form fits is told elsewhere."""
    name, own = said.name or "", custom(said.customProperties)
    if said.enum is not None:
        codes = {str(one.id): (str(one.id), one.label or str(one.id)) for one in said.enum}
        named = record + "".join(map(str.capitalize, name.split("_")))
        # Enumerations are made by calling them; mypy knows that only of literals.
        return Code(named, codes)  # type: ignore[arg-type]
    if name == "person":
        return WrittenId
    if own.get("kind") in KINDS:
        return KINDS[own["kind"]]
    if name.endswith("_fen"):
        return Fen
    form = (said.logicalTypeOptions or {}).get("format")
    if form in ("yyyyMM", "yyyy-MM"):
        return Month
    return {"date": date, "timestamp": date, "boolean": bool, "integer": Number}.get(
        said.logicalType or "", str
    )


_MADE: dict[str, type[Record]] = {}
