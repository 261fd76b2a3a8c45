"""An eighth department (公安) is connected by a contract and an agreement alone, with a record type that no code knows."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casework.agreement import SHIPPED as AGREEMENTS
from connectors.contract import SHIPPED, read_contract
from connectors.contract_file import BadContract
from demo.registers.systems import Registers, write_registers
from demo.story import load_all
from vocabulary.codes import Department
from vocabulary.record import columns_of
from vocabulary.register import BY_NAME, RECORD_TYPES, record_types

ROOT = Path(__file__).parents[2]

STORY = next(story for story in load_all() if story.id == "H8")

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: public_security
version: 1.0.0
status: active
name: 公安 居住证管理系统
description: {purpose: 核对居住证}
team: {name: 市公安局}
authoritativeDefinitions: [{type: legalBasis, description: 社会救助法 第三十七条}]
servers: [{server: register, type: custom, customProperties: [{property: transport, value: sql}]}]
slaProperties: [{property: latency, value: 31, unit: d}]
schema:
  - name: ResidencePermit
    businessName: 居住证
    description: a permit to reside outside the place of 户籍.
    physicalName: GA_JZZ
    customProperties: [{property: catalogueId, value: GA-001}, {property: subjects, value: [person]}]
    properties:
      - {name: record_id, businessName: 记录编号, physicalName: ID, logicalType: string, required: true, <class>}
      - {name: person, businessName: 身份号码, physicalName: SFZH, logicalType: string, required: true, <class>}
      - {name: permit, businessName: 居住证号, physicalName: ZH, logicalType: string, required: true, <class>}
      - {name: holder, businessName: 持证人, physicalName: XM, logicalType: string, <class>}
      - {name: address, businessName: 登记住址, transformLogic: "XZQ || DZ", logicalType: string, <class>}
      - {name: status, businessName: 证件状态, physicalName: ZT, logicalType: string, required: true, <class>,
         enum: [
          {value: 正常, id: VALID, label: 有效}, {value: 作废, id: VOID, label: 作废}]}
      - {name: issued_on, businessName: 发证日期, physicalName: FZRQ, logicalType: date, <day>, required: true, <class>}
      - {name: valid_until, businessName: 有效期至, physicalName: YXQZ, logicalType: date, <day>, <class>}
      - {name: deposit_fen, businessName: 押金, physicalName: YJ, logicalType: number, required: true, <class>,
         customProperties: [{property: unit, value: yuan}]}
      - {name: as_of, businessName: 数据日期, physicalName: SJRQ, logicalType: date, <day>, required: true, <class>}
""".replace("<class>", "classification: 有条件共享").replace(
    "<day>", "logicalTypeOptions: {format: yyyyMMdd}"
)

AGREEMENT = """
协议编号: MZ-GA-2026-081
提供部门: 公安
使用部门: 民政
共享类型: 有条件共享
目的: [低保资格认定]
法律依据: [《社会救助法》第四十一条]
场景: 核对居住证
方式: 服务接口，按案件逐户查询
岗位: [核对员]
地域: 本辖区
条件: [当事人书面授权]
有效期: {自: 2026-07-01, 至: 2027-12-31}
字段:
  明文: [居住证.查询状态, 居住证.记录编号, 居住证.数据日期, 居住证.居住证号, 居住证.证件状态,
         居住证.发证日期, 居住证.有效期至, 居住证.押金, 居住证.登记住址]
  脱敏: [居住证.持证人]
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the gateway answers the verifier, and the clerk at the window, whom no agreement lets see it."""
    folder = tmp_path_factory.mktemp("eighth")
    shutil.copytree(SHIPPED, folder / "contracts")
    shutil.copytree(AGREEMENTS, folder / "agreements")
    (folder / "contracts" / "public_security.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    (folder / "agreements" / "MZ-GA-2026-081.yaml").write_text(AGREEMENT, encoding="utf-8")
    with closing(sqlite3.connect(folder / "police.sqlite")) as database, database:
        database.execute("CREATE TABLE GA_JZZ (ID, SFZH, ZH, XM, XZQ, DZ, ZT, FZRQ, YXQZ, YJ, SJRQ)")
        row = (
            "1",
            STORY.people["head"].id,
            "JZ-1",
            "安一二",
            "演示区",
            "一号",
            "正常",
            "20250301",
            "20260301",
        )
        database.execute("INSERT INTO GA_JZZ VALUES (?,?,?,?,?,?,?,?,?,?,?)", (*row, "20.50", "20261031"))
    rows = {record: [row for row in STORY.records if type(row) is record] for record in RECORD_TYPES}
    write_registers(rows, folder / "registers")
    with Registers(folder / "registers") as registers:
        addresses = {one.value: address for one, address in registers.addresses.items()}
        what = {
            "on": STORY.on.isoformat(),
            "household": STORY.household,
            "personas": ["verifier", "clerk"],
            "settings": {
                "run_folder": str(folder / "run"),
                "contracts": str(folder / "contracts"),
                "agreements": str(folder / "agreements"),
                "registers": {**addresses, "public_security": f"sqlite:///{folder / 'police.sqlite'}"},
            },
        }
        (folder / "what.json").write_text(json.dumps(what), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEDUI_")}
        done = subprocess.run(
            [sys.executable, "-m", "tests.gateway.eighth_department", str(folder / "what.json")],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
        )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_its_records_are_answered_decoded_worked_out_and_masked_as_agreed(told: dict[str, Any]) -> None:
    members = told["verifier"]["data"]["household"]["members"]
    found = next(one["residencePermit"] for one in members if one["residencePermit"]["state"] == "FOUND")
    (record,) = found["records"]
    assert (record["permit"], record["status"], record["deposit"]) == ("JZ-1", "VALID", "20.50")
    assert (record["issuedOn"], record["validUntil"]) == ("2025-03-01", "2026-03-01")
    assert record["address"] == "演示区一号"
    assert record["holder"] not in (None, "安一二")
    assert (found["asOf"], found["catalogueId"], found["department"]) == (
        "2026-10-31",
        "GA-001",
        "PUBLIC_SECURITY",
    )


def test_it_is_a_source_of_the_answer_like_any_other(told: dict[str, Any]) -> None:
    assert told["verifier"]["extensions"]["sources"]["public_security"] == {"state": "ANSWERED"}
    assert told["verifier"]["extensions"]["receipt"]


def test_whom_no_agreement_lets_see_it_is_told_so_and_the_department_is_not_asked(
    told: dict[str, Any],
) -> None:
    members = told["clerk"]["data"]["household"]["members"]
    assert {one["residencePermit"]["state"] for one in members} == {"WITHHELD"}
    assert "public_security" not in told["clerk"]["extensions"].get("sources", {})


def test_the_same_words_declare_the_same_type_and_nothing_of_ours_changes(tmp_path: Path) -> None:
    file = tmp_path / "public_security.odcs.yaml"
    file.write_text(CONTRACT, encoding="utf-8")
    (record,) = read_contract(file).tables
    assert [*read_contract(file).tables] == [record]
    assert record.department is Department.PUBLIC_SECURITY
    assert [one.term for one in columns_of(record).values()][-1] == "押金"
    assert record.__name__ not in BY_NAME
    assert record not in record_types()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("name: ResidencePermit", "name: residence permit", "expected a name such as `ResidencePermit`"),
        ("name: ResidencePermit", "name: Insurance", "expected a record type of"),
        ("value: [person]", "value: [permit]", "expected `subjects` to begin with `person` or `household`"),
        ("value: [person]", "value: [spouse]", "expected `subjects` among the columns"),
        ("name: as_of,", "name: day,", "expected column `as_of`"),
        ("name: permit,", "name: Permit,", "expected a name such as `valid_until`"),
        ("businessName: 持证人", "businessName: 居住证号", "expected a term of its own"),
        (
            "XM, logicalType: string, classification: 有条件共享",
            "XM, logicalType: string",
            "expected one sharing class",
        ),
        ("value: yuan", "value: dollar", "got `number` as `dollar`"),
    ],
)
def test_a_declaration_that_cannot_be_one_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in CONTRACT
    file = tmp_path / "public_security.odcs.yaml"
    file.write_text(CONTRACT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadContract) as refused:
        read_contract(file)
    assert why in str(refused.value)
