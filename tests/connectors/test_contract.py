"""A contract says all that a connector must know; each thing said wrongly is told by file, line, field, expected, got."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from connectors.contract import ENDING, SHIPPED, read_contract, read_contracts, shipped
from connectors.contract_file import BadContract, read_file
from connectors.forms import Form
from connectors.mapping import Field
from gateway.settings import CONTRACTS
from tests.connectors.contract_text import changed, line_of
from vocabulary.codes import Department
from vocabulary.records.health import Death
from vocabulary.records.housing import Dwelling, RentalSubsidy

FILES = sorted(SHIPPED.glob(f"*{ENDING}"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_shipped_contract_is_one_of_the_standard_s_own_schema(file: Path) -> None:
    schema = json.loads(OpenDataContractStandard.json_schema())
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert [*jsonschema.validators.validator_for(schema)(schema).iter_errors(content)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_contract_is_named_after_its_department(file: Path) -> None:
    assert read_contract(file).department.value + ENDING == file.name


def test_the_settings_name_the_folder_that_is_shipped() -> None:
    assert CONTRACTS == SHIPPED
    assert {one.file for one in shipped().values()} == set(FILES)


def test_the_terms_of_a_contract_are_told() -> None:
    housing = shipped()[Department.HOUSING]
    assert (housing.provider, housing.version, housing.transport) == ("市住房和城乡建设局", "1.0.0", "sql")
    assert housing.latency_days == 92
    assert "社会救助法 第四十一条、第四十二条" in housing.legal_basis
    (rule,) = housing.quality
    assert (rule.record, rule.column, rule.rule.metric) == (Dwelling, None, "rowCount")


def test_a_field_is_told_with_its_form_and_a_column_that_follows_with_its_expression() -> None:
    dwelling = shipped()[Department.HOUSING].tables[Dwelling].of
    assert dwelling["usable_area_dm2"] == Field("symj", "usable_area_dm2", Form.SQUARE_METRES)
    assert dwelling["danger"].inputs == ("jddj",)
    assert dwelling["danger"].expression is not None
    assert shipped()[Department.HOUSING].tables[RentalSubsidy].of["amount_fen"].form is Form.YUAN


def test_an_expression_that_is_nothing_but_a_field_is_that_field(tmp_path: Path) -> None:
    file = changed(tmp_path, "health", "physicalName: death_time", "transformLogic: death_time")
    assert read_contract(file).tables[Death].of["died_on"] == Field(
        "death_time", "died_on", Form.DATE_AND_TIME
    )


@pytest.mark.parametrize(
    ("old", "new", "field", "why"),
    [
        ("id: health", "id: healt", "id", "expected a department of"),
        ("kind: DataContract", "kind: Data", "kind", "expected `DataContract`, got `Data`"),
        ("version: 1.0.0", "version: ''", "version", "expected a text, got nothing"),
        ("team: {name: 市卫生健康委员会}", "team: {}", "team.name", "expected a text"),
        ("value: sql", "value: ''", "servers.0.type", "expected a type of"),
        ("property: latency", "property: retention", "slaProperties", "expected `latency` in days"),
        ("value: 31, unit: d", "value: 31, unit: y", "slaProperties.1", "expected a whole number of days"),
        ("name: Death\n", "name: Deaths\n", "schema.1.name", "got `Deaths`"),
        ("businessName: 死亡医学证明", "businessName: 死亡", "schema.1.businessName", "got `死亡`"),
        ("value: WJ-002", "value: WJ-099", "schema.1.customProperties", "`WJ-099`"),
        ("name: died_on", "name: died", "schema.1.properties.2.name", "got `died`"),
        ("businessName: 死亡日期", "businessName: 日期", "schema.1.properties.2.businessName", "`死亡日期`"),
        ("physicalName: death_time", "description: x", "schema.1.properties.2", "either `physicalName` or"),
        (
            "physicalName: death_time",
            "transformLogic: pg_sleep(1)",
            "schema.1.properties.2.transformLogic",
            "PG_SLEEP",
        ),
        (
            "physicalName: death_time",
            "transformLogic: (SELECT 1)",
            "schema.1.properties.2.transformLogic",
            "SELECT",
        ),
        (
            "physicalName: death_time",
            "transformLogic: a; b",
            "schema.1.properties.2.transformLogic",
            "2 statements",
        ),
        (
            "physicalName: mother_certno",
            "transformLogic: TRIM(a)",
            "schema.0.properties.3.transformLogic",
            "looked up",
        ),
        (
            "physicalName: medfee_sumamt",
            "transformLogic: TRIM(a)",
            "schema.3.properties.4.transformLogic",
            "an amount",
        ),
        (
            "logicalType: timestamp",
            "logicalType: number",
            "schema.0.properties.2.logicalType",
            "got `number`",
        ),
        ("value: yuan", "value: dollar", "schema.3.properties.4.logicalType", "got `number` as `dollar`"),
        (
            "classification: 有条件共享",
            "classification: 无条件共享",
            "schema.0.properties.0.classification",
            "got `无条件共享`",
        ),
        ("required: true, ", "", "schema.0.properties.0.required", "expected `True`, got `False`"),
        ("metric: rowCount", "metric: rowcount", "schema.0.quality.0.metric", "got `rowcount`"),
        ("severity: warning", "severity: mild", "schema.0.quality.0.severity", "got `mild`"),
        ("mustBeGreaterThan: 0, ", "", "schema.0.quality.0", "expected one bound"),
    ],
)
def test_what_is_said_wrongly_is_told_in_its_place(
    tmp_path: Path, old: str, new: str, field: str, why: str
) -> None:
    file = changed(tmp_path, "health", old, new)
    with pytest.raises(BadContract) as refused:
        read_contract(file)
    told = [one for one in refused.value.faults if one.field == field]
    assert told, refused.value
    assert why in told[0].why
    assert told[0].file == "health.odcs.yaml"


def test_of_two_legal_bases_one_is_enough_and_none_is_a_fault(tmp_path: Path) -> None:
    file = changed(tmp_path, "health", "type: legalBasis", "type: other")
    assert len(read_contract(file).legal_basis) == len(shipped()[Department.HEALTH].legal_basis) - 1 >= 1
    file.write_text(file.read_text("utf-8").replace("type: legalBasis", "type: other"), "utf-8")
    with pytest.raises(BadContract, match="expected one of type `legalBasis`"):
        read_contract(file)


def test_a_refused_expression_is_told_by_its_line(tmp_path: Path) -> None:
    file = changed(tmp_path, "health", "physicalName: death_time", "transformLogic: load_file('/etc/passwd')")
    with pytest.raises(BadContract) as refused:
        read_contract(file)
    assert f"health.odcs.yaml:{line_of(file, 'load_file')}: " in str(refused.value)


def test_a_code_that_is_missing_or_not_ours_is_told(tmp_path: Path) -> None:
    old = '{value: "视力", id: "1", label: 视力残疾},'
    with pytest.raises(BadContract, match="expected a code of theirs for `1`"):
        read_contract(changed(tmp_path, "disability", old, ""))
    with pytest.raises(BadContract, match="got `視`"):
        read_contract(changed(tmp_path, "disability", old, old.replace('"1"', "視")))
    with pytest.raises(BadContract, match="as text in quotes, once"):
        read_contract(changed(tmp_path, "disability", old, old + old))


def test_a_column_is_mapped_or_declared_absent_with_the_reason(tmp_path: Path) -> None:
    text = (SHIPPED / "health.odcs.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "name: district" not in line]
    file = tmp_path / "health.odcs.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(BadContract, match="expected column `district`, or its absence declared"):
        read_contract(file)
    absent = "{property: catalogueId, value: WJ-003}, {property: absent, value: {district: 未登记}}"
    file.write_text(
        "\n".join(lines).replace("{property: catalogueId, value: WJ-003}", absent), encoding="utf-8"
    )
    illness = next(
        one for record, one in read_contract(file).tables.items() if record.catalogue_id == "WJ-003"
    )
    assert illness.of["district"].inputs == ()


def test_a_record_type_is_delivered_or_declared_absent(tmp_path: Path) -> None:
    text = (SHIPPED / "housing.odcs.yaml").read_text(encoding="utf-8")
    file = tmp_path / "housing.odcs.yaml"
    file.write_text(text[: text.index("  - name: RentalSubsidy")], encoding="utf-8")
    with pytest.raises(BadContract, match="expected `RentalSubsidy`, or its absence declared"):
        read_contract(file)
    absent = "\ncustomProperties: [{property: absent, value: {RentalSubsidy: 由财政发放}}]\n"
    file.write_text(file.read_text(encoding="utf-8") + absent, encoding="utf-8")
    assert read_contract(file).absent == {"RentalSubsidy": "由财政发放"}


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"", 1, "an empty file"),
        (b"\xff\xfe", 1, "expected UTF-8"),
        (b"- a\n", 1, "expected a mapping"),
        (b"a: [1\nb: 2\n", 2, "expected YAML"),
        (b"id: x\nname: y\nid: z\n", 3, "expected the key once, got it twice"),
        (b"id: x\nserverz: []\n", 2, "expected a word of the standard"),
        (b"id: &a x\nname: *a\n", 2, "got an alias"),
        (
            b"id: x\nschema:\n  - name: A\n    properties:\n      - {name: b, transfromLogic: x}\n",
            5,
            "a word of",
        ),
        (b"id: x\nschema:\n  - name: [1]\n", 3, "valid string"),
        (b"[" * 200_000, 1, "at most 32 levels"),
    ],
)
def test_a_file_that_is_no_contract_is_told_by_line(
    tmp_path: Path, content: bytes, line: int, why: str
) -> None:
    file = tmp_path / f"x{ENDING}"
    file.write_bytes(content)
    with pytest.raises(BadContract) as refused:
        read_file(file)
    assert any(one.line == line and why in one.why for one in refused.value.faults), refused.value


def test_a_folder_tells_the_faults_of_all_its_files_and_of_two_for_one_department(tmp_path: Path) -> None:
    with pytest.raises(BadContract, match="in this folder, got none"):
        read_contracts(tmp_path)
    changed(tmp_path, "health", "kind: DataContract", "kind: Data")
    changed(tmp_path, "housing", "version: 1.0.0", "version: ''")
    with pytest.raises(BadContract) as refused:
        read_contracts(tmp_path)
    assert {one.file for one in refused.value.faults} == {"health.odcs.yaml", "housing.odcs.yaml"}
    changed(tmp_path, "health", "version: 1.0.0", "version: 1.0.1")
    changed(tmp_path, "housing", "id: housing", "id: health")
    (tmp_path / "housing.odcs.yaml").write_bytes((tmp_path / "health.odcs.yaml").read_bytes())
    with pytest.raises(BadContract, match="expected one contract a department"):
        read_contracts(tmp_path)
