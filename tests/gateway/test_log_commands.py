"""Does an evaluator's day go through, command by command, and does each command say plainly when it cannot?"""

import json
import os
import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from audit.cli import main as audit
from gateway.command import app
from gateway.trace import Came, Intent
from tests.gateway.desk import LOG_KEY, ORIGIN, at_desk
from tests.gateway.rows import BROTHER, HEAD, PERSONAL, ROWS
from tests.gateway.test_watching import policy_file, witness
from tests.postgres import free_port

QUESTION = '{household(number: "H-1") {number members {idNumber death {state}}}}'
TEKUN, DIBAO = 3, 9
ENTRIES = 3 + TEKUN + DIBAO


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run folder whose log holds one question and twelve further outcomes, with the keys that made it."""
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "run"
    at_desk(folder, ROWS, _twelve_outcomes)
    (folder / "guard").rename(folder / "audit.guard")
    (folder / "log.key.pem").write_bytes(
        LOG_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "pseudonym.key").write_text("02" * 32)
    (folder / "vault.key").write_text("03" * 32)
    for name, value in {"RUN_FOLDER": folder, "ORIGIN": ORIGIN, "PSEUDONYM_EPOCH": "2026-11"}.items():
        monkeypatch.setenv(f"HEDUI_{name}", str(value))
    return folder


async def _twelve_outcomes(desk):
    assert (await desk.ask(QUESTION)).status_code == 200
    fields = {
        "caller": "x y",
        "department": "civil_affairs",
        "post": "z",
        "agreements": "ab" * 32,
        "asked": [],
    }
    asked = await desk.office.trace._write("inquiry.intent", fields)
    for number in range(TEKUN + DIBAO):
        category = "TEKUN" if number < TEKUN else "DIBAO"
        came = Came(b"{}", (f"H-{number}",), {}, {}, "ANSWERED", category=category)
        await desk.office.trace.outcome(Intent(asked, None, f"r-{number}"), came)


def hedui(*typed, stdin=None):
    return CliRunner().invoke(app, [str(word) for word in typed], input=stdin)


@pytest.fixture
def policy(run):
    path = run.parent / "evaluator.policy"
    path.write_text(f"log {hedui('log', 'key').stdout.strip()}\nquorum none\n")
    return path


def entries(run):
    async def read(desk):
        return await desk.entries()

    (run / "guard").write_bytes((run / "audit.guard").read_bytes())
    return at_desk(run, ROWS, read)


def test_who_looked_at_me_is_told_proven_and_noted(run, policy, capsys):
    out = run.parent / "statement.json"
    came = hedui("statement", "--person", "-", "--out", out, stdin=f"{HEAD.lower()}\n")
    assert came.exit_code == 0
    assert HEAD not in came.output
    assert out.stat().st_mode & 0o077 == 0
    accesses = [json.loads(one["entry"])["event"] for one in json.loads(out.read_bytes())["accesses"]]
    assert accesses == ["inquiry.intent", "inquiry.outcome", "statement.asked"]
    assert audit(["statement", str(out), "--policy", str(policy)]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert "inquiry.intent  civil_affairs/" in line
    assert "purpose: DIBAO_RECOGNITION" in line
    assert entries(run)[-1]["event"] == "statement.asked"


def test_a_statement_about_a_household_member_is_checked_against_the_whole_log(run, policy):
    out, bundle = run.parent / "statement.json", run.parent / "evidence.zip"
    assert hedui("statement", "--person", HEAD, "--out", out).exit_code == 0
    assert hedui("bundle", bundle).exit_code == 0
    checked = ["statement", str(out), "--policy", str(policy), "--bundle", str(bundle)]
    assert audit(checked) == 0
    told = json.loads(out.read_bytes())
    del told["accesses"][0]
    out.write_text(json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    assert audit(checked) == 1


def test_what_is_no_id_number_is_not_repeated(run):
    for command in (("statement", "--out", run.parent / "x"), ("shred", "--yes")):
        came = hedui(*command, "--person", "529901198802189013")
        assert came.exit_code == 1
        assert came.stderr == "expected an id number that passes GB 11643\n"
    assert len(entries(run)) == ENTRIES


def test_an_existing_file_stops_a_statement_before_it_is_noted(run):
    out = run.parent / "statement.json"
    out.write_text("kept")
    assert hedui("statement", "--person", HEAD, "--out", out).exit_code == 1
    assert out.read_text() == "kept"
    assert len(entries(run)) == ENTRIES


def test_shredding_asks_first_and_leaves_the_log_whole(run, policy):
    assert hedui("shred", "--person", HEAD, stdin="n\n").exit_code == 1
    assert len(entries(run)) == ENTRIES
    came = hedui("shred", "--person", HEAD, "--reason", "case closed", "--yes")
    assert came.exit_code == 0
    assert HEAD not in came.output
    out, bundle = run.parent / "statement.json", run.parent / "evidence.zip"
    assert hedui("statement", "--person", HEAD, "--out", out).exit_code == 0
    opened = {
        json.loads(one["entry"])["event"]: [field["name"] for field in one["opened"]]
        for one in json.loads(out.read_bytes())["accesses"]
    }
    assert opened == {
        "inquiry.intent": ["purpose"],
        "inquiry.outcome": [],
        "subject.shredded": ["reason"],
        "statement.asked": [],
    }
    assert hedui("bundle", bundle).exit_code == 0
    assert hedui("log", "verify", bundle, "--policy", policy).exit_code == 0


def test_a_bundle_is_checked_as_the_audit_package_does(run, policy, tmp_path):
    bundle = tmp_path / "evidence.zip"
    hedui("bundle", bundle)
    assert hedui("log", "verify", bundle, "--policy", policy).exit_code == 0
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    came = hedui("log", "verify", bundle, "--policy", policy)
    assert came.exit_code == 1
    assert "WRONG" in came.stdout
    assert hedui("log", "verify", tmp_path / "absent.zip").exit_code == 2


def test_a_sample_is_committed_revealed_drawn_and_drawn_again_by_the_reader(run, tmp_path, monkeypatch):
    secret, frame, record = tmp_path / "secret", tmp_path / "frame.json", tmp_path / "sample.json"
    key = hedui("log", "key").stdout.strip()
    with witness(tmp_path / "witness", free_port(), key) as lines:
        policy = policy_file(tmp_path, key, lines)
        monkeypatch.setenv("HEDUI_WITNESS_POLICY", str(policy))
        promise = hedui("sample", "secret", secret).stdout.strip()
        assert sha256(bytes.fromhex(secret.read_text())).hexdigest() == promise
        typed = ("--count", 5, "--share", "TEKUN=30", "--frame", frame)
        came = hedui("sample", "commit", promise, *typed)
        assert came.exit_code == 0, came.output
        at = came.stdout.split()[3]
        assert f"{TEKUN:>9}  TEKUN" in came.stdout
        assert hedui("sample", "draw", at, "--frame", frame).exit_code == 1  # not revealed yet
        assert hedui("sample", "reveal", at, secret).exit_code == 0
        drawn = hedui("sample", "draw", at, "--frame", frame, "--out", record)
        assert drawn.stdout.count("TEKUN") >= 2  # 30 % of five, rounded up
        assert len(drawn.stdout.splitlines()) == 1 + 5
        bundle = tmp_path / "evidence.zip"
        assert hedui("bundle", bundle, "--sample", record).exit_code == 0
        assert hedui("log", "checkpoint").stdout.count("witness.example/test") == 2
        assert hedui("log", "proof", 0).stdout.count("witness.example/test") == 2
    checked = hedui("log", "verify", bundle, "--policy", policy)
    assert checked.exit_code == 0, checked.stdout
    assert "sample     5 entries, drawn again with the same result" in checked.stdout
    alone = tmp_path / "alone.zip"
    assert "no quorum of witnesses was reached" in hedui("bundle", alone).stderr
    assert "QuorumMissing" in hedui("log", "verify", alone, "--policy", policy).stdout
    record.write_bytes(record.read_bytes().replace(b'"picks":[', b'"picks":[0,'))
    other = tmp_path / "other.zip"
    hedui("bundle", other, "--sample", record)
    assert "WRONG" in hedui("log", "verify", other).stdout


def test_no_secret_is_taken_before_a_witnessed_head_covers_the_commit(run, tmp_path):
    secret, frame = tmp_path / "secret", tmp_path / "frame.json"
    promise = hedui("sample", "secret", secret).stdout.strip()
    at = hedui("sample", "commit", promise, "--count", 5, "--frame", frame).stdout.split()[3]
    came = hedui("sample", "reveal", at, secret)
    assert came.exit_code == 1
    assert "expected a witnessed checkpoint after the commit" in came.stderr
    other = tmp_path / "other"
    hedui("sample", "secret", other)
    assert "expected the secret that entry" in hedui("sample", "reveal", at, other).stderr
    assert "expected `sample.commit` at index `0`" in hedui("sample", "reveal", 0, secret).stderr
    assert entries(run)[-1]["event"] == "sample.commit"


@pytest.mark.parametrize(
    "typed",
    [
        ("--count", 0),
        ("--count", 2 + TEKUN + DIBAO),
        ("--count", 5, "--share", "TEKUN"),
        ("--count", 5, "--share", "TEKUN=101"),
        ("--count", 5, "--share", "TEKUN=60", "--share", "DIBAO=60"),
    ],
)
def test_a_plan_that_cannot_be_met_is_not_noted(run, tmp_path, typed):
    frame = tmp_path / "frame.json"
    assert hedui("sample", "commit", "ab" * 32, "--frame", frame, *typed).exit_code == 1
    assert not frame.exists()
    assert len(entries(run)) == ENTRIES


def test_the_size_of_a_sample_is_the_tables():
    assert hedui("sample", "size", "--population", 10_000, "--defects", 500).stdout == "59\n"
    assert hedui("sample", "size", "--population", 10, "--defects", 11).exit_code == 1


AS_AT_FIRST = """
    drop table audit_lookup; drop table audit_span; drop table audit_followed;
    drop table audit_subject_key;
    alter table audit_head drop column shreddings; alter table audit_batch drop column sealed;
    create table audit_sealed
        (entry integer, subject blob, key_id blob not null, payload blob not null, primary key (entry, subject));
    create table audit_subject_key
        (subject blob, key_id blob, wrapped blob not null, primary key (subject, key_id));
    update audit_schema set version_num = '0001';
"""


def test_a_database_of_an_older_version_is_refused_until_it_is_migrated(run):
    before = hedui("log", "checkpoint").stdout
    with closing(sqlite3.connect(run / "audit.sqlite")) as database, database:
        database.executescript(AS_AT_FIRST)
    came = hedui("log", "checkpoint")
    assert (came.exit_code, came.stderr.startswith("OtherSchema: ")) == (1, True)
    assert "migrate it first" in came.stderr
    for _ in range(2):  # what is of this version already is left as it is
        assert hedui("log", "migrate").exit_code == 0
    assert hedui("log", "checkpoint").stdout == before
    assert hedui("statement", "--person", HEAD, "--out", run.parent / "statement.json").exit_code == 0


def test_a_sample_of_some_days_draws_from_their_outcomes_alone(run):
    promise, frame = "ab" * 32, run.parent / "frame.json"
    day = ("--since", "2026-11-16", "--until", "2026-11-16")
    assert hedui("sample", "commit", promise, "--count", 3, "--frame", frame, *day).exit_code == 0
    drawn_from = json.loads(frame.read_bytes())
    outcomes = [index for index, one in enumerate(entries(run)) if one["event"] == "inquiry.outcome"]
    assert [index for index, _ in drawn_from] == outcomes
    assert entries(run)[-1]["fields"]["frame_kind"] == "outcomes-by-category:2026-11-16..2026-11-16"
    for other in (("--since", "2026-11-17"), ("--until", "2026-11-15")):
        came = hedui("sample", "commit", promise, "--count", 3, "--frame", run.parent / "none", *other)
        assert came.exit_code == 1
        assert "expected outcomes to draw from" in came.stderr


def test_a_day_is_reconciled_and_a_hidden_access_found(run):
    came = hedui("reconcile", "--day", "2026-11-16")
    assert came.exit_code == 0, came.output
    assert came.stdout == "2026-11-16: 2 accesses of 7 departments\n"
    assert hedui("log", "verify").exit_code == 0
    (run / "served" / "2026-11-16" / "health.served").unlink()
    came = hedui("reconcile", "--day", "2026-11-16")
    assert came.exit_code == 1
    assert "health: the list that was noted is not there any more" in came.stdout
    (run / "served" / "answers.counts").write_text("2026-11-15 health 4242 3\n")
    came = hedui("reconcile", "--day", "2026-11-15")
    assert came.exit_code == 1
    assert "health: access without entry at 4242: no intent at this index" in came.stdout
    assert "AUD-03 日志与回执不符: health" in came.stdout
    assert hedui("reconcile", "--day", "16.11.2026").exit_code == 1


def test_who_asked_out_of_hours_or_too_often_is_listed_and_the_reading_is_noted(run):
    came = hedui("log", "conduct", "--day", "2026-11-16")
    assert came.exit_code == 0, came.output
    assert "AUD-02 无案件或亲属查询: entry 2, caller " in came.stdout  # the fixture's intent names no case
    assert "(case False)" in came.stdout
    assert "2026-11-16: 1 noticed; AUD-02 cannot be told of 1 questions" in came.stdout
    assert "AUD-01" not in hedui("log", "conduct", "--day", "2026-11-15").stdout


def test_no_person_stands_in_any_file_that_leaves(run, policy):
    out, bundle = run.parent / "statement.json", run.parent / "evidence.zip"
    hedui("statement", "--person", BROTHER, "--out", out)
    hedui("reconcile", "--day", "2026-11-16")
    hedui("bundle", bundle)
    leaving = [out, bundle, *(run / "served").rglob("*.*")]
    assert len(leaving) > 5
    for path in leaving:
        if path.is_file():
            assert not [person for person in PERSONAL if person.encode() in path.read_bytes()]
