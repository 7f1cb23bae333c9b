"""The console of staff, put together from its pages."""

from typing import TYPE_CHECKING

from aiohttp import web

from bot.web.console.contact import ContactPages
from bot.web.console.desk import DeskPages
from bot.web.console.doorkeeper import ROOT, Doorkeeper
from bot.web.console.message import MessagePages
from bot.web.console.people import PeoplePages
from bot.web.console.queue import QueuePages
from bot.web.console.rooms import Rooms
from bot.web.console.shunted import ShuntedPages
from bot.web.console.sign_in import SignIn
from bot.web.console.templates import TemplatePages
from bot.web.console.urgent import UrgentPages
from bot.web.site import Site

if TYPE_CHECKING:
    from bot.web.console.oidc import Oidc


def routes(site: Site) -> list[web.RouteDef]:
    """Every page of the console."""
    door = Doorkeeper(site)
    parts = (SignIn(site, door, _provider(site)), QueuePages(site, door), ContactPages(site, door))
    more = (Rooms(site, door), TemplatePages(site, door), ShuntedPages(site, door), PeoplePages(site, door))
    pages_of_one = (MessagePages(site, door), DeskPages(site, door), UrgentPages(site, door))
    return [web.get(ROOT, _onwards), *(route for part in (*parts, *pages_of_one, *more) for route in part.routes())]


def _provider(site: Site) -> "Oidc | None":
    """The organisation's own sign-in, if it is configured; its library of tokens is imported only then."""
    if site.settings.sign_in is None:
        return None
    from bot.web.console.oidc import Oidc  # noqa: PLC0415

    return Oidc(site.settings.sign_in)


async def _onwards(_request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"{ROOT}/queue")
