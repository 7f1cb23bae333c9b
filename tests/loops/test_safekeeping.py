"""Tokens that a platform changes: kept over restarts, encrypted, renewed by one process at a time."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channel import Misconfigured, Temporary
from bot.loops import safekeeping
from bot.present import Present
from bot.store.engine import Store
from bot.wire.platforms.user_tokens import RenewableToken
from channels import x
from channels.x import X
from tests.components.stores import make_store
from tests.peers.x import REFRESH, SECRET, TOKEN, XPeer

INSTALLATION = b"a secret of the installation, which is long enough"


@pytest.fixture
def peer() -> Iterator[XPeer]:
    """X, whose refresh tokens are good once."""
    with XPeer() as running:
        yield running


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store without keys."""
    url = f"sqlite:///{tmp_path}/ackbot.db"
    make_store(url)
    new_store = Store(url)
    new_store.open()
    yield new_store
    await new_store.close()


def account(peer: XPeer, store: Store | None, secret: bytes = INSTALLATION, **more: Any) -> X:
    """One process with its account."""
    table = {"name": "x", "kind": "x", "url": peer.base, "token": TOKEN, "consumer_secret": SECRET}
    usual = {"refresh_token": REFRESH, "client_id": "app"}
    built = x.build("x", x.Settings.model_validate(table | usual | more))
    if store is not None:
        safekeeping.entrust([built], store, Present(), secret)
    return built


async def answer_of(peer: XPeer, process: X) -> str:
    """What it says once the token has run out."""
    peer.expire()
    try:
        return await process.check()
    finally:
        await process.close()


async def test_a_renewed_token_survives_a_restart(peer: XPeer, store: Store, tmp_path: Path) -> None:
    """Each process goes on with the newest; what lies in the store is not readable."""
    for _ in range(3):
        assert "@council" in await answer_of(peer, account(peer, store))
    with closing(sqlite3.connect(tmp_path / "ackbot.db")) as connection:
        (sealed,) = connection.execute("SELECT secret FROM account_secrets").fetchone()
    assert sealed
    assert peer.refresh_token not in sealed
    assert "token" not in sealed


async def test_without_a_store_a_restart_needs_consent(peer: XPeer) -> None:
    """The configured refresh token was good once."""
    assert "@council" in await answer_of(peer, account(peer, None))
    with pytest.raises(Misconfigured, match="give consent again"):
        await answer_of(peer, account(peer, None))


async def test_of_two_processes_one_renews(peer: XPeer, store: Store) -> None:
    """The other takes what the first has put there; while that is not there yet, it waits."""
    first, second = account(peer, store), account(peer, store)
    peer.expire()
    assert "@council" in await first.check()
    newest = peer.refresh_token
    assert "@council" in await second.check()
    assert peer.refresh_token == newest
    peer.expire()
    await first.close()
    await safe_of(store).claim()
    with pytest.raises(Temporary, match="another process"):
        await second.check()
    await safe_of(store).release()
    assert "@council" in await second.check()
    await second.close()


def safe_of(store: Store) -> safekeeping.Safekeeping:
    """The place of the account, as another process has it."""
    return safekeeping.Safekeeping("x", store, Present(), b"k" * 32)


async def test_a_claim_of_a_dead_process_ends(store: Store) -> None:
    """A minute later it counts no more."""
    begin = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    claims = [
        await safekeeping.Safekeeping("x", store, Present(begin + timedelta(seconds=seconds)), b"k" * 32).claim()
        for seconds in (0, 59, 61)
    ]
    assert claims == [True, False, True]


async def test_new_consent_counts_more_than_what_is_stored(peer: XPeer, store: Store) -> None:
    """Staff entered another token: what was stored of the former one is left alone."""
    assert "@council" in await answer_of(peer, account(peer, store))
    peer.refresh_token = "consent-2"
    assert "@council" in await answer_of(peer, account(peer, store, refresh_token="consent-2"))
    assert "@council" in await answer_of(peer, account(peer, store, refresh_token="consent-2"))


async def test_another_secret_of_the_installation_reads_nothing(peer: XPeer, store: Store) -> None:
    """Then consent is needed, and staff are told so."""
    assert "@council" in await answer_of(peer, account(peer, store))
    with pytest.raises(Misconfigured, match="give consent again"):
        await answer_of(peer, account(peer, store, secret=b"another secret of the installation, as long"))


def lose(folder: Path) -> None:
    """Take the files of the store away."""
    for file in folder.glob("ackbot.db*"):
        file.rename(f"{file}.elsewhere")


async def test_a_store_that_cannot_be_reached_uses_up_nothing(peer: XPeer, store: Store, tmp_path: Path) -> None:
    """The refresh token stays good until what comes of it can be kept."""
    process = account(peer, store)
    lose(tmp_path)
    with pytest.raises(Temporary, match="store"):
        await answer_of(peer, process)
    assert peer.refresh_token == REFRESH


class Full:
    """A safe that has a former token, and takes no other at first."""

    def __init__(self, safe: safekeeping.Safekeeping) -> None:
        self.safe = safe
        self.is_full = True
        self.read, self.claim, self.release = safe.read, safe.claim, safe.release

    async def write(self, secret: str) -> None:
        """Refuse it."""
        if self.is_full:
            raise Temporary("no room")
        await self.safe.write(secret)


async def test_a_token_that_could_not_be_kept_is_not_given_up_for_its_predecessor(peer: XPeer, store: Store) -> None:
    """The one in the safe was good once; the newest is renewed, and kept."""
    process = account(peer, store)
    peer.expire()
    assert "@council" in await process.check()
    token = process._token
    assert isinstance(token, RenewableToken)
    assert isinstance(token._safe, safekeeping.Safekeeping)
    safe = Full(token._safe)
    process.keep_in(safe)
    for safe.is_full in (True, True, False):
        peer.expire()
        assert "@council" in await process.check()
    await process.close()
