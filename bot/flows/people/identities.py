"""By what a person is known, of whom somebody typed an address, a name on a platform or a telephone number."""

from sqlalchemy import Connection

from bot.core import phones
from bot.flows.changes.refusals import Refused
from bot.store import retention

_SHORTEST_NUMBER = 9


def key_of(connection: Connection, text: str) -> str:
    """Return the key under which a person is stored. Raises Refused for what is nobody's.

    An empty text stands in every message, and is the address of all that came without one.
    """
    plain = phones.key(text.strip())
    if not any(map(str.isalnum, plain.removeprefix(phones.PREFIX))):
        raise Refused(f"{text!r} is no address, telephone number or name", "address")
    is_number = "@" not in plain and len(phones.normal(plain)) >= _SHORTEST_NUMBER
    # Some platforms know people by numbers, too.
    return phones.address(plain) if is_number and not retention.of_person(connection, plain) else plain
