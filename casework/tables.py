"""What is kept of what people decided: the tables of cases, findings, decisions, agreements, authorizations and the rest.

They lie in the audit log's database, because a change and its entry are one transaction. Nothing
here names a person: who is meant stands as the log's pseudonym, and who they are is read from the
registers when the page is opened. Days are ISO text and instants whole milliseconds, so that both
databases sort and compare them alike. Every row that can change carries a `version`.
"""

from __future__ import annotations

import sqlalchemy as sa

from casework.guards import guard

metadata = sa.MetaData()

VERSIONS = "casework_schema"
REVISION = "0004"
"""The newest step in `casework/migrations`: what these tables are."""

Instant = sa.BigInteger()
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # only INTEGER is SQLite's own row id

case = sa.Table(
    "casework_case",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("number", sa.String(40), nullable=False, unique=True),
    sa.Column("household", sa.String(40), nullable=False, index=True),
    sa.Column("region", sa.String(12), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("opened_on", sa.String(10), nullable=False),
    sa.Column("opened_by", sa.String(96), nullable=False),
    sa.Column("assigned", sa.String(96)),
    sa.Column("version", sa.Integer, nullable=False),
)
finding = sa.Table(
    "casework_finding",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id"), nullable=False, index=True),
    sa.Column("rule", sa.String(8), nullable=False),
    sa.Column("severity", sa.String(8), nullable=False),
    sa.Column("person", sa.String(32), nullable=False),  # pseudonym, or empty for the household
    sa.Column("evidence", sa.Text, nullable=False),  # JSON: numbers, days and codes
    sa.Column("records", sa.Text, nullable=False),  # JSON: `record type/record id`
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("found_on", sa.String(10), nullable=False),
    sa.Column("told_on", sa.String(10)),
    sa.Column("objection_until", sa.String(10)),
    sa.Column("assigned", sa.String(96)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("run", sa.String(64), index=True),  # the run over the district that found it, if one did
    sa.UniqueConstraint("case_id", "rule", "person", name="one_finding_of_a_rule_and_person"),
    sa.Index("casework_finding_oldest", "found_on", "rule", "id"),
    sa.Index("casework_finding_assigned", "assigned"),
)
step = sa.Table(
    "casework_step",
    metadata,
    sa.Column("id", Number, primary_key=True),  # given by the database, in the order of the entries
    sa.Column("about", sa.String(32), nullable=False, index=True),  # id of a case, finding or decision
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String(96), nullable=False),
    sa.Column("post", sa.String(32), nullable=False),
    sa.Column("before", sa.String(16), nullable=False),
    sa.Column("after", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
hearing = sa.Table(
    "casework_hearing",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id"), nullable=False, index=True),
    sa.Column("held_on", sa.String(10), nullable=False),
    sa.Column("record", sa.Text, nullable=False),  # what the person said, as written down
    sa.Column("by", sa.String(96), nullable=False),
    sa.Column("at", Instant, nullable=False),
)
decision = sa.Table(
    "casework_decision",
    metadata,
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
    sa.Column("facts_of_a_month", sa.Integer, nullable=False, server_default="0"),  # rule INC-08
    sa.Column("facts_of_longer", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint("second is null or second <> drafted_by", name="two_people"),
    sa.CheckConstraint(
        "adverse = 0 or state <> 'CONFIRMED' or (finding_id is not null and hearing_id is not null"
        " and second is not null and reason <> '')",
        name="heard_before_adverse",  # 社会救助法 art. 48, rule EXIT-04
    ),
)
clock = sa.Table(
    "casework_clock",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("about", sa.String(32), nullable=False, index=True),
    sa.Column("region", sa.String(12), nullable=False, index=True),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("started_on", sa.String(10), nullable=False),
    sa.Column("due_on", sa.String(10), nullable=False, index=True),
    sa.Column("cite", sa.Text, nullable=False),
    sa.Column("met_on", sa.String(10)),
    sa.UniqueConstraint("about", "kind", name="one_clock_of_a_kind"),
    sa.Index("casework_clock_overdue", "met_on", "due_on", "region", "kind"),
)
correction = sa.Table(
    "casework_correction",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id")),
    sa.Column("region", sa.String(12), nullable=False, index=True),
    sa.Column("source", sa.String(32), nullable=False, index=True),  # the department whose record it is
    sa.Column("record", sa.String(40), nullable=False),
    sa.Column("record_id", sa.String(64), nullable=False),
    sa.Column("columns", sa.Text, nullable=False),  # JSON: the columns that are disputed
    sa.Column("person", sa.String(32), nullable=False),  # pseudonym of the person or household
    sa.Column("claim", sa.Text, nullable=False),  # what is said to be right, and on what grounds
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("asked_by", sa.String(96), nullable=False),
    sa.Column("asked_on", sa.String(10), nullable=False),
    sa.Column("due_on", sa.String(10), nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("letter", sa.Text),  # number of the department's letter, where it answered by one
    sa.Column("answered_by", sa.String(96)),
    sa.Column("answered_on", sa.String(10)),
    sa.Column("version", sa.Integer, nullable=False),
    # What it was named by to whom the key is hidden; null where it is not.
    sa.Column("handle", sa.String(32)),
    sa.CheckConstraint(
        "state not in ('CORRECTED', 'UPHELD') or (answer <> '' and answered_by is not null"
        " and answered_on is not null)",
        name="answered_in_words",
    ),
)
link = sa.Table(
    "casework_link",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("region", sa.String(12), nullable=False, index=True),
    sa.Column("source", sa.String(32), nullable=False),
    sa.Column("record", sa.String(40), nullable=False),
    sa.Column("record_id", sa.String(64), nullable=False),
    sa.Column("person", sa.String(32), nullable=False),  # pseudonym
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("names_agree", sa.Integer),  # null where a name is missing
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("proposed_on", sa.String(10), nullable=False),
    sa.Column("decided_by", sa.String(96)),
    sa.Column("decided_on", sa.String(10)),
    sa.Column("reason", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("per_mille", sa.Integer),  # how likely a statistical linker holds it; null for the others
    sa.UniqueConstraint("source", "record", "record_id", "person", name="one_link_of_a_row_and_person"),
    sa.CheckConstraint("per_mille between 0 and 1000", name="per_mille_of_a_thousand"),
    sa.CheckConstraint(
        "state = 'PROPOSED' or (decided_by is not null and decided_on is not null and reason <> '')",
        name="decided_by_a_person",
    ),
)
row_finding = sa.Table(
    "casework_row_finding",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("source", sa.String(32), nullable=False, index=True),  # the department that delivered the row
    sa.Column("record", sa.String(40), nullable=False),
    sa.Column("record_id", sa.String(64), nullable=False),  # the department's own key, or the row's place
    sa.Column("batch", sa.String(64), nullable=False),  # digest of the delivery, or `live`
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
authorization = sa.Table(
    "casework_authorization",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("paper", sa.String(32), nullable=False, index=True),  # those who signed one paper together
    sa.Column("household", sa.String(40), nullable=False, index=True),
    sa.Column("region", sa.String(12), nullable=False, index=True),
    sa.Column("person", sa.String(32), nullable=False, index=True),  # pseudonym
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("departments", sa.Text, nullable=False),  # JSON: who may be asked
    sa.Column("method", sa.String(16)),  # null where only a withdrawal is on file here
    sa.Column("guardian", sa.String(32)),  # pseudonym of who signed for a minor
    sa.Column("valid_from", sa.String(10), nullable=False),
    sa.Column("valid_until", sa.String(10)),
    sa.Column("withdrawn_on", sa.String(10)),
    sa.Column("reason", sa.Text),
    sa.Column("scan", sa.String(64)),  # SHA-256 of the signed paper
    sa.Column("recorded_by", sa.String(96), nullable=False),
    sa.Column("recorded_on", sa.String(10), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("paper", "person", name="one_signature_of_a_person"),
    sa.CheckConstraint("method is not null or withdrawn_on is not null", name="signed_or_withdrawn"),
    sa.CheckConstraint("guardian is null or guardian <> person", name="guarded_by_another"),
)
agreement = sa.Table(
    "casework_agreement",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("number", sa.String(16), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # the agreement as it is signed
    sa.Column("digest", sa.String(64), nullable=False),  # of what it says
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
sa.Index(
    "casework_agreement_in_force",
    agreement.c.number,
    unique=True,
    sqlite_where=agreement.c.state == "IN_FORCE",
    postgresql_where=agreement.c.state == "IN_FORCE",
)
declaration = sa.Table(
    "casework_declaration",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_id", sa.String(32), sa.ForeignKey("casework_case.id"), nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),  # the first of the case, the second, …
    sa.Column("answers", sa.Text, nullable=False),  # JSON: what was asked, and what was said
    sa.Column("unasked", sa.Text, nullable=False),  # JSON: what a source tells, and by which clause
    sa.Column("made_on", sa.String(10), nullable=False),
    sa.Column("taken_by", sa.String(96), nullable=False),
    sa.UniqueConstraint("case_id", "number", name="one_declaration_of_a_number"),
)
version = sa.Table(
    VERSIONS,
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),  # in the form that Alembic keeps
    sa.PrimaryKeyConstraint("version_num", name=f"{VERSIONS}_pkc"),
)
sa.event.listen(metadata, "after_create", lambda _, connection, **__: guard(connection))
