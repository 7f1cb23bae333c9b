"""Mail of ours that came back, and mail that somebody did not want: the promise is open again, and staff must know."""

from datetime import timedelta

from sqlalchemy import Connection

from bot.core.deliveries import Delivery, Purpose
from bot.core.events import Event, EventKind
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound, Report
from bot.flows.intake.plan import Plan
from bot.flows.outgoing import alert
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.store import contacts, outbox, suppressions

SUPPRESSED_FOR = timedelta(days=30)
FULL_MAILBOX = "5.2.2"
TRY_AGAIN_AFTER = timedelta(hours=4)


def reported(connection: Connection, delivery: Delivery, message: Inbound, verdict: Verdict, plan: Plan) -> None:
    """A report about this delivery, which a signed address of ours proves."""
    reports = message.mail.reports if message.mail else ()
    if any(report.action == "complained" for report in reports) or verdict.rule is RuleName.ABUSE_REPORT:
        _complained(connection, delivery, plan)
        return
    failure = next((report for report in reports if report.action == "failed"), None)
    if failure is None:
        return  # delayed, delivered, relayed
    words = f"it came back ({failure.status or 'no status'})"
    # RFC 3463 section 2: class 4 may pass, and a mailbox that is full may be emptied. Once more, then it is for staff.
    passing = failure.status == FULL_MAILBOX or failure.status.startswith("4.")
    again = plan.now + TRY_AGAIN_AFTER if passing and delivery.attempts == 1 else None
    if not outbox.came_back(connection, delivery, words, plan.now, again):
        return  # it is known already
    if again is not None:
        _note(connection, delivery, EventKind.CAME_BACK, f"{words}; it is sent once more later", plan)
        return
    _note(connection, delivery, EventKind.UNDELIVERABLE, words, plan)
    if delivery.purpose in TO_SENDERS:
        _not_reached(connection, delivery, failure, plan)
    elif delivery.purpose in (Purpose.ALERT, Purpose.DIGEST):
        _staff_not_reached(connection, plan)


def _note(connection: Connection, delivery: Delivery, kind: EventKind, words: str, plan: Plan) -> None:
    details = {"purpose": delivery.purpose, "reason": words}
    contacts.note(connection, [Event(delivery.contact_id, plan.now, kind, details=details)])


def _not_reached(connection: Connection, delivery: Delivery, failure: Report, plan: Plan) -> None:
    what = TO_SENDERS[delivery.purpose]
    day = plan.book.clocks.today(plan.now)
    reason = f"mail to this address came back on {day:%d %B %Y}"
    suppressions.add(connection, delivery.recipient, reason, plan.now, plan.now + SUPPRESSED_FOR)
    if delivery.contact_id is None:
        return
    if delivery.purpose == Purpose.ACKNOWLEDGEMENT:
        contacts.unacknowledged(connection, delivery.contact_id, plan.now)
    contact = contacts.with_id(connection, [delivery.contact_id])[delivery.contact_id]
    words = alert.notices(
        contact.team,
        f"undelivered:{delivery.id}",
        plan.now,
        plan.book,
        subject=f"{contact.reference}: {what} came back",
        happened=f"The person who wrote in {contact.reference} has not had {what}. "
        f"Their mail server took it and sent it back ({failure.status or 'no status'}).",
        action=f"Reach this person another way. See the details with: ackbot contacts show {contact.reference}",
    )
    outbox.queue(connection, words)


def _staff_not_reached(connection: Connection, plan: Plan) -> None:
    """Once a day. Notices that come back start no further notice: that would never end."""
    words = alert.notices(
        None,
        f"alert came back:{plan.book.clocks.today(plan.now)}",
        plan.now,
        plan.book,
        subject="An alert came back",
        happened="A mail to staff about a promise at risk could not be delivered: one of the addresses is not right.",
        action="Look at the addresses of each [[team]] in ackbot.toml.",
    )
    outbox.queue(connection, words)


def _complained(connection: Connection, delivery: Delivery, plan: Plan) -> None:
    day = plan.book.clocks.today(plan.now)
    reason = f"its owner reported our mail as unwanted on {day:%d %B %Y}"
    suppressions.add(connection, delivery.recipient, reason, plan.now, plan.now + SUPPRESSED_FOR)
    _note(connection, delivery, EventKind.COMPLAINED_OF, reason, plan)
    unknown_complaint(plan)


def unknown_complaint(plan: Plan) -> None:
    """Somebody reported mail of ours as unwanted. Once a day."""
    plan.notices += alert.notices(
        None,
        f"complaint:{plan.book.clocks.today(plan.now)}",
        plan.now,
        plan.book,
        subject="Our mail was reported as unwanted",
        happened="A mail provider says that somebody reported a mail of ours as unwanted.",
        action="Where it names the mail, nothing automatic goes to that person for 30 days. Look at what was sent.",
    )
