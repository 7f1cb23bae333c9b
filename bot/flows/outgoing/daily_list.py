"""What a daily list says: one row for each contact, what is due first on top, and no word of the person."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.core.alerting import Reason
from bot.core.contacts import Contact
from bot.core.durations import Duration, Unit
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.render.words import date_in_words

_WORDS = {
    Reason.NEW: "new",
    Reason.OVERDUE: "late",
    Reason.SOON: "due soon",
    Reason.USED: "half of the time or more is used",
    Reason.UNACKNOWLEDGED: "not acknowledged yet",
    Reason.UNASSIGNED: "nobody has it",
}


def values(listed: Sequence[Contact], reader: str, now: datetime, book: Rulebook) -> dict[str, Any]:
    """The values of the template, for the person with this address."""
    daily_list, rows, counts = book.clocks.daily_list(now), list[dict[str, str]](), Counter[Reason]()
    titles = Titles(book)
    for contact in listed:
        reasons = list(daily_list.reasons(contact, book.clocks.assign_by(contact)))
        counts.update(reasons)
        rows.append(
            {
                "reference": contact.reference,
                "due": book.clocks.respond_by(contact) or "no date",
                "why": ", ".join(_WORDS[reason] for reason in reasons),
                "whose": _whose(contact, reader, titles),
                "channel": titles.way(contact),
            }
        )
    last_list = book.clocks.default_calendar.day_of(daily_list.since)
    return {
        "day": date_in_words(book.clocks.today(now)),
        "ahead": str(Duration(book.clocks.timing.list_ahead_working_days, Unit.WORKING_DAY)),
        "late": counts[Reason.OVERDUE],
        "soon": counts[Reason.SOON],
        "new": counts[Reason.NEW],
        "since": date_in_words(last_list),
        "since_day": last_list.isoformat(),
        "rows": rows,
    }


def _whose(contact: Contact, reader: str, titles: Titles) -> str:
    taker = contact.taken_by.removeprefix("staff:") if contact.taken_by.startswith("staff:") else ""
    if person := contact.owner or taker:
        return "yours" if person == reader else person
    return titles.team(contact.team)
