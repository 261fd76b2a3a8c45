"""Authorizations, agreements, declarations and findings about rows of our own; what decisions rest on by period."""

import sqlalchemy as sa
from alembic import op

from casework.guards import guard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns, and put the guards on what was there: always those of today."""
    with op.batch_alter_table("casework_finding") as finding:
        finding.add_column(sa.Column("run", sa.String(64)))
        finding.create_index("ix_casework_finding_run", ["run"])
        finding.create_index("casework_finding_oldest", ["found_on", "rule", "id"])
        finding.create_index("casework_finding_assigned", ["assigned"])
    op.create_index("casework_clock_overdue", "casework_clock", ["met_on", "due_on", "region", "kind"])
    with op.batch_alter_table("casework_link") as link:
        link.add_column(sa.Column("per_mille", sa.Integer))
        link.create_check_constraint("per_mille_of_a_thousand", "per_mille between 0 and 1000")
    with op.batch_alter_table("casework_decision") as decision:
        for name in ("facts_of_a_month", "facts_of_longer"):
            decision.add_column(sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    _row_findings()
    _authorizations()
    _agreements()
    _declarations()
    guard(op.get_bind())


def _row_findings() -> None:
    op.create_table(
        "casework_row_finding",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("source", sa.String(32), nullable=False, index=True),
        sa.Column("record", sa.String(40), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("batch", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("found_on", sa.String(10), nullable=False),
        sa.Column("correction_id", sa.String(32), sa.ForeignKey("casework_correction.id")),
        sa.Column("decided_by", sa.String(96)),
        sa.Column("decided_on", sa.String(10)),
        sa.Column("reason", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint(
            "source", "record", "record_id", "rule", "batch", name="one_finding_of_a_rule_and_row"
        ),
        sa.CheckConstraint(
            "state = 'SUSPECTED' or (decided_by is not null and decided_on is not null and reason <> '')",
            name="row_decided_by_a_person",
        ),
    )


def _authorizations() -> None:
    op.create_table(
        "casework_authorization",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("paper", sa.String(32), nullable=False, index=True),
        sa.Column("household", sa.String(40), nullable=False, index=True),
        sa.Column("region", sa.String(12), nullable=False, index=True),
        sa.Column("person", sa.String(32), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("departments", sa.Text, nullable=False),
        sa.Column("method", sa.String(16)),
        sa.Column("guardian", sa.String(32)),
        sa.Column("valid_from", sa.String(10), nullable=False),
        sa.Column("valid_until", sa.String(10)),
        sa.Column("withdrawn_on", sa.String(10)),
        sa.Column("reason", sa.Text),
        sa.Column("scan", sa.String(64)),
        sa.Column("recorded_by", sa.String(96), nullable=False),
        sa.Column("recorded_on", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("paper", "person", name="one_signature_of_a_person"),
        sa.CheckConstraint("method is not null or withdrawn_on is not null", name="signed_or_withdrawn"),
        sa.CheckConstraint("guardian is null or guardian <> person", name="guarded_by_another"),
    )


def _agreements() -> None:
    op.create_table(
        "casework_agreement",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("drafted_by", sa.String(96), nullable=False),
        sa.Column("drafted_on", sa.String(10), nullable=False),
        sa.Column("second", sa.String(96)),
        sa.Column("decided_on", sa.String(10)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("number", "revision", name="one_revision_of_a_number"),
        sa.CheckConstraint("second is null or second <> drafted_by", name="two_sign"),
        sa.CheckConstraint(
            "state not in ('IN_FORCE', 'REPLACED') or (second is not null and decided_on is not null)",
            name="in_force_by_two",
        ),
    )
    op.create_index(
        "casework_agreement_in_force",
        "casework_agreement",
        ["number"],
        unique=True,
        sqlite_where=sa.text("state = 'IN_FORCE'"),
        postgresql_where=sa.text("state = 'IN_FORCE'"),
    )


def _declarations() -> None:
    op.create_table(
        "casework_declaration",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id"), nullable=False, index=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("unasked", sa.Text, nullable=False),
        sa.Column("made_on", sa.String(10), nullable=False),
        sa.Column("taken_by", sa.String(96), nullable=False),
        sa.UniqueConstraint("case_id", "number", name="one_declaration_of_a_number"),
    )
