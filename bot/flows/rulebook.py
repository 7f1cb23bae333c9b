"""What the flows need to know of the configuration, by what it is for; no settings, no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache, partial
from typing import Any, Literal

from bot.core import acknowledgements, clocks, escalations, histories, standards, topics, urgencies
from bot.core.acknowledgements import Limits
from bot.core.addressing import Addressing
from bot.core.alerting import DailyList, Restraint
from bot.core.answers import AnswerRules
from bot.core.board import Board
from bot.core.books import Book, Matter
from bot.core.calendars import FIRST_DAY, Calendar
from bot.core.contacts import Contact
from bot.core.deputies import Deputies
from bot.core.escalations import NO_WINDOW, Ladder, Ladders, Rungs, Step, Window
from bot.core.feedback import FeedbackRules
from bot.core.histories import Clocks, Happened
from bot.core.languages import ENGLISH
from bot.core.roles import Scope
from bot.core.rules import Facts
from bot.core.standards import Standard
from bot.core.timing import USUAL, Timing
from bot.core.topics import Router
from bot.core.tracking import TrackingRules
from bot.render.answers import SavedAnswer
from bot.render.words import Language, due_in_words

NO_PROMISE = Standard(
    id="", title="", version="", valid_from=FIRST_DAY, calendar="england", acknowledge=None, respond=None
)


@dataclass(frozen=True, slots=True)
class Team:
    """Who is alerted, and by which outlet: the team itself, and who has which of the `roles` (`core.escalations`)."""

    name: str
    addresses: tuple[str, ...]
    outlet: str
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Everybody, from the team upwards, as they are called one after another."""
        return (self.addresses, *(addresses for addresses in self.roles.values() if addresses))

    def addresses_of(self, roles: Iterable[str]) -> tuple[str, ...]:
        """Who has one of these roles; where nobody has, the team itself: an alert must reach somebody."""
        people = (self.addresses if role in _ITSELF else self.roles.get(role, ()) for role in roles)
        return tuple(dict.fromkeys(address for addresses in people for address in addresses)) or self.addresses


@dataclass(frozen=True, slots=True)
class Way:
    """What belongs to one way in: the outlet that answers for it, its team, its own address ("" if it has none).

    `medium` is how it came, as standards name it; `service`, `contact_kind` and `area` are what every contact there is
    about. `texts_outlet` sends text messages. `window` is for how long the platform takes an answer, `receipts` where
    one may go, `authserv_id` whose Authentication-Results count. `subaddresses`: mail to `local+tag@` arrives here.
    `channel_kind` is the kind of its channel, as the configuration names it.
    """

    outlet: str | None
    team: str | None
    address: str = ""
    medium: str = ""
    service: str = ""
    contact_kind: str = ""
    area: str = ""
    window: Window = NO_WINDOW
    authserv_id: str = ""
    subaddresses: bool = True
    receipts: Literal["private", "public", "both", "none"] = "both"
    name: str = ""
    texts_outlet: str | None = None
    channel_kind: str = ""

    def outlet_to(self, recipient: str) -> str | None:
        """The outlet that reaches this address: a telephone has another than a mailbox."""
        return self.texts_outlet if recipient.startswith("tel:") else self.outlet

    def matter(self, visibility: str) -> Matter:
        """What is known of everything that comes this way."""
        return Matter(self.medium, self.service, self.contact_kind, self.area, visibility)

    def for_routing(self) -> topics.Way:
        """As the rules of routing know it."""
        return topics.Way(self.name, self.medium, self.service, self.area, self.team or "", self.contact_kind)


_ITSELF = ("team", "owner")
NO_WAY = Way(outlet=None, team=None)


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What is decided of a message that comes in.

    `own`: our own addresses in lower case; `triage`: what the triage knows whatever the message. `limits` guard
    against too many receipts. `router` says what a contact is about, `urgent` what cannot wait, whatever our
    own templates say (`words_of_ours`). What is answered is opened again for `reopen_days` when the person writes.
    """

    own: frozenset[str] = frozenset()
    triage: Facts = field(default_factory=Facts)
    limits: Limits = field(default_factory=Limits)
    router: Router = field(default_factory=lambda: Router((), (), None))
    urgent: urgencies.Rules = ()
    words_of_ours: tuple[str, ...] = ()
    reopen_days: int = 28

    def urgency(self, contact: Contact) -> urgencies.Rule | None:
        """The rule that found that the contact cannot wait, as it is written now."""
        return next((rule for rule in self.urgent if rule.name == contact.urgent), None)


@dataclass(frozen=True, slots=True)
class ClockRules:
    """What is promised, and how its days are counted.

    `calendars` are those of `calendars.keys`. `past`: (id, version) -> standards that contacts keep and no file holds
    any more. `ladders`: whom the clocks alert; `timing`: after how long people are told.
    """

    default_calendar: Calendar
    calendars: Mapping[str, Calendar]
    promises: Book
    past: dict[tuple[str, str], Standard] = field(default_factory=dict)
    ladders: Ladders = field(default_factory=Ladders)
    timing: Timing = USUAL

    def today(self, now: datetime) -> date:
        """The local day."""
        return self.default_calendar.day_of(now)

    def standard_of(self, contact: Contact) -> Standard:
        """The standard that the contact keeps, as it is written now; else as it was, or as the contact remembers it.

        A contact that is owed nothing (a newsletter, a bounce) keeps none: it is given one that promises nothing.
        """
        if contact.standard is None:
            return NO_PROMISE
        version = contact.standard, contact.standard_version or ""
        standard = self.promises.versions.get(version) or self.past.get(version)
        return standard or standards.from_memory(
            *version, calendar=contact.calendar, receipt=contact.receipt_rule, respond=contact.promise
        )

    def opening(self, received_at: datetime, matter: Matter) -> dict[str, Any]:
        """The columns of a new contact: the standard of its day of receipt, its due instants, its first look."""
        standard = self.promises.choose(matter, self.default_calendar.day_of(received_at))
        calendar, receipt = self.calendars[standard.calendar_key], standard.receipt
        ladder = self.ladders.by_standard.get(standard.id, self.ladders.general)
        acknowledge_by = respond_by = None
        looks = [received_at + self.timing.receipt_late_after]
        if standard.acknowledge is not None:
            acknowledge_by = clocks.due(standard.acknowledge, received_at, calendar, receipt)
            looks.append(acknowledge_by + timedelta(seconds=1))
        if standard.respond is not None and standard.respond_from == "receipt":
            respond_by = clocks.due(standard.respond, received_at, calendar, receipt)
            share_of = partial(clocks.share_of, duration=standard.respond, received_at=received_at)
            first = share_of(_first_share(ladder), calendar=calendar, receipt=receipt)
            looks += [first, *_before(ladder, respond_by, received_at, calendar)]
        elif standard.respond is not None:
            stand = histories.clocks_of(standard, received_at, (), calendar)
            respond_by = stand.respond.due if stand.respond else None
            looks += [at for at, _ in stand.rungs(ladder, calendar)[:1]]
        return {
            "standard": standard.id,
            "standard_version": standard.version,
            "promise": standard.respond.words if standard.respond else "",
            "calendar": standard.calendar,
            "receipt_rule": receipt.words,
            "acknowledged_by": standard.acknowledged_by,
            "acknowledge_by": acknowledge_by,
            "respond_by": respond_by,
            "next_look_at": min(looks),
        }

    def of(self, contact: Contact, history: Iterable[Happened]) -> Clocks:
        """How the contact's clocks stand after what happened to them."""
        standard = self.standard_of(contact)
        calendar = self.calendars[standard.calendar_key]
        return histories.clocks_of(standard, contact.received_at, history, calendar, contact.receipt_sent_at)

    def rungs(self, contact: Contact, clocks: Clocks) -> Rungs:
        """The steps of the contact's ladder with their instants, as its clocks stand."""
        calendar = self.calendars[self.standard_of(contact).calendar_key]
        return clocks.rungs(self.ladders.of(contact.standard), calendar)

    def receipt_rungs(self, contact: Contact) -> Rungs:
        """The steps of the contact's time to acknowledge with their instants."""
        standard = self.standard_of(contact)
        calendar = self.calendars[standard.calendar_key]

        def instant_of(step: Step) -> datetime:
            promise = standard.acknowledge
            if promise is None or step.share is None:
                return contact.acknowledge_by or contact.received_at
            return clocks.share_of(step.share, promise, contact.received_at, calendar, standard.receipt)

        return escalations.receipt_rungs(contact, self.ladders.receipt, instant_of, self.timing)

    def assign_by(self, contact: Contact) -> datetime | None:
        """When somebody must have the contact; None where somebody has it."""
        if contact.assigned_at is not None:
            return None
        return clocks.due(self.timing.assign_within, contact.received_at, self.default_calendar)

    def daily_list(self, now: datetime) -> DailyList:
        """The daily list as it is made at `now`."""
        return DailyList.at(now, self.default_calendar, self.timing)

    def single_rungs(self, contact: Contact, clocks_now: Clocks | None, window: Window) -> Rungs:
        """The steps that belong to no ladder: somebody must have it by then, the person hears of us by then."""
        by = self.assign_by(contact)
        steps = [] if by is None else [(by, escalations.UNASSIGNED)]
        standard = self.standard_of(contact)
        if clocks_now is not None and standard.progress == "halfway" and contact.receipt_sent_at is not None:
            at = clocks_now.share_of(self.timing.progress_at, self.calendars[standard.calendar_key])
            steps.append((at, escalations.PROGRESS))
        return [*steps, *escalations.single_rungs(contact, window, self.timing)]

    def respond_by(self, contact: Contact, instant: datetime | None = None, language: Language = ENGLISH) -> str:
        """The date to answer by (or another instant) in words, with the time where the promise is one of hours."""
        promise = self.standard_of(contact).respond
        return due_in_words(instant or contact.respond_by, promise, self.default_calendar.zone, language)

    def acknowledge_by(self, contact: Contact, language: Language = ENGLISH) -> str:
        """The same of the date to acknowledge by."""
        promise = self.standard_of(contact).acknowledge
        return due_in_words(contact.acknowledge_by, promise, self.default_calendar.zone, language)


@dataclass(frozen=True, slots=True)
class OutgoingRules:
    """Who is told what leaves, and by which outlet.

    `senders`: outlet -> its From address with display name. `texts`: outlets that carry short plain texts; `words`:
    those that form mails of words; `events`: those that programs read. `followers`: outlet -> the kinds of events that
    it is told. `operators` is the team that looks after Ackbot itself. `restraint` says when nobody is alerted,
    `deputies` who stands in for whom. `website` is where our own pages stand. `most_a_day`: how many messages may leave
    a day by an outlet that costs money for each. `answers` are the saved answers of the files; `answering` says how
    much of what staff type each outlet carries, `addressing` how people are written to, `feedback` whom we ask if it
    helped. `board` has what teams have set in the console since.
    """

    teams: Mapping[str, Team] = field(default_factory=dict)
    senders: Mapping[str, str] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    followers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    operators: str = ""
    restraint: Restraint = field(default_factory=Restraint)
    deputies: Deputies = field(default_factory=Deputies)
    website: str = ""
    most_a_day: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[SavedAnswer, ...] = ()
    answering: AnswerRules = field(default_factory=AnswerRules)
    addressing: Addressing = field(default_factory=Addressing)
    feedback: FeedbackRules = field(default_factory=FeedbackRules)
    board: Board = field(default_factory=Board)

    def team(self, name: str | None) -> Team | None:
        """The named team, else the operators', else the first one: an alert must reach somebody."""
        return self.teams.get(name or "") or self.teams.get(self.operators) or next(iter(self.teams.values()), None)

    def scope(self, teams: frozenset[str]) -> Scope:
        """Whose contacts somebody of these teams sees; what no team has is seen by the one that is told of it."""
        fallback = self.team(None)
        return Scope(teams, unassigned=fallback is not None and fallback.name in teams) if teams else Scope()

    def domain(self, outlet: str) -> str:
        """The domain that names our messages on this outlet."""
        return _domain(self.senders.get(outlet, ""))


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that a decision needs besides the message and the store.

    `prefix` begins every reference, `secret` signs the addresses that only we can make. `restored_at` is when a copy
    of the store was put back. `tracking` says what the pages of people show.
    """

    prefix: str
    ways: Mapping[str, Way]
    clocks: ClockRules
    intake: IntakeRules = field(default_factory=IntakeRules)
    outgoing: OutgoingRules = field(default_factory=OutgoingRules)
    secret: bytes = field(default=b"", repr=False)
    restored_at: datetime | None = None
    tracking: TrackingRules = field(default_factory=TrackingRules)

    def may_have_answered(self, received_at: datetime) -> bool:
        """Whether a store that was lost (a copy was put back) may have answered what was received then."""
        return self.restored_at is not None and received_at < self.restored_at

    def reply_address(self, channel: str, reference: str) -> str:
        """Where answers to what we send from that channel go: signed, so that they find their contact."""
        way = self.ways[channel]
        if not (way.address and way.subaddresses and self.secret):
            return way.address
        return acknowledgements.signed_subaddress(way.address, reference.lower(), self.secret)

    def medium_of(self, contact: Contact) -> str:
        """How the contact came; of one that an older program opened, as its channel and its name there say."""
        return contact.medium or self.medium_by(contact.channel, contact.external_id)

    def medium_by(self, channel: str, external_id: str) -> str:
        """How a message of this channel and name came: what the desk took down says so itself."""
        medium = self.ways.get(channel, NO_WAY).medium
        return external_id.partition(":")[0] if medium == "desk" else medium

    def window(self, contact: Contact) -> Window:
        """For how long the platform by which it came takes answers."""
        return self.ways.get(contact.channel, NO_WAY).window


def _first_share(ladder: Ladder) -> float:
    return min((step.share for step in ladder if step.share is not None), default=1.0)


def _before(ladder: Ladder, due: datetime, started_at: datetime, calendar: Calendar) -> list[datetime]:
    instants = [clocks.before(due, step.before, calendar) for step in ladder if step.before is not None]
    return [at for at in instants if at > started_at]


@lru_cache(maxsize=64)
def _domain(sender: str) -> str:
    # Asked for every message that leaves, of the few senders that there are.
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
