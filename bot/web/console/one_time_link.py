"""The page of a one-time link: whoever has the code chooses a password, and is let in."""

import asyncio

from aiohttp import web

from bot.flows import credentials
from bot.web.console.admission import Admission
from bot.web.console.doorkeeper import Doorkeeper, own_path
from bot.web.forms import fields_of
from bot.web.site import Site
from bot.wire import passwords

_ENDED = "This link was used, or has ended. Ask an administrator for another one"
_CLOSED = "Passwords are not used here. Sign in with your organisation's account"
_TOO_OLD = "This page was too old. Enter both again"
# No code of ours is longer.
_MOST_CHARACTERS = 100


class OneTimeLink:
    """Looking changes nothing, for programs that scan mail follow links; the code comes with the form alone."""

    def __init__(self, site: Site, door: Doorkeeper, admission: Admission) -> None:
        self._site, self._door, self._admission = site, door, admission

    def routes(self) -> list[web.RouteDef]:
        """Looking, and choosing a password."""
        path, open_to_all = credentials.LINK_PATH, self._door.open_to_all
        return [web.get(path, open_to_all(self._show)), web.post(path, open_to_all(self._take))]

    async def _show(self, request: web.Request) -> web.Response:
        return self._page(request)

    def _page(self, request: web.Request, *, fault: str = "", code: str = "", status: int = 200) -> web.Response:
        is_open = not self._site.settings.sign_in.only
        context = {"fault": fault if is_open else _CLOSED, "code": code, "passwords": is_open}
        context["next"] = _onwards(request)
        return self._admission.page(request, "link", context, status)

    async def _take(self, request: web.Request) -> web.Response:
        fields = await fields_of(request)
        # Somebody may paste the whole link.
        code = fields.get("code", "").strip().rpartition("#")[2][:_MOST_CHARACTERS]
        if self._site.settings.sign_in.only:
            return self._page(request, status=403)
        if not await self._admission.is_own_form(request):
            return self._page(request, fault=_TOO_OLD, code=code, status=403)
        wall, now = self._site.wall(), self._site.now()
        account = await self._site.read(lambda c: credentials.owner_of_link(c, code, wall))
        if account is None:
            await self._admission.note_refusal(request, "", "a one-time link that is none")
            return self._page(request, fault=_ENDED, status=403)
        about, password = (
            (self._site.settings.organisation.name, account.name, account.address),
            fields.get("password", ""),
        )
        if fault := await asyncio.to_thread(passwords.fault, password, about):
            return self._page(request, fault=fault[0].upper() + fault[1:], code=code, status=409)
        password_hash = await asyncio.to_thread(passwords.hashed, password)
        owner = await self._site.write(lambda c: credentials.use_link(c, code, password_hash, now, wall))
        if owner is None:
            return self._page(request, fault=_ENDED, status=403)
        return await self._admission.after_password(request, owner, "link", _onwards(request))


def _onwards(request: web.Request) -> str:
    """Where the person wanted to go when they were asked to sign in; the queue where that is not known."""
    return own_path(request.query.get("next", ""))
