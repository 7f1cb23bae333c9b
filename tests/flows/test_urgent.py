"""What cannot wait: the right person is called at once, then the next one, until somebody has taken it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.channel import Batch
from bot.core.deliveries import Purpose
from bot.core.deputies import Away, Deputies
from bot.core.phrases import Phrases
from bot.core.timing import USUAL
from bot.core.topics import Router
from bot.core.urgencies import Rule
from bot.flows import escalate
from bot.flows.changes import assign, respond
from bot.flows.changes.assignees import Holder
from bot.flows.changes.refusals import Refused
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import alert
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, claim, record
from bot.flows.rulebook import Rulebook, Team
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, logged
from tests.flows.test_joining import _CONSTANTS
from tests.rulebooks import altered

NIGHT = datetime(2026, 11, 29, 2, 30, tzinfo=UTC)  # Sunday
GAS = Rule("gas", "There may be gas", "Call 0800 111 999.", {"en": Phrases(["smell gas"])}, Phrases(()))


@pytest.fixture
def duty(book: Rulebook) -> Rulebook:
    """A team with a lead and a manager, which has an office; one rule."""
    above = {"lead": ("lead@example.gov.uk",), "manager": ("manager@example.gov.uk",)}
    teams = {"front": Team("front", ("staff@example.gov.uk",), "post", above)}
    return altered(book, teams=teams, urgent=(GAS,))


def with_another_team(book: Rulebook) -> Rulebook:
    """Nothing says whose a contact is."""
    teams = dict(book.outgoing.teams) | {"gas": Team("gas", ("gas@example.gov.uk",), "post")}
    ways = {name: replace(way, team=None) for name, way in book.ways.items()}
    return altered(book, teams=teams, ways=ways, router=Router((), (), "front"))


def listed(connection: Connection, book: Rulebook, now: datetime) -> set[str]:
    """Who has anything in the daily list."""
    day = NOW.date() + timedelta(days=(now - NOW) / timedelta(hours=1))  # a list of its own for each time
    outbox.queue(connection, alert.digests(day.isoformat(), now, book))
    claimed = claim(connection, "post", now, ClaimTerms(timedelta(minutes=5)), 50, book)
    return {letter.delivery.recipient.partition("@")[0] for letter in claimed if letter.delivery.purpose == "digest"}


def called(connection: Connection) -> list[tuple[str, str]]:
    """(step, person) of every call, in their order."""
    rows = connection.execute(select(deliveries).where(deliveries.c.purpose == "urgent").order_by(deliveries.c.id))
    return [(row.step, row.recipient.partition("@")[0]) for row in rows]


def arrive(connection: Connection, book: Rulebook, message: Any, now: datetime) -> str:
    """Its reference, once it is logged."""
    received = receive(connection, Batch((message,)), Reading(message.channel), now, book, Capacity())
    return received.filed[0].reference or ""


def leaving(connection: Connection, book: Rulebook, now: datetime) -> list[Claimed]:
    """What leaves now, handed over."""
    claimed = claim(connection, "post", now, ClaimTerms(timedelta(minutes=5)), 50, book)
    record(connection, [Attempt(letter.delivery, now) for letter in claimed], book)
    return [letter for letter in claimed if letter.delivery.purpose == "urgent"]


def test_one_person_after_another_is_called_at_any_hour(store: Store, duty: Rulebook, mail: Make) -> None:
    """At once, also at night; again after a quarter of an hour; after the last one the first; until it is taken."""
    with writing(store) as connection:
        reference = arrive(connection, duty, mail(1, text="I can smell gas."), NIGHT)
        contact = again(connection, reference)
        assert (contact.urgent, contact.urgent_words, contact.kind) == ("gas", "smell gas", "urgent")
        assert len(leaving(connection, duty, NIGHT)) == 1
        now = NIGHT
        for _ in range(3):
            assert escalate.escalate(connection, now + USUAL.urgent_again_after - timedelta(seconds=1), 10, duty) == 0
            now += USUAL.urgent_again_after
            assert escalate.escalate(connection, now, 10, duty) == 1
            assert len(leaving(connection, duty, now)) == 1
        assert called(connection) == [
            *(("urgent-1", "staff"), ("urgent-2", "lead"), ("urgent-3", "manager"), ("urgent-4", "staff"))
        ]
        assign.take(connection, reference, "staff:ann", now)
        escalate.escalate(connection, now + timedelta(hours=1), 10, duty)
        assert len(called(connection)) == 4
        kinds = [event.kind for event in contacts.events_of(connection, contact.id)]
        assert (kinds.count("called again"), kinds.count("taken")) == (3, 1)


def test_after_an_outage_the_next_person_is_called_once(store: Store, duty: Rulebook, mail: Make) -> None:
    """Nobody has thirty calls at once; and nobody is passed over."""
    with writing(store) as connection:
        arrive(connection, duty, mail(1, text="I smell gas"), NIGHT)
        escalate.escalate(connection, NIGHT + timedelta(hours=8), 10, duty)
        escalate.escalate(connection, NIGHT + timedelta(hours=8), 10, duty)
        assert [person for _, person in called(connection)] == ["staff", "lead"]


def test_what_was_taken_or_answered_meanwhile_does_not_leave(store: Store, duty: Rulebook, mail: Make) -> None:
    """It is asked again when it leaves."""
    with writing(store) as connection:
        taken = arrive(connection, duty, mail(1, text="smell gas"), NIGHT)
        answered = arrive(connection, duty, mail(2, text="smell gas"), NIGHT)
        assign.take(connection, taken, "staff:ann", NIGHT)
        respond.respond(connection, answered, NIGHT + timedelta(minutes=1), duty, actor="staff:ann")
        assert leaving(connection, duty, NIGHT + timedelta(minutes=1)) == []


def test_the_receipt_says_what_to_do_at_once(store: Store, duty: Rulebook, mail: Make) -> None:
    """Before everything else; and the alert names what fired, and no word of the person's."""
    composer = Composer(tuple(p / "templates" for p in PACKAGED if (p / "templates").is_dir()), _CONSTANTS)
    writer = MessageWriter(composer, duty, b"secret")
    with writing(store) as connection:
        arrive(connection, duty, mail(1, text="I smell gas. My name is Zebedee.", Subject="Zebedee"), NOW)
        claimed = claim(connection, "post", NOW, ClaimTerms(timedelta(minutes=5)), 50, duty)
    texts = {letter.delivery.purpose: writer.write(letter, NOW).content.decode() for letter in claimed}
    assert "Call 0800 111 999." in texts[Purpose.ACKNOWLEDGEMENT]
    assert "smell gas" in texts[Purpose.URGENT]
    assert "Zebedee" not in texts[Purpose.URGENT]


def test_what_comes_later_in_a_contact_is_heeded(store: Store, duty: Rulebook, mail: Make) -> None:
    """Once, while somebody is being called; again when it was taken and comes again; not for what is only quoted."""
    with writing(store) as connection:
        contact = logged(connection, altered(duty, urgent=()), mail(1, text="Hello,\r\n\r\nI smell gas.\r\n\r\nSam"))
        answer = {"In-Reply-To": "<1@residents.example>", "From": "Resident 1 <resident1@residents.example>"}
        quoted = "Thank you.\r\n\r\nOn Monday Ann wrote:\r\n> I smell gas."
        arrive(connection, duty, mail(2, text=quoted, **answer), NOW)
        assert again(connection, contact.reference).urgent == ""
        between = "Hello,\r\n\r\n> How are you?\r\n\r\nAnd now I smell gas!\r\n\r\n> Which lamp?\r\n\r\n14."
        for number, text in ((3, between), (4, "And now I smell gas!")):
            arrive(connection, duty, mail(number, text=text, **answer), NOW)
        assert called(connection) == [("urgent-1", "staff")]
        assign.take(connection, contact.reference, "staff:ann", NOW)
        arrive(connection, duty, mail(5, text="I still smell gas!", **answer), NOW)
        assert [step for step, _ in called(connection)] == ["urgent-1", "urgent-2"]
        after = again(connection, contact.reference)
        assert (after.urgent, after.taken_by, after.next_look_at) == ("gas", "", NOW + USUAL.urgent_again_after)


def test_a_person_is_heeded_even_where_the_mail_would_only_be_logged(store: Store, duty: Rulebook, mail: Make) -> None:
    """What the mail server takes for unwanted may be somebody's cry for help; what programs send is not."""
    strict = altered(duty, triage=replace(duty.intake.triage, spam_header="x-spam-flag"))
    with writing(store) as connection:
        reference = arrive(connection, strict, mail(1, text="I smell gas", X_Spam_Flag="YES"), NOW)
        assert (again(connection, reference).outcome, again(connection, reference).state) == ("ask", "open")
        arrive(connection, strict, mail(2, text="I smell gas", Precedence="bulk"), NOW)
        assert len(called(connection)) == 1


def test_old_mail_is_marked_and_nobody_is_called(store: Store, duty: Rulebook, mail: Make) -> None:
    """A mailbox that is read from its beginning wakes nobody."""
    old = replace(mail(1, text="I smell gas"), received_at=NOW - timedelta(days=30))
    with writing(store) as connection:
        contact = again(connection, arrive(connection, duty, old, NOW))
        assert (contact.urgent, contact.urgent_at, called(connection)) == ("gas", None, [])


def test_a_deputy_is_called_for_who_is_away(store: Store, duty: Rulebook, mail: Make) -> None:
    """And where the deputy is away, too, the lead."""
    day = NOW.date()
    staff, jo = "staff@example.gov.uk", "jo@example.gov.uk"
    away = altered(duty, deputies=Deputies([Away(staff, day, day, jo)]))
    both = altered(duty, deputies=Deputies([Away(staff, day, day, jo), Away(jo, day, day)]))
    with writing(store) as connection:
        arrive(connection, away, mail(1, text="I smell gas"), NOW)
        arrive(connection, both, mail(2, text="I smell gas"), NOW)
        assert [person for _, person in called(connection)] == ["jo", "lead"]


def test_a_contact_has_an_owner_who_is_told(store: Store, duty: Rulebook, mail: Make) -> None:
    """Given to a person of another team: they hear of it, its alerts go to them, and it stands in their list."""
    two = with_another_team(duty)
    with writing(store) as connection:
        contact = logged(connection, two, mail(1))
        assert contact.assigned_at is None
        assign.assign(connection, contact.reference, Holder("gas", "gas@example.gov.uk"), "staff:ann", NOW, two)
        after = again(connection, contact.reference)
        assert (after.team, after.owner, after.assigned_at) == ("gas", "gas@example.gov.uk", NOW)
        handed = claim(connection, "post", NOW, ClaimTerms(timedelta(minutes=5)), 50, two)
        assert [(letter.delivery.step, letter.delivery.recipient) for letter in handed] == [
            ("handed-over", "gas@example.gov.uk")
        ]
        for wrong, words in (
            (Holder("nosuch"), "there is no team nosuch"),
            (Holder("gas", "gas@example.gov.uk"), "is with gas@example.gov.uk already"),
        ):
            with pytest.raises(Refused, match=words):
                assign.assign(connection, contact.reference, wrong, "staff:ann", NOW, two)


def test_what_nobody_has_after_four_working_hours_stands_in_the_list(store: Store, duty: Rulebook, mail: Make) -> None:
    """The team's and the lead's, long after it was new; not where somebody has it meanwhile."""
    two = with_another_team(duty)
    with writing(store) as connection:
        contact = logged(connection, two, mail(1))
        for hours in (0.25, 3.9, 4, 5):
            escalate.escalate(connection, NOW + timedelta(hours=hours), 10, two)
        kinds = [event.details.get("step") for event in contacts.events_of(connection, contact.id)]
        assert kinds.count("unassigned") == 1
        late, morning = NOW + timedelta(days=2), NOW + timedelta(days=3)
        assert listed(connection, two, late) == {"lead", "staff"}
        assign.assign(connection, contact.reference, Holder("front"), "staff:ann", NOW, two)
        assert listed(connection, two, morning) == set()


def test_staff_may_ask_for_quiet_until_nearly_all_is_used(store: Store, duty: Rulebook, mail: Make) -> None:
    """Half of the time used is not told; nearly all of it is."""
    with writing(store) as connection:
        contact = logged(connection, duty, mail(1))
        later = NOW + timedelta(days=60)
        assign.be_quiet(connection, contact.reference, later, "staff:ann", NOW)
        with pytest.raises(Refused, match="that time is over"):
            assign.be_quiet(connection, contact.reference, NOW, "staff:ann", NOW)
        for days in range(20):
            escalate.escalate(connection, NOW + timedelta(days=days), 10, duty)
        steps = {row.step for row in connection.execute(select(deliveries).where(deliveries.c.purpose == "alert"))}
        assert steps == {"respond-90", "respond-due"}
