"""Messages of ours as they left, for whoever looks at them: read from what was stored, and never written anew."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core import links, tracking
from bot.core.deliveries import Delivery
from bot.core.messages import Outbound
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.store import sent_messages
from bot.store.sent_messages import SentMessage


@dataclass(frozen=True, slots=True)
class AsSent:
    """One message as it was handed over at an attempt, which it may have survived without our knowing.

    `headers`, `page` and the names of `files` are those of a mail. Links that let their reader act are left out of the
    words: those of staff's alerts, and that to the page of the person. `content` is all of it in bytes; empty for a
    message to staff. `english` says the same where it left in another language only.
    """

    attempt: int
    at: datetime
    recipient: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    words: str
    page: str
    template: str
    external_id: str
    content: bytes
    files: tuple[str, ...] = ()
    english: str = ""


def of(connection: Connection, delivery: Delivery) -> list[AsSent]:
    """Every message of this delivery that has left or may have, the oldest first."""
    is_to_person = delivery.purpose in TO_SENDERS
    messages = sent_messages.of_delivery(connection, delivery.id)
    return [_view(message, is_to_person=is_to_person) for message in messages]


def read(message: Outbound) -> tuple[str, str, str]:
    """Subject, words and page of a message to a person that is to leave, without the key of their page."""
    if not message.envelope_sender:
        return message.subject, tracking.masked(message.content.decode("utf-8", "replace")), ""
    headers, words, page, _ = _parts(message.content)
    return dict(headers).get("Subject", ""), tracking.masked(words), tracking.masked(page)


def _view(message: SentMessage, *, is_to_person: bool) -> AsSent:
    is_mail = bool(message.envelope.get("envelope_sender"))
    in_words = ((), message.content.decode("utf-8", "replace"), "", ())
    headers, words, page, files = _parts(message.content) if is_mail else in_words
    subject = dict(headers).get("Subject", "") if is_mail else str(message.envelope.get("subject", ""))
    mask = tracking.masked if is_to_person else links.masked
    return AsSent(
        attempt=message.attempt,
        at=message.at,
        recipient=str(message.envelope.get("recipient", "")),
        subject=subject,
        headers=headers,
        words=mask(words),
        page=mask(page),
        template=message.template,
        external_id=message.external_id,
        content=message.content if is_to_person else b"",
        files=files,
        english=mask(str(message.envelope.get("english", ""))),
    )


def _parts(content: bytes) -> tuple[tuple[tuple[str, str], ...], str, str, tuple[str, ...]]:
    """The header, the text, the page and the names of the files of a mail of ours."""
    import email.policy  # noqa: PLC0415 - nothing else needs it, and it takes long

    mail = email.message_from_bytes(content, policy=email.policy.default)
    parts = [part for part in mail.walk() if not part.is_multipart()]
    texts = {part.get_content_type(): part.get_content() for part in parts if not part.is_attachment()}
    files = tuple(part.get_filename() or "" for part in parts if part.is_attachment())
    headers = tuple((name, str(value)) for name, value in mail.items())
    return headers, texts.get("text/plain", ""), texts.get("text/html", ""), files
