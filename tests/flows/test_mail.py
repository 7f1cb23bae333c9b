"""Mail as it really is: threads, answers of staff's, bounces, duplicates, and too much of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch, Permanent
from bot.core import acknowledgements
from bot.core.acknowledgements import Limits
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.events import Event, EventKind
from bot.core.messages import Inbound
from bot.flows.changes import staff_answers
from bot.flows.changes.acknowledge_now import acknowledge_now
from bot.flows.changes.refusals import Refused
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.outgoing import deliver, release
from bot.flows.outgoing.deliver import ClaimTerms
from bot.flows.rulebook import Rulebook, Way
from bot.store import contacts, outbox, suppressions
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.rulebooks import altered

SECRET = b"s" * 32
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERSON, STAFF = "resident1@residents.example", "us@example.gov.uk"


@pytest.fixture
def signed(book: Rulebook) -> Rulebook:
    """A rulebook with a secret, a second mailbox, and people who answer for us."""
    facts = replace(
        book.intake.triage,
        own=book.intake.own,
        staff=frozenset({"@example.gov.uk"}),
        relays=frozenset({"relay.example"}),
    )
    ways = dict(book.ways) | {"second": Way("post", "front", "other@example.gov.uk")}
    return altered(book, secret=SECRET, triage=facts, ways=ways)


def log(
    connection: Connection, book: Rulebook, *messages: Inbound, at: datetime = NOW, channel: str = "inbox"
) -> list[Filed]:
    """Log messages that came at that instant."""
    here = tuple(replace(message, channel=channel) for message in messages)
    return receive.receive(connection, Batch(here), Reading(channel), at, book, Capacity()).filed


def leave(connection: Connection, book: Rulebook, at: datetime = NOW) -> list[Delivery]:
    """Everything that is due leaves."""
    claimed = deliver.claim(connection, "post", at, ClaimTerms(HOUR), 1000, book)
    deliver.record(connection, [deliver.Attempt(claim.delivery, at) for claim in claimed], book)
    return [claim.delivery for claim in claimed]


def opened(connection: Connection, book: Rulebook, mail: Inbound, at: datetime = NOW) -> Contact:
    """The contact of this mail, acknowledged."""
    (filed,) = log(connection, book, mail, at=at)
    leave(connection, book, at)
    return now_of(connection, filed)


def now_of(connection: Connection, filed: Filed | Contact) -> Contact:
    """The contact as it stands now."""
    contact = contacts.find(connection, filed.reference or "")
    assert contact is not None
    return contact


def kinds(connection: Connection, contact: Contact) -> list[str]:
    """What happened to it."""
    return [event.kind for event in contacts.events_of(connection, contact.id)]


def purposes(deliveries: list[Delivery]) -> list[str]:
    """What leaves, in order."""
    return [delivery.purpose for delivery in deliveries]


# Threads --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["our message", "their own message", "subject", "words", "address", "delivered-to"])
def test_a_follow_up_finds_its_contact(store: Store, signed: Rulebook, mail: Make, how: str) -> None:
    """By what it answers, by the reference that it names, or by the address that we gave for this contact alone."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        (receipt,) = outbox.of_contact(connection, contact.id)
        reply_to = acknowledgements.signed_subaddress(STAFF, contact.reference.lower(), SECRET)
        assert receipt.details["reply_to"] == reply_to
        headers = {
            "our message": {"In_Reply_To": receipt.message_id},
            "their own message": {"References": "<1@residents.example>"},
            "subject": {"Subject": f"Re: {contact.reference}"},
            "address": {"To": reply_to.upper()},
            "delivered-to": {"Delivered_To": reply_to},
        }.get(how, {})
        text = f"About {contact.reference.lower()}: it grew." if how == "words" else "It grew."
        follow_up = mail(2, text=text, From=PERSON, **headers)
        (filed,) = log(connection, signed, follow_up, at=NOW + HOUR)
        assert (filed.reference, filed.outcome) == (contact.reference, "attach")
        assert len(contacts.messages_of(connection, contact.id)) == 2


def test_a_reference_or_a_thread_of_somebody_elses_opens_no_door(store: Store, signed: Rulebook, mail: Make) -> None:
    """A neighbour who answers the person's mail to us, or has seen their reference, is a contact of their own."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        seen = mail(2, Subject=f"Re: {contact.reference}")
        copied = mail(3, In_Reply_To="<1@residents.example>")
        forged = mail(4, To=acknowledgements.signed_subaddress(STAFF, contact.reference.lower(), b"another secret"))
        filed = log(connection, signed, seen, copied, forged, at=NOW + HOUR)
        assert [result.outcome for result in filed] == ["acknowledge"] * 3


def test_the_person_is_told_at_most_once_a_day(store: Store, signed: Rulebook, mail: Make) -> None:
    """Three follow-ups in a day, one short note; the next day another one."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        deliveries = []
        for number, at in enumerate((HOUR, 2 * HOUR, 20 * HOUR, 26 * HOUR), 2):
            again = mail(number, text=f"More {number}.", From=PERSON, Subject=contact.reference)
            log(connection, signed, again, at=NOW + at)
            deliveries += leave(connection, signed, NOW + at)
        assert purposes(deliveries) == ["added", "added"]
        assert {delivery.recipient for delivery in deliveries} == {PERSON}


def test_within_the_days_an_answered_contact_opens_again(store: Store, signed: Rulebook, mail: Make) -> None:
    """The clock starts anew on the day of the new message; a second answer stops it."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        respond(connection, contact, NOW + DAY)
        later = NOW + 10 * DAY
        log(connection, signed, mail(2, text="It is back.", From=PERSON, Subject=contact.reference), at=later)
        again = now_of(connection, contact)
        assert (again.state, again.responded_at) == ("open", None)
        assert again.respond_by is not None
        assert again.respond_by.date().isoformat() == "2026-12-17"
        assert "reopened" in kinds(connection, contact)
        respond(connection, again, later + DAY)
        assert now_of(connection, contact).state == "answered"


def test_after_the_days_it_is_a_new_contact_linked_to_the_old(store: Store, signed: Rulebook, mail: Make) -> None:
    """A new matter on an old thread has a receipt and a clock of its own."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        respond(connection, contact, NOW + DAY)
        much_later = NOW + 40 * DAY
        again = mail(2, text="Another hole.", From=PERSON, Subject=contact.reference)
        (filed,) = log(connection, signed, again, at=much_later)
        new = now_of(connection, filed)
        assert (filed.outcome, new.linked_to) == ("acknowledge", contact.id)
        assert "continued" in kinds(connection, contact)
        assert purposes(leave(connection, signed, much_later)) == ["acknowledgement"]


def respond(connection: Connection, contact: Contact, at: datetime) -> None:
    """Staff answered."""
    assert contacts.answer(connection, contact, at)
    contacts.note(connection, [Event(contact.id, at, EventKind.RESPONDED)])


def test_three_automatic_answers_in_a_day_mute_a_contact(store: Store, signed: Rulebook, mail: Make) -> None:
    """A program that answers whatever we send gets nothing automatic any more; people's words still count."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        for number in range(2, 6):
            robot = mail(number, From=PERSON, Subject=contact.reference, Auto_Submitted="auto-replied")
            log(connection, signed, robot, at=NOW + HOUR)
        assert now_of(connection, contact).muted
        log(connection, signed, mail(9, From=PERSON, Subject=contact.reference), at=NOW + 2 * HOUR)
        assert leave(connection, signed, NOW + 2 * HOUR) == []


# Bounces --------------------------------------------------------------------------------------------------------------


def bounce(mail: Make, to: str, *, action: str = "failed", status: str = "5.1.1", number: int = 90) -> Inbound:
    """A report as RFC 3464 has it, to that address."""
    text = (
        "--b\r\n\r\nIt did not arrive.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example.gov.uk\r\n\r\nFinal-Recipient: rfc822; {PERSON}\r\n"
        f"Action: {action}\r\nStatus: {status}\r\n--b--"
    )
    kind = 'multipart/report; report-type=delivery-status; boundary="b"'
    headers = {"From": "MAILER-DAEMON@mx.example.gov.uk", "To": to, "Return_Path": "<>", "Content_Type": kind}
    return mail(number, text=text, **headers)


def return_address(delivery: Delivery, secret: bytes = SECRET) -> str:
    """Where a report about this delivery comes back to."""
    return acknowledgements.signed_subaddress(STAFF, f"b{delivery.id}", secret)


def test_a_receipt_that_comes_back_opens_the_promise_again(store: Store, signed: Rulebook, mail: Make) -> None:
    """Not acknowledged, staff are told, and the address gets nothing automatic for 30 days."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        assert contact.acknowledged_at is not None
        (receipt,) = outbox.of_contact(connection, contact.id)
        report = bounce(mail, return_address(receipt))
        (filed,) = log(connection, signed, report, at=NOW + HOUR)
        after = now_of(connection, contact)
        assert (after.acknowledged_at, after.receipt_sent_at, after.state) == (None, None, "open")
        assert "undeliverable" in kinds(connection, contact)
        assert (filed.reference, filed.outcome) == (contact.reference, "undeliverable")
        assert purposes(leave(connection, signed, NOW + HOUR)) == ["notice"]
        (suppression,) = suppressions.list_in_force(connection, NOW + HOUR)
        assert suppression.address == PERSON
        (next_one,) = log(connection, signed, mail(2, text="Hello?", From=PERSON), at=NOW + 2 * HOUR)
        assert next_one.outcome == "ask"
        assert "came back" in now_of(connection, next_one).reason
        (much_later,) = log(connection, signed, mail(3, text="Me again.", From=PERSON), at=NOW + 31 * DAY)
        assert much_later.outcome == "acknowledge"


@pytest.mark.parametrize(("secret", "outcome"), [(SECRET, "undeliverable"), (b"another secret", "log")])
@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_to_the_mailbox_itself_is_proven_by_the_mail_that_it_returns(
    store: Store, signed: Rulebook, mail: Make, kind: str, secret: bytes, outcome: str
) -> None:
    """Exchange Online sends under an envelope of its own: our token in the header that comes back proves as much."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        (receipt,) = outbox.of_contact(connection, contact.id)
        token = return_address(receipt, secret).partition("@")[0].rpartition("+")[2]
        returned = f"From: Exampleshire Council <{STAFF}>\r\nTo: {PERSON}\r\nX-Ackbot-Loop: {token}\r\n"
        text = (
            "--b\r\n\r\nIt did not arrive.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            f"Reporting-MTA: dns; mx.example.gov.uk\r\n\r\nFinal-Recipient: rfc822; {PERSON}\r\n"
            f"Action: failed\r\nStatus: 5.1.10\r\n--b\r\nContent-Type: {kind}\r\n\r\n{returned}\r\n--b--"
        )
        report = 'multipart/report; report-type=delivery-status; boundary="b"'
        headers = {"From": "postmaster@example.gov.uk", "To": STAFF, "Return_Path": "<>", "Content_Type": report}
        (filed,) = log(connection, signed, mail(91, text=text, **headers), at=NOW + HOUR)
        assert filed.outcome == outcome
        assert (now_of(connection, contact).acknowledged_at is None) == (outcome == "undeliverable")
        as_forwarded = headers | {"Content_Type": 'multipart/mixed; boundary="b"', "From": "sam@residents.example"}
        (other,) = log(connection, signed, mail(92, text=text, **as_forwarded), at=NOW + HOUR)
        assert other.outcome != "undeliverable"


@pytest.mark.parametrize("wrong", ["another secret", "no token"])
def test_a_report_that_is_not_proven_to_be_ours_changes_nothing(
    store: Store, signed: Rulebook, mail: Make, wrong: str
) -> None:
    """Anybody can write a report: without the signed address it is logged, and that is all."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        (receipt,) = outbox.of_contact(connection, contact.id)
        to = STAFF if wrong == "no token" else return_address(receipt, b"another secret")
        (filed,) = log(connection, signed, bounce(mail, to), at=NOW + HOUR)
        assert filed.outcome == "log"
        assert now_of(connection, contact).acknowledged_at is not None
        assert suppressions.list_in_force(connection, NOW) == []


def test_what_is_only_delayed_changes_nothing(store: Store, signed: Rulebook, mail: Make) -> None:
    """RFC 3464 section 2.3.3: delayed is not failed. The report is noted, and that is all."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        receipts = outbox.of_contact(connection, contact.id)
        happened = kinds(connection, contact)
        report = bounce(mail, return_address(receipts[0]), action="delayed", status="4.4.1")
        (filed,) = log(connection, signed, report, at=NOW + HOUR)
        assert filed.reference == contact.reference
        assert now_of(connection, contact) == contact
        assert outbox.of_contact(connection, contact.id) == receipts
        assert kinds(connection, contact) == [*happened, "delivery report"]
        assert suppressions.list_in_force(connection, NOW + HOUR) == []
        assert leave(connection, signed, NOW + DAY) == []


def test_a_full_mailbox_is_tried_once_more(store: Store, signed: Rulebook, mail: Make) -> None:
    """Later the same receipt leaves again, with the same Message-ID; when that comes back, too, it has failed."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        (receipt,) = outbox.of_contact(connection, contact.id)
        log(connection, signed, bounce(mail, return_address(receipt), status="5.2.2"), at=NOW + HOUR)
        assert now_of(connection, contact).acknowledged_at is not None
        (again,) = leave(connection, signed, NOW + 6 * HOUR)
        assert again.message_id == receipt.message_id
        log(connection, signed, bounce(mail, return_address(receipt), status="5.2.2", number=91), at=NOW + 7 * HOUR)
        assert now_of(connection, contact).acknowledged_at is None


def test_a_receipt_that_came_back_and_is_then_refused_counts_no_more(
    store: Store, signed: Rulebook, mail: Make
) -> None:
    """The second time the mail server does not even take it."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        (receipt,) = outbox.of_contact(connection, contact.id)
        log(connection, signed, bounce(mail, return_address(receipt), status="5.2.2"), at=NOW + HOUR)
        (again,) = deliver.claim(connection, "post", NOW + 6 * HOUR, ClaimTerms(HOUR), 1000, signed)
        deliver.record(connection, [deliver.Attempt(again.delivery, NOW + 6 * HOUR, Permanent("550 no"))], signed)
        assert now_of(connection, contact).acknowledged_at is None


def test_a_receipt_that_comes_back_before_its_hand_over_is_recorded(store: Store, signed: Rulebook, mail: Make) -> None:
    """A report can be faster than we are: that it left must not undo that it came back."""
    with writing(store) as connection:
        (filed,) = log(connection, signed, mail())
        (claimed,) = deliver.claim(connection, "post", NOW, ClaimTerms(HOUR), 1000, signed)
        log(connection, signed, bounce(mail, return_address(claimed.delivery)), at=NOW + HOUR)
        deliver.record(connection, [deliver.Attempt(claimed.delivery, NOW)], signed)
        (receipt, *_) = outbox.of_contact(connection, now_of(connection, filed).id)
        assert receipt.state == "permanent-failure"
        assert now_of(connection, filed).acknowledged_at is None


def test_an_unusual_bounce_of_ours_counts_too(store: Store, signed: Rulebook, mail: Make) -> None:
    """As qmail writes it: no machine-readable part, but the signed address proves whose it is."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        (receipt,) = outbox.of_contact(connection, contact.id)
        text = (
            "Hi. This is the qmail-send program at mx.residents.example.\r\nI'm afraid I wasn't able to deliver your "
            "message to the following addresses.\r\nThis is a permanent error; I've given up. Sorry it didn't work "
            f"out.\r\n\r\n<{PERSON}>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n"
            "--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <us@example.gov.uk>\r\n"
        )
        headers = {"From": "MAILER-DAEMON@mx.residents.example", "Return_Path": "<>", "To": return_address(receipt)}
        log(connection, signed, mail(92, text=text, **headers), at=NOW + HOUR)
        assert now_of(connection, contact).acknowledged_at is None


def test_an_abuse_report_stops_automatic_mail_to_its_owner(store: Store, signed: Rulebook, mail: Make) -> None:
    """RFC 5965: the report names the envelope sender, which we signed."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        (receipt,) = outbox.of_contact(connection, contact.id)
        text = (
            "--b\r\n\r\nAbuse.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n"
            f"Version: 1\r\nOriginal-Mail-From: <{return_address(receipt)}>\r\n--b--"
        )
        kind = 'multipart/report; report-type=feedback-report; boundary="b"'
        log(connection, signed, mail(93, text=text, From="fbl@provider.example", Content_Type=kind), at=NOW + HOUR)
        assert [entry.address for entry in suppressions.list_in_force(connection, NOW + HOUR)] == [PERSON]
        assert purposes(leave(connection, signed, NOW + HOUR)) == ["notice"]


# Staff's answers ------------------------------------------------------------------------------------------------------


def staffs(mail: Make, contact: Contact, text: str, number: int = 50, **headers: str) -> Inbound:
    """A copy of what staff sent, as the folder of sent mail holds it."""
    lines = {"From": STAFF, "To": PERSON, "In_Reply_To": contact.external_id, "Subject": "Re: A hole"} | headers
    message = mail(number, text=text, Date="Mon, 23 Nov 2026 11:30:00 +0000", **lines)
    return replace(message, outgoing=True)


FULL = "Dear resident, the hole was filled on Friday. Kind regards"


def test_an_answer_in_the_sent_folder_stops_the_clock_when_it_was_sent(
    store: Store, signed: Rulebook, mail: Make
) -> None:
    """Not when we saw it; what was found out stands in the history."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        log(connection, signed, staffs(mail, contact, FULL), at=NOW + 5 * HOUR)
        after = now_of(connection, contact)
        assert after.state == "answered"
        assert after.responded_at is not None
        assert after.responded_at.isoformat() == "2026-11-23T11:30:00+00:00"
        wrote = next(e for e in contacts.events_of(connection, contact.id) if e.kind == EventKind.STAFF_WROTE)
        assert wrote.details["judged"] == "full response"
        assert wrote.details["evidence"]


def test_a_holding_reply_a_forward_and_a_note_leave_the_clock_running(
    store: Store, signed: Rulebook, mail: Make
) -> None:
    """Each is kept with what it was taken for."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        holding = staffs(mail, contact, "We are looking into this and will write again.", 51)
        forward = staffs(mail, contact, "For you.", 52, To="roads@contractor.example", Subject="Fw: A hole")
        note = staffs(mail, contact, "Who takes this?", 53, To="jo@example.gov.uk")
        log(connection, signed, holding, forward, note, at=NOW + 5 * HOUR)
        assert now_of(connection, contact).state == "open"
        judged = [e.details["judged"] for e in contacts.events_of(connection, contact.id) if e.kind == "staff wrote"]
        assert judged == ["holding reply", "forward", "internal note"]


def test_our_own_receipts_and_strangers_mail_in_the_sent_folder_are_nobodys(
    store: Store, signed: Rulebook, mail: Make
) -> None:
    """Some servers keep what we send there, too; and staff write to other people."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        ours = staffs(mail, contact, FULL, 54, Auto_Submitted="auto-replied", X_Ackbot_Loop="x")
        other = replace(mail(55, From=STAFF, To="somebody@else.example"), outgoing=True)
        filed = log(connection, signed, ours, other, at=NOW + HOUR)
        assert [result.reference for result in filed] == [None, None]
        assert now_of(connection, contact).state == "open"


def test_an_answer_that_nothing_proves_to_be_staffs_is_asked_about(store: Store, signed: Rulebook, mail: Make) -> None:
    """By Bcc or Cc into an inbox of ours: it is added, the clock runs on, and who signs in may say whose it is."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        copy = replace(staffs(mail, contact, FULL, 56, From="jo@example.gov.uk"), outgoing=False)
        (filed,) = log(connection, signed, copy, at=NOW + 5 * HOUR)
        assert (filed.reference, filed.outcome, filed.rule) == (contact.reference, "attach", "2 staff's mail")
        assert now_of(connection, contact).state == "open"
        (notice,) = leave(connection, signed, NOW + 5 * HOUR)
        assert notice.details["subject"] == f"{contact.reference}: is this your answer?"
        log(connection, signed, replace(copy, external_id="<again@x>", digest="e" * 64), at=NOW + 6 * HOUR)
        assert leave(connection, signed, NOW + 6 * HOUR) == []
        staff_answers.correct(connection, contact.reference, "full", "staff:jo", NOW + 7 * HOUR, signed)
        after = now_of(connection, contact)
        assert after.responded_at is not None
        assert (after.state, after.responded_at.isoformat()) == ("answered", "2026-11-23T11:30:00+00:00")


@pytest.mark.parametrize(
    ("headers", "judged"),
    [
        ({}, "not proven to be staff's"),
        ({"Subject": "Re: [holding] A hole"}, "not proven to be staff's"),
        ({"To": "roads@contractor.example"}, "forward"),
        ({"To": "sam@example.gov.uk"}, "internal note"),
    ],
)
def test_only_what_would_stop_or_shift_a_clock_needs_proof(
    store: Store, signed: Rulebook, mail: Make, headers: dict[str, str], judged: str
) -> None:
    """A forward or a note among colleagues changes nothing, and nobody is asked."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        copy = replace(staffs(mail, contact, FULL, 56, From="jo@example.gov.uk", **headers), outgoing=False)
        log(connection, signed, copy, at=NOW + 5 * HOUR)
        after = now_of(connection, contact)
        assert (after.state, after.acknowledged_at) == ("open", contact.acknowledged_at)
        (wrote,) = (e for e in contacts.events_of(connection, contact.id) if e.kind == EventKind.STAFF_WROTE)
        assert wrote.details["judged"] == judged
        assert len(leave(connection, signed, NOW + 5 * HOUR)) == (judged == "not proven to be staff's")


def test_nobody_may_say_of_a_mail_that_it_is_unproven(store: Store, signed: Rulebook, mail: Make) -> None:
    """Staff say what it is; that it is not proven is found out."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        log(connection, signed, staffs(mail, contact, FULL), at=NOW + 5 * HOUR)
        with pytest.raises(Refused, match="choose one of"):
            staff_answers.correct(connection, contact.reference, "unproven", "staff:jo", NOW + 6 * HOUR, signed)


def test_a_persons_own_follow_up_from_a_staff_address_is_no_answer(store: Store, signed: Rulebook, mail: Make) -> None:
    """People who work for us write to us, too."""
    with writing(store) as connection:
        own = opened(connection, signed, mail(60, From="jo@example.gov.uk"), NOW + DAY)
        (filed,) = log(connection, signed, mail(61, From="jo@example.gov.uk", Subject=own.reference), at=NOW + 2 * DAY)
        assert (filed.rule, now_of(connection, own).state) == ("8 reply to a contact", "open")


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ("mx.example.gov.uk; dmarc=pass header.from=example.gov.uk", "answered"),
        ("mx.example.gov.uk; dkim=pass header.d=example.gov.uk", "answered"),
        ("mx.example.gov.uk; dmarc=none; dkim=pass header.i=@example.gov.uk", "answered"),
        ("mx.example.gov.uk; dmarc=fail header.from=example.gov.uk; dkim=pass header.d=example.gov.uk", "open"),
        ("mx.example.gov.uk; dkim=pass header.d=elsewhere.example", "open"),
        ("mx.example.gov.uk; dkim=fail header.d=example.gov.uk", "open"),
        ("mx.example.gov.uk; spf=pass smtp.mailfrom=example.gov.uk", "open"),
        ("mx.example.gov.uk; dmarc=fail header.from=example.gov.uk", "open"),
        ("mx.elsewhere.example; dmarc=pass header.from=example.gov.uk", "open"),
        ("mx.example.gov.uk; none", "open"),
    ],
)
def test_where_our_server_says_who_is_who_it_must_say_so(
    store: Store, signed: Rulebook, mail: Make, says: str, state: str
) -> None:
    """A forged answer would stop the clock of a promise: DMARC passed, or the author's own domain signed."""
    ways = dict(signed.ways) | {"inbox": replace(signed.ways["inbox"], authserv_id="mx.example.gov.uk")}
    careful = altered(signed, ways=ways)
    with writing(store) as connection:
        contact = opened(connection, careful, mail())
        copy = staffs(mail, contact, FULL, 58, From="jo@example.gov.uk", Authentication_Results=says)
        log(connection, careful, replace(copy, outgoing=False), at=NOW + 5 * HOUR)
        assert now_of(connection, contact).state == state
        assert len(leave(connection, careful, NOW + 5 * HOUR)) == (state == "open")


def test_a_wrong_guess_is_put_right_both_ways(store: Store, signed: Rulebook, mail: Make) -> None:
    """The clocks stand as if it had been known at once; both the guess and the correction are kept."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        due = contact.respond_by
        log(connection, signed, staffs(mail, contact, FULL), at=NOW + 5 * HOUR)
        done = staff_answers.correct(connection, contact.reference, "holding", "staff:jo", NOW + 6 * HOUR, signed)
        assert isinstance(done, staff_answers.Corrected)
        after = now_of(connection, contact)
        assert (after.state, after.respond_by, after.responded_at) == ("open", due, None)
        assert after.acknowledged_at is not None
        again = staff_answers.correct(connection, contact.reference, "full", "staff:jo", NOW + 7 * HOUR, signed)
        assert isinstance(again, staff_answers.Corrected)
        answered = now_of(connection, contact)
        assert answered.state == "answered"
        assert answered.responded_at is not None
        assert answered.responded_at.isoformat() == "2026-11-23T11:30:00+00:00"
        with pytest.raises(Refused, match="taken for a full response already"):
            staff_answers.correct(connection, contact.reference, "full", "staff:jo", NOW + 8 * HOUR, signed)


# Duplicates and too much ----------------------------------------------------------------------------------------------


def test_the_same_mail_by_two_routes_is_one_contact(store: Store, signed: Rulebook, mail: Make) -> None:
    """To two of our addresses, by LMTP and by IMAP, any number of times: one contact, one receipt."""
    with writing(store) as connection:
        (first,) = log(connection, signed, mail())
        for _ in range(2):
            (second,) = log(connection, signed, mail(), channel="second")
            assert (second.reference, second.new) == (first.reference, False)
        (contact,) = contacts.list_all(connection)
        assert kinds(connection, contact) == ["logged", "follow-up"]
        assert purposes(leave(connection, signed)) == ["acknowledgement"]


def test_a_mail_that_is_sent_again_joins_its_contact(store: Store, signed: Rulebook, mail: Make) -> None:
    """The same person, the same words, another Message-ID; somebody else's same words are another contact."""
    with writing(store) as connection:
        (first,) = log(connection, signed, mail())
        (again,) = log(connection, signed, mail(Message_ID="<again@residents.example>"), at=NOW + 2 * HOUR)
        (other,) = log(connection, signed, mail(2), at=NOW + 2 * HOUR)
        assert again.reference == first.reference != other.reference


@pytest.mark.parametrize(("several", "count"), [("apart", 10), ("together", 1)])
def test_ten_mails_of_one_worried_person_have_one_receipt(
    store: Store, signed: Rulebook, mail: Make, several: str, count: int
) -> None:
    """In ten minutes, in one batch or in ten: each is logged, one receipt leaves, nobody counts as forgotten."""
    limits = replace(Limits(), several="together" if several == "together" else "apart")
    worried = altered(signed, limits=limits)
    with writing(store) as connection:
        ten = [mail(n, text=f"Help {n}!", From=PERSON, Subject=f"Help {n}") for n in range(10)]
        log(connection, worried, *ten[:4])
        left = leave(connection, worried)
        for number, message in enumerate(ten[4:], 1):
            log(connection, worried, message, at=NOW + timedelta(minutes=number))
            left += leave(connection, worried, NOW + timedelta(minutes=number))
        assert purposes(left) == ["acknowledgement"]
        matters = contacts.list_all(connection)
        assert len(matters) == count
        assert sum(len(contacts.messages_of(connection, contact.id)) for contact in matters) == 10
        assert all(contact.acknowledged_at is not None for contact in matters)


def test_receipts_to_one_address_are_capped_and_contacts_are_not(store: Store, signed: Rulebook, mail: Make) -> None:
    """Three an hour, ten a day; staff are told once; each contact has its dates, and staff may send its receipt."""
    with writing(store) as connection:
        all_filed = []
        for number in range(5):
            at = NOW + timedelta(minutes=11 * number)
            all_filed += log(connection, signed, mail(number, text=f"{number}", From=PERSON), at=at)
        assert [filed.outcome for filed in all_filed] == ["acknowledge"] * 3 + ["ask"] * 2
        at, last = NOW + HOUR, now_of(connection, all_filed[-1])
        assert last.respond_by is not None
        assert purposes(leave(connection, signed, at)).count("notice") == 1
        acknowledge_now(connection, last.reference, "", "staff:jo", at, signed)
        assert purposes(leave(connection, signed, at)) == ["acknowledgement"]
        with pytest.raises(Refused, match="has its receipt already"):
            acknowledge_now(connection, last.reference, "", "staff:jo", at, signed)


def test_a_domain_is_capped_where_it_is_configured(store: Store, signed: Rulebook, mail: Make) -> None:
    """Within one batch and over several; providers of mail for everybody are no one sender."""
    capped = altered(signed, limits=replace(Limits(), an_hour_to_a_domain=3))
    with writing(store) as connection:
        filed = log(connection, capped, *(mail(n) for n in range(4)))
        filed += log(connection, capped, mail(5))
        assert [result.outcome for result in filed] == ["acknowledge"] * 3 + ["ask"] * 2
        open_to_all = log(connection, capped, *(mail(n, From=f"p{n}@gmail.com") for n in range(10, 16)))
        assert {result.outcome for result in open_to_all} == {"acknowledge"}


def test_the_breaker_stops_receipts_until_somebody_lets_them_leave(store: Store, signed: Rulebook, mail: Make) -> None:
    """Nothing is lost: every contact is logged with its dates, one notice leaves, and release sends the rest."""
    limited = altered(signed, limits=replace(Limits(), a_minute=5))
    with writing(store) as connection:
        log(connection, limited, *(mail(n) for n in range(8)))
        log(connection, limited, *(mail(n) for n in range(8, 12)), at=NOW + timedelta(seconds=5))
        assert purposes(leave(connection, limited, NOW + HOUR)) == ["notice"]
        assert len([contact for contact in contacts.list_all(connection) if contact.respond_by]) == 12
        release.begin(connection, NOW + HOUR, alone=True)
        assert leave(connection, limited, NOW + HOUR) == []
        assert release.release(connection, NOW + HOUR) == 12
        assert purposes(leave(connection, limited, NOW + HOUR)) == ["acknowledgement"] * 12


def test_a_robot_that_was_only_logged_can_be_acknowledged_after_all(store: Store, signed: Rulebook, mail: Make) -> None:
    """Its dates count from when it came; a bounce is no reason to send twice to the same place."""
    with writing(store) as connection:
        (filed,) = log(connection, signed, mail(List_Id="<x.lists.example>"))
        assert now_of(connection, filed).state == "logged"
        acknowledge_now(connection, filed.reference or "", "", "staff:jo", NOW + DAY, signed)
        opened_now = now_of(connection, filed)
        assert (opened_now.state, opened_now.outcome) == ("open", "acknowledge")
        assert opened_now.respond_by is not None
        assert opened_now.respond_by.date().isoformat() == "2026-12-07"
        assert purposes(leave(connection, signed, NOW + DAY)) == ["acknowledgement"]


def test_our_own_mail_that_comes_back_alarms_at_the_third(store: Store, signed: Rulebook, mail: Make) -> None:
    """None is answered; somebody looks for whoever forwards it."""
    with writing(store) as connection:
        for number in range(4):
            log(connection, signed, mail(number, From=STAFF, text=f"{number}"), at=NOW + number * HOUR)
        assert purposes(leave(connection, signed, NOW + 4 * HOUR)) == ["notice"]


def test_a_trusted_page_passes_on_a_person(store: Store, signed: Rulebook, mail: Make) -> None:
    """The receipt goes to who wrote there, named in Reply-To; a stranger's Reply-To is never followed."""
    with writing(store) as connection:
        page = {"From": "Jo <fms-report-1-ab@relay.example>", "Return_Path": "<fms-report-1-ab@relay.example>"}
        (filed,) = log(connection, signed, mail(1, **page, Reply_To=PERSON, Auto_Submitted="auto-generated"))
        assert now_of(connection, filed).sender_address == PERSON
        (receipt,) = leave(connection, signed)
        assert receipt.recipient == PERSON
        log(connection, signed, mail(2, Reply_To="victim@elsewhere.example"), at=NOW + HOUR)
        (second,) = leave(connection, signed, NOW + HOUR)
        assert second.recipient == "resident2@residents.example"
