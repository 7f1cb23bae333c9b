"""Runs the migrations on the connection that `bot.store.schema` hands over, and tells it of each that has run."""

from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationInfo

from bot.store.tables import metadata

attributes = context.config.attributes


def _tell(*, step: MigrationInfo, **_more: Any) -> None:
    attributes["progress"](step.up_revision_id)


context.configure(
    connection=attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
    on_version_apply=_tell,  # type: ignore[arg-type]  # its type says that it is called by position, and it is not
)
context.run_migrations()
