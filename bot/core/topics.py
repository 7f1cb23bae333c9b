"""What a message is about: which phrases it holds, whose it is by the rules of services.toml, whether it can wait.

Words and phrases are compared regardless of case, accents and the signs between words. The rules of routing apply in
their order; the rules of what cannot wait look for words, and a person decides: a miss is worse than a false alarm.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import starmap

from bot.core.messages import Inbound

# Latin, Cyrillic and Greek accents, Arabic vowel signs. In Indic scripts such signs make other words, so they stay.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
_NO_WORD = re.compile("[^\\w\u0900-\u0963\u0966-\u0dff]+|_+")
# Different keyboards' forms of the same letter; apostrophes, which half of all people leave out, are removed.
_SAME = str.maketrans("łđøı" + "يىكةأإآۀہھ", "ldoi" + "ییکهاااههه", "'\u2019\u2018\u02bc`\u00b4\u02b9\u2032")
_ASCII = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord("'"): None, ord("`"): None}
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


def fold(text: str) -> str:
    """Return the words of a text in lower case, without accents and signs, one space between them."""
    if text.isascii():  # the case of nine mails of ten, in a third of the time
        return " ".join(text.lower().translate(_ASCII).split())
    plain = unicodedata.normalize("NFKD", text.translate(_SAME)).casefold()
    plain = unicodedata.normalize("NFC", _MARKS.sub("", plain)).translate(_SAME)
    return _NO_WORD.sub(" ", plain).strip()


def words_of(text: str) -> Words:
    """Return a text prepared for searching."""
    plain = fold(text)
    terms = set(plain.split())
    terms |= {f"{word[:_START]}*" for word in terms}
    return Words(f" {plain} ", frozenset(terms))


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

    def find(self, words: Words) -> str | None:
        """Return the first of the phrases that occurs in the text, as it was written; None if there is none."""
        if "" not in self._anchors and self._anchors.isdisjoint(words.terms):
            return None
        for phrase in self._phrases:
            if (not phrase.anchor or phrase.anchor in words.terms) and phrase.is_in(words):
                return phrase.phrase
        return None


@dataclass(frozen=True, slots=True)
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


def urgency_in(words: Words, rules: Rules) -> Urgency | None:
    """Return the first rule that matches a text."""
    return next((Urgency(rule, phrase) for rule in rules if (phrase := rule.find(words))), None)


def near_urgency(words: Words, rules: Rules) -> Urgency | None:
    """Return the first rule whose near phrases match a text."""
    return next((Urgency(rule, phrase) for rule in rules if (phrase := rule.near.find(words))), None)


def failed_examples(rules: Iterable[Rule]) -> list[str]:
    """Return every failed test of the rules, one line each."""
    failures = []
    for rule in rules:
        failures += [f"{rule.name}: it misses {text!r}" for text in rule.hits if rule.find(words_of(text)) is None]
        matches = ((text, rule.find(words_of(text))) for text in rule.misses)
        failures += [f"{rule.name}: {phrase!r} fires at {text!r}" for text, phrase in matches if phrase]
    return failures


# GOV.UK's bulk data transfer standard for postcodes: the outward part, then a digit and two letters.
_POSTCODE = re.compile(r"(?<![A-Z0-9])([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})(?![A-Z0-9])")
_OUTWARD = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)")
_AREA = re.compile(r"[A-Z]{1,2}")
_NONE: frozenset[str] = frozenset()


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
        postcodes=(*postcodes(text), *_outward(message)) if with_postcodes else (),
        language=language,
        service=message.fields.get("service", ""),
    )


def _outward(message: Inbound) -> tuple[str, ...]:
    """Return the first half of a postcode, which is enough in a field for postcodes."""
    match = _OUTWARD.fullmatch(fold(message.fields.get("postcode", "")).upper())
    return (match[0],) if match else ()


def postcodes(text: str) -> tuple[str, ...]:
    """Return every full postcode in a text, in order, each once."""
    pairs = (f"{outward} {inward}" for outward, inward in _POSTCODE.findall(" ".join(text.upper().split())))
    return tuple(dict.fromkeys(pairs))


def begins_with(postcode: str, prefix: str) -> bool:
    """Tell whether a postcode is in the area TA, the district TA1 or the sector TA1 3. TA10 is not in TA1."""
    outward = postcode.split(" ", 1)[0]
    area = _AREA.match(outward)
    if _AREA.fullmatch(prefix):
        return area is not None and area[0] == prefix
    return outward == prefix or (" " in prefix and postcode.startswith(prefix))


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
            (self.words.phrases, {phrase} if phrase else _NONE, 'the words "{}"'),
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
        self._first_team = first_team

    @property
    def asks_postcodes(self) -> bool:
        """Whether any rule needs a postcode."""
        return any(rule.prefixes for rule in self.routes)

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
