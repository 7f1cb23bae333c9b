"""The mailbox whose server misbehaves, message by message: one costs no other, and none is lost in silence."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta

import pytest

from bot.channel import Batch, Misconfigured, Temporary
from bot.core.messages import Inbound
from bot.wire.mail.imap_position import NOTICE_EVERY, Position
from channels.email_imap import Imap
from tests.channels.mailbox import following, inbox, mail, numbers, read
from tests.components.ports import until
from tests.peers.imap import ImapServer, Trouble, internal_date
from tests.peers.peer import now


@pytest.fixture
def server() -> Iterator[ImapServer]:
    """A server with an empty INBOX."""
    with ImapServer() as running:
        yield running


async def batches_of(reader: Imap, cursor: str | None, count: int) -> list[Batch]:
    """Take batches until so many messages came or could not be read, starting again as the service does."""
    batches: list[Batch] = []
    for _ in range(20):
        with suppress(Temporary):
            async with aclosing(reader.listen(cursor)) as listening:
                while sum(len(batch.messages) + len(batch.losses.unreadable) for batch in batches) < count:
                    batches.append(await following(listening))
                    cursor = batches[-1].cursor
            return batches
    raise AssertionError("the server was asked twenty times")


def read_in(batches: list[Batch]) -> list[Inbound]:
    """The messages that came."""
    return [message for batch in batches for message in batch.messages]


def unreadable_in(batches: list[Batch]) -> list[Inbound]:
    """What could not be read."""
    return [message for batch in batches for message in batch.losses.unreadable]


def gaps_in(batches: list[Batch]) -> int:
    """How many messages staff are told of that were taken away."""
    return sum(batch.losses.gap for batch in batches)


# One message that the server does not give


@pytest.mark.parametrize("trouble", ["refused", "nothing", "cut", "unreadable envelope"])
@pytest.mark.parametrize("place", [1, 2, 3])
async def test_one_message_that_the_server_does_not_give_costs_no_other(
    server: ImapServer, trouble: Trouble, place: int
) -> None:
    """Wherever it lies and however it fails, its neighbours are read once each, and it is told with its number."""
    for number in (1, 2, 3):
        server.add(mail(number), trouble=trouble if number == place else "")
    batches = await batches_of(inbox(server.port, begin="all"), None, 3)
    assert numbers(read_in(batches)) == [number for number in (1, 2, 3) if number != place]
    (lost,) = unreadable_in(batches)
    size = len(mail(place))
    where = f"number {place} in the folder INBOX, {size} bytes long"
    assert lost.fault == f"the mail server does not give the message with the {where}"
    assert lost.channel == "enquiries"
    assert (b"From: <pat@residents.example>\r\n" in lost.raw) == (trouble != "unreadable envelope")
    assert gaps_in(batches) == 0


async def test_several_messages_that_the_server_does_not_give(server: ImapServer) -> None:
    """Each is given up by itself, in a mailbox where others can be read."""
    troubles: list[Trouble] = ["cut", "", "refused", "nothing", "", "cut"]
    for number, trouble in enumerate(troubles, 1):
        server.add(mail(number), trouble=trouble)
    batches = await batches_of(inbox(server.port, begin="all"), None, 6)
    assert numbers(read_in(batches)) == [2, 5]
    assert [lost.fault.split("number ")[1][0] for lost in unreadable_in(batches)] == ["1", "3", "4", "6"]


@pytest.mark.parametrize("trouble", ["refused", "nothing", "cut"])
async def test_a_server_that_gives_nothing_at_all_costs_no_message(server: ImapServer, trouble: Trouble) -> None:
    """Where no other message is given either, the fault is the server's: it is tried again, and nothing is given up."""
    for number in (1, 2):
        server.add(mail(number), trouble=trouble)
    reader = inbox(server.port, begin="all")
    async with aclosing(reader.listen(None)) as batches:
        assert (await following(batches)).position_only
        with pytest.raises(Temporary):
            await following(batches)
    assert not reader.ready.is_set()
    for letter in server.folders["INBOX"].letters:
        letter.trouble = ""
    assert numbers(read_in(await batches_of(reader, None, 2))) == [1, 2]


async def test_the_only_message_of_a_mailbox_is_given_up_in_the_end(server: ImapServer) -> None:
    """Where there is no other to tell by, it is tried more often, at the growing intervals of the service."""
    server.add(mail(1), trouble="refused")
    (lost,) = unreadable_in(await batches_of(inbox(server.port, begin="all"), None, 1))
    assert "number 1 in the folder INBOX" in lost.fault


async def test_a_server_that_throttles_is_waited_for(server: ImapServer) -> None:
    """[THROTTLED] in place of a message is not about that message."""
    server.add(mail(1))
    server.add(mail(2), trouble="throttled")
    reader = inbox(server.port, begin="all")
    async with aclosing(reader.listen(None)) as batches:
        await following(batches)
        with pytest.raises(Temporary, match="THROTTLED"):
            await following(batches)
    assert server.commands["FETCH"] <= 3  # not again and again
    server.folders["INBOX"].letters[1].trouble = ""
    assert numbers(read_in(await batches_of(reader, None, 2))) == [1, 2]


# What was taken away before it was read


async def gap_after(server: ImapServer, cursor: str) -> int:
    """How many missing messages are told from this cursor on, with the next mail."""
    server.add(mail(9))
    return gaps_in(await batches_of(inbox(server.port), cursor, 1))


async def begun(server: ImapServer) -> str:
    """The cursor of a first look."""
    async with aclosing(inbox(server.port).listen(None)) as batches:
        return (await following(batches)).cursor or ""


async def test_messages_moved_while_the_service_was_stopped_are_told(server: ImapServer) -> None:
    """Numbers that were given out and that no message has any more, in the middle and at the end."""
    server.add(mail(1))
    cursor = await begun(server)
    for number in (2, 3, 4):
        server.remove(server.add(mail(number)))
    assert await gap_after(server, cursor) == 3


async def test_messages_moved_after_the_last_are_told_without_another(server: ImapServer) -> None:
    """The next number that the server names (UIDNEXT) shows it, though nothing new is there; and it is told once."""
    cursor = await begun(server)
    server.remove(server.add(mail(1)))
    async with aclosing(inbox(server.port).listen(cursor)) as batches:
        await following(batches)
        batch = await following(batches)
    assert (batch.losses.gap, batch.messages) == (1, ())
    assert await gap_after(server, batch.cursor or "") == 0


@pytest.mark.parametrize("others", [0, 1, 3])
async def test_a_message_that_is_expunged_between_search_and_fetch_is_told(server: ImapServer, others: int) -> None:
    """It was listed, and is gone when it is asked for: its neighbours are read."""
    cursor = await begun(server)
    server.add(mail(1), trouble="vanishes")
    for number in range(others):
        server.add(mail(number + 2))
    server.add(mail(8))
    batches = await batches_of(inbox(server.port), cursor, others + 1)
    assert len(read_in(batches)) == others + 1
    assert (gaps_in(batches), unreadable_in(batches)) == (1, [])


async def test_nothing_missing_is_told_where_nothing_is(server: ImapServer) -> None:
    """What was deleted after it was read, or before the first look, is nobody's business."""
    for number in (1, 2, 3):
        server.add(mail(number))
    server.remove(2)
    cursor = await begun(server)
    server.remove(3)
    server.add(mail(4))
    batches = await batches_of(inbox(server.port), cursor, 1)
    server.remove(4)
    assert gaps_in(batches) == 0
    assert await gap_after(server, batches[-1].cursor or "") == 0


async def test_gaps_need_not_be_told(server: ImapServer) -> None:
    """For a server that leaves numbers out by itself there is a setting."""
    cursor = await begun(server)
    server.add(mail(1), uid=50)
    reader = inbox(server.port, tell_gaps=False)
    assert gaps_in(await batches_of(reader, cursor, 1)) == 0


async def test_what_comes_and_goes_while_we_listen_is_told(server: ImapServer) -> None:
    """A message that a member of staff moves at once leaves only its number."""
    reader = inbox(server.port)
    async with aclosing(reader.listen(None)) as batches:
        await following(batches)
        waiting = asyncio.ensure_future(following(batches))
        await until(reader.ready.is_set)
        with server.lock:
            server.remove(server.add(mail(1)))
            server.add(mail(2))
        batch = await waiting
    assert (numbers([*batch.messages]), batch.losses.gap) == ([2], 1)


async def test_what_was_announced_and_is_gone_is_told_without_another(server: ImapServer) -> None:
    """The server is asked which number comes next; what comes in that very moment is read and not taken for gone."""
    reader = inbox(server.port)
    async with aclosing(reader.listen(None)) as batches:
        await following(batches)
        waiting = asyncio.ensure_future(following(batches))
        # Ready it is before its last search, which would take the mail away before anybody was told of it.
        await until(lambda: reader.ready.is_set() and server.commands["IDLE"] > 0)
        server.add(mail(1), trouble="flees")
        batch = await waiting
        assert (batch.messages, batch.losses.gap) == ((), 1)
        server.add(mail(2))
        batch = await following(batches)
    assert (numbers([*batch.messages]), batch.losses.gap) == ([2], 0)


def test_gaps_are_told_at_once_and_later_ones_together() -> None:
    """One notice an hour: a mailbox in which rules move much does not write to staff all the time."""
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    position = Position(uidvalidity=7, uid=5, begin=None, old=5)
    position, count = position.with_gaps([], 8).reported(noon)
    assert count == 3
    position, count = position.with_gaps([11], 11).reported(noon + NOTICE_EVERY / 2)
    assert count == 0
    position, count = position.with_gap(1).reported(noon + NOTICE_EVERY)
    assert count == 3
    assert position.reported(noon + 3 * NOTICE_EVERY)[1] == 0


@pytest.mark.parametrize(
    ("uid", "old", "counted", "uids", "top", "gap"),
    [
        (5, 5, 0, [], 5, 0),
        (5, 5, 0, [6, 7], 7, 0),
        (5, 5, 0, [6, 7], 0, 0),
        (5, 5, 0, [7], 0, 1),
        (5, 5, 0, [], 8, 3),
        (5, 5, 8, [], 8, 0),
        (5, 5, 8, [9], 0, 0),
        (5, 5, 8, [7, 10], 10, 1),  # the seventh came into sight later than its number
        (0, 5, 0, [6], 6, 0),
        (9, 5, 8, [12, 13], 15, 4),
    ],
)
def test_numbers_without_messages_are_counted_once(
    uid: int, old: int, counted: int, uids: list[int], top: int, gap: int
) -> None:
    """Between what was examined and the last number given out, whatever was read out of order."""
    position = Position(uidvalidity=7, uid=uid, begin=None, old=old, counted=counted)
    assert position.with_gaps(uids, top).gap == gap
    assert position.with_gaps(uids, top).with_gaps(uids, top).gap == gap


# Odd dates


@pytest.mark.parametrize(
    "date",
    [
        None,
        "NIL",
        '""',
        '"yesterday"',
        "5",
        '"01-Jan-1900 00:00:00 +0000"',
        '"31-Dec-9999 23:59:59 -2359"',
        '"31-Feb-2026 00:00:00 +0000"',
        '"01-Jan-1970 00:00:00 +0000"',
        '"01-Sep-2026 12:00:00 +9999999999"',
        "(1 2)",
        '"01-Jan-2099 00:00:00 +0000"',
    ],
)
@pytest.mark.parametrize("begin", ["all", "now", "2026-09-01"])
async def test_an_odd_date_harms_nobody(server: ImapServer, date: str | None, begin: str) -> None:
    """Neither the message nor its neighbours; it is received when it is logged, or by its date where that is one."""
    reader = inbox(server.port, begin=begin)
    cursor = await begun(server) if begin == "now" else None
    server.add(mail(1))
    server.add(mail(2), date=date)
    server.add(mail(3))
    messages = read_in(await batches_of(reader, cursor, 3))
    assert numbers(messages) == [1, 2, 3]
    assert all(message.received_at for message in (messages[0], messages[2]))
    assert messages[1].received_at is None or messages[1].received_at.year == 2099
    is_in_doubt = begin == "2026-09-01" and messages[1].received_at is None
    assert bool(messages[1].doubt) == is_in_doubt
    assert (messages[0].doubt, messages[2].doubt) == ("", "")


# A folder that is numbered anew, or another server


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("sent", "received", "is_new"),
    [
        (HOUR, HOUR, True),
        (-HOUR, -HOUR, True),  # under way when the mailbox was moved
        (-90 * HOUR, HOUR, False),  # copied with the instant of the copy
        (HOUR, -90 * HOUR, False),
        (-90 * HOUR, -90 * HOUR, False),
        (None, HOUR, False),
        (HOUR, None, False),
        (9000 * HOUR, HOUR, False),
    ],
)
@pytest.mark.parametrize("uid", [3, 30])
def test_after_a_renumbering_only_what_both_dates_call_new_is_answered(
    sent: timedelta | None, received: timedelta | None, uid: int, *, is_new: bool
) -> None:
    """Also of what is copied in later; what is in doubt is for staff to look at."""
    read_at = datetime(2026, 9, 1, 12, tzinfo=UTC)
    renewal = read_at + 5 * HOUR
    position = Position(
        uidvalidity=8, uid=0, begin=None, old=10, read_at=read_at, renewal=renewal, new_since=read_at - 4 * HOUR
    )
    dates = (None if received is None else read_at + received, None if sent is None else read_at + sent)
    assert (position.doubt(uid, *dates, renewal + HOUR) == "") == is_new
    after_a_month = position.doubt(uid, *dates, renewal + 720 * HOUR)
    assert (after_a_month == "") == (is_new or uid == 30)


async def test_a_mailbox_on_another_server_is_examined_anew(server: ImapServer) -> None:
    """Though the numbers go on as if nothing had happened: it is the name of the server that has changed."""
    with ImapServer() as other:
        server.add(mail(1))
        cursor = await begun(server)
        long_ago = now() - timedelta(days=90)
        date = f"Date: {long_ago:%a, %d %b %Y %H:%M:%S +0000}\r\n".encode()
        other.add(date + mail(1), date=internal_date(long_ago))
        other.add(date + mail(2))
        other.add(f"Date: {now():%a, %d %b %Y %H:%M:%S +0000}\r\n".encode() + mail(3))
        moved = inbox(other.port, host="localhost")
        messages = read_in(await batches_of(moved, cursor, 2))
    assert numbers(messages) == [2, 3]
    assert [bool(message.doubt) for message in messages] == [True, False]


async def test_a_folder_numbered_anew_is_read_again_with_its_doubts(server: ImapServer) -> None:
    """The change of UIDVALIDITY alone makes old mail doubtful, and mail without a Date."""
    cursor = await begun(server)
    server.add(mail(1))
    server.renumber()
    (message,) = read_in(await batches_of(inbox(server.port), cursor, 1))
    assert "numbered anew" in message.doubt


# What passes by itself, and what does not


@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "SEARCH", "FETCH"])
@pytest.mark.parametrize(
    "answer",
    [
        "NO [THROTTLED] slow down",
        "NO [UNAVAILABLE] later",
        "NO [INUSE] locked",
        "NO [LIMIT] enough",
        "NO [ALERT] Too many simultaneous connections. (Failure)",
        "BAD User is authenticated but not connected.",
        "NO Server Unavailable. 15",
        "BYE",
    ],
)
async def test_what_passes_by_itself_is_temporary(server: ImapServer, command: str, answer: str) -> None:
    """At every command, whether by its code or its words, and the next attempt reads."""
    server.add(mail(1))
    server.answers[command] = [answer]
    reader = inbox(server.port, begin="all")
    with pytest.raises(Temporary):
        async with aclosing(reader.listen(None)) as batches:
            await read(batches, 1)
    assert not reader.ready.is_set()
    assert numbers(read_in(await batches_of(reader, None, 1))) == [1]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("LOGIN", "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"),
        ("LOGIN", "NO [AUTHENTICATIONFAILED] too many failed attempts, try again later"),
        ("LOGIN", "NO [ALERT] Invalid credentials (Failure)"),
        ("LOGIN", "NO LOGIN failed."),
        ("LOGIN", "NO [EXPIRED] password"),
        ("EXAMINE", "NO [NONEXISTENT] Unknown Mailbox"),
        ("EXAMINE", "NO Mailbox does not exist"),
    ],
)
async def test_what_does_not_pass_is_for_staff(server: ImapServer, command: str, answer: str) -> None:
    """A wrong password and a missing folder wait for nobody, whatever words a server adds."""
    server.answers[command] = [answer]
    with pytest.raises(Misconfigured):
        await inbox(server.port).check()


async def test_idle_that_is_offered_and_refused_is_done_without(server: ImapServer) -> None:
    """The folder is then looked into every `poll_seconds`, on the same line."""
    server.always["IDLE"] = "NO not for you"
    async with aclosing(inbox(server.port, poll_seconds=1).listen(None)) as batches:
        await following(batches)
        waiting = asyncio.ensure_future(read(batches, 1))
        await until(lambda: server.commands["IDLE"] > 0)
        server.add(mail(1))
        assert numbers((await waiting)[0]) == [1]
    assert (server.commands["IDLE"], server.commands["LOGIN"]) == (1, 1)


async def test_ready_means_that_a_look_was_possible(server: ImapServer) -> None:
    """Not that somebody could sign in and open the folder."""
    server.always["SEARCH"] = "NO the index is broken"
    reader = inbox(server.port)
    async with aclosing(reader.listen(None)) as batches:
        assert (await following(batches)).position_only
        with pytest.raises(Temporary):
            await following(batches)
        assert not reader.ready.is_set()
