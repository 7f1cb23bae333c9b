"""Every message in every language and format: it can be written, passes every rule, is small and easy to read."""

import io
from itertools import product

import pytest
from pypdf import PdfReader
from selectolax.lexbor import LexborHTMLParser

from bot.core.languages import LANGUAGES, direction, html_tag
from bot.render import lint, lint_language_words, pdf, previews
from bot.render.compose import MOST_BYTES, MOST_BYTES_TOGETHER
from bot.render.letters import Letterhead
from bot.render.previews import Format, Reader
from bot.render.readability import reading
from bot.render.samples import SORTS, Sort
from tests.conftest import Needs
from tests.render.letters import COMPOSER, TEMPLATES
from tests.thoroughness import rows

pytestmark = pytest.mark.slow

TO_PEOPLE = [name for name, sort in SORTS.items() if sort is not Sort.STAFF]
MESSAGES = rows(product(TO_PEOPLE, LANGUAGES), each=4)
# Easy for a reader of eleven: years of school.
MOST_GRADE = 6
# What a mail program shows without a picture, a script or a font of ours.
DRAWN = [form for form in Format if form is not Format.PDF]


@pytest.mark.parametrize(("name", "language"), MESSAGES)
def test_every_message_to_a_person_is_there_and_breaks_no_rule(name: str, language: str) -> None:
    """In each of the eleven languages, on every invented contact."""
    assert (name, language) in COMPOSER.names()
    assert [str(finding) for finding in lint.examine(COMPOSER, name, language)] == []


@pytest.mark.parametrize("name", [name for name in SORTS if name not in TO_PEOPLE])
def test_every_message_to_staff_breaks_no_rule(name: str) -> None:
    """They are in English alone."""
    assert [code for template, code in COMPOSER.names() if template == name] == ["en"]
    assert [str(finding) for finding in lint.examine(COMPOSER, name, "en")] == []


@pytest.mark.parametrize(("name", "language"), MESSAGES)
def test_every_format_carries_the_languages_of_its_reader_and_is_small(name: str, language: str) -> None:
    """Each part under its own language and direction, English last; 20 KB in one language, 30 in two."""
    reader = Reader(language)
    for form in previews.formats(name):
        if form not in DRAWN:
            continue
        samples = previews.on_contacts(COMPOSER, name, reader, form)
        assert all(sample.text and sample.subject for sample in samples.values())
        if form is Format.TEXT:
            continue
        for sample in samples.values():
            blocks = LexborHTMLParser(sample.html).css("body > div > div[lang]")
            expected = [(html_tag(code), direction(code)) for code in reader.codes]
            assert [(block.attributes["lang"], block.attributes["dir"]) for block in blocks] == expected
            assert sample.mail_bytes <= (MOST_BYTES if len(blocks) == 1 else MOST_BYTES_TOGETHER)


@pytest.mark.parametrize("name", TO_PEOPLE)
def test_the_english_is_easy_to_read(name: str) -> None:
    """Six years of school are enough for each of them, on every contact."""
    for contact, values in COMPOSER.samples(name).items():
        assert reading(COMPOSER.render(name, values).text).grade <= MOST_GRADE, contact


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_around_values_are_complete(language: str) -> None:
    """Dates, plurals and sentences of each language."""
    assert [str(finding) for finding in lint_language_words.examine([TEMPLATES], language)] == []


@pytest.mark.parametrize("language", ["ar", "bn", "zh"])
def test_a_letter_in_another_script_is_readable_in_its_pdf(needs: Needs, language: str) -> None:
    """Each character of it was drawn with a font that has it, and English follows beneath."""
    needs("pango")
    samples = previews.on_contacts(COMPOSER, "acknowledgement", Reader(language), Format.PDF)
    letter = Letterhead([TEMPLATES]).letter(samples["ordinary"].html, "A letter", language)
    document = PdfReader(io.BytesIO(pdf.of_page(letter.page)))
    text = "".join(page.extract_text() for page in document.pages)
    assert "\0" not in text
    assert "\ufffd" not in text
    assert "Thank you for writing to" in text
    own_letters = {letter for letter in samples["ordinary"].own_text if not letter.isascii() and letter.isalpha()}
    assert len(own_letters & set(text)) > len(own_letters) / 2
