"""What staff say of a contact for the figures, and which words of a person an earlier one of ours might have saved."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core import judgements
from bot.core.events import EventKind, StoredEvent
from bot.core.judgements import Avoidable, Cause, ComplaintOutcome
from bot.core.responses import Kind
from bot.core.rules import RuleName

DUE = datetime(2026, 7, 10, 22, 59, 59, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _is_early(at: datetime, due: datetime | None = DUE, *, rule: str = "", has_staff_written: bool = False) -> bool:
    follow_up, details = EventKind.FOLLOW_UP, {"rule": rule}
    return judgements.is_early_word(follow_up, details, at, due, has_staff_written=has_staff_written)


def test_every_choice_has_words() -> None:
    """Staff choose by words, and reports print them."""
    assert list(judgements.AVOIDABLE_WORDS) == list(Avoidable)
    assert list(judgements.CAUSE_WORDS) == list(Cause)
    assert list(judgements.COMPLAINT_WORDS) == list(ComplaintOutcome)


def test_who_asks_again_before_the_date_might_have_been_saved_it() -> None:
    """Within the last permitted second, too; after it the person has a reason of their own."""
    assert _is_early(DUE - timedelta(days=2))
    assert _is_early(DUE + timedelta(microseconds=999_999))
    assert not _is_early(DUE + SECOND)


def test_no_word_is_early_once_staff_have_written_or_where_no_date_holds() -> None:
    """A reply to us was asked for; without a date nobody knows what is early."""
    assert not _is_early(DUE - SECOND, has_staff_written=True)
    assert not _is_early(DUE - SECOND, None)


@pytest.mark.parametrize("rule", [RuleName.SAME_MAIL_ANOTHER_WAY, RuleName.SENT_AGAIN])
def test_a_copy_of_the_same_words_is_no_word_of_its_own(rule: RuleName) -> None:
    """It came by two ways, or was sent twice."""
    assert not _is_early(DUE - SECOND, rule=rule)


@pytest.mark.parametrize("kind", [EventKind.AUTOMATIC_MAIL, EventKind.REACTION, EventKind.EDITED, EventKind.MESSAGE])
def test_what_no_person_wrote_anew_is_no_word_of_theirs(kind: EventKind) -> None:
    """Programs, hearts and edits ask nothing again."""
    assert not judgements.is_word_of_person(kind, {})


@pytest.mark.parametrize(
    ("kind", "details", "is_word"),
    [
        (EventKind.HOLDING_REPLY, {}, True),
        (EventKind.PAUSED, {}, True),
        (EventKind.EXTENDED, {}, True),
        (EventKind.STAFF_WROTE, {"judged": Kind.FULL.value}, True),
        (EventKind.STAFF_WROTE, {"judged": Kind.HOLDING.value}, True),
        (EventKind.STAFF_WROTE, {"judged": Kind.INTERNAL.value}, False),
        (EventKind.STAFF_WROTE, {}, False),
        (EventKind.NOTE, {}, False),
        (EventKind.ACKNOWLEDGEMENT_SENT, {}, False),
    ],
)
def test_what_counts_as_a_word_of_staff(kind: EventKind, details: dict[str, str], *, is_word: bool) -> None:
    """A receipt that nobody wrote does not; nor do notes and mail among ourselves."""
    assert judgements.is_word_of_staff(kind, details) is is_word


def _asked_early(*kinds: tuple[EventKind, float, dict[str, str]], due: datetime | None = DUE) -> bool:
    """Whether the person asked early, where these happened so many days before the date."""
    events = [
        StoredEvent(number, DUE - timedelta(days=days), kind, "ackbot", details)
        for number, (kind, days, details) in enumerate(kinds)
    ]
    return judgements.asked_early(reversed(events), due)


ASKED = (EventKind.FOLLOW_UP, 3, {"rule": RuleName.HUMAN_REPLY.value})
ANSWERED: tuple[EventKind, float, dict[str, str]] = (EventKind.RESPONDED, 4, {})


def test_a_contact_is_judged_by_its_events_in_the_order_of_their_numbers() -> None:
    """An answer before the question makes the next word a new matter, and opening again makes them wait anew."""
    assert _asked_early(ASKED)
    assert not _asked_early(ANSWERED, ASKED)
    assert not _asked_early(ANSWERED, ASKED, (EventKind.REOPENED, 3, {}))
    assert _asked_early(ANSWERED, (EventKind.REOPENED, 3.5, {}), ASKED)
    assert not _asked_early((EventKind.CLOSED, 4, {}), ASKED)
    assert _asked_early((EventKind.CLOSED, 4, {}), (EventKind.OPENED_AGAIN, 3.5, {}), ASKED)


def test_the_date_that_held_at_that_moment_counts() -> None:
    """A date that was counted anew before they wrote is the one that they wrote before."""
    sooner = {"respond_by": (DUE - timedelta(days=5)).isoformat()}
    assert not _asked_early((EventKind.RECOMPUTED, 6, sooner), ASKED)
    assert _asked_early((EventKind.RECOMPUTED, 6, {"respond_by": DUE.isoformat()}), ASKED, due=None)
    assert _asked_early(ASKED, (EventKind.RECOMPUTED, 2, sooner))


@pytest.mark.parametrize(
    ("kind", "is_complaint"),
    [("complaint", True), ("adult-social-care-complaint", True), ("", False), ("foi", False), ("complaints", False)],
)
def test_a_kind_is_a_complaint_by_its_name(kind: str, *, is_complaint: bool) -> None:
    """As the standards that come along call theirs."""
    assert judgements.is_complaint(kind) is is_complaint
