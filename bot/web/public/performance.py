"""The page of how promises were kept, the part of it that other sites show, and the numbers as JSON and CSV.

All of it is made from reports that somebody has approved; nothing is counted here.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from aiohttp import web

from bot.core.page_sentences import sentence
from bot.core.publications import Publication, Table
from bot.core.reports import Report, short_name
from bot.render.report_words import Verdict
from bot.render.words import date_in_words
from bot.web import security
from bot.web.public import results
from bot.web.public.languages import LANGUAGE, render
from bot.web.public.results import Result
from bot.web.site import Site
from bot.wire import csv_metadata, report_files
from bot.wire.csv_metadata import LICENCE
from bot.wire.report_files import Origin

LICENCE_NAME = "Open Government Licence v3.0"
# Of CSV on the Web (W3C).
_DESCRIPTION = "application/csvm+json"
_CACHE = {"Cache-Control": "public, max-age=300"}
# Any page of the web may show this part: it has no cookie, no form and no button, so that nobody can be led to do
# anything on it (docs/decisions/0048-any-site-may-show-our-results.md).
_EMBEDDED = _CACHE | {
    "Content-Security-Policy": security.CONTENT_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *"),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_CAPTIONS = {
    "service": sentence("By service"),
    "area": sentence("By area"),
    "channel": sentence("By the way in which you wrote to us"),
}
# A report of an earlier period, by its short name: "2026-q2".
PERIOD = "period"


class Performance:
    """Shows the newest report that is approved, or an earlier one."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """For people."""
        return [web.get("/performance", self._page), web.get("/performance/embed", self._part)]

    def data_routes(self) -> list[web.RouteDef]:
        """For programs."""
        return [
            web.get("/performance.json", self._json),
            web.get("/performance.csv", self._csv),
            web.get("/performance.csv-metadata.json", self._metadata),
        ]

    async def _read(self, request: web.Request) -> tuple[list[Report], Report | None]:
        """All of them without what they say, and the one that the address asks for, whole. Raises HTTPNotFound."""
        reports = await results.approved(self._site)
        report = _report(reports, request)
        return reports, None if report is None else await results.whole(self._site, report)

    async def _read_existing(self, request: web.Request) -> tuple[list[Report], Report]:
        """The same, where there must be one. Raises HTTPNotFound."""
        reports, report = await self._read(request)
        if report is None:
            raise web.HTTPNotFound
        return reports, report

    async def _page(self, request: web.Request) -> web.Response:
        reports, report = await self._read(request)
        context: dict[str, Any] = {"report": None}
        if report is not None:
            context = _context(report, reports, request[LANGUAGE])
            context["approved_on"] = date_in_words(_day_of_approval(report, self._site), request[LANGUAGE])
        return render(request, "pages/performance.html", context)

    async def _part(self, request: web.Request) -> web.Response:
        _, report = await self._read(request)
        context = {"report": None} if report is None else _context(report, (), request[LANGUAGE])
        response = render(request, "pages/performance_embed.html", context)
        response.headers.update(_EMBEDDED)
        return response

    async def _json(self, request: web.Request) -> web.Response:
        reports, report = await self._read_existing(request)
        facts = {
            "licence": {"name": LICENCE_NAME, "url": LICENCE},
            "approved_on": _day_of_approval(report, self._site).isoformat(),
            "revision": report.revision,
            "reason": report.reason,
            "digest": report.digest,
            "periods": [_name(report) for report in reports],
            "report": json.loads(report.content),
        }
        return _file(request, json.dumps(facts, ensure_ascii=False, sort_keys=True), "application/json")

    async def _csv(self, request: web.Request) -> web.Response:
        _, report = await self._read_existing(request)
        publication = results.publication_of(report.content)
        response = _file(request, report_files.as_csv(_lines(publication), _origin(publication)), "text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="{report.file_name}.csv"'
        address = f"/performance.csv-metadata.json?{PERIOD}={_name(report)}"
        response.headers["Link"] = f'<{address}>; rel="describedby"; type="{_DESCRIPTION}"'
        return response

    async def _metadata(self, request: web.Request) -> web.Response:
        _, report = await self._read_existing(request)
        origin, name = _origin(results.publication_of(report.content)), self._site.settings.organisation.name
        text = csv_metadata.describe(f"performance.csv?{PERIOD}={_name(report)}", origin, name)
        return _file(request, text, _DESCRIPTION)


def _report(reports: Sequence[Report], request: web.Request) -> Report | None:
    """The report that the address asks for; None where there is none at all. Raises HTTPNotFound."""
    name = request.query.get(PERIOD)
    report = next((report for report in reports if name in (None, _name(report))), None)
    if report is None and name is not None:
        raise web.HTTPNotFound
    return report


def _name(report: Report) -> str:
    return short_name(report.first_day, report.last_day)


def _day_of_approval(report: Report, site: Site) -> date:
    return site.book.clocks.today(report.approved_at or report.drawn_up_at)


def _file(request: web.Request, text: str, content_type: str) -> web.Response:
    """The same bytes for the same report; whoever has them already is told so."""
    body = text.encode()
    response = web.Response(body=body, content_type=content_type, charset="utf-8", headers=_CACHE)
    response.etag = hashlib.sha256(body).hexdigest()[:32]
    tags = {tag.value for tag in request.if_none_match or ()}
    if response.etag is not None and tags & {response.etag.value, "*"}:
        return web.Response(status=304, headers={**_CACHE, "ETag": f'"{response.etag.value}"'})
    return response


def _origin(publication: Publication) -> Origin:
    return Origin(
        publication.first_day,
        publication.last_day,
        publication.cut_off,
        publication.known_at,
        publication.definitions,
        publication.since,
    )


def _lines(publication: Publication) -> Table:
    """The whole, then the lines of every single cut, in one table."""
    cuts = [table for _, table in sorted(publication.tables.items()) if len(table.cuts) == 1]
    return Table((), (publication.whole, *(row for table in cuts for row in table.rows[1:])))


def _context(report: Report, reports: Sequence[Report], language: str) -> dict[str, Any]:
    publication = results.publication_of(report.content)
    promises = [results.of_promise(promise, language) for promise in publication.promises]
    return {
        "report": report,
        "address": f"?{PERIOD}={_name(report)}",
        "first_day": date_in_words(report.first_day, language),
        "last_day": date_in_words(report.last_day, language),
        "whole": results.of_row(publication.whole, "", language, publication.before),
        "groups": {verdict.name.lower(): _of(promises, verdict) for verdict in Verdict},
        "cuts": [
            (caption, list(_of_cut(publication, cut, language)))
            for cut, caption in _CAPTIONS.items()
            if cut in publication.tables
        ],
        "earlier": [_entry(earlier, language) for earlier in reports if earlier.id != report.id],
        "licence": LICENCE,
        "licence_name": LICENCE_NAME,
    }


def _entry(report: Report, language: str) -> tuple[str, str, str]:
    """What leads to a report: its address, its first and its last day."""
    first_day, last_day = (date_in_words(day, language) for day in (report.first_day, report.last_day))
    return f"?{PERIOD}={_name(report)}", first_day, last_day


def _of(promises: Sequence[Result], verdict: Verdict) -> list[Result]:
    """The promises of which this is to be said, the farthest from its aim first."""
    matches = [promise for promise in promises if promise.verdict is verdict]
    return sorted(matches, key=lambda promise: (promise.share is None, promise.share or 0, promise.title.casefold()))


def _of_cut(publication: Publication, cut: str, language: str) -> list[Result]:
    titles = publication.titles.get(cut, {})
    rows = publication.tables[cut].rows[1:]
    return [results.of_row(row, titles.get(name := row.names.get(cut, ""), name), language) for row in rows]
