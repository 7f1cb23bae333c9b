"""What happens to a message on a platform after it was sent, and how copies of what we sent ourselves are told."""

from functools import partial

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound, Post
from bot.flows.intake.plan import Filed, Plan, keep
from bot.store import retention

CHANGES = frozenset({"edit", "deletion"})
_EDITED = Verdict("attach", RuleName.EDITED, "its writer changed it after it was sent")
_TAKEN_BACK = Verdict("attach", RuleName.TAKEN_BACK, "its writer took it back")


def change(message: Inbound, post: Post, plan: Plan) -> None:
    """An edit is kept beside the first words; what was taken back is emptied, unless the law holds it."""
    found = plan.known.answered.get(post.about)
    if found is None or found.contact.channel != message.channel:
        plan.filed.append(Filed(None, new=False, outcome="not a contact's"))
        return
    kind, verdict = (EventKind.EDITED, _EDITED) if post.kind == "edit" else (EventKind.TAKEN_BACK, _TAKEN_BACK)
    plan.note(found.contact.id, kind, verdict)
    keep(message, found.contact, plan, written_by=found.written_by)
    if post.kind == "deletion" and not found.contact.legal_hold:
        which = retention.of_message(found.contact.id, post.about)
        plan.afterwards.append(partial(retention.strip_messages, condition=which))
    plan.filed.append(Filed(found.contact.reference, new=True, outcome="attach", rule=verdict.rule))


def is_ours(message: Inbound, thread: Contact | None, plan: Plan) -> bool:
    """Whether what left our account is what we sent by ourselves, and no answer of staff's.

    Its name is that of a delivery; or something of ours is leaving in this contact, and it is not known yet under
    which name.
    """
    known = plan.known.answered.get(message.external_id)
    if known is not None and known.written_by == "ackbot":
        return True
    return thread is not None and thread.id in plan.known.leaving
