"""Signing in and out: by a password of our own, or through the organisation's own sign-in."""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from bot.flows import staffing
from bot.store import staff
from bot.web.console import doorkeeper
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, own_path, render
from bot.web.console.identity import NotSignedIn
from bot.web.console.sign_in_attempts import WITHIN_SECONDS, SignInAttempts
from bot.web.forms import fields_of
from bot.web.site import Site, loop_time
from bot.wire import passwords, typed

if TYPE_CHECKING:
    from bot.web.console.oidc import Oidc

# Two at a time: each check takes a core and 64 MB for a while.
_CHECKS = 2
# No earlier is a wrong one answered, nor in a slow place: how long it took tells nobody who has an account.
_WRONG_SECONDS, _SLOW_SECONDS = 0.2, 2.0
_WRONG = "The email address or the password is not right"


class SignIn:
    """The pages of signing in. `oidc` is None where no sign-in of the organisation's is configured."""

    def __init__(self, site: Site, door: Doorkeeper, oidc: "Oidc | None") -> None:
        self._site, self._door, self._oidc = site, door, oidc
        self._tries = SignInAttempts()
        self._checking = asyncio.Semaphore(_CHECKS)

    def routes(self) -> list[web.RouteDef]:
        """In, in through the organisation, back from there, and out."""
        open_to_all = self._door.open_to_all
        routes = [
            web.get(f"{ROOT}/sign-in", open_to_all(self._show)),
            web.post(f"{ROOT}/sign-in", open_to_all(self._take)),
        ]
        routes.append(web.post(f"{ROOT}/sign-out", open_to_all(self._leave)))
        if self._oidc is not None:
            routes.append(web.get(f"{ROOT}/sign-in/start", open_to_all(self._start)))
            routes.append(web.get(f"{ROOT}/sign-in/back", open_to_all(self._back)))
        return routes

    async def _show(self, request: web.Request) -> web.Response:
        return self._page(request)

    def _page(self, request: web.Request, *, fault: str = "", address: str = "", status: int = 200) -> web.Response:
        # The door's own cookie: its form is ours although nobody is signed in yet.
        door = _door_of(request) or doorkeeper.new_secret()
        context = {
            "fault": fault,
            "address": address,
            "next": own_path(request.query.get("next", "")),
            "csrf": self._door.token_of_door(door),
            "elsewhere": self._oidc.title if self._oidc else "",
        }
        response = render(request, None, "sign_in", context, status)
        doorkeeper.set_cookie(request, response, _door(request), door)
        return response

    async def _take(self, request: web.Request) -> web.Response:
        fields = await fields_of(request)
        typed_address, password = fields.get("address", "")[:254], fields.get("password", "")
        door = _door_of(request)
        if not door or not await self._door.is_own_form(request, self._door.token_of_door(door)):
            return self._page(
                request, fault="This page was too old. Enter both again", address=typed_address, status=403
            )
        started_at, account = loop_time(), await self._site.read(lambda c: staff.find(c, typed_address))
        right = await self._is_right(request, account, typed.account(typed_address) or typed_address, password)
        if right is None:
            return await self._too_many(request, typed_address)
        if account is None or not right:
            await self._note_wrong(request, account, typed_address)
            slow = self._tries.is_slow(request.remote or "", loop_time())
            await asyncio.sleep(started_at + (_SLOW_SECONDS if slow else _WRONG_SECONDS) - loop_time())
            return self._page(request, fault=_WRONG, address=typed_address, status=403)
        return await self._let_in(request, account, "password", own_path(fields.get("next", "")))

    async def _is_right(
        self, request: web.Request, account: staff.Account | None, address: str, password: str
    ) -> bool | None:
        """Whether this is the password of the account; None where it may not be tried now."""
        password_hash = account.password if account and account.disabled_at is None else ""
        place, has_account = request.remote or "", account is not None
        async with self._checking:
            # Asked here, so that of many at the same moment no more are checked than of as many one after another.
            if not self._tries.may_try(address, loop_time(), has_account=has_account):
                return None
            # From a slow place addresses that are made up cost no work, so that nobody waits behind them.
            worth_it = bool(password_hash) or not self._tries.is_slow(place, loop_time())
            right = worth_it and await asyncio.to_thread(passwords.matches, password_hash, password)
            if right:
                self._tries.right(address)
            else:
                self._tries.wrong(address, place, loop_time(), has_account=has_account)
            return right

    async def _note_wrong(self, request: web.Request, account: staff.Account | None, address: str) -> None:
        reason, now = "wrong password, or no account", self._site.now()
        if account is None:
            await self._note_refusal(request, address, reason)
        else:
            # Every one: those at accounts are few, and must not be lost among those at addresses that are made up.
            await self._site.write(lambda c: staffing.not_signed_in(c, address, reason, now))

    async def _too_many(self, request: web.Request, address: str) -> web.Response:
        await self._note_refusal(request, address, "too many tries")
        wait = "Too many tries. Wait for 15 minutes, or ask an administrator"
        response = self._page(request, fault=wait, address=address, status=429)
        response.headers["Retry-After"] = str(int(WITHIN_SECONDS))
        return response

    async def _let_in(self, request: web.Request, account: staff.Account, how: str, onwards: str) -> web.Response:
        before = await self._door.guest(request)
        now, wall = self._site.now(), self._site.wall()
        if before is not None:
            await self._site.write(lambda c: staffing.sign_out(c, before.visitor, now))
        secret = await self._site.write(lambda c: staffing.sign_in(c, account, how, now, wall))
        response = web.Response(status=303, headers={"Location": onwards})
        doorkeeper.set_cookie(request, response, doorkeeper.cookie_name(request), secret)
        doorkeeper.drop_cookie(request, response, _door(request))
        return response

    async def _leave(self, request: web.Request) -> web.Response:
        guest = await self._door.guest(request)
        if guest is not None and not await self._door.is_own_form(request, guest.csrf):
            return doorkeeper.refusal(request, 403, "You are still signed in", "Use the button on a page.", guest)
        if guest is not None:
            await self._sign_out(guest)
        response = web.Response(status=303, headers={"Location": f"{ROOT}/sign-in"})
        doorkeeper.drop_cookie(request, response, doorkeeper.cookie_name(request))
        return response

    async def _sign_out(self, guest: Guest) -> None:
        now = self._site.now()
        await self._site.write(lambda c: staffing.sign_out(c, guest.visitor, now))

    async def _note_refusal(self, request: web.Request, address: str, reason: str) -> None:
        now = self._site.now()
        await self._door.note_seldom(request.remote or "", lambda c: staffing.not_signed_in(c, address, reason, now))

    async def _start(self, request: web.Request) -> web.Response:
        assert self._oidc is not None  # noqa: S101 - the route is there only then
        try:
            redirect = await self._oidc.begin(self._back_address(request), own_path(request.query.get("next", "")))
        except NotSignedIn as error:
            return self._page(request, fault=str(error), status=502)
        response = web.Response(status=303, headers={"Location": redirect.address})
        doorkeeper.set_cookie(request, response, _way(request), redirect.memory)
        return response

    async def _back(self, request: web.Request) -> web.Response:
        assert self._oidc is not None  # noqa: S101 - the route is there only then
        memory = request.cookies.get(_way(request), "")
        try:
            identity = await self._oidc.finish(dict(request.query), memory, self._back_address(request))
        except NotSignedIn as error:
            await self._note_refusal(request, "", f"sign-in elsewhere: {error}")
            return self._page(request, fault=str(error), status=403)
        account = await self._site.read(lambda c: staff.find(c, identity.address))
        if account is None or account.disabled_at is not None:
            await self._note_refusal(request, identity.address, "no account")
            return self._page(
                request, fault=f"{identity.address} has no account here. Ask an administrator", status=403
            )
        response = await self._let_in(request, account, "elsewhere", identity.onwards)
        doorkeeper.drop_cookie(request, response, _way(request))
        return response

    def _back_address(self, request: web.Request) -> str:
        if doorkeeper.is_at_home(request):
            return f"http://{request.host}{ROOT}/sign-in/back"
        origin = self._site.public_url or f"https://{request.host}"
        return f"{origin}{ROOT}/sign-in/back"


def _door(request: web.Request) -> str:
    return f"{doorkeeper.cookie_name(request)}-door"


def _door_of(request: web.Request) -> str:
    """The door's own cookie, "" where the browser has brought none that we made."""
    cookie = request.cookies.get(_door(request), "")
    return cookie if doorkeeper.is_secret(cookie) else ""


def _way(request: web.Request) -> str:
    return f"{doorkeeper.cookie_name(request)}-way"
