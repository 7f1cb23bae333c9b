"""An inbox and its folder of answers: first the one, then the other, then the receipts; and each wait has an end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channel import Batch, Temporary
from bot.core.messages import Inbound
from bot.flows.intake import batches
from bot.flows.rulebook import Rulebook
from bot.loops import answering, listening
from bot.loops.answering import Answering
from bot.loops.leasing import Leasing
from bot.loops.listening import BatchLogger, Listening
from bot.present import Present
from bot.store import outbox
from bot.store.engine import Store
from tests.flows.conftest import Make
from tests.loops.test_listening import ear, until

Script = Callable[[str | None], AsyncIterator[Batch]]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "LEASE_LOOK_SECONDS", 0.01)
    for name in ("FIRST_PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS"):
        monkeypatch.setattr(listening, name, 0.01)


class Folder:
    """An inbox, or the folder of the answers to it, that does what its script says. `order` notes who is read."""

    alone = True

    def __init__(self, name: str, script: Script, order: list[str], *, answers_to: str = "") -> None:
        self.name, self.answers_to = name, answers_to
        self.ready = asyncio.Event()
        self._script, self._order = script, order

    async def check(self) -> str:
        """It is a folder."""
        return "well"

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Do what the script says."""
        self._order.append(self.name)
        self.ready.set()
        async for batch in self._script(cursor):
            yield batch


async def cannot_be_read(_: str | None) -> AsyncIterator[Batch]:
    """The folder is out of reach."""
    raise Temporary("out of reach")
    yield


def holding(*messages: Inbound, wait: asyncio.Event | None = None) -> Script:
    """A folder with these messages, which is read up to date then."""

    async def script(cursor: str | None) -> AsyncIterator[Batch]:
        if wait is not None:
            await wait.wait()
        yield Batch(() if cursor else messages, "1", up_to_date=True)
        await asyncio.Event().wait()

    return script


class Reading:
    """The two folders being read, with one store."""

    def __init__(self, store: Store, logger: BatchLogger, inbox: Script, answers: Script) -> None:
        self.order: list[str] = []
        shared = Answering("inbox", "post", store, logger.present)
        folders = [
            Folder("inbox", inbox, self.order),
            Folder("inbox sent", answers, self.order, answers_to="inbox"),
        ]
        self._store = store
        self._tasks = [asyncio.create_task(Listening(folder, logger, shared).run()) for folder in folders]

    async def due(self) -> int:
        """How many receipts may leave now."""
        due = await self._store.read(lambda c: outbox.next_due(c, "post"))
        return int(due is not None and due <= Present().now())

    async def waiting(self) -> int:
        """How many receipts wait, whenever they leave."""
        query = "SELECT count(*) FROM deliveries WHERE purpose = 'acknowledgement' AND state = 'created'"
        return int(await self._store.read(lambda c: c.exec_driver_sql(query).scalar_one()))

    def end(self) -> None:
        """Read no more."""
        for task in self._tasks:
            task.cancel()


@pytest.fixture
async def read(store: Store, book: Rulebook) -> AsyncIterator[Callable[[Script, Script], Reading]]:
    """Reads an inbox and the answers to it, until the test is over."""
    readings: list[Reading] = []
    logger = ear(store, book)
    leases = Leasing(store, logger.present, ["inbox"], lambda: None)
    await leases.begin()

    def begin(inbox: Script, answers: Script) -> Reading:
        readings.append(Reading(store, replace(logger, leases=leases), inbox, answers))
        return readings[-1]

    yield begin
    for reading in readings:
        reading.end()


def so(truth: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """The same, to be waited for."""

    async def ask() -> bool:
        return truth()

    return ask


def answer(mail: Make, number: int) -> Inbound:
    """What staff wrote to that person."""
    text = "The hole was filled on Friday. Thank you for telling us."
    headers = {"From": "us@example.gov.uk", "To": f"resident{number}@residents.example"}
    return replace(mail(number + 50, text=text, In_Reply_To=f"<{number}@residents.example>", **headers), outgoing=True)


Read = Callable[[Script, Script], Reading]


async def test_answers_wait_for_the_inbox_and_receipts_for_the_answers(store: Store, read: Read, mail: Make) -> None:
    """Whoever is answered gets none; the others' is due as soon as the answers are read."""
    inbox_may, answers_may = asyncio.Event(), asyncio.Event()
    reading = read(holding(mail(1), mail(2), wait=inbox_may), holding(answer(mail, 1), wait=answers_may))
    await until(so(lambda: bool(reading.order)))
    await asyncio.sleep(0.1)
    assert reading.order == ["inbox"], "an answer belongs to nothing yet"
    inbox_may.set()

    async def are_logged() -> bool:
        return await reading.waiting() == 2

    await until(are_logged)
    await until(so(lambda: "inbox sent" in reading.order))
    assert await reading.due() == 0
    answers_may.set()

    async def is_due() -> bool:
        return bool(await reading.due())

    await until(is_due)
    assert await reading.waiting() == 1
    query = "SELECT recipient FROM deliveries WHERE state = 'created'"
    assert await store.read(lambda c: c.exec_driver_sql(query).scalars().all()) == ["resident2@residents.example"]


async def test_answers_that_cannot_be_read_keep_nobody_waiting_for_long(
    read: Read, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To acknowledge is the promise: when the patience is over, the receipt leaves all the same."""
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", 0.5)
    reading = read(holding(mail(1)), cannot_be_read)

    async def is_logged() -> bool:
        return await reading.waiting() == 1

    async def is_due() -> bool:
        return bool(await reading.due())

    await until(is_logged)
    await until(is_due)


async def test_an_inbox_that_cannot_be_read_keeps_no_answer_waiting_for_long(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staff answer what was logged before, and its clock must stop; no new attempt begins a new wait."""
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", 0.5)
    reading = read(cannot_be_read, holding())
    await until(so(lambda: "inbox sent" in reading.order))
    assert reading.order.index("inbox sent") > 1, "the inbox was tried again meanwhile"


async def test_an_inbox_that_is_tried_again_and_again_puts_no_receipt_off_for_ever(
    store: Store, read: Read, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait begins with the first attempt."""
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", 0.5)

    async def brings_mail_and_falls(cursor: str | None) -> AsyncIterator[Batch]:
        if cursor is None:
            yield Batch((mail(1),), "1")
        raise Temporary("the line broke")

    reading = read(brings_mail_and_falls, cannot_be_read)

    async def is_due() -> bool:
        return bool(await reading.due())

    await until(is_due)


async def test_each_inbox_lets_go_of_its_own_receipts_alone(store: Store, book: Rulebook, mail: Make) -> None:
    """Two mailboxes may answer by one outlet."""
    logger = ear(store, book)
    first, second = (Answering(name, "post", store, logger.present) for name in ("inbox", "other"))
    await first.begin()
    await logger.log(Batch((mail(1),)), batches.Reading("inbox"), first)
    await second.begin()
    assert await second.finish() == 0
    assert await first.finish() == 1


async def test_after_each_outage_of_the_inbox_the_answers_are_read_anew(read: Read) -> None:
    """What staff filed during it may be older than the last look into their folder."""
    falls = asyncio.Event()

    async def falls_once(_: str | None) -> AsyncIterator[Batch]:
        yield Batch((), "1", up_to_date=True)
        if not falls.is_set():
            await falls.wait()
            raise Temporary("the line broke")
        await asyncio.Event().wait()

    reading = read(falls_once, holding())
    await until(so(lambda: reading.order == ["inbox", "inbox sent"]))
    falls.set()
    await until(so(lambda: reading.order == ["inbox", "inbox sent", "inbox", "inbox sent"]))


def test_the_patience_ends_before_the_alarm(book: Rulebook) -> None:
    """A receipt that waits for answers is none that has not left in time."""
    assert timedelta(seconds=2 * answering.PATIENCE_SECONDS) < book.clocks.timing.receipt_late_after
