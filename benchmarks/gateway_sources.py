"""The registers of the gateway's benchmark: five departments behind one HTTP process, as fast as Python can be.

Every contender asks these, and nothing else: rows in each department's own words
(`POST /{department}/v1/{table}/query`), or the same rows as Apollo subgraphs
(`POST /{department}/graphql`). What was answered once is kept as JSON text, so that it is the contenders
that are measured.

    python benchmarks/gateway_sources.py --households 2000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import httptools
import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.gateway_subgraphs import Subgraphs
from connectors.departments import TABLES
from demo.registers.writing import heading, written
from vocabulary.codes import (
    Cause,
    CertificateStatus,
    Department,
    DisabilityCategory,
    EnrolmentStatus,
    HukouType,
    InsuranceKind,
    InsuranceStatus,
    MemberKind,
    Ownership,
    Participation,
    Relation,
    SignatureMethod,
    Stage,
)
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Authorization, HouseholdFile, Membership
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Settlement
from vocabulary.records.social_security import Insurance
from vocabulary.region import RegionCode

DAY = date(2026, 10, 31)
FIRST_MONTH = Month.parse("2026-07")

Rows = dict[type[Record], list[Any]]


def rows_of(households: int, *, seed: int) -> Rows:
    """The records of so many households, about three persons each; the same for the same seed."""
    dice = random.Random(seed)
    rows: Rows = {
        one: []
        for one in (HouseholdFile, Membership, Authorization, Insurance, Settlement, Enrolment, Certificate)
    }
    person = 0
    for number in range(households):
        members = dice.choice((1, 2, 3, 3, 4, 4, 5))
        for place in range(members):
            _person(rows, dice, household_of(number), person, place)
            person += 1
        head = rows[Membership][-members].person
        rows[HouseholdFile].append(
            HouseholdFile(
                record_id=f"f{number:06}",
                as_of=DAY,
                household=household_of(number),
                district=RegionCode("529901"),
                street=RegionCode(f"52990100{number % 9 + 1}"),
                head=head,
                hukou=dice.choice([*HukouType]),
                primary_cause=dice.choice([*Cause]),
                opened_on=date(2020, 1, 1),
            )
        )
    return rows


def household_of(number: int) -> str:
    """The number of a household."""
    return f"HD{number:06}"


def _person(rows: Rows, dice: random.Random, household: str, number: int, place: int) -> None:
    who = WrittenId(_id_number(number))
    common: dict[str, Any] = {"as_of": DAY, "person": who}
    relation = (Relation.HEAD, Relation.SPOUSE)[place] if place < 2 else Relation.SON
    rows[Membership].append(
        Membership(
            record_id=f"m{number:06}",
            household=household,
            relation=relation,
            kind=MemberKind.COHABIT,
            joined_on=date(2020, 1 + number % 12, 1),
            **common,
        )
    )
    rows[Authorization].append(
        Authorization(
            record_id=f"a{number:06}",
            method=SignatureMethod.HANDWRITTEN,
            valid_from=date(2021, 1, 1),  # after all have joined: who joins later has not agreed
            **common,
        )
    )
    for month in range(3):
        rows[Insurance].append(
            Insurance(
                record_id=f"i{number:06}-{month}",
                kind=InsuranceKind.PENSION,
                participation=Participation.RESIDENT,
                month=FIRST_MONTH.plus(month),
                base_fen=dice.randrange(200_000, 600_000, 500),
                status=dice.choice([*InsuranceStatus]),
                **common,
            )
        )
    if dice.random() < 0.5:
        total = dice.randrange(10_000, 900_000)
        rows[Settlement].append(_settlement(number, total, dice, common))
    if place > 1:
        rows[Enrolment].append(_enrolment(number, dice, common))
    if dice.random() < 0.15:
        rows[Certificate].append(_certificate(number, dice, common))


def _settlement(number: int, total: int, dice: random.Random, common: dict[str, Any]) -> Settlement:
    return Settlement(
        record_id=f"s{number:06}",
        designated=True,
        discharged_on=date(2026, dice.randrange(1, 10), dice.randrange(1, 28)),
        total_fen=total,
        self_pay_fen=total,
        compliant_self_pay_fen=0,
        **common,
    )


def _enrolment(number: int, dice: random.Random, common: dict[str, Any]) -> Enrolment:
    return Enrolment(
        record_id=f"e{number:06}",
        name="某某",
        school="第一中学",
        stage=dice.choice([*Stage]),
        full_time=True,
        ownership=Ownership.PUBLIC,
        status=EnrolmentStatus.ENROLLED,
        since=date(2024, 9, 1),
        **common,
    )


def _certificate(number: int, dice: random.Random, common: dict[str, Any]) -> Certificate:
    return Certificate(
        record_id=f"c{number:06}",
        name="某某",
        number=common["person"] + "43",
        category=dice.choice([*DisabilityCategory]),
        grade=dice.randrange(1, 5),
        parts="",
        issued_on=date(2021, 5, 1),
        status=CertificateStatus.VALID,
        **common,
    )


def _id_number(number: int) -> str:
    """A synthetic number of the unassigned district 529901, with its check character."""
    body = f"529901{1950 + number // 1000 % 50}{number // 50_000 % 12 + 1:02}{number % 28 + 1:02}{number % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[check]


def words() -> dict[str, dict[str, str]]:
    """The departments' codes in our words, as the contracts say, for whoever has no contracts."""
    chosen = {
        "relation": (Department.CIVIL_AFFAIRS, Membership, "relation", Relation),
        "status": (Department.SOCIAL_SECURITY, Insurance, "status", InsuranceStatus),
        "stage": (Department.EDUCATION, Enrolment, "stage", Stage),
        "category": (Department.DISABILITY, Certificate, "category", DisabilityCategory),
    }
    told: dict[str, dict[str, str]] = {}
    for name, (department, record, column, codes) in chosen.items():
        agreed = TABLES[department][record].of[column].codes or {one.value: one.value for one in codes}
        told[name] = {theirs: codes(ours).name for theirs, ours in agreed.items()}
    return told


class Source:
    """One department's tables, by what they are looked up by."""

    def __init__(self, department: Department, rows: Rows) -> None:
        self.tables: dict[str, tuple[list[str], dict[str, dict[str, list[dict[str, Any]]]]]] = {}
        for record, table in TABLES[department].items():
            names = heading(table)
            mine = [dict(zip(names, row, strict=True)) for row in written(table, rows.get(record, []))]
            index: dict[str, dict[str, list[dict[str, Any]]]] = {}
            for subject in record.subjects:
                by = index.setdefault(table.of[subject].physical, {})
                for row in mine:
                    by.setdefault(str(row[table.of[subject].physical]), []).append(row)
            self.tables[table.physical] = names, index
        self._said: dict[tuple[str, str, tuple[str, ...]], dict[str, tuple[int, bytes]]] = {}

    def page(self, question: dict[str, Any], table: str) -> bytes:
        """One page with the rows of all who are asked for."""
        by, fields = question["by"], tuple(question["fields"])
        index = self.tables[table][1][by]
        said = self._said.setdefault((table, by, fields), {})
        count, texts = 0, []
        for subject in question["ids"]:
            known = said.get(subject)
            if known is None:
                known = said[subject] = _text(index.get(subject, ()), fields)
            if known[0]:
                count += known[0]
                texts.append(known[1])
        return b'{"count":%d,"rows":[%b],"next":null}' % (count, b",".join(texts))


def _text(rows: Iterable[dict[str, Any]], fields: tuple[str, ...]) -> tuple[int, bytes]:
    shown = [{name: row[name] for name in fields} for row in rows]
    return len(shown), b",".join(map(msgspec.json.encode, shown))


class _Question(asyncio.Protocol):
    """One connection."""

    answer: Callable[[str, bytes], bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._parser = httptools.HttpRequestParser(self)
        self._path, self._body = "", b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path += url.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        body = type(self).answer(self._path, self._body)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)
        self._path, self._body = "", b""


async def serve(households: int, *, seed: int) -> None:
    """Answer until standard input ends; the first line on standard output says where, and the words."""
    rows = rows_of(households, seed=seed)
    sources = {one.value: Source(one, rows) for one in ASKED}
    subgraphs = Subgraphs(rows)

    def answer(path: str, body: bytes) -> bytes:
        _, department, *rest = path.split("/")
        question = json.loads(body)
        if rest[0] == "graphql":
            return subgraphs.answer(department, question)
        if rest[1] == "batch":
            pages = (sources[department].page(one, one["table"]) for one in question["questions"])
            return b'{"pages":[%b]}' % b",".join(pages)
        return sources[department].page(question, rest[1])

    _Question.answer = staticmethod(answer)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Question, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "path": "", "words": words()}), flush=True)
    await loop.run_in_executor(None, _until_input_ends)


ASKED = {
    Department.CIVIL_AFFAIRS,
    Department.SOCIAL_SECURITY,
    Department.HEALTH,
    Department.EDUCATION,
    Department.DISABILITY,
}


def _until_input_ends() -> None:
    sys.stdin.read()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--households", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    uvloop.run(serve(options.households, seed=options.seed))
