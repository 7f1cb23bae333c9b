"""Refusals of a real mail server, through the real outlet and the sending loop: what becomes of each receipt."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.channel import Batch, Handed, Misconfigured, Permanent, Temporary
from bot.core import deliveries
from bot.core.deliveries import MOST_UNCERTAIN, Delivery, Purpose, State
from bot.core.messages import Outbound
from bot.core.outlets import Limits
from bot.flows.changes import respond
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import NotTried
from bot.flows.rulebook import Rulebook
from bot.loops import resting, sending
from bot.loops.leasing import Leasing
from bot.loops.metering import Meter
from bot.loops.news import News
from bot.loops.resting import MOST_REFUSALS, PEOPLE_IN_A_ROW, Resting
from bot.loops.sending import Sending, SendingContext
from bot.present import Present
from bot.store import contacts
from bot.store.engine import Store
from bot.wire.refusals import Doubtful
from tests.channels.postoffice import outlet
from tests.components.ports import PATIENCE_SECONDS
from tests.flows.conftest import Make
from tests.peers.mail_server import DROP, Attempt, MailServer, Script, Step, takes_all

PEOPLE = 6
STEPS: tuple[Step, ...] = ("MAIL", "RCPT", "DATA", ".")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(deliveries, name, timedelta(milliseconds=10))
    for name in ("FIRST_REST_SECONDS", "LONGEST_REST_SECONDS"):
        monkeypatch.setattr(resting, name, 0.02)


@pytest.fixture
def store_url(store_file: Path) -> str:
    """A new store of one kind: the refusals are the same for all."""
    return f"sqlite:///{store_file}"


def person(number: int) -> str:
    """The address of one who wrote."""
    return f"resident{number}@residents.example"


def written(claim: Claimed, _now: datetime) -> Outbound:
    """A mail for whatever is claimed."""
    to = claim.delivery.recipient
    text = f"From: us@example.gov.uk\r\nTo: {to}\r\nSubject: {claim.delivery.details.get('subject', 'Receipt')}\r\n\r\n"
    return Outbound(to, text.encode(), "us@example.gov.uk", claim.delivery.message_id)


def always(answer: str, step: Step, *to: str) -> Script:
    """This answer at that step: to these people, or to everybody who wrote."""

    def says(now: Step, attempt: Attempt) -> str:
        # At MAIL nobody is named yet.
        is_meant = step == "MAIL" or (attempt.recipient in to if to else "residents" in attempt.recipient)
        return answer if now == step and is_meant else ""

    return says


@asynccontextmanager
async def sent_by(
    store: Store, book: Rulebook, mail: Make, server: MailServer, people: int = PEOPLE
) -> AsyncIterator[Sending]:
    """The sending loop at work, with the receipts of so many people in the outbox."""
    present = Present()
    leases = Leasing(store, present, (), lambda: None)
    await leases.begin()
    context = SendingContext(store, book, written, present, Meter(), leases, News(lambda: None))
    batch = Batch(tuple(mail(number) for number in range(1, people + 1)))
    now = present.now()
    await store.write(lambda c: receive.receive(c, batch, Reading("inbox"), now, book, Capacity()))
    async with outlet(server.port, connections=2) as post:
        sender = Sending(post, context)
        task = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            task.cancel()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.wait({task})


async def rows(store: Store, purpose: Purpose = Purpose.ACKNOWLEDGEMENT) -> list[Any]:
    """Every delivery of a purpose, in order."""
    query = "SELECT recipient, state, next_attempt_at, details FROM deliveries WHERE purpose = '{}' ORDER BY id"
    return await store.read(lambda c: list(c.exec_driver_sql(query.format(purpose))))


async def states(store: Store) -> Counter[str]:
    """How many receipts stand how."""
    return Counter(row.state for row in await rows(store))


async def until(store: Store, truth: Callable[[Counter[str]], bool]) -> Counter[str]:
    """Wait until this is so of the states of the receipts."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not truth(counts := await states(store)):
            await asyncio.sleep(0.01)
    return counts


async def attempted(server: MailServer, count: int) -> None:
    """Wait until the server has been asked so often in all."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(server.attempts) < count:
            await asyncio.sleep(0.01)


ABOUT_US = [
    *(("MAIL", answer) for answer in ("550 5.1.8 Bad outbound sender", "550 5.7.1 Not your address")),
    *((step, "550 5.4.5 Daily sending quota exceeded") for step in STEPS),
    *((step, "550 5.7.1 Client host blocked using zen.spamhaus.org") for step in STEPS[1:]),
    *((step, "554 5.7.1 Message rejected") for step in STEPS[1:]),
    ("RCPT", "554 5.7.1 Relay access denied"),
    (".", "550 5.7.708 Traffic not accepted from this IP"),
]


@pytest.mark.parametrize(("step", "answer"), ABOUT_US, ids=[f"{step} {answer[:26]}" for step, answer in ABOUT_US])
async def test_a_refusal_of_us_costs_nobody_a_receipt(
    store: Store, book: Rulebook, mail: Make, step: Step, answer: str
) -> None:
    """It stops the outlet, one alarm is raised, the queue is not tried through, and later everybody has one receipt."""
    with MailServer(always(answer, step)) as server:
        async with sent_by(store, book, mail, server):
            counts = await until(store, lambda counts: counts[State.TEMPORARY_FAILURE] > 0)
            await asyncio.sleep(0.1)
            counts = await states(store)
            assert counts[State.PERMANENT_FAILURE] + counts[State.TECHNICAL_FAILURE] == 0
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await rows(store, Purpose.NOTICE):
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            (alarm,) = await rows(store, Purpose.NOTICE)
            assert "Nothing can be sent by post" in alarm.details
            server.script = takes_all
            await until(store, lambda counts: counts[State.SENT] == PEOPLE)
        to_people = [recipient for recipient in server.recipients() if "residents" in recipient]
        assert sorted(to_people) == [person(number) for number in range(1, PEOPLE + 1)]


async def test_a_stopped_outlet_asks_with_one_message_at_a_time(store: Store, book: Rulebook, mail: Make) -> None:
    """Not with each in the queue: what two connections had under way, and then one for each rest."""
    with MailServer(always("550 5.4.5 Daily sending quota exceeded", "RCPT")) as server:
        resting.FIRST_REST_SECONDS = resting.LONGEST_REST_SECONDS = PATIENCE_SECONDS
        async with sent_by(store, book, mail, server):
            await attempted(server, 1)
            await asyncio.sleep(0.1)
            assert len(server.attempts) <= 2
            assert (await states(store))[State.CREATED] >= PEOPLE - 2


OTHERS = [
    ("550 5.1.1 User unknown", State.PERMANENT_FAILURE, "could not be delivered"),
    ("550 5.7.1 Recipient rejected: user unknown", State.PERMANENT_FAILURE, "could not be delivered"),
    ("554 5.7.1 Looks like spam", State.PERMANENT_FAILURE, "could not be delivered"),
    ("552 5.2.2 Mailbox full", State.TEMPORARY_FAILURE, ""),
    (DROP, State.TECHNICAL_FAILURE, "it is uncertain whether our acknowledgement has arrived"),
]


# Before the content a broken line is certain, and tried for three days.
AT_STEPS = [(step, *other) for step in ("RCPT", ".") for other in OTHERS if (step, other[0]) != ("RCPT", DROP)]


@pytest.mark.parametrize(
    ("step", "answer", "state", "words"), AT_STEPS, ids=[f"{step} {answer}" for step, answer, *_ in AT_STEPS]
)
async def test_what_is_about_one_person_is_about_them_alone(
    store: Store, book: Rulebook, mail: Make, step: Step, answer: str, state: State, words: str
) -> None:
    """All others have their receipt; of this one staff are told, or it waits."""
    with MailServer(always(answer, step, person(2))) as server:
        async with sent_by(store, book, mail, server):
            await until(store, lambda counts: counts[State.SENT] == PEOPLE - 1 and counts[state] == 1)
            await asyncio.sleep(0.1)
        notices = [row.details for row in await rows(store, Purpose.NOTICE)]
        assert [words in notice for notice in notices] == ([True] if words else [])
        assert sorted(to for to in server.recipients() if "residents" in to) == [
            person(number) for number in range(1, PEOPLE + 1) if number != 2
        ]


async def test_a_line_lost_after_the_final_dot_is_repeated_a_few_times(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """So often and no more, always as the same message; where the server then says yes there is nothing to tell."""
    with MailServer(always(DROP, ".")) as server:
        async with sent_by(store, book, mail, server, people=1):
            await until(store, lambda counts: counts[State.TECHNICAL_FAILURE] == 1)
        tries = [attempt for attempt in server.attempts if attempt.recipient == person(1)]
        assert len(tries) == MOST_UNCERTAIN
        assert len({attempt.content for attempt in tries}) == 1
    count = itertools.count()

    def breaks_twice(step: Step, _attempt: Attempt) -> str:
        return DROP if step == "." and next(count) < 2 else ""

    with MailServer(breaks_twice) as server:
        async with sent_by(store, book, lambda number: mail(number + 10), server, people=1):
            await until(store, lambda counts: counts[State.SENT] == 1)
        assert person(11) in server.recipients()


async def test_a_receipt_is_asked_again_when_it_leaves(
    store: Store, book: Rulebook, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed while the server was slow, and answered meanwhile: it stays here, and the history says so."""
    monkeypatch.setattr(sending, "FRESH_SECONDS", 0.0)
    first = asyncio.Event()
    gate = asyncio.get_running_loop()
    with MailServer() as server:

        def slow(step: Step, attempt: Attempt) -> str:
            if step == "MAIL":
                gate.call_soon_threadsafe(first.set)
                asyncio.run_coroutine_threadsafe(answered.wait(), gate).result(PATIENCE_SECONDS)
            return ""

        answered = asyncio.Event()
        server.script = slow
        async with sent_by(store, book, mail, server):
            await first.wait()
            now = Present().now()
            for contact in (await store.read(contacts.list_all))[2:]:
                await store.write(
                    partial(respond.respond, reference=contact.reference, now=now, book=book, actor="staff:me")
                )
            answered.set()
            counts = await until(store, lambda counts: counts[State.SENT] + counts[State.CANCELLED] == PEOPLE)
        assert counts == {State.SENT: 2, State.CANCELLED: PEOPLE - 2}
        events = await store.read(
            lambda c: [e.kind for contact in contacts.list_all(c) for e in contacts.events_of(c, contact.id)]
        )
        assert events.count("receipt not needed") == PEOPLE - 2


@pytest.mark.parametrize("steps", range(4))
async def test_who_is_woken_and_stopped_at_once_stops(store: Store, book: Rulebook, mail: Make, steps: int) -> None:
    """At each step between the two: a stop must not be taken for the end of a wait."""
    with MailServer() as server:
        async with sent_by(store, book, mail, server) as sender:
            await until(store, lambda counts: counts[State.SENT] == PEOPLE)
            await asyncio.sleep(0.05)
            sender.wake()
            for _ in range(steps):
                await asyncio.sleep(0)


# The rest itself


def delivery(number: int, *, attempts: int = 1, purpose: Purpose = Purpose.ACKNOWLEDGEMENT) -> Delivery:
    """A receipt to one person, or what else goes to them."""
    now = Present().now()
    message_id = f"<{number}@example.gov.uk>"
    return Delivery(
        number, str(number), number, purpose, "", "post", person(number), message_id, State.SENDING,
        attempts, now,
    )  # fmt: skip


async def test_a_policy_is_final_where_others_get_through() -> None:
    """Tried again, and then it is about this person; alone it is tried three times."""
    rest = Resting("post")
    assert type(rest.judge(delivery(1), Doubtful("5.7.1"))) is Temporary
    assert not rest.succeed(delivery(2))
    assert type(rest.judge(delivery(1, attempts=2), Doubtful("5.7.1"))) is Permanent
    alone = Resting("post")
    kinds = [type(alone.judge(delivery(1, attempts=n), Doubtful("5.7.1"))) for n in (1, 2, 3)]
    assert kinds == [Temporary, Temporary, Permanent]
    assert not alone.is_stopped


async def test_a_policy_that_refuses_everybody_in_a_row_is_about_us() -> None:
    """The third person in a row stops the outlet, and those before them have lost nothing."""
    rest = Resting("post")
    kinds = [type(rest.judge(delivery(n), Doubtful("5.7.1"))) for n in range(1, PEOPLE_IN_A_ROW + 1)]
    assert kinds == [*[Temporary] * (PEOPLE_IN_A_ROW - 1), Misconfigured]
    assert rest.is_stopped
    rest.succeed(delivery(8, purpose=Purpose.NOTICE))
    assert type(rest.judge(delivery(1, attempts=9), Doubtful("5.7.1"))) is Misconfigured, "staff are no evidence"
    assert type(rest.judge(delivery(9), Doubtful("5.7.1"))) is NotTried


async def test_who_is_refused_again_and_again_while_others_get_through_is_refused_themselves() -> None:
    """A block list of one person's provider: it stops the outlet for moments, and ends for this person."""
    rest, results = Resting("post"), []
    for _ in range(MOST_REFUSALS):
        results.append(type(rest.judge(delivery(1), Misconfigured("spamhaus"))))
        rest.succeed(delivery(2))
    assert results == [*[Misconfigured] * (MOST_REFUSALS - 1), Permanent]
    assert rest.succeed(delivery(2)), "nothing is left to remember"


async def test_the_first_refusal_alone_is_recorded() -> None:
    """What was under way at the same moment is given back, and one success ends the rest."""
    rest = Resting("post")
    kinds = [type(rest.judge(delivery(n), Misconfigured("quota"))) for n in range(5)]
    assert kinds == [Misconfigured, *[NotTried] * 4]
    assert rest.seconds_left > 0
    rest.succeed(delivery(7))
    assert (rest.is_stopped, rest.seconds_left) == (False, 0.0)


class Crowd:
    """An outlet that knows how many hand over at once."""

    name = "post"
    limits = Limits(concurrency=3)

    def __init__(self) -> None:
        self.count, self.most = 0, 0

    async def send(self, _message: Outbound) -> Handed:
        """Take long enough for others to come."""
        self.count += 1
        self.most = max(self.most, self.count)
        await asyncio.sleep(0.01)
        self.count -= 1
        return Handed()

    async def close(self) -> None:
        """Hold nothing."""


@pytest.mark.parametrize(("purpose", "most"), [(Purpose.ANSWER, 1), (Purpose.NOTICE, 3)])
async def test_what_may_have_files_leaves_one_after_another(
    store: Store, book: Rulebook, purpose: Purpose, most: int
) -> None:
    """Answers of staff's do; other messages are small, and leave as many at once as the outlet takes."""
    present, crowd = Present(), Crowd()
    leases = Leasing(store, present, (), lambda: None)
    await leases.begin()
    sender = Sending(crowd, SendingContext(store, book, written, present, Meter(), leases, News(lambda: None)))
    claims = [Claimed(delivery(number, purpose=purpose)) for number in range(3)]
    attempts = await asyncio.gather(*(sender._send_in_turn(claim, 0) for claim in claims))
    assert [attempt.error for attempt in attempts] == [None] * 3
    assert crowd.most == most


class Deaf(Crowd):
    """An outlet whose library loses a cancellation, as that of SMTP may."""

    def __init__(self) -> None:
        super().__init__()
        self.begins = asyncio.Event()

    async def send(self, _message: Outbound) -> Handed:
        """Hand over although it is to stop."""
        self.begins.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return Handed()


async def test_a_cancellation_that_an_outlet_loses_stops_it_all_the_same(store: Store, book: Rulebook) -> None:
    """The service would otherwise wait for it for ever when it stops."""
    present, deaf = Present(), Deaf()
    leases = Leasing(store, present, (), lambda: None)
    await leases.begin()
    sender = Sending(deaf, SendingContext(store, book, written, present, Meter(), leases, News(lambda: None)))
    task = asyncio.create_task(sender.run())
    sender.accept(Claimed(delivery(1, purpose=Purpose.NOTICE)))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await deaf.begins.wait()
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled()
