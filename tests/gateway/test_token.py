"""Does the development issuer mint good tokens, and only where it may?"""

import json
import stat
from datetime import UTC, datetime

import pytest

from casework.agreement import Recipient
from gateway.caller import Trust
from gateway.token import JWKS_FILE, KEY_FILE, LONGEST_LIFETIME_S, MayNotMint, open_issuer
from vocabulary.region import RegionCode

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def issuer(folder, **changes):
    return open_issuer(folder, **{"name": "dev", "audience": "hedui", "environment": "dev", **changes})


def mint(issuer, **changes):
    given = {
        "subject": "mz-0042",
        "department": Recipient.CIVIL_AFFAIRS,
        "post": "核对员",
        "region": RegionCode("529901"),
        "at": NOW,
    }
    return issuer.mint(**{**given, **changes})


def test_a_minted_token_is_accepted_by_the_key_set_beside_it(tmp_path):
    token = mint(issuer(tmp_path), name="示例员")
    caller = Trust.load({"dev": tmp_path / JWKS_FILE}, audience="hedui").authenticate(
        f"Bearer {token}", at=NOW
    )
    assert (caller.subject, caller.name, caller.issuer) == ("mz-0042", "示例员", "dev")


def test_the_second_opening_mints_with_the_same_key(tmp_path):
    assert issuer(tmp_path).key.kid == issuer(tmp_path).key.kid


def test_the_private_key_is_the_owners_alone_and_the_key_set_has_none(tmp_path):
    issuer(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert all("d" not in key for key in json.loads((tmp_path / JWKS_FILE).read_text())["keys"])


@pytest.mark.parametrize("environment", ["prod", "", "DEV"])
def test_outside_development_nothing_is_minted_and_no_key_is_made(tmp_path, environment):
    with pytest.raises(MayNotMint, match="HEDUI_ENV"):
        issuer(tmp_path, environment=environment)
    assert not list(tmp_path.iterdir())


def test_a_key_that_the_operator_names_mints_anywhere(tmp_path):
    issuer(tmp_path)
    named = issuer(tmp_path / "other", environment="prod", issuer_key=tmp_path / KEY_FILE)
    assert mint(named)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"kty": "OKP"}'])
def test_a_key_file_that_is_none_is_refused(tmp_path, content):
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(MayNotMint):
        issuer(tmp_path, issuer_key=path)


def test_a_public_key_cannot_mint(tmp_path):
    issuer(tmp_path)
    path = tmp_path / "public.json"
    path.write_text(json.dumps(json.loads((tmp_path / JWKS_FILE).read_text())["keys"][0]))
    with pytest.raises(MayNotMint):
        issuer(tmp_path, issuer_key=path)


def test_a_token_lives_a_working_day_at_most(tmp_path):
    dev = issuer(tmp_path)
    assert mint(dev, lifetime_s=LONGEST_LIFETIME_S)
    for lifetime_s in (0, LONGEST_LIFETIME_S + 1):
        with pytest.raises(MayNotMint):
            mint(dev, lifetime_s=lifetime_s)
