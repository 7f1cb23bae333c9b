"""Keeps what a platform changes of an account's secrets in the store, encrypted, where every process has the same."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from bot.channel import Channel, Temporary
from bot.core.subkeys import Use, subkey
from bot.present import Present
from bot.store import account_secrets
from bot.store.engine import Store, StoreUnavailable, Work
from bot.wire.platforms.safes import SecretKeeper

T = TypeVar("T")

CLAIMED_FOR = timedelta(minutes=1)  # longer than any call to a platform lasts


def entrust(channels: Iterable[Channel], store: Store, present: Present, secret: bytes) -> None:
    """Give each account that renews its token a place for it. `secret` is the installation's own."""
    for channel in channels:
        if isinstance(channel, SecretKeeper):
            channel.keep_in(Safekeeping(channel.name, store, present, subkey(secret, Use.ACCOUNT_TOKENS)))


class Safekeeping:
    """The place of one account. Every method raises Temporary while the store cannot be reached."""

    def __init__(self, channel: str, store: Store, present: Present, key: bytes) -> None:
        self._channel, self._store, self._present, self._key = channel, store, present, key

    async def read(self) -> str:
        """Return the secret, or "" where none is stored, or one that was encrypted with another key."""
        from bot.wire import codes  # noqa: PLC0415 - cryptography is loaded by whoever renews a token

        try:
            sealed = await self._store.read(lambda connection: account_secrets.read(connection, self._channel))
        except StoreUnavailable:
            raise self._unavailable() from None
        return codes.unseal(sealed, self._key) if sealed else ""

    async def write(self, secret: str) -> None:
        """Store another one."""
        from bot.wire import codes  # noqa: PLC0415

        sealed, now = codes.seal(secret, self._key), self._present.now()
        await self._write(lambda connection: account_secrets.put(connection, self._channel, sealed, now))

    async def claim(self) -> bool:
        """Take the right to change it; return False while another process has it."""
        now = self._present.now()
        until = now + CLAIMED_FOR
        return await self._write(lambda connection: account_secrets.claim(connection, self._channel, now, until))

    async def release(self) -> None:
        """Give the right back."""
        await self._write(lambda connection: account_secrets.release(connection, self._channel))

    async def _write(self, work: Work[T]) -> T:
        try:
            return await self._store.write(work)
        except StoreUnavailable:
            raise self._unavailable() from None

    def _unavailable(self) -> Temporary:
        return Temporary(f"channel {self._channel}: the store cannot be reached, so its token cannot be renewed")
