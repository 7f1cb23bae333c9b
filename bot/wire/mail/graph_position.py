"""Where the reading of a folder by Microsoft Graph stands."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel

# What is under way while a folder is read anew may be so much older than what was read last.
UNDER_WAY = timedelta(hours=4)
DOUBT = "its folder had to be read anew, and it may be old: look whether it was answered before"


class Position(BaseModel, frozen=True):
    """The cursor: `link` is where Graph said to go on; "" begins the folder anew, and so does another `account`.

    While the folder `is_walked` through for the first time, or anew, what came before `begin` does not count. `read_at`
    is the newest time of receipt that was read. What is older than `new_since`, and unknown, may be old.
    """

    account: str
    begin: AwareDatetime | None
    link: str = ""
    is_walked: bool = True
    read_at: AwareDatetime | None = None
    new_since: AwareDatetime | None = None

    def counts(self, received_at: datetime | None) -> bool:
        """Tell whether the message is to be logged. One that came without a time is."""
        return not self.is_walked or self.begin is None or received_at is None or received_at >= self.begin

    def doubt(self, received_at: datetime | None) -> str:
        """Return why the message may have been dealt with before, or ""."""
        is_old = received_at is None or (self.new_since is not None and received_at < self.new_since)
        return DOUBT if self.is_walked and self.new_since is not None and is_old else ""

    def after(self, link: str, read_at: datetime | None, *, is_whole: bool) -> "Position":
        """Return the position after a page, of which the newest message came at `read_at`."""
        newest = max(filter(None, (self.read_at, read_at)), default=None)
        is_walked = self.is_walked and not is_whole
        new_since = self.new_since if is_walked else None
        return self.model_copy(update={"link": link, "read_at": newest, "is_walked": is_walked, "new_since": new_since})

    def anew(self, account: str) -> "Position":
        """Return the position from which the folder is read once more, from where we began."""
        since = self.new_since or (self.read_at and self.read_at - UNDER_WAY) or self.begin
        return Position(account=account, begin=self.begin, read_at=self.read_at, new_since=since)


def first_position(begin: Literal["now", "all"] | date, account: str, now: datetime) -> Position:
    """Return where a first look begins."""
    if begin == "all":
        return Position(account=account, begin=None)
    floor = now if begin == "now" else datetime.combine(begin, time.min, UTC)
    return Position(account=account, begin=floor)
