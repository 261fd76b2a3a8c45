"""What the parsers of entries, disclosures, samples, statements and served lists must hold for any bytes."""

from __future__ import annotations

from collections.abc import Callable

from audit.catalogue import parse_entry
from audit.commitment import Disclosure, canonical, parse_canonical
from audit.disclosure import pack_disclosures, unpack_disclosures
from audit.errors import Malformed
from audit.note import Note
from audit.reconcile import ServedList
from audit.sample import Frame, SampleRecord
from audit.statement import Access, Statement
from tests.audit.conftest import ORIGIN, SIGNER
from tests.audit.synthetic import PEOPLE, book, intent

Check = Callable[[bytes], None]

_MADE = intent(book(), PEOPLE[0])
_OPENED = _MADE.disclose("purpose", index=3)
_CHECKPOINT = f"{ORIGIN}\n7\n{'A' * 43}=\n\n— {ORIGIN} AAAAAAA=\n".encode()
_STATEMENT = Statement(
    {"2026": "0" * 32}, _CHECKPOINT, (Access(3, _MADE.bytes, (bytes(32), bytes(range(32))), (_OPENED,)),)
)
_RECORD = SampleRecord(10, 11, 12, "ab" * 32, (0, 2), Frame(((0, "DIBAO"), (2, "TEKUN"))))


def _same(parse: Callable[[bytes], bytes]) -> Check:
    """Whatever is read is written back alike."""

    def check(data: bytes) -> None:
        try:
            written = parse(data)
        except Malformed:
            return
        assert written == data

    return check


def _entry(data: bytes) -> bytes:
    parse_entry(data)
    return canonical(parse_canonical(data))


def _disclosure(data: bytes) -> bytes:
    return canonical(Disclosure.from_json(parse_canonical(data)).as_json())


def _served(data: bytes) -> bytes:
    """Signed here, so that the list itself is reached."""
    text = data.decode("utf-8", "surrogateescape")
    if not text.isascii():
        raise Malformed("expected what can be signed")
    signed = bytes(Note(text, (SIGNER.signature(text, time=0),)))
    return str(ServedList.open(signed, key=SIGNER.key)).encode()


EVIDENCE_PARSERS: dict[str, tuple[bytes, Check]] = {
    "entry": (_MADE.bytes, _same(_entry)),
    "canonical": (
        b'{"a":["\xe5\xa4\x8d",1,null,true]}',
        _same(lambda data: canonical(parse_canonical(data))),
    ),
    "disclosure": (canonical(_OPENED.as_json()), _same(_disclosure)),
    "disclosures": (
        pack_disclosures([_OPENED]),
        _same(lambda data: pack_disclosures(unpack_disclosures(data))),
    ),
    "sample": (_RECORD.to_bytes(), _same(lambda data: SampleRecord.parse(data).to_bytes())),
    "statement": (_STATEMENT.to_bytes(), _same(lambda data: Statement.parse(data).to_bytes())),
    "served": (b"hedui-served/v1\nhealth\n2026-11-22\n17 3\n21 1\n", _same(_served)),
}
"""By name: bytes that are good, and what must hold for any."""
