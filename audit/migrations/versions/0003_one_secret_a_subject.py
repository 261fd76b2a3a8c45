"""One secret for each subject; before, each subject of an entry had a share of that entry's key.

What was sealed is opened and sealed anew, so the vault key is needed where there is any. An entry one of
whose subjects was shredded stays closed: nothing is left beside it. Standing in one transaction, it
comes about as a whole or not at all. It keeps its own copy of both forms: those of the program go on changing.
"""

from collections.abc import Iterator, Sequence
from hashlib import shake_256
from hmac import digest
from json import loads
from os import urandom
from struct import pack

import sqlalchemy as sa
from alembic import context, op
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import OtherSchema, WrongVaultKey

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")
octets = sa.LargeBinary


def upgrade() -> None:
    """Make the new columns and the new table, move over what was sealed, drop the old tables."""
    op.add_column("audit_head", sa.Column("shreddings", whole, nullable=False, server_default="0"))
    op.add_column("audit_batch", sa.Column("sealed", octets))
    op.rename_table("audit_subject_key", "audit_share")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table audit_batch alter column sealed set storage external")
        op.execute("alter index audit_subject_key_pkey rename to audit_share_pkey")
    op.create_table(
        "audit_subject_key",
        sa.Column("subject", octets, primary_key=True),
        sa.Column("wrapped", octets, nullable=False),
        sqlite_with_rowid=False,
    )
    _seal_anew(op.get_bind())
    op.drop_table("audit_sealed")
    op.drop_table("audit_share")


def _seal_anew(connection: sa.Connection) -> None:
    [(sealed,)] = connection.execute(sa.text("select count(*) from audit_sealed"))
    if not sealed:
        return
    key = context.config.attributes.get("vault_key")
    if not isinstance(key, bytes):
        raise OtherSchema(f"expected the vault key, to seal the values of `{sealed}` entries anew")
    vault, secrets = _Vault(connection, key), dict[str, bytes]()
    for (first,) in connection.execute(sa.text("select first from audit_batch order by first")).fetchall():
        frames = [
            pack(">HI", at, len(payload)) + payload
            for at, entry in enumerate(_entries(connection, first))
            if (payload := vault.anew(first + at, entry, secrets)) is not None
        ]
        if frames:
            connection.execute(
                sa.text("update audit_batch set sealed = :sealed where first = :first"),
                {"sealed": b"".join(frames), "first": first},
            )
    rows = [{"subject": bytes.fromhex(tag), "wrapped": vault.wrapped(tag, secrets[tag])} for tag in secrets]
    if rows:
        connection.execute(
            sa.text("insert into audit_subject_key (subject, wrapped) values (:subject, :wrapped)"), rows
        )


class _Vault:
    def __init__(self, connection: sa.Connection, key: bytes) -> None:
        self._connection, self._wrap = connection, AESGCM(key)
        self._root = shake_256(b"hedui-vault/v2 root\n" + key).digest(48)[:32]

    def anew(self, index: int, entry: bytes, secrets: dict[str, bytes]) -> bytes | None:
        """Mark and payload in the new form; None when nothing was sealed, or nobody can open it."""
        row = self._connection.execute(
            sa.text("select key_id, payload from audit_sealed where entry = :entry"), {"entry": index}
        ).one_or_none()
        if row is None:
            return None
        nonce, payload = map(bytes, row)
        subjects: list[str] = loads(entry)["subjects"]
        tags = [bytes.fromhex(tag) for tag in subjects] or [b"nobody" + nonce]
        shares = [self._share(tag, nonce) for tag in tags]
        if None in shares:
            return None
        entry_key = _joined([share for share in shares if share is not None])
        values = _opened(digest(entry_key, b"\0payload", "sha256"), payload, nonce)
        own = [secrets.setdefault(tag, urandom(32)) for tag in subjects]
        derived = shake_256(b"hedui-vault/v2 entry\n" + self._root + nonce + b"".join(own)).digest(48)
        return derived[32:] + AESGCM(derived[:32]).encrypt(bytes(12), entry_key + values, nonce)

    def wrapped(self, tag: str, secret: bytes) -> bytes:
        """A secret as the new table keeps it."""
        iv = urandom(12)
        return iv + self._wrap.encrypt(iv, secret, bytes.fromhex(tag))

    def _share(self, tag: bytes, nonce: bytes) -> bytes | None:
        found = self._connection.execute(
            sa.text("select wrapped from audit_share where subject = :tag and key_id = :nonce"),
            {"tag": tag, "nonce": nonce},
        ).scalar()
        if found is None:
            return None
        wrapped = bytes(found)
        try:
            return self._wrap.decrypt(wrapped[:12], wrapped[12:], tag + nonce)
        except (InvalidTag, ValueError) as error:
            raise WrongVaultKey("expected shares wrapped under this vault key") from error


def _entries(connection: sa.Connection, first: int) -> Iterator[bytes]:
    [(held,)] = connection.execute(
        sa.text("select data from audit_batch where first = :first"), {"first": first}
    )
    data, at = bytes(held), 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : end]
        at = end


def _joined(shares: Sequence[bytes]) -> bytes:
    key = 0
    for share in shares:
        key ^= int.from_bytes(share, "big")
    return key.to_bytes(32, "big")


def _opened(key: bytes, payload: bytes, nonce: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(bytes(12), payload, nonce)
    except (InvalidTag, ValueError) as error:
        raise WrongVaultKey("expected a payload sealed under its entry's key") from error
