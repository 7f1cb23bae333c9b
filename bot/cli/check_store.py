"""What `ackbot check` says of what was set in the console: a team that has a rota, and nobody tonight."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.cli.configuration import rulebook_of

if TYPE_CHECKING:
    from bot.settings.reading import Settings
    from bot.store.engine import Store


def lines(configured: "Settings") -> Iterator[str]:
    """Yield a line for each gap tonight, or why nothing could be asked; nothing where there is no store yet."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.store import keys, schema
    from bot.store.engine import Store, StoreUnavailable

    url, secrets = configured.store.url, configured.store.secrets
    try:
        if schema.current(url) != schema.newest():
            return
        keys.require(url, secrets)
        store = Store(url, secrets)
        try:
            yield from _gaps(configured, store)
        finally:
            store.let_go()
    except (SQLAlchemyError, StoreUnavailable, schema.StoreRefused):
        yield "the store cannot be read, so nothing is said of what was set in the console."


def _gaps(configured: "Settings", store: "Store") -> Iterator[str]:
    from bot.cli.contacts import present
    from bot.flows.desk import duties

    now, book = present(store), rulebook_of(configured)
    for team in store.read_now(lambda connection: duties.teams_without_tonight(connection, now, book)):
        yield f"team {team} has nobody for tonight: urgent calls go to the team and those above it."
