"""Staff see danger where no rule does, and people are called as by a rule; or none where a rule does."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.flows import escalate
from bot.flows.changes import assign
from bot.flows.changes.refusals import Refused
from bot.flows.changes.urgent import BY_HAND, call_somebody, not_urgent
from bot.flows.desk import actions
from bot.flows.desk.orders import Order
from bot.flows.outgoing.as_sent import read
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import ClaimTerms, claim
from bot.flows.rulebook import Rulebook, Team
from bot.flows.staffing import Visitor
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import writing
from tests.flows.desk import after, again, logged
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

Make = Callable[..., Inbound]
WHY = "She says that her son has not come home."
TEAM = Team("front", ("staff@example.gov.uk",), "post", roles={"lead": ("lead@example.gov.uk",)})


def test_people_are_called_one_after_another_until_somebody_takes_it(store: Store, book: Rulebook, mail: Make) -> None:
    """The team at once, with the reason; then the next; after a second alarm from the start, and nobody misses it."""
    council = altered(book, teams={"front": TEAM})
    pause = council.clocks.timing.urgent_again_after
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        order = Order("urgent", contact.reference, {"reason": WHY})
        actions.act(connection, order, Visitor("staff:ann", Scope()), after(1), council)
        with pytest.raises(Refused, match="people are being called about it already"):
            call_somebody(connection, contact.reference, WHY, "staff:bo", after(1), council)
        (call,) = claim(connection, "post", after(1), ClaimTerms(timedelta(days=9)), 9, council)
        _, words, _ = read(MessageWriter(COMPOSER, council, council.secret).write(call, after(1)))
        assert WHY in words
        escalate.escalate(connection, after(1) + pause, 9, council)
        assign.take(connection, contact.reference, "staff:bo", after(2))
        escalate.escalate(connection, after(2) + pause, 9, council)
        call_somebody(connection, contact.reference, "Again.", "staff:ann", after(3), council)
        calls = [d for d in outbox.of_contact(connection, contact.id) if d.purpose == "urgent"]
        assert [(d.recipient, d.step) for d in calls] == [
            ("staff@example.gov.uk", "urgent-1"),
            ("lead@example.gov.uk", "urgent-2"),
            ("staff@example.gov.uk", "urgent-3"),
        ]
        stands = again(connection, contact.reference)
        assert (stands.urgent, stands.urgent_words, stands.taken_by) == (BY_HAND, "Again.", "")
        alarms = [e for e in contacts.events_of(connection, contact.id) if e.kind == "urgent"]
        assert [(e.actor, e.details["reason"]) for e in alarms] == [("staff:ann", WHY), ("staff:ann", "Again.")]


def test_what_was_called_by_hand_is_taken_back_by_hand(store: Store, book: Rulebook, mail: Make) -> None:
    """Nobody is called any more, and what waits does not leave."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        call_somebody(connection, contact.reference, WHY, "staff:ann", after(1), book)
        not_urgent(connection, contact.reference, "staff:ann", after(1))
        assert claim(connection, "post", after(1), ClaimTerms(), 9, book) == []
        stands = again(connection, contact.reference)
        assert (stands.urgent, stands.urgent_words, stands.urgent_at) == ("", "", None)
