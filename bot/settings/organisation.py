"""The table [organisation] of ackbot.toml."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, field_validator

from bot.allowed import PAGE, Form
from bot.core.languages import ENGLISH, LANGUAGES
from bot.core.mistakes import did_you_mean
from bot.core.nations import Nation
from bot.settings.tables import Table

Texts = dict[str, Annotated[str, Field(min_length=1, max_length=200)]]
Host = Annotated[str, Form(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "the name of a site, such as www.example.org")]

# Files beside the time zones that are none: others' rules, and a clock that counts leap seconds.
_NO_TIME_ZONES = ("right", "posix", "posixrules", "localtime")


class Organisation(Table):
    """The organisation that answers: shown to people, and the prefix of every reference.

    `link_hosts` are sites of others that messages may link to, in addition to those of public bodies. `privacy_url` is
    the page of its privacy notice, to which the form and the pages link; `complaints_url` that on how to complain;
    `bsl_url` that of its video relay service for British Sign Language. `opening_hours` are words, by language.
    `languages` are those in which people are written to, its own first, in the order in which they are offered;
    with `only_checked_translations` none is used that nobody has checked. `nation` says which public bodies people
    can complain to.
    """

    name: str = Field(min_length=1, max_length=100)
    reference_prefix: Annotated[str, Form(r"[A-Z]{2,4}", "two to four capital letters, as in EX")]
    timezone: str = "Europe/London"
    phone: str = Field(default="", max_length=40)
    website: Annotated[str, PAGE] = ""
    privacy_url: Annotated[str, PAGE] = ""
    complaints_url: Annotated[str, PAGE] = ""
    bsl_url: Annotated[str, PAGE] = ""
    opening_hours: Texts = Field(default_factory=dict)
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = (ENGLISH,)
    only_checked_translations: bool = False
    nation: Nation = Nation.ENGLAND
    link_hosts: tuple[Host, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            if value.partition("/")[0] in _NO_TIME_ZONES:
                raise ValueError(value)
            ZoneInfo(value)
        except (OSError, ValueError, ZoneInfoNotFoundError):
            # To list them all goes through the whole folder of time zones.
            question = did_you_mean(value, sorted(available_timezones()))
            raise ValueError(f"is not a time zone; {question or 'allowed: names such as Europe/London'}") from None
        return value

    @field_validator("opening_hours", mode="before")
    @classmethod
    def _in_english(cls, value: Any) -> Any:
        return {ENGLISH: value} if isinstance(value, str) else value

    @field_validator("opening_hours")
    @classmethod
    def _with_english(cls, value: Texts) -> Texts:
        if value and ENGLISH not in value:
            raise ValueError(f'lacks the English words: write {ENGLISH} = "..." beside the others')
        return value

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [code for code in value if code not in LANGUAGES]:
            raise ValueError(f"{unknown[0]!r} is not a language that there are words in; known: {', '.join(LANGUAGES)}")
        if len(set(value)) < len(value):
            raise ValueError("each language may stand there once")
        if ENGLISH not in value:
            raise ValueError(f'must hold "{ENGLISH}": English goes with every message')
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the organisation."""
        return ZoneInfo(self.timezone)
