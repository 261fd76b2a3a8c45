"""What can be typed? `hedui`, with one command for each thing a person does with it.

Each command imports what it needs when it is called: `hedui --help` must answer at once, and
the engines behind the commands take their time to load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gateway.agreement_commands import agreements
from gateway.contract_commands import contracts
from gateway.correction_commands import corrections
from gateway.document_commands import documents
from gateway.evidence_commands import bundle, replay
from gateway.land_command import land
from gateway.link_commands import links
from gateway.log_commands import log, reconcile, shred, statement, witness
from gateway.log_terminal import dev, write_new
from gateway.pack_commands import packs, what_if
from gateway.quality_commands import quality
from gateway.report_commands import reports
from gateway.run_commands import run, runs
from gateway.sample_commands import sample
from gateway.terminal import require_new
from gateway.token_commands import tokens

if TYPE_CHECKING:
    from gateway.client import Client
    from gateway.persona import Persona
    from gateway.settings import Settings

app = typer.Typer(
    name="hedui",
    help="核对: ask the departments about a household, cross-check the answers, keep a trace that outsiders verify.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # drawing boxes round the help costs more than everything else it does
)

Config = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", envvar="HEDUI_CONFIG")
]
As = Annotated[
    str,
    typer.Option("--as", help="Who asks: verifier, clerk, supervisor, evaluator, student-aid, neighbour, …"),
]
Case = Annotated[str, typer.Option(help="Case number of the asker's own office.")]
PurposeOption = Annotated[
    str | None, typer.Option(help="Purpose, as the agreements name it; the asker's usual one by default.")
]
Address = Annotated[str, typer.Option(help="Where the gateway listens.")]

FAILED = 1


def main() -> None:
    """Run the command that was typed."""
    app()


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the district, keys, log and bundle go.")] = Path("run"),
) -> None:
    """Build the demo district, ask, verify, break and prove: the whole way once, in about a minute."""
    from demo.walkthrough import NotAsTold, walk
    from gateway.demo_desk import demo_desk
    from gateway.serving import configure_log
    from gateway.showing import terminal_console

    configure_log("ERROR")
    console = terminal_console()
    with _plainly(), demo_desk(folder, say=console.print) as (desk, counts):
        try:
            walk(desk, counts=counts, folder=folder, console=console)
        except NotAsTold as error:
            _fail(str(error))


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    processes: Annotated[int | None, typer.Option("--workers", help="Processes that share the port.")] = None,
    config: Config = None,
) -> None:
    """Serve the gateway until it is stopped; without registers in the settings, over the demo district."""
    from gateway import serving

    given = {"port": port, "workers": processes}
    settings = _settings(config, **{name: value for name, value in given.items() if value is not None})
    serving.open_as_many_as_may()
    with _plainly(), _registers(settings) as (ready, today):
        if ready.workers == 1:
            serving.run(_serve(ready, today))
        else:
            _serve_together(ready, today)


@app.command()
def ask(
    question: Annotated[Path, typer.Argument(help="File of a GraphQL document; `-` reads standard input.")],
    number: Annotated[str | None, typer.Option(help="Household number, as variable `number`.")] = None,
    persona: As = "verifier",
    case: Case = "HD-2026-0001",
    purpose: PurposeOption = None,
    address: Address = "http://127.0.0.1:8443",
    receipt: Annotated[
        Path | None, typer.Option(help="Where the receipt (tlog-proof) goes; must not be there yet.")
    ] = None,
    config: Config = None,
) -> None:
    """Ask a running gateway a question, as somebody, and print the answer."""
    import json

    try:
        text = typer.get_text_stream("stdin").read() if str(question) == "-" else question.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"expected a file with a GraphQL document in UTF-8, got {type(error).__name__}")
    with _plainly():
        if receipt is not None:
            require_new(receipt)
        answer = _client(config, persona, case, purpose, address).ask(
            text, {"number": number} if number else None
        )
    print(json.dumps({"data": answer.data, "errors": answer.errors}, ensure_ascii=False, indent=2))
    for entry in answer.extensions["access"]:
        print(f"{entry['outcome']:<11} {entry['field']}  {entry['clause']}")
    for department, state in answer.extensions["sources"].items():
        print(f"{department:<16} {state['state']}")
    if receipt is not None:
        with _plainly():
            write_new(receipt, answer.receipt.encode())


@app.command()
def verify(
    number: Annotated[str, typer.Argument(help="Household number.")],
    persona: As = "verifier",
    case: Case = "HD-2026-0001",
    purpose: PurposeOption = None,
    address: Address = "http://127.0.0.1:8443",
    config: Config = None,
) -> None:
    """Verify one household at a running gateway: category, every line of the sum, findings, what cannot be told."""
    from importlib import resources

    from gateway.showing import show_verdict

    text = (resources.files("gateway") / "documents" / "verification.graphql").read_text("utf-8")
    with _plainly():
        answer = _client(config, persona, case, purpose, address).ask(text, {"number": number})
    show_verdict(answer)
    if not answer.data.get("household"):
        raise typer.Exit(FAILED)


@app.command()
def story(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Story files; see demo/stories.")
    ],
) -> None:
    """Run stories: whole records in, and whether the verdict is the expected one."""
    from demo.story import StoryError, read_story
    from demo.story_check import differences, verify
    from verification.pack import PackError

    wrong = 0
    for file in files:
        try:
            told = read_story(file)
            verdict = verify(told)
        except (StoryError, PackError) as error:
            _fail(str(error))
        found = differences(told, verdict)
        wrong += bool(found)
        print(f"{'differs' if found else 'as told':<8} {told.id} {told.title}: {verdict.category}")
        for line in found:
            print(f"         {line}")
    if wrong:
        raise typer.Exit(FAILED)


@app.command()
def token(
    persona: As = "verifier",
    lifetime_s: Annotated[int, typer.Option(help="Seconds for which it holds.")] = 3600,
    config: Config = None,
) -> None:
    """Print a token for development. Refused unless HEDUI_ENV is `dev`."""
    with _plainly():
        print(_token(dev(_settings(config)), _persona(persona), lifetime_s))


@app.command()
def schema() -> None:
    """Print the GraphQL schema, as it stands in `schema.graphql`."""
    from gateway.schema.query import printed

    print(printed(), end="")


# Below those above: `--help` shows commands in this order, and groups of them behind.
app.command()(run)
app.command("whatif")(what_if)
app.command()(bundle)
app.command()(replay)
app.command()(statement)
app.command()(reconcile)
app.command()(shred)
app.command()(land)
app.add_typer(runs)
app.add_typer(reports)
app.add_typer(packs)
app.add_typer(agreements)
app.add_typer(contracts)
app.add_typer(documents)
app.add_typer(corrections)
app.add_typer(quality)
app.add_typer(links)
app.add_typer(tokens)
app.add_typer(log)
app.add_typer(sample)
app.add_typer(witness)


async def _serve(settings: Settings, today: Callable[[], date] | None) -> None:
    from gateway.serving import configure_log, serving

    configure_log(settings.log_level)
    async with serving(settings, today=today) as server:
        print(f"hedui is listening on {server.address}", flush=True)
        await server.stopped


def _serve_together(settings: Settings, today: Callable[[], date] | None) -> None:
    from gateway.serving import configure_log
    from gateway.workers import until_told, workers

    configure_log(settings.log_level)
    with workers(settings, today=today) as staff:
        print(f"hedui is listening on {staff.address}", flush=True)
        until_told(staff)


def _settings(config: Path | None, **given: int) -> Settings:
    from gateway.settings import BadSettings, Settings

    try:
        return Settings.load(**given, **({} if config is None else {"config": config}))
    except BadSettings as error:
        _fail(str(error))


@contextmanager
def _registers(settings: Settings) -> Iterator[tuple[Settings, Callable[[], date] | None]]:
    """Settings with registers: those that are set, or the demo district's, whose day stands still."""
    if settings.registers:
        yield settings, None
        return
    from gateway.demo_desk import demo_registers, district_day

    with demo_registers(settings, say=print) as ready:
        yield ready, district_day


def _client(config: Path | None, persona: str, case: str, purpose: str | None, address: str) -> Client:
    from gateway.client import Client

    who = _persona(persona)
    return Client(
        address=address.rstrip("/"),
        token=_token(dev(_settings(config)), who, 600),
        purpose=purpose or who.purpose.value,
        case=case,
    )


def _persona(name: str) -> Persona:
    from gateway.persona import PERSONAS

    if name not in PERSONAS:
        _fail(f"expected --as one of {', '.join(PERSONAS)}, got `{name}`")
    return PERSONAS[name]


def _token(settings: Settings, who: Persona, lifetime_s: int) -> str:
    from gateway.persona import mint

    return mint(settings, who, at=datetime.now(UTC), lifetime_s=lifetime_s)


@contextmanager
def _plainly() -> Iterator[None]:
    """What goes wrong is one line on standard error, not a trace."""
    from audit.errors import AuditError
    from gateway.client import NoAnswer
    from gateway.errors import CannotOpen, CannotRun, NotListening, NotLogged
    from gateway.token import MayNotMint
    from verification.pack import PackError

    try:
        yield
    except NoAnswer as error:
        _fail(f"no data: {error}")
    except (
        AuditError,
        CannotOpen,
        CannotRun,
        NotListening,
        NotLogged,
        MayNotMint,
        PackError,
        OSError,
    ) as error:
        _fail(f"{type(error).__name__}: {error}")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(FAILED)
