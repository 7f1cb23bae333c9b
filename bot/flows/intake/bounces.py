"""Mail of ours that came back, and mail that somebody did not want: the promise is open again, and staff must know."""

from datetime import datetime, timedelta

from bot.core import nondelivery
from bot.core.contacts import Contact
from bot.core.deliveries import MOVES, Delivery, NewDelivery, Purpose, State
from bot.core.events import Event, EventKind
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound, Report
from bot.flows.intake.consequences import CameBack, Change, NotReached, Suppressed
from bot.flows.intake.plan import NOTHING, Plan
from bot.flows.outgoing import alert
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.flows.outgoing.failures import REACH_ANOTHER_WAY
from bot.flows.rulebook import Rulebook

SUPPRESSED_FOR = timedelta(days=30)
FULL_MAILBOX = "5.2.2"
TRY_AGAIN_AFTER = timedelta(hours=4)


def report(
    delivery: Delivery, contact: Contact | None, message: Inbound, verdict: Verdict, now: datetime, book: Rulebook
) -> Plan:
    """A report about this delivery, which a signed address of ours proves; `contact` is that of the delivery."""
    reports = nondelivery.reports_of(message)
    if verdict.rule is RuleName.ABUSE_REPORT or any(report.action == "complained" for report in reports):
        return _complaint(delivery, now, book)
    if verdict.outcome == "ask":
        return _unclear(delivery, contact, now, book)
    failure = next((report for report in reports if report.action == "failed"), None)
    may_fail = State.PERMANENT_FAILURE in MOVES[delivery.state]
    # Delayed, delivered, relayed; or known already.
    return _failure(delivery, contact, failure, now, book) if failure and may_fail else NOTHING


def _failure(delivery: Delivery, contact: Contact | None, failure: Report, now: datetime, book: Rulebook) -> Plan:
    words = f"it came back ({failure.status or 'no status'})"
    # RFC 3463 section 2: class 4 may pass, and a mailbox that is full may be emptied. Once more, then it is for staff.
    may_pass = failure.status == FULL_MAILBOX or failure.status.startswith("4.")
    if may_pass and delivery.hand_overs <= 1:
        again = Plan(changes=(CameBack(delivery, words, now + TRY_AGAIN_AFTER),))
        if delivery.purpose is Purpose.ANSWER and contact is not None:
            again += _answer_comes_again(delivery, contact, words, now, book)
        return again + _event(delivery, EventKind.CAME_BACK, f"{words}; it is sent once more later", now)
    plan = Plan(changes=(CameBack(delivery, words),)) + _event(delivery, EventKind.UNDELIVERABLE, words, now)
    if delivery.purpose in TO_SENDERS:
        return plan + _not_reached(delivery, contact, failure, now, book)
    is_staffs = delivery.purpose in (Purpose.ALERT, Purpose.DIGEST, Purpose.URGENT)
    return plan + staff_not_reached(now, book) if is_staffs else plan


def _answer_comes_again(delivery: Delivery, contact: Contact, words: str, now: datetime, book: Rulebook) -> Plan:
    from bot.flows.outgoing import answer_losses  # noqa: PLC0415 - hardly any answer is lost

    why = f"The mailbox of the person could not take it: {words}."
    notices = answer_losses.notices_of_repeat(delivery, contact, why, now + TRY_AGAIN_AFTER, now, book)
    return Plan(notices=tuple(notices))


def _event(delivery: Delivery, kind: EventKind, words: str, now: datetime) -> Plan:
    details = {"purpose": delivery.purpose, "reason": words}
    return Plan(events=(Event(delivery.contact_id, now, kind, details=details),))


def _not_reached(delivery: Delivery, contact: Contact | None, failure: Report, now: datetime, book: Rulebook) -> Plan:
    message_words = TO_SENDERS[delivery.purpose]
    reason = f"mail to this address came back on {book.clocks.today(now):%d %B %Y}"
    changes: tuple[Change, ...] = (Suppressed(delivery.recipient, reason, now + SUPPRESSED_FOR, "came back"),)
    if contact is None:
        return Plan(changes=changes)
    if delivery.purpose is Purpose.ANSWER:
        return Plan(changes=changes, notices=tuple(_answer_lost(delivery, contact, failure, now, book)))
    if delivery.purpose == Purpose.ACKNOWLEDGEMENT:
        changes += (NotReached(contact.id),)
    notices = alert.notices_about(
        contact,
        f"undelivered:{delivery.id}",
        now,
        book,
        subject=f"{contact.reference}: {message_words} came back",
        happened=f"The person who wrote in {contact.reference} has not had {message_words}. "
        f"Their mail server took it and sent it back ({failure.status or 'no status'}).",
        action=REACH_ANOTHER_WAY,
    )
    return Plan(changes=changes, notices=tuple(notices))


def _answer_lost(
    delivery: Delivery, contact: Contact, failure: Report, now: datetime, book: Rulebook
) -> list[NewDelivery]:
    from bot.flows.outgoing import answer_losses  # noqa: PLC0415 - hardly any answer is lost

    why = f"Their mail server took it and sent it back ({failure.status or 'no status'})."
    return answer_losses.notices_of_loss(delivery, contact, why, now, book)


def _unclear(delivery: Delivery, contact: Contact | None, now: datetime, book: Rulebook) -> Plan:
    """What came back says nothing that a program can read: it is a contact of its own, and staff read it."""
    about = contact.reference if contact else "nobody's contact any more"
    key = f"unclear:{delivery.id}:{book.clocks.today(now)}"
    words = {
        "subject": f"{about}: something came back, read it",
        "happened": f"A mail server, or a program, wrote about {TO_SENDERS[delivery.purpose]} in {about}. "
        "Whether the person had it cannot be told by a program.",
        "action": "Read what came: it waits in the list of contacts, and is linked to that one. "
        "If the person did not have it, reach them another way.",
    }
    if contact is None:
        return Plan(notices=tuple(alert.notices(None, key, now, book, **words)))
    return Plan(notices=tuple(alert.notices_about(contact, key, now, book, **words)))


def staff_not_reached(now: datetime, book: Rulebook) -> Plan:
    """Once a day. Notices that come back start no further notice: that would never end."""
    notices = alert.notices(
        None,
        f"alert came back:{book.clocks.today(now)}",
        now,
        book,
        subject="An alert came back",
        happened="A mail to staff about a promise at risk could not be delivered: one of the addresses is not right.",
        action="Look at the addresses of each [[team]] in ackbot.toml.",
    )
    return Plan(notices=tuple(notices))


def _complaint(delivery: Delivery, now: datetime, book: Rulebook) -> Plan:
    reason = f"its owner reported our mail as unwanted on {book.clocks.today(now):%d %B %Y}"
    suppression = Plan(changes=(Suppressed(delivery.recipient, reason, now + SUPPRESSED_FOR, "complaint"),))
    return suppression + _event(delivery, EventKind.COMPLAINED_OF, reason, now) + unknown_complaint(now, book)


def unknown_complaint(now: datetime, book: Rulebook) -> Plan:
    """Somebody reported mail of ours as unwanted. Once a day."""
    notices = alert.notices(
        None,
        f"complaint:{book.clocks.today(now)}",
        now,
        book,
        subject="Our mail was reported as unwanted",
        happened="A mail provider says that somebody reported a mail of ours as unwanted.",
        action="Where it names the mail, nothing automatic goes to that person for 30 days. Look at what was sent.",
    )
    return Plan(notices=tuple(notices))
