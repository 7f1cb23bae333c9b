"""How an organisation writes to the people who write to it: in which languages, and what its receipts name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.languages import ENGLISH

MOST_SUBJECT = 80
_ANSWERING = re.compile(r"(?:\s*(?:re|fwd?|aw|wg|antw|odp|ynt)\s*(?:\[\d+\])?\s*:)+", re.IGNORECASE)
# What could be followed or replied to: a link that somebody typed must not come back to others in a mail of ours.
_WAYS_OUT = re.compile(r"\S*(?:://|@|\w\.\w)\S*")
# Unicode Standard Annex 9: these change the direction of all that follows.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Addressing:
    """The `languages` of an organisation, its own first, and its `opening_hours` by language.

    `names_subject`: a receipt names the subject of the message instead of the service.
    """

    languages: tuple[str, ...] = (ENGLISH,)
    opening_hours: Mapping[str, str] = field(default_factory=dict)
    names_subject: bool = False

    def hours(self, language: str) -> str:
        """Return the opening hours in this language, else in English; "" where nobody wrote them down."""
        return self.opening_hours.get(language) or self.opening_hours.get(ENGLISH, "")


def subject_in_receipt(subject: str) -> str:
    """Return a subject as a receipt may repeat it: short, on one line, without links and addresses; "" for nothing.

    Anybody can write to us in the name of somebody else (RFC 3834 section 3.2): what leads elsewhere is left out.
    """
    before = _ANSWERING.match(subject)
    words = _WAYS_OUT.sub(" ", _DIRECTIONS.sub("", subject[before.end() if before else 0 :]))
    line = " ".join(words.split())
    return line if len(line) <= MOST_SUBJECT else f"{line[: MOST_SUBJECT - 1].rstrip()}…"
