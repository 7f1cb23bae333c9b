"""`[feedback]` of ackbot.toml: whether people are asked if our answer helped, when, and about what never."""

from typing import Annotated

from pydantic import AfterValidator

from bot.core.durations import BadWords, duration
from bot.core.feedback import ONE_WORKING_DAY, FeedbackRules
from bot.settings.tables import Table

# Whoever complains is asked by the stages of the complaint; nobody in grief or in danger is asked at all.
NEVER_KINDS = (
    *("complaint", "complaint-second-stage", "adult-social-care-complaint", "dp-complaint"),
    *("death", "bereavement", "safeguarding", "hate-crime", "domestic-abuse"),
    *("housing-hazard-emergency", "urgent", "member"),
)
NEVER_SERVICES = ("bereavement", "deaths")


def _is_a_duration(value: str) -> str:
    try:
        duration(value)
    except BadWords as error:
        raise ValueError(str(error)) from error
    return value


class FeedbackSettings(Table):
    """The one question after a full answer. `after`: how long after it, such as "1 working day" or "3 days".

    About contacts of `never_kinds`, and about `never_services`, nobody is asked; what is given there takes the place of
    the packaged names.
    """

    ask: bool = True
    after: Annotated[str, AfterValidator(_is_a_duration)] = str(ONE_WORKING_DAY)
    never_kinds: tuple[str, ...] = NEVER_KINDS
    never_services: tuple[str, ...] = NEVER_SERVICES

    def rules(self) -> FeedbackRules:
        """Return the same in the form of the core."""
        never = frozenset(self.never_kinds), frozenset(self.never_services)
        return FeedbackRules(self.ask, duration(self.after), *never)
