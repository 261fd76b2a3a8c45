"""What does the disability federation (残联) call what we call certificates, subsidies and devices?

A small SQL system: pinyin words, dates with slashes, states and yes or no in Chinese words,
amounts already in whole fen.
"""

from __future__ import annotations

from connectors.ask import Clock, Connector
from connectors.forms import Form
from connectors.guard import Patience
from connectors.mapping import Field, Table, Tables
from connectors.sql_register import SqlRegister
from vocabulary.codes import Department
from vocabulary.records import disability as ours


def connect(address: str, *, clock: Clock, patience: Patience | None = None) -> Connector:
    """Give the connector to the register at an SQLAlchemy URL."""
    return SqlRegister(Department.DISABILITY, address, TABLES, clock=clock, patience=patience)


_KEY = Field("bianhao", "record_id")
_AS_OF = Field("shuju_riqi", "as_of", Form.SLASH_DATE)
_PERSON = Field("shenfenzheng", "person")

TABLES: Tables = {
    ours.Certificate: Table(
        "cjr_zhengjian",
        (
            _KEY,
            _PERSON,
            Field("xingming", "name"),
            Field("zhenghao", "number"),
            Field(
                "leibie",
                "category",
                codes={
                    "视力": "1",
                    "听力": "2",
                    "言语": "3",
                    "肢体": "4",
                    "智力": "5",
                    "精神": "6",
                    "多重": "7",
                },
            ),
            Field("dengji", "grade", Form.INTEGER),
            Field("duochong", "parts"),
            Field("fazheng_riqi", "issued_on", Form.SLASH_DATE),
            Field("youxiao_riqi", "valid_until", Form.SLASH_DATE),
            Field(
                "zhuangtai",
                "status",
                codes={"有效": "VALID", "注销": "CANCELLED", "冻结": "FROZEN", "过期": "EXPIRED"},
            ),
            _AS_OF,
        ),
    ),
    ours.DisabilitySubsidy: Table(
        "cjr_butie",
        (
            _KEY,
            _PERSON,
            Field("butie_leixing", "kind", codes={"生活补贴": "LIVING", "护理补贴": "CARE"}),
            Field("nianyue", "month", Form.COMPACT_MONTH),
            Field("jine_fen", "amount_fen", Form.FEN),
            Field("quhua", "district"),
            _AS_OF,
        ),
    ),
    ours.RehabilitationExpense: Table(
        "cjr_kangfu",
        (
            _KEY,
            _PERSON,
            Field("feiyong_riqi", "spent_on", Form.SLASH_DATE),
            Field("zongjine_fen", "total_fen", Form.FEN),
            Field("butie_fen", "subsidy_fen", Form.FEN),
            Field("baoxian_fen", "insurance_fen", Form.FEN),
            Field("zifu_fen", "self_pay_fen", Form.FEN),
            _AS_OF,
        ),
    ),
    ours.AssistiveDevice: Table(
        "cjr_fuju",
        (
            _KEY,
            _PERSON,
            Field("fuju_mingcheng", "device"),
            Field("peifa_riqi", "supplied_on", Form.SLASH_DATE),
            Field("feiyong_fen", "cost_fen", Form.FEN),
            _AS_OF,
        ),
    ),
}
"""残联: our record types and the register's tables."""
