"""Statements: who looked at a person, provably, and completely where the whole log is at hand."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.bundle import Parcel, write_bundle
from audit.cli import main
from audit.commitment import Json, canonical
from audit.errors import AuditError, MalformedStatement
from audit.log import Log
from audit.lookup import Lookup
from audit.policy import Known, Policy
from audit.statement import Statement, describe, verify_statement, write_statement
from audit.vault import Vault
from tests.audit.conftest import ORIGIN, SIGNER
from tests.audit.synthetic import NOW, OFFICER, PEOPLE, book, intent, outcome

POLICY = Policy((Known(SIGNER.key),))
POLICY_TEXT = bytes(POLICY).decode()


class Written:
    """A statement about the first person, and a bundle of the log it is from."""

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "bundle.zip"
        asyncio.run(self._write(folder))

    async def _write(self, folder: Path) -> None:
        of = book()
        log = await Log.open(
            f"sqlite:///{folder}/log.db", origin=ORIGIN, signers=[SIGNER], guard=folder / "guard"
        )
        try:
            for number in range(12):
                person = PEOPLE[number % 3]
                asked = intent(of, person, at_s=number, purpose=f"复核 {number}", case="秘密案号")
                receipt = await log.append(asked.bytes, alongside=asked.alongside)
                # An outcome does not name the person again: it belongs to its intent.
                told = outcome(of, receipt.index)
                await log.append(told.bytes, alongside=told.alongside)
            tags = {each.epoch: each.pseudonym(PEOPLE[0]) for each in (book("2026-10"), of)}
            parcel = Parcel(bytes(POLICY))
            await write_bundle(self.bundle, log=log, book=of, parcel=parcel, caller="evaluator", at=NOW)
            self.statement = write_statement(
                log.reader,
                finds=Lookup(log.reader, size=log.reader.head().frontier.size),
                checkpoint=await log.checkpoint(),
                pseudonyms=tags,
                vault=Vault(log.reader, of.sealing),
            )
            shred = of.shredding(at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=tags.values())
            await log.append(shred.bytes, alongside=shred.alongside)
            self.after_shredding = write_statement(
                log.reader,
                finds=Lookup(log.reader, size=log.reader.head().frontier.size),
                checkpoint=await log.checkpoint(),
                pseudonyms=tags,
                vault=Vault(log.reader, of.sealing),
            )
        finally:
            await log.aclose()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written(tmp_path_factory.mktemp("statement"))


def test_every_access_and_its_answer_is_there_and_proven(written: Written) -> None:
    assert [access.index for access in written.statement.accesses] == [0, 1, 6, 7, 12, 13, 18, 19]
    data = written.statement.to_bytes()
    assert Statement.parse(data) == written.statement
    assert verify_statement(data, policy=POLICY_TEXT) == []
    assert verify_statement(data, policy=POLICY_TEXT, bundle=written.bundle) == []


def test_the_person_reads_when_who_and_why_and_not_what_was_not_opened(written: Written) -> None:
    lines = list(describe(written.statement))
    assert "2026-11-22 08:30:03Z  inquiry.intent  civil_affairs/clerk/" in lines[2]
    assert lines[2].endswith("purpose: 复核 3")
    assert "秘密案号".encode() not in written.statement.to_bytes()
    assert OFFICER not in "".join(lines)


def test_an_access_left_out_is_found_with_the_whole_log_and_only_with_it(written: Written) -> None:
    short = replace(written.statement, accesses=written.statement.accesses[:4]).to_bytes()
    assert verify_statement(short, policy=POLICY_TEXT) == []
    problems = verify_statement(short, policy=POLICY_TEXT, bundle=written.bundle)
    assert [problem.detail for problem in problems] == [
        f"expected entry `{index}`, which names the person" for index in (12, 13, 18, 19)
    ]


def test_an_epoch_that_was_not_searched_is_found_with_the_whole_log(written: Written) -> None:
    earlier = {epoch: tag for epoch, tag in written.statement.pseudonyms.items() if epoch != "2026-11"}
    short = replace(written.statement, pseudonyms=earlier, accesses=()).to_bytes()
    assert verify_statement(short, policy=POLICY_TEXT) == []
    [problem] = verify_statement(short, policy=POLICY_TEXT, bundle=written.bundle)
    assert (problem.name, "`2026-11`" in problem.detail) == ("StatementIncomplete", True)


def test_a_changed_access_is_named(written: Written) -> None:
    first, second, *others = written.statement.accesses
    for wrong in (
        replace(first, entry=first.entry.replace(b"clerk", b"chief")),
        replace(first, entry=second.entry),
        replace(first, path=first.path[::-1]),
        replace(first, path=first.path[:-1]),
        replace(first, opened=(replace(first.opened[0], value="其他"),)),
        replace(first, opened=(replace(first.opened[0], index=6),)),
        replace(first, opened=second.opened + others[0].opened),
    ):
        changed = replace(written.statement, accesses=(wrong, second, *others)).to_bytes()
        assert "access 0" in {problem.file for problem in verify_statement(changed, policy=POLICY_TEXT)}


def test_an_entry_about_somebody_else_is_named(written: Written) -> None:
    others = replace(written.statement, pseudonyms={"2026-11": "0" * 32}).to_bytes()
    problems = verify_statement(others, policy=POLICY_TEXT)
    assert {problem.detail for problem in problems} == {"expected an entry that names the person"}
    assert len(problems) == 8


def test_after_shredding_the_accesses_stay_and_the_purposes_are_gone(written: Written) -> None:
    after = written.after_shredding
    assert [access.index for access in after.accesses] == [0, 1, 6, 7, 12, 13, 18, 19, 25]
    assert verify_statement(after.to_bytes(), policy=POLICY_TEXT) == []
    assert all(access.opened == () for access in after.accesses if access.index % 6 == 0)
    assert "复核" not in "".join(describe(after))


def test_every_changed_byte_of_a_statement_is_found(written: Written) -> None:
    small = replace(written.statement, accesses=written.statement.accesses[:1]).to_bytes()
    unseen = []
    for at in range(len(small)):
        changed = bytearray(small)
        changed[at] ^= 1 << at % 7
        if not verify_statement(bytes(changed), policy=POLICY_TEXT):
            unseen.append(at)
    # A further pseudonym that nobody has is no lie about this one; all other bytes hang on the head.
    pseudonyms = small.index(b'"pseudonyms":')
    assert all(at > pseudonyms for at in unseen)
    assert verify_statement(small, policy=POLICY_TEXT) == []


@given(st.binary(max_size=60))
def test_foreign_bytes_raise_our_error_only(data: bytes) -> None:
    with pytest.raises(AuditError):
        Statement.parse(data)
    assert verify_statement(data, policy=POLICY_TEXT)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "hedui-statement/v2"},
        {"pseudonyms": {}},
        {"pseudonyms": ["0" * 32]},
        {"pseudonyms": {"2026-11": "x"}},
        {"pseudonyms": {"2026 11": "0" * 32}},
        {"accesses": [{}]},
        {"accesses": [1]},
        {"accesses": [{"entry": "", "index": True, "opened": [], "path": ""}]},
        {"checkpoint": 1},
        {"more": 1},
    ],
)
def test_a_malformed_statement_is_refused(change: dict[str, Json], written: Written) -> None:
    good = json.loads(written.statement.to_bytes())
    with pytest.raises(MalformedStatement):
        Statement.parse(canonical({**good, **change}))


def test_a_statement_twice_or_in_another_order_is_refused(written: Written) -> None:
    first, second, *_ = written.statement.accesses
    for accesses in ((first, first), (second, first)):
        with pytest.raises(MalformedStatement):
            Statement.parse(replace(written.statement, accesses=accesses).to_bytes())


def test_the_command_prints_a_good_statement_and_no_bad_one(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy").write_text(POLICY_TEXT)
    (tmp_path / "good").write_bytes(written.statement.to_bytes())
    (tmp_path / "bad").write_bytes(written.statement.to_bytes().replace(b"clerk", b"chief"))
    (tmp_path / "junk").write_bytes(b"junk")
    policy = ["--policy", str(tmp_path / "policy")]
    assert main(["statement", str(tmp_path / "good"), *policy, "--bundle", str(written.bundle)]) == 0
    out = capsys.readouterr().out
    assert "purpose: 复核 6" in out
    assert "NOTE" not in out
    assert main(["statement", str(tmp_path / "bad"), *policy]) == 1
    out = capsys.readouterr().out
    assert "WrongProof" in out
    assert "purpose" not in out
    assert main(["statement", str(tmp_path / "junk"), *policy]) == 1
