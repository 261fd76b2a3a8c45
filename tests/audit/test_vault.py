"""The vault: what is sealed opens for its key, and for nobody once a subject is shredded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.alongside import Seal, Sealed, SubjectKey
from audit.catalogue import parse_entry
from audit.commitment import DEEPEST_COMMITTED, Json, canonical, commitments
from audit.disclosure import pack_disclosures, unpack_disclosures
from audit.entry import EntryBook, Spelled
from audit.errors import NoSuchEntry, NotCanonical, Shredded, WrongVaultKey
from audit.log import Log
from audit.note import Note
from audit.proof import Proof
from audit.statement import Access, Statement
from audit.vault import Sealing, Vault
from tests.audit.conftest import ORIGIN, POLICY, SIGNER, OpenLog
from tests.audit.synthetic import NAMES, NOW, OFFICER, PEOPLE, book, intent, intent_fields, outcome


def test_sealed_values_open_again_by_index(open_log: OpenLog) -> None:
    async def story() -> None:
        of = book()
        async with open_log() as log:
            made = intent(of, *PEOPLE, purpose="低保复核", case={"number": 7, "kind": ["a", None]})
            receipt = await log.append(made.bytes, alongside=made.alongside)
            vault = Vault(log.reader, of.sealing)
            assert vault.values(receipt.index) == {
                "purpose": "低保复核",
                "case": {"number": 7, "kind": ["a", None]},
            }
            committed = parse_entry(log.reader.entries(0, 1)[0]).committed
            for one in vault.disclose(receipt.index):
                one.check(committed)
            assert [one.name for one in vault.disclose(0, ["case"])] == ["case"]
            with pytest.raises(NoSuchEntry):
                vault.disclose(0, ["reason"])

    asyncio.run(story())


def test_a_receipt_and_the_vault_open_a_field_alike(open_log: OpenLog) -> None:
    async def story() -> None:
        of = book()
        async with open_log() as log:
            made = intent(of, PEOPLE[0])
            receipt = await log.append(made.bytes, alongside=made.alongside)
            [from_vault] = Vault(log.reader, of.sealing).disclose(receipt.index, ["purpose"])
            assert made.disclose("purpose", index=receipt.index) == from_vault

    asyncio.run(story())


def test_shredding_one_subject_leaves_proofs_valid_and_nothing_readable(open_log: OpenLog) -> None:
    async def story() -> None:
        of = book()
        async with open_log() as log:
            for made in (intent(of, *PEOPLE), intent(of, PEOPLE[0]), intent(of, PEOPLE[1])):
                await log.append(made.bytes, alongside=made.alongside)
            before = await log.checkpoint()
            tag = of.pseudonym(PEOPLE[0])
            shred = of.shredding(
                at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=[tag], reason="申请"
            )
            receipt = await log.append(shred.bytes, alongside=shred.alongside)
            vault = Vault(log.reader, of.sealing)
            for index in (0, 1):
                with pytest.raises(Shredded):
                    vault.values(index)
                with pytest.raises(Shredded):
                    vault.disclose(index)
            assert vault.values(2)["purpose"] == "低保复核"
            assert vault.values(receipt.index) == {"reason": "申请"}
            for index, entry in enumerate(log.reader.entries(0, 4)):
                Proof.parse((await log.proof(index)).encode()).verify(entry, POLICY)
            assert log.tree.root(3) == POLICY.open(Note.parse(before)).root

    asyncio.run(story())


def test_after_shredding_no_commitment_can_be_tested_with_what_is_left(open_log: OpenLog) -> None:
    async def story() -> None:
        of = book()
        async with open_log() as log:
            made = intent(of, PEOPLE[0], PEOPLE[1], purpose="低保复核")
            await log.append(made.bytes, alongside=made.alongside)
            tags = [of.pseudonym(PEOPLE[0])]
            shred = of.shredding(at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=tags)
            await log.append(shred.bytes, alongside=shred.alongside)
            # What is left: the payload, the vault key, and the other subject's secret. They do not lead to the key.
            assert log.reader.keys_of([bytes.fromhex(tags[0])]) == []
            [left] = log.reader.keys_of([bytes.fromhex(of.pseudonym(PEOPLE[1]))])
            sealed, secret = log.reader.sealed_beside([0])[0], of.sealing.secret_of(left)
            for secrets in ([secret], [], [secret, secret], [secret, bytes(32)], [bytes(32), secret]):
                assert of.sealing.payload(sealed, nonce=made.nonce, secrets=secrets) is None
                # The mark is no secret: with it set right the key is still another.
                marked, _ = of.sealing.sealed(b"", nonce=made.nonce, secrets=secrets)
                with pytest.raises(WrongVaultKey):
                    of.sealing.payload(Sealed(marked, sealed.payload), nonce=made.nonce, secrets=secrets)
            expected = parse_entry(made.bytes).committed["purpose"]
            for key in (secret, bytes(32), made.nonce * 2):
                assert commitments(key, {"purpose": '"低保复核"'.encode()})["purpose"] != expected

    asyncio.run(story())


def test_a_person_may_be_asked_about_again_after_shredding(open_log: OpenLog) -> None:
    async def story() -> None:
        of = book()
        async with open_log() as log:
            tags = [of.pseudonym(PEOPLE[0])]
            for made in (
                intent(of, PEOPLE[0]),
                of.shredding(at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=tags),
                intent(of, PEOPLE[0]),
            ):
                await log.append(made.bytes, alongside=made.alongside)
            vault = Vault(log.reader, of.sealing)
            assert vault.values(2)["purpose"] == "低保复核"
            with pytest.raises(Shredded):
                vault.values(0)

    asyncio.run(story())


def test_another_vault_key_opens_nothing(open_log: OpenLog) -> None:
    async def story() -> None:
        of = book()
        async with open_log() as log:
            made = intent(of, *PEOPLE)
            await log.append(made.bytes, alongside=made.alongside)
            with pytest.raises(WrongVaultKey):
                Vault(log.reader, Sealing(bytes(32))).values(0)

    asyncio.run(story())


def test_an_entry_without_subjects_or_without_values_is_read_as_well(open_log: OpenLog) -> None:
    async def story() -> None:
        of = book()
        async with open_log() as log:
            nobody = of.entry("inquiry.intent", at=NOW, fields=intent_fields(), committed={"purpose": "x"})
            nothing = of.entry("audit.read", at=NOW, fields={"caller": OFFICER, "what": "heads"})
            for made in (nobody, nothing):
                await log.append(made.bytes, alongside=made.alongside)
            vault = Vault(log.reader, of.sealing)
            assert vault.values(0) == {"purpose": "x"}
            assert vault.values(1) == {}
            assert nothing.alongside == ()
            assert [row.subjects for row in nobody.alongside if isinstance(row, Seal)] == [()]

    asyncio.run(story())


def test_every_changed_byte_of_what_is_sealed_is_found() -> None:
    sealing, nonce = book().sealing, bytes(range(16))
    rows = [sealing.new_secret(bytes([at]) * 16) for at in range(3)]
    secrets = [secret for _, secret in rows]
    sealed = sealing.sealed(b"key and values", nonce=nonce, secrets=secrets)
    assert sealing.payload(sealed, nonce=nonce, secrets=secrets) == b"key and values"
    for payload in changed(sealed.payload):
        with pytest.raises(WrongVaultKey):
            sealing.payload(Sealed(sealed.mark, payload), nonce=nonce, secrets=secrets)
    for mark in changed(sealed.mark):
        assert sealing.payload(Sealed(mark, sealed.payload), nonce=nonce, secrets=secrets) is None
    for key, secret in rows:
        assert sealing.secret_of(key) == secret
        for wrapped in changed(key.wrapped):
            with pytest.raises(WrongVaultKey):
                sealing.secret_of(SubjectKey(key.subject, wrapped))


def changed(data: bytes) -> Iterator[bytes]:
    """The bytes with one of them changed, each in turn; and cut short."""
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    yield data[:-1]


def test_a_secret_opens_under_the_name_of_its_subject_only() -> None:
    sealing = book().sealing
    key, _ = sealing.new_secret(b"a" * 16)
    with pytest.raises(WrongVaultKey):
        sealing.secret_of(SubjectKey(b"b" * 16, key.wrapped))


def test_another_entry_or_another_order_of_subjects_seals_under_another_key() -> None:
    sealing, nonce = book().sealing, bytes(16)
    one, other = (sealing.new_secret(tag * 16)[1] for tag in (b"a", b"b"))
    sealed = sealing.sealed(b"values", nonce=nonce, secrets=[one, other])
    assert sealing.payload(sealed, nonce=nonce, secrets=[other, one]) is None
    assert sealing.payload(sealed, nonce=bytes(15) + b"1", secrets=[one, other]) is None


def test_ids_names_and_purposes_planted_in_entries_are_in_no_file_of_the_log(tmp_path: Path) -> None:
    async def story(of: EntryBook) -> None:
        log = await Log.open(
            f"sqlite:///{tmp_path}/log.db", origin=ORIGIN, signers=[SIGNER], guard=tmp_path / "guard"
        )
        try:
            for number in range(40):
                asked = intent(
                    of, *PEOPLE, purpose="低保复核", case=f"{NAMES[number % 3]} {PEOPLE[number % 3]}"
                )
                receipt = await log.append(asked.bytes, alongside=asked.alongside)
                told = outcome(of, receipt.index, *PEOPLE)
                await log.append(told.bytes, alongside=told.alongside)
        finally:
            await log.aclose()

    asyncio.run(story(book()))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.stat().st_size > 20_000 for path in files)
    for path in files:
        data = path.read_bytes()
        for planted in (*PEOPLE, *NAMES, OFFICER, "低保复核", "DIBAO"):
            assert planted.encode() not in data, path.name
            assert planted.encode("utf-16-le") not in data, path.name


def test_a_shredded_secret_is_soon_nowhere_in_the_files_of_a_running_log(tmp_path: Path) -> None:
    async def story(of: EntryBook) -> None:
        log = await Log.open(
            f"sqlite:///{tmp_path}/log.db", origin=ORIGIN, signers=[SIGNER], guard=tmp_path / "guard"
        )
        try:
            made = intent(of, PEOPLE[0])
            await log.append(made.bytes, alongside=made.alongside)
            [key] = log.reader.keys_of([bytes.fromhex(of.pseudonym(PEOPLE[0]))])
            for at in range(20):  # others of the same kind, so that pages are shared
                other = intent(of, PEOPLE[1], at_s=at)
                await log.append(other.bytes, alongside=other.alongside)
            assert files_with(key.wrapped, tmp_path)
            tags = [of.pseudonym(PEOPLE[0])]
            shred = of.shredding(at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=tags)
            await log.append(shred.bytes, alongside=shred.alongside)
            for _ in range(100):  # the log's keeper comes round ten times a second
                if not files_with(key.wrapped, tmp_path):
                    break
                await asyncio.sleep(0.05)
            assert files_with(key.wrapped, tmp_path) == []
        finally:
            await log.aclose()

    asyncio.run(story(book()))


def files_with(data: bytes, folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]


def nested(levels: int) -> Json:
    """A number inside so many lists."""
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


def test_the_deepest_value_that_is_sealed_is_opened_disclosed_and_stated(open_log: OpenLog) -> None:
    deepest = nested(DEEPEST_COMMITTED)

    async def write() -> None:
        async with open_log() as log:
            of = book()
            made = of.entry(
                "inquiry.outcome",
                at=NOW,
                fields={"intent": 0, "sources": {}},
                subjects=PEOPLE[:1],
                committed={"inputs": deepest},
            )
            await log.append(made.bytes, alongside=made.alongside)
            vault = Vault(log.reader, of.sealing)
            assert vault.values(0) == {"inputs": deepest}
            [opened] = vault.disclose(0)
            assert unpack_disclosures(pack_disclosures([opened])) == [opened]
            stated = Statement(
                {"2026-11": of.pseudonym(PEOPLE[0])}, b"head", (Access(0, made.bytes, (), (opened,)),)
            )
            assert Statement.parse(stated.to_bytes()).accesses[0].opened == (opened,)

    asyncio.run(write())


def test_a_value_that_could_not_be_opened_again_is_not_sealed() -> None:
    with pytest.raises(NotCanonical):
        book().entry(
            "inquiry.outcome",
            at=NOW,
            fields={"intent": 0, "sources": {}},
            subjects=PEOPLE[:1],
            committed={"inputs": nested(DEEPEST_COMMITTED + 1)},
        )


def test_a_long_value_spelled_by_its_maker_is_opened_whole_and_takes_little_room(open_log: OpenLog) -> None:
    rows: list[Json] = [{"fen": number, "month": "2026-10", "person": PEOPLE[0]} for number in range(400)]
    document = canonical({"rows": rows})

    async def write() -> None:
        async with open_log() as log:
            of = book()
            fields: dict[str, Json] = {"intent": 0, "sources": {}}
            made = of.entry(
                "inquiry.outcome",
                at=NOW,
                fields=fields,
                subjects=PEOPLE[:1],
                committed={"inputs": Spelled(document), "category": "DIBAO"},
            )
            await log.append(made.bytes, alongside=made.alongside)
            vault = Vault(log.reader, of.sealing)
            assert vault.values(0) == {"inputs": {"rows": rows}, "category": "DIBAO"}
            entry = parse_entry(made.bytes)
            for opened_field in vault.disclose(0):
                opened_field.check(entry.committed)
            sealed = log.reader.sealed_beside([0])[0]
            assert len(sealed.payload) < len(document) / 4
            assert PEOPLE[0].encode() not in sealed.payload

    asyncio.run(write())
