"""Is a caller let in by a good token, and kept out by everything beside it?"""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OKPKey

from casework.agreement import Recipient
from gateway.caller import LONGEST_TOKEN, BadTrust, NotAuthenticated, Reason, Trust
from vocabulary.region import RegionCode

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = OKPKey.generate_key("Ed25519", {"alg": "Ed25519"}, auto_kid=True)
OTHER = OKPKey.generate_key("Ed25519", {"alg": "Ed25519"}, auto_kid=True)
CLAIMS = {
    "iss": "https://id.mz.example",
    "aud": "hedui",
    "sub": "mz-0042",
    "department": "civil_affairs",
    "post": "核对员",
    "region": "529901",
    "nbf": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 3600,
}


def jwks(*keys):
    return {"keys": [key.as_dict(private=False) for key in keys]}


TRUST = Trust({"https://id.mz.example": jwks(KEY)}, audience="hedui", leeway_s=30)


def token(key=KEY, alg="Ed25519", kid=KEY.kid, **changes):
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid}, claims, key, algorithms=[alg])


def reason(authorization, at=NOW, trust=TRUST):
    with pytest.raises(NotAuthenticated) as caught:
        trust.authenticate(authorization, at=at)
    return caught.value.reason


def test_a_good_token_names_its_caller():
    caller = TRUST.authenticate(f"Bearer {token(name='示例员')}", at=NOW)
    assert (caller.department, caller.post) == (Recipient.CIVIL_AFFAIRS, "核对员")
    assert (caller.region, caller.subject, caller.name) == (RegionCode("529901"), "mz-0042", "示例员")
    assert caller.office == "民政/核对员"


def test_the_department_may_be_named_in_chinese():
    assert (
        TRUST.authenticate(f"Bearer {token(department='第三方评估')}", at=NOW).department
        is Recipient.EVALUATOR
    )


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer ü", "Bearer a.b"])
def test_without_a_token_nobody_is_known(header):
    assert reason(header) in (Reason.NO_TOKEN, Reason.MALFORMED)


def test_a_token_that_is_too_long_is_not_even_decoded():
    assert reason("Bearer " + "a" * (LONGEST_TOKEN + 1)) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"iss": "https://id.jy.example"}, Reason.WRONG_ISSUER),
        ({"iss": None}, Reason.WRONG_ISSUER),
        ({"aud": "another"}, Reason.WRONG_AUDIENCE),
        ({"aud": ["another"]}, Reason.WRONG_AUDIENCE),
        ({"aud": None}, Reason.WRONG_AUDIENCE),
        ({"exp": None}, Reason.BAD_CLAIM),
        ({"exp": float("nan")}, Reason.BAD_CLAIM),
        ({"exp": 10**18}, Reason.BAD_CLAIM),
        ({"exp": "2099"}, Reason.BAD_CLAIM),
        ({"nbf": None}, Reason.BAD_CLAIM),
        ({"sub": ""}, Reason.BAD_CLAIM),
        ({"sub": "x" * 65}, Reason.BAD_CLAIM),
        ({"sub": "a\nb"}, Reason.BAD_CLAIM),
        ({"department": "police"}, Reason.BAD_CLAIM),
        ({"department": ["民政"]}, Reason.BAD_CLAIM),
        ({"post": None}, Reason.BAD_CLAIM),
        ({"region": "5299012"}, Reason.BAD_CLAIM),
        ({"region": ""}, Reason.BAD_CLAIM),
        ({"name": 7}, Reason.BAD_CLAIM),
    ],
)
def test_a_claim_that_is_wrong_or_missing_keeps_the_caller_out(changes, expected):
    assert reason(f"Bearer {token(**changes)}") is expected


def test_audience_may_be_one_of_several():
    assert TRUST.authenticate(f"Bearer {token(aud=['x', 'hedui'])}", at=NOW).subject == "mz-0042"


def test_the_edges_of_time_with_thirty_seconds_of_leeway():
    header = f"Bearer {token()}"
    end = NOW + timedelta(seconds=3600 + 30)
    assert TRUST.authenticate(header, at=end - SECOND)
    assert reason(header, at=end) is Reason.EXPIRED
    assert TRUST.authenticate(header, at=NOW - 30 * SECOND)
    assert reason(header, at=NOW - 31 * SECOND) is Reason.NOT_YET_VALID


def test_a_remembered_signature_does_not_outlive_the_token():
    header = f"Bearer {token(sub='again')}"
    assert TRUST.authenticate(header, at=NOW)
    assert reason(header, at=NOW + timedelta(hours=2)) is Reason.EXPIRED


def test_another_key_under_the_trusted_id_is_refused():
    assert reason(f"Bearer {token(key=OTHER)}") is Reason.BAD_SIGNATURE


def test_a_key_of_nobody_we_trust_is_refused():
    assert reason(f"Bearer {token(key=OTHER, kid=OTHER.kid)}") is Reason.UNKNOWN_KEY


def test_one_issuer_may_not_speak_for_another():
    trust = Trust(
        {"https://id.mz.example": jwks(KEY), "https://id.jy.example": jwks(OTHER)}, audience="hedui"
    )
    assert reason(f"Bearer {token(key=OTHER, kid=OTHER.kid)}", trust=trust) is Reason.WRONG_ISSUER


def part(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def test_no_signature_is_no_signature():
    unsigned = f"{part({'alg': 'none', 'kid': KEY.kid})}.{part(CLAIMS)}."
    assert reason(f"Bearer {unsigned}") is Reason.BAD_SIGNATURE


def test_the_public_key_used_as_a_shared_secret_is_refused():
    body = f"{part({'alg': 'HS256', 'kid': KEY.kid})}.{part(CLAIMS)}"
    for secret in (
        KEY.as_pem(private=False),
        base64.urlsafe_b64decode(KEY.as_dict(private=False)["x"] + "="),
    ):
        mac = base64.urlsafe_b64encode(hmac.digest(secret, body.encode(), "sha256")).rstrip(b"=").decode()
        assert reason(f"Bearer {body}.{mac}") is Reason.BAD_SIGNATURE


def test_one_changed_character_anywhere_is_refused():
    good = token()
    for place in range(0, len(good) - 1, 7):
        other = "A" if good[place] != "A" else "B"
        with pytest.raises(NotAuthenticated):
            TRUST.authenticate(f"Bearer {good[:place]}{other}{good[place + 1 :]}", at=NOW)


@given(
    st.text(alphabet=st.characters(max_codepoint=127), max_size=200)
    | st.lists(st.text(max_size=30)).map(".".join)
)
def test_whatever_comes_raises_our_error_alone(text):
    with pytest.raises(NotAuthenticated):
        TRUST.authenticate(f"Bearer {text}", at=NOW)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_whatever_stands_in_the_header_raises_our_error_alone(value):
    for header in (
        value,
        {"alg": value, "kid": KEY.kid},
        {"alg": "Ed25519", "kid": value},
        {"alg": "Ed25519", "kid": KEY.kid, "crit": value, "b64": value},
    ):
        with pytest.raises(NotAuthenticated):
            TRUST.authenticate(f"Bearer {part(header)}.{part(CLAIMS)}.AAAA", at=NOW)


def test_no_message_repeats_the_token():
    good = token(key=OTHER)
    with pytest.raises(NotAuthenticated) as caught:
        TRUST.authenticate(f"Bearer {good}", at=NOW)
    assert not any(piece in str(caught.value) for piece in good.split("."))
    assert "mz-0042" not in str(caught.value)


def test_a_private_key_among_the_trusted_ones_is_refused():
    with pytest.raises(BadTrust, match="private"):
        Trust({"x": {"keys": [KEY.as_dict(private=True)]}}, audience="hedui")


@pytest.mark.parametrize(
    "bad", [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "A" * 43, "kid": "1"}]}, {"keys": [{}]}]
)
def test_a_key_set_that_is_none_is_refused(bad):
    with pytest.raises(BadTrust):
        Trust({"x": bad}, audience="hedui")


def test_one_key_with_two_issuers_is_refused():
    with pytest.raises(BadTrust, match="one issuer"):
        Trust({"x": jwks(KEY), "y": jwks(KEY)}, audience="hedui")


def test_key_sets_are_read_from_files(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(jwks(KEY)))
    trust = Trust.load({"https://id.mz.example": path}, audience="hedui")
    assert trust.authenticate(f"Bearer {token()}", at=NOW)
    with pytest.raises(BadTrust):
        Trust.load({"x": tmp_path / "absent"}, audience="hedui")
