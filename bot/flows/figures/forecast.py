"""The forecast of each team: what of its open contacts will be late, by its own usual number of answers."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.core import forecasts
from bot.core.calendars import Calendar
from bot.core.forecasts import Forecast, Promised
from bot.core.roles import Scope
from bot.core.spells import microseconds
from bot.store import due_dates


@dataclass(frozen=True, slots=True)
class TeamForecast:
    """One team ("" for none) and its forecast; `undated`: open contacts without a date, as their clock is paused."""

    team: str
    forecast: Forecast
    undated: tuple[int, ...]


def by_team(connection: Connection, scope: Scope, now: datetime, calendar: Calendar) -> list[TeamForecast]:
    """Return the forecasts of all teams of this scope that have open contacts, by name."""
    dates: dict[str, list[Promised]] = {}
    undated: dict[str, list[int]] = {}
    for team, contact_id, respond_by in due_dates.of_open(connection, scope):
        dates.setdefault(team, [])
        if respond_by is None:
            undated.setdefault(team, []).append(contact_id)
        else:
            dates[team].append(Promised(contact_id, respond_by))
    today, first_receipt = calendar.day_of(now), due_dates.first_receipt(connection)
    first_day = None if first_receipt is None else calendar.day_of(first_receipt)
    answers = _answers(connection, scope, today, calendar) if forecasts.is_known(first_day, today) else None
    return [
        TeamForecast(
            team,
            forecasts.forecast(
                dates[team],
                None if answers is None else forecasts.rates(answers.get(team, {}), today, calendar),
                now,
                calendar,
            ),
            tuple(undated.get(team, ())),
        )
        for team in sorted(dates)
    ]


def _answers(connection: Connection, scope: Scope, today: date, calendar: Calendar) -> Mapping[str, Mapping[date, int]]:
    """Return how many answers each team gave on each day of the eight weeks before today, and today."""
    days = [today - forecasts.HISTORY + timedelta(days=number) for number in range(forecasts.HISTORY.days + 1)]
    beginnings = [microseconds(calendar.first_instant(day)) for day in days]
    counts: dict[str, Counter[date]] = {}
    for team, at in due_dates.answers_since(connection, scope, calendar.first_instant(days[0])):
        counts.setdefault(team, Counter())[days[bisect_right(beginnings, at) - 1]] += 1
    return counts
