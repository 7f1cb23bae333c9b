"""What a way out can carry."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.core.lengths import Longest


@dataclass(frozen=True, slots=True)
class Limits:
    """The capacity of an outlet; `concurrency` is how many sends may run at once, `most_a_day` to staff (0: any).

    `reply_window` is how long after a person's last message the platform takes an automatic answer, `person_window` one
    that a person typed, where that is longer; None: for ever. `format`: finished mails, short texts, words, or events.
    `longest` is the length of a private text, or one to a telephone, `longest_public` that of a public one (None: any).
    `posts`: it prints and posts letters, too.
    """

    concurrency: int = 1
    reply_window: timedelta | None = None
    person_window: timedelta | None = None
    format: Literal["mail", "text", "words", "event"] = "mail"
    most_a_day: int = 0
    longest: Longest | None = None
    longest_public: Longest | None = None
    posts: bool = False
