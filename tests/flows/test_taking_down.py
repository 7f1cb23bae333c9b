"""A call is taken down in one transaction; tried first, it leaves nothing behind."""

from dataclasses import replace

from bot.core.events import EventKind
from bot.core.messages import Inbound
from bot.flows.desk import taking_down
from bot.flows.desk.taking_down import Wish
from bot.flows.rulebook import Rulebook
from bot.store import contacts
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, mail, writing

__all__ = ["mail"]
WISH = Wish("Large print", "")


def _call(mail: Make) -> Inbound:
    return replace(mail(1), received_at=NOW)


def test_it_is_tried_without_a_trace_and_then_taken_down(store: Store, book: Rulebook, mail: Make) -> None:
    """The person would be sent what they are sent; who took it down and what they need stand in the trail."""
    with writing(store) as connection:
        trial = taking_down.attempt(connection, _call(mail), WISH, "staff:ann", NOW, book)
        assert contacts.total(connection) == 0
        done = taking_down.take_down(connection, _call(mail), WISH, "staff:ann", NOW, book)
        assert trial is not None
        assert done is not None
        assert [c.delivery.purpose for c in trial.claims] == [c.delivery.purpose for c in done.claims]
        kinds = [event.kind for event in contacts.events_of(connection, done.contact.id)]
    assert kinds.count(EventKind.TAKEN_DOWN) == 1
    assert EventKind.NEEDS_NOTED in {EventKind(kind) for kind in kinds}


def test_the_same_call_is_noted_once(store: Store, book: Rulebook, mail: Make) -> None:
    """Where it is said again, after something ended between the logging and the note."""
    with writing(store) as connection:
        first = taking_down.take_down(connection, _call(mail), WISH, "staff:ann", NOW, book)
        again = taking_down.take_down(connection, _call(mail), WISH, "staff:ann", NOW, book)
        assert first is not None
        assert again is None or again.contact.id == first.contact.id
        kinds = [event.kind for event in contacts.events_of(connection, first.contact.id)]
    assert kinds.count(EventKind.TAKEN_DOWN) == 1
