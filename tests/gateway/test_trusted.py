"""Is a document that nobody read asked only by whom the operator lets, and one that was read by its hash?"""

import os
from hashlib import sha256

import pytest
from typer.testing import CliRunner

from gateway.command import app
from gateway.document import Limits
from gateway.schema.query import schema
from gateway.trusted import BadTrustedDocument, Documents, load_trusted, read_trusted
from tests.gateway.desk import EVERYBODY, at_desk
from tests.gateway.rows import ROWS

NOBODY = frozenset()
TEXT = 'query Number { household(number: "H-1") { number } }'
KNOWN = read_trusted(TEXT, name="number.graphql", schema=schema(), limits=Limits())
HASH = sha256(TEXT.encode()).hexdigest()
OTHER = "{log{size}}"


def documents(ad_hoc=NOBODY, introspection=NOBODY):
    return Documents({KNOWN.identifier: KNOWN}, ad_hoc=ad_hoc, introspection=introspection)


def post(folder, body, *, known=None, **caller):
    async def test(desk):
        answer = await desk.client.post("/graphql", json=body, headers=desk.headers(**caller))
        return answer, await desk.entries()

    return at_desk(folder, ROWS, test, documents=known or documents())


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": f"sha256:{HASH}"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
        {"query": TEXT},
        {"query": TEXT, "documentId": f"sha256:{HASH}"},
    ],
)
def test_a_trusted_document_is_asked_by_its_hash_or_its_text(tmp_path, body):
    answer, _ = post(tmp_path, body)
    assert answer.json()["data"] == {"household": {"number": "H-1"}}


def test_it_is_asked_by_get_as_well(tmp_path):
    async def test(desk):
        address = f"/graphql?documentId=sha256:{HASH}"
        return await desk.client.get(address, headers=desk.headers())

    answer = at_desk(tmp_path, ROWS, test, documents=documents())
    assert answer.json()["data"] == {"household": {"number": "H-1"}}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"documentId": f"sha256:{'0' * 64}"}, 400, "DOCUMENT_NOT_FOUND"),
        ({"query": OTHER, "documentId": f"sha256:{HASH}"}, 400, "BAD_REQUEST"),
        ({"query": TEXT, "documentId": f"sha256:{'0' * 64}"}, 400, "BAD_REQUEST"),
        ({"documentId": HASH}, 400, "BAD_REQUEST"),
        ({"documentId": f"sha256:{HASH.upper()}"}, 400, "BAD_REQUEST"),
        ({"documentId": ["a"]}, 400, "BAD_REQUEST"),
        ({"extensions": {"persistedQuery": {"sha256Hash": 1}}}, 400, "BAD_REQUEST"),
        ({"extensions": {"persistedQuery": "x"}}, 400, "BAD_REQUEST"),
        (
            {
                "documentId": f"sha256:{'0' * 64}",
                "extensions": {"persistedQuery": {"sha256Hash": HASH}},
            },
            400,
            "BAD_REQUEST",
        ),
        ({"variables": {}}, 400, "BAD_REQUEST"),
        ({"query": OTHER}, 403, "REFUSED"),
        ({"query": TEXT + " "}, 403, "REFUSED"),
        ({"query": "not graphql at all"}, 403, "REFUSED"),
    ],
)
def test_what_is_not_trusted_is_not_even_read(tmp_path, body, status, code):
    answer, entries = post(tmp_path, body)
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["extensions"]["code"]) == (status, code)
    if status == 403:
        assert error["extensions"]["clause"] == "HEDUI_AD_HOC"
        assert [entry["event"] for entry in entries] == ["inquiry.refused"]


def test_the_offices_that_may_ask_ad_hoc_ask_anything(tmp_path):
    known = documents(ad_hoc=frozenset({"民政/核对员"}))
    assert post(tmp_path, {"query": OTHER}, known=known)[0].status_code == 200
    refused, _ = post(tmp_path / "other", {"query": OTHER}, known=known, post="窗口")
    assert refused.status_code == 403


INTROSPECTION = (
    "{__schema{queryType{name}}}",
    '{a:__type(name:"Log"){name}}',
    "{...F} fragment F on Query{__schema{queryType{name}}}",
)


@pytest.mark.parametrize("query", INTROSPECTION)
def test_what_the_schema_is_is_told_to_those_who_may_ask(tmp_path, query):
    told, _ = post(tmp_path, {"query": query}, known=documents(EVERYBODY, EVERYBODY))
    assert told.status_code == 200
    refused, entries = post(tmp_path / "other", {"query": query}, known=documents(EVERYBODY))
    assert refused.json()["errors"][0]["extensions"]["clause"] == "HEDUI_INTROSPECTION"
    assert [entry["event"] for entry in entries] == ["inquiry.refused"]


def test_the_name_of_a_type_is_no_introspection(tmp_path):
    answer, _ = post(tmp_path, {"query": "{__typename log{__typename}}"}, known=documents(EVERYBODY))
    assert answer.status_code == 200


def test_the_documents_that_are_shipped_can_be_trusted():
    shipped = load_trusted(None, schema=schema(), limits=Limits())
    names = [known.name for known in shipped.values()]
    assert {"Household", "Verification", "CommitSample", "VerifyLog", "Worklist"} <= set(names)
    assert len(set(names)) == len(names)
    assert {known.kind for known in shipped.values()} == {"query", "mutation", "subscription"}
    assert all(known.text.startswith("# ") for known in shipped.values()), "each says what it asks"


@pytest.mark.parametrize(
    "text",
    ["", "{log{size}}", "query A{log{size}} query B{log{size}}", "query A{salary}", "query A{log{size}",
     "fragment F on Log{size}", "query Household{log{size}}"],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_stops_the_start(tmp_path, text):
    (tmp_path / "a.graphql").write_text(text)
    with pytest.raises(BadTrustedDocument, match=r"^(a|household)\.graphql: "):
        load_trusted(tmp_path, schema=schema(), limits=Limits())


def test_a_session_with_documents(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    runner, file = CliRunner(), tmp_path / "mine.graphql"
    file.write_text(TEXT)

    def run(*words):
        result = runner.invoke(app, ["documents", *words])
        return result.exit_code, result.output

    assert run("add", str(file))[0] == 1
    monkeypatch.setenv("HEDUI_DOCUMENTS", str(tmp_path / "trusted"))
    assert run("add", str(file)) == (0, f"sha256:{HASH}  query        Number\n")
    assert f"sha256:{HASH}  query        Number\n" in run("list")[1]
    assert run("add", str(file)) == (1, "`Number` is trusted already\n")
    file.write_text(TEXT.replace("H-1", "H-2"))
    assert run("add", str(file)) == (1, "expected a name that no trusted document has, got `Number`\n")
    file.write_text("query Wrong { salary }")
    code, said = run("add", str(file))
    assert code == 1
    assert said.startswith("BadTrustedDocument: mine.graphql: expected a document that fits the schema")
