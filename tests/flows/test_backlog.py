"""What waits, as the metrics show it."""

from datetime import timedelta

from bot.channel import Batch, Temporary
from bot.core.deliveries import State
from bot.core.messages import Inbound
from bot.flows.desk import backlog
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.outgoing import deliver, release
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.outgoing.release import BREAKER
from bot.flows.rulebook import Rulebook
from bot.store import cursors, outbox, shunt
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing

HOLD = ClaimTerms(timedelta(minutes=30))
LATER = NOW + timedelta(minutes=20)


def test_of_an_empty_store_nothing_waits(store: Store) -> None:
    """No count and no instant."""
    with writing(store) as connection:
        assert backlog.look(connection) == backlog.Backlog(
            0, 0, 0, None, None, receipts_stopped=False, unread_feedback={}
        )


def test_a_receipt_waits_until_it_is_handed_over(store: Store, book: Rulebook, mail: Make) -> None:
    """Queued, claimed and refused for now it waits, counted from the moment it was queued; sent, it does not."""
    with writing(store) as connection:
        receive.receive(connection, Batch((mail(),)), Reading("inbox"), NOW, book, Capacity())
        assert backlog.look(connection).oldest_receipt_at == NOW
        (claimed,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        assert backlog.look(connection).oldest_receipt_at == NOW
        refused = Attempt(claimed.delivery, NOW, Temporary("451"))
        assert deliver.record(connection, [refused], book) == [State.TEMPORARY_FAILURE]
        figures = backlog.look(connection)
        assert (figures.open_contacts, figures.waiting_deliveries, figures.oldest_receipt_at) == (1, 1, NOW)
        (claimed,) = deliver.claim(connection, "post", LATER, HOLD, 50, book)
        assert deliver.record(connection, [Attempt(claimed.delivery, LATER)], book) == [State.SENT]
        figures = backlog.look(connection)
        assert (figures.open_contacts, figures.waiting_deliveries, figures.oldest_receipt_at) == (1, 0, None)


def test_what_came_back_is_not_late(store: Store, book: Rulebook, mail: Make) -> None:
    """A receipt that had left in time and is tried again, as one mailbox is full, is nobody's fault at night."""
    with writing(store) as connection:
        receive.receive(connection, Batch((mail(),)), Reading("inbox"), NOW, book, Capacity())
        (claimed,) = deliver.claim(connection, "post", NOW, HOLD, 50, book)
        deliver.record(connection, [Attempt(claimed.delivery, NOW)], book)
        outbox.came_back(connection, claimed.delivery, "452 mailbox full", NOW, LATER)
        figures = backlog.look(connection)
        assert (figures.waiting_deliveries, figures.oldest_receipt_at) == (1, None)


def test_an_open_contact_has_a_next_look(store: Store, book: Rulebook, mail: Make) -> None:
    """When it must be looked at is known from the moment it is logged."""
    with writing(store) as connection:
        receive.receive(connection, Batch((mail(),)), Reading("inbox"), NOW, book, Capacity())
        next_look = backlog.look(connection).next_look_at
    assert next_look is not None
    assert next_look > NOW


def test_stopped_receipts_and_shunted_messages_show(store: Store) -> None:
    """The breaker shows until it lets go; a shunted message shows at once."""
    with writing(store) as connection:
        cursors.put(connection, BREAKER, "stopped", NOW)
        shunt.keep(connection, Inbound("inbox", "1", "0" * 64, None), "a fault", NOW)
        figures = backlog.look(connection)
        assert (figures.receipts_stopped, figures.shunted_messages) == (True, 1)
        release.release(connection, NOW)
        assert not backlog.look(connection).receipts_stopped
