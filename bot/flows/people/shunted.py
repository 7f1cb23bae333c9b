"""Messages that could not be logged, as far as they are a person's."""

from sqlalchemy import Connection

from bot.store import shunt
from bot.store.shunt import ShuntedMessage
from bot.wire.mail import mime


def of_person(connection: Connection, address: str) -> tuple[list[ShuntedMessage], list[int]]:
    """Return those that this address wrote, and the numbers of others in which it stands."""
    own, naming = list[ShuntedMessage](), list[int]()
    for number in shunt.naming(connection, address.removeprefix("tel:")):
        message = shunt.find(connection, number)
        if message is not None and _writer(message) == address:
            own.append(message)
        else:
            naming.append(number)
    return own, naming


def _writer(message: ShuntedMessage) -> str:
    """Return the address of who wrote a mail, in lower case; "" for what is none."""
    sender = mime.read(message.raw, channel=message.channel, received_at=message.at).sender
    return sender.address.lower() if sender else ""
