"""Taking every urgent contact at once, in a flood: those that the page showed, and none that came since."""

from aiohttp import web
from sqlalchemy import Connection

from bot.core.roles import Permission
from bot.flows.changes import take_all
from bot.flows.changes.refusals import Refused
from bot.store import calls
from bot.web.console import flash
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest
from bot.web.forms import fields_of, number_of
from bot.web.site import Site


class UrgentPages:
    """The button above the list of urgent contacts."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Taking all."""
        return [web.post(f"{ROOT}/urgent", self._door.page(Permission.ACT, self._take_all))]

    async def _take_all(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        visitor, now = guest.visitor, self._site.now()
        up_to = number_of((await fields_of(request)).get("up_to", "")) or 0

        def act(connection: Connection) -> str:
            contacts = calls.calling(connection, visitor.scope, up_to)
            return take_all.take_all(connection, contacts, visitor.actor, now).words

        try:
            words = await self._site.write(act)
        except Refused as refusal:
            words = refusal.sentence
        message = flash.token(words, visitor.session, self._site.book.secret, now)
        raise web.HTTPSeeOther(f"{ROOT}/queue?which=urgent&told={message}")
