"""The service looks after itself: what would break a promise in silence is told to the operators, and its end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.channel import Coverage, Misconfigured, Temporary
from bot.core.deliveries import NewDelivery, State
from bot.core.messages import Inbound
from bot.core.timing import USUAL
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook, Team
from bot.loops import tending
from bot.loops.tending import SelfWatch
from bot.present import Present
from bot.store import arrivals, outbox
from bot.store.databases import database_path
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, mail
from tests.flows.desk import logged
from tests.rulebooks import altered

__all__ = ["mail"]


class SetByHand(Present):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW

    def now(self) -> datetime:
        """What it shows."""
        return self.at


@pytest.fixture
def present() -> SetByHand:
    """A clock."""
    return SetByHand()


@pytest.fixture
def tended(store: Store, book: Rulebook, present: SetByHand) -> SelfWatch:
    """Looks after a service whose operators are a team of their own."""
    teams = dict(book.outgoing.teams) | {"it": Team("it", ("it@example.gov.uk",), "post")}
    return SelfWatch(store, altered(book, teams=teams, operators="it"), present, lambda: None)


async def notices(store: Store) -> list[str]:
    """The subject of each notice to the operators, in their order."""
    far = datetime(2030, 1, 1, tzinfo=UTC)
    queued = await store.write(lambda c: outbox.claim(c, "post", far, far, 50))
    return [delivery.details["subject"] for delivery in queued if delivery.recipient == "it@example.gov.uk"]


def listener(alarm: str) -> Any:
    """A mailbox that is read, or not."""
    return SimpleNamespace(alarm=alarm, reads=not alarm, inbox=SimpleNamespace(name="inbox"))


async def test_a_channel_that_cannot_be_read_is_told_and_when_it_is_over(
    tended: SelfWatch, store: Store, present: SetByHand
) -> None:
    """Once each, to the operators' own team."""
    tended.listeners = [listener("the password was refused")]
    await tended.look(timedelta(0))
    await tended.look(timedelta(0))
    tended.listeners = [listener("")]
    present.at += USUAL.alarm_over_after
    await tended.look(timedelta(0))
    assert await notices(store) == [
        *("The channel inbox cannot be read", "Over: The channel inbox cannot be read"),
    ]


async def test_the_last_look_at_a_channel_is_kept(tended: SelfWatch, store: Store, present: SetByHand) -> None:
    """For whichever process shows it: once a minute, and not while it cannot be read."""

    async def looked_at() -> datetime | None:
        await tended.look(timedelta(0))
        return (await store.read(lambda c: arrivals.last_looks(c, ["inbox"]))).get("inbox")

    tended.listeners = [listener("the password was refused")]
    assert await looked_at() is None
    tended.listeners = [listener("")]
    assert await looked_at() == NOW
    present.at += timedelta(seconds=59)
    assert await looked_at() == NOW
    present.at += timedelta(seconds=1)
    assert await looked_at() == NOW + timedelta(minutes=1)


async def test_what_begins_together_is_one_message(tended: SelfWatch, store: Store) -> None:
    """A clock that jumped, an account that lost its token, one whose token ends soon."""
    red, ending = Coverage("red", ("the token is not valid any more",)), "the token runs out on 01 December 2026"
    tended.covered = lambda: {"page": red, "insta": Coverage("amber", (ending,)), "x": Coverage("amber", ("no likes",))}
    await tended.look(timedelta(hours=-1))
    assert await notices(store) == ["3 things need you at once"]


async def test_a_full_disk_is_told_before_it_is_full(
    tended: SelfWatch, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the store lies."""
    tended.folder = tmp_path
    await tended.look(timedelta(0))
    assert await notices(store) == []
    monkeypatch.setattr(tending, "FREE_BYTES", 1 << 60)
    monkeypatch.setattr(tending, "FREE_SHARE", 2.0)
    await tended.look(timedelta(0))
    assert await notices(store) == ["The disk is nearly full"]


async def test_staff_who_are_not_reached_and_contacts_that_nobody_looks_at(
    tended: SelfWatch, store: Store, book: Rulebook, present: SetByHand, mail: Make
) -> None:
    """An alert that an outlet does not take for a quarter of an hour; a look that is a minute late."""
    contact = await store.write(lambda c: logged(c, book, mail(1)))
    for minutes in (0, 14):
        present.at = NOW + timedelta(minutes=minutes)
        await tended.look(timedelta(0))
    assert await notices(store) == []
    rows = [replace(row, attempts=3, state=State.TEMPORARY_FAILURE) for row in alert.handed_over(contact, NOW, book)]
    await store.write(lambda c: outbox.queue(c, rows))
    present.at = NOW + timedelta(minutes=16, seconds=1)
    await tended.look(timedelta(0))
    assert await notices(store) == ["2 things need you at once"]


async def test_files_that_wait_for_the_scanner_are_told_after_a_while(
    tended: SelfWatch, store: Store, present: SetByHand, book: Rulebook
) -> None:
    """Nobody can open them as long; a daemon that only begins anew is no alarm."""
    message = Inbound("website", "one", "d", None, text="Look.", is_scanned=False)
    await store.write(lambda c: logged(c, book, message, acknowledged=False))
    await tended.look(timedelta(0))
    assert await notices(store) == []
    present.at += timedelta(minutes=16)
    await tended.look(timedelta(0))
    assert "Files wait for the virus scanner" in await notices(store)


async def test_another_process_tells_what_all_share(tended: SelfWatch, store: Store, present: SetByHand) -> None:
    """Only the chief does; what a process reads itself, it tells itself."""
    tended.is_leader = lambda: False
    tended.listeners = [listener("refused")]
    await tended.look(timedelta(0))
    assert await notices(store) == ["The channel inbox cannot be read"]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_store_that_is_gone_is_told_from_memory_once(tended: SelfWatch, store: Store, tmp_path: Path) -> None:
    """To each of the operators whom an outlet reaches, again until it does; and anew where it is gone again."""
    handed: list[str] = []
    refusals: list[Exception] = [Temporary("451"), Misconfigured("denied")]

    async def hand_over(new: NewDelivery) -> None:
        if refusals:
            raise refusals.pop()
        handed.append(f"{new.recipient}: {new.details['subject']}")

    path, words = database_path(store.url), "it@example.gov.uk: The store of Ackbot is gone"
    for _ in range(2):
        await store.write(lambda c: outbox.queue(c, ()))
    tended.hand_over = hand_over
    for expected in ([words], [words, words]):
        path.rename(tmp_path / "aside")
        for _ in range(5):
            await tended.look_for_store()
        (tmp_path / "aside").rename(path)
        await tended.look_for_store()
        assert handed == expected
