"""Whoever is owed an answer is not closed in silence: they are sent why, or staff say why nothing needs to be sent."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.channel import Permanent
from bot.core.closings import Outcome
from bot.core.contacts import Contact, State
from bot.core.messages import Inbound, Party
from bot.core.roles import Scope
from bot.flows.changes import answer
from bot.flows.changes.close import Closing, close, reopen
from bot.flows.changes.refusals import Refused
from bot.flows.desk import foresight
from bot.flows.desk.orders import Order
from bot.flows.outgoing import deliver
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, holds, outbox
from bot.store.engine import Store
from tests.flows.conftest import writing
from tests.flows.desk import after, again, claim_all, logged
from tests.render.letters import COMPOSER

Make = Callable[..., Inbound]
MENDED = Closing(reason="The hole was filled on Monday.")
SILENT = (
    Closing(Outcome.SPAM),
    Closing(Outcome.TEST),
    Closing(Outcome.TOLD, note="By phone on Monday."),
)


def shut(connection: Connection, book: Rulebook, contact: Contact, closing: Closing, days: float = 1) -> bool:
    """Close it; whether the person is told."""
    return close(connection, contact.reference, "staff:me", after(days), book, closing)


def purposes(connection: Connection, book: Rulebook, days: float = 1) -> list[str]:
    """What would leave."""
    return [str(delivery.purpose) for delivery in claim_all(connection, book, after(days))]


def test_who_is_owed_an_answer_is_sent_the_reason(store: Store, book: Rulebook, mail: Make) -> None:
    """Whatever the standard says of closing; in place of an acknowledgement that waits; each time anew."""
    with writing(store) as connection:
        contact, other = logged(connection, book, mail()), logged(connection, book, mail(2), acknowledged=False)
        assert book.clocks.standard_of(contact).closing == "none"
        visitor = Visitor("staff:me", Scope())
        order = Order("close", contact.reference, {"reason": MENDED.reason})
        trial = foresight.attempt(connection, order, visitor, after(1), book)
        (letter,) = trial.compose(MessageWriter(COMPOSER, book, book.secret), after(1), book).letters
        assert (letter.recipient, MENDED.reason in letter.words) == ("resident1@residents.example", True)
        assert shut(connection, book, contact, MENDED)
        assert shut(connection, book, other, MENDED)
        assert purposes(connection, book) == ["closing", "closing"]
        reopen(connection, contact.reference, "staff:me", after(2), book)
        assert shut(connection, book, contact, MENDED, 3)
        assert purposes(connection, book, 3) == ["closing"]


@pytest.mark.parametrize("closing", SILENT, ids=lambda closing: str(closing.outcome))
def test_where_nothing_is_owed_nothing_leaves(store: Store, book: Rulebook, mail: Make, closing: Closing) -> None:
    """Not even what waited; the history says how it ended; it opens again with the clock that it had."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(), acknowledged=False)
        assert not shut(connection, book, contact, closing)
        assert purposes(connection, book) == []
        after_it = again(connection, contact.reference)
        assert (after_it.state, after_it.next_look_at) == (State.CLOSED, None)
        (event,) = (event for event in contacts.events_of(connection, contact.id) if event.kind == "closed")
        assert event.details["outcome"] == closing.outcome
        reopen(connection, contact.reference, "staff:me", after(2), book)
        opened = again(connection, contact.reference)
        assert (opened.state, opened.respond_by) == (State.OPEN, contact.respond_by)


@pytest.mark.parametrize("outcome", [Outcome.SPAM, Outcome.TEST])
def test_spam_is_sent_no_answer(store: Store, book: Rulebook, mail: Make, outcome: Outcome) -> None:
    """An answer that waits is taken back first: nothing is sent is what whoever closes it reads."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        draft = answer.Answer("full", "It is mended.")
        answer.answer(connection, contact.reference, draft, "staff:me", after(1), book)
        with pytest.raises(Refused, match="take it back first"):
            shut(connection, book, contact, Closing(outcome))
        answer.undo(connection, contact.reference, "staff:me", after(1))
        shut(connection, book, contact, Closing(outcome))
        assert purposes(connection, book, 2) == []


def test_a_duplicate_names_the_contact_that_goes_on(store: Store, book: Rulebook, mail: Make) -> None:
    """One that is there and is another: else nobody would answer."""
    with writing(store) as connection:
        contact, other = logged(connection, book, mail()), logged(connection, book, mail(2))
        for note in ("", "EX-7K3M-9QPH", contact.reference):
            with pytest.raises(Refused, match="name the contact with which it goes on"):
                shut(connection, book, contact, Closing(Outcome.DUPLICATE, note=note))
        assert not shut(connection, book, contact, Closing(Outcome.DUPLICATE, note=f"see {other.reference}"))
        with pytest.raises(Refused, match="one that is not closed"):
            shut(connection, book, other, Closing(Outcome.DUPLICATE, note=contact.reference))


def refusal(connection: Connection, book: Rulebook, contact: Contact) -> str:
    """Why it cannot be closed with a reason alone."""
    with pytest.raises(Refused, match="choose how they were told") as refused:
        shut(connection, book, contact, MENDED)
    assert refused.value.field == "outcome"
    assert again(connection, contact.reference).state == State.OPEN
    return refused.value.reason


def test_whom_no_message_reaches_is_told_another_way(store: Store, book: Rulebook, mail: Make) -> None:
    """Nobody is written to in public, through a program, or where the first message did not arrive."""
    with writing(store) as connection:
        public, muted, on_hold, nowhere = (logged(connection, book, mail(n), acknowledged=False) for n in range(1, 5))
        contacts.put(connection, public.id, {"visibility": "public"})
        contacts.put(connection, muted.id, {"muted": True})
        assert "what they wrote is public" in refusal(connection, book, public)
        assert "a program answers for the person" in refusal(connection, book, muted)
        (receipt,) = outbox.of_contact(connection, nowhere.id)
        deliver.record(connection, [Attempt(receipt, after(0), Permanent("no such user"))], book)
        assert "our acknowledgement did not arrive" in refusal(connection, book, nowhere)
        outbox.release_all(connection, after(0))
        holds.hold(connection)
        assert "their acknowledgement is held back" in refusal(connection, book, on_hold)
        assert not shut(connection, book, nowhere, Closing(Outcome.TOLD, note="By letter."))


def test_a_call_is_closed_by_a_word_to_where_it_can_be_sent(store: Store, book: Rulebook, mail: Make) -> None:
    """Who was told at once and left an address is sent the reason there; who has none must be told by somebody."""
    with writing(store) as connection:
        visit = replace(mail(), told_by="at once", mail=None)
        contact = logged(connection, book, visit)
        assert outbox.of_contact(connection, contact.id) == []
        assert shut(connection, book, contact, MENDED)
        (closing,) = claim_all(connection, book, after(1))
        assert (closing.recipient, closing.purpose) == ("resident1@residents.example", "closing")
        by_phone = replace(mail(2), told_by="at once", mail=None, sender=Party("tel:+441632960001"))
        caller = logged(connection, book, by_phone)
        assert "nothing can be sent to their address" in refusal(connection, book, caller)
        by_letter = replace(mail(3), told_by="staff", mail=None, sender=None, fields={"name": "Sam"})
        letter = logged(connection, book, by_letter)
        assert "no address of the person is known" in refusal(connection, book, letter)


def test_who_was_answered_hears_of_it_as_the_standard_says(store: Store, book: Rulebook, mail: Make) -> None:
    """Nothing is owed any more, so that no reason is needed and none must reach them."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        contacts.answer(connection, contact, after(1))
        assert not shut(connection, book, again(connection, contact.reference), Closing())
        assert purposes(connection, book) == []
