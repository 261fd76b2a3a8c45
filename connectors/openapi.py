"""Does a service describe itself as the contract says? Paths and fields, against its OpenAPI document.

The contract names the document in the custom property `openapi` of its server: a file beside
the contract (OpenAPI 3, JSON or YAML), so that the comparison needs no network. Only what the
contract relies on is compared: the two paths of each table and their method, and that the rows
of an answer have the fields that columns are read from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from connectors.contract import Contract
from connectors.mapping import Table

Question = tuple[str, str, str]
"""Method, path, and where in the answer the rows stand."""

DOCUMENT_BYTES = 8 << 20
"""A larger document is not read."""


def differences(contract: Contract) -> Iterator[tuple[str, str]]:
    """Give each difference as the field of the contract and what was expected; none where no document is named."""
    named = contract.server.get("openapi")
    if named is None:
        return
    questions = _QUESTIONS.get(contract.transport)
    if questions is None:
        known = " or ".join(f"`{one}`" for one in _QUESTIONS)
        yield "servers", f"expected `openapi` of a server by {known}, got one by `{contract.transport}`"
        return
    document = _document(contract.file.parent / Path(str(named)).name)
    if document is None:
        yield "servers", f"expected an OpenAPI 3 document `{named}` beside the contract, got none"
        return
    for record, table in contract.tables.items():
        for question in questions(contract, table):
            yield from _of_question(document, question, record.__name__, table)


def _document(file: Path) -> Mapping[str, Any] | None:
    try:
        if file.stat().st_size > DOCUMENT_BYTES:
            return None
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return None
    known = isinstance(content, dict) and str(content.get("openapi", "")).startswith("3.")
    return content if known else None


def _of_question(
    document: Mapping[str, Any], question: Question, name: str, table: Table
) -> Iterator[tuple[str, str]]:
    method, path, rows = question
    described = _at(document, "paths", path, method.lower())
    if described is None:
        yield name, f"expected `{method} {path}` in the OpenAPI document, got none"
        return
    answer = _at(document, described, "responses", "200", "content", "application/json", "schema")
    steps = [step for key in rows.split(".") if key for step in ("properties", key)]
    fields = None if answer is None else _at(document, answer, *steps, "items", "properties")
    if not isinstance(fields, dict):
        yield name, f"expected `{method} {path}` to answer with `{rows}` of described fields, got otherwise"
        return
    for field in dict.fromkeys(field for one in table.fields for field in one.inputs):
        if field not in fields:
            yield name, f"expected field `{field}` in the rows of `{method} {path}`, got none"


def _by_http(contract: Contract, table: Table) -> list[Question]:
    return [("POST", f"/v1/{table.physical}/{act}", "rows") for act in ("query", "snapshot")]


def _by_rest(contract: Contract, table: Table) -> list[Question]:
    told = contract.server.get("operations", {}).get(table.physical, {})
    method, rows = str(told.get("method", "GET")), str(told.get("rows", ""))
    return [(method, str(told.get(act, "")), rows) for act in ("lookup", "all")]


def _at(document: Mapping[str, Any], start: Any, *steps: str) -> Any:
    """Walk from a place of the document, or from a key of its top, following references within it."""
    place = document.get(start) if isinstance(start, str) else start
    for step in (*steps, None):
        for _ in range(_MOST_REFERENCES):
            if not (isinstance(place, dict) and isinstance(place.get("$ref"), str)):
                break
            place = _referred(document, place["$ref"])
        if step is None:
            return place
        place = place.get(step) if isinstance(place, dict) else None
    return None


def _referred(document: Mapping[str, Any], reference: str) -> Any:
    place: Any = document if reference.startswith("#/") else None
    for step in reference.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        place = place.get(name) if isinstance(place, dict) else None
    return place


_MOST_REFERENCES = 10

_QUESTIONS: Mapping[str, Callable[[Contract, Table], list[Question]]] = {"http": _by_http, "rest": _by_rest}
