"""What a contact is about and which team has it: the rules of services.toml, asked in their order."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.messages import Inbound
from bot.core.phrases import Phrases, Words, folded, words_of

# GOV.UK's bulk data transfer standard for postcodes: the outward part, then a digit and two letters.
_POSTCODE = re.compile(r"(?<![A-Z0-9])([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})(?![A-Z0-9])")
_OUTWARD = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)")
_AREA = re.compile(r"[A-Z]{1,2}")
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Service:
    """What an organisation does for people: its name, the page to read, the way without the internet, its team."""

    name: str
    title: str
    page: str = ""
    other_route: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a message came, and what is known of everything that comes so; "" where nothing is."""

    name: str
    medium: str
    service: str = ""
    area: str = ""
    team: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules ask of a message. `fields` are folded, `service` is the one chosen on a form.

    `postcodes` are written as in TA1 3DU, or only TA1.
    """

    way: Way
    to: frozenset[str]
    words: Words
    fields: Mapping[str, str]
    postcodes: tuple[str, ...]
    language: str
    service: str = ""


def asked(message: Inbound, way: Way, language: str, *, with_postcodes: bool = True) -> Asked:
    """What is to be asked of this message; postcodes only where a rule wants them."""
    mail = message.mail
    to = (*mail.addressed(), *mail.recipients) if mail else ()
    text = "\n".join((message.subject, message.text, *message.fields.values()))
    return Asked(
        way=way,
        to=frozenset(address.lower() for address in to),
        words=words_of(text),
        fields={name: folded(value) for name, value in message.fields.items()},
        postcodes=(*postcodes(text), *_outward(message)) if with_postcodes else (),
        language=language,
        service=message.fields.get("service", ""),
    )


def _outward(message: Inbound) -> tuple[str, ...]:
    """The first half of a postcode, which is enough in a field for one."""
    found = _OUTWARD.fullmatch(folded(message.fields.get("postcode", "")).upper())
    return (found[0],) if found else ()


def postcodes(text: str) -> tuple[str, ...]:
    """Every full postcode in a text, in its order, each once."""
    found = (f"{outward} {inward}" for outward, inward in _POSTCODE.findall(" ".join(text.upper().split())))
    return tuple(dict.fromkeys(found))


def begins_with(postcode: str, prefix: str) -> bool:
    """Whether it lies in the area TA, the district TA1 or the sector TA1 3. TA10 is not in TA1."""
    outward = postcode.split(" ", 1)[0]
    area = _AREA.match(outward)
    if _AREA.fullmatch(prefix):
        return area is not None and area[0] == prefix
    return outward == prefix or (" " in prefix and postcode.startswith(prefix))


@dataclass(frozen=True, slots=True)
class Route:
    """One rule: where all of its conditions hold, what it names. A condition of several values holds for any of them.

    `number` is its place in the file. `channels` are names, `media` ways such as email, `to`
    addresses in lower case, `fields` folded values by the name of a field, `prefixes` of postcodes, `languages` as ISO
    639-1 has them.
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

    def why(self, one: Asked) -> str | None:
        """Why it holds, in no other words than those of the rule itself; None: it does not hold."""
        reasons = []
        said = self.words.find(one.words)
        checks: tuple[tuple[Collection[str], Collection[str], str], ...] = (
            (self.channels, {one.way.name} & self.channels, "channel {}"),
            (self.media, {one.way.medium} & self.media, "by {}"),
            (self.to, one.to & self.to, "to {}"),
            (self.languages, {one.language} & self.languages, "in the language {}"),
            (self.prefixes, {p for p in self.prefixes for c in one.postcodes if begins_with(c, p)}, "postcode {}"),
            (self.words.phrases, {said} if said else _NONE, 'the words "{}"'),
            *((values, {one.fields.get(name, "")} & values, f"{name} is {{}}") for name, values in self.fields.items()),
        )
        for wanted, held, words in checks:
            if wanted and not held:
                return None
            if wanted:
                reasons.append(words.format(min(held)))
        return " and ".join(reasons)


@dataclass(frozen=True, slots=True)
class Destination:
    """What a contact is about, as far as is known, and its team; `because` has one line for each thing that is known.

    `decided` says whether anything but being the first team chose the team.
    """

    service: str
    area: str
    kind: str
    team: str | None
    decided: bool
    because: tuple[str, ...]


class Router:
    """The services and the rules. `first_team` has what nothing else decides."""

    def __init__(self, services: Iterable[Service], routes: Iterable[Route], first_team: str | None) -> None:
        self.services = {one.name: one for one in services}
        self.routes = tuple(routes)
        self._first_team = first_team

    @property
    def asks_postcodes(self) -> bool:
        """Whether any rule wants to know one."""
        return any(rule.prefixes for rule in self.routes)

    def route(self, one: Asked) -> Destination:
        """Where a message goes: what the channel says holds for all of it; then the first rule for each thing."""
        holding = [(rule, why) for rule in self.routes if (why := rule.why(one)) is not None]
        chosen = {name: self._chosen(name, one, holding) for name in ("service", "area", "kind")}
        service = chosen["service"][0]
        team, why = self._team(one, holding, service)
        lines = [f"{name} {value}: {reason}" for name, (value, reason) in chosen.items() if value]
        return Destination(
            service=service,
            area=chosen["area"][0],
            kind=chosen["kind"][0],
            team=team or self._first_team,
            decided=bool(team),
            because=(*lines, f"team {team or self._first_team}: {why}") if team or self._first_team else tuple(lines),
        )

    def _chosen(self, name: str, one: Asked, holding: Sequence[tuple[Route, str]]) -> tuple[str, str]:
        own = getattr(one.way, name)
        if own:
            return own, f"everything on channel {one.way.name}"
        if name == "service" and one.service and (one.service in self.services or one.way.medium == "desk"):
            return one.service, "chosen on the form"
        found = ((getattr(rule, name), f"rule {rule.number}, {why}") for rule, why in holding if getattr(rule, name))
        return next(found, ("", ""))

    def _team(self, one: Asked, holding: Sequence[tuple[Route, str]], service: str) -> tuple[str, str]:
        by_rule = next(((rule.team, f"rule {rule.number}, {why}") for rule, why in holding if rule.team), None)
        if by_rule:
            return by_rule
        of_service = self.services[service].team if service in self.services else ""
        if of_service and service != one.way.service:
            return of_service, f"it has the service {service}"
        if one.way.team:
            return one.way.team, f"everything on channel {one.way.name}"
        return (of_service, f"it has the service {service}") if of_service else ("", "nothing says more")
