"""Benefits beside each other: lawful, the best there is, and never worse than doing nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verification.entitlement import Entitlement, Stacking, misfits, pair_of
from verification.language.parameter import Dated
from verification.pack import BadPack, Pack, load_pack
from verification.stacking import (
    COMBINATIONS_MAX,
    Claim,
    Paid,
    Proposal,
    Sums,
    TooManyClaims,
    propose,
    stacking_of,
    sums,
)
from vocabulary.month import Month

DEMO = load_pack("demo-2026")
OCTOBER, YEAR = Month.parse("2026-10"), Month.parse("2025-09")


def claim(
    name: str, due: int, drawn: int | None = None, *, person: str = "甲", month: Month = OCTOBER
) -> Claim:
    return Claim(person, name, month, due, due if drawn is None else drawn)


def proposed(*claims: Claim, pack: Pack = DEMO) -> Proposal:
    (found,) = propose(claims, pack)
    return found


def with_pair(pair: str, value: str) -> Pack:
    return DEMO.changed({f"stacking.{pair}": value}, why="x")


def test_twenty_students_with_two_programmes_of_one_group_are_90_000_yuan_too_much() -> None:
    claims = [
        claim(name, 450_000, person=f"学生{n:02d}", month=YEAR)
        for n in range(20)
        for name in ("扶贫雨露", "低保高校新生")
    ]
    assert sums(propose(claims, DEMO)) == Sums(20, 9_000_000, 0, 0)


def test_programmes_of_different_groups_stand_together() -> None:
    found = proposed(claim("扶贫雨露", 450_000, month=YEAR), claim("国家助学金", 330_000, month=YEAR))
    assert (found.overpaid_fen, found.kept) == (0, (Paid("国家助学金", 330_000), Paid("扶贫雨露", 450_000)))


def test_of_two_programmes_the_higher_stays() -> None:
    found = proposed(claim("扶贫雨露", 300_000, month=YEAR), claim("低保高校新生", 450_000, month=YEAR))
    assert (found.overpaid_fen, found.kept) == (300_000, (Paid("低保高校新生", 450_000),))
    assert found.clashes[0].stacking is Stacking.HIGHER


def test_the_same_programmes_in_two_years_do_not_clash() -> None:
    found = propose(
        [claim("扶贫雨露", 450_000, month=YEAR), claim("低保高校新生", 450_000, month=YEAR.plus(12))], DEMO
    )
    assert [each.overpaid_fen for each in found] == [0, 0]


def test_the_living_subsidy_beside_tekun_is_too_much() -> None:
    found = proposed(claim("TEKUN", 82_700), claim("LIVING", 8_000))
    assert (found.overpaid_fen, found.kept) == (8_000, (Paid("TEKUN", 82_700),))
    assert found.clashes[0].cite == "国发〔2015〕52号: 特困人员不享受两项补贴"


def test_both_disability_subsidies_stand_beside_dibao() -> None:
    found = proposed(claim("DIBAO", 63_600), claim("LIVING", 8_000), claim("CARE", 10_000))
    assert (found.overpaid_fen, found.forgone_fen, found.clashes) == (0, 0, ())


def test_what_is_due_and_not_drawn_is_forgone_and_uncovered() -> None:
    found = proposed(claim("DIBAO", 63_600), claim("LIVING", 8_000, 0))
    assert (found.overpaid_fen, found.forgone_fen) == (0, 8_000)
    assert found.uncovered == (Paid("LIVING", 8_000),)


def test_giving_up_one_prohibited_for_two_that_pay_more() -> None:
    found = proposed(claim("TEKUN", 15_000), claim("LIVING", 8_000, 0), claim("CARE", 10_000, 0))
    assert found.best == (Paid("CARE", 10_000), Paid("LIVING", 8_000))
    assert (found.overpaid_fen, found.forgone_fen) == (0, 3_000)


def test_what_is_drawn_beyond_what_is_due_is_too_much_by_itself() -> None:
    assert proposed(claim("DIBAO", 60_000, 63_600)).overpaid_fen == 3_600
    assert proposed(claim("LIVING", 0, 8_000)).overpaid_fen == 8_000


def test_drawn_twice_in_one_month_is_too_much_once() -> None:
    assert proposed(claim("LIVING", 8_000), claim("LIVING", 8_000)).overpaid_fen == 8_000


def test_drawn_twice_of_different_amounts_the_greater_is_due() -> None:
    for claims in ((8_000, 5_000), (5_000, 8_000)):
        assert proposed(*(claim("LIVING", fen) for fen in claims)).overpaid_fen == 5_000


def test_an_offset_takes_the_first_off_the_second() -> None:
    pack = with_pair("UNEMPLOYMENT_BENEFIT+GRADUAL_EXIT", "OFFSET")
    found = proposed(claim("GRADUAL_EXIT", 60_000), claim("UNEMPLOYMENT_BENEFIT", 50_000), pack=pack)
    assert found.kept == (Paid("GRADUAL_EXIT", 10_000), Paid("UNEMPLOYMENT_BENEFIT", 50_000))
    assert found.overpaid_fen == 50_000


def test_an_offset_by_as_much_leaves_nothing_of_the_second() -> None:
    pack = with_pair("UNEMPLOYMENT_BENEFIT+GRADUAL_EXIT", "OFFSET")
    found = proposed(claim("GRADUAL_EXIT", 50_000), claim("UNEMPLOYMENT_BENEFIT", 50_000), pack=pack)
    assert [each.fen for each in found.kept] == [50_000]


def test_of_equals_what_is_drawn_already_stays() -> None:
    found = proposed(claim("LIVING", 8_000, 0), claim("DISABILITY_ALLOWANCE", 8_000))
    assert found.best == (Paid("DISABILITY_ALLOWANCE", 8_000),)
    assert found.forgone_fen == 0


def test_a_pair_that_the_pack_does_not_name_is_allowed_and_told() -> None:
    found = proposed(claim("TEMPORARY", 1_000), claim("LIVING", 8_000))
    assert found.overpaid_fen == 0
    assert [(each.stacking, each.cite) for each in found.clashes] == [(Stacking.ALLOW, None)]


def test_forty_programmes_of_which_nobody_knows_a_conflict_are_all_kept() -> None:
    claims = [claim(f"programme {n:02d}", 1 + n) for n in range(40)]
    found = proposed(*claims)
    assert (found.overpaid_fen, len(found.kept), len(found.clashes)) == (0, 40, 40 * 39 // 2)


def test_of_forty_programmes_of_one_group_the_highest_is_kept() -> None:
    """Each the rival of each: as many cycles of 择高 as there are threes of them."""
    pack = DEMO.changed({f"aid_group.项目{n:02d}": "一组" for n in range(40)}, why="x")
    found = proposed(*(claim(f"项目{n:02d}", 10**12 + n, month=YEAR) for n in range(40)), pack=pack)
    assert found.kept == (Paid("项目39", 10**12 + 39),)
    assert found.overpaid_fen == 39 * 10**12 + sum(range(39))


def test_one_that_excludes_many_is_weighed_against_all_of_them() -> None:
    names = [f"项目{n:02d}" for n in range(9)]
    pack = DEMO.changed({f"aid_group.{name}": name for name in names}, why="x").changed(
        {f"stacking.项目00+{name}": "PROHIBIT" for name in names[1:]}, why="x"
    )
    for fen, kept in ((79, names[1:]), (81, names[:1])):
        claims = [claim(name, 10, month=YEAR) for name in names[1:]] + [claim(names[0], fen, month=YEAR)]
        assert [each.name for each in proposed(*claims, pack=pack).kept] == kept


def each_taken_off_by_one(count: int) -> tuple[list[Claim], Pack]:
    """Offsets exclude nobody: each combination of so many is lawful."""
    names = [f"项目{n:02d}" for n in range(count)]
    pack = DEMO.changed({f"aid_group.{name}": name for name in names}, why="x").changed(
        {f"stacking.项目00+{name}": "OFFSET" for name in names[1:]}, why="x"
    )
    return [claim(name, 5, month=YEAR) for name in names], pack


def test_more_combinations_than_can_be_tried_are_refused_and_just_as_many_are_tried() -> None:
    assert COMBINATIONS_MAX == 2**14
    assert proposed(*each_taken_off_by_one(14)[0], pack=each_taken_off_by_one(14)[1]).overpaid_fen == 5
    with pytest.raises(TooManyClaims, match=f"expected at most {COMBINATIONS_MAX} combinations of 15"):
        propose(*each_taken_off_by_one(15))


def test_nothing_is_proposed_where_nothing_is_claimed() -> None:
    assert propose([], DEMO) == ()
    found = proposed(claim("DIBAO", 0))
    assert (found.drawn, found.kept, found.best, found.overpaid_fen, found.forgone_fen) == ((), (), (), 0, 0)


def test_benefits_that_share_a_month_clash_in_it_alone() -> None:
    tekun = [claim("TEKUN", 82_700, month=OCTOBER.plus(-n)) for n in range(3)]
    living = [claim("LIVING", 8_000, month=OCTOBER.plus(n)) for n in range(3)]
    assert [(each.month, each.overpaid_fen) for each in propose([*tekun, *living], DEMO)] == [
        (OCTOBER.plus(n), 8_000 if n == 0 else 0) for n in range(-2, 3)
    ]


def test_an_offset_of_more_than_there_is_leaves_nothing_and_no_debt() -> None:
    pack = with_pair("UNEMPLOYMENT_BENEFIT+GRADUAL_EXIT", "OFFSET")
    found = proposed(claim("GRADUAL_EXIT", 1), claim("UNEMPLOYMENT_BENEFIT", 10**12), pack=pack)
    assert found.kept == (Paid("UNEMPLOYMENT_BENEFIT", 10**12),)
    assert found.overpaid_fen == 1


def test_what_is_taken_off_two_is_taken_off_each() -> None:
    pack = DEMO.changed(
        {"stacking.ORPHAN+TEMPORARY": "OFFSET", "stacking.ORPHAN+GRADUAL_EXIT": "OFFSET"}, why="x"
    )
    found = proposed(claim("ORPHAN", 30), claim("TEMPORARY", 100), claim("GRADUAL_EXIT", 100), pack=pack)
    assert found.kept == (Paid("GRADUAL_EXIT", 100), Paid("TEMPORARY", 100))


def test_a_prohibition_holds_from_its_day() -> None:
    pack = DEMO.changed(
        {
            "stacking.DIBAO+CARE": [
                {"since": date(2016, 1, 1), "until": date(2026, 9, 30), "value": "ALLOW"},
                {"since": date(2026, 10, 1), "value": "PROHIBIT"},
            ]
        },
        why="x",
    )
    claims = [claim(n, 8_000, month=m) for n in ("DIBAO", "CARE") for m in (OCTOBER.plus(-1), OCTOBER)]
    assert [each.overpaid_fen for each in propose(claims, pack)] == [0, 8_000]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("DIBAO", "expected a pair"),
        ("DIBAO+", "expected a pair"),
        ("DIBAO+TEKUN+LIVING", "expected a pair"),
        ("DIBAO+LOTTERY", "expected a pair"),
        ("DIBAO+扶贫雨露", "expected a pair"),
        ("DIBAO+DIBAO", "expected two different"),
        ("TEKUN+DIBAO", "expected each pair once, got it as `DIBAO\\+TEKUN` too"),
    ],
)
def test_a_pair_that_cannot_stand_is_refused_when_the_pack_is_loaded(pair: str, message: str) -> None:
    with pytest.raises(BadPack, match=message):
        with_pair(pair, "ALLOW")


def test_a_chain_of_offsets_is_refused() -> None:
    pack = with_pair("TEMPORARY+LIVING", "OFFSET")
    with pytest.raises(BadPack, match="not reduced itself"):
        pack.changed({"stacking.LIVING+GRADUAL_EXIT": "OFFSET"}, why="x")


@pytest.mark.parametrize("alone", ["一项", "龙项"])
def test_a_programme_of_no_group_stands_beside_one_of_a_group(alone: str) -> None:
    """Whichever of both comes first by name."""
    found = proposed(claim("扶贫雨露", 300_000, month=YEAR), claim(alone, 450_000, month=YEAR))
    assert found.overpaid_fen == 0
    assert [(each.stacking, each.cite) for each in found.clashes] == [(Stacking.ALLOW, None)]


def test_programmes_of_two_groups_stand_beside_each_other() -> None:
    pack = DEMO.changed({"aid_group.甲项": "一组", "aid_group.乙项": "二组"}, why="x")
    found = proposed(claim("甲项", 300_000, month=YEAR), claim("乙项", 450_000, month=YEAR), pack=pack)
    assert (found.overpaid_fen, [each.stacking for each in found.clashes]) == (0, [Stacking.ALLOW])


def test_only_what_was_drawn_clashes() -> None:
    """TEKUN excludes the living subsidy: told where both were drawn, and not where one of them is merely due."""
    both = proposed(claim("TEKUN", 82_700), claim("LIVING", 8_000))
    assert [(each.first, each.second) for each in both.clashes] in (
        [("TEKUN", "LIVING")],
        [("LIVING", "TEKUN")],
    )
    assert proposed(claim("TEKUN", 82_700), claim("LIVING", 8_000, 0)).clashes == ()


def test_a_row_that_is_no_pair_is_named_whatever_it_says() -> None:
    said = {"TEKUN": "OFFSET", "TEKUN+": "OFFSET", "+LIVING": "ALLOW", "DIBAO+LIVING+CARE": "ALLOW"}
    rows = {key: (Dated(value, date(2026, 1, 1), None, "一文"),) for key, value in said.items()}
    assert [key for key, why in misfits(rows, programmes={}) if "expected a pair" in why] == list(said)


def test_the_only_two_programmes_of_a_pack_are_a_pair() -> None:
    rows = {"甲+乙": (Dated("ALLOW", date(2026, 1, 1), None, "一文"),)}
    assert list(misfits(rows, programmes={"甲": (), "乙": ()})) == []
    assert [key for key, _ in misfits(rows, programmes={"甲": ()})] == ["甲+乙"]


def test_a_chain_is_refused_of_an_offset_that_holds_for_a_time() -> None:
    months = (
        Dated("OFFSET", date(2026, 1, 1), date(2026, 6, 30), "一文"),
        Dated("ALLOW", date(2026, 7, 1), None, "二文"),
    )
    rows = {"DIBAO+LIVING": months, "LIVING+CARE": months}
    assert [why for _, why in misfits(rows, programmes={})] == [
        "expected an offset by what is not reduced itself, got `LIVING`"
    ]


def test_a_pair_of_programmes_goes_before_their_group() -> None:
    pack = with_pair("扶贫雨露+低保高校新生", "ALLOW")
    assert stacking_of("低保高校新生", "扶贫雨露", YEAR, pack).stacking is Stacking.ALLOW


def test_a_pair_is_the_same_whichever_is_named_first() -> None:
    for one, other in combinations(Entitlement, 2):
        assert (
            stacking_of(one, other, OCTOBER, DEMO).stacking is stacking_of(other, one, OCTOBER, DEMO).stacking
        )


ALL_NAMES = sorted(str(each) for each in Entitlement)
NAMES = ["CARE", "DIBAO", "LIVING", "ORPHAN", "TEKUN", "TEMPORARY"]


@st.composite
def policies(draw: st.DrawFn, names: list[str] = NAMES) -> Pack:
    """Any table over some entitlements; of the offsets those that would make a chain are let stand together."""
    pairs = [f"{one}+{other}" for one, other in combinations(names, 2)]
    rows = {pair: draw(st.sampled_from(list(Stacking))) for pair in pairs}
    for pair in [pair for pair, value in rows.items() if value is Stacking.OFFSET]:
        reduced = {pair_of(p)[1] for p, v in rows.items() if v is Stacking.OFFSET}  # type: ignore[index]
        if pair_of(pair)[0] in reduced:  # type: ignore[index]
            rows[pair] = Stacking.ALLOW
    turned = {f"{other}+{one}" for one, other in combinations(names, 2)}
    fitting = {key: dated for key, dated in DEMO.rows["stacking"].items() if key not in turned}
    base = Pack(DEMO.name, DEMO.title, DEMO.parameters, {**DEMO.rows, "stacking": fitting}, DEMO.limits, "")
    return base.changed({f"stacking.{pair}": str(value) for pair, value in rows.items()}, why="x")


FEN = st.sampled_from([0, 1, 50, 99, 100, 10**12])
claims_of_one = st.lists(
    st.builds(claim, st.sampled_from(NAMES), FEN, FEN), max_size=6, unique_by=lambda each: each.name
)
claims_of_two_months = st.lists(
    st.builds(claim, st.sampled_from(ALL_NAMES), FEN, FEN, month=st.sampled_from([OCTOBER, OCTOBER.plus(1)])),
    min_size=9,
    max_size=14,
    unique_by=lambda each: (each.name, each.month),
)


def worth(held: tuple[str, ...], amounts: dict[str, int], pack: Pack) -> int | None:
    """A second opinion: what a combination pays, None where two of it may not be held together."""
    values = {
        frozenset(k.split("+")): (k.split("+"), str(v[-1].value)) for k, v in pack.rows["stacking"].items()
    }
    reduced = dict.fromkeys(held, 0)
    for one in held:
        for other in held:
            order, value = values.get(frozenset((one, other)), ([], "ALLOW"))
            if value in ("PROHIBIT", "HIGHER"):
                return None
            if value == "OFFSET" and order == [one, other]:
                reduced[other] += amounts[one]
    return sum(max(0, amounts[name] - reduced[name]) for name in held)


def every_combination(names: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def best_of(amounts: dict[str, int], pack: Pack) -> int:
    return max(worth(held, amounts, pack) or 0 for held in every_combination(sorted(amounts)))


@given(claims_of_one.filter(len), policies())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_proposal_equals_trying_everything(claims: list[Claim], pack: Pack) -> None:
    found = proposed(*claims, pack=pack)
    assert sum(p.fen for p in found.best) == best_of({c.name: c.due_fen for c in claims}, pack)
    assert sum(p.fen for p in found.kept) == best_of(
        {c.name: min(c.due_fen, c.drawn_fen) for c in claims}, pack
    )


@given(claims_of_two_months, policies(ALL_NAMES))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_proposal_of_each_month_equals_trying_everything_in_it(claims: list[Claim], pack: Pack) -> None:
    """Eleven entitlements, each pair as it comes, in two months of which neither knows of the other."""
    for found in propose(claims, pack):
        of_month = [each for each in claims if each.month == found.month]
        assert sum(p.fen for p in found.best) == best_of({c.name: c.due_fen for c in of_month}, pack)
        kept = {c.name: min(c.due_fen, c.drawn_fen) for c in of_month}
        assert sum(p.fen for p in found.kept) == best_of(kept, pack)


@given(claims_of_one.filter(len), policies())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_proposal_is_lawful_and_never_worse_than_doing_nothing(claims: list[Claim], pack: Pack) -> None:
    found = proposed(*claims, pack=pack)
    for one, other in combinations(found.best, 2):
        stands = stacking_of(one.name, other.name, OCTOBER, pack).stacking
        assert stands not in (Stacking.PROHIBIT, Stacking.HIGHER)
    assert found.forgone_fen >= 0
    assert found.overpaid_fen >= 0
    drawn = sum(each.drawn_fen for each in claims)
    assert drawn - found.overpaid_fen + found.forgone_fen == sum(each.fen for each in found.best)


@given(claims_of_one.filter(len), policies(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_order_of_claims_never_matters(claims: list[Claim], pack: Pack, shuffle) -> None:  # type: ignore[no-untyped-def]
    turned = list(claims)
    shuffle.shuffle(turned)
    assert propose(claims, pack) == propose(turned, pack)


def test_the_packs_that_come_along_have_no_misfits() -> None:
    assert list(misfits(DEMO.rows["stacking"], programmes=DEMO.rows["aid_group"])) == []
