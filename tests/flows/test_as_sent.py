"""What has left or may have is kept as it was handed over: staff and the person can read it, and it is forgotten."""

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from bot.channel import Batch, ChannelError, Misconfigured, Permanent, Temporary
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose
from bot.core.retention import Retention
from bot.core.roles import Scope
from bot.flows.changes import forget, respond
from bot.flows.desk import message_view
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import alert, as_sent, deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, NotNeeded, NotTried
from bot.flows.people import record
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, retention
from bot.store.engine import Store
from bot.store.tables import sent_messages
from bot.wire.refusals import Uncertain
from tests.flows.conftest import NOW, Make, writing
from tests.render.letters import COMPOSER, own_template
from tests.rulebooks import altered

HOLD = ClaimTerms(timedelta(minutes=30))
DAY = timedelta(days=1)
ALL = Scope()


def _log(connection: Connection, book: Rulebook, mail: Make, number: int = 1) -> Contact:
    message = mail(number, text=f"Hole number {number}.")
    (filed,) = receive(connection, Batch((message,)), Reading("inbox"), NOW, book, Capacity()).filed
    contact = contacts.find(connection, filed.reference or "")
    assert contact is not None
    return contact


def _leave(
    connection: Connection, book: Rulebook, error: Exception | None = None, composer: object = COMPOSER
) -> list[Claimed]:
    """Hand over everything that is due, with this result."""
    claims = deliver.claim(connection, "post", NOW, HOLD, 50, book)
    write = MessageWriter(composer, book, b"s" * 32).write  # type: ignore[arg-type]
    joined = [tuple(part.delivery for part in claim.joined) for claim in claims]
    attempts = [
        Attempt(claim.delivery, NOW, error, "" if error else "queue-1", parts, message=write(claim, NOW))
        for claim, parts in zip(claims, joined, strict=True)
    ]
    deliver.record(connection, attempts, book)
    return claims


def _receipt(connection: Connection, contact: Contact) -> Delivery:
    (receipt,) = (d for d in outbox.of_contact(connection, contact.id) if d.purpose is Purpose.ACKNOWLEDGEMENT)
    return receipt


def test_what_left_is_kept_as_it_was_handed_over(store: Store, book: Rulebook, mail: Make, tmp_path: Path) -> None:
    """Byte for byte, with its template's version: whatever the template and the dates say today."""
    own = own_template(tmp_path, "Hello, we have it: {{ reference }}.", subject="As it was")
    with writing(store) as connection:
        contact = _log(connection, book, mail)
        (claim,) = _leave(connection, book, composer=own)
        contacts.put(connection, contact.id, {"respond_by": NOW + 90 * DAY})
        departure = message_view.departure_of(connection, contact.reference, claim.delivery.id, ALL)
        assert departure is not None
        (message,) = departure.messages
        assert message.content == MessageWriter(own, book, b"s" * 32).write(claim, NOW).content
        assert (message.at, message.recipient, message.external_id) == (NOW, claim.delivery.recipient, "queue-1")
        assert (message.subject, message.template) == ("As it was", own.version("acknowledgement"))
        assert f"Hello, we have it: {contact.reference}." in message.words
        assert "<html" in message.page
        assert ("Message-ID", claim.delivery.message_id) in message.headers
    assert own.version("acknowledgement") != COMPOSER.version("acknowledgement")


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (Uncertain("the line broke"), 1),
        (RuntimeError("a fault of ours"), 1),
        (Temporary("451 later"), 0),
        (Permanent("550 nobody"), 0),
        (Misconfigured("535 password"), 0),
        (NotTried(), 0),
        (NotNeeded(), 0),
    ],
)
def test_what_may_have_left_is_kept_and_what_came_back_is_not(
    store: Store, book: Rulebook, mail: Make, error: ChannelError, count: int
) -> None:
    """Where the other side said no, it does not have it; where nothing can be said, it may."""
    with writing(store) as connection:
        contact = _log(connection, book, mail)
        _leave(connection, book, error)
        assert len(as_sent.of(connection, _receipt(connection, contact))) == count


def test_each_hand_over_is_kept(store: Store, book: Rulebook, mail: Make, tmp_path: Path) -> None:
    """A repeat may carry other words under the same Message-ID: both may have arrived."""
    with writing(store) as connection:
        contact = _log(connection, book, mail)
        _leave(connection, book, Uncertain("the line broke"), own_template(tmp_path, "One."))
        outbox.bring_forward(connection, NOW)
        _leave(connection, book)
        first, second = as_sent.of(connection, _receipt(connection, contact))
        assert (first.attempt, first.words.strip(), second.attempt) == (1, "One.", 2)


def test_alerts_in_one_message_are_kept_once_and_found_from_each(store: Store, book: Rulebook, mail: Make) -> None:
    """And go with the first of their contacts that is forgotten, for they name it."""
    joining = altered(book, restraint=replace(book.outgoing.restraint, join_above=1))
    with writing(store) as connection:
        both = [_log(connection, book, mail, number) for number in (1, 2)]
        _leave(connection, book)
        for contact in both:
            outbox.queue(connection, alert.handed_over(contact, NOW, joining))
        (joint,) = _leave(connection, joining)
        numbers = [joint.delivery.id, *(part.delivery.id for part in joint.joined)]
        assert len(numbers) == 2
        for contact, number in zip(both, numbers, strict=True):
            departure = message_view.departure_of(connection, contact.reference, number, ALL)
            assert departure is not None
            assert [all(c.reference in m.words for c in both) for m in departure.messages] == [True]
        assert connection.execute(select(text("count(*)")).select_from(sent_messages)).scalar() == 3
        retention.strip(connection, [both[1].id], b"key")
        assert message_view.departure_of(connection, both[1].reference, numbers[1], ALL) is None
        departure = message_view.departure_of(connection, both[0].reference, numbers[0], ALL)
        assert departure is not None
        assert departure.messages == ()


def test_what_told_of_contacts_of_other_teams_is_not_shown_to_one(store: Store, book: Rulebook, mail: Make) -> None:
    """A message about several goes to who has them all: who sees one of them learns when it left, and no more."""
    joining = altered(book, restraint=replace(book.outgoing.restraint, join_above=1))
    housing = Scope(frozenset({"housing"}), unassigned=False)
    with writing(store) as connection:
        both = [_log(connection, book, mail, number) for number in (1, 2)]
        _leave(connection, book)
        contacts.put(connection, both[1].id, {"team": "housing"})
        for contact in both:
            outbox.queue(connection, alert.handed_over(contact, NOW, joining))
        _leave(connection, joining)
        assert message_view.departures_of(connection, both[0].reference, housing) is None
        for scope, is_shown in ((ALL, True), (housing, False)):
            departures = message_view.departures_of(connection, both[1].reference, scope)
            assert departures is not None
            receipt, to_staff = departures
            assert both[1].reference in receipt.messages[0].words
            (message,) = to_staff.messages
            content = (message.subject, str(message.headers), message.words, message.page)
            assert any(both[0].reference in part for part in content) is is_shown
            assert (message.at, message.recipient) == (NOW, "staff@example.gov.uk")


def test_nobody_acts_by_a_link_that_another_was_sent(store: Store, book: Rulebook, mail: Make) -> None:
    """What staff were sent can be read by all who see the contact, without what lets its reader act."""
    linking = altered(book, website="https://contact.example.gov.uk")
    with writing(store) as connection:
        contact = _log(connection, linking, mail)
        outbox.queue(connection, alert.handed_over(contact, NOW, linking))
        _leave(connection, linking)
        (to_staff,) = (d for d in outbox.of_contact(connection, contact.id) if d.step == "handed-over")
        (message,) = as_sent.of(connection, to_staff)
        for content in (message.words, message.page):
            assert "/alerts/(link of its reader)" in content
            assert f"{to_staff.id}.{contact.id}." not in content
        assert message.content == b""


def test_a_person_is_given_what_they_were_sent(store: Store, book: Rulebook, mail: Make) -> None:
    """With its words, and the mail itself; what staff were sent is not theirs."""
    with writing(store) as connection:
        contact = _log(connection, book, mail)
        outbox.queue(connection, alert.handed_over(contact, NOW, book))
        _leave(connection, book)
        (entry,) = record.of_person(connection, contact.sender_address or "", NOW)["contacts"]
        by_purpose = {letter["purpose"]: letter["messages"] for letter in entry["deliveries"]}
        (message,) = by_purpose["acknowledgement"]
        assert contact.reference in message["words"]
        assert b"Auto-Submitted: auto-replied" in base64.b64decode(message["raw"])
        assert by_purpose.keys() == {"acknowledgement"}


def test_it_is_forgotten_with_its_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """Nothing is left of it, and what is recorded afterwards of a message that was leaving is not kept either."""
    with writing(store) as connection:
        contact = _log(connection, book, mail)
        _leave(connection, book, Uncertain("the line broke"))
        outbox.bring_forward(connection, NOW)
        (late,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        respond.respond(connection, contact.reference, NOW, book, actor="staff:ann")
        retention.strip(connection, [contact.id], b"key")
        message = MessageWriter(COMPOSER, book, b"s" * 32).write(late, NOW)
        deliver.record(connection, [Attempt(late.delivery, NOW, message=message)], book)
        assert connection.execute(select(sent_messages)).all() == []


def test_lists_and_notices_are_kept_as_long_as_the_trail(store: Store, book: Rulebook) -> None:
    """They are about no single contact."""
    keep = Retention(10 * DAY, audit=100 * DAY)
    with writing(store) as connection:
        outbox.queue(connection, alert.notices(None, "disk", NOW, book, subject="S", happened="Full.", action="A"))
        assert _leave(connection, book)
        for days, count in ((100, 1), (101, 0)):
            forget.forget_what_was_left(connection, keep, NOW + days * DAY)
            assert len(connection.execute(select(sent_messages)).all()) == count
