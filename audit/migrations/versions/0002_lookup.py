"""Where in the log a person, a day or a list stands: an index that follows from the entries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; they are filled when they are first asked."""
    op.create_table(
        "audit_lookup",
        sa.Column("segment", whole, primary_key=True, autoincrement=False),
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("entry", whole, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_span",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("first", whole, nullable=False),
        sa.Column("last", whole, nullable=False),
    )
    op.create_table(
        "audit_followed",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", whole, nullable=False),
    )
