"""An evaluation from end to end: inquiries, a witness outside, a sample by commit and reveal, a bundle, a verdict."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from audit.bundle import Parcel, write_bundle
from audit.catalogue import parse_entry
from audit.commitment import Json
from audit.disclosure import EvaluatorKey, EvaluatorSecret, Exchange
from audit.errors import QuorumMissing
from audit.log import Log
from audit.policy import Group, Known, Policy
from audit.sample import Frame, Plan, commit_fields, drawn_from, head_for, witnessed_fields
from audit.vault import Vault
from audit.verify import examine_bundle
from audit.witness import Witness, witness_server
from audit.witnessing import Witnessing
from tests.audit.bundles import append
from tests.audit.conftest import ORIGIN, SIGNER, OpenLog
from tests.audit.synthetic import NOW, book
from tests.audit.test_witness import COSIGNER, QUANTUM, client_of

POLICY = Policy(
    (Known(SIGNER.key),),
    {
        "one": Known(COSIGNER.key, "http://witness.example"),
        "two": Known(QUANTUM.key, "http://witness.example"),
    },
    {"both": Group(2, ("one", "two"))},
    "both",
)
SECRET = EvaluatorSecret(Exchange.ML_KEM_768_X25519, bytes(range(96)))
DICE = bytes(range(32))


async def evaluate(log: Log, witnessing: Witnessing, target: Path) -> None:
    """What the operator does, with what the evaluator sent: a commitment, a secret, a public key."""
    of = book()
    await append(log, of, inquiries=20)
    frame = Frame(tuple((index, "TEKUN" if index < 10 else "DIBAO") for index in range(0, 40, 2)))
    committed: dict[str, Json] = {
        "caller": "evaluator",
        **commit_fields(sha256(DICE).hexdigest(), frame=frame, plan=Plan(6, {"TEKUN": 50})),
    }
    commit = await log.append(of.entry("sample.commit", at=NOW, fields=committed).bytes)
    with pytest.raises(QuorumMissing):
        witnessed_fields(await log.checkpoint(), policy=POLICY)
    seen = witnessed_fields(await witnessing.round(), policy=POLICY)
    await log.append(of.entry("checkpoint.witnessed", at=NOW, fields=seen).bytes)
    revealed: dict[str, Json] = {"caller": "evaluator", "commit": commit.index, "secret": DICE.hex()}
    reveal = await log.append(of.entry("sample.reveal", at=NOW, fields=revealed).bytes)
    entries = list(enumerate(map(parse_entry, await log.entries(0, reveal.size))))
    witnessed, _ = head_for(commit.index, entries, origin=ORIGIN)
    sample = drawn_from(
        entries[commit.index], entries[witnessed], entries[reveal.index], frame=frame, origin=ORIGIN
    )
    vault = Vault(log.reader, of.sealing)
    opened = [one for index in sample.picks for one in vault.disclose(index, ["purpose"])]
    sealed = EvaluatorKey.parse(str(SECRET.public_key())).seal(opened, origin=ORIGIN)
    parcel = Parcel(bytes(POLICY), indexes=[], sealed=sealed, sample=sample)

    async def head(_size: int) -> bytes:
        return await witnessing.round()

    await write_bundle(target, log=log, book=of, parcel=parcel, caller="evaluator", at=NOW, head=head)


@pytest.mark.parametrize("name", ["evidence.zip", "evidence"])
def test_an_evaluator_draws_a_sample_and_reads_only_what_was_drawn(
    name: str, open_log: OpenLog, tmp_path: Path
) -> None:
    async def story() -> None:
        witness = Witness(tmp_path / "seen.db", logs=[SIGNER.key], signers=[COSIGNER, QUANTUM])
        async with open_log() as log, client_of(witness_server(witness)) as http:
            await evaluate(log, Witnessing(log, POLICY, http=http), tmp_path / name)
        witness.close()

    asyncio.run(story())
    report = examine_bundle(tmp_path / name, policy=bytes(POLICY).decode(), secret=SECRET)
    assert report.problems == []
    assert report.witnesses == ["witness.example/one", "witness.example/two"]
    assert (report.drawn, report.disclosures, report.whole) == (6, 6, False)
    assert report.entries == 6 + 3 + 1
    stranger = EvaluatorSecret(Exchange.ML_KEM_768_X25519, bytes(96))
    refused = examine_bundle(tmp_path / name, policy=bytes(POLICY).decode(), secret=stranger)
    assert [problem[:2] for problem in refused.problems] == [("disclosures.hpke", "WrongDisclosure")]
