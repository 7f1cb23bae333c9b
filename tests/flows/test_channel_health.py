"""How a channel is: its last message and look, how many came today against the usual, and a state in words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert

from bot.channel import Coverage
from bot.core.messages import Inbound
from bot.flows.desk.channel_health import Health, Sight, of_channels
from bot.flows.rulebook import Rulebook
from bot.store import arrivals
from bot.store import tables as t
from bot.store.engine import Store
from tests.flows.conftest import NOW, writing
from tests.flows.desk import logged

Make = Callable[..., Inbound]
NOTHING = Sight({}, ())
# The Mondays before, the bank holiday of Christmas, and a Sunday, each at the same time of the day.
MONDAYS = [NOW - timedelta(weeks=weeks) for weeks in (1, 2, 3, 4)]
BOXING_DAY = datetime(2026, 12, 28, 9, 15, tzinfo=UTC)


def _arrive(c: Connection, *moments: datetime) -> None:
    """Messages of the same contact at these moments."""
    usual = {"contact_id": 1, "channel": "inbox", "message_id": "", "digest": "", "text": ""}
    c.execute(
        insert(t.messages), [usual | {"external_id": f"<{at}-{n}>", "received_at": at} for n, at in enumerate(moments)]
    )


def _health(c: Connection, book: Rulebook, now: datetime = NOW, sight: Sight = NOTHING) -> Health:
    return of_channels(c, sight, now, book)["inbox"]


def test_today_stands_beside_the_usual(store: Store, book: Rulebook, mail: Make) -> None:
    """The median of the same weekday up to this time; before two weeks nobody knows it, later ones are not counted."""
    with writing(store) as c:
        assert (_health(c, book).last_message, _health(c, book).usual) == (None, None)
        logged(c, book, mail())
        assert (_health(c, book).last_message, _health(c, book).today, _health(c, book).usual) == (NOW, 1, None)
        after = timedelta(minutes=1)
        for monday, number in zip(MONDAYS, (6, 8, 60, 2), strict=True):
            _arrive(c, *[monday] * number, monday + after, monday - timedelta(days=1))
        assert (_health(c, book).today, _health(c, book).usual) == (1, 7)
        assert _health(c, book).level == "green"


def test_a_silent_channel_is_amber(store: Store, book: Rulebook, mail: Make) -> None:
    """Where none came and seven are usual; on a bank holiday nothing is expected."""
    with writing(store) as c:
        logged(c, book, mail())
        c.execute(t.raw_messages.delete())
        c.execute(t.messages.delete())
        for weeks in range(1, 10):
            _arrive(c, *[NOW + timedelta(weeks=weeks - 5)] * (7 if weeks != 5 else 0) or [NOW - timedelta(days=99)])
        silent = _health(c, book)
        assert (silent.level, silent.today) == ("amber", 0)
        assert silent.sentences == ("Unusually silent: 0 so far today, where 7 are usual by this time",)
        c.execute(t.messages.delete().where(t.messages.c.received_at == BOXING_DAY))
        assert _health(c, book, BOXING_DAY).level == "green"


def test_a_channel_that_cannot_be_read_is_red(store: Store, book: Rulebook) -> None:
    """A quarter of an hour after its last look; what the account says of itself stands there, too."""
    with writing(store) as c:
        read = Sight({}, ["inbox"])
        assert _health(c, book, sight=read).sentences == ("It has not been read yet",)
        arrivals.note_looks(c, ["inbox"], NOW)
        fresh = _health(c, book, NOW + timedelta(minutes=14), read)
        assert (fresh.level, fresh.last_look, fresh.sentences) == ("green", NOW, ())
        stale = _health(c, book, NOW + timedelta(minutes=16), read)
        assert (stale.level, stale.sentences) == ("red", ("It cannot be read now",))
        account = Sight({"inbox": Coverage("amber", ("stories are not read",))}, ["inbox"])
        assert _health(c, book, sight=account).sentences == ("stories are not read",)
        assert _health(c, book, NOW + timedelta(hours=1), account).level == "red"
