"""People and roles: who may sign in, as what, and which programs may call. For administrators."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection

from bot.core.deputies import Away
from bot.core.roles import SCOPES, Permission, Role
from bot.flows import attempts, credentials, staffing
from bot.flows.desk import duties
from bot.flows.staffing import Change, Refused
from bot.render.words import date_in_words, instant_in_words
from bot.store import staff, tokens
from bot.store.staff import Account
from bot.store.tokens import Token
from bot.web.console.admission import Admission
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.forms import fields_of, several_of
from bot.web.site import Site
from bot.wire import passwords

_VERBS = {
    "disable": staffing.disable,
    "enable": staffing.enable,
    "end": staffing.end_sessions,
    "no-second-factor": credentials.remove_second_factor,
}


class PeoplePages:
    """One page; what is posted names the action."""

    def __init__(self, site: Site, door: Doorkeeper, admission: Admission) -> None:
        self._site, self._door, self._admission = site, door, admission

    def routes(self) -> list[web.RouteDef]:
        """Looking and acting."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/people", page(Permission.ADMINISTER, self._show)),
            web.post(f"{ROOT}/people", page(Permission.ADMINISTER, self._act)),
        ]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        return await self._page(request, guest, changing=request.query.get("change", ""))

    async def _page(
        self,
        request: web.Request,
        guest: Guest,
        *,
        message: str = "",
        fault: str = "",
        secret: str = "",
        changing: str = "",
    ) -> web.StreamResponse:
        key, wall = self._site.book.secret, self._site.wall()

        book, now = self._site.book, self._site.now()

        def read(connection: Connection) -> tuple[list[Account], list[Token], dict[str, datetime], dict[str, Away]]:
            accounts = staff.list_all(connection)
            locks = attempts.locks(connection, accounts, key, wall)
            away = duties.away_today(connection, [account.address for account in accounts], now, book)
            return accounts, tokens.list_all(connection), locks, away

        accounts, token_rows, locks, away = await self._site.read(read)
        zone = self._site.book.clocks.default_calendar.zone
        context = {
            "accounts": accounts,
            "changing": next((account for account in accounts if account.address == changing), None),
            "tokens": token_rows,
            "roles": list(Role),
            "scopes": SCOPES,
            "teams": list(self._site.book.outgoing.teams),
            "told": message,
            "fault": fault,
            "secret": secret,
            "locks": locks,
            "away": away,
            "day_in_words": date_in_words,
            "passwords": not self._site.settings.sign_in.only,
            "now": self._site.now(),
            "when": lambda at: instant_in_words(at, zone) if at else "",
        }
        return render(request, guest, "people", context, 409 if fault else 200)

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, teams = await fields_of(request), frozenset(team for team in await several_of(request, "team") if team)
        address, actor, now = values.get("address", ""), guest.visitor.actor, self._site.now()
        match values.get("action", ""):
            case "add":
                return await self._add(request, guest, values, teams)
            case "token":
                return await self._token(request, guest, values, teams)
            case "role" | "teams" | "password":
                return await self._change(request, guest, values, teams)
            case "revoke":
                name = values.get("name", "")
                refusal = await self._site.write(lambda c: staffing.revoke_token(c, name, actor, now))
            case "link":
                return await self._link(request, guest, address)
            case "unlock":
                secret, wall = self._site.book.secret, self._site.wall()
                refusal = await self._site.write(lambda c: attempts.lift(c, address, secret, actor, now, wall))
            case name if name in _VERBS:
                refusal = await self._site.write(lambda c: _VERBS[name](c, address, actor, now))
            case _:
                raise web.HTTPBadRequest
        if refusal is not None:
            return await self._page(request, guest, fault=f"Nothing was changed: {refusal.reason}.")
        return await self._page(request, guest, message="It is done.")

    async def _link(self, request: web.Request, guest: Guest, address: str, begin: str = "") -> web.StreamResponse:
        if self._site.settings.sign_in.only:
            return await self._page(request, guest, fault="No link was made: passwords are closed.")
        actor, now, wall = guest.visitor.actor, self._site.now(), self._site.wall()
        outcome = await self._site.write(lambda c: credentials.make_link(c, address, actor, now, wall))
        if isinstance(outcome, Refused):
            return await self._page(request, guest, fault=f"No link was made: {outcome.reason}.")
        link = credentials.link_address(self._admission.origin(request), outcome)
        hours = int(credentials.LINK_LASTS.total_seconds()) // 3600
        message = (
            f"{begin}Give {address} this link now: it cannot be shown again. It works once, within {hours} hours, and "
            "lets them choose a password."
        )
        return await self._page(request, guest, message=message, secret=link)

    async def _change(
        self, request: web.Request, guest: Guest, values: Mapping[str, str], teams: frozenset[str]
    ) -> web.StreamResponse:
        address, password, message = values.get("address", ""), values.get("password", ""), "It is done."
        match values["action"]:
            case "role" if values.get("role") in list(Role):
                change = Change(role=Role(values["role"]))
            case "teams":
                change = Change(teams=teams)
            case "password":
                if fault := await self._fault(password, address):
                    return await self._page(request, guest, fault=f"Nothing was changed: {fault}.", changing=address)
                change = Change(password=await asyncio.to_thread(passwords.hashed, password))
                message = "They have a new password, and must sign in anew."
            case _:
                raise web.HTTPBadRequest
        actor, now, book = guest.visitor.actor, self._site.now(), self._site.book
        refusal = await self._site.write(lambda c: staffing.change(c, address, change, actor, now, book))
        if refusal is not None:
            return await self._page(request, guest, fault=f"Nothing was changed: {refusal.reason}.")
        return await self._page(request, guest, message=message)

    async def _add(
        self, request: web.Request, guest: Guest, values: Mapping[str, str], teams: frozenset[str]
    ) -> web.StreamResponse:
        password, role = values.get("password", ""), values.get("role", "")
        if role not in list(Role):
            raise web.HTTPBadRequest
        address, now, book = values.get("address", ""), self._site.now(), self._site.book
        name = values.get("name", "").strip()[:100]
        if password and (fault := await self._fault(password, address, name)):
            return await self._page(request, guest, fault=f"Nobody was added: {fault}.")
        password_hash = await asyncio.to_thread(passwords.hashed, password) if password else ""
        account = Account(address, name, Role(role), teams, password_hash, now, None)
        refusal = await self._site.write(lambda c: staffing.add(c, account, guest.visitor.actor, book))
        if refusal is not None:
            return await self._page(request, guest, fault=f"Nobody was added: {refusal.reason}.")
        if not password_hash and not self._site.settings.sign_in.only:
            return await self._link(request, guest, address, f"{address} may sign in now. ")
        return await self._page(request, guest, message=f"{address} may sign in now.")

    async def _fault(self, password: str, *about: str) -> str:
        organisation = self._site.settings.organisation.name
        return await asyncio.to_thread(passwords.fault, password, (organisation, *about))

    async def _token(
        self, request: web.Request, guest: Guest, values: Mapping[str, str], teams: frozenset[str]
    ) -> web.StreamResponse:
        name, now, scopes = values.get("name", "").strip()[:80], self._site.now(), await several_of(request, "scope")
        try:
            ends_at = staffing.token_end(values.get("expires", ""), now)
        except ValueError as error:
            return await self._page(request, guest, fault=f"No token was made: {error}.")
        if not name:
            return await self._page(request, guest, fault="No token was made: give it a name.")
        token, book, actor = (
            Token(name, frozenset(scopes), teams, now, ends_at=ends_at),
            self._site.book,
            guest.visitor.actor,
        )
        outcome = await self._site.write(lambda c: staffing.create_token(c, token, actor, book))
        if isinstance(outcome, Refused):
            return await self._page(request, guest, fault=f"No token was made: {outcome.reason}.")
        return await self._page(request, guest, message="Copy the token now. It cannot be shown again.", secret=outcome)
