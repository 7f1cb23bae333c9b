"""Limits on receipts to one person or one domain. They never hold back the contact itself.

RFC 3834 section 2 asks a responder to limit how often it answers one sender. Two programs that answer one another stop
here at the latest, whatever headers they leave out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

# Domains with addresses for everybody: their users are not one sender.
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
    """The highest numbers of receipts; 0 means no limit.

    Within `one_within` after a contact, further messages of the same person are covered by that contact's receipt:
    `several` says whether each becomes a contact of its own ("apart") or is added to the first ("together").
    `a_minute` is for all receipts together: beyond it a breaker stops them until a person has looked.
    """

    one_within: timedelta = timedelta(minutes=10)
    several: Literal["apart", "together"] = "apart"
    an_hour: int = 3
    a_day: int = 10
    an_hour_to_a_domain: int = 0
    a_minute: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """The recent receipts of one person or one domain: the instants at which acknowledged contacts were received.

    `first` is the contact whose receipt covers those that follow, with its own instant of receipt.
    """

    receipts: tuple[datetime, ...] = ()
    first: tuple[int, datetime] | None = None

    def since(self, instant: datetime) -> int:
        """Return how many were received after that."""
        return sum(at > instant for at in self.receipts)


def domain(address: str) -> str:
    """Return the domain in lower case."""
    return address.rpartition("@")[2].lower()


def contact_in_place(tally: Tally, at: datetime, limits: Limits) -> int | None:
    """Return the contact whose receipt also covers one received at `at`."""
    if tally.first is None or not limits.one_within:
        return None
    contact_id, first_at = tally.first
    return contact_id if timedelta(0) <= at - first_at < limits.one_within else None


def why_held(recipient: str, at: datetime, person: Tally, domain_wide: Tally, limits: Limits) -> str:
    """Return why no receipt goes to `recipient` for a contact received at `at`; "" where one may."""
    if limits.an_hour and person.since(at - HOUR) >= limits.an_hour:
        return f"{limits.an_hour} receipts within an hour have gone to this address"
    if limits.a_day and person.since(at - DAY) >= limits.a_day:
        return f"{limits.a_day} receipts within a day have gone to this address"
    limit = limits.an_hour_to_a_domain
    if limit and domain(recipient) not in _OPEN_TO_ALL and domain_wide.since(at - HOUR) >= limit:
        return f"{limit} receipts within an hour have gone to the domain of this address"
    return ""
