"""What does civil affairs (民政) call what we call households, members, declarations and benefits?

An SQL system of the 2000s: pinyin initials in capitals, dates and months as digits, yuan as
decimal text, codes of its own. GB/T codes are kept as the standards give them.
"""

from __future__ import annotations

from connectors.ask import Clock, Connector
from connectors.forms import Form
from connectors.guard import Patience
from connectors.mapping import Field, Table, Tables
from connectors.sql_register import SqlRegister
from vocabulary.codes import Department
from vocabulary.records import civil_affairs as ours


def connect(address: str, *, clock: Clock, patience: Patience | None = None) -> Connector:
    """Give the connector to the register at an SQLAlchemy URL."""
    return SqlRegister(Department.CIVIL_AFFAIRS, address, TABLES, clock=clock, patience=patience)


_KEY = Field("XH", "record_id")
_AS_OF = Field("SJRQ", "as_of", Form.COMPACT_DATE)
_HOUSEHOLD = Field("JTBH", "household")
_PERSON = Field("SFZH", "person")
_MONTH = Field("SSNY", "month", Form.COMPACT_MONTH)
_AMOUNT = Field("JE", "amount_fen", Form.YUAN)

_CATEGORIES = {
    "11": "TEKUN",
    "21": "DIBAO",
    "22": "EDGE",
    "31": "RIGID",
    "41": "UNION",
    "99": "NONE",
}
_BENEFITS = {
    "21": "DIBAO",
    "11": "TEKUN",
    "23": "SINGLE",
    "71": "TEMPORARY",
    "24": "GRADUAL_EXIT",
    "81": "ORPHAN",
}
_SIGNED = {"1": "HANDWRITTEN", "2": "FINGERPRINT", "3": "ELECTRONIC"}
_SEX = {"0": "0", "1": "1", "2": "2", "9": "9"}
_MARITAL = {code: code for code in ("10", "20", "21", "22", "23", "30", "40", "90")}
_RELATIONS = {
    code: code.lstrip("0") or "0"
    for code in (
        *("00", "01", "02", "03", "04", "05", "06", "07", "08"),
        *("27", "28", "37", "38", "51", "52", "53", "54", "55", "56"),
    )
}
_ITEMS = {
    "00": "UNEMPLOYED",
    "01": "EMPLOYMENT_COST",
    "11": "WAGE",
    "21": "BUSINESS",
    "31": "RENT",
    "32": "INTEREST",
    "33": "LAND",
    "41": "MAINTENANCE",
    "42": "PENSION",
    "43": "CENTRAL_BASE_PENSION",
    "44": "LOCAL_BASE_PENSION",
    "45": "PERSONAL_PENSION",
    "46": "UNEMPLOYMENT_BENEFIT",
    "47": "INJURY_BENEFIT",
    "48": "COMPENSATION",
    "49": "DONATION",
    "51": "SCHOLARSHIP",
    "61": "PREFERENTIAL_CARE",
    "62": "FAMILY_PLANNING",
    "63": "BRAVERY_AWARD",
    "64": "AGE_ALLOWANCE",
    "65": "DISABILITY_SUBSIDY",
    "66": "RELIEF",
    "67": "EDUCATION_AID",
    "68": "TRAINING_SUBSIDY",
    "99": "OTHER",
}

TABLES: Tables = {
    ours.HouseholdFile: Table(
        "MZ_JTDA",
        (
            _KEY,
            _HOUSEHOLD,
            Field("XZQH", "district", Form.PADDED_REGION),
            Field("JDXZ", "street", Form.PADDED_REGION),
            Field("HZSFZH", "head"),
            Field("HKXZ", "hukou", codes={"1": "URBAN", "2": "RURAL"}),
            Field(
                "ZYZPYY",
                "primary_cause",
                codes={
                    "01": "ILLNESS",
                    "02": "DISABILITY",
                    "03": "EDUCATION",
                    "04": "DISASTER",
                    "05": "UNEMPLOYMENT",
                    "06": "HOUSING",
                    "99": "OTHER",
                },
            ),
            Field("JDRQ", "opened_on", Form.COMPACT_DATE),
            Field("XDRQ", "closed_on", Form.COMPACT_DATE),
            _AS_OF,
        ),
    ),
    ours.Membership: Table(
        "MZ_JTCY",
        (
            _KEY,
            _HOUSEHOLD,
            _PERSON,
            Field("YHZGX", "relation", codes=_RELATIONS),
            Field("CYLB", "kind", codes={"1": "COHABIT", "2": "OBLIGOR"}),
            Field("JRRQ", "joined_on", Form.COMPACT_DATE),
            Field("LKRQ", "left_on", Form.COMPACT_DATE),
            Field(
                "TSQX",
                "special",
                codes={
                    "0": "NONE",
                    "1": "PRISON",
                    "2": "COMPULSORY_REHAB",
                    "3": "COMMUNITY_REHAB",
                    "4": "MISSING",
                    "5": "CLERGY_3Y",
                },
            ),
            Field("YWDX", "obligor_to"),
            Field("JHR", "guardian"),
            _AS_OF,
        ),
    ),
    ours.Person: Table(
        "MZ_RYXX",
        (
            _KEY,
            _PERSON,
            Field("XM", "name"),
            Field("XB", "sex", codes=_SEX),
            Field("CSRQ", "birth", Form.COMPACT_DATE),
            Field("HJD", "hukou_district", Form.PADDED_REGION),
            Field("JZD", "residence_district", Form.PADDED_REGION),
            Field("JZZYXQ", "residence_permit_until", Form.COMPACT_DATE),
            _AS_OF,
        ),
    ),
    ours.Application: Table(
        "MZ_JZSQ",
        (
            _KEY,
            _HOUSEHOLD,
            Field("SQBH", "application"),
            Field(
                "SQLB",
                "kind",
                codes={
                    "11": "TEKUN",
                    "21": "DIBAO",
                    "22": "EDGE",
                    "31": "RIGID",
                    "23": "SINGLE",
                    "90": "REVIEW",
                },
            ),
            Field("SQRQ", "applied_on", Form.COMPACT_DATE),
            Field("SLRQ", "accepted_on", Form.COMPACT_DATE),
            Field("JQSBZ", "near_relative", Form.ONE_ZERO),
            Field("JJBZ", "urgent", Form.ONE_ZERO),
            _AS_OF,
        ),
    ),
    ours.Declaration: Table(
        "MZ_SRSB",
        (
            _KEY,
            _HOUSEHOLD,
            _PERSON,
            Field("SBXM", "item", codes=_ITEMS),
            _MONTH,
            _AMOUNT,
            Field("SBJR", "counted", Form.ONE_ZERO),
            _AS_OF,
        ),
    ),
    ours.Authorization: Table(
        "MZ_HDSQS",
        (
            _KEY,
            _PERSON,
            Field("QSFS", "method", codes=_SIGNED),
            Field("QSRQ", "valid_from", Form.COMPACT_DATE),
            Field("YXQZ", "valid_until", Form.COMPACT_DATE),
            Field("CHRQ", "withdrawn_on", Form.COMPACT_DATE),
            _AS_OF,
        ),
    ),
    ours.Benefit: Table(
        "MZ_JZFF",
        (
            _KEY,
            _HOUSEHOLD,
            Field(
                "JZLB",
                "kind",
                codes=_BENEFITS,
            ),
            _MONTH,
            _AMOUNT,
            Field("FFBZ", "paid", Form.ONE_ZERO),
            _PERSON,
            _AS_OF,
        ),
    ),
    ours.CategoryHistory: Table(
        "MZ_LBYG",
        (
            _KEY,
            _HOUSEHOLD,
            Field("JZLB", "category", codes=_CATEGORIES),
            Field("QSRQ", "since", Form.COMPACT_DATE),
            Field("ZZRQ", "until", Form.COMPACT_DATE),
            Field(
                "BGYY",
                "reason",
                codes={"1": "OMITTED", "2": "RETURNED", "3": "NEW", "4": "INELIGIBLE", "5": "RELIEVED"},
            ),
            _AS_OF,
        ),
    ),
    ours.Marriage: Table(
        "HY_HYDJ",
        (
            _KEY,
            _PERSON,
            Field("HYZK", "status", codes=_MARITAL),
            Field("POSFZH", "spouse"),
            Field("DJRQ", "registered_on", Form.COMPACT_DATE),
            Field("LHRQ", "divorced_on", Form.COMPACT_DATE),
            _AS_OF,
        ),
    ),
    ours.Funeral: Table("BZ_HHDJ", (_KEY, _PERSON, Field("HHRQ", "cremated_on", Form.COMPACT_DATE), _AS_OF)),
    ours.Visit: Table(
        "MZ_RHDC",
        (
            _KEY,
            _HOUSEHOLD,
            Field("DCRQ", "visited_on", Form.COMPACT_DATE),
            Field("DCRS", "visitors", Form.INTEGER),
            Field("XCDQ", "next_due", Form.COMPACT_DATE),
            _AS_OF,
        ),
    ),
    ours.PropertyCheck: Table(
        "MZ_CCHC",
        (
            _KEY,
            _HOUSEHOLD,
            Field(
                "CCLB",
                "kind",
                codes={"1": "DEPOSIT", "2": "VEHICLE", "3": "HOUSE", "4": "EQUITY", "5": "COMPANY"},
            ),
            Field("CXBZ", "over_limit", Form.ONE_ZERO),
            _AS_OF,
        ),
    ),
    ours.HouseholdMove: Table(
        "MZ_QJJL",
        (
            _KEY,
            _HOUSEHOLD,
            Field("QCD", "from_district", Form.PADDED_REGION),
            Field("QRD", "to_district", Form.PADDED_REGION),
            Field("QJRQ", "moved_on", Form.COMPACT_DATE),
            _AS_OF,
        ),
    ),
    ours.DistrictToken: Table(
        "MZ_KQBD",
        (
            _KEY,
            _PERSON,
            _MONTH,
            Field("BDPZ", "own_token"),
            Field("DFPZ", "other_token"),
            Field("DFQH", "other_district", Form.PADDED_REGION),
            Field("JZLB", "kind", codes=_BENEFITS),
            Field("FFBZ", "paid", Form.ONE_ZERO),
            _AS_OF,
        ),
    ),
}
"""民政: our record types and the register's tables."""
