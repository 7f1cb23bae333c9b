"""The receipt as it is queued, and every claimed delivery as the finished message that an outlet hands over."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from bot.core import acknowledgements, links, mailboxes
from bot.core.contacts import Contact, State
from bot.core.deliveries import NewDelivery, Purpose
from bot.core.escalations import Step
from bot.core.languages import ENGLISH
from bot.core.messages import Inbound, Outbound
from bot.flows.outgoing import alert, call_words, cloud_events, daily_list, resident_words
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.flows.rulebook import ClockRules, Rulebook
from bot.flows.titles import Titles
from bot.render.compose import Composer
from bot.render.mail_bytes import Envelope
from bot.render.renditions import PLAIN, Manner, Rendition
from bot.render.samples import SORTS, Sort
from bot.render.words import due_in_words, instant_in_words

# What says the same in a short text.
_TEXTS = {"acknowledgement": "message", "new-date": "message-new-date", "added": "message-added"}
_TEXTS |= {"progress": "message-progress", "closing": "message-closing", "track-link": "message-track-link"}


# The ladder was changed while the alert waited.
_GONE = Step("gone", "the answer is still owed")


def _ends_before_the_answer(contact: Contact | None) -> str:
    if contact is None or contact.platform_reply_by is None:
        return ""
    return "yes" if contact.respond_by is None or contact.platform_reply_by < contact.respond_by else ""


class MessageWriter:
    """Writes the mail of each purpose. `secret` signs the address that non-delivery reports come back to."""

    def __init__(self, composer: Composer, book: Rulebook, secret: bytes) -> None:
        self._of_files, self._book, self._secret = composer, book, secret
        self._addresses = {name: parseaddr(sender)[1] for name, sender in book.outgoing.senders.items()}

    @property
    def _composer(self) -> Composer:
        """The templates with the words of the console over them."""
        words = self._book.outgoing.board.notices.templates
        return self._of_files.over(words) if words else self._of_files

    def prepare(self) -> None:
        """Try what people get in every offered language now, receipts first, so that no message waits for that."""
        composer = self._composer
        for name in (name for name, sort in SORTS.items() if sort is not Sort.STAFF):
            for code in self._book.outgoing.addressing.languages:
                composer.is_usable(name, code)

    def write(self, claim: Claimed, now: datetime) -> Outbound:
        """The message as it leaves at `now`."""
        if claim.delivery.purpose is Purpose.ANSWER:
            from bot.flows.outgoing import answer_words  # noqa: PLC0415 - nothing that we send by ourselves needs it

            return answer_words.message(claim, now, self._composer.layout, self._book, self._secret)
        if claim.delivery.channel in self._book.outgoing.texts:
            return self._text(claim, now)
        if claim.delivery.channel in self._book.outgoing.words:
            return self._words(claim, now)
        if claim.delivery.channel in self._book.outgoing.events:
            return cloud_events.event(claim, self._values(claim, now), now, self._book.outgoing)
        delivery = claim.delivery
        sender = self._book.outgoing.senders[delivery.channel]
        tag = f"b{delivery.id}"
        return_address = acknowledgements.signed_subaddress(self._addresses[delivery.channel], tag, self._secret)
        details = delivery.details
        answering = delivery.purpose in TO_SENDERS
        envelope = Envelope(
            sender=sender,
            recipient=delivery.recipient,
            message_id=delivery.message_id,
            date=now.astimezone(self._book.clocks.default_calendar.zone),
            # RFC 3834 section 5.2: auto-replied answers a message, auto-generated does not.
            auto_submitted="auto-replied" if answering else "auto-generated",
            reply_to=details.get("reply_to", "") if answering else "",
            in_reply_to=details.get("in_reply_to", "") if answering else "",
            references=tuple(details.get("references", ())) if answering else (),
            loop=return_address.partition("@")[0].rpartition("+")[2],
        )
        composer = self._composer
        parts, manner = self._parts(_template(claim), claim, now)
        content = composer.compose_together(parts, envelope, manner)
        version = composer.version_together([(part.name, part.language) for part in parts])
        return Outbound(delivery.recipient, content, return_address, delivery.message_id, template=version)

    def _text(self, claim: Claimed, now: datetime) -> Outbound:
        """A short plain text for a platform."""
        delivery, contact, composer = claim.delivery, claim.contact, self._composer
        if contact is None:
            raise LookupError("a text to a person without their contact")
        # Everybody can read a public one: nothing of the person, and nothing that could be looked up.
        public = contact.visibility == "public"
        name = "mention" if public else _TEXTS[delivery.purpose]
        more = {"short_window": _ends_before_the_answer(contact)}
        text = resident_words.short_text(name, claim, contact, now, composer, self._book, **more)
        return Outbound(
            recipient=delivery.recipient,
            content=text.words.encode(),
            idempotency_key=delivery.message_id,
            conversation=delivery.details.get("conversation", ""),
            in_reply_to=delivery.details.get("in_reply_to", ""),
            public=public,
            template=composer.version_together(text.templates),
            english=text.english,
        )

    def _words(self, claim: Claimed, now: datetime) -> Outbound:
        """The words of the mail, for an outlet that forms it; to a telephone what says the same in a short text."""
        delivery, contact, composer = claim.delivery, claim.contact, self._composer
        by_mail = "@" in delivery.recipient
        name = _template(claim) if by_mail else _TEXTS.get(delivery.purpose, _template(claim))
        if by_mail or contact is None or delivery.purpose not in TO_SENDERS:
            parts, manner = self._parts(name, claim, now)
            subject, words = composer.words_together(parts, manner)
            return self._in_words(claim, subject, words, [(part.name, part.language) for part in parts])
        text = resident_words.short_text(name, claim, contact, now, composer, self._book)
        return self._in_words(claim, text.subject, text.words, text.templates, text.english)

    def _in_words(
        self, claim: Claimed, subject: str, words: str, templates: Sequence[tuple[str, str]], english: str = ""
    ) -> Outbound:
        return Outbound(
            claim.delivery.recipient,
            words.encode(),
            idempotency_key=claim.delivery.message_id,
            subject=subject,
            template=self._composer.version_together(templates),
            english=english,
        )

    def _parts(self, name: str, claim: Claimed, now: datetime) -> tuple[list[Rendition], Manner]:
        """The message in the languages of whoever gets it: staff read English."""
        contact, composer = claim.contact, self._composer
        if contact is None or claim.delivery.purpose not in TO_SENDERS:
            return [Rendition(name, ENGLISH, self._values(claim, now))], PLAIN
        parts = resident_words.parts(name, claim, contact, now, composer, self._book)
        return parts, resident_words.manner(claim, contact, composer, self._book)

    def _values(self, claim: Claimed, now: datetime) -> Mapping[str, Any]:
        contact = claim.contact
        if claim.delivery.purpose == "digest":
            return daily_list.values(claim.listed, claim.delivery.recipient, now, self._book, claim.to_make)
        if contact is None:
            return self._notice(claim)
        if claim.delivery.purpose == "urgent":
            return call_words.values(claim, contact, self._link(claim, contact.id), self._book)
        if claim.joined:
            return {"contacts": [self._line(alert) for alert in (claim, *claim.joined)]}
        return self._of_contact(claim, contact, now)

    def _of_contact(self, claim: Claimed, contact: Contact, now: datetime) -> Mapping[str, Any]:
        if claim.delivery.purpose != "alert":
            return resident_words.values(claim, contact, now, ENGLISH, self._book)
        step, clocks = self._step(claim.delivery.step, contact), self._book.clocks
        return {
            "reference": contact.reference,
            "received": instant_in_words(contact.received_at, clocks.default_calendar.zone),
            "step": step.words,
            "channel": Titles(self._book).way(contact),
            **_at_risk(contact, step, clocks),
            "link": self._link(claim, contact.id),
            "respond_by": clocks.respond_by(contact),
        }

    def _notice(self, claim: Claimed) -> Mapping[str, Any]:
        """The words as they were queued; those about a contact have the link by which staff say that they have it."""
        details = claim.delivery.details
        contact_id = details.get(alert.CONTACT)
        return {**details, "link": self._link(claim, contact_id)} if contact_id else details

    def _link(self, claim: Claimed, contact_id: int) -> str:
        """The end of the address at which staff take it, ask for quiet or hand it over; "" without pages of ours."""
        if not self._book.outgoing.website:
            return ""
        ends_at = claim.delivery.created_at + self._book.clocks.timing.links_valid_for
        return links.token(claim.delivery.id, contact_id, ends_at, self._secret)

    def _step(self, name: str, contact: Contact) -> Step:
        return self._book.clocks.ladders.step(name, contact.standard) or _GONE

    def _line(self, claim: Claimed) -> dict[str, str]:
        """One alert of several."""
        contact = claim.contact
        if contact is None:
            raise LookupError("an alert without its contact")
        step = self._step(claim.delivery.step, contact)
        promise = _at_risk(contact, step, self._book.clocks)["promise"]
        link = self._link(claim, contact.id)
        return {"reference": contact.reference, "step": step.words, "promise": promise, "link": link}


def _template(claim: Claimed) -> str:
    if claim.joined:
        return "urgent-many" if claim.delivery.purpose == "urgent" else "alerts"
    return claim.delivery.purpose


def _at_risk(contact: Contact, step: Step, rules: ClockRules) -> dict[str, str]:
    """What was promised, and what to do."""
    zone = rules.default_calendar.zone
    action = "Answer the person. If somebody has answered already, open it and record the answer."
    match step.clock:
        case "acknowledge" if contact.acknowledged_by == "staff":
            promise = f"acknowledge by {rules.acknowledge_by(contact)}, by a person and not by a receipt"
            action = "Write to the person that you have it. Then open it and record that with Acknowledge."
        case "acknowledge":
            promise = f"acknowledge by {rules.acknowledge_by(contact)}"
        case "pause":
            paused_on = due_in_words(contact.paused_at, None, zone)
            promise = f"to answer once the person has told us more; we asked on {paused_on}"
            action = "Ask again. Or open it and go on without their answer, with Resume."
        case "assign" if contact.respond_by is None:
            promise = "to answer once the person has told us more"
        case "note":
            is_owed = contact.state == State.OPEN and contact.respond_by is not None
            promise = f"answer by {rules.respond_by(contact)}" if is_owed else "nothing that is still owed"
            action = "Read the note, and answer it with a note of your own."
        case "window":
            closes_at = contact.platform_reply_by
            promise = "to answer where the person wrote"
            action = f"Answer there before {instant_in_words(closes_at, zone)}. {action}" if closes_at else action
        case _:
            promise = f"answer by {rules.respond_by(contact)}"
    return {"promise": promise, "action": action}


def receipt(message: Inbound, recipient: str, contact: Contact, now: datetime, book: Rulebook) -> NewDelivery:
    """The acknowledgement of a contact, as a delivery."""
    outlet = book.ways[message.channel].outlet_to(recipient) or ""
    in_reply_to, ancestors = acknowledgements.threading(message.mail) if message.mail else ("", ())
    details: dict[str, Any] = {
        "reply_to": book.reply_address(message.channel, contact.reference),
        "in_reply_to": in_reply_to,
        "references": list(ancestors),
    }
    if message.post is not None:
        details = {"in_reply_to": message.external_id, "conversation": message.post.conversation}
    return NewDelivery(
        key=f"{contact.id}:acknowledgement",
        contact_id=contact.id,
        purpose=Purpose.ACKNOWLEDGEMENT,
        channel=outlet,
        recipient=recipient,
        # Fixed for every attempt, so that a repeat is recognised; random, so that nobody can name it unseen.
        message_id=f"<ack.{contact.reference.lower()}.{secrets.token_hex(6)}@{book.outgoing.domain(outlet)}>",
        created_at=now,
        next_attempt_at=now,
        details=details,
        mailbox=mailboxes.key(recipient, book.secret),
    )
