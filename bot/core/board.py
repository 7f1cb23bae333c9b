"""The board: what teams have set in the console over the files, as this process last read it from the store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.deputies import Away
from bot.core.duties import Shift

# A value, or a condition, in a template.
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# The words of a template: subject and message.
Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Notices:
    """Everything on the board at one moment: who is away, who has which nights, and the words that were changed.

    `templates` by name and language; `services`: the words of a receipt by service, in a mail and in a short text.
    `has_improvements`: there is something to read on the page "you said, we did"; `has_reports`: on that of how
    promises were kept.
    """

    revision: str = ""
    absences: tuple[Away, ...] = ()
    shifts: tuple[Shift, ...] = ()
    templates: Mapping[tuple[str, str], Words] = field(default_factory=dict)
    services: Mapping[str, Words] = field(default_factory=dict)
    has_improvements: bool = False
    has_reports: bool = False

    @property
    def words_of_ours(self) -> tuple[str, ...]:
        """What we say ourselves to the people who write; a value ends a sentence, as it is another each time."""
        words = (*(words for _, words in self.templates.values()), *(words for words, _ in self.services.values()))
        return tuple(PLACEHOLDER.sub("\n\n", text) for text in words)


class Board:
    """Where the notices hang. They are replaced together, never one by one, so that no reader sees half of a change."""

    def __init__(self, notices: Notices | None = None) -> None:
        self.notices = notices or Notices()
