"""Does Cedar decide what the agreements say, and do more rights never show fewer fields?"""

import dataclasses
import random
from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import cedar
from casework.agreement import (
    SHIPPED,
    Access,
    Agreement,
    Area,
    Condition,
    Purpose,
    Recipient,
    load_agreements,
)
from casework.cedar import AgreementSet, DoesNotCompile, Standing
from casework.resource import resources
from vocabulary.codes import Department, SharingClass

BASE = "社会保险缴费.缴费基数"
DESK = Standing(
    department=Recipient.CIVIL_AFFAIRS,
    post="核对员",
    purpose=Purpose.DIBAO_RECOGNITION,
    in_own_region=True,
    consent=True,
    day=date(2026, 11, 16),
)
RANK = [Access.DENIED, Access.VERIFY_ONLY, Access.MASKED, Access.CLEAR]


@pytest.fixture(scope="module")
def shipped():
    return AgreementSet(load_agreements())


def but(**changes):
    return dataclasses.replace(DESK, **changes)


def test_a_granted_field_is_clear_and_cites_number_mode_field_and_basis(shipped):
    decision = shipped.decide(BASE, DESK)
    assert decision.outcome is Access.CLEAR
    assert decision.clause == f"MZ-RS-2026-017/明文/{BASE}"
    assert "社会救助法" in decision.basis


@pytest.mark.parametrize(
    ("standing", "key"),
    [
        (but(post="实习生"), "岗位"),
        (but(purpose=Purpose.STUDENT_AID), "目的"),
        (but(day=date(2028, 1, 1)), "有效期"),
        (but(day=date(2026, 6, 30)), "有效期"),
        (but(in_own_region=False), "地域"),
        (but(consent=False), "条件"),
    ],
)
def test_the_first_condition_unmet_is_the_clause_of_the_refusal(shipped, standing, key):
    decision = shipped.decide(BASE, standing)
    assert decision.outcome is Access.DENIED
    assert decision.clause == f"MZ-RS-2026-017/{key}"
    assert decision.basis


def test_the_first_and_the_last_day_of_the_term_are_in_it(shipped):
    for day in (date(2026, 7, 1), date(2027, 12, 31)):
        assert shipped.decide(BASE, but(day=day)).outcome is Access.CLEAR


def test_what_no_agreement_names_is_denied_with_the_regulation(shipped):
    decision = shipped.decide("社会保险缴费.工资", DESK)
    assert decision.outcome is Access.DENIED
    assert decision.clause.startswith("政务数据共享条例/第二十条")


def test_a_third_party_is_told_of_onward_provision(shipped):
    outside = but(department=Recipient.EVALUATOR, post="评估员", purpose=Purpose.EVALUATION)
    decision = shipped.decide("职业培训.培训课程", outside)
    assert decision.outcome is Access.DENIED
    assert "第二十五条、第四十条" in decision.basis


def test_a_name_with_quotes_is_data_and_not_policy(shipped):
    assert shipped.decide('x" || true || "', DESK).outcome is Access.DENIED
    assert shipped.decide(BASE, but(post='核对员"].contains(principal) || true //')).outcome is Access.DENIED


def test_the_same_post_in_another_department_is_another_post(shipped):
    assert shipped.decide(BASE, but(department=Recipient.EDUCATION)).outcome is Access.DENIED


def test_a_policy_that_misspells_an_attribute_does_not_compile(monkeypatch):
    monkeypatch.setattr(cedar, "_conditions", lambda agreement: iter(["context.consnet"]))
    with pytest.raises(DoesNotCompile, match="consnet"):
        AgreementSet(load_agreements())


def test_a_second_asking_does_not_ask_cedar_again(shipped, monkeypatch):
    first = shipped.decide(BASE, DESK)
    monkeypatch.setattr(cedar.cedarpy, "is_authorized", None)
    assert shipped.decide(BASE, DESK) is first


def test_two_compilations_of_one_set_are_the_same_text(shipped):
    again = AgreementSet(reversed(load_agreements()))
    assert (again.source, again.hash) == (shipped.source, shipped.hash)


# An oracle that shares no code with the product: it reads the files with a stock YAML reader.

RAW = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.yaml"))]
WORST_TO_BEST = ["禁止", "仅核验", "脱敏", "明文"]


def oracle(field, standing):
    best = "禁止"
    for raw in RAW:
        if raw["使用部门"] != standing.department.term or standing.post not in raw["岗位"]:
            continue
        if not raw["有效期"]["自"] <= standing.day <= raw["有效期"]["至"]:
            continue
        mode = said(raw["字段"], field)
        if mode == "禁止":
            return "禁止"
        here = raw["地域"] == "不限" or standing.in_own_region
        agreed = "当事人书面授权" not in raw["条件"] or standing.consent
        if mode and standing.purpose.term in raw["目的"] and here and agreed:
            best = max(best, mode, key=WORST_TO_BEST.index)
    return best


def said(fields, field):
    for name in (field, field.split(".")[0] + ".*"):
        for mode, names in fields.items():
            if name in names:
                return mode
    return None


def test_an_independent_oracle_agrees_on_four_thousand_random_questions(shipped):
    dice = random.Random(20261122)
    posts = [*sorted({(raw["使用部门"], post) for raw in RAW for post in raw["岗位"]}), ("民政", "实习生")]
    recipients = {recipient.term: recipient for recipient in Recipient}
    seen = set()
    for _ in range(4000):
        department, post = dice.choice(posts)
        purposes = [raw["目的"] for raw in RAW if raw["使用部门"] == department]
        named = dice.choice(dice.choice(purposes))
        standing = Standing(
            department=recipients[department],
            post=post,
            purpose=next(p for p in Purpose if p.term == named)
            if dice.random() < 0.9
            else dice.choice(list(Purpose)),
            in_own_region=dice.random() < 0.9,
            consent=dice.random() < 0.8,
            day=dice.choice([date(2026, 6, 30), date(2026, 7, 1), date(2026, 11, 16), date(2028, 1, 1)]),
        )
        field = dice.choice([*resources(), "未约定.字段"])
        decided = shipped.decide(field, standing).outcome
        assert decided.term == oracle(field, standing), (field, standing)
        seen.add(decided)
    assert seen == set(Access)


# More rights never show fewer fields.

FIELDS = ["失业登记.身份号码", "失业登记.登记日期", "社会保险缴费.缴费基数"]


def modes(field):
    everything = [Access.CLEAR, Access.VERIFY_ONLY, Access.DENIED]
    return st.sampled_from([*everything, Access.MASKED] if resources()[field].maskable else everything)


def agreements(number):
    chosen = st.fixed_dictionaries({}, optional={field: modes(field) for field in FIELDS})
    return st.builds(
        Agreement,
        number=st.just(f"MZ-RS-2026-{number:03d}"),
        provider=st.just(Department.SOCIAL_SECURITY),
        recipient=st.just(Recipient.CIVIL_AFFAIRS),
        sharing_class=st.just(SharingClass.CONDITIONAL),
        purposes=st.sampled_from([(Purpose.DIBAO_RECOGNITION,), tuple(Purpose)]),
        bases=st.just(("法",)),
        scenario=st.just("场景"),
        way=st.just("方式"),
        posts=st.sampled_from([("核对员",), ("窗口",), ("核对员", "窗口")]),
        area=st.sampled_from(Area),
        conditions=st.sampled_from([(), (Condition.CONSENT,)]),
        since=st.just(date(2026, 1, 1)),
        until=st.sampled_from([date(2026, 11, 16), date(2026, 11, 15)]),
        fields=chosen.map(lambda chosen: tuple(chosen.items())),
    )


sets = st.tuples(agreements(1), agreements(2), agreements(3))
standings = st.builds(
    Standing,
    department=st.just(Recipient.CIVIL_AFFAIRS),
    post=st.sampled_from(["核对员", "窗口"]),
    purpose=st.sampled_from([Purpose.DIBAO_RECOGNITION, Purpose.AUDIT]),
    in_own_region=st.booleans(),
    consent=st.booleans(),
    day=st.just(date(2026, 11, 16)),
)


def outcomes(agreements, standing):
    compiled = AgreementSet(agreements)
    return [RANK.index(compiled.decide(field, standing).outcome) for field in FIELDS]


def never_fewer(before, after):
    return all(lower <= higher for lower, higher in zip(before, after, strict=True))


@settings(max_examples=60, deadline=None)
@given(sets, standings)
def test_gaining_consent_or_region_never_loses_a_field(three, standing):
    before = outcomes(three, standing)
    assert never_fewer(before, outcomes(three, dataclasses.replace(standing, consent=True)))
    assert never_fewer(before, outcomes(three, dataclasses.replace(standing, in_own_region=True)))


@settings(max_examples=60, deadline=None)
@given(sets, agreements(4), standings)
def test_another_agreement_that_forbids_nothing_never_loses_a_field(three, fourth, standing):
    granting = tuple((name, access) for name, access in fourth.fields if access is not Access.DENIED)
    fourth = dataclasses.replace(fourth, fields=granting)
    assert never_fewer(outcomes(three, standing), outcomes((*three, fourth), standing))


@settings(max_examples=60, deadline=None)
@given(sets, standings)
def test_a_more_generous_mode_purpose_or_post_never_loses_a_field(three, standing):
    first = three[0]
    granted = [access for _, access in first.fields if access is not Access.DENIED]
    wider = dataclasses.replace(
        first,
        purposes=tuple(Purpose),
        area=Area.ANYWHERE,
        conditions=(),
        fields=tuple((name, Access.CLEAR if access in granted else access) for name, access in first.fields),
    )
    if not any(access is Access.DENIED for _, access in first.fields):
        wider = dataclasses.replace(wider, posts=("核对员", "窗口"), until=date(2026, 12, 31))
    assert never_fewer(outcomes(three, standing), outcomes((wider, *three[1:]), standing))


@settings(max_examples=60, deadline=None)
@given(sets, standings)
def test_a_ban_in_force_beats_every_grant(three, standing):
    compiled = AgreementSet(three)
    for agreement in three:
        in_force = standing.post in agreement.posts and standing.day <= agreement.until
        for name, access in agreement.fields:
            if in_force and access is Access.DENIED:
                assert compiled.decide(name, standing).outcome is Access.DENIED
