"""A record can be disputed by whom its key is hidden from; 公示 and clocks are guarded by the database, too."""

import sqlalchemy as sa
from alembic import op

from casework.guards import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the handle, and put the guards of today on the tables."""
    op.add_column("casework_correction", sa.Column("handle", sa.String(32)))
    guard(op.get_bind())
