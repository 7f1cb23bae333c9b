"""What becomes of one message of a batch, by what is known of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from bot.core import autoreplies, guards, intakes
from bot.core.contacts import Contact, State
from bot.core.events import EventKind
from bot.core.guards import Tally
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound, Party
from bot.flows.changes import staff_answers
from bot.flows.intake import bounces, follow_up, platform_changes
from bot.flows.intake.gather import key_of
from bot.flows.intake.plan import Filed, Opening, Plan, keep, open_contact, remember_receipt, window
from bot.flows.intake.topics import look_into
from bot.flows.outgoing import alert
from bot.store import contacts

_ANOTHER_WAY = Verdict("attach", RuleName.SAME_MAIL_ANOTHER_WAY, "it is here already: it came another way, too")
_SENT_AGAIN = Verdict("attach", RuleName.SENT_AGAIN, "the same person sent the same words before")


def decide(message: Inbound, plan: Plan) -> None:
    """Add to the plan what becomes of this message."""
    if message.post is not None and message.post.automatic:
        plan.filed.append(Filed(None, new=False, outcome="our own"))
    elif again := plan.known.again(message):
        _seen_before(message, again.reference, again.channel, plan)
    elif message.post is not None and message.post.kind in platform_changes.CHANGES:
        platform_changes.change(message, message.post, plan)
    elif message.outgoing:
        _staffs_copy(message, plan)
    else:
        thread, verdict = _judge(message, plan)
        if verdict.rule is RuleName.TRUSTED_RELAY and verdict.recipient:
            message = replace(message, sender=Party(verdict.recipient, _name(message)))
        if thread is not None and verdict.outcome in ("attach", "undeliverable"):
            _attach(message, thread, verdict, plan)
        else:
            _open(message, verdict, thread, plan)


def _name(message: Inbound) -> str:
    return message.sender.name if message.sender else ""


def _seen_before(message: Inbound, reference: str, channel: str, plan: Plan) -> None:
    if channel == message.channel or message.outgoing:
        plan.filed.append(Filed(reference, new=False))
        return
    seen = plan.known.again(message)
    contact = plan.known.answered.get(message.external_id)
    if seen is None:
        return
    plan.note(seen.contact_id, EventKind.FOLLOW_UP, _ANOTHER_WAY, channel=message.channel)
    if contact is not None:
        keep(message, contact.contact, plan)
    plan.filed.append(Filed(reference, new=False))


def _facts(message: Inbound, thread: Contact | None, plan: Plan, *, reported: bool) -> intakes.Facts:
    return replace(
        plan.book.intake.triage,
        own=plan.book.intake.own,
        thread=thread.reference if thread else None,
        person=(thread.sender_address or "") if thread else "",
        authserv_id=plan.way(message).authserv_id,
        is_about_our_mail=reported,
        receipts=plan.way(message).receipts,
    )


def _judge(message: Inbound, plan: Plan) -> tuple[Contact | None, Verdict]:
    """The contact that the message goes on with, or comes after; and the verdict."""
    known, book = plan.known, plan.book
    reported = known.delivery(message, book.secret)
    thread = known.thread(message, book.prefix) or known.contact_of(reported)
    if thread is None and message.mail and _from_staff(message, plan):
        thread = known.staffs_thread(message, book.prefix)
    verdict = intakes.triage(message, _facts(message, thread, plan, reported=reported is not None))
    if verdict.rule in (RuleName.DELIVERY_REPORT, RuleName.ABUSE_REPORT) and reported is not None:
        plan.afterwards.append(
            partial(bounces.reported, delivery=reported, message=message, verdict=verdict, plan=plan)
        )
    elif verdict.rule is RuleName.ABUSE_REPORT:
        bounces.unknown_complaint(plan)
    elif verdict.rule in (RuleName.OUR_OWN_MAIL, RuleName.OUR_OWN_MARK) and verdict.outcome == "log":
        plan.afterwards.append(partial(follow_up.watch_loop, rule=verdict.rule, plan=plan))
    new_matter = thread is not None and not _goes_on(thread, message, plan)
    if new_matter and verdict.outcome == "attach" and verdict.rule is RuleName.HUMAN_REPLY:
        return thread, intakes.triage(message, _facts(message, None, plan, reported=False))
    return thread, verdict


def _from_staff(message: Inbound, plan: Plan) -> bool:
    senders = message.mail.from_addresses if message.mail else ()
    return len(senders) == 1 and autoreplies.is_staff_address(
        senders[0].address, replace(plan.book.intake.triage, own=plan.book.intake.own)
    )


def _goes_on(thread: Contact, message: Inbound, plan: Plan) -> bool:
    """Whether a person's message belongs to this contact still, or is a new matter."""
    if thread.state == State.OPEN:
        return True
    if thread.responded_at is None or plan.book.intake.reopen_days == 0:
        return False
    day_of = plan.book.clocks.default_calendar.day_of
    return (day_of(plan.at(message)) - day_of(thread.responded_at)).days <= plan.book.intake.reopen_days


def _attach(message: Inbound, thread: Contact, verdict: Verdict, plan: Plan) -> None:
    written_by = "sender"
    if verdict.rule is RuleName.STAFFS_MAIL:
        written_by = "staff"
        plan.afterwards.append(_staff_wrote(message, thread, plan))
    elif verdict.rule in (RuleName.HUMAN_REPLY, RuleName.TRUSTED_RELAY):
        plan.note(thread.id, EventKind.FOLLOW_UP, verdict)
        until = window(message, plan)
        if until is not None:
            look_at = min(plan.way(message).window.looks(until, plan.book.clocks.timing))
            plan.windows.append({"chosen": thread.id, "until": until, "look_at": look_at})
        suppressed = plan.known.suppression(key_of(message))
        told = replace(verdict, recipient=None) if suppressed else verdict
        plan.afterwards.append(partial(follow_up.go_on, contact_id=thread.id, message=message, verdict=told, plan=plan))
    elif message.post is not None:
        plan.note(thread.id, EventKind(message.post.kind), verdict)
    elif verdict.rule is RuleName.DELIVERY_REPORT:
        plan.note(thread.id, EventKind.DELIVERY_REPORT, verdict)
    else:
        plan.note(thread.id, EventKind.AUTOMATIC_MAIL, verdict)
        plan.afterwards.append(partial(follow_up.count_automatic, contact=thread, verdict=verdict, plan=plan))
    keep(message, thread, plan, written_by=written_by)
    plan.filed.append(Filed(thread.reference, new=True, outcome=verdict.outcome, rule=verdict.rule))


def _open(message: Inbound, verdict: Verdict, thread: Contact | None, plan: Plan) -> None:
    found = look_into(message, plan.book)
    verdict, opening = found.heeded(verdict), Opening(found, linked_to=thread.id if thread else None)
    if verdict.outcome == "acknowledge" and verdict.recipient and message.mail is not None:
        before = _sent_before(message, plan)
        if before is not None:
            _attach_again(message, before, _SENT_AGAIN, plan)
            return
    if verdict.outcome == "acknowledge" and verdict.recipient:
        tally = _tally(message, plan)
        first = guards.contact_in_place(tally, plan.at(message), plan.book.intake.limits) if message.mail else None
        if message.visibility == "public":
            first = plan.known.public_receipt(message, plan.at(message))
        if first is not None and message.mail and plan.book.intake.limits.several == "together":
            _attach_again(
                message, _contact(first, plan), replace(verdict, outcome="attach", rule=RuleName.ONE_OF_SEVERAL), plan
            )
            return
        verdict, opening = _guarded(message, verdict, tally, replace(opening, receipt_of=first), plan)
    contact = open_contact(message, verdict, opening, plan)
    if thread is not None:
        plan.note(thread.id, EventKind.CONTINUED, verdict, reference=contact.reference)
    if opening.receipt_of is not None:
        plan.afterwards.append(partial(_share_receipt, first=opening.receipt_of, plan=plan))
    elif verdict.outcome == "acknowledge" and verdict.recipient:
        remember_receipt(message, contact, plan)
        if domain := plan.known.domains.get(guards.domain(key_of(message))):
            domain.receipts.append(contact.received_at)
    keep(message, contact, plan)
    plan.filed.append(Filed(contact.reference, new=True, outcome=verdict.outcome, rule=verdict.rule))


def _tally(message: Inbound, plan: Plan) -> Tally:
    by_mail = [name for name, way in plan.book.ways.items() if way.medium in ("", "email")]
    return plan.known.tally(key_of(message), by_mail)


def _sent_before(message: Inbound, plan: Plan) -> Contact | None:
    """An open contact with the same words of the same person; two mails without words are not the same."""
    if not message.text.strip():
        return None
    same = (message.digest, key_of(message), message.subject, State.OPEN)
    pairs = plan.known.sent_before
    return next((c for digest, c in pairs if (digest, c.sender_key, c.subject, c.state) == same), None)


def _contact(contact_id: int, plan: Plan) -> Contact | None:
    here = (Contact(**row) for row in plan.contacts if row["id"] == contact_id)
    return next(here, None) or next((c for _, c in plan.known.sent_before if c.id == contact_id), None)


def _attach_again(message: Inbound, contact: Contact | None, verdict: Verdict, plan: Plan) -> None:
    if contact is None:
        raise LookupError("a contact of late is not known")
    plan.note(contact.id, EventKind.FOLLOW_UP, verdict)
    quiet = replace(verdict, recipient=None)  # the receipt that they have, or are about to have, stands for it
    plan.afterwards.append(partial(follow_up.go_on, contact_id=contact.id, message=message, verdict=quiet, plan=plan))
    keep(message, contact, plan)
    plan.filed.append(Filed(contact.reference, new=True, outcome="attach", rule=verdict.rule))


def _guarded(message: Inbound, verdict: Verdict, tally: Tally, opening: Opening, plan: Plan) -> tuple[Verdict, Opening]:
    """The verdict, unless this person must not have another receipt now: then staff decide."""
    recipient = verdict.recipient or ""
    if suppressed := plan.known.suppression(key_of(message)) or plan.known.suppression(recipient.lower()):
        reason = f"{verdict.reason}, but {suppressed}"
        return replace(verdict, outcome="ask", recipient=None, reason=reason), replace(opening, receipt_of=None)
    if opening.receipt_of is not None:
        reason = "the receipt that this person had a little before stands for it, too"
        return replace(verdict, rule=RuleName.ONE_OF_SEVERAL, reason=reason), opening
    domain = plan.known.domains.get(guards.domain(key_of(message)), Tally())
    held = guards.why_held(recipient, plan.at(message), tally, domain, plan.book.intake.limits)
    if not held:
        return verdict, opening
    plan.notices += alert.notices(
        plan.way(message).team,
        f"cap:{plan.book.clocks.today(plan.now)}",
        plan.now,
        plan.book,
        subject="Receipts are held back",
        happened=f"Somebody writes more often than receipts are sent. {held.capitalize()}.",
        action="See who: ackbot contacts suppressed. Nothing is lost; each has its dates. "
        "To send a receipt all the same: ackbot contacts acknowledge-now REFERENCE",
    )
    return Verdict("ask", RuleName.TOO_MANY_RECEIPTS, f"{verdict.reason}, but {held}"), opening


def _share_receipt(connection: Connection, first: int, plan: Plan) -> None:
    """What came minutes later counts as acknowledged when the first one's receipt has left."""
    contact = contacts.with_id(connection, [first]).get(first)
    if contact is not None and contact.receipt_sent_at is not None:
        contacts.acknowledged(connection, [(first, plan.now)])


def _staff_wrote(message: Inbound, thread: Contact, plan: Plan) -> Callable[[Connection], None]:
    return partial(staff_answers.take, contact_id=thread.id, message=message, now=plan.now, book=plan.book)


def _staffs_copy(message: Inbound, plan: Plan) -> None:
    """A copy of what staff sent: it counts where it belongs to a contact, and is nobody's else business."""
    known, prefix = plan.known, plan.book.prefix
    thread = known.thread(message, prefix) or known.staffs_thread(message, prefix)
    if message.post is not None and platform_changes.is_ours(message, thread, plan):
        plan.filed.append(Filed(thread.reference if thread else None, new=False, outcome="our own"))
        return
    verdict = intakes.triage(message, _facts(message, thread, plan, reported=False))
    if thread is None or autoreplies.is_automatic(message):
        plan.filed.append(Filed(None, new=False, outcome="not a contact's", rule=verdict.rule))
        return
    plan.afterwards.append(_staff_wrote(message, thread, plan))
    keep(message, thread, plan, written_by="staff")
    plan.filed.append(Filed(thread.reference, new=True, outcome="attach", rule=RuleName.STAFFS_MAIL))
