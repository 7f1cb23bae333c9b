"""The first message of a contact, as far as an answer to it needs to know."""

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.messages import Inbound, Post
from bot.flows.rulebook import Rulebook
from bot.store import contacts
from bot.wire.mail import mime


def first_message(connection: Connection, contact: Contact, book: Rulebook) -> Inbound:
    """What the receipt answers, as far as an answer needs to know."""
    if book.ways[contact.channel].outlet in book.outgoing.texts:
        post = Post(conversation=contact.conversation or "")
        return Inbound(contact.channel, contact.external_id, "", None, post=post)
    raw = next(iter(contacts.raw_messages_of(connection, contact.id)), b"")
    return mime.read(raw, channel=contact.channel, received_at=contact.received_at)
