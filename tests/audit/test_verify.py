"""The offline verifier: nothing that was changed, moved, added or taken away stays unnoticed."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import archive
from audit.archive import open_files, write_archive, write_directory
from audit.bundle import Parcel, write_bundle
from audit.commitment import canonical
from audit.disclosure import pack_disclosures
from audit.errors import BundleTooLarge, MalformedBundle, MalformedPolicy, NoSuchEntry
from audit.log import Log
from audit.merkle import leaf_hash
from audit.note import Checkpoint, Note, Signer
from audit.policy import Known, Policy
from audit.report import Problem
from audit.tiles import WIDTH, pack_entries, unpack_entries
from audit.verify import examine_bundle, examine_files
from tests.audit.bundles import (
    EVALUATOR,
    POLICY,
    POLICY_TEXT,
    Made,
    append,
    cosigned,
    files_of,
    make_bundle,
    rewrite,
)
from tests.audit.conftest import ORIGIN, SIGNER, root_of
from tests.audit.synthetic import NAMES, NOW, OFFICER, PEOPLE, book, outcome


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_bundle(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_bundle(tmp_path_factory.mktemp("single"), whole=False)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """More than two full tiles, a partial one, and a tile of level 1."""
    return make_bundle(tmp_path_factory.mktemp("large"), inquiries=300)


class InMemory:
    """Files of a bundle that never touch the disk."""

    damage: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @property
    def names(self) -> list[str]:
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        return self.files[name]


def faults_of(bundle: Path, *, policy: str = POLICY_TEXT, earlier: bytes | None = None) -> list[Problem]:
    """What is wrong with a bundle on disk."""
    return examine_bundle(bundle, policy=policy, earlier=earlier).problems


def verified(files: dict[str, bytes]) -> list[Problem]:
    """What is wrong with a bundle of these files."""
    return examine_files(InMemory(files), policy=POLICY_TEXT).problems


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kind", ["whole", "single", "large"])
def test_a_good_bundle_has_no_problems(kind: str, jobs: int, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(kind)
    report = examine_bundle(made.bundle, policy=POLICY_TEXT, secret=EVALUATOR, jobs=jobs)
    assert report.problems == []
    assert (report.origin, report.trusted, report.whole) == (ORIGIN, True, kind != "single")
    assert (report.witnesses, report.disclosures, report.drawn) == (["witness.example/one"], 2, 2)
    assert report.sealed is False
    assert report.unanswered == (0 if report.whole else None)


def test_sealed_disclosures_stay_sealed_without_the_key(whole: Made) -> None:
    report = examine_bundle(whole.bundle, policy=POLICY_TEXT)
    assert (report.problems, report.sealed, report.disclosures) == ([], True, 1)


def test_an_unpacked_bundle_is_as_good_as_the_archive(whole: Made, tmp_path: Path) -> None:
    shutil.unpack_archive(whole.bundle, tmp_path / "unpacked")
    assert faults_of(tmp_path / "unpacked") == []


@pytest.mark.parametrize("whole_log", [True, False], ids=["whole", "single"])
def test_every_changed_byte_of_every_file_is_found_and_its_file_named(
    whole_log: bool, tmp_path: Path
) -> None:
    files = files_of(make_bundle(tmp_path, inquiries=1, whole=whole_log).bundle)
    missed = []
    for name, data in files.items():
        # Of the longest file nothing but its digest is looked at: its bytes are all alike.
        for at in range(0, len(data), 17 if name == "VERIFY.md" else 1):
            changed = bytearray(data)
            changed[at] ^= 1 << at % 8
            if name not in {problem.file for problem in verified({**files, name: bytes(changed)})}:
                missed.append((name, at))
    assert missed == []
    assert verified(files) == []


def test_every_changed_byte_of_the_container_is_found(single: Made, tmp_path: Path) -> None:
    data = single.bundle.read_bytes()
    inside = bytearray(len(data))
    for content in files_of(single.bundle).values():
        start = data.index(content)
        inside[start : start + len(content)] = b"\1" * len(content)
    missed = []
    for at in (at for at in range(len(data)) if not inside[at]):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        (tmp_path / "b.zip").write_bytes(changed)
        if not is_damaged(tmp_path / "b.zip") or (at % 41 == 0 and not faults_of(tmp_path / "b.zip")):
            missed.append(at)
    assert missed == []


def is_damaged(bundle: Path) -> bool:
    """Tell whether the container itself is found damaged, whatever its files hold."""
    try:
        return bool(open_files(bundle).damage)
    except MalformedBundle:
        return True


def test_bits_of_a_large_log_are_found_and_the_file_named(large: Made) -> None:
    files = files_of(large.bundle)
    names = [name for name in files if name.startswith("tile/")]
    assert {"tile/1/000.p/2", "tile/entries/001"} <= set(names)
    for name in names:
        for at in (0, 1, len(files[name]) // 2, len(files[name]) - 1):
            changed = bytearray(files[name])
            changed[at] ^= 0x10
            problems = verified({**files, name: bytes(changed)})
            assert {problem.file for problem in problems} == {name}, (name, at, problems)


def test_all_faults_are_listed_and_not_only_the_first(large: Made) -> None:
    files = files_of(large.bundle)
    bad = [
        "tile/entries/000",
        "tile/0/001",
        "tile/1/000.p/2",
        "policy",
        "sample.json",
        "disclosures.json",
        "checkpoint",
    ]
    for name in bad:
        files[name] = files[name][:-40] + bytes(b ^ 1 for b in files[name][-40:])
    assert set(bad) <= {problem.file for problem in verified(files)}


@pytest.mark.parametrize("kind", ["whole", "single"])
def test_a_file_that_is_dropped_is_named(kind: str, request: pytest.FixtureRequest) -> None:
    files = files_of(request.getfixturevalue(kind).bundle)
    for name in files:
        problems = verified({other: data for other, data in files.items() if other != name})
        assert name in {problem.file for problem in problems}, name


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "tile/0/001", "tile/entries/000.p/3", "entries/0", "packs/x.yaml", "policy2", "tile/x"],
)
def test_a_file_that_is_added_is_named(name: str, whole: Made) -> None:
    problems = verified({**files_of(whole.bundle), name: b"x"})
    assert [(problem.file, problem.name) for problem in problems] == [(name, "FileUnexpected")]


@pytest.mark.parametrize("kind", ["whole", "single"])
def test_every_file_that_is_cut_short_or_lengthened_is_named(
    kind: str, request: pytest.FixtureRequest
) -> None:
    files = files_of(request.getfixturevalue(kind).bundle)
    for name, data in files.items():
        for changed in (data[:-1], data + b"\n", data + data, b""):
            assert name in {problem.file for problem in verified({**files, name: changed})}, name


def test_any_two_files_exchanged_are_found(whole: Made) -> None:
    files = files_of(whole.bundle)
    for one, other in zip(sorted(files), sorted(files)[1:], strict=False):
        problems = verified({**files, one: files[other], other: files[one]})
        assert {one, other} & {problem.file for problem in problems}


Change = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries[::-1],
        lambda entries: [entries[1], entries[0], *entries[2:]],
        lambda entries: [entries[0], entries[0], *entries[2:]],
        lambda entries: [*entries[:-1], entries[0]],
    ],
    ids=["reversed", "two exchanged", "one doubled over another", "the last replaced"],
)
def test_entries_moved_about_are_found_even_when_the_tiles_are_made_to_fit(
    change: Change, whole: Made
) -> None:
    files = files_of(whole.bundle)
    [bundle] = [name for name in files if name.startswith("tile/entries/")]
    entries = change(unpack_entries(files[bundle]))
    files[bundle] = pack_entries(entries)
    assert bundle in {problem.file for problem in verified(files)}
    [tile] = [name for name in files if name.startswith("tile/0/")]
    files[tile] = b"".join(map(leaf_hash, entries))
    assert ("checkpoint", "WrongProof") in {problem[:2] for problem in verified(files)}


def forged(files: dict[str, bytes], entries: list[bytes], signers: list[Signer]) -> dict[str, bytes]:
    """The bundle of another history of up to 255 entries, signed by these."""
    kept = {name: data for name, data in files.items() if not name.startswith("tile/")}
    head = Checkpoint(ORIGIN, len(entries), root_of(map(leaf_hash, entries)))
    checkpoint = bytes(head.sign(signers, time=0))
    tail = f"000.p/{len(entries)}"
    assert len(entries) < WIDTH
    return {
        **kept,
        "checkpoint": checkpoint,
        f"tile/entries/{tail}": pack_entries(entries),
        f"tile/0/{tail}": b"".join(map(leaf_hash, entries)),
    }


def entries_of(files: dict[str, bytes]) -> list[bytes]:
    return [
        entry
        for name in sorted(files)
        if name.startswith("tile/entries/")
        for entry in unpack_entries(files[name])
    ]


def test_a_history_signed_by_another_key_is_refused(whole: Made, tmp_path: Path) -> None:
    files = files_of(whole.bundle)
    stranger = Signer.ed25519(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    forgery = forged(files, entries_of(files), [stranger])
    own_policy = bytes(Policy((Known(stranger.key),)))
    forgery["policy"] = own_policy
    assert ("checkpoint", "NotSigned") in {problem[:2] for problem in verified(forgery)}
    # The policy inside would have believed it: that is why an evaluator brings one.
    write_directory(tmp_path / "forged", sorted(forgery.items()))
    report = examine_bundle(tmp_path / "forged", policy=None)
    assert not report.trusted
    assert "checkpoint" not in {problem.file for problem in report.problems}


def test_a_history_that_the_witness_never_saw_is_refused(whole: Made) -> None:
    files = files_of(whole.bundle)
    forgery = forged(files, entries_of(files)[:-3], [SIGNER])
    assert ("checkpoint", "QuorumMissing") in {problem[:2] for problem in verified(forgery)}


def test_a_signature_line_that_nobody_can_check_is_refused(whole: Made) -> None:
    files = files_of(whole.bundle)
    note = Note.parse(files["checkpoint"])
    stranger = Signer.ed25519("stranger.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    lines = (*note.signatures, stranger.signature(note.text, time=0))
    files["checkpoint"] = bytes(replace(note, signatures=lines))
    assert [problem[:2] for problem in verified(files)] == [("checkpoint", "NotSigned")]


def test_a_tail_that_was_cut_off_is_found_by_who_kept_a_checkpoint(whole: Made, tmp_path: Path) -> None:
    files = files_of(whole.bundle)
    rolled_back = forged(files, entries_of(files)[:-2], [SIGNER])
    rolled_back["checkpoint"] = cosigned(rolled_back["checkpoint"])
    write_directory(tmp_path / "cut", sorted(rolled_back.items()))
    problems = faults_of(tmp_path / "cut", earlier=files["checkpoint"])
    assert any(problem.file == "checkpoint" and "earlier head" in problem.detail for problem in problems)


def test_a_fork_is_found_by_who_kept_a_checkpoint(whole: Made, tmp_path: Path) -> None:
    files = files_of(whole.bundle)
    entries = entries_of(files)
    forked = forged(files, [entries[0], entries[0], *entries[2:], entries[1]], [SIGNER])
    forked["checkpoint"] = cosigned(forked["checkpoint"])
    write_directory(tmp_path / "fork", sorted(forked.items()))
    problems = faults_of(tmp_path / "fork", earlier=files["checkpoint"])
    assert any("those of the earlier head" in problem.detail for problem in problems)


def test_a_log_that_continues_the_kept_checkpoint_is_accepted(whole: Made) -> None:
    entries = entries_of(files_of(whole.bundle))
    for size in (0, 1, len(entries) - 1, len(entries)):
        earlier = bytes(
            Checkpoint(ORIGIN, size, root_of(map(leaf_hash, entries[:size]))).sign([SIGNER], time=0)
        )
        assert faults_of(whole.bundle, earlier=earlier) == []


@pytest.mark.parametrize("size", [10**9, 2**63 - 1])
def test_a_forged_size_does_not_keep_the_verifier_busy(size: int, whole: Made, single: Made) -> None:
    for made in (whole, single):
        files = files_of(made.bundle)
        files["checkpoint"] = bytes(Checkpoint(ORIGIN, size, bytes(32)).sign([SIGNER], time=0))
        assert "checkpoint" in {problem.file for problem in verified(files)}


def test_a_wrong_disclosure_is_refused(whole: Made) -> None:
    [good] = whole.disclosures
    files = files_of(whole.bundle)
    for wrong in (
        replace(good, value="其他用途"),
        replace(good, name="case"),
        replace(good, index=2),
        replace(good, index=10_000),
        replace(good, field_key=bytes(32)),
    ):
        changed = {**files, "disclosures.json": pack_disclosures([wrong])}
        assert ("disclosures.json", "WrongDisclosure") in {p[:2] for p in verified(changed)}


def test_a_sample_that_was_chosen_is_refused(whole: Made) -> None:
    record = whole.parcel.sample
    assert record is not None
    files = files_of(whole.bundle)
    for wrong in (
        replace(record, picks=tuple(reversed(record.picks))),
        replace(record, picks=(0, 1)),
        replace(record, seed="0" * 64),
        replace(record, commit=record.commit - 1),
        replace(record, witnessed=record.commit),
        replace(record, reveal=record.witnessed),
        replace(record, reveal=9999),
    ):
        problems = verified({**files, "sample.json": wrong.to_bytes()})
        assert "sample.json" in {problem.file for problem in problems if problem.name != "FileChanged"}, wrong


def test_a_truth_value_is_no_index_of_the_export(whole: Made) -> None:
    header = canonical({"export": True, "format": "hedui-bundle/v1"})
    problems = verified({**files_of(whole.bundle), "bundle.json": header})
    assert [problem[:2] for problem in problems] == [("bundle.json", "NotCanonical")]


def test_a_list_of_contents_that_was_not_logged_is_refused(whole: Made) -> None:
    files = files_of(whole.bundle)
    files["policy"] += b"# one more line\n"
    listed = {
        name: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
        for name, data in files.items()
        if name not in {"bundle.json", "checkpoint", "contents.json"} and not name.startswith("tile/")
    }
    files["contents.json"] = canonical({"entries": "all", "files": listed})  # type: ignore[dict-item]
    assert [problem[:2] for problem in verified(files)] == [("contents.json", "FileChanged")]


def test_the_same_input_gives_the_same_bytes(whole: Made, single: Made, tmp_path: Path) -> None:
    for made in (whole, single):
        rewrite(made, tmp_path / f"{made.export}.zip")
        assert (tmp_path / f"{made.export}.zip").read_bytes() == made.bundle.read_bytes()


def test_a_log_that_has_grown_since_gives_the_same_bundle_again(tmp_path: Path) -> None:
    made = make_bundle(tmp_path, inquiries=100)

    async def grow() -> None:
        log = await Log.open(
            f"sqlite:///{made.bundle}.db",
            origin=ORIGIN,
            signers=[SIGNER],
            guard=tmp_path / "bundle.zip.guard",
        )
        await append(log, book(seed=2), inquiries=200)
        await log.aclose()

    asyncio.run(grow())
    rewrite(made, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == made.bundle.read_bytes()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_foreign_bytes_in_any_file_give_problems_and_never_an_exception(
    data: st.DataObject, whole: Made, single: Made
) -> None:
    files = files_of(data.draw(st.sampled_from([whole, single])).bundle)
    name = data.draw(st.sampled_from(sorted(files)))
    start = data.draw(st.integers(0, len(files[name])))
    junk = data.draw(st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
    changed = files[name][:start] + junk + files[name][start + data.draw(st.integers(0, 40)) :]
    assert (changed != files[name]) == bool(verified({**files, name: changed}))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=300))
def test_a_foreign_file_gives_problems_and_never_an_exception(
    junk: bytes, single: Made, tmp_path: Path
) -> None:
    for content in (junk, single.bundle.read_bytes() + junk + b"x", single.bundle.read_bytes()[: len(junk)]):
        (tmp_path / "junk.zip").write_bytes(content)
        assert faults_of(tmp_path / "junk.zip")


def test_nothing_personal_is_in_a_bundle_but_what_was_disclosed(tmp_path: Path) -> None:
    made = make_bundle(tmp_path, rich=False, inquiries=20)
    everything = made.bundle.read_bytes()
    for planted in (*PEOPLE, *NAMES, OFFICER, "低保复核", "案卷", "DIBAO"):
        assert planted.encode() not in everything


def test_a_bundle_is_not_written_over_another_nor_logged(tmp_path: Path) -> None:
    made = make_bundle(tmp_path, rich=False)
    before = made.bundle.read_bytes()

    async def story() -> None:
        log = await Log.open(
            f"sqlite:///{made.bundle}.db",
            origin=ORIGIN,
            signers=[SIGNER],
            guard=tmp_path / "bundle.zip.guard",
        )
        try:
            head = await log.checkpoint()
            again = {"log": log, "book": book(), "parcel": made.parcel, "caller": "x", "at": NOW}
            with pytest.raises(FileExistsError):
                await write_bundle(made.bundle, **again)  # type: ignore[arg-type]  # one dict for two calls
            far = replace(made.parcel, indexes=[10_000])
            with pytest.raises(NoSuchEntry):
                await write_bundle(tmp_path / "new.zip", **{**again, "parcel": far})  # type: ignore[arg-type]
            assert await log.checkpoint() == head
        finally:
            await log.aclose()

    asyncio.run(story())
    assert made.bundle.read_bytes() == before


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_instructions_work_with_tools_that_are_not_ours(single: Made, tmp_path: Path) -> None:
    shutil.unpack_archive(single.bundle, tmp_path / "bundle")
    text = (tmp_path / "bundle" / "VERIFY.md").read_text()
    commands = [line[7:] for line in text.splitlines() if line.startswith("       ")]
    script = "\n".join(line for line in commands if "http.server" not in line)
    script = script.replace("<the log's vkey, from your own source>", f"'{SIGNER.key}'")

    def run_script() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-c", script], cwd=tmp_path / "bundle", capture_output=True, text=True, check=False
        )

    done = run_script()
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    entry = (tmp_path / "bundle" / "entries" / "0").read_bytes()
    assert leaf_hash(entry).hex() in done.stdout
    assert sha256((tmp_path / "bundle" / "contents.json").read_bytes()).hexdigest() in done.stdout
    checkpoint = tmp_path / "bundle" / "checkpoint"
    checkpoint.write_bytes(
        checkpoint.read_bytes().replace(b"hedui.example/test\n", b"hedui.example/tesu\n", 1)
    )
    assert run_script().returncode != 0


def test_a_link_in_a_directory_is_refused(whole: Made, tmp_path: Path) -> None:
    write_directory(tmp_path / "linked", sorted(files_of(whole.bundle).items()))
    (tmp_path / "linked" / "policy").unlink()
    (tmp_path / "policy").write_bytes(bytes(POLICY))
    (tmp_path / "linked" / "policy").symlink_to(tmp_path / "policy")
    assert "policy" in {problem.file for problem in faults_of(tmp_path / "linked")}


@pytest.mark.parametrize("name", [b"\xff", "名".encode(), b"a\nb", b"tile/\x1b[2J"])
def test_a_name_that_cannot_be_printed_is_told_of_in_ascii(whole: Made, tmp_path: Path, name: bytes) -> None:
    write_directory(tmp_path / "named", sorted(files_of(whole.bundle).items()))
    path = Path(os.fsdecode(os.fsencode(tmp_path / "named") + b"/" + name))
    path.write_bytes(b"x")
    [problem] = faults_of(tmp_path / "named")
    assert problem.name == "MalformedBundle"
    assert str(problem).isascii()
    assert str(problem).isprintable()


def test_a_bad_policy_of_the_evaluators_is_not_a_fault_of_the_bundle(whole: Made) -> None:
    with pytest.raises(MalformedPolicy):
        examine_bundle(whole.bundle, policy="log nonsense\n")


@pytest.mark.parametrize(("limit", "most"), [("_MOST_FILES", 5), ("_MOST_BYTES", 3_000)])
def test_what_does_not_fit_an_archive_is_refused_leaves_nothing_and_fits_a_directory(
    limit: str, most: int, whole: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, limit, most)
    with pytest.raises(BundleTooLarge):
        rewrite(whole, tmp_path / "bundle.zip")
    assert list(tmp_path.iterdir()) == []
    rewrite(whole, tmp_path / "bundle")
    assert faults_of(tmp_path / "bundle") == []


def test_an_archive_holds_each_name_once_and_in_order(tmp_path: Path) -> None:
    for names in (("b", "a"), ("a", "a")):
        with pytest.raises(AssertionError):
            write_archive(tmp_path / "b.zip", [(name, b"") for name in names])


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "audit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_says_what_it_found_and_ends_accordingly(whole: Made, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_bytes(bytes(POLICY))
    good = run("verify", whole.bundle, "--policy", policy)
    assert (good.returncode, good.stderr) == (0, "")
    assert "nothing is wrong" in good.stdout
    unaided = run("verify", whole.bundle)
    assert unaided.returncode == 0
    assert "WARNING" in unaided.stdout
    data = bytearray(whole.bundle.read_bytes())
    data[data.index(b"hedui-bundle")] ^= 1
    (tmp_path / "bad.zip").write_bytes(data)
    bad = run("verify", tmp_path / "bad.zip", "--policy", policy)
    assert bad.returncode == 1
    assert "bundle.json: " in bad.stdout
    assert run("verify", tmp_path / "none.zip").returncode == 2
    assert run("verify", whole.bundle, "--policy", whole.bundle).returncode == 2


def test_an_outcome_without_its_intent_is_found(tmp_path: Path) -> None:
    policy = bytes(Policy((Known(SIGNER.key),)))

    async def story() -> None:
        of = book()
        log = await Log.open(
            f"sqlite:///{tmp_path}/l.db", origin=ORIGIN, signers=[SIGNER], guard=tmp_path / "guard"
        )
        try:
            await log.append(of.entry("audit.read", at=NOW, fields={"caller": "x", "what": "all"}).bytes)
            await log.append(outcome(of, 0).bytes)
            await log.append(outcome(of, 2).bytes)
            await write_bundle(tmp_path / "b", log=log, book=of, parcel=Parcel(policy), caller="x", at=NOW)
        finally:
            await log.aclose()

    asyncio.run(story())
    problems = faults_of(tmp_path / "b", policy=policy.decode())
    assert [problem.name for problem in problems] == ["MalformedEntry", "MalformedEntry"]
