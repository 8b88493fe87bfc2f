"""The tables of accounts: passwords, sessions and tokens are kept as hashes only."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text, true

from geogrid.archive.columns import Instant, Names
from geogrid.archive.schema import metadata

account = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("display", Text, nullable=False),
    Column("password_hash", Text, nullable=False, server_default=""),
    # A password that somebody else has set: until when it lets in, to be changed. Null: one's own.
    Column("password_until", Instant),
    # The subject at the identity provider, where the account comes in by OpenID Connect.
    Column("subject", Text, unique=True),
    Column("roles", Names, nullable=False),
    Column("subdistricts", Names, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Instant),
    Column("created_at", Instant, nullable=False),
)
account_session = Table(
    "account_session",
    metadata,
    Column("secret_hash", Text, primary_key=True),
    Column("account_name", ForeignKey("account.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("origin", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
account_token = Table(
    "account_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("account_name", ForeignKey("account.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("scopes", Names, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)
