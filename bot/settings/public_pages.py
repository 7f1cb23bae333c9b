"""`[accessibility]` and `[privacy]` of ackbot.toml: what only the organisation knows of its two statements."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.allowed import Form
from bot.core.durations import duration
from bot.settings.tables import Table

_ADDRESS = Form(r"([^\s@]+@[^\s@]+\.[^\s@]+)?", "an address such as name@example.gov.uk")
Email = Annotated[str, _ADDRESS, Field(max_length=254)]
Phone = Annotated[str, Field(max_length=40)]
Line = Annotated[str, Field(min_length=1, max_length=300)]


def _is_a_duration(value: str) -> str:
    duration(value)
    return value


class AccessibilitySettings(Table):
    """The accessibility statement at /accessibility (PSBAR 2018, regulation 8).

    `email` and `phone` take questions about it, the organisation's own number where there is no other, and are answered
    within `answer_within`. `tested_on` is the day on which the organisation last tried its pages, `known_faults` are
    what it saw then, a sentence each.
    """

    email: Email = ""
    phone: Phone = ""
    answer_within: Annotated[str, AfterValidator(_is_a_duration)] = "10 working days"
    tested_on: date | None = None
    known_faults: tuple[Line, ...] = ()


class PrivacySettings(Table):
    """The privacy notice at /privacy (UK GDPR, article 13).

    `email`, `phone` and `address` are those of the data protection officer; `companies` work for the organisation and
    see what people write: whoever carries its mail, whoever keeps its computers.
    """

    email: Email = ""
    phone: Phone = ""
    address: str = Field(default="", max_length=300)
    companies: tuple[Line, ...] = ()
