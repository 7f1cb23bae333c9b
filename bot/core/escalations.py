"""The ladder of alerts to staff that a promise is at risk, and the steps that are due.

Shares are those of the working time of the promise to answer; the steps before them belong to the promise to
acknowledge. Each step is taken once; after an outage only the highest due step is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.contacts import Contact
from bot.core.durations import Duration
from bot.core.timing import Timing


@dataclass(frozen=True, slots=True)
class Step:
    """One alert at one moment.

    It comes when the part `share` of the working time is used, or so long `before` the answer is due; where both are
    None it has an instant of its own. `clock` is the promise that is at risk: `acknowledge`, `respond`, the answer to
    a question of ours (`pause`), the time for which the platform takes an answer (`window`), that somebody has it
    (`assign`), that the person hears of us (`progress`); or none, where a `note` names somebody. `to` names the roles
    that are told; the owner is the team where the contact has none. In a `digest` it has no message of its own: the
    daily list shows it; `own_by_law`: unless a statute sets the time.
    """

    name: str
    words: str
    share: float | None = None
    clock: str = "respond"
    before: Duration | None = None
    to: tuple[str, ...] = ("owner",)
    digest: bool = False
    own_by_law: bool = False


_AND_LEAD = ("owner", "lead")
RESPOND_LADDER = (
    Step("respond-50", "half of the time to answer is used", 0.5),
    Step("respond-75", "three quarters of the time to answer are used", 0.75),
    Step("respond-90", "nearly all of the time to answer is used", 0.9),
    Step("respond-due", "the answer is due and not recorded", 1.0),
    Step("respond-overdue", "the answer is long overdue", 1.5),
)
RECEIPT_LATE = Step("acknowledge-late", "the receipt has not left yet", clock="acknowledge")
RECEIPT_DUE = Step("acknowledge-due", "the promise to acknowledge was missed", None, "acknowledge", to=_AND_LEAD)
RECEIPT_LADDER = (RECEIPT_DUE,)
# What the person is told, not staff.
PROGRESS = Step("progress", "half of the time is used", clock="progress")
HANDED_OVER = Step("handed-over", "this contact is yours now", clock="assign")
# Of a contact in any state: it is the word of a colleague, and no promise is at risk.
NAMED = Step("named", "a colleague has named you in a note", clock="note")
# A message of its own is for what is nearly due, set by law or urgent; this waits for the daily list.
UNASSIGNED = Step("unassigned", "nobody has it yet", clock="assign", to=("lead",), digest=True)
WAITED_LONG = Step("paused-long", "the person has not answered our question for a long time", clock="pause")
WINDOW_CLOSES = Step("window-closes", "the platform soon takes no answer any more", None, "window", to=_AND_LEAD)
RECEIPT_WINDOW_CLOSES = Step(
    "receipt-window-closes", "the receipt has not left, and the platform soon takes none any more", clock="acknowledge"
)
FIXED_STEPS = (
    *(RECEIPT_LATE, RECEIPT_DUE, UNASSIGNED, HANDED_OVER, NAMED),
    *(WAITED_LONG, WINDOW_CLOSES, RECEIPT_WINDOW_CLOSES),
)


@dataclass(frozen=True, slots=True)
class Window:
    """For how long after a person's last message a platform takes an automatic answer, and one that a person typed.

    None: for ever; where `person` is None, both end together. `last` is the span within which anybody can answer.
    """

    automatic: timedelta | None = None
    person: timedelta | None = None
    last: timedelta | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "last", self.person or self.automatic)

    def automatic_until(self, until: datetime) -> datetime:
        """Return the end of automatic answers, where a person's are accepted until `until`."""
        return until - (self.person - self.automatic) if self.person and self.automatic else until

    def looks(self, until: datetime, timing: Timing) -> tuple[datetime, datetime]:
        """Return when to look at an unsent receipt, and at an answer, where nobody can answer after `until`.

        Where both end together there is one alert, so long before as that of a receipt.
        """
        receipt_warning = timing.receipt_window_warning
        answer_warning = timing.answer_window_warning if self.person else receipt_warning
        return self.automatic_until(until) - receipt_warning, until - answer_warning


NO_WINDOW = Window()
Ladder = tuple[Step, ...]
Rungs = Sequence[tuple[datetime, Step]]


@dataclass(frozen=True, slots=True)
class Ladders:
    """The ladder of every standard: its own, by its id, or the general one; and that of the time to acknowledge."""

    general: Ladder = RESPOND_LADDER
    by_standard: Mapping[str, Ladder] = field(default_factory=dict)
    receipt: Ladder = RECEIPT_LADDER

    def of(self, standard: str | None) -> Ladder:
        """Return the ladder of one standard."""
        return self.by_standard.get(standard or "", self.general)

    def step(self, name: str, standard: str | None) -> Step | None:
        """Return the step of that name, or None if it is on no ladder any more."""
        steps = (*self.of(standard), *self.receipt, *FIXED_STEPS, *RESPOND_LADDER)
        return next((step for step in steps if step.name == name), None)


def rungs(ladder: Ladder, instant_of: Callable[[Step], datetime], started_at: datetime) -> Rungs:
    """Return the steps with their instants, in order; those before the time to answer began are left out.

    `instant_of` says when a step is due.
    """
    steps = [(instant_of(step), step) for step in ladder]
    return sorted((rung for rung in steps if rung[0] > started_at), key=lambda rung: rung[0])


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a look at an open contact: the steps to alert now (at most one a ladder), and the next look.

    `respond_step`, `acknowledge_step` count the rungs that are behind us, taken or passed over. `urgent`: the next
    person is to be called now, and the one after at `urgent_at`. `window_closed`: the platform takes no answer now.
    """

    alerts: tuple[Step, ...]
    respond_step: int
    acknowledge_step: int
    next_look_at: datetime
    urgent: bool = False
    urgent_at: datetime | None = None
    window_closed: bool = False


def look(contact: Contact, now: datetime, ladder: Rungs, receipts: Rungs, singles: Rungs, timing: Timing) -> Decision:
    """Return the steps that are due for this open contact at `now`.

    `ladder` holds the steps of its time to answer, empty while that has no date, `receipts` those of the time to
    acknowledge (`receipt_rungs`), `singles` those that belong to no ladder (`single_rungs`).
    """
    respond_step, answer_alert = _highest(ladder, contact.respond_step, now)
    acknowledge_step, receipt_alert = _highest(receipts, contact.acknowledge_step, now)
    if contact.receipt_sent_at is not None and receipt_alert is RECEIPT_LATE:
        receipt_alert = None
    due = (receipt_alert, answer_alert, *_due_singles(contact, singles, now))
    is_urgent = contact.urgent_at is not None and contact.urgent_at <= now
    urgent_at = now + timing.urgent_again_after if is_urgent else contact.urgent_at
    instants = (at for at, _ in (*ladder, *receipts, *singles))
    return Decision(
        alerts=tuple(step for step in due if step is not None),
        respond_step=respond_step,
        acknowledge_step=acknowledge_step,
        next_look_at=_next_look((*instants, urgent_at, contact.platform_reply_by), now, timing),
        urgent=is_urgent,
        urgent_at=urgent_at,
        window_closed=_has_closed(contact, now),
    )


def receipt_rungs(contact: Contact, ladder: Ladder, instant_of: Callable[[Step], datetime], timing: Timing) -> Rungs:
    """Return the steps of the time to acknowledge with their instants; none once that is done.

    The first tells the operators that the receipt takes longer to leave than it may.
    """
    if contact.acknowledged_at is not None or contact.acknowledge_by is None:
        return ()
    # Due means the last permitted second: it is missed when that second is over.
    due = contact.acknowledge_by + timedelta(seconds=1)
    has_left = contact.receipt_sent_at is not None
    late = contact.received_at if has_left else min(contact.received_at + timing.receipt_late_after, due)
    steps = [(late, RECEIPT_LATE)]
    steps += [(due if step is RECEIPT_DUE or (step.share or 0.0) >= 1 else instant_of(step), step) for step in ladder]
    return sorted(steps, key=lambda rung: rung[0])


def single_rungs(contact: Contact, window: Window, timing: Timing) -> Rungs:
    """Return the steps without a ladder: a long pause, and a platform that soon accepts no answer."""
    steps: list[tuple[datetime, Step]] = []
    if contact.paused_at is not None:
        steps.append((contact.paused_at + timing.long_pause, WAITED_LONG))
    if contact.platform_reply_by is not None:
        receipt, answer = window.looks(contact.platform_reply_by, timing)
        if contact.acknowledged_at is None and receipt != answer:
            steps.append((receipt, RECEIPT_WINDOW_CLOSES))
        steps.append((answer, WINDOW_CLOSES))
    return steps


def _next_look(instants: Iterable[datetime | None], now: datetime, timing: Timing) -> datetime:
    # After the last step the contact stays in the daily list; it is still looked at, so that none is forgotten.
    return min((at for at in instants if at is not None and at > now), default=now + timing.look_again_after)


def _has_closed(contact: Contact, now: datetime) -> bool:
    return contact.platform_reply_by is not None and contact.platform_reply_by <= now


def _due_singles(contact: Contact, singles: Rungs, now: datetime) -> list[Step]:
    # A look is planned for each instant ahead; the one after it is planned for later.
    next_look_at = contact.next_look_at
    return [step for at, step in singles if at <= now and next_look_at is not None and next_look_at <= at]


def _highest(ladder: Rungs, steps_taken: int, now: datetime) -> tuple[int, Step | None]:
    behind = max(steps_taken, sum(instant <= now for instant, _ in ladder))
    return behind, ladder[behind - 1][1] if behind > steps_taken else None
