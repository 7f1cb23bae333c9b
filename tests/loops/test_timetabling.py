"""What recurs by the calendar says each thing once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from bot.core.books import Book
from bot.core.retention import Retention
from bot.core.standards import standard
from bot.flows import staffing
from bot.flows.changes import respond
from bot.flows.changes.needs import obey_what_stands
from bot.flows.rulebook import Rulebook
from bot.loops.leasing import Leasing
from bot.loops.timetabling import OurTime, Timetable
from bot.present import Present
from bot.store import needs, staff, tables, words
from bot.store.engine import Store
from bot.store.needs import Needs
from bot.store.tables import deliveries
from bot.store.tokens import Token
from tests.flows.conftest import NOW, STANDARD, Make
from tests.flows.desk import again, logged
from tests.rulebooks import altered
from tests.thoroughness import cases


def timetable(store: Store, book: Rulebook, day: datetime, *, checked: date = date(2026, 11, 23)) -> Timetable:
    """The jobs on a day, run by hand."""
    present = Present(day, 0.001)
    leases = Leasing(store, present, (), lambda: None)
    return Timetable(
        store, book, present, lambda: None, leases, keep=Retention(timedelta(days=183)), calendar_checked=checked
    )


async def notice_keys(store: Store) -> list[str]:
    """The keys of every notice."""
    keys = await store.read(lambda c: [row.key for row in c.execute(select(deliveries.c.key))])
    return sorted(keys)


async def test_a_review_is_told_once_sixty_days_before(store: Store, book: Rulebook) -> None:
    """Not the day before, and not again the day after; a new day of review is told anew."""
    reviewed = altered(book, promises=Book([standard(STANDARD | {"review_by": date(2027, 3, 1)}, "general.toml")]))
    first = datetime(2026, 12, 31, 9, 5, tzinfo=UTC)
    await timetable(store, reviewed, first - timedelta(days=1)).reviews()
    assert await notice_keys(store) == []
    for day in range(3):
        await timetable(store, reviewed, first + timedelta(days=day)).reviews()
    assert await notice_keys(store) == ["notice:review:general:1:2027-03-01:staff@example.gov.uk"]
    later = altered(book, promises=Book([standard(STANDARD | {"review_by": date(2027, 3, 2)}, "general.toml")]))
    await timetable(store, later, first + timedelta(days=3)).reviews()
    assert len(await notice_keys(store)) == 2


async def test_the_end_of_a_token_is_told_a_fortnight_before(store: Store, book: Rulebook) -> None:
    """Once, not the day before; not of one that is revoked; of those without an end once a year, all together."""
    ends = [("phones", 100), ("bins", 400), ("old", 100), ("map", None), ("web", None)]

    def make(connection: Connection) -> None:
        for name, days in ends:
            ends_at = NOW + timedelta(days=days) if days else None
            token = Token(name, frozenset({"contacts:read"}), frozenset(), NOW, ends_at=ends_at)
            assert isinstance(staffing.create_token(connection, token, "staff:ada", book), str)
        staffing.revoke_token(connection, "old", "staff:ada", NOW)

    store.write_now(make)
    yearly = ["notice:tokens-without-end:2027:staff@example.gov.uk"]
    for days in (85, 86, 87):
        await timetable(store, book, NOW + timedelta(days=days)).token_ends()
        fortnight = [f"notice:token-ends:phones:{(NOW + timedelta(days=100)).isoformat()}:staff@example.gov.uk"]
        assert await notice_keys(store) == sorted([*(fortnight if days > 85 else []), *yearly])


async def test_what_has_ended_of_signing_in_is_forgotten_in_the_night(store: Store, book: Rulebook) -> None:
    """Sessions, links and counted attempts; what still holds stays."""

    def make(connection: Connection) -> None:
        for hours in (-1, 100):
            end, name = Present().now() + timedelta(hours=hours), f"{hours}"
            staff.begin_session(connection, name, name, "password", (NOW, end))
            connection.execute(tables.sign_in_links.insert().values(digest=name, address=name, ends_at=end))
            connection.execute(tables.throttles.insert().values(key=name, full_at=end))

    store.write_now(make)
    await timetable(store, book, NOW).forget()
    columns = (tables.sessions.c.digest, tables.sign_in_links.c.digest, tables.throttles.c.key)
    rows = await store.read(lambda c: [list(c.execute(select(column)).scalars()) for column in columns])
    assert rows == [["100"]] * 3


async def test_needs_that_an_older_program_noted_are_obeyed(store: Store, book: Rulebook, mail: Make) -> None:
    """Of contacts that were there before it; words that are no format change nothing, and what is empty stays so."""

    def make(connection: Connection) -> list[str]:
        people = [logged(connection, book, mail(number)) for number in range(3)]
        for contact, of_person in zip(people, ("Large print; Ring twice", "Ring twice"), strict=False):
            needs.note(connection, {contact.sender_key or ""}, Needs(of_person, "staff:ada", NOW))
        return [contact.reference for contact in people]

    references = await store.write(make)
    await timetable(store, book, NOW).obey_needs()
    codes = await store.read(lambda c: [again(c, reference).need_codes for reference in references])
    assert codes == ["large-print", "", ""]
    assert await store.write(obey_what_stands) == 0


async def test_how_older_contacts_came_is_filled_in(store: Store, council: Rulebook, mail: Make) -> None:
    """At the first start, and once."""

    def make(connection: Connection) -> str:
        contact = logged(connection, council, mail())
        connection.execute(tables.contacts.update().values(medium="", first_respond_by=None))
        return contact.reference

    reference = await store.write(make)
    for _ in range(2):
        await timetable(store, council, NOW).fill_origins()
        contact = await store.read(lambda c: again(c, reference))
        assert (contact.medium, contact.first_respond_by) == ("email", contact.respond_by)


async def test_bank_holidays_that_nobody_looked_at_are_told_once_a_month(store: Store, book: Rulebook) -> None:
    """A year after the last look, and no day earlier."""
    a_year = datetime(2027, 11, 23, 9, tzinfo=UTC)
    await timetable(store, book, a_year).calendar_age()
    assert await notice_keys(store) == []
    for day in (1, 2):
        await timetable(store, book, a_year + timedelta(days=day)).calendar_age()
    assert len(await notice_keys(store)) == 1


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_at_night_words_leave_the_index_on_the_disk(store: Store, book: Rulebook, mail: Make) -> None:
    """What is over its time is not in the file of the index in the morning, and what is not is found still."""
    on_the_disk = text("SELECT count(*) FROM message_words_data WHERE instr(block, :term) > 0")

    def held(term: bytes) -> Callable[[Connection], int]:
        return lambda c: c.execute(on_the_disk, {"term": term}).scalar_one()

    def fill(c: Connection) -> None:
        for number, word in enumerate(("secretword", "recentword")):
            contact = logged(c, book, mail(number, text=f"A {word}"))
            respond.respond(c, contact.reference, NOW + number * timedelta(days=100), book, actor="staff:me")
        words.index(c)

    await store.write(fill)
    assert await store.read(held(b"ecretword"))
    await timetable(store, book, NOW + timedelta(days=200)).forget()
    assert [await store.read(held(term)) > 0 for term in (b"ecretword", b"ecentword")] == [False, True]


async def test_what_was_to_be_forgotten_during_an_outage_is_forgotten_at_the_start(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """Where nothing ran for more than a day; a restart in between does not do it over again."""

    def forgotten(c: Connection) -> int:
        return len(c.execute(text("SELECT id FROM contacts WHERE forgotten")).all())

    def fill(c: Connection, number: int) -> None:
        contact = logged(c, book, mail(number, text=f"Hole {number}"))
        respond.respond(c, contact.reference, NOW, book, actor="staff:me")

    later = NOW + timedelta(days=400)
    await store.write(lambda c: fill(c, 1))
    await timetable(store, book, later).forget_missed()
    assert await store.read(forgotten) == 1
    await store.write(lambda c: fill(c, 2))
    for hours, count in ((23, 1), (25, 2)):
        await timetable(store, book, later + timedelta(hours=hours)).forget_missed()
        assert await store.read(forgotten) == count


@given(
    begin=st.datetimes(datetime(2026, 11, 1), datetime(2027, 6, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    speed=st.floats(0.5, 1_000_000),
)
@settings(max_examples=cases(50, 1_000), deadline=None)
def test_the_calendar_goes_on_at_any_speed(begin: datetime, speed: float) -> None:
    """Each time is later than the one before, however a rehearsal's time is rounded."""
    present = Present(begin, speed)
    trigger = OurTime(present, ZoneInfo("Europe/London"), hour=8, minute=30)
    now = present.to_wall(begin + timedelta(days=20))
    fires = [trigger.get_next_fire_time(None, present.to_wall(begin))]
    for _ in range(5):
        fires.append(trigger.get_next_fire_time(fires[-1], now))
    apart = [later - earlier for earlier, later in pairwise(fire for fire in fires if fire is not None)]
    assert len(apart) == 5
    day = timedelta(days=1) / speed
    assert all(day * 0.9 < span < day * 1.1 for span in apart), apart
