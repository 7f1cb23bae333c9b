"""`[organisation]`, `[web]`, `[sign_in]` in ackbot.toml: who answers, where the pages are, who may open the console."""

from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr, field_validator

from bot.year import Table

Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]


class Organisation(Table):
    """Who answers: shown to people, and the start of every reference.

    `link_hosts` are sites of others that messages may lead to, besides those of public bodies.
    """

    name: str = Field(min_length=1, max_length=100)
    reference_prefix: str = Field(pattern=r"^[A-Z]{2,4}$")
    timezone: str = "Europe/London"
    phone: str = Field(default="", max_length=40)
    website: str = Field(default="", pattern=r"^(https?://\S+)?$")
    link_hosts: tuple[Host, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not an IANA time zone; for example Europe/London")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The local time of the organisation."""
        return ZoneInfo(self.timezone)


class Web(Table):
    """Where the pages listen, and the secret that signs what must come back to us unchanged."""

    listen: str = Field(default="127.0.0.1:8080", pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$")
    public_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    secret: SecretStr = Field(min_length=1)


def _is_an_issuer(value: str) -> str:
    if not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError("must begin with https:// (http:// only where it is this machine)")
    return value.rstrip("/")


class SignIn(Table):
    """The organisation's own sign-in (OpenID Connect). `issuer` publishes /.well-known/openid-configuration.

    Who signs in there must have an account here: `ackbot staff add`. `title` stands on the button.
    """

    issuer: Annotated[str, AfterValidator(_is_an_issuer)]
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")
    title: str = Field(default="your organisation's account", max_length=60)
