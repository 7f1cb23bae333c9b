"""A message whose answer was lost: before another attempt the provider is asked whether it has it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.channel import Handed, Temporary
from bot.core.deliveries import Delivery, Purpose, State
from bot.core.messages import Outbound
from bot.core.outlets import Limits
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import Rulebook
from bot.loops.leasing import Leasing
from bot.loops.metering import Meter
from bot.loops.news import News
from bot.loops.sending import Sending, SendingContext
from bot.present import Present
from bot.store.engine import Store


class Conversation:
    """An outlet that shows what it has taken, and loses its first answers."""

    name = "page"
    limits = Limits(concurrency=1)

    def __init__(self, lost_answers: int) -> None:
        self.lost_answers = lost_answers
        self.messages: list[bytes] = []
        self.asked_since: list[datetime | None] = []
        self.is_down = False

    async def send(self, message: Outbound) -> Handed:
        """Take it."""
        self.messages.append(message.content)
        if len(self.messages) <= self.lost_answers:
            raise Temporary("the line broke")
        return Handed(f"m{len(self.messages)}")

    async def look_up(self, message: Outbound) -> Handed | None:
        """Say what was taken."""
        if self.is_down:
            raise Temporary("nobody answers")
        self.asked_since.append(message.at)
        return Handed(f"m{self.messages.index(message.content) + 1}") if message.content in self.messages else None

    async def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
async def present() -> Present:
    """The clock of the process."""
    return Present()


async def sending(outlet: Conversation, store: Store, book: Rulebook, present: Present) -> Sending:
    """The sender of this outlet."""
    leases = Leasing(store, present, (), lambda: None)
    await leases.begin()
    return Sending(outlet, SendingContext(store, book, written, present, Meter(), leases, News(lambda: None)))


def written(claim: Claimed, _now: datetime) -> Outbound:
    """A text for whatever is claimed."""
    return Outbound(claim.delivery.recipient, f"For {claim.delivery.recipient}".encode())


def receipt(present: Present, attempts: int) -> Delivery:
    """A receipt at this attempt, queued an hour ago."""
    queued_at = present.now() - timedelta(hours=1)
    purpose = Purpose.ACKNOWLEDGEMENT
    return Delivery(1, "k", None, purpose, "", "page", "page:ann", "<1@x>", State.SENDING, attempts, queued_at)


async def test_what_has_left_is_not_sent_again(store: Store, book: Rulebook, present: Present) -> None:
    """The first attempt just sends; the second asks since when the message has existed, and takes its name."""
    outlet = Conversation(lost_answers=1)
    sender = await sending(outlet, store, book, present)
    first = receipt(present, 1)
    attempt = await sender._send_in_turn(Claimed(first), 0)
    assert isinstance(attempt.error, Temporary)
    assert outlet.asked_since == []
    attempt = await sender._send_in_turn(Claimed(replace(first, attempts=2)), 0)
    assert (attempt.error, attempt.external_id) == (None, "m1")
    assert (len(outlet.messages), outlet.asked_since) == (1, [first.created_at])


async def test_what_came_back_is_sent_once_more(store: Store, book: Rulebook, present: Present) -> None:
    """The provider still has the copy that did not arrive: it says nothing of the one that is to leave now."""
    outlet = Conversation(lost_answers=0)
    sender = await sending(outlet, store, book, present)
    first = receipt(present, 1)
    assert (await sender._send_in_turn(Claimed(first), 0)).external_id == "m1"
    come_back = replace(first, attempts=2, hand_overs=1, sent_at=present.now())
    assert (await sender._send_in_turn(Claimed(come_back), 0)).error is None
    assert (len(outlet.messages), outlet.asked_since) == (2, [])


async def test_what_has_not_left_is_sent(store: Store, book: Rulebook, present: Present) -> None:
    """Where the provider has nothing it is handed over; where it cannot say, nothing is, until it can."""
    outlet = Conversation(lost_answers=0)
    sender = await sending(outlet, store, book, present)
    outlet.is_down = True
    attempt = await sender._send_in_turn(Claimed(receipt(present, 2)), 0)
    assert isinstance(attempt.error, Temporary)
    assert outlet.messages == []
    outlet.is_down = False
    attempt = await sender._send_in_turn(Claimed(receipt(present, 3)), 0)
    assert (attempt.error, attempt.external_id, len(outlet.messages)) == (None, "m1", 1)
