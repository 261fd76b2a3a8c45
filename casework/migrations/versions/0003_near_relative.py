"""Whether an applicant is near to staff is civil affairs' to say (`Application.near_relative`): no case has a copy of it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the column, which nothing ever set."""
    op.drop_column("casework_case", "near_relative")
