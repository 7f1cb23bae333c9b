"""What the flows need to know of the configuration: promises, teams, ways out; no settings, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from bot.channel import WayIn
from bot.core import clocks, standards
from bot.core.calendars import NAMES, Calendar
from bot.core.contacts import Contact
from bot.settings import Settings, calendar_of


@dataclass(frozen=True, slots=True)
class Team:
    """Who is alerted, and by which outlet."""

    name: str
    addresses: tuple[str, ...]
    outlet: str


@dataclass(frozen=True, slots=True)
class Way:
    """What belongs to one way in: the outlet that answers for it, its team, its own address ("" if it has none)."""

    outlet: str | None
    team: str | None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that a decision needs besides the message and the store.

    `senders`: outlet -> its From address with display name. `own`: our own addresses in lower case.
    `receipt_patience`: how long a receipt may take to leave before somebody must know.
    """

    prefix: str
    default_calendar: Calendar
    calendars: Mapping[str, Calendar]
    standards: tuple[standards.Standard, ...]
    ways: Mapping[str, Way]
    teams: Mapping[str, Team]
    senders: Mapping[str, str]
    own: frozenset[str]
    receipt_patience: timedelta

    def team(self, name: str | None) -> Team | None:
        """The named team, else the first one: an alert must reach somebody."""
        return self.teams.get(name or "") or next(iter(self.teams.values()), None)

    def domain(self, outlet: str) -> str:
        """The domain that names our messages on this outlet."""
        return parseaddr(self.senders.get(outlet, ""))[1].rpartition("@")[2] or "localhost"

    def share_of(self, contact: Contact, share: float) -> datetime:
        """When this share of the contact's working time to answer is used."""
        return clocks.share_of(
            share,
            standards.duration(contact.promise),
            contact.received_at,
            self.calendars[contact.calendar],
            standards.receipt_rule(contact.receipt_rule),
        )


def from_settings(configured: Settings, senders: Mapping[str, str], receipt_patience: timedelta) -> Rulebook:
    """The rulebook of a configuration; `senders` gives each outlet's From address with its display name."""
    # All of them: an open contact keeps its calendar, whatever the standards say by now.
    calendars = {name: calendar_of(configured, name) for name in NAMES}
    first_team = configured.teams[0].name if configured.teams else None
    ways = {
        c.name: Way(c.replies_by, c.team or first_team, getattr(c, "address", ""))
        for c in configured.channels
        if isinstance(c, WayIn)
    }
    own = {way.address for way in ways.values()} | {parseaddr(sender)[1] for sender in senders.values()}
    return Rulebook(
        prefix=configured.organisation.reference_prefix,
        default_calendar=calendars["england"],
        calendars=calendars,
        standards=configured.standards,
        ways=ways,
        teams={team.name: Team(team.name, team.addresses, team.replies_by) for team in configured.teams},
        senders=senders,
        own=frozenset(address.lower() for address in own if address),
        receipt_patience=receipt_patience,
    )
