"""What must be at hand before a question can be answered, and where does it come from? From the settings, once, at start.

Exception
└── CannotOpen     a key, a pack or a register's address is missing; says which setting
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

from graphql import GraphQLSchema

from audit.commitment import Json
from audit.log import Log
from casework.agreement_register import Unreadable
from casework.cedar import AgreementSet, DoesNotCompile
from casework.desk import Desk
from casework.written import BadAgreement
from connectors.ask import Connector
from connectors.contract import Contract, read_contracts
from connectors.departments import NoContract, connect
from connectors.kept_tokens import TokenBook, WithTokens
from connectors.qualified import Qualified
from connectors.quality import QualityBook
from connectors.served import ServedBook
from connectors.transports import NoTransport
from gateway.acts import Watching, acts_on
from gateway.app import Application, application
from gateway.caller import BadTrust
from gateway.casework_acts import casework_acts
from gateway.casework_opening import authorized_at, desk_over
from gateway.console.opening import console_opened
from gateway.days import require_in_force
from gateway.errors import CannotOpen
from gateway.in_force import Folder, Offices, looking
from gateway.keyring import KeyRing
from gateway.keys import earlier_books, entry_book, log_signers
from gateway.limits import limits_of, pacing_of
from gateway.log_desk import OPERATOR, LogDesk
from gateway.office import Judge, Office
from gateway.persona import DEV_ISSUER
from gateway.progress import follow_run, verify_log
from gateway.schema.told import resources_shown
from gateway.settings import Settings
from gateway.token import JWKS_FILE, MayNotMint, open_issuer
from gateway.trace import Covers, Trace
from gateway.trusted import EVERYBODY, BadTrustedDocument, Documents, load_trusted
from gateway.versions import keep_versions
from gateway.watching import Watch, read_policy, watched
from verification.crosscheck import crosscheck, reads
from verification.pack import PackError, load_pack
from verification.runs.ledger import Ledger
from vocabulary.codes import Department
from vocabulary.evidence import Evidence
from vocabulary.register import declare

_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Opened:
    """A gateway ready to answer: its office, its log, the desk of casework, and the application that serves them."""

    office: Office
    log: Log
    casework: Desk
    app: Application


@asynccontextmanager
async def opened(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    today: Callable[[], date] | None = None,
) -> AsyncIterator[Opened]:
    """A gateway, closed again when the context ends; what has begun is finished first.

    `today`   the day of a question that names none, and the last of which a delivery is read; by default China's
    Raises `CannotOpen` and `audit.errors.CannotOpen`.
    """
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    the_day = today or (lambda: clock().astimezone(_CHINA).date())
    contracts = _contracts(settings)
    with _plainly():
        files = _Files.read(settings, the_day())
    async with (
        log_opened(settings) as log,
        _watched(settings, log, clock=clock) as covers,
        _connected(settings, contracts, clock=clock, today=the_day) as connectors,
        _at_desk(settings, log, clock=clock, today=the_day) as casework,
    ):
        trace = Trace(log, entry_book(settings), clock=clock, covers=covers)
        with _plainly():
            office = _office(settings, trace, connectors, files, casework, log, clock=clock, today=the_day)
            offices = Offices(office, casework.kept, files.agreed)
            await offices.look()
        async with looking(offices):
            log_desk = _desk(settings, log)
            with console_opened(
                settings, offices, log_desk, casework, contracts=contracts, clock=clock
            ) as pages:
                app = application(
                    office, log=log, body_bytes=settings.max_body_bytes, console=pages, now=offices.moment
                )
                yield Opened(offices.now, log, casework, app)


@contextmanager
def _plainly() -> Iterator[None]:
    """What is wrong with a file of the settings, as `CannotOpen`."""
    try:
        yield
    except (
        BadTrust,
        BadAgreement,
        BadTrustedDocument,
        DoesNotCompile,
        PackError,
        MayNotMint,
        Unreadable,
    ) as error:
        raise CannotOpen(str(error)) from error


class _Files(NamedTuple):
    """What the settings' files say, read before anything is opened."""

    trust: KeyRing
    agreed: Folder
    judge: Judge
    documents: Documents

    @classmethod
    def read(cls, settings: Settings, today: date) -> _Files:
        return cls(
            trust_of(settings),
            Folder.read(settings.agreements),
            _judge(settings, today),
            _documents(settings),
        )


def _office(
    settings: Settings,
    trace: Trace,
    connectors: Mapping[Department, Connector],
    files: _Files,
    casework: Desk,
    log: Log,
    *,
    clock: Callable[[], datetime],
    today: Callable[[], date],
) -> Office:
    """The office that these settings make, deciding by the agreements of the folder."""
    schema = _schema()
    return Office(
        trust=files.trust,
        agreements=AgreementSet(files.agreed.agreements),
        connectors=connectors,
        trace=trace,
        judge=files.judge,
        schema=schema,
        shows=resources_shown(schema),
        limits=limits_of(settings),
        register_timeout_s=settings.register_timeout_s,
        inquiry_timeout_s=settings.inquiry_timeout_s,
        hedge_after_s=settings.hedge_after_s,
        clock=clock,
        today=today,
        documents=files.documents,
        pacing=pacing_of(settings, trace.pseudonym, clock=clock),
        federated=_federated() if settings.subgraph else None,
        authorized=authorized_at(casework, settings),
        served=served_book(settings, clock=clock),
        acts={**acts_on(_desk(settings, log)), **casework_acts(casework)},
        watching=_watching(settings, log, clock=clock),
    )


@asynccontextmanager
async def _at_desk(
    settings: Settings, log: Log, *, clock: Callable[[], datetime], today: Callable[[], date]
) -> AsyncIterator[Desk]:
    with desk_over(settings, log, clock=clock, today=today) as desk:
        yield desk


@asynccontextmanager
async def log_opened(settings: Settings) -> AsyncIterator[Log]:
    """The audit log, closed again when the context ends. Raises `CannotOpen`, `audit.errors.CannotOpen`."""
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    log = await Log.open(
        settings.log_url,
        origin=settings.origin,
        signers=log_signers(settings),
        guard=settings.run_folder / "audit.guard",
        queue_limit=settings.audit_queue,
    )
    try:
        await _note_changed_keys(log, settings)
        yield log
    finally:
        await log.aclose()


@asynccontextmanager
async def desk_opened(settings: Settings) -> AsyncIterator[LogDesk]:
    """A log with all that a command on it needs. Raises `CannotOpen`, `audit.errors.CannotOpen`."""
    async with log_opened(settings) as log:
        yield _desk(settings, log)


def _desk(settings: Settings, log: Log) -> LogDesk:
    policy = read_policy(settings.witness_policy, log=log)
    return LogDesk(
        log, entry_book(settings), policy, settings.max_unwitnessed_s, earlier=earlier_books(settings)
    )


async def _note_changed_keys(log: Log, settings: Settings) -> None:
    """Note which keys sign the heads from now on, and which do no longer. Raises what `Log.append` raises."""
    before, after = log.began_with, {signer.key.key_id for signer in log_signers(settings)}
    changed = [(key, "IN_USE") for key in after - before] + [(key, "RETIRED") for key in before - after]
    for key, state in sorted(changed):
        fields: dict[str, Json] = {"caller": OPERATOR, "use": "log", "state": state, "key": key.hex()}
        made = entry_book(settings).entry("key.changed", at=datetime.now(UTC), fields=fields)
        await log.append(made.bytes, alongside=made.alongside)


def token_book(settings: Settings) -> TokenBook:
    """What was found by comparing with other districts."""
    return TokenBook(settings.run_folder / "tokens")


def quality_book(settings: Settings) -> QualityBook:
    """Where the results of `hedui quality` are kept."""
    return QualityBook(settings.run_folder / "quality")


def served_book(settings: Settings, *, clock: Callable[[], datetime]) -> ServedBook:
    """Where it is counted what departments answered."""
    return ServedBook(settings.run_folder / "served", clock=clock)


@asynccontextmanager
async def _watched(
    settings: Settings, log: Log, *, clock: Callable[[], datetime]
) -> AsyncIterator[Covers | None]:
    """The witnesses are asked while the context lasts, where the settings name any."""
    policy = read_policy(settings.witness_policy, log=log)
    if policy is None:
        yield None
        return
    watch = Watch(
        log,
        entry_book(settings),
        policy,
        every_s=settings.witness_every_s,
        max_unwitnessed_s=settings.max_unwitnessed_s,
        wait_s=settings.witness_wait_s,
        clock=lambda: clock().timestamp(),
    )
    async with watched(watch):
        yield watch.covers


def schema_of(settings: Settings) -> GraphQLSchema:
    """The schema, with the record types that the settings' contracts declare. Raises `CannotOpen`."""
    _contracts(settings)
    return _schema()


def _contracts(settings: Settings) -> Mapping[Department, Contract]:
    """The contracts, and with them the record types that they declare: before anything is built of those."""
    try:
        contracts = read_contracts(settings.contracts)
        declare(record for one in contracts.values() for record in one.tables)
    except ValueError as error:
        raise CannotOpen(str(error)) from error
    return contracts


def _watching(settings: Settings, log: Log, *, clock: Callable[[], datetime]) -> Mapping[str, Watching]:
    """What a subscription may follow besides an inquiry, by its field."""
    return {
        "logVerification": lambda _caller, _given: verify_log(log),
        "runProgress": lambda _caller, given: follow_run(
            Ledger(settings.runs_database), given["run"], clock=clock
        ),
    }


def _schema() -> GraphQLSchema:
    # It is made when it is imported, of the record types that there are: after the contracts have declared theirs.
    from gateway.schema.query import schema

    return schema()


def _federated() -> GraphQLSchema:
    # As above; and who is no subgraph need not load what makes one.
    from gateway.schema.subgraph import federated

    return federated()


@asynccontextmanager
async def _connected(
    settings: Settings,
    contracts: Mapping[Department, Contract],
    *,
    clock: Callable[[], datetime],
    today: Callable[[], date],
) -> AsyncIterator[dict[Department, Connector]]:
    try:
        connectors = connect(
            settings.registers,
            clock=clock,
            today=today,
            contracts=contracts,
            quotas=settings.quotas,
            processes=settings.workers,
        )
    except (NoContract, NoTransport) as error:
        raise CannotOpen(str(error)) from error
    book = quality_book(settings)
    given: dict[Department, Connector] = {
        one: Qualified(register, book, clock=clock) for one, register in connectors.items()
    }
    kept = Department.CIVIL_AFFAIRS
    if kept in given:
        given[kept] = WithTokens(given[kept], token_book(settings), clock=clock)
    try:
        yield given
    finally:
        for connector in connectors.values():
            await connector.aclose()


def _judge(settings: Settings, today: date) -> Judge:
    pack = load_pack(settings.policy_pack)
    judge = Judge(
        reads(),
        lambda on: require_in_force(pack, on=on),
        lambda evidence, household, on: crosscheck(evidence, household=household, on=on, pack=pack),
    )
    # The rules are compiled with the first verdict: better now than while somebody waits.
    judge.verdict(Evidence(), "-", today)
    keep_versions(settings.run_folder, pack)
    return judge


def trust_of(settings: Settings) -> KeyRing:
    """The issuers whose tokens are believed. Raises `BadTrust`, `CannotOpen`, `MayNotMint`."""
    issuers = dict(settings.issuers)
    if settings.env == "dev":
        open_issuer(settings.run_folder, name=DEV_ISSUER, audience=settings.audience, environment="dev")
        issuers.setdefault(DEV_ISSUER, str(settings.run_folder / JWKS_FILE))
    if not issuers:
        raise CannotOpen("expected `issuers` to name one or more trusted issuers, got none")
    return KeyRing(
        issuers,
        audience=settings.audience,
        leeway_s=settings.token_leeway_s,
        every_s=settings.issuer_keys_every_s,
    )


def _documents(settings: Settings) -> Documents:
    everybody = frozenset({EVERYBODY} if settings.env == "dev" else ())
    ad_hoc = everybody if settings.ad_hoc is None else settings.ad_hoc
    return Documents(
        load_trusted(settings.documents, schema=_schema(), limits=limits_of(settings)),
        ad_hoc=ad_hoc,
        introspection=ad_hoc if settings.introspection is None else settings.introspection,
    )
