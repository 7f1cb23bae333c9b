"""What was set in the console, for the commands that look at the words and at who is called."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.cli.configuration import rulebook_of
from bot.core.board import Notices

if TYPE_CHECKING:
    from bot.render.compose import Composer
    from bot.settings.reading import Settings
    from bot.store.engine import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """What hangs on the board, and what is to be said of it; nothing where there is no store yet."""

    notices: Notices = field(default_factory=Notices)
    remarks: tuple[str, ...] = ()

    def composer(self, of_files: "Composer") -> "Composer":
        """Return the templates as they leave, with the words of the console over them."""
        return of_files.over(self.notices.templates)

    def faults(self, of_files: "Composer") -> Iterator[str]:
        """Yield why words of the console cannot be used; the file's hold in their place."""
        trial = of_files.trying(self.notices.templates)
        for name, language in self.notices.templates:
            for fault in trial.faults(name, language):
                yield f"the words of the console for {name} ({language}) cannot be used, so the file's hold: {fault}"


def standing(configured: "Settings") -> Standing:
    """Return what was set in the console, or why it cannot be read."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.store import keys, schema
    from bot.store.engine import Store, StoreUnavailable

    url, secrets = configured.store.url, configured.store.secrets
    try:
        if schema.current(url) != schema.newest():
            return Standing()
        keys.require(url, secrets)
        store = Store(url, secrets)
        try:
            return _read(configured, store)
        finally:
            store.let_go()
    except (SQLAlchemyError, StoreUnavailable, schema.StoreRefused):
        return Standing(remarks=("the store cannot be read, so nothing is said of what was set in the console.",))


def _read(configured: "Settings", store: "Store") -> Standing:
    from bot.cli.contacts import present
    from bot.flows import board
    from bot.flows.desk import duties

    now, book = present(store), rulebook_of(configured)
    notices = store.read_now(lambda connection: board.read(connection, now, book))
    gaps = store.read_now(lambda connection: duties.teams_without_tonight(connection, now, book))
    remark = "team {} has nobody for tonight: urgent calls go to the team and those above it."
    return Standing(notices, tuple(remark.format(team) for team in gaps))
