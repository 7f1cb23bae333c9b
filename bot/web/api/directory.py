"""What other calls take by name: teams, services, kinds and areas, channels."""

from aiohttp import web

from bot.flows.changes import classify
from bot.flows.staffing import Visitor
from bot.web.api import models
from bot.web.api.answers import json_of
from bot.web.site import Site


class Directory:
    """The names that are configured on `site`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def teams(self, _request: web.Request, visitor: Visitor) -> web.Response:
        """List the teams whose contacts this token sees."""
        names = (name for name in self._site.book.outgoing.teams if visitor.scope.sees(name))
        return json_of(models.Teams(teams=[models.TeamView(name=name) for name in names]))

    async def services(self, _request: web.Request, _visitor: Visitor) -> web.Response:
        """List what a contact can be about."""
        book = self._site.book
        by_name = book.intake.router.services
        views = [
            models.ServiceView(
                name=name,
                title=by_name[name].title if name in by_name else name,
                page=by_name[name].page if name in by_name else "",
                team=by_name[name].team if name in by_name else "",
            )
            for name in classify.choices("service", book)
        ]
        kinds, areas = classify.choices("kind", book), classify.choices("area", book)
        return json_of(models.Services(services=views, kinds=kinds, areas=areas))

    async def channels(self, _request: web.Request, visitor: Visitor) -> web.Response:
        """List the ways in whose contacts this token may see."""
        views = [
            models.ChannelView(
                name=name, medium=way.medium, team=way.team or "", takes_records=name in self._site.desks
            )
            for name, way in self._site.book.ways.items()
            if self._site.sees_channel(visitor.scope, name)
        ]
        return json_of(models.Channels(channels=views))
