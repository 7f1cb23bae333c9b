"""What holds a receipt back: too many to one person or one domain. It never holds back the contact.

RFC 3834 section 2 asks a responder to limit how often it answers one sender. Two programs that answer one another
stop here at the latest, whatever headers they leave out.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

# Where anybody may have an address, many of its people are not one sender.
# fmt: off
_OPEN_TO_ALL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "outlook.co.uk", "hotmail.com", "hotmail.co.uk", "live.com",
        "live.co.uk", "msn.com", "yahoo.com", "yahoo.co.uk", "ymail.com", "rocketmail.com", "aol.com", "aol.co.uk",
        "icloud.com", "me.com", "mac.com", "btinternet.com", "btopenworld.com", "sky.com", "virginmedia.com",
        "ntlworld.com", "blueyonder.co.uk", "talktalk.net", "tiscali.co.uk", "plus.com", "plusnet.com", "orange.net",
        "protonmail.com", "proton.me", "gmx.com", "gmx.co.uk", "gmx.net", "mail.com", "fastmail.com", "zoho.com",
        "yandex.com", "mail.ru", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "web.de", "t-online.de", "free.fr",
        "orange.fr", "libero.it", "seznam.cz", "ukr.net", "abv.bg",
    }
)
# fmt: on
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many receipts are too many; 0 means any number.

    Within `one_within` after a contact, what the same person sends has that contact's receipt: `several` says whether
    it becomes a contact of its own ("apart") or is added to the first ("together"). `a_minute` is for all receipts
    together: beyond it a breaker stops them until a person has looked.
    """

    one_within: timedelta = timedelta(minutes=10)
    several: Literal["apart", "together"] = "apart"
    an_hour: int = 3
    a_day: int = 10
    an_hour_to_a_domain: int = 0
    a_minute: int = 0


@dataclass(slots=True)
class Tally:
    """What one person, or one domain, has been sent of late: the instants of receipt of acknowledged contacts.

    `first` is the contact whose receipt stands for those that follow, with its own instant of receipt.
    """

    received: list[datetime] = field(default_factory=list)
    first: tuple[int, datetime] | None = None

    def since(self, instant: datetime) -> int:
        """How many were received after that."""
        return sum(at > instant for at in self.received)


def domain(address: str) -> str:
    """The domain in lower case."""
    return address.rpartition("@")[2].lower()


def stands_for(tally: Tally, at: datetime, limits: Limits) -> int | None:
    """The contact whose receipt stands for one that came at `at`, too."""
    if tally.first is None or not limits.one_within:
        return None
    contact_id, began = tally.first
    return contact_id if timedelta(0) <= at - began < limits.one_within else None


def why_held(recipient: str, at: datetime, person: Tally, domain_wide: Tally, limits: Limits) -> str:
    """Why no receipt goes to `recipient` for what came at `at`, in plain words; "" where one may."""
    if limits.an_hour and person.since(at - HOUR) >= limits.an_hour:
        return f"{limits.an_hour} receipts within an hour have gone to this address"
    if limits.a_day and person.since(at - DAY) >= limits.a_day:
        return f"{limits.a_day} receipts within a day have gone to this address"
    most = limits.an_hour_to_a_domain
    if most and domain(recipient) not in _OPEN_TO_ALL and domain_wide.since(at - HOUR) >= most:
        return f"{most} receipts within an hour have gone to the domain of this address"
    return ""
