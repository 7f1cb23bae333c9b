"""What an action would do is seen before it is done, and nothing of that happens."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.flows.changes.refusals import Refused
from bot.flows.desk import foresight
from bot.flows.desk.actions import act
from bot.flows.desk.foresight import Foresight
from bot.flows.desk.orders import Order
from bot.flows.outgoing.as_sent import read
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import ClaimTerms, claim
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store.engine import Store
from bot.store.tables import contacts, deliveries, events
from tests.flows.conftest import writing
from tests.flows.desk import after, again, logged
from tests.render.letters import COMPOSER

Make = Callable[..., Inbound]
ANN = Visitor("staff:ann@example.gov.uk", Scope())
LONGER = {"to": "30 working days", "reason": "We have asked another council for its records."}


def ahead(
    connection: Connection, book: Rulebook, contact: Contact, name: str, at: datetime, **fields: str
) -> Foresight:
    """What the action would do."""
    trial = foresight.attempt(connection, Order(name, contact.reference, fields), ANN, at, book)
    return trial.compose(MessageWriter(COMPOSER, book, book.secret), at, book)


def counted(connection: Connection) -> list[Any]:
    """Every row that an action could add, and the contact as it is stored."""
    tables = (events, deliveries)
    return [connection.execute(select(func.count()).select_from(table)).scalar() for table in tables] + [
        tuple(row) for row in connection.execute(select(contacts))
    ]


def test_the_words_are_those_that_leave_and_nothing_is_done(store: Store, council: Rulebook, mail: Make) -> None:
    """The same recipient, subject and words, the new date, and not a row more in the store."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
        before = counted(connection)
        view = ahead(connection, council, contact, "extend", after(2), **LONGER)
        assert counted(connection) == before
        assert not claim(connection, "post", after(2), ClaimTerms(), 9, council)
        (letter,) = view.letters
        assert (letter.recipient, letter.purpose) == ("resident1@residents.example", "new-date")
        assert letter.date == "Monday 11 January 2027"
        assert letter.date in letter.words
        assert LONGER["reason"] in letter.words
        assert "<h1" in letter.page
        assert [d.after for d in view.differences if d.name == "Answer by"] == [letter.date]

        assert act(connection, Order("extend", contact.reference, LONGER), ANN, after(2), council) == view.sentence
        (claimed,) = claim(connection, "post", after(2), ClaimTerms(), 9, council)
        subject, words, page = read(MessageWriter(COMPOSER, council, council.secret).write(claimed, after(2)))
        assert (letter.subject, letter.words, letter.page) == (subject, words.strip(), page)


def test_a_name_stands_for_what_would_leave(store: Store, council: Rulebook, mail: Make) -> None:
    """It is the same a minute later, and another as soon as another word or date would leave."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
        first = ahead(connection, council, contact, "extend", after(2), **LONGER)
        assert ahead(connection, council, contact, "extend", after(2.001), **LONGER).digest == first.digest
        other = ahead(connection, council, contact, "extend", after(2), **LONGER | {"to": "35 working days"})
        assert other.digest != first.digest


# What is done first, and a day later, to a contact of which kind; and which message the last of it sends.
LATER: tuple[tuple[str, tuple[Order, ...], str], ...] = (
    ("inbox", (Order("classify", "", {"kind": "foi"}),), "new-date"),
    ("inbox", (Order("pause", "", {}), Order("resume", "", {})), "new-date"),
    ("foi", (Order("restart", "", {}),), "new-date"),
    ("foi", (Order("extend", "", LONGER),), "new-date"),
    ("inbox", (Order("close", "", {"reason": "It was filled."}),), "closing"),
    ("inbox", (Order("holding-reply", "", {}),), ""),
    ("inbox", (Order("spam", "", {}), Order("reopen", "", {})), ""),
    ("inbox", (Order("respond", "", {}), Order("reopen", "", {})), ""),
)


@pytest.mark.parametrize(("channel", "orders", "purpose"), LATER, ids=lambda value: str(value)[:60])
def test_all_that_writes_to_the_person_is_seen(
    store: Store, council: Rulebook, mail: Make, channel: str, orders: tuple[Order, ...], purpose: str
) -> None:
    """By whichever action: it is done only under the name of what was seen; what writes to nobody is done at once."""
    writer = MessageWriter(COMPOSER, council, council.secret)
    with writing(store) as connection:
        reference = logged(connection, council, replace(mail(), channel=channel)).reference
        *first, last = (replace(order, reference=reference) for order in orders)
        for day, order in enumerate(first, 1):
            assert isinstance(foresight.act_as_seen(connection, order, ANN, after(day), council, writer), str)
        outcome = foresight.act_as_seen(connection, last, ANN, after(3), council, writer)
        if isinstance(outcome, Foresight):
            assert [letter.purpose for letter in outcome.letters] == [purpose]
            outcome = foresight.act_as_seen(connection, last, ANN, after(3), council, writer, outcome.digest)
        else:
            assert purpose == ""
        assert isinstance(outcome, str)


def test_an_acknowledgement_is_seen_before_it_leaves(store: Store, council: Rulebook, mail: Make) -> None:
    """To whom staff send it, with the date that it gives; also where it was held back."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), told_by="staff", mail=None))
        view = ahead(connection, council, contact, "acknowledge-now", after(1), to="sam@residents.example")
        assert [(letter.recipient, letter.purpose, letter.date) for letter in view.letters] == [
            ("sam@residents.example", "acknowledgement", "Monday 7 December 2026")
        ]
        on_hold = logged(connection, council, mail(2), acknowledged=False)
        connection.execute(update(deliveries).values(state="created", next_attempt_at=None))
        (letter,) = ahead(connection, council, on_hold, "acknowledge-now", after(1)).letters
        assert (letter.recipient, letter.purpose) == ("resident2@residents.example", "acknowledgement")


def test_what_writes_to_nobody_shows_nothing(store: Store, council: Rulebook, mail: Make) -> None:
    """Also where a receipt waits that leaves anyway."""
    with writing(store) as connection:
        contact = logged(connection, council, mail(), acknowledged=False)
        view = ahead(connection, council, contact, "take", after(0))
        assert (view.letters, view.sentence) == ((), "It is yours. Nobody else is called about it.")
        assert again(connection, contact.reference).taken_by == ""


def test_a_refusal_is_one_before_too(store: Store, council: Rulebook, mail: Make) -> None:
    """By the action's own rule; and the transaction goes on."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
        with pytest.raises(Refused, match="say how long in all"):
            ahead(connection, council, contact, "extend", after(2), reason="Why not.")
        assert ahead(connection, council, contact, "extend", after(2), **LONGER).letters
