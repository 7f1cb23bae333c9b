"""What happens to a message on a platform after it was sent, and how copies of what we sent are recognised."""

from datetime import datetime

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound, Post
from bot.core.threads import Parent
from bot.flows.intake.consequences import WordsRemoved
from bot.flows.intake.gather import BatchFacts
from bot.flows.intake.plan import Filed, Plan, event
from bot.flows.intake.platform_failures import NotDelivered

CHANGES = frozenset({"edit", "deletion", "undelivered"})
_EDITED = Verdict("attach", RuleName.EDITED, "its writer changed it after it was sent")
_TAKEN_BACK = Verdict("attach", RuleName.TAKEN_BACK, "its writer took it back")


def change(message: Inbound, post: Post, contact: Contact, now: datetime) -> Plan:
    """An edit is kept beside the first words; what was taken back is emptied, unless the law holds it.

    Of what we sent the platform may say later that it did not arrive.
    """
    if post.kind == "undelivered":
        failure = NotDelivered(contact.id, post.about, message.fault)
        return Plan(changes=(failure,), results=(Filed(contact.reference, new=False, outcome="our own"),))
    is_edit = post.kind == "edit"
    kind, verdict = (EventKind.EDITED, _EDITED) if is_edit else (EventKind.TAKEN_BACK, _TAKEN_BACK)
    keeps_words = is_edit or contact.legal_hold
    return Plan(
        events=(event(contact.id, kind, verdict, now),),
        changes=() if keeps_words else (WordsRemoved(contact.id, post.about),),
        results=(Filed(contact.reference, new=True, outcome="attach", rule=verdict.rule),),
    )


def is_ours(parent: Parent | None, thread: Contact | None, facts: BatchFacts) -> bool:
    """Whether what left our account is what we sent by ourselves, and no answer of staff's.

    Its name is that of a delivery (`parent`); or something of ours is leaving in this contact, and it is not known yet
    under which name.
    """
    if parent is not None and parent.written_by == "ackbot":
        return True
    return thread is not None and thread.id in facts.in_flight
