"""What becomes of each message of a batch, by what is known of it and of the messages before it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core import acknowledgements, autoreplies, clocks, intakes, threads
from bot.core.acknowledgements import Tally
from bot.core.authentications import is_confirmed
from bot.core.contacts import Contact
from bot.core.deliveries import HELD, Delivery, NewDelivery
from bot.core.deliveries import State as Leaving
from bot.core.events import EventKind
from bot.core.intakes import Facts, RuleName, Verdict
from bot.core.messages import Inbound, Party, Post
from bot.core.rules import GUARDS, OUR_OWN
from bot.core.threads import LoggedMessage, Pointers, key_of
from bot.flows.changes import staff_answers
from bot.flows.intake import bounces, follow_up, platform_changes, same_words, text_wishes
from bot.flows.intake.batches import Capacity, Filed
from bot.flows.intake.consequences import Called, ReceiptShared, ReceiptsKeptBack, ReceiptsStopped
from bot.flows.intake.gather import BatchFacts
from bot.flows.intake.ledger import Ledger
from bot.flows.intake.plan import (
    NOTHING,
    Opening,
    Plan,
    as_stored,
    contact_row,
    event,
    message_plan,
    moved_window,
    way_of,
)
from bot.flows.intake.topics import look_into, urgency_of
from bot.flows.outgoing import compose
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.flows.rulebook import Rulebook
from bot.store.contacts import Numbers

Values = dict[str, Any]
_ANOTHER_WAY = Verdict("attach", RuleName.SAME_MAIL_ANOTHER_WAY, "it is here already: it came another way, too")
_SENT_AGAIN = Verdict("attach", RuleName.SENT_AGAIN, "the same person sent the same words before")
_OF_PEOPLE = frozenset({RuleName.HUMAN_REPLY, RuleName.SEVERAL_AUTHORS})
_OUR_OWN = Plan(results=(Filed(None, new=False, outcome="our own"),))
_BREAKER_TRIPS = Plan(changes=(ReceiptsStopped(),))
_NOT_A_CONTACTS = Plan(results=(Filed(None, new=False, outcome="not a contact's"),))


def decide(
    facts: BatchFacts,
    messages: Sequence[Inbound],
    numbers: Numbers,
    capacity: Capacity,
    now: datetime,
    book: Rulebook,
) -> Plan:
    """The plan for a batch; `numbers` are for its new rows, `capacity` says what may be claimed at once."""
    ledger = Ledger(facts, numbers, capacity, now, book)
    pairs = zip(messages, facts.pointers, strict=True)
    return sum((_of_message(message, pointers, ledger) for message, pointers in pairs), NOTHING)


def _of_message(message: Inbound, pointers: Pointers, ledger: Ledger) -> Plan:
    post = message.post
    if post is not None and post.automatic:
        return _OUR_OWN
    if post is not None and post.kind in platform_changes.NEWS:
        return platform_changes.news(message, post)
    if entry := threads.again(message, ledger.threads):
        return _here_already(message, entry, ledger)
    if post is not None and post.kind in platform_changes.CHANGES:
        return _changed_later(message, post, pointers, ledger)
    if message.outgoing:
        return _staffs_copy(message, pointers, ledger)
    return _triaged(message, pointers, ledger)


def _keep(message: Inbound, contact: Contact, ledger: Ledger, written_by: str = "sender") -> Plan:
    """Store a message of this contact; whatever follows in the batch knows of it."""
    number, name = next(ledger.numbers.messages), ledger.external_id(message)
    ledger.remember(message, contact, written_by)
    plan = message_plan(number, name, message, contact.id, written_by, ledger.now)
    return plan + ledger.looks(message, contact, written_by)


def _here_already(message: Inbound, entry: LoggedMessage, ledger: Ledger) -> Plan:
    result = Plan(results=(Filed(entry.reference, new=False),))
    if entry.channel == message.channel or message.outgoing:
        return result
    follow_up_event = event(entry.contact_id, EventKind.FOLLOW_UP, _ANOTHER_WAY, ledger.now, channel=message.channel)
    parent = ledger.threads.parents.get(message.external_id)
    copy = _keep(message, parent.contact, ledger) if parent else NOTHING
    return Plan(events=(follow_up_event,)) + copy + result


def _changed_later(message: Inbound, post: Post, pointers: Pointers, ledger: Ledger) -> Plan:
    parent = ledger.threads.parents.get(post.about)
    if parent is None or parent.contact.channel != message.channel:
        anew = platform_changes.as_message(message, post)
        return _triaged(anew, pointers, ledger) if anew else _NOT_A_CONTACTS
    change = platform_changes.change(post, parent.contact, ledger.now)
    return change + _keep(message, parent.contact, ledger, parent.written_by)


def _staffs_copy(message: Inbound, pointers: Pointers, ledger: Ledger) -> Plan:
    """A copy of what staff sent: it counts where it belongs to a contact, and is nobody else's business."""
    thread = threads.thread_of(message, pointers, ledger.threads)
    thread = thread or threads.staffs_thread(message, pointers, ledger.threads)
    parent = ledger.threads.parents.get(message.external_id)
    if message.post is not None and platform_changes.is_ours(parent, thread, ledger.facts):
        return Plan(results=(Filed(thread.reference if thread else None, new=False, outcome="our own"),))
    if thread is None or autoreplies.is_automatic(message):
        verdict = intakes.triage(message, _facts(message, thread, ledger))
        return Plan(results=(Filed(None, new=False, outcome="not a contact's", rule=verdict.rule),))
    return _staff_wrote(message, thread, ledger)


def _staff_wrote(message: Inbound, thread: Contact, ledger: Ledger) -> Plan:
    contact = ledger.current(thread)  # where it was merged, they answer whoever wrote in the one that was
    addressee = replace(contact, sender_address=thread.sender_address)
    answer = staff_answers.judge(addressee, message, ledger.now, ledger.book)
    ledger.learn((answer,))
    questions = staff_answers.question(contact, answer, ledger.now, ledger.book)
    result = Filed(contact.reference, new=True, outcome="attach", rule=RuleName.STAFFS_MAIL)
    is_proven = autoreplies.is_proven(message, way_of(message, ledger.book).authserv_id)
    row = _keep(message, contact, ledger, "staff" if is_proven else "perhaps staff")
    plan = Plan(changes=(answer,), notices=tuple(questions)) + row
    return plan + Plan(results=(result,))


def _triaged(message: Inbound, pointers: Pointers, ledger: Ledger) -> Plan:
    delivery = ledger.delivery_reported(pointers)
    thread = _thread(message, pointers, delivery, ledger)
    first = verdict = intakes.triage(message, _facts(message, thread, ledger, delivery))
    if thread is not None and verdict.rule in _OF_PEOPLE and _is_new_matter(message, thread, ledger):
        verdict = intakes.triage(message, _facts(message, None, ledger))
    if verdict.rule is RuleName.TRUSTED_RELAY and verdict.recipient:
        message = replace(message, sender=Party(verdict.recipient, message.sender.name if message.sender else ""))
    if thread is not None and verdict.outcome in ("attach", "undeliverable"):
        plan = _attach(message, thread, verdict, ledger)
    else:
        plan = _open(message, verdict, thread, ledger)
    if verdict.rule in text_wishes.RULES:
        return plan + text_wishes.obey(message, verdict, thread, ledger)
    return plan + _consequences(message, first, delivery, ledger)


def _thread(message: Inbound, pointers: Pointers, delivery: Delivery | None, ledger: Ledger) -> Contact | None:
    """The contact that the message goes on with, or comes after, as it stands after the messages so far."""
    thread = threads.thread_of(message, pointers, ledger.threads) or ledger.contact_of(delivery)
    if thread is None and autoreplies.is_from_staff(message, ledger.book.intake.own, ledger.book.intake.triage.staff):
        thread = threads.staffs_thread(message, pointers, ledger.threads)
    return thread and ledger.current(thread)


def _facts(message: Inbound, thread: Contact | None, ledger: Ledger, delivery: Delivery | None = None) -> Facts:
    way = way_of(message, ledger.book)
    return replace(
        ledger.book.intake.triage,
        own=ledger.book.intake.own,
        thread=thread.reference if thread else None,
        person=(thread.sender_address or "") if thread else "",
        authserv_id=way.authserv_id,
        is_about_our_mail=delivery is not None,
        addressee=delivery.recipient if delivery else "",
        is_to_staff=delivery is not None and delivery.purpose not in TO_SENDERS,
        secret=ledger.book.secret,
        receipts=way.receipts,
    )


def _is_new_matter(message: Inbound, thread: Contact, ledger: Ledger) -> bool:
    today = ledger.book.clocks.today
    answered_on = thread.responded_at and today(thread.responded_at)
    return not threads.goes_on(thread.state, today(ledger.at(message)), answered_on, ledger.book.intake.reopen_days)


def _consequences(message: Inbound, verdict: Verdict, delivery: Delivery | None, ledger: Ledger) -> Plan:
    """What follows for mail of ours that a message reports on, or is."""
    now, book = ledger.now, ledger.book
    if delivery is not None and verdict.rule in (RuleName.DELIVERY_REPORT, RuleName.ABUSE_REPORT):
        plan = bounces.report(delivery, ledger.contact_of(delivery), message, verdict, now, book)
        ledger.learn(plan.changes)
        return plan
    if verdict.rule is RuleName.ABUSE_REPORT:
        return bounces.unknown_complaint(now, book)
    if verdict.rule in OUR_OWN and verdict.outcome == "log":
        return follow_up.own_mail(ledger.count_own_mail(message, verdict.rule), now, book)
    return NOTHING


def _attach(message: Inbound, contact: Contact, verdict: Verdict, ledger: Ledger) -> Plan:
    if verdict.rule is RuleName.STAFFS_MAIL:
        return _staff_wrote(message, contact, ledger)
    result = Filed(contact.reference, new=True, outcome=verdict.outcome, rule=verdict.rule)
    plan = _addition(message, contact, verdict, ledger) + _keep(message, contact, ledger)
    return plan + Plan(results=(result,))


def _addition(message: Inbound, contact: Contact, verdict: Verdict, ledger: Ledger) -> Plan:
    """What a message does to the contact to which it is added."""
    now, book = ledger.now, ledger.book
    if verdict.rule is RuleName.REACTION and message.mail is not None:
        return Plan(events=(event(contact.id, EventKind.REACTION, verdict, now),))
    if verdict.rule in (*_OF_PEOPLE, RuleName.TRUSTED_RELAY):
        recipient = None if ledger.suppressions.get(key_of(message)) else verdict.recipient
        window = moved_window(message, contact, now, book)
        return window + _follow_up(message, contact, verdict, recipient, ledger)
    if message.post is not None:
        return Plan(events=(event(contact.id, EventKind(message.post.kind), verdict, now),))
    if verdict.rule is RuleName.DELIVERY_REPORT:
        return Plan(events=(event(contact.id, EventKind.DELIVERY_REPORT, verdict, now),))
    plan = follow_up.automatic(contact, verdict.rule, ledger.count_automatic(contact), now, book)
    ledger.learn(plan.changes)
    return Plan(events=(event(contact.id, EventKind.AUTOMATIC_MAIL, verdict, now),)) + plan


def _follow_up(message: Inbound, contact: Contact, verdict: Verdict, recipient: str | None, ledger: Ledger) -> Plan:
    plan = follow_up.go_on(contact, message, recipient, ledger.now, ledger.book, ledger.facts.texts.get(contact.id, ()))
    ledger.learn(plan.changes)
    return Plan(events=(event(contact.id, EventKind.FOLLOW_UP, verdict, ledger.now),)) + plan


def _attach_again(message: Inbound, contact: Contact, verdict: Verdict, ledger: Ledger) -> Plan:
    """The receipt that they have, or are about to have, stands for it."""
    plan = _follow_up(message, contact, verdict, None, ledger)
    result = Filed(contact.reference, new=True, outcome="attach", rule=verdict.rule)
    return plan + _keep(message, contact, ledger) + Plan(results=(result,))


def _open(message: Inbound, verdict: Verdict, thread: Contact | None, ledger: Ledger) -> Plan:
    topic = look_into(message, ledger.book, ledger.facts.texts.get(thread.id, ()) if thread else ())
    opening = Opening(topic.heeded(verdict), topic, linked_to=thread.id if thread else None)
    if opening.verdict.outcome != "acknowledge" or not opening.verdict.recipient:
        notices = _kept_back(message, ledger) if opening.verdict.rule in GUARDS else NOTHING
        return notices + _opening_plan(message, opening, thread, ledger)
    if ledger.earlier and (same := same_words.sent_before(message, ledger)):
        return _attach_again(message, same, _SENT_AGAIN, ledger)
    tally = ledger.tally(key_of(message))
    first = _receipt_that_stands(message, tally, ledger)
    if first is not None and message.mail and ledger.book.intake.limits.several == "together":
        together = replace(opening.verdict, outcome="attach", rule=RuleName.ONE_OF_SEVERAL)
        return _attach_again(message, ledger.recent_contact(first), together, ledger)
    guarded, notices = _guarded(message, replace(opening, receipt_of=first), ledger)
    return notices + _opening_plan(message, guarded, thread, ledger)


def _receipt_that_stands(message: Inbound, tally: Tally, ledger: Ledger) -> int | None:
    """The contact whose receipt this person had a little before: by mail, or in public on this channel within a day."""
    at = ledger.at(message)
    if message.visibility == "public":
        entries = ledger.recents.get(key_of(message), ())
        public = (entry for entry in entries if entry.visibility == "public" and entry.channel == message.channel)
        return next((entry.contact_id for entry in public if at - entry.at < acknowledgements.DAY), None)
    return acknowledgements.contact_in_place(tally, at, ledger.book.intake.limits) if message.mail else None


def _guarded(message: Inbound, opening: Opening, ledger: Ledger) -> tuple[Opening, Plan]:
    """The opening, unless this person must not have another receipt now: then staff decide, or let it leave."""
    verdict, recipient, book = opening.verdict, opening.verdict.recipient or "", ledger.book
    why_not = ledger.suppressions.get(key_of(message)) or ledger.suppressions.get(recipient.lower())
    if why_not:
        reason = f"{verdict.reason}, but {why_not}"
        verdict = replace(verdict, outcome="ask", recipient=None, reason=reason)
        return replace(opening, verdict=verdict, receipt_of=None), NOTHING
    if opening.receipt_of is not None:
        reason = "the receipt that this person had a little before stands for it, too"
        return replace(opening, verdict=replace(verdict, rule=RuleName.ONE_OF_SEVERAL, reason=reason)), NOTHING
    domain = Tally(ledger.domains.get(acknowledgements.domain(key_of(message)), ()))
    mailbox, at = ledger.tally_of_mailbox(recipient), ledger.at(message)
    if why := acknowledgements.why_held(recipient, at, mailbox, domain, book.intake.limits):
        ask = Verdict("ask", RuleName.TOO_MANY_RECEIPTS, f"{verdict.reason}, but {why}")
        return replace(opening, verdict=ask), _kept_back(message, ledger)
    return _held(message, opening, ledger) if way_of(message, book).outlet_to(recipient) else (opening, NOTHING)


def _held(message: Inbound, opening: Opening, ledger: Ledger) -> tuple[Opening, Plan]:
    """The opening; its receipt waits for staff where too many have gone to addresses that nothing proves."""
    verdict, unproven = opening.verdict, _is_unproven(message, opening.verdict.recipient or "", ledger.book)
    why = message.hold or (ledger.spend_unproven() if unproven else "")
    if not why:
        return replace(opening, unproven=unproven), NOTHING
    verdict = replace(verdict, reason=f"{verdict.reason}; the receipt waits until staff let it leave, as {why}")
    return replace(opening, verdict=verdict, is_held=True), _kept_back(message, ledger)


def _is_unproven(message: Inbound, recipient: str, book: Rulebook) -> bool:
    """Whether the address may be somebody else's; where no mail server of ours says, the limits for all must do."""
    authserv_id = way_of(message, book).authserv_id
    if message.mail is None or not authserv_id:
        return message.unproven
    return not is_confirmed(message.mail, recipient, authserv_id)


def _kept_back(message: Inbound, ledger: Ledger) -> Plan:
    return Plan(changes=ledger.keep_back(ReceiptsKeptBack(way_of(message, ledger.book).team)))


def _opening_plan(message: Inbound, opening: Opening, thread: Contact | None, ledger: Ledger) -> Plan:
    """A new contact, with its receipt if it is to have one of its own."""
    now, book, verdict = ledger.now, ledger.book, opening.verdict
    number, name = next(ledger.numbers.contacts), ledger.external_id(message)
    reference = threads.reference_of(number, book.prefix, ledger.numbers.reference_key)
    row = contact_row(number, reference, name, message, opening, now, book)
    row |= ledger.wish_columns(message, thread)
    due_at = clocks.due_next(*[row[name] for name in clocks.DATES])
    contact = ledger.current(Contact(**row, due_at=due_at))
    events = [event(contact.id, EventKind.LOGGED, verdict, now, **opening.topic.because())]
    if thread is not None:
        events.append(event(thread.id, EventKind.CONTINUED, verdict, now, reference=contact.reference))
    calls = _calls(message, contact, thread, ledger) if contact.urgent_at is not None else ()
    result = Filed(contact.reference, new=True, outcome=verdict.outcome, rule=verdict.rule)
    of_form = ledger.wishes_in(message, contact.id)
    plan = Plan((row,), events=tuple(events), changes=of_form, calls=calls, results=(result,))
    return plan + _keep(message, contact, ledger) + _receipt(message, contact, opening, ledger)


def _calls(message: Inbound, contact: Contact, thread: Contact | None, ledger: Ledger) -> tuple[Called]:
    earlier = ledger.facts.texts.get(thread.id, ()) if thread else ()
    return (Called(contact.id, urgency_of(message, ledger.book, earlier, contact.urgent) is None),)


def _receipt(message: Inbound, contact: Contact, opening: Opening, ledger: Ledger) -> Plan:
    """The receipt of a new contact; one that stands for it already; or none."""
    recipient = opening.verdict.recipient
    if opening.receipt_of is not None:
        return Plan(changes=(ReceiptShared(opening.receipt_of),))
    if opening.verdict.outcome != "acknowledge" or not recipient:
        return NOTHING
    ledger.remember_receipt(message, contact, recipient)
    if not way_of(message, ledger.book).outlet_to(recipient):
        return NOTHING
    trip = _BREAKER_TRIPS if not opening.is_held and ledger.spend_receipt() else NOTHING
    receipt = compose.receipt(message, recipient, contact, ledger.now, ledger.book)
    return trip + _in_outbox(replace(receipt, unproven=opening.unproven), contact, ledger, is_held=opening.is_held)


def _in_outbox(receipt: NewDelivery, contact: Contact, ledger: Ledger, *, is_held: bool) -> Plan:
    """A receipt in the outbox, claimed at once where its outlet has room for it."""
    number, terms = next(ledger.numbers.deliveries), ledger.hold
    is_held = is_held or ledger.is_stopped or ledger.book.may_have_answered(contact.received_at)
    if is_held or not ledger.take_place(receipt.channel):
        return Plan(deliveries=(replace(receipt, id=number, next_attempt_at=HELD if is_held else ledger.now),))
    due = ledger.now + terms.span
    delivery = replace(receipt, id=number, state=Leaving.SENDING, attempts=1, next_attempt_at=due, holder=terms.holder)
    return Plan(deliveries=(delivery,), claims=(Claimed(as_stored(delivery, number), contact, claim=terms.holder),))
