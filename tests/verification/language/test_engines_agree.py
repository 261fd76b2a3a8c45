"""The compiled Python and the generated SQL tell the same of every household, whatever is missing."""

from collections.abc import Callable

import pytest

from tests.verification.language.both import (
    ON,
    a_world,
    told_by_duckdb,
    told_by_postgres,
    told_by_python,
    varied,
)
from verification.language.aggregate import (
    count,
    earliest,
    every,
    evidenced,
    grouped,
    highest,
    kinds,
    latest,
    listing,
    lowest,
    only,
    some,
    total,
)
from verification.language.expression import Expr, nothing
from verification.language.functions import (
    ceil_div,
    contains,
    date_number,
    days_between,
    first_day,
    first_of,
    floor_div,
    full_years,
    greatest,
    half_up,
    least,
    length,
    month_in_year,
    month_of,
    number_in,
    part,
    pick,
    plus_days,
    plus_months,
    position,
    remainder,
    text_of,
    tidy,
    up_to,
    year_of,
)
from verification.language.kinds import Kind
from verification.language.level import levels
from verification.language.parameter import param, param_class
from verification.language.rule import Catalogue, Severity, rule
from verification.language.source import lines, source, union
from vocabulary.codes import BenefitKind, InsuranceStatus, MemberKind, Stage
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance, Pension

insurance, pension, enrolment = source(Insurance), source(Pension), source(Enrolment)
death, benefit, membership = source(Death), source(Benefit), source(Membership)
normal = insurance.where(insurance.status == InsuranceStatus.NORMAL)


def aggregates() -> Catalogue:
    """Every aggregate on both levels."""
    p, h = levels()
    h.define(since=h.month - 3)
    recent = insurance.month >= h.since
    p.define(
        died_on=lowest(death.died_on),
        records=count(insurance, during=recent),
        paid=total(normal.base_fen, during=recent, where=normal.base_fen > 0),
        employers=kinds(insurance.employer),
        any_normal=some(normal),
        all_positive=every(insurance.base_fen > 0, during=recent),
        employer=only(insurance.employer),
        last_status=latest(insurance.status, by=insurance.month),
        first_employer=earliest(insurance.employer, by=insurance.month, where=insurance.base_fen >= 0),
        most=highest(insurance.base_fen, where=insurance.base_fen < 20_000),
        # These two share all of their condition: rows that it leaves out must not be the first or the last.
        last_school=latest(enrolment.school, by=enrolment.since, where=enrolment.full_time),
        first_stage=earliest(enrolment.stage, by=enrolment.since, where=enrolment.full_time),
        months=listing(insurance.month),
        numbers=listing(insurance.record_id, during=recent),
        together=count(insurance, matching=(pension, "month")),
        alone=count(insurance, unmatched=(pension, "month", pension.personal_fen > 0)),
        without=count(pension, unmatched=(benefit.where(benefit.paid), "month"), matched_on="household"),
        own_benefit=total(benefit.amount_fen),
        houses=kinds(membership.household, on="person"),
        wards=count(membership, on="guardian"),
        surely=evidenced(total(insurance.base_fen, during=recent)),
    )
    p.define(late=count(pension, where=(pension.month > month_of(p.died_on)).otherwise(False)))
    h.define(
        paid=total(benefit.amount_fen, where=benefit.kind == BenefitKind.DIBAO),
        people=count(p, where=p.kind == MemberKind.COHABIT),
        insured=total(p.paid, where=p.died_on.missing()),
        some_late=some(p.late > 0),
        all_normal=every(p.any_normal, where=p.records > 0),
        first_death=lowest(p.died_on),
        sizes=kinds(p.records),
        surely=evidenced(total(p.paid, where=p.any_normal)),
    )
    fellow = p.fellows()
    p.define(
        guarded=some(fellow, where=(fellow.person == p.guardian).otherwise(False)),
        richer=count(fellow, where=(fellow.paid > p.paid) & (h.people > 1)),
    )
    h.define(guarded=count(p, where=p.guarded))
    return Catalogue(p, h, [], [getattr(level, name) for level in (p, h) for name in _defined(level)])


def sources() -> Catalogue:
    """Every kind of source."""
    p, h = levels()
    drawn = union(
        "line",
        lines(normal, month=normal.month, fen=normal.base_fen, rank=2, employer=normal.employer),
        lines(pension, month=pension.month, fen=pension.personal_fen + pension.employee_fen, rank=1),
        lines(pension, where=pension.personal_fen > 0, month=pension.month, fen=pension.personal_fen, rank=2),
    )
    best = drawn.best(by=("person", "month"), rank="rank")
    classed = union(
        "class",
        lines(
            insurance,
            month=insurance.month,
            fen=insurance.base_fen,
            found=param_class("class", key=insurance.status, at=insurance.month, kind=Kind.TEXT),
            maybe=param_class(
                "class", key=insurance.status, at=insurance.month, kind=Kind.TEXT, optional=True
            ),
        ),
    )
    years = grouped(
        best,
        by=("person", "month"),
        lines=count(best),
        fen=total(best.fen),
        most=highest(best.fen, where=best.fen > 0),
        employers=kinds(best.employer),
        any_ranked=some(best.rank > 1),
        all_ranked=every(best.rank > 1),
    )
    p.define(
        all=total(drawn.fen),
        best=total(best.fen),
        best_rows=count(best, where=best.employer.missing()),
        ranks=listing(best.record_type),
        last=latest(best.employer, by=best.month),
        counted=total(classed.fen, where=classed.found == "B"),
        maybe=count(classed, where=(classed.maybe == "C").otherwise(True)),
        which=only(classed.found),
        groups=count(years, where=years.lines > 1),
        most=highest(years.most),
        group_total=total(years.fen, where=years.any_ranked & ~years.all_ranked),
        group_employers=total(years.employers),
        matched=count(best, matching=(normal.where(normal.base_fen > 0), "month")),
    )
    return Catalogue(p, h, [], [getattr(p, name) for name in _defined(p)])


def operators(number: int, divisor: int) -> Catalogue:
    """Every operator and function."""
    p, h = levels()
    p.define(
        records=count(insurance),
        fen=total(insurance.base_fen),
        gone=lowest(death.died_on),
        first=lowest(insurance.month),
        called=latest(enrolment.name, by=enrolment.since),
        stage=latest(enrolment.stage, by=enrolment.since),
        ends=latest(enrolment.expected_graduation, by=enrolment.since),
        full=some(enrolment.full_time),
        paid=some(benefit.paid),
    )
    n = p.records * 7 - number
    found: dict[str, Expr] = {
        "sum": p.fen + 5,
        "times": p.fen * n,
        "half": half_up(p.fen + number, divisor),
        "floor": floor_div(n, divisor),
        "ceil": ceil_div(n, greatest(p.records, 1)),
        "rest": remainder(n, divisor),
        "least": least(n, number),
        "greatest": greatest(p.fen, 7),
        "and": p.full & p.paid,
        "or": p.full | p.paid,
        "not": ~p.full,
        "equal": p.fen == 0,
        "unequal": p.full != p.paid,
        "case": first_of((p.full, 1), (p.paid, 2), (n > 3, 1), otherwise=1),
        "agree": first_of((p.full, p.records), (p.paid, p.records), otherwise=3),
        "maybe": first_of((p.full, p.gone), (p.paid, nothing(Kind.DATE)), otherwise=nothing(Kind.DATE)),
        "died": (p.gone <= h.on).otherwise(False),
        "missing": p.gone.missing(),
        "required": p.gone.required(),
        "required_of_two": p.ends.otherwise(p.gone).required() > h.on,
        "ends_else": p.ends.otherwise(h.on),
        "either": p.ends.otherwise(p.gone),
        "third": p.ends.otherwise(p.gone).otherwise(h.on),
        "among": p.stage.among(Stage.SENIOR, Stage.MASTER),
        "up_to": up_to(p.stage, Stage.UNDERGRADUATE).otherwise(False),
        "month": month_of(p.gone) - p.first,
        "shifted": p.first + n,
        "first_day": first_day(p.first),
        "year": year_of(p.gone) - year_of(p.first),
        "month_in_year": month_in_year(p.gone) * 100 + month_in_year(p.first),
        "number": date_number(p.gone),
        "later": plus_days(p.gone, number),
        "far_days": plus_days(p.ends, number),
        "far_months": plus_months(p.ends, number),
        "far_month": month_of(p.ends) + 1,
        "far_first_day": first_day(month_of(p.ends) + n),
        "far_first_days": first_day(month_of(p.ends) - 40 * number),
        "far_number": date_number(p.ends),
        "much_later": plus_months(p.gone, n),
        "days": days_between(since=p.gone, until=h.on),
        "age": full_years(since=p.gone, on=plus_months(h.on, number)),
        "tidy": tidy(p.called),
        "same_name": tidy(p.called) == "安一",
        "length": length(p.called),
        "part": part(p.called, 1, 3),
        "place": position("二一", part(p.called, 1, 2)),
        "born": number_in(text_of(p.person), 6, 14),
        "beyond": position("0123456789", part(text_of(p.person), 17, 19)),
        "check": pick("10X98765432", n),
        "has": contains(p.called, "一"),
        "standard": param("standard", at=h.on),
        "ended": param("ended", at=p.first, kind=Kind.NUMBER),
        "ended_maybe": param("ended", at=p.first, kind=Kind.NUMBER, optional=True),
        "open": param("open", at=p.first, kind=Kind.FLAG, optional=True).otherwise(False),
        "at_death": param("standard", at=p.gone) * 2,
    }
    p.define(**found)
    return Catalogue(p, h, [], [getattr(p, name) for name in found])


def with_rules() -> Catalogue:
    """Rules of both levels, one with a milder severity."""
    p, h = levels()
    p.define(records=count(insurance), gone=lowest(death.died_on))

    @rule(
        "T-01",
        "甲",
        "one",
        of=p,
        severity=Severity.CONFLICT,
        cite="1",
        or_else=(Severity.REVIEW, p.records > 0),
    )
    def first(p):  # type: ignore[no-untyped-def] # as rules are written in a test
        return (p.gone <= p.on).otherwise(False), {
            "records": p.records,
            "gone": p.gone,
            "month": month_of(p.gone),
        }

    @rule("T-02", "乙", "two", of=h, severity=Severity.REVIEW, cite="1")
    def second(h):  # type: ignore[no-untyped-def] # as above
        return some(benefit.paid) & (total(p.records) > 1), {
            "first": lowest(p.gone),
            "number": 3,
            "text": "甲",
        }

    return Catalogue(p, h, [first, second])


def _defined(level: object) -> list[str]:
    return [
        name for name, each in level.definitions.items() if each.expr is not None and not name.startswith("_")
    ]  # type: ignore[attr-defined] # a Level


SEEDED = [
    pytest.param(aggregates, 1, id="aggregates-1"),
    pytest.param(aggregates, 2, id="aggregates-2"),
    pytest.param(sources, 3, id="sources-3"),
    pytest.param(sources, 4, id="sources-4"),
    pytest.param(lambda: operators(-37, 2), 5, id="operators-5"),
    pytest.param(lambda: operators(0, 1), 6, id="operators-6"),
    pytest.param(lambda: operators(5, 7), 7, id="operators-7"),
    pytest.param(lambda: operators(40, 3), 8, id="operators-8"),
    pytest.param(with_rules, 9, id="rules-9"),
]


@pytest.mark.parametrize(("made", "seed"), SEEDED)
def test_duckdb_tells_what_python_tells(made: Callable[[], Catalogue], seed: int) -> None:
    catalogue, world = made(), a_world(seed)
    told, found = told_by_python(catalogue, world)
    assert told_by_duckdb(catalogue, world) == (told, found)
    constant = {name for name, values in varied(told).items() if len(values) < 2}
    assert constant <= {"since", "standard"}
    assert bool(found) == bool(catalogue.rules)


@pytest.mark.parametrize(("made", "seed"), SEEDED)
def test_on_a_day_that_is_known_the_same_is_told(made: Callable[[], Catalogue], seed: int) -> None:
    catalogue, world = made(), a_world(seed)
    assert told_by_duckdb(catalogue, world, on=ON) == told_by_python(catalogue, world)


@pytest.mark.parametrize(("made", "seed"), SEEDED)
def test_postgres_tells_what_python_tells(
    made: Callable[[], Catalogue], seed: int, postgres_url: str
) -> None:
    catalogue, world = made(), a_world(seed, households=40)
    assert told_by_postgres(catalogue, world, postgres_url) == told_by_python(catalogue, world)
