"""Composes finished mails: RFC 5322 bytes with a text and an HTML part, in one language or in several.

The standard library takes about a millisecond to build a mail. Here each template is rendered once, with slots for the
values; lines without a slot are encoded once, and only the others for every mail.
"""

import hashlib
import html
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from string import Template

from bot.core.board import Words
from bot.core.languages import ENGLISH, direction, html_tag
from bot.render import language_words, mail_bytes, pictures, renditions
from bot.render.branches import Branch
from bot.render.environment import Templates
from bot.render.front_matter import BadTemplate
from bot.render.language_words import LanguageWords
from bot.render.mail_bytes import Envelope, Skeleton
from bot.render.renditions import PLAIN, Manner, Part, Rendition, Sentence
from bot.render.samples import NEEDS_PAGES, OPTIONAL, SAMPLES, samples
from bot.render.values import StandIn, clean, fill

LAYOUT = Path("partials", "mail.html")
# RFC 3834 section 2: no large answers to people who did not ask for them; two languages need more than one.
MOST_BYTES, MOST_BYTES_TOGETHER = 20_480, 30_720
_DIGITS_OF_VERSION = 12


# For mails that are only displayed or measured.
_TRIAL = Envelope(
    sender="Us <us@example.org>",
    recipient="you@example.org",
    message_id="<1@example.org>",
    date=datetime(2026, 12, 18, 10, tzinfo=UTC),
    auto_submitted="auto-replied",
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template with the values of one contact, for display.

    `html` is the complete page. `own_subject` and `own_text` are the template's own words, without values.
    """

    values: Mapping[str, object]
    subject: str
    text: str
    html: str
    own_subject: str
    own_text: str
    mail_bytes: int


class Composer:
    """Composes the mail of one organisation. `constants` are values that every template may use.

    `directories` contain `messages/` and `partials/`; a file that the first lacks is taken from the next. `hosts` are
    the sites that links may lead to. `words` of the console stand in for files, by name and language. With
    `only_checked` no translation is used that nobody has checked. In `with_pages` are the languages whose pages stand
    below `/LANGUAGE`: what is written in them leads there.
    """

    def __init__(
        self,
        directories: Sequence[Path],
        constants: Mapping[str, str],
        hosts: Collection[str] = frozenset(),
        words: Mapping[tuple[str, str], Words] | None = None,
        *,
        only_checked: bool = False,
        with_pages: Collection[str] = (),
    ) -> None:
        self._directories, self._words, self._only_checked = directories, words or {}, only_checked
        self._with_pages = with_pages
        self._templates = Templates(directories, words)
        self.constants: Mapping[str, str] = dict(constants)
        self.hosts = frozenset(hosts)
        self.layout = _layout(directories)
        self._page = Template(self.layout)
        self._skeletons: dict[object, Skeleton | None] = {}
        self._versions: dict[tuple[tuple[str, str], ...], str] = {}
        self._usable: dict[tuple[str, str], bool] = {}
        self._sound: dict[tuple[str, str, str], bool] = {}
        self._language_words: dict[str, LanguageWords] = {}
        self._latest: tuple[Mapping[tuple[str, str], Words], Composer] = ({}, self)

    def over(self, words: Mapping[tuple[str, str], Words]) -> "Composer":
        """Return the composer with these words in place of files; where they cannot be used, the file's hold.

        The same mapping is looked at once.
        """
        if not words:
            return self
        latest_words, composer = self._latest
        if latest_words is words:
            return composer
        trial = self.trying(words)
        usable = {key: text for key, text in words.items() if trial.is_sound(*key)}
        composer = trial if len(usable) == len(words) else self.trying(usable)
        self._latest = (words, composer)
        return composer

    def trying(self, words: Mapping[tuple[str, str], Words]) -> "Composer":
        """Return the composer with these words in place of files, whether they can be used or not."""
        all_words = {**self._words, **words}
        trial = Composer(self._directories, self.constants, self.hosts, all_words, only_checked=self._only_checked)
        # What was judged of other words stands: to judge every message anew would hold up what leaves meanwhile.
        trial._with_pages, trial._sound = self._with_pages, self._sound
        return trial

    def source(self, name: str, language: str) -> Words:
        """Return subject and message as they are written; raises BadTemplate."""
        return self._templates.source(name, language)

    def checked(self, name: str, language: str) -> tuple[str, str] | None:
        """Return who checked a translation and on what day, as in 2026-12-01; None where nobody has.

        Raises BadTemplate.
        """
        return self._templates.checked(name, language)

    def language_words(self, language: str) -> LanguageWords:
        """Return the words of a language for dates and numbers; raises BadTemplate."""
        if language not in self._language_words:
            self._language_words[language] = language_words.read(self._directories, language)
        return self._language_words[language]

    def site(self, language: str) -> str:
        """Return where our pages in a language stand; "" where there are none."""
        site = self.constants.get("site", "")
        return f"{site}/{language}" if site and language in self._with_pages else site

    def is_usable(self, name: str, language: str) -> bool:
        """Tell whether this message can leave in this language; English always can."""
        if language == ENGLISH:
            return True
        if (name, language) not in self._usable:
            self._usable[name, language] = self._may_leave(name, language) and self.is_sound(name, language)
        return self._usable[name, language]

    def _may_leave(self, name: str, language: str) -> bool:
        try:
            words = self.language_words(language)
            return not self._only_checked or (words.is_checked and self.checked(name, language) is not None)
        except BadTemplate:
            return False

    def is_sound(self, name: str, language: str) -> bool:
        """Tell whether a template has no fault. The same words are looked at once."""
        try:
            key = name, language, self._templates.digest(name, language)
        except BadTemplate:
            return False
        if key not in self._sound:
            self._sound[key] = not self.faults(name, language)
        return self._sound[key]

    def compose(self, name: str, values: Mapping[str, object], envelope: Envelope, *, language: str = ENGLISH) -> bytes:
        """Return one mail, ready to send. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        return self.compose_together((Rendition(name, language, values),), envelope)

    def compose_together(self, parts: Sequence[Rendition], envelope: Envelope, manner: Manner = PLAIN) -> bytes:
        """Return one mail with these parts, the first to be read first. Raises BadTemplate."""
        parts = [self._complete(part) for part in parts]
        skeleton = self._skeleton_of(parts, manner) or self._skeleton(self._parts(parts, manner), manner)
        values = [clean(str(parts[number].values[key])) if key else "" for number, key in skeleton.keys]
        return mail_bytes.mail(mail_bytes.headers_of(fill(skeleton.subject, values), envelope), skeleton, values)

    def text(self, name: str, values: Mapping[str, object], *, language: str = ENGLISH) -> str:
        """Return one short plain text. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        return self.words(name, values, language=language)[1]

    def words(self, name: str, values: Mapping[str, object], *, language: str = ENGLISH) -> tuple[str, str]:
        """Return subject and plain text. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        return self.words_together((Rendition(name, language, values),))

    def words_together(self, parts: Sequence[Rendition], manner: Manner = PLAIN) -> tuple[str, str]:
        """Return subject and plain text of a message with these parts. Raises BadTemplate."""
        full_parts = self._parts([self._complete(part) for part in parts], manner)
        text = renditions.text_of(full_parts, *self._around(full_parts, manner))
        return renditions.subject_of(full_parts).strip(), text.strip()

    def version(self, name: str, *, language: str = ENGLISH) -> str:
        """Return a template's name with the digest of its words and of the layout: `acknowledgement.en 0123456789ab`.

        Raises BadTemplate.
        """
        return self.version_together([(name, language)])

    def version_together(self, templates: Sequence[tuple[str, str]]) -> str:
        """Return the same for several parts: `acknowledgement.pl+en 0123456789ab`; raises BadTemplate."""
        key = tuple(templates)
        if key not in self._versions:
            content = "".join(self._templates.digest(*template) for template in templates) + self.layout
            digest = hashlib.sha256(content.encode()).hexdigest()
            self._versions[key] = f"{_names_of(templates)} {digest[:_DIGITS_OF_VERSION]}"
        return self._versions[key]

    def names(self) -> list[tuple[str, str]]:
        """Return every template that can be sent as (name, language): some need pages of ours."""
        return [pair for pair in self._templates.names() if self._has_pages or pair[0] not in NEEDS_PAGES]

    def samples(self, name: str) -> dict[str, Mapping[str, object]]:
        """Return the values of the invented contacts of a template."""
        return samples(name, has_pages=self._has_pages)

    @property
    def _has_pages(self) -> bool:
        return bool(self.constants.get("site"))

    def placeholders(self, name: str, language: str) -> frozenset[str]:
        """Return the placeholders of a template, known or not; raises BadTemplate."""
        return self._templates.placeholders(name, language)

    def branches(self, name: str, language: str) -> frozenset[Branch]:
        """Return where the placeholders of a template stand; raises BadTemplate."""
        return self._templates.branches(name, language)

    def render(
        self, name: str, values: Mapping[str, object], *, language: str = ENGLISH, manner: Manner = PLAIN
    ) -> Rendered:
        """Return a template as its reader would see it; raises BadTemplate."""
        return self.render_together((Rendition(name, language, values),), manner)

    def render_together(self, parts: Sequence[Rendition], manner: Manner = PLAIN) -> Rendered:
        """Return a message with these parts as its reader would see it; raises BadTemplate."""
        full_parts = self._parts([self._complete(part) for part in parts], manner)
        subject, around = renditions.subject_of(full_parts), self._around(full_parts, manner)
        page = renditions.page_of(full_parts, *around, large_print=manner.large_print)
        return Rendered(
            values=parts[0].values,
            subject=subject.strip(),
            text=renditions.text_of(full_parts, *around).strip(),
            html=self._document(full_parts[0].language, subject, page),
            own_subject=" / ".join(part.own(part.message.subject) for part in full_parts),
            own_text="\n".join(part.own(part.message.text) for part in full_parts),
            mail_bytes=len(self.compose_together(parts, _TRIAL, manner)) - self._picture_bytes(page),
        )

    def _picture_bytes(self, page: str) -> int:
        return sum(len(picture.part()) for picture in pictures.in_page(page, self._templates.pictures))

    def faults(self, name: str, language: str) -> list[str]:
        """Return why one template cannot be used at all."""
        if name not in SAMPLES:
            return [f"messages/{language}/{name}.md: nothing uses a template of this name; known: {', '.join(SAMPLES)}"]
        try:
            if unknown := self._templates.unknown(name, language, {*SAMPLES[name], *self.constants}):
                return unknown
            for values in self.samples(name).values():
                self.compose(name, values, _TRIAL, language=language)
        except BadTemplate as error:
            return [str(error)]
        return []

    def _complete(self, part: Rendition) -> Rendition:
        """Return the part with every value that may be absent."""
        return Rendition(part.name, part.language, {**OPTIONAL.get(part.name, {}), **part.values})

    def _skeleton_of(self, parts: Sequence[Rendition], manner: Manner) -> Skeleton | None:
        # A condition may test whether a value is empty, so that is part of the message's shape.
        shape = (manner, *map(_shape, parts))
        if shape not in self._skeletons:
            self._skeletons[shape] = self._reusable_skeleton(parts, manner)
        return self._skeletons[shape]

    def _reusable_skeleton(self, parts: Sequence[Rendition], manner: Manner) -> Skeleton | None:
        """Return a skeleton for values of this shape; None if a template does more than show them."""
        stand_ins = [
            Rendition(
                part.name, part.language, {key: StandIn(key) if value else value for key, value in part.values.items()}
            )
            for part in parts
        ]
        try:
            return self._skeleton(self._parts(stand_ins, manner), manner)
        except BadTemplate:
            # If the template is at fault, rendering it with the values themselves will show it.
            return None

    def _parts(self, parts: Sequence[Rendition], manner: Manner) -> list[Part]:
        """Return the parts as Markdown made them, with slots that are numbered through."""
        scopes = [{**part.values, **self.constants, "site": self.site(part.language)} for part in parts]
        messages = [
            self._templates.render(part.name, part.language, scope, large_print=manner.large_print)
            for part, scope in zip(parts, scopes, strict=True)
        ]
        firsts = accumulate((len(message.values) for message in messages), initial=0)
        return [
            Part(part.language, message, scope, first)
            for part, message, scope, first in zip(parts, messages, scopes, firsts, strict=False)
        ]

    def _around(self, parts: Sequence[Part], manner: Manner) -> tuple[str, list[Sentence]]:
        """Return what stands above the parts, "" for nothing, and the offers that stand beneath them."""
        first, *further = parts
        has_english = first.language != ENGLISH and any(part.language == ENGLISH for part in further)
        beneath = self.language_words(first.language).english_beneath if has_english else ""
        return beneath, [Sentence(code, self.language_words(code).offer) for code in manner.offers]

    def _skeleton(self, parts: Sequence[Part], manner: Manner) -> Skeleton:
        """Return the message with its constants filled in, and slots for the values."""
        subject, around = renditions.subject_of(parts), self._around(parts, manner)
        renditions.judge_links(parts)
        page = renditions.page_of(parts, *around, large_print=manner.large_print)
        document = self._document(parts[0].language, subject, page)
        keys = [(number, key) for number, part in enumerate(parts) for key in part.keys]
        text, in_page = renditions.text_of(parts, *around), pictures.in_page(page, self._templates.pictures)
        return mail_bytes.skeleton(subject, text, document, keys, in_page)

    def _document(self, language: str, subject: str, page: str) -> str:
        try:
            return self._page.substitute(
                language=html_tag(language), direction=direction(language), title=html.escape(subject), content=page
            )
        except (KeyError, ValueError) as error:
            raise BadTemplate(
                f"{LAYOUT}: only $language, $direction, $title and $content are known; $$ is a dollar ({error})"
            ) from error


def _shape(part: Rendition) -> tuple[str, ...]:
    return (part.name, part.language, *[key if value else f"{key}={value}" for key, value in part.values.items()])


def _names_of(templates: Sequence[tuple[str, str]]) -> str:
    """Return the names of templates with their languages: each name once where they follow each other."""
    words, latest = "", ""
    for name, language in templates:
        words += f"+{language}" if name == latest else f"{'+' if words else ''}{name}.{language}"
        latest = name
    return words


def _layout(directories: Sequence[Path]) -> str:
    path = next((path / LAYOUT for path in directories if (path / LAYOUT).is_file()), None)
    if path is None:
        raise BadTemplate(f"{LAYOUT}: there is no such file")
    return path.read_text(encoding="utf-8-sig")
