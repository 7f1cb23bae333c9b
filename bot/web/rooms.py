"""The other rooms of the console: backlog, coverage, alerts, standards, the audit."""

from datetime import date, timedelta
from typing import Any

from aiohttp import web

from bot.channel import Coverage
from bot.core.roles import May
from bot.flows import ages, promise, release
from bot.render.formats import instant_in_words
from bot.store import audit, outbox
from bot.store.queue import NO_TEAM
from bot.web import excerpts
from bot.web.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.office import Office

_ALERT_DAYS = 7
_MOST_ALERTS = 200
_MOST_EVENTS = 100


class Rooms:
    """Each room is one page."""

    def __init__(self, office: Office, door: Doorkeeper) -> None:
        self._office, self._door = office, door

    def routes(self) -> list[web.RouteDef]:
        """Looking; and for who leads: letting receipts leave."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/backlog", page(May.READ, self._backlog)),
            web.post(f"{ROOT}/backlog", page(May.LEAD, self._release)),
            web.get(f"{ROOT}/coverage", page(May.READ, self._coverage)),
            web.get(f"{ROOT}/alerts", page(May.READ, self._alerts)),
            web.get(f"{ROOT}/standards", page(May.READ, self._standards)),
            web.get(f"{ROOT}/audit", page(May.LEAD, self._audit)),
        ]

    def _when(self, at: Any) -> str:
        return instant_in_words(at, self._office.book.default_calendar.zone) if at else ""

    async def _backlog(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        scope, now, calendar = guest.visitor.scope, self._office.now(), self._office.book.default_calendar
        found = await self._office.read(lambda c: (audit.open_by_team(c, scope), len(outbox.held(c))))
        ends = [_span(*span) for span in ages.spans(now, calendar)]
        released = request.query.get("released", "")
        context = {
            "rows": ages.table(found[0], now, calendar),
            "headings": ages.headings(),
            "ends": ends,
            "no_team": NO_TEAM,
            "held": found[1],
            "released": int(released) if released.isdecimal() and len(released) < 7 else None,
            "may_lead": guest.may(May.LEAD),
        }
        return render(request, guest, "backlog", context)

    async def _release(self, _request: web.Request, guest: Guest) -> web.StreamResponse:
        now = self._office.now()
        count = await self._office.write(lambda c: release.release(c, now))
        await self._door.note(guest, "receipts released", {"count": count})
        raise web.HTTPSeeOther(f"{ROOT}/backlog?released={count}")

    async def _coverage(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        known, problems = self._office.coverage(), await self._office.problems()
        rows = [(name, way.medium, known.get(name, Coverage("green"))) for name, way in self._office.book.ways.items()]
        return render(request, guest, "coverage", {"rows": rows, "problems": problems, "known": set(known)})

    async def _alerts(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        since, scope = self._office.now() - timedelta(days=_ALERT_DAYS), guest.visitor.scope
        found = await self._office.read(lambda c: audit.alerts(c, since, _MOST_ALERTS))
        rows = [row for row in found if scope.sees(row["team"])]
        return render(request, guest, "alerts", {"rows": rows, "days": _ALERT_DAYS, "when": self._when})

    async def _standards(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        book, now = self._office.book, self._office.now()
        in_force = book.promises.in_force(book.today(now))
        rows = [(one, promise.in_short(one), list(promise.sentences(one, now, book))) for one in in_force]
        return render(request, guest, "standards", {"rows": rows})

    async def _audit(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        text, scope = request.query.get("before", ""), guest.visitor.scope
        before = int(text) if text.isdecimal() and len(text) < 18 else None
        found = await self._office.read(lambda c: audit.trail(c, before, _MOST_EVENTS, scope))
        rows = excerpts.fitting(found)
        last = rows[-1][0].id if len(found) == _MOST_EVENTS or len(rows) < len(found) else None
        return render(request, guest, "audit", {"rows": rows, "last": last, "when": self._when})


def _span(first: date | None, end: date | None) -> str:
    """The end of the address of the queue for what came on the first day or later, and before the other."""
    from_first = f"&received_from={first}" if first else ""
    return f"{from_first}&received_before={end}" if end else from_first
