"""Who is away, and who is called outside office hours."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from aiohttp import web
from sqlalchemy import Connection

from bot.core.deputies import Away
from bot.core.duties import Shift
from bot.core.roles import Permission
from bot.flows.changes.refusals import Refused
from bot.flows.desk import duties
from bot.flows.desk.duties import Nights
from bot.flows.titles import Titles
from bot.render.words import date_in_words
from bot.store import duties as stored
from bot.store import staff
from bot.store.duties import Absence, Duty
from bot.web.console import days
from bot.web.console.board_page import BoardPage
from bot.web.console.doorkeeper import ROOT, Guest, render
from bot.web.forms import number_of
from bot.web.site import STATUS_OF


class DutyPages(BoardPage):
    """Everybody enters their own absences; leads those of their teams, and who has which nights."""

    address = f"{ROOT}/duty"
    permission = Permission.READ
    sentences: ClassVar = {
        "away": "The absence holds from now on.",
        "back": "The absence has ended.",
        "night": "The night duty holds from now on.",
        "no-night": "The night duty was taken out.",
    }

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
