"""Changes events as whoever has the database in their hands could: without the triggers that refuse it."""

from sqlalchemy import text

from bot.store.databases import transaction


def tamper(url: str, *statements: str) -> None:
    """Run these statements on a store as if it had no triggers."""
    with transaction(url, writes=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for name in ("events_are_not_changed", "events_are_not_deleted"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        for statement in statements:
            connection.execute(text(statement))
