"""What a message is about: whose it is by the rules of services.toml, which apply in their order."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core import postcodes
from bot.core.messages import Inbound
from bot.core.phrases import Phrases, Words, fold, words_of
from bot.core.postcodes import begins_with

# The longest words of a receipt about a service; a short text has no room for more.
MOST_RECEIPT_WORDS, MOST_RECEIPT_TEXT = 400, 80


@dataclass(frozen=True, slots=True)
class Service:
    """A service that an organisation provides: its name, its page, the way without the internet, its team.

    `receipt_words` are what its receipts say of what happens next, `receipt_text` the same in a short text.
    """

    name: str
    title: str
    page: str = ""
    other_route: str = ""
    team: str = ""
    receipt_words: str = ""
    receipt_text: str = ""


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
    text = "\n".join((message.subject, message.text, *_words_in(message.fields)))
    return Query(
        way=way,
        to=frozenset(address.lower() for address in to),
        words=words_of(text),
        fields={name: fold(value) for name, value in message.fields.items()},
        postcodes=_postcodes(text, message) if with_postcodes else (),
        language=language,
        service=message.fields.get("service", ""),
    )


def _words_in(fields: Mapping[str, str]) -> Iterator[str]:
    """Yield what says something of the matter: no code, and of two places that which the message is about."""
    apart = _OF_THE_PERSON if fields.keys() & _OF_THE_PLACE else _OF_THE_PERSON - {"address"}
    return (value for name, value in fields.items() if name not in apart)


_OF_THE_PERSON, _OF_THE_PLACE = frozenset({"prefers", "times", "language", "needs", "address"}), {"postcode", "place"}


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
