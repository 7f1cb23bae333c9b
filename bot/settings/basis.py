"""Whose store it is and where: the two tables of ackbot.toml that a command needs to read the store.

To check the whole configuration takes longer than to read the store, and a mistake in another table, or in another
file, hinders nobody from seeing what waits.
"""

from dataclasses import replace
from pathlib import Path

from bot.core.mistakes import Mistake
from bot.settings import documents, main_file
from bot.settings.main_file import BadSettings
from bot.settings.organisation import Organisation
from bot.settings.store import StoreSettings
from bot.settings.tables import Table


class Basis(Table):
    """The organisation, and its store."""

    organisation: Organisation
    store: StoreSettings = StoreSettings()


def read(directory: Path) -> Basis:
    """Read the two tables; raises BadSettings with every mistake in them."""
    document = documents.read(main_file.path_in(directory))
    if not document.table:
        raise BadSettings(document.mistakes or [Mistake(str(document.path), message="is empty")])
    table = {name: value for name, value in document.table.items() if name in Basis.model_fields}
    document = documents.resolve(replace(document, table=table), directory)
    mistakes: list[Mistake] = [*document.mistakes]
    basis = document.validate(Basis, document.table, "", mistakes)
    if mistakes or basis is None:
        raise BadSettings(mistakes)
    return basis
