"""Is it still wanted, when does it leave, and who reads of it in the daily list: every step in every state."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core import alerting
from bot.core.alerting import Bundle, DailyList, Occasion, Reason, Restraint
from bot.core.calendars import calendar
from bot.core.contacts import Contact, State
from bot.core.deliveries import Purpose
from bot.core.durations import duration
from bot.core.escalations import FIXED_STEPS, PROGRESS, RESPOND_LADDER, Step
from bot.core.timing import USUAL, Timing

ENGLAND = calendar("england")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(days=2), NOW + timedelta(days=10)
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
OPENING = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
CALM = Restraint(ENGLAND, join_above=10, an_hour=6)
KIND = Restraint(letters=ENGLAND)
FREE = Restraint()

HALF, THREE_QUARTERS, NEARLY, DUE, OVERDUE = RESPOND_LADDER
LATE, RECEIPT_DUE, UNASSIGNED, HANDED_OVER, NAMED, WAITED_LONG, WINDOW_CLOSES, RECEIPT_WINDOW_CLOSES = FIXED_STEPS
DAYS_BEFORE = Step("respond-2-working-days-before", "", before=duration("2 working days"))
STEPS = (*RESPOND_LADDER, DAYS_BEFORE, *FIXED_STEPS)


def contact(**changes: Any) -> Contact:
    """An open contact that waits for its receipt, that nobody has, and that is due in ten days."""
    values: dict[str, Any] = dict.fromkeys(Contact.__slots__, None)
    values |= {"state": State.OPEN, "received_at": EARLIER, "acknowledge_by": LATER, "respond_by": LATER}
    values |= {"respond_step": 0, "owner": "", "muted": False, "visibility": "private", "standard": "general"}
    return Contact(**(values | changes))


def is_wanted(step: Step, *, is_law: bool = False, **changes: Any) -> bool:
    """Whether the alert of a step is wanted of a contact in this state."""
    return alerting.is_wanted(Occasion(Purpose.ALERT, step, is_law), contact(**changes), NOW, USUAL)


PAUSED: dict[str, Any] = {"paused_at": EARLIER, "respond_by": None}
# For each state of a contact the steps of which somebody is still to be told.
AT_RISK: dict[str, tuple[dict[str, Any], set[Step]]] = {
    "as it came": ({}, {*STEPS} - {UNASSIGNED, WAITED_LONG}),
    "its receipt has left": ({"receipt_sent_at": NOW}, {*STEPS} - {UNASSIGNED, WAITED_LONG, LATE}),
    "acknowledged": (
        {"receipt_sent_at": NOW, "acknowledged_at": NOW},
        {*RESPOND_LADDER, DAYS_BEFORE, HANDED_OVER, NAMED, WINDOW_CLOSES},
    ),
    "somebody has it": ({"assigned_at": EARLIER}, {*STEPS} - {UNASSIGNED, WAITED_LONG}),
    "paused": (PAUSED, {LATE, RECEIPT_DUE, HANDED_OVER, NAMED, WAITED_LONG, WINDOW_CLOSES, RECEIPT_WINDOW_CLOSES}),
    "kept quiet": ({"quiet_until": LATER}, {*STEPS} - {UNASSIGNED, WAITED_LONG, HALF, THREE_QUARTERS}),
    "quiet is over": ({"quiet_until": NOW}, {*STEPS} - {UNASSIGNED, WAITED_LONG}),
    "answered": ({"state": State.ANSWERED}, {NAMED}),
    "closed": ({"state": State.CLOSED}, {NAMED}),
    "logged": ({"state": State.LOGGED}, {NAMED}),
}


@pytest.mark.parametrize("state", AT_RISK)
def test_each_step_is_wanted_while_its_promise_is_at_risk(state: str) -> None:
    """And no longer: what was done meanwhile is not alerted. A colleague's word is wanted in any state."""
    changes, steps = AT_RISK[state]
    assert {step for step in STEPS if is_wanted(step, **changes)} == steps


def test_a_step_of_the_daily_list_is_no_message() -> None:
    """Unless a statute sets the time, where the step says so; what nobody has is in the list of the lead only."""
    digest, by_law = Step("a", "", 0.5, digest=True), Step("b", "", 0.5, digest=True, own_by_law=True)
    assert [is_wanted(step) for step in (digest, by_law)] == [False, False]
    assert [is_wanted(step, is_law=True) for step in (digest, by_law, UNASSIGNED)] == [False, True, False]


def test_a_step_that_no_ladder_has_any_more_is_told() -> None:
    """While the contact is open."""
    gone = Occasion(Purpose.ALERT)
    assert alerting.is_wanted(gone, contact(), NOW, USUAL)
    assert not alerting.is_wanted(gone, contact(state=State.ANSWERED), NOW, USUAL)


@pytest.mark.parametrize(
    ("share", "from_share", "is_told"), [(0.74, 0.75, False), (0.75, 0.75, True), (0.5, 0.9, False), (1.0, 1.0, True)]
)
def test_quiet_ends_with_its_share(share: float, from_share: float, is_told: bool) -> None:  # noqa: FBT001
    """From `never_quiet_from` on a step is told, whatever staff have asked for."""
    occasion, timing = Occasion(Purpose.ALERT, Step("x", "", share)), Timing(never_quiet_from=from_share)
    assert alerting.is_wanted(occasion, contact(quiet_until=LATER), NOW, timing) is is_told


ANSWERED, CLOSED = {"state": State.ANSWERED}, {"state": State.CLOSED}
MUTED, PUBLIC = {"muted": True}, {"in_public": True}
# Of each purpose: whether it is wanted of an open contact, a paused, an answered and a closed one; of one for whom a
# program answers; and where everybody reads it.
PURPOSES = {
    Purpose.ACKNOWLEDGEMENT: (True, True, False, False, True, True),
    Purpose.NEW_DATE: (True, False, False, False, False, False),
    Purpose.PROGRESS: (True, False, False, False, False, False),
    Purpose.ADDED: (True, True, False, False, False, False),
    Purpose.CLOSING: (False, False, False, True, False, False),
    Purpose.URGENT: (False, False, False, False, False, False),
    Purpose.ALERT: (True, True, False, False, True, False),
}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_each_purpose_is_wanted_while_what_it_says_is_so(purpose: Purpose) -> None:
    """The receipt until staff have answered or closed it, whoever reads it."""
    states: list[dict[str, Any]] = [{}, PAUSED, ANSWERED, CLOSED, MUTED]
    occasion, public = Occasion(purpose), Occasion(purpose, in_public=True)
    answers = [alerting.is_wanted(occasion, contact(**changes), NOW, USUAL) for changes in states]
    assert (*answers, alerting.is_wanted(public, contact(), NOW, USUAL)) == PURPOSES[purpose]


def test_a_receipt_after_staffs_own_words_is_not_wanted() -> None:
    """A holding reply says that we have it; a receipt that came back is still owed, as the person has had none."""
    receipt = Occasion(Purpose.ACKNOWLEDGEMENT)
    assert not alerting.is_wanted(receipt, contact(acknowledged_at=NOW), NOW, USUAL)
    assert alerting.is_wanted(receipt, contact(acknowledged_at=NOW, receipt_sent_at=NOW), NOW, USUAL)


def test_a_call_is_wanted_until_somebody_has_taken_it() -> None:
    """Nobody is called about what was taken, or answered."""
    call = Occasion(Purpose.URGENT)
    assert alerting.is_wanted(call, contact(urgent_at=NOW), NOW, USUAL)
    assert not alerting.is_wanted(call, contact(urgent_at=None), NOW, USUAL)
    assert not alerting.is_wanted(call, contact(urgent_at=NOW, state=State.ANSWERED), NOW, USUAL)


def leaves(step: Step | None, at: datetime, restraint: Restraint = CALM, **changes: Any) -> datetime | None:
    """When the alert of a step leaves that is asked at that instant."""
    return alerting.leaves_at(Occasion(Purpose.ALERT, step), contact(**changes), at, restraint, USUAL)


@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
def test_at_night_each_step_waits_for_the_office_or_does_not(step: Step) -> None:
    """An alarm for the operators, and the word of a colleague, leave at any hour."""
    state = PAUSED if step is WAITED_LONG else {}
    at_once = {LATE, RECEIPT_DUE, RECEIPT_WINDOW_CLOSES, HANDED_OVER, NAMED}
    expected = None if step is UNASSIGNED else NIGHT if step in at_once else OPENING
    assert leaves(step, NIGHT, **state) == expected
    assert leaves(step, NOW, **state) == (expected and NOW)
    assert leaves(step, NIGHT, FREE, **state) == (expected and NIGHT)


def test_a_window_that_closes_before_the_office_opens_waits_for_nobody() -> None:
    """It would come too late."""
    assert leaves(WINDOW_CLOSES, NIGHT, platform_reply_by=OPENING) == NIGHT
    assert leaves(WINDOW_CLOSES, NIGHT, platform_reply_by=OPENING + timedelta(minutes=1)) == OPENING


HALF_PAST_MIDNIGHT = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_half_past_midnight_people_have_what_answers_them_alone(purpose: Purpose) -> None:
    """A receipt, and what staff have done just now, leave at any hour; what is unprompted waits for the office."""
    changes = CLOSED if purpose is Purpose.CLOSING else {"urgent_at": NOW} if purpose is Purpose.URGENT else {}
    at = HALF_PAST_MIDNIGHT
    expected = OPENING if purpose is Purpose.PROGRESS else at
    assert alerting.leaves_at(Occasion(purpose), contact(**changes), at, KIND, USUAL) == expected
    unprompted = Occasion(purpose, is_unprompted=True)
    assert alerting.leaves_at(unprompted, contact(**changes), at, KIND, USUAL) == OPENING
    assert alerting.leaves_at(unprompted, contact(**changes), NOW, KIND, USUAL) == NOW
    assert alerting.leaves_at(unprompted, contact(**changes), at, FREE, USUAL) == at


def test_what_is_not_wanted_leaves_never() -> None:
    """Neither an alert nor what a person is sent."""
    assert leaves(NEARLY, NIGHT, state=State.ANSWERED) is None
    progress = Occasion(Purpose.PROGRESS, PROGRESS)
    assert alerting.leaves_at(progress, contact(**PAUSED), NIGHT, CALM, USUAL) is None
    assert alerting.leaves_at(progress, contact(), NIGHT, CALM, USUAL) == NIGHT
    assert leaves(None, NIGHT) == OPENING


@pytest.mark.parametrize(
    ("count", "messages", "join_above", "an_hour", "expected"),
    [
        (10, 0, 10, 0, Bundle.APART),
        (11, 0, 10, 0, Bundle.JOINED),
        (500, 0, 0, 0, Bundle.APART),
        (6, 0, 10, 6, Bundle.APART),
        (7, 0, 10, 6, Bundle.JOINED),
        (2, 5, 10, 6, Bundle.JOINED),
        (1, 5, 10, 6, Bundle.APART),
        (1, 6, 10, 6, Bundle.LEFT_TO_THE_LIST),
        (1, 9, 0, 6, Bundle.LEFT_TO_THE_LIST),
    ],
)
def test_alerts_that_are_many_are_joined_or_left(
    count: int, messages: int, join_above: int, an_hour: int, expected: Bundle
) -> None:
    """Joined above their number or the room that the hour has left; left to the list where it has none."""
    assert alerting.bundle(count, messages, Restraint(None, join_above, an_hour)) is expected


LIST = DailyList.at(NOW, ENGLAND, USUAL)
SOON, FAR = LIST.horizon, LIST.horizon + timedelta(seconds=1)
ACKNOWLEDGED = {"acknowledged_at": EARLIER}
LADDER = (HALF, Step("respond-75", "", 0.75, to=("owner", "lead")), Step("respond-90", "", 0.9, to=("manager",)))
NEW = {"received_at": datetime(2026, 11, 23, 8, 30, 1, tzinfo=UTC)}
OURS = {"owner": "bo@example.gov.uk"}
EVERY_ROLE = ("team", "lead", "manager", "owner bo@example.gov.uk", "owner jo@example.gov.uk")
# A contact, when somebody must have it (None: somebody has), why it is listed, and whose list names it.
LISTED: dict[str, tuple[dict[str, Any], datetime | None, str, tuple[str, ...]]] = {
    "far off": (ACKNOWLEDGED | {"respond_by": FAR}, None, "", ()),
    "overdue": (ACKNOWLEDGED | {"respond_by": EARLIER}, None, "overdue", ("team",)),
    "due this second": (ACKNOWLEDGED | {"respond_by": NOW}, None, "soon", ("team",)),
    "due soon": (ACKNOWLEDGED | {"respond_by": SOON}, None, "soon", ("team",)),
    "its owner's": (ACKNOWLEDGED | OURS | {"respond_by": SOON}, None, "soon", ("team", "owner bo@example.gov.uk")),
    "past one step": (ACKNOWLEDGED | {"respond_by": FAR, "respond_step": 1}, None, "used", ("team",)),
    "past two steps": (ACKNOWLEDGED | {"respond_by": FAR, "respond_step": 2}, None, "used", ("team", "lead")),
    "past all": (ACKNOWLEDGED | {"respond_by": FAR, "respond_step": 3}, None, "used", ("team", "lead", "manager")),
    "paused": (ACKNOWLEDGED | {"respond_by": None, "respond_step": 2}, None, "", ()),
    "not acknowledged in time": ({"respond_by": None, "acknowledge_by": NOW}, None, "unacknowledged", ("team",)),
    "not acknowledged yet": ({"respond_by": None, "acknowledge_by": LATER}, None, "unacknowledged", ()),
    "nobody has it": (ACKNOWLEDGED | {"respond_by": FAR}, NOW, "unassigned", ("team", "lead")),
    "nobody need have it yet": (ACKNOWLEDGED | {"respond_by": FAR}, LATER, "", ()),
    "nobody has what is due": (ACKNOWLEDGED | {"respond_by": SOON}, NOW, "soon unassigned", ("team",)),
    "new": (ACKNOWLEDGED | {"respond_by": FAR} | NEW, None, "new", ("team", "lead")),
    "new and its owner's": (
        ACKNOWLEDGED | OURS | {"respond_by": FAR} | NEW,
        None,
        "new",
        ("team", "lead", "owner bo@example.gov.uk"),
    ),
    "new and soon": (ACKNOWLEDGED | {"respond_by": SOON} | NEW, None, "new soon", ("team", "lead")),
    "new and owed nothing": (ACKNOWLEDGED | {"respond_by": None, "standard": None} | NEW, None, "", ()),
    "new and quiet": (ACKNOWLEDGED | {"respond_by": FAR, "quiet_until": LATER} | NEW, None, "new", ()),
    "quiet": (ACKNOWLEDGED | {"respond_by": FAR, "respond_step": 1, "quiet_until": LATER}, None, "used", ()),
    "quiet and nobody's": (ACKNOWLEDGED | {"respond_by": FAR, "quiet_until": LATER}, NOW, "unassigned", ()),
    "quiet and soon": (ACKNOWLEDGED | {"respond_by": SOON, "quiet_until": LATER}, None, "soon", ("team",)),
    "quiet is over": (
        ACKNOWLEDGED | {"respond_by": FAR, "respond_step": 1, "quiet_until": NOW},
        None,
        "used",
        ("team",),
    ),
}


@pytest.mark.parametrize("state", LISTED)
def test_the_daily_list_names_what_concerns_each(state: str) -> None:
    """With its reasons, for whoever the steps that it has passed name; what is new for the team, its lead and owner."""
    changes, assign_by, reasons, roles = LISTED[state]
    it = contact(**changes)
    assert tuple(role for role in EVERY_ROLE if LIST.names(it, role, LADDER, assign_by)) == roles
    assert [Reason(name) for name in reasons.split()] == list(LIST.reasons(it, assign_by))


@pytest.mark.parametrize(("days", "last"), [(1, "2026-11-25"), (2, "2026-11-26"), (4, "2026-11-30")])
def test_the_list_looks_some_working_days_ahead(days: int, last: str) -> None:
    """To the last second of that day."""
    horizon = DailyList.at(NOW, ENGLAND, Timing(list_ahead_working_days=days)).horizon
    assert horizon.isoformat() == f"{last}T23:59:59+00:00"


@pytest.mark.parametrize(("day", "before"), [("2026-11-24", "2026-11-23"), ("2026-11-23", "2026-11-20")])
def test_new_is_what_came_since_the_list_of_the_working_day_before(day: str, before: str) -> None:
    """On a Monday that was on Friday."""
    now = datetime.fromisoformat(f"{day}T08:30:00+00:00")
    assert DailyList.at(now, ENGLAND, USUAL).since == datetime.fromisoformat(f"{before}T08:30:00+00:00")
