"""The board: what teams have set in the console over the files, as this process last read it from the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.deputies import Away
from bot.core.duties import Shift

# The words of a template: subject and message.
Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Notices:
    """Everything on the board at one moment: who is away, who has which nights, and the words that were changed.

    `templates` by name and language; `services`: the words of a receipt by service, in a mail and in a short text.
    """

    revision: str = ""
    absences: tuple[Away, ...] = ()
    shifts: tuple[Shift, ...] = ()
    templates: Mapping[tuple[str, str], Words] = field(default_factory=dict)
    services: Mapping[str, Words] = field(default_factory=dict)


class Board:
    """Where the notices hang. They are replaced together, never one by one, so that no reader sees half of a change."""

    def __init__(self, notices: Notices | None = None) -> None:
        self.notices = notices or Notices()
