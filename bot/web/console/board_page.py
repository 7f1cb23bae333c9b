"""A page of the console that changes what stands on the board: one address, and what is posted names the action."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from aiohttp import web
from sqlalchemy import Connection

from bot.core.roles import Permission
from bot.flows import board
from bot.flows.changes.refusals import Refused
from bot.web.console import flash
from bot.web.console.doorkeeper import Doorkeeper, Guest
from bot.web.forms import fields_of
from bot.web.site import Site


class BoardPage(ABC):
    """`sentences` are what each action says once it is done."""

    address: ClassVar[str]
    permission: ClassVar[Permission]
    sentences: ClassVar[Mapping[str, str]]

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """One address to look at and to post to."""
        show, act = (self._door.page(self.permission, handler) for handler in (self._show, self._act))
        return [web.get(self.address, show), web.post(self.address, act)]

    @abstractmethod
    async def _page(
        self,
        request: web.Request,
        guest: Guest,
        fields: Mapping[str, str],
        *,
        message: str = "",
        refusal: Refused | None = None,
    ) -> web.StreamResponse:
        """The page with what was typed, and with what is said of it."""

    @abstractmethod
    def _change(self, connection: Connection, fields: Mapping[str, str], guest: Guest) -> None:
        """Do what was posted; raises Refused, and 400 for an action that is none."""

    async def _opening_fields(self, _request: web.Request) -> Mapping[str, str]:
        """What stands in the fields before anybody types."""
        return {}

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        secret, now = self._site.book.secret, self._site.now()
        message = flash.words_in(request.query.get("done", ""), guest.visitor.session, secret, now)
        return await self._page(request, guest, await self._opening_fields(request), message=message)

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        fields = await fields_of(request)
        try:
            await self._site.write(lambda c: self._change(c, fields, guest))
        except Refused as refusal:
            return await self._page(request, guest, fields, refusal=refusal)
        now, book = self._site.now(), self._site.book
        # In this process at once; the others look within seconds, and before every call.
        await self._site.read(lambda c: board.refresh(c, now, book))
        token = flash.token(self.sentences[fields["action"]], guest.visitor.session, book.secret, now)
        raise web.HTTPSeeOther(f"{self.address}?done={token}")
