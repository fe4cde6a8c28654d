"""The tables. The tenant comes first in every key: all of a tenant's rows lie together.

`migrations/` makes them; a test holds that both agree. No column is SQLite's or PostgreSQL's alone.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy import PrimaryKeyConstraint as PrimaryKey
from sqlalchemy import UniqueConstraint as Unique

__all__ = [
    "asks",
    "audit",
    "audit_heads",
    "branches",
    "changes",
    "comments",
    "designs",
    "entries",
    "entry_marks",
    "grants",
    "heads",
    "identities",
    "indexed",
    "label_heads",
    "labels",
    "lease_events",
    "leases",
    "members",
    "merges",
    "metadata",
    "milestones",
    "ops",
    "people",
    "releases",
    "reviews",
    "rules",
    "sessions",
    "tenants",
    "tokens",
    "touches",
    "verdicts",
    "yjs_states",
]

metadata = MetaData()


def _column(name: str, kind: type[Text | BigInteger | LargeBinary]) -> Column[object]:
    return Column(name, kind, nullable=False)


# Append-only; the table is the outbox and the dedupe as well. Rows are kept in the order of their
# key (SQLite: WITHOUT ROWID), so a document's log is read in one sweep.
ops = Table(
    "ops",
    metadata,
    _column("tenant", Text),
    _column("collection", Text),
    _column("document", Text),
    _column("version", BigInteger),
    _column("src", Text),
    _column("seq", BigInteger),
    _column("author", Text),
    _column("time", BigInteger),
    _column("body", LargeBinary),
    _column("hash", LargeBinary),
    PrimaryKey("tenant", "collection", "document", "version", name="pk_ops"),
    Unique("tenant", "collection", "document", "src", "seq", name="uq_ops_src_seq"),
    sqlite_with_rowid=False,
)

# The row that a commit locks and moves. Nothing else lies here. `leases` counts the changes of who
# holds which element: a commit judged by other leases finds out without reading more.
heads = Table(
    "heads",
    metadata,
    _column("tenant", Text),
    _column("collection", Text),
    _column("document", Text),
    _column("version", BigInteger),
    _column("hash", LargeBinary),
    Column("leases", BigInteger, nullable=False, server_default="0"),
    PrimaryKey("tenant", "collection", "document", name="pk_heads"),
    sqlite_with_rowid=False,
)

milestones = Table(
    "milestones",
    metadata,
    _column("tenant", Text),
    _column("collection", Text),
    _column("document", Text),
    _column("version", BigInteger),
    _column("size", BigInteger),  # bytes of the body before compression
    _column("body", LargeBinary),  # zstd
    _column("checksum", LargeBinary),
    Column("base", BigInteger),  # the version that it is compressed against, if any
    PrimaryKey("tenant", "collection", "document", "version", name="pk_milestones"),
)

designs = Table(
    "designs",
    metadata,
    _column("tenant", Text),
    _column("id", Text),
    _column("name", Text),
    _column("created_at", BigInteger),
    _column("created_by", Text),
    _column("updated_at", BigInteger),
    _column("version", BigInteger),
    Column("trashed_at", BigInteger),
    Column("root", Text),  # of a branch: the design that it came from
    Column("protected_at", BigInteger),
    Column("frozen_at", BigInteger),
    PrimaryKey("tenant", "id", name="pk_designs"),
    sqlite_with_rowid=False,
)

# Names are not unique: two people may share one, and an erased person has none.
people = Table(
    "people",
    metadata,
    _column("tenant", Text),
    _column("id", Text),
    _column("name", Text),
    PrimaryKey("tenant", "id", name="pk_people"),
    Index("ix_people_name", "tenant", "name"),
    sqlite_with_rowid=False,
)

# What was done besides editing; append-only, chained like `ops`. "" where nothing applies.
audit = Table(
    "audit",
    metadata,
    _column("tenant", Text),
    _column("number", BigInteger),
    _column("time", BigInteger),
    _column("principal", Text),
    _column("action", Text),
    _column("design", Text),
    _column("element", Text),
    _column("request", Text),
    _column("address", Text),
    _column("details", LargeBinary),  # JSON
    _column("hash", LargeBinary),
    PrimaryKey("tenant", "number", name="pk_audit"),
    Index("ix_audit_design", "tenant", "design", "number"),
    sqlite_with_rowid=False,
)

# The row that an entry locks and moves.
audit_heads = Table(
    "audit_heads",
    metadata,
    _column("tenant", Text),
    _column("number", BigInteger),
    _column("hash", LargeBinary),
    PrimaryKey("tenant", name="pk_audit_heads"),
    sqlite_with_rowid=False,
)


def _texts(*names: str) -> list[Column[object]]:
    return [_column(name, Text) for name in names]


def _numbers(*names: str) -> list[Column[object]]:
    return [_column(name, BigInteger) for name in names]


# The rows of `server/records.py`, column by column.
branches = Table(
    "branches",
    metadata,
    *_texts("tenant", "id", "root", "name", "state"),
    *_numbers("created_at"),
    *_texts("created_by", "base_design"),
    *_numbers("base_version", "own_version"),
    Column("merged_version", BigInteger),
    PrimaryKey("tenant", "id", name="pk_branches"),
    Index("ix_branches_root", "tenant", "root"),
    sqlite_with_rowid=False,
)

merges = Table(
    "merges",
    metadata,
    *_texts("tenant", "id", "branch", "kind", "author"),
    *_numbers("at", "main_version", "branch_version"),
    *_texts("resolutions", "renamed", "contributors"),  # JSON
    Column("version", BigInteger),
    PrimaryKey("tenant", "id", name="pk_merges"),
    Index("ix_merges_branch", "tenant", "branch"),
    sqlite_with_rowid=False,
)

rules = Table(
    "rules",
    metadata,
    *_texts("tenant", "design", "body"),  # JSON
    PrimaryKey("tenant", "design", name="pk_rules"),
    sqlite_with_rowid=False,
)

reviews = Table(
    "reviews",
    metadata,
    *_texts("tenant", "id", "design"),
    Column("branch", Text),
    Column("from_version", BigInteger),
    Column("to_version", BigInteger),
    *_texts("title", "description", "state"),
    *_numbers("created_at"),
    *_texts("created_by"),
    PrimaryKey("tenant", "id", name="pk_reviews"),
    Index("ix_reviews_design", "tenant", "design"),
    sqlite_with_rowid=False,
)

verdicts = Table(
    "verdicts",
    metadata,
    *_texts("tenant", "review"),
    *_numbers("number"),
    *_texts("author", "verdict"),
    *_numbers("version"),
    *_texts("hash"),
    *_numbers("at"),
    *_texts("text"),
    PrimaryKey("tenant", "review", "number", name="pk_verdicts"),
    sqlite_with_rowid=False,
)

comments = Table(
    "comments",
    metadata,
    *_texts("tenant", "id", "design"),
    Column("review", Text),
    Column("thread", Text),
    *_texts("author"),
    *_numbers("at"),
    *_texts("text"),
    Column("anchor", Text),  # JSON
    *_numbers("version"),
    Column("edited_at", BigInteger),
    Column("resolved_at", BigInteger),
    Column("resolved_by", Text),
    PrimaryKey("tenant", "id", name="pk_comments"),
    Index("ix_comments_design", "tenant", "design"),
    sqlite_with_rowid=False,
)

asks = Table(
    "asks",
    metadata,
    *_texts("tenant", "person", "kind", "subject"),
    PrimaryKey("tenant", "person", "kind", "subject", name="pk_asks"),
    Index("ix_asks_subject", "tenant", "kind", "subject"),
    sqlite_with_rowid=False,
)

releases = Table(
    "releases",
    metadata,
    *_texts("tenant", "design", "environment"),
    *_numbers("number", "version"),
    *_texts("hash", "kind", "reason"),
    *_numbers("at"),
    *_texts("author", "approvals"),  # JSON
    PrimaryKey("tenant", "design", "environment", "number", name="pk_releases"),
    sqlite_with_rowid=False,
)

# Who holds which element. Rules: server/leases/SPEC.md. Times are of the database's clock.
leases = Table(
    "leases",
    metadata,
    _column("tenant", Text),
    _column("collection", Text),
    _column("document", Text),
    _column("element", Text),
    _column("principal", Text),
    _column("session", Text),
    _column("kind", Text),
    _column("contents", BigInteger),  # 0 or 1
    _column("token", BigInteger),
    _column("since", BigInteger),
    _column("until", BigInteger),
    _column("expires", BigInteger),
    _column("reason", Text),
    PrimaryKey("tenant", "collection", "document", "element", name="pk_leases"),
    sqlite_with_rowid=False,
)

# What happened to them; append-only.
lease_events = Table(
    "lease_events",
    metadata,
    _column("tenant", Text),
    _column("collection", Text),
    _column("document", Text),
    _column("epoch", BigInteger),
    _column("position", BigInteger),
    _column("time", BigInteger),
    _column("what", Text),
    _column("element", Text),
    _column("holder", Text),
    _column("by", Text),
    _column("kind", Text),
    _column("contents", BigInteger),
    _column("token", BigInteger),
    _column("reason", Text),
    _column("why", Text),
    PrimaryKey("tenant", "collection", "document", "epoch", "position", name="pk_lease_events"),
    sqlite_with_rowid=False,
)

# -- people, and what they may do -------------------------------------------------------------------

# "default" needs no row; the others are made by hand.
tenants = Table(
    "tenants",
    metadata,
    _column("tenant", Text),
    _column("name", Text),
    _column("created_at", BigInteger),
    Column("disabled_at", BigInteger),
    _column("quotas", Text),  # JSON
    PrimaryKey("tenant", name="pk_tenants"),
    sqlite_with_rowid=False,
)

# Counted up by whatever changes what somebody may do.
changes = Table(
    "changes",
    metadata,
    _column("tenant", Text),
    _column("number", BigInteger),
    PrimaryKey("tenant", name="pk_changes"),
    sqlite_with_rowid=False,
)

grants = Table(
    "grants",
    metadata,
    _column("tenant", Text),
    _column("design", Text),
    _column("scope", Text),
    _column("kind", Text),
    _column("subject", Text),
    _column("role", Text),
    _column("granted_by", Text),
    _column("granted_at", BigInteger),
    PrimaryKey("tenant", "design", "scope", "kind", "subject", name="pk_grants"),
    Index("ix_grants_subject", "tenant", "kind", "subject"),
    sqlite_with_rowid=False,
)

# Who a person is at an identity provider.
identities = Table(
    "identities",
    metadata,
    _column("tenant", Text),
    _column("issuer", Text),
    _column("subject", Text),
    _column("person", Text),
    PrimaryKey("tenant", "issuer", "subject", name="pk_identities"),
    Index("ix_identities_person", "tenant", "person"),
    sqlite_with_rowid=False,
)

members = Table(
    "members",
    metadata,
    _column("tenant", Text),
    _column("person", Text),
    _column("is_admin", BigInteger),  # 0 or 1
    _column("joined_at", BigInteger),
    _column("seen_at", BigInteger),
    Column("blocked_at", BigInteger),
    _column("signed_out_at", BigInteger),
    PrimaryKey("tenant", "person", name="pk_members"),
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    metadata,
    _column("tenant", Text),
    _column("hash", LargeBinary),
    _column("person", Text),
    _column("groups", Text),  # JSON
    _column("created_at", BigInteger),
    _column("expires_at", BigInteger),
    _column("address", Text),
    PrimaryKey("tenant", "hash", name="pk_sessions"),
    Index("ix_sessions_person", "tenant", "person"),
    sqlite_with_rowid=False,
)

tokens = Table(
    "tokens",
    metadata,
    _column("tenant", Text),
    _column("id", Text),
    _column("name", Text),
    _column("hash", LargeBinary),
    _column("scopes", Text),  # JSON
    _column("created_by", Text),
    _column("created_at", BigInteger),
    _column("expires_at", BigInteger),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
    PrimaryKey("tenant", "id", name="pk_tokens"),
    sqlite_with_rowid=False,
)

# The history that people see, made of the ops and never the truth: it can be made anew at any time.
# How far it goes: `version` is behind the last op looked at, `base` where the last entry begins;
# `form` is the number of the rules by which it was made.
indexed = Table(
    "indexed",
    metadata,
    *_texts("tenant", "design"),
    *_numbers("version", "base", "form"),
    PrimaryKey("tenant", "design", name="pk_indexed"),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    metadata,
    *_texts("tenant", "design"),
    *_numbers("base", "version"),
    *_texts("kind", "authors"),  # JSON: a list of ids
    *_numbers("started_at", "ended_at", "edits", "elements"),
    *_texts("summary"),
    Column("origin", Text),  # JSON
    PrimaryKey("tenant", "design", "base", name="pk_entries"),
    sqlite_with_rowid=False,
)

# By what entries are looked for: "a:" an author, "k:" a kind.
entry_marks = Table(
    "entry_marks",
    metadata,
    *_texts("tenant", "design", "mark"),
    *_numbers("base"),
    PrimaryKey("tenant", "design", "mark", "base", name="pk_entry_marks"),
    sqlite_with_rowid=False,
)

# The ops by the elements and properties that they touch; `version` is the one that the op made.
touches = Table(
    "touches",
    metadata,
    *_texts("tenant", "design", "element"),
    *_numbers("version"),
    *_texts("bucket"),
    PrimaryKey("tenant", "design", "element", "version", "bucket", name="pk_touches"),
    sqlite_with_rowid=False,
)

# Names that people gave to versions; append-only, chained like `ops`: the last row of a version
# holds, and an empty name takes it back. `anchor` is the hash of the op that made the version.
labels = Table(
    "labels",
    metadata,
    *_texts("tenant", "design"),
    *_numbers("number", "version"),
    *_texts("name", "note"),
    *_numbers("protected"),
    *_texts("author"),
    *_numbers("at"),
    _column("anchor", LargeBinary),
    _column("hash", LargeBinary),
    PrimaryKey("tenant", "design", "number", name="pk_labels"),
    Index("ix_labels_version", "tenant", "design", "version", "number"),
    sqlite_with_rowid=False,
)

# The row that a label locks and moves.
label_heads = Table(
    "label_heads",
    metadata,
    *_texts("tenant", "design"),
    *_numbers("number"),
    _column("hash", LargeBinary),
    PrimaryKey("tenant", "design", name="pk_label_heads"),
    sqlite_with_rowid=False,
)

yjs_states = Table(
    "yjs_states",
    metadata,
    *_texts("tenant", "collection", "document"),
    *_numbers("number", "version"),
    _column("body", LargeBinary),  # zstd
    PrimaryKey("tenant", "collection", "document", "number", name="pk_yjs_states"),
)
