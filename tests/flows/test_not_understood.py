"""What no reader of its channel understands is kept as it came, and its team is told; its neighbours are logged."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.messages import Inbound, Party
from bot.flows.intake import reading_again, receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import Received
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


def test_one_notice_is_enough_while_the_same_waits(store: Store, book: Rulebook) -> None:
    """Another reason has a notice of its own, and so has the next one after staff dealt with the first."""
    with writing(store) as connection:
        take(connection, book, odd(1), odd(2))
        take(connection, book, odd(3), not_understood("inbox", 4, NotUnderstood("a message without an id")))
        (first, *others) = (row.id for row in shunt.list_all(connection))
        assert len(others) == 3
        notices = "SELECT count(*) FROM deliveries WHERE purpose = 'notice'"
        assert connection.exec_driver_sql(notices).scalar() == 2
        for number in (first, *others):
            shunt.drop(connection, number)
        take(connection, book, odd(5))
        assert connection.exec_driver_sql(notices).scalar() == 3


def test_a_replay_that_is_not_understood_again_leaves_it(store: Store, book: Rulebook, mail: Make) -> None:
    """Only what is logged is no longer among the shunted."""
    with writing(store) as connection:
        take(connection, book, odd())
        (row,) = shunt.list_all(connection)
        assert reading_again.replay(connection, row.id, (mail(), odd()), NOW, book) is None
        assert shunt.list_all(connection) == [row]
        assert contacts.list_all(connection) == []
        filed = reading_again.replay(connection, row.id, (mail(), mail(2)), NOW, book)
        assert [filing.new for filing in filed or ()] == [True, True]
        assert shunt.list_all(connection) == []


def test_what_is_rightly_ignored_now_is_dropped_by_a_replay(store: Store, book: Rulebook) -> None:
    """Nothing is logged, and it waits for nobody."""
    with writing(store) as connection:
        take(connection, book, odd())
        (row,) = shunt.list_all(connection)
        assert reading_again.replay(connection, row.id, (), NOW, book) == ()
        assert shunt.list_all(connection) == []


def test_what_was_dealt_with_by_hand_does_not_come_again(store: Store, book: Rulebook) -> None:
    """The list of a platform shows it for days; nothing of it is kept but its name."""
    with writing(store) as connection:
        take(connection, book, odd())
        (row,) = shunt.list_all(connection)
        assert shunt.put_away(connection, row.id, NOW)
        assert not take(connection, book, odd()).filed[0].new
        assert (shunt.list_all(connection), shunt.count(connection), shunt.by_channel(connection)) == ([], 0, {})
        assert shunt.find(connection, row.id) is None
        assert not shunt.put_away(connection, row.id, NOW)


class Account:
    """An account after its upgrade: it reads the type odd, ignores the type vain, and still knows no other."""

    name = "inbox"

    def reread(self, raw: bytes) -> Iterator[Inbound]:
        """One message for each odd piece."""
        piece = json.loads(raw)
        if piece == "vain":
            return
        if piece != "odd":
            raise NotUnderstood(f"a message of the type {piece}")
        yield Inbound(self.name, "1", "d", Party("x:1"), text="Help")


@pytest.mark.parametrize(("piece", "words"), [("odd", ["Help"]), ("vain", []), ("new", None)])
def test_an_account_reads_again_what_it_once_could_not(
    store: Store, book: Rulebook, piece: str, words: list[str] | None
) -> None:
    """Its date is that of its first coming, as nothing in it says another."""
    with writing(store) as connection:
        take(connection, book, odd(piece))
        (listed,) = shunt.list_all(connection)
        row = shunt.find(connection, listed.id)
        assert row is not None
    messages = reading_again.read_again(Account(), row, book, has_scanner=False)
    assert (messages is None) == (words is None)
    assert [(message.text, message.received_at) for message in messages or ()] == [(w, NOW) for w in words or ()]
