"""Reports of whole months: drawn up, looked at as everybody will read them, approved, withdrawn, saved as files."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import urlencode

from aiohttp import web

from bot.core import publication_json
from bot.core.publications import Publication, Row, Table
from bot.core.reports import Report, State, months_in_words, quarter_before
from bot.core.roles import Permission
from bot.flows.changes.refusals import Refused
from bot.flows.figures import approval, publishing
from bot.flows.figures.report import cut_off
from bot.render import pdf, report_view, report_words
from bot.render.report_pages import ReportPages
from bot.render.words import date_in_words, instant_in_words
from bot.store import reports as stored
from bot.web.console import days, flash
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.downloads import saved_file
from bot.web.forms import fields_of, number_of
from bot.web.site import STATUS_OF, Site
from bot.wire import report_files
from bot.wire.report_files import Origin

_ADDRESS = f"{ROOT}/reports"
_ONE = f"{_ADDRESS}/{{number}}"
_STATES = {State.DRAFT: "Draft", State.APPROVED: "Approved", State.WITHDRAWN: "Withdrawn"}
_DRAWN_UP = "It is kept as a draft. Look at every number, then approve it."
_SENTENCES = {
    "approve": "It is approved. Everybody can read it now.",
    "withdraw": "It is withdrawn. Nobody but staff reads it any more.",
}


class Reports:
    """Everybody of staff reads them; who leads and sees every team's contacts draws up, approves and withdraws."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door
        self._pages = ReportPages(site.settings.template_directories)
        # Each takes a core for seconds.
        self._only_one = asyncio.Semaphore()

    def routes(self) -> list[web.RouteDef]:
        """The list, each report, and its files."""
        page = self._door.page
        return [
            web.get(_ADDRESS, page(Permission.READ, self._show_list)),
            web.post(_ADDRESS, page(Permission.LEAD, self._draw_up)),
            web.get(_ONE, page(Permission.READ, self._show)),
            web.post(_ONE, page(Permission.LEAD, self._act)),
            web.get(f"{_ONE}/report.html", page(Permission.READ, self._html)),
            web.get(f"{_ONE}/report.pdf", page(Permission.READ, self._pdf)),
            web.get(f"{_ONE}/report.csv", page(Permission.READ, self._csv)),
            web.get(f"{_ONE}/report.json", page(Permission.READ, self._json)),
        ]

    async def _show_list(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        first_day, last_day = quarter_before(self._today())
        fields = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
        return await self._list(request, guest, fields)

    async def _list(
        self, request: web.Request, guest: Guest, fields: Mapping[str, str], fault: Refused | None = None
    ) -> web.StreamResponse:
        context = {
            "reports": await self._site.read(stored.list_all),
            "states": _STATES,
            "fault": fault.sentence if fault else "",
            "faults": {fault.field: fault.sentence} if fault and fault.field else {},
            "fields": {name: fields.get(name, "") for name in ("first_day", "last_day", "reason")},
            "last_quarter": months_in_words(*quarter_before(self._today())),
            "may_act": _may_act(guest),
            "day_in_words": date_in_words,
        }
        return render(request, guest, "reports", context, STATUS_OF[fault.kind] if fault else 200)

    async def _draw_up(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        """Read for as long as it takes, beside whatever else is read; then write at once."""
        fields, book, now = await fields_of(request), self._site.book, self._site.now()
        first, last = (days.read(fields.get(name, "")) for name in ("first_day", "last_day"))
        try:
            approval.refuse_visitor(guest.visitor)
            first_day, last_day = approval.refuse_period(first, last, self._today())
            async with self._only_one:
                draft = await self._read(first_day, last_day)
            reason = fields.get("reason", "")
            number = await self._site.write(lambda c: approval.keep(c, draft, reason, guest.visitor, now, book))
        except Refused as fault:
            return await self._list(request, guest, fields, fault)
        raise self._onwards(guest, number, _DRAWN_UP)

    async def _read(self, first_day: date, last_day: date) -> Publication:
        """What may be published of these days; the cut-off is settled before its events are read."""
        book, organisation = self._site.book, self._site.settings.organisation.name
        number = await self._site.read(lambda c: cut_off(c, None))
        order = publishing.Order(organisation, first_day, last_day, number)
        return await self._site.read(lambda c: publishing.draw_up(c, order, book, lambda _count: None))

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        secret, now = self._site.book.secret, self._site.now()
        message = flash.words_in(request.query.get("done", ""), guest.visitor.session, secret, now)
        return await self._page(request, guest, message=message)

    async def _page(
        self, request: web.Request, guest: Guest, *, message: str = "", fault: Refused | None = None
    ) -> web.StreamResponse:
        report = await self._report(request)
        publication = publication_json.read(report.content)
        link = _Contacts(publication) if guest.visitor.scope.teams is None else None
        zone = self._site.settings.organisation.zone
        context = report_view.context(publication, state=report.state, digest=report.digest, link=link)
        context |= {
            "report": report,
            "title": report.title,
            "told": message,
            "fault": fault.sentence if fault else "",
            "faults": {fault.field: fault.sentence} if fault and fault.field else {},
            "states": _STATES,
            "may_act": _may_act(guest),
            "instant_in_words": lambda at: instant_in_words(at, zone),
        }
        return render(request, guest, "report", context, STATUS_OF[fault.kind] if fault else 200)

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        fields, number, now = await fields_of(request), (await self._report(request)).id, self._site.now()
        visitor, book, action = guest.visitor, self._site.book, fields.get("action", "")
        digest, reason = fields.get("digest", ""), fields.get("reason", "")
        try:
            match action:
                case "approve":
                    await self._site.write(lambda c: approval.approve(c, number, digest, visitor, now, book))
                case "withdraw":
                    await self._site.write(lambda c: approval.withdraw(c, number, reason, visitor, now))
                case _:
                    raise web.HTTPBadRequest
        except Refused as fault:
            return await self._page(request, guest, fault=fault)
        raise self._onwards(guest, number, _SENTENCES[action])

    async def _html(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        report = await self._report(request)
        return saved_file(f"{report.file_name}.html", self._file(report).encode())

    async def _pdf(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        report = await self._report(request)
        try:
            async with self._only_one:
                content = await asyncio.to_thread(pdf.of_page, self._file(report))
        except pdf.NoPdf as error:
            advice = f"{error} The report as HTML can be printed all the same."
            return refusal(request, 503, "There is no PDF of this report", advice, guest)
        return saved_file(f"{report.file_name}.pdf", content)

    async def _csv(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        return await self._table(request, "csv", report_files.as_csv)

    async def _json(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        return await self._table(request, "json", report_files.as_json)

    async def _table(
        self, request: web.Request, ending: str, write: Callable[[Table, Origin], str]
    ) -> web.StreamResponse:
        """Every line of the report in one file: the whole, then those of each table."""
        report = await self._report(request)
        publication = publication_json.read(report.content)
        tables = publication.tables.values()
        rows = (publication.whole, *(row for table in tables for row in table.rows if row.names))
        names = ("first_day", "last_day", "cut_off", "known_at", "definitions", "since")
        origin = Origin(*(getattr(publication, name) for name in names))
        return saved_file(f"{report.file_name}.{ending}", write(Table((), rows), origin).encode())

    def _file(self, report: Report) -> str:
        publication = publication_json.read(report.content)
        return self._pages.page(publication, state=report.state, digest=report.digest).page

    async def _report(self, request: web.Request) -> Report:
        number = _number_in(request)
        report = await self._site.read(lambda c: stored.find(c, number))
        if report is None:
            raise web.HTTPNotFound
        return report

    def _today(self) -> date:
        return self._site.book.clocks.today(self._site.now())

    def _onwards(self, guest: Guest, number: int, sentence: str) -> web.HTTPSeeOther:
        token = flash.token(sentence, guest.visitor.session, self._site.book.secret, self._site.now())
        return web.HTTPSeeOther(f"{_ADDRESS}/{number}?done={token}")


class _Contacts:
    """Says at which page of the console the contacts behind a number of a report are listed."""

    def __init__(self, publication: Publication) -> None:
        days = {"from": publication.first_day, "to": publication.last_day}
        self._place = {**days, "at": str(publication.cut_off)}

    def __call__(self, row: Row, name: str, reason: str = "") -> str:
        """Return the address; a share opens into its part, a time into the contacts on which it rests."""
        column = report_words.column_of(name)
        figure = {"figure": column.part or column.base or name} | ({"reason": reason} if reason else {})
        names = {cut: value or "-" for cut, value in row.names.items()}
        return f"{ROOT}/figures/contacts?{urlencode(figure | self._place | names)}"


def _may_act(guest: Guest) -> bool:
    return guest.may(Permission.LEAD) and guest.visitor.scope.teams is None


def _number_in(request: web.Request) -> int:
    return number_of(request.match_info["number"]) or 0
