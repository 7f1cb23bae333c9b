"""One message of ours for whoever needs it on paper, in braille or read out: its words, and its page to be printed."""

import re
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.answers import BY_HAND
from bot.core.languages import ENGLISH
from bot.core.roles import Scope
from bot.flows.desk import message_view
from bot.flows.outgoing import answer_words
from bot.flows.outgoing.as_sent import AsSent
from bot.flows.outgoing.claimed import Claimed
from bot.render import answer_mail

# "acknowledgement.pl+en 0123456789ab": what was read first.
_LANGUAGE = re.compile(r"\.([a-z]{2})\b")


@dataclass(frozen=True, slots=True)
class Paper:
    """The words of a message, their subject ("" for none), their language, and the same as HTML."""

    subject: str
    words: str
    page: str
    language: str


def of(connection: Connection, reference: str, number: int, scope: Scope) -> Paper | None:
    """What we sent, or staff are to post or to say, by the number of its delivery.

    None where there is none, where it is forgotten, and where it was not for the person.
    """
    departure = message_view.departure_of(connection, reference, number, scope)
    if departure is None:
        return None
    delivery = departure.delivery
    if delivery.channel in BY_HAND:
        # Staff print it before it counts as posted.
        words = answer_words.with_signature(Claimed(delivery))
        return Paper(delivery.details.get("subject", ""), words, answer_mail.page(words), ENGLISH) if words else None
    message = next((message for message in reversed(departure.messages) if message.content), None)
    return None if message is None else _of_message(message)


def _of_message(message: AsSent) -> Paper:
    language = _LANGUAGE.search(message.template)
    page = message.page or answer_mail.page(message.words)
    return Paper(message.subject, message.words, page, language[1] if language else ENGLISH)
