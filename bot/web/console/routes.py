"""The console of staff, put together from its pages."""

from typing import TYPE_CHECKING

from aiohttp import web

from bot.web.console.account import AccountPages
from bot.web.console.admission import Admission
from bot.web.console.answering import AnswerPages
from bot.web.console.attempts import Attempts
from bot.web.console.contact import ContactPages
from bot.web.console.desk import DeskPages
from bot.web.console.doorkeeper import ROOT, Doorkeeper
from bot.web.console.duty import DutyPages
from bot.web.console.feedback import FeedbackPages
from bot.web.console.figure_contacts import FigureContacts
from bot.web.console.figures import FigurePages
from bot.web.console.files import FilePages
from bot.web.console.improvements import ImprovementPages
from bot.web.console.letters import LetterPages
from bot.web.console.many import ManyPages
from bot.web.console.message import MessagePages
from bot.web.console.one_time_link import OneTimeLink
from bot.web.console.people import PeoplePages
from bot.web.console.person import PersonPages
from bot.web.console.public_posts import PublicPostPages
from bot.web.console.queue import QueuePages
from bot.web.console.reports import Reports
from bot.web.console.rewording import RewordingPages
from bot.web.console.rooms import Rooms
from bot.web.console.second_step import SecondStep
from bot.web.console.shunted import ShuntedPages
from bot.web.console.sign_in import SignIn
from bot.web.console.templates import TemplatePages
from bot.web.console.track import TrackPages
from bot.web.console.urgent import UrgentPages
from bot.web.site import Site

if TYPE_CHECKING:
    from bot.web.console.oidc import Oidc


def routes(site: Site) -> list[web.RouteDef]:
    """Every page of the console."""
    door, attempts = Doorkeeper(site), Attempts(site)
    admission = Admission(site, door, attempts)
    in_front = (SignIn(site, door, admission, attempts, _provider(site)), OneTimeLink(site, door, admission))
    own = (SecondStep(site, door, admission, attempts), AccountPages(site, door, attempts))
    queue, contact = QueuePages(site, door), ContactPages(site, door)
    lists = (queue, ManyPages(site, door, queue))
    parts = (
        contact,
        AnswerPages(site, door, contact),
        MessagePages(site, door),
        FilePages(site, door),
        LetterPages(site, door),
        TrackPages(site, door),
    )
    people = (PersonPages(site, door), PeoplePages(site, door, admission))
    desk = (DeskPages(site, door), UrgentPages(site, door), ShuntedPages(site, door), PublicPostPages(site, door))
    more = (Rooms(site, door), DutyPages(site, door), FeedbackPages(site, door), ImprovementPages(site, door))
    figures = (FigurePages(site, door), FigureContacts(site, door), Reports(site, door))
    words = (TemplatePages(site, door), RewordingPages(site, door))
    rooms = (*in_front, *own, *lists, *parts, *desk, *more, *figures, *words, *people)
    return [web.get(ROOT, _onwards), *(route for room in rooms for route in room.routes())]


def _provider(site: Site) -> "Oidc | None":
    """The organisation's own sign-in, if it is configured; its library of tokens is imported only then."""
    if not site.settings.sign_in.has_provider:
        return None
    from bot.web.console.oidc import Oidc  # noqa: PLC0415

    return Oidc(site.settings.sign_in)


async def _onwards(_request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"{ROOT}/queue")
