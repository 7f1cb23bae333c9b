"""Listening: the next batch is asked for only after the commit, and no kind of trouble ends it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.channel import Batch, Misconfigured, Temporary
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.flows.intake.batches import Reading
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.loops import listening
from bot.loops.leasing import Leasing
from bot.loops.listening import BatchLogger, Listening
from bot.loops.metering import Meter
from bot.loops.news import News
from bot.loops.sending import Senders, SendingContext
from bot.present import Present
from bot.store import contacts, cursors, databases, direct
from bot.store.engine import Store
from bot.wire.mail import mime
from tests.rulebooks import altered


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "FIRST_PAUSE_SECONDS",
        "FIRST_SLOW_PAUSE_SECONDS",
        "LONGEST_PAUSE_SECONDS",
        "LONGEST_SLOW_PAUSE_SECONDS",
    ):
        monkeypatch.setattr(listening, name, 0.01)


def message(number: int) -> Inbound:
    """A message of one person."""
    return Inbound("inbox", f"id{number}", f"{number:064}", Party(f"p{number}@residents.example"), text="Hello")


class Scripted:
    """An inbox that does what its script says, one line at each listening."""

    name = "inbox"
    alone = False

    def __init__(self, *script: Callable[[str | None], AsyncIterator[Batch]]) -> None:
        self.ready = asyncio.Event()
        self.cursors: list[str | None] = []
        self._script = list(script)

    def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Run the next line of the script; when there is none, wait."""
        self.cursors.append(cursor)
        self.ready.set()
        return (self._script.pop(0) if self._script else silence)(cursor)


async def silence(_: str | None) -> AsyncIterator[Batch]:
    """Nothing ever comes."""
    await asyncio.Event().wait()
    yield Batch(())


async def until(truth: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(5):
        while not await truth():
            await asyncio.sleep(0.005)


def ear(store: Store, rules: Rulebook, begin: datetime | None = None) -> BatchLogger:
    """What listening needs."""
    present = Present(begin)
    leases = Leasing(store, present, (), lambda: None)
    meter = Meter()
    senders = Senders((), SendingContext(store, rules, _writes_nothing, present, meter, leases, News(lambda: None)))
    return BatchLogger(store, rules, present, meter, senders, leases)


def _writes_nothing(claim: Claimed, now: datetime) -> Outbound:
    """The writer of a service in which no delivery is due, so that nothing is ever written."""
    raise AssertionError("nothing is due, so nothing is written")


async def logged(store: Store) -> int:
    """How many contacts there are."""
    return len(await store.read(contacts.list_all))


async def test_after_a_dropped_line_it_goes_on_from_the_committed_cursor(store: Store, book: Rulebook) -> None:
    """The batch that was committed is not asked for again; the one that was not is."""

    async def drops(_: str | None) -> AsyncIterator[Batch]:
        yield Batch((message(1),), "1")
        raise Temporary("the line was dropped")

    async def goes_on(_: str | None) -> AsyncIterator[Batch]:
        yield Batch((message(2),), "2")

    inbox = Scripted(drops, goes_on)
    task = asyncio.create_task(Listening(inbox, ear(store, book)).run())

    async def both() -> bool:
        return await logged(store) == 2

    await until(both)
    assert inbox.cursors[:2] == [None, "1"]  # it may have come back for a third time already
    task.cancel()


async def test_a_store_that_cannot_take_it_is_told_to_the_inbox(
    store_url: str, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Temporary` is raised at the yield, so that a mail server on the line hears 451 and tries again."""
    heard: list[str] = []

    async def holds_the_line(_cursor: str | None) -> AsyncIterator[Batch]:
        for _ in range(100):
            try:
                yield Batch((message(1),))
            except Temporary as error:
                heard.append(str(error))
            else:
                await asyncio.Event().wait()

    monkeypatch.setattr(databases, "BUSY_TIMEOUT_MILLISECONDS", 20)
    monkeypatch.setitem(databases._SESSION, "lock_timeout", "20ms")
    monkeypatch.setattr(databases, "_idle", {})  # what connected before would wait for longer
    store, somebody = Store(store_url), Store(store_url)
    store.open()
    other = somebody._writer_engine.connect()
    other.begin()
    direct.alone(other, direct.RECEIVING)
    task = asyncio.create_task(Listening(Scripted(holds_the_line), ear(store, book)).run())

    async def is_told() -> bool:
        return bool(heard)

    await until(is_told)
    other.rollback()
    other.close()

    async def is_logged() -> bool:
        return await logged(store) == 1

    await until(is_logged)
    task.cancel()
    await asyncio.wait({task})
    await store.close()
    somebody.let_go()
    assert "store" in heard[0]


async def test_a_wrong_password_is_an_alarm_until_it_works_again(store: Store, book: Rulebook) -> None:
    """It says which channel it is; staff must act, so it does not wait."""
    heard: list[str] = []

    async def refused(_: str | None) -> AsyncIterator[Batch]:
        raise Misconfigured("channel inbox: the password was refused")
        yield

    async def works(_: str | None) -> AsyncIterator[Batch]:
        heard.append(listener.alarm)
        yield Batch((message(1),), "1")
        await asyncio.Event().wait()

    listener = Listening(Scripted(refused, refused, works), ear(store, book))
    task = asyncio.create_task(listener.run())

    async def logged_without_trouble() -> bool:
        return await logged(store) == 1 and not listener.trouble

    await until(logged_without_trouble)
    assert heard == ["channel inbox: the password was refused"]
    assert listener.alarm == ""
    task.cancel()


async def test_a_fault_in_a_channel_does_not_end_it(store: Store, book: Rulebook) -> None:
    """Even an error that nobody foresaw is rested and tried again."""

    async def breaks(_: str | None) -> AsyncIterator[Batch]:
        raise ZeroDivisionError
        yield

    async def works(_: str | None) -> AsyncIterator[Batch]:
        yield Batch((message(1),), "1")

    task = asyncio.create_task(Listening(Scripted(breaks, works), ear(store, book)).run())

    async def is_logged() -> bool:
        return await logged(store) == 1

    await until(is_logged)
    assert await store.read(lambda c: cursors.read(c, "inbox")) == "1"
    task.cancel()


class Lent(Leasing):
    """A lease that is ours for as long as `ours` says so."""

    ours = True

    def holds(self, name: str) -> bool:
        """Whether this process may read it."""
        return self.ours


async def test_a_process_that_lost_its_lease_shows_no_channel_as_read(store: Store, book: Rulebook) -> None:
    """1 while it reads the mailbox, 0 once another does: the alert asks whether any process shows 1."""
    inbox = Scripted()
    inbox.alone = True
    heard = ear(store, book)
    lent = Lent(store, heard.present, (), lambda: None)
    heard = replace(heard, leases=lent)

    def shown() -> float | None:
        return heard.meter.registry.get_sample_value("ackbot_channel_up", {"channel": "inbox"})

    async def read() -> bool:
        return shown() == 1

    async def left() -> bool:
        return shown() == 0

    listening_now = Listening(inbox, heard)
    assert shown() == 0
    task = asyncio.create_task(listening_now.run())
    await until(read)
    lent.ours = False
    await until(left)
    task.cancel()


# What counts as reading


def fails_after(*batches: Batch) -> Callable[[str | None], AsyncIterator[Batch]]:
    """A line of a script: these batches, and then trouble."""

    async def listen(_: str | None) -> AsyncIterator[Batch]:
        for batch in batches:
            yield batch
        raise Temporary("the server gives no messages")

    return listen


class Opened(Scripted):
    """An inbox that signs in, each time, before its script goes on; it is never ready."""

    def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Run the next line."""
        batches = super().listen(cursor)
        self.ready.clear()
        return batches


@pytest.mark.parametrize(
    ("batches", "is_reading"),
    [((Batch((), "1", position_only=True),), False), ((Batch((), "1"),), False), ((Batch((message(1),), "1"),), True)],
)
async def test_only_messages_end_trouble_that_comes_back_at_once(
    store: Store, book: Rulebook, monkeypatch: pytest.MonkeyPatch, batches: tuple[Batch, ...], *, is_reading: bool
) -> None:
    """Neither a sign-in nor an empty look makes the next pause short again, or begins the time to the alarm anew."""
    monkeypatch.setattr(listening, "LONGEST_PAUSE_SECONDS", 0.5)
    hasty = altered(book, timing=replace(book.clocks.timing, channel_silent_after=timedelta(milliseconds=20)))
    inbox = Opened(*(fails_after(*batches) for _ in range(4)))
    listener = Listening(inbox, ear(store, hasty))
    task = asyncio.create_task(listener.run())
    async with asyncio.timeout(5):
        while len(inbox.cursors) < 5 or not (is_reading or listener.alarm):
            await asyncio.sleep(0.005)
    pause = listener._pause
    task.cancel()
    # A message that is known already was read all the same.
    assert pause == (0.02 if is_reading else 0.16)


async def test_a_quiet_start_is_no_sign_of_health(
    store: Store, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inbox that is neither ready nor heard of for a while counts as tried, and its trouble stays."""
    monkeypatch.setattr(listening, "LONGEST_FIRST_WAIT_SECONDS", 0.02)
    inbox = Opened(fails_after())
    listener = Listening(inbox, ear(store, book))
    task = asyncio.create_task(listener.run())
    async with asyncio.timeout(5):
        while len(inbox.cursors) < 2:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
    assert listener.tried.is_set()
    assert "gives no messages" in listener.trouble
    inbox.ready.set()
    task.cancel()


async def test_the_alarm_comes_when_the_time_is_over_and_not_with_the_next_attempt(
    store: Store, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the pause is in which it falls."""
    for name in ("FIRST_PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS"):
        monkeypatch.setattr(listening, name, 60.0)
    hasty = altered(book, timing=replace(book.clocks.timing, channel_silent_after=timedelta(milliseconds=100)))
    inbox = Scripted(fails_after())
    listener = Listening(inbox, ear(store, hasty))
    task = asyncio.create_task(listener.run())
    async with asyncio.timeout(5):
        while not listener.alarm:
            await asyncio.sleep(0.005)
    assert inbox.cursors == [None]
    task.cancel()


# The instant of receipt

AHEAD = timedelta(days=365)


def _as_mail(at: datetime) -> Inbound:
    return mime.read(b"From: p@residents.example\r\nSubject: x\r\n\r\nwords\r\n", channel="inbox", received_at=at)


def _as_post(at: datetime) -> Inbound:
    return replace(message(1), channel="mastodon", post=Post(), received_at=at)


def _as_form(at: datetime) -> Inbound:
    return replace(message(1), channel="website", told_by="at once", received_at=at)


def _as_call(at: datetime) -> Inbound:
    return replace(message(1), channel="desk", medium="phone", received_at=at)


@pytest.mark.parametrize("kind", [_as_mail, _as_post, _as_form, _as_call])
@pytest.mark.parametrize("ahead", [timedelta(seconds=5), AHEAD, timedelta(days=365 * 73)])
async def test_nothing_is_received_later_than_now(
    store: Store, book: Rulebook, kind: Callable[[datetime], Inbound], ahead: timedelta
) -> None:
    """On no channel, whatever the clock of its provider says; what was received before keeps its instant."""
    batch_logger = ear(store, book)
    now = batch_logger.present.now()
    await batch_logger.log(Batch((kind(now + ahead),)), Reading("inbox"))
    await batch_logger.log(Batch((replace(kind(now - AHEAD), external_id="older", digest="e" * 64),)), Reading("inbox"))
    newest, oldest = sorted((contact.received_at for contact in await store.read(contacts.list_all)), reverse=True)
    assert now <= newest <= batch_logger.present.now()
    assert oldest == now - AHEAD
