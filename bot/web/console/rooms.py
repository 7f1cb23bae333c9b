"""The other rooms of the console: backlog, coverage, alerts, standards, the audit."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.channel import Inbox
from bot.core import threads
from bot.core.deliveries import Purpose
from bot.core.roles import Permission
from bot.flows import promise
from bot.flows.desk import backlog_ages, channel_health, event_titles, wishes
from bot.flows.desk.channel_health import Sight
from bot.flows.outgoing import release
from bot.flows.titles import Titles
from bot.render.words import instant_in_words
from bot.store import audit, queue
from bot.store.audit import Looking, QueuedAlert
from bot.store.queue import NO_TEAM
from bot.web.console import excerpts
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.forms import number_of
from bot.web.site import Site

_ALERT_DAYS = 7
_MOST_ALERTS = 200
_MOST_EVENTS = 100


class Rooms:
    """Each room is one page."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Looking; and for who leads: letting receipts leave."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/backlog", page(Permission.READ, self._backlog)),
            web.post(f"{ROOT}/backlog", page(Permission.LEAD, self._release)),
            web.get(f"{ROOT}/coverage", page(Permission.READ, self._coverage)),
            web.get(f"{ROOT}/alerts", page(Permission.READ, self._alerts)),
            web.get(f"{ROOT}/standards", page(Permission.READ, self._standards)),
            web.get(f"{ROOT}/audit", page(Permission.LEAD, self._audit)),
        ]

    def _when(self, at: Any) -> str:
        return instant_in_words(at, self._site.book.clocks.default_calendar.zone) if at else ""

    async def _backlog(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        scope, now, calendar = guest.visitor.scope, self._site.now(), self._site.book.clocks.default_calendar
        figures = await self._site.read(
            lambda c: (audit.open_by_team(c, scope), queue.count_held(c, scope), wishes.figures(c, scope))
        )
        ends = [_span(*span) for span in backlog_ages.spans(now, calendar)]
        context = {
            "rows": backlog_ages.table(figures[0], now, calendar),
            "headings": backlog_ages.headings(),
            "ends": ends,
            "no_team": NO_TEAM,
            "titles": Titles(self._site.book),
            "held": figures[1],
            "wishes": figures[2],
            "released": number_of(request.query.get("released", "")),
            "may_release": guest.may(Permission.LEAD) and scope.teams is None,
        }
        return render(request, guest, "backlog", context)

    async def _release(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        if guest.visitor.scope.teams is not None:
            await self._door.refuse(guest, request.path, "team")
            advice = "They are held back for every team. Ask an administrator, or somebody who leads all teams."
            return refusal(request, 403, "You may not let them leave", advice, guest)
        now, actor = self._site.now(), guest.visitor.actor
        count = await self._site.write(lambda c: release.release(c, now, actor))
        raise web.HTTPSeeOther(f"{ROOT}/backlog?released={count}")

    async def _coverage(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        problems, now, book = await self._site.problems(), self._site.now(), self._site.book
        inboxes = [name for name, channel in self._site.channels.items() if isinstance(channel, Inbox)]
        sight = Sight(self._site.coverage(), inboxes)
        rows = await self._site.read(lambda c: channel_health.of_channels(c, sight, now, book))
        return render(request, guest, "coverage", {"rows": rows, "problems": problems, "when": self._when})

    async def _alerts(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        since, scope = self._site.now() - timedelta(days=_ALERT_DAYS), guest.visitor.scope
        alerts = await self._site.read(lambda c: audit.alerts(c, since, scope, _MOST_ALERTS))
        rows = [(alert, self._why(alert), self._became(alert)) for alert in alerts]
        most = _MOST_ALERTS if len(rows) == _MOST_ALERTS else None
        return render(request, guest, "alerts", {"rows": rows, "days": _ALERT_DAYS, "when": self._when, "most": most})

    def _why(self, alert: QueuedAlert) -> str:
        if alert.purpose is Purpose.NOTICE:
            return str(alert.details.get("subject", ""))
        if alert.purpose is Purpose.URGENT:
            return f"it cannot wait: call {alert.step.removeprefix('urgent-')}"
        step = self._site.book.clocks.ladders.step(alert.step, alert.standard)
        return step.words if step else alert.step.replace("-", " ")

    def _became(self, alert: QueuedAlert) -> list[str]:
        """What became of the alert itself, then of its contact."""
        words = [event_titles.state(alert.state)]
        if alert.taken_by:
            words.append(f"{alert.taken_by.removeprefix('staff:')} took it, {self._when(alert.taken_at)}")
        match alert.contact_state:
            case "open" if not alert.taken_by:
                words.append("nobody has taken it yet")
            case "answered":
                words.append(f"answered, {self._when(alert.responded_at)}")
            case "closed" | "logged":
                words.append(alert.contact_state)
        return words

    async def _standards(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        book, now = self._site.book, self._site.now()
        in_force = book.clocks.promises.in_force(book.clocks.today(now))
        rows = [
            (standard, promise.in_short(standard), list(promise.sentences(standard, now, book.clocks)))
            for standard in in_force
        ]
        return render(request, guest, "standards", {"rows": rows})

    async def _audit(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        filters = {name: request.query.get(name, "").strip()[:254].replace("\0", "") for name in ("by", "reference")}
        filters = {name: value.encode("utf-8", "replace").decode() for name, value in filters.items()}
        before = number_of(request.query.get("before", ""))
        references_in_filter = threads.references_in(filters["reference"], self._site.book.prefix) or [
            filters["reference"]
        ]
        by = f"staff:{filters['by'].lower()}" if "@" in filters["by"] else filters["by"]
        looking = Looking(guest.visitor.actor, guest.visitor.scope, before, by, references_in_filter[0])
        events = await self._site.read(lambda c: audit.trail(c, looking, _MOST_EVENTS))
        rows = excerpts.excerpts_of(events)
        last = rows[-1][0].id if len(events) == _MOST_EVENTS or len(rows) < len(events) else None
        query = urlencode({name: value for name, value in filters.items() if value})
        return render(
            request,
            guest,
            "audit",
            {"rows": rows, "last": last, "when": self._when, "query": query, "title_of": event_titles.event} | filters,
        )


def _span(first: date | None, end: date | None) -> str:
    """The end of the address of the queue for what came on the first day or later, and before the other."""
    from_first = f"&received_from={first}" if first else ""
    return f"{from_first}&received_before={end}" if end else from_first
