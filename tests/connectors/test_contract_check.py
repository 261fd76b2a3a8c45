"""What is told of a contract offline, beyond that it can be read: examples, transports, and a service's own description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import SHIPPED, shipped
from connectors.contract_check import check
from tests.connectors.contract_text import changed
from vocabulary.codes import Department


def whys(path: Path) -> list[str]:
    """Every fault without its file."""
    return [f"{one.field}: {one.why}" for one in check(path)[1]]


def test_the_shipped_contracts_have_no_fault() -> None:
    contracts, faults = check(SHIPPED)
    assert (len(contracts), faults) == (len(shipped()), [])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "examples: [自住, 出租, 空置]",
            "examples: [自住, 自用]",
            "Dwelling.inhabited: example `自用`: expected 1 or 0",
        ),
        ("examples: [自住, 出租, 空置]", "description: x", "Dwelling.inhabited: expected `examples`"),
        (
            "[A级, B级, C级, D级, 未鉴定]",
            "[A级, B级, C级]",
            "Dwelling.danger: expected an example that comes to `D`",
        ),
        ("[A级, B级,", "[A等, B级,", "Dwelling.danger: example `A等`: expected one of the 4 codes"),
        ("value: sql}", "value: pigeon}", "servers: expected a transport of sql, http, rest, soap, files"),
        (
            "value: sql}",
            "value: rest}",
            "servers: server of `housing`: object missing required field `operations`",
        ),
        (
            "value: sql}",
            "value: rest}, {property: operations, value: all}",
            "servers: server of `housing`: expected `object`, got `str` - at `$.operations`",
        ),
        (
            "value: sql}",
            "value: rest}, {property: openapi, value: x.json}, {property: operations, value: {zf_zlbt: []}}",
            "servers: server of `housing`: expected `object`, got `array`",
        ),
        (
            "value: sql}",
            "value: soap}, {property: wsdl, value: x.wsdl}, {property: operations, value: "
            "{zf_zlbt: {lookup: a, ids: b, all: c, rows: d}}}",
            "servers: expected operations of `zf_fwxx`, got none",
        ),
    ],
)
def test_what_does_not_hold_is_told(tmp_path: Path, old: str, new: str, why: str) -> None:
    told = whys(changed(tmp_path, "housing", old, new))
    assert any(one.startswith(why) for one in told), told


def test_every_fault_of_a_folder_is_told_and_the_good_ones_are_given(tmp_path: Path) -> None:
    changed(tmp_path, "housing", "version: 1.0.0", "version: ''")
    changed(tmp_path, "health", "version: 1.0.0", "version: 1.0.1")
    contracts, faults = check(tmp_path)
    assert [one.department for one in contracts] == [Department.HEALTH]
    assert [one.file for one in faults] == ["housing.odcs.yaml"]
    assert whys(tmp_path / "none") == [": expected a file that can be read, got none"]


def described(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Social security's contract, and an OpenAPI document beside it that says the same."""
    told = changed(
        folder,
        "social_security",
        "[{property: transport, value: http},",
        "[{property: transport, value: http}, {property: openapi, value: service.json},",
    )
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for table in shipped()[Department.SOCIAL_SECURITY].tables.values():
        fields = {name: {"type": "string"} for one in table.fields for name in one.inputs}
        rows = {"type": "array", "items": {"type": "object", "properties": fields}}
        schemas[table.physical] = {"type": "object", "properties": {"rows": rows}}
        answer = {
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{table.physical}"}}}
        }
        for act in ("query", "snapshot"):
            paths[f"/v1/{table.physical}/{act}"] = {"post": {"responses": {"200": answer}}}
    return told, {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}


def test_a_service_that_describes_itself_as_agreed_has_no_fault(tmp_path: Path) -> None:
    file, document = described(tmp_path)
    (tmp_path / "service.json").write_text(json.dumps(document), encoding="utf-8")
    assert whys(file) == []


def test_a_path_a_method_and_a_field_that_the_service_does_not_describe_are_told(tmp_path: Path) -> None:
    file, document = described(tmp_path)
    del document["paths"]["/v1/ac43/snapshot"]
    document["paths"]["/v1/cc20/query"]["get"] = document["paths"]["/v1/cc20/query"].pop("post")
    del document["components"]["schemas"]["jc10"]["properties"]["rows"]["items"]["properties"]["aae019"]
    document["components"]["schemas"]["ic60"] = {"$ref": "#/components/schemas/ic60"}
    (tmp_path / "service.json").write_text(json.dumps(document), encoding="utf-8")
    assert sorted(whys(file)) == [
        "EmploymentRegistration: expected `POST /v1/cc20/query` in the OpenAPI document, got none",
        "Insurance: expected `POST /v1/ac43/snapshot` in the OpenAPI document, got none",
        "Pension: expected `POST /v1/ic60/query` to answer with `rows` of described fields, got otherwise",
        "Pension: expected `POST /v1/ic60/snapshot` to answer with `rows` of described fields, got otherwise",
        "UnemploymentBenefit: expected field `aae019` in the rows of `POST /v1/jc10/query`, got none",
        "UnemploymentBenefit: expected field `aae019` in the rows of `POST /v1/jc10/snapshot`, got none",
    ]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"swagger": "2.0"}'])
def test_a_description_that_is_none_is_told(tmp_path: Path, content: str | None) -> None:
    file, _ = described(tmp_path)
    if content is not None:
        (tmp_path / "service.json").write_text(content, encoding="utf-8")
    assert whys(file) == [
        "servers: expected an OpenAPI 3 document `service.json` beside the contract, got none"
    ]
