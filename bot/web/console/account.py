"""Your account: another password, and a second factor. Each asks for the password once more."""

import asyncio
from typing import Any

from aiohttp import web

from bot.core.roles import Permission
from bot.flows import credentials, staffing
from bot.store.staff import Account
from bot.web.console.attempts import Attempts
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.console.second_step import WRONG_CODE, factor_of, picture_of
from bot.web.forms import fields_of
from bot.web.site import Site
from bot.wire import codes, passwords

_WRONG = "The password that you have now is not right"


class AccountPages:
    """Two pages: what there is, and setting up an app for codes."""

    def __init__(self, site: Site, door: Doorkeeper, attempts: Attempts) -> None:
        self._site, self._door, self._attempts = site, door, attempts

    def routes(self) -> list[web.RouteDef]:
        """Looking and changing."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/account", page(Permission.READ, self._show)),
            web.post(f"{ROOT}/account", page(Permission.READ, self._act)),
            web.get(f"{ROOT}/account/second-factor", page(Permission.READ, self._show_set_up)),
            web.post(f"{ROOT}/account/second-factor", page(Permission.READ, self._set_up)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        return self._page(request, guest)

    def _page(
        self, request: web.Request, guest: Guest, *, message: str = "", fault: str = "", status: int = 409
    ) -> web.StreamResponse:
        account = _account(guest)
        sign_in = self._site.settings.sign_in
        context = {
            "told": message,
            "fault": fault,
            "passwords": bool(account.password) and not sign_in.only,
            "has_factor": bool(account.second_factor),
            "codes_left": len(account.recovery_codes.split()),
            "required": sign_in.second_factor == "required",
        }
        return render(request, guest, "account", context, status if fault else 200)

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        fields, account = await fields_of(request), _account(guest)
        action = fields.get("action", "")
        if action not in ("password", "codes", "remove"):
            raise web.HTTPBadRequest
        if fault := await self._unconfirmed(request, account, fields.get("old_password", "")):
            return self._page(request, guest, fault=fault, status=403)
        if action == "password":
            return await self._change_password(request, guest, fields.get("password", ""))
        if not account.second_factor:
            return self._page(request, guest, fault="You have no second factor")
        if action == "codes":
            return await self._renew_codes(request, guest)
        return await self._remove(request, guest)

    async def _unconfirmed(self, request: web.Request, account: Account, password: str) -> str:
        """Why somebody is not believed to be who is signed in, "" where they are."""
        if not account.password or self._site.settings.sign_in.only:
            return "You have no password here: you sign in with your organisation's account"
        outcome = await self._attempts.own_password(request, account, password)
        if outcome.wait_seconds:
            return outcome.refusal(known_device=True)
        if not outcome.is_right:
            now = self._site.now()
            await self._site.write(lambda c: staffing.not_signed_in(c, account.address, "wrong old password", now))
            return _WRONG
        return ""

    async def _change_password(self, request: web.Request, guest: Guest, password: str) -> web.StreamResponse:
        account, now = _account(guest), self._site.now()
        about = (self._site.settings.organisation.name, account.name, account.address)
        if fault := await asyncio.to_thread(passwords.fault, password, about):
            return self._page(request, guest, fault=fault[0].upper() + fault[1:])
        password_hash = await asyncio.to_thread(passwords.hashed, password)
        await self._site.write(lambda c: credentials.change_own_password(c, guest.visitor, password_hash, now))
        message = "You have a new password. You are signed out everywhere else."
        return self._page(request, guest, message=message)

    async def _renew_codes(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        recovery_codes, now, account = codes.new_recovery_codes(), self._site.now(), _account(guest)
        digests = credentials.recovery_digests(recovery_codes, self._site.book.secret)
        await self._site.write(lambda c: credentials.renew_recovery_codes(c, account.address, digests, now))
        return _codes_page(request, guest, recovery_codes)

    async def _remove(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        if self._site.settings.sign_in.second_factor == "required":
            return self._page(request, guest, fault="Everybody must have a second factor here")
        account, now = _account(guest), self._site.now()
        actor = guest.visitor.actor
        await self._site.write(lambda c: credentials.remove_second_factor(c, account.address, actor, now))
        raise web.HTTPSeeOther(f"{ROOT}/account")

    async def _show_set_up(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        return await self._set_up_page(request, guest, codes.new_secret())

    async def _set_up_page(
        self, request: web.Request, guest: Guest, secret: str, *, fault: str = "", status: int = 200
    ) -> web.StreamResponse:
        account = _account(guest)
        context: dict[str, Any] = {
            "fault": fault,
            "secret": secret,
            "picture": await picture_of(self._site, account.address, secret),
            "passwords": bool(account.password) and not self._site.settings.sign_in.only,
        }
        return render(request, guest, "second_factor", context, status)

    async def _set_up(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        fields, account, now = await fields_of(request), _account(guest), self._site.now()
        secret, recovery_codes = fields.get("secret", ""), codes.new_recovery_codes()
        next_secret = secret if codes.is_secret(secret) else codes.new_secret()
        if fault := await self._unconfirmed(request, account, fields.get("old_password", "")):
            return await self._set_up_page(request, guest, next_secret, fault=fault, status=403)
        factor = await factor_of(self._site, secret, fields.get("code", ""), recovery_codes)
        if factor is None:
            return await self._set_up_page(request, guest, next_secret, fault=WRONG_CODE, status=409)
        await self._site.write(lambda c: credentials.set_up(c, account.address, factor, now))
        return _codes_page(request, guest, recovery_codes)


def _codes_page(request: web.Request, guest: Guest, recovery_codes: list[str]) -> web.StreamResponse:
    return render(request, guest, "recovery_codes", {"codes": recovery_codes, "next": f"{ROOT}/account"})


def _account(guest: Guest) -> Account:
    if guest.visitor.account is None:
        raise web.HTTPForbidden
    return guest.visitor.account
