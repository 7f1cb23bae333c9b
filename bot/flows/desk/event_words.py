"""What stands behind an event, in words for whoever reads the history: no names of columns, every time a local one."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.core import closings, judgements
from bot.flows import titles
from bot.flows.desk import event_titles
from bot.flows.desk.page_size import fit
from bot.render.words import date_in_words, instant_in_words

MOST_OF_A_VALUE, MOST_OF_AN_EVENT = 300, 450
OUTCOMES = {
    "acknowledge": "An acknowledgement goes out",
    "log": "No acknowledgement goes out",
    "ask": "Staff decide whether an acknowledgement goes out",
    "attach": "It belongs to a contact that was there already",
    "undeliverable": "A message of ours did not arrive",
    **{outcome.value: words for outcome, words in closings.LABELS.items()},
}
_LABELS = {
    "outcome": "Decided",
    "reason": "Because",
    "routed": "Where it went",
    "urgent": "Cannot wait",
    "respond_by_before": "The answer was due",
    "respond_by": "The answer is due",
    "extended_to": "Time in all",
    "team_before": "Before with the team",
    "owner_before": "Before with",
    "owner": "To",
    "team": "To the team",
    "error": "What was said",
    "cancelled_deliveries": "Messages that do not leave any more",
    "time": "Call",
    "step": "Why",
    "outlet": "Not by",
    "together": "Told together with",
    "until": "Until",
    "with": "With",
    "external_id": "Its name where it came from",
    "sender_address": "Address",
    "sender_name": "Name",
    "standard_version": "Version of the standard",
    "promise": "Time to answer",
    "receipt_rule": "Time to acknowledge",
    "acknowledge_by": "The acknowledgement is due",
    "receipt_sent_at": "Our acknowledgement left",
    "told_respond_by": "The date that we last gave",
    "due_at": "Due next",
    "not_kept": "Files that are not kept",
    **dict.fromkeys(("avoidable_before", "cause_before", "complaint_outcome_before"), "Said before"),
    **dict.fromkeys(("service_before", "kind_before", "area_before"), "Before about"),
    "avoidable": "Was it avoidable",
    "cause": "Why it was late",
    "complaint_outcome": "The complaint",
    "outcome_before": "Decided before",
    "standard_before": "The standard before",
    "calendar_before": "The calendar before",
    "acknowledge_by_before": "The acknowledgement was due",
    "receipt_sent_at_before": "Our acknowledgement had left",
    "after_answer": "After the answer",
    "level": "Now",
    "level_before": "Before",
    "count": "How many",
    "revision": "Which time",
    "paused_at": "Paused since",
    "how": "By",
}
# What the title of the event or the reason beside it says already, for programs.
_FOR_PROGRAMS = frozenset({"rule", "purpose", "receipt_of_before"})
_NAMES = {
    **dict.fromkeys(("team", "service", "area"), titles.plain),
    "kind": titles.kind,
    "step": event_titles.step,
}
_ROUTED = re.compile(r"(team|service|area|kind) ([\w-]+)(?=: )")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[+-]\d\d:\d\d|Z)")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_LAST_MINUTE = time(23, 59)


def lines(details: Mapping[str, Any], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Label and value of everything that says something, whole."""
    return list(_lines(details, zone))


def short(lines: list[tuple[str, str]]) -> tuple[str, bool]:
    """The same as one line that fits into a table, and whether anything of it was left out."""
    parts = [f"{label}: {fit(value, MOST_OF_A_VALUE)}" for label, value in lines]
    line = fit("; ".join(parts), MOST_OF_AN_EVENT)
    return line, line != "; ".join(f"{label}: {value}" for label, value in lines)


def _lines(details: Mapping[str, Any], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if value in ("", None, [], {}, 0) or name in _FOR_PROGRAMS or (name, value) == ("attempt", 1):
            continue
        yield _LABELS.get(name) or name.replace("_", " ").capitalize(), _value(name, value, zone)


def _value(name: str, value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    name = name.removesuffix("_before")
    text = OUTCOMES.get(str(value), str(value)) if name == "outcome" else str(value)
    if words := judgements.WORDS.get(name):
        return words.get(text, text)
    if name in _NAMES:
        return _NAMES[name](text)
    if name == "routed":
        # As the rules put it: `team front-office: nothing says more`.
        text = _ROUTED.sub(lambda match: f"{match[1]} {titles.plain(match[2])}", text)
        return ". ".join(reason.replace(": ", ", because ", 1) for reason in text.split("; "))
    text = _INSTANT.sub(lambda match: _instant(match[0], zone), text)
    return _DAY.sub(lambda match: _day(match[0]), text)


def _instant(text: str, zone: ZoneInfo) -> str:
    try:
        local = datetime.fromisoformat(text).astimezone(zone)
    except (ValueError, OverflowError):
        return text
    if local.time() >= _LAST_MINUTE:
        return f"the end of {date_in_words(local.date())}"
    return instant_in_words(local, zone)


def _day(text: str) -> str:
    try:
        return date_in_words(date.fromisoformat(text))
    except ValueError:
        return text
