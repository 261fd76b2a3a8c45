"""What do the rules say of every household of the district? One run, noted at its beginning and at its end.

Each register gives its whole district once; one that fails leaves its part unknown for everybody,
and the run goes on. Of a person who has authorized nothing, what others hold is unknown as well,
as when a caseworker asks: a run is no way round an authorization.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar, cast

import msgspec
import pyarrow as pa

from casework.consent import Allowed, Consents, consents
from connectors.ask import Connector, SnapshotFailed
from gateway.days import require_in_force
from gateway.errors import CannotRun
from gateway.fetch import LISTING, ON_FILE, SIGNED
from gateway.trace import Trace
from verification.catalogue import CATALOGUE
from verification.language.to_python import Judgement, bit_of, mask_of
from verification.pack import Pack
from verification.runs.ageing import DAY, aged
from verification.runs.district import Progress, judge_district
from verification.runs.tables import Snapshot, cases_table, masks_table, schema_of
from vocabulary.codes import Category, Department
from vocabulary.evidence import Answer, Found, NoRecord, Outcome, Provenance
from vocabulary.household import Household
from vocabulary.record import Record, partial, read_word
from vocabulary.records.civil_affairs import Authorization, HouseholdFile, Membership

Columns = Mapping[type[Record], frozenset[str]]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule came to: persons or households of whom it found something, or could not tell."""

    rule: str
    name_zh: str
    name_en: str
    severity: str
    found: int
    cannot_tell: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to.

    `categories`   households by verified category; those that could not be told stand under None
    `failed`       departments whose snapshot failed, and how
    """

    households: int
    persons: int
    took_s: float
    categories: Mapping[Category | None, int]
    rules: tuple[RuleCount, ...]
    failed: Mapping[Department, str]


async def run_district(
    connectors: Mapping[Department, Connector],
    *,
    pack: Pack,
    on: date,
    today: date,
    trace: Trace,
    caller: str,
    run: str,
    progress: Callable[[int, int], None],
) -> RunResult:
    """Judge every household that is on file on a day. Raises `NotInForce`, `CannotRun` and `NotLogged`.

    `today`      the day of asking, on which authorizations must hold, whatever day is asked about
    `caller`     account of who started it
    `run`        a code that names it
    `connectors` one for each department
    `progress`   is told households done and in all; the work is done in a thread, and so is this call
    """
    require_in_force(pack, on=on)
    began = time.perf_counter()
    started = await trace.run_started(
        by=caller, run=run, pack=pack.hash, rules=CATALOGUE.hash, households=0, day=on
    )
    try:
        result = await asyncio.to_thread(_run, connectors, pack, on, today, began, progress)
    except BaseException:
        await trace.run_finished(started, state="FAILED", households=0, found={})
        raise
    found = {each.rule: each.found for each in result.rules if each.found}
    await trace.run_finished(started, state="DONE", households=result.households, found=found)
    return result


def _run(
    connectors: Mapping[Department, Connector],
    pack: Pack,
    on: date,
    today: date,
    began: float,
    progress: Callable[[int, int], None],
) -> RunResult:
    snapshot, failed, persons = take_snapshot(connectors, CATALOGUE.reads(), on=on, today=today)
    snapshot = aged(snapshot, pack)

    def tell(now: Progress) -> None:
        progress(now.households * now.done // max(now.of, 1), now.households)

    judgements = judge_district(snapshot, CATALOGUE, pack, progress=tell)
    categories, rules = _counted(judgements)
    households: int = snapshot.cases.num_rows
    return RunResult(households, persons, time.perf_counter() - began, categories, rules, failed)


def take_snapshot(
    connectors: Mapping[Department, Connector], reads: Columns, *, on: date, today: date
) -> tuple[Snapshot, dict[Department, str], int]:
    """All that a run reads, which departments failed and how, and how many persons are listed.

    `today`  the day of asking, on which authorizations must hold, whatever day is asked about
    Raises `CannotRun`.
    """
    tables: dict[type[Record], pa.Table] = {}
    failed: dict[Department, str] = {}
    lacking = 0
    for record, columns in {**_NEEDED, **_joined(reads, _NEEDED)}.items():
        try:
            tables[record] = _table(connectors, record, columns | {DAY})
        except SnapshotFailed as failure:
            if record in _NEEDED:
                raise CannotRun(str(failure)) from None
            failed[record.department] = failure.failure.failure.value
            lacking |= bit_of(record)
    households = _listed(tables, on=on)
    signed = _signed(tables[Authorization])
    cases, masks = _masks(households, signed, reads, lacking=lacking, on=on, asked_on=max(on, today))
    return Snapshot(tables, cases_table(cases), masks_table(masks)), failed, len(masks)


_NEEDED: Columns = {
    HouseholdFile: frozenset({"record_id", "as_of", "household", "opened_on"}),
    Membership: LISTING | {"record_id", "as_of", "household"},
    Authorization: SIGNED | {"record_id", "as_of", "person"},
}
"""What it takes to know which households there are, who is listed, and who has authorized the asking."""


def _joined(one: Columns, other: Columns) -> Columns:
    return {record: names | other.get(record, frozenset()) for record, names in one.items()}


def _table(
    connectors: Mapping[Department, Connector], record: type[Record], columns: frozenset[str]
) -> pa.Table:
    schema = schema_of(record, columns)
    given = connectors[record.department].snapshot(record, columns)
    batches = [batch.select(schema.names).cast(schema) for batch in given]
    return pa.Table.from_batches(batches, schema=schema)


def _listed(tables: Mapping[type[Record], pa.Table], *, on: date) -> list[Household]:
    """The households on file on a day, in the order of their numbers, each with its members."""
    members: dict[str, list[Membership]] = {}
    for row in _rows(Membership, tables[Membership]):
        members.setdefault(row.household, []).append(row)
    files = sorted(
        row.household for row in _rows(HouseholdFile, tables[HouseholdFile]) if row.opened_on <= on
    )
    return [Household.listed(number, members.get(number, ()), on=on) for number in files]


_NEVER = datetime.min.replace(tzinfo=UTC)
_CAME_FROM = Provenance(
    Authorization.department, Authorization.catalogue_id, Authorization.sharing_class, _NEVER
)
_NOTHING = NoRecord(_CAME_FROM)


def _signed(table: pa.Table) -> dict[str, Outcome]:
    """The authorizations of each person, as civil affairs would answer."""
    signed: dict[str, list[Authorization]] = {}
    for row in _rows(Authorization, table):
        signed.setdefault(row.person, []).append(row)
    return {person: Found(tuple(rows), _CAME_FROM) for person, rows in signed.items()}


def _masks(
    households: Sequence[Household],
    signed: Mapping[str, Outcome],
    reads: Columns,
    *,
    lacking: int,
    on: date,
    asked_on: date,
) -> tuple[list[tuple[str, date, int]], dict[str, int]]:
    """Which record types have no usable answer, for each household and for each person."""
    of_household = mask_of(record for record in reads if "household" in record.subjects)
    of_person = mask_of(record for record in reads if record.subjects != ("household",))
    asking = mask_of(record for record in reads if record not in ON_FILE)
    cases: list[tuple[str, date, int]] = []
    persons: dict[str, int] = {}
    for household in households:
        known = consents(
            household,
            {row.person: signed.get(row.person, _NOTHING) for row in household.members},
            asked_on=asked_on,
        )
        closed = 0 if _all_agree(household, known) else asking & of_household
        cases.append((household.number, on, (lacking & of_household) | closed))
        for row in household.members:
            agreed = isinstance(known.of(row.person), Allowed)
            persons[row.person] = (lacking & of_person) | (0 if agreed else asking & of_person)
    return cases, persons


def _all_agree(household: Household, known: Consents) -> bool:
    return all(isinstance(known.of(person), Allowed) for person in household.cohabiting)


def _counted(judgements: Iterable[Judgement]) -> tuple[dict[Category | None, int], tuple[RuleCount, ...]]:
    categories: Counter[Category | None] = Counter()
    answers: Counter[tuple[str, Answer]] = Counter()
    for judgement in judgements:
        category = judgement.facts["category"]
        categories[Category(category) if isinstance(category, str) else None] += 1
        answers.update((each.rule.number, each.answer) for each in judgement.found)
    rules = tuple(
        RuleCount(
            rule.number,
            rule.zh,
            rule.en,
            rule.severity.value,
            answers[rule.number, Answer.YES],
            answers[rule.number, Answer.UNKNOWN],
        )
        for rule in CATALOGUE.rules
        if answers[rule.number, Answer.YES] or answers[rule.number, Answer.UNKNOWN]
    )
    return dict(categories), rules


def _rows(record: type[R], table: pa.Table) -> list[R]:
    """The rows of a table as records with its columns."""
    kind = partial(record, frozenset(table.column_names))
    return cast("list[R]", msgspec.convert(table.to_pylist(), list[kind], dec_hook=read_word))  # type: ignore[valid-type] # made at run time
