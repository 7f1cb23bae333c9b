"""What the team is told of an answer of staff's that did not arrive: which one, and how to go on."""

from datetime import datetime

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, NewDelivery
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.render.words import instant_in_words

_GO_ON = (
    "Its clock runs as if it had not been answered, unless another answer has reached them. The words are kept: open "
    "the contact, choose Answer, and send them another way, or by letter or telephone."
)


def notices_of_loss(
    delivery: Delivery, contact: Contact, why: str, now: datetime, book: Rulebook, *, is_uncertain: bool = False
) -> list[NewDelivery]:
    """Tell the team that it will not arrive, or that nobody can say whether it did."""
    description = f"{_description(delivery, contact, book)} {why}"
    if is_uncertain:
        subject = f"{contact.reference}: it is uncertain whether your answer has arrived"
        action = "Ask the person whether they have had it. The contact is open until an answer has left for certain."
    else:
        subject, action = f"{contact.reference}: your answer did not arrive", _GO_ON
    key = f"undelivered:{delivery.id}"
    return alert.notices_about(contact, key, now, book, subject=subject, happened=description, action=action)


def notices_of_repeat(
    delivery: Delivery, contact: Contact, why: str, again_at: datetime, now: datetime, book: Rulebook
) -> list[NewDelivery]:
    """Tell the team that it came back, and is sent once more by itself."""
    again = instant_in_words(again_at, book.clocks.default_calendar.zone)
    return alert.notices_about(
        contact,
        f"comes again:{delivery.id}",
        now,
        book,
        subject=f"{contact.reference}: your answer came back, and is sent once more",
        happened=f"{_description(delivery, contact, book)} {why}",
        action=f"It is sent once more by itself on {again}. Until then the clock runs on.",
    )


def _description(delivery: Delivery, contact: Contact, book: Rulebook) -> str:
    by = str(delivery.details.get("by", "")).partition(":")[2] or "Somebody"
    at = instant_in_words(delivery.created_at, book.clocks.default_calendar.zone)
    kind = "a holding reply" if delivery.details.get("kind") == "holding" else "an answer"
    return f"{by} sent {kind} in {contact.reference} on {at}."
