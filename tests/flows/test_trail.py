"""What people did and were told, as others see it: by whom, to what, and only of the teams that are theirs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.roles import Scope
from bot.flows.changes import assign
from bot.flows.outgoing import alert, release
from bot.flows.rulebook import Rulebook, Team
from bot.store import audit, contacts, holds, outbox, queue
from bot.store.audit import Looking
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, logged
from tests.rulebooks import altered

ANN, HAL = "staff:ann@example.gov.uk", "staff:hal@example.gov.uk"
HOUSING = Scope(frozenset({"housing"}), unassigned=False)


@pytest.fixture
def two(book: Rulebook) -> Rulebook:
    """Two teams."""
    return altered(book, teams={**book.outgoing.teams, "housing": Team("housing", ("housing@example.gov.uk",), "post")})


def _of(c: Connection, book: Rulebook, message: Make, number: int, team: str | None) -> str:
    reference = logged(c, book, message(number), acknowledged=False).reference
    contacts.put(c, again(c, reference).id, {"team": team})
    return reference


def _did(c: Connection, reference: str | None, number: int, actor: str) -> None:
    about = again(c, reference).id if reference else None
    contacts.note(c, [Event(about, NOW, EventKind.TAKEN, actor, {"number": number})])


def test_the_trail_shows_what_concerns_whoever_looks(store: Store, two: Rulebook, mail: Make) -> None:
    """Somebody of one team sees what was done to its contacts, and what they did themselves; others see everything."""
    with writing(store) as c:
        ours, theirs, nobodys = (_of(c, two, mail, n, team) for n, team in enumerate(("housing", "front", None)))
        for number, (reference, actor) in enumerate(
            [(ours, ANN), (theirs, ANN), (nobodys, ANN), (None, ANN), (None, HAL)]
        ):
            _did(c, reference, number, actor)
        seen = {
            name: [event.details["number"] for event in audit.trail(c, looking, 9)]
            for name, looking in {
                "all": Looking(ANN, Scope()),
                "housing": Looking(HAL, HOUSING),
                "unassigned, too": Looking(HAL, replace(HOUSING, unassigned=True)),
                "by Hal": Looking(ANN, Scope(), by=HAL),
                "of one": Looking(ANN, Scope(), reference=theirs),
                "of one that is not seen": Looking(HAL, HOUSING, reference=theirs),
                "of none": Looking(ANN, Scope(), reference="EX-7K3M-9QPH"),
            }.items()
        }
        assert seen == {
            "all": [4, 3, 2, 1, 0],
            "housing": [4, 0],
            "unassigned, too": [4, 2, 0],
            "by Hal": [4],
            "of one": [1],
            "of one that is not seen": [],
            "of none": [],
        }


def test_a_team_sees_its_alerts_however_many_others_there_are(store: Store, two: Rulebook, mail: Make) -> None:
    """With who took the contact; notices to those who look after Ackbot are for who sees everything."""
    with writing(store) as c:
        ours, theirs = (_of(c, two, mail, n, team) for n, team in enumerate(("housing", "front")))
        outbox.queue(c, alert.urgent_alerts(again(c, ours), 0, NOW, two))
        assign.take(c, ours, HAL, NOW)
        for number in range(3):
            outbox.queue(c, alert.urgent_alerts(again(c, theirs), number, NOW + timedelta(minutes=1), two))
        outbox.queue(c, alert.notices(None, "x", NOW, two, subject="The disk is nearly full", happened="", action=""))
        (own,) = audit.alerts(c, NOW, HOUSING, 2)
        assert (own.reference, own.taken_by) == (ours, HAL)
        everything = audit.alerts(c, NOW, Scope(), 9)
        assert [alert.reference for alert in everything] == [theirs] * 3 + [None, ours]
        assert everything[3].details["subject"] == "The disk is nearly full"


def test_what_was_held_back_leaves_with_a_note_on_each_contact(store: Store, two: Rulebook, mail: Make) -> None:
    """By the one who let it leave; how much waits is told of the teams that somebody sees."""
    with writing(store) as c:
        ours, theirs = (_of(c, two, mail, n, team) for n, team in enumerate(("housing", "front")))
        holds.hold_what_may_have_left(c)
        assert (queue.count_held(c, Scope()), queue.count_held(c, HOUSING)) == (2, 1)
        assert release.release(c, NOW, ANN) == 2
        for reference in (ours, theirs):
            last = contacts.events_of(c, again(c, reference).id)[-1]
            assert (last.kind, last.actor) == ("receipt released", ANN)
        assert release.release(c, NOW, ANN) == 0
        assert [event.kind for event in audit.trail(c, Looking(ANN, Scope()), 9)].count("receipts released") == 1
