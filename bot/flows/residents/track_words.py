"""The page of a contact in words of one language: dates, teams, what each message of ours was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core import feedback, languages
from bot.core.closings import Outcome
from bot.core.deliveries import Purpose
from bot.core.languages import ENGLISH
from bot.core.page_sentences import PageSentence, sentence
from bot.flows import promise_words
from bot.flows.residents import door
from bot.flows.residents.status import Departure, Stage, Status
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.render.words import Language, instant_in_words

_TITLES: Mapping[Purpose, PageSentence] = {
    Purpose.ACKNOWLEDGEMENT: sentence("We have your message"),
    Purpose.NEW_DATE: sentence("We told you a new date"),
    Purpose.ADDED: sentence("We have added what you wrote"),
    Purpose.PROGRESS: sentence("We are still working on it"),
    Purpose.CLOSING: sentence("We told you that it is closed"),
    Purpose.ANSWER: sentence("We wrote to you"),
    Purpose.FEEDBACK: sentence("We asked you if we answered your question"),
}
_BY_HAND = {"letter": sentence("We sent you a letter"), "phone": sentence("We called you")}
_ENDINGS = {
    Outcome.TOLD: sentence("We told you about it by phone or by letter."),
    Outcome.WITHDRAWN: sentence("You told us that you no longer need this."),
    Outcome.DUPLICATE: sentence("We answer you in another message of yours about the same thing."),
}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of the date, in words."""

    on: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class DepartureRow:
    """One message of ours, in words; `is_answer` where somebody of staff wrote it."""

    number: int
    title: PageSentence
    on: str
    is_answer: bool


@dataclass(frozen=True, slots=True)
class TrackWords:
    """Everything that the page says. Of a quiet contact it says nothing else, whatever stands here.

    `path` is the address of the page, `first_language` the language in which its person reads first; `may_say`:
    they may say whether our answer helped.
    """

    path: str
    reference: str
    first_language: str
    is_quiet: bool
    stage: Stage
    since: str
    received_on: str
    respond_by: str
    team: str
    reason: str
    ending: PageSentence | None
    is_owed: bool
    may_say: bool
    changes: tuple[ChangeRow, ...]
    departures: tuple[DepartureRow, ...]
    additions: tuple[str, ...]


def of(now_stands: Status, book: Rulebook, language: Language = ENGLISH) -> TrackWords:
    """The page in the words of this language."""
    contact, zone = now_stands.contact, book.clocks.default_calendar.zone

    def when(at: datetime) -> str:
        return instant_in_words(at, zone, language)

    def due(at: datetime) -> str:
        return book.clocks.respond_by(contact, at, language)

    codes = book.outgoing.addressing.languages
    return TrackWords(
        path=door.path_of(contact, book),
        reference=contact.reference,
        first_language=languages.order(contact.wished_language, contact.language, codes)[0],
        is_quiet=book.tracking.is_quiet(contact),
        stage=now_stands.stage,
        since=when(now_stands.since),
        received_on=when(contact.received_at),
        respond_by=promise_words.respond_by(contact, book.clocks, language) if now_stands.is_owed else "",
        team=Titles(book).team(contact.team) if contact.team else "",
        reason=now_stands.reason,
        ending=_ENDINGS.get(now_stands.outcome) if now_stands.outcome and not now_stands.reason else None,
        is_owed=now_stands.is_owed,
        may_say=feedback.may_be_said(contact, book.outgoing.feedback),
        changes=tuple(ChangeRow(when(c.at), due(c.before), due(c.after), c.reason) for c in now_stands.changes),
        departures=tuple(
            DepartureRow(d.number, _title(d), when(d.at), d.purpose is Purpose.ANSWER) for d in now_stands.departures
        ),
        additions=tuple(map(when, now_stands.additions)),
    )


def _title(departure: Departure) -> PageSentence:
    return _BY_HAND.get(departure.by_hand) or _TITLES[departure.purpose]
