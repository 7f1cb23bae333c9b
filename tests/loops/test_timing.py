"""Every number of `[alerts]` changes what it says, and nothing else needs to be set for it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, text

from bot.channel import Batch, Inbox, Temporary
from bot.core import alerting, escalations, links
from bot.core.alerting import Occasion
from bot.core.books import Book, Matter
from bot.core.contacts import Contact
from bot.core.deliveries import Purpose, State
from bot.core.durations import duration
from bot.core.escalations import PROGRESS, RESPOND_LADDER, Window
from bot.core.messages import Inbound
from bot.core.retention import Retention
from bot.core.standards import standard
from bot.core.timing import Timing
from bot.flows import escalate
from bot.flows.desk import linked
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import alert, deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt
from bot.flows.rulebook import Rulebook, Team
from bot.loops import listening
from bot.loops.leasing import Leasing
from bot.loops.listening import Listening
from bot.loops.tending import SelfWatch
from bot.loops.timetabling import Timetable
from bot.present import Present
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, STANDARD, Make
from tests.flows.desk import again, logged
from tests.flows.test_urgent import GAS
from tests.loops.test_listening import Scripted, ear
from tests.rulebooks import altered

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET = b"s" * 32
ROBOT = {"From": "Resident 1 <resident1@residents.example>", "Auto-Submitted": "auto-replied"}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "FIRST_PAUSE_SECONDS", 0.05)


class SetByHand(Present):
    """A clock that is set by hand."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        """What it shows."""
        return self.at


@dataclass
class Bench:
    """A store and a rulebook with some timing; `mail` makes messages."""

    store: Store
    book: Rulebook
    mail: Make

    @property
    def timing(self) -> Timing:
        """Its numbers."""
        return self.book.clocks.timing

    async def log(self, message: Inbound | None = None, **changes: Any) -> Contact:
        """A contact with its receipt, as it stands after some changes."""

        def work(connection: Any) -> Contact:
            contact = logged(connection, self.book, message or self.mail())
            if changes:
                contacts.put(connection, contact.id, changes)
            return again(connection, contact.reference)

        return await self.store.write(work)

    async def receive(self, message: Inbound, at: datetime) -> None:
        """It comes in at that instant."""
        batch, reading = Batch((message,)), Reading(message.channel)
        await self.store.write(lambda c: receive(c, batch, reading, at, self.book, Capacity()))

    async def count(self, purpose: Purpose) -> int:
        """How many deliveries there are of that purpose."""
        query = select(deliveries.c.id).where(deliveries.c.purpose == purpose)
        return len(await self.store.read(lambda c: c.execute(query).all()))


async def receipt_late(bench: Bench) -> Any:
    """How long after a contact came it is looked at first."""
    look: datetime = bench.book.clocks.opening(NOW, Matter())["next_look_at"]
    return look - NOW


async def window_warnings(bench: Bench) -> Any:
    """How long before a platform's windows close it is warned."""
    receipt, answer = Window(DAY, 7 * DAY).looks(NOW + 7 * DAY, bench.timing)
    return NOW + DAY - receipt, NOW + 7 * DAY - answer


async def assigned_by(bench: Bench) -> Any:
    """When somebody must have a contact."""
    return bench.book.clocks.assign_by(await bench.log(assigned_at=None))


async def progress(bench: Bench) -> Any:
    """When the person hears that we are still at it."""
    book = altered(bench.book, promises=Book((standard(STANDARD | {"progress": "halfway"}, "general.toml"),)))
    contact = await bench.log()
    rungs = book.clocks.single_rungs(contact, book.clocks.of(contact, ()), book.window(contact))
    return [at for at, step in rungs if step is PROGRESS]


async def reminded(bench: Bench) -> Any:
    """When staff are reminded of a pause."""
    contact = await bench.log(paused_at=NOW)
    return [at for at, _ in escalations.single_rungs(contact, Window(), bench.timing)]


async def helpers(bench: Bench) -> Any:
    """Who is told beside an owner who has taken nothing in two steps."""
    team = Team("front", ("staff@example.gov.uk",), "post", {"lead": ("lead@example.gov.uk",)})
    contact = await bench.log(owner="bo@example.gov.uk", respond_step=2)
    alerts = alert.step_alerts(contact, RESPOND_LADDER[2], NOW, altered(bench.book, teams={"front": team}))
    return [delivery.recipient for delivery in alerts[1:]]


async def next_look(bench: Bench) -> Any:
    """When a contact behind its last step is looked at."""
    return escalations.look(await bench.log(), NOW, (), (), (), bench.timing).next_look_at


async def look_after_fault(bench: Bench) -> Any:
    """When one that cannot be read is looked at again."""
    contact = await bench.log()
    await bench.store.write(lambda c: c.execute(text("UPDATE contacts SET standard = 'gone', calendar = 'scotland'")))
    await bench.store.write(lambda c: escalate.escalate(c, NOW + DAY, 10, bench.book))
    return (await bench.store.read(lambda c: again(c, contact.reference))).next_look_at


async def called_again(bench: Bench) -> Any:
    """When the next person is called."""
    contact = await bench.log(urgent_at=NOW)
    return escalations.look(contact, NOW, (), (), (), bench.timing).urgent_at


async def calls(bench: Bench) -> Any:
    """How many are called about what came two hours ago."""
    bench.book = altered(bench.book, urgent=(GAS,))
    await bench.receive(replace(bench.mail(text="I smell gas"), received_at=NOW - 2 * HOUR), NOW)
    return await bench.count(Purpose.URGENT)


async def repeated_calls(bench: Bench) -> Any:
    """How many are called at once about what one person writes of, and writes of anew 20 minutes later."""
    bench.book = altered(bench.book, urgent=(GAS,))
    for number, words in ((0, "I smell gas"), (1, "Gas! I smell gas!")):
        message = bench.mail(number + 1, text=words, From="Sam <sam@residents.example>")
        await bench.receive(message, NOW + number * HOUR / 3)
    return await bench.count(Purpose.URGENT)


async def quiet_steps(bench: Bench) -> Any:
    """How many steps are told although staff have asked for quiet."""
    contact = await bench.log(quiet_until=NOW + DAY)
    occasions = [Occasion(Purpose.ALERT, step) for step in RESPOND_LADDER]
    return sum(alerting.is_wanted(occasion, contact, NOW, bench.timing) for occasion in occasions)


async def quiet_choices(bench: Bench) -> Any:
    """Until when a link offers quiet."""
    bench.book = altered(bench.book, secret=SECRET)
    token = links.token(1, (await bench.log()).id, NOW + HOUR, SECRET)
    shown = await bench.store.read(lambda c: linked.show(c, token, NOW, bench.book))
    return [until for until, _ in shown.quiet] if shown else None


async def link_ends(bench: Bench) -> Any:
    """When the link of an alert ends."""
    site = "https://contact.example.gov.uk"
    constants = {"organisation": "Exampleshire Council", "phone": "", "website": "", "bsl_url": "", "site": site}
    directories = tuple(p / "templates" for p in PACKAGED if (p / "templates").is_dir())
    writer = MessageWriter(Composer(directories, constants), altered(bench.book, website=site), SECRET)
    contact = await bench.log()
    alerts = alert.step_alerts(contact, RESPOND_LADDER[2], NOW, bench.book)
    await bench.store.write(lambda c: outbox.queue(c, alerts))
    (*_, delivery) = await bench.store.read(lambda c: outbox.of_contact(c, contact.id))
    mail = writer.write(Claimed(delivery, contact), NOW).content.decode().replace("=\r\n", "")
    address = re.search(r"/alerts/([\w.-]+)", mail)
    link = links.read(address[1], SECRET) if address else None
    return link and link.ends_at


async def horizon(bench: Bench) -> Any:
    """Up to when something is due soon."""
    return bench.book.clocks.daily_list(NOW).horizon


async def told_that_it_was_added(bench: Bench) -> Any:
    """How often a person hears of it who writes again twice within two hours."""
    await bench.log()
    answer = {"In-Reply-To": "<1@residents.example>", "From": "Resident 1 <resident1@residents.example>"}
    for hours in (1, 3):
        message = bench.mail(hours + 1, text=f"And {hours} more", **answer)
        await bench.receive(replace(message, received_at=NOW + hours * HOUR), NOW + hours * HOUR)
    return await bench.count(Purpose.ADDED)


async def muted(bench: Bench) -> Any:
    """Whether a person has nothing automatic any more whose program has answered once."""
    contact = await bench.log()
    await bench.receive(bench.mail(2, Subject=contact.reference, **ROBOT, In_Reply_To="<1@residents.example>"), NOW)
    return (await bench.store.read(lambda c: again(c, contact.reference))).muted


async def loop_alarms(bench: Bench) -> Any:
    """How many notices follow one mail of our own."""
    bench.book = altered(bench.book, triage=replace(bench.book.intake.triage, own=bench.book.intake.own))
    await bench.receive(bench.mail(2, From="us@example.gov.uk"), NOW)
    return await bench.count(Purpose.NOTICE)


async def silence_alarm(bench: Bench) -> Any:
    """Whether a channel that fails for some milliseconds is an alarm."""

    async def fails(_: str | None) -> AsyncIterator[Batch]:
        raise Temporary("the line was dropped")
        yield

    inbox = Scripted(fails, fails)
    listener = Listening(cast("Inbox", inbox), ear(bench.store, bench.book))
    running = asyncio.create_task(listener.run())
    alarm = ""
    while len(inbox.cursors) < 3:
        await asyncio.sleep(0.01)
        alarm = alarm or listener.alarm
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return bool(alarm)


async def alarms(bench: Bench, stepped: timedelta = timedelta(0), *, minutes: float = 0) -> list[str]:
    """What the service says of itself some minutes later."""
    watch = SelfWatch(bench.store, bench.book, SetByHand(NOW + timedelta(minutes=minutes)), lambda: None)
    await watch.look(stepped)
    query = select(deliveries.c.key).where(deliveries.c.purpose == Purpose.NOTICE)
    keys = await bench.store.read(lambda c: c.execute(query).scalars().all())
    return [key.split(":")[2] for key in keys]


async def late_alerts(bench: Bench) -> Any:
    """What is said of an alert that has waited for twenty minutes."""
    contact = await bench.log(next_look_at=NOW + DAY)
    waiting = [
        replace(delivery, attempts=3, state=State.TEMPORARY_FAILURE)
        for delivery in alert.handed_over(contact, NOW, bench.book)
    ]
    await bench.store.write(lambda c: outbox.queue(c, waiting))
    return await alarms(bench, minutes=20)


async def late_looks(bench: Bench) -> Any:
    """What is said of a look that is two minutes late."""
    await bench.log(next_look_at=NOW)
    return await alarms(bench, minutes=2)


async def jumps(bench: Bench) -> Any:
    """What is said of a clock that has jumped by two minutes."""
    return [name.split(" ")[0] for name in await alarms(bench, timedelta(minutes=2))]


async def flickers(bench: Bench) -> Any:
    """How many notices an alarm makes that was not seen for three minutes."""
    present = SetByHand(NOW)
    watch = SelfWatch(bench.store, bench.book, present, lambda: None)
    contact = await bench.log(next_look_at=NOW - HOUR)
    await watch.look(timedelta(0))
    await bench.store.write(lambda c: contacts.put(c, contact.id, {"next_look_at": NOW + DAY}))
    present.at = NOW + timedelta(minutes=3)
    await watch.look(timedelta(0))
    return await bench.count(Purpose.NOTICE)


async def late_events(bench: Bench) -> Any:
    """How many notices follow an event that is not taken after ninety minutes."""
    at = NOW + 1.5 * HOUR
    (notice,) = alert.notices("front", "x", NOW, bench.book)
    event = replace(notice, purpose=Purpose.EVENT, channel="crm", recipient="crm", key="event:1:crm")
    await bench.store.write(lambda c: outbox.queue(c, [event]))

    def attempt(connection: Any) -> None:
        claimed = deliver.claim(connection, "crm", at, deliver.ClaimTerms(), 10, bench.book)
        deliver.record(connection, [Attempt(claim.delivery, at, Temporary("503")) for claim in claimed], bench.book)

    await bench.store.write(attempt)
    return await bench.count(Purpose.NOTICE)


def timetable(bench: Bench, at: datetime) -> Timetable:
    """The jobs of the calendar at that instant."""
    present = Present(at, 0.001)
    leases = Leasing(bench.store, present, (), lambda: None)
    keep, checked = Retention(183 * DAY), date(2026, 6, 1)
    return Timetable(bench.store, bench.book, present, lambda: None, leases, keep=keep, calendar_checked=checked)


async def times_of_the_list(bench: Bench) -> Any:
    """When the daily list leaves, and whether a start at four makes up for it."""
    jobs = timetable(bench, datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    scheduler = jobs.start()
    digest = scheduler.get_job("digest").trigger
    leaves_at = jobs._present.from_wall(digest.get_next_fire_time(None, datetime.now(UTC)))  # noqa: TID251
    is_made_up_for = scheduler.get_job("digest missed") is not None
    scheduler.shutdown(wait=False)
    return f"{leaves_at + timedelta(seconds=1):%H:%M}", is_made_up_for


async def reviews(bench: Bench) -> Any:
    """How many standards are named 61 days before their review."""
    reviewed = standard(STANDARD | {"review_by": date(2027, 1, 23)}, "general.toml")
    bench.book = altered(bench.book, promises=Book([reviewed]))
    await timetable(bench, NOW).reviews()
    return await bench.count(Purpose.NOTICE)


async def holidays(bench: Bench) -> Any:
    """How many notices there are 175 days after the last look at the bank holidays."""
    await timetable(bench, NOW).calendar_age()
    return await bench.count(Purpose.NOTICE)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November or December 2026."""
    return datetime(2026, 11, 1, hour, minute, tzinfo=UTC) + timedelta(days=day - 1)


Observe = Callable[[Bench], Awaitable[Any]]
# Another value for each key; what is observed by the usual one, and by that one.
EFFECTS: dict[str, tuple[Any, Observe, Any, Any]] = {
    "receipt_late_after": (HOUR, receipt_late, HOUR / 4, HOUR),
    "receipt_window_warning": (HOUR, window_warnings, (4 * HOUR, DAY), (HOUR, DAY)),
    "answer_window_warning": (2 * DAY, window_warnings, (4 * HOUR, DAY), (4 * HOUR, 2 * DAY)),
    "assign_within": (duration("1 working hour"), assigned_by, at(23, 13, 15), at(23, 10, 15)),
    "progress_at": (0.1, progress, [at(31, 0)], [at(25, 0)]),
    "long_pause": (DAY, reminded, [NOW + 14 * DAY], [NOW + DAY]),
    "steps_before_lead": (3, helpers, ["lead@example.gov.uk"], []),
    "look_again_after": (DAY, next_look, NOW + 7 * DAY, NOW + DAY),
    "look_again_after_fault": (2 * HOUR, look_after_fault, NOW + DAY + HOUR, NOW + DAY + 2 * HOUR),
    "urgent_again_after": (HOUR, called_again, NOW + HOUR / 4, NOW + HOUR),
    "urgent_once_within": (HOUR, repeated_calls, 2, 1),
    "urgent_within": (HOUR, calls, 1, 0),
    "never_quiet_from": (0.75, quiet_steps, 3, 4),
    "quiet_choices": (
        (duration("30 minutes"), duration("1 working day")),
        quiet_choices,
        ["2026-11-23T11:15+00:00", "2026-11-24T09:00+00:00", "2026-11-25T09:00+00:00", "2026-11-30T09:00+00:00"],
        ["2026-11-23T09:45+00:00", "2026-11-24T09:00+00:00"],
    ),
    "quiet_morning": (
        time(10, 30),
        quiet_choices,
        ["2026-11-23T11:15+00:00", "2026-11-24T09:00+00:00", "2026-11-25T09:00+00:00", "2026-11-30T09:00+00:00"],
        ["2026-11-23T11:15+00:00", "2026-11-24T10:30+00:00", "2026-11-25T10:30+00:00", "2026-11-30T10:30+00:00"],
    ),
    "links_valid_for": (DAY, link_ends, NOW + 14 * DAY, NOW + DAY),
    "list_at": (time(7, 45), times_of_the_list, ("08:30", True), ("07:45", True)),
    "list_not_after": (time(15), times_of_the_list, ("08:30", True), ("08:30", False)),
    "list_ahead_working_days": (1, horizon, at(26, 0) - timedelta(seconds=1), at(25, 0) - timedelta(seconds=1)),
    "added_told_once_in": (HOUR, told_that_it_was_added, 1, 2),
    "automatic_mails_a_day": (1, muted, False, True),
    "own_mails_a_day": (1, loop_alarms, 0, 1),
    "channel_silent_after": (timedelta(milliseconds=10), silence_alarm, False, True),
    "alerts_late_after": (HOUR, late_alerts, ["alerts by post"], []),
    "looks_late_after": (HOUR, late_looks, ["looks"], []),
    "clock_jump": (HOUR, jumps, ["clock"], []),
    "alarm_over_after": (HOUR, flickers, 2, 1),
    "events_late_after": (2 * HOUR, late_events, 1, 0),
    "review_told_before": (61 * DAY, reviews, 0, 1),
    "holidays_checked_within": (174 * DAY, holidays, 0, 1),
}


def test_every_number_is_tried() -> None:
    """None is forgotten here."""
    assert set(EFFECTS) == {field.name for field in fields(Timing)}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("is_set", [False, True], ids=["as usual", "set"])
@pytest.mark.parametrize("key", EFFECTS)
async def test_a_number_changes_what_it_says(store: Store, book: Rulebook, mail: Make, key: str, is_set: bool) -> None:  # noqa: FBT001
    """By its usual value, and by another one."""
    value, observe, usually, otherwise = EFFECTS[key]
    timing = Timing(**{key: value}) if is_set else Timing()
    assert await observe(Bench(store, altered(book, timing=timing), mail)) == (otherwise if is_set else usually)
