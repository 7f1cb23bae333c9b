"""The templates that the lint examines, and its remarks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.core.board import Words
from bot.core.languages import ENGLISH
from bot.render.branches import Branch
from bot.render.compose import Composer, Rendered
from bot.render.front_matter import BadTemplate
from bot.render.samples import SORTS, Sort


class Level(StrEnum):
    """An error must be corrected before the template is used; a warning is for a person to judge."""

    ERROR = "error"
    WARNING = "warning"


Remark = tuple[Level, str]


def error(words: str) -> Remark:
    """Return a remark about a fault that must be corrected."""
    return Level.ERROR, words


def warning(words: str) -> Remark:
    """Return a remark about something that could be better."""
    return Level.WARNING, words


@dataclass(frozen=True, slots=True)
class Draft:
    """One template in one language. `samples` are its mails by contact; there are none if it has `faults`.

    `hosts` are the sites that links may lead to, `languages` those in which a template of this name exists; `layout` is
    the page around every message, without values. A translation has its `english`. `source` is subject and message as
    they are written, `branches` where their placeholders stand.
    """

    name: str
    language: str
    sort: Sort
    faults: tuple[str, ...]
    placeholders: frozenset[str]
    constants: Mapping[str, str]
    hosts: frozenset[str]
    languages: frozenset[str]
    layout: str
    samples: Mapping[str, Rendered]
    source: Words = ("", "")
    branches: frozenset[Branch] = frozenset()
    english: "Draft | None" = None
    site: str = ""

    def pages(self) -> Iterator[tuple[Rendered, LexborHTMLParser]]:
        """Yield each sample with its parsed HTML."""
        for sample in self.samples.values():
            yield sample, LexborHTMLParser(sample.html)


def draft(composer: Composer, name: str, language: str) -> Draft:
    """Return a template prepared for the lint, with its faults if it cannot be used."""
    faults = composer.faults(name, language)
    values_by_contact = {} if faults else composer.samples(name)
    own = (host_of(composer.constants.get(key, "")) for key in ("website", "site"))
    return Draft(
        name=name,
        language=language,
        sort=SORTS.get(name, Sort.STAFF),
        faults=tuple(faults),
        placeholders=_placeholders(composer, name, language),
        constants=composer.constants,
        site=composer.site(language),
        hosts=composer.hosts | {host for host in own if host},
        languages=frozenset(template_language for template, template_language in composer.names() if template == name),
        layout=composer.layout,
        samples={
            contact: composer.render(name, values, language=language) for contact, values in values_by_contact.items()
        },
        source=("", "") if faults else composer.source(name, language),
        branches=frozenset() if faults else composer.branches(name, language),
        english=_english(composer, name) if language != ENGLISH and not faults else None,
    )


# All languages of one name are examined one after another.
@lru_cache(maxsize=2)
def _english(composer: Composer, name: str) -> Draft | None:
    """Return what a translation is compared with; None where there is none that can be used."""
    if (name, ENGLISH) not in composer.names():
        return None
    english = draft(composer, name, ENGLISH)
    return None if english.faults else english


def host_of(address: str) -> str:
    """Return the site of a web address, or ""."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def links(page: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Yield each link as (address, its text)."""
    for link in page.css("a[href]"):
        yield link.attributes["href"] or "", words_of(link)


def words_of(node: LexborNode | None) -> str:
    """Return the readable text of a node, on one line."""
    return " ".join(node.text(separator=" ").split()) if node is not None else ""


def _placeholders(composer: Composer, name: str, language: str) -> frozenset[str]:
    try:
        return composer.placeholders(name, language)
    except BadTemplate:
        return frozenset()
