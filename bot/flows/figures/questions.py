"""Answers what people ask about contact for any period, with small numbers protected across all answers together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.core import needs
from bot.core.disclosure import protect_counts, protect_parts
from bot.core.figure_words import WORDS
from bot.core.judgements import COMPLAINT_WORDS
from bot.core.languages import LANGUAGES
from bot.core.measures import DEFINITIONS
from bot.core.publications import HIDDEN, SMALL, Row, Table, Value
from bot.core.questions import Answer, Fact, Questions
from bot.core.report_columns import COLUMNS, Sort
from bot.core.spells import Spell, instant
from bot.flows.figures import folding, publishing, report
from bot.flows.figures.publishing import Order
from bot.flows.figures.report import ExactReport, Progress, Request
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.render.report_words import in_words
from bot.render.words import date_in_words

_COLUMNS = {column.name: column for column in COLUMNS}
_UNITS = {Sort.COUNT: "contacts", Sort.SHARE: "per cent", Sort.TIME: "working days", Sort.REASONS: "contacts"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EVENING = 18
NOTES = (
    "Numbers from 1 to 4 read “fewer than 5”: a person could be recognised by them.",
    "Some others read “not shown”: such a number would follow from them, or they rest on too few contacts.",
    "Times are in working days. The day on which a contact came is day 0. While we wait for a person, no day counts.",
    "This covers contacts in writing and those that staff noted.",
    "We do not hold here what contact costs, how many staff there are, or how long people waited on the telephone.",
)


@dataclass(frozen=True, slots=True)
class _Holding:
    """What the answers are made of: lines as they may be published, and since when they are recorded."""

    whole: Row
    services: Mapping[str, Row]
    channels: Mapping[str, Row]
    needs: Mapping[str, tuple[Value, Value]]
    since: Mapping[str, str]
    gaps: Mapping[str, int]
    late_finds: Mapping[str, Value]


def draw_up(
    connection: Connection, request: Request, organisation: str, book: Rulebook, progress: Progress
) -> Questions:
    """Return questions and answers of the days of a request, the same at the same cut-off. Raises Refused."""
    exact = report.draw_up(connection, replace(request, cuts=publishing.CUTS), book, progress)
    calendar = book.clocks.default_calendar
    period = exact.period
    begin, end = instant(period.begin), instant(period.end)
    spells = folding.spells_at(connection, period.cut_off, begin, end, progress)
    # Everybody may have the report of these days, too: so both hide the same.
    order = Order(organisation, period.first_day, period.last_day, period.cut_off)
    tables = publishing.protect(connection, exact, order, book)
    holding = _hold(exact, tables, _needs(spells, period.begin, period.end), Titles(book))
    known_at = instant(period.known_at).astimezone(calendar.zone)
    return Questions(
        organisation=organisation,
        period=f"{date_in_words(period.first_day)} to {date_in_words(period.last_day)}",
        first_day=period.first_day.isoformat(),
        last_day=period.last_day.isoformat(),
        known_at=known_at.isoformat(timespec="seconds"),
        cut_off=period.cut_off,
        definitions=DEFINITIONS,
        answers=tuple(_answers(holding, tuple(_opening(calendar.office)))),
        notes=NOTES,
    )


def _needs(spells: Iterable[Spell], begin: int, end: int) -> tuple[Counter[str], Counter[str]]:
    """Count the answers of a period by what the person needs, and those that met it."""
    answers: Counter[str] = Counter(dict.fromkeys(map(str, needs.Need), 0))
    successes: Counter[str] = Counter()
    for spell in spells:
        if spell.responded_at is not None and begin <= spell.responded_at < end:
            codes = needs.of_column(spell.needs)
            answers.update(codes)
            successes.update(codes if spell.are_needs_met else ())
    return answers, successes


def _hold(
    exact: ExactReport, tables: Mapping[str, Table], by_need: tuple[Counter[str], Counter[str]], titles: Titles
) -> _Holding:
    services, channels = tables["service"], tables["channel"]
    return _Holding(
        whole=services.rows[0],
        services={titles.service(row.names["service"]) or "No service": row for row in services.rows[1:]},
        channels={titles.channel(row.names["channel"]): row for row in channels.rows[1:]},
        needs=protect_parts(*by_need),
        since=exact.since,
        gaps={titles.channel(channel): count for channel, count in sorted(exact.coverage.gaps.items())},
        late_finds={
            titles.channel(channel): count for channel, count in protect_counts(exact.coverage.late_finds).items()
        },
    )


def _answers(holding: _Holding, hours: tuple[str, ...]) -> Iterator[Answer]:
    yield from _of_the_whole(holding)
    yield _by_channel(holding)
    yield Answer("When are you open, and in the evening?", hours)
    yield _complaints(holding)
    yield _by_need(holding)
    yield _languages(holding)
    yield _mailboxes(holding)
    yield Answer("What do you answer by machine?", _AUTOMATIC)


_AUTOMATIC = (
    "A program reads what comes in, notes it, and sends one acknowledgement that says when we will answer.",
    "It also tells people of a new date. No program writes an answer, and there is no chatbot: people answer.",
)
# The questions that one line answers: what is asked, what is said, and the columns.
_SIMPLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "How many contacts did you have, and what counts as one?",
        "Each message from a person that begins a new matter is a contact; further messages on it are not counted.",
        ("received", "suppressed_by_reason"),
    ),
    (
        "How long did it take until people first heard from you?",
        "This is the time until our acknowledgement.",
        ("mean_ack_wd", "median_ack_wd", "p90_ack_wd", "ack_due", "ack_in_standard", "ack_pct"),
    ),
    (
        "How long did it take until they had an answer?",
        "This is the time until the full answer. What is still open counts with its age.",
        ("mean_resp_wd", "median_resp_wd", "p90_resp_wd"),
    ),
    (
        "How many did you answer, and how many in time?",
        "We count answers by the day on which they were due.",
        ("answers", "resp_due", "resp_in_standard", "resp_pct", "resp_missed", "resp_paused", "reopened"),
    ),
    (
        "How many were open at the end, and how old was the oldest?",
        "This is how things stood at the end of the last day.",
        (
            *("open_end", "overdue_end", "paused_end", "oldest_open_wd"),
            *("open_0_to_5_wd", "open_6_to_10_wd", "open_11_to_20_wd", "open_21_wd_or_more"),
        ),
    ),
    (
        "How many were settled at the first go?",
        "Settled means that the person wrote nothing more in the five working days after it.",
        ("ended_five_days", "resolved_at_first", "resolved_at_first_pct"),
    ),
    (
        "What was the longest that anybody waited?",
        "This is the longest time until an answer, and how long the oldest open contact has waited.",
        ("longest_resp_wd", "oldest_open_wd"),
    ),
)


def _of_the_whole(holding: _Holding) -> Iterator[Answer]:
    for question, sentence, names in _SIMPLE:
        facts = tuple(fact for name in names if _is_recorded(holding, name) for fact in _facts(holding.whole, name))
        yield _answer(holding, question, sentence, facts, names)


def _answer(holding: _Holding, question: str, sentence: str, facts: tuple[Fact, ...], names: Sequence[str]) -> Answer:
    """Put a question, its answer and its numbers together with what they count, and since when it is recorded."""
    definitions = tuple(f"{_COLUMNS[name].title}: {WORDS[name]}" for name in names)
    limits = tuple(_limit(name, holding.since[name]) for name in names if name in holding.since)
    return Answer(question, (sentence,), facts, definitions, limits)


def _limit(name: str, day: str) -> str:
    title = _COLUMNS[name].title
    return f"{title}: we have recorded this since {day}." if day else f"{title}: we do not hold this for that time."


def _is_recorded(holding: _Holding, name: str) -> bool:
    """Whether a figure was recorded at all by then."""
    return holding.since.get(name, "always") != ""


def _facts(row: Row, name: str, about: str = "", words: Mapping[str, str] | None = None) -> Iterator[Fact]:
    """Give the number of a column, or each of its reasons."""
    column, value = _COLUMNS[name], row.values.get(name, HIDDEN)
    if column.sort is not Sort.REASONS:
        yield Fact(column.title, value, _UNITS[column.sort], in_words(row, name), about)
        return
    for item in str(value).split("; ") if value else ():
        reason, _, text = item.partition("=")
        count: Value = int(text) if text.isdecimal() else text
        title = (words or {}).get(reason, reason)
        title = title if words else f"{column.title}: {reason}"
        yield Fact(title, count, _UNITS[column.sort], _in_words(count), about)


def _in_words(count: Value) -> str:
    if count == SMALL:
        return "fewer than 5"
    return f"{count:,}" if isinstance(count, int) else "not shown"


def _by_channel(holding: _Holding) -> Answer:
    names = ("received", "resp_pct", "median_resp_wd")
    facts = tuple(
        fact for title, row in holding.channels.items() for name in names for fact in _facts(row, name, title)
    )
    return _answer(holding, "How did people get in touch?", "These are the ways in which they did.", facts, names)


def _opening(office: Sequence[tuple[object, object] | None]) -> Iterator[str]:
    yield "People can write at any time of the day or night, and have an acknowledgement at any time."
    for day, hours in zip(_DAYS, office, strict=True):
        yield f"{day}: closed" if hours is None else f"{day}: {hours[0]:%H:%M} to {hours[1]:%H:%M}"
    is_open_late = any(hours is not None and f"{hours[1]:%H}" >= str(_EVENING) for hours in office)
    yield "On some days we are open after 6pm." if is_open_late else "We are not open in the evening, after 6pm."
    yield "We are closed on bank holidays."


def _complaints(holding: _Holding) -> Answer:
    lines = {"All services": holding.whole, **holding.services}
    words = {str(outcome): text for outcome, text in COMPLAINT_WORDS.items()} | {"none": "No outcome yet"}
    facts = tuple(fact for title, row in lines.items() for fact in _facts(row, "complaints", title, words))
    sentence = "These are the complaints that came in, by service and by what became of them."
    if not facts:
        sentence = "No complaint is on record for these days."
    return _answer(
        holding, "How many complaints were there, and what became of them?", sentence, facts, ("complaints",)
    )


def _by_need(holding: _Holding) -> Answer:
    """The answer by need; somebody with several needs counts for each."""
    names = ("needs_answered", "needs_met")
    facts = tuple(
        Fact(title, value, "answers", _in_words(value), needs.WORDS[needs.Need(need)])
        for need, values in holding.needs.items()
        for title, value in zip(("Answers", "In the way that they need"), values, strict=True)
        if all(_is_recorded(holding, name) for name in names)
    )
    sentence = "These are answers to people who had told us what they need. Somebody with two needs counts for both."
    return _answer(holding, "Who asked for other formats, and did they get them?", sentence, facts, names)


def _languages(holding: _Holding) -> Answer:
    words = {code: language.name for code, language in LANGUAGES.items()}
    facts = tuple(_facts(holding.whole, "languages", "", words))
    sentence = "These are the languages in which people wrote. What a translation costs is not held here."
    return _answer(holding, "In which languages did people write?", sentence, facts, ("languages",))


def _mailboxes(holding: _Holding) -> Answer:
    names = ("open_end", "overdue_end", "oldest_open_wd")
    facts = [fact for title, row in holding.channels.items() for name in names for fact in _facts(row, name, title)]
    facts += [
        Fact("Times when it was not read", count, "times", f"{count:,}", title) for title, count in holding.gaps.items()
    ]
    facts += [
        Fact("Messages that were read late", count, "messages", _in_words(count), title)
        for title, count in holding.late_finds.items()
    ]
    sentence = (
        "A program takes in each message when it comes, and notes when it cannot. "
        "These are the contacts that had no answer at the end of the last day."
    )
    return _answer(holding, "How much lies unread or unanswered in your mailboxes?", sentence, tuple(facts), names)
