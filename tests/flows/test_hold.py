"""Staff stop what leaves by itself: it waits, and all of it leaves once it is let go."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.deliveries import Purpose
from bot.core.messages import Inbound
from bot.flows.changes import hold
from bot.flows.changes.close import Closing, close
from bot.flows.changes.refusals import Refused
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import release
from bot.flows.outgoing.deliver import ClaimTerms, claim
from bot.flows.rulebook import Rulebook
from bot.store import contacts
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, mail, writing

__all__ = ["mail"]
TERMS = ClaimTerms(timedelta(minutes=5))


def _log(connection: Connection, message: Inbound, book: Rulebook) -> None:
    receive(connection, Batch((message,)), Reading("inbox"), NOW, book, Capacity())


def test_nothing_leaves_until_it_is_let_go(store: Store, book: Rulebook, mail: Make) -> None:
    """Also a receipt that is queued after it was stopped; done again it holds that, too, and the trail says why."""
    with writing(store) as connection:
        _log(connection, mail(1), book)
        assert hold.hold(connection, NOW, "staff:ann", " The words are wrong. ") == 1
        _log(connection, mail(2), book)
        assert claim(connection, "post", NOW, TERMS, 10, book) == []
        assert hold.hold(connection, NOW, "staff:ann", "The words are wrong.") == 0
        assert release.release(connection, NOW, "staff:ann") == 2
        assert len(claim(connection, "post", NOW, TERMS, 10, book)) == 2


def test_other_messages_that_are_queued_later_leave_until_it_is_done_again(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """As the help and the page for such a night say: a closing here."""
    with writing(store) as connection:
        _log(connection, mail(1), book)
        _log(connection, mail(2, From="other@b.example"), book)
        assert len(claim(connection, "post", NOW, TERMS, 10, book)) == 2
        assert hold.hold(connection, NOW, "staff:ann", "The words are wrong.") == 0
        first, second = contacts.list_all(connection)
        close(connection, first.reference, "staff:ann", NOW, book, Closing(reason="It is done."))
        (departure,) = claim(connection, "post", NOW, TERMS, 10, book)
        assert departure.delivery.purpose == Purpose.CLOSING
        close(connection, second.reference, "staff:ann", NOW, book, Closing(reason="It is done."))
        assert hold.hold(connection, NOW, "staff:ann", "The words are wrong.") == 1
        assert claim(connection, "post", NOW, TERMS, 10, book) == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * (hold.MOST_CHARACTERS + 1)])
def test_whoever_stops_it_says_why(store: Store, reason: str) -> None:
    """For those who let it leave again, and in a few words."""
    with writing(store) as connection, pytest.raises(Refused) as refused:
        hold.hold(connection, NOW, "staff:ann", reason)
    assert refused.value.field == "reason"
