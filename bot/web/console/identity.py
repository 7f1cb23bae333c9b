"""The result of a sign-in through the organisation's own provider."""

from dataclasses import dataclass


class NotSignedIn(Exception):
    """The sign-in failed; the text is shown to the person."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The address that signed in, and the page to show next."""

    address: str
    onwards: str
