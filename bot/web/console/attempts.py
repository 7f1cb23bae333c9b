"""Passwords and codes that somebody tries: counted where all processes see it, checked where it holds up nobody."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy import Connection

from bot.core import devices
from bot.core.durations import of_span
from bot.core.subkeys import Use, subkey
from bot.flows import attempts, credentials
from bot.flows.attempts import Attempt, Proof, Start
from bot.store.staff import Account
from bot.web.client import client_network
from bot.web.console import doorkeeper
from bot.web.site import Site
from bot.wire import passwords

# Each check of a password takes a core and 64 MB for a while. Whoever comes from a device that we know waits for none
# of those that strangers bring.
_CHECKS_OF_STRANGERS, _CHECKS_OF_KNOWN_DEVICES = 2, 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try: whether it was right; where it was not even made, in how many seconds the next one may be."""

    is_right: bool
    wait_seconds: int = 0
    is_slow: bool = False

    def refusal(self, *, known_device: bool) -> str:
        """Why nothing was tried, and what to do; the same whether there is an account or not."""
        minutes = of_span(timedelta(minutes=max(1, -(-self.wait_seconds // 60))))
        if known_device:
            return f"There were too many attempts from this device. Try again in {minutes}, or ask an administrator"
        return (
            "There were too many attempts to sign in with this email address from devices that are new here. Use a "
            f"device on which you have signed in before, ask an administrator for a link, or try again in {minutes}"
        )


class Attempts:
    """Tries at the door, and of whoever confirms who they are behind it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._strangers = asyncio.Semaphore(_CHECKS_OF_STRANGERS)
        self._known_devices = asyncio.Semaphore(_CHECKS_OF_KNOWN_DEVICES)

    def device_of(self, request: web.Request, address: str) -> str:
        """The device from which this address was signed in before, "" for one that is new."""
        cookie = request.cookies.get(_cookie(request), "")
        return devices.device_of(self._device_key, cookie, address, self._site.wall())

    def remember(self, request: web.Request, response: web.StreamResponse, address: str) -> None:
        """Let the browser keep that this address was signed in from it."""
        cookie, device = request.cookies.get(_cookie(request), ""), self.device_of(request, address)
        new = devices.entry(self._device_key, address, device or doorkeeper.new_secret(), self._site.wall())
        value = devices.with_entry(cookie, new, device)
        doorkeeper.set_cookie(request, response, _cookie(request), value, lasts=devices.LASTS)

    async def password(self, request: web.Request, account: Account | None, address: str, password: str) -> Outcome:
        """Try a password at the door. `address` as it is stored, or as it was typed."""
        attempt = self._attempt(request, Proof.PASSWORD, account, address)
        return await self._check(attempt, account, password)

    async def own_password(self, request: web.Request, account: Account, password: str) -> Outcome:
        """Try the password of somebody who is signed in, and is asked for it once more."""
        attempt = self._attempt(request, Proof.OWN_PASSWORD, account, account.address)
        return await self._check(attempt, account, password)

    async def code(self, request: web.Request, account: Account, code: str) -> Outcome:
        """Try a code of the app, or a recovery code."""
        attempt = self._attempt(request, Proof.CODE, account, account.address)
        now, wall = self._site.now(), self._site.wall()
        start = await self._start(attempt, wall)
        if not start.allowance.is_allowed:
            return Outcome(is_right=False, wait_seconds=start.allowance.next_in_seconds)
        reading = await asyncio.to_thread(credentials.read_code, account, code, self._site.book.secret, wall)

        def use(connection: Connection) -> bool:
            is_right = credentials.use_code(connection, account, reading, now)
            if is_right:
                attempts.give_back(connection, attempt, wall)
            return is_right

        return Outcome(await self._site.write(use))

    async def _check(self, attempt: Attempt, account: Account | None, password: str) -> Outcome:
        wall = self._site.wall()
        start = await self._start(attempt, wall)
        if not start.allowance.is_allowed:
            return Outcome(is_right=False, wait_seconds=start.allowance.next_in_seconds, is_slow=start.is_slow)
        password_hash = account.password if account and account.disabled_at is None else ""
        # From a slow network addresses that are made up cost no work, so that nobody waits behind them.
        is_right = (bool(password_hash) or not start.is_slow) and await self._matches(attempt, password_hash, password)
        if is_right:
            await self._site.write(lambda c: attempts.give_back(c, attempt, wall))
        else:
            await self._site.write(lambda c: attempts.count_wrong(c, attempt, wall, is_slow=start.is_slow))
        return Outcome(is_right, is_slow=start.is_slow)

    async def _start(self, attempt: Attempt, wall: datetime) -> Start:
        # Who may not try is told so without a write: the store has no work with whoever keeps on.
        start = await self._site.read(lambda c: attempts.begin(c, attempt, wall, look=True))
        if not start.allowance.is_allowed:
            return start
        return await self._site.write(lambda c: attempts.begin(c, attempt, wall))

    async def _matches(self, attempt: Attempt, password_hash: str, password: str) -> bool:
        is_known = attempt.device or attempt.proof is Proof.OWN_PASSWORD
        async with self._known_devices if is_known else self._strangers:
            return await asyncio.to_thread(passwords.matches, password_hash, password)

    def _attempt(self, request: web.Request, proof: Proof, account: Account | None, address: str) -> Attempt:
        device = "" if proof is Proof.OWN_PASSWORD else self.device_of(request, address)
        network, secret = client_network(request), self._site.book.secret
        return Attempt(secret, proof, address, has_account=account is not None, device=device, network=network)

    @property
    def _device_key(self) -> bytes:
        return subkey(self._site.book.secret, Use.DEVICE)


def _cookie(request: web.Request) -> str:
    return f"{doorkeeper.cookie_name(request)}-devices"
