"""Programs that follow by webhook ask by the API to be told events again."""

from http import HTTPStatus

from aiohttp import web
from sqlalchemy import Connection

from bot.flows.changes.refusals import Refused
from bot.flows.changes.replay_events import replay_events
from bot.flows.staffing import Visitor
from bot.web.api import calls, models, requests
from bot.web.api.answers import REPLAYED, json_of
from bot.web.api.problems import Problem
from bot.web.site import STATUS_OF, Site


class Following:
    """What followers can ask of `site`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def replay(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Tell a follower again what happened after an event."""
        if visitor.scope.teams is not None:
            raise Problem(HTTPStatus.FORBIDDEN, "A webhook is told of every team: this token sees some teams only.")
        body, name, now = await calls.body_of(request), request.match_info["name"], self._site.now()
        call, after = calls.call_of(request, body, visitor), int(calls.model_of(requests.Replay, body).after)

        def work(c: Connection) -> tuple[models.Replay, bool]:
            if answer := calls.before(c, call, now):
                return models.Replay(after=answer["after"], up_to=answer["up_to"]), True
            replay = replay_events(c, name, after, visitor.actor, now, self._site.book)
            view = models.Replay(after=str(replay.after), up_to=str(replay.up_to))
            calls.keep(c, call, HTTPStatus.ACCEPTED, view.model_dump())
            return view, False

        try:
            view, again = await self._site.write(work)
        except Refused as refusal:
            errors = [(refusal.field, refusal.reason)] if refusal.field else []
            raise Problem(STATUS_OF[refusal.kind], refusal.sentence, errors) from refusal
        return json_of(view, HTTPStatus.ACCEPTED, REPLAYED if again else {})
