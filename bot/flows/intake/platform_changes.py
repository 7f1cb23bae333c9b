"""What happens to a message on a platform after it was sent, what becomes of ours, and how copies of it are known."""

from dataclasses import replace
from datetime import datetime

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound, Post
from bot.core.threads import Parent
from bot.flows.intake.batches import Filed
from bot.flows.intake.consequences import News, WordsRemoved
from bot.flows.intake.gather import BatchFacts
from bot.flows.intake.plan import Plan, event

CHANGES = frozenset({"edit", "deletion"})
NEWS = frozenset({"delivered", "undelivered"})
_EDITED = Verdict("attach", RuleName.EDITED, "its writer changed it after it was sent")
_TAKEN_BACK = Verdict("attach", RuleName.TAKEN_BACK, "its writer took it back")


def change(post: Post, contact: Contact, now: datetime) -> Plan:
    """An edit is kept beside the first words; what was taken back is emptied, unless the law holds it."""
    is_edit = post.kind == "edit"
    kind, verdict = (EventKind.EDITED, _EDITED) if is_edit else (EventKind.TAKEN_BACK, _TAKEN_BACK)
    keeps_words = is_edit or contact.legal_hold
    return Plan(
        events=(event(contact.id, kind, verdict, now),),
        changes=() if keeps_words else (WordsRemoved(contact.id, post.about),),
        results=(Filed(contact.reference, new=True, outcome="attach", rule=verdict.rule),),
    )


def as_message(message: Inbound, post: Post) -> Inbound | None:
    """An edit, in private, of what was never logged or comes later: a person's words all the same. None: no message."""
    is_to_us = post.kind == "edit" and not message.outgoing and message.visibility == "private"
    return replace(message, post=replace(post, kind="message", about="")) if is_to_us and message.text else None


def news(message: Inbound, post: Post) -> Plan:
    """What the provider says of one of ours, whichever contact that was about."""
    failure = (message.fault or "no reason was given") if post.kind == "undelivered" else ""
    change = News(message.channel, post.about, post.key, failure, post.may_pass)
    return Plan(changes=(change,), results=(Filed(None, new=False, outcome="our own"),))


def is_ours(parent: Parent | None, thread: Contact | None, facts: BatchFacts) -> bool:
    """Whether what left our account is what we sent by ourselves, and no answer of staff's.

    Its name is that of a delivery (`parent`); or something of ours is leaving in this contact, and it is not known yet
    under which name.
    """
    if parent is not None and parent.written_by == "ackbot":
        return True
    return thread is not None and thread.id in facts.in_flight
