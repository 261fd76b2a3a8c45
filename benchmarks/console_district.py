"""What do the pages show in the benchmark? Casework, runs and a log of a district of many households.

Written straight into the tables, as no clerk could: what is measured is reading. All of it is drawn
from a seed and names nobody; the registers behind the pages hold one household.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from casework import tables
from casework.corrections import CorrectionState
from casework.finding import FindingState
from casework.links import LinkState
from connectors.linkage import How
from gateway.console.house import House
from verification.catalogue import CATALOGUE
from verification.runs.changes import KNOWN
from verification.runs.ledger import Terms
from vocabulary.codes import ApplicationKind

STREETS = [f"529901{number:03}" for number in range(1, 17)]
STATES = ["ACCEPTED", "SURVEYING", "COMPARED", "DECIDED", "CLOSED"]
RULES = [(rule.number, rule.severity.value) for rule in CATALOGUE.rules]
CATEGORIES = ["DIBAO"] * 6 + ["EDGE"] * 2 + ["TEKUN", "NONE"]
UNDECIDED = [state.value for state in FindingState if state is not FindingState.CONFIRMED]
"""A confirmed one needs its whole history, which the database itself asks for."""
DISPUTED = LIKENED = 2_000
"""Corrections asked for, and likenesses proposed, for any size of district: they do not grow with it."""


def casework_of(house: House, url: str, *, households: int, seed: int) -> None:
    """A case and a finding for every household, with their clocks and steps; one in twenty is overdue."""
    drawn, today = random.Random(seed), house.desk.today()
    engine = sa.create_engine(url)
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        table: [] for table in (tables.case, tables.finding, tables.clock, tables.step)
    }
    for number in range(households):
        opened = today - timedelta(days=drawn.randrange(400))
        late, region = drawn.random() < 0.05, drawn.choice(STREETS)
        rule, severity = drawn.choice(RULES)
        about = {"id": f"c{number:019}", "region": region, "opened_on": opened.isoformat()}
        rows[tables.case].append(_case(about, number, drawn))
        rows[tables.finding].append(_finding(about, number, rule, severity, drawn))
        rows[tables.clock].append(_clock(about, number, late, today.isoformat()))
        rows[tables.step].append(_step(about["id"]))
    rows[tables.correction] = [_correction(number, drawn) for number in range(DISPUTED)]
    rows[tables.link] = [_link(number, drawn) for number in range(LIKENED)]
    with engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(table.insert(), values)
    engine.dispose()


def runs_of(house: House, judgement: bytes, *, households: int, seed: int) -> tuple[str, str]:
    """Two runs that are done, a month apart, over the same households.

    `judgement`  a real one, as a run keeps it: all are of its shape
    """
    today = house.desk.today()
    names = []
    for month, day in enumerate((today - timedelta(days=30), today)):
        drawn, run = random.Random(seed + month), f"benchmark-{month}"
        taken = dict(_judgements(json.loads(judgement), households, drawn))
        terms = Terms(day, CATALOGUE.hash, house.desk.pack.hash, f"{month:064}")
        at = house.clock() - timedelta(days=30 * (1 - month))
        numbers = sorted(taken)
        told = {"household": numbers, "asked": [0] * len(numbers)}
        empty = {"digest": [None] * len(numbers), "held_by": [None] * len(numbers)}
        house.runs.ledger.plan(run, terms, pa.table({**told, **empty}, schema=KNOWN), shards=[numbers], at=at)
        house.runs.ledger.finish(run, 0, taken.items())
        names.append(run)
    return names[0], names[1]


async def log_of(house: House, *, entries: int, seed: int) -> None:
    """Entries that somebody looked at casework, by a hundred accounts."""
    drawn, desk = random.Random(seed), house.desk
    made = []
    for _ in range(entries):
        fields = {
            "caller": f"test mz-{drawn.randrange(100):04}", "department": "civil_affairs", "post": "p1",
            "what": "findings", "rows": 50, "region": "529901",
        }  # fmt: skip
        made.append(desk.book.entry("case.read", at=house.clock(), fields=fields))
    for first in range(0, len(made), 2_000):
        batch = made[first : first + 2_000]
        await asyncio.gather(*(desk.log.append(each.bytes, each.alongside) for each in batch))


def _case(about: dict[str, str], number: int, drawn: random.Random) -> dict[str, Any]:
    return {
        **about,
        "number": f"HD-2026-{number:07}",
        "household": f"B-{number:07}",
        "kind": ApplicationKind.REVIEW.value,
        "state": drawn.choice(STATES),
        "opened_by": "test mz-0001",
        "assigned": None,
        "version": 1,
    }


def _finding(
    about: dict[str, str], number: int, rule: str, severity: str, drawn: random.Random
) -> dict[str, Any]:
    return {
        "id": f"f{number:019}",
        "case_id": about["id"],
        "rule": rule,
        "severity": severity,
        "person": "",
        "evidence": json.dumps({"months": drawn.randrange(12)}),
        "records": json.dumps([f"Insurance/r-{number}"]),
        "state": drawn.choice(UNDECIDED),
        "found_on": about["opened_on"],
        "told_on": None,
        "objection_until": None,
        "assigned": f"test mz-{drawn.randrange(40):04}" if number % 3 else None,
        "version": 1,
    }


def _clock(about: dict[str, str], number: int, late: bool, today: str) -> dict[str, Any]:
    due = about["opened_on"] if late else "2099-12-31"
    met = None if late or number % 2 else today
    return {
        "id": f"k{number:019}",
        "about": about["id"],
        "region": about["region"],
        "kind": "survey_start",
        "started_on": about["opened_on"],
        "due_on": due,
        "cite": "社会救助法",
        "met_on": met,
    }


def _step(about: str) -> dict[str, Any]:
    return {
        "about": about, "at": 1_790_000_000_000, "by": "test mz-0001", "post": "核对员",
        "before": "-", "after": "ACCEPTED", "reason": "",
    }  # fmt: skip


def _correction(number: int, drawn: random.Random) -> dict[str, Any]:
    return {
        "id": f"d{number:019}",
        "case_id": None,
        "region": drawn.choice(STREETS),
        "source": "social_security",
        "record": "Insurance",
        "record_id": f"r-{number}",
        "columns": '["base_fen"]',
        "person": f"{number:032x}",
        "claim": "缴费基数有误",
        "state": CorrectionState.ASKED.value,
        "asked_by": "test mz-0001",
        "asked_on": "2026-11-01",
        "due_on": "2026-11-15",
        "version": 1,
    }


def _link(number: int, drawn: random.Random) -> dict[str, Any]:
    return {
        "id": f"l{number:019}",
        "region": drawn.choice(STREETS),
        "source": "education",
        "record": "Enrolment",
        "record_id": f"e-{number}",
        "person": f"{number:032x}",
        "how": drawn.choice(list(How)).value,
        "names_agree": 1,
        "state": LinkState.PROPOSED.value,
        "proposed_on": "2026-11-01",
        "version": 1,
    }


def _judgements(shape: dict[str, Any], households: int, drawn: random.Random) -> Iterator[tuple[str, bytes]]:
    """Judgements in the form in which a run keeps them; written once for every number of findings."""
    names, places = ("@household@", "@category@"), [f"@rule{number}@" for number in range(3)]
    written = []
    for count in range(4):
        found = [{**shape["found"][0], "rule": place} for place in places[:count]]
        facts = {**shape["facts"], "category": names[1]}
        one = {**shape, "facts": facts, "found": found, "household": names[0]}
        written.append(json.dumps(one, ensure_ascii=False, separators=(",", ":")))
    for number in range(households):
        name, count = f"B-{number:07}", drawn.choice((0, 0, 1, 1, 2, 3))
        text = written[count].replace(names[0], name).replace(names[1], drawn.choice(CATEGORIES))
        for place, (rule, _) in zip(places, drawn.sample(RULES, count), strict=False):
            text = text.replace(place, rule)
        yield name, text.encode()
