"""The tables of the figures room stay small however much there is, and are whole in their files."""

from datetime import UTC, date, datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.core.books import Book
from bot.core.calendars import calendar
from bot.core.forecasts import Day, Forecast
from bot.core.judgements import Avoidable
from bot.core.measures import Figures, Period, Quantile
from bot.core.spells import microseconds
from bot.core.stages import Stages
from bot.flows.figures.forecast import TeamForecast
from bot.flows.figures.room import Room, Service, Span
from bot.flows.rulebook import ClockRules, IntakeRules, OutgoingRules, Rulebook
from bot.flows.titles import Titles
from bot.web.console import figure_tables
from bot.web.console.figure_tables import Links, Table
from tests.architecture.house import ROOT

ENGLAND = calendar("england")
BOOK = Rulebook("EX", {}, ClockRules(ENGLAND, {"england": ENGLAND}, Book(())), IntakeRules(), OutgoingRules())
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 28)
BEGIN, END = (microseconds(datetime(2026, 11, day, tzinfo=UTC)) for day in (1, 29))
PERIOD = Period(FIRST, LAST, BEGIN, END, 9_999_999, END)
BUSY = Figures(
    arrivals=9_999,
    acknowledge_due=9_999,
    acknowledge_in_time=9_998,
    respond_due=9_999,
    respond_in_time=9_000,
    open=5_000,
    overdue=999,
    avoidable=dict.fromkeys(Avoidable, 1_000),
    avoidable_suggested=2_000,
)
TITLES = Titles(BOOK)
LINKS = Links({"at": "9999999", "standard": "complaint-second-stage", "kind": "complaint-second-stage"})


def page_of(*tables: tuple[Table, int]) -> str:
    """What the page shows of these tables."""
    templates = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined)
    macro = templates.from_string(
        "{% from 'console/figure_parts.html' import table_of %}{{ table_of(table, 'a=b', most) }}"
    )
    return "".join(macro.render(table=table, most=most) for table, most in tables)


def large_room() -> tuple[Table, Table, Table, Table, Table]:
    """Every table of an organisation with two hundred services and a hundred teams."""
    week = Span(PERIOD, BUSY)
    busy = Stages(1, 2, 3, 4, answers=5)
    lines = tuple(Service(f"a-service-with-a-long-name-{number}", BUSY) for number in range(200))
    ids = tuple(range(500))
    days = tuple(Day(FIRST, ids, 5, ids) for _ in range(10))
    forecasts = [TeamForecast(f"a-team-{number}", Forecast(days, ids, ids), ids) for number in range(100)]
    return (
        figure_tables.weeks(Room((week,) * 5, week, lines, busy), LINKS),
        figure_tables.teams(forecasts, TITLES, LINKS),
        figure_tables.days(forecasts, LINKS),
        figure_tables.stages(busy),
        figure_tables.services(lines, PERIOD, TITLES, LINKS),
    )


def test_a_large_organisation_has_a_small_page() -> None:
    """With two hundred services and a hundred teams 25 of 100 KB are left for the rest; the files have all of them."""
    weeks, teams, days, stages, services = large_room()
    page = page_of((weeks, 25), (teams, 25), (days, 25), (stages, 25), (services, 15))
    assert len(page.encode()) < 75_000
    assert "These are the first 15 of 200." in page
    assert "These are the first 25 of 100." in page
    assert (len(services.rows), len(teams.rows)) == (200, 100)


def test_every_column_has_its_heading() -> None:
    """As many cells in each line as there are headings beside the first."""
    for table in large_room():
        assert {len(row.cells) for row in table.rows} == {len(table.headings) - 1}


def test_what_is_nought_leads_nowhere_and_what_cannot_be_divided_is_nothing() -> None:
    """No contacts stand behind it; a share of nothing is no share."""
    weeks = figure_tables.weeks(Room((), Span(PERIOD, Figures()), (), Stages()), LINKS)
    (row,) = weeks.rows
    assert {cell.address for cell in row.cells} == {""}
    assert [row.cells[place].text for place in (3, 6, 7, 10)] == [""] * 4
    assert figure_tables.stages(Stages()).rows == ()


def test_shares_and_times_are_exact_enough_not_to_flatter() -> None:
    """One of a thousand that is late is seen; what is open can only make a time longer, and is said."""
    figures = Figures(respond_due=1_000, respond_in_time=999, respond_median=Quantile(3.0, is_at_least=True))
    (row,) = figure_tables.weeks(Room((), Span(PERIOD, figures), (), Stages()), LINKS).rows
    assert (row.cells[6].text, row.cells[7].text) == ("99.9", "at least 3")


def test_the_chart_says_what_the_table_says() -> None:
    """Each stage with its part of a hundred working days; nothing of nothing."""
    time = Stages(5, 3, 2, 0, answers=1)
    assert [(bar.value, bar.words) for bar in figure_tables.stage_bars(time)] == [
        (50, "50"),
        (30, "30"),
        (20, "20"),
        (0, "0"),
    ]
    assert {bar.value for bar in figure_tables.stage_bars(Stages())} == {0}
