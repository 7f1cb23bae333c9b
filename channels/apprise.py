"""The targets of Apprise (Teams, Slack, Matrix, SMS, ntfy, PagerDuty and a hundred more), as a way to alert staff.

Each channel has one target, so that each is retried on its own. The library blocks, so it runs in a thread.
"""

import asyncio
import logging

import apprise
from pydantic import Field, SecretStr, field_validator

from bot.channel import ChannelSettings, Handed, Temporary
from bot.core.messages import Outbound
from bot.core.outlets import Limits

# Its log would contain addresses with their secrets.
logging.getLogger("apprise").disabled = True


# Of a target that is a telephone: text messages and calls cost money.
MOST_TO_A_TELEPHONE = 100


class Settings(ChannelSettings):
    """`url`: the target, as https://appriseit.com/services/ writes it; it contains secrets.

    `most_a_day` is how many messages may leave a day before alerts go another way; 0 is any number.
    """

    url: SecretStr
    most_a_day: int | None = Field(default=None, ge=0, le=100_000)

    @field_validator("url")
    @classmethod
    def _known_to_apprise(cls, value: SecretStr) -> SecretStr:
        if not apprise.Apprise().add(value.get_secret_value()):
            raise ValueError("Apprise does not know such an address; https://appriseit.com/services/ lists their forms")
        return value


class AppriseTarget:
    """An outlet: one target of Apprise."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._target = apprise.Apprise()
        self._target.add(settings.url.get_secret_value())
        usual = MOST_TO_A_TELEPHONE if _is_telephone(self._target) else 0
        self.limits = Limits(format="words", most_a_day=usual if settings.most_a_day is None else settings.most_a_day)

    async def send(self, message: Outbound) -> Handed:
        """Hand one message over; raises Temporary. Apprise does not report why a target refused it."""
        words = message.content.decode()
        text = apprise.NotifyFormat.TEXT
        try:
            is_accepted = await asyncio.to_thread(
                self._target.notify, body=words, title=message.subject, body_format=text
            )
        except (TypeError, OSError, ValueError) as error:
            raise Temporary(f"channel {self.name}: {type(error).__name__}") from None
        if not is_accepted:
            raise Temporary(f"channel {self.name}: it was not taken over; are address and permissions right?")
        return Handed("")

    async def close(self) -> None:
        """Do nothing: there is no connection to close."""


def _is_telephone(target: apprise.Apprise) -> bool:
    """Tell whether the target takes numbers of telephones."""
    return any(token.startswith("target_phone") for service in target for token in service.template_tokens)


def build(name: str, settings: Settings) -> AppriseTarget:
    """Return the outlet of this name."""
    return AppriseTarget(name, settings)
