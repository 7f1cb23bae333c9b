"""A program that follows is told again what happened: from where it asks, beside what is new, and never in a flood."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.deliveries import Settlement, State
from bot.core.events import Event, EventKind
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.changes.replay_events import replay_events
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.outgoing import event_feed
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, settled
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.rulebooks import altered

HOLD, SOON, LATER = NOW + timedelta(hours=4), NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
MOST, ALL = 200, 10_000
ADA = "staff:ada"


@pytest.fixture
def both(book: Rulebook) -> Rulebook:
    """One program follows everything, another one only pauses."""
    return altered(book, followers={"crm": ("*",), "map": ("paused",)})


@pytest.fixture
def store_of_events(store: Store, both: Rulebook, mail: Make) -> Store:
    """A contact with 250 notes and five pauses, of which both programs know."""
    with writing(store) as connection:
        event_feed.follow(connection, NOW, MOST, both)
        receive.receive(connection, Batch((mail(),)), Reading("inbox"), NOW, both, Capacity())
    with writing(store) as connection:
        happen(connection, *(["note"] * 50 + ["paused"]) * 5)
    with writing(store) as connection:
        while event_feed.follow(connection, NOW, MOST, both):
            pass
        leaving(connection, "crm")
        leaving(connection, "map")
    return store


def happen(connection: Connection, *kinds: str) -> None:
    """Something happens to the contact."""
    (contact,) = contacts.list_all(connection)
    contacts.note(connection, [Event(contact.id, NOW, EventKind(kind), ADA, {}) for kind in kinds])


def leaving(connection: Connection, outlet: str) -> list[int]:
    """The numbers of the events that are due there, which it then takes."""
    claims = outbox.claim(connection, outlet, LATER, HOLD, ALL)
    outbox.settle(connection, [Settlement(claim.id, State.SENT, sent_at=LATER) for claim in claims])
    return [claim.details["number"] for claim in claims]


def test_everything_after_a_number_is_told_again(store_of_events: Store, both: Rulebook) -> None:
    """In its order, only to who asks; a second replay repeats it once more, and then nothing is left to repeat."""
    with writing(store_of_events) as connection:
        last = settled.up_to(connection)
        replay = replay_events(connection, "crm", last - 4, ADA, SOON, both)
        assert (replay.after, replay.up_to) == (last - 4, last)
    for at in (SOON, LATER):
        with writing(store_of_events) as connection:
            event_feed.follow(connection, at, MOST, both)
            assert leaving(connection, "crm") == [last - 3, last - 2, last - 1, last]
            assert leaving(connection, "map") == []
            event_feed.follow(connection, at, MOST, both)
            assert leaving(connection, "crm") == []
            replay_events(connection, "crm", last - 4, ADA, LATER, both)


def test_only_what_it_follows_is_repeated(store_of_events: Store, both: Rulebook) -> None:
    """From the first event there is, and also what happened before it followed."""
    with writing(store_of_events) as connection:
        replay_events(connection, "map", 0, ADA, SOON, both)
        while event_feed.follow(connection, SOON, MOST, both):
            pass
        assert len(leaving(connection, "map")) == 5


def test_a_replay_never_fills_the_outbox(store_of_events: Store, both: Rulebook) -> None:
    """An alert by the same channel waits behind some hundred calls at most; what is new leaves meanwhile."""
    with writing(store_of_events) as connection:
        replay_events(connection, "crm", 0, ADA, SOON, both)
        for _ in range(10):
            event_feed.follow(connection, SOON, MOST, both)
        assert outbox.waiting_for(connection, "crm") == MOST
        happen(connection, "paused")
    with writing(store_of_events) as connection:
        event_feed.follow(connection, SOON, MOST, both)
        first = leaving(connection, "crm")
        assert settled.up_to(connection) in first
        event_feed.follow(connection, SOON, MOST, both)
        numbers = first + leaving(connection, "crm")
        assert len(numbers) == len(set(numbers))
        assert numbers[:3] == [1, 2, 3]
        assert outbox.waiting_for(connection, "crm") == 0


def test_a_second_wish_loses_nothing_of_the_first(store_of_events: Store, both: Rulebook) -> None:
    """Whoever asks for less while more is under way is told both."""
    with writing(store_of_events) as connection:
        replay_events(connection, "crm", 10, ADA, SOON, both)
        assert replay_events(connection, "crm", 240, ADA, LATER, both).after == 10


def test_the_trail_tells_who_asked(store_of_events: Store, both: Rulebook) -> None:
    """With the channel and the numbers; programs that follow are not told of it themselves."""
    with writing(store_of_events) as connection:
        last = settled.up_to(connection)
        replay_events(connection, "crm", last, ADA, SOON, both)
    with writing(store_of_events) as connection:
        event_feed.follow(connection, SOON, MOST, both)
        assert leaving(connection, "crm") == []
        assert settled.up_to(connection) == last + 1


@pytest.mark.parametrize(
    ("outlet", "after", "words", "kind"),
    [
        ("post", 0, "no webhook with follows is named post", Kind.UNKNOWN),
        ("crm", 999_999, "give the number of an event from 0 to ", Kind.INVALID),
        ("crm", -1, "give the number of an event from 0 to ", Kind.INVALID),
    ],
)
def test_what_cannot_be_repeated_is_refused(
    store_of_events: Store, both: Rulebook, outlet: str, after: int, words: str, kind: Kind
) -> None:
    """With the reason, and nothing is changed."""
    with writing(store_of_events) as connection, pytest.raises(Refused, match=words) as refusal:
        replay_events(connection, outlet, after, ADA, SOON, both)
    assert refusal.value.kind is kind


def test_a_follower_that_has_not_begun_has_nothing_to_repeat(store: Store, both: Rulebook) -> None:
    """It begins when the service runs."""
    with writing(store) as connection, pytest.raises(Refused, match="has been told nothing yet"):
        replay_events(connection, "crm", 0, ADA, SOON, both)
