"""The table [store] of ackbot.toml."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from bot.allowed import Form
from bot.settings.tables import Table

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
    """The store of contacts. The first of `keys` encrypts, all of them decrypt; without keys, text is not encrypted."""

    url: Annotated[str, Form(r"(sqlite:///|postgresql://).+", "sqlite:///PATH or postgresql://USER@HOST/DATABASE")] = (
        "sqlite:///var/ackbot.db"
    )
    keys: tuple[Annotated[SecretStr, AfterValidator(_is_a_key)], ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys as text."""
        return tuple(key.get_secret_value() for key in self.keys)
