"""Who can one be on a development machine? A few callers as agreements know them, and tokens for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casework.agreement import Purpose, Recipient
from gateway.settings import Settings
from gateway.token import open_issuer
from vocabulary.region import RegionCode

DEV_ISSUER = "hedui-dev"
"""The name under which a development machine mints tokens for itself."""

HERE, NEXT_DOOR = RegionCode("529901"), RegionCode("529902")
"""The demo district, and the one beside it."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A caller and the purpose for which it usually asks."""

    subject: str
    department: Recipient
    post: str
    purpose: Purpose
    region: RegionCode = HERE


PERSONAS = {
    "verifier": Persona("mz-0042", Recipient.CIVIL_AFFAIRS, "核对员", Purpose.DIBAO_RECOGNITION),
    "clerk": Persona("mz-0007", Recipient.CIVIL_AFFAIRS, "窗口", Purpose.DIBAO_RECOGNITION),
    "supervisor": Persona("mz-0001", Recipient.CIVIL_AFFAIRS, "复核主管", Purpose.PERIODIC_REVIEW),
    "lawyer": Persona("mz-0005", Recipient.CIVIL_AFFAIRS, "法务", Purpose.AUDIT),
    "operator": Persona("mz-0099", Recipient.CIVIL_AFFAIRS, "运维", Purpose.AUDIT),
    "evaluator": Persona("pg-0001", Recipient.EVALUATOR, "评估员", Purpose.EVALUATION),
    "student-aid": Persona("jy-0011", Recipient.EDUCATION, "资助专员", Purpose.STUDENT_AID),
    "employment": Persona("rs-0011", Recipient.SOCIAL_SECURITY, "就业援助员", Purpose.EMPLOYMENT_AID),
    "medical": Persona("wj-0011", Recipient.HEALTH, "医疗救助员", Purpose.MEDICAL_AID),
    "disability": Persona("cl-0011", Recipient.DISABILITY, "补贴审核员", Purpose.DISABILITY_SUBSIDY),
    "steward": Persona("rs-0099", Recipient.SOCIAL_SECURITY, "数据管理员", Purpose.CORRECTION),
    "neighbour": Persona(
        "mz-9001",
        Recipient.CIVIL_AFFAIRS,
        "核对员",
        Purpose.DIBAO_RECOGNITION,
        NEXT_DOOR,
    ),
}
"""By the name that `--as` takes."""


def mint(settings: Settings, who: Persona, *, at: datetime, lifetime_s: int = 600) -> str:
    """A token for one of the callers of a development machine. Raises `gateway.token.MayNotMint` elsewhere."""
    issuer = open_issuer(
        settings.run_folder, name=DEV_ISSUER, audience=settings.audience, environment=settings.env
    )
    return issuer.mint(
        subject=who.subject,
        department=who.department,
        post=who.post,
        region=who.region,
        at=at,
        lifetime_s=lifetime_s,
    )
