"""What a store that was put back from a copy holds, and what it does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.histories import Kind
from bot.core.roles import Role, Scope
from bot.flows import escalate, staffing
from bot.flows.changes import acknowledge_now, answer
from bot.flows.changes.answer import Answer
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import after_restore, alert, deliver, release
from bot.flows.outgoing.deliver import ClaimTerms
from bot.flows.rulebook import Rulebook
from bot.store import audit, contacts, holds, outbox
from bot.store.audit import Looking
from bot.store.engine import Store
from bot.store.staff import Account
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import do, logged
from tests.rulebooks import altered

ME = "staff:me@example.gov.uk"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOLD = ClaimTerms(timedelta(minutes=5))


def test_what_may_have_left_waits_for_staff(store: Store, book: Rulebook, mail: Make) -> None:
    """A receipt that was leaving and a new date that was queued are held; what is for staff leaves."""
    with writing(store) as connection:
        logged(connection, book, mail(1), acknowledged=False)
        answered = logged(connection, book, mail(2))
        do(connection, book, answered, Kind.RESTARTED, NOW + 3 * DAY, reason="We asked.")
        since = after_restore.begin(connection, NOW + 4 * DAY, restored=True)
        assert since == NOW + 4 * DAY
        after = altered(book, restored_at=since)
        release.begin(connection, since, alone=True)
        outbox.queue(connection, after_restore.notices(since, since, after))
        escalate.escalate(connection, since, 50, after)
        leaving = deliver.claim(connection, "post", since, HOLD, 50, after)
        assert {claim.delivery.purpose for claim in leaving} == {"notice", "alert"}
        assert len(holds.contact_ids(connection)) == 2
        assert release.release(connection, since) == 2
        leaving = deliver.claim(connection, "post", since + HOUR, HOLD, 50, after)
        assert {"acknowledgement", "new-date"} < {claim.delivery.purpose for claim in leaving}


def test_an_answer_that_waited_is_held_and_is_no_receipt(store: Store, book: Rulebook, mail: Make) -> None:
    """It may have left: nobody lets it go who means the receipt, and the page says that it is held."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1))
        answer.answer(connection, contact.reference, Answer("full", "It is mended."), ME, NOW, book)
        after_restore.begin(connection, NOW + HOUR, restored=True)
        waiting = answer.under_way(connection, contact.id)
        assert waiting is not None
        assert waiting.next_attempt_at is None
        assert holds.among(connection, [contact.id]) == set()
        with pytest.raises(Refused, match="has its receipt already"):
            acknowledge_now.acknowledge_now(connection, contact.reference, "", ME, NOW + HOUR, book)
        assert deliver.claim(connection, "post", NOW + HOUR, HOLD, 50, book) == []
        assert release.release(connection, NOW + HOUR) == 1
        assert len(deliver.claim(connection, "post", NOW + HOUR, HOLD, 50, book)) == 1


def test_a_call_that_waited_is_not_held(store: Store, book: Rulebook, mail: Make) -> None:
    """What cannot wait, and what the operators must know, leaves although a call may be made twice."""
    with writing(store) as connection:
        contact = replace(logged(connection, book, mail(1)), urgent="gas", urgent_at=NOW)
        outbox.queue(connection, alert.urgent_alerts(contact, 0, NOW, book))
        outbox.queue(connection, alert.notices(None, "disk", NOW, book, subject="The disk is full"))
        after_restore.begin(connection, NOW, restored=True)
        waiting = outbox.claim(connection, "post", NOW, NOW + HOUR, 50)
        assert {delivery.purpose for delivery in waiting} == {"urgent", "notice"}


def test_everybody_signs_in_anew(store: Store, book: Rulebook) -> None:
    """A session of the copy may have been ended since; the history says that they all are."""
    account = Account("ann@example.gov.uk", "Ann", Role.READER, frozenset(), "", NOW, None)
    with writing(store) as connection:
        staffing.add(connection, account, "staff:me", book)
        secret = staffing.sign_in(connection, account, "password", NOW, NOW)
        assert after_restore.begin(connection, NOW) is None
        assert staffing.visitor(connection, secret, NOW, book) is not None
        after_restore.begin(connection, NOW + HOUR, restored=True)
        assert staffing.visitor(connection, secret, NOW + HOUR, book) is None
        kinds = [event.kind for event in audit.trail(connection, Looking("", Scope()), 10)]
        assert kinds[0] == "store restored"


def test_a_store_that_was_not_put_back_holds_nothing(store: Store) -> None:
    """Begun again and again."""
    with writing(store) as connection:
        assert after_restore.begin(connection, NOW) is None
        assert after_restore.begin(connection, NOW + HOUR) is None


def test_no_number_that_was_given_to_somebody_is_given_again(store: Store, book: Rulebook, mail: Make) -> None:
    """What the lost store logged after the copy had numbers of its own."""
    with writing(store) as connection:
        before = logged(connection, book, mail(1))
        after_restore.begin(connection, NOW, restored=True)
        assert after_restore.begin(connection, NOW + HOUR) == NOW
        after = logged(connection, book, mail(2))
        assert after.id - before.id > after_restore.NUMBERS_LEFT_OUT
        assert contacts.find(connection, after.reference) == after
