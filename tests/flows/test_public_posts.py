"""What is said in public and owes no receipt stands in a list of its own, with a clock of its own."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.contacts import State
from bot.core.messages import Inbound, Party, Post
from bot.core.roles import Scope
from bot.flows.changes.refusals import Refused
from bot.flows.desk import public_posts as desk
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, public_posts
from bot.store.engine import Store
from tests.flows.conftest import NOW, writing

# Of Monday 23 November 2026: the end of Tuesday.
LOOK_BY = datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)


def comment(name: str = "c1", words: str = "When?", **post: object) -> Inbound:
    """A comment under something that we published."""
    values = {"kind": "comment", "answers": ("p1",), **post}
    return Inbound(
        "inbox",
        name,
        words,
        Party("x:1", "Pat"),
        text=words,
        visibility="public",
        post=Post(**values),  # type: ignore[arg-type]
    )


def take(connection: Connection, book: Rulebook, *messages: Inbound) -> None:
    """Log them."""
    receive.receive(connection, Batch(messages), Reading("inbox"), NOW, book, Capacity())


def test_a_comment_waits_for_a_look_until_the_end_of_the_next_working_day(store: Store, book: Rulebook) -> None:
    """With its words; somebody looks, once, and it waits no longer."""
    visitor = Visitor("staff:hew@example.gov.uk", Scope())
    with writing(store) as connection:
        take(connection, book, comment())
        (post,) = public_posts.waiting(connection, Scope(), 9)
        assert (post.text, post.look_by, public_posts.count(connection, Scope())) == ("When?", LOOK_BY, 1)
        assert post.contact.state == State.LOGGED
        desk.look(connection, post.contact.reference, visitor, NOW)
        assert public_posts.waiting(connection, Scope(), 9) == []
        assert public_posts.next_look(connection) is None
        assert "looked at" in [event.kind for event in contacts.events_of(connection, post.contact.id)]
        with pytest.raises(Refused):
            desk.look(connection, post.contact.reference, visitor, NOW)
        with pytest.raises(Refused):
            desk.look(connection, "AB-0000-0000", visitor, NOW)


def test_what_is_said_again_is_looked_at_again(store: Store, book: Rulebook) -> None:
    """An edit of what was looked at; while it waits, the clock is the first one's."""
    with writing(store) as connection:
        take(connection, book, comment())
        (post,) = public_posts.waiting(connection, Scope(), 9)
        assert public_posts.look(connection, post.contact.id, NOW)
        take(connection, book, comment("c1 edited 1", "When, I ask?", kind="edit", about="c1"))
        (again,) = public_posts.waiting(connection, Scope(), 9)
        assert (again.contact.id, again.text) == (post.contact.id, "When, I ask?")
        take(connection, book, comment("c1 deleted", "", kind="deletion", about="c1"))
        assert public_posts.waiting(connection, Scope(), 9) == []


def test_what_nobody_said_to_us_does_not_wait(store: Store, book: Rulebook) -> None:
    """A like, a program's post, and what is said in private."""
    with writing(store) as connection:
        take(connection, book, comment("r1", kind="reaction"), comment("b1", by_program=True))
        take(connection, book, replace(comment("d1", by_program=True), visibility="private"))
        assert public_posts.count(connection, Scope()) == 0


def test_a_team_is_told_once_a_day_of_what_nobody_looked_at(store: Store, book: Rulebook) -> None:
    """Once the time is over; how many, and not what was said."""
    late = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    with writing(store) as connection:
        take(connection, book, comment(), comment("c2", "Really?"))
        assert desk.notices(connection, LOOK_BY, book) == []
        rows = desk.notices(connection, late, book)
        assert rows
        assert {row.details["subject"] for row in rows} == {"2 things that were said in public wait for a look"}
        assert "When" not in str(rows)
        assert {row.key for row in rows} == {row.key for row in desk.notices(connection, late, book)}
