"""The console of staff, put together from its pages."""

from aiohttp import web

from bot.web.contact_pages import ContactPages
from bot.web.desk_pages import DeskPages
from bot.web.doorkeeper import ROOT, Doorkeeper
from bot.web.message_pages import MessagePages
from bot.web.office import Office
from bot.web.oidc import Oidc
from bot.web.people_pages import PeoplePages
from bot.web.queue_pages import QueuePages
from bot.web.rooms import Rooms
from bot.web.shunted_pages import ShuntedPages
from bot.web.sign_in import SignIn
from bot.web.template_pages import TemplatePages


def routes(office: Office) -> list[web.RouteDef]:
    """Every page of the console."""
    door = Doorkeeper(office)
    oidc = Oidc(office.sign_in) if office.sign_in else None
    parts = (SignIn(office, door, oidc), QueuePages(office, door), ContactPages(office, door))
    more = (Rooms(office, door), TemplatePages(office, door), ShuntedPages(office, door), PeoplePages(office, door))
    ones = (MessagePages(office, door), DeskPages(office, door))
    return [web.get(ROOT, _onwards), *(route for part in (*parts, *ones, *more) for route in part.routes())]


async def _onwards(_request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"{ROOT}/queue")
