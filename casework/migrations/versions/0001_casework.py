"""Casework as it first was: cases, findings, their steps, hearings, decisions, corrections and clocks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _cases()
    _findings()
    _decisions()
    _corrections()
    _links()


def _cases() -> None:
    op.create_table(
        "casework_case",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("number", sa.String(40), nullable=False, unique=True),
        sa.Column("household", sa.String(40), nullable=False, index=True),
        sa.Column("region", sa.String(12), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("near_relative", sa.Integer, nullable=False),
        sa.Column("opened_on", sa.String(10), nullable=False),
        sa.Column("opened_by", sa.String(96), nullable=False),
        sa.Column("assigned", sa.String(96)),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "casework_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("about", sa.String(32), nullable=False, index=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("post", sa.String(32), nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "casework_clock",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("about", sa.String(32), nullable=False, index=True),
        sa.Column("region", sa.String(12), nullable=False, index=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("started_on", sa.String(10), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False, index=True),
        sa.Column("cite", sa.Text, nullable=False),
        sa.Column("met_on", sa.String(10)),
        sa.UniqueConstraint("about", "kind", name="one_clock_of_a_kind"),
    )


def _findings() -> None:
    op.create_table(
        "casework_finding",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id"), nullable=False, index=True),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("records", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("found_on", sa.String(10), nullable=False),
        sa.Column("told_on", sa.String(10)),
        sa.Column("objection_until", sa.String(10)),
        sa.Column("assigned", sa.String(96)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("case_id", "rule", "person", name="one_finding_of_a_rule_and_person"),
    )
    op.create_table(
        "casework_hearing",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id"), nullable=False, index=True),
        sa.Column("held_on", sa.String(10), nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _decisions() -> None:
    op.create_table(
        "casework_decision",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("adverse", sa.Integer, nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("payable_fen", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("visited", sa.Integer, nullable=False),
        sa.Column("finding_id", sa.String(32), sa.ForeignKey("casework_finding.id")),
        sa.Column("hearing_id", sa.String(32), sa.ForeignKey("casework_hearing.id")),
        sa.Column("pack", sa.String(64), nullable=False),
        sa.Column("rules", sa.String(64), nullable=False),
        sa.Column("inputs", sa.String(64), nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("drafted_by", sa.String(96), nullable=False),
        sa.Column("drafted_on", sa.String(10), nullable=False),
        sa.Column("second", sa.String(96)),
        sa.Column("decided_on", sa.String(10)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("second is null or second <> drafted_by", name="two_people"),
        sa.CheckConstraint(
            "adverse = 0 or state <> 'CONFIRMED' or (finding_id is not null and hearing_id is not null"
            " and second is not null and reason <> '')",
            name="heard_before_adverse",
        ),
    )


def _corrections() -> None:
    op.create_table(
        "casework_correction",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id")),
        sa.Column("region", sa.String(12), nullable=False, index=True),
        sa.Column("source", sa.String(32), nullable=False, index=True),
        sa.Column("record", sa.String(40), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("columns", sa.Text, nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(96), nullable=False),
        sa.Column("asked_on", sa.String(10), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("letter", sa.Text),
        sa.Column("answered_by", sa.String(96)),
        sa.Column("answered_on", sa.String(10)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "state not in ('CORRECTED', 'UPHELD') or (answer <> '' and answered_by is not null"
            " and answered_on is not null)",
            name="answered_in_words",
        ),
    )


def _links() -> None:
    op.create_table(
        "casework_link",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("region", sa.String(12), nullable=False, index=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("record", sa.String(40), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("names_agree", sa.Integer),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_on", sa.String(10), nullable=False),
        sa.Column("decided_by", sa.String(96)),
        sa.Column("decided_on", sa.String(10)),
        sa.Column("reason", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("source", "record", "record_id", "person", name="one_link_of_a_row_and_person"),
        sa.CheckConstraint(
            "state = 'PROPOSED' or (decided_by is not null and decided_on is not null and reason <> '')",
            name="decided_by_a_person",
        ),
    )
