"""`[store]` and `[retention]` in ackbot.toml: where contacts are kept, sealed with which keys, and for how long."""

import base64
import binascii
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from bot.core.retention import Retention
from bot.year import Table

_KEY_BYTES = 32


def _is_a_key(value: SecretStr) -> SecretStr:
    try:
        raw = base64.urlsafe_b64decode(value.get_secret_value())
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise ValueError("is not a key; make one with: ackbot store key")
    return value


class StoreSettings(Table):
    """Where contacts are kept. The first of `keys` seals, all of them open; without any, words are kept as they are."""

    url: str = Field(default="sqlite:///var/ackbot.db", pattern=r"^(sqlite:///|postgresql://).+")
    keys: tuple[Annotated[SecretStr, AfterValidator(_is_a_key)], ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys themselves."""
        return tuple(key.get_secret_value() for key in self.keys)


class RetentionSettings(Table):
    """How long the words of a finished contact are kept, in days; its dates stay, so that figures stay right.

    `kinds`: for contacts of these kinds instead of `days`.
    """

    days: int = Field(default=183, ge=1)
    kinds: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    @property
    def rule(self) -> Retention:
        """As the core counts it."""
        return Retention(timedelta(self.days), {kind: timedelta(days) for kind, days in self.kinds.items()})
