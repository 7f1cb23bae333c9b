"""Many urgent contacts at once: a few calls a minute, the rest in one that counts; nothing is dropped or late."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch, Temporary
from bot.core.contacts import Contact
from bot.core.deputies import Deputies
from bot.core.events import EventKind
from bot.core.phrases import Phrases
from bot.core.roles import Scope
from bot.core.timing import USUAL
from bot.core.urgencies import Rule
from bot.flows import escalate
from bot.flows.changes import assign, respond, take_all
from bot.flows.changes.refusals import Refused
from bot.flows.desk import linked
from bot.flows.desk.linked import Choice
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook, Team
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store import calls, contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again
from tests.flows.test_urgent import GAS, arrive
from tests.rulebooks import altered

FIRE = Rule("fire", "There may be a fire", "Call 999.", {"en": Phrases(["on fire"])}, Phrases(()))
A_SECOND, A_MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_CONSTANTS = {
    "organisation": "Exampleshire Council",
    "phone": "",
    "website": "",
    "bsl_url": "",
    "site": "https://x.example",
}


@pytest.fixture
def duty(book: Rulebook) -> Rulebook:
    """A team with a lead; two rules."""
    teams = {"front": Team("front", ("staff@example.gov.uk",), "post", {"lead": ("lead@example.gov.uk",)})}
    return altered(book, teams=teams, urgent=(GAS, FIRE), secret=b"secret", website="https://x.example")


def leaving(connection: Connection, book: Rulebook, now: datetime, error: Exception | None = None) -> list[Claimed]:
    """The calls that leave now, handed over, or refused."""
    escalate.escalate(connection, now, 200, book)
    claimed = deliver.claim(connection, "post", now, ClaimTerms(timedelta(hours=4)), 50, book)
    attempts = [
        Attempt(letter.delivery, now, error, joined=tuple(part.delivery for part in letter.joined))
        for letter in claimed
    ]
    deliver.record(connection, attempts, book)
    return [letter for letter in claimed if letter.delivery.purpose == "urgent"]


def references(claimed: Claimed) -> list[str]:
    """The contacts that a call is about."""
    return [part.contact.reference for part in (claimed, *claimed.joined) if part.contact]


def text_of(claimed: Claimed, book: Rulebook) -> str:
    """The call as it leaves."""
    composer = Composer(tuple(p / "templates" for p in PACKAGED if (p / "templates").is_dir()), _CONSTANTS)
    return MessageWriter(composer, book, book.secret).write(claimed, NOW).content.decode()


def link_of(claimed: Claimed, book: Rulebook) -> str:
    """The token of the link in a call."""
    text = text_of(claimed, book).replace("=\r\n", "").replace("=\n", "")
    return text.partition("https://x.example/alerts/")[2].split()[0].rstrip(")]")


def test_forty_who_write_within_ten_seconds_are_four_calls(store: Store, duty: Rulebook, mail: Make) -> None:
    """Three alone, one that joins; the rest a minute later in one. Each contact was told in one, and says in which."""
    with writing(store) as connection:
        logged, departures = list[str](), list[tuple[timedelta, Claimed]]()
        for second in range(130):
            now = NOW + second * A_SECOND
            for number in range(4 * second, 4 * second + 4) if second < 10 else ():
                logged.append(arrive(connection, duty, mail(number, text=f"I smell gas at {number} High Street."), now))
            departures += [(now - NOW, call) for call in leaving(connection, duty, now)]
        first = [call for after, call in departures if after < A_MINUTE]
        assert [len(references(call)) for call in first] == [1, 1, 1, 1]
        assert [(after, len(references(call))) for after, call in departures[4:]] == [(A_MINUTE, 36)]
        assert sorted(reference for _, call in departures for reference in references(call)) == sorted(logged)
        _, many = departures[4]
        text = text_of(many, duty)
        assert all(reference in text for reference in references(many))
        assert f"Urgent: 36 more contacts, the newest {logged[-1]}" in text
        for reference in references(many):
            contact = again(connection, reference)
            (event,) = (e for e in contacts.events_of(connection, contact.id) if e.kind == EventKind.URGENT_SENT)
            assert event.details["together"] == f"35 others, in message {many.delivery.id}"
            assert contact.urgent_at is not None
            assert contact.urgent_at < NOW + USUAL.urgent_again_after + 10 * A_SECOND


def test_what_is_due_at_once_is_shared_out(store: Store, duty: Rulebook, mail: Make) -> None:
    """Three alone and 57 in one, more than are claimed at once; each goes on with its own clock, to the next level."""
    with writing(store) as connection:
        for number in range(60):
            arrive(connection, duty, mail(number, text=f"I smell gas at {number} High Street."), NOW)
        assert [len(references(call)) for call in leaving(connection, duty, NOW)] == [1, 1, 1, 57]
        again_at = NOW + USUAL.urgent_again_after
        assert leaving(connection, duty, again_at - A_SECOND) == []
        repeats = leaving(connection, duty, again_at)
        assert {call.delivery.recipient for call in repeats} == {"lead@example.gov.uk"}
        assert [len(references(call)) for call in repeats] == [1, 1, 1, 57]


def test_who_takes_all_by_a_link_takes_what_was_shown(store: Store, duty: Rulebook, mail: Make) -> None:
    """Every contact of which they were called, by any of the calls; what came since the page was shown calls on."""
    with writing(store) as connection:
        for number in range(40):
            arrive(connection, duty, mail(number, text=f"I smell gas at {number} High Street."), NOW)
        *_, many = leaving(connection, duty, NOW)
        token = link_of(many, duty)
        view = linked.show(connection, token, NOW, duty)
        assert view is not None
        assert len(view.calls) == 40
        late = arrive(connection, duty, mail(99, text="I smell gas at the mill."), NOW + A_MINUTE)
        leaving(connection, duty, NOW + A_MINUTE)
        taken = again(connection, view.calls[0])
        assign.take(connection, taken.reference, "staff:bo", NOW + A_MINUTE)
        answered = again(connection, view.calls[1])
        respond.respond(connection, answered.reference, NOW + A_MINUTE, duty, actor="staff:bo")
        choice = Choice("take-all", up_to=str(view.up_to))
        words = linked.act(connection, token, choice, NOW + A_MINUTE, duty)
        assert words == "38 contacts are yours. Nobody else is called about them."
        assert [contact.reference for contact in calls.calling(connection, Scope())] == [late]
        mine = again(connection, references(many)[0])
        assert (mine.taken_by, mine.urgent_at) == ("staff:staff@example.gov.uk", None)
        with pytest.raises(Refused, match="nobody is called about any of them"):
            linked.act(connection, token, choice, NOW + A_MINUTE, duty)
        repeats = leaving(connection, duty, NOW + A_MINUTE + USUAL.urgent_again_after)
        assert [references(call) for call in repeats] == [[late]]


@pytest.mark.parametrize("up_to", ["", "0", "-1", "x", "9" * 30])
def test_nothing_is_taken_by_what_was_not_shown(store: Store, duty: Rulebook, mail: Make, up_to: str) -> None:
    """A page that says nothing of how far it looked; nor by the link of an alert that is no call."""
    with writing(store) as connection:
        arrive(connection, duty, mail(1, text="I smell gas."), NOW)
        (call,) = leaving(connection, duty, NOW)
        with pytest.raises(Refused, match="nothing was chosen"):
            linked.act(connection, link_of(call, duty), Choice("take-all", up_to=up_to), NOW, duty)


def test_a_call_that_failed_joins_what_waits_by_then(store: Store, duty: Rulebook, mail: Make) -> None:
    """Its outlet was down: nothing is lost, and when it is back there are no forty calls."""
    with writing(store) as connection:
        for number in range(40):
            arrive(connection, duty, mail(number, text=f"I smell gas at {number} High Street."), NOW)
        leaving(connection, duty, NOW, Temporary("451"))
        later = [leaving(connection, duty, NOW + n * A_MINUTE) for n in (1, 2, 3)]
        assert [[len(references(call)) for call in departures] for departures in later] == [[40], [], []]


def test_whoever_waits_leaves_within_a_minute(store: Store, duty: Rulebook, mail: Make) -> None:
    """However long it goes on: no call is later than that, and nobody has more than four in any minute."""
    with writing(store) as connection:
        departures: list[tuple[datetime, Claimed]] = []
        came: dict[str, datetime] = {}
        for second in range(0, 400, 2):
            now = NOW + second * A_SECOND
            if second < 300:
                came[arrive(connection, duty, mail(second, text=f"I smell gas at {second} High Street."), now)] = now
            departures += [(now, call) for call in leaving(connection, duty, now)]
        waits = {reference: at - came[reference] for at, call in departures for reference in references(call)}
        assert waits.keys() == came.keys()
        assert max(waits.values()) <= A_MINUTE
        times = [at for at, _ in departures]
        assert max(sum(at - A_MINUTE < other <= at for other in times) for at in times) <= 4


def test_a_clock_that_was_set_back_keeps_no_call_waiting(store: Store, duty: Rulebook, mail: Make) -> None:
    """What left by the time that it showed before does not count."""
    an_hour_before = NOW - timedelta(hours=1)
    with writing(store) as connection:
        for number in range(9):
            arrive(connection, duty, mail(number, text=f"I smell gas at {number} High Street."), NOW)
        assert len(leaving(connection, duty, NOW)) == 4
        reference = arrive(connection, duty, mail(99, text="I smell gas at the mill."), NOW + A_SECOND)
        assert leaving(connection, duty, NOW + A_SECOND) == []
        outbox.bring_forward(connection, an_hour_before)
        assert [references(call) for call in leaving(connection, duty, an_hour_before)] == [[reference]]


def same_person(connection: Connection, book: Rulebook, mail: Make, texts: list[str], at: datetime) -> list[Contact]:
    """One person who writes new mails, none an answer to another."""
    headers = {"From": "Sam <sam@residents.example>"}
    numbers = range(1, len(texts) + 1)
    pairs = zip(numbers, texts, strict=True)
    names = [arrive(connection, book, mail(n + int(at.timestamp()), text=text, **headers), at) for n, text in pairs]
    return [again(connection, name) for name in names]


def test_the_same_person_and_danger_is_one_call(store: Store, duty: Rulebook, mail: Make) -> None:
    """What follows is added to the first, is told with it, and calls by itself from then on."""
    with writing(store) as connection:
        first, second = same_person(connection, duty, mail, ["I smell gas.", "Gas! I smell gas!"], NOW)
        assert [references(call) for call in leaving(connection, duty, NOW)] == [[first.reference]]
        assert (second.urgent, second.urgent_at, second.next_look_at) == ("gas", first.urgent_at, first.urgent_at)
        for contact, other in ((first, second), (second, first)):
            (event,) = (e for e in contacts.events_of(connection, contact.id) if e.kind == EventKind.CALL_SHARED)
            assert event.details["with"] == other.reference
        repeats = leaving(connection, duty, NOW + USUAL.urgent_again_after)
        assert {name for call in repeats for name in references(call)} == {first.reference, second.reference}


def test_two_that_come_together_are_one_call(store: Store, duty: Rulebook, mail: Make) -> None:
    """Both were read at once, as after an outage: the first calls, and the second is added to it."""
    with writing(store) as connection:
        batch = Batch(tuple(mail(n, text="I smell gas.", From="Sam <sam@residents.example>") for n in (1, 2)))
        filed = receive(connection, batch, Reading("inbox"), NOW, duty, Capacity()).filed
        assert [filing.new for filing in filed] == [True, True]
        assert [references(call) for call in leaving(connection, duty, NOW)] == [[filed[0].reference]]


def test_in_doubt_it_calls(store: Store, duty: Rulebook, mail: Make) -> None:
    """Another danger, also beside the same; a while later; once somebody has taken it; who writes for others."""
    later = NOW + USUAL.urgent_once_within
    with writing(store) as connection:
        gas, fire, both = same_person(
            connection, duty, mail, ["I smell gas.", "The house is on fire.", "I smell gas, and it is on fire."], NOW
        )
        assert (gas.urgent, fire.urgent, both.urgent) == ("gas", "fire", "gas")
        assert len(leaving(connection, duty, NOW)) == 3
        take_all.take_all(connection, [gas, fire, both], "staff:ann", NOW)
        (contact,) = same_person(connection, duty, mail, ["I smell gas again."], NOW + A_MINUTE)
        assert [references(call) for call in leaving(connection, duty, NOW + A_MINUTE)] == [[contact.reference]]
        (after,) = same_person(connection, duty, mail, ["I still smell gas."], later + A_MINUTE)
        assert after.reference in [
            name for call in leaving(connection, duty, later + A_MINUTE) for name in references(call)
        ]
    for_others = altered(duty, triage=replace(duty.intake.triage, relays=frozenset({"residents.example"})))
    with writing(store) as connection:
        connection.exec_driver_sql("UPDATE contacts SET urgent_at = NULL")
        pair = same_person(
            connection, for_others, mail, ["I smell gas in flat 1.", "I smell gas in flat 2."], NOW + timedelta(hours=2)
        )
        assert len(leaving(connection, for_others, NOW + timedelta(hours=2))) == len(pair)


def test_another_danger_in_the_same_contact_calls_again(store: Store, duty: Rulebook, mail: Make) -> None:
    """While people are being called about the first; the same danger again does not."""
    answer = {"In-Reply-To": "<1@residents.example>", "From": "Resident 1 <resident1@residents.example>"}
    with writing(store) as connection:
        arrive(connection, duty, mail(1, text="I smell gas."), NOW)
        assert len(leaving(connection, duty, NOW)) == 1
        reference = arrive(connection, duty, mail(2, text="I still smell gas!", **answer), NOW + A_MINUTE)
        assert leaving(connection, duty, NOW + A_MINUTE) == []
        arrive(connection, duty, mail(3, text="I smell gas, and now it is on fire!", **answer), NOW + A_MINUTE)
        assert [references(call) for call in leaving(connection, duty, NOW + A_MINUTE)] == [[reference]]
        assert again(connection, reference).urgent == "fire"


def test_a_short_wait_for_the_next_call_is_kept(store: Store, duty: Rulebook, mail: Make) -> None:
    """Also where it is shorter than the time in which a receipt should have left."""
    hasty = altered(duty, timing=replace(USUAL, urgent_again_after=timedelta(minutes=2)), deputies=Deputies(()))
    with writing(store) as connection:
        arrive(connection, hasty, mail(1, text="I smell gas."), NOW)
        assert [len(leaving(connection, hasty, NOW + n * A_MINUTE)) for n in range(3)] == [1, 0, 1]
        assert outbox.waiting_count(connection) == 0
