"""What staff say of a contact for the figures: whether it could have been avoided, why it was late, what came of it."""

from enum import StrEnum


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


AVOIDABLE_WORDS = {
    Avoidable.PROGRESS: "They asked how far we are",
    Avoidable.UNCLEAR: "Something that we wrote was not clear",
    Avoidable.ON_THE_WEB: "They could not find it on our website",
    Avoidable.WRONG_PLACE: "They were sent to us by mistake",
    Avoidable.NECESSARY: "It could not be avoided",
}
CAUSE_WORDS = {
    Cause.VOLUME: "Too many contacts at once",
    Cause.ABSENCE: "Colleagues were away",
    Cause.OTHERS: "We waited for another team or organisation",
    Cause.WRONG_TEAM: "It was with the wrong team",
    Cause.COMPLEX: "It took longer than usual to find out",
    Cause.FAULT: "A system did not work",
    Cause.OVERLOOKED: "It was overlooked",
    Cause.OTHER: "Another reason",
}
COMPLAINT_WORDS = {
    ComplaintOutcome.UPHELD: "Upheld",
    ComplaintOutcome.PARTLY_UPHELD: "Partly upheld",
    ComplaintOutcome.NOT_UPHELD: "Not upheld",
    ComplaintOutcome.REFUSED: "Not taken as a complaint",
}
