"""`python -m audit`, as an evaluator types it."""

from __future__ import annotations

import json
import stat
import threading
import urllib.request
from pathlib import Path

import pytest

from audit import cli
from audit.cli import main
from audit.disclosure import EvaluatorKey, EvaluatorSecret, Exchange
from audit.note import Checkpoint
from tests.audit.bundles import EVALUATOR, POLICY, Made, make_bundle
from tests.audit.conftest import ORIGIN, SIGNER


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_bundle(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def policy(tmp_path: Path) -> str:
    (tmp_path / "policy").write_bytes(bytes(POLICY))
    return str(tmp_path / "policy")


def test_json_tells_all_that_text_tells(made: Made, policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(made.bundle), "--policy", policy, "--json", "--jobs", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["problems"], found["trusted"], found["size"], found["sealed"]) == ([], True, 8, True)


def test_a_key_opens_what_is_sealed(
    made: Made, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text(EVALUATOR.export())
    assert main(["verify", str(made.bundle), "--policy", policy, "--key", str(tmp_path / "key")]) == 0
    assert "disclosed  2 fields\n" in capsys.readouterr().out


def test_a_kept_checkpoint_that_the_log_does_not_continue_is_told(
    made: Made, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(made.checkpoint)
    assert main(["verify", str(made.bundle), "--policy", policy, "--since", str(kept)]) == 0
    kept.write_bytes(bytes(Checkpoint(ORIGIN, 3, bytes(32)).sign([SIGNER], time=0)))
    assert main(["verify", str(made.bundle), "--policy", policy, "--since", str(kept)]) == 1
    assert "checkpoint: WrongProof" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "exchange"), [([], Exchange.X25519), (["--post-quantum"], Exchange.ML_KEM_768_X25519)]
)
def test_a_new_key_is_readable_by_its_owner_only_and_never_written_over(
    options: list[str], exchange: Exchange, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "key"
    assert main(["key", str(target), *options]) == 0
    public = EvaluatorKey.parse(capsys.readouterr().out)
    assert public == EvaluatorSecret.parse(target.read_text()).public_key()
    assert public.exchange is exchange
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_text()
    assert main(["key", str(target)]) == 2
    assert target.read_text() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "missing.zip"],
        ["verify", "{folder}"],
        ["verify", "{bundle}", "--policy", "{bundle}"],
        ["verify", "{bundle}", "--key", "{bundle}"],
        ["statement", "missing", "--policy", "{policy}"],
        ["statement", "{policy}", "--policy", "{bundle}"],
        ["serve", "missing"],
    ],
)
def test_what_cannot_be_answered_ends_with_2_and_a_sentence(
    arguments: list[str], made: Made, policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        argument.format(bundle=made.bundle, folder=made.bundle.parent, policy=policy)
        for argument in arguments
    ]
    assert main(given) == 2
    assert capsys.readouterr().err.startswith("cannot answer: ")


def test_serve_says_where_and_serves(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = []

    def kept(*arguments: object, **options: object) -> object:
        servers.append(bundle_server(*arguments, **options))
        return servers[-1]

    bundle_server = cli.bundle_server
    monkeypatch.setattr(cli, "bundle_server", kept)
    thread = threading.Thread(target=main, args=(["serve", str(made.bundle), "--port", "0"],))
    thread.start()
    while not servers and thread.is_alive():
        thread.join(0.01)
    url = f"http://127.0.0.1:{servers[0].server_port}/checkpoint"
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.read() == made.checkpoint
    servers[0].shutdown()
    thread.join()
    assert url in capsys.readouterr().out
