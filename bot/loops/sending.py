"""One group of tasks for each outlet: claim, hand over several at once, record what came of it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot import log
from bot.channel import ChannelError, Handed, Misconfigured, Outlet, Permanent, Searchable
from bot.core.deliveries import NewDelivery, Purpose, State
from bot.core.messages import Outbound
from bot.flows.intake.batches import Capacity
from bot.flows.outgoing import deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import TO_SENDERS, Attempt, ClaimTerms, NotNeeded, NotTried
from bot.flows.rulebook import Rulebook
from bot.loops.leasing import Leasing
from bot.loops.metering import Meter
from bot.loops.news import News
from bot.present import Present
from bot.store import outbox
from bot.store.engine import Store, StoreUnavailable
from bot.wire.refusals import Doubtful

if TYPE_CHECKING:
    from bot.flows.outgoing.compose import MessageWriter
    from bot.loops.resting import Resting

logger = log.get("sending")

CLAIM_AT_ONCE = 50
RECORD_AT_ONCE = 100
# Longer than any hand-over takes, and than a clock is likely to be wrong by: no claim falls due while its
# holder lives.
HOLD_SECONDS = 4 * 3600.0
BUSY_SECONDS, GATHER_SECONDS = 0.05, 0.025
SHORT_WAIT_SECONDS = 0.02
STORE_RETRY_SECONDS = 0.5
# What was claimed longer ago is asked again whether it is still owed: staff may have answered since.
FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SendingContext:
    """What sending needs, whichever outlet it is. `compose` writes the message as it leaves."""

    store: Store
    book: Rulebook
    compose: Callable[[Claimed, datetime], Outbound]
    present: Present
    meter: Meter
    leases: Leasing
    news: News

    @property
    def terms(self) -> ClaimTerms:
        """The terms of this process's next claim."""
        return ClaimTerms(self.present.wall(HOLD_SECONDS), self.leases.claim_name())


class Writing:
    """Writes each message as it leaves, by a writer that is made for the first of them."""

    def __init__(self, make: "Callable[[], MessageWriter]") -> None:
        self.writer = cache(make)

    def __call__(self, claim: Claimed, now: datetime) -> Outbound:
        """Write it."""
        return self.writer().write(claim, now)


class Sending:
    """Sends what one outlet has to carry. `wake()` says that something new may be due."""

    def __init__(self, outlet: Outlet, context: SendingContext) -> None:
        self.outlet, self._context = outlet, context
        self._store, self._book, self._leases = context.store, context.book, context.leases
        self._present, self._meter = context.present, context.meter
        context.meter.begin_outlet(outlet.name)
        self._wake = asyncio.Event()
        # Each with when it was claimed, by the loop's clock.
        self._ready: asyncio.Queue[tuple[Claimed, float]] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._attempts: asyncio.Queue[Attempt] = asyncio.Queue()
        self._stopping = False
        self._resting: Resting | None = None
        self._typed = asyncio.Lock()

    def wake(self) -> None:
        """Look at the outbox now."""
        self._wake.set()

    @property
    def room(self) -> int:
        """How many more could be sent soon."""
        takes_none = self._stopping or not self._leases.alive or self._is_stopped
        return 0 if takes_none else max(CLAIM_AT_ONCE - self._ready.qsize(), 0)

    @property
    def _is_stopped(self) -> bool:
        """Whether the outlet has refused us, and has taken nothing since."""
        return self._resting is not None and self._resting.is_stopped

    def accept(self, claim: Claimed) -> None:
        """Send what was claimed for this outlet while it was queued."""
        self._ready.put_nowait((claim, asyncio.get_running_loop().time()))

    async def run(self) -> None:
        """Send for ever."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self.outlet.limits.concurrency):
                tasks.create_task(self._send_for_ever())
            tasks.create_task(self._record_for_ever())
            await self._claim_for_ever()

    async def drain(self) -> None:
        """Claim nothing more; wait until what is on its way is recorded. The rest is sent after a restart."""
        self._stopping = True
        while not self._ready.empty():
            self._ready.get_nowait()
            self._ready.task_done()
        await self._ready.join()
        await self._attempts.join()

    async def _claim_for_ever(self) -> None:
        while True:
            self._wake.clear()
            resting = self._resting
            if resting is not None and resting.is_stopped:
                await self._ready.join()  # by then it may work again, and nothing be remembered
                await asyncio.sleep(resting.seconds_left)
            claims = await self._claim()
            for claim in claims:
                self.accept(claim)
            if len(claims) < CLAIM_AT_ONCE:
                await self._wait()
            while self._ready.qsize() >= CLAIM_AT_ONCE:
                self._taken.clear()
                await self._taken.wait()

    async def _claim(self) -> list[Claimed]:
        if self._stopping or not self._leases.alive:
            return []
        outlet, terms, most = self.outlet.name, self._context.terms, 1 if self._is_stopped else CLAIM_AT_ONCE
        try:
            return await self._store.write(
                lambda c: deliver.claim(c, outlet, self._present.now(), terms, most, self._book)
            )
        except BaseException as error:
            # It may be committed all the same, and then nobody sends what it claimed.
            self._leases.doubt(terms.holder)
            if not isinstance(error, StoreUnavailable):
                raise
            logger.error("outbox.not_read", outlet=self.outlet.name, error=str(error))
            await asyncio.sleep(STORE_RETRY_SECONDS)
            return []

    async def _wait(self) -> None:
        """Return when woken, as under load at once, or when something is due: only then is it asked for by a writer."""
        seconds, due = SHORT_WAIT_SECONDS, None
        while not await self._is_woken(seconds) and (due is None or due > self._present.now()):
            try:
                due = await self._store.read(lambda c: outbox.next_due(c, self.outlet.name))
            except StoreUnavailable:
                seconds, due = STORE_RETRY_SECONDS, None
            else:
                at_most = self._present.wall(self._context.news.longest_wait.total_seconds())
                seconds = max(self._present.seconds_until(due, at_most=at_most), 0.001)

    async def _is_woken(self, seconds: float) -> bool:
        """Wait for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._wake.wait()
        return False

    async def _send_for_ever(self) -> None:
        task = asyncio.current_task()
        # Up to Python 3.11 `asyncio.wait_for`, by which the library of SMTP connects, loses a cancellation that comes
        # in the same turn as its result: the service would never stop.
        while task is not None and not task.cancelling():
            claim, claimed_at = await self._ready.get()
            self._taken.set()
            try:
                self._attempts.put_nowait(await self._send_in_turn(claim, claimed_at))
            finally:
                self._ready.task_done()

    async def _send_in_turn(self, claim: Claimed, claimed_at: float) -> Attempt:
        if claim.delivery.purpose is not Purpose.ANSWER:
            return await self._send(claim, claimed_at)
        # What staff typed may have files, which take many times their size in memory: one after another.
        async with self._typed:
            return await self._send(claim, claimed_at)

    async def _send(self, claim: Claimed, claimed_at: float) -> Attempt:
        is_resting = self._resting is not None and self._resting.seconds_left
        if is_resting or not self._leases.stands(claim.claim):
            # For so long out of touch that another may have taken the claim over; where none has, it is given back.
            return _attempt(claim, self._present.now(), NotTried())
        message: Outbound | None = None
        try:
            is_typed = claim.delivery.purpose is Purpose.ANSWER  # its files are read only now
            if is_typed or asyncio.get_running_loop().time() - claimed_at > FRESH_SECONDS:
                claim = await self._asked_again(claim)
            if too_late := deliver.too_late(claim, self._present.now(), self._book):
                raise Permanent(too_late)
            message = self._context.compose(claim, self._present.now())
            receipt = await self._hand_over(claim, message)
        except (NotTried, NotNeeded) as reason:
            return _attempt(claim, self._present.now(), reason)
        except ChannelError as error:
            return _attempt(claim, self._present.now(), self._judged(claim, error), message)
        except Exception as error:
            logger.exception("delivery.fault", outlet=self.outlet.name, delivery=claim.delivery.id)
            return _attempt(claim, self._present.now(), error, message)
        if self._resting is not None and self._resting.succeed(claim.delivery):
            self._resting = None
        return _attempt(claim, self._present.now(), None, message, receipt.external_id)

    async def _hand_over(self, claim: Claimed, message: Outbound) -> Handed:
        """Hand it over, unless the provider has it from an earlier attempt whose answer was lost, or its record."""
        # What has come back is there for certain, and is wanted once more all the same.
        is_lost = claim.delivery.attempts > 1 and claim.delivery.sent_at is None
        if is_lost and claim.delivery.purpose in TO_SENDERS and isinstance(self.outlet, Searchable):
            earlier = await self.outlet.look_up(replace(message, at=claim.delivery.created_at))
            if earlier is not None:
                logger.info("delivery.was_there", outlet=self.outlet.name, delivery=claim.delivery.id)
                return earlier
        return await self.outlet.send(message)

    async def _asked_again(self, claim: Claimed) -> Claimed:
        """The claim as its contact stands now. Raises NotNeeded, or NotTried where that cannot be asked."""
        try:
            current = await self._store.read(lambda c: deliver.asked_again(c, claim, self._present.now(), self._book))
        except StoreUnavailable:
            raise NotTried from None
        if current is None:
            raise NotNeeded
        return current

    def _judged(self, claim: Claimed, error: ChannelError) -> Exception:
        """What an error means, by what else the outlet has refused and taken."""
        if self._resting is None and isinstance(error, Misconfigured | Doubtful):
            from bot.loops.resting import Resting  # noqa: PLC0415 - what is well needs none of it

            self._resting = Resting(self.outlet.name)
        return error if self._resting is None else self._resting.judge(claim.delivery, error)

    async def _record_for_ever(self) -> None:
        loop, recorded_at = asyncio.get_running_loop(), float("-inf")
        while True:
            attempts = [await self._attempts.get()]
            if loop.time() - recorded_at < BUSY_SECONDS:
                # One after another leaves: what follows at once is recorded in the same transaction.
                await asyncio.sleep(GATHER_SECONDS)
            recorded_at = loop.time()
            while len(attempts) < RECORD_AT_ONCE and not self._attempts.empty():
                attempts.append(self._attempts.get_nowait())
            await self._record(attempts)
            for _ in attempts:
                self._attempts.task_done()

    async def _record(self, attempts: list[Attempt]) -> None:
        for attempt, state in zip(attempts, await self._store_until_kept(attempts), strict=True):
            self._count(attempt, state)
        if any(attempt.error for attempt in attempts):
            self.wake()  # a failure may have queued words for staff, and has set a new time to try again

    async def _store_until_kept(self, attempts: list[Attempt]) -> list[State]:
        """Until it is stored: what was handed over must not be forgotten, or it would leave twice."""
        while True:
            try:
                return await self._store.write(lambda connection: self._recorded(connection, attempts))
            except StoreUnavailable as error:
                logger.error("attempts.not_recorded", outlet=self.outlet.name, waiting=len(attempts), error=str(error))
                await asyncio.sleep(STORE_RETRY_SECONDS)

    def _recorded(self, connection: Connection, attempts: list[Attempt]) -> list[State]:
        states = deliver.record(connection, attempts, self._book)
        if any(attempt.delivery.purpose is Purpose.ANSWER for attempt in attempts):
            from bot.flows.changes import answer_outcome  # noqa: PLC0415 - nothing that we send by ourselves needs it

            answer_outcome.count(connection, attempts, self._book)
        if any(a.contact and (a.contact.need_codes or a.contact.wished_language) for a in attempts):
            from bot.flows.changes import formats  # noqa: PLC0415 - most people need none of it

            formats.begin(connection, attempts, self._book)
        return states

    def _count(self, attempt: Attempt, state: State) -> None:
        delivery = attempt.delivery
        if isinstance(attempt.error, NotTried):
            logger.warning("delivery.given_back", outlet=self.outlet.name, delivery=delivery.id)
            return
        if isinstance(attempt.error, NotNeeded):
            logger.info("delivery.not_needed", outlet=self.outlet.name, delivery=delivery.id)
            return
        self._meter.attempts.labels(self.outlet.name, state).inc()
        if attempt.error is None and delivery.purpose is Purpose.ACKNOWLEDGEMENT:
            self._meter.receipt_seconds.observe(max((attempt.at - delivery.created_at).total_seconds(), 0))
        facts = {"outlet": self.outlet.name, "delivery": delivery.id, "purpose": delivery.purpose.value}
        if attempt.error is None:
            logger.info("delivery.sent", **facts, attempt=delivery.attempts)
        else:
            logger.warning("delivery.failed", **facts, attempt=delivery.attempts, error=str(attempt.error))


class Senders:
    """The senders of every outlet: what they could take at once, and who of them is handed what."""

    def __init__(self, outlets: Iterable[Outlet], context: SendingContext) -> None:
        self._context = context
        self._by_outlet = {outlet.name: Sending(outlet, context) for outlet in outlets}

    def __iter__(self) -> Iterator[Sending]:
        return iter(self._by_outlet.values())

    def capacity(self) -> Capacity:
        """How many acknowledgements could leave at once, by outlet, and the terms of such a claim."""
        return Capacity({name: sender.room for name, sender in self._by_outlet.items()}, self._context.terms)

    def accept(self, claims: Iterable[Claimed]) -> None:
        """Hand each claim to the sender of its outlet."""
        for claim in claims:
            self._by_outlet[claim.delivery.channel].accept(claim)

    async def hand_over(self, new: NewDelivery) -> None:
        """Hand over at once what no store can keep. Raises ChannelError, or LookupError where it has no outlet here."""
        from bot.flows.intake.plan import as_stored  # noqa: PLC0415 - once in years

        claim = Claimed(as_stored(new, 0))
        await self._by_outlet[new.channel].outlet.send(self._context.compose(claim, self._context.present.now()))

    def wake(self) -> None:
        """Let every sender look at the outbox now."""
        for sender in self:
            sender.wake()


def _attempt(
    claim: Claimed, at: datetime, error: Exception | None, message: Outbound | None = None, external_id: str = ""
) -> Attempt:
    joined = tuple(companion.delivery for companion in claim.joined)
    return Attempt(claim.delivery, at, error, external_id, joined, message=message, contact=claim.contact)
