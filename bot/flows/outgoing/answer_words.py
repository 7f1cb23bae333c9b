"""What staff typed, as the finished message that an outlet hands over."""

from datetime import datetime
from email.utils import parseaddr

from bot.core import acknowledgements, answers, needs
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.languages import ENGLISH
from bot.core.messages import Outbound
from bot.core.needs import Need
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.render import answer_mail
from bot.render.mail_bytes import Envelope
from bot.wire.text_language import language_of

# In place of the name and version of a template.
_TEMPLATE = "typed by staff"


def message(claim: Claimed, now: datetime, layout: str, book: Rulebook, secret: bytes) -> Outbound:
    """The message as it leaves at `now`; `layout` is the page around mail."""
    if claim.delivery.channel in book.outgoing.texts:
        return _on_platform(claim, now, book)
    if claim.delivery.channel in book.outgoing.words or claim.delivery.channel in answers.BY_HAND:
        return _in_words(claim)
    return _mail(claim, now, layout, book, secret)


def formats(delivery: Delivery, contact: Contact, book: Rulebook) -> str:
    """In which of the formats that the person needs, and in their language if that is their wish, an answer leaves."""
    words, language = delivery.details.get("words", ""), contact.wished_language
    is_page = delivery.channel == answers.BY_LETTER or delivery.details.get("route") == "mail"
    is_large = is_page and delivery.channel not in book.outgoing.words
    in_needs = [Need.LARGE_PRINT] if is_large and Need.LARGE_PRINT in contact.need_codes.split() else []
    is_in_language = language not in ("", ENGLISH) and writes_in(words, language)
    return " ".join([*in_needs, *([language] if is_in_language else [])])


def writes_in(words: str, language: str) -> bool:
    """Whether any paragraph of what is typed is in this language."""
    return any(language_of(paragraph) == language for paragraph in words.split("\n\n"))


def with_signature(claim: Claimed) -> str:
    """The words with the lines below them, which a mail and a letter have."""
    signature = claim.delivery.details.get("signature", "")
    words: str = claim.delivery.details.get("words", "")
    return f"{words}\n\n{signature}" if signature else words


def _mail(claim: Claimed, now: datetime, layout: str, book: Rulebook, secret: bytes) -> Outbound:
    delivery, details = claim.delivery, claim.delivery.details
    organisation, address = parseaddr(book.outgoing.senders[delivery.channel])
    return_address = acknowledgements.signed_subaddress(address, f"b{delivery.id}", secret)
    envelope = Envelope(
        sender=answers.sender(details.get("name", ""), organisation, address),
        recipient=delivery.recipient,
        message_id=delivery.message_id,
        date=now.astimezone(book.clocks.default_calendar.zone),
        auto_submitted="",  # RFC 3834 section 2: a person wrote it
        reply_to=details.get("reply_to", ""),
        in_reply_to=details.get("in_reply_to", ""),
        references=tuple(details.get("references", ())),
        # By it a copy in a folder of sent mail is known as ours, and does not count as a second answer.
        loop=return_address.partition("@")[0].rpartition("+")[2],
    )
    needs_of_person = needs.of_column(claim.contact.need_codes) if claim.contact else ()
    content = answer_mail.mail(
        with_signature(claim),
        details.get("subject", ""),
        envelope,
        layout,
        claim.files,
        large_print=Need.LARGE_PRINT in needs_of_person,
    )
    return Outbound(delivery.recipient, content, return_address, delivery.message_id, template=_TEMPLATE)


def _in_words(claim: Claimed) -> Outbound:
    """For an outlet that forms the mail, a text message, and what staff post or say themselves."""
    delivery = claim.delivery
    is_signed = delivery.details.get("route") in ("mail", "post")
    return Outbound(
        delivery.recipient,
        (with_signature(claim) if is_signed else delivery.details.get("words", "")).encode(),
        idempotency_key=delivery.message_id,
        subject=delivery.details.get("subject", ""),
        template=_TEMPLATE,
    )


def _on_platform(claim: Claimed, now: datetime, book: Rulebook) -> Outbound:
    """The words alone: nothing of the person is added, in public or in private."""
    delivery, details, contact = claim.delivery, claim.delivery.details, claim.contact
    until = contact.platform_reply_by if contact else None
    return Outbound(
        recipient=delivery.recipient,
        content=details.get("words", "").encode(),
        idempotency_key=delivery.message_id,
        conversation=details.get("conversation", ""),
        in_reply_to=details.get("in_reply_to", ""),
        public=bool(details.get("public")),
        template=_TEMPLATE,
        by_person_later=contact is not None
        and until is not None
        and now >= book.window(contact).automatic_until(until),
    )
