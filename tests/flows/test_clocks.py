"""What staff do to a clock is an event; dates, alerts and words to the sender follow from it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.books import Book
from bot.core.calendars import Holiday, keys
from bot.core.durations import duration
from bot.core.escalations import Window
from bot.core.histories import Kind
from bot.core.messages import Inbound
from bot.core.standards import standard
from bot.flows import escalate, promise
from bot.flows.changes import recompute, rule_versions
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.classify import About, Classified, classify
from bot.flows.changes.refusals import Refused
from bot.flows.changes.respond import Responded, respond
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, STANDARD, shelf, writing
from tests.flows.desk import after, again, claim_all, do, later_mails, logged, respond_day
from tests.rulebooks import altered

Make = Callable[..., Inbound]
CHRISTMAS_SHUT = (date(2026, 12, 29), date(2026, 12, 31))


def test_a_mailbox_may_say_what_its_contacts_are(store: Store, council: Rulebook, mail: Make) -> None:
    """What comes to the mailbox for requests has the statute's time."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
    assert (contact.kind, contact.standard, contact.promise) == ("foi", "foi", "20 working days")
    assert respond_day(contact) == "2026-12-22"  # St Andrew's Day does not count in any part


def test_a_pause_takes_the_date_away_and_a_resumption_gives_a_later_one(
    store: Store, council: Rulebook, mail: Make
) -> None:
    """Nothing is alerted meanwhile but that we wait for long; the history tells both."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        do(connection, council, contact, Kind.PAUSED, after(1), note="asked which road")
        paused = again(connection, contact.reference)
        assert (paused.respond_by, paused.paused_at, paused.clock_changed) == (None, after(1), True)
        for day in (1, 10, 14):
            escalate.escalate(connection, after(day), 10, council)
        assert outbox.waiting_count(connection) == 0
        escalate.escalate(connection, after(16), 10, council)
        assert [d.step for d in claim_all(connection, council, after(16))] == ["paused-long"]
        do(connection, council, contact, Kind.RESUMED, after(17))
        resumed = again(connection, contact.reference)
        kinds = [event.kind for event in contacts.events_of(connection, contact.id)]
    assert resumed.paused_at is None
    assert respond_day(resumed) == "2026-12-23"  # 25 November to 10 December: twelve working days more than 7 December
    assert [kind for kind in kinds if kind in list(Kind)] == ["paused", "resumed"]


def test_a_paused_clock_runs_on_when_the_person_writes_again(store: Store, council: Rulebook, mail: Make) -> None:
    """By itself, at the time of their mail, once; a robot's answer resumes nothing."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        do(connection, council, contact, Kind.PAUSED, after(1))
        sent = outbox.of_contact(connection, contact.id)[0].message_id
        robot = replace(mail(8, In_Reply_To=sent, Auto_Submitted="auto-replied"), received_at=after(2))
        answers = [replace(mail(n, In_Reply_To=sent), received_at=after(3)) for n in (9, 10)]
        receive(connection, Batch((robot,)), Reading("inbox"), after(2), council, Capacity())
        assert again(connection, contact.reference).paused_at == after(1)
        receive(connection, Batch(tuple(answers)), Reading("inbox"), after(4), council, Capacity())
        resumed = again(connection, contact.reference)
        events = [e for e in contacts.events_of(connection, contact.id) if e.kind == "resumed"]
    assert respond_day(resumed) == "2026-12-09"
    assert [(event.at, event.actor) for event in events] == [(after(3), "ackbot")]


def test_only_staff_acknowledge_a_complaint(store: Store, council: Rulebook, mail: Make) -> None:
    """The receipt leaves and keeps nothing; the miss is alerted; staff's own starts the time to answer."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        done = classify(connection, contact.reference, About(kind="complaint"), "staff:me", NOW, council)
        assert isinstance(done, Classified)
        waiting = again(connection, contact.reference)
        assert (waiting.receipt_sent_at, waiting.acknowledged_at) == (NOW, None)
        assert respond_day(waiting) == "2026-12-14"
        escalate.escalate(connection, after(0.1), 10, council)
        assert [d for d in claim_all(connection, council, after(0.1)) if d.purpose == "alert"] == []
        escalate.escalate(connection, after(8), 10, council)
        assert [d.step for d in claim_all(connection, council, after(8)) if d.purpose == "alert"] == ["acknowledge-due"]
        do(connection, council, contact, Kind.ACKNOWLEDGED, after(8))
        started = again(connection, contact.reference)
    assert started.acknowledged_at == after(8)
    assert respond_day(started) == "2026-12-15"


def test_the_ladder_of_a_complaint_starts_with_its_acknowledgement(store: Store, council: Rulebook, mail: Make) -> None:
    """Steps that were taken while it waited are taken again from the new start; a receipt in hand is not missed."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        classify(connection, contact.reference, About(kind="complaint"), "staff:me", NOW, council)
        escalate.escalate(connection, after(17), 10, council)
        steps = {d.step for d in claim_all(connection, council, after(17)) if d.purpose == "alert"}
        assert steps == {"acknowledge-due", "respond-50"}
        do(connection, council, contact, Kind.ACKNOWLEDGED, after(17))
        assert again(connection, contact.reference).respond_step == 0
        escalate.escalate(connection, after(25), 10, council)
        alerts = [d.step for d in claim_all(connection, council, after(25)) if d.purpose == "alert"]
        assert alerts == ["respond-50"]


def test_a_date_that_is_gone_is_not_told(store: Store, council: Rulebook, mail: Make) -> None:
    """Extended and then paused before the mail had left: there is no date."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
        longer = duration("40 working days")
        do(connection, council, contact, Kind.EXTENDED, after(1), extended_to=longer, reason="Many papers.")
        do(connection, council, contact, Kind.PAUSED, after(2))
        assert claim_all(connection, council, after(3)) == []
        assert respond(connection, contact.reference, after(4), council, actor="staff:me") == Responded(in_time=True)
        assert again(connection, contact.reference).paused_at is None


def test_an_extension_tells_the_person_and_starts_the_ladder_from_the_new_date(
    store: Store, council: Rulebook, mail: Make
) -> None:
    """The mail says when, and why, once."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
        escalate.escalate(connection, after(16), 10, council)
        longer = duration("40 working days")
        done = do(connection, council, contact, Kind.EXTENDED, after(17), extended_to=longer, reason="Many papers.")
        assert done.is_told
        (row,) = later_mails(connection)
        extended = again(connection, contact.reference)
        assert respond_day(extended) == "2027-01-25"
        escalate.escalate(connection, after(17), 10, council)
        assert again(connection, contact.reference).respond_step == 0
        too_long, word = ClockChange(Kind.EXTENDED, after(18), "41 working days"), Word("me", "Many papers.")
        with pytest.raises(Refused, match="too long"):
            adjust(connection, contact.reference, too_long, word, after(18), council)
    assert (row.recipient, json.loads(row.details)["before"]) == (
        "resident1@residents.example",
        "Tuesday 22 December 2026",
    )


def test_what_cannot_be_is_refused_and_changes_nothing(store: Store, council: Rulebook, mail: Make) -> None:
    """In the future, before the contact, against its history, on no contact at all."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        do(connection, council, contact, Kind.PAUSED, after(2))
        history = contacts.events_of(connection, contact.id)
        for kind, at, reference, words in (
            (Kind.RESUMED, after(9), contact.reference, "future"),
            (Kind.RESUMED, after(-9), contact.reference, "before the contact"),
            (Kind.RESUMED, after(1), contact.reference, "in its order"),
            (Kind.PAUSED, after(3), contact.reference, "paused already"),
            (Kind.PAUSED, after(3), "EX-2222-2222", "no contact"),
        ):
            with pytest.raises(Refused, match=words):
                adjust(connection, reference, ClockChange(kind, at), Word("me"), after(3), council)
        assert contacts.events_of(connection, contact.id) == history


def test_a_request_that_was_not_known_as_one_keeps_its_day_of_receipt(
    store: Store, council: Rulebook, mail: Make
) -> None:
    """Its standard is that of the day of receipt; who was told an earlier date is told the later one."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        done = classify(connection, contact.reference, About(kind="foi"), "staff:me", after(3), council)
        assert isinstance(done, Classified)
        contact = again(connection, contact.reference)
        assert (contact.standard, contact.kind, respond_day(contact)) == ("foi", "foi", "2026-12-22")
        assert len(later_mails(connection)) == 1
        assert "classified" in [event.kind for event in contacts.events_of(connection, contact.id)]


def run(connection: Connection, book: Rulebook, *, dry_run: bool = False) -> recompute.Page:
    """Recompute by the rules that changed, as the command does."""
    names = rule_versions.names_changed(connection, book)
    page = recompute.recompute(connection, 0, names, after(1), book, dry_run=dry_run)
    if not dry_run:
        rule_versions.settle(connection, book, after(1))
    return page


def test_a_proclaimed_holiday_moves_open_dates_and_says_so(store: Store, council: Rulebook, mail: Make) -> None:
    """The old date stays in the history, the person is told the later one, a second run finds nothing."""
    changed = altered(council, calendars=shelf(proclaimed=(Holiday(date(2026, 12, 3), "The jubilee"),)))
    with writing(store) as connection:
        rule_versions.settle(connection, council, NOW)
        contact, silent = logged(connection, council, mail(1)), logged(connection, council, mail(2), acknowledged=False)
        assert not rule_versions.names_changed(connection, council)
        assert len(run(connection, changed, dry_run=True).changes) == 2
        assert respond_day(again(connection, contact.reference)) == "2026-12-07"
        page = run(connection, changed)
        moved = again(connection, contact.reference)
        events = {e.kind: e.details for e in contacts.events_of(connection, contact.id)}
        assert (len(page.changes), page.people_told) == (2, 1)  # the other one has not been told any date yet
        assert respond_day(moved) == respond_day(again(connection, silent.reference)) == "2026-12-08"
        assert not rule_versions.names_changed(connection, changed)
        assert run(connection, changed).changes == []
        assert len(later_mails(connection)) == 1
    assert events["recomputed"]["respond_by_before"] == "2026-12-07T23:59:59+00:00"
    assert events["recomputed"]["respond_by"] == "2026-12-08T23:59:59+00:00"
    assert "working days" in events["recomputed"]["reason"]


def test_closures_move_promises_and_not_statutes(store: Store, council: Rulebook, mail: Make) -> None:
    """The organisation's closed days count for what a statute sets."""
    shut = altered(council, calendars=shelf(closures=((date(2026, 12, 1), date(2026, 12, 2)),)))
    with writing(store) as connection:
        rule_versions.settle(connection, council, NOW)
        ours = logged(connection, council, mail(1))
        law = logged(connection, council, replace(mail(2), channel="foi"))
        run(connection, shut)
        assert respond_day(again(connection, ours.reference)) == "2026-12-09"
        assert respond_day(again(connection, law.reference)) == "2026-12-22"


def test_an_earlier_date_is_just_met_and_only_the_highest_step_is_alerted(
    store: Store, council: Rulebook, mail: Make
) -> None:
    """A corrected standard; the person is not written to, staff hear of one step."""
    corrected = altered(council, promises=Book([standard(STANDARD | {"respond": "2 working days"}, "general.toml")]))
    with writing(store) as connection:
        rule_versions.settle(connection, council, NOW)
        contact = logged(connection, council, mail())
        page = run(connection, corrected)
        moved = again(connection, contact.reference)
        escalate.escalate(connection, after(2), 10, corrected)
        alerts = [d.step for d in claim_all(connection, corrected, after(2)) if d.purpose == "alert"]
        assert later_mails(connection) == []
    assert (page.changes[0].why, respond_day(moved), moved.promise) == (
        recompute.STANDARD_REASON,
        "2026-11-25",
        "2 working days",
    )
    assert alerts == ["respond-50"]


def test_a_contact_keeps_the_version_that_no_file_holds_any_more(store: Store, council: Rulebook, mail: Make) -> None:
    """A new version is for who writes from then on; a proclaimed holiday still moves the old one."""
    follows = STANDARD | {"version": "2", "respond": "5 working days", "valid_from": NOW.date() - timedelta(days=1)}
    holiday = shelf(proclaimed=(Holiday(date(2026, 12, 3), "The jubilee"),))
    later = altered(council, promises=Book([standard(follows, "general.toml")]), past={}, calendars=holiday)
    with writing(store) as connection:
        rule_versions.settle(connection, council, NOW)
        contact = logged(connection, council, mail())
        run(connection, later)
        kept = again(connection, contact.reference)
    assert (kept.standard_version, kept.promise, respond_day(kept)) == ("1", "10 working days", "2026-12-08")


def test_a_pause_that_may_last_less_long_now_is_told_of(store: Store, council: Rulebook, mail: Make) -> None:
    """Once: at the look that the longer time had planned, where nobody has heard of this pause."""
    shorter = altered(council, timing=replace(council.clocks.timing, long_pause=timedelta(days=3)))
    with writing(store) as connection:
        for pause in (1, 2):
            contact = logged(connection, council, mail(pause))
            do(connection, council, contact, Kind.PAUSED, after(pause))
            escalate.escalate(connection, after(pause), 10, council)
            planned = again(connection, contact.reference).next_look_at
            assert planned == after(pause + 14)
            assert escalate.escalate(connection, after(pause + 5), 10, shorter) == 0
            for later in (14, 21, 28):
                escalate.escalate(connection, after(pause + later), 10, shorter)
            steps = [delivery.step for delivery in outbox.of_contact(connection, contact.id)]
            assert steps.count("paused-long") == 1
            kinds = [event.details.get("step") for event in contacts.events_of(connection, contact.id)]
            assert kinds.count("paused-long") == 1


def test_a_platforms_window_is_a_clock(store: Store, council: Rulebook, mail: Make) -> None:
    """It runs from the sender's last message, and is alerted once, four hours before it closes."""
    ways = {"inbox": replace(council.ways["inbox"], window=Window(timedelta(hours=24)))}
    book = altered(council, ways=ways)
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        assert contact.platform_reply_by == after(1)
        escalate.escalate(connection, after(0.8), 10, book)
        assert claim_all(connection, book, after(0.8)) == []
        escalate.escalate(connection, after(0.84), 10, book)
        assert [d.step for d in claim_all(connection, book, after(0.84))] == ["window-closes"]
        escalate.escalate(connection, after(0.9), 10, book)
        assert claim_all(connection, book, after(0.9)) == []
        sent = outbox.of_contact(connection, contact.id)[0].message_id
        more = mail(9, In_Reply_To=sent)
        receive(
            connection,
            Batch((replace(more, received_at=after(0.95)),)),
            Reading("inbox"),
            after(0.95),
            book,
            Capacity(),
        )
        assert again(connection, contact.reference).platform_reply_by == after(1.95)


def test_a_window_that_has_closed_is_no_longer_what_falls_due(store: Store, council: Rulebook, mail: Make) -> None:
    """Before that it comes first where it is the earliest date; it is looked at as it closes, and opens anew."""
    ways = {"inbox": replace(council.ways["inbox"], window=Window(timedelta(hours=24)))}
    book = altered(council, ways=ways)
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        assert contact.due_at == contact.platform_reply_by == after(1)
        escalate.escalate(connection, after(0.9), 10, book)
        assert again(connection, contact.reference).next_look_at == after(1)
        escalate.escalate(connection, after(1), 10, book)
        closed = again(connection, contact.reference)
        assert (closed.window_closed, closed.due_at) == (True, contact.respond_by)
        more = replace(mail(9, In_Reply_To=outbox.of_contact(connection, contact.id)[0].message_id))
        receive(connection, Batch((more,)), Reading("inbox"), after(2), book, Capacity())
        opened = again(connection, contact.reference)
        assert (opened.window_closed, opened.due_at) == (False, opened.platform_reply_by)


def test_what_a_standard_promises_in_a_sentence(council: Rulebook) -> None:
    """For now, for Christmas Eve, for the day before Good Friday."""
    now, christmas, easter = promise.sentences(council.clocks.promises.standards[0], NOW, council.clocks)
    assert "received now (9:15am on Monday 23 November 2026)" in now
    assert now.endswith("would be acknowledged by Tuesday 24 November 2026 and answered by Monday 7 December 2026.")
    assert "on Christmas Eve" in christmas
    assert christmas.endswith("acknowledged by Tuesday 29 December 2026 and answered by Tuesday 12 January 2027.")
    assert "4pm on Thursday 25 March 2027" in easter
    assert easter.endswith("acknowledged by Tuesday 30 March 2027 and answered by Monday 12 April 2027.")
    complaint = next(iter(promise.sentences(council.clocks.promises.standards[2], NOW, council.clocks)))
    assert "acknowledged by staff by" in complaint
    assert "answered at the latest by" in complaint


def test_a_review_is_told_sixty_days_before(book: Rulebook) -> None:
    """Not a day earlier, and for what is in force only."""
    reviewed = standard(STANDARD | {"review_by": date(2027, 3, 1)}, "general.toml")
    looked = altered(book, promises=Book([reviewed]))
    last_quiet = datetime(2026, 12, 30, 12, tzinfo=UTC)
    ahead = timedelta(days=60)
    assert promise.due_for_review(looked.clocks, last_quiet, ahead) == []
    assert promise.due_for_review(looked.clocks, last_quiet + timedelta(days=1), ahead) == [reviewed]


def test_a_promise_of_minutes_is_looked_at_when_it_is_missed(store: Store, council: Rulebook, mail: Make) -> None:
    """Not only when a receipt would be late by our own patience; an answer while paused is in time."""
    quick = standard(STANDARD | {"acknowledge": "5 minutes"}, "general.toml")
    book = altered(council, promises=Book([quick]))
    with writing(store) as connection:
        contact = logged(connection, book, mail(), acknowledged=False)
        assert contact.next_look_at == NOW + timedelta(minutes=5, seconds=1)
        do(connection, book, contact, Kind.PAUSED, after(1))
        assert respond(connection, contact.reference, after(40), book, actor="staff:me") == Responded(in_time=True)


def test_every_calendar_is_on_the_shelf() -> None:
    """Made when it is asked for; a name that is none is an error."""
    whole = shelf(closures=(CHRISTMAS_SHUT,))
    assert sorted(whole) == sorted(keys())
    assert whole["england"].why_not_working(date(2026, 12, 29)) == "closure"
    assert whole["england without closures"].is_working_day(date(2026, 12, 29))
    with pytest.raises(KeyError):
        whole["atlantis"]
