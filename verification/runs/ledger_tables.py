"""Which tables does the database of runs have? Those of `runs.ledger`, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

META = sa.MetaData()
RUN = sa.Table(
    "run",
    META,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("begun_at", sa.String(40), nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("rules", sa.String(64), nullable=False),
    sa.Column("pack", sa.String(64), nullable=False),
    sa.Column("inputs", sa.String(64), nullable=False),
    sa.Column("households", sa.BigInteger, nullable=False),
    sa.Column("entry", sa.BigInteger, nullable=True),
)
SHARD = sa.Table(
    "run_shard",
    META,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("worker", sa.String(200)),
    sa.Column("claimed_until", sa.String(40)),
)
PART = sa.Table(
    "run_part",
    META,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("households", sa.LargeBinary, nullable=False),  # packed, in order
)
KNOWN_PARTS = sa.Table(
    "run_known",
    META,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("known", sa.LargeBinary, nullable=False),  # packed `changes.KNOWN`, in order
)
HELD = sa.Table(
    "run_held",
    META,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(64), primary_key=True),
    sa.Column("households", sa.BigInteger, nullable=False),
)
JUDGEMENT = sa.Table(
    "run_judgement",
    META,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("household", sa.String(64), primary_key=True),
    sa.Column("canonical", sa.LargeBinary, nullable=False),
)
FILES = sa.Table(
    "run_file",
    META,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
)
