"""What the address of the figures room asks for: days, a cut-off, and what contacts are about; read and written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from bot.core import selections
from bot.core.measures import CUTS
from bot.core.selections import Topic
from bot.web.forms import as_text, number_of

# A quarter: longer periods take longer than a page may, and `ackbot report` counts them.
MOST_DAYS = 100
# A report of a year opens into its contacts, too.
MOST_DAYS_OF_LIST = 366
DAYS_SHOWN = 28
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """The days from the first to the last, the cut-off (None: now), what contacts are about, and what made no sense."""

    first_day: date
    last_day: date
    at: datetime | int | None
    topic: Topic
    has_days: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def values(self) -> Mapping[str, str]:
        """The filters as the address has them."""
        days = {"from": self.first_day.isoformat(), "to": self.last_day.isoformat()} if self.has_days else {}
        at = self.at.isoformat() if isinstance(self.at, datetime) else str(self.at or "")
        return {**days, **({"at": at} if at else {}), **self.topic.values}

    @property
    def query(self) -> str:
        """The end of the address."""
        return urlencode(self.values)


def read(query: Mapping[str, str], today: date, most_days: int = MOST_DAYS) -> Filters:
    """What is asked for: the last four weeks, if no days are; what makes no sense is left out and named."""
    texts = {name: as_text(query.get(name, "")).strip()[:_LONGEST] for name in ("from", "to", "at", *CUTS)}
    first_day, last_day, at = _day(texts["from"]), _day(texts["to"]), _cut_off(texts["at"])
    faults = [
        name for name, value in (("from", first_day), ("to", last_day), ("at", at)) if texts[name] and value is None
    ]
    unknown = [f"{name} “{texts[name]}”" for name in faults]
    last = min(last_day, today) if last_day else today
    first = first_day or last - timedelta(days=DAYS_SHOWN - 1)
    if first > last:
        unknown.append(f"a period from {first} to {last}")
        first = last - timedelta(days=DAYS_SHOWN - 1)
    elif (last - first).days >= most_days:
        unknown.append(f"a period of more than {most_days} days")
        first = last - timedelta(days=most_days - 1)
    has_days = first_day is not None or last_day is not None
    return Filters(first, last, at, selections.topic(texts), has_days, tuple(unknown))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2010 <= day.year < 2040 else None


def _cut_off(text: str) -> datetime | int | None:
    """An instant, or the number of an event."""
    if (number := number_of(text)) is not None:
        return number
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return instant if 2010 <= instant.year < 2040 else None
