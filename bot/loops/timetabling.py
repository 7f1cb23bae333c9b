"""What recurs by the calendar: the daily digest, forgetting, the age of the calendar. APScheduler keeps the times."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Connection

from bot import log
from bot.core.retention import Retention
from bot.core.subkeys import Use, subkey
from bot.flows import board, promise
from bot.flows.changes import forget, needs, origins
from bot.flows.desk import public_posts
from bot.flows.outgoing import access, alert
from bot.flows.rulebook import Rulebook
from bot.loops.leasing import TIMETABLE, Leasing
from bot.present import Present
from bot.store import chain, clocks, cursors, leases, outbox, staff, throttles, tokens, words
from bot.store.engine import Store

logger = log.get("timetabling")

FORGET_AT_ONCE = 500
ANSWERS_KEPT = timedelta(days=1)
# Of a process that ended so long ago nobody has to know.
DEAD_FOR = timedelta(days=1)
# When words whose time of keeping is over were last removed, and how long ago that may be when a process starts.
FORGOTTEN = "forgotten"
FORGETS_EVERY = timedelta(days=1)
# Between two steps the writer is free for what comes in.
TIDY_RESTS_SECONDS = 0.05
_ROUNDED = timedelta(microseconds=1)


class OurTime(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """A crontab in our time, told to APScheduler in the wall clock's, so that a rehearsal hurries it, too."""

    def __init__(self, present: Present, zone: ZoneInfo, **fields: Any) -> None:
        self._present = present
        self._cron = CronTrigger(timezone=zone, **fields)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The next instant on the wall clock."""
        # A microsecond on the wall is long in a rehearsal: rounded down, the last time would come again, for ever.
        before = self._present.from_wall(previous_fire_time + _ROUNDED) if previous_fire_time else None
        next_time = self._cron.get_next_fire_time(before, self._present.from_wall(now + _ROUNDED))
        return self._present.to_wall(next_time) if next_time else None


class Timetable:
    """The jobs of the calendar; `wake` is called when something may have been put into the outbox."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        present: Present,
        wake: Callable[[], None],
        leases: Leasing,
        *,
        keep: Retention,
        calendar_checked: date,
    ) -> None:
        self._store, self._book, self._present, self._wake = store, book, present, wake
        self._leases, self._keep, self._calendar_checked = leases, keep, calendar_checked

    def start(self) -> AsyncIOScheduler:
        """Begin; the scheduler's `shutdown` ends it. Jobs live in memory: the store remembers what matters."""
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )
        zone, timing = self._book.clocks.default_calendar.zone, self._book.clocks.timing
        jobs: list[tuple[Callable[[], Awaitable[None]], dict[str, int]]] = [
            (self.digest, {"hour": timing.list_at.hour, "minute": timing.list_at.minute}),
            (self.forget, {"hour": 3, "minute": 10}),
            (self.log_head, {"hour": 3, "minute": 40}),
            (self.obey_needs, {"hour": 3, "minute": 50}),
            (self.fill_origins, {"hour": 3, "minute": 55}),
            (self.calendar_age, {"hour": 9, "minute": 0}),
            (self.reviews, {"hour": 9, "minute": 5}),
            (self.token_ends, {"hour": 9, "minute": 10}),
        ]
        for job, at in jobs:
            scheduler.add_job(self._alone, OurTime(self._present, zone, **at), [job], id=job.__name__)
        local = self._present.now().astimezone(zone).time()
        if timing.list_at <= local <= timing.list_not_after:
            # We may have been down at that time; whoever has had today's list is not sent another one.
            scheduler.add_job(self._alone, args=[self.digest], id="digest missed")
        # A machine that is off at night would never forget anything.
        scheduler.add_job(self._alone, args=[self.forget_missed], id="forget missed")
        # What a program before 0032 noted: obeyed from the first start of this one, and from the night after its last.
        scheduler.add_job(self._alone, args=[self.obey_needs], id="needs noted before")
        # The same of how a contact came and with which dates it opened, of a program before 0033.
        scheduler.add_job(self._alone, args=[self.fill_origins], id="origins not noted before")
        scheduler.start()
        return scheduler

    async def _alone(self, job: Callable[[], Awaitable[None]]) -> None:
        """Of several processes one does it; two would do no harm, for whatever they queue has its own key."""
        if self._leases.holds(TIMETABLE):
            await job()

    async def digest(self) -> None:
        """Queue everybody's list on working days; one with nothing in it is not sent."""
        now = self._present.now()
        today = self._book.clocks.default_calendar.day_of(now)
        if not self._book.clocks.default_calendar.is_working_day(today):
            return

        def queue(connection: Connection) -> None:
            board.refresh(connection, now, self._book)
            rows = alert.digests(today.isoformat(), now, self._book, clocks.owners(connection))
            outbox.queue(connection, [*rows, *public_posts.notices(connection, now, self._book)])

        await self._store.write(queue)
        self._wake()

    async def obey_needs(self) -> None:
        """Write to everybody as is noted for them, although an older program noted it, which knew no columns for it."""
        count = await self._store.write(needs.obey_what_stands)
        logger.info("needs.obeyed", count=count)

    async def fill_origins(self) -> None:
        """Say of contacts of an older program how they came, and with which dates they opened, a few hundred a time."""
        is_more = True
        while is_more:
            is_more = await self._store.write(lambda c: origins.fill(c, self._present.now(), self._book))
            await asyncio.sleep(TIDY_RESTS_SECONDS)

    async def forget(self) -> None:
        """Remove whatever is over its time of keeping, a few hundred at a time; the words from the disk, too."""
        now, total, keep = self._present.now(), 0, self._keep
        names_key = subkey(self._book.secret, Use.FORGOTTEN_NAMES)
        contacts_round = partial(forget.forget, keep=keep, now=now, most=FORGET_AT_ONCE, names_key=names_key)
        while (part := await self._store.write(contacts_round)).examined:
            total += part.forgotten
        lines_round = partial(forget.forget_audit_lines, keep=keep, now=now, most=FORGET_AT_ONCE, key=names_key)
        while await self._store.write(lines_round):
            pass
        await self._store.write(lambda c: forget.forget_what_was_left(c, keep, now))
        await self._store.write(lambda c: tokens.drop_answers(c, now - ANSWERS_KEPT))
        if self._store.is_shared:
            await self._store.write(lambda c: leases.forget_dead(c, DEAD_FOR))
        wall = self._present.to_wall(now)
        await self._store.write(lambda c: staff.drop_ended(c, wall))
        while await self._store.write(lambda c: throttles.drop_full(c, wall)):
            pass
        logger.info("contacts.forgotten", count=total)
        begin = True
        while await self._store.write(partial(words.tidy, begin=begin)):
            begin = False
            await asyncio.sleep(TIDY_RESTS_SECONDS)
        await asyncio.to_thread(self._store.flush_log)
        await self._store.write(lambda c: cursors.put(c, FORGOTTEN, now.isoformat(), now))

    async def forget_missed(self) -> None:
        """Do so now where that is longer than a day ago: nothing ran at its time."""
        last = await self._store.read(lambda c: cursors.read(c, FORGOTTEN))
        if last is None or self._present.now() - datetime.fromisoformat(last) > FORGETS_EVERY:
            await self.forget()

    async def log_head(self) -> None:
        """Write the head of the chain over the events to the log."""
        event, link = await self._store.read(chain.head)
        logger.info("audit.head", number=event, head=link.hex())

    async def calendar_age(self) -> None:
        """Tell the operators when nobody has compared the bank holidays with the official list for long."""
        now = self._present.now()
        today = self._book.clocks.default_calendar.day_of(now)
        if today - self._calendar_checked <= self._book.clocks.timing.holidays_checked_within:
            return
        rows = alert.notices(
            None,
            f"calendar-age:{today:%Y-%m}",
            now,
            self._book,
            subject="The bank holidays need a look",
            happened=f"They were last compared with the official list on {self._calendar_checked:%d %B %Y}.",
            action="Compare them with https://www.gov.uk/bank-holidays, then set the new date as checked "
            "in config/calendars/holidays.toml.",
        )
        await self._store.write(lambda connection: outbox.queue(connection, rows))
        self._wake()

    async def reviews(self) -> None:
        """Tell the operators, once, that a standard is to be looked at again."""
        now = self._present.now()
        rows = [
            row
            for standard in promise.due_for_review(self._book.clocks, now, self._book.clocks.timing.review_told_before)
            for row in alert.notices(
                None,
                f"review:{standard.id}:{standard.version}:{standard.review_by}",
                now,
                self._book,
                subject=f"The standard {standard.id} is due for its review",
                happened=f"The standard {standard.title} (version {standard.version}) is to be looked at again by "
                f"{standard.review_by:%d %B %Y}.",
                action="Decide whether it stays. Then set a new review_by in its file, or let a new version follow it.",
            )
        ]
        await self._store.write(lambda connection: outbox.queue(connection, rows))
        self._wake()

    async def token_ends(self) -> None:
        """Tell the operators, once each, that a token of a program soon ends; and once a year which never do."""
        now, zone = self._present.now(), self._book.clocks.default_calendar.zone
        tokens_now = await self._store.read(lambda connection: tokens.usable(connection, now))
        rows = access.soon_expired(tokens_now, now, zone, self._book) + access.never_expiring(
            tokens_now, now, self._book
        )
        await self._store.write(lambda connection: outbox.queue(connection, rows))
        self._wake()
