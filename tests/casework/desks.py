"""A desk to work at in tests: a log, its tables, a day that can be moved, and the people who work there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.entry import EntryBook
from audit.log import Log
from audit.note import Signer
from casework.agreement import Recipient
from casework.cases import Case, CaseState, move_case, open_case
from casework.decisions import Basis
from casework.desk import Desk
from casework.findings import Suspicion
from casework.kept import Kept
from casework.role import Actor
from verification.language.rule import Severity
from verification.pack import load_pack
from vocabulary.codes import ApplicationKind, Category, Department
from vocabulary.region import RegionCode

ORIGIN = "hedui.example/casework"
HERE, NEXT_DOOR = RegionCode("529901"), RegionCode("529902")
HOUSEHOLD = "HC-0001"
PERSON = "529901198503070014"


def actor(post: str, account: str, region: RegionCode = HERE) -> Actor:
    return Actor(f"hedui-dev {account}", Recipient.CIVIL_AFFAIRS, post, region)


CLERK = actor("窗口", "mz-0007")
VERIFIER = actor("核对员", "mz-0042")
SUPERVISOR = actor("复核主管", "mz-0001")
NEIGHBOUR = actor("复核主管", "mz-9001", NEXT_DOOR)


@dataclass
class Calendar:
    """The day it is."""

    day: date = field(default_factory=lambda: date(2026, 9, 1))

    def today(self) -> date:
        return self.day

    def now(self) -> datetime:
        return datetime.combine(self.day, time(9), UTC)


@asynccontextmanager
async def desk_opened(url: str, folder: Path, calendar: Calendar) -> AsyncIterator[Desk]:
    signer = Signer.ed25519(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"synthetic key for tests, no use."))
    log = await Log.open(url, origin=ORIGIN, signers=[signer], guard=folder / "guard")
    kept = Kept(url)
    book = EntryBook(pseudonym_key=b"p" * 32, vault_key=b"v" * 32, epoch="2026")
    try:
        yield Desk(
            kept,
            log,
            book,
            load_pack("demo-2026"),
            calendar.now,
            calendar.today,
            lambda post: f"post-{len(post)}",
        )
    finally:
        kept.close()
        await log.aclose()


async def a_case(
    desk: Desk,
    number: str = "DB-2026-0001",
    *,
    kind: ApplicationKind = ApplicationKind.DIBAO,
    compared: bool = True,
) -> Case:
    case = await open_case(desk, CLERK, number=number, household=HOUSEHOLD, region=HERE, kind=kind)
    return await move_case(desk, VERIFIER, case, to=CaseState.COMPARED) if compared else case


def suspicion(rule: str = "INC-01", person: str | None = PERSON) -> Suspicion:
    return Suspicion(
        rule, Severity.CONFLICT, person, {"months": 3}, (f"Insurance/{Department.SOCIAL_SECURITY.value}-1",)
    )


def basis(
    category: Category | None = Category.DIBAO, *, payable_fen: int = 60_800, visited: bool = True
) -> Basis:
    return Basis(
        category,
        payable_fen,
        pack="a" * 64,
        rules="b" * 64,
        inputs="c" * 64,
        result="d" * 64,
        visited=visited,
    )
