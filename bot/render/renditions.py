"""One message in several languages: the parts one under another, each with its own language and direction."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.core.languages import ENGLISH, direction, html_tag
from bot.render import isolates
from bot.render.environment import SlottedMessage
from bot.render.front_matter import BadTemplate
from bot.render.markdown import styles
from bot.render.values import StandIn, clean, fill, has_slot, slot

# Between the parts of the plain text.
_RULE = f"\n{'-' * 40}\n\n"
_AROUND_A_REFERENCE = " \t:;,.\u2013\u2014-\uff1a\u060c\u061b()"
_LINK = re.compile(r'<a href="([^"]*)"')
_GOOD_LINK = re.compile("(?:https?://[^\ue000/?#]+(?:[/?#]|$)|mailto:|tel:)")
_FIRST_HEADING = re.compile(r"(</?)h1\b")


@dataclass(frozen=True, slots=True)
class Rendition:
    """A template in one language, with the values of that language."""

    name: str
    language: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a message looks besides its words: in large print or not, and the languages that it offers beneath."""

    large_print: bool = False
    offers: tuple[str, ...] = ()


PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in a language of its own, such as the offer to write in it."""

    language: str
    words: str


@dataclass(frozen=True)
class Part:
    """One language of a message. `first_slot` is the number of its first slot in the whole message.

    `values` are all that the template knows, `message` is what it made of them, with a slot for each.
    """

    language: str
    message: SlottedMessage
    values: Mapping[str, object]
    first_slot: int = 0

    @cached_property
    def contents(self) -> list[str]:
        """What stands in each slot of the message: a value that is known, or a slot of the whole message."""
        values = enumerate(self.message.values, self.first_slot)
        return [slot(number) if isinstance(value, StandIn) else clean(value) for number, value in values]

    @property
    def keys(self) -> list[str]:
        """The names of the values that are still slots; "" for each that is known."""
        return [value.key if isinstance(value, StandIn) else "" for value in self.message.values]

    @property
    def subject(self) -> str:
        """The subject with the values that are known."""
        return fill(self.message.subject, self.contents)

    @property
    def text(self) -> str:
        """The plain text with the values that are known, each kept apart where it has to be."""
        text = fill(self.message.text, self.contents)
        return isolates.in_text(text, self._places(), self.language) if self._is_foreign else text

    @property
    def page(self) -> str:
        """The same of the HTML."""
        contents = [content if has_slot(content) else html.escape(content) for content in self.contents]
        page = fill(self.message.html, contents)
        if not self._is_foreign:
            return page
        places = {html.escape(words): sort for words, sort in self._places().items()}
        return isolates.in_page(page, places, self.language)

    @property
    def reference(self) -> str:
        """The reference as it stands in the subject: its slot, or itself; "" for none."""
        return next((content for content, key in self._contents_and_names() if key == "reference"), "")

    def own(self, text: str) -> str:
        """Return the template's own words of a text of the message, without values."""
        texts_of_values = {str(value) for value in self.values.values()}
        contents = ["" if value in texts_of_values else value for value in map(str, self.message.values)]
        return fill(text, contents).strip()

    @property
    def _is_foreign(self) -> bool:
        return self.language != ENGLISH

    def _places(self) -> dict[str, isolates.Sort]:
        sorts = {content: isolates.SORTS[key] for content, key in self._contents_and_names() if key in isolates.SORTS}
        return {content: sort for content, sort in sorts.items() if content}

    def _contents_and_names(self) -> list[tuple[str, str]]:
        """Each content with the name of its value; of a value that is known by what it says."""
        names = {clean(str(value)): key for key, value in self.values.items() if isinstance(value, str) and value}
        return [(content, key or names.get(content, "")) for content, key in zip(self.contents, self.keys, strict=True)]


def subject_of(parts: Sequence[Part]) -> str:
    """Return the subjects of all parts with the reference once, at the end."""
    if len(parts) == 1:
        return parts[0].subject
    reference = next((part.reference for part in parts if part.reference), "")
    subjects = [_without(part.reference, part.subject) for part in parts]
    subject = " / ".join(dict.fromkeys(subjects))
    return f"{subject}: {reference}" if reference else subject


def _without(reference: str, subject: str) -> str:
    if not reference or reference not in subject:
        return subject
    pieces = (piece.strip(_AROUND_A_REFERENCE) for piece in subject.split(reference))
    return " ".join(piece for piece in pieces if piece)


def text_of(parts: Sequence[Part], beneath: str, offers: Sequence[Sentence]) -> str:
    """Return the plain text of all parts. `beneath` says on top what follows the first, "" for nothing."""
    above = f"{beneath}\n\n" if beneath else ""
    offer = [f"{chr(10).join(sentence.words for sentence in offers)}\n"] if offers else []
    return above + _RULE.join([*(part.text for part in parts), *offer])


def page_of(parts: Sequence[Part], beneath: str, offers: Sequence[Sentence], *, large_print: bool) -> str:
    """Return the same as HTML: each part with its language and direction, and one first heading."""
    style = styles("ltr", large_print=large_print)
    above = f'<p style="{style["p"]}">\n{html.escape(beneath)}</p>\n' if beneath else ""
    first, *further = parts
    blocks = [_block(first.language, above + first.page)]
    blocks += [_block(part.language, _FIRST_HEADING.sub(r"\1h2", part.page)) for part in further]
    if offers:
        blocks.append("".join(_line(sentence, style["p"]) for sentence in offers))
    return f'<hr style="{style["hr"]}">\n'.join(blocks)


def _block(language: str, page: str) -> str:
    return f'<div lang="{html_tag(language)}" dir="{direction(language)}">\n{page}</div>\n'


def _line(sentence: Sentence, style: str) -> str:
    language = sentence.language
    attributes = f'lang="{html_tag(language)}" dir="{direction(language)}" style="{style}"'
    return f"<p {attributes}>\n{html.escape(sentence.words)}</p>\n"


def judge_links(parts: Sequence[Part]) -> None:
    """Raise BadTemplate for a link that leads to no fixed place."""
    for part in parts:
        for target in _LINK.findall(part.page):
            if not _GOOD_LINK.match(target):
                raise BadTemplate(
                    f"{part.message.path}: a link must begin https:// and a fixed host, mailto: or tel:; this one does "
                    f"not: {target!r}"
                )
