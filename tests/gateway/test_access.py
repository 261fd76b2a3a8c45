"""Is the purpose named, the region right, and each field shown as its clause says?"""

from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.agreement import Access, Purpose, Recipient, load_agreements
from casework.cedar import AgreementSet, Standing
from casework.resource import resources
from gateway.access import (
    Errand,
    Refused,
    masked,
    needs_consent,
    read_errand,
    refusal,
)
from gateway.caller import Caller
from vocabulary.region import RegionCode

AGREEMENTS = AgreementSet(load_agreements())
HERE = RegionCode("529901003")
DAY = date(2026, 11, 16)
ID = "11010519491231002X"
RAW = "低保资格认定".encode().decode("latin-1")  # as a server hands on UTF-8 in a header


def caller(department=Recipient.CIVIL_AFFAIRS, post="核对员", region="529901"):
    return Caller(
        "dev", "mz-0042", department, post, RegionCode(region), datetime(2026, 11, 16, 12, tzinfo=UTC)
    )


def standing(who, purpose, *, region=HERE, consent=True):
    return Standing(who.department, who.post, purpose, region.within(who.region), consent, DAY)


def decide(field, who, purpose=Purpose.DIBAO_RECOGNITION, *, region=HERE, consent=True):
    return AGREEMENTS.decide(field, standing(who, purpose, region=region, consent=consent))


@pytest.mark.parametrize("purpose", ["DIBAO_RECOGNITION", "低保资格认定", quote("低保资格认定"), RAW])
def test_a_purpose_is_named_by_code_or_term(purpose):
    errand = read_errand(caller(), purpose=purpose, case="HD-2026-0001")
    assert errand == Errand(Purpose.DIBAO_RECOGNITION, "HD-2026-0001")


@pytest.mark.parametrize("purpose", [None, "", "  ", "招生宣传", "dibao_recognition", "%ff"])
def test_without_a_purpose_of_the_agreements_nothing_is_asked(purpose):
    with pytest.raises(Refused) as caught:
        read_errand(caller(), purpose=purpose, case="HD-2026-0001")
    assert "第二十条" in caught.value.clause
    assert caught.value.who == "民政/核对员"
    assert caught.value.rule == "AUT-01"


@pytest.mark.parametrize("case", ["HD1", "HD-2026-0001", quote("红民核〔2026〕12号"), "a" * 40])
def test_a_case_number_of_the_offices_own_form_is_taken(case):
    assert read_errand(caller(), purpose="DIBAO_RECOGNITION", case=case)


@pytest.mark.parametrize(
    "case",
    [None, "", "H1", "a" * 41, "HD 1", "HD\n01", "<b>", ID, f"HD-{ID[:15]}", "110105-19491231-002x", "-HD1"],
)
def test_a_case_number_that_is_missing_or_could_carry_an_id_number_is_refused(case):
    with pytest.raises(Refused) as caught:
        read_errand(caller(), purpose="DIBAO_RECOGNITION", case=case)
    assert ID not in str(caught.value)
    assert ID[:15] not in str(caught.value)


def test_the_city_sees_its_districts_and_a_district_not_its_neighbour():
    field = "社会保险缴费.缴费基数"
    assert decide(field, caller(region="5299")).outcome is Access.CLEAR
    assert decide(field, caller(region="529902")).outcome is Access.DENIED


def test_the_same_field_by_post():
    field = "社会保险缴费.缴费基数"
    assert decide(field, caller()).outcome is Access.CLEAR
    assert decide(field, caller(post="窗口")).outcome is Access.VERIFY_ONLY
    evaluator = caller(Recipient.EVALUATOR, "评估员")
    assert decide(field, evaluator, Purpose.EVALUATION).outcome is Access.VERIFY_ONLY
    teacher = caller(Recipient.EDUCATION, "资助专员")
    assert decide(field, teacher, Purpose.STUDENT_AID).outcome is Access.DENIED


def test_education_sees_the_category_and_not_the_income():
    teacher = caller(Recipient.EDUCATION, "资助专员")
    assert decide("类别沿革.类别", teacher, Purpose.STUDENT_AID).outcome is Access.CLEAR
    assert decide("收入申报.金额", teacher, Purpose.STUDENT_AID).outcome is Access.DENIED
    assert decide("类别沿革.类别", teacher, Purpose.DIBAO_RECOGNITION).outcome is Access.DENIED


def test_the_evaluator_sees_no_identity_in_clear():
    evaluator = caller(Recipient.EVALUATOR, "评估员")
    identities = [name for name in resources() if name.endswith((".身份号码", ".姓名", ".证件号码", ".户主"))]
    seen = {decide(name, evaluator, Purpose.EVALUATION).outcome for name in identities}
    assert seen == {Access.MASKED, Access.DENIED}


def test_membership_needs_no_consent_and_what_other_departments_hold_does():
    who = standing(caller(), Purpose.DIBAO_RECOGNITION)
    assert not needs_consent(AGREEMENTS, "家庭成员.身份号码", who)
    assert not needs_consent(AGREEMENTS, "核对授权书.生效日期", who)
    assert needs_consent(AGREEMENTS, "社会保险缴费.缴费基数", who)
    assert needs_consent(AGREEMENTS, "人员基本信息.姓名", who)


def test_a_refusal_says_who_what_and_which_clause():
    decision = decide("社会保险缴费.缴费基数", caller(post="实习生"))
    refused = refusal(caller(post="实习生"), "社会保险缴费.缴费基数", decision)
    assert (refused.who, refused.what) == ("民政/实习生", "`社会保险缴费.缴费基数`")
    assert "/岗位" in refused.clause
    assert "mz-0042" not in str(refused)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("家庭成员.身份号码", ID, "1101**********002X"),
        ("残疾人证.证件号码", ID + "44", "1101************2X44"),
        ("就业登记.单位信用代码", "91110000600037341L", "9111**********341L"),
        ("人员基本信息.姓名", "张示例", "张**"),
        ("人员基本信息.姓名", "𠮷某", "𠮷*"),
        ("人员基本信息.姓名", "𠮷", "*"),
        ("家庭档案.家庭编号", "529901-000123", "5299*****0123"),
        ("家庭档案.家庭编号", "S-H8", "****"),
        ("重特大疾病认定.病种", "", ""),
    ],
)
def test_a_mask_leaves_what_it_says_and_no_more(field, value, shown):
    assert masked(field, value) == shown


def test_what_no_agreement_can_mask_has_no_mask():
    for field in ("社会保险缴费.缴费基数", "核对结论.疑点", "未约定.字段"):
        with pytest.raises(KeyError):
            masked(field, "100")


@given(st.text(min_size=9, max_size=32))
def test_a_masked_number_never_shows_its_middle(value):
    shown = masked("家庭成员.身份号码", value)
    assert len(shown) == len(value)
    assert set(shown[4:-4]) <= {"*"}


def test_the_supervisor_sees_whatever_the_verifier_sees():
    order = list(Access)
    for purpose in Purpose:
        for name in resources():
            verifier, supervisor = (
                decide(name, caller(), purpose),
                decide(name, caller(post="复核主管"), purpose),
            )
            assert order.index(supervisor.outcome) <= order.index(verifier.outcome), name


@pytest.mark.parametrize(
    ("field", "who", "purpose", "rule"),
    [
        ("社会保险缴费.缴费基数", caller(), Purpose.EVALUATION, "AUT-01"),
        ("收入申报.金额", caller(Recipient.EDUCATION, "资助专员"), Purpose.STUDENT_AID, "AUT-02"),
        ("收入申报.身份号码", caller(Recipient.EVALUATOR, "评估员"), Purpose.EVALUATION, "AUT-03"),
    ],
)
def test_a_refusal_names_the_rule_of_the_catalogue(field, who, purpose, rule):
    decision = decide(field, who, purpose)
    assert decision.outcome is Access.DENIED
    assert refusal(who, field, decision).rule == rule


def test_without_a_case_the_same_rule_refuses():
    with pytest.raises(Refused) as caught:
        read_errand(caller(), purpose="DIBAO_RECOGNITION", case=None)
    assert caught.value.rule == "AUT-01"
