"""Whatever Apprise knows: Teams, Slack, Matrix, SMS, ntfy, PagerDuty and a hundred more, as a way to alert staff.

One target each, so that each is tried again by itself. Its library waits and blocks, so it runs in a thread.
"""

import asyncio
import logging

import apprise
from pydantic import SecretStr, field_validator

from bot.channel import ChannelSettings, Handed, Limits, Temporary
from bot.core.messages import Outbound

# It would write addresses with their secrets into our log.
logging.getLogger("apprise").disabled = True


class Settings(ChannelSettings):
    """`url`: the target, as https://appriseit.com/services/ writes it; it holds secrets."""

    url: SecretStr

    @field_validator("url")
    @classmethod
    def _known_to_apprise(cls, value: SecretStr) -> SecretStr:
        if not apprise.Apprise().add(value.get_secret_value()):
            raise ValueError("Apprise does not know such an address; https://appriseit.com/services/ lists their forms")
        return value


class Elsewhere:
    """An outlet: one target of Apprise's."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.limits = Limits(format="words")
        self._target = apprise.Apprise()
        self._target.add(settings.url.get_secret_value())

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over; raises Temporary. Apprise does not say why something was not taken."""
        words = message.content.decode()
        text = apprise.NotifyFormat.TEXT
        try:
            taken = await asyncio.to_thread(self._target.notify, body=words, title=message.subject, body_format=text)
        except (TypeError, OSError, ValueError) as error:
            raise Temporary(f"channel {self.name}: {type(error).__name__}") from None
        if not taken:
            raise Temporary(f"channel {self.name}: it was not taken over; are address and permissions right?")
        return Handed("")

    async def close(self) -> None:
        """There is nothing to let go of."""


def build(name: str, settings: Settings) -> Elsewhere:
    """The outlet of this name."""
    return Elsewhere(name, settings)
