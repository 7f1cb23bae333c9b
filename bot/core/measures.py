"""The figures of a period, counted from spells: one definition each, the same for every page, file and command.

A promise counts in the period in which it falls due, whatever was done by then; nothing leaves a denominator because
it is late, paused or opened again. Times are working time by the calendar of the contact's standard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.core.spells import Spell

# Goes up whenever a definition below changes; every report names it.
DEFINITIONS = 1
# Working days since the receipt; the last band has no end.
AGE_BANDS = ((0, 5), (6, 10), (11, 20), (21, None))
# What a report can be cut by, in this order, and the attribute of a spell that each is.
CUTS = ("area", "service", "channel", "kind", "standard", "team")
# Within so many working days after its end a matter was not resolved at first, where the person writes again.
FOLLOW_UP_DAYS = 5


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last local day, both included, as it was known at a cut-off.

    `begin` and `end` are microseconds since 1970, `end` the first that is not in it. `cut_off` is the number of the
    last event that counts, `known_at` its instant: what falls due after it is not counted yet.
    """

    first_day: date
    last_day: date
    begin: int
    end: int
    cut_off: int
    known_at: int

    @property
    def close(self) -> int:
        """The instant at which what is open is counted: the end of the period, or what is known, if that is earlier."""
        return min(self.end, self.known_at)


@dataclass(frozen=True, slots=True)
class Quantile:
    """A median or percentile in working days. `is_at_least`: contacts that are still open can only make it longer.

    `times` is of how many it is, None for one that is the time of a single contact.
    """

    days: float
    is_at_least: bool = False
    times: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one cell. Counts are of spells; those of receipts and acknowledgements of contacts.

    - `arrivals`: contacts by the day of receipt, without those that were only logged; these are `not_owed`, by rule.
    - `acknowledge_due`, `acknowledge_in_time`: by the date of the acknowledgement.
    - `respond_due`: by the date as last agreed; one that is opened again after its date is due then. Of it
      `respond_in_time`; `respond_paused`, whose clock stands; and the rest, which is missed: `missed_by_cause`, as
      staff say, "" where nobody has said.
    - `respond_in_first_time`: of `first_due`, by the date that was promised first.
    - `closed_unanswered`: closed or merged by its date without an answer, by outcome, and in no denominator.
    - `extensions`: of `respond_due`, whose date was made later.
    - Times to acknowledge and to respond, and the `gap` between both: of what began in the period.
    - `longest_days`: the longest time to an answer given in the period, `oldest_days` the age of the oldest open one,
      in working days.
    - `open`, `overdue`, `pauses`, `open_by_age` (as `AGE_BANDS`): at the end of the period.
    - `reopenings`, `windows_missed`: of what began in the period. `undeliverable`: of those received.
    - `endings`: answered or closed in the period. `endings_of_five_days`: those that were answered or closed with a
      word to the person and whose next five working days are over, and `resolutions_at_first`: of these, where nothing
      more was written by then.
    - `avoidable`: by `judgements.Avoidable`, of those received with a mark. `avoidable_suggested`: without a mark, and
      the person asked before the date while no member of staff had written.
    - `questions` that left, `replies` to these, all `opinions` and `satisfaction`: of answers given in the period.
    - `needs_answered`: answered contacts with a recorded need; `needs_met`: those that were answered in that way.
    - `complaints`, by `judgements.ComplaintOutcome`, and `languages`: of those received.
    """

    arrivals: int = 0
    not_owed: Mapping[str, int] = field(default_factory=dict)
    acknowledge_due: int = 0
    acknowledge_in_time: int = 0
    respond_due: int = 0
    respond_in_time: int = 0
    respond_paused: int = 0
    first_due: int = 0
    respond_in_first_time: int = 0
    closed_unanswered: Mapping[str, int] = field(default_factory=dict)
    missed_by_cause: Mapping[str, int] = field(default_factory=dict)
    acknowledge_median: Quantile | None = None
    acknowledge_p90: Quantile | None = None
    respond_median: Quantile | None = None
    respond_p90: Quantile | None = None
    acknowledge_mean: Quantile | None = None
    respond_mean: Quantile | None = None
    gap_median: Quantile | None = None
    longest_days: int | None = None
    open: int = 0
    overdue: int = 0
    pauses: int = 0
    open_by_age: tuple[int, ...] = (0,) * len(AGE_BANDS)
    oldest_days: int | None = None
    endings: int = 0
    answers: int = 0
    endings_of_five_days: int = 0
    resolutions_at_first: int = 0
    reopenings: int = 0
    extensions: int = 0
    avoidable: Mapping[str, int] = field(default_factory=dict)
    avoidable_suggested: int = 0
    undeliverable: int = 0
    windows_missed: int = 0
    questions: int = 0
    replies: int = 0
    opinions: Mapping[str, int] = field(default_factory=dict)
    satisfaction: Mapping[str, int] = field(default_factory=dict)
    needs_answered: int = 0
    needs_met: int = 0
    complaints: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)

    @property
    def respond_missed(self) -> int:
        """Answers that were due, and neither came in time nor stand paused."""
        return self.respond_due - self.respond_in_time - self.respond_paused


def standard_name(standard: str, version: str) -> str:
    """Return what a standard is called in the figures: its name and its version, as each version has its own line."""
    return f"{standard} {version}".rstrip()


def standard_of(name: str) -> tuple[str, str]:
    """Return the standard and the version of such a name; no name of a standard has a space in it."""
    standard, _, version = name.partition(" ")
    return standard, version


def cell_of(spell: Spell, cuts: Sequence[str]) -> tuple[str, ...]:
    """Return what a spell is about, by each of these cuts."""
    return tuple(
        standard_name(spell.standard, spell.standard_version) if cut == "standard" else getattr(spell, cut)
        for cut in cuts
    )
