"""What does social security (人社) call what we call insurance, work, unemployment and pensions?

An HTTP service with the field codes of the national 金保 system: `aac147` is the id number,
`aae140` the kind of insurance, dates and months are numbers, yuan are text.
"""

from __future__ import annotations

from connectors.ask import Clock, Connector
from connectors.forms import Form
from connectors.guard import Patience
from connectors.http_register import HttpRegister
from connectors.mapping import Field, Table, Tables
from vocabulary.codes import Department
from vocabulary.records import social_security as ours


def connect(address: str, *, clock: Clock, patience: Patience | None = None) -> Connector:
    """Give the connector to the service at an address, with its key as user part: `http://key@host:port`."""
    return HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=patience)


_KEY = Field("baz001", "record_id")
_AS_OF = Field("aae036", "as_of", Form.COMPACT_DATE)
_PERSON = Field("aac147", "person")
_MONTH = Field("aae003", "month", Form.COMPACT_MONTH)
_SINCE = Field("aae030", "since", Form.COMPACT_DATE)
_UNTIL = Field("aae031", "until", Form.COMPACT_DATE)
_EMPLOYER = Field("aab998", "employer")

TABLES: Tables = {
    ours.Insurance: Table(
        "ac43",
        (
            _KEY,
            _PERSON,
            Field(
                "aae140",
                "kind",
                codes={
                    "110": "PENSION",
                    "310": "MEDICAL",
                    "210": "UNEMPLOYMENT",
                    "410": "INJURY",
                    "510": "MATERNITY",
                },
            ),
            Field("aac066", "participation", codes={"11": "EMPLOYEE", "12": "FLEXIBLE", "21": "RESIDENT"}),
            _MONTH,
            Field("aae180", "base_fen", Form.YUAN),
            Field("aac031", "status", codes={"1": "NORMAL", "2": "SUSPENDED", "3": "RETIRED"}),
            _EMPLOYER,
            _AS_OF,
        ),
    ),
    ours.EmploymentRegistration: Table(
        "cc20",
        (
            _KEY,
            _PERSON,
            Field(
                "acc0m4",
                "kind",
                codes={"1": "EMPLOYER", "2": "FLEXIBLE", "3": "OWN_BUSINESS", "4": "PUBLIC_POST"},
            ),
            _SINCE,
            _UNTIL,
            _EMPLOYER,
            Field("aab301", "district"),
            _AS_OF,
        ),
    ),
    ours.UnemploymentRegistration: Table(
        "cc02",
        (
            _KEY,
            _PERSON,
            Field("ajc090", "registered_on", Form.COMPACT_DATE),
            Field("ajc097", "cancelled_on", Form.COMPACT_DATE),
            _AS_OF,
        ),
    ),
    ours.UnemploymentBenefit: Table(
        "jc10",
        (
            _KEY,
            _PERSON,
            _MONTH,
            Field("aae019", "amount_fen", Form.YUAN),
            Field("ajc071", "remaining_months", Form.INTEGER),
            _AS_OF,
        ),
    ),
    ours.Pension: Table(
        "ic60",
        (
            _KEY,
            _PERSON,
            _MONTH,
            Field("aic101", "central_base_fen", Form.YUAN),
            Field("aic102", "local_base_fen", Form.YUAN),
            Field("aic103", "personal_fen", Form.YUAN),
            Field("aic104", "employee_fen", Form.YUAN),
            _AS_OF,
        ),
    ),
    ours.InjuryBenefit: Table(
        "lc30",
        (
            _KEY,
            _PERSON,
            Field("alc025", "kind", codes={"401": "DISABILITY_ALLOWANCE", "402": "LIVING_CARE"}),
            _MONTH,
            Field("aae019", "amount_fen", Form.YUAN),
            _AS_OF,
        ),
    ),
    ours.JobReferral: Table(
        "cc21",
        (
            _KEY,
            _PERSON,
            Field("acb216", "post"),
            Field("acc210", "offered_on", Form.COMPACT_DATE),
            Field("acc211", "answer", codes={"1": "ACCEPTED", "2": "REFUSED", "9": "UNANSWERED"}),
            Field("acc212", "justified", Form.ONE_ZERO),
            _AS_OF,
        ),
    ),
    ours.Training: Table(
        "hc60",
        (
            _KEY,
            _PERSON,
            Field("ahc054", "course"),
            _SINCE,
            _UNTIL,
            Field("aae019", "subsidy_fen", Form.YUAN),
            _AS_OF,
        ),
    ),
}
"""人社: our record types and the service's tables."""
