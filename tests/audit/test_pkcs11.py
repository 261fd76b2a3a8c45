"""A key in a device: SoftHSM, where it is installed."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audit.note import Checkpoint, Note
from audit.policy import Known, Policy
from tests.audit.conftest import ORIGIN, OpenLog

pytest.importorskip("pkcs11", reason="no python-pkcs11 on this platform")

import pkcs11

from audit.errors import SigningFailed
from audit.pkcs11 import signer_in_device

LIBRARIES = [Path("/usr/lib/softhsm/libsofthsm2.so"), *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")]
EDWARDS_25519 = b"\x13\x0cedwards25519"  # DER: the curve's name as a printable string
PLACE = {"token": "hedui-test", "pin": "1234", "label": "log"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SoftHSM with one Ed25519 key, made for these tests."""
    found = next((path for path in LIBRARIES if path.exists()), None)
    tool = shutil.which("softhsm2-util")
    if found is None or tool is None:
        pytest.skip("no SoftHSM: Debian's softhsm2 is not installed")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    init = [
        tool,
        "--init-token",
        "--free",
        "--label",
        PLACE["token"],
        "--pin",
        PLACE["pin"],
        "--so-pin",
        "5678",
    ]
    subprocess.run(init, check=True, capture_output=True)
    with (
        pkcs11.lib(str(found))
        .get_token(token_label=PLACE["token"])
        .open(rw=True, user_pin=PLACE["pin"]) as session
    ):
        curve = session.create_domain_parameters(
            pkcs11.KeyType.EC_EDWARDS,
            {pkcs11.Attribute.EC_PARAMS: EDWARDS_25519},
            local=True,
        )
        curve.generate_keypair(
            mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=PLACE["label"]
        )
    return found


def test_a_log_signs_with_a_key_that_never_leaves_its_device(library: Path, open_log: OpenLog) -> None:
    async def story() -> None:
        with signer_in_device(library, **PLACE, name=ORIGIN) as signer:
            async with open_log(signers=[signer]) as log:
                await asyncio.gather(*(log.append(b"entry") for _ in range(300)))
                head = Policy((Known(signer.key),)).open(Note.parse(await log.checkpoint()))
        assert head.size == 300

    asyncio.run(story())


def test_the_device_gives_the_same_bytes_each_time(library: Path) -> None:
    head = Checkpoint(ORIGIN, 7, bytes(32))
    with signer_in_device(library, **PLACE, name=ORIGIN) as signer:
        assert head.sign([signer], time=0) == head.sign([signer], time=0)


def test_a_key_or_a_pin_that_is_not_there_is_told(library: Path) -> None:
    for wrong in ({"label": "other"}, {"pin": "0000"}, {"token": "other"}):
        with pytest.raises(SigningFailed), signer_in_device(library, **{**PLACE, **wrong}, name=ORIGIN):
            pass


def test_who_does_not_use_a_device_needs_no_library_for_it() -> None:
    code = "import sys, audit.log, audit.witness, audit.verify; sys.exit('pkcs11' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode
        == 0
    )
