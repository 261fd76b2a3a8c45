"""Parts 6 to 12 of docs/audit-log-format.md are true: their examples verify, their tables are the code's."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from audit import kinds
from audit.bundle import Parcel
from audit.catalogue import parse_entry
from audit.commitment import canonical, field_keys, parse_canonical
from audit.disclosure import pack_disclosures, unpack_disclosures
from audit.entry import EntryBook
from audit.errors import MalformedBundle, WrongDisclosure
from audit.kinds import Kind
from audit.note import VerifierKey
from audit.reconcile import ServedList
from audit.sample import Plan, SampleRecord, draw_sample, sample_size, seed_of
from tests.audit.bundles import POLICY, files_of, make_bundle
from tests.audit.synthetic import NOW, OFFICER, PEOPLE, intent_fields

PAGE = (Path(__file__).parents[2] / "docs" / "audit-log-format.md").read_text(encoding="utf-8")


def example(name: str) -> bytes:
    found = re.search(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, f"an example of `{name}`"
    return found[1].encode()


def test_every_kind_of_field_is_in_its_table() -> None:
    for name, kind in vars(kinds).items():
        if isinstance(kind, Kind):
            assert f"| {name.lower()} | {kind.says} |" in PAGE


def test_the_example_of_an_entry_is_built_from_the_keys_that_stand_beside_it() -> None:
    numbers = bytes(range(16)) + bytes(range(32))
    of = EntryBook(
        pseudonym_key=bytes(32), vault_key=bytes(32), epoch="2026-11", entropy=lambda count: numbers[:count]
    )
    made = of.entry(
        "inquiry.intent",
        at=NOW,
        fields=intent_fields(),
        subjects=[PEOPLE[0]],
        committed={"purpose": "低保复核", "case": "A-17"},
    )
    assert example("entry") == made.bytes + b"\n"
    assert OFFICER in PAGE
    assert PEOPLE[0] in PAGE
    assert field_keys(bytes(range(32)), ["case", "purpose"])["purpose"].hex() in PAGE


def test_the_example_of_a_disclosure_opens_the_example_of_an_entry() -> None:
    entry = parse_entry(example("entry").removesuffix(b"\n"))
    [opened] = unpack_disclosures(example("disclosures").removesuffix(b"\n"))
    opened.check(entry.committed)
    assert pack_disclosures([opened]) + b"\n" == example("disclosures")
    with pytest.raises(WrongDisclosure):
        opened.check({**entry.committed, "purpose": entry.committed["case"]})


def test_the_example_of_a_sample_follows_from_head_and_secret() -> None:
    record = SampleRecord.parse(example("sample").removesuffix(b"\n"))
    head = example("sampled").decode()
    assert seed_of(head, bytes(range(32))) == record.seed
    assert draw_sample(record.frame, Plan(2, {"TEKUN": 30}), seed=record.seed) == record.picks
    assert record.frame.digest() in PAGE


def test_the_table_of_sample_sizes_is_computed() -> None:
    for confidence in (95, 99):
        for per_mille, words in ((50, "5 %"), (10, "1 %"), (1, "0.1 %")):
            sizes = [
                sample_size(population=n, defects=n * per_mille // 1000, confidence_percent=confidence)
                for n in (10_000, 100_000, 1_000_000)
            ]
            cells = " | ".join(f"{size:,}" for size in sizes)
            assert f"| {confidence} % | {words} | {cells} |" in PAGE


def test_the_example_of_a_served_list_is_signed_by_the_key_beside_it() -> None:
    [vkey] = re.findall(r"`(health\.example\+\S+)`", PAGE)
    served = ServedList.open(example("served"), key=VerifierKey.parse(vkey))
    assert served == ServedList("health", "2026-11-22", {17: 3, 21: 1})


def test_the_examples_of_a_header_and_of_contents_are_read(tmp_path: Path) -> None:
    header, contents, policy = (
        example(name).removesuffix(b"\n") for name in ("header", "contents", "policy")
    )
    made = make_bundle(tmp_path, rich=False)
    files = files_of(made.bundle)
    assert canonical({**parse_canonical(header), "export": made.export}) == files["bundle.json"]  # type: ignore[dict-item]
    listed = {"policy": {"bytes": len(policy) + 1, "sha256": sha256(policy + b"\n").hexdigest()}}
    assert parse_canonical(contents) == {"entries": "all", "files": listed}
    assert parse_canonical(files["contents.json"]).keys() == {"entries", "files"}  # type: ignore[union-attr]


def test_the_archive_has_the_headers_that_the_page_states(tmp_path: Path) -> None:
    with ZipFile(make_bundle(tmp_path).bundle) as archive:
        for one in archive.infolist():
            assert (one.extract_version, one.flag_bits, one.compress_type) == (20, 0, 0)
            assert (one.create_system << 8 | one.create_version, one.date_time[:3]) == (0x0314, (1980, 1, 1))
            assert (one.internal_attr, one.external_attr, one.extra, one.comment) == (0, 0x81A40000, b"", b"")
    for number in ("is 20", "0x0021", "0x0314", "0x81A40000"):
        assert number in PAGE


def test_every_file_of_a_bundle_is_named_in_its_table(tmp_path: Path) -> None:
    made = make_bundle(tmp_path)
    names = {
        re.sub(r"/.*", "/", name)
        for name in (*made.parcel.listed_files(), "bundle.json", "tile/", "entries/")
    }
    for name in names | {"checkpoint", "contents.json"}:
        assert re.search(rf"^\| `{re.escape(name)}", PAGE, re.MULTILINE), name


@pytest.mark.parametrize("folder", ["packs", "rules"])
def test_packs_and_rule_sets_are_called_by_their_digest_as_the_page_says(folder: str) -> None:
    assert f"`{folder}/<SHA-256>.<ending>`" in PAGE
    digest = sha256(b"x").hexdigest()
    Parcel(bytes(POLICY), attachments={f"{folder}/{digest}.json": b"x"})
    with pytest.raises(MalformedBundle):
        Parcel(bytes(POLICY), attachments={f"{folder}/{digest}.json": b"y"})
