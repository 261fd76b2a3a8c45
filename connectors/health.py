"""What does health (卫健) call what we call births, deaths, illnesses and settlements?

An SQL warehouse of recent years: lower-case English names, dates with a time of day, and for
settlements the fields that medical insurance (医保) prescribes nation-wide, in yuan.
"""

from __future__ import annotations

from connectors.ask import Clock, Connector
from connectors.forms import Form
from connectors.guard import Patience
from connectors.mapping import Field, Table, Tables
from connectors.sql_register import SqlRegister
from vocabulary.codes import Department
from vocabulary.records import health as ours


def connect(address: str, *, clock: Clock, patience: Patience | None = None) -> Connector:
    """Give the connector to the register at an SQLAlchemy URL."""
    return SqlRegister(Department.HEALTH, address, TABLES, clock=clock, patience=patience)


_KEY = Field("row_key", "record_id")
_AS_OF = Field("biz_date", "as_of", Form.ISO_DATE)
_PERSON = Field("certno", "person")

TABLES: Tables = {
    ours.Birth: Table(
        "birth_certificate",
        (
            _KEY,
            Field("child_certno", "person"),
            Field("birth_time", "born_on", Form.DATE_AND_TIME),
            Field("mother_certno", "mother"),
            _AS_OF,
        ),
    ),
    ours.Death: Table(
        "death_certificate",
        (_KEY, _PERSON, Field("death_time", "died_on", Form.DATE_AND_TIME), _AS_OF),
    ),
    ours.IllnessRecognition: Table(
        "major_disease_recognition",
        (
            _KEY,
            _PERSON,
            Field("dise_name", "disease"),
            Field("begndate", "valid_from", Form.ISO_DATE),
            Field("enddate", "valid_until", Form.ISO_DATE),
            Field("admdvs", "district"),
            _AS_OF,
        ),
    ),
    ours.Settlement: Table(
        "setl_d",
        (
            _KEY,
            _PERSON,
            Field("fixmedins_flag", "designated", Form.ONE_ZERO),
            Field("setl_time", "discharged_on", Form.DATE_AND_TIME),
            Field("medfee_sumamt", "total_fen", Form.YUAN),
            Field("hifp_pay", "basic_fen", Form.YUAN),
            Field("hifmi_pay", "serious_fen", Form.YUAN),
            Field("maf_pay", "assistance_fen", Form.YUAN),
            Field("hifob_pay", "supplementary_fen", Form.YUAN),
            Field("comm_ins_pay", "commercial_fen", Form.YUAN),
            Field("oth_pay", "other_fen", Form.YUAN),
            Field("psn_part_amt", "self_pay_fen", Form.YUAN),
            Field("inscp_amt_self", "compliant_self_pay_fen", Form.YUAN),
            _AS_OF,
        ),
    ),
    ours.FamilyPlanningReward: Table(
        "fp_reward_payment",
        (
            _KEY,
            _PERSON,
            Field("pay_month", "month", Form.ISO_MONTH),
            Field("pay_amt", "amount_fen", Form.YUAN),
            _AS_OF,
        ),
    ),
}
"""卫健: our record types and the register's tables."""
