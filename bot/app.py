"""The composition root: settings -> parts -> running service. It alone knows every part."""

import asyncio
import importlib
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import garbage, log
from bot.channel import Channel, Covered, Folder, Inbox, Sender, is_read_alone
from bot.core import urgencies
from bot.flows import board
from bot.flows.desk import backlog
from bot.flows.outgoing import after_restore, release
from bot.flows.rulebook import Rulebook
from bot.kinds import build_channels, inboxes_of, outlets_of
from bot.loops import (
    catching_up,
    refreshing,
    safekeeping,
    stepping,
    supervising,
)
from bot.loops.answering import Answering
from bot.loops.covering import Covering
from bot.loops.leasing import TIMETABLE, Leasing
from bot.loops.listening import BatchLogger, Listening
from bot.loops.metering import Meter
from bot.loops.news import News
from bot.loops.sending import Senders, SendingContext, Writing
from bot.present import REHEARSAL, Present
from bot.settings import rulebook
from bot.settings.reading import Settings
from bot.store import cursors, outbox
from bot.store.engine import Store, StoreUnavailable
from bot.web import server
from bot.web.later import Later
from bot.web.public.health import Health
from bot.wire.descriptors import FailedAccepts

if TYPE_CHECKING:
    from bot.flows.outgoing.compose import MessageWriter

logger = log.get("app")

DRAIN_SECONDS = 9.0
# A rehearsal cannot hurry a mail server: a receipt has at least this long on the wall to leave.
RECEIPT_PATIENCE_ON_THE_WALL_SECONDS = 5.0
PROBE_SECONDS = 1.0
LOADS_AFTER_SECONDS = 1.5  # once the start is over
REHEARSAL_WAITS_SECONDS = 30.0
ROLES = frozenset({"listen", "send", "watch", "web"})


def _answers_to(inbox: Inbox) -> str:
    """Return the inbox whose answers are in this one; "" where it is no folder of answers."""
    return inbox.answers_to if isinstance(inbox, Folder) else ""


def _leased(inboxes: Sequence[Inbox], roles: frozenset[str], answered: Collection[str]) -> list[str]:
    """Return what one process at a time does; whoever reads an inbox in `answered` reads the folder of its answers."""
    names = [inbox.name for inbox in inboxes if is_read_alone(inbox) and _answers_to(inbox) not in answered]
    return names + ([TIMETABLE] if "watch" in roles else [])


def _rulebook(
    configured: Settings, channels: Mapping[str, Channel], present: Present, restored_at: datetime | None
) -> Rulebook:
    outlets = outlets_of(channels)
    senders = {name: outlet.sender for name, outlet in outlets.items() if isinstance(outlet, Sender)}
    book = rulebook.build(configured, senders, {name: outlet.limits for name, outlet in outlets.items()})
    late_after = max(book.clocks.timing.receipt_late_after, present.wall(RECEIPT_PATIENCE_ON_THE_WALL_SECONDS))
    timing = replace(book.clocks.timing, receipt_late_after=late_after)
    return replace(book, clocks=replace(book.clocks, timing=timing), restored_at=restored_at)


class Service:
    """The running service: `start`, then `stop`. `roles` are the parts to run."""

    def __init__(
        self,
        configured: Settings,
        present: Present,
        *,
        roles: frozenset[str] = ROLES,
        sent_mail: Path | None = None,
        restored_at: datetime | None = None,
    ) -> None:
        self.settings, self.present, self.roles = configured, present, roles
        self.channels = build_channels(configured)
        self.book = _rulebook(configured, self.channels, present, restored_at)
        self.store = Store(configured.store.url, configured.store.secrets)
        safekeeping.entrust(self.channels.values(), self.store, present, self.book.secret)
        self.meter = Meter()
        self._sent_mail = sent_mail
        outlets = outlets_of(self.channels) if "send" in roles else {}
        inboxes = inboxes_of(self.channels) if "listen" in roles else []
        self._answering = self._answered(inboxes)
        leases = self.leases = Leasing(self.store, present, _leased(inboxes, roles, self._answering), self._wake)
        self._writing = Writing(self._writer)
        self._news = News(self._wake)
        context = SendingContext(self.store, self.book, self._writing, present, self.meter, leases, self._news)
        self.senders = Senders([*outlets.values()], context)
        self.logger = BatchLogger(self.store, self.book, present, self.meter, self.senders, leases)
        self.listeners = [
            Listening(inbox, self.logger, self._answering.get(_answers_to(inbox) or inbox.name)) for inbox in inboxes
        ]
        covered = {name: c for name, c in self.channels.items() if isinstance(c, Covered)}
        self.covering = Covering(covered, self.meter, self.store, present)
        self._tasks: list[asyncio.Task[None]] = []
        self._loading_fault = ""
        self._pages = Later(self._build_pages)
        self._runner: web.AppRunner | None = None
        self._timetable: Any = None
        self._probed, self._probing = (float("-inf"), list[str]()), asyncio.Lock()
        self._is_ready = asyncio.Event()

    def _writer(self) -> "MessageWriter":
        from bot import letters  # noqa: PLC0415 - for the first message, or when there is time

        return letters.writer(self.settings, self.book)

    def _answered(self, inboxes: Sequence[Inbox]) -> dict[str, Answering]:
        """Return what is known of each inbox that has a folder of answers, and whose receipts leave."""
        names = {_answers_to(inbox) for inbox in inboxes} - {""}
        outlets = {name: way.outlet for name, way in self.book.ways.items() if name in names and way.outlet}
        return {name: Answering(name, outlet, self.store, self.present) for name, outlet in outlets.items()}

    async def start(self) -> None:
        """Open the store, start every loop, then the pages."""
        self.store.open()
        await self.leases.begin()
        await self.store.write(self._begin)
        await catching_up.catch_up(self.store, self.book, self.present, self._wake)
        self._run("leasing", self.leases.run)
        self._run("refreshing", partial(refreshing.refresh, self.store, self.book, self.present, self._news))
        if self.store.is_shared:
            # Its driver takes a tenth of a second to import, which a service on SQLite need not spend.
            from bot.loops import waking  # noqa: PLC0415

            self._run("waking", partial(waking.be_woken, self.store.url, self._news))
        if "send" in self.roles:
            again_after = self.book.clocks.timing.urgent_again_after
            self._run("stepping", partial(stepping.notice_steps, self.store, self.present, self._wake, again_after))
        for sender in self.senders:
            self._run(f"sending {sender.outlet.name}", sender.run)
        for listener in self.listeners:
            self._run(f"listening {listener.inbox.name}", listener.run)
        if "listen" in self.roles:
            self._run("covering", self.covering.run)
        if "web" in self.roles:
            health = Health(self.problems, lambda: self.covering.found, self._metrics)
            self._runner = await server.serve(server.application(health, self._pages), self.settings.web.listen)
        await self._begin_time()
        self._tasks.append(asyncio.create_task(self._load_or_tell(), name="loading"))

    async def _load_or_tell(self) -> None:
        """Load it; where that fails nobody watches the promises, so the service says that it is not ready."""
        try:
            await self._load_later()
        except Exception as error:
            self._loading_fault = f"a part of the service did not start: {type(error).__name__}: restart it"
            logger.exception("loading.failed")

    async def _load_later(self) -> None:
        """Begin what nothing waits for, and load what the first message, or the first page, would wait for."""
        if not self.present.rehearsal:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOADS_AFTER_SECONDS):
                    await self._is_ready.wait()
        background = await asyncio.to_thread(importlib.import_module, "bot.background")
        if "watch" in self.roles:
            self._watch(background)
        if not self.present.rehearsal:
            self._look_after_itself(background)
        if "web" in self.roles:
            await self._load_pages()
        if {"listen", "web"} & self.roles:
            await asyncio.to_thread(importlib.import_module, "bot.flows.intake.receive")
            await asyncio.to_thread(urgencies.read, self.book.intake.urgent)
        if {"send", "web"} & self.roles:
            await asyncio.to_thread(self._load_letters)
        garbage.collect_as_usual()

    def _watch(self, background: Any) -> None:
        """Start what looks after contacts and their words, of several processes in one."""
        parts = background.Parts(
            self.settings, self.book, self.store, self.present, self.leases, self.channels, self._wake
        )
        for name, loop in background.loops(parts):
            self._run(name, loop)
        self._timetable = background.timetable(parts).start()

    def _look_after_itself(self, background: Any) -> None:
        watch = background.SelfWatch(self.store, self.book, self.present, self._wake)
        watch.listeners, watch.covered = self.listeners, lambda: self.covering.found
        watch.folder, watch.is_leader = self.store.folder, lambda: self.leases.holds(TIMETABLE)
        watch.hand_over = self.senders.hand_over
        self._run("tending", watch.run)
        if url := self.settings.operators.heartbeat.get_secret_value():
            self._run("beating", partial(background.beat, url, self.problems))

    async def _load_pages(self) -> None:
        try:
            await self._pages.ready()
        except Exception:  # whatever it is, it stands in the log, and in `problems`
            logger.exception("pages.not_there")

    def _load_letters(self) -> None:
        from bot.render.words import date_in_words  # noqa: PLC0415

        date_in_words(self.present.now().date())
        if "send" in self.roles:
            self._writing.writer().prepare()

    def _build_pages(self) -> web.Application:
        from bot.letters import composer  # noqa: PLC0415
        from bot.web.pages import pages  # noqa: PLC0415
        from bot.web.site import Site  # noqa: PLC0415

        site = Site(
            settings=self.settings,
            book=self.book,
            store=self.store,
            present=self.present,
            log=self.logger.log,
            channels=self.channels,
            composer=composer(self.settings),
            wake=self._wake,
            problems=self.problems,
            coverage=lambda: self.covering.found,
            metrics=self._metrics,
            sent_mail=self._sent_mail,
        )
        return pages(site)

    async def _begin_time(self) -> None:
        if self.present.rehearsal:
            async with asyncio.timeout(REHEARSAL_WAITS_SECONDS):
                await asyncio.gather(*(listener.tried.wait() for listener in self.listeners))
            self.present.begin()
            text = self.present.as_text()
            await self.store.write(lambda c: cursors.put(c, REHEARSAL, text, self.present.now()))

    def _begin(self, connection: Any) -> None:
        release.begin(connection, self.present.now(), alone=not self.store.is_shared)
        for answering in () if self.store.is_shared else self._answering.values():
            answering.put_off(connection)  # before a sender looks; where there are others, they have sent all the time
        if not self.present.rehearsal:
            cursors.drop(connection, REHEARSAL)
        board.refresh(connection, self.present.now(), self.book)
        if self.book.restored_at is not None:
            outbox.queue(connection, after_restore.notices(self.book.restored_at, self.present.now(), self.book))

    def _run(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(supervising.keep_running(name, loop, self.meter), name=name))

    def _wake(self) -> None:
        self.senders.wake()

    async def problems(self) -> list[str]:
        """Return why the service is not ready; probes at most once a second, however often it is called."""
        async with self._probing:
            loop_time = asyncio.get_running_loop().time()
            if loop_time - self._probed[0] > PROBE_SECONDS:
                self._probed = (loop_time, await self._probe())
            return self._probed[1]

    async def _metrics(self) -> bytes:
        await self.problems()  # brings the gauges up to date, at most once a second
        return self.meter.exposition()

    async def _probe(self) -> list[str]:
        problems = [listener.problem for listener in self.listeners if listener.problem]
        problems += [self._loading_fault] if self._loading_fault else []
        try:
            # A real write: a full disk or a locked file shows here before somebody's message meets it.
            await self.store.write(
                lambda c: cursors.put(c, "probe", self.present.now().isoformat(), self.present.now())
            )
            self.meter.show(await self.store.read(backlog.look), self.present.now())
            self.meter.store_writable.set(1)
        except StoreUnavailable as error:
            self.meter.store_writable.set(0)
            problems.append(f"the store cannot be written: {error}")
        problems += [self._pages.fault] if self._pages.fault else []
        self.meter.ready.set(not problems)
        if not problems:
            self._is_ready.set()
        return problems

    async def stop(self) -> None:
        """Take nothing new, finish what is on its way (within ten seconds), let go of everything."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._timetable is not None:
            self._timetable.shutdown(wait=False)
        listening = [task for task in self._tasks if not task.get_name().startswith(("sending", "leasing"))]
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*(sender.drain() for sender in self.senders))
        except TimeoutError:
            logger.warning("drain.cut_short")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(sender.outlet.close() for sender in self.senders), return_exceptions=True)
        with suppress(StoreUnavailable):
            await self.leases.end()
        await self.store.close()


async def run(service: Service, *, on_start: Callable[[], None] = lambda: None) -> None:
    """Run until SIGTERM or SIGINT, then drain and stop."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.set_exception_handler(FailedAccepts())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Hand-overs between the writer thread and the loop wait for the interpreter lock: 5 ms would be felt in each.
    sys.setswitchinterval(0.001)
    try:
        await service.start()
        logger.info("service.started", rehearsal=service.present.rehearsal, roles=sorted(service.roles))
        on_start()
        await stop.wait()
        logger.info("service.stopping")
    finally:
        await service.stop()
        logger.info("service.stopped")
