"""What staff answer: full or holding, its subject, its signature, and what each way out takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.core import files
from bot.core.lengths import Longest

# For so long whoever sent it can take it back.
UNDO = timedelta(seconds=10)
# In place of an outlet: no machine can send these. No outlet has a name with a space.
BY_LETTER, BY_TELEPHONE = "by letter", "by telephone"
BY_HAND = (BY_LETTER, BY_TELEPHONE)
MOST_CHARACTERS = 50_000
_ANSWERING = re.compile(r"(?:(?:re|aw|sv|atb):\s*)+", re.IGNORECASE)


class Kind(StrEnum):
    """A full answer stops the clock; with a holding one it runs on."""

    FULL = "full"
    HOLDING = "holding"


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """How long a private and a public text may be, by outlet, and how many bytes the files of an answer may have.

    `posts_by` is the outlet that prints and posts letters, "" for none.
    """

    longest: Mapping[str, Longest] = field(default_factory=dict)
    longest_public: Mapping[str, Longest] = field(default_factory=dict)
    most_bytes: int = files.MOST_BYTES
    posts_by: str = ""


def subject_of(own_words: str, subject: str, reference: str) -> str:
    """Return the subject of a mail: as the officer put it, else that of the person's own; with the reference, once."""
    subject = subject.strip()
    before = _ANSWERING.match(subject)
    words = own_words.strip() or f"Re: {subject[before.end() if before else 0 :] or 'your message'}"
    return words if reference in words.upper() else f"{words} ({reference})"


def signature(name: str, team: str, organisation: str) -> str:
    """Return the lines below an answer: who wrote it, of which team and organisation."""
    team_words = f"{team.replace('-', ' ').replace('_', ' ').capitalize()} team" if team else ""
    return "\n".join(line for line in (name, team_words, organisation) if line)


def sender(name: str, organisation: str, address: str) -> str:
    """Return the From of a mail: the officer and the organisation before the address, safe in a header field.

    Without a name that holds an address: programs take a From that shows another address for a forged one.
    """
    display = ", ".join(part for part in ("" if "@" in name else name, organisation) if part)
    display = display.replace("\\", "").replace('"', "'")
    return f'"{display}" <{address}>' if display else address
