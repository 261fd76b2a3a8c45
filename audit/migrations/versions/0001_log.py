"""The log as it first was: head, entries, tiles, and what lies beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")
octets = sa.LargeBinary


def upgrade() -> None:
    """Make every table."""
    _log()
    _beside_the_log()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table audit_batch alter column data set storage external")
        op.execute("alter table audit_tile alter column hashes set storage external")


def _log() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("size", whole, nullable=False),
        sa.Column("peaks", octets, nullable=False),
        sa.Column("note", octets, nullable=False),
        sa.Column("successor", sa.Text),
    )
    op.create_table(
        "audit_batch",
        sa.Column("first", whole, primary_key=True, autoincrement=False),
        sa.Column("data", octets, nullable=False),
    )
    op.create_table(
        "audit_tile",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", whole, primary_key=True, autoincrement=False),
        sa.Column("hashes", octets, nullable=False),
    )


def _beside_the_log() -> None:
    op.create_table(
        "audit_sealed",
        sa.Column("entry", whole, primary_key=True, autoincrement=False),
        sa.Column("subject", octets, primary_key=True),
        sa.Column("key_id", octets, nullable=False),
        sa.Column("payload", octets, nullable=False),
    )
    op.create_table(
        "audit_subject_key",
        sa.Column("subject", octets, primary_key=True),
        sa.Column("key_id", octets, primary_key=True),
        sa.Column("wrapped", octets, nullable=False),
    )
    op.create_table(
        "audit_cosigned",
        sa.Column("size", whole, primary_key=True, autoincrement=False),
        sa.Column("note", octets, nullable=False),
    )
