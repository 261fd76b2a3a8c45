"""How does the sum come about, step by step, in figures and in both languages?

The steps that add are made from the income lines and must sum to the fact that the rules use;
if they ever differed the explanation would be wrong, so that is an error and no verdict is given.

    Exception
    └── ArithmeticDiffers    the lines shown do not add up to the fact they explain
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from verification import bands
from verification.citation import in_chinese
from verification.income import EXCLUDED
from verification.language.values import Result
from verification.pack import Pack
from verification.verdict import REPLACED, IncomeLine, Step
from vocabulary.codes import Category, DeclaredItem
from vocabulary.counting import count_of
from vocabulary.idnumber import mask
from vocabulary.money import Money
from vocabulary.records.civil_affairs import Declaration
from vocabulary.register import BY_NAME

_Counted = Mapping[str, Mapping[str, Result]]


class ArithmeticDiffers(Exception):
    """The lines shown do not add up to the fact they explain; the verification must not be used."""


def arithmetic(
    lines: Iterable[IncomeLine],
    *,
    counted: _Counted,
    facts: Mapping[str, Result],
    pack: Pack,
    on: date,
) -> tuple[Step, ...]:
    """The way from the lines to what is payable, in steps; those that add sum to `annual_fen`.

    `counted`   what is known of each person who counts
    `facts`     of the household
    Raises `ArithmeticDiffers`.
    """
    people = sorted(counted)
    cost = pack.on("employment_cost_fen_month", on)
    lines = tuple(lines)
    steps = list(_kinds_of_income(lines, people))
    for person in people:
        months = number(counted[person]["wage_months"])
        if months:
            steps.append(
                Step(
                    f"{mask(person)} 就业成本：{yuan(number(cost.value))}元 × {months}个月，依据：{in_chinese(cost.cite)}",
                    f"{mask(person)}: employment cost, {yuan(number(cost.value))} × {count_of(months, 'month')}",
                    -number(cost.value) * months,
                    adds=True,
                )
            )
    annual = number(facts["annual_fen"])
    if sum(step.fen for step in steps if step.adds) != annual:
        raise ArithmeticDiffers("expected the lines to add up to the verified annual income, got another sum")
    conclusion = list(_conclusion(facts, counted, annual=annual, pack=pack, on=on))
    if facts["category"] == Category.TEKUN:
        conclusion += _without_means(lines, counted, facts=facts, pack=pack, on=on)
    return (*steps, *conclusion, *_alone(facts, counted, pack=pack, on=on))


def number(value: Result) -> int:
    """A known whole number. Raises `ArithmeticDiffers` for anything else."""
    if isinstance(value, int):
        return int(value)
    raise ArithmeticDiffers("expected a known whole number, got none")


def yuan(fen: int) -> str:
    """Yuan as people read it.

    >>> yuan(3240000)
    '32,400.00'
    """
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"


def per_head(fen: int, *, members: int, months: int) -> str:
    """Yuan a head and month with two places, half up: for display, never used to decide.

    >>> per_head(1_526_399, members=2, months=12)
    '636.00'
    """
    return str(Money((2 * fen + members * months) // (2 * members * months)))


def percent(part: int, whole: int) -> str:
    """A percentage with three places, half up: for display.

    >>> percent(4_130_000, 6_720_000)
    '61.458'
    """
    thousandths = (2 * part * 100_000 + whole) // (2 * whole)
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"


def _kinds_of_income(lines: Iterable[IncomeLine], people: Iterable[str]) -> Iterable[Step]:
    sums: dict[tuple[str, DeclaredItem, str], list[IncomeLine]] = defaultdict(list)
    for line in lines:
        if line.counted and line.person in people:
            sums[line.person, line.kind, line.record].append(line)
    for (person, kind, record), found in sorted(sums.items()):
        fen, source = sum(line.fen for line in found), BY_NAME[record]
        months = len({line.month for line in found})
        declared = record == Declaration.__name__
        yield Step(
            f"{mask(person)} {kind.term}（{'申报' if declared else source.term}，{months}个月）：{yuan(fen)}元",
            f"{mask(person)}: {kind.name.lower().replace('_', ' ')}, {count_of(months, 'month')}"
            f" ({'declared' if declared else record}): {yuan(fen)}",
            fen,
            adds=True,
        )


def _conclusion(
    facts: Mapping[str, Result], counted: _Counted, *, annual: int, pack: Pack, on: date
) -> Iterable[Step]:
    members, line = number(facts["counted_members"]), number(facts["line_fen"])
    standard, months = number(facts["standard_fen"]), pack.number("window_months", on)
    yield Step(
        f"家庭核实年收入：{yuan(annual)}元", f"verified income of the household: {yuan(annual)}", annual
    )
    yield Step(
        f"低保标准：{yuan(standard)}元 × {months}个月 × {members}人 = {yuan(line)}元",
        f"the standard: {yuan(standard)} × {count_of(months, 'month')} × {count_of(members, 'person')} = {yuan(line)}",
        line,
    )
    sign = "<" if annual < line else "=" if annual == line else ">"
    yield Step(
        f"比较：{yuan(annual)} {sign} {yuan(line)}，{'低于' if annual < line else '不低于'}标准（相等不是低于）",
        f"{yuan(annual)} {sign} {yuan(line)}: {'below' if annual < line else 'not below'} the standard",
        line - annual,
    )
    if facts["property_over"] is True:
        yield Step("财产超限：收入低于各线也不符合条件", "property over a limit: no line of income helps", 0)
    if annual >= line and facts["category"] != Category.TEKUN:
        yield from _beyond_the_standard(facts, counted, annual=annual, line=line, pack=pack, on=on)
    payable = facts["payable_fen"]
    if isinstance(payable, int) and payable > 0 and pack.code("payable_mode", on) == bands.BANDED:
        yield _band(annual=annual, line=line, members=members, payable=payable, pack=pack, on=on)
    elif isinstance(payable, int) and payable > 0:
        how = pack.on("payable_rounding", on)
        yield Step(
            f"月补助额：（{yuan(line)} − {yuan(annual)}）÷ 12，{_ROUNDING[str(how.value)][0]}：{yuan(payable)}元",
            f"payable: ({yuan(line)} − {yuan(annual)}) ÷ 12, {_ROUNDING[str(how.value)][1]}: {yuan(payable)}",
            payable,
        )


def _band(*, annual: int, line: int, members: int, payable: int, pack: Pack, on: date) -> Step:
    """Which band the income lies in, and what it pays."""
    for band in bands.BANDS:
        below, amount = pack.row(bands.BELOW, band, on), pack.row(bands.AMOUNT, band, on)
        if below is not None and amount is not None and annual * 100 < line * number(below.value):
            each = yuan(number(amount.value))
            return Step(
                f"分档：收入低于标准的{below.value}%，第{band}档：{each}元 × {members}人 = {yuan(payable)}元，"
                f"依据：{in_chinese(amount.cite)}",
                f"band {band}, below {below.value} % of the standard:"
                f" {each} × {count_of(members, 'person')} = {yuan(payable)}",
                payable,
            )
    raise ArithmeticDiffers("expected the income in one of the pack's bands, got it in none")


def _beyond_the_standard(
    facts: Mapping[str, Result], counted: _Counted, *, annual: int, line: int, pack: Pack, on: date
) -> Iterable[Step]:
    """The margin, and for a household that is not inside it the disposable income and rigid spending."""
    times = pack.number("edge_multiplier_percent", on)
    margin, inside = line * times // 100, annual * 100 < line * times
    yield Step(
        f"边缘线：{yuan(line)}元 × {times}% = {yuan(margin)}元，{'低于' if inside else '不低于'}",
        f"the margin: {yuan(line)} × {times} % = {yuan(margin)}: {'below' if inside else 'not below'}",
        margin - annual,
    )
    spent = facts["rigid_fen"]
    gross = pack.code("rigid_denominator", on) == "GROSS"
    whole = facts["gross_annual_fen"] if gross else annual
    if inside or not isinstance(spent, int) or not isinstance(whole, int) or not spent or whole <= 0:
        return
    yield _disposable(annual=annual, members=len(counted), pack=pack, on=on)
    ratio, over = pack.number("rigid_ratio_basis_points", on), percent(spent, whole)
    zh, en = _spending(counted, pack=pack, on=on)
    yield Step(
        f"刚性支出：{zh} = {yuan(spent)}元，÷ {yuan(whole)}元 = {over}%（须高于{ratio // 100}.{ratio % 100:02d}%）",
        f"rigid spending: {en} = {yuan(spent)}, ÷ {yuan(whole)} = {over} %"
        f" (must exceed {ratio // 100}.{ratio % 100:02d} %)",
        spent,
    )


def _disposable(*, annual: int, members: int, pack: Pack, on: date) -> Step:
    """Whether the income is below what the place's residents had a head in the year before."""
    each = pack.on("disposable_income_prior_year_fen", on)
    most = number(each.value) * members
    below = annual < most
    return Step(
        f"上年度当地居民人均可支配收入：{yuan(number(each.value))}元 × {members}人 = {yuan(most)}元，"
        f"{'低于' if below else '不低于'}，依据：{in_chinese(each.cite)}",
        f"disposable income a head in the year before: {yuan(number(each.value))} × {count_of(members, 'person')}"
        f" = {yuan(most)}: {'below' if below else 'not below'}",
        most - annual,
    )


def _spending(counted: _Counted, *, pack: Pack, on: date) -> tuple[str, str]:
    """The kinds of spending that the pack takes for rigid, and how much of each."""
    parts = []
    for kind, fact, zh, en in _RIGID:
        wanted = pack.row("rigid_numerator", kind, on)
        if wanted is not None and wanted.value is True:
            fen = sum(number(facts[fact]) for facts in counted.values())
            parts.append((f"{zh}{yuan(fen)}元", f"{en} {yuan(fen)}"))
    return " + ".join(zh for zh, _ in parts), " + ".join(en for _, en in parts)


def _without_means(
    lines: Iterable[IncomeLine],
    counted: _Counted,
    *,
    facts: Mapping[str, Result],
    pack: Pack,
    on: date,
) -> Iterable[Step]:
    """Why it is 特困: what each person had by that law's own list of what counts, beside the standard of one.

    Raises `ArithmeticDiffers` where somebody had as much.
    """
    standard, months = number(facts["standard_fen"]), pack.number("window_months", on)
    cost, line = pack.number("employment_cost_fen_month", on), standard * months
    chosen = [each for each in lines if each.article != REPLACED]
    for person, own in sorted(counted.items()):
        theirs = [each for each in chosen if each.person == person]
        income = sum(each.fen for each in theirs if _counts_for_tekun(each, pack))
        left_out = sum(each.fen for each in theirs) - income
        income -= cost * number(own["wage_months"])
        if income >= line:
            raise ArithmeticDiffers("expected everybody of a household in 特困 to be without means, got more")
        yield Step(
            f"{mask(person)} 特困口径年收入：{yuan(income)}元（另有不计入的{yuan(left_out)}元） < "
            f"{yuan(standard)}元 × {months}个月 = {yuan(line)}元，依据：{in_chinese(_MEANS)}",
            f"{mask(person)}: income by the list for 特困 {yuan(income)} (and {yuan(left_out)} that it leaves out)"
            f" < {yuan(standard)} × {count_of(months, 'month')} = {yuan(line)}",
            income,
        )
    yield Step(
        "特困：按特困供养标准，不按低保差额", "特困 has a standard of its own, and is no gap to this one", 0
    )


def _counts_for_tekun(line: IncomeLine, pack: Pack) -> bool:
    row = pack.row("tekun_income_class", line.kind, line.month.first_day)
    return row is not None and row.value != EXCLUDED


def _alone(facts: Mapping[str, Result], counted: _Counted, *, pack: Pack, on: date) -> Iterable[Step]:
    """What is payable to each who may enter alone: the standard, less their own income where the pack says so."""
    by, rounding = pack.code("single_person_amount", on), _ROUNDING[pack.code("payable_rounding", on)]
    line = number(facts["standard_fen"]) * pack.number("window_months", on)
    for person, own in sorted(counted.items()):
        if own["enters_alone"] is not True or not isinstance(own["alone_fen"], int):
            continue
        income = 0 if by == "STANDARD" else number(own["income_fen"])
        zh = f"（{yuan(line)} − {yuan(income)}）÷ 12，{rounding[0]}"
        en = f"({yuan(line)} − {yuan(income)}) ÷ 12, {rounding[1]}"
        if pack.code("payable_mode", on) == bands.BANDED:
            zh, en = f"年收入{yuan(income)}元，分档", f"by the band of {yuan(income)} a year"
        amount = yuan(own["alone_fen"])
        yield Step(
            f"{mask(person)} 单人户，依据：{in_chinese(_ALONE)}：{zh}：{amount}元",
            f"{mask(person)} enters alone: {en}: {amount}",
            own["alone_fen"],
        )


_MEANS = "特困人员认定办法 art. 4–9"
_ALONE = "审核确认办法 art. 8"
_RIGID = (
    ("MEDICAL", "medical_fen", "医疗", "medical"),
    ("EDUCATION", "schooling_fen", "教育", "school"),
    ("REHABILITATION", "rehabilitation_fen", "康复", "rehabilitation"),
)
_ROUNDING = {
    "CEIL_YUAN": ("向上取整到元", "rounded up to the yuan"),
    "HALF_UP_FEN": ("四舍五入到分", "rounded half up to the fen"),
    "NONE": ("不足一分舍去", "whole fen"),
}
