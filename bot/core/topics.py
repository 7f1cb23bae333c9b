"""What a message is about: which phrases it holds, whose it is by the rules of services.toml, whether it can wait.

Words and phrases are compared regardless of case, accents and the signs between words. The rules of routing apply in
their order; the rules of what cannot wait look for words, and a person decides: a miss is worse than a false alarm.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import starmap
from operator import itemgetter

from bot.core import postcodes
from bot.core.messages import Inbound
from bot.core.postcodes import begins_with

# Latin, Cyrillic and Greek accents, Arabic vowel signs. In Indic scripts such signs make other words, so they stay.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
_NO_WORD = re.compile("[^\\w\u0900-\u0963\u0966-\u0dff]+|_+")
# Different keyboards' forms of the same letter; apostrophes, which half of all people leave out, are removed.
_SAME = str.maketrans("łđøı" + "يىكةأإآۀہھ", "ldoi" + "ییکهاااههه", "'\u2019\u2018\u02bc`\u00b4\u02b9\u2032")
_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(256))
_NOT_ASCII = re.compile(r"([^\x00-\x7f]+(?:['`]+[^\x00-\x7f]+)*)")  # what stands around an apostrophe is joined
_LONGEST_PIECE_KEPT = 3  # a longer one may be a word of somebody's, which must not outlive its message
_START = 3
_GAP = "..."
_GAP_PATTERN = r" (?:\S+ ){0,5}?"


@dataclass(frozen=True, slots=True)
class Words:
    """A text prepared for comparison: `text` has its words in lower case without accents, each between two spaces.

    `terms` has every word once, and the beginning of each word with a star.
    """

    text: str
    terms: frozenset[str]


def words_of(text: str) -> Words:
    """Return a text prepared for searching."""
    words = _folded_words(text)
    terms = set(words)
    terms.update([word[:_START] + "*" for word in terms])
    return Words(f" {' '.join(words)} ", frozenset(terms))


def fold(text: str) -> str:
    """Return the words of a text in lower case, without accents and signs, one space between them."""
    return " ".join(_folded_words(text))


def _folded_words(text: str) -> list[str]:
    if text.isascii():
        return _fold_ascii(text).split()
    # Most texts have few pieces that are not ASCII, and these recur: quotation marks, letters with accents.
    pieces = _NOT_ASCII.split(text)
    pieces[::2] = map(_fold_ascii, pieces[::2])
    pieces[1::2] = [_fold_often(p) if len(p) <= _LONGEST_PIECE_KEPT else _fold_other(p) for p in pieces[1::2]]
    return "".join(pieces).split()


def _fold_ascii(text: str) -> str:
    return text.encode("ascii").translate(_ASCII, b"'`").decode("ascii")


def _fold_other(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_SAME)).casefold()
    plain = unicodedata.normalize("NFC", _MARKS.sub("", plain)).translate(_SAME)
    return _NO_WORD.sub(" ", plain)


_fold_often = lru_cache(maxsize=4096)(_fold_other)


def _pattern_of(part: str, word: str) -> str:
    before, after = (r"\S*" if part.startswith("*") else ""), (r"\S*" if part.endswith("*") else "")
    return _GAP if part in (_GAP, "…") else before + re.escape(word) + after


def _anchor(parts: Iterable[tuple[str, str]]) -> str:
    with_start = [(part, word) for part, word in parts if not part.startswith("*")]
    exact = [single for part, word in with_start if not part.endswith("*") for single in word.split()]
    starts = (f"{word[:_START]}*" for _, word in with_start if " " not in word and len(word) >= _START)
    return max(exact, key=len, default="") or next(starts, "")


class _Phrase:
    """One phrase. Only a text with its `anchor` can have it: a word, the beginning of a word, or "" for neither."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase
        parts = [(part, fold(part)) for part in phrase.split()]
        self.anchor = _anchor(parts)
        self._source = f" {' '.join(starmap(_pattern_of, parts))} ".replace(f" {_GAP} ", _GAP_PATTERN)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Most patterns are never used: no text has their anchor.
        return re.compile(self._source)

    def is_in(self, words: Words) -> bool:
        return self._pattern.search(words.text) is not None


class Phrases:
    """Phrases to look for: complete words, in their order.

    A star at an end of a word stands for more letters, `...` between two words for up to five others.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self.phrases = tuple(phrases)
        self._phrases = [_Phrase(phrase) for phrase in self.phrases]
        self._anchors = frozenset(phrase.anchor for phrase in self._phrases)

    def __iter__(self) -> Iterator[_Phrase]:
        """Each phrase."""
        return iter(self._phrases)

    def find(self, words: Words) -> str | None:
        """Return the first of the phrases that occurs in the text, as it was written; None if there is none."""
        if "" not in self._anchors and self._anchors.isdisjoint(words.terms):
            return None
        for phrase in self._phrases:
            if (not phrase.anchor or phrase.anchor in words.terms) and phrase.is_in(words):
                return phrase.phrase
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One danger: `title` is for staff, `advice` for the person who wrote.

    `team` is alerted, if it is not "", in place of the contact's team. `words` are phrases by language; `near` are
    phrases that do not alert. `hits` and `misses` are texts by which the rule is tested.
    """

    name: str
    title: str
    advice: str
    words: Mapping[str, Phrases]
    near: Phrases
    team: str = ""
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()

    def find(self, words: Words) -> str | None:
        """Return the phrase that matches, in any of the languages, as people mix them."""
        return next((phrase for phrases in self.words.values() if (phrase := phrases.find(words))), None)


@dataclass(frozen=True, slots=True)
class Urgency:
    """The rule that applies, and the phrase that matched."""

    rule: Rule
    phrase: str


Rules = Sequence[Rule]


@lru_cache(maxsize=8)
def _by_anchor(rules: tuple[Rule, ...]) -> Mapping[str, Sequence[tuple[int, Rule, _Phrase]]]:
    """Return every phrase of the rules by its anchor, with its place in their order."""
    phrases = ((rule, phrase) for rule in rules for of_language in rule.words.values() for phrase in of_language)
    by_anchor: dict[str, list[tuple[int, Rule, _Phrase]]] = {"": []}
    for place, (rule, phrase) in enumerate(phrases):
        by_anchor.setdefault(phrase.anchor, []).append((place, rule, phrase))
    return by_anchor


def urgency_in(words: Words, rules: Rules) -> Urgency | None:
    """Return the first rule that matches a text."""
    by_anchor = _by_anchor(tuple(rules))
    candidates = [*by_anchor[""], *(entry for anchor in by_anchor.keys() & words.terms for entry in by_anchor[anchor])]
    in_order = sorted(candidates, key=itemgetter(0))
    return next((Urgency(rule, phrase.phrase) for _, rule, phrase in in_order if phrase.is_in(words)), None)


@dataclass(frozen=True, slots=True)
class Service:
    """A service that an organisation provides: its name, its page, the way without the internet, its team."""

    name: str
    title: str
    page: str = ""
    other_route: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a message came, and the properties of everything that comes this way; "" for an unknown one."""

    name: str
    medium: str
    service: str = ""
    area: str = ""
    team: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """The properties of a message that rules test. `fields` are folded, `service` is the one chosen on a form.

    `postcodes` are written as in TA1 3DU, or only TA1.
    """

    way: Way
    to: frozenset[str]
    words: Words
    fields: Mapping[str, str]
    postcodes: tuple[str, ...]
    language: str
    service: str = ""


def query_of(message: Inbound, way: Way, language: str, *, with_postcodes: bool = True) -> Query:
    """Return the properties of this message; postcodes only where a rule needs them."""
    mail = message.mail
    to = (*mail.addressed(), *mail.recipients) if mail else ()
    text = "\n".join((message.subject, message.text, *message.fields.values()))
    return Query(
        way=way,
        to=frozenset(address.lower() for address in to),
        words=words_of(text),
        fields={name: fold(value) for name, value in message.fields.items()},
        postcodes=_postcodes(text, message) if with_postcodes else (),
        language=language,
        service=message.fields.get("service", ""),
    )


def _postcodes(text: str, message: Inbound) -> tuple[str, ...]:
    """Return what stands in the text, and in a field for postcodes, where the first half is enough."""
    return (*postcodes.in_text(text), *postcodes.outward(fold(message.fields.get("postcode", ""))))


@dataclass(frozen=True, slots=True)
class Route:
    """One rule: its result, if all its conditions hold. A condition with several values holds for any of them.

    `number` is its place in the file. `channels` are names, `media` ways such as email, `to` addresses in lower case,
    `fields` folded values by the name of a field, `prefixes` of postcodes, `languages` ISO 639-1 codes.
    """

    number: int
    service: str = ""
    area: str = ""
    team: str = ""
    kind: str = ""
    channels: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    to: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    words: Phrases = field(default_factory=lambda: Phrases(()))
    prefixes: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()

    def why(self, query: Query) -> str | None:
        """Return why the rule applies, in the words of the rule itself; None if it does not."""
        reasons = []
        phrase = self.words.find(query.words)
        checks: tuple[tuple[Collection[str], Collection[str], str], ...] = (
            (self.channels, {query.way.name} & self.channels, "channel {}"),
            (self.media, {query.way.medium} & self.media, "by {}"),
            (self.to, query.to & self.to, "to {}"),
            (self.languages, {query.language} & self.languages, "in the language {}"),
            (self.prefixes, {p for p in self.prefixes for c in query.postcodes if begins_with(c, p)}, "postcode {}"),
            (self.words.phrases, set(filter(None, [phrase])), 'the words "{}"'),
            *(
                (values, {query.fields.get(name, "")} & values, f"{name} is {{}}")
                for name, values in self.fields.items()
            ),
        )
        for condition, matches, words in checks:
            if condition and not matches:
                return None
            if condition:
                reasons.append(words.format(min(matches)))
        return " and ".join(reasons)


@dataclass(frozen=True, slots=True)
class Destination:
    """What a contact is about, as far as known, and its team; `because` has one line for each known property.

    `is_decided` is false if the team is only the default, the first team.
    """

    service: str
    area: str
    kind: str
    team: str | None
    is_decided: bool
    because: tuple[str, ...]


class Router:
    """The services and the rules. `first_team` gets what nothing else decides."""

    def __init__(self, services: Iterable[Service], routes: Iterable[Route], first_team: str | None) -> None:
        self.services = {service.name: service for service in services}
        self.routes = tuple(routes)
        self.asks_postcodes = any(rule.prefixes for rule in self.routes)
        self._first_team = first_team

    def route(self, query: Query) -> Destination:
        """Return where a message goes: by the properties of its channel, else by the first rule for each property."""
        holding = [(rule, why) for rule in self.routes if (why := rule.why(query)) is not None]
        properties = {name: self._property(name, query, holding) for name in ("service", "area", "kind")}
        service = properties["service"][0]
        team, why = self._team(query, holding, service)
        lines = [f"{name} {value}: {reason}" for name, (value, reason) in properties.items() if value]
        return Destination(
            service=service,
            area=properties["area"][0],
            kind=properties["kind"][0],
            team=team or self._first_team,
            is_decided=bool(team),
            because=(*lines, f"team {team or self._first_team}: {why}") if team or self._first_team else tuple(lines),
        )

    def _property(self, name: str, query: Query, holding: Sequence[tuple[Route, str]]) -> tuple[str, str]:
        own = getattr(query.way, name)
        if own:
            return own, f"everything on channel {query.way.name}"
        if name == "service" and query.service and (query.service in self.services or query.way.medium == "desk"):
            return query.service, "chosen on the form"
        values = ((getattr(rule, name), f"rule {rule.number}, {why}") for rule, why in holding if getattr(rule, name))
        return next(values, ("", ""))

    def _team(self, query: Query, holding: Sequence[tuple[Route, str]], service: str) -> tuple[str, str]:
        by_rule = next(((rule.team, f"rule {rule.number}, {why}") for rule, why in holding if rule.team), None)
        if by_rule:
            return by_rule
        of_service = self.services[service].team if service in self.services else ""
        if of_service and service != query.way.service:
            return of_service, f"it has the service {service}"
        if query.way.team:
            return query.way.team, f"everything on channel {query.way.name}"
        return (of_service, f"it has the service {service}") if of_service else ("", "nothing says more")
