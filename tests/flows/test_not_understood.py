"""What no reader of its channel understands is kept as it came, and its team is told; its neighbours are logged."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.messages import Inbound
from bot.flows.intake import receive
from bot.flows.intake.plan import Capacity
from bot.flows.intake.receive import Reading, Received
from bot.flows.rulebook import Rulebook
from bot.store import contacts, shunt
from bot.store.engine import Store
from bot.wire.platforms.reading import NotUnderstood, not_understood
from tests.flows.conftest import NOW, Make, writing


def odd(piece: object = "odd") -> Inbound:
    """A piece of a kind that nobody knows."""
    return not_understood("inbox", piece, NotUnderstood("a message of the type odd"))


def take(connection: Connection, book: Rulebook, *messages: Inbound) -> Received:
    """Log a batch."""
    return receive.receive(connection, Batch(messages), Reading("inbox"), NOW, book, Capacity())


def test_it_is_kept_between_its_neighbours(store: Store, book: Rulebook, mail: Make) -> None:
    """Each message has its result, in order; what came twice is kept once."""
    with writing(store) as connection:
        result = take(connection, book, mail(), odd(), mail(2), odd())
        assert [(filing.outcome == "shunted", filing.new) for filing in result.filed] == [
            (False, True),
            (True, True),
            (False, True),
            (True, False),
        ]
        assert result.more
        (row,) = shunt.list_all(connection)
        assert row.error == "We do not know what this is: a message of the type odd."
        assert len(contacts.list_all(connection)) == 2


def test_a_replay_that_is_not_understood_again_leaves_it(store: Store, book: Rulebook, mail: Make) -> None:
    """Only what is logged is no longer among the shunted."""
    with writing(store) as connection:
        take(connection, book, odd())
        (row,) = shunt.list_all(connection)
        assert receive.replay(connection, row.id, odd(), NOW, book).outcome == "shunted"
        assert shunt.list_all(connection) == [row]
        assert receive.replay(connection, row.id, replace(mail(), channel="inbox"), NOW, book).new
        assert shunt.list_all(connection) == []
