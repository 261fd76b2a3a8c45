"""Are packs and rules kept by their hash, and only as long as they are what their name says?"""

from hashlib import sha256

from gateway.versions import keep_versions, kept_versions
from verification.catalogue import CATALOGUE
from verification.pack import load_pack

PACK = load_pack("demo-2026")
OTHER = PACK.changed({"dibao_standard_fen_month": 1}, why="test")


def test_every_pack_that_was_judged_by_is_kept_beside_the_present_one(tmp_path):
    keep_versions(tmp_path, OTHER)
    keep_versions(tmp_path, OTHER)
    found = kept_versions(tmp_path, PACK)
    assert found.keys() == {
        f"packs/{PACK.hash}.json",
        f"packs/{OTHER.hash}.json",
        f"rules/{CATALOGUE.hash}.txt",
    }
    for name, data in found.items():
        assert sha256(data).hexdigest() in name
    assert not list((tmp_path / "versions").rglob("*.new"))


def test_a_kept_file_that_was_changed_is_not_carried_on(tmp_path):
    keep_versions(tmp_path, OTHER)
    path = tmp_path / "versions" / "packs" / f"{OTHER.hash}.json"
    path.write_bytes(path.read_bytes().replace(b"test", b"text"))
    assert f"packs/{OTHER.hash}.json" not in kept_versions(tmp_path, PACK)


def test_without_anything_kept_the_present_versions_are_there(tmp_path):
    assert len(kept_versions(tmp_path / "nowhere", PACK)) == 2
