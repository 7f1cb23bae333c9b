"""Each person is written to in their language and in the form that they need, and staff can read it in English."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from bot.core.addressing import Addressing
from bot.core.alerting import Restraint
from bot.core.answers import AnswerRules
from bot.core.deliveries import Purpose
from bot.core.lengths import Longest
from bot.core.messages import Outbound
from bot.flows.desk.foresight import Trial
from bot.flows.outgoing import as_sent, tell
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, record
from bot.flows.rulebook import Rulebook
from bot.render.compose import Composer
from bot.render.language_words import of_code
from bot.store import outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import logged
from tests.flows.test_languages import SENTENCES
from tests.render.letters import CONSTANTS, TEMPLATES, parsed, parts
from tests.rulebooks import altered

COMPOSER = Composer([TEMPLATES], {"bsl_url": "", **CONSTANTS})
OFFERED = Addressing(("en", "cy", "pl", "ar"), {"en": "9am to 5pm", "pl": "od 9 do 17"})
SECRET = b"s" * 32
# What is stored is the business of other tests; here it is only written.
pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
RULE = "-" * 40


@pytest.fixture
def offering(book: Rulebook) -> Rulebook:
    """An English organisation that offers Welsh, Polish and Arabic, and has pages."""
    return altered(book, addressing=OFFERED, website=CONSTANTS["site"], secret=SECRET)


Writes = Callable[..., EmailMessage]


@pytest.fixture
def writes(store: Store, mail: Make, offering: Rulebook) -> Writes:
    """Writes the receipt of one mail to a person of this language, who has said these things."""
    receipt = _claimed(store, offering, mail, Purpose.ACKNOWLEDGEMENT)

    def write(
        language: str, book: Rulebook = offering, composer: Composer = COMPOSER, **of_person: str
    ) -> EmailMessage:
        assert receipt.contact is not None
        contact = replace(receipt.contact, language=language, **of_person)  # type: ignore[arg-type]  # only texts
        message = MessageWriter(composer, book, SECRET).write(replace(receipt, contact=contact), NOW)
        return parsed(message.content)

    return write


def _languages(letter: EmailMessage) -> list[str | None]:
    blocks = LexborHTMLParser(parts(letter)[1]).css("body > div > div")
    return [block.attributes["lang"] for block in blocks]


@pytest.mark.parametrize(
    ("language", "of_person", "languages"),
    [
        ("pl", {}, ["pl", "en"]),
        ("en", {}, ["en"]),
        ("ro", {}, ["en"]),
        ("", {}, ["en"]),
        ("en", {"wished_language": "ar"}, ["ar", "en"]),
        ("pl", {"wished_language": "en"}, ["en"]),
        ("pl", {"wished_language": "cy"}, ["cy", "en"]),
    ],
)
def test_the_language_is_the_one_wished_for_else_that_of_the_words(
    writes: Writes, language: str, of_person: dict[str, str], languages: list[str]
) -> None:
    """English where neither is offered; a wish for English is English alone."""
    assert _languages(writes(language, **of_person)) == languages


def test_a_polish_mail_has_a_receipt_with_the_dates_and_hours_of_each_language(writes: Writes) -> None:
    """Words, subject, date, promise and opening hours in Polish, then the same in English."""
    letter = writes("pl")
    polish, _, english = parts(letter)[0].partition(f"\n{RULE}\n\nWe have your message")
    for words in ("poniedziałek, 7 grudnia 2026", "10 dni roboczych", "od 9 do 17"):
        assert words in polish
    for words in ("Monday 7 December 2026", "10 working days", "9am to 5pm"):
        assert words in english
    assert re.fullmatch(r".+ / We have your message: EX-\w{4}-\w{4}", str(letter["Subject"]))
    assert polish.count("/track/EX-") == english.count("/track/EX-") == 1


def test_where_nothing_is_known_each_language_is_offered_once(writes: Writes) -> None:
    """Beneath the English; to a person whose language is known nothing is offered."""
    text = parts(writes(""))[0]
    assert all(of_code(code).offer in text for code in ("cy", "pl", "ar"))
    assert of_code("pl").offer not in parts(writes("", wished_language="en"))[0]


def test_a_welsh_organisation_sends_both_welsh_first(writes: Writes, offering: Rulebook) -> None:
    """To everybody whose wish is not known; an English mail is answered in English first."""
    welsh = altered(offering, addressing=replace(OFFERED, languages=("cy", "en")))
    assert _languages(writes("", welsh)) == ["cy", "en"]
    assert _languages(writes("en", welsh)) == ["en", "cy"]
    assert _languages(writes("", welsh, wished_language="en")) == ["en"]


def test_a_translation_that_nobody_has_checked_can_be_switched_off(writes: Writes) -> None:
    """Then English remains, and nothing is offered that is not sent."""
    strict = Composer([TEMPLATES], {"bsl_url": "", **CONSTANTS}, only_checked=True)
    assert _languages(writes("pl", composer=strict)) == ["en"]
    assert RULE not in parts(writes("", composer=strict))[0].rpartition("automatic message")[2]


@pytest.mark.parametrize(
    ("need_codes", "smallest", "heading"),
    [("", 19, "What happens next"), ("large-print", 24, "What happens next"), ("easy-read bsl", 19, "in danger?")],
)
def test_what_the_person_needs_is_obeyed(writes: Writes, need_codes: str, smallest: int, heading: str) -> None:
    """Large print has 18 points, and Easy Read has easy words."""
    text, page = parts(writes("en", need_codes=need_codes))
    assert min(map(int, re.findall(r"font-size: (\d+)px", page))) == smallest
    assert heading in text


def test_at_night_the_receipt_says_when_the_office_opens(store: Store, mail: Make, offering: Rulebook) -> None:
    """In the words of each language, by the hour at which it leaves."""
    office = altered(offering, restraint=Restraint(letters=offering.clocks.default_calendar))
    night = NOW + timedelta(hours=14)
    receipt = _claimed(store, office, mail, Purpose.ACKNOWLEDGEMENT)
    text = parts(parsed(MessageWriter(COMPOSER, office, SECRET).write(receipt, night).content))[0]
    assert "We open again on: 8:30am on Tuesday 24 November 2026" in text
    assert "08:30, wtorek, 24 listopada 2026" in text


def _claimed(store: Store, book: Rulebook, mail: Make, purpose: Purpose, **of_contact: Any) -> Claimed:
    """A delivery for this purpose, about a contact in Polish with these properties."""
    with writing(store) as connection:
        number = outbox.waiting_count(connection) + 1
        contact = logged(connection, book, mail(number, text=SENTENCES["pl"]), acknowledged=False)
        (receipt,) = outbox.of_contact(connection, contact.id)
    details = of_contact.pop("details", {})
    return Claimed(replace(receipt, purpose=purpose, details=receipt.details | details), replace(contact, **of_contact))


def test_a_new_date_tells_the_date_before_in_the_language(store: Store, mail: Make, offering: Rulebook) -> None:
    """From its instant; what was queued before instants were kept has its English words."""
    before = {"before": "Monday 30 November 2026", "reason": "There is snow."}
    for details, words in (
        (before | {tell.BEFORE_AT: "2026-11-30T23:59:59+00:00"}, "poniedziałek, 30 listopada 2026"),
        (before, "Monday 30 November 2026"),
    ):
        new_date = _claimed(store, offering, mail, Purpose.NEW_DATE, details=details)
        polish = parts(parsed(MessageWriter(COMPOSER, offering, SECRET).write(new_date, NOW).content))[0]
        assert words in polish.partition(RULE)[0]
        assert "There is snow." in polish.partition(RULE)[0]


@pytest.mark.parametrize("purpose", [Purpose.FEEDBACK, Purpose.TRACK_LINK, Purpose.CLOSING, Purpose.PROGRESS])
def test_every_message_has_the_link_to_the_page(store: Store, mail: Make, offering: Rulebook, purpose: Purpose) -> None:
    """The same one in each language; a question after the answer leads to its own page."""
    message = _claimed(store, offering, mail, purpose, responded_at=NOW)
    letter = parsed(MessageWriter(COMPOSER, offering, SECRET).write(message, NOW).content)
    links = re.findall(r"/track/EX-\w{4}-\w{4}/[a-z2-7]{26}(?:/feedback)?", parts(letter)[0])
    assert len(links) == 2
    assert len(set(links)) == 1
    assert links[0].endswith("/feedback") == (purpose is Purpose.FEEDBACK)


def _text(store: Store, mail: Make, book: Rulebook, most: int, **of_contact: str) -> Outbound:
    rules = AnswerRules(longest={"post": Longest(most)}, longest_public={"post": Longest(most)})
    platform = altered(book, texts=frozenset({"post"}), answering=rules)
    message = _claimed(store, platform, mail, Purpose.ACKNOWLEDGEMENT, **of_contact)
    return MessageWriter(COMPOSER, platform, SECRET).write(message, NOW)


def test_a_short_text_has_both_languages_where_they_fit(store: Store, mail: Make, offering: Rulebook) -> None:
    """Else that of the person alone, and its English is for staff."""
    both, alone = _text(store, mail, offering, 4096), _text(store, mail, offering, 500)
    assert "Monday 7 December 2026" in both.content.decode()
    assert "poniedziałek, 7 grudnia 2026" in both.content.decode()
    assert both.english == ""
    assert "poniedziałek, 7 grudnia 2026" in alone.content.decode()
    assert "Monday" not in alone.content.decode()
    assert len(alone.content.decode()) <= 440
    assert "Monday 7 December 2026" in alone.english
    assert (both.template[:13], alone.template[:11]) == ("message.pl+en", "message.pl ")


def _to_telephone(store: Store, mail: Make, book: Rulebook, **of_contact: str) -> Outbound:
    texting = altered(book, words=frozenset({"post"}))
    receipt = _claimed(store, texting, mail, Purpose.ACKNOWLEDGEMENT, **of_contact)
    receipt = replace(receipt, delivery=replace(receipt.delivery, recipient="tel:+447700900123"))
    return MessageWriter(COMPOSER, texting, SECRET).write(receipt, NOW)


def test_a_text_message_does_not_cost_for_two_languages_what_one_would_say(
    store: Store, mail: Make, offering: Rulebook
) -> None:
    """Few letters of most scripts fit into one: the English then stays with us, for staff."""
    message = _to_telephone(store, mail, offering)
    assert "poniedziałek, 7 grudnia 2026" in message.content.decode()
    assert "Monday" not in message.content.decode()
    assert "Monday 7 December 2026" in message.english


def test_what_fits_in_no_other_language_leaves_in_english(store: Store, mail: Make, offering: Rulebook) -> None:
    """A platform that takes fewer characters than the translation has would take nothing."""
    polish = _text(store, mail, offering, 500).content.decode()
    message = _text(store, mail, offering, len(polish) + 59)
    assert "Monday 7 December 2026" in message.content.decode()
    assert "poniedziałek" not in message.content.decode()
    assert message.english == ""


def test_in_public_nothing_of_the_person_is_said_in_any_language(store: Store, mail: Make, offering: Rulebook) -> None:
    """The fixed words in the language of the person, of at most 200 characters."""
    answer = _text(store, mail, offering, 500, visibility="public")
    assert len(answer.content.decode()) <= 200
    assert "EX-" not in answer.content.decode()
    assert "A person will read this." in answer.english


def test_staff_read_the_english_of_what_left(store: Store, mail: Make, offering: Rulebook) -> None:
    """It is kept with the message."""
    rules = AnswerRules(longest={"post": Longest(500)})
    platform = altered(offering, texts=frozenset({"post"}), answering=rules)
    receipt = _claimed(store, platform, mail, Purpose.ACKNOWLEDGEMENT)
    message = MessageWriter(COMPOSER, platform, SECRET).write(receipt, NOW)
    with writing(store) as connection:
        record(connection, [Attempt(receipt.delivery, NOW, message=message)], platform)
        (departure,) = as_sent.of(connection, receipt.delivery)
    assert "poniedziałek" in departure.words
    assert "Monday 7 December 2026" in departure.english


def test_staff_read_the_english_before_it_leaves(store: Store, mail: Make, offering: Rulebook) -> None:
    """Whoever causes a message sees in English what it will say; the key of the page is in neither."""
    platform = altered(offering, texts=frozenset({"post"}), answering=AnswerRules(longest={"post": Longest(500)}))
    receipt = _claimed(store, platform, mail, Purpose.TRACK_LINK)
    assert receipt.contact is not None
    trial = Trial("", receipt.contact, receipt.contact, (receipt,))
    (letter,) = trial.compose(MessageWriter(COMPOSER, platform, SECRET), NOW, platform).letters
    assert "see where your message" in letter.english
    assert not re.search("/[a-z2-7]{26}", letter.words + letter.english)


def test_what_staff_typed_leaves_in_large_print(store: Store, mail: Make, offering: Rulebook) -> None:
    """To a person who needs it."""
    answer = _claimed(
        store,
        offering,
        mail,
        Purpose.ANSWER,
        need_codes="large-print",
        details={"words": "It is mended.", "subject": "A"},
    )
    page = parts(parsed(MessageWriter(COMPOSER, offering, SECRET).write(answer, NOW).content))[1]
    assert "font-size: 24px" in page


def test_a_message_to_staff_stays_english(store: Store, mail: Make, offering: Rulebook) -> None:
    """Whatever the language of the person."""
    alert = _claimed(store, offering, mail, Purpose.ALERT, wished_language="pl")
    assert _languages(parsed(MessageWriter(COMPOSER, offering, SECRET).write(alert, NOW).content)) == ["en"]


def test_a_program_is_told_neither_the_subject_nor_the_way_to_the_page(
    store: Store, mail: Make, offering: Rulebook
) -> None:
    """Whoever has the link sees the page of the person."""
    naming = altered(offering, addressing=replace(OFFERED, names_subject=True), events=frozenset({"post"}))
    receipt = _claimed(store, naming, mail, Purpose.ACKNOWLEDGEMENT)
    event = json.loads(MessageWriter(COMPOSER, naming, SECRET).write(receipt, NOW).content)
    assert receipt.contact is not None
    assert event["data"]["reference"] == receipt.contact.reference
    assert not {"track", "about"} & set(event["data"])
