"""What a person is told of their contact, in the words of one language: the same in mail, in texts and on pages."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.core import clocks, tracking
from bot.core.addressing import subject_in_receipt
from bot.core.contacts import Contact
from bot.core.durations import Duration, Unit
from bot.core.languages import ENGLISH
from bot.core.standards import Standard
from bot.flows.rulebook import ClockRules, Rulebook
from bot.render.words import Language, code_of, count_in_words, date_in_words, instant_in_words


@dataclass(frozen=True, slots=True)
class PromiseWords:
    """What a receipt says of one contact; "" for what there is nothing to say of.

    `about` is the service or the subject, `opens_on` when a closed office opens again, `hours` when it is open, and
    `track` what follows `/track/` in the address of the contact's page.
    """

    reference: str
    received: str
    respond_by: str
    promise: str
    about: str
    opens_on: str
    hours: str
    track: str

    def values(self) -> Mapping[str, str]:
        """The same for a template, without what is empty."""
        return {name: words for name, words in asdict(self).items() if words}


def of(contact: Contact, book: Rulebook, now: datetime, language: Language = ENGLISH) -> PromiseWords:
    """What the person is told at `now`."""
    zone = book.clocks.default_calendar.zone
    return PromiseWords(
        reference=contact.reference,
        received=instant_in_words(contact.received_at, zone, language),
        respond_by=respond_by(contact, book.clocks, language),
        promise=plain_promise(contact, book.clocks, language),
        about=about(contact, book),
        opens_on=opens_on(now, book, language),
        hours=book.outgoing.addressing.hours(code_of(language)),
        track=track(contact, book),
    )


def respond_by(contact: Contact, rules: ClockRules, language: Language = ENGLISH) -> str:
    """The date to answer by, with its time where that is on the day of receipt: a day alone would say nothing."""
    zone, due = rules.default_calendar.zone, contact.respond_by
    if due is not None and due.astimezone(zone).date() == contact.received_at.astimezone(zone).date():
        return instant_in_words(due, zone, language)
    return rules.respond_by(contact, language=language)


def plain_promise(contact: Contact, rules: ClockRules, language: Language = ENGLISH) -> str:
    """The promise, where it counts from the day of receipt in a unit that everybody knows; else ""."""
    standard = rules.standard_of(contact)
    promise = standard.respond
    if promise is None or contact.clock_changed or standard.respond_from != "receipt":
        return ""
    if promise.rolls or not promise.count or not _counts_from_receipt(contact, standard, rules):
        return ""
    is_known = promise.unit in (Unit.WORKING_DAY, Unit.DAY, Unit.MONTH)
    return count_in_words(promise, language) if is_known else ""


def _counts_from_receipt(contact: Contact, standard: Standard, rules: ClockRules) -> bool:
    """Whether the day of receipt is day 0; the receipt rule may move that."""
    calendar = rules.calendars[standard.calendar_key]
    return clocks.day_zero(contact.received_at, calendar, standard.receipt) == calendar.day_of(contact.received_at)


def about(contact: Contact, book: Rulebook) -> str:
    """The service that the contact is with, or its subject where receipts name that.

    Somebody else may read the person's mail: nothing is named of what is urgent or of a kind that is kept quiet.
    """
    if book.tracking.is_quiet(contact):
        return ""
    service = book.intake.router.services.get(contact.service or "")
    subject = subject_in_receipt(contact.subject) if book.outgoing.addressing.names_subject else ""
    return subject or (service.title if service else "")


def opens_on(now: datetime, book: Rulebook, language: Language = ENGLISH) -> str:
    """When the office opens again, in words; "" while it is open, and where it has no hours."""
    hours = book.outgoing.restraint.letters
    opening = hours.next_opening(now) if hours else now
    return instant_in_words(opening, book.clocks.default_calendar.zone, language) if opening > now else ""


def track(contact: Contact, book: Rulebook) -> str:
    """What follows `/track/` in the address of the contact's page; "" where no message may lead there."""
    has_page = not book.tracking.why_not(contact, None, contact.received_at)
    return address(contact, book) if has_page and not book.tracking.is_quiet(contact) else ""


def address(contact: Contact, book: Rulebook) -> str:
    """The same for a message that is about nothing but the page; "" where there are no pages."""
    if not book.outgoing.website:
        return ""
    return tracking.path(contact.id, contact.reference, contact.tracking_generation, book.secret)


def answered_on(contact: Contact, book: Rulebook, language: Language = ENGLISH) -> str:
    """The day of the full answer; "" without one."""
    answered_at = contact.responded_at
    zone = book.clocks.default_calendar.zone
    return date_in_words(answered_at.astimezone(zone).date(), language) if answered_at else ""


def may_be_opened_for(contact: Contact, book: Rulebook, language: Language = ENGLISH) -> str:
    """For how long after its answer the contact is opened again when the person writes; "" where it is not."""
    days = book.intake.reopen_days
    return count_in_words(Duration(days, Unit.DAY), language) if days and contact.responded_at else ""
