"""How does the demo meet the gateway? The other half of `hedui demo` and `hedui serve`: registers, callers, bundle.

Beside the command line this is the only module that knows the demo.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from demo.desk import Found, Progress, Reply, Tally
from demo.district import DAY, build, counts_of
from demo.published import Counts
from demo.registers.systems import Registers, write_registers
from gateway.client import Client, NoAnswer
from gateway.errors import CannotOpen
from gateway.evidence import Exported, export, trust_policy
from gateway.keys import entry_book
from gateway.opening import Opened
from gateway.persona import PERSONAS, mint
from gateway.serving import Background
from gateway.settings import Settings
from gateway.versions import kept_versions
from verification.pack import load_pack
from vocabulary.codes import Department

if TYPE_CHECKING:
    from gateway.district_run import RunResult

SEED = 520302
"""The number of the demo district; any other gives other people with the same counts."""

CASE = "HD-2026-0001"


def district_day() -> date:
    """The day on which the demo district stands still: its stories are told for this day."""
    return DAY


@contextmanager
def demo_registers(settings: Settings, *, say: Callable[[str], None]) -> Iterator[Settings]:
    """Settings with the demo district's registers, which run while the context lasts; written when not there yet.

    Raises `CannotOpen` where `env` says that this is no development machine.
    """
    if settings.env == "prod" and "env" in settings.model_fields_set:
        raise CannotOpen("expected `registers` to be set where `env` is `prod`, got none")
    folder = settings.run_folder / "registers"
    if not folder.exists():
        say(f"building the demo district in {folder} …")
        write_registers(build(SEED).rows, folder)
    with Registers(folder) as registers:
        yield settings.model_copy(update={"env": "dev", "registers": registers.addresses})


@contextmanager
def demo_desk(folder: Path, *, say: Callable[[str], None]) -> Iterator[tuple[DemoDesk, Counts]]:
    """A gateway over the demo district on a free port, and the district's own counts."""
    say(f"building the demo district: 6,780 households from the number {SEED} …")
    district = build(SEED)
    registers = folder / "registers"
    write_registers(district.rows, registers)
    with Registers(registers) as running:
        settings = Settings.load(env="dev", run_folder=folder, port=0, registers=running.addresses)
        with Background(settings, today=district_day) as gateway:
            yield DemoDesk(settings, running, gateway), counts_of(district)


class DemoDesk:
    """The desk that the walk through the demo stands at (`demo.desk.Desk`)."""

    def __init__(self, settings: Settings, registers: Registers, gateway: Background) -> None:
        self._settings, self._registers, self._gateway = settings, registers, gateway
        self.address = gateway.address

    def ask(self, persona: str, question: str, number: str) -> Reply:
        """One question over HTTP, as somebody with a token of theirs."""
        who = PERSONAS[persona]
        token = mint(self._settings, who, at=datetime.now(UTC))
        client = Client(self.address, token, who.purpose.value, CASE)
        try:
            answer = client.ask(question, {"number": number})
        except NoAnswer as error:
            return Reply({}, tuple(error.errors))
        return Reply(answer.data, tuple(answer.errors), answer.extensions)

    def stop(self, department: Department) -> None:
        """Stop a register."""
        self._registers.stop(department)

    def start(self, department: Department) -> None:
        """Start it again."""
        self._registers.start(department)

    def quality(self) -> str:
        """Check education's newest delivery in a process of its own; what that process said."""
        command = [
            sys.executable, "-c", "from gateway.command import main; main()",
            "quality", "check", "education", "--on", district_day().isoformat(),
        ]  # fmt: skip
        education = self._settings.registers[Department.EDUCATION]
        folder = self._settings.run_folder
        where = {"HEDUI_REGISTERS__EDUCATION": education, "HEDUI_RUN_FOLDER": str(folder), "HEDUI_ENV": "dev"}
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **where})  # noqa: S603 (our own interpreter and module; no shell)
        return ran.stdout

    def run(self, progress: Progress) -> Tally:
        """Verify every household of the district."""
        # Here and not above: the engine of a run takes longer to load than `hedui serve` to start.
        from gateway.district_run import run_district
        from gateway.run_home import run_home

        async def work(gateway: Opened) -> RunResult:
            with run_home(self._settings, clock=lambda: datetime.now(UTC)) as home:
                return await run_district(
                    gateway.office.connectors,
                    home=home,
                    pack=load_pack(self._settings.policy_pack),
                    on=district_day(),
                    today=district_day(),
                    trace=gateway.office.trace,
                    caller="demo",
                    progress=progress,
                    authorized=gateway.office.authorized,
                )

        return _tally(self._gateway.call(work))

    def bundle(self, path: Path) -> Path:
        """Write the evidence bundle; gives the policy file that an evaluator would have been handed beforehand."""
        policy = path.with_suffix(".policy")
        policy.write_bytes(trust_policy(self._settings))
        path.unlink(missing_ok=True)

        async def write(gateway: Opened) -> Exported:
            return await export(
                path,
                log=gateway.log,
                book=entry_book(self._settings),
                versions=kept_versions(self._settings.run_folder, load_pack(self._settings.policy_pack)),
                policy=policy.read_bytes(),
                caller="demo",
                at=datetime.now(UTC),
            )

        self._gateway.call(write)
        return policy


def _tally(result: RunResult) -> Tally:
    findings = tuple(
        Found(each.rule, each.name_zh, each.name_en, each.severity, each.found, each.cannot_tell)
        for each in result.rules
    )
    return Tally(result.households, result.persons, result.took_s, result.categories, findings)
