"""What staff must know of a message that did not leave: whom to reach another way, and what to put right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.channel import Misconfigured
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, NewDelivery, Purpose, State
from bot.flows.outgoing import alert
from bot.flows.rulebook import OutgoingRules, Rulebook
from bot.store import contacts
from bot.wire.refusals import Uncertain

REACH_ANOTHER_WAY = "Reach this person another way: by telephone, by letter, or at another address."
_LOST = (State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE)


@dataclass(frozen=True, slots=True)
class Failed:
    """A delivery that failed at an instant, why, and the state that it came to.

    `message` is what it is in words, where it goes to the person who wrote. `again_at` is when it is tried again.
    """

    delivery: Delivery
    message: str | None
    at: datetime
    error: Exception
    state: State
    again_at: datetime | None

    @property
    def error_words(self) -> str:
        """What was said, as long as a notice has room for it."""
        return str(self.error)[:200]


def notices(connection: Connection, failed: Failed, book: Rulebook) -> list[NewDelivery]:
    """What staff must know of it."""
    return list(_notices(connection, failed, book))


def _notices(connection: Connection, failed: Failed, book: Rulebook) -> Iterator[NewDelivery]:
    if failed.state in _LOST:
        yield from _undelivered(connection, failed, book)
    if isinstance(failed.error, Misconfigured):
        yield from _outlet_refused(failed, book)
    if failed.delivery.purpose is Purpose.EVENT:
        yield from _not_told(failed, book)


def _outlet_refused(failed: Failed, book: Rulebook) -> list[NewDelivery]:
    """Once a day: the way out works again only when somebody acts. It reaches teams with another outlet at once."""
    outlet = failed.delivery.channel
    return alert.notices(
        None,
        f"outlet:{outlet}:{failed.at.date()}",
        failed.at,
        book,
        subject=f"Nothing can be sent by {outlet}",
        happened=f"{_said_by(failed.delivery, book.outgoing)} does not let Ackbot send by {outlet}. "
        f"It said: {failed.error_words}",
        action="Put right what it names. Ackbot keeps trying; nothing that waits is lost.",
    )


def _not_told(failed: Failed, book: Rulebook) -> list[NewDelivery]:
    """Once a day: a program that follows takes nothing for long, or will never be told of something."""
    delivery, outlet = failed.delivery, failed.delivery.channel
    number = delivery.details.get("number")
    if failed.again_at is None:
        suffix, subject = "lost", f"{outlet} was not told of everything"
        description = f"The system behind {outlet} was not told of event {number}, and will not be."
        action = (
            f"Put right what it names, then tell it again: ackbot webhook replay {outlet} --after NUMBER, below "
            f"{number}. Or let it read what it missed: GET /api/v1/events with such a cursor."
        )
    elif failed.again_at - delivery.created_at > book.clocks.timing.events_late_after:
        suffix, subject = "late", f"{outlet} takes nothing"
        description = f"The system behind {outlet} has not taken event {number}, which has waited since "
        description += f"{delivery.created_at:%H:%M} (UTC) on {delivery.created_at:%d %B %Y}."
        action = "See whether it runs. Ackbot keeps trying for three days; after that it must be told again."
    else:
        return []
    description = f"{description} It said: {failed.error_words}"
    key = f"follower:{outlet}:{suffix}:{failed.at.date()}"
    return alert.notices(None, key, failed.at, book, subject=subject, happened=description, action=action)


def _undelivered(connection: Connection, failed: Failed, book: Rulebook) -> list[NewDelivery]:
    """What will not reach the person is a task for staff; a lost alert is at least not lost silently."""
    delivery = failed.delivery
    if failed.message is None or delivery.contact_id is None:
        return []
    if delivery.purpose is Purpose.ACKNOWLEDGEMENT:
        contacts.withdraw_receipt(connection, delivery.contact_id, failed.at)  # it had left once, and came back
    contact = contacts.with_id(connection, [delivery.contact_id])[delivery.contact_id]
    if delivery.purpose is Purpose.ANSWER:
        return _answer_lost(failed, contact, book)
    subject, description = _words_of_loss(failed, contact, book)
    return alert.notices_about(
        contact,
        f"undelivered:{delivery.id}",
        failed.at,
        book,
        subject=subject,
        happened=description,
        action=REACH_ANOTHER_WAY,
    )


def _answer_lost(failed: Failed, contact: Contact, book: Rulebook) -> list[NewDelivery]:
    from bot.flows.outgoing import answer_losses  # noqa: PLC0415 - hardly any answer is lost

    server, is_uncertain = _said_by(failed.delivery, book.outgoing), isinstance(failed.error, Uncertain)
    why = f"{server} did not take it. It said: {failed.error_words}"
    if is_uncertain:
        why = f"{server} was handed it several times, and never said that it took it."
    return answer_losses.notices_of_loss(failed.delivery, contact, why, failed.at, book, is_uncertain=is_uncertain)


def _words_of_loss(failed: Failed, contact: Contact, book: Rulebook) -> tuple[str, str]:
    """Subject and description. After a line that broke each time nobody knows what the person has had."""
    server, reference, message = _said_by(failed.delivery, book.outgoing), contact.reference, failed.message
    if isinstance(failed.error, Uncertain):
        subject = f"{reference}: it is uncertain whether {message} has arrived"
        description = f"The person who wrote in {reference} may have had {message}, even several times, or not at all. "
        description += f"{server} was handed it several times, and never said that it took it."
        return subject, description
    subject = f"{reference}: {message} could not be delivered"
    description = f"The person who wrote in {reference} has not had {message}. {server} said: {failed.error_words}"
    return subject, description


def _said_by(delivery: Delivery, rules: OutgoingRules) -> str:
    return "The platform" if delivery.channel in rules.texts | rules.words else "The mail server"
