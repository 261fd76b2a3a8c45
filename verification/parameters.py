"""Which parameters does a policy pack set, of what kind, in what range?

This is the closed list: a pack that sets anything else is refused, and one that leaves
anything out is refused too. What a value is *for* stands here once, in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from verification.bands import BANDS
from verification.entitlement import Stacking
from vocabulary.codes import Category, DeclaredItem, DisabilityCategory, SpecialStatus, Stage, SubsidyKind
from vocabulary.errors import MalformedMoney
from vocabulary.money import LIMIT_FEN, Money
from vocabulary.register import BY_NAME

PolicyValue = int | str | bool


class BadValue(ValueError):
    """A value is not of the kind or in the range that its parameter has."""


class ParameterKind(Enum):
    """What a parameter's value is."""

    FEN = "fen, written in yuan"
    NUMBER = "whole number"
    CODE = "one of a list"
    FLAG = "true or false"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `least` and `most` bound numbers and fen; `choices` bounds codes.

    `refused`   choices that texts name and no pack may make, each with the reason
    """

    kind: ParameterKind
    term: str
    says: str
    least: int = 0
    most: int = LIMIT_FEN
    choices: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()

    def checked(self, value: object) -> PolicyValue:
        """The value as the rules read it: fen for money. Raises `BadValue`."""
        match self.kind:
            case ParameterKind.FEN:
                return self._number(_fen(value))
            case ParameterKind.NUMBER:
                return self._number(value)
            case ParameterKind.FLAG if isinstance(value, bool):
                return value
            case ParameterKind.CODE if isinstance(value, str) and value in self.choices:
                return value
            case ParameterKind.TEXT if isinstance(value, str) and value:
                return value
        expected = f"one of {', '.join(self.choices)}" if self.choices else self.kind.value
        reason = "".join(f": {why}" for choice, why in self.refused if choice == value)
        raise BadValue(f"expected {expected}, got `{value!s:.40}`{reason}")

    def written(self, value: object) -> str:
        """A value that was checked, as a pack's file writes it: money in yuan."""
        return str(Money(value)) if self.kind is ParameterKind.FEN and isinstance(value, int) else str(value)

    def _number(self, value: object) -> int:
        if type(value) is not int:
            raise BadValue(f"expected {self.kind.value}, got `{value!s:.40}`")
        if not self.least <= value <= self.most:
            raise BadValue(f"expected {self.least} to {self.most}, got {value}")
        return value


@dataclass(frozen=True, slots=True)
class Table:
    """A parameter that differs by a key. `keys` None: any text; `complete`: every key needs a row."""

    value: Parameter
    keys: tuple[str, ...] | None = None
    complete: bool = False


def _fen(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return Money.from_yuan(value).fen
    except MalformedMoney as wrong:
        raise BadValue(str(wrong)) from None


def _fen_of(term: str, says: str) -> Parameter:
    return Parameter(ParameterKind.FEN, term, says)


def _number_of(term: str, says: str, *, least: int = 0, most: int = 1_000) -> Parameter:
    return Parameter(ParameterKind.NUMBER, term, says, least, most)


def _choice(term: str, says: str, *choices: str) -> Parameter:
    return Parameter(ParameterKind.CODE, term, says, choices=choices)


def _flag(term: str, says: str) -> Parameter:
    return Parameter(ParameterKind.FLAG, term, says)


VALUES: Mapping[str, Parameter] = {
    "dibao_standard_fen_month": _fen_of("低保标准", "minimum living standard, per head and month"),
    "edge_multiplier_percent": _number_of(
        "边缘倍数", "low-income margin, percent of the 低保 standard", least=100, most=1_000
    ),
    "disposable_income_prior_year_fen": _fen_of(
        "上年度居民人均可支配收入", "disposable income per head, prior year"
    ),
    "rigid_ratio_basis_points": _number_of(
        "刚性支出占比", "rigid spending over income must exceed this, of 10,000", least=1, most=9_999
    ),
    "rigid_denominator": _choice(
        "家庭总收入口径", "denominator of that ratio, before or after employment cost", "COUNTED", "GROSS"
    ),
    "window_months": _number_of(
        # The law's year: what is payable a month is a twelfth, and the disposable income is a year's.
        "核算期月数",
        "months of income, ending before the month of application",
        least=12,
        most=12,
    ),
    "employment_cost_fen_month": _fen_of("就业成本", "deducted for each month in which a person has a wage"),
    "insurance_base_floor_fen_month": _fen_of(
        "缴费基数下限", "the least base; a base at the floor does not tell the wage"
    ),
    "payable_mode": _choice(
        "补助金确定方式", "the gap to the standard, or a band's amount a head", "DIFFERENCE", "BANDED"
    ),
    "payable_rounding": _choice(
        "补助额取整", "the one rounding, at the end", "CEIL_YUAN", "HALF_UP_FEN", "NONE"
    ),
    "single_person_amount": Parameter(
        ParameterKind.CODE,
        "单人户补助口径",
        "what of a single-person amount is deducted: the person's own income, or nothing",
        choices=("OWN_INCOME", "STANDARD"),
        refused=(
            (
                "HOUSEHOLD_PER_CAPITA",
                "whoever enters alone lives in a household that has the standard a head or more,"
                " so nothing would be left to pay to anybody",
            ),
        ),
    ),
    "gradual_exit_months": _number_of("渐退期", "months of benefit after leaving", most=12),
    "review_months_stable": _number_of("稳定家庭复核周期", "months between reviews, stable income", least=1),
    "review_months_unstable": _number_of("不稳定家庭复核周期", "months between reviews, unstable", least=1),
    "death_check_months": _number_of("死亡核查期限", "months from a death to the check", least=1),
    "working_age_from": _number_of("劳动年龄下限", "years", most=120),
    "working_age_until_male": _number_of("男性劳动年龄上限", "years, not included", most=120),
    "working_age_until_female": _number_of("女性劳动年龄上限", "years, not included", most=120),
    "tekun_age_from": _number_of("特困老年年龄", "years from which age alone is incapacity", most=120),
    "tekun_age_below": _number_of("特困未成年年龄", "years below which age alone is incapacity", most=120),
    "obligor_age_from": _number_of(
        "义务人无能力年龄", "years from which an obligor of low income cannot support", most=120
    ),
    "benefit_ending_months": _number_of("失业金将尽月数", "remaining months that count as ending"),
    "age_notice_days": _number_of("年龄节点提前天数", "days before a birthday that changes a right"),
    "refusals_until_reduction": _number_of(
        "拒绝就业次数", "unjustified refusals before a reduction", least=1
    ),
    "care_subsidy_up_to_grade": _number_of(
        "护理补贴等级", "the mildest grade that gives the care subsidy", most=4
    ),
    "large_medical_days": _number_of("大额医疗期间", "days over which self-paid costs are added"),
    "large_medical_fen": _fen_of("大额医疗线", "self-paid costs in that time that call for a look"),
    "medical_cause_basis_points": _number_of(
        "因病负担占比",
        "self-paid medical costs of a year that make a cause, of 10,000 of the income",
        least=1,
        most=10_000,
    ),
    "maintenance_income_line_fen": _fen_of(
        "赡养能力线", "an obligor's income in the window above which maintenance is expected"
    ),
    "education_cost_line_fen": _fen_of("因学负担线", "school costs of a year, less aid, that make a cause"),
    "usable_area_dm2_head": _number_of(
        "人均住房面积线", "square decimetres a head below which housing is a cause", most=100_000
    ),
    "exit_months": _number_of(
        "连续超标月数", "months in a row at or above the standard before a hearing", least=1, most=6
    ),
    "quiet_from_hour": _number_of("非工作时间起", "hour from which a look-up is out of hours", most=24),
    "quiet_until_hour": _number_of("非工作时间止", "hour until which it is, not included", most=24),
    "look_ups_an_hour": _number_of("每小时查询数", "look-ups of one asker within an hour that are usual"),
    "tekun_sample_percent": _number_of(
        "特困抽查比例", "percent of 特困 recognitions to be checked at random, at least", most=100
    ),
    "handover_days": _number_of("迁居移交期限", "days after a move until records have to follow", most=366),
}
"""Every plain parameter by its name; the unit stands at the end of the name."""

RECOGNISED = (Category.TEKUN, Category.DIBAO, Category.EDGE, Category.RIGID)
"""The categories that a verification can come to, but for none."""

_INCOME_CLASS = _choice("收入是否计入", "whether an income kind counts", "COUNTED", "EXCLUDED")

TABLES: Mapping[str, Table] = {
    "income_class": Table(_INCOME_CLASS, tuple(DeclaredItem), complete=True),
    "tekun_income_class": Table(
        _choice("特困收入是否计入", "the same for 特困, by its own list", "COUNTED", "EXCLUDED"),
        tuple(DeclaredItem),
        complete=True,
    ),
    "rigid_numerator": Table(
        _flag("刚性支出项目", "whether a kind of spending is rigid"),
        ("MEDICAL", "EDUCATION", "REHABILITATION"),
        complete=True,
    ),
    "member_excluded": Table(
        _flag("不计入的特殊情形", "whether a special status takes a person out of the household"),
        tuple(SpecialStatus),
        complete=True,
    ),
    "student_stage_counted": Table(
        _flag("计入的学段", "whether a full-time student of this stage counts"), tuple(Stage), complete=True
    ),
    "incapable_up_to_grade": Table(
        _number_of("无劳动能力残疾等级", "the mildest grade that means incapacity for 特困, 0 none", most=4),
        tuple(DisabilityCategory),
        complete=True,
    ),
    "single_person_up_to_grade": Table(
        _number_of("单人户残疾等级", "the mildest grade that opens the single-person route, 0 none", most=4),
        tuple(DisabilityCategory),
        complete=True,
    ),
    "tekun_student_stage": Table(
        _flag("特困未成年人继续供养的学段", "whether a 特困 minor at this stage stays one when grown up"),
        tuple(Stage),
        complete=True,
    ),
    **{
        f"{aid}_aid_category": Table(
            _flag(f"{term}对象", f"whether {aid} aid is open to the category"), RECOGNISED, complete=True
        )
        for aid, term in (
            ("medical", "医疗救助"),
            ("education", "教育救助"),
            ("housing", "住房救助"),
            ("employment", "就业救助"),
        )
    },
    "payable_band_below_percent": Table(
        _number_of("分档上限", "income below so many percent of the standard is in this band", most=100),
        BANDS,
    ),
    "payable_band_fen_month": Table(_fen_of("分档补助额", "a head and month in this band"), BANDS),
    "max_age_days": Table(
        _number_of(
            "数据有效天数", "days after its `as_of` for which an answer is good", least=1, most=36_600
        ),
        tuple(BY_NAME),
    ),
    "rule_max_age_days": Table(
        _number_of(
            "规则数据有效天数",
            "the same for one rule alone, a row `RULE+RecordType`; the stricter of both counts",
            least=1,
            most=36_600,
        )
    ),
    "aid_group": Table(
        Parameter(ParameterKind.TEXT, "资助互斥组", "programmes of one group exclude each other")
    ),
    "stacking": Table(
        _choice("待遇叠加", "how two entitlements stand in one month, a row `FIRST+SECOND`", *Stacking)
    ),
    "subsidy_fen_month": Table(_fen_of("补贴标准", "a disability subsidy a month"), tuple(SubsidyKind)),
    "clock_days": Table(
        _number_of("办理时限", "days; publicity counts natural days, the others working days"),
        (
            "survey_start",
            "compare_start",
            "publicity",
            "decide",
            "notice",
            "total",
            "total_longest",
            "tekun_survey",
            "tekun_confirm",
            "correction",
            "objection",
        ),
        complete=True,
    ),
    "calendar": Table(
        Parameter(
            ParameterKind.TEXT,
            "节假日安排",
            "the State Council's notice of a year that the program does not carry yet, a row for it",
        )
    ),
}
"""Every table by its name."""
