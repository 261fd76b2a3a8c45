"""Do the log's keys follow the settings: a second one while they change, ML-DSA-44 beside Ed25519, old pseudonym keys?"""

import asyncio
import json
import os
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from audit.cli import main as audit
from audit.errors import WrongSignature
from audit.note import Kind, Note, VerifierKey
from gateway.command import app
from gateway.errors import CannotOpen
from gateway.keys import earlier_books, entry_book, log_signers, made_once
from gateway.opening import desk_opened
from gateway.settings import Settings
from tests.gateway.rows import HEAD
from tests.postgres import NOBODY


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run folder of a development machine."""
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "run"))
    return tmp_path / "run"


def hedui(*typed, stdin=None):
    came = CliRunner().invoke(app, [str(word) for word in typed], input=stdin)
    assert came.exit_code == 0, came.output
    return came.stdout


def policy_of(path, keys):
    path.write_text("".join(f"log {key}\n" for key in keys) + "quorum none\n")
    return path


def settings_of(run, **given):
    return Settings.load(run_folder=run, env="dev", **given)


def events(run, **given):
    async def read():
        async with desk_opened(settings_of(run, **given)) as desk:
            size = int((await desk.log.checkpoint()).splitlines()[1])
            return [json.loads(entry) for entry in await desk.log.entries(0, size)]

    return asyncio.run(read())


def ed25519_pem(path, seed):
    private = Ed25519PrivateKey.from_private_bytes(seed * 32)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def test_with_the_setting_heads_carry_both_signatures_and_everything_verifies(run, monkeypatch, capsys):
    monkeypatch.setenv("HEDUI_LOG_ML_DSA_44", "true")
    keys = [VerifierKey.parse(line) for line in hedui("log", "key").splitlines()]
    assert [key.kind for key in keys] == [Kind.ED25519, Kind.COSIGNATURE_ML_DSA_44]
    assert len({key.name for key in keys}) == 1
    kept = run.parent / "kept.checkpoint"
    kept.write_text(hedui("log", "checkpoint"))
    note = Note.parse(kept.read_bytes())
    assert {verified.key for verified in note.signed_by(keys)} == set(keys)
    out, bundle = run.parent / "statement.json", run.parent / "evidence.zip"
    hedui("statement", "--person", "-", "--out", out, stdin=HEAD)
    hedui("bundle", bundle)
    hedui("log", "verify")
    for chosen in (keys, keys[:1], keys[1:]):
        policy = policy_of(run.parent / "policy", chosen)
        assert audit(["verify", str(bundle), "--policy", str(policy), "--since", str(kept)]) == 0
        assert audit(["statement", str(out), "--policy", str(policy), "--bundle", str(bundle)]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
    assert stat.S_IMODE((run / "log.ml-dsa-44.pem").stat().st_mode) == 0o600


def test_one_changed_bit_of_either_signature_is_found(run, monkeypatch):
    monkeypatch.setenv("HEDUI_LOG_ML_DSA_44", "true")
    keys = [VerifierKey.parse(line) for line in hedui("log", "key").splitlines()]
    note = Note.parse(hedui("log", "checkpoint").encode())
    for key, line in zip(keys, note.signatures, strict=True):
        for place in (4, len(line.value) // 2, len(line.value) - 1):
            value = bytearray(line.value)
            value[place] ^= 1
            with pytest.raises(WrongSignature):
                key.verify(note.text, type(line)(line.name, line.key_id, bytes(value)))


def test_switched_on_and_off_again_the_log_goes_on_and_says_so(run):
    assert [one["event"] for one in events(run)] == []
    [added] = events(run, log_ml_dsa_44=True)
    [_, retired] = events(run)
    quantum = log_signers(settings_of(run, log_ml_dsa_44=True))[1].key.key_id.hex()
    assert (added["event"], added["fields"]["state"], added["fields"]["key"]) == (
        "key.changed",
        "IN_USE",
        quantum,
    )
    assert (retired["fields"]["state"], retired["fields"]["key"]) == ("RETIRED", quantum)
    assert len(events(run)) == 2


def test_a_key_is_changed_with_an_overlap_and_never_without(run):
    run.mkdir()
    old, new = ed25519_pem(run.parent / "old.pem", b"o"), ed25519_pem(run.parent / "new.pem", b"n")
    assert events(run, log_key=old) == []
    assert len(events(run, log_key=old, log_next_key=new)) == 1  # both sign
    states = [one["fields"]["state"] for one in events(run, log_key=new)]
    assert states == ["IN_USE", "RETIRED"]
    with pytest.raises(Exception, match="signed by the log's own keys"):
        events(run, log_key=old)  # a key that was retired, and no longer signs what is stored


@pytest.mark.parametrize("setting", ["log_key", "log_next_key", "log_ml_dsa_44_key"])
def test_a_key_of_another_kind_or_none_is_refused_by_the_name_of_its_setting(run, setting):
    run.mkdir()
    log_signers(settings_of(run, log_ml_dsa_44=True))
    wrong = run / ("log.key.pem" if setting == "log_ml_dsa_44_key" else "log.ml-dsa-44.pem")
    for path in (wrong, run / "nothing.pem"):
        with pytest.raises(CannotOpen, match=f"`{setting}`"):
            log_signers(settings_of(run, log_ml_dsa_44=True, **{setting: path}))
    (run / "text.pem").write_text("no key")
    with pytest.raises(CannotOpen, match=f"`{setting}`"):
        log_signers(settings_of(run, log_ml_dsa_44=True, **{setting: run / "text.pem"}))


def test_books_of_earlier_epochs_know_the_pseudonyms_of_their_time(run):
    run.mkdir()
    then = entry_book(settings_of(run, pseudonym_epoch="2025")).pseudonym(HEAD)
    now = settings_of(run, pseudonym_epoch="2026", pseudonym_keys_before={"2025": str(run / "pseudonym.key")})
    assert [book.epoch for book in earlier_books(now)] == ["2025"]
    assert earlier_books(now)[0].pseudonym(HEAD) == then != entry_book(now).pseudonym(HEAD)
    with pytest.raises(CannotOpen, match=r"pseudonym_keys_before\.2025"):
        earlier_books(settings_of(run, pseudonym_keys_before={"2025": str(run / "nothing")}))


def test_of_several_who_come_first_at_once_one_makes_the_file_and_all_read_it_whole(tmp_path):
    together = Barrier(8)

    def come(number):
        together.wait()
        return made_once(tmp_path / "key", lambda: b"%d" % number * 4096)

    with ThreadPoolExecutor(8) as several:
        came = set(several.map(come, range(8)))
    assert came == {(tmp_path / "key").read_bytes()}
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_file_that_somebody_was_killed_over_is_made_again(tmp_path):
    (tmp_path / "key").touch(mode=0o600)
    assert made_once(tmp_path / "key", lambda: b"made") == b"made"
    assert made_once(tmp_path / "key", lambda: b"another") == b"made"


def test_a_key_that_its_owner_may_only_read_is_read():
    """As an operator leaves it, `chmod 400`; the superuser, whom no mode stops, becomes somebody else for it."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "key"
        assert made_once(key, lambda: b"made") == b"made"
        key.chmod(0o400)
        with as_nobody(Path(folder), key):
            with pytest.raises(PermissionError):
                key.open("r+b")
            assert made_once(key, lambda: b"another") == b"made"


@contextmanager
def as_nobody(*owned):
    """Be the owner of these, and no superuser."""
    if os.geteuid():
        yield
        return
    for path in owned:
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
