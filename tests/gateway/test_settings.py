"""Is every setting read, checked and documented?"""

import os
import re
from pathlib import Path

import pytest

from connectors.allowance import Allowance
from gateway.settings import BadSettings, Settings
from vocabulary.codes import Department

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.upper().startswith("HEDUI_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file_and_arguments_over_both(monkeypatch, tmp_path):
    file = tmp_path / "hedui.toml"
    file.write_text('port = 1\nmax_depth = 2\nhost = "a"\n[registers]\nhealth = "sqlite:///h"\n')
    monkeypatch.setenv("HEDUI_CONFIG", str(file))
    monkeypatch.setenv("HEDUI_MAX_DEPTH", "3")
    monkeypatch.setenv("HEDUI_HOST", "b")
    monkeypatch.setenv("HEDUI_REGISTERS__CIVIL_AFFAIRS", "sqlite:///m")
    settings = Settings.load(host="c")
    assert (settings.port, settings.max_depth, settings.host) == (1, 3, "c")
    assert settings.registers == {
        Department.HEALTH: "sqlite:///h",
        Department.CIVIL_AFFAIRS: "sqlite:///m",
    }


def test_quotas_are_read_and_a_slip_of_the_pen_is_refused(monkeypatch):
    monkeypatch.setenv("HEDUI_QUOTAS__HEALTH__PER_SECOND", "20")
    monkeypatch.setenv("HEDUI_QUOTAS__EDUCATION__CONCURRENT", "4")
    assert Settings.load().quotas == {
        Department.HEALTH: Allowance(per_second=20.0),
        Department.EDUCATION: Allowance(concurrent=4),
    }
    monkeypatch.setenv("HEDUI_QUOTAS__HEALTH__A_MINUTE", "20")
    with pytest.raises(BadSettings, match="quotas"):
        Settings.load()


def test_a_file_may_be_named_as_an_argument(tmp_path):
    file = tmp_path / "hedui.toml"
    file.write_text("port = 7\n")
    assert Settings.load(config=file).port == 7


def test_no_file_is_picked_up_from_where_the_process_stands(tmp_path):
    (tmp_path / ".env").write_text("HEDUI_PORT=7\n")
    assert Settings.load().port != 7


def test_production_is_the_default():
    assert Settings.load().env == "prod"


def test_the_log_is_kept_in_its_own_database_the_common_one_or_the_run_folder():
    settings = Settings.load(run_folder="there")
    assert settings.log_url == "sqlite:///there/audit.sqlite"
    common, own = "postgresql+psycopg://h/a", "postgresql+psycopg://h/b"
    assert Settings.load(database_url=common).log_url == common
    assert Settings.load(database_url=common, audit_url=own).log_url == own


def test_addresses_with_passwords_are_not_shown():
    shown = repr(
        Settings.load(
            database_url="x://u:secret@h", audit_url="x://u:secret@h", registers={"health": "x://u:secret@h"}
        )
    )
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEDUI_PORT", "65536"),
        ("HEDUI_PORT", "-1"),
        ("HEDUI_REGISTER_TIMEOUT_S", "0"),
        ("HEDUI_REGISTER_TIMEOUT_S", "3600.1"),
        ("HEDUI_MAX_DEPTH", "0"),
        ("HEDUI_ENV", "DEV"),
        ("HEDUI_ORIGIN", "with blank"),
        ("HEDUI_REGISTERS__POLICE", "sqlite:///x"),
        ("HEDUI_ISSUERS", "not json"),
        ("HEDUI_CONFIG", "/absent.toml"),
    ],
)
def test_a_setting_out_of_range_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"), [("HEDUI_PORT", "0"), ("HEDUI_PORT", "65535"), ("HEDUI_MAX_DEPTH", "1")]
)
def test_the_nearest_value_in_range_is_taken(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert Settings.load()


def test_a_variable_that_is_no_setting_is_named(monkeypatch):
    monkeypatch.setenv("HEDUI_REGISTER_TIMEOUT", "5")
    with pytest.raises(BadSettings, match="`HEDUI_REGISTER_TIMEOUT`"):
        Settings.load()


def test_a_key_of_the_file_that_is_no_setting_is_named(tmp_path):
    file = tmp_path / "hedui.toml"
    file.write_text("prot = 7\n")
    with pytest.raises(BadSettings, match="`prot`"):
        Settings.load(config=file)


def test_a_broken_file_is_our_error(tmp_path):
    file = tmp_path / "hedui.toml"
    file.write_text("port = \n")
    with pytest.raises(BadSettings):
        Settings.load(config=file)


def test_a_message_never_repeats_a_value(monkeypatch):
    monkeypatch.setenv("HEDUI_AUDIT_QUEUE", "postgresql://user:secret@host")
    with pytest.raises(BadSettings) as caught:
        Settings.load()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented_as_it_is(name):
    field = Settings.model_fields[name]
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `HEDUI_{name.upper()}` |")]
    assert field.description
    assert field.description in row
    if isinstance(field.default, str | int | float) and field.default != "":
        assert f"| `{field.default}` |" in row


def test_nothing_is_documented_that_is_no_setting():
    named = {name.lower() for name in re.findall(r"^\| `HEDUI_([A-Z0-9_]+)` \|", PAGE, re.MULTILINE)}
    assert named == set(Settings.model_fields)


def test_lengths_of_time_and_sizes_carry_their_unit_in_the_name():
    for name, field in Settings.model_fields.items():
        if "timeout" in name or "leeway" in name:
            assert name.endswith("_s"), name
        if "bytes of" in (field.description or ""):
            assert name.endswith("_bytes"), name
