"""The columns of a report, in their order, with the figure that each is and what it rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.core.measures import AGE_BANDS, Figures, Quantile

# The first columns of every file: what a line is about. Times are in working days.
PERIOD = ("period_start", "period_end")
NAMES = ("area", "service", "channel", "kind", "standard_id", "standard_version")
# The last ones: which team, by which definitions and up to which event it was counted, and what is not shown.
AFTER = ("team", "definition_version", "cut_off", "note")


class Sort(StrEnum):
    """What a column holds: a count that adds up over lines, a share of two counts, a time, or counts by reason."""

    COUNT = "count"
    SHARE = "share"
    TIME = "time"
    REASONS = "reasons"


@dataclass(frozen=True, slots=True)
class Column:
    """`whole` names the count of which a count, a share or reasons are a part; `part` the other count of a share.

    Several parts of one whole can add up to it, as those of `resp_due` and the ages of `open_end` do; reasons add up to
    their whole where they have one. `base` names the count of contacts on which a time rests.
    """

    name: str
    sort: Sort
    title: str
    value: Callable[[Figures], object] | None = None
    part: str = ""
    whole: str = ""
    base: str = ""


def _count(name: str, title: str, value: Callable[[Figures], int], whole: str = "") -> Column:
    return Column(name, Sort.COUNT, title, value, whole=whole)


def _share(name: str, title: str, part: str, whole: str) -> Column:
    return Column(name, Sort.SHARE, title, part=part, whole=whole)


def _time(name: str, title: str, value: Callable[[Figures], Quantile | None], base: str) -> Column:
    return Column(name, Sort.TIME, title, value, base=base)


def _reasons(name: str, title: str, value: Callable[[Figures], Mapping[str, int]], whole: str = "") -> Column:
    return Column(name, Sort.REASONS, title, value, whole=whole)


def _exact(days: int | None) -> Quantile | None:
    return None if days is None else Quantile(float(days))


def _age(place: int) -> Column:
    first, last = AGE_BANDS[place]
    name = f"open_{first}_to_{last}_wd" if last else f"open_{first}_wd_or_more"
    title = f"Open for {first} to {last} working days" if last else f"Open for {first} working days or more"
    return _count(name, title, lambda f: f.open_by_age[place], whole="open_end")


COLUMNS: tuple[Column, ...] = (
    _count("received", "Contacts received", lambda f: f.arrivals),
    _count("ack_due", "Acknowledgements due", lambda f: f.acknowledge_due),
    _count("ack_in_standard", "Acknowledged in time", lambda f: f.acknowledge_in_time, whole="ack_due"),
    _share("ack_pct", "Acknowledged in time, in per cent", "ack_in_standard", "ack_due"),
    _count("resp_due", "Answers due", lambda f: f.respond_due),
    _count("resp_in_standard", "Answered in time", lambda f: f.respond_in_time, whole="resp_due"),
    _share("resp_pct", "Answered in time, in per cent", "resp_in_standard", "resp_due"),
    _time("median_ack_wd", "Half were acknowledged within", lambda f: f.acknowledge_median, "received"),
    _time("median_resp_wd", "Half were answered within", lambda f: f.respond_median, "received"),
    _time("p90_resp_wd", "Nine of ten were answered within", lambda f: f.respond_p90, "received"),
    _count("open_end", "Open at the end", lambda f: f.open),
    _count("overdue_end", "Late at the end", lambda f: f.overdue, whole="open_end"),
    _reasons("suppressed_by_reason", "Only logged, by rule", lambda f: f.not_owed),
    _count("undeliverable", "Acknowledgements that did not arrive", lambda f: f.undeliverable, whole="received"),
    _count("resp_paused", "Answers due whose clock stands", lambda f: f.respond_paused, whole="resp_due"),
    _count("resp_missed", "Not answered in time", lambda f: f.respond_missed, whole="resp_due"),
    _count("resp_extended", "Answers due at a later date than before", lambda f: f.extensions, whole="resp_due"),
    _reasons("missed_by_cause", "Not answered in time, by cause", lambda f: f.missed_by_cause, "resp_missed"),
    _count("first_due", "Answers due by the first date", lambda f: f.first_due),
    _count("resp_in_first", "Answered by the first date", lambda f: f.respond_in_first_time, whole="first_due"),
    _share("resp_first_pct", "Answered by the first date, in per cent", "resp_in_first", "first_due"),
    _reasons("closed_unanswered", "Closed in time without an answer, by outcome", lambda f: f.closed_unanswered),
    _time("p90_ack_wd", "Nine of ten were acknowledged within", lambda f: f.acknowledge_p90, "received"),
    _time("mean_ack_wd", "Mean time to an acknowledgement", lambda f: f.acknowledge_mean, "received"),
    _time("mean_resp_wd", "Mean time to an answer", lambda f: f.respond_mean, "received"),
    _time("median_gap_wd", "From acknowledgement to answer, half within", lambda f: f.gap_median, "received"),
    _time("longest_resp_wd", "Longest time to an answer", lambda f: _exact(f.longest_days), "answers"),
    _count("paused_end", "Open at the end, the clock stands", lambda f: f.pauses, whole="open_end"),
    *(_age(place) for place in range(len(AGE_BANDS))),
    _time("oldest_open_wd", "Oldest one open at the end", lambda f: _exact(f.oldest_days), "open_end"),
    _count("ended", "Answered or closed", lambda f: f.endings),
    _count("answers", "Answers", lambda f: f.answers, whole="ended"),
    _count(
        "ended_five_days",
        "Answered or closed five working days ago or longer",
        lambda f: f.endings_of_five_days,
        "ended",
    ),
    _count("resolved_at_first", "Nothing more was written", lambda f: f.resolutions_at_first, "ended_five_days"),
    _share("resolved_at_first_pct", "Nothing more was written, in per cent", "resolved_at_first", "ended_five_days"),
    _count("reopened", "Opened again", lambda f: f.reopenings),
    _reasons("avoidable", "Whether it could be avoided, as staff say", lambda f: f.avoidable),
    _count("avoidable_suggested", "Asked before the date", lambda f: f.avoidable_suggested, whole="received"),
    _count("windows_missed", "Platform's time to reply missed", lambda f: f.windows_missed),
    _count("feedback_questions", "Asked whether we answered", lambda f: f.questions, whole="answers"),
    _count("feedback_replies", "Replies to that", lambda f: f.replies, whole="feedback_questions"),
    _share("feedback_pct", "Replies to that, in per cent", "feedback_replies", "feedback_questions"),
    _reasons("opinions", "Whether we answered, as people say", lambda f: f.opinions),
    _reasons("satisfaction", "How satisfied people are", lambda f: f.satisfaction),
    _count("needs_answered", "Answers to people with a need", lambda f: f.needs_answered, whole="answers"),
    _count("needs_met", "Answers in the way they need", lambda f: f.needs_met, whole="needs_answered"),
    _share("needs_met_pct", "Answers in the way they need, in per cent", "needs_met", "needs_answered"),
    _reasons("complaints", "Complaints, by outcome", lambda f: f.complaints),
    _reasons("languages", "Languages of those who wrote", lambda f: f.languages, "received"),
)
# What programs before the figures did not record, so that a report says from which day on it is.
RECORDED_LATER = (
    *("first_due", "resp_in_first", "resp_first_pct", "missed_by_cause", "avoidable", "windows_missed"),
    *("needs_answered", "needs_met", "needs_met_pct", "complaints"),
)
