"""Claims of several processes: whatever is forgotten is given back, and nothing is sent that another may have."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.channel import Batch, Permanent
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.outgoing import deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, NotTried
from bot.flows.rulebook import Rulebook
from bot.loops import leasing
from bot.loops.leasing import Leasing
from bot.present import Present
from bot.store import outbox
from bot.store.engine import Store
from tests.components.postgres import Postgres
from tests.flows.conftest import NOW, Make, mail

__all__ = ["mail"]
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def store_url(postgres: Postgres) -> Iterator[str]:
    """A store for several processes."""
    yield postgres.url_of("fresh")
    postgres.empty("fresh")


@pytest.fixture
async def leases(store: Store) -> Leasing:
    """The leases of a process that has begun."""
    made = Leasing(store, Present(), ["inbox"], lambda: None)
    await made.begin()
    return made


async def claimed_by(store: Store, book: Rulebook, message: object, name: str | None) -> Claimed:
    """One mail that is logged, its receipt taken by the claim of that name."""
    batch, hold = Batch((message,)), ClaimTerms(HALF_AN_HOUR, name)  # type: ignore[arg-type]
    work = receive.receive
    received = await store.write(lambda c: work(c, batch, Reading("inbox"), NOW, book, Capacity({"post": 1}, hold)))
    return received.claimed[0]


async def states(store: Store) -> list[tuple[str, int]]:
    """State and attempts of every delivery, notices included."""
    rows = await store.read(lambda c: c.exec_driver_sql("SELECT state, attempts FROM deliveries ORDER BY id").all())
    return [(row.state, row.attempts) for row in rows]


async def test_a_claim_whose_answer_was_lost_is_given_back(
    store: Store, leases: Leasing, book: Rulebook, mail: Make
) -> None:
    """The connection broke after the commit: the process lives, and does not know what it has claimed."""
    lost, known = leases.claim_name(), leases.claim_name()
    await claimed_by(store, book, mail(1), lost)
    await claimed_by(store, book, mail(2), known)
    leases.doubt(lost)
    await leases._renew()
    assert await states(store) == [("created", 1), ("sending", 1)]


async def test_a_claim_of_a_dead_process_is_taken_over(
    store: Store, leases: Leasing, book: Rulebook, mail: Make
) -> None:
    """Its lease has run out, or was given up."""
    other = Leasing(store, Present(), [], lambda: None)
    await other.begin()
    await claimed_by(store, book, mail(1), other.claim_name())
    await leases._renew()
    assert await states(store) == [("sending", 1)]
    await store.write(lambda c: c.exec_driver_sql("UPDATE leases SET held_until = now() - interval '1 second'"))
    await leases._renew()
    assert await states(store) == [("created", 1)]


async def test_what_was_claimed_before_a_silence_is_not_sent(
    store: Store, leases: Leasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than its lease it was out of touch: even once it is back others may have sent what it had claimed."""
    before = leases.claim_name()
    assert leases.stands(before)
    leases._until = asyncio.get_running_loop().time() - 1
    assert not leases.stands(before)
    await leases._renew()
    assert leases.alive
    assert not leases.stands(before)
    assert leases.stands(leases.claim_name())
    monkeypatch.setattr(leasing, "SPAN_SECONDS", 0.0)
    await leases._renew()
    assert not leases.alive


async def test_what_is_not_sent_is_given_back_where_nobody_took_it_over(
    store: Store, leases: Leasing, book: Rulebook, mail: Make
) -> None:
    """It falls due at once; where another has it, it stays theirs."""
    ours = await claimed_by(store, book, mail(1), leases.claim_name())
    await store.write(lambda c: deliver.record(c, [Attempt(ours.delivery, NOW, NotTried())], book))
    assert await states(store) == [("created", 1)]
    (theirs,) = await store.write(lambda c: outbox.claim(c, "post", NOW, NOW + HALF_AN_HOUR, 9, "f" * 16 + ".1"))
    await store.write(lambda c: deliver.record(c, [Attempt(ours.delivery, NOW, NotTried())], book))
    assert await states(store) == [("sending", 2)]
    assert theirs.id == ours.delivery.id


async def test_what_came_of_an_attempt_counts_once(store: Store, leases: Leasing, book: Rulebook, mail: Make) -> None:
    """It is recorded again because the first answer of the store was lost; and after another has taken it over."""
    ours = await claimed_by(store, book, mail(1), leases.claim_name())
    sent = Attempt(ours.delivery, NOW)
    for _ in range(2):
        await store.write(lambda c: deliver.record(c, [sent], book))
    late = Attempt(ours.delivery, NOW, Permanent("550 no such mailbox"))
    await store.write(lambda c: deliver.record(c, [late], book))
    assert await states(store) == [("sent", 1)]
    kinds = await store.read(
        lambda c: (
            c.exec_driver_sql("SELECT kind FROM events WHERE actor = 'ackbot' AND kind <> 'logged'").scalars().all()
        )
    )
    assert kinds == ["acknowledgement sent"]


async def test_who_cannot_reach_a_mailbox_lets_another_try(store: Store, leases: Leasing) -> None:
    """The other one takes it; who left it does not take it back at once. Where there is no other, it stays."""
    await leases.leave("inbox", 60)
    assert leases.holds("inbox")
    other = Leasing(store, Present(), ["inbox"], lambda: None)
    await other.begin()
    assert not other.holds("inbox")
    await leases._renew()
    await leases.leave("inbox", 60)
    await leases._renew()
    assert not leases.holds("inbox")
    await other._renew()
    assert other.holds("inbox")
