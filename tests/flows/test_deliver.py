"""What leaves: once, in time, recorded, and not when there is no longer a reason."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from bot.channel import Batch, Misconfigured, Permanent, Temporary
from bot.core import escalations
from bot.core.contacts import Contact
from bot.flows import escalate
from bot.flows.changes import respond
from bot.flows.changes.refusals import Refused
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.outgoing import alert, deliver, event_feed
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.wire.refusals import Uncertain
from tests.flows.conftest import NOW, Make, writing
from tests.rulebooks import altered

HOLD = ClaimTerms(timedelta(minutes=30))


def log_mail(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    """Log one mail; its contact."""
    (filed,) = receive.receive(connection, Batch((mail(),)), Reading("inbox"), NOW, book, Capacity()).filed
    contact = contacts.find(connection, filed.reference or "")
    assert contact is not None
    return contact


def again(connection: Connection, contact: Contact) -> Contact:
    """The contact as it stands now."""
    return contacts.with_id(connection, [contact.id])[contact.id]


def test_a_late_word_of_the_first_holder_counts_only_if_the_message_left(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """A failure that it reports after the claim was taken over changes nothing; that it was sent ends the matter."""
    states = text("SELECT state, attempts FROM deliveries")
    with writing(store) as connection:
        log_mail(connection, book, mail)
        (stale,) = deliver.claim(connection, "post", NOW, ClaimTerms(timedelta(0)), 1, book)
        deliver.claim(connection, "post", NOW, HOLD, 1, book)
        deliver.record(connection, [Attempt(stale.delivery, NOW, Permanent("550 no"))], book)
        assert connection.execute(states).one() == ("sending", 2)
        deliver.record(connection, [Attempt(stale.delivery, NOW)], book)
        assert connection.execute(states).one() == ("sent", 2)


def test_a_claim_is_not_given_twice(store: Store, book: Rulebook, mail: Make) -> None:
    """While one holds it nobody else gets it; when the holder died it falls due again."""
    with writing(store) as connection:
        log_mail(connection, book, mail)
        assert len(deliver.claim(connection, "post", NOW, HOLD, 50, book)) == 1
        assert deliver.claim(connection, "post", NOW, HOLD, 50, book) == []
        assert len(deliver.claim(connection, "post", NOW + HOLD.span, HOLD, 50, book)) == 1


def test_a_hand_over_acknowledges_the_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """The first success is the acknowledgement; the event says so."""
    with writing(store) as connection:
        contact = log_mail(connection, book, mail)
        (claimed,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        later = NOW + timedelta(seconds=3)
        deliver.record(connection, [Attempt(claimed.delivery, later)], book)
        assert again(connection, contact).acknowledged_at == later
        assert "acknowledgement sent" in [event.kind for event in contacts.events_of(connection, contact.id)]


def test_a_temporary_failure_waits_and_tries_again_with_the_same_message_id(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """Not before its pause is over, and then as the same message."""
    with writing(store) as connection:
        log_mail(connection, book, mail)
        (first,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        deliver.record(connection, [Attempt(first.delivery, NOW, Temporary("451"))], book)
        assert deliver.claim(connection, "post", NOW + timedelta(seconds=4), HOLD, 50, book) == []
        (second,) = deliver.claim(connection, "post", NOW + timedelta(seconds=5), HOLD, 50, book)
        assert second.delivery.message_id == first.delivery.message_id
        assert second.delivery.attempts == 2


def test_only_what_may_have_been_accepted_counts_as_a_repeat(store: Store, book: Rulebook, mail: Make) -> None:
    """A server that was away for ten attempts, and then breaks the line after the final dot, is asked six times."""
    errors = [Temporary("away")] * 10 + [Uncertain("the line broke")] * 6
    with writing(store) as connection:
        log_mail(connection, book, mail)
        states, now = list[str](), NOW
        for error in errors:
            (claimed,) = deliver.claim(connection, "post", now, HOLD, 1, book)
            states += deliver.record(connection, [Attempt(claimed.delivery, now, error)], book)
            now += timedelta(hours=1)
        assert states == ["temporary-failure"] * 15 + ["technical-failure"]


def test_a_permanent_failure_becomes_a_task_for_staff(store: Store, book: Rulebook, mail: Make) -> None:
    """The contact is not acknowledged, and the team is told to reach the person another way, without the address."""
    with writing(store) as connection:
        contact = log_mail(connection, book, mail)
        (claimed,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        deliver.record(connection, [Attempt(claimed.delivery, NOW, Permanent("550 no such user"))], book)
        assert again(connection, contact).acknowledged_at is None
        (notice,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        assert notice.delivery.recipient == "staff@example.gov.uk"
        assert contact.reference in notice.delivery.details["subject"]
        assert "resident1@" not in str(notice.delivery.details)


def test_what_was_answered_meanwhile_is_not_alerted(store: Store, book: Rulebook, mail: Make) -> None:
    """An alert asks again at the moment it leaves."""
    with writing(store) as connection:
        contact = log_mail(connection, book, mail)
        (claimed,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        deliver.record(connection, [Attempt(claimed.delivery, NOW)], book)
        outbox.queue(connection, alert.step_alerts(contact, escalations.RESPOND_LADDER[0], NOW, book))
        contacts.answer(connection, contact, NOW)
        assert deliver.claim(connection, "post", NOW, HOLD, 50, book) == []


def test_each_step_is_queued_once(store: Store, book: Rulebook, mail: Make) -> None:
    """Looking again at the same moment, or after a restart, queues nothing twice."""
    with writing(store) as connection:
        contact = log_mail(connection, book, mail)
        contacts.note_receipt(connection, [(contact.id, NOW)])
        half = book.clocks.rungs(contact, book.clocks.of(contact, ()))[0][0]
        for _ in range(3):
            escalate.escalate(connection, half, 100, book)
        kinds = [event.kind for event in contacts.events_of(connection, contact.id)]
        assert kinds.count("escalated") == 1
        steps = [delivery.step for delivery in outbox.of_contact(connection, contact.id)]
        assert steps.count("respond-50") == 1


def test_an_answer_ends_the_clocks_and_cancels_what_waits(store: Store, book: Rulebook, mail: Make) -> None:
    """Answered before the acknowledgement left: both promises are kept, and nothing more is sent."""
    with writing(store) as connection:
        contact = log_mail(connection, book, mail)
        done = respond.respond(connection, contact.reference, NOW + timedelta(minutes=1), book, actor="staff:test")
        assert done == respond.Responded(in_time=True)
        now = again(connection, contact)
        assert (now.state, now.next_look_at) == ("answered", None)
        assert now.acknowledged_at == now.responded_at
        assert deliver.claim(connection, "post", NOW + timedelta(days=1), HOLD, 50, book) == []
        with pytest.raises(Refused, match="is answered"):
            respond.respond(connection, contact.reference, NOW, book, actor="staff:test")


def test_the_digest_lists_what_is_owed_and_is_silent_without(store: Store, book: Rulebook, mail: Make) -> None:
    """A team with nothing new and nothing due soon gets no mail; one with something gets its list."""
    with writing(store) as connection:
        contact = log_mail(connection, book, mail)
        (claimed,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        deliver.record(connection, [Attempt(claimed.delivery, NOW)], book)
        outbox.queue(connection, alert.digests("2026-11-23", NOW, book))
        (digest,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        assert [listed.reference for listed in digest.listed] == [contact.reference]
        quiet = NOW + timedelta(days=2)
        outbox.queue(connection, alert.digests("2026-11-25", quiet, book))
        assert deliver.claim(connection, "post", quiet, HOLD, 50, book) == []
        soon = NOW + timedelta(days=11)
        outbox.queue(connection, alert.digests("2026-12-04", soon, book))
        (digest,) = deliver.claim(connection, "post", soon, HOLD, 50, book)
        assert [listed.reference for listed in digest.listed] == [contact.reference]


def test_one_contact_that_cannot_be_read_keeps_nobody_waiting(store: Store, book: Rulebook, mail: Make) -> None:
    """Its facts are damaged: it is looked at again in an hour, and its neighbour is alerted now."""
    with writing(store) as connection:
        damaged, sound = log_mail(connection, book, mail), _log_another_mail(connection, book, mail)
        connection.execute(
            text("UPDATE contacts SET standard = 'gone', calendar = 'scotland' WHERE id = :id"), {"id": damaged.id}
        )
        half = book.clocks.rungs(sound, book.clocks.of(sound, ()))[0][0]
        assert escalate.escalate(connection, half, 100, book) == 2
        assert again(connection, damaged).next_look_at == half + timedelta(hours=1)
        assert "respond-50" in [delivery.step for delivery in outbox.of_contact(connection, sound.id)]


def _log_another_mail(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    (filed,) = receive.receive(connection, Batch((mail(2),)), Reading("inbox"), NOW, book, Capacity()).filed
    contact = contacts.find(connection, filed.reference or "")
    assert contact is not None
    return contact


def test_a_way_out_that_refuses_us_is_told_once_a_day(store: Store, book: Rulebook, mail: Make) -> None:
    """A wrong password for sending: one notice, however many deliveries meet it."""
    with writing(store) as connection:
        log_mail(connection, book, mail)
        _log_another_mail(connection, book, mail)
        claimed = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        deliver.record(connection, [Attempt(c.delivery, NOW, Misconfigured("535 refused")) for c in claimed], book)
        waiting = outbox.claim(connection, "post", NOW, NOW, 50)
        assert [delivery.purpose for delivery in waiting] == ["notice"]


def test_a_program_that_is_not_told_is_told_of(store: Store, book: Rulebook, mail: Make) -> None:
    """What it refuses is given up at once and later events go on; what it does not take is told within the hour."""
    following_book = altered(book, followers={"crm": ("*",)})
    with writing(store) as connection:
        event_feed.follow(connection, NOW, 50, following_book)
        log_mail(connection, book, mail)
        _log_another_mail(connection, book, mail)
    with writing(store) as connection:
        assert event_feed.follow(connection, NOW, 50, following_book) == 2

        def leave(minutes: float, *errors: Exception) -> list[str]:
            at = NOW + timedelta(minutes=minutes)
            claimed = deliver.claim(connection, "crm", at, HOLD, 50, book)
            attempts = [Attempt(c.delivery, at, error) for c, error in zip(claimed, errors, strict=True)]
            deliver.record(connection, attempts, book)
            notices = outbox.claim(connection, "post", at, NOW + timedelta(days=30), 50)
            return [notice.details["subject"] for notice in notices if notice.purpose == "notice"]

        down = Temporary("503")
        assert leave(0, Permanent("400"), down) == ["crm was not told of everything"]
        assert [leave(minutes, down) for minutes in (1, 2, 5, 10, 20)] == [[]] * 5
        assert [leave(minutes, down) for minutes in (50, 120)] == [["crm takes nothing"], []]
        assert leave(1 * 24 * 60, down) == ["crm takes nothing"]
        assert leave(4 * 24 * 60, down) == ["crm was not told of everything"]
        assert leave(9 * 24 * 60) == []


def test_an_alarm_is_not_given_up_for_a_refused_address(store: Store, book: Rulebook) -> None:
    """Staff's own mailbox refuses for good: the alarm is tried again all the same."""
    with writing(store) as connection:
        outbox.queue(connection, alert.notices("front", "k", NOW, book, subject="s", happened="h", action="a"))
        (claimed,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        deliver.record(connection, [Attempt(claimed.delivery, NOW, Permanent("550 unknown"))], book)
        assert len(deliver.claim(connection, "post", NOW + timedelta(seconds=5), HOLD, 50, book)) == 1
