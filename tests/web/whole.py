"""The whole web application, as the service serves it."""

from functools import partial

from aiohttp import web

from bot.web import server
from bot.web.later import Later
from bot.web.pages import pages
from bot.web.public.health import Health
from bot.web.site import Site


def application(site: Site) -> web.Application:
    """Return it; its pages are put together for the first who asks for one."""
    health = Health(site.problems, site.coverage, site.metrics)
    return server.application(health, Later(partial(pages, site)))
