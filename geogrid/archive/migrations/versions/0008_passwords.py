"""Know passwords that must be changed, and where a session came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; passwords that are there are their owners' own."""
    op.add_column("account", sa.Column("password_until", sa.DateTime(timezone=True)))
    origin = sa.Column("origin", sa.Text(), server_default="", nullable=False)
    op.add_column("account_session", origin)
