"""A date that moves: the person hears of every later one, staff of what is behind, and nobody of either twice."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from sqlalchemy import update

from bot.channel import Batch
from bot.core.alerting import Restraint
from bot.core.books import Book
from bot.core.calendars import Holiday, calendar
from bot.core.durations import duration
from bot.core.histories import Kind
from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.core.standards import standard
from bot.flows import escalate, promise_words
from bot.flows.changes import recompute, rule_versions
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.classify import About, Classified, classify
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions
from bot.flows.desk.orders import Order
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import ClaimTerms, claim
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, STANDARD, shelf, writing
from tests.flows.desk import after, again, claim_all, do, later_mails, logged, respond_day
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

Make = Callable[..., Inbound]


def test_a_later_date_after_a_pause_is_told(store: Store, council: Rulebook, mail: Make) -> None:
    """With the date that the person knew: while it was paused there was none."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        do(connection, council, contact, Kind.PAUSED, after(1))
        resumed = do(connection, council, contact, Kind.RESUMED, after(3))
        assert (resumed.later, resumed.is_told) == (True, True)
        (row,) = later_mails(connection)
        details = json.loads(row.details)
        assert respond_day(again(connection, contact.reference)) == "2026-12-09"
        assert [delivery.purpose for delivery in claim_all(connection, council, after(3))] == ["new-date"]
    assert details["before"] == "Monday 7 December 2026"


@pytest.mark.parametrize("kind", [Kind.RESTARTED, Kind.EXTENDED])
def test_every_cause_of_a_later_date_is_told(store: Store, council: Rulebook, mail: Make, kind: Kind) -> None:
    """A clarified request and an extension; the reason is in the mail."""
    extension = {"extended_to": duration("40 working days"), "reason": "Many papers."}
    more = extension if kind is Kind.EXTENDED else {}
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
        assert do(connection, council, contact, kind, after(2), **more).is_told
        assert len(later_mails(connection)) == 1


def test_staff_hear_whom_the_new_date_does_not_reach(store: Store, council: Rulebook, mail: Make) -> None:
    """Nothing is sent to where a program answers, or where our acknowledgement failed: they must be told."""
    me = Visitor("staff:me", Scope())
    failed = update(deliveries).values(state="permanent-failure")
    with writing(store) as connection:
        contacts_of_two = [logged(connection, council, replace(mail(n), channel="foi")) for n in (1, 2)]
        contacts.put(connection, contacts_of_two[0].id, {"muted": True})
        connection.execute(failed.where(deliveries.c.contact_id == contacts_of_two[1].id))
        for contact, reason in zip(contacts_of_two, ("a program answers", "did not arrive"), strict=True):
            fields = {"to": "40 working days", "reason": "Many papers."}
            sentence = actions.act(connection, Order("extend", contact.reference, fields), me, after(2), council)
            assert reason in sentence
            assert "tell them the new date yourself" in sentence
        assert later_mails(connection) == []
        plain = replace(mail(3, From="Resident 1 <resident1@residents.example>"), channel="inbox")
        contact = logged(connection, council, plain)
        contacts.put(connection, contact.id, {"muted": True})
        sentence = actions.act(connection, Order("classify", contact.reference, {"kind": "foi"}), me, after(2), council)
        assert "tell them the new date yourself" in sentence


def test_who_wrote_again_hears_the_date_once(store: Store, council: Rulebook, mail: Make) -> None:
    """The note that it was added names the date; no second mail does."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        do(connection, council, contact, Kind.PAUSED, after(1))
        sent = outbox.of_contact(connection, contact.id)[0].message_id
        answer = replace(
            mail(9, In_Reply_To=sent, From="Resident 1 <resident1@residents.example>"), received_at=after(3)
        )
        receive(connection, Batch((answer,)), Reading("inbox"), after(3), council, Capacity())
        purposes = [delivery.purpose for delivery in outbox.of_contact(connection, contact.id)]
    assert sorted(purposes) == ["acknowledgement", "added"]


def test_a_promise_that_is_broken_when_it_is_found_out_is_alerted_once(
    store: Store, council: Rulebook, mail: Make
) -> None:
    """A contact classified after its statute's time: the highest step at once, and no step twice."""
    quick = STANDARD | {"id": "quick", "kinds": ["quick"], "respond": "1 working day"}
    book = altered(council, promises=Book(standard(table, "x.toml") for table in (STANDARD, quick)))
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        assert isinstance(
            classify(connection, contact.reference, About(kind="quick"), "me", after(3), book), Classified
        )
        for day in (3, 3.1, 3.2):
            escalate.escalate(connection, after(day), 10, book)
        steps = [delivery.step for delivery in claim_all(connection, book, after(4)) if delivery.purpose == "alert"]
    assert steps == ["respond-overdue"]


def test_an_extension_that_the_new_standard_does_not_know_counts_no_more(
    store: Store, council: Rulebook, mail: Make
) -> None:
    """A request with forty days turns out to be none."""
    with writing(store) as connection:
        contact = logged(connection, council, replace(mail(), channel="foi"))
        longer = duration("40 working days")
        do(connection, council, contact, Kind.EXTENDED, after(1), extended_to=longer, reason="Many papers.")
        classify(connection, contact.reference, About(kind=""), "staff:me", after(2), council)
        assert respond_day(again(connection, contact.reference)) == "2026-12-07"


def test_a_clock_that_allows_no_pause_is_not_paused(store: Store, council: Rulebook, mail: Make) -> None:
    """A hazard does not wait for a letter; a mail that would resume it changes nothing."""
    hazard = standard(STANDARD | {"pause": "none", "respond": "24 hours"}, "general.toml")
    book = altered(council, promises=Book([hazard]))
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        pause, word = ClockChange(Kind.PAUSED, after(0.1)), Word("staff:me")
        with pytest.raises(Refused, match="allows no pause"):
            adjust(connection, contact.reference, pause, word, after(0.1), book)


def test_hours_stand_still_for_exactly_as_long_as_the_pause(store: Store, council: Rulebook, mail: Make) -> None:
    """Not from midnight to midnight; and the mail names the time of day."""
    hours = standard(STANDARD | {"respond": "48 hours"}, "general.toml")
    book = altered(council, promises=Book([hours]))
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        do(connection, book, contact, Kind.PAUSED, after(0.25))
        do(connection, book, contact, Kind.RESUMED, after(0.5))
        assert again(connection, contact.reference).respond_by == after(2.25)
        (claimed,) = claim(connection, "post", after(0.5), ClaimTerms(timedelta(minutes=5)), 50, book)
    letter = message_from_bytes(
        MessageWriter(COMPOSER, book, b"secret").write(claimed, after(0.5)).content, policy=SMTP
    )
    body = letter.get_body(("plain",))
    assert body
    words = " ".join(body.get_content().split())
    assert "before: 9:15am on Wednesday 25 November 2026" in words
    assert "by: 3:15pm on Wednesday 25 November 2026" in words


def test_the_promise_is_told_in_days_only_where_the_day_of_receipt_is_the_first(
    store: Store, council: Rulebook, mail: Make
) -> None:
    """After the cut-off "10 working days" would be read as a day less than it is."""
    with writing(store) as connection:
        for receipt, promise in (("cutoff 09:00", ""), ("cutoff 10:00", "10 working days")):
            book = altered(council, promises=Book([standard(STANDARD | {"receipt": receipt}, "general.toml")]))
            assert promise_words.plain_promise(logged(connection, book, mail()), book.clocks) == promise


def test_a_recomputed_date_that_is_later_is_alerted_anew(store: Store, council: Rulebook, mail: Make) -> None:
    """Its steps are those of the new time."""
    longer = altered(council, promises=Book([standard(STANDARD | {"respond": "30 working days"}, "general.toml")]))
    with writing(store) as connection:
        rule_versions.settle(connection, council, NOW)
        contact = logged(connection, council, mail())
        escalate.escalate(connection, after(13), 10, council)
        assert again(connection, contact.reference).respond_step > 0
        recompute.recompute(
            connection, 0, rule_versions.names_changed(connection, longer), after(13), longer, dry_run=False
        )
        moved = again(connection, contact.reference)
    assert (respond_day(moved), moved.respond_step) == ("2027-01-07", 0)


def test_new_rules_wake_nobody(store: Store, council: Rulebook, mail: Make) -> None:
    """A date that moves at night is told when the office opens."""
    night, calm = (
        datetime(2026, 11, 25, 0, 30, tzinfo=UTC),
        altered(council, restraint=Restraint(letters=calendar("england"))),
    )
    changed = altered(calm, calendars=shelf(proclaimed=(Holiday(date(2026, 12, 3), "The jubilee"),)))
    with writing(store) as connection:
        rule_versions.settle(connection, calm, NOW)
        logged(connection, calm, mail())
        names = rule_versions.names_changed(connection, changed)
        assert recompute.recompute(connection, 0, names, night, changed, dry_run=False).people_told == 1
        assert outbox.next_due(connection, "post") == night.replace(hour=8, minute=30)
        outbox.bring_forward(connection, night)
        assert claim(connection, "post", night, ClaimTerms(), 50, changed) == []
        (letter,) = claim(connection, "post", night.replace(hour=8, minute=30), ClaimTerms(), 50, changed)
        assert letter.delivery.purpose == "new-date"


def test_who_was_told_no_date_is_told_none(store: Store, council: Rulebook, mail: Make) -> None:
    """A receipt that has not left yet will name the new date."""
    changed = altered(council, calendars=shelf(proclaimed=(Holiday(date(2026, 12, 3), "The jubilee"),)))
    with writing(store) as connection:
        rule_versions.settle(connection, council, NOW)
        contact = logged(connection, council, mail(), acknowledged=False)
        assert contact.told_respond_by is None
        page = recompute.recompute(
            connection, 0, rule_versions.names_changed(connection, changed), after(1), changed, dry_run=False
        )
        assert (len(page.changes), page.people_told) == (1, 0)
