"""Is every disclosed decision reached again, and is whatever was altered on the way told for what it is?"""

import asyncio
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from audit.archive import open_files
from audit.commitment import canonical
from audit.disclosure import EvaluatorSecret
from audit.note import Signer
from demo.story import read_story
from demo.story_check import pack_of as story_pack
from gateway import replay
from gateway.command import app
from gateway.decision_record import DecisionRecord, record_of
from gateway.opening import desk_opened
from gateway.settings import Settings
from gateway.trace import Came, Intent, Trace
from gateway.versions import keep_versions
from verification.catalogue import CATALOGUE
from verification.crosscheck import crosscheck, reads

STORIES = Path(__file__).parents[2] / "demo" / "stories"
NAMES = ("h02-equal-is-not-below", "h04-alone-at-82", "h09-base-pension-excluded")
TOLD = [read_story(STORIES / f"{name}.yaml") for name in NAMES]
NOW = datetime(2026, 11, 16, 4, tzinfo=UTC)
OUTCOMES = [1, 3, 5]
LINES = len(list(CATALOGUE.canonical()))


def hedui(*typed):
    return CliRunner().invoke(app, [str(word) for word in typed])


def record(story):
    evidence = story.evidence(reads())
    verdict = crosscheck(evidence, story.household, story.on, story_pack(story))
    return verdict, record_of(verdict, evidence, reads=reads())


@dataclass
class Run:
    """A run folder with its settings in the environment, and a bundle with every decision disclosed."""

    folder: Path
    bundle: Path
    policy: Path

    def told(self, bundle=None, *more):
        came = hedui("replay", bundle or self.bundle, "--policy", self.policy, "--json", *more)
        return came.exit_code, json.loads(came.stdout)

    def states(self, bundle=None, *more):
        code, told = self.told(bundle, *more)
        return code, [(one["index"], one["state"]) for one in told["decisions"]]

    def unpacked(self, where):
        """The bundle as a folder, to be spoiled."""
        files = open_files(self.bundle)
        for name in files.names:
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).write_bytes(files.read(name))
        return where

    def another(self, name, *more):
        path = self.bundle.with_name(f"{name}.zip")
        came = hedui("bundle", path, *more)
        assert came.exit_code == 0, came.output
        return path


def written(folder, spoil=lambda number, kept: kept, decide=None):
    """Three verdicts in a log: who asked, and what came of it."""

    async def work():
        async with desk_opened(Settings.load(run_folder=folder, env="dev")) as desk:
            trace = Trace(desk.log, desk.book, clock=lambda: NOW)
            for number, story in enumerate(TOLD):
                keep_versions(folder, story_pack(story))
                intent = await desk.note(
                    "inquiry.intent",
                    {"department": "civil_affairs", "post": "x", "agreements": "ab" * 32, "asked": []},
                    subjects=[story.household],
                )
                verdict, kept = record(story)
                came = Came(
                    data=b"{}",
                    subjects=(story.household, *(one.person for one in verdict.members)),
                    sources={},
                    persons={},
                    result="ANSWERED",
                    pack=verdict.pack_hash,
                    rules=verdict.ruleset_hash,
                    category=str(verdict.category),
                    record=spoil(number, kept),
                )
                noted = await trace.outcome(Intent(intent.index, None, f"r-{number}"), came)
                assert noted.decided.entry == intent.index + 1
                if decide is not None:
                    await decide(desk, story, verdict, noted.decided)

    asyncio.run(work())


def made(tmp_path_factory, monkeypatch_, **more):
    folder = tmp_path_factory.mktemp("replay")
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch_.delenv(name)
    monkeypatch_.setenv("HEDUI_RUN_FOLDER", str(folder / "run"))
    written(folder / "run", **more)
    run = Run(folder / "run", folder / "evidence.zip", folder / "evidence.policy")
    run.another("evidence", "--disclose", "decisions", "--plain")
    return run


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield made(tmp_path_factory, patch)


@pytest.fixture
def run(kept, tmp_path, monkeypatch):
    """A copy of its own for a test that writes."""
    shutil.copytree(kept.folder.parent, tmp_path / "copy")
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "copy" / "run"))
    return Run(
        tmp_path / "copy" / "run", tmp_path / "copy" / "evidence.zip", tmp_path / "copy" / "evidence.policy"
    )


def test_on_a_clean_machine_every_disclosed_decision_agrees(kept, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    assert kept.states() == (0, [(index, "agree") for index in OUTCOMES])
    assert list(tmp_path.iterdir()) == []
    text = hedui("replay", kept.bundle, "--policy", kept.policy)
    assert text.exit_code == 0
    assert text.stdout.splitlines()[-1] == "replayed   3 agree"
    assert "inquiry.outcome  agree" in text.stdout


def test_what_was_sealed_to_an_evaluator_only_that_evaluator_reaches_again(run, tmp_path):
    mine, other = EvaluatorSecret.generate(), EvaluatorSecret.generate()
    for name, secret in (("mine", mine), ("other", other)):
        (tmp_path / name).write_text(secret.export())
    (tmp_path / "public").write_text(str(mine.public_key()))
    sealed = run.another("sealed", "--disclose", 1, "--disclose", 5, "--to", tmp_path / "public")
    assert run.states(sealed, "--key", tmp_path / "mine") == (0, [(1, "agree"), (3, "sealed"), (5, "agree")])
    code, told = run.told(sealed)
    assert (code, {one["state"] for one in told["decisions"]}) == (2, {"sealed"})
    code, told = run.told(sealed, "--key", tmp_path / "other")
    assert code == 1  # the file says that it is sealed to this key, and it is not
    assert {one["state"] for one in told["decisions"]} == {"sealed"}


def test_only_some_fields_may_be_opened_and_the_verdict_stays_closed(run):
    some = run.another("some", "--disclose", "decisions", "--field", "category", "--plain")
    assert run.states(some) == (2, [(index, "sealed") for index in OUTCOMES])


def test_after_shredding_the_inputs_are_gone_and_the_proof_is_not(run):
    person = record(TOLD[1])[0].members[0].person
    assert hedui("shred", "--person", person, "--yes").exit_code == 0
    later = run.another("later", "--disclose", "decisions", "--plain")
    assert run.states(later) == (0, [(1, "agree"), (3, "shredded"), (5, "agree")])
    assert run.told(later)[1]["problems"] == []
    assert run.states() == (0, [(index, "agree") for index in OUTCOMES])  # what was taken home before


def test_a_fen_changed_in_disclosed_inputs_is_no_longer_what_was_committed_to(kept, tmp_path):
    where = kept.unpacked(tmp_path)
    path = where / "disclosures.json"
    opened = json.loads(path.read_bytes())
    inputs = next(one for one in opened if one["name"] == "inputs" and one["index"] == 5)
    rows = [
        row
        for by_subject in inputs["value"]["evidence"].values()
        for told in by_subject.values()
        for row in told.get("records", [])
        if any(name.endswith("_fen") and value for name, value in row.items())
    ]
    name = next(name for name, value in rows[0].items() if name.endswith("_fen") and value)
    rows[0][name] += 1
    path.write_bytes(canonical(opened))
    code, told = kept.told(where)
    assert code == 1
    assert "WrongDisclosure" in {one["name"] for one in told["problems"]}
    assert [(one["index"], one["state"]) for one in told["decisions"]][2] == (5, "sealed")


def test_a_verdict_that_does_not_follow_from_its_inputs_differs_in_a_named_line(
    tmp_path_factory, monkeypatch
):
    def one_fen_more(number, kept):
        result = json.loads(kept.result)
        if number == 2:
            result["arithmetic"][0][1] += 1
        return DecisionRecord(kept.inputs, canonical(result))

    run = made(tmp_path_factory, monkeypatch, spoil=one_fen_more)
    code, told = run.told()
    assert (code, told["problems"]) == (1, [])
    assert [one["state"] for one in told["decisions"]] == ["agree", "agree", "differ"]
    detail = told["decisions"][2]["detail"]
    assert detail.startswith("recorded `arithmetic: ")
    assert "reached `arithmetic: " in detail
    person = record(TOLD[2])[0].members[0].person
    assert person not in json.dumps(told)


def retold(result):
    """The same figures, with another sentence and a step more that adds nothing."""
    first = result["arithmetic"][0]
    first[0] = first[0].replace("：", " → ")
    result["arithmetic"].append(["在此说明", 0, False])


def words_for_a_terminal(result):
    result["arithmetic"][0][0] = "\x1b[2J\x9b31m" + result["arithmetic"][0][0]


def another_figure(result):
    retold(result)
    result["payable_fen"] = 1


def no_steps(result):
    result["arithmetic"] = ["a", 1]


@pytest.mark.parametrize(
    ("spoil", "expected", "state"),
    [
        (retold, 2, "other words"),
        (words_for_a_terminal, 2, "other words"),
        (another_figure, 1, "differ"),
        (no_steps, 1, "differ"),
    ],
)
def test_figures_in_other_sentences_are_of_another_version_and_accuse_nobody(
    tmp_path_factory, monkeypatch, spoil, expected, state
):
    def told_otherwise(number, kept):
        result = json.loads(kept.result)
        if number == 2:
            spoil(result)
        return DecisionRecord(kept.inputs, canonical(result))

    run = made(tmp_path_factory, monkeypatch, spoil=told_otherwise)
    code, told = run.told()
    assert (code, told["problems"]) == (expected, [])
    assert [one["state"] for one in told["decisions"]] == ["agree", "agree", state]
    detail = told["decisions"][2]["detail"]
    assert detail.startswith("recorded `arithmetic: ")
    assert detail.isprintable()


@pytest.mark.parametrize(
    "inputs",
    [
        b"{}",
        b"[]",
        b'{"evidence":{},"format":"hedui-inputs/v1","household":"x","on":"2026-11-16"}',
        b'{"evidence":{},"format":"hedui-inputs/v1","household":"x","on":"9999-12-31"}',
    ],
)
def test_inputs_that_are_none_differ_and_do_not_break_the_tool(tmp_path_factory, monkeypatch, inputs):
    run = made(
        tmp_path_factory,
        monkeypatch,
        spoil=lambda number, kept: DecisionRecord(inputs, kept.result) if number == 0 else kept,
    )
    code, told = run.told()
    assert code == 1
    assert [one["state"] for one in told["decisions"]] == ["differ", "agree", "agree"]


def test_an_altered_pack_is_a_fault_and_nothing_is_judged_by_it(kept, tmp_path):
    where = kept.unpacked(tmp_path)
    [path] = [one for one in (where / "packs").iterdir() if record(TOLD[0])[0].pack_hash in one.name]
    path.write_bytes(path.read_bytes().replace(b"63600", b"63700"))
    code, told = kept.told(where)
    assert code == 1
    assert {one["name"] for one in told["problems"]} == {"FileChanged"}
    assert told["decisions"][0]["state"] == "no pack"
    path.unlink()
    code, told = kept.told(where)
    assert code == 1
    assert {one["name"] for one in told["problems"]} == {"FileMissing"}


@pytest.mark.parametrize(("at", "line"), [(3, "4 of BEN-02"), (1, "2 of BEN-01"), (-1, f"{LINES}")])
def test_with_another_rule_the_first_rule_that_differs_is_named(kept, monkeypatch, at, line):
    class Other:
        hash = "cd" * 32

        @staticmethod
        def canonical():
            lines = list(replay_catalogue.canonical())
            return [*lines[:at], lines[at] + " and more", *lines[at:][1:]]

    replay_catalogue = replay.CATALOGUE
    monkeypatch.setattr(replay, "CATALOGUE", Other)
    code, told = kept.told()
    assert code == 2
    assert {one["state"] for one in told["decisions"]} == {"other rules"}
    assert f"first in line {line}: recorded `" in told["decisions"][0]["detail"]


def test_the_bundle_of_another_log_is_said_to_be_one(kept, tmp_path):
    policy = tmp_path / "policy"
    policy.write_text(kept.policy.read_text().replace("hedui.example/demo+", "hedui.example/other+"))
    came = hedui("replay", kept.bundle, "--policy", policy)
    assert came.exit_code == 2  # the vkey's id is of its name: no policy at all
    other = Signer.ed25519("hedui.example/other", Ed25519PrivateKey.from_private_bytes(b"o" * 32))
    policy.write_text(f"log {other.key}\nquorum none\n")
    code = hedui("replay", kept.bundle, "--policy", policy, "--json")
    assert code.exit_code == 1
    assert "WrongOrigin" in {one["name"] for one in json.loads(code.stdout)["problems"]}


def test_a_decision_that_rests_on_a_verdict_is_reached_with_it(tmp_path_factory, monkeypatch):
    async def decide(desk, story, verdict, decided):
        for result in (decided.result, "ab" * 32):
            made_ = desk.book.entry(
                "decision.made",
                at=NOW,
                fields={
                    "caller": "a",
                    "second": "b",
                    "kind": "GRANT",
                    "pack": verdict.pack_hash,
                    "rules": verdict.ruleset_hash,
                },
                subjects=[story.household],
                committed={"inputs": decided.inputs, "result": result},
            )
            await desk.write(made_)

    run = made(tmp_path_factory, monkeypatch, decide=decide)
    code, told = run.told()
    assert code == 1
    assert [one["state"] for one in told["decisions"]] == ["agree", "agree", "differ"] * 3
    assert "names another result" in told["decisions"][2]["detail"]
    alone = run.another("alone", "--disclose", 2, "--plain")
    assert run.states(alone)[1][:2] == [(1, "sealed"), (2, "sealed")]


def test_what_cannot_be_answered_ends_with_2_and_a_line(kept, tmp_path):
    (tmp_path / "junk.zip").write_bytes(b"junk")
    for typed in (("replay", tmp_path / "none.zip"), ("replay", tmp_path / "junk.zip")):
        came = hedui(*typed)
        assert came.exit_code == 2
        assert came.stderr.startswith("cannot answer: ")
    for no_key in (kept.policy, kept.bundle):
        came = hedui("replay", kept.bundle, "--key", no_key)
        assert (came.exit_code, came.stderr.startswith("cannot answer: MalformedKey: ")) == (2, True)
    assert "WARNING    no policy of yours" in hedui("replay", kept.bundle).stdout


def test_disclosing_needs_to_be_told_to_whom(run):
    for wrong in (
        ("--disclose", 1),
        ("--plain",),
        ("--disclose", "sample", "--plain"),
        ("--disclose", "everything", "--plain"),
        ("--disclose", 99, "--plain"),
    ):
        path = run.bundle.with_name("wrong.zip")
        assert hedui("bundle", path, *wrong).exit_code == 1
        assert not path.exists()
