"""Alerts that get acted on: in office hours, to whom the ladder names, joined where they are many, never too many."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Temporary
from bot.core.alerting import Restraint
from bot.core.calendars import calendar
from bot.core.contacts import Contact
from bot.core.deliveries import State
from bot.core.escalations import FIXED_STEPS, RESPOND_LADDER, Ladders, Step
from bot.core.events import EventKind
from bot.core.messages import Inbound
from bot.flows import escalate
from bot.flows.changes import respond
from bot.flows.outgoing import alert, deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook, Team
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, writing
from tests.flows.desk import again, logged
from tests.rulebooks import altered

Make = Callable[..., Inbound]
NEARLY = RESPOND_LADDER[2]
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
OPENING = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


@pytest.fixture
def calm(book: Rulebook) -> Rulebook:
    """As packaged: office hours only, more than ten joined, six messages an hour."""
    return altered(book, restraint=Restraint(calendar("england"), join_above=10, an_hour=6))


def alerted(connection: Connection, book: Rulebook, mail: Make, numbers: range, *, at: datetime = NOW) -> list[Contact]:
    """Contacts of which the same step is alerted at once."""
    made = [logged(connection, book, mail(number, text=f"Hole {number}")) for number in numbers]
    for contact in made:
        outbox.queue(connection, alert.step_alerts(contact, NEARLY, at, book))
    return made


def claim(connection: Connection, book: Rulebook, now: datetime) -> list[Claimed]:
    """The alerts that leave now."""
    claimed = deliver.claim(connection, "post", now, ClaimTerms(timedelta(hours=4)), 50, book)
    return [letter for letter in claimed if letter.delivery.purpose == "alert"]


def sent(connection: Connection, book: Rulebook, claimed: list[Claimed], at: datetime) -> None:
    """They were handed over."""
    attempts = [
        Attempt(letter.delivery, at, joined=tuple(part.delivery for part in letter.joined)) for letter in claimed
    ]
    deliver.record(connection, attempts, book)


def words(claimed: Claimed, book: Rulebook) -> str:
    """The alert as it leaves."""
    composer = Composer(tuple(p / "templates" for p in PACKAGED if (p / "templates").is_dir()), _CONSTANTS)
    return MessageWriter(composer, book, b"secret").write(claimed, NOW).content.decode()


_CONSTANTS = {"organisation": "Exampleshire Council", "phone": "", "website": "", "bsl_url": "", "site": ""}


def test_an_alert_at_night_waits_for_the_office(store: Store, calm: Rulebook, mail: Make) -> None:
    """Nobody is there to act on it: it leaves when the office opens, and is not skipped."""
    with writing(store) as connection:
        alerted(connection, calm, mail, range(1), at=NIGHT)
        assert claim(connection, calm, NIGHT) == []
        assert claim(connection, calm, OPENING - timedelta(seconds=1)) == []
        assert len(claim(connection, calm, OPENING)) == 1


def test_of_one_contact_the_office_hears_once_when_it_opens(store: Store, calm: Rulebook, mail: Make) -> None:
    """What was nearly due at night and is late in the morning is told as late; a hand-over is told besides."""
    with writing(store) as connection:
        (contact,) = alerted(connection, calm, mail, range(1), at=NIGHT)
        for step in RESPOND_LADDER[3:]:
            outbox.queue(connection, alert.step_alerts(contact, step, NIGHT, calm))
        outbox.queue(connection, alert.handed_over(contact, NIGHT, calm))
        letters = claim(connection, calm, OPENING)
        assert [letter.delivery.step for letter in letters] == ["respond-overdue", "handed-over"]
        states = [delivery.state for delivery in outbox.of_contact(connection, contact.id)]
        assert states.count(State.CANCELLED) == len(RESPOND_LADDER[3:])


def test_an_alarm_for_the_operators_waits_for_nobody(store: Store, calm: Rulebook, mail: Make) -> None:
    """A receipt that does not leave is told at any hour."""
    with writing(store) as connection:
        contact = logged(connection, calm, mail(1), acknowledged=False)
        outbox.queue(connection, alert.step_alerts(replace(contact, receipt_sent_at=None), FIXED_STEPS[0], NIGHT, calm))
        assert [claimed.delivery.step for claimed in claim(connection, calm, NIGHT)] == ["acknowledge-late"]


def test_an_alert_that_is_due_again_at_night_waits_for_the_office(store: Store, calm: Rulebook, mail: Make) -> None:
    """Whatever made it due at that hour (a retry, a clock that was set): it is given back, and is not late."""
    with writing(store) as connection:
        alerted(connection, calm, mail, range(1), at=NIGHT)
        outbox.bring_forward(connection, NIGHT)
        assert claim(connection, calm, NIGHT) == []
        assert outbox.late_alerts(connection, OPENING) == []
        assert outbox.next_due(connection, "post") == OPENING
        assert len(claim(connection, calm, OPENING)) == 1


def test_quiet_that_is_asked_for_while_an_alert_waits_is_kept(store: Store, calm: Rulebook, mail: Make) -> None:
    """It is asked again when it leaves; what is pressing leaves all the same."""
    with writing(store) as connection:
        contact = logged(connection, calm, mail(1))
        for step in (RESPOND_LADDER[1], NEARLY):
            outbox.queue(connection, alert.step_alerts(contact, step, NIGHT, calm))
        contacts.put(connection, contact.id, {"quiet_until": OPENING + timedelta(days=1)})
        assert [claimed.delivery.step for claimed in claim(connection, calm, OPENING)] == [NEARLY.name]


def test_what_is_cancelled_takes_nobodys_place(store: Store, calm: Rulebook, mail: Make) -> None:
    """Alerts that nobody needs any more are claimed beside one that is needed: it is no seventh message."""
    with writing(store) as connection:
        *done, owed = alerted(connection, calm, mail, range(7))
        for contact in done:
            contacts.answer(connection, contact, NOW)
        (claimed,) = claim(connection, calm, NOW)
        assert (claimed.contact and claimed.contact.id) == owed.id


def test_what_is_answered_at_night_is_not_alerted_in_the_morning(store: Store, calm: Rulebook, mail: Make) -> None:
    """What waited is asked again when it leaves."""
    with writing(store) as connection:
        (contact,) = alerted(connection, calm, mail, range(1), at=NIGHT)
        respond.respond(connection, contact.reference, NIGHT + timedelta(hours=1), calm, actor="staff:me")
        assert claim(connection, calm, OPENING) == []


@pytest.mark.parametrize(("count", "messages"), [(5, 5), (10, 1), (11, 1), (120, 1)])
def test_many_at_once_are_one_message(store: Store, calm: Rulebook, mail: Make, count: int, messages: int) -> None:
    """More than ten, or more than may leave within the hour, are one message that names each once."""
    with writing(store) as connection:
        made = alerted(connection, calm, mail, range(count))
        claimed = claim(connection, calm, NOW)
        assert len(claimed) == messages
        text = "".join(words(letter, calm) for letter in claimed)
        assert sum(contact.reference in text for contact in made) == min(count, 25)
        sent(connection, calm, claimed, NOW)
        events = [e.kind for contact in made for e in contacts.events_of(connection, contact.id)]
        assert events.count("alert sent") == count
        assert claim(connection, calm, NOW + timedelta(days=1)) == []


def test_a_joined_message_that_fails_is_tried_again_as_the_same(store: Store, calm: Rulebook, mail: Make) -> None:
    """All that was in it waits, and leaves again under the same Message-ID."""
    with writing(store) as connection:
        alerted(connection, calm, mail, range(12))
        (first,) = claim(connection, calm, NOW)
        joined = tuple(other.delivery for other in first.joined)
        deliver.record(connection, [Attempt(first.delivery, NOW, Temporary("451"), joined=joined)], calm)
        (second,) = claim(connection, calm, NOW + timedelta(minutes=1))
        assert (second.delivery.message_id, len(second.joined)) == (first.delivery.message_id, 11)


def test_nobody_has_more_than_six_messages_an_hour(store: Store, calm: Rulebook, mail: Make) -> None:
    """The seventh is left to the daily list, which names its contact; an hour later there is room again."""
    with writing(store) as connection:
        for number in range(6):
            alerted(connection, calm, mail, range(number, number + 1))
            sent(connection, calm, claim(connection, calm, NOW), NOW)
        (seventh,) = alerted(connection, calm, mail, range(6, 7))
        assert claim(connection, calm, NOW + timedelta(minutes=30)) == []
        kinds = [event.kind for event in contacts.events_of(connection, seventh.id)]
        assert EventKind.ALERT_LEFT_TO_THE_LIST in kinds
        contacts.put(connection, seventh.id, {"respond_step": 3})
        outbox.queue(connection, alert.digests("2026-11-24", NOW, calm))
        (digest,) = deliver.claim(connection, "post", NOW, ClaimTerms(), 50, calm)
        assert seventh.reference in [contact.reference for contact in digest.listed]
        alerted(connection, calm, mail, range(7, 8))
        assert len(claim(connection, calm, NOW + timedelta(hours=1, seconds=1))) == 1


def test_what_is_on_its_way_counts(store: Store, calm: Rulebook, mail: Make) -> None:
    """Six that are leaving and not recorded yet fill the hour, too."""
    with writing(store) as connection:
        for number in range(6):
            alerted(connection, calm, mail, range(number, number + 1))
            assert len(claim(connection, calm, NOW)) == 1
        alerted(connection, calm, mail, range(6, 7))
        assert claim(connection, calm, NOW) == []


def test_each_step_goes_to_those_whom_it_names(store: Store, book: Rulebook, mail: Make) -> None:
    """The lead hears of it beside the team; where nobody has the role, the team does."""
    roles = {"lead": ("lead@example.gov.uk", "staff@example.gov.uk")}
    led = altered(book, teams={"front": Team("front", ("staff@example.gov.uk",), "post", roles)})
    step, alone = replace(NEARLY, to=("team", "lead")), replace(NEARLY, to=("director",))
    with writing(store) as connection:
        contact = logged(connection, led, mail(1))
    recipients = [row.recipient for row in alert.step_alerts(contact, step, NOW, led)]
    assert recipients == ["staff@example.gov.uk", "lead@example.gov.uk"]
    assert [row.recipient for row in alert.step_alerts(contact, alone, NOW, led)] == ["staff@example.gov.uk"]


def test_a_step_of_the_daily_list_has_no_message_of_its_own(store: Store, council: Rulebook, mail: Make) -> None:
    """It is noted, and the list names the contact from then on; by law it has its own message."""
    ladder = tuple(replace(step, digest=True, own_by_law=True) for step in RESPOND_LADDER)
    calm = altered(council, ladders=Ladders(ladder))
    with writing(store) as connection:
        promise, law = logged(connection, calm, mail(1)), logged(connection, calm, replace(mail(2), channel="foi"))
        half = max(calm.clocks.rungs(contact, calm.clocks.of(contact, ()))[0][0] for contact in (promise, law))
        assert escalate.escalate(connection, half, 100, calm) == 2
        for contact, count in ((promise, 0), (law, 1)):
            steps = [d.step for d in outbox.of_contact(connection, contact.id) if d.purpose == "alert"]
            assert len(steps) == count
            assert again(connection, contact.reference).respond_step > 0
        outbox.queue(connection, alert.digests("2026-12-01", half, calm))
        (digest,) = [
            letter
            for letter in deliver.claim(connection, "post", half, ClaimTerms(), 50, calm)
            if letter.delivery.purpose == "digest"
        ]
        assert {contact.reference for contact in digest.listed} == {promise.reference, law.reference}


def test_everybody_has_one_list_of_what_concerns_them(store: Store, book: Rulebook, mail: Make) -> None:
    """Who is in two teams has one list; a lead hears of what has passed a step that names the lead."""
    ladder = (RESPOND_LADDER[0], replace(RESPOND_LADDER[1], to=("team", "lead")))
    roles = {"lead": ("lead@example.gov.uk",)}
    teams = {
        "front": Team("front", ("staff@example.gov.uk",), "post", roles),
        "back": Team("back", ("staff@example.gov.uk",), "post", roles),
    }
    led = altered(book, teams=teams, ladders=Ladders(ladder))
    with writing(store) as connection:
        half, more = logged(connection, led, mail(1)), logged(connection, led, mail(2, text="Another hole"))
        contacts.put(connection, half.id, {"respond_step": 1})
        contacts.put(connection, more.id, {"respond_step": 2})
        later = NOW + timedelta(days=2)  # what came before yesterday's list is not new
        outbox.queue(connection, alert.digests("2026-11-25", later, led))
        claimed = deliver.claim(connection, "post", later, ClaimTerms(), 50, led)
        listed = {digest.delivery.recipient: {c.reference for c in digest.listed} for digest in claimed}
    assert listed == {
        "staff@example.gov.uk": {half.reference, more.reference},
        "lead@example.gov.uk": {more.reference},
    }


def test_a_step_that_is_on_no_ladder_any_more_is_still_told(store: Store, book: Rulebook, mail: Make) -> None:
    """The ladder was changed while an alert waited: it leaves, in words that hold for all of them."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1))
        outbox.queue(connection, alert.step_alerts(contact, Step("respond-33", "a third"), NOW, book))
        (claimed,) = claim(connection, book, NOW)
    assert "still owed" in words(claimed, book)


def test_a_director_has_the_list_once_a_week(store: Store, book: Rulebook, mail: Make) -> None:
    """On the first working day: on a Tuesday where Monday is a bank holiday."""
    roles = {"director": ("director@example.gov.uk",)}
    book = altered(book, teams={"front": Team("front", ("staff@example.gov.uk",), "post", roles)})
    days = {
        "2026-11-30": True,  # Monday
        "2026-12-01": False,
        "2026-12-29": True,  # Tuesday; Boxing Day's substitute is Monday
        "2026-12-30": False,
    }
    for day, expected in days.items():
        recipients = {row.recipient for row in alert.digests(day, NOW, book)}
        assert ("director@example.gov.uk" in recipients, "staff@example.gov.uk" in recipients) == (expected, True), day


def test_an_owner_who_takes_nothing_is_helped_by_the_lead(store: Store, book: Rulebook, mail: Make) -> None:
    """After two steps; not where they have taken it."""
    book = altered(
        book, teams={"front": Team("front", ("staff@example.gov.uk",), "post", {"lead": ("lead@x.example",)})}
    )
    step = RESPOND_LADDER[2]
    with writing(store) as connection:
        contact = replace(logged(connection, book, mail(1)), owner="bo@example.gov.uk")
        recipients = {
            steps: [row.recipient for row in alert.step_alerts(replace(contact, respond_step=steps), step, NOW, book)]
            for steps in (1, 2)
        }
        taken = alert.step_alerts(replace(contact, respond_step=2, taken_at=NOW), step, NOW, book)
    assert recipients == {1: ["bo@example.gov.uk"], 2: ["bo@example.gov.uk", "lead@x.example"]}
    assert [row.recipient for row in taken] == ["bo@example.gov.uk"]
