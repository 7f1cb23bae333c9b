"""One task for each way in: take a batch, log it, and only then ask for the next."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection

from bot import log
from bot.channel import Batch, ChannelError, Folder, Inbox, Misconfigured, Server, Temporary, is_read_alone
from bot.core.messages import Inbound
from bot.flows.intake.batches import Filed, Reading
from bot.flows.rulebook import Rulebook
from bot.loops.answering import Answering
from bot.loops.leasing import Leasing
from bot.loops.metering import Meter
from bot.loops.sending import Senders
from bot.present import Present
from bot.store import cursors
from bot.store.engine import Store, StoreUnavailable

if TYPE_CHECKING:
    from bot.flows.intake.receive import Received

logger = log.get("listening")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
# What only staff can mend is tried slowly, so that a wrong password does not lock the mailbox.
FIRST_SLOW_PAUSE_SECONDS, LONGEST_SLOW_PAUSE_SECONDS = 15.0, 300.0
LONGEST_FIRST_WAIT_SECONDS = 20.0
# For so long a channel must have listened, or brought messages, before its next trouble is a new one.
STEADY_SECONDS = 20.0
LEASE_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class BatchLogger:
    """What listening needs, whichever channel it is.

    `senders` say how many acknowledgements could leave at once, are handed what was claimed for that, and are woken
    when the outbox holds something besides.
    """

    store: Store
    book: Rulebook
    present: Present
    meter: Meter
    senders: Senders
    leases: Leasing

    async def log(self, batch: Batch, reading: Reading, answering: Answering | None = None) -> list[Filed]:
        """Log a batch in one transaction; returns after the commit. Raises StoreUnavailable or CursorMoved.

        `answering`: what was answered before it was logged is still to be read, and receipts wait for that.
        """
        # It takes as long to import as a tenth of a start, and no message waits for it then.
        from bot.flows.intake.receive import receive  # noqa: PLC0415

        now = self.present.now()
        messages = tuple(self._dated(batch.messages, now))
        capacity = self.senders.capacity()
        if answering is not None:
            capacity = replace(capacity, free={})
        work = partial(
            receive,
            batch=replace(batch, messages=messages),
            reading=reading,
            now=now,
            book=self.book,
            room=capacity,
        )
        if answering is not None:
            work = partial(_keeping_back, work=work, answering=answering)
        try:
            result = await self.store.write(work, in_turn=True)
        except BaseException:
            # It may be committed all the same, and then nobody sends what it claimed.
            self.leases.doubt(capacity.hold.holder)
            raise
        self.senders.accept(result.claimed)
        if result.more:
            self.senders.wake()
        self._count(result.filed, batch, reading.channel)
        return result.filed

    def _count(self, filed: Sequence[Filed], batch: Batch, channel: str) -> None:
        for filing in filed:
            self.meter.logged.labels(channel, filing.outcome if filing.new else "seen before").inc()
        new, of = sum(filing.new for filing in filed), len(batch.messages)
        if new and batch.again:
            logger.warning("reconciliation.found", channel=channel, missed=new, of=of)
            self.meter.missed.labels(channel).inc(new)
        elif of and not batch.again:
            logger.info("batch.logged", channel=channel, new=new, of=of)

    def _dated(self, messages: Sequence[Inbound], now: datetime) -> Iterable[Inbound]:
        """Convert the instants to our time; whatever a provider's clock says, nothing was received later than now."""
        for message in messages:
            moments = (message.received_at, message.sent_at)
            at, sent_at = (moment and self.present.from_wall(moment) for moment in moments)
            at = at and min(at, now)
            is_unchanged = at == message.received_at and sent_at == message.sent_at
            yield message if is_unchanged else replace(message, received_at=at, sent_at=sent_at)


class Listening:
    """Reads one inbox for ever. `tried` is set once it listens or has failed for the first time.

    `trouble` is why it cannot be read now. Trouble that comes back soon after a sign-in or an empty look is the
    same trouble. `reads` says whether it is read at this moment, and by this process.
    `answering` is shared by an inbox and its folder of staff's answers.
    """

    def __init__(self, inbox: Inbox, batch_logger: BatchLogger, answering: Answering | None = None) -> None:
        self.inbox = inbox
        holds_answers = isinstance(inbox, Folder) and bool(inbox.answers_to)
        self._leads = None if holds_answers else answering
        self._follows = answering if holds_answers else None
        # One process reads both, as it must know how far the other one is read.
        self._lease = answering.inbox if answering is not None else inbox.name
        self.tried = asyncio.Event()
        self.trouble = ""
        self.reads = False
        self._staff_must_act = False
        self._logger = batch_logger
        self._silent_after_seconds = batch_logger.book.clocks.timing.channel_silent_after.total_seconds()
        self._failing_since: float | None = None
        self._well_since: float | None = None
        self._pause = FIRST_PAUSE_SECONDS
        batch_logger.meter.channel_up.labels(inbox.name).set(0)

    async def run(self) -> None:
        """Listen, and after trouble listen again: soon after a dropped line, slowly where staff must act."""
        while True:
            try:
                await self._listen_alone()
            except (StoreUnavailable, cursors.CursorMoved) as error:
                await self._rest(error)
            except ChannelError as error:
                if is_read_alone(self.inbox) and self._follows is None:
                    # Another machine may reach what we do not.
                    await self._logger.leases.leave(self.inbox.name, self._pause)
                await self._rest(error)
            except Exception as error:
                logger.exception("channel.fault", channel=self.inbox.name)
                await self._rest(error)

    async def _listen_alone(self) -> None:
        """Where one process at a time should read, only as long as this is the one."""
        if not is_read_alone(self.inbox):
            return await self._listen()
        since = asyncio.get_running_loop().time()
        while not self._may_listen:
            self.tried.set()
            if asyncio.get_running_loop().time() - since > self._silent_after_seconds:
                self._failing_since = None  # for so long another has had no trouble with it
            if self._follows is not None and not self._follows.may_read_answers:
                await self._follows.wait(LEASE_LOOK_SECONDS)
            else:
                await asyncio.sleep(LEASE_LOOK_SECONDS)
        turn = self._turn
        listening = asyncio.ensure_future(self._listen())
        try:
            while self._may_go_on(turn):
                finished, _ = await asyncio.wait({listening}, timeout=LEASE_LOOK_SECONDS)
                if finished:
                    return listening.result()
            if not self._logger.leases.holds(self._lease):
                logger.warning("channel.lease_lost", channel=self.inbox.name)
        finally:
            self.reads = False
            self._logger.meter.channel_up.labels(self.inbox.name).set(0)
            listening.cancel()
            await asyncio.wait({listening})

    @property
    def _may_listen(self) -> bool:
        """Whether this process is the one that reads it, and staff's answers have something to belong to."""
        is_its_turn = self._follows is None or self._follows.may_read_answers
        return is_its_turn and self._logger.leases.holds(self._lease)

    def _may_go_on(self, turn: int) -> bool:
        """Whether that is so still; answers are read anew with each turn of their inbox."""
        return self._may_listen and self._turn == turn

    @property
    def _turn(self) -> int:
        return self._follows.turn if self._follows is not None else 0

    async def _listen(self) -> None:
        name = self.inbox.name
        if self._leads is not None:
            await self._leads.begin()
        reading = Reading(name, await self._logger.store.read(lambda connection: cursors.read(connection, name)))
        try:
            async with aclosing(cast("AsyncGenerator[Batch]", self.inbox.listen(reading.cursor))) as batches:
                await self._log_for_ever(batches, reading)
        finally:
            if self._leads is not None:
                self._leads.lose()

    async def _log_for_ever(self, batches: "AsyncGenerator[Batch]", reading: Reading) -> None:
        """Log batch after batch; answers as long as it is their turn: those that are left are read again then."""
        batch = await self._next(batches)
        while self._follows is None or self._follows.may_read_answers:
            waits = self._leads is not None and self._leads.receipts_leave_at is not None
            try:
                await self._logger.log(batch, reading, self._leads if waits else None)
            except StoreUnavailable as error:
                logger.error("batch.not_logged", channel=self.inbox.name, error=str(error))
                batch = await batches.athrow(Temporary(f"the store cannot take it now: {error}"))
                continue
            if not batch.position_only:
                self._well(has_read=bool(batch.messages or batch.losses.unreadable))
            if batch.up_to_date:
                await self._catch_up()
            reading = Reading(self.inbox.name, batch.cursor or reading.cursor)
            batch = await self._next(batches)

    async def _catch_up(self) -> None:
        """All that was there is logged: now the answers are read, and after them the receipts leave."""
        if self._leads is not None:
            self._leads.catch_up()
        if self._follows is not None and await self._follows.finish():
            self._logger.senders.wake()

    async def _next(self, batches: AsyncGenerator[Batch]) -> Batch:
        if self.inbox.ready.is_set() and self.tried.is_set() and not self.trouble:
            return await anext(batches)  # it is known to be well: under load two tasks less for each batch
        next_batch = asyncio.ensure_future(anext(batches))
        try:
            listening = asyncio.ensure_future(self.inbox.ready.wait())
            await asyncio.wait(
                {next_batch, listening}, timeout=LONGEST_FIRST_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            listening.cancel()
            if not next_batch.done():
                self._well() if self.inbox.ready.is_set() else self.tried.set()
            return await next_batch
        finally:
            # The inbox must have let go before it is closed.
            next_batch.cancel()
            await asyncio.wait({next_batch})

    @property
    def problem(self) -> str:
        """Why the service is not ready, as far as this inbox goes; "" when it is.

        A mailbox of somebody else's may be out of reach for a while, and the rest goes on; where others bring us
        something, we must be there.
        """
        if not self.tried.is_set():
            return f"channel {self.inbox.name}: not listening yet"
        accepts_calls = isinstance(self.inbox, Server)
        return f"channel {self.inbox.name}: {self.trouble}" if self.trouble and accepts_calls else ""

    @property
    def alarm(self) -> str:
        """The trouble where staff must act, or it lasts for too long; "" otherwise."""
        if not self.trouble or self._failing_since is None:
            return ""
        lasts = asyncio.get_running_loop().time() - self._failing_since >= self._silent_after_seconds
        return self.trouble if self._staff_must_act or lasts else ""

    def _well(self, *, has_read: bool = False) -> None:
        if self.trouble:
            logger.info("channel.recovered", channel=self.inbox.name)
        self.tried.set()
        self.trouble = ""
        self._well_since = self._well_since or asyncio.get_running_loop().time()
        if has_read:
            self._begin_anew()
        self.reads = True
        self._logger.meter.channel_up.labels(self.inbox.name).set(1)

    def _begin_anew(self) -> None:
        self._failing_since, self._pause = None, FIRST_PAUSE_SECONDS

    async def _rest(self, error: Exception) -> None:
        staff_must_act = isinstance(error, Misconfigured)
        loop_time = asyncio.get_running_loop().time()
        if self._well_since is not None and loop_time - self._well_since >= STEADY_SECONDS:
            self._begin_anew()
        self._well_since, self._staff_must_act = None, staff_must_act
        self._failing_since = self._failing_since or loop_time
        self.trouble = str(error) or type(error).__name__
        self.reads = False
        self._logger.meter.channel_up.labels(self.inbox.name).set(0)
        self.tried.set()
        first, longest = (
            (FIRST_SLOW_PAUSE_SECONDS, LONGEST_SLOW_PAUSE_SECONDS)
            if staff_must_act
            else (FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        )
        pause = min(max(self._pause, first), longest)
        logger.warning("channel.trouble", channel=self.inbox.name, error=self.trouble, pause_seconds=pause)
        self._pause = min(pause * 2, longest)
        await asyncio.sleep(pause)


def _keeping_back(connection: Connection, work: "Callable[[Connection], Received]", answering: Answering) -> "Received":
    """Log, and let no receipt leave of what was logged."""
    received = work(connection)
    answering.keep_back(connection)
    return received
