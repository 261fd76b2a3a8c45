"""What does hedui do? The whole way once, on the demo district, with everything shown as it happens.

Three callers ask; the district is verified; a register goes down; the evidence is taken home,
verified by a program that knows no database, and damaged by one byte. Nothing is staged: every
figure comes from the running parts, and whatever does not come out as it must ends the walk.

    Exception
    └── NotAsTold     something did not come out as the walk says; names the step
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo.desk import Desk, Reply, Tally
from demo.published import Counts, recompute
from demo.showing import (
    access_table,
    arithmetic,
    category_table,
    findings_table,
    members_table,
    published_table,
    registered_table,
    verdict_lines,
)
from vocabulary.codes import Department

IN_CONFLICT, AT_THE_DESK, UNDER_EVALUATION = "S-H8", "S-H1", "S-H10"
"""Three households of the stories: declared without work but insured; in order; paid after a death."""

NEXT = """\
[bold]What to try next[/] (with `source .venv/bin/activate`, or .venv/bin/ before each)
{there}  hedui serve                                    keep this district running: open /console/ of its address, or ask it:
  hedui ask demo/questions/cross-check.graphql --as verifier --number S-H13
  hedui story demo/stories/h08-*.yaml            a story, expected and got; change a number and run it again
  hedui verify S-H8                              one household with every line of the sum
  hedui run                                      the whole district again
  python -m audit verify {bundle} --policy {policy}
Read gateway/inquiry.py first, then ARCHITECTURE.md."""


class NotAsTold(Exception):
    """Something did not come out as the walk says."""


def walk(desk: Desk, *, counts: Counts, folder: Path, console: Console) -> None:
    """Show everything once. `counts` are the district's own, `folder` takes the bundle. Raises `NotAsTold`."""
    _three_callers(desk, console)
    _whole_district(desk, counts, console)
    _register_down(desk, console)
    bundle, policy = _evidence(desk, folder, console)
    # Every command takes this folder for its own, unless it is told of another.
    there = "" if folder == Path("run") else f"  export HEDUI_RUN_FOLDER={folder.absolute()}\n"
    console.print(NEXT.format(bundle=bundle, policy=policy, there=there))


def _three_callers(desk: Desk, console: Console) -> None:
    _headline(console, 1, "Three callers ask", f"over HTTP, at {desk.address}/graphql")
    _verifier_asks(desk, console)
    _ask(
        desk,
        console,
        "clerk",
        "front-desk",
        AT_THE_DESK,
        why="somebody whose agreement does not cover every field",
    )
    _ask(desk, console, "evaluator", "evaluation", UNDER_EVALUATION, why="somebody who may see no one's name")


def _verifier_asks(desk: Desk, console: Console) -> None:
    reply = _ask(
        desk,
        console,
        "verifier",
        "cross-check",
        IN_CONFLICT,
        why="somebody with a valid grant and authorizations",
    )
    verdict = _verdict(reply)
    console.print(arithmetic(verdict))
    if "INC-01" not in {finding["rule"] for finding in verdict["findings"]}:
        raise NotAsTold(f"step 1: expected INC-01 in household {IN_CONFLICT}")
    receipt = str(reply.extensions["receipt"])
    console.print(f"  receipt: {receipt.splitlines()[0]}, {len(receipt)} bytes; keep it with the answer\n")


def _ask(desk: Desk, console: Console, persona: str, question: str, number: str, *, why: str) -> Reply:
    text = (resources.files("demo") / "questions" / f"{question}.graphql").read_text("utf-8")
    console.print(f"[bold]$ hedui ask demo/questions/{question}.graphql --as {persona} --number {number}[/]")
    console.print(f"  {persona}: {why}")
    reply = desk.ask(persona, text, number)
    household = reply.data.get("household") or {}
    for line in verdict_lines(household.get("verification") or {}):
        console.print(f"  {line}")
    console.print(members_table(household))
    console.print(access_table(reply))
    return reply


def _whole_district(desk: Desk, counts: Counts, console: Console) -> None:
    _headline(console, 2, "The whole district", "the same rules, as SQL instead of Python")
    console.print("[bold]$ hedui quality check education[/]  (Great Expectations takes its seconds to load)")
    console.print(desk.quality(), markup=False)
    bar = Progress(
        TextColumn("  verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("households"), TimeElapsedColumn(),
        console=console,
    )  # fmt: skip
    with bar:
        task = bar.add_task("run", total=None)
        tally = desk.run(lambda done, total: bar.update(task, completed=done, total=total))
    _show(console, tally)
    console.print(registered_table(counts))
    console.print(published_table(recompute(counts)))
    flagged = [row.row for row in recompute(counts) if not row.follows]
    if len(flagged) != 2:
        raise NotAsTold(f"step 2: expected two printed percentages that do not follow, got {len(flagged)}")


def _show(console: Console, tally: Tally) -> None:
    console.print(f"  {tally.households:,} households, {tally.persons:,} persons in {tally.took_s:.1f} s\n")
    console.print(category_table(tally))
    console.print(findings_table(tally))


def _register_down(desk: Desk, console: Console) -> None:
    _headline(console, 3, "A register goes down", "人社 is stopped; nobody asks again until it answers")
    desk.stop(Department.SOCIAL_SECURITY)
    reply = _ask(
        desk, console, "verifier", "cross-check", AT_THE_DESK, why="somebody who now gets what the others say"
    )
    verdict = _verdict(reply)
    if verdict["category"] != "INDETERMINATE":
        raise NotAsTold(f"step 3: expected INDETERMINATE without 人社, got {verdict['category']}")
    failed = {
        name for name, source in reply.extensions["sources"].items() if source["state"] == "SOURCE_FAILED"
    }
    least = verdict["lowerBound"]
    bound = "no lower bound of income is proven" if least is None else f"income is at least {least}"
    console.print(f"  did not answer: {', '.join(sorted(failed))}; {bound}\n")
    desk.start(Department.SOCIAL_SECURITY)


def _evidence(desk: Desk, folder: Path, console: Console) -> tuple[Path, Path]:
    _headline(console, 4, "Evidence", "an outsider checks it with the standard library and one package")
    bundle = folder / "evidence.zip"
    policy = desk.bundle(bundle)
    if _verified(bundle, policy, console) != 0:
        raise NotAsTold("step 4: expected the bundle to verify")
    forged, member = _with_one_byte_changed(bundle, folder / "forged.zip")
    console.print(f"\n  one byte of {member} in a copy is changed:")
    if _verified(forged, policy, console) != 1:
        raise NotAsTold("step 4: expected the forged copy to be refused")
    console.print()
    return bundle, policy


def _verified(bundle: Path, policy: Path, console: Console) -> int:
    """The exit code of a verifier in a process of its own."""
    console.print(f"[bold]$ python -m audit verify {bundle} --policy {policy}[/]")
    command = [sys.executable, "-m", "audit", "verify", str(bundle), "--policy", str(policy)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own interpreter and module; no shell)
    for line in (ran.stdout + ran.stderr).splitlines():
        console.print(f"  {line}", markup=False)
    return ran.returncode


def _with_one_byte_changed(bundle: Path, forged: Path) -> tuple[Path, str]:
    """A copy in which one byte of one entry file differs, and the name of that file."""
    with zipfile.ZipFile(bundle) as whole, zipfile.ZipFile(forged, "w") as copy:
        member = next(
            name for name in sorted(whole.namelist()) if name.startswith(("tile/entries/", "entries/"))
        )
        for info in whole.infolist():
            content = bytearray(whole.read(info))
            if info.filename == member:
                content[len(content) // 2] ^= 1
            copy.writestr(info, bytes(content))
    return forged, member


def _verdict(reply: Reply) -> Mapping[str, Any]:
    household = reply.data.get("household") or {}
    verdict = household.get("verification")
    if verdict is None:
        raise NotAsTold(f"expected a verdict, got {[error.get('message') for error in reply.errors]}")
    return dict(verdict)


def _headline(console: Console, number: int, title: str, says: str) -> None:
    console.rule(f"[bold]{number} {title}[/] · {says}", align="left")
