"""What a sign-in of the organisation's own comes to."""

from dataclasses import dataclass


class NotSignedIn(Exception):
    """It did not work out; the text is for the person at the door."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose sign-in it was, and where they wanted to go."""

    address: str
    onwards: str
