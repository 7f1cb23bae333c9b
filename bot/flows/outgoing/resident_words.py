"""What a person is sent: in which languages, in what form, and with which values in each language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core import languages
from bot.core.contacts import Contact
from bot.core.deliveries import Purpose
from bot.core.languages import ENGLISH
from bot.core.lengths import Longest, fragments
from bot.core.needs import Need
from bot.flows import promise_words
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.tell import BEFORE_AT
from bot.flows.rulebook import Rulebook
from bot.render.compose import Composer
from bot.render.renditions import Manner, Rendition
from bot.render.samples import LONGEST
from bot.render.words import Language, instant_in_words

RECEIPT = "acknowledgement"
_EASY = "acknowledgement-easy"
_PUBLIC = "mention"
# A platform may begin a text with the name of whoever it is for, which counts.
_LONGEST_HANDLE = 60
# Each fragment is paid for: a second language of letters that few fit into one would double a dear message.
_MOST_FRAGMENTS = 6


@dataclass(frozen=True, slots=True)
class ShortText:
    """A text in the languages that have room; `english` is the same in English, "" where the text has it."""

    templates: tuple[tuple[str, str], ...]
    subject: str
    words: str
    english: str


def parts(
    name: str, claim: Claimed, contact: Contact, now: datetime, composer: Composer, book: Rulebook
) -> list[Rendition]:
    """The message in each language of the person and of the organisation, the first to be read first."""
    is_easy = name == RECEIPT and Need.EASY_READ in contact.need_codes.split()
    return [
        Rendition(
            _EASY if is_easy and composer.is_usable(_EASY, code) else name,
            code,
            values(claim, contact, now, _words(code, composer), book),
        )
        for code in _languages(name, contact, composer, book)
    ]


def manner(claim: Claimed, contact: Contact, composer: Composer, book: Rulebook) -> Manner:
    """In large print where the person asked for it; a first message to somebody of no known language offers others."""
    in_large_print = Need.LARGE_PRINT in contact.need_codes.split()
    is_known = contact.wished_language or contact.language
    if claim.delivery.purpose is not Purpose.ACKNOWLEDGEMENT or is_known:
        return Manner(in_large_print)
    present = _languages(RECEIPT, contact, composer, book)
    more = (code for code in book.outgoing.addressing.languages if code not in present)
    return Manner(in_large_print, tuple(code for code in more if composer.is_usable(RECEIPT, code)))


def short_text(
    name: str, claim: Claimed, contact: Contact, now: datetime, composer: Composer, book: Rulebook, **more: str
) -> ShortText:
    """The message for an outlet that takes few characters: the language of the person, and the others that fit."""
    is_public = name == _PUBLIC
    codes = _languages(name, contact, composer, book)
    by_code = {
        code: composer.words(
            name,
            {} if is_public else {**values(claim, contact, now, _words(code, composer), book), **more},
            language=code,
        )
        for code in dict.fromkeys((*codes, ENGLISH))
    }
    limits = book.outgoing.answering.longest_public if is_public else book.outgoing.answering.longest
    longest = limits.get(claim.delivery.channel)
    most = LONGEST[name] if is_public else None
    by_telephone = claim.delivery.channel in book.outgoing.words
    texts = {choice: "\n\n".join(by_code[code][1] for code in choice) for choice in _choices(codes)}
    candidates = (
        choice
        for choice, words in texts.items()
        if _fits(words, longest, most) and (len(choice) == 1 or not by_telephone or fragments(words) <= _MOST_FRAGMENTS)
    )
    choice = next(candidates, (ENGLISH,))
    english = "" if ENGLISH in choice else by_code[ENGLISH][1]
    return ShortText(tuple((name, code) for code in choice), by_code[choice[0]][0], texts[choice], english)


def values(claim: Claimed, contact: Contact, now: datetime, language: Language, book: Rulebook) -> Mapping[str, Any]:
    """What the templates for people know of a message, in the words of one language."""
    track = promise_words.track(contact, book)
    match claim.delivery.purpose:
        case Purpose.ACKNOWLEDGEMENT:
            return {**promise_words.of(contact, book, now, language).values(), **_help(contact, book)}
        case Purpose.FEEDBACK:
            day = promise_words.answered_on(contact, book, language)
            return {"reference": contact.reference, "answered": day, "track": promise_words.address(contact, book)}
        case Purpose.TRACK_LINK:
            return {"reference": contact.reference, "track": promise_words.address(contact, book)}
        case Purpose.CLOSING:
            return {
                "reference": contact.reference,
                "answered": promise_words.answered_on(contact, book, language),
                "reason": claim.delivery.details.get("reason", ""),
                "within": promise_words.may_be_opened_for(contact, book, language),
                "track": track,
            }
        case Purpose.NEW_DATE:
            more = {
                "before": _before(claim, contact, language, book),
                "reason": claim.delivery.details.get("reason", ""),
            }
        case _:
            more = {}
    zone = book.clocks.default_calendar.zone
    return {
        "reference": contact.reference,
        "received": instant_in_words(contact.received_at, zone, language),
        "respond_by": book.clocks.respond_by(contact, language=language),
        "track": track,
        **more,
    }


def _before(claim: Claimed, contact: Contact, language: Language, book: Rulebook) -> str:
    """The date that the person knew; of a message that was queued before instants were kept, its English words."""
    details = claim.delivery.details
    at = details.get(BEFORE_AT)
    return book.clocks.respond_by(contact, datetime.fromisoformat(at), language) if at else details.get("before", "")


def _help(contact: Contact, book: Rulebook) -> dict[str, str]:
    """What to do at once, where the person can read more, and the way without the internet."""
    service = book.intake.router.services.get(contact.service or "")
    urgency = book.intake.urgency(contact)
    words = {"urgent": urgency.advice if urgency else ""}
    if service is not None:
        words |= {"service": service.title, "service_page": service.page, "other_route": service.other_route}
        notice = book.outgoing.board.notices.services.get(service.name)
        of_receipt, of_text = notice or (service.receipt_words, service.receipt_text)
        words |= {"service_words": of_receipt, "service_text": of_text}
    return {name: value for name, value in words.items() if value}


def _languages(name: str, contact: Contact, composer: Composer, book: Rulebook) -> tuple[str, ...]:
    """The languages in which the message can leave; English is always among them."""
    order = languages.order(contact.wished_language, contact.language, book.outgoing.addressing.languages)
    return tuple(code for code in order if composer.is_usable(name, code))


def _words(code: str, composer: Composer) -> Language:
    return code if code == ENGLISH else composer.language_words(code)


def _choices(codes: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """All languages, the first with the last, the first alone, and English: an outlet may count bytes."""
    yield from dict.fromkeys((codes, (codes[0], codes[-1]) if len(codes) > 1 else codes, codes[:1], (ENGLISH,)))


def _fits(words: str, longest: Longest | None, most: int | None) -> bool:
    if most is not None and len(words) > most:
        return False
    return longest is None or longest.length(words) + _LONGEST_HANDLE <= longest.most
