"""A later version of the program, as far as the store sees it: a migration more, which takes its time."""

import shutil
from pathlib import Path

import pytest

from bot.store import schema

REVISION = "9001"
# It holds the tables of every message for longer than the database lets others wait for a lock, and adds to each.
_MIGRATION = f'''"""What a later version adds."""

from alembic import op

revision = "{REVISION}"
down_revision = "{{before}}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to each of the busiest tables, an index, and a table."""
    for table in ("contacts", "messages", "events", "deliveries"):
        op.execute(f"ALTER TABLE {{{{table}}}} ADD COLUMN later TEXT NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX ix_deliveries_later ON deliveries (later, created_at)")
    op.execute("CREATE TABLE later (id BIGINT PRIMARY KEY)")
    op.execute("SELECT pg_sleep({{seconds}})")
'''


def upgrade(url: str, directory: Path, *, seconds: float) -> None:
    """Upgrade a store to that version's schema, in which every table stays locked for so long."""
    later = directory / "later"
    shutil.copytree(Path(schema.__file__).parent / "migrations", later)
    migration = _MIGRATION.format(before=schema.newest(), seconds=seconds)
    (later / "versions" / f"{REVISION}_later.py").write_text(migration, encoding="utf-8")
    with pytest.MonkeyPatch.context() as program:
        program.setattr(schema, "_MIGRATIONS", later)
        schema.upgrade(url)
