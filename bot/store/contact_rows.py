"""A contact as its table has it; apart from the writing of contacts, so that a list of them starts without that."""

from collections.abc import Sequence
from typing import Any

from bot.core.contacts import Contact
from bot.store.tables import contacts

# A contact has the columns of its table, in their order.
_WIDTH = len(contacts.c)


def contact_of(row: Sequence[Any]) -> Contact:
    """Return the contact in a row that ends with the columns of its table."""
    return Contact(*row[-_WIDTH:])
