"""The language and the format in which a person is written to, and the generation of the links to their page."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what staff noted in words stands beside them as before."""
    for name in ("wished_language", "need_codes"):
        op.add_column("contacts", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("contacts", sa.Column("tracking_generation", sa.Integer, nullable=False, server_default="0"))
    op.add_column("needs", sa.Column("language", sa.Text, nullable=False, server_default=""))
