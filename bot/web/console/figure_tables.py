"""The tables of the figures room: the same cells for the page and for its files, each number with its contacts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from bot.core.forecasts import DAYS
from bot.core.judgements import AVOIDABLE_WORDS, Avoidable
from bot.core.measures import Figures, Period, Quantile
from bot.core.selections import COUNTS, NOTHING, Selection
from bot.core.stages import Stages
from bot.flows.figures.forecast import TeamForecast
from bot.flows.figures.room import Room, Service
from bot.flows.titles import Titles
from bot.render.report_view import Bar
from bot.render.words import date_in_words
from bot.web.console.doorkeeper import ROOT

CONTACTS = f"{ROOT}/figures/contacts"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands there, and where it leads; "" for nowhere."""

    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `page` is where its name leads."""

    name: str
    cells: tuple[Cell, ...]
    page: str = ""
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Its name in addresses, its title, what stands above its columns, and its lines."""

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """Writes the addresses of contacts behind numbers; `values` are the filters of the room, with its cut-off."""

    values: Mapping[str, str]

    def count(self, figures: Figures, period: Period, name: str, reason: str = "", **topic: str) -> Cell:
        """A number that opens into its contacts."""
        number = Selection(COUNTS[name], reason or None).count(figures)
        days = {"from": period.first_day.isoformat(), "to": period.last_day.isoformat()}
        reasons = {"reason": reason} if reason else {}
        return self._cell(number, {"figure": name, **reasons, **self.values, **days, **topic})

    def expected(self, contact_ids: Sequence[int], which: str, **values: str) -> Cell:
        """How many contacts of a forecast there are; it is of this moment, and of no period."""
        team = {"team": self.values["team"]} if "team" in self.values else {}
        return self._cell(len(contact_ids), {"forecast": which, **team, **values})

    def _cell(self, number: int, values: Mapping[str, str]) -> Cell:
        return Cell(str(number), f"{CONTACTS}?{urlencode(values)}" if number else "")


def weeks(room: Room, links: Links) -> Table:
    """This week so far, and those before it; first the days that somebody asked for."""
    spans = [(_week_name(place), span) for place, span in enumerate(room.weeks)]
    rows = []
    for name, span in [("These days", room.period), *spans]:
        figures, period = span.figures, span.period
        cells = (
            links.count(figures, period, "received"),
            links.count(figures, period, "ack_due"),
            links.count(figures, period, "ack_in_standard"),
            _share(figures.acknowledge_in_time, figures.acknowledge_due),
            links.count(figures, period, "resp_due"),
            links.count(figures, period, "resp_in_standard"),
            _share(figures.respond_in_time, figures.respond_due),
            _days(figures.respond_median),
            links.count(figures, period, "open_end"),
            links.count(figures, period, "overdue_end"),
            Cell("" if figures.oldest_days is None else str(figures.oldest_days)),
        )
        rows.append(Row(f"{name}: {_short(period.first_day)} to {_short(period.last_day)}", cells))
    headings = (
        *("Days", "Came in", "To acknowledge", "In time", "Per cent", "To answer", "In time", "Per cent"),
        *("Half answered within working days", "Open at the end", "Late at the end", "Oldest in working days"),
    )
    return Table("weeks", "The last weeks", headings, tuple(rows))


def _week_name(place: int) -> str:
    return ("This week so far", "Last week")[place] if place < 2 else f"{place} weeks ago"


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def teams(forecasts: Iterable[TeamForecast], titles: Titles, links: Links) -> Table:
    """What will be late, team by team."""
    rows = []
    for row in forecasts:
        team = {"team": row.team or NOTHING}
        late = row.forecast.late
        cells = (
            links.expected(row.forecast.already, "already", **team),
            links.expected(row.forecast.due, "due", **team),
            Cell("not known yet") if late is None else links.expected(late, "late", **team),
            links.expected((*row.forecast.already, *row.forecast.due), "nothing", **team),
            links.expected(row.undated, "undated", **team),
        )
        rows.append(Row(titles.team(row.team), cells))
    headings = (
        *("Team", "Late already", f"Due in {DAYS} working days", "Of these late at the usual rate"),
        *("Late then if nothing happens", "Without a date"),
    )
    return Table("teams", "What will be late, by team", headings, tuple(rows))


def days(forecasts: Sequence[TeamForecast], links: Links) -> Table:
    """What will be late, day by day, of all teams that are shown."""
    rows = []
    for number in range(DAYS if forecasts else 0):
        of_day = [row.forecast.days[number] for row in forecasts]
        day = of_day[0].day.isoformat()
        due = [contact_id for part in of_day for contact_id in part.due]
        late = [contact_id for part in of_day for contact_id in part.late or ()]
        is_known = all(part.late is not None for part in of_day)
        cells = (
            links.expected(due, "due", day=day),
            Cell(str(sum(part.answers or 0 for part in of_day)) if is_known else "not known yet"),
            links.expected(late, "late", day=day) if is_known else Cell("not known yet"),
        )
        rows.append(Row(date_in_words(of_day[0].day), cells))
    headings = ("Day", "Falls due", "Usual number of answers", "Late at that rate")
    return Table("days", "What will be late, by day", headings, tuple(rows))


def stages(time: Stages) -> Table:
    """Where the time of the newest answers went."""
    rows = [
        Row(name, (Cell(str(count)), _share(count, time.total), _mean(count, time.answers)))
        for name, count in _stages(time)
    ]
    rows.append(Row("All together", (Cell(str(time.total)), Cell(""), _mean(time.total, time.answers)), is_sum=True))
    headings = ("Stage", "Working days", "Per cent", "Working days for each answer")
    return Table("stages", "Where the time goes", headings, tuple(rows) if time.answers else ())


def stage_bars(time: Stages) -> list[Bar]:
    """The same as a chart: of 100 working days."""
    total = time.total or 1
    return [Bar(name, 100 * count / total, f"{100 * count / total:.0f}") for name, count in _stages(time)]


def _stages(time: Stages) -> Sequence[tuple[str, int]]:
    return (
        ("Until one of us first did anything with it", time.first_look),
        ("With a team, from then on", time.team),
        ("Paused, while we waited for the person", time.pauses),
        ("After they had written again upon our answer", time.again),
    )


def services(rows: Sequence[Service], period: Period, titles: Titles, links: Links) -> Table:
    """What contacts are about, and why they need not have come."""
    reasons = [reason for reason in Avoidable if reason is not Avoidable.NECESSARY]
    lines = []
    for row in rows:
        of_service = {"service": row.name or NOTHING}
        cells = (
            links.count(row.figures, period, "received", **of_service),
            links.count(row.figures, period, "avoidable", **of_service),
            _share(row.avoidable, row.judged),
            *(links.count(row.figures, period, "avoidable", reason, **of_service) for reason in reasons),
            links.count(row.figures, period, "avoidable_suggested", **of_service),
        )
        lines.append(Row(titles.service(row.name) or "No service", cells, page=_page_of(row.name, titles)))
    headings = (
        *("Service", "Came in", "Judged whether avoidable", "Avoidable, per cent"),
        *(AVOIDABLE_WORDS[reason] for reason in reasons),
        "Asked again before the date",
    )
    return Table("services", "What causes contacts", headings, tuple(lines))


def _page_of(name: str, titles: Titles) -> str:
    service = titles.book.intake.router.services.get(name)
    return service.page if service else ""


def _share(part: int, count: int) -> Cell:
    return Cell(f"{100 * part / count:.1f}" if count else "")


def _mean(days_in_all: int, answers: int) -> Cell:
    return Cell(f"{days_in_all / answers:.1f}" if answers else "")


def _days(quantile: Quantile | None) -> Cell:
    if quantile is None:
        return Cell("")
    return Cell(f"{'at least ' if quantile.is_at_least else ''}{quantile.days:g}")
