"""What every way in has in common: forms in front of the door, the step between password and code, the session."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web
from sqlalchemy import Connection

from bot.core.subkeys import Use, subkey
from bot.flows import staffing
from bot.store import staff
from bot.store.staff import Account
from bot.web.client import client_network
from bot.web.console import doorkeeper
from bot.web.console.attempts import Attempts
from bot.web.console.doorkeeper import ROOT, Doorkeeper, render
from bot.web.site import Site

# So long is somebody believed to have typed the right password, without a code.
_STEP_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody who has shown one thing, and must show a code as well."""

    account: Account
    how: str


class Admission:
    """Shared by the pages that let somebody in."""

    def __init__(self, site: Site, door: Doorkeeper, attempts: Attempts) -> None:
        self._site, self._door, self._attempts = site, door, attempts

    def page(self, request: web.Request, template: str, context: Mapping[str, Any], status: int = 200) -> web.Response:
        """A page with a form for who is not signed in."""
        # The door's own cookie: its form is ours although nobody is signed in yet.
        door = _door_secret(request) or doorkeeper.new_secret()
        response = render(request, None, template, {**context, "csrf": self._door.token_of_door(door)}, status)
        doorkeeper.set_cookie(request, response, _door_cookie(request), door)
        return response

    async def is_own_form(self, request: web.Request) -> bool:
        """Whether it was posted from a page of ours."""
        door = _door_secret(request)
        return bool(door) and await self._door.is_own_form(request, self._door.token_of_door(door))

    async def after_password(self, request: web.Request, account: Account, how: str, onwards: str) -> web.Response:
        """Let somebody in, or on to the code that they must have, too."""
        if not account.second_factor and self._site.settings.sign_in.second_factor == "optional":
            return await self.let_in(request, account, how, onwards)
        path = "code" if account.second_factor else "set-up"
        location = f"{ROOT}/sign-in/{path}?next={quote(onwards, safe='')}"
        response = web.Response(status=303, headers={"Location": location})
        doorkeeper.set_cookie(request, response, _step_cookie(request), self._signed_step(account, how))
        return response

    async def let_in(self, request: web.Request, account: Account, how: str, onwards: str) -> web.Response:
        """Begin a session, and go on to the page that was asked for."""
        response = web.Response(status=303, headers={"Location": onwards})
        await self.begin_session(request, response, account, how)
        return response

    async def begin_session(
        self, request: web.Request, response: web.StreamResponse, account: Account, how: str
    ) -> None:
        """Begin a session in place of any other; the device is known from now on."""
        before = await self._door.guest(request)
        now, wall = self._site.now(), self._site.wall()

        def begin(connection: Connection) -> str:
            if before is not None:
                staffing.sign_out(connection, before.visitor, now)
            return staffing.sign_in(connection, account, how, now, wall)

        secret = await self._site.write(begin)
        doorkeeper.set_cookie(request, response, doorkeeper.cookie_name(request), secret)
        for name in (_door_cookie(request), _step_cookie(request)):
            doorkeeper.drop_cookie(request, response, name)
        self._attempts.remember(request, response, account.address)

    async def step_of(self, request: web.Request) -> Step | None:
        """Who has shown one thing a short while ago; None for nobody."""
        with suppress(ValueError):
            payload, _, signature = request.cookies.get(_step_cookie(request), "").partition(".")
            address, how, ends_at = base64.urlsafe_b64decode(payload).decode().split("\0")
            account = await self._site.read(lambda c: staff.find(c, address))
            if account is None or account.disabled_at is not None or float(ends_at) <= self._site.wall().timestamp():
                return None
            if hmac.compare_digest(signature.encode(), self._signature(payload, account).encode()):
                return Step(account, how)
        return None

    async def note_refusal(self, request: web.Request, address: str, reason: str) -> None:
        """Write down that somebody tried in vain: not all of what strangers can bring about."""
        now, place = self._site.now(), client_network(request)

        def note(connection: Connection) -> None:
            staffing.not_signed_in(connection, address, reason, now)

        await self._door.note_seldom(place, note)

    async def note_wrong(self, account: Account, reason: str) -> None:
        """Write down every wrong try at an account: they are few, and must not be lost among the others."""
        now = self._site.now()
        await self._site.write(lambda c: staffing.not_signed_in(c, account.address, reason, now))

    def origin(self, request: web.Request) -> str:
        """Where our pages stand for this browser."""
        if doorkeeper.is_at_home(request):
            return f"http://{request.host}"
        return self._site.public_url or f"https://{request.host}"

    def _signed_step(self, account: Account, how: str) -> str:
        ends_at = (self._site.wall() + _STEP_LASTS).timestamp()
        payload = base64.urlsafe_b64encode(f"{account.address}\0{how}\0{ends_at}".encode()).decode()
        return f"{payload}.{self._signature(payload, account)}"

    def _signature(self, payload: str, account: Account) -> str:
        # With another password it is void.
        message = f"{payload}\0{account.password}".encode()
        return hmac.new(subkey(self._site.book.secret, Use.SECOND_STEP), message, hashlib.sha256).hexdigest()


def _door_cookie(request: web.Request) -> str:
    return f"{doorkeeper.cookie_name(request)}-door"


def _door_secret(request: web.Request) -> str:
    """The door's own cookie, "" where the browser has brought none that we made."""
    cookie = request.cookies.get(_door_cookie(request), "")
    return cookie if doorkeeper.is_secret(cookie) else ""


def _step_cookie(request: web.Request) -> str:
    return f"{doorkeeper.cookie_name(request)}-step"
