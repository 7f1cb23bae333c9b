"""Changes events as whoever has the database in their hands could: without the triggers that refuse it."""

from sqlalchemy import Connection, text

from bot.store.databases import transaction


def tamper(url: str, *statements: str) -> None:
    """Run these statements on a store as if it had no triggers."""
    with transaction(url, writes=True) as connection:
        drop_triggers(connection)
        for statement in statements:
            connection.execute(text(statement))


def drop_triggers(connection: Connection) -> None:
    """Let events be changed and deleted: on PostgreSQL until the end of the transaction, in a file from now on."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for name in ("events_are_not_changed", "events_are_not_deleted", "events_are_not_replaced"):
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
