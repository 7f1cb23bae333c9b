"""Signing in and out: by a password of our own, or through the organisation's own sign-in."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from bot.flows import staffing
from bot.flows.staffing import ELSEWHERE
from bot.store import staff
from bot.web.console import doorkeeper
from bot.web.console.admission import Admission
from bot.web.console.attempts import Attempts
from bot.web.console.doorkeeper import ROOT, Doorkeeper, own_path
from bot.web.console.identity import NotSignedIn
from bot.web.forms import fields_of
from bot.web.site import Site, loop_time
from bot.wire import typed

if TYPE_CHECKING:
    from bot.web.console.oidc import Oidc

# No earlier is a wrong one answered, nor in a slow place: how long it took tells nobody who has an account.
_WRONG_SECONDS, _SLOW_SECONDS = 0.2, 2.0
_WRONG = "The email address or the password is not right"
_CLOSED = "Passwords are not used here. Sign in with your organisation's account"
# So many are answered at once who come from devices that are new: each waits for others, and has a connection meanwhile
# that the form or a health check would need.
_MOST_STRANGERS, _BUSY_SECONDS = 50, 30
_BUSY = (
    "Too many people sign in at this moment from devices that are new here. Use a device on which you have signed in "
    "before, or try again in a minute"
)


class SignIn:
    """The pages of signing in. `oidc` is None where no sign-in of the organisation's is configured."""

    def __init__(
        self, site: Site, door: Doorkeeper, admission: Admission, attempts: Attempts, oidc: "Oidc | None"
    ) -> None:
        self._site, self._door, self._oidc = site, door, oidc
        self._admission, self._attempts = admission, attempts
        self._strangers = 0

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
        context = {
            "fault": fault,
            "address": address,
            "next": own_path(request.query.get("next", "")),
            "elsewhere": self._oidc.title if self._oidc else "",
            "passwords": not self._site.settings.sign_in.only,
        }
        return self._admission.page(request, "sign_in", context, status)

    async def _take(self, request: web.Request) -> web.Response:
        fields = await fields_of(request)
        typed_address = fields.get("address", "")[:254]
        if self._site.settings.sign_in.only:
            await self._admission.note_refusal(request, typed_address, "passwords are closed")
            return self._page(request, fault=_CLOSED, status=403)
        if not await self._admission.is_own_form(request):
            return self._page(
                request, fault="This page was too old. Enter both again", address=typed_address, status=403
            )
        address = typed.account(typed_address) or typed_address
        if self._attempts.device_of(request, address):
            return await self._try(request, address, typed_address, fields)
        if self._strangers >= _MOST_STRANGERS:
            await self._admission.note_refusal(request, typed_address, "too many at once")
            return self._page_for_later(request, _BUSY, typed_address, 503, _BUSY_SECONDS)
        self._strangers += 1
        try:
            return await self._try(request, address, typed_address, fields)
        finally:
            self._strangers -= 1

    async def _try(
        self, request: web.Request, address: str, typed_address: str, fields: Mapping[str, str]
    ) -> web.Response:
        started_at, account = loop_time(), await self._site.read(lambda c: staff.find(c, typed_address))
        outcome = await self._attempts.password(request, account, address, fields.get("password", ""))
        if outcome.wait_seconds:
            await self._admission.note_refusal(request, typed_address, "too many attempts")
            fault = outcome.refusal(known_device=bool(self._attempts.device_of(request, address)))
            return self._page_for_later(request, fault, typed_address, 429, outcome.wait_seconds)
        if account is None or not outcome.is_right:
            await self._note_wrong(request, account, typed_address)
            await asyncio.sleep(started_at + (_SLOW_SECONDS if outcome.is_slow else _WRONG_SECONDS) - loop_time())
            return self._page(request, fault=_WRONG, address=typed_address, status=403)
        onwards = own_path(fields.get("next", ""))
        return await self._admission.after_password(request, account, "password", onwards)

    def _page_for_later(
        self, request: web.Request, fault: str, address: str, status: int, wait_seconds: int
    ) -> web.Response:
        response = self._page(request, fault=fault, address=address, status=status)
        response.headers["Retry-After"] = str(wait_seconds)
        return response

    async def _note_wrong(self, request: web.Request, account: staff.Account | None, address: str) -> None:
        reason = "wrong password, or no account"
        if account is None:
            await self._admission.note_refusal(request, address, reason)
        else:
            await self._admission.note_wrong(account, reason)

    async def _leave(self, request: web.Request) -> web.Response:
        guest, now = await self._door.guest(request), self._site.now()
        if guest is not None and not await self._door.is_own_form(request, guest.csrf):
            return doorkeeper.refusal(request, 403, "You are still signed in", "Use the button on a page.", guest)
        if guest is not None:
            await self._site.write(lambda c: staffing.sign_out(c, guest.visitor, now))
        response = web.Response(status=303, headers={"Location": f"{ROOT}/sign-in"})
        doorkeeper.drop_cookie(request, response, doorkeeper.cookie_name(request))
        return response

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
            await self._admission.note_refusal(request, "", f"sign-in elsewhere: {error}")
            return self._page(request, fault=str(error), status=403)
        account = await self._site.read(lambda c: staff.find(c, identity.address))
        if account is None or account.disabled_at is not None:
            await self._admission.note_refusal(request, identity.address, "no account")
            return self._page(
                request, fault=f"{identity.address} has no account here. Ask an administrator", status=403
            )
        response = await self._admission.let_in(request, account, ELSEWHERE, identity.onwards)
        doorkeeper.drop_cookie(request, response, _way(request))
        return response

    def _back_address(self, request: web.Request) -> str:
        return f"{self._admission.origin(request)}{ROOT}/sign-in/back"


def _way(request: web.Request) -> str:
    return f"{doorkeeper.cookie_name(request)}-way"
