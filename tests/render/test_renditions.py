"""A message in the language of its reader, with English beneath: both parts, directions, subject, size, large print."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.core.languages import LANGUAGES, direction, html_tag
from bot.render import lint
from bot.render.compose import MOST_BYTES, MOST_BYTES_TOGETHER, Composer
from bot.render.language_words import of_code
from bot.render.renditions import Manner, Rendition
from bot.render.samples import SAMPLES
from bot.render.words import date_in_words, instant_in_words
from tests.render.letters import CONSTANTS, ENVELOPE, TEMPLATES, parsed, parts

COMPOSER = Composer([TEMPLATES], {"bsl_url": "", **CONSTANTS})
OTHERS = [code for code in LANGUAGES if code != "en"]
REFERENCE, PHONE = "EX-7K3M-9QPH", CONSTANTS["phone"]
LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
LONDON = ZoneInfo("Europe/London")


def values(code: str, **changes: str) -> dict[str, object]:
    """The values of a receipt, with the dates of its language."""
    dates = {
        "respond_by": date_in_words(date(2027, 1, 6), code),
        "received": instant_in_words(datetime(2026, 12, 18, 10, tzinfo=UTC), LONDON, code),
    }
    return SAMPLES["acknowledgement"] | dates | changes


def receipt(*codes: str, manner: Manner | None = None, composer: Composer = COMPOSER, **changes: str) -> bytes:
    """A receipt in these languages."""
    renditions = [Rendition("acknowledgement", code, values(code, **changes)) for code in codes]
    return composer.compose_together(renditions, ENVELOPE, manner or Manner())


def blocks(raw: bytes) -> list[LexborNode]:
    """The parts of the HTML, each with a language of its own."""
    return LexborHTMLParser(parts(parsed(raw))[1]).css("body > div > div")


@pytest.mark.parametrize("code", OTHERS)
def test_the_language_of_the_reader_comes_first_and_english_beneath(code: str) -> None:
    """Each part names its language and direction; both have the dates in their own words."""
    raw = receipt(code, "en")
    text, page = parts(parsed(raw))
    assert len(raw) <= MOST_BYTES_TOGETHER
    assert f'<html lang="{html_tag(code)}" dir="{direction(code)}">' in page
    expected = [(html_tag(code), direction(code)), ("en", "ltr")]
    assert [(block.attributes["lang"], block.attributes["dir"]) for block in blocks(raw)] == expected
    first, second = text.split("-" * 40 + "\n\nWe have your message\n")
    assert first.startswith(of_code(code).english_beneath)
    assert date_in_words(date(2027, 1, 6), code) in first
    assert "Wednesday 6 January 2027" in second
    assert len(LexborHTMLParser(page).css("h1")) == 1


@pytest.mark.parametrize("code", OTHERS)
def test_the_subject_says_it_in_both_languages_and_has_the_reference_once(code: str) -> None:
    """At its end; every line of the header is one that a mail server takes (RFC 5322, RFC 2047)."""
    raw = receipt(code, "en")
    subject = str(parsed(raw)["Subject"])
    assert subject.endswith(f" / We have your message: {REFERENCE}")
    assert subject.count(REFERENCE) == 1
    header = raw.partition(b"\r\n\r\n")[0]
    assert header.isascii()
    assert max(map(len, header.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("code", ["ar", "ur"])
def test_references_numbers_and_addresses_stay_left_to_right(code: str) -> None:
    """In an element of their own in the HTML, between isolates in the text; never inside an attribute."""
    raw = receipt(code, "en")
    text, page = parts(parsed(raw))
    block, english = blocks(raw)
    isolated = [node.text() for node in block.css('bdi[dir="ltr"]')]
    assert {REFERENCE, PHONE, CONSTANTS["website"]} <= set(isolated)
    assert not english.css("bdi")
    assert "bdi" not in " ".join(re.findall(r'href="([^"]*)"', page))
    first = text.partition("-" * 40 + "\n\nWe have")[0]
    for words in (PHONE, CONSTANTS["website"]):
        assert first.count(words) == first.count(f"{LRI}{words}")
    assert first.count(REFERENCE) == first.count(f"{LRI}{REFERENCE}{PDI}") + first.count(f"/track/{REFERENCE}")
    assert first.count(LRI) + first.count(FSI) == first.count(PDI) > 3
    assert f"{LRI}{CONSTANTS['site']}/track/{SAMPLES['acknowledgement']['track']}{PDI}" in first


def test_english_words_of_staff_are_marked_as_english() -> None:
    """In every other language; nothing else is marked in one that runs left to right."""
    block, english = blocks(receipt("pl", "en"))
    marked = {node.text() for node in block.css('bdi[lang="en"]')}
    assert {"Front office", str(SAMPLES["acknowledgement"]["urgent"])} <= marked
    assert len(block.css("bdi")) == len(block.css('bdi[lang="en"]'))
    assert not english.css("bdi")
    assert LRI not in parts(parsed(receipt("pl", "en")))[0]


def test_both_ways_write_the_same_in_two_languages(tmp_path: Path) -> None:
    """Filled into a skeleton or rendered with the values in place: the same marks, slots and subject."""
    for code in ("ar", "en"):
        folder = tmp_path / "messages" / code
        folder.mkdir(parents=True)
        source = (TEMPLATES / "messages" / code / "acknowledgement.md").read_text(encoding="utf-8")
        (folder / "acknowledgement.md").write_text(f"{source}{{% if team == '' %}}{{% endif %}}\n", encoding="utf-8")
    slow = Composer([tmp_path, TEMPLATES], {"bsl_url": "", **CONSTANTS})
    mails = [parsed(receipt("ar", "en", composer=composer, about="A full bin")) for composer in (COMPOSER, slow)]
    assert mails[0]["Subject"] == mails[1]["Subject"]
    assert parts(mails[0]) == parts(mails[1])


def test_where_the_language_is_not_known_the_others_are_offered() -> None:
    """Each in its own language and direction, beneath the English, in both parts."""
    offered = ("cy", "ar", "zh")
    raw = receipt("en", manner=Manner(offers=offered))
    text, page = parts(parsed(raw))
    lines = LexborHTMLParser(page).css("body > div > p")
    assert [(line.attributes["lang"], line.attributes["dir"]) for line in lines] == [
        ("cy", "ltr"),
        ("ar", "rtl"),
        ("zh-Hans", "ltr"),
    ]
    for code in offered:
        assert of_code(code).offer in text.rpartition("-" * 40)[2]
    assert len(receipt("en", manner=Manner(offers=tuple(OTHERS)))) <= MOST_BYTES


def test_three_languages_stand_in_their_order() -> None:
    """Whoever writes in Polish to an organisation whose own language is Welsh reads all three."""
    raw = receipt("pl", "cy", "en")
    assert [block.attributes["lang"] for block in blocks(raw)] == ["pl", "cy", "en"]
    assert str(parsed(raw)["Subject"]).count(" / ") == 2


@pytest.mark.parametrize("codes", [("en",), ("ur", "en"), ("pl", "en")])
def test_large_print_has_24_pixels_and_more(codes: tuple[str, ...]) -> None:
    """18 points are the least of large print (UKAAF); nothing else of the message changes."""
    raw = receipt(*codes, manner=Manner(large_print=True))
    text, page = parts(parsed(raw))
    assert min(map(int, re.findall(r"font-size: (\d+)px", page))) >= 24
    assert set(re.findall(r"line-height: ([\d.]+)", page)) <= {"1.3", "1.35", "1.5"}
    assert text == parts(parsed(receipt(*codes)))[0]
    assert len(raw) <= MOST_BYTES_TOGETHER


def test_a_mail_in_arabic_is_mirrored() -> None:
    """Its lists and insets stand on the right, those of the English beneath on the left."""
    block, english = (block.html or "" for block in blocks(receipt("ar", "en")))
    assert "border-right" in block
    assert "border-left" not in block
    assert "padding: 0 22px 0 0" in block
    assert "border-left" in english


def test_one_mail_is_told_apart_from_another_by_its_version() -> None:
    """The name of what left has every language, and the digest of all their words."""
    both = COMPOSER.version_together([("acknowledgement", "pl"), ("acknowledgement", "en")])
    assert re.fullmatch(r"acknowledgement\.pl\+en [0-9a-f]{12}", both)
    easy = COMPOSER.version_together([("acknowledgement", "pl"), ("acknowledgement-easy", "en")])
    assert easy.startswith("acknowledgement.pl+acknowledgement-easy.en ")


def test_what_cannot_be_used_falls_away(tmp_path: Path) -> None:
    """Without a template, with a fault in it, without words for dates, or unchecked where that counts."""
    folder = tmp_path / "messages" / "pl"
    folder.mkdir(parents=True)
    source = (TEMPLATES / "messages" / "pl" / "added.md").read_text(encoding="utf-8")
    (folder / "added.md").write_text(source.replace("{{ reference }}", "{{ nobody_knows }}"), encoding="utf-8")
    signed = source.replace('checked_by = ""', 'checked_by = "Ewa Nowak"').replace(
        'checked_on = ""', 'checked_on = "2026-11-30"'
    )
    (folder / "progress.md").write_text(signed, encoding="utf-8")
    own = Composer([tmp_path, TEMPLATES], {"bsl_url": "", **CONSTANTS})
    assert [own.is_usable(name, "pl") for name in ("added", "acknowledgement", "alert")] == [False, True, False]
    assert not own.is_usable("acknowledgement", "gd")
    assert (own.checked("progress", "pl"), own.checked("closing", "pl")) == (("Ewa Nowak", "2026-11-30"), None)
    strict = Composer([tmp_path, TEMPLATES], {"bsl_url": "", **CONSTANTS}, only_checked=True)
    assert strict.is_usable("acknowledgement", "en")
    assert not strict.is_usable("progress", "pl")
    words = (TEMPLATES / "messages" / "pl" / "words.toml").read_text(encoding="utf-8")
    (folder / "words.toml").write_text(words.replace('checked_on = ""', 'checked_on = "30.11.2026"'), encoding="utf-8")
    strict = Composer([tmp_path, TEMPLATES], {"bsl_url": "", **CONSTANTS}, only_checked=True)
    assert not strict.is_usable("progress", "pl")
    words = words.replace('checked_by = ""', 'checked_by = "Ewa Nowak"')
    (folder / "words.toml").write_text(words.replace('checked_on = ""', 'checked_on = "2026-11-30"'), encoding="utf-8")
    strict = Composer([tmp_path, TEMPLATES], {"bsl_url": "", **CONSTANTS}, only_checked=True)
    assert strict.is_usable("progress", "pl")
    assert not strict.is_usable("closing", "pl")


def test_what_was_judged_of_other_words_does_not_stand_for_these() -> None:
    """Words of the console with a fault are passed over; put right, they are used at once."""
    subject, words = COMPOSER.source("added", "lt")
    faulty, right = (subject, f"{words}\n{{{{ nobody_knows }}}}\n"), (subject, f"{words}\n\nAčiū.\n")
    assert COMPOSER.is_usable("added", "lt")
    assert COMPOSER.over({("added", "lt"): faulty}).source("added", "lt") == (subject, words)
    assert COMPOSER.over({("added", "lt"): right}).source("added", "lt") == right
    assert not COMPOSER.trying({("added", "lt"): faulty}).is_usable("added", "lt")


def test_links_lead_to_the_pages_in_the_language_of_the_part() -> None:
    """Of each language that has pages of its own; the lint finds the same links in both."""
    site = CONSTANTS["site"]
    own = Composer([TEMPLATES], {"bsl_url": "", **CONSTANTS}, with_pages=("pl",))
    text = parts(parsed(receipt("pl", "en", composer=own)))[0]
    assert text.count(f"{site}/pl/standards") == text.count(f"{site}/standards") == 1
    assert own.trying({}).site("pl") == f"{site}/pl"
    assert not lint.errors(lint.examine(own, "acknowledgement", "pl"))
    assert Composer([TEMPLATES], {**CONSTANTS, "site": ""}, with_pages=("pl",)).site("pl") == ""


def test_a_short_text_has_its_isolates_too() -> None:
    """One under another, with a line between them."""
    pair = [Rendition("message-added", code, SAMPLES["message-added"]) for code in ("ar", "en")]
    subject, text = COMPOSER.words_together(pair)
    assert f"{LRI}{REFERENCE}{PDI}" in text
    assert text.count("-" * 40) == 1
    assert subject.endswith(f"We have added your message: {REFERENCE}")
