"""What costs money by the message is counted: over the number of a day it goes another way, and operators are told."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.channel import Temporary
from bot.core.deputies import Away, Deputies
from bot.core.escalations import RESPOND_LADDER
from bot.core.events import EventKind
from bot.flows.outgoing import alert, deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook, Team
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, logged
from tests.flows.test_urgent import GAS, arrive
from tests.rulebooks import altered

NEARLY = RESPOND_LADDER[2]
TELEPHONE = "channel:sms"


@pytest.fixture
def paid(book: Rulebook) -> Rulebook:
    """A team with a telephone and, above it, a mailbox; three messages a day are enough; operators of their own."""
    front = Team("front", (TELEPHONE,), "post", {"lead": (TELEPHONE, "lead@example.gov.uk")})
    teams = {"front": front, "it": Team("it", ("it@example.gov.uk",), "post")}
    return altered(book, teams=teams, operators="it", most_a_day={"sms": 3}, urgent=(GAS,))


def leaving(connection: Connection, book: Rulebook, now: datetime, error: Exception | None = None) -> list[Claimed]:
    """What leaves by telephone now, handed over, or refused."""
    claimed = deliver.claim(connection, "sms", now, ClaimTerms(timedelta(hours=4)), 50, book)
    attempts = [Attempt(c.delivery, now, error, joined=tuple(part.delivery for part in c.joined)) for c in claimed]
    deliver.record(connection, attempts, book)
    return claimed


def alerts(connection: Connection, book: Rulebook, mail: Make, count: int, *, first: int = 1) -> list[int]:
    """So many contacts of which the team is alerted; their numbers."""
    numbers = list[int]()
    for number in range(first, first + count):
        contact = logged(connection, book, mail(number, text=f"Hole {number}"))
        outbox.queue(connection, alert.step_alerts(contact, NEARLY, NOW, book))
        numbers.append(contact.id)
    return numbers


def recipients(connection: Connection, contact: int) -> dict[str, str]:
    """Who has or will have an alert of this contact, and how it stands."""
    rows = (d for d in outbox.of_contact(connection, contact) if d.purpose != "acknowledgement")
    return {row.recipient: row.state for row in rows}


def notices(connection: Connection) -> list[str]:
    """What the operators were told."""
    query = select(deliveries).where(deliveries.c.purpose == "notice").order_by(deliveries.c.id)
    return [outbox.delivery_of(row).details["subject"] for row in connection.execute(query)]


def test_alerts_over_the_number_go_to_who_costs_nothing(store: Store, paid: Rulebook, mail: Make) -> None:
    """The next level that has such an address; the history says so; the operators hear of it once; tomorrow is new."""
    with writing(store) as connection:
        alerts(connection, paid, mail, 2)
        assert (len(leaving(connection, paid, NOW)), notices(connection)) == (2, [])
        *_, third, fourth, fifth = alerts(connection, paid, mail, 3, first=3)
        assert len(leaving(connection, paid, NOW)) == 1
        assert notices(connection) == ["sms has sent 3 messages today"]
        assert recipients(connection, third) == {TELEPHONE: "sent"}
        for contact in (fourth, fifth):
            assert recipients(connection, contact) == {TELEPHONE: "cancelled", "lead@example.gov.uk": "created"}
            kinds = [event.kind for event in contacts.events_of(connection, contact)]
            assert kinds.count(EventKind.SENT_ANOTHER_WAY) == 1
        tomorrow = NOW + timedelta(days=1)
        alerts(connection, paid, mail, 1, first=6)
        assert (len(leaving(connection, paid, tomorrow)), len(notices(connection))) == (1, 1)


def test_what_did_not_leave_has_cost_nothing(store: Store, paid: Rulebook, mail: Make) -> None:
    """A refusal is not counted, however often it is tried."""
    with writing(store) as connection:
        alerts(connection, paid, mail, 3)
        for minutes in (0, 1, 3):
            assert len(leaving(connection, paid, NOW + timedelta(minutes=minutes), Temporary("busy"))) == 3
        assert len(leaving(connection, paid, NOW + timedelta(hours=1))) == 3


def test_an_urgent_call_passes_the_number(store: Store, paid: Rulebook, mail: Make) -> None:
    """Until ten times of it; a flood costs few, as it is joined; then the call goes another way."""
    with writing(store) as connection:
        alerts(connection, paid, mail, 3)
        leaving(connection, paid, NOW)
        now = NOW
        for minute in range(1, 8):
            now = NOW + timedelta(minutes=minute)
            for number in range(100 * minute, 100 * minute + 6):
                arrive(connection, paid, mail(number, text=f"I smell gas at {number} High Street."), now)
            departures = leaving(connection, paid, now)
            assert [len(claim.joined) for claim in departures] == ([0, 0, 0, 2] if minute < 7 else [0, 0, 0])
        assert notices(connection) == ["sms has sent 3 messages today", "sms has sent 30 messages today"]
        late = again(connection, arrive(connection, paid, mail(999, text="I smell gas."), now))
        assert leaving(connection, paid, now) == []
        assert recipients(connection, late.id) == {TELEPHONE: "cancelled", "lead@example.gov.uk": "created"}


def test_what_nobody_else_can_take_leaves_all_the_same(store: Store, paid: Rulebook, mail: Make) -> None:
    """Neither the team nor the operators have another address."""
    only = altered(paid, teams={"front": Team("front", (TELEPHONE,), "post")}, operators="")
    with writing(store) as connection:
        alerts(connection, only, mail, 9)
        assert len(leaving(connection, only, NOW)) == 9


def test_a_team_without_another_address_has_the_operators(store: Store, paid: Rulebook, mail: Make) -> None:
    """An alert must reach somebody."""
    teams = {**paid.outgoing.teams, "front": Team("front", (TELEPHONE,), "post")}
    with writing(store) as connection:
        *_, last = alerts(connection, altered(paid, teams=teams), mail, 4)
        assert len(leaving(connection, altered(paid, teams=teams), NOW)) == 3
        assert recipients(connection, last) == {TELEPHONE: "cancelled", "it@example.gov.uk": "created"}


def test_whoever_is_away_has_a_deputy_for_it(store: Store, paid: Rulebook, mail: Make) -> None:
    """What goes another way goes to whoever is there, as any alert does."""
    deputies = Deputies([Away("lead@example.gov.uk", NOW.date(), NOW.date(), "deputy@example.gov.uk")])
    with writing(store) as connection:
        *_, last = alerts(connection, paid, mail, 4)
        leaving(connection, altered(paid, deputies=deputies), NOW)
        assert recipients(connection, last) == {TELEPHONE: "cancelled", "deputy@example.gov.uk": "created"}


def test_a_daily_list_goes_another_way_beside_that_of_its_reader(store: Store, paid: Rulebook, mail: Make) -> None:
    """The operators, who have a list of their own, have the team's besides."""
    day = NOW + timedelta(days=300)
    with writing(store) as connection:
        alerts(connection, paid, mail, 3)
        leaving(connection, paid, day)
        outbox.queue(connection, alert.digests(paid.clocks.today(day).isoformat(), day, paid))
        assert leaving(connection, paid, day) == []
        to_operators = select(deliveries).where(
            deliveries.c.recipient == "it@example.gov.uk", deliveries.c.purpose == "digest"
        )
        lists = [outbox.delivery_of(row).details["lists"] for row in connection.execute(to_operators)]
        assert lists == [[["it", "team"]], [["front", "team"], ["front", "lead"]]]
