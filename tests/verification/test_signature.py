"""A pack's signature: kept by what was signed, refused by everything near it."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.note import Note, VerifierKey
from verification.pack import Pack, load_pack
from verification.signature import (
    MalformedSignature,
    NoSignature,
    NotTrusted,
    OtherContent,
    PublicKey,
    SignatureError,
    WrongSignature,
    load_signed_pack,
    sign,
    signature_path,
    signers,
)

CITY_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PROVINCE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
CITY = PublicKey.of(CITY_KEY, name="city.example")
PROVINCE = PublicKey.of(PROVINCE_KEY, name="province.example")
TEXT = """pack: city
title: 市
base: demo-2026
values:
  dibao_standard_fen_month: {since: 2026-01-01, value: "700.00", cite: 市}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "city.yaml"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture
def pack(path: Path) -> Pack:
    return load_pack(path)


def signed(pack: Pack) -> str:
    return sign(pack, CITY_KEY, name="city.example")


def test_a_signed_pack_names_its_signer(path: Path, pack: Pack) -> None:
    signature_path(path).write_text(signed(pack), "utf-8")
    loaded, found = load_signed_pack(path, [PROVINCE, CITY])
    assert (loaded.hash, found) == (pack.hash, (CITY,))


def test_two_may_sign_and_both_are_named(pack: Pack) -> None:
    text = sign(pack, PROVINCE_KEY, name="province.example", beside=signed(pack))
    assert signers(pack, text, [PROVINCE, CITY]) == (CITY, PROVINCE)
    assert signers(pack, text, [PROVINCE]) == (PROVINCE,)


def test_signing_again_replaces_the_own_line(pack: Pack) -> None:
    assert signed(pack) == sign(pack, CITY_KEY, name="city.example", beside=signed(pack))


def test_one_fen_more_is_other_content(path: Path, pack: Pack) -> None:
    signature_path(path).write_text(signed(pack), "utf-8")
    path.write_text(TEXT.replace("700.00", "700.01"), "utf-8")
    with pytest.raises(OtherContent, match="city"):
        load_signed_pack(path, [CITY])


def test_another_citation_is_other_content(path: Path, pack: Pack) -> None:
    path.write_text(TEXT.replace("cite: 市", "cite: 省"), "utf-8")
    with pytest.raises(OtherContent):
        signers(load_pack(path), signed(pack), [CITY])


def test_prose_is_not_signed(path: Path, pack: Pack) -> None:
    path.write_text("says: prose\n" + TEXT, "utf-8")
    assert signers(load_pack(path), signed(pack), [CITY]) == (CITY,)


def test_a_key_that_nobody_trusts_is_not_enough(pack: Pack) -> None:
    with pytest.raises(NotTrusted):
        signers(pack, signed(pack), [PROVINCE])
    with pytest.raises(NotTrusted):
        signers(pack, signed(pack), [])


def test_the_same_key_under_another_name_is_another_key(pack: Pack) -> None:
    with pytest.raises(NotTrusted):
        signers(pack, signed(pack), [PublicKey(name="other.example", public=CITY.public)])


def test_a_trusted_line_that_does_not_verify_is_refused_even_beside_a_good_one(pack: Pack) -> None:
    good = sign(pack, PROVINCE_KEY, name="province.example")
    forged = sign(pack.changed({"gradual_exit_months": 5}, why="x"), CITY_KEY, name="city.example")
    text = good + forged.rpartition("\n\n")[2]
    with pytest.raises(WrongSignature, match=r"city\.example"):
        signers(pack, text, [PROVINCE, CITY])


def test_every_changed_character_is_refused(pack: Pack) -> None:
    text = signed(pack)
    for at in range(len(text)):
        changed = text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]
        with pytest.raises(SignatureError):
            signers(pack, changed, [CITY])


@pytest.mark.parametrize("cut", ["", "hedui-policy-pack-1\n", "\n\n", "a\n\n— b"])
def test_what_is_no_signature_file_is_refused(pack: Pack, cut: str) -> None:
    with pytest.raises(MalformedSignature):
        signers(pack, cut, [CITY])


def test_the_same_signer_twice_is_refused(pack: Pack) -> None:
    text = signed(pack)
    with pytest.raises(MalformedSignature, match="one a key"):
        signers(pack, text + text.rpartition("\n\n")[2], [CITY])


def test_a_pack_without_a_signature_is_refused(path: Path) -> None:
    with pytest.raises(NoSignature, match=r"city\.sig"):
        load_signed_pack(path, [CITY])


def test_a_public_key_reads_back_as_it_is_written() -> None:
    assert PublicKey.parse(str(CITY)) == CITY


@pytest.mark.parametrize("text", ["", "a", "a+b+c", f"other{CITY}", str(CITY) + "=", str(CITY)[:-4]])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedSignature):
        PublicKey.parse(text)


def test_the_log_s_own_reader_of_signed_notes_agrees(pack: Pack) -> None:
    (found,) = Note.parse(signed(pack).encode()).signed_by([VerifierKey.parse(str(CITY))])
    assert found.key.name == "city.example"
