"""The page of our standards, and the same as JSON: made from the files that the dates are computed by."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from aiohttp import web

from bot.core.books import Matter
from bot.core.durations import Duration
from bot.core.publications import HIDDEN, Publication, Value
from bot.core.reports import Report
from bot.core.standards import Standard
from bot.core.topics import Service
from bot.flows import promise
from bot.flows.titles import Titles
from bot.render.words import count_in_words, date_in_words
from bot.web.public import results
from bot.web.public.languages import LANGUAGE, render
from bot.web.public.results import Result
from bot.web.site import Site

# A link from somebody's browser to it need not be newer than this.
# What a program reads of a result, by the columns of a report.
_NUMBERS = ("ack_due", "ack_in_standard", "ack_pct", "resp_due", "resp_in_standard", "resp_pct", "resp_missed")
_CACHE = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what a standard promises, in the words of a language; "" where it promises nothing.

    `service` is the service that the line is about, `audience` whom or what the standard is for. `result` is what the
    last approved report says of it.
    """

    standard: Standard
    title: str
    service: Service | None
    audience: tuple[str, ...]
    acknowledge: str
    respond: str
    extend_to: str
    valid_from: str
    valid_to: str
    review_by: str
    result: Result | None = None

    @property
    def is_by_staff(self) -> bool:
        """Whether a person writes, beside the receipt that comes by itself."""
        return self.standard.acknowledged_by == "staff"

    @property
    def begins_with_staff(self) -> bool:
        """Whether the time to answer begins when that person has written."""
        return self.standard.respond_from == "acknowledgement"

    @property
    def is_same_day(self) -> bool:
        """Whether the answer is promised for the day of receipt."""
        return self.standard.respond is not None and not self.standard.respond.count


class Standards:
    """Shows what is in force, then what follows: the keys of a standard's file, and `in_force`."""

    def __init__(self, site: Site) -> None:
        self._site, self._titles = site, Titles(site.book)

    def routes(self) -> list[web.RouteDef]:
        """For people."""
        return [web.get("/standards", self._page)]

    def data_routes(self) -> list[web.RouteDef]:
        """For machines, in no language."""
        return [web.get("/standards.json", self._json)]

    async def _page(self, request: web.Request) -> web.Response:
        language, today = request[LANGUAGE], self._today()
        report = await results.newest(self._site)
        publication = results.publication_of(report.content) if report else None
        promises = self._site.book.clocks.promises
        ahead = sorted((s for s in promises.standards if s.valid_from > today), key=lambda s: s.valid_from)
        context = {
            "in_force": [*self._rows(promises.in_force(today), today, publication, language)],
            "result_from": date_in_words(report.first_day, language) if report else "",
            "result_until": date_in_words(report.last_day, language) if report else "",
            "ahead": [self._row(standard, standard.title, None, language) for standard in ahead],
            "has_form": self._site.front_form is not None,
        }
        return render(request, "pages/standards.html", context)

    async def _json(self, _request: web.Request) -> web.Response:
        rows = promise.publication(self._site.book.clocks.promises, self._today())
        report = await results.newest(self._site)
        for row in rows:
            row["result"] = _result(report, row["id"], row["version"]) if report else None
        return web.json_response({"standards": rows}, headers=_CACHE)

    def _today(self) -> date:
        return self._site.book.clocks.today(self._site.now())

    def _rows(
        self, in_force: tuple[Standard, ...], today: date, publication: Publication | None, language: str
    ) -> Iterator[Row]:
        """The standards, then every service with the one that is for it."""
        services = self._site.book.intake.router.services
        for standard in in_force:
            if not _is_for_services_alone(standard, services):
                row = self._row(standard, standard.title, None, language)
                version = standard.id, standard.version
                yield replace(row, result=results.of_standard(publication, *version, language) if publication else None)
        for service in sorted(services.values(), key=lambda service: service.title.casefold()):
            standard = self._site.book.clocks.promises.choose(Matter(service=service.name), today)
            row = self._row(standard, service.title, service, language)
            yield replace(row, result=results.of_service(publication, service.name, language) if publication else None)

    def _row(self, standard: Standard, title: str, service: Service | None, language: str) -> Row:
        return Row(
            standard=standard,
            title=title,
            service=service,
            audience=() if service else tuple(self._audience(standard)),
            acknowledge=_count(standard.acknowledge, language),
            respond=_count(standard.respond, language),
            extend_to=_count(standard.extend_to, language),
            valid_from=date_in_words(standard.valid_from, language),
            valid_to=date_in_words(standard.valid_to, language) if standard.valid_to else "",
            review_by=date_in_words(standard.review_by, language) if standard.review_by else "",
        )

    def _audience(self, standard: Standard) -> Iterator[str]:
        yield from map(self._titles.service, standard.services)
        yield from map(self._titles.kind, standard.kinds)
        yield from map(self._titles.area, standard.areas)
        yield from map(self._titles.medium, standard.channels)
        if standard.visibility:
            yield standard.visibility


def _is_for_services_alone(standard: Standard, services: dict[str, Service]) -> bool:
    """Tell whether the lines of its services say all of it."""
    others = (standard.kinds, standard.areas, standard.channels, standard.visibility)
    return bool(standard.services) and not any(others) and set(standard.services) <= set(services)


def _result(report: Report, standard: str, version: str) -> dict[str, Value] | None:
    """The numbers of a standard in the report, as they are protected there; None where it knows of none."""
    promises = results.publication_of(report.content).promises
    match = next((promise for promise in promises if (promise.standard, promise.version) == (standard, version)), None)
    if match is None:
        return None
    days: dict[str, Value] = {"first_day": report.first_day.isoformat(), "last_day": report.last_day.isoformat()}
    return days | {name: match.row.values.get(name, HIDDEN) for name in _NUMBERS}


def _count(duration: Duration | None, language: str) -> str:
    return count_in_words(duration, language) if duration else ""
