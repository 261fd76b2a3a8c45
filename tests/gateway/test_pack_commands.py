"""Policy packs from the command line, as a policy officer types it."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from gateway.pack_commands import _show, packs, what_if
from tests.verification.caseload import stories_snapshot
from verification.pack import load_pack
from verification.whatif import CaseloadRun, compare, run_caseload
from vocabulary.money import fen_with_commas

CITY = """pack: city
title: 市
base: demo-2026
values:
  dibao_standard_fen_month: {since: 2026-01-01, value: "660.00", cite: 市民政 2026}
"""

app = typer.Typer()
app.add_typer(packs)
app.command("whatif")(what_if)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    path = tmp_path / "city.yaml"
    path.write_text(CITY, "utf-8")
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def typed(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def test_a_pack_that_comes_along_is_checked() -> None:
    code, out, _ = typed("packs", "check", "demo-2026")
    assert code == 0
    assert out.startswith("demo-2026  演示区")
    assert "sha256 " in out


def test_a_mistake_is_one_line_with_its_place(city: Path) -> None:
    city.write_text(CITY.replace("660.00", "660.005"), "utf-8")
    code, _, err = typed("packs", "check", city)
    assert code == 1
    assert err.startswith("BadPack: city.yaml:5: dibao_standard_fen_month: expected yuan")
    assert err.count("\n") == 1


def test_a_signed_pack_is_checked_against_the_key_that_signing_names(city: Path, key: Path) -> None:
    code, out, _ = typed("packs", "sign", city, "--key", key, "--name", "city.example")
    assert code == 0
    trusted = out.split()[-1]
    code, out, _ = typed("packs", "check", city, "--trusted", trusted)
    assert (code, "signed by city.example+" in out) == (0, True)
    city.write_text(CITY.replace("660.00", "660.01"), "utf-8")
    code, _, err = typed("packs", "check", city, "--trusted", trusted)
    assert (code, err.startswith("OtherContent: ")) == (1, True)


def test_a_signature_that_lies_beside_is_named_and_must_be_of_this_content(city: Path, key: Path) -> None:
    _, plain, _ = typed("packs", "check", city)
    assert "signer" not in plain
    typed("packs", "sign", city, "--key", key, "--name", "city.example")
    code, out, _ = typed("packs", "check", city)
    assert (code, "names city.example+" in out, "not checked" in out) == (0, True, True)
    city.write_text(CITY.replace("660.00", "660.01"), "utf-8")
    code, _, err = typed("packs", "check", city)
    assert (code, err.startswith("OtherContent: ")) == (1, True)


def test_a_changed_pack_is_signed_anew_only_on_demand(city: Path, key: Path) -> None:
    words = ("packs", "sign", city, "--key", key, "--name", "city.example")
    assert typed(*words)[0] == 0
    city.write_text(CITY.replace("660.00", "660.01"), "utf-8")
    code, _, err = typed(*words)
    assert (code, err.startswith("OtherContent: ")) == (1, True)
    code, out, _ = typed(*words, "--anew")
    assert code == 0
    assert typed("packs", "check", city, "--trusted", out.split()[-1])[0] == 0


def test_an_unsigned_pack_is_refused_where_a_key_is_asked_for(city: Path, key: Path) -> None:
    _, out, _ = typed("packs", "sign", city, "--key", key, "--name", "city.example")
    code, _, err = typed("packs", "check", "demo-2026", "--trusted", out.split()[-1])
    assert (code, err.startswith("NoSignature: ")) == (1, True)


def test_a_file_that_is_no_key_is_refused(city: Path) -> None:
    code, _, err = typed("packs", "sign", city, "--key", city, "--name", "city.example")
    assert (code, err) == (1, "expected `--key` to name a file with a private key in PEM\n")
    assert not city.with_suffix(".sig").exists()


def test_differences_are_told_in_both_languages(city: Path) -> None:
    code, out, _ = typed("packs", "diff", "demo-2026", city)
    assert code == 0
    assert "低保标准（dibao_standard_fen_month）自2026-01-01起：636.00" in out
    assert "660.00 [市民政 2026]" in out
    _, out, _ = typed("packs", "diff", "demo-2026", city, "--in", "en")
    assert "minimum living standard" in out
    assert typed("packs", "diff", city, city)[1] == "no difference\n"


def test_a_pack_that_is_not_there_is_named() -> None:
    code, _, err = typed("whatif", "demo-2026", "nowhere.yaml")
    assert (code, "NoSuchPack" in err) == (1, True)


def test_a_list_that_could_not_be_written_is_said_before_anybody_is_judged(tmp_path: Path) -> None:
    code, out, err = typed("whatif", "demo-2026", "demo-2026", "--csv", tmp_path / "none" / "moved.csv")
    assert (code, out) == (1, "")
    assert err.startswith("NotADirectoryError: expected a folder that is there, got ")


def test_a_day_that_is_none_is_refused() -> None:
    code, _, err = typed("whatif", "demo-2026", "demo-2026", "--on", "tomorrow")
    assert (code, err) == (1, "expected a day such as 2026-11-16\n")


def test_the_commands_are_offered_without_loading_an_engine() -> None:
    loaded = (
        "import sys, gateway.pack_commands; print([m for m in ('duckdb', 'pyarrow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_what_if_says_what_is_paid_before_and_after_and_by_whom(capsys):
    demo = load_pack("demo-2026")
    raised = demo.changed({"dibao_standard_fen_month": "2636.00"}, why="another city")
    snapshot = stories_snapshot()
    _show(
        found := compare(run_caseload(snapshot, raised), run_caseload(snapshot, demo)),
        {},
        on=date(2026, 11, 16),
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(", on 2026-11-16")
    assert lines[2] == (
        f"  paid a month: {fen_with_commas(found.fen_before)} → {fen_with_commas(found.fen_after)} yuan, "
        f"{fen_with_commas(-found.fen_month)} yuan less"
    )
    assert "," in fen_with_commas(found.fen_before)
    assert f"  TEKUN 特困供养: {_of(found.before, 'TEKUN')} → {_of(found.after, 'TEKUN')} households" in lines
    assert (
        f"  DIBAO 最低生活保障: {_of(found.before, 'DIBAO')} → {_of(found.after, 'DIBAO')} households"
        in lines
    )
    assert any(line.startswith("  DOWN ") and line.endswith(" yuan less a month") for line in lines)


def _of(run: CaseloadRun, category: str) -> int:
    return sum(each.category == category for each in run.standings.values())
