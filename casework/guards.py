"""Which conditions on a decision does the database hold by itself, whoever writes to it, and by whatever program?

What one row cannot tell alone, a trigger looks up: the finding of an adverse decision is confirmed
and of the same case, its window had closed, the hearing is of that case, and not everything it
rests on is a value laid over months; what an application is given was posted to the end (公示).
What was decided, what was written down of a hearing, and the clock of a case stay as they were.
Which days are worked is the calendar's to say (`verification.working_days`), and no second one is
kept here. The same in the words of SQLite and of PostgreSQL; an act that breaks one of
them is an integrity error there, and `ChangedMeanwhile` at the desk.
"""

from __future__ import annotations

import sqlalchemy as sa

_ADVERSE = "('REFUSE', 'REDUCE', 'TERMINATE')"

_UNHEARD = f"""
    (new.adverse = 0) = (new.kind in {_ADVERSE})
    or (new.state = 'CONFIRMED' and (new.second is null or new.decided_on is null))
    or (new.state = 'CONFIRMED' and new.adverse <> 0 and (
        not exists (select 1 from casework_finding f where f.id = new.finding_id and f.case_id = new.case_id
            and f.state = 'CONFIRMED' and f.objection_until < new.decided_on)
        or not exists (select 1 from casework_hearing h where h.id = new.hearing_id
            and h.case_id = new.case_id and h.held_on <= new.decided_on)
        or (new.facts_of_longer > 0 and new.facts_of_a_month = 0)))
"""
"""社会救助法 art. 47 and 48, rules EXIT-04 and INC-08: what a decision must not be."""

_UNTOLD = "new.state = 'CONFIRMED' and new.objection_until is null"

_FINDING_REWRITTEN = """
    (old.state in ('CONFIRMED', 'WITHDRAWN') and (new.state <> old.state
        or coalesce(new.objection_until, '') <> coalesce(old.objection_until, '')))
    or new.case_id <> old.case_id or new.rule <> old.rule or new.person <> old.person
    or new.evidence <> old.evidence or new.records <> old.records
"""

_UNPOSTED = """
    new.state = 'CONFIRMED' and new.adverse = 0
    and (new.kind = 'GRANT' or exists (select 1 from casework_case c where c.id = new.case_id and c.kind <> 'REVIEW'))
    and not exists (select 1 from casework_clock k where k.about = new.case_id and k.kind = 'publicity'
        and k.met_on is null and k.due_on < new.decided_on)
"""
"""审核确认办法 art. 19: 公示 has run to its end, and was not cut short (`casework.decision.is_publicized`)."""

_DECIDED = "exists (select 1 from casework_decision d where d.case_id = old.about and d.state = 'CONFIRMED')"

_CLOCK_MOVED = f"""
    new.about <> old.about or new.kind <> old.kind or new.due_on < new.started_on
    or (old.met_on is null and (new.started_on <> old.started_on or new.due_on <> old.due_on))
    or (old.met_on is not null and (new.met_on is not null or new.started_on < old.met_on)
        and (new.started_on <> old.started_on or new.due_on <> old.due_on or coalesce(new.met_on, '') <> old.met_on))
    or (old.kind = 'publicity' and {_DECIDED})
"""
"""A clock that runs is not set: only one that had stopped starts anew, and none before it had stopped."""

_CITED = "exists (select 1 from casework_decision d where d.{column} = old.id and d.state = 'CONFIRMED')"

GUARDS: tuple[tuple[str, str, str, str], ...] = (
    ("casework_decision", "insert", _UNHEARD, "a decision without its grounds"),
    ("casework_decision", "update", _UNHEARD, "a decision without its grounds"),
    ("casework_decision", "update", "old.state <> 'DRAFT'", "a decision that was made already"),
    ("casework_decision", "delete", "old.state <> 'DRAFT'", "a decision that was made already"),
    ("casework_finding", "insert", _UNTOLD, "a finding confirmed before the person was told"),
    ("casework_finding", "update", _UNTOLD, "a finding confirmed before the person was told"),
    ("casework_finding", "update", _FINDING_REWRITTEN, "a finding that says something else"),
    ("casework_finding", "delete", _CITED.format(column="finding_id"), "a finding that a decision rests on"),
    ("casework_hearing", "update", "1 = 1", "a hearing that was written down"),
    ("casework_hearing", "delete", _CITED.format(column="hearing_id"), "a hearing that a decision rests on"),
    ("casework_decision", "insert", _UNPOSTED, "a decision before 公示 is over"),
    ("casework_decision", "update", _UNPOSTED, "a decision before 公示 is over"),
    ("casework_clock", "update", _CLOCK_MOVED, "a clock that is set by hand"),
    ("casework_clock", "delete", "1 = 1", "a clock that is taken away"),
)
"""Table, what is done to it, when it is refused, and what it would have been."""


def guard(connection: sa.Connection) -> None:
    """Put the guards on the tables, anew where they are there."""
    write = _for_postgresql if connection.dialect.name == "postgresql" else _for_sqlite
    for number, (table, act, refused, what) in enumerate(GUARDS):
        for statement in write(f"{table}_{act}_{number}", table, act, refused, what):
            connection.exec_driver_sql(statement)


def _for_sqlite(name: str, table: str, act: str, refused: str, what: str) -> tuple[str, ...]:
    return (
        f"drop trigger if exists {name}",
        f"create trigger {name} before {act} on {table} for each row when {refused}"
        f" begin select raise(abort, 'expected no {what}'); end",
    )


def _for_postgresql(name: str, table: str, act: str, refused: str, what: str) -> tuple[str, ...]:
    goes_on = "old" if act == "delete" else "new"
    return (
        f"create or replace function {name}() returns trigger language plpgsql as $$ begin"
        f" if {refused} then raise exception 'expected no {what}' using errcode = 'check_violation'; end if;"
        f" return {goes_on}; end $$",
        f"drop trigger if exists {name} on {table}",
        f"create trigger {name} before {act} on {table} for each row execute function {name}()",
    )
