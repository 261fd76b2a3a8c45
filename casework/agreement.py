"""Who may see which field of whose records, for what, until when? The sharing agreements (共享协议).

One YAML file an agreement, with Chinese keys, as a lawyer signs it: basis, scenario, scope, way
and term as 政务数据共享条例 art. 20 asks. This module reads and checks them; `casework.cedar`
decides by them. A field that no agreement names is not shared.

    ValueError
    └── BadAgreement     (casework.written) file, line, key, expected, got
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import yaml

from casework.resource import Resource, resources
from casework.written import BadAgreement, Faults, Section, Text, read_file
from vocabulary.codes import Code, Department, SharingClass

SHIPPED = Path(__file__).parent / "agreements"
"""The set that the demo district runs by."""

KEYS = (
    "协议编号",
    "提供部门",
    "使用部门",
    "共享类型",
    "目的",
    "法律依据",
    "场景",
    "方式",
    "岗位",
    "地域",
    "条件",
    "有效期",
    "字段",
)


class Recipient(Code):
    """使用部门: who receives, a department or the evaluator from outside."""

    CIVIL_AFFAIRS = "civil_affairs", "民政"
    SOCIAL_SECURITY = "social_security", "人社"
    HEALTH = "health", "卫健"
    EDUCATION = "education", "教育"
    DISABILITY = "disability", "残联"
    EVALUATOR = "evaluator", "第三方评估"


class Purpose(Code):
    """目的: what for. A request names one, and it must be one of the agreement's."""

    TEKUN_RECOGNITION = "TEKUN_RECOGNITION", "特困人员认定"
    DIBAO_RECOGNITION = "DIBAO_RECOGNITION", "低保资格认定"
    EDGE_RECOGNITION = "EDGE_RECOGNITION", "低保边缘认定"
    RIGID_RECOGNITION = "RIGID_RECOGNITION", "刚性支出认定"
    PERIODIC_REVIEW = "PERIODIC_REVIEW", "定期核查"
    EMERGENCY = "EMERGENCY", "急难先行救助"
    STUDENT_AID = "STUDENT_AID", "学生资助认定"
    EMPLOYMENT_AID = "EMPLOYMENT_AID", "就业援助"
    MEDICAL_AID = "MEDICAL_AID", "医疗救助"
    DISABILITY_SUBSIDY = "DISABILITY_SUBSIDY", "残疾人两项补贴审核"
    EVALUATION = "EVALUATION", "绩效评价"
    AUDIT = "AUDIT", "审计监督"
    CORRECTION = "CORRECTION", "数据校核"


class Access(Code):
    """字段 of an agreement, the most generous first: clear implies masked implies verify-only."""

    CLEAR = "CLEAR", "明文"
    MASKED = "MASKED", "脱敏"
    VERIFY_ONLY = "VERIFY_ONLY", "仅核验"
    DENIED = "DENIED", "禁止"


class Area(Code):
    """地域: where the household must live."""

    OWN_REGION = "OWN_REGION", "本辖区"
    ANYWHERE = "ANYWHERE", "不限"


class Condition(Code):
    """条件: what must hold besides."""

    CONSENT = "CONSENT", "当事人书面授权"
    ONWARD = "ONWARD", "提供部门书面同意"


@dataclass(frozen=True, slots=True)
class Agreement:
    """共享协议: one provider gives one recipient these fields. Both days of the term are included."""

    number: str
    provider: Department
    recipient: Recipient
    sharing_class: SharingClass
    purposes: tuple[Purpose, ...]
    bases: tuple[str, ...]
    scenario: str
    way: str
    posts: tuple[str, ...]
    area: Area
    conditions: tuple[Condition, ...]
    since: date
    until: date
    fields: tuple[tuple[str, Access], ...]
    """Resource names, each once, wildcards written out, in the order of the registry."""

    @property
    def basis(self) -> str:
        """The legal basis, as shown with a decision."""
        return "；".join(self.bases)

    def clause(self, key: str, name: str = "") -> str:
        """How a decision cites this agreement: number, key of the clause, field.

        A refusal for its purpose reads `MZ-RS-2026-017/目的`.
        """
        return "/".join(part for part in (self.number, key, name) if part)


def load_agreements(folder: Path = SHIPPED) -> tuple[Agreement, ...]:
    """Every `*.yaml` of a folder, by number. Raises `BadAgreement`, also for a number used twice."""
    loaded: dict[str, Agreement] = {}
    for path in sorted(folder.glob("*.yaml")):
        agreement = load_agreement(path)
        if agreement.number in loaded:
            raise BadAgreement(
                file=path.name,
                line=1,
                key="协议编号",
                expected="each number once",
                got=f"`{agreement.number}`",
            )
        loaded[agreement.number] = agreement
    if not loaded:
        raise BadAgreement(file=folder.name, line=1, key="-", expected="agreements `*.yaml`", got="none")
    return tuple(loaded[number] for number in sorted(loaded))


def load_texts(folder: Path = SHIPPED) -> dict[str, str]:
    """The agreements of a folder as they are written, comments and all, by number. Raises `BadAgreement`."""
    return {load_agreement(path).number: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}


def load_agreement(path: Path) -> Agreement:
    """One agreement from its file. Raises `BadAgreement`."""
    return read_agreement(read_file(path))


def canonical(agreements: Iterable[Agreement]) -> bytes:
    """The set as bytes that depend on what it says alone, not on comments, order or file names."""
    rows = [as_data(agreement) for agreement in sorted(agreements, key=lambda each: each.number)]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def as_data(agreement: Agreement) -> dict[str, object]:
    """The agreement under its own keys, for hashing and for export."""
    return {
        "协议编号": agreement.number,
        "提供部门": agreement.provider.term,
        "使用部门": agreement.recipient.term,
        "共享类型": agreement.sharing_class.term,
        "目的": [purpose.term for purpose in agreement.purposes],
        "法律依据": list(agreement.bases),
        "场景": agreement.scenario,
        "方式": agreement.way,
        "岗位": list(agreement.posts),
        "地域": agreement.area.term,
        "条件": [condition.term for condition in agreement.conditions],
        "有效期": {"自": agreement.since.isoformat(), "至": agreement.until.isoformat()},
        "字段": {mode.term: [name for name, access in agreement.fields if access is mode] for mode in Access},
    }


def differences(before: Agreement | None, after: Agreement) -> list[tuple[str, str, str]]:
    """What one agreement says otherwise than another, key by key and field by field: key, before, after."""
    one, other = ({} if each is None else _flat(each) for each in (before, after))
    keys = dict.fromkeys((*one, *other))
    return [
        (key, one.get(key, ""), other.get(key, "")) for key in keys if one.get(key, "") != other.get(key, "")
    ]


def _flat(agreement: Agreement) -> dict[str, str]:
    said = as_data(agreement)
    term = {"有效期": f"{agreement.since} – {agreement.until}"}
    keys = {key: said[key] for key in KEYS if key not in ("有效期", "字段")}
    told = {
        key: "、".join(map(str, each)) if isinstance(each, list) else str(each) for key, each in keys.items()
    }
    return {**told, **term, **{name: access.term for name, access in agreement.fields}}


def as_text(agreement: Agreement) -> str:
    """The agreement as a YAML document that `read_agreement` reads as the very same one, fields written out."""
    return yaml.safe_dump(as_data(agreement), allow_unicode=True, sort_keys=False, width=100)


def hash_of(agreements: Iterable[Agreement]) -> str:
    """SHA-256 of `canonical`, in hex; it stands in every audit entry that rests on the set."""
    return hashlib.sha256(canonical(agreements)).hexdigest()


def read_agreement(section: Section) -> Agreement:
    """The agreement that a document says. Raises `BadAgreement`, or `BadAgreements` with everything that is wrong."""
    section.only(required=KEYS)
    faults = Faults()
    provider = faults.of(lambda: _code(section.text("提供部门"), Department), instead=None)
    term = faults.of(lambda: _term(section), instead=None)
    agreement = Agreement(
        number=faults.of(lambda: _number(section.text("协议编号")), instead=""),
        provider=provider or Department.CIVIL_AFFAIRS,
        recipient=faults.of(
            lambda: _code(section.text("使用部门"), Recipient), instead=Recipient.CIVIL_AFFAIRS
        ),
        sharing_class=faults.of(
            lambda: _code(section.text("共享类型"), SharingClass), instead=SharingClass.WITHHELD
        ),
        purposes=faults.of(lambda: _codes(section, "目的", Purpose), instead=()),
        bases=faults.of(lambda: _values(section, "法律依据"), instead=()),
        scenario=faults.of(lambda: section.text("场景").value, instead=""),
        way=faults.of(lambda: section.text("方式").value, instead=""),
        posts=faults.of(lambda: _values(section, "岗位"), instead=()),
        area=faults.of(lambda: _code(section.text("地域"), Area), instead=Area.OWN_REGION),
        conditions=faults.of(
            lambda: tuple(_code(text, Condition) for text in section.texts("条件")), instead=()
        ),
        since=faults.of(lambda: term.text("自").as_date() if term else date.min, instead=date.min),
        until=faults.of(lambda: term.text("至").as_date() if term else date.max, instead=date.max),
        fields=faults.of(lambda: _fields(section.section("字段"), provider), instead=()),
    )
    faults.require_none()
    _check_whole(agreement, section)
    return agreement


def _term(section: Section) -> Section:
    term = section.section("有效期")
    term.only(required=("自", "至"))
    return term


C = TypeVar("C", bound=Code)

_NUMBER = re.compile(r"[A-Z]{2}-[A-Z]{2}-\d{4}-\d{3}")


def _number(text: Text) -> str:
    if not _NUMBER.fullmatch(text.value):
        raise text.wrong("a number such as `MZ-RS-2026-017`")
    return text.value


def _code(text: Text, codes: type[C]) -> C:
    for code in codes:
        if code.term == text.value:
            return code
    raise text.wrong("one of " + "、".join(code.term for code in codes))


def _codes(section: Section, key: str, codes: type[C]) -> tuple[C, ...]:
    return tuple(_code(text, codes) for text in _some(section, key))


def _values(section: Section, key: str) -> tuple[str, ...]:
    return tuple(text.value for text in _some(section, key))


def _some(section: Section, key: str) -> tuple[Text, ...]:
    """A list of at least one, nothing twice."""
    found = section.texts(key)
    if not found:
        raise section.empty(key)
    for place, text in enumerate(found):
        if text.value in {other.value for other in found[:place]}:
            raise text.wrong("each value once")
    return found


def _fields(section: Section, provider: Department | None) -> tuple[tuple[str, Access], ...]:
    """A field named by itself outranks the `*` of its record; named twice, either way, is an error.

    `provider`   None where it is not known whose fields they should be
    """
    section.only(required=(), optional=tuple(access.term for access in Access))
    faults = Faults()
    said = [(text, access) for access in Access for text in section.texts(access.term)]
    whole = _spread([each for each in said if each[0].value.endswith(".*")], faults)
    single = _spread([each for each in said if not each[0].value.endswith(".*")], faults)
    decided = {**whole, **single}
    for name, (text, access) in decided.items():
        faults.of(partial(_check_field, text, resources()[name], access, provider), instead=None)
    faults.require_none()
    if not decided:
        raise section.empty("字段")
    return tuple((name, decided[name][1]) for name in resources() if name in decided)


def _spread(said: Iterable[tuple[Text, Access]], faults: Faults) -> dict[str, tuple[Text, Access]]:
    spread: dict[str, tuple[Text, Access]] = {}
    for text, access in said:
        names: tuple[str, ...] = faults.of(partial(_names, text), instead=())
        if not spread.keys().isdisjoint(names):
            faults.found.append(text.wrong("each field once"))
        spread.update(dict.fromkeys(names, (text, access)))
    return spread


def _names(text: Text) -> tuple[str, ...]:
    if not text.value.endswith(".*"):
        names = tuple(name for name in resources() if name == text.value)
    else:
        names = tuple(name for name in resources() if name.startswith(text.value[:-1]))
    if not names:
        raise text.wrong("a field such as `社会保险缴费.缴费基数` or `社会保险缴费.*`")
    return names


def _check_field(text: Text, field: Resource, access: Access, provider: Department | None) -> None:
    if provider is not None and field.provider is not provider:
        raise text.wrong(f"a field of {provider.term}, the providing department")
    if access is Access.MASKED and not field.maskable:
        raise text.wrong(f"a field that can be masked, which `{field.name}` cannot")
    if access is Access.VERIFY_ONLY and not field.comparable:
        raise text.wrong(f"a field that can be compared, which `{field.name}` cannot")


def _check_whole(agreement: Agreement, section: Section) -> None:
    """What must hold between the clauses."""
    if agreement.until < agreement.since:
        raise section.section("有效期").text("至").wrong("a day not before `自`")
    shared = [name for name, access in agreement.fields if access is not Access.DENIED]
    for name in shared:
        record = resources()[name].record
        # The code is the rank: 1 unconditional, 2 conditional, 3 withheld.
        if record is not None and agreement.sharing_class < record.sharing_class:
            raise section.text("共享类型").wrong(f"{record.sharing_class.term}, as `{name}` is catalogued")
    if shared and agreement.sharing_class is SharingClass.WITHHELD:
        raise section.text("共享类型").wrong("a class that shares, or only fields under 禁止")
    outside = agreement.recipient is Recipient.EVALUATOR
    if outside and shared and Condition.ONWARD not in agreement.conditions:
        # 政务数据共享条例 art. 25 and 40: no onward provision without the provider's consent.
        raise section.text("使用部门").wrong(f"the condition {Condition.ONWARD.term} for a third party")
