"""A message on invented contacts, as a person of a language gets it in a format: looked at before it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.core import languages
from bot.core.languages import ENGLISH
from bot.render.compose import Composer, Rendered
from bot.render.lint import has_page
from bot.render.renditions import PLAIN, Manner, Rendition
from bot.render.sample_words import in_language
from bot.render.samples import SORTS, Sort

_EASY = {"acknowledgement": "acknowledgement-easy"}
_TO_PEOPLE = (Sort.RECEIPT, Sort.LETTER)


class Format(StrEnum):
    """How a message can be read. Large print and PDF are those of letters, too."""

    TEXT = "text"
    HTML = "html"
    LARGE_PRINT = "large-print"
    EASY = "easy"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose message it is: the language of the person, and those that the organisation offers, its own first."""

    language: str
    offered: Sequence[str] = (ENGLISH,)

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages of a message to this person, in their order."""
        own = self.offered[0]
        return languages.order("" if self.language == own else self.language, "", (own, self.language))


def formats(name: str) -> tuple[Format, ...]:
    """Return the formats in which a message of this name leaves, or is given to whoever needs them."""
    if not has_page(name):
        return (Format.TEXT,)
    if SORTS[name] not in _TO_PEOPLE:
        return Format.TEXT, Format.HTML
    easy = (Format.EASY,) if name in _EASY else ()
    return Format.TEXT, Format.HTML, Format.LARGE_PRINT, *easy, Format.PDF


def template_of(name: str, form: Format) -> str:
    """Return the template that a message of this name is written from in this format."""
    return _EASY[name] if form is Format.EASY else name


def on_contacts(composer: Composer, name: str, reader: Reader, form: Format) -> dict[str, Rendered]:
    """Return the message by invented contact; raises BadTemplate."""
    template = template_of(name, form)
    samples = composer.samples(template).items()
    return {contact: on_values(composer, template, reader, form, values) for contact, values in samples}


def on_values(composer: Composer, name: str, reader: Reader, form: Format, values: Mapping[str, Any]) -> Rendered:
    """Return the message with these values, which are English; raises BadTemplate.

    What is in no mail to a person is in one language: short texts leave with English only where both have room.
    """
    codes = [code for code in reader.codes if (name, code) in composer.names()]
    if not codes or SORTS[name] not in _TO_PEOPLE:
        codes = codes[:1] or [ENGLISH]
    parts = [Rendition(name, code, values_of(composer, values, code)) for code in codes]
    return composer.render_together(parts, Manner(large_print=True) if form is Format.LARGE_PRINT else PLAIN)


def values_of(composer: Composer, values: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Return the values, which are English, in the words of a language; raises BadTemplate."""
    return in_language(values, composer.language_words(code)) if code != ENGLISH else dict(values)
