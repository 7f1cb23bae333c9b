"""What the questions of the lint look at, and what they say of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.render.compose import Composer, Rendered
from bot.render.environment import BadTemplate
from bot.render.samples import SORTS, Sort, samples


class Level(StrEnum):
    """An error must be put right before the words go out; a warning is for a person to judge."""

    ERROR = "error"
    WARNING = "warning"


Remark = tuple[Level, str]


def error(words: str) -> Remark:
    """What must be put right, and how."""
    return Level.ERROR, words


def warning(words: str) -> Remark:
    """What should be looked at, and what would be better."""
    return Level.WARNING, words


@dataclass(frozen=True, slots=True)
class Draft:
    """One template in one language. `samples` are its mails by contact; there are none if it has `faults`.

    `hosts` are sites that links may lead to, `languages` those in which there is a template of this name; `layout` is
    the page around every message, with its values not filled in.
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

    def pages(self) -> Iterator[tuple[Rendered, LexborHTMLParser]]:
        """Each sample with its HTML, read."""
        for one in self.samples.values():
            yield one, LexborHTMLParser(one.html)


def draft(composer: Composer, name: str, language: str) -> Draft:
    """A template as the questions need it, with its faults if it cannot be used."""
    faults = composer.faults(name, language)
    tried = {} if faults else samples(name)
    own = (host_of(composer.constants.get(key, "")) for key in ("website", "site"))
    return Draft(
        name=name,
        language=language,
        sort=SORTS.get(name, Sort.STAFF),
        faults=tuple(faults),
        placeholders=_placeholders(composer, name, language),
        constants=composer.constants,
        hosts=composer.hosts | {host for host in own if host},
        languages=frozenset(other for one, other in composer.names() if one == name),
        layout=composer.layout,
        samples={contact: composer.rendered(name, values, language=language) for contact, values in tried.items()},
    )


def host_of(address: str) -> str:
    """The site of a web address; "" if there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def links(page: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Each link as (address, its words)."""
    for link in page.css("a[href]"):
        yield link.attributes["href"] or "", words_of(link)


def words_of(node: LexborNode | None) -> str:
    """What is to be read, on one line."""
    return " ".join(node.text(separator=" ").split()) if node is not None else ""


def _placeholders(composer: Composer, name: str, language: str) -> frozenset[str]:
    try:
        return composer.placeholders(name, language)
    except BadTemplate:
        return frozenset()
