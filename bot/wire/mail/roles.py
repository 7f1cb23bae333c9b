"""What a folder of a mailbox is for."""

from dataclasses import dataclass, replace

from bot.core.messages import Inbound
from bot.core.threads import JUNK


@dataclass(frozen=True, slots=True)
class Role:
    """What a folder is to its `channel`: where mail comes in, where staff's answers are, or where unwanted mail is."""

    channel: str
    is_sent: bool = False
    is_junk: bool = False

    @property
    def is_answered(self) -> bool:
        """Tell whether people's mail comes in there."""
        return not (self.is_sent or self.is_junk)

    def of(self, message: Inbound) -> Inbound:
        """Return the message with the marks of the folder.

        In the folder of unwanted mail it has a name of its own, so that it is new when staff move it where it belongs.
        """
        if self.is_sent:
            return replace(message, outgoing=True)
        return replace(message, junk=True, external_id=f"{JUNK}{message.external_id}") if self.is_junk else message
