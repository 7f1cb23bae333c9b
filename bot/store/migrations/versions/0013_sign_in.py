"""Throttles that every process shares, one-time links, second factors, and tokens that end."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and columns. Tokens that exist never end, as was promised when they were made."""
    op.create_table(
        "throttles", sa.Column("key", sa.Text, primary_key=True), sa.Column("full_at", Instant, nullable=False)
    )
    op.create_index("ix_throttles_full_at", "throttles", ["full_at"])
    op.create_table(
        "sign_in_links",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
    )
    op.create_index("ix_sign_in_links_address", "sign_in_links", ["address"])
    for name in ("second_factor", "recovery_codes"):
        op.add_column("staff", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("staff", sa.Column("second_factor_step", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("how", sa.Text, nullable=False, server_default=""))
    op.add_column("tokens", sa.Column("ends_at", Instant))
