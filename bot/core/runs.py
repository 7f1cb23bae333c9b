"""One spell while its events are replayed: it runs, it stands still, it ends, and its end may be taken back."""

from dataclasses import dataclass, field

from bot.core.needs import are_met
from bot.core.spells import Ending

Pauses = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What was before a spell ended, for an end that is taken back."""

    respond_by: int | None
    paused_at: int | None
    pauses: Pauses


@dataclass(slots=True)
class Run:
    """One spell, in microseconds; `first_respond_by` is the date that it begins with, or the first that it is given."""

    number: int
    begins_at: int
    first_respond_by: int | None
    respond_by: int | None = field(init=False)
    responded_at: int | None = None
    ends_at: int | None = None
    ending: Ending = Ending.OPEN
    paused_at: int | None = None
    pauses: Pauses = ()
    standing: Standing | None = None
    extensions: int = 0
    windows_missed: int = 0
    early_words: int = 0
    has_staff_written: bool = False
    cause: str = ""
    asked_at: int | None = None
    opinion: str = ""
    satisfaction: str = ""
    needs: str | None = None
    formats: str | None = None
    how: str = ""

    def __post_init__(self) -> None:
        self.respond_by = self.first_respond_by

    @property
    def is_open(self) -> bool:
        """Whether the person waits."""
        return self.ends_at is None

    @property
    def are_needs_met(self) -> bool | None:
        """Whether its answer was what its reader needs, by what was made of it up to now."""
        return None if self.responded_at is None else are_met(self.needs or "", self.formats, self.how)

    def resume(self, at: int) -> None:
        """Let the clock run on."""
        if self.paused_at is not None and self.paused_at < at:
            self.pauses += ((self.paused_at, at),)
        self.paused_at = None

    def end(self, at: int, ending: Ending) -> None:
        """End it. What ends while its clock stands is not late: its date is then no earlier than its end."""
        at = max(at, self.begins_at)
        self.standing = Standing(self.respond_by, self.paused_at, self.pauses)
        if self.paused_at is not None and self.paused_at <= at and self.respond_by is not None:
            self.respond_by = max(self.respond_by, at)
        self.resume(at)
        # It may have happened before what was recorded earlier.
        self.pauses = tuple((begin, min(until, at)) for begin, until in self.pauses if begin < at)
        self.ends_at, self.ending = at, ending
        self.responded_at = at if ending == Ending.ANSWERED else None

    def go_on(self) -> None:
        """Take its end back: it stands as before."""
        if self.standing is not None:
            self.respond_by, self.paused_at, self.pauses = (
                self.standing.respond_by,
                self.standing.paused_at,
                self.standing.pauses,
            )
        self.responded_at = self.ends_at = self.standing = None
        self.ending, self.asked_at, self.opinion, self.satisfaction = Ending.OPEN, None, "", ""
        self.needs, self.formats, self.how = None, None, ""
