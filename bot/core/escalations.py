"""When staff are alerted that a promise is at risk: the ladder, and which step is due.

The shares are those of the working time of the promise to answer; the steps before them belong to the promise
to acknowledge. Each step is taken once; after an outage only the highest one due is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.contacts import Contact


@dataclass(frozen=True, slots=True)
class Step:
    """One alert at one moment. `share` is the part of the working time that is used; None: an instant of its own.

    `clock` is the promise that is at risk: `acknowledge`, `respond`, the answer to a question of ours (`pause`), or
    the time for which the platform takes an answer (`window`).
    """

    name: str
    words: str
    share: float | None = None
    clock: str = "respond"


RESPOND_LADDER = (
    Step("respond-50", "half of the time to answer is used", 0.5),
    Step("respond-75", "three quarters of the time to answer are used", 0.75),
    Step("respond-90", "nearly all of the time to answer is used", 0.9),
    Step("respond-due", "the answer is due and not recorded", 1.0),
    Step("respond-overdue", "the answer is long overdue", 1.5),
)
RECEIPT_LATE = Step("acknowledge-late", "the receipt has not left yet", clock="acknowledge")
RECEIPT_DUE = Step("acknowledge-due", "the promise to acknowledge was missed", clock="acknowledge")
ACKNOWLEDGE_LADDER = (RECEIPT_LATE, RECEIPT_DUE)
WAITED_LONG = Step("paused-long", "the person has not answered our question for two weeks", clock="pause")
WINDOW_CLOSES = Step("window-closes", "the platform soon takes no answer any more", clock="window")
RECEIPT_WINDOW_CLOSES = Step(
    "receipt-window-closes", "the receipt has not left, and the platform soon takes none any more", clock="acknowledge"
)
STEPS = {
    step.name: step
    for step in (*RESPOND_LADDER, *ACKNOWLEDGE_LADDER, WAITED_LONG, WINDOW_CLOSES, RECEIPT_WINDOW_CLOSES)
}
LONG_PAUSE = timedelta(days=14)
BEFORE_WINDOW_CLOSES, BEFORE_PERSONS_WINDOW_CLOSES = timedelta(hours=4), timedelta(hours=24)

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
ShareOf = Callable[[Contact, float], datetime]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a look at an open contact found: the steps to alert now (at most one a ladder) and the next look.

    `respond_step`, `acknowledge_step` count the rungs that are behind us, taken or passed over.
    """

    alerts: tuple[Step, ...]
    respond_step: int
    acknowledge_step: int
    next_look_at: datetime


def look(
    contact: Contact, now: datetime, share_of: ShareOf, receipt_patience: timedelta, window: Window = NO_WINDOW
) -> Decision:
    """Which steps are due for this open contact at `now`.

    `share_of(contact, share)` gives the instant at which that share of the working time to answer is used;
    `receipt_patience` is how long a receipt may take to leave before somebody must know (15 minutes); `window` is that
    of the platform it came by.
    """
    # While a clock is paused nothing falls due: it has no date.
    respond = [share_of(contact, step.share or 0.0) for step in RESPOND_LADDER] if contact.respond_by else []
    acknowledge = _receipt_instants(contact, receipt_patience)
    single = _single_instants(contact, window)
    respond_step, answer_alert = _highest(RESPOND_LADDER, respond, contact.respond_step, now)
    acknowledge_step, receipt_alert = _highest(ACKNOWLEDGE_LADDER, acknowledge, contact.acknowledge_step, now)
    ahead = [*respond[respond_step:], *acknowledge[acknowledge_step:], *(at for at in single if at > now)]
    alone = [step for at, step in single.items() if at <= now and _not_looked_at_since(contact, at)]
    return Decision(
        alerts=tuple(step for step in (receipt_alert, answer_alert, *alone) if step),
        respond_step=respond_step,
        acknowledge_step=acknowledge_step,
        next_look_at=min(ahead, default=now + LOOK_AGAIN_AFTER),
    )


def _single_instants(contact: Contact, window: Window) -> dict[datetime, Step]:
    """The instants that belong to no ladder."""
    found = {}
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


def _receipt_instants(contact: Contact, patience: timedelta) -> list[datetime]:
    if contact.acknowledged_at is not None or contact.acknowledge_by is None:
        return []
    # Due means the last permitted second: it is missed when that second is over.
    due = contact.acknowledge_by + timedelta(seconds=1)
    return [due if contact.receipt_sent_at is not None else min(contact.received_at + patience, due), due]


def _highest(ladder: tuple[Step, ...], instants: list[datetime], taken: int, now: datetime) -> tuple[int, Step | None]:
    behind = max(taken, sum(instant <= now for instant in instants))
    return behind, ladder[behind - 1] if behind > taken else None
