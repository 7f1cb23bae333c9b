"""The other rooms of the console: backlog, coverage, alerts, standards, what was shunted, the audit."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from bot.channel import Coverage
from bot.core import references
from bot.core.roles import May
from bot.flows import ages, promise, receive, release
from bot.flows.plan import Filed
from bot.render.formats import instant_in_words
from bot.store import audit, contacts, queue, shunt
from bot.store.audit import Looking
from bot.web.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.office import Office
from bot.wire import mime

_ALERT_DAYS = 7
_MOST_ALERTS = 200
_MOST_EVENTS = 100
_RAW_SHOWN = 20_000
_LEFT = {
    "sent": "sent",
    "delivered": "sent",
    "permanent-failure": "not delivered",
    "technical-failure": "not delivered",
    "cancelled": "not needed any more",
}


class Rooms:
    """Each room is one page."""

    def __init__(self, office: Office, door: Doorkeeper) -> None:
        self._office, self._door = office, door

    def routes(self) -> list[web.RouteDef]:
        """Looking; and for who leads: letting receipts leave, and what to do with what was shunted."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/backlog", page(May.READ, self._backlog)),
            web.post(f"{ROOT}/backlog", page(May.LEAD, self._release)),
            web.get(f"{ROOT}/coverage", page(May.READ, self._coverage)),
            web.get(f"{ROOT}/alerts", page(May.READ, self._alerts)),
            web.get(f"{ROOT}/standards", page(May.READ, self._standards)),
            web.get(f"{ROOT}/shunted", page(May.LEAD, self._shunted)),
            web.get(f"{ROOT}/shunted/{{number}}", page(May.LEAD, self._one_shunted)),
            web.post(f"{ROOT}/shunted/{{number}}", page(May.LEAD, self._decide_shunted)),
            web.get(f"{ROOT}/audit", page(May.LEAD, self._audit)),
        ]

    def _when(self, at: Any) -> str:
        return instant_in_words(at, self._office.book.default_calendar.zone) if at else ""

    async def _backlog(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        scope, now, calendar = guest.visitor.scope, self._office.now(), self._office.book.default_calendar
        found = await self._office.read(lambda c: (audit.open_by_team(c, scope), queue.held(c, scope)))
        rows = ages.table(found[0], now, calendar)
        released = request.query.get("released", "")
        context = {
            "rows": rows,
            "headings": ages.headings(),
            "held": found[1],
            "released": released if released.isdecimal() and len(released) < 7 else "",
            "may_release": guest.may(May.LEAD) and scope.teams is None,
        }
        return render(request, guest, "backlog", context)

    async def _release(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        if guest.visitor.scope.teams is not None:
            await self._door.refuse(guest, request.path, "team")
            advice = "They are held back for every team. Ask an administrator, or somebody who leads all teams."
            return refusal(request, 403, "You may not let them leave", advice, guest)
        now, actor = self._office.now(), guest.visitor.actor
        count = await self._office.write(lambda c: release.release(c, now, actor))
        raise web.HTTPSeeOther(f"{ROOT}/backlog?released={count}")

    async def _coverage(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        known, problems = self._office.coverage(), await self._office.problems()
        rows = [(name, way.medium, known.get(name, Coverage("green"))) for name, way in self._office.book.ways.items()]
        return render(request, guest, "coverage", {"rows": rows, "problems": problems, "known": set(known)})

    async def _alerts(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        since, scope = self._office.now() - timedelta(days=_ALERT_DAYS), guest.visitor.scope
        found = await self._office.read(lambda c: audit.alerts(c, since, scope, _MOST_ALERTS))
        rows = [row | {"why": self._why(row), "became": self._became(row)} for row in found]
        most = _MOST_ALERTS if len(rows) == _MOST_ALERTS else None
        return render(request, guest, "alerts", {"rows": rows, "days": _ALERT_DAYS, "when": self._when, "most": most})

    def _why(self, row: dict[str, Any]) -> str:
        if row["purpose"] == "notice":
            return str(row["details"].get("subject", ""))
        if row["purpose"] == "urgent":
            return f"it cannot wait: call {row['step'].removeprefix('urgent-')}"
        step = self._office.book.ladders.step(row["step"], row["standard"])
        return step.words if step else row["step"].replace("-", " ")

    def _became(self, row: dict[str, Any]) -> list[str]:
        """What became of the alert itself, then of its contact."""
        words = [_LEFT.get(row["state"], "not sent yet")]
        if row["taken_by"]:
            words.append(f"{row['taken_by'].removeprefix('staff:')} took it, {self._when(row['taken_at'])}")
        match row["contact_state"]:
            case "open" if not row["taken_by"]:
                words.append("nobody has taken it yet")
            case "answered":
                words.append(f"answered, {self._when(row['responded_at'])}")
            case "closed" | "logged":
                words.append(row["contact_state"])
        return words

    async def _standards(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        book, now = self._office.book, self._office.now()
        in_force = book.promises.in_force(book.today(now))
        rows = [(one, list(promise.sentences(one, now, book))) for one in in_force]
        return render(request, guest, "standards", {"rows": rows})

    async def _shunted(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        rows = [row for row in await self._office.read(shunt.listed) if self._sees(guest, row)]
        return render(request, guest, "shunted", {"rows": rows, "one": None, "when": self._when})

    def _sees(self, guest: Guest, row: dict[str, Any]) -> bool:
        return self._office.sees_channel(guest.visitor.scope, row["channel"])

    async def _found(self, request: web.Request, guest: Guest) -> dict[str, Any] | None:
        text = request.match_info["number"]
        number = int(text) if text.isdecimal() and len(text) < 18 else 0
        row = await self._office.read(lambda c: shunt.find(c, number))
        return row if row and self._sees(guest, row) else None

    async def _one_shunted(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        row = await self._found(request, guest)
        if row is None:
            return _gone(request, guest)
        shown = row["raw"][:_RAW_SHOWN].decode("utf-8", "replace").replace("\0", "")
        context = {"rows": [], "one": row, "raw": shown, "when": self._when, "is_mail": self._is_mail(row)}
        return render(request, guest, "shunted", context)

    def _is_mail(self, row: dict[str, Any]) -> bool:
        way = self._office.book.ways.get(row["channel"])
        return way is not None and way.medium == "email"

    async def _decide_shunted(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        row, posted = await self._found(request, guest), await request.post()
        if row is None:
            return _gone(request, guest)
        number, now, book = row["id"], self._office.now(), self._office.book
        if posted.get("action") == "drop":
            line = self._door.line(guest, "shunted message dropped", {"number": number, "channel": row["channel"]})
            await self._office.write(lambda c: contacts.note(c, [line] if shunt.drop(c, number) else []))
            raise web.HTTPSeeOther(f"{ROOT}/shunted")
        if posted.get("action") != "replay" or not self._is_mail(row):
            raise web.HTTPBadRequest
        message = mime.read(row["raw"], channel=row["channel"], received_at=row["at"])
        line = self._door.line(guest, "shunted message replayed", {"number": number})

        def replay(c: Connection) -> Filed:
            filed = receive.replay(c, number, message, now, book)
            contact = contacts.find(c, filed.reference) if filed.reference else None
            if contact is not None:
                contacts.note(c, [line | {"contact_id": contact.id}])
            return filed

        filed = await self._office.write(replay)
        if filed.outcome == "shunted" or filed.reference is None:
            advice = "It is kept as it was. Read it, answer it by hand, and tell whoever looks after Ackbot."
            return refusal(request, 409, "It still cannot be logged", advice, guest)
        raise web.HTTPSeeOther(f"{ROOT}/contacts/{filed.reference}")

    async def _audit(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        asked = {name: request.query.get(name, "").strip()[:254].replace("\0", "") for name in ("by", "reference")}
        asked = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
        text = request.query.get("before", "")
        before = int(text) if text.isdecimal() and len(text) < 18 else None
        named = references.find(asked["reference"], self._office.book.prefix) or [asked["reference"]]
        by = f"staff:{asked['by'].lower()}" if "@" in asked["by"] else asked["by"]
        looking = Looking(guest.visitor.actor, guest.visitor.scope, before, by, named[0])
        rows = await self._office.read(lambda c: audit.trail(c, looking, _MOST_EVENTS))
        last = rows[-1].id if len(rows) == _MOST_EVENTS else None
        query = urlencode({name: value for name, value in asked.items() if value})
        return render(request, guest, "audit", {"rows": rows, "last": last, "when": self._when, "query": query} | asked)


def _gone(request: web.Request, guest: Guest) -> web.Response:
    return refusal(request, 404, "There is no such message", "Somebody may have dealt with it.", guest)
