"""A new store, a rulebook and ready messages for the tests of the flows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.core.books import Book
from bot.core.calendars import Calendars, calendar
from bot.core.messages import Inbound
from bot.core.standards import standard
from bot.flows.rulebook import ClockRules, IntakeRules, OutgoingRules, Rulebook, Team, Way
from bot.store.engine import Store
from bot.wire.mail import mime
from tests.rulebooks import altered

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
STANDARD = {
    "id": "general",
    "title": "Every contact",
    "version": "1",
    "valid_from": NOW.date() - timedelta(days=1000),
    "calendar": "england",
    "receipt": "same day",
    "acknowledge": "1 working day",
    "respond": "10 working days",
}
LAW = {"basis": "law", "calendar": "uk-any", "pause": "inclusive", "valid_from": date(2010, 1, 1)}
MORE = [
    STANDARD | LAW | {"id": "foi", "kinds": ["foi"], "respond": "20 working days", "extend_to": "40 working days"},
    STANDARD
    | {"id": "complaint", "kinds": ["complaint"], "acknowledge": "5 working days", "acknowledged_by": "staff"}
    | {"respond_from": "acknowledgement"},
]


@pytest.fixture
def book() -> Rulebook:
    """One mailbox, one form, one outlet, one team."""
    england = calendar("england")
    return Rulebook(
        prefix="EX",
        ways={"inbox": Way("post", "front", "us@example.gov.uk"), "website": Way("post", "front")},
        clocks=ClockRules(england, {"england": england}, Book((standard(STANDARD, "general.toml"),))),
        intake=IntakeRules(own=frozenset({"us@example.gov.uk"})),
        outgoing=OutgoingRules(
            teams={"front": Team("front", ("staff@example.gov.uk",), "post")},
            senders={"post": "Exampleshire Council <us@example.gov.uk>"},
        ),
    )


def shelf(**changes: Any) -> Calendars:
    """Every calendar, with what an organisation says."""
    return Calendars(lambda key: calendar(key.partition(" ")[0], **({} if " " in key else changes)))


@pytest.fixture
def council(book: Rulebook) -> Rulebook:
    """A rulebook that knows requests and complaints; `foi` is a mailbox of its own."""
    promises = Book(standard(table, f"{table['id']}.toml") for table in (STANDARD, *MORE))
    ways = {
        "inbox": Way("post", "front", "us@example.gov.uk", "email"),
        "foi": Way("post", "front", "us@example.gov.uk", "email", contact_kind="foi"),
    }
    return altered(book, promises=promises, ways=ways, calendars=shelf())


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A new store, used without its writer thread."""
    made = Store(store_url)
    yield made
    made.let_go()


@pytest.fixture
def mail() -> Callable[..., Inbound]:
    """Makes a mail that arrived on the channel `inbox`."""

    def make(number: int = 1, *, text: str = "There is a hole in the road.", **headers: str) -> Inbound:
        lines = {
            "From": f"Resident {number} <resident{number}@residents.example>",
            "To": "us@example.gov.uk",
            "Subject": "A hole",
            "Message-ID": f"<{number}@residents.example>",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        raw = "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + f"\r\n{text}\r\n"
        return mime.read(raw.encode(), channel="inbox", received_at=None)

    return make


@contextmanager
def writing(store: Store) -> Iterator[Connection]:
    """One transaction."""
    with store._writer_engine.begin() as connection:
        yield connection


Make = Callable[..., Inbound]
Rows = list[dict[str, Any]]
