"""The spells of contacts follow from their events, wherever the table stands and whatever has been changed since."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import Connection, delete

from bot.core.books import Book
from bot.core.closings import Outcome
from bot.core.contacts import Contact, State
from bot.core.histories import Kind
from bot.core.responses import Judgement
from bot.core.responses import Kind as Typed
from bot.core.retention import Retention
from bot.core.spells import Spell, microseconds
from bot.core.standards import standard
from bot.flows.changes import recompute, staff_answers
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.assign import assign
from bot.flows.changes.assignees import Holder
from bot.flows.changes.classify import About, classify
from bot.flows.changes.close import Closing, close, reopen, reopen_for_person
from bot.flows.changes.forget import forget
from bot.flows.changes.merge import merge, unmerge
from bot.flows.changes.refusals import Refused
from bot.flows.changes.respond import respond
from bot.flows.changes.staff_answers import StaffAnswer
from bot.flows.figures import folding
from bot.flows.people.erase import erase
from bot.flows.rulebook import Rulebook
from bot.store import contacts, cursors, figures, settled
from bot.store.engine import Store
from bot.store.sealing import new_key
from bot.store.tables import spells
from tests.flows.conftest import MORE, NOW, STANDARD, Make, shelf, writing
from tests.flows.desk import after, again, do, logged
from tests.rulebooks import altered

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)
ME = "staff:me@example.gov.uk"
HOUR = timedelta(hours=1)
PATIENCE = {"pause": "after-start", "extend_to": "40 working days"}
ADJUSTMENTS = [kind for kind in Kind if kind not in (Kind.RESPONDED, Kind.REOPENED, Kind.CORRECTED)]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A new store with keys: what events say is read by nobody but us."""
    store = Store(store_url, [new_key()])
    yield store
    store.let_go()


def spells_at(store: Store, cut_off: int | None = None) -> list[Spell]:
    """Every spell as it stood at that event, or as it stands now."""
    number = store.read_now(settled.up_to) if cut_off is None else cut_off
    return store.read_now(lambda c: sorted(folding.spells_at(c, number, BEGIN, END, lambda _: None)))


def fold_all(store: Store, most: int = 1_000) -> None:
    """Bring the table up to date."""
    while store.write_now(partial(folding.fold, most=most)):
        pass


def test_a_contact_has_one_spell_more_for_each_time_that_it_opens_again(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """The first until its answer, by the date that was agreed last; the next from then on, with a date of its own."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        do(connection, book, contact, Kind.PAUSED, after(1))
        do(connection, book, contact, Kind.RESUMED, after(3))
        agreed = again(connection, contact.reference)
        respond(connection, contact.reference, after(4), book, actor="staff:me")
    fold_all(store)
    (spell,) = spells_at(store)
    assert spell.acknowledged_at == microseconds(NOW)
    assert spell.respond_by == microseconds(agreed.respond_by or NOW)
    assert (spell.ending, spell.responded_at) == ("answered", microseconds(after(4)))
    assert spell.pauses == f"[[{microseconds(after(1))}, {microseconds(after(3))}]]"
    with writing(store) as connection:
        reopen(connection, contact.reference, "staff:me", after(5), book)
    first, second = spells_at(store)
    assert first == spell
    assert (second.begins_at, second.ending, second.acknowledge_by) == (microseconds(after(5)), "", None)


class Office:
    """People who do to contacts whatever the flows let them do, at random; `now` goes on by hours."""

    def __init__(self, connection: Connection, book: Rulebook, mail: Make, seed: int) -> None:
        self.connection, self.book, self.random, self.now = connection, book, Random(seed), NOW
        self.references = [
            logged(connection, book, mail(number), acknowledged=number % 3 > 0).reference for number in range(1, 11)
        ]

    def act(self) -> None:
        """One of them does something; where that cannot be nothing happens."""
        self.now += self.random.choice((HOUR, 5 * HOUR, 20 * HOUR))
        action = self.random.choice(
            (
                *(self.adjust, self.adjust, self.adjust, self.answer, self.answer, self.end, self.open, self.open),
                *(self.classify, self.mail, self.correct, self.merge, self.part, self.assign),
            )
        )
        try:
            with self.connection.begin_nested():
                action(again(self.connection, self.random.choice(self.references)))
        except Refused:
            pass

    def adjust(self, contact: Contact) -> None:
        """A clock is changed."""
        kind = self.random.choice(ADJUSTMENTS)
        change = ClockChange(kind, self.now, "30 working days" if kind is Kind.EXTENDED else "")
        adjust(self.connection, contact.reference, change, Word(ME, "It takes longer."), self.now, self.book)

    def answer(self, contact: Contact) -> None:
        """It is answered now, or was some hours ago."""
        at = max(contact.received_at, self.now - self.random.randint(0, 30) * HOUR)
        respond(self.connection, contact.reference, self.now, self.book, actor=ME, at=at)

    def end(self, contact: Contact) -> None:
        """It is closed."""
        outcome = self.random.choice((Outcome.TOLD, Outcome.SPAM, Outcome.FINISHED))
        closing = Closing(outcome, "We mended it.", "By phone.")
        close(self.connection, contact.reference, ME, self.now, self.book, closing)

    def open(self, contact: Contact) -> None:
        """It opens again, as staff say or as the person writes."""
        if self.random.random() < 0.5:
            reopen(self.connection, contact.reference, ME, self.now, self.book)
        else:
            reopen_for_person(self.connection, contact.reference, self.now, self.now, self.book)

    def classify(self, contact: Contact) -> None:
        """Staff know better what it is about."""
        about = About(service=self.random.choice(("bins", "roads")), kind=self.random.choice(("", "foi", "complaint")))
        classify(self.connection, contact.reference, about, ME, self.now, self.book)

    def mail(self, contact: Contact) -> None:
        """Staff have answered from their own mailbox."""
        judgement = Judgement(self.random.choice((Typed.FULL, Typed.HOLDING, Typed.INTERNAL)), "it reads like that")
        staff_answer = StaffAnswer(contact.id, contact.reference, self.now - HOUR, judgement)
        staff_answers.take(self.connection, staff_answer, self.now, self.book)

    def correct(self, contact: Contact) -> None:
        """That mail was something else."""
        was = self.random.choice(("full", "holding", "internal"))
        staff_answers.correct(self.connection, contact.reference, was, ME, self.now, self.book)

    def merge(self, contact: Contact) -> None:
        """Two contacts go on in one."""
        partner = again(self.connection, self.random.choice(self.references))
        merge(self.connection, contact, partner, "yes", ME, self.now)

    def part(self, contact: Contact) -> None:
        """They are parted."""
        partner = contacts.with_id(self.connection, [contact.merged_into or 0]).get(contact.merged_into or 0)
        unmerge(self.connection, contact, partner, ME, self.now, self.book)

    def assign(self, contact: Contact) -> None:
        """Another team has it."""
        team = self.random.choice(("front", "back"))
        assign(self.connection, contact.reference, Holder(team), ME, self.now, self.book)


def forget_table(store: Store) -> None:
    """Empty the table, as where it was never filled."""
    with writing(store) as connection:
        connection.execute(delete(spells))
        cursors.drop(connection, figures.NAME)


def assert_present(connection: Connection, rows: list[Spell]) -> None:
    """Each contact has the state and the dates of its last spell."""
    last = {row.contact_id: row for row in rows}
    first = {row.contact_id: row for row in rows if row.number == 0}
    for contact in contacts.list_all(connection):
        spell = last[contact.id]
        assert (spell.ending == "") == (contact.state == State.OPEN), contact
        assert (spell.paused_at is None) == (contact.paused_at is None)
        assert spell.team == contact.team
        assert (spell.service, spell.kind) == (contact.service or "", contact.kind)
        assert f"{spell.standard} {spell.standard_version}" == f"{contact.standard} {contact.standard_version}"
        if contact.state == State.OPEN:
            assert first[contact.id].acknowledged_at == in_microseconds(contact.acknowledged_at), contact
            assert first[contact.id].acknowledge_by == in_microseconds(contact.acknowledge_by)
            if contact.paused_at is None:
                assert spell.respond_by == in_microseconds(contact.respond_by), contact
        if contact.state == State.ANSWERED:
            assert spell.responded_at == max(in_microseconds(contact.responded_at) or 0, spell.begins_at)


def in_microseconds(at: datetime | None) -> int | None:
    """The instant as spells have it."""
    return None if at is None else microseconds(at)


def test_table_and_replay_and_contacts_say_the_same(store: Store, council: Rulebook, mail: Make) -> None:
    """After hundreds of actions, at any cut-off, wherever the table stands."""
    cut_offs = []
    with writing(store) as connection:
        office = Office(connection, with_teams(council), mail, 25)
    for _ in range(12):
        with writing(store) as connection:
            office.connection = connection
            for _ in range(25):
                office.act()
        cut_offs.append(store.read_now(settled.up_to))
    assert len(spells_at(store)) > 10
    replayed = {cut_off: spells_at(store, cut_off) for cut_off in cut_offs}
    store.read_now(partial(assert_present, rows=replayed[cut_offs[-1]]))
    store.write_now(partial(folding.fold, most=cut_offs[5]))
    for cut_off in cut_offs:
        assert spells_at(store, cut_off) == replayed[cut_off]
    fold_all(store, 37)
    assert store.read_now(figures.extent).least == cut_offs[-1]
    for cut_off in cut_offs:
        assert spells_at(store, cut_off) == replayed[cut_off]
    assert sorted(store.read_now(all_rows)) == replayed[cut_offs[-1]]


def all_rows(connection: Connection) -> list[Spell]:
    """The table."""
    return figures.rows(connection, [contact.id for contact in contacts.list_all(connection)])


def with_teams(book: Rulebook) -> Rulebook:
    """The same with a second team, and standards that allow pauses and extensions."""
    front = book.outgoing.teams["front"]
    promises = Book(standard(PATIENCE | table, "x.toml") for table in (STANDARD, *MORE))
    return altered(book, teams={"front": front, "back": front}, promises=promises)


def make_anew(store: Store, *, is_trial: bool = False) -> list[int]:
    """Make every spell anew, as the command does; the contacts that had others."""
    up_to = 0 if is_trial else store.write_now(folding.begin_anew)
    page = store.write_now(partial(folding.make_anew, after_id=0, is_trial=is_trial))
    if not is_trial:
        store.write_now(partial(folding.end_anew, up_to=up_to))
    return list(page.differing)


def test_what_was_changed_by_hand_is_found_and_put_right(store: Store, book: Rulebook, mail: Make) -> None:
    """By its contact; a trial changes nothing; what was never filled is filled and differs from nothing."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        logged(connection, book, mail(2))
    assert make_anew(store) == []
    right = spells_at(store)
    assert sorted(store.read_now(all_rows)) == right
    with writing(store) as connection:
        connection.execute(spells.update().where(spells.c.contact_id == contact.id).values(ending="spam"))
    assert make_anew(store, is_trial=True) == [contact.id]
    assert spells_at(store) != right
    assert make_anew(store) == [contact.id]
    assert make_anew(store) == []
    assert spells_at(store) == right
    with writing(store) as connection:
        respond(connection, contact.reference, after(2), book, actor=ME)
    assert make_anew(store) == []
    assert spells_at(store) == sorted(store.read_now(all_rows))


def _forget_all(connection: Connection, book: Rulebook) -> None:
    forget(connection, Retention(usual=timedelta(days=1)), after(900), 100, b"key")


def _erase_all(connection: Connection, book: Rulebook) -> None:
    for number in range(1, 11):
        erase(connection, f"resident{number}@residents.example", ME, after(900), b"key")


def _proclaim(connection: Connection, book: Rulebook) -> None:
    """A closure moves every date to come, and a standard promises another time."""
    closed = (date(2026, 11, 30), date(2027, 1, 29))
    promises = Book(standard(table | {"respond": "7 working days"}, "x.toml") for table in (STANDARD, *MORE))
    other = altered(book, calendars=shelf(closures=(closed,)), promises=promises)
    page = recompute.recompute(connection, 0, ["standard general 1"], after(5), other, dry_run=False)
    assert page.changes


def _classify_all(connection: Connection, book: Rulebook) -> None:
    for contact in contacts.list_all(connection):
        try:
            classify(connection, contact.reference, About("bins", "foi"), ME, after(90), book)
        except Refused:
            assert contact.merged_into is not None


def _act_on(connection: Connection, book: Rulebook) -> None:
    for contact in contacts.list_all(connection):
        if contact.state == State.OPEN:
            close(connection, contact.reference, ME, after(90), book, Closing(Outcome.SPAM))


@pytest.mark.parametrize("change", [_forget_all, _erase_all, _proclaim, _classify_all, _act_on])
def test_what_comes_later_changes_no_earlier_figure(
    store: Store, council: Rulebook, mail: Make, change: Callable[[Connection, Rulebook], None]
) -> None:
    """Nor the figures at the same cut-off, with the table or without it."""
    book = with_teams(council)
    with writing(store) as connection:
        office = Office(connection, book, mail, 4)
        for _ in range(150):
            office.act()
    before = spells_at(store)
    cut_off = store.read_now(settled.up_to)
    with writing(store) as connection:
        change(connection, book)
    assert store.read_now(settled.up_to) > cut_off
    assert spells_at(store, cut_off) == before
    fold_all(store)
    assert spells_at(store, cut_off) == before
    forget_table(store)
    assert spells_at(store, cut_off) == before


def test_a_cut_off_is_the_last_event_that_was_recorded_by_then(store: Store, book: Rulebook, mail: Make) -> None:
    """Not by when it happened: an answer may be recorded days later."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        first = max(event.id for event in contacts.events_of(connection, contact.id))
        respond(connection, contact.reference, after(3), book, actor=ME, at=after(1))
        logged(connection, book, mail(2))
    at_day = {day: store.read_now(partial(figures.cut_off_at, at=after(day))) for day in (-1, 2, 3)}
    assert (at_day[-1], at_day[2], at_day[3]) == (0, first, store.read_now(settled.up_to))
    assert store.read_now(partial(figures.recorded_at, number=at_day[3])) == after(3)
