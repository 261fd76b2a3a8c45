"""Which expressions can be written? At random, of every operator that the language has, over facts of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from tests.verification.drawing import Choices
from verification.language.aggregate import count, latest, lowest, only, some, total
from verification.language.expression import Expr, literal, nothing, walk, with_args
from verification.language.functions import (
    ceil_div,
    contains,
    date_number,
    days_between,
    first_day,
    first_of,
    floor_div,
    greatest,
    half_up,
    least,
    length,
    month_in_year,
    month_of,
    part,
    pick,
    plus_days,
    plus_months,
    position,
    remainder,
    text_of,
    tidy,
    year_of,
)
from verification.language.kinds import Kind
from verification.language.level import FactOf, Level, levels
from verification.language.parameter import param, param_class
from verification.language.rule import Catalogue
from verification.language.source import source
from vocabulary.codes import InsuranceStatus
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Benefit
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance

KINDS = (Kind.FEN, Kind.NUMBER, Kind.MONTH, Kind.DATE, Kind.TEXT, Kind.CODE, Kind.FLAG)
ORDERED = (Kind.FEN, Kind.NUMBER, Kind.MONTH, Kind.DATE)
FACTS = (
    "fen",
    "most",
    "records",
    "gone",
    "first",
    "full",
    "ends",
    "paid",
    "grown",
    "named",
    "firm",
    "status",
    "whole",
)


def facts() -> tuple[Level, Level]:
    """Facts of every kind: certain, unknown and absent ones."""
    p, h = levels()
    insurance, death, enrolment, benefit = (source(each) for each in (Insurance, Death, Enrolment, Benefit))
    p.define(
        fen=total(insurance.base_fen),
        most=lowest(insurance.base_fen),
        records=count(insurance),
        gone=lowest(death.died_on),
        first=lowest(insurance.month),
        full=some(enrolment.full_time),
        ends=latest(enrolment.expected_graduation, by=enrolment.since),
        paid=some(benefit.paid),
        grown=p.joined_on <= h.on,
        named=latest(enrolment.name, by=enrolment.since),
        firm=only(insurance.employer),
        status=latest(insurance.status, by=insurance.month),
    )
    p.define(whole=p.status.otherwise(InsuranceStatus.RETIRED))
    return p, h


def random_catalogue(choose: Choices, size: int) -> Catalogue:
    """Facts of every kind, and so many random expressions over them as facts `x…`."""
    p, h = facts()
    drawn = {f"x{place}": _Drawing(choose, p).of(KINDS[place % len(KINDS)], 3) for place in range(size)}
    p.define(**drawn)
    return Catalogue(p, h, [], [getattr(p, name) for name in (*FACTS, *drawn)])


def operators_in(exprs: Iterable[Expr]) -> set[str]:
    """The operators by which expressions are made."""
    return {node.op for expr in exprs for node in walk(expr)}


def on_other_levels(expr: Expr, p: Level, h: Level) -> Expr:
    """The expression on another pair of levels with the same facts."""
    if isinstance(expr, FactOf):
        return getattr(p if expr.constants[0] == "member" else h, str(expr.constants[1]))
    return with_args(expr, tuple(on_other_levels(arg, p, h) for arg in expr.args))


@dataclass(frozen=True)
class _Drawing:
    choose: Choices
    p: Level

    def of(self, kind: Kind, depth: int) -> Expr:
        """An expression of a kind, of any operator that gives one."""
        if depth == 0 or self.choose.whole(0, 5) == 0:
            return self.choose.of(self.leaves(kind))
        if self.choose.whole(0, 4) == 0:
            whens = [self.flag(depth - 1) for _ in range(2)]
            thens = [self.of(kind, depth - 1) for _ in range(3)]
            return first_of(*zip(whens, thens, strict=False), otherwise=thens[2])
        if self.choose.whole(0, 5) == 0:
            expr = self.of(kind, depth - 1)
            if expr.optional and self.choose.whole(0, 3) == 0:
                return expr.required()
            return expr.otherwise(self.of(kind, depth - 1)) if expr.optional else expr
        return self.choose.of(self.makers(kind))(depth - 1)

    def sure(self, kind: Kind, depth: int) -> Expr:
        """One that is never absent."""
        expr = self.of(kind, depth)
        if expr.optional and self.choose.whole(0, 3) == 0:
            return expr.required()
        for _ in range(2):
            other = self.choose.of(self.leaves(kind)) if self.choose.whole(0, 1) else self.plain(kind)
            expr = expr.otherwise(other) if expr.optional else expr
        return expr.otherwise(self.plain(kind)) if expr.optional else expr

    def flag(self, depth: int) -> Expr:
        return self.sure(Kind.FLAG, depth)

    def plain(self, kind: Kind) -> Expr:
        return next(leaf for leaf in reversed(self.leaves(kind)) if leaf.op == "literal")

    def leaves(self, kind: Kind) -> list[Expr]:
        p = self.p
        return {
            Kind.FEN: [
                p.fen,
                p.most,
                param("standard", at=p.on),
                nothing(Kind.FEN),
                literal(10_000, Kind.FEN),
            ],
            Kind.NUMBER: [p.records, param("ended", at=p.first, kind=Kind.NUMBER), literal(3), literal(-2)],
            Kind.MONTH: [p.first, p.month, nothing(Kind.MONTH), literal(Month.parse("2026-09"))],
            Kind.DATE: [p.gone, p.ends, p.on, literal(date(2026, 2, 28))],
            Kind.TEXT: [p.named, p.firm, text_of(p.person), nothing(Kind.TEXT), literal("安一'")],
            Kind.CODE: [p.status, p.whole, literal(InsuranceStatus.NORMAL)],
            Kind.FLAG: [p.full, p.paid, p.grown, param("open", at=p.on, kind=Kind.FLAG), literal(True)],
        }[kind]

    def makers(self, kind: Kind) -> list[Callable[[int], Expr]]:
        return {
            Kind.FEN: self.whole(Kind.FEN),
            Kind.NUMBER: [*self.whole(Kind.NUMBER), *self.numbers()],
            Kind.MONTH: [
                lambda d: month_of(self.of(Kind.DATE, d)),
                lambda d: self.of(Kind.MONTH, d) + self.small(),
                lambda d: greatest(self.of(Kind.MONTH, d), self.of(Kind.MONTH, d)),
            ],
            Kind.DATE: [
                lambda d: first_day(self.of(Kind.MONTH, d)),
                lambda d: plus_days(self.of(Kind.DATE, d), self.small()),
                lambda d: plus_months(self.of(Kind.DATE, d), self.small()),
                lambda d: least(self.of(Kind.DATE, d), self.of(Kind.DATE, d)),
            ],
            Kind.TEXT: self.texts(),
            Kind.CODE: [
                lambda d: first_of((self.flag(d), self.of(Kind.CODE, d)), otherwise=self.of(Kind.CODE, d))
            ],
            Kind.FLAG: self.flags(),
        }[kind]

    def whole(self, kind: Kind) -> list[Callable[[int], Expr]]:
        by = self.choose.whole(1, 9)
        return [
            lambda d: self.of(kind, d) + self.of(kind, d),
            lambda d: self.of(kind, d) - self.of(kind, d),
            lambda d: self.of(kind, d) * self.small(),
            lambda d: least(self.of(kind, d), self.of(kind, d)),
            lambda d: greatest(self.of(kind, d), self.of(kind, d)),
            lambda d: half_up(self.of(kind, d), by),
            lambda d: floor_div(self.of(kind, d), greatest(self.sure(Kind.NUMBER, d), by)),
            lambda d: ceil_div(self.of(kind, d), by),
            lambda d: remainder(self.of(kind, d), by),
        ]

    def numbers(self) -> list[Callable[[int], Expr]]:
        when = self.choose.of([Kind.MONTH, Kind.DATE])
        return [
            lambda d: self.of(Kind.MONTH, d) - self.of(Kind.MONTH, d),
            lambda d: date_number(self.of(Kind.DATE, d)),
            lambda d: days_between(since=self.of(Kind.DATE, d), until=self.of(Kind.DATE, d)),
            lambda d: year_of(self.of(when, d)),
            lambda d: month_in_year(self.of(when, d)),
            lambda d: length(self.of(Kind.TEXT, d)),
            lambda d: position("0129安", part(self.of(Kind.TEXT, d), 1, 2)),
        ]

    def texts(self) -> list[Callable[[int], Expr]]:
        start = self.choose.whole(0, 9)
        return [
            lambda d: part(self.of(Kind.TEXT, d), start, start + 1 + self.choose.whole(0, 9)),
            lambda d: tidy(self.of(Kind.TEXT, d)),
            lambda d: pick("10X98'65432", self.of(Kind.NUMBER, d)),
            lambda d: param_class(
                "class", key=self.sure(Kind.CODE, d), at=self.sure(Kind.MONTH, d), kind=Kind.TEXT
            ),
        ]

    def flags(self) -> list[Callable[[int], Expr]]:
        of, like = self.choose.of(ORDERED), self.choose.of([*KINDS[:-1]])
        return [
            lambda d: self.flag(d) & self.flag(d),
            lambda d: self.flag(d) | self.flag(d),
            lambda d: ~self.flag(d),
            lambda d: self.of(of, d) < self.of(of, d),
            lambda d: self.of(of, d) <= self.of(of, d),
            lambda d: self.of(of, d) > self.of(of, d),
            lambda d: self.of(of, d) >= self.of(of, d),
            lambda d: self.of(like, d) == self.of(like, d),
            lambda d: self.of(like, d) != self.of(like, d),
            lambda d: self.absent(self.of(like, d)),
            lambda d: contains(self.of(Kind.TEXT, d), "9"),
            lambda d: self.of(Kind.CODE, d).among(InsuranceStatus.NORMAL, InsuranceStatus.RETIRED),
            lambda d: self.of(Kind.NUMBER, d).among(0, 3, self.small()),
        ]

    def absent(self, expr: Expr) -> Expr:
        return expr.missing() if expr.optional else expr == expr  # an expression, not an answer

    def small(self) -> int:
        return self.choose.whole(-5, 60)
