"""One cause is told once to each: a table of causes, and what everybody hears until the promises are broken."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Misconfigured, Permanent
from bot.core.contacts import Contact
from bot.core.deliveries import TO_STAFF
from bot.core.escalations import RECEIPT_DUE, RESPOND_LADDER, Ladders, Step
from bot.flows import escalate
from bot.flows.changes import assign
from bot.flows.changes.assignees import Holder
from bot.flows.intake import guards
from bot.flows.intake.consequences import ReceiptsKeptBack
from bot.flows.outgoing import deliver
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook, Team
from bot.store import holds, outbox, suppressions
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again
from tests.flows.test_came_back import came_back
from tests.flows.test_mail import PERSON, log, return_address
from tests.flows.test_mail import signed as signed  # noqa: PLC0414 - the fixture
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HALF = Step("acknowledge-50", "half of the time to acknowledge is used", 0.5, "acknowledge", to=("lead",))
Cause = Callable[[Connection, Rulebook, Make], Contact]


@pytest.fixture
def watched(signed: Rulebook) -> Rulebook:
    """A team with a lead, operators of their own, and a step halfway to the time to acknowledge."""
    front = Team("front", ("staff@example.gov.uk",), "post", {"lead": ("lead@example.gov.uk",)})
    teams = {"front": front, "it": Team("it", ("it@example.gov.uk",), "post")}
    ladders = Ladders(RESPOND_LADDER, receipt=(HALF, RECEIPT_DUE))
    return altered(signed, teams=teams, operators="it", ladders=ladders, urgent=(GAS,))


def _logged(
    connection: Connection, book: Rulebook, mail: Make, error: Exception | None, text: str = "A hole."
) -> Contact:
    """A contact whose receipt has left, or was refused at its first attempt."""
    (filed,) = log(connection, book, mail(1, text=text))
    claimed = deliver.claim(connection, "post", NOW, ClaimTerms(HOUR), 50, book)
    attempts = [
        Attempt(claim.delivery, NOW, None if claim.delivery.purpose in TO_STAFF else error) for claim in claimed
    ]
    deliver.record(connection, attempts, book)
    return again(connection, filed.reference)


def _refused(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    return _logged(connection, book, mail, Permanent("550 no such mailbox"))


def _sent_back(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    contact = _logged(connection, book, mail, None)
    receipt = outbox.acknowledgements_of(connection, [contact.id])[contact.id]
    log(
        connection, book, came_back(mail, return_address(receipt), "Status: 5.1.1\r\nsaid: 550 no"), at=NOW + 5 * MINUTE
    )
    return contact


def _suppressed(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    suppressions.add(connection, PERSON, "mail came back", NOW, NOW + timedelta(days=30))
    return _logged(connection, book, mail, None)


def _stopped(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    return _logged(connection, book, mail, Misconfigured("535 wrong password"))


def _held(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    (filed,) = log(connection, book, mail(1))
    holds.hold(connection)
    guards.follow(connection, ReceiptsKeptBack("front"), NOW, book)
    return again(connection, filed.reference)


def _urgent(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    contact = _logged(connection, book, mail, None, "I smell gas.")
    assign.take(connection, contact.reference, "staff:ann@example.gov.uk", NOW + 10 * MINUTE)
    return contact


def _handed_over(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    contact = _logged(connection, book, mail, None)
    holder = Holder.of("front", "lead@example.gov.uk")
    assign.assign(connection, contact.reference, holder, "staff:staff@example.gov.uk", NOW + 10 * MINUTE, book)
    return contact


# What the team, its lead and the operators hear in two days, each in its order.
CAUSES: dict[str, tuple[Cause, list[str], list[str], list[str]]] = {
    "refused": (_refused, ["undelivered", "acknowledge-due"], ["acknowledge-50", "acknowledge-due"], []),
    "sent back": (_sent_back, ["undelivered", "acknowledge-due"], ["acknowledge-50", "acknowledge-due"], []),
    "suppressed": (_suppressed, ["acknowledge-late", "acknowledge-due"], ["acknowledge-50", "acknowledge-due"], []),
    "outlet stopped": (
        _stopped,
        ["acknowledge-late", "acknowledge-due"],
        ["acknowledge-50", "acknowledge-due"],
        ["outlet"],
    ),
    "held": (_held, ["kept-back", "acknowledge-due"], ["acknowledge-50", "acknowledge-due"], []),
    "urgent": (_urgent, ["urgent-1"], [], []),
    "handed over": (_handed_over, [], ["handed-over"], []),
}


def _live(connection: Connection, book: Rulebook) -> None:
    """Two days pass."""
    for at in (*(NOW + 5 * MINUTE * n for n in range(1, 8)), *(NOW + HOUR * n for n in range(1, 42))):
        escalate.escalate(connection, at, 10, book)


def _heard(connection: Connection, address: str) -> list[str]:
    rows = connection.execute(deliveries.select().where(deliveries.c.purpose.in_(TO_STAFF)).order_by(deliveries.c.id))
    return [row.step or row.key.split(":")[1] for row in rows if row.recipient == address]


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_told_once(store: Store, watched: Rulebook, mail: Make, cause: str) -> None:
    """Whoever has heard of it hears again when the date to acknowledge has passed; the lead hears halfway, too."""
    bring_about, *expected = CAUSES[cause]
    with writing(store) as connection:
        bring_about(connection, watched, mail)
        _live(connection, watched)
        people = ("staff@example.gov.uk", "lead@example.gov.uk", "it@example.gov.uk")
        assert [_heard(connection, address) for address in people] == expected


@pytest.mark.parametrize("cause", ["refused", "suppressed", "outlet stopped", "held"])
def test_who_is_everything_at_once_hears_of_it_once(store: Store, watched: Rulebook, mail: Make, cause: str) -> None:
    """A small council: the team looks after Ackbot, too, and nobody leads it."""
    alone = altered(watched, teams={"front": Team("front", ("staff@example.gov.uk",), "post")}, operators="front")
    bring_about, of_team, _, of_operators = CAUSES[cause]
    with writing(store) as connection:
        bring_about(connection, alone, mail)
        _live(connection, alone)
        assert _heard(connection, "staff@example.gov.uk") == [(*of_operators, *of_team)[0], "acknowledge-due"]
