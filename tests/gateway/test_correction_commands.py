"""A clerk disputes a record, its department answers, and the day goes through command by command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from demo.registers.systems import Registers, write_registers
from demo.story import load_all
from gateway.command import app
from gateway.serving import Background
from gateway.settings import Settings
from vocabulary.records.civil_affairs import Person
from vocabulary.records.social_security import Insurance
from vocabulary.register import RECORD_TYPES

STORY = next(story for story in load_all() if story.id == "H8")
ROW = next(row for row in STORY.records if isinstance(row, Insurance))
CLAIM = ("--column", "employer", "--claim", "2026年3月已离职")
ASK = ("ask", "--subject", STORY.household, "--record", "Insurance", "--key", ROW.record_id, *CLAIM)


Typed = Callable[..., Result]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corrections") / "run"


@pytest.fixture(scope="module")
def gateway(run_folder: Path) -> Iterator[Background]:
    """A gateway over one story's registers."""
    rows = {record: [row for row in STORY.records if type(row) is record] for record in RECORD_TYPES}
    write_registers(rows, run_folder.parent / "registers")
    with pytest.MonkeyPatch.context() as patch, Registers(run_folder.parent / "registers") as registers:
        for name in [name for name in os.environ if name.startswith("HEDUI_")]:
            patch.delenv(name)
        patch.setenv("HEDUI_RUN_FOLDER", str(run_folder))
        addresses = {one.value: address for one, address in registers.addresses.items()}
        settings = Settings.load(env="dev", port=0, registers=addresses)
        with Background(settings, today=lambda: STORY.on) as gateway:
            yield gateway


@pytest.fixture
def typed(gateway: Background) -> Typed:
    """Type a command; `ask` goes to the gateway."""

    def run(*words: str, given: str | None = None) -> Result:
        address = ("--address", gateway.address) if words[0] == "ask" else ()
        return CliRunner().invoke(app, ["corrections", *words, *address], input=given)

    return run


def asked(typed: Typed) -> str:
    came = typed(*ASK)
    assert came.exit_code == 0, came.stderr
    *_, line = came.stdout.splitlines()  # the gateway's own lines come before it
    return line.split()[0]


def test_a_request_goes_to_its_department_and_comes_back_with_an_answer(typed: Typed) -> None:
    id_ = asked(typed)
    [line] = typed("list", "--open", "--as", "steward").stdout.splitlines()
    assert line.startswith(f"{id_}  人社  Insurance/{ROW.record_id}  employer  due ")
    answered = typed("answer", id_, "--corrected", "--text", "已补录减员")
    assert "已更正" in answered.stdout
    assert typed("list", "--open", "--as", "steward").stdout == ""
    letter = typed("letter", id_).stdout
    assert "政务数据共享条例 第二十六条" in letter
    assert "社会保险缴费（RS-001）" in letter
    assert "已补录减员" in letter


def test_an_id_number_is_read_from_standard_input_and_stands_nowhere(typed: Typed, run_folder: Path) -> None:
    words = (*ASK[:2], "-", *ASK[3:])
    result = typed(*words, given=f"{ROW.person}\n")
    assert result.exit_code == 0
    assert ROW.person not in result.output
    kept = [file for file in run_folder.iterdir() if file.is_file()]
    assert kept
    assert not [file for file in kept if ROW.person.encode() in file.read_bytes()]


def test_a_record_of_somebody_else_is_not_disputed(typed: Typed) -> None:
    [other] = {row.person for row in STORY.records if isinstance(row, Person)} - {ROW.person}
    result = typed(*ASK[:2], "-", *ASK[3:], given=f"{other}\n")
    assert (result.exit_code, "answers by" in result.stdout) == (1, False)
    assert (
        result.stderr == "expected a record of the subject's that the caller may see, got another or none\n"
    )


def test_a_request_is_taken_back_by_the_side_that_asked(typed: Typed) -> None:
    id_ = asked(typed)
    assert typed("withdraw", id_, "--reason", "重复", "--as", "steward").exit_code == 1
    assert "撤回" in typed("withdraw", id_, "--reason", "重复").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("ask", "--subject", STORY.household, "--record", "Salary", "--key", "1", *CLAIM),
            "expected --record one of",
        ),
        (
            ("ask", "--subject", STORY.household, "--record", "Aid", "--key", "1", *CLAIM),
            "expected one or more columns of Aid",
        ),
        ((*ASK, "--as", "steward"), "expected a record of the subject's that the caller may see"),
        ((*ASK, "--as", "nobody"), "expected --as one of"),
        ((*ASK, "--token", "none"), "expected --purpose with --token"),
        (("letter", "0" * 20), "NotThere"),
        (("answer", "0" * 20, "--upheld", "--text", "x"), "NotThere"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error(
    typed: Typed, words: tuple[str, ...], said: str
) -> None:
    result = typed(*words)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert said in line


def test_outside_development_nobody_is_somebody_by_name(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEDUI_ENV", "prod")
    result = typed(*ASK)
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, "CannotOpen")


def test_a_token_says_who_acts(typed: Typed, tmp_path: Path) -> None:
    token, purpose = tmp_path / "token", ("--purpose", "DIBAO_RECOGNITION")
    token.write_text(CliRunner().invoke(app, ["token", "--as", "verifier"]).stdout)
    assert typed(*ASK, "--token", str(token), *purpose).exit_code == 0
    token.write_text("not.a.token")
    refused = typed(*ASK, "--token", str(token), *purpose)
    assert refused.exit_code == 1
    assert "NotAuthenticated" in refused.stderr


def test_where_no_gateway_listens_the_command_says_so(typed: Typed) -> None:
    result = CliRunner().invoke(app, ["corrections", *ASK, "--address", "http://127.0.0.1:9"])
    assert (result.exit_code, "expected an answer at http://127.0.0.1:9" in result.stderr) == (1, True)
