"""What is left of an expression once the day is known, and of whom a rule need be asked."""

from datetime import date

from tests.verification.language.both import PACK
from verification.language.aggregate import count, some, total
from verification.language.anchor import Anchors
from verification.language.expression import Expr, literal
from verification.language.fold import FALSE, Fold, of_the_day
from verification.language.functions import first_of
from verification.language.kinds import Kind
from verification.language.level import Level, levels
from verification.language.parameter import param
from verification.language.rows import Aggregate
from verification.language.source import source
from vocabulary.records.civil_affairs import Benefit
from vocabulary.records.social_security import Insurance

ON = date(2026, 11, 16)


def folded(expr: Expr) -> Expr:
    return Fold(PACK, of_the_day(ON))(expr)


def test_a_parameter_of_the_day_is_a_constant() -> None:
    _, h = levels()
    assert folded(param("standard", at=h.on) * 12).constants == (763_200,)


def test_a_parameter_without_a_value_on_that_day_stays_unknown() -> None:
    _, h = levels()
    left = folded(param("ended", at=h.on, kind=Kind.NUMBER) > 1)
    assert left.op == "gt"
    assert left.uncertain


def test_a_branch_that_cannot_be_taken_is_cut() -> None:
    p, h = levels()
    p.define(fen=total(source(Insurance).base_fen))
    left = folded(first_of((param("standard", at=h.on) > 60_000, p.fen), otherwise=0))
    assert left.digest == p.fen.digest


def test_what_is_unknown_is_not_taken_for_no() -> None:
    p, _ = levels()
    p.define(fen=total(source(Insurance).base_fen))
    assert folded((p.fen > 0) & literal(value=False)).digest == FALSE.digest
    assert folded((p.fen > 0) | literal(value=False)).uncertain


def anchors(p: Level, *names: str) -> Anchors:
    allowed: dict[tuple[str, str], Aggregate] = {}
    for name in names:
        expr = p.definitions[name].expr
        assert isinstance(expr, Aggregate)
        allowed["member", name] = expr
    return Anchors(PACK, ON, frozenset(), allowed)


def test_a_rule_is_asked_of_those_who_have_a_row_on_which_it_can_be_found() -> None:
    p, _ = levels()
    insurance, benefit = source(Insurance), source(Benefit)
    p.define(months=count(insurance), paid=some(benefit.paid, on="person"))
    found = anchors(p, "months", "paid")
    assert found.of((p.months > 0) & p.paid) in ({("member", "months")}, {("member", "paid")})
    assert found.of((p.months > 0) | p.paid) == {("member", "months"), ("member", "paid")}


def test_a_rule_that_holds_without_any_row_is_asked_of_everybody() -> None:
    p, _ = levels()
    p.define(months=count(source(Insurance)))
    assert anchors(p, "months").of(p.months == 0) is None


def test_a_rule_that_never_holds_is_asked_of_nobody() -> None:
    p, h = levels()
    p.define(months=count(source(Insurance)))
    assert anchors(p, "months").of((param("standard", at=h.on) < 1) & (p.months == 0)) == frozenset()
