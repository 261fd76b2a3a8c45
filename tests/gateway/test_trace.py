"""Does an entry say what happened, and of nobody who it was?"""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.catalogue import is_code
from casework.agreement import load_agreements
from gateway.answer import as_it_leaves
from gateway.trace import code_of, digest, new_request

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcXYZ_", min_size=1, max_size=6), VALUES, max_size=4))
def test_whoever_has_the_answer_recomputes_its_digest_with_the_standard_library(data):
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    assert digest(as_it_leaves(data)) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MZ-RS-2026-017/脱敏/社会保险缴费.单位信用代码", "MZ-RS-2026-017"),
        ("政务数据共享条例 第二十条：使用依据、使用场景应当明确", "GDSR-20"),
        ("政务数据共享条例/第二十五条/家庭档案.街道", "GDSR-25"),
        ("社会救助法 第十条", "SAL-10"),
        ("社会救助法 第四十一条（HH-09）", "SAL-41"),
        ("个人信息保护法 第十三条", "PIPL-13"),
        ("operator", "operator"),
    ],
)
def test_a_clause_has_a_short_code(text, code):
    assert code_of(text) == code


def test_every_post_of_the_agreements_has_a_code_that_the_log_takes_and_that_can_be_read_back():
    posts = {post for agreement in load_agreements() for post in agreement.posts}
    assert posts
    for post in posts:
        code = code_of(post)
        assert is_code(code)
        assert code.removeprefix("xn--").encode().decode("punycode") == post


@given(st.text(min_size=1, max_size=40))
def test_no_code_repeats_a_long_run_of_digits(text):
    assert not any(part.isdigit() and len(part) > 10 for part in code_of(text + "号").split("-"))


def test_a_request_number_is_always_a_code():
    numbers = {new_request() for _ in range(200)}
    assert len(numbers) == 200
    assert all(is_code(number) for number in numbers)
