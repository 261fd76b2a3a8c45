"""What does education (教育) call what we call enrolments, aid, school bills and hardship lists?

A folder of monthly deliveries as schools' clerks make them: CSV in UTF-8 and in GB18030,
Excel sheets, Chinese headings, dates with slashes, school years in words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from connectors.ask import Clock, Connector
from connectors.file_register import FileRegister
from connectors.forms import Form
from connectors.guard import Patience
from connectors.mapping import Field, Table, Tables
from vocabulary.codes import Department
from vocabulary.records import education as ours


def connect(
    address: str,
    *,
    clock: Clock,
    today: Callable[[], date] | None = None,
    patience: Patience | None = None,
) -> Connector:
    """Give the connector to the folder of deliveries at `file:///folder`; none dated after `today` is read."""
    return FileRegister(Department.EDUCATION, address, TABLES, clock=clock, today=today, patience=patience)


_KEY = Field("序号", "record_id")
_AS_OF = Field("数据日期", "as_of", Form.SLASH_DATE)
_PERSON = Field("身份证号", "person")
_YEAR = Field("学年", "academic_year", Form.SCHOOL_YEAR)
_STAGE = Field(
    "学段",
    "stage",
    codes={
        "学前": "PRESCHOOL",
        "小学": "PRIMARY",
        "初中": "JUNIOR",
        "普通高中": "SENIOR",
        "中等职业": "VOCATIONAL",
        "高职高专": "COLLEGE",
        "本科": "UNDERGRADUATE",
        "硕士": "MASTER",
        "博士": "DOCTOR",
    },
)

TABLES: Tables = {
    ours.Enrolment: Table(
        "xueji",
        (
            _KEY,
            _PERSON,
            Field("姓名", "name"),
            Field("学校名称", "school"),
            _STAGE,
            Field("是否全日制", "full_time", Form.YES_NO),
            Field("办学性质", "ownership", codes={"公办": "PUBLIC", "民办": "PRIVATE"}),
            Field(
                "学籍状态",
                "status",
                codes={"在读": "ENROLLED", "休学": "SUSPENDED", "毕业": "GRADUATED", "退学": "WITHDRAWN"},
            ),
            Field("入学日期", "since", Form.SLASH_DATE),
            Field("预计毕业日期", "expected_graduation", Form.SLASH_DATE),
            Field("学籍所在地", "district"),
            _AS_OF,
        ),
        layout="csv:utf-8-sig",
    ),
    ours.Aid: Table(
        "zizhu",
        (
            _KEY,
            _PERSON,
            _YEAR,
            Field("资助项目", "programme"),
            Field("资金来源", "fund_source"),
            Field("资助金额", "amount_fen", Form.YUAN),
            Field("发放日期", "paid_on", Form.SLASH_DATE),
            _AS_OF,
        ),
        layout="csv:gb18030",
    ),
    ours.FeeBill: Table(
        "shoufei",
        (
            _KEY,
            _PERSON,
            _YEAR,
            Field("收费项目", "kind", codes={"学费": "TUITION", "住宿费": "LODGING", "保教费": "CHILDCARE"}),
            _STAGE,
            Field("应缴金额", "billed_fen", Form.YUAN),
            Field("实缴金额", "paid_fen", Form.YUAN),
            Field("公办标准", "public_standard_fen", Form.YUAN),
            Field("缴费日期", "paid_on", Form.SLASH_DATE),
            _AS_OF,
        ),
        layout="xlsx:收费",
    ),
    ours.HardshipStudent: Table(
        "kunnan",
        (_KEY, _PERSON, _YEAR, Field("困难等级", "level"), _AS_OF),
        layout="xlsx:困难学生",
    ),
}
"""教育: our record types and the tables of a delivery."""
