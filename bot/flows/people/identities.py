"""By what a person is known, of whom somebody typed an address, a name on a platform or a telephone number."""

from sqlalchemy import Connection

from bot.core import phones
from bot.store import retention

_SHORTEST_NUMBER = 9


def key_of(connection: Connection, text: str) -> str:
    """Return the key under which a person is stored."""
    plain = phones.key(text)
    is_number = "@" not in plain and len(phones.normal(plain)) >= _SHORTEST_NUMBER
    # Some platforms know people by numbers, too.
    return phones.address(plain) if is_number and not retention.of_person(connection, plain) else plain
