"""Where the reading of a folder stands, and what follows from the numbers of messages (RFC 9051 section 2.3.1.1)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel

# What is under way when a mailbox is moved may be so much older than what was read last.
UNDER_WAY = timedelta(hours=4)
# For so long after a folder was numbered anew, old mail may still be copied into it.
COPYING = timedelta(days=7)
# How far the clock of whoever sent it may be ahead.
CLOCKS_DIFFER = timedelta(days=1)
NOTICE_EVERY = timedelta(hours=1)
# Servers that know no date say 1970, or invent one: nothing in a mailbox is older than this.
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
DOUBT = "its mailbox was numbered anew or moved, and it may be old: look whether it was answered before"
UNDATED = "its mailbox does not say when it came: look whether it was answered before"


@dataclass(frozen=True, slots=True)
class Numbering:
    """The answer to opening a folder: its `uidvalidity`, its last UID, and whose folder on which server it is."""

    uidvalidity: int
    last: int
    account: str = ""


class Position(BaseModel, frozen=True):
    """The cursor: reading continues after `uid`, as long as the folder's `uidvalidity` and `account` stay the same.

    Messages with UIDs up to `old` were there before the first look; they count only if they came (INTERNALDATE) at or
    after `begin`, so that a folder that is numbered anew does not import years of mail. `read_at` is the newest
    INTERNALDATE that was read; where the folder was numbered anew at `renewal`, only what is newer than `new_since` is
    answered. UIDs up to `counted` are examined for gaps; `gap` messages are still to be reported to staff, who had the
    last report at `notice_at`.
    """

    uidvalidity: int
    uid: int
    begin: AwareDatetime | None
    old: int
    account: str = ""
    read_at: AwareDatetime | None = None
    renewal: AwareDatetime | None = None
    new_since: AwareDatetime | None = None
    counted: int = 0
    gap: int = 0
    notice_at: AwareDatetime | None = None

    def after(self, uid: int, read_at: datetime | None = None) -> "Position":
        """Return the position once everything up to `uid` is read, the newest of it from `read_at`."""
        newest = max(filter(None, (self.read_at, read_at)), default=None)
        return self.model_copy(update={"uid": uid, "read_at": newest})

    def is_of(self, numbering: Numbering) -> bool:
        """Tell whether the folder still has the numbers that the position is about."""
        same_account = self.account in ("", numbering.account)
        return same_account and self.uidvalidity == numbering.uidvalidity and self.uid <= numbering.last

    def renewed(self, numbering: Numbering, now: datetime) -> "Position":
        """Return the position from which a folder is read again that was numbered anew or moved to another server."""
        return Position(
            uidvalidity=numbering.uidvalidity,
            uid=0,
            begin=self.begin,
            old=numbering.last,
            account=numbering.account,
            read_at=self.read_at,
            renewal=now,
            new_since=self.read_at - UNDER_WAY if self.read_at else now,
            gap=self.gap,
            notice_at=self.notice_at,
        )

    def counts(self, uid: int, received_at: datetime | None) -> bool:
        """Tell whether the message is to be logged. One whose date the server does not know is."""
        return self.begin is None or uid > self.old or received_at is None or received_at >= self.begin

    def doubt(self, uid: int, received_at: datetime | None, sent_at: datetime | None, now: datetime) -> str:
        """Return why the message may have been dealt with before, or "".

        In a folder that was numbered anew, INTERNALDATE is often the instant of the copy, and Date is what its sender
        says: only what both call new is.
        """
        if self.renewal is None or self.new_since is None:
            return UNDATED if self.begin is not None and uid <= self.old and received_at is None else ""
        if uid > self.old and now - self.renewal > COPYING:
            return ""
        dates = (received_at, sent_at)
        is_new = all(at is not None and self.new_since <= at <= now + CLOCKS_DIFFER for at in dates)
        return "" if is_new else DOUBT

    def with_gaps(self, uids: list[int], top: int) -> "Position":
        """Return the position after a look that listed these UIDs (all after `uid`) where numbers up to `top` are used.

        Numbers are given in order, one to each message, and never twice: those below `top` that no message has were
        taken away before this look. What was there before the first look is not examined.
        """
        floor = max(self.uid, self.old, self.counted)
        top = max([top, *uids[-1:]])
        if top <= floor:
            return self
        gap = top - floor - sum(uid > floor for uid in uids)
        return self.model_copy(update={"counted": top, "gap": self.gap + max(gap, 0)})

    def with_gap(self, count: int) -> "Position":
        """Return the position after so many messages that were listed were gone when they were asked for."""
        return self.model_copy(update={"gap": self.gap + count}) if count else self

    def reported(self, now: datetime) -> tuple["Position", int]:
        """Return the position and the number of messages to report to staff now: at once, later ones once an hour."""
        is_due = self.notice_at is None or not timedelta(0) <= now - self.notice_at < NOTICE_EVERY
        if not self.gap or not is_due:
            return self, 0
        return self.model_copy(update={"gap": 0, "notice_at": now}), self.gap


def first_position(begin: Literal["now", "all"] | date, numbering: Numbering, now: datetime) -> Position:
    """Return where a first look begins."""
    floor = datetime.combine(begin, time.min, UTC) if isinstance(begin, date) else None
    position = Position(
        uidvalidity=numbering.uidvalidity, uid=0, begin=floor, old=numbering.last, account=numbering.account
    )
    if begin == "now":
        position = position.model_copy(update={"uid": numbering.last, "begin": now, "read_at": now})
    return position


def plausible(instant: object) -> datetime | None:
    """Return an INTERNALDATE in UTC, or None where it cannot be one."""
    try:
        at = instant.astimezone(UTC) if isinstance(instant, datetime) else None
    except (OverflowError, ValueError, OSError):  # year 1, year 9999, an impossible zone
        return None
    return at if at is not None and at >= OLDEST else None
