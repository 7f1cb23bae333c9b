"""What a call about what cannot wait says: of one contact, or of many that are told together."""

from typing import Any

from bot.core import durations
from bot.core.contacts import Contact
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.render.words import instant_in_words

UNNAMED = "Somebody may be in danger"


def title_of(contact: Contact, book: Rulebook) -> str:
    """The danger, as the rule that fired names it."""
    rule = book.intake.urgency(contact)
    return rule.title if rule else UNNAMED


def values(claim: Claimed, contact: Contact, link: str, book: Rulebook) -> dict[str, Any]:
    """The values of the template, with the end of the address of `link`."""
    again_after = str(durations.of_span(book.clocks.timing.urgent_again_after))
    # What costs money by the message is a telephone: it has what matters, and no more.
    is_short = claim.delivery.channel in book.outgoing.most_a_day
    common = {"link": link, "again_after": again_after, "short": "yes" if is_short else ""}
    return common | (_of_many(claim, contact, book) if claim.joined else _of_one(claim, contact, book))


def _of_one(claim: Claimed, contact: Contact, book: Rulebook) -> dict[str, Any]:
    return {
        "reference": contact.reference,
        "received": instant_in_words(contact.received_at, book.clocks.default_calendar.zone),
        "channel": Titles(book).way(contact),
        "title": title_of(contact, book),
        "words": contact.urgent_words,
        "time": claim.delivery.step.rpartition("-")[2],
        "action": "Read it now and act. Say that you have it, and nobody else is called.",
    }


def _of_many(claim: Claimed, contact: Contact, book: Rulebook) -> dict[str, Any]:
    contacts = [contact, *(part.contact for part in claim.joined if part.contact is not None)]
    newest = max(contacts, key=lambda contact: contact.id)
    return {
        "count": len(contacts),
        "newest": newest.reference,
        "received": instant_in_words(newest.received_at, book.clocks.default_calendar.zone),
        "title": title_of(newest, book),
        "contacts": [
            {"reference": part.reference, "title": title_of(part, book), "words": part.urgent_words}
            for part in contacts
        ],
        "action": "Read them now and act. Say that you have them, and nobody else is called.",
    }
