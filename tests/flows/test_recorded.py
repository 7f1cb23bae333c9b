"""What no week loses for the figures: how a contact came, its first dates, and what each event says was before."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot.channel import Batch
from bot.core.calendar_notes import calendar_of
from bot.core.calendars import Holiday
from bot.core.contacts import Contact
from bot.core.durations import duration
from bot.core.escalations import Window
from bot.core.events import Event, EventKind
from bot.core.histories import Kind
from bot.core.responses import Kind as Judged
from bot.flows import escalate
from bot.flows.changes import (
    acknowledge_now,
    close,
    merge,
    origins,
    recompute,
    respond,
    rule_versions,
    split,
    staff_answers,
)
from bot.flows.changes.classify import About, classify
from bot.flows.changes.close import Closing
from bot.flows.changes.refusals import Refused
from bot.flows.intake import receive as receiving
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.consequences import Suppressed
from bot.flows.intake.plan import Plan
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook, Way
from bot.store import contacts, cursors, sealing
from bot.store.engine import Store
from bot.store.tables import contacts as table
from bot.store.tables import events
from tests.flows.conftest import NOW, Make, shelf, writing
from tests.flows.desk import after, again, do, logged, respond_day
from tests.flows.test_forget import KEEP, forget_all
from tests.rulebooks import altered

KEY = sealing.new_key()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with keys: figures read what events say with them."""
    sealed = Store(store_url, (KEY,))
    yield sealed
    sealed.let_go()


@pytest.fixture
def house(council: Rulebook) -> Rulebook:
    """The council with a desk, a platform, and the kinds of its channels."""
    ways = {name: replace(way, channel_kind="email_imap") for name, way in council.ways.items()}
    desk = Way("post", "front", medium="desk", channel_kind="desk")
    square = Way("post", "front", medium="mastodon", channel_kind="mastodon", window=Window(timedelta(days=7), None))
    return altered(council, ways=ways | {"desk": desk, "square": square})


def details(connection: Connection, contact: Contact, kind: str) -> dict[str, Any]:
    """What the last event of that kind says."""
    return dict([e for e in contacts.events_of(connection, contact.id) if e.kind == kind][-1].details)


def of_nobody(connection: Connection, kind: str) -> list[dict[str, Any]]:
    """What the events of that kind say that are about no contact."""
    query = select(events.c.details).where(events.c.kind == kind, events.c.contact_id.is_(None)).order_by(events.c.id)
    return [json.loads(text) for text in connection.execute(query).scalars()]


def test_a_contact_says_how_it_came_and_with_which_dates_it_opened(store: Store, house: Rulebook, mail: Make) -> None:
    """Also when both have moved; the desk says itself how people came."""
    with writing(store) as connection:
        mailed = logged(connection, house, mail(1))
        rung = logged(connection, house, replace(mail(2), channel="desk", external_id="phone:7", medium="phone"))
        do(connection, house, mailed, Kind.PAUSED, after(1))
        do(connection, house, mailed, Kind.RESUMED, after(8))
        moved = again(connection, mailed.reference)
    assert (mailed.medium, mailed.channel_kind, rung.medium, rung.channel_kind) == (
        *("email", "email_imap"),
        *("phone", "desk"),
    )
    assert moved.respond_by != mailed.respond_by == moved.first_respond_by
    assert moved.first_acknowledge_by == mailed.acknowledge_by


def test_what_is_only_logged_opened_with_no_date(store: Store, house: Rulebook, mail: Make) -> None:
    """Until staff acknowledge it after all: those are its first dates, and the event says what it was."""
    with writing(store) as connection:
        robot = logged(connection, house, mail(1, Auto_Submitted="auto-generated"), acknowledged=False)
        assert (robot.state, robot.medium, robot.first_respond_by) == ("logged", "email", None)
        acknowledge_now.acknowledge_now(connection, robot.reference, "", "staff:me", after(1), house)
        owed = again(connection, robot.reference)
        event = details(connection, robot, "receipt decided on")
    assert owed.first_respond_by == owed.respond_by is not None
    assert (event["was"], event["outcome_before"], event["outcome"]) == ("logged", "log", "acknowledge")
    assert (event["respond_by"], event["standard"]) == (owed.respond_by.isoformat(), "general 1")


def test_a_contact_that_was_split_off_has_first_dates_of_its_own(store: Store, house: Rulebook, mail: Make) -> None:
    """From the message with which it begins."""
    with writing(store) as connection:
        contact = logged(connection, house, mail(1))
        more = replace(mail(2, In_Reply_To="<1@residents.example>", From="Resident 1 <resident1@residents.example>"))
        receive(connection, Batch((more,)), Reading("inbox"), after(2), house, Capacity())
        number = contacts.messages_of(connection, contact.id)[-1].id
        part = split.split(connection, again(connection, contact.reference), str(number), "staff:me", after(3), house)
    assert (part.medium, part.channel_kind) == ("email", "email_imap")
    assert part.first_respond_by == part.respond_by != contact.respond_by


def test_an_older_contact_is_filled_from_what_its_events_say(store: Store, house: Rulebook, mail: Make) -> None:
    """The date before the first move, once; a forgotten call still says that it was one."""
    with writing(store) as connection:
        extended = logged(connection, house, replace(mail(1), channel="foi"))
        rung = logged(connection, house, replace(mail(2), channel="desk", external_id="phone:7", medium="phone"))
        calm = logged(connection, house, mail(3))
        longer = duration("40 working days")
        do(connection, house, extended, Kind.EXTENDED, after(1), extended_to=longer, reason="Many papers.")
        respond.respond(connection, rung.reference, after(2), house, actor="staff:me")
        forget_all(connection, KEEP, after(60))
        as_an_older_program_left_them(connection)
        assert not origins.fill(connection, after(4), house)
        filled = [again(connection, contact.reference) for contact in (extended, rung, calm)]
        connection.execute(update(table).where(table.c.id == calm.id).values(medium="letter"))
        assert not origins.fill(connection, after(5), house)
        assert again(connection, calm.reference).medium == "letter"
    assert [contact.medium for contact in filled] == ["email", "phone", "email"]
    assert [contact.channel_kind for contact in filled] == ["email_imap", "desk", "email_imap"]
    assert [contact.first_respond_by for contact in filled] == [extended.respond_by, rung.respond_by, calm.respond_by]
    assert [contact.first_acknowledge_by for contact in filled] == [c.acknowledge_by for c in (extended, rung, calm)]


def test_an_older_contact_that_opened_again_has_the_date_of_its_promise(
    store: Store, house: Rulebook, mail: Make
) -> None:
    """Its event did not say which date it had; the date from the new start is not its first."""
    with writing(store) as connection:
        contact = logged(connection, house, mail(1))
        respond.respond(connection, contact.reference, after(1), house, actor="staff:me")
        silent = Event(contact.id, after(2), EventKind.REOPENED, "staff:me", {})
        contacts.note(connection, [silent])
        contacts.put(connection, contact.id, {"respond_by": after(20)})
        as_an_older_program_left_them(connection)
        origins.fill(connection, after(4), house)
        assert again(connection, contact.reference).first_respond_by == contact.respond_by


def as_an_older_program_left_them(connection: Connection) -> None:
    """Without what it did not know."""
    nothing = {"medium": "", "channel_kind": "", "first_respond_by": None, "first_acknowledge_by": None}
    connection.execute(update(table).values(**nothing))


def test_the_filling_goes_on_where_it_stopped(store: Store, house: Rulebook, mail: Make) -> None:
    """A few at a time, and what came later by an older program as well."""
    with writing(store) as connection:
        pair = [logged(connection, house, mail(number)) for number in (1, 2)]
        as_an_older_program_left_them(connection)
        assert origins.fill(connection, after(1), house, most=2)
        assert cursors.read(connection, origins.FILLED) == str(pair[-1].id)
        assert not origins.fill(connection, after(1), house, most=2)
        late = logged(connection, house, mail(3))
        as_an_older_program_left_them(connection)
        while origins.fill(connection, after(2), house, most=2):
            pass
        assert {again(connection, c.reference).medium for c in (*pair, late)} == {"email"}


def test_what_is_classified_says_what_was_before(store: Store, house: Rulebook, mail: Make) -> None:
    """Topic, standard, calendar, and whose word acknowledges; "" where it was about nothing."""
    with writing(store) as connection:
        contact = logged(connection, house, mail(1))
        classify(connection, contact.reference, About(kind="complaint"), "staff:me", after(1), house)
        first = details(connection, contact, "classified")
        classify(connection, contact.reference, About(kind="foi"), "staff:me", after(2), house)
        second = details(connection, contact, "classified")
    assert (first["kind"], first["kind_before"], first["acknowledged_by"], first["acknowledged_by_before"]) == (
        *("complaint", ""),
        *("staff", "receipt"),
    )
    assert first["acknowledge_by_before"] < first["acknowledge_by"]
    assert (second["kind_before"], second["calendar_before"], second["calendar"]) == ("complaint", "england", "uk-any")
    assert (second["standard_before"], second["standard"]) == ("complaint 1", "foi 1")
    assert "service_before" not in first | second


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_finished_contact_can_be_classified_and_keeps_its_promise(
    store: Store, house: Rulebook, mail: Make, *, is_closed: bool
) -> None:
    """Only what it was about changes, and nothing is sent."""
    with writing(store) as connection:
        contact = logged(connection, house, mail(1))
        respond.respond(connection, contact.reference, after(2), house, actor="staff:me")
        if is_closed:
            close.close(connection, contact.reference, "staff:me", after(3), house, Closing())
        finished = again(connection, contact.reference)
        done = classify(connection, contact.reference, About(kind="foi"), "staff:me", after(4), house)
        later = again(connection, contact.reference)
        event = details(connection, contact, "classified")
    assert (done.is_finished, done.standard.id, done.why_not) == (True, "general", "")
    assert later == replace(finished, kind="foi")
    assert event == {"after_answer": True, "kind": "foi", "kind_before": ""}


def test_what_cannot_be_about_anything_is_not_classified(store: Store, house: Rulebook, mail: Make) -> None:
    """Nothing was owed, its words are gone, or it goes on in another one."""
    about = About(kind="foi")
    with writing(store) as connection:
        robot = logged(connection, house, mail(1, Auto_Submitted="auto-generated"), acknowledged=False)
        with pytest.raises(Refused, match="is logged, and nothing was ever owed"):
            classify(connection, robot.reference, about, "staff:me", after(1), house)
        contact = logged(connection, house, mail(2))
        respond.respond(connection, contact.reference, after(1), house, actor="staff:me")
        forget_all(connection, KEEP, after(60))
        with pytest.raises(Refused, match="its words are gone already"):
            classify(connection, contact.reference, about, "staff:me", after(61), house)
        first, second = (logged(connection, house, mail(number)) for number in (3, 4))
        both = merge.merge(connection, first, second, merge.YES, "staff:me", after(1))
        with pytest.raises(Refused, match=f"goes on in {both.survivor.reference}"):
            classify(connection, both.duplicate.reference, about, "staff:me", after(1), house)


def test_each_new_beginning_says_its_date_and_when_it_had_been_answered(
    store: Store, house: Rulebook, mail: Make
) -> None:
    """By staff or by the person; a closing that is taken back has the date that it had, also where it is paused."""
    with writing(store) as connection:
        contact = logged(connection, house, mail(1))
        respond.respond(connection, contact.reference, after(1), house, actor="staff:me")
        close.reopen(connection, contact.reference, "staff:me", after(2), house)
        by_staff, opened = details(connection, contact, "reopened"), again(connection, contact.reference)
        respond.respond(connection, contact.reference, after(3), house, actor="staff:me")
        close.reopen_for_person(connection, contact.reference, after(4), after(5), house)
        by_person, anew = details(connection, contact, "reopened"), again(connection, contact.reference)
        do(connection, house, contact, Kind.PAUSED, after(6))
        pause = details(connection, contact, "paused")
        close.close(connection, contact.reference, "staff:me", after(7), house, Closing(reason="No need."))
        close.reopen(connection, contact.reference, "staff:me", after(8), house)
        closing_undone = details(connection, contact, "opened again")
    dates = [contact.respond_by, opened.respond_by, anew.respond_by]
    assert [at and at.isoformat() for at in dates] == [
        by_staff["respond_by_before"],
        by_staff["respond_by"],
        by_person["respond_by"],
    ]
    assert (by_staff["answered_at"], by_person["answered_at"]) == (after(1).isoformat(), after(3).isoformat())
    assert by_person["recorded_at"] == after(5).isoformat(timespec="seconds")
    assert pause["respond_by_before"] == by_person["respond_by"]
    assert closing_undone == {"paused_at": after(6).isoformat()}


def test_an_answer_that_is_taken_back_says_which_it_was(store: Store, house: Rulebook, mail: Make) -> None:
    """The spell goes on with the date that stands again."""
    with writing(store) as connection:
        contact = logged(connection, house, mail(1))
        respond.respond(connection, contact.reference, after(1), house, actor="staff:me")
        staff_answers.uncount(connection, again(connection, contact.reference), Judged.FULL, after(2), house)
        event = details(connection, contact, "corrected")
    assert contact.respond_by is not None
    assert event == {
        "before": Judged.FULL.value,
        "respond_by": contact.respond_by.isoformat(),
        "answered_at": after(1).isoformat(),
    }


def test_a_merge_that_is_undone_says_which_contact_runs_again(store: Store, house: Rulebook, mail: Make) -> None:
    """The one that goes on was never closed by it."""
    with writing(store) as connection:
        first, second = (logged(connection, house, mail(number)) for number in (1, 2))
        both = merge.merge(connection, first, second, merge.YES, "staff:me", after(1))
        duplicate = again(connection, both.duplicate.reference)
        merge.unmerge(connection, duplicate, None, "staff:me", after(2), house)
        undone = [details(connection, contact, "merge undone") for contact in (both.duplicate, both.survivor)]
    assert both.duplicate.respond_by is not None
    assert undone == [
        {
            "with": both.survivor.reference,
            "was": "open",
            "respond_by": both.duplicate.respond_by.isoformat(),
        },
        {"with": both.duplicate.reference},
    ]


def test_forgetting_leaves_what_figures_follow_from(store: Store, house: Rulebook, mail: Make) -> None:
    """Dates, codes and names of standards and teams; no word."""
    with writing(store) as connection:
        contact = logged(connection, house, mail(1))
        classify(connection, contact.reference, About(kind="foi"), "staff:me", after(1), house)
        respond.respond(connection, contact.reference, after(2), house, actor="staff:me", note="I rang Mrs Smith")
        close.reopen(connection, contact.reference, "staff:me", after(3), house, "She rang again")
        respond.respond(connection, contact.reference, after(4), house, actor="staff:me")
        before = {kind: details(connection, contact, kind) for kind in ("classified", "reopened")}
        assert forget_all(connection, KEEP, after(60)) == 1
        left_over = {kind: details(connection, contact, kind) for kind in ("classified", "reopened")}
    assert before.pop("reopened") == left_over.pop("reopened") | {"note": "She rang again"}
    assert before == left_over


def test_a_calendar_is_noted_when_its_days_change(store: Store, house: Rulebook) -> None:
    """First at the first start, then never again while it is the same; the note makes the very same calendar."""
    jubilee = altered(house, calendars=shelf(proclaimed=(Holiday(date(2026, 12, 3), "The jubilee"),)))
    with writing(store) as connection:
        for book in (house, house, jubilee, jubilee):
            rule_versions.settle(connection, book, NOW)
        notes = [(note["calendar"], calendar_of(note)) for note in of_nobody(connection, "calendar noted")]
    keys = ["england", "uk-any"]
    assert [key for key, _ in notes] == [*keys, *keys]
    versions = [book.clocks.calendars[key].version for book in (house, jubilee) for key in keys]
    assert [calendar.version for _, calendar in notes] == versions


def test_a_window_without_an_answer_is_noted_once(store: Store, house: Rulebook, mail: Make) -> None:
    """And again for the next one; not while we wait for the person."""
    with writing(store) as connection:
        contact = logged(connection, house, replace(mail(1), channel="square"))
        paused = logged(connection, house, replace(mail(2), channel="square"))
        do(connection, house, paused, Kind.PAUSED, after(1))
        for day in (6, 7, 8, 9):
            escalate.escalate(connection, after(day), 10, house)
        misses = [
            [event.details for event in contacts.events_of(connection, c.id) if event.kind == "platform window missed"]
            for c in (contact, paused)
        ]
    assert misses == [[{"until": after(7).isoformat()}], []]


def test_what_only_the_comparing_brought_in_is_counted(store: Store, house: Rulebook, mail: Make) -> None:
    """What was there already is no miss."""
    with writing(store) as connection:
        logged(connection, house, mail(1))
        batch = Batch((mail(1), mail(2), mail(3)), again=True)
        receive(connection, batch, Reading("inbox"), after(1), house, Capacity())
        receive(connection, batch, Reading("inbox"), after(1), house, Capacity())
        assert of_nobody(connection, "messages reconciled") == [{"channel": "inbox", "count": 2}]


def test_an_address_that_gets_nothing_any_more_counts_once_and_is_not_named(store: Store, house: Rulebook) -> None:
    """While it is in force; later anew."""
    change = Suppressed("resident1@residents.example", "mail came back", after(30), "came back")
    with writing(store) as connection:
        for day in (0, 1, 40):
            renewed = replace(change, until=after(day + 30))
            receiving.apply(connection, Plan(changes=(renewed,)), after(day), house)
        assert of_nobody(connection, "address suppressed") == [{"reason": "came back"}] * 2


def test_the_date_of_a_promise_is_the_one_that_was_told(store: Store, house: Rulebook, mail: Make) -> None:
    """A contact whose date is computed anew keeps the first one."""
    jubilee = altered(house, calendars=shelf(proclaimed=(Holiday(date(2026, 12, 3), "The jubilee"),)))
    with writing(store) as connection:
        rule_versions.settle(connection, house, NOW)
        contact = logged(connection, house, mail(1))
        recompute.recompute(connection, 0, ["calendar england"], after(1), jubilee, dry_run=False)
        moved = again(connection, contact.reference)
    assert (respond_day(moved), moved.first_respond_by) == ("2026-12-08", contact.respond_by)
