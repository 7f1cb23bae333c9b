"""When staff are alerted that a promise is at risk: the ladder, and which step is due.

The shares are those of the working time of the promise to answer; the steps before them belong to the promise
to acknowledge. Each step is taken once; after an outage only the highest one due is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.calendars import Calendar
from bot.core.contacts import Contact
from bot.core.durations import Duration
from bot.core.urgencies import AGAIN_AFTER


@dataclass(frozen=True, slots=True)
class Step:
    """One alert at one moment.

    It comes when the part `share` of the working time is used, or so long `before` the answer is due; where both are
    None it has an instant of its own. `clock` is the promise that is at risk: `acknowledge`, `respond`, the answer to
    a question of ours (`pause`), the time for which the platform takes an answer (`window`), that somebody has it
    (`assign`), or that the person hears of us (`progress`). `to` names the roles that are told; the owner is the team
    where the contact has none. In a `digest` it has no message of its own: the daily list shows it; `own_by_law`:
    unless a statute sets the time.
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
# domain.md 6.2: a message of its own is for what is nearly due, set by law or urgent; this waits for the daily list.
UNASSIGNED = Step("unassigned", "nobody has it yet", clock="assign", to=("lead",), digest=True)
WAITED_LONG = Step("paused-long", "the person has not answered our question for two weeks", clock="pause")
WINDOW_CLOSES = Step("window-closes", "the platform soon takes no answer any more", None, "window", to=_AND_LEAD)
RECEIPT_WINDOW_CLOSES = Step(
    "receipt-window-closes", "the receipt has not left, and the platform soon takes none any more", clock="acknowledge"
)
FIXED_STEPS = (RECEIPT_LATE, RECEIPT_DUE, UNASSIGNED, HANDED_OVER, WAITED_LONG, WINDOW_CLOSES, RECEIPT_WINDOW_CLOSES)
LONG_PAUSE = timedelta(days=14)
BEFORE_WINDOW_CLOSES, BEFORE_PERSONS_WINDOW_CLOSES = timedelta(hours=4), timedelta(hours=24)

# A message of its own tells of these also where somebody has asked not to be alerted for a while.
QUIET_BELOW = 0.9
# After the last step the contact stays in the daily digest; it is still looked at, so that none is ever forgotten.
LOOK_AGAIN_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Window:
    """For how long after a person's last message a platform takes an automatic answer, and one that a person typed.

    None: for ever; where `person` is None, both end together. Alerts come 4 hours before a receipt cannot leave any
    more, and 24 hours before nobody can answer (4 where both end together).
    """

    automatic: timedelta | None = None
    person: timedelta | None = None

    @property
    def last(self) -> timedelta | None:
        """For how long anybody can answer."""
        return self.person or self.automatic

    def automatic_until(self, until: datetime) -> datetime:
        """Until when an automatic answer is taken, where a person's is until `until`."""
        return until - (self.person - self.automatic) if self.person and self.automatic else until

    def looks(self, until: datetime) -> tuple[datetime, datetime]:
        """When to look at a receipt that has not left, and at an answer, where nobody can answer after `until`."""
        lead = BEFORE_PERSONS_WINDOW_CLOSES if self.person else BEFORE_WINDOW_CLOSES
        return self.automatic_until(until) - BEFORE_WINDOW_CLOSES, until - lead


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
        """The ladder of one standard."""
        return self.by_standard.get(standard or "", self.general)

    def step(self, name: str, standard: str | None) -> Step | None:
        """The step of that name, or None: it is on no ladder any more."""
        known = (*self.of(standard), *self.receipt, *FIXED_STEPS, *RESPOND_LADDER)
        return next((step for step in known if step.name == name), None)


def rungs(ladder: Ladder, instant_of: Callable[[Step], datetime], started_at: datetime) -> Rungs:
    """The steps with their instants, the first one first; those from before the time to answer began are left out.

    `instant_of` says when a step is due.
    """
    found = [(instant_of(step), step) for step in ladder]
    return sorted((pair for pair in found if pair[0] > started_at), key=lambda pair: pair[0])


@dataclass(frozen=True, slots=True)
class Restraint:
    """What keeps alerts from being a nuisance.

    Outside `office` hours they wait for the next opening (None: they leave at any time). More than `join_above` that
    are due to one person at once become one message; more than `an_hour` messages to one person within an hour are left
    to the daily list; 0 is any number.
    """

    office: Calendar | None = None
    join_above: int = 0
    an_hour: int = 0

    def leaves_at(self, step: Step, contact: Contact, now: datetime) -> datetime:
        """When the alert of a step leaves: now, or when the office opens.

        An alarm for the operators does not wait, nor what would come too late then.
        """
        if self.office is None or step.clock == "acknowledge":
            return now
        opening = self.office.opening(now)
        last = contact.platform_reply_by if step.clock == "window" else None
        return now if last is not None and last <= opening else opening


@dataclass(frozen=True, slots=True)
class Decision:
    """What a look at an open contact found: the steps to alert now (at most one a ladder) and the next look.

    `respond_step`, `acknowledge_step` count the rungs that are behind us, taken or passed over. `urgent`: the next
    person is to be called now, and the one after at `urgent_at`.
    """

    alerts: tuple[Step, ...]
    respond_step: int
    acknowledge_step: int
    next_look_at: datetime
    urgent: bool = False
    urgent_at: datetime | None = None


def look(
    contact: Contact,
    now: datetime,
    ladder: Rungs,
    receipts: Rungs = (),
    window: Window = NO_WINDOW,
    also: Rungs = (),
) -> Decision:
    """Which steps are due for this open contact at `now`.

    `ladder` holds the steps of its time to answer, empty while that has no date, `receipts` those of the time to
    acknowledge (`receipt_rungs`); `window` is that of the platform it came by; `also` are steps that belong to no
    ladder.
    """
    single = _single_instants(contact, window, also)
    respond_step, answer_alert = _highest(ladder, contact.respond_step, now)
    acknowledge_step, receipt_alert = _highest(receipts, contact.acknowledge_step, now)
    if receipt_alert is RECEIPT_LATE and contact.receipt_sent_at is not None:
        receipt_alert = None
    urgent = contact.urgent_at is not None and contact.urgent_at <= now
    urgent_at = now + AGAIN_AFTER if urgent else contact.urgent_at
    ahead = [at for at, _ in (*ladder[respond_step:], *receipts[acknowledge_step:])]
    ahead += [at for at in (*single, urgent_at) if at is not None and at > now]
    alone = [step for at, step in single.items() if at <= now and _not_looked_at_since(contact, at)]
    return Decision(
        alerts=tuple(step for step in (receipt_alert, answer_alert, *alone) if step),
        respond_step=respond_step,
        acknowledge_step=acknowledge_step,
        next_look_at=min(ahead, default=now + LOOK_AGAIN_AFTER),
        urgent=urgent,
        urgent_at=urgent_at,
    )


def receipt_rungs(
    contact: Contact, patience: timedelta, ladder: Ladder, instant_of: Callable[[Step], datetime]
) -> Rungs:
    """The steps of the time to acknowledge with their instants; none once that is done.

    `patience` is how long a receipt may take to leave before the operators must know (15 minutes).
    """
    if contact.acknowledged_at is not None or contact.acknowledge_by is None:
        return ()
    # Due means the last permitted second: it is missed when that second is over.
    due = contact.acknowledge_by + timedelta(seconds=1)
    left = contact.receipt_sent_at is not None
    late = contact.received_at if left else min(contact.received_at + patience, due)
    found = [(late, RECEIPT_LATE)]
    found += [(due if step is RECEIPT_DUE or (step.share or 0.0) >= 1 else instant_of(step), step) for step in ladder]
    return sorted(found, key=lambda pair: pair[0])


def _single_instants(contact: Contact, window: Window, also: Rungs) -> dict[datetime, Step]:
    """The instants that belong to no ladder."""
    found = dict(also)
    if contact.paused_at is not None:
        found[contact.paused_at + LONG_PAUSE] = WAITED_LONG
    if contact.platform_reply_by is not None:
        receipt, answer = window.looks(contact.platform_reply_by)
        if contact.acknowledged_at is None:
            found[receipt] = RECEIPT_WINDOW_CLOSES
        found[answer] = WINDOW_CLOSES
    return found


def _not_looked_at_since(contact: Contact, at: datetime) -> bool:
    # A look is planned for each instant ahead; the one after it is planned for later.
    return contact.next_look_at is not None and contact.next_look_at <= at


def _highest(ladder: Rungs, taken: int, now: datetime) -> tuple[int, Step | None]:
    behind = max(taken, sum(instant <= now for instant, _ in ladder))
    return behind, ladder[behind - 1][1] if behind > taken else None
