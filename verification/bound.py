"""How much income has a household at least, whatever the departments that did not answer would say?

A proof, not an estimate. An official record that comes later replaces a declaration and may be lower,
so a declared amount counts only where its register has answered, or where no register could speak of
it. Where the register of wages has not answered, every month of the window may hold a wage smaller
than the employment cost that it brings. Who may not be counted adds nothing. One premise stands: no
register pays, or insures on, less than nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from verification.explain import NO_VALUE, REGISTER
from verification.verdict import IncomeLine
from vocabulary.codes import DeclaredItem
from vocabulary.evidence import Answer, Evidence, Found, NoRecord
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Declaration
from vocabulary.records.social_security import Insurance


def proven_least(
    lines: Iterable[IncomeLine],
    *,
    counted: Mapping[str, Answer],
    evidence: Evidence,
    household: str,
    cost_fen: int,
    months: int,
) -> int | None:
    """Fen that the verified income of the window is not below; None where nothing above zero is proven.

    `counted`   whether each listed member is counted
    `cost_fen`  employment cost a month with a wage; `months` of the window
    """
    told = tuple(lines)
    people = [person for person, answer in counted.items() if answer is not Answer.NO]
    declared = all(
        _answered(evidence, Declaration, household) or _answered(evidence, Declaration, person)
        for person in people
    )
    if not people or not declared or any(line.article == NO_VALUE for line in told):
        return None
    least = 0
    for person in people:
        own = _of_one(
            [line for line in told if line.person == person],
            evidence,
            person,
            cost_fen=cost_fen,
            months=months,
        )
        least += own if counted[person] is Answer.YES else min(0, own)
    return least if least > 0 else None


def _of_one(
    lines: Iterable[IncomeLine], evidence: Evidence, person: str, *, cost_fen: int, months: int
) -> int:
    wages_told = _answered(evidence, Insurance, person)
    sure = [line for line in lines if _is_sure(line, evidence, person)]
    paid = {line.month for line in lines if line.kind is DeclaredItem.WAGE and line.fen > 0}
    at_work = len(paid) if wages_told else months
    return sum(line.fen for line in sure if line.counted) - cost_fen * at_work


def _is_sure(line: IncomeLine, evidence: Evidence, person: str) -> bool:
    register = REGISTER.get(line.kind)
    return register is None or _answered(evidence, register, person)


def _answered(evidence: Evidence, record: type[Record], subject: str) -> bool:
    return isinstance(evidence.of(record, subject), (Found, NoRecord))
