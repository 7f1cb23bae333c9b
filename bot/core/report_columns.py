"""The columns of a report, in their order, with the figure that each is and what it rests on."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.core.measures import Figures, Quantile

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
    """`whole` names the count of which a count or a share is a part; `part` the other count of a share.

    `base` names the count of contacts on which a time rests.
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
    Column("suppressed_by_reason", Sort.REASONS, "Not acknowledged, by reason", lambda f: f.not_owed),
    _count("undeliverable", "Acknowledgements that did not arrive", lambda f: f.undeliverable),
)
