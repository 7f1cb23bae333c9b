"""What staff say of a contact for the figures: whether it could have been avoided, why it was late, what came of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.core.events import EventKind, StoredEvent
from bot.core.rules import RuleName


class Avoidable(StrEnum):
    """Whether the person would not have had to write, and why (National Indicator 14); the texts are stored."""

    PROGRESS = "progress"
    UNCLEAR = "unclear"
    ON_THE_WEB = "on-the-web"
    WRONG_PLACE = "wrong-place"
    NECESSARY = "necessary"


class Cause(StrEnum):
    """Why an answer came after its date; the texts are stored."""

    VOLUME = "volume"
    ABSENCE = "absence"
    OTHERS = "others"
    WRONG_TEAM = "wrong-team"
    COMPLEX = "complex"
    FAULT = "fault"
    OVERLOOKED = "overlooked"
    OTHER = "other"


class ComplaintOutcome(StrEnum):
    """What became of a complaint (Complaint Handling Code, chapter 8); the texts are stored."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly-upheld"
    NOT_UPHELD = "not-upheld"
    REFUSED = "refused"


# Each stands on a form for staff, and in reports for everybody: no word of it blames anybody.
AVOIDABLE_WORDS = {
    Avoidable.PROGRESS: "They asked how far we are",
    Avoidable.UNCLEAR: "Something that we sent was not clear",
    Avoidable.ON_THE_WEB: "Our website should have told them",
    Avoidable.WRONG_PLACE: "They were sent to the wrong place",
    Avoidable.NECESSARY: "They had to contact us",
}
CAUSE_WORDS = {
    Cause.VOLUME: "Too much came in at once",
    Cause.ABSENCE: "Staff were away, or a post was vacant",
    Cause.OTHERS: "We waited for another team or organisation",
    Cause.WRONG_TEAM: "It was with the wrong team at first",
    Cause.COMPLEX: "It took more work than usual",
    Cause.FAULT: "A system did not work",
    Cause.OVERLOOKED: "It was overlooked",
    Cause.OTHER: "Another reason",
}
COMPLAINT_WORDS = {
    ComplaintOutcome.UPHELD: "Upheld",
    ComplaintOutcome.PARTLY_UPHELD: "Partly upheld",
    ComplaintOutcome.NOT_UPHELD: "Not upheld",
    ComplaintOutcome.REFUSED: "Not accepted as a complaint",
}  # By the name of the column.
WORDS: Mapping[str, Mapping[Any, str]] = {
    "avoidable": AVOIDABLE_WORDS,
    "cause": CAUSE_WORDS,
    "complaint_outcome": COMPLAINT_WORDS,
}

# What is no new word of the person: the same mail by another way, and the same words sent twice.
_REPEATS = frozenset({RuleName.SAME_MAIL_ANOTHER_WAY, RuleName.SENT_AGAIN})
# A pause, a fresh start and a later date are told, with a reason.
_WORDS_OF_STAFF = frozenset(
    {
        *(EventKind.ACKNOWLEDGED, EventKind.HOLDING_REPLY, EventKind.RESPONDED, EventKind.ANSWER_SENT),
        *(EventKind.PAUSED, EventKind.RESTARTED, EventKind.EXTENDED),
    }
)
_NEW_SPELLS = frozenset({EventKind.REOPENED, EventKind.OPENED_AGAIN})
# Of `responses.Kind`, whose rules take long to load and are not needed here.
_ANSWERS = frozenset({"full response", "holding reply"})
# Due is the last permitted second, as `histories.Clock.in_time` has it.
_ONE_SECOND = timedelta(seconds=1)


def is_word_of_person(kind: str, details: Mapping[str, Any]) -> bool:
    """Whether an event says that the person wrote again; not what programs, reactions and copies bring in."""
    return kind == EventKind.FOLLOW_UP and details.get("rule") not in _REPEATS


def is_word_of_staff(kind: str, details: Mapping[str, Any]) -> bool:
    """Whether an event says that a member of staff had a word for the person, be it taken back later or not."""
    return kind in _WORDS_OF_STAFF or (kind == EventKind.STAFF_WROTE and details.get("judged") in _ANSWERS)


def is_early_word(
    kind: str, details: Mapping[str, Any], at: datetime, due: datetime | None, *, has_staff_written: bool
) -> bool:
    """Whether an event is a word of the person that an earlier one of ours might have saved them.

    They wrote before the date that held then (`due`), and no member of staff had written since it waits for an answer
    (`has_staff_written`, by `is_word_of_staff` over the events before this one in the same spell).
    """
    is_before = due is not None and not is_after(at, due)
    return is_before and not has_staff_written and is_word_of_person(kind, details)


def is_after(at: datetime, due: datetime | None) -> bool:
    """Whether an instant is after the date; nothing is where none holds."""
    return due is not None and at >= due + _ONE_SECOND


def asked_early(events: Iterable[StoredEvent], due: datetime | None) -> bool:
    """Whether the person ever wrote early in a contact with these events; `due` is the date that held at first."""
    has_staff_written = False
    for event in sorted(events, key=lambda event: event.id):
        if is_early_word(event.kind, event.details, event.at, due, has_staff_written=has_staff_written):
            return True
        if later_date := event.details.get("respond_by"):
            due = datetime.fromisoformat(later_date)
        is_word = event.kind == EventKind.CLOSED or is_word_of_staff(event.kind, event.details)
        has_staff_written = is_word or (has_staff_written and event.kind not in _NEW_SPELLS)
    return False


def is_complaint(kind: str) -> bool:
    """Whether the kind of a contact is a complaint: one of its words says so, as in `complaint-second-stage`."""
    return "complaint" in kind.split("-")
