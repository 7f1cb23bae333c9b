"""What the page of a report says, made from its publication: promises by how they were kept, charts, tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from bot.core import closings, feedback, judgements, reports
from bot.core.disclosure_lines import NO_REASON
from bot.core.figure_words import WORDS
from bot.core.languages import LANGUAGES
from bot.core.publications import SMALL, Promise, Publication, Row
from bot.core.report_columns import COLUMNS, Column, Sort
from bot.core.spells import Ending
from bot.render import report_words
from bot.render.report_words import Verdict
from bot.render.words import date_in_words

MOST_BARS = 6
_CUTS = {
    "area": ("By area", "Area"),
    "service": ("By service", "Service"),
    "channel": ("By way of getting in touch", "How people wrote"),
    "kind": ("By kind of contact", "Kind"),
    "standard": ("By promise", "Promise"),
}
_COLUMNS_OF_CUTS = (
    *("received", "ack_due", "ack_in_standard", "ack_pct", "resp_due", "resp_in_standard", "resp_pct"),
    *("median_resp_wd", "open_end", "overdue_end"),
)
_DRAWN = ("service", "channel")
_CLOSINGS = {
    closings.Outcome.FINISHED: "We told them why",
    closings.Outcome.TOLD: "We told them by phone or by letter",
    closings.Outcome.WITHDRAWN: "They no longer needed it",
    closings.Outcome.DUPLICATE: "It went on with another contact",
    closings.Outcome.SPAM: "It was spam",
    closings.Outcome.TEST: "It was a test of ours",
    Ending.MERGED: "It went on with another contact",
}
_REASONS: dict[str, Mapping[Any, str]] = {
    "missed_by_cause": judgements.CAUSE_WORDS,
    "avoidable": judgements.AVOIDABLE_WORDS,
    "complaints": judgements.COMPLAINT_WORDS,
    "opinions": feedback.OPINION_WORDS,
    "satisfaction": feedback.SATISFACTION_WORDS,
    "closed_unanswered": _CLOSINGS,
    "languages": {code: language.english_name for code, language in LANGUAGES.items()},
}


class Link(Protocol):
    """Gives the address of the contacts behind a number, "" where there is none."""

    def __call__(self, row: Row, name: str, reason: str = "") -> str:
        """Return it for a column of a line, and for one reason of it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One of several reasons: what it is called, its count in words, and where its contacts are."""

    label: str
    words: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a chart; `value` is None where it is not shown, `before_words` "" where there is no earlier one."""

    label: str
    value: float | None
    words: str
    before: float | None = None
    before_words: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line with its name; `words`, `version`, the earlier line and the causes are of promises alone."""

    id: str
    title: str
    row: Row
    words: str = ""
    version: str = ""
    before: Row | None = None
    causes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """A table with its title, what its lines are, its columns and its chart."""

    id: str
    title: str
    heading: str
    columns: tuple[str, ...]
    rows: tuple[Entry, ...]
    bars: tuple[Bar, ...] = ()
    most: float = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of everything together; `reasons` is None for one number."""

    name: str
    title: str
    reasons: tuple[Reason, ...] | None = None
    reasons_before: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure counts, and since when it is written down ("" for always)."""

    title: str
    words: str
    since: str


def context(publication: Publication, *, state: str = "", digest: str = "", link: Link | None = None) -> dict[str, Any]:
    """Return everything that `templates/reports/body.html` asks for."""
    first_day, last_day = (date.fromisoformat(day) for day in (publication.first_day, publication.last_day))
    known_at = datetime.fromisoformat(publication.known_at)
    entries = tuple(_entry(place, promise, link) for place, promise in enumerate(publication.promises))
    entries = tuple(sorted(entries, key=_worst_first))
    days = f"--from {publication.first_day} --to {publication.last_day}"
    return {
        "state": state,
        "digest": digest,
        "link": link,
        "organisation": publication.organisation,
        "months": reports.months_in_words(first_day, last_day),
        "length": reports.length_in_words(first_day, last_day),
        "whole": publication.whole,
        "before": publication.before,
        "entries": entries,
        "groups": _groups(entries),
        "bars": tuple(_bars_of_promises(entries)),
        "description_of_bars": _description(tuple(_bars_of_promises(entries))),
        "opinions": _reasons(publication.whole, "opinions", link),
        "improvements": [
            {"day": date_in_words(date.fromisoformat(day)), "problem": problem, "remedy": remedy}
            for day, problem, remedy in publication.improvements
        ],
        "figures_of_whole": tuple(_figure(column, publication, link) for column in COLUMNS),
        "cuts": tuple(_cut(name, publication) for name in _CUTS if name in publication.tables),
        "definitions": publication.definitions,
        "definitions_in_words": tuple(_definition(column, publication) for column in COLUMNS),
        "known_at": f"{known_at:%H:%M} on {date_in_words(known_at.date())}",
        "command": f"ackbot report {days} --at {publication.cut_off}",
        "calendars": publication.calendars,
        "in_words": report_words.in_words,
        "number": report_words.number,
        "in_hundred": report_words.in_hundred,
        "change": report_words.change,
        "title_of": lambda name: report_words.column_of(name).title,
    }


def title_of(publication: Publication) -> str:
    """Return what the report is called."""
    first_day, last_day = (date.fromisoformat(day) for day in (publication.first_day, publication.last_day))
    return f"How we kept our promises: {reports.months_in_words(first_day, last_day)}"


def _entry(place: int, promise: Promise, link: Link | None) -> Entry:
    causes = _causes(promise.row, link)
    return Entry(
        f"promise-{place + 1}", promise.title, promise.row, promise.words, promise.version, promise.before, causes
    )


def _causes(row: Row, link: Link | None) -> tuple[Reason, ...]:
    """Why promises were not kept; nothing where nobody has said it of any."""
    names = [reason for reason, _ in report_words.reasons(row, "missed_by_cause")]
    return () if names == [NO_REASON] else _reasons(row, "missed_by_cause", link)


def _worst_first(entry: Entry) -> tuple[float, str]:
    """Order by how far it is from all: what is not shown after what is, what nobody asked for last."""
    share = report_words.number(entry.row, "resp_pct")
    order = [Verdict.MISSED, Verdict.KEPT, Verdict.UNCLEAR, Verdict.NOTHING_DUE].index(report_words.verdict(entry.row))
    return order * 1_000 + (100 if share is None else share), entry.title


def _groups(entries: tuple[Entry, ...]) -> dict[str, list[Entry]]:
    names = {
        "missed": Verdict.MISSED,
        "kept": Verdict.KEPT,
        "unclear": Verdict.UNCLEAR,
        "unused": Verdict.NOTHING_DUE,
    }
    return {name: [e for e in entries if report_words.verdict(e.row) is mark] for name, mark in names.items()}


def _bars_of_promises(entries: tuple[Entry, ...]) -> Iterator[Bar]:
    due = [entry for entry in entries if entry.row.values.get("resp_due") != 0]
    for entry in due[:MOST_BARS]:
        share, before = (report_words.number(row, "resp_pct") if row else None for row in (entry.row, entry.before))
        yield Bar(entry.title, share, _share(share), before, "" if before is None else report_words.in_hundred(before))


def _share(share: float | None) -> str:
    return "not shown" if share is None else report_words.in_hundred(share)


def _description(bars: tuple[Bar, ...]) -> str:
    return ". ".join(
        f"{bar.label}: {bar.words}" + (f", before {bar.before_words}" if bar.before_words else "") for bar in bars
    )


def _reasons(row: Row, name: str, link: Link | None) -> tuple[Reason, ...]:
    return tuple(
        Reason(reason_in_words(name, reason), _count(count), link(row, name, reason) if link else "")
        for reason, count in report_words.reasons(row, name)
    )


def reason_in_words(name: str, reason: str) -> str:
    """Return a reason of a column as it is read."""
    return _REASONS.get(name, {}).get(reason) or _plain(reason)


def _plain(reason: str) -> str:
    if reason == NO_REASON:
        return "Nobody has said"
    # Rules are named with their place in their list.
    words = reason.lstrip("0123456789").strip("-_ ") or reason
    return words.replace("-", " ").replace("_", " ").capitalize()


def _count(count: int | float | str) -> str:
    if isinstance(count, str):
        return "fewer than 5" if count == SMALL else "not shown"
    return f"{count:,}"


def _figure(column: Column, publication: Publication, link: Link | None) -> Figure:
    if column.sort is not Sort.REASONS:
        return Figure(column.name, column.title)
    before = _reasons(publication.before, column.name, None) if publication.before else ()
    return Figure(column.name, column.title, _reasons(publication.whole, column.name, link), before)


def _cut(name: str, publication: Publication) -> Cut:
    table, (title, heading) = publication.tables[name], _CUTS[name]
    rows = tuple(_line(place, row, name, publication) for place, row in enumerate(table.rows))
    bars = tuple(_bars_of_cut(rows)) if name in _DRAWN else ()
    most = max((bar.value for bar in bars if bar.value is not None), default=0)
    return Cut(name, title, heading, _COLUMNS_OF_CUTS, rows, bars, most)


def _line(place: int, row: Row, cut: str, publication: Publication) -> Entry:
    name = row.names.get(cut, "")
    title = publication.titles.get(cut, {}).get(name) or _plain(name) if name else _nameless(place)
    return Entry(f"{cut}-{place}", title, row)


def _nameless(place: int) -> str:
    """The whole stands first; any other line without a name is of contacts of which nobody has said it."""
    return "Nobody has said" if place else "Everything"


def _bars_of_cut(rows: tuple[Entry, ...]) -> Iterator[Bar]:
    entries = sorted(rows[1:], key=lambda entry: -(report_words.number(entry.row, "received") or 0))
    for entry in entries[:MOST_BARS]:
        yield Bar(entry.title, report_words.number(entry.row, "received"), report_words.in_words(entry.row, "received"))


def _definition(column: Column, publication: Publication) -> Definition:
    since = publication.since.get(column.name, "")
    return Definition(column.title, WORDS[column.name], date_in_words(date.fromisoformat(since)) if since else "")
