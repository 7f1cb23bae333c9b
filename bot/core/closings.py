"""How a contact ends that staff close, and whether the person is owed a word about it."""

from enum import StrEnum


class Outcome(StrEnum):
    """Why nothing more is to be done; the texts are stored in the event."""

    FINISHED = "finished"
    TOLD = "told"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    SPAM = "spam"
    TEST = "test"


# As staff choose them. All but the first send the person nothing.
LABELS = {
    Outcome.FINISHED: "Send the person the reason",
    Outcome.TOLD: "The person was told by phone or by letter",
    Outcome.WITHDRAWN: "The person no longer needs it",
    Outcome.DUPLICATE: "It goes on with another contact",
    Outcome.SPAM: "It is spam",
    Outcome.TEST: "It was a test of ours",
}


def outcome_of(text: str) -> Outcome | None:
    """Return the outcome of that name (nothing stands for finished), or None."""
    return next((outcome for outcome in Outcome if outcome == (text or Outcome.FINISHED)), None)
