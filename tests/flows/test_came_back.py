"""What comes to our signed address reopens the duty, is for staff, or is noted; what others pass on is a person's."""

import pytest
from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.messages import Inbound
from bot.flows.intake.batches import Filed
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, suppressions
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.test_mail import DAY, HOUR, PERSON, STAFF, kinds, leave, log, now_of, opened, purposes, return_address
from tests.flows.test_mail import signed as signed  # noqa: PLC0414 - the fixture


def came_back(mail: Make, to: str, text: str, number: int = 90, **headers: str) -> Inbound:
    """What a mail server sends to that address from the null sender."""
    lines = {"From": "MAILER-DAEMON@mx.residents.example", "To": to, "Return_Path": "<>", "Subject": "Undelivered"}
    return mail(number, text=text, **(lines | headers))


def acknowledged(connection: Connection, book: Rulebook, mail: Make) -> tuple[Contact, Delivery]:
    """A contact with its receipt."""
    contact = opened(connection, book, mail())
    (receipt,) = outbox.of_contact(connection, contact.id)
    return contact, receipt


@pytest.mark.parametrize(
    "text",
    [
        "Remote server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by lookup'",
        "Technical report:\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822; x@y.example\r\nStatus: 5.1.1",
        "host mx.residents.example said: 554 no",
    ],
)
def test_a_failure_in_plain_text_opens_the_promise_again(store: Store, signed: Rulebook, mail: Make, text: str) -> None:
    """Not acknowledged, staff are told, and the address gets nothing automatic for 30 days."""
    with writing(store) as connection:
        contact, receipt = acknowledged(connection, signed, mail)
        (filed,) = log(connection, signed, came_back(mail, return_address(receipt), text), at=NOW + HOUR)
        assert (filed.reference, filed.outcome) == (contact.reference, "undeliverable")
        assert now_of(connection, contact).acknowledged_at is None
        assert purposes(leave(connection, signed, NOW + HOUR)) == ["notice"]
        assert [entry.address for entry in suppressions.list_in_force(connection, NOW + HOUR)] == [PERSON]


def test_what_cannot_be_read_is_a_task_with_the_mail(store: Store, signed: Rulebook, mail: Make) -> None:
    """A contact of its own with dates, linked to the first, which stays as it is; staff are told once."""
    with writing(store) as connection:
        contact, receipt = acknowledged(connection, signed, mail)
        message = came_back(mail, return_address(receipt), "Ei voitu toimittaa.")
        (filed,) = log(connection, signed, message, at=NOW + HOUR)
        task = now_of(connection, filed)
        assert (filed.outcome, task.linked_to, task.state) == ("ask", contact.id, "open")
        assert task.respond_by is not None
        assert [stored.text.strip() for stored in contacts.messages_of(connection, task.id)] == ["Ei voitu toimittaa."]
        assert now_of(connection, contact).acknowledged_at == contact.acknowledged_at
        assert kinds(connection, contact)[-1] == "continued"
        (notice,) = leave(connection, signed, NOW + HOUR)
        assert notice.details["subject"] == f"{contact.reference}: something came back, read it"
        assert task.reference not in str(notice.details)
        again = came_back(mail, return_address(receipt), "Ei vieläkään.", 91)
        log(connection, signed, again, at=NOW + 2 * HOUR)
        assert leave(connection, signed, NOW + 2 * HOUR) == []


def test_a_full_mailbox_is_seen_in_plain_text(store: Store, signed: Rulebook, mail: Make) -> None:
    """The same mail leaves once more, as after a report."""
    with writing(store) as connection:
        contact, receipt = acknowledged(connection, signed, mail)
        text = "said: 552 5.2.2 mailbox full"
        log(connection, signed, came_back(mail, return_address(receipt), text), at=NOW + HOUR)
        assert now_of(connection, contact).acknowledged_at is not None
        (again,) = leave(connection, signed, NOW + 6 * HOUR)
        assert again.message_id == receipt.message_id


def test_a_full_mailbox_waits_once_however_often_it_was_tried_before(
    store: Store, signed: Rulebook, mail: Make
) -> None:
    """A server that asked us to come again twice says nothing of the mailbox; one that is full twice is for staff."""
    with writing(store) as connection:
        contact, receipt = acknowledged(connection, signed, mail)
        connection.exec_driver_sql("UPDATE deliveries SET attempts = 3")
        text = "said: 552 5.2.2 mailbox full"
        log(connection, signed, came_back(mail, return_address(receipt), text), at=NOW + HOUR)
        assert purposes(leave(connection, signed, NOW + 6 * HOUR)) == ["acknowledgement"]
        log(connection, signed, came_back(mail, return_address(receipt), text, 91), at=NOW + 7 * HOUR)
        assert purposes(leave(connection, signed, NOW + 7 * HOUR)) == ["notice"]
        assert now_of(connection, contact).acknowledged_at is None


@pytest.mark.parametrize(
    "subject", ["Automatic reply: We have your message", "Frånvaro till och med fredag", "Re: Your message"]
)
def test_a_vacation_program_that_answers_there_is_noted(
    store: Store, signed: Rulebook, mail: Make, subject: str
) -> None:
    """RFC 3834 section 4: to the envelope sender, from the null sender; nobody is called for it."""
    with writing(store) as connection:
        contact, receipt = acknowledged(connection, signed, mail)
        headers = {"From": PERSON, "Subject": subject, "Auto_Submitted": "auto-replied"}
        message = came_back(mail, return_address(receipt), "I am away.", 90, **headers)
        (filed,) = log(connection, signed, message, at=NOW + HOUR)
        assert (filed.reference, filed.outcome, filed.rule) == (contact.reference, "attach", "6 automatic reply")
        assert leave(connection, signed, NOW + HOUR) == []
        assert now_of(connection, contact).acknowledged_at == contact.acknowledged_at


@pytest.mark.parametrize("text", ["Nobody here by that name.", "550 5.1.1 no such person"])
def test_what_comes_back_from_staff_opens_no_contact(store: Store, signed: Rulebook, mail: Make, text: str) -> None:
    """Its own alerts would come back as well, and so on without end."""
    with writing(store) as connection:
        notices = alert.notices(None, "x", NOW, signed, subject="s", happened="h", action="a")
        outbox.queue(connection, notices)
        (notice,) = leave(connection, signed)
        message = came_back(mail, return_address(notice), text)
        (filed,) = log(connection, signed, message, at=NOW + HOUR)
        assert now_of(connection, filed).state == "logged"
        assert leave(connection, signed, NOW + HOUR) == []


REACTION = (
    "--b\r\nContent-Type: text/plain\r\n\r\nRobin reacted via Gmail\r\n--b\r\n"
    'Content-Type: text/vnd.google.email-reaction+json\r\n\r\n{"emoji":"x","version":1}\r\n--b--'
)


def test_a_reaction_by_mail_opens_nothing_again(store: Store, signed: Rulebook, mail: Make) -> None:
    """It is added to the answered contact, however many come; alone it is logged. Nobody is written to."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        assert contacts.answer(connection, contact, NOW + DAY)
        kind = {"Content_Type": 'multipart/alternative; boundary="b"', "From": PERSON}
        filed: list[Filed] = []
        for number in range(2, 7):
            reaction = mail(number, text=REACTION, In_Reply_To="<1@residents.example>", **kind)
            filed += log(connection, signed, reaction, at=NOW + 2 * DAY)
        after = now_of(connection, contact)
        assert {result.reference for result in filed} == {contact.reference}
        assert (after.state, after.muted, after.noted_at) == ("answered", False, None)
        assert kinds(connection, contact)[-1] == "reaction"
        (alone,) = log(connection, signed, mail(8, text=REACTION, **kind), at=NOW + 2 * DAY)
        assert now_of(connection, alone).state == "logged"
        assert leave(connection, signed, NOW + 2 * DAY) == []


@pytest.mark.parametrize(
    "subject", ["Out of Office AutoReply: We have your message", "AUTO: Ann is out of the office (x)"]
)
def test_an_absence_in_a_thread_resumes_and_opens_nothing(
    store: Store, signed: Rulebook, mail: Make, subject: str
) -> None:
    """And no note says that we have added it."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        assert contacts.answer(connection, contact, NOW + DAY)
        away = mail(2, From=PERSON, Subject=subject, In_Reply_To="<1@residents.example>")
        (filed,) = log(connection, signed, away, at=NOW + 2 * DAY)
        assert (filed.reference, filed.rule) == (contact.reference, "6 automatic reply")
        assert now_of(connection, contact).state == "answered"
        assert leave(connection, signed, NOW + 2 * DAY) == []


def test_through_our_own_list_the_contact_is_the_persons(store: Store, signed: Rulebook, mail: Make) -> None:
    """With their receipt, their limits and their threads, also where the list wrote itself into From."""
    by_list = {
        "From": f'"Ann via Front desk" <{STAFF}>',
        "Return_Path": f"<{STAFF.replace('@', '+bncBDABCDEF@')}>",
        "List_ID": f"<{STAFF.replace('@', '.')}>",
        "List_Post": f"<mailto:{STAFF}>",
        "Precedence": "list",
        "X_Original_Sender": PERSON,
    }
    with writing(store) as connection:
        contact = opened(connection, signed, mail(1, **by_list))
        assert (contact.outcome, contact.sender_address, contact.sender_name) == ("acknowledge", PERSON, "Ann")
        (receipt,) = outbox.of_contact(connection, contact.id)
        assert receipt.recipient == PERSON
        more = mail(2, text="It grew.", In_Reply_To="<1@residents.example>", **by_list)
        (filed,) = log(connection, signed, more, at=NOW + HOUR)
        assert (filed.reference, filed.rule) == (contact.reference, "8 reply to a contact")
        (again,) = log(connection, signed, mail(3, **by_list), at=NOW + 2 * HOUR)
        assert (again.reference, again.rule) == (contact.reference, "1 sent again")


def test_two_authors_in_a_thread_are_heard(store: Store, signed: Rulebook, mail: Make) -> None:
    """What they write opens it again; alone it is a contact with dates."""
    with writing(store) as connection:
        two = {"From": "a@residents.example, b@residents.example", "Sender": "c@residents.example"}
        (filed,) = log(connection, signed, mail(5, **two))
        assert (filed.outcome, now_of(connection, filed).respond_by is not None) == ("ask", True)
        contact = opened(connection, signed, mail())
        assert contacts.answer(connection, contact, NOW + DAY)
        (receipt,) = outbox.of_contact(connection, contact.id)
        log(connection, signed, mail(6, In_Reply_To=receipt.message_id, **two), at=NOW + 2 * DAY)
        assert now_of(connection, contact).state == "open"


def test_an_unproven_answer_opens_no_door(store: Store, signed: Rulebook, mail: Make) -> None:
    """Whoever forges one under staff's name cannot answer it themselves to get into the contact."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        forged = mail(50, text="It is done.", From="jo@example.gov.uk", To=PERSON, Subject=contact.reference)
        (filed,) = log(connection, signed, forged, at=NOW + HOUR)
        assert filed.reference == contact.reference
        assert contacts.messages_of(connection, contact.id)[-1].written_by == "perhaps staff"
        stranger = mail(51, text="More.", From="eve@evil.example", In_Reply_To="<50@residents.example>")
        person = mail(52, text="Thanks.", From=PERSON, In_Reply_To="<50@residents.example>")
        outside, inside = log(connection, signed, stranger, person, at=NOW + 2 * HOUR)
        assert outside.reference != contact.reference
        assert inside.reference == contact.reference
