"""Who is away, and who is called outside office hours."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from bot.core.deputies import Away
from bot.core.duties import Shift
from bot.core.roles import Permission
from bot.flows import board
from bot.flows.changes.refusals import Refused
from bot.flows.desk import duties
from bot.flows.desk.duties import Nights
from bot.flows.titles import Titles
from bot.render.words import date_in_words
from bot.store import duties as stored
from bot.store import staff
from bot.store.duties import Absence, Duty
from bot.web.console import days, flash
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.forms import fields_of, number_of
from bot.web.site import STATUS_OF, Site

_HERE = f"{ROOT}/duty"
_SAID = {
    "away": "The absence holds from now on.",
    "back": "The absence has ended.",
    "night": "The night duty holds from now on.",
    "no-night": "The night duty was taken out.",
}


class DutyPages:
    """One page; what is posted names the action."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Everybody enters their own absences; leads those of their teams, and who has which nights."""
        page = self._door.page
        return [web.get(_HERE, page(Permission.READ, self._show)), web.post(_HERE, page(Permission.READ, self._act))]

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        secret, now = self._site.book.secret, self._site.now()
        message = flash.words_in(request.query.get("done", ""), guest.visitor.session, secret, now)
        return await self._page(request, guest, {}, message=message)

    async def _page(
        self,
        request: web.Request,
        guest: Guest,
        fields: Mapping[str, str],
        *,
        message: str = "",
        refusal: Refused | None = None,
    ) -> web.StreamResponse:
        facts, titles = await self._site.read(lambda c: self._read(c, guest)), Titles(self._site.book)
        context = {
            **facts,
            "told": message,
            "fault": refusal.sentence if refusal else "",
            "fields": fields,
            "faults": {f"{fields.get('action', '')}-{refusal.field}": refusal.sentence} if refusal else {},
            "leads": guest.may(Permission.LEAD),
            "today": self._site.book.clocks.today(self._site.now()),
            "day_in_words": date_in_words,
            "titles": titles,
            "teams": {nights.team: titles.team(nights.team) for nights in facts["nights"]},
        }
        return render(request, guest, "duty", context, STATUS_OF[refusal.kind] if refusal else 200)

    def _read(self, connection: Connection, guest: Guest) -> dict[str, Any]:
        book, visitor, now = self._site.book, guest.visitor, self._site.now()
        absences: list[Absence] = duties.absences_seen(connection, visitor, now, book)
        nights: list[Nights] = duties.nights(connection, visitor, now, book)
        first = duties.night_from(now, book.clocks.default_calendar)
        shifts: list[Duty] = [
            duty for duty in stored.duties_from(connection, first) if visitor.scope.sees(duty.shift.team)
        ]
        is_here = (account for account in staff.list_all(connection) if account.disabled_at is None)
        return {
            "absences": absences,
            "nights": nights,
            "duties": shifts,
            "addresses": [account.address for account in is_here],
            "outlets": duties.callable_outlets(book),
        }

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        fields = await fields_of(request)
        try:
            await self._site.write(lambda c: self._change(c, fields, guest))
        except Refused as refusal:
            return await self._page(request, guest, fields, refusal=refusal)
        now, book = self._site.now(), self._site.book
        # In this process at once; the others look within seconds, and before every call.
        await self._site.read(lambda c: board.refresh(c, now, book))
        token = flash.token(_SAID[fields["action"]], guest.visitor.session, book.secret, now)
        raise web.HTTPSeeOther(f"{_HERE}?done={token}")

    def _change(self, connection: Connection, fields: Mapping[str, str], guest: Guest) -> None:
        visitor, now, book = guest.visitor, self._site.now(), self._site.book
        action, person = fields.get("action", ""), fields.get("person", "")
        number = number_of(fields.get("number", "")) or 0
        match action:
            case "away":
                person = person or visitor.address
                away = Away(person, _day(fields, "first"), _day(fields, "last"), fields.get("deputy", ""))
                duties.enter_absence(connection, away, visitor, now, book)
            case "back":
                duties.end_absence(connection, number, visitor, now, book)
            case "night":
                shift = Shift(fields.get("team", ""), _day(fields, "first"), _day(fields, "last"), person)
                duties.enter_duty(connection, shift, visitor, now, book)
            case "no-night":
                duties.drop_duty(connection, number, visitor, now, book)
            case _:
                raise web.HTTPBadRequest


def _day(fields: Mapping[str, str], name: str) -> date:
    """The day in this field. Raises Refused."""
    day = days.read(fields.get(name, ""))
    if day is None:
        raise Refused("enter a day, such as 24/12/2026", name)
    return day
