"""How is a whole district verified, again and again? `hedui run`, and `hedui runs` for what is kept of runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.terminal import day_of, fail, plainly, registers_of, require_new, settings_of
from vocabulary.counting import count_of

if TYPE_CHECKING:  # the engines behind the commands take their time to load
    from gateway.opening import Opened
    from gateway.run_home import RunHome
    from gateway.run_moves import Moves
    from gateway.settings import Settings
    from verification.standing import Standing

T = TypeVar("T")

OPERATOR = "operator"

runs = typer.Typer(
    name="runs",
    help="Runs that are kept: which there are, taking them up, ending them, what moved between two.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Config = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", envvar="HEDUI_CONFIG")
]
Name = Annotated[str, typer.Argument(help="Name of the run, as `hedui runs list` shows it.")]


def run(
    on: Annotated[
        str | None,
        typer.Option(help="The day, as 2026-11-16; today unless given, or the demo district's own."),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(help="An earlier run: households about which nothing changed are taken over from it."),
    ] = None,
    touched: Annotated[
        Path | None,
        typer.Option(
            help="With --after: file of household and id numbers, a line each, whose records changed."
        ),
    ] = None,
    engine: Annotated[str | None, typer.Option(help="duckdb or spark; else as set.")] = None,
    config: Config = None,
) -> None:
    """Verify every household of the district, with a progress bar; categories and findings by rule."""
    from gateway.district_run import run_district
    from gateway.showing import progress_bar, show_run
    from verification.pack import load_pack

    day, numbers = day_of(on), _numbers(touched, after)
    with _plainly(), progress_bar() as progress:
        result = _at_home(
            _engine(settings_of(config), engine),
            lambda gateway, home, settings: run_district(
                gateway.office.connectors,
                home=home,
                pack=load_pack(settings.policy_pack),
                on=day or gateway.office.today(),
                today=gateway.office.today(),
                trace=gateway.office.trace,
                caller=OPERATOR,
                progress=progress,
                authorized=gateway.office.authorized,
                after=after,
                touched=numbers,
            ),
        )
    show_run(result)


@runs.command("list")
def list_runs(config: Config = None) -> None:
    """Every run that is kept, the newest first: its name, day, state, and how far it is."""
    from gateway.run_home import run_home

    with _plainly(), run_home(settings_of(config), clock=lambda: datetime.now(UTC)) as home:
        for each in home.ledger.runs():
            begun = each.begun_at.strftime("%Y-%m-%d %H:%M")
            far = f"{each.judged:,} of {count_of(each.households, 'household')}"
            typer.echo(f"{each.id}  {begun} UTC  of {each.terms.day}  {each.state:<9}  {far}")


@runs.command()
def resume(name: Name, engine: Annotated[str | None, typer.Option()] = None, config: Config = None) -> None:
    """Take up a run that was stopped or killed, over the inputs that it began with; or help one under way."""
    from gateway.district_run import resume_run
    from gateway.showing import progress_bar, show_run
    from verification.pack import load_pack

    with _plainly(), progress_bar() as progress:
        result = _at_home(
            _engine(settings_of(config), engine),
            lambda gateway, home, settings: resume_run(
                name,
                home=home,
                pack=load_pack(settings.policy_pack),
                trace=gateway.office.trace,
                caller=OPERATOR,
                progress=progress,
            ),
        )
    show_run(result)


@runs.command()
def cancel(name: Name, config: Config = None) -> None:
    """End a run: whoever works at it stops at its next step. What it has judged so far stays."""
    from gateway.district_run import cancel_run

    with _plainly():
        kept = _at_home(
            settings_of(config),
            lambda gateway, home, _: cancel_run(name, home=home, trace=gateway.office.trace),
        )
    typer.echo(
        f"{name} is cancelled, with {kept.judged:,} of {count_of(kept.households, 'household')} judged"
    )


@runs.command()
def findings(
    name: Name,
    rule: Annotated[str, typer.Option(help="Those of one rule, as `INC-01`; all unless given.")] = "",
    region: Annotated[str | None, typer.Option(help="Those of one region, by its code.")] = None,
    who: Annotated[
        str | None, typer.Option("--as", help="Who acts, on a development machine.")
    ] = "supervisor",
    token: Annotated[Path | None, typer.Option(help="File with the token of who acts.")] = None,
    config: Config = None,
) -> None:
    """Register what a run found with each household's case, to be worked on; again registers nothing twice."""
    from casework.finding import CaseworkError
    from gateway.caller import BadTrust, NotAuthenticated
    from gateway.casework_desk import actor_of
    from gateway.run_findings import Outcome, Wanted, register_run
    from verification.working_days import BeyondCalendar
    from vocabulary.errors import Malformed
    from vocabulary.region import RegionCode

    async def work(gateway: Opened, home: RunHome, settings: Settings) -> Outcome:
        wanted = Wanted(rule, None if region is None else RegionCode.parse(region))
        actor = await actor_of(settings, persona=who, token=token)
        return await register_run(
            name, wanted, home=home, desk=gateway.casework, actor=actor, office=gateway.office
        )

    with _plainly():
        try:
            came = _at_home(settings_of(config), work)
        except (BeyondCalendar, CaseworkError, BadTrust, NotAuthenticated, Malformed) as error:
            fail(f"{type(error).__name__}: {error}")
    told = came.registered
    typer.echo(
        f"{count_of(told.findings, 'finding')} registered, {told.known:,} known, {count_of(told.cases, 'case')} opened"
    )
    if came.unplaced:
        typer.echo(
            f"{count_of(came.unplaced, 'household')} left out: civil affairs did not say where they are kept"
        )


@runs.command()
def forget(name: Name, config: Config = None) -> None:
    """Remove a run that has ended, with every judgement of it. That it was stays in the log."""
    from gateway.run_home import run_home
    from verification.runs.ledger import RunState

    with _plainly(), run_home(settings_of(config), clock=lambda: datetime.now(UTC)) as home:
        kept = home.ledger.run(name)
        if kept is None or kept.state is RunState.RUNNING:
            fail(f"expected a run that has ended, got `{name}`; `hedui runs cancel` ends one")
        home.ledger.forget(name)
    typer.echo(f"{name} is forgotten")


@runs.command()
def moves(
    before: Annotated[str, typer.Argument(help="Name of the earlier run.")],
    after: Annotated[str, typer.Argument(help="Name of the later run.")],
    json: Annotated[
        Path | None,
        typer.Option(
            help="Where every household's move goes, as JSON; must not be there yet. `-` for the terminal."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Who entered, left, went up or down between two runs, and for which reason: 遗漏, 返贫, 新致贫, 不符, 脱贫."""
    from gateway.run_moves import moves_between

    to_file = json is not None and str(json) != "-"
    with _plainly():
        if json is not None and to_file:
            require_new(json)
        found = _at_home(
            settings_of(config),
            lambda gateway, home, _: moves_between(
                before,
                after,
                home=home,
                connectors=gateway.office.connectors,
                trace=gateway.office.trace,
                caller=OPERATOR,
            ),
        )
        if json is not None:
            _write(found, json)
    if json is None or str(json) != "-":
        _show(found)


def _at_home(settings: Settings, work: Callable[[Opened, RunHome, Settings], Awaitable[T]]) -> T:
    """Work with the gateway open, over the registers, and the runs' home."""
    import asyncio

    from gateway.opening import opened
    from gateway.run_home import run_home

    async def worked(ready: Settings, home: RunHome, today: Callable[[], date] | None) -> T:
        async with opened(ready, today=today) as gateway:
            return await work(gateway, home, ready)

    with (
        registers_of(settings) as (ready, today),
        run_home(ready, clock=lambda: datetime.now(UTC)) as home,
    ):
        return asyncio.run(worked(ready, home, today))


def _engine(settings: Settings, engine: str | None) -> Settings:
    if engine not in (None, "duckdb", "spark"):
        fail(f"expected --engine duckdb or spark, got `{engine}`")
    return settings if engine is None else settings.model_copy(update={"run_engine": engine})


def _numbers(file: Path | None, after: str | None) -> frozenset[str] | None:
    """Numbers as they stand in a file; none are told by the mistake: they may be id numbers."""
    if file is None:
        return None
    if after is None:
        fail("expected --after with --touched: changed since which run?")
    try:
        return frozenset(line.strip() for line in file.read_text("utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        fail(f"expected a file of numbers in UTF-8, got {type(error).__name__}")


def _write(found: Moves, path: Path) -> None:
    import json

    whole = {
        "before": {"run": found.before.id, "day": found.before.terms.day.isoformat()},
        "after": {"run": found.after.id, "day": found.after.terms.day.isoformat()},
        "households": [
            {
                "household": each.household,
                "move": each.move.value,
                "reason": None if each.reason is None else each.reason.value,
                "before": _standing(each.before),
                "after": _standing(each.after),
            }
            for each in found.transitions
        ],
    }
    text = json.dumps(whole, ensure_ascii=False, indent=1)
    if str(path) == "-":
        typer.echo(text)
    else:
        with path.open("x", encoding="utf-8") as file:
            file.write(text + "\n")


def _standing(standing: Standing | None) -> dict[str, object] | None:
    """None for a household that the run does not have; what cannot be told is null."""
    if standing is None:
        return None
    from vocabulary.codes import Category

    category = standing.category.value if isinstance(standing.category, Category) else None
    return {"category": category, "payable_fen": standing.payable_fen, "members": standing.members}


def _show(found: Moves) -> None:
    days = f"{found.before.terms.day} → {found.after.terms.day}"
    typer.echo(f"{days}: {count_of(len(found.transitions), 'household')}")
    for sizes in (found.tally.moves, found.tally.reasons):
        for code, size in sizes.items():
            typer.echo(
                f"  {code.term}\t{count_of(size.households, 'household')}, {count_of(size.persons, 'person')}"
            )


@contextmanager
def _plainly() -> Iterator[None]:
    from audit.errors import AuditError
    from gateway.errors import CannotOpen, CannotRun, NotLogged
    from verification.language.kinds import PackGap
    from verification.pack import PackError
    from verification.runs.job import NoSuchRun, OtherRun, RunEnded
    from verification.runs.readable import BadSnapshot
    from verification.runs.spark import NoSpark
    from verification.runs.stored import ChangedSnapshot

    of_runs = (BadSnapshot, ChangedSnapshot, NoSuchRun, OtherRun, RunEnded, NoSpark)
    with plainly(AuditError, CannotOpen, CannotRun, NotLogged, PackError, PackGap, *of_runs):
        yield
