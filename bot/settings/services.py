"""services.toml: the services of the organisation, and the rules that decide what a contact is about."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bot.allowed import LANGUAGE, WORD, Form
from bot.channel import Name
from bot.core import topics
from bot.core.mistakes import Mistake, as_text, choice, used_twice
from bot.core.phrases import Phrases, fold
from bot.core.standards import WhyNoMedium
from bot.core.topics import MOST_RECEIPT_TEXT, MOST_RECEIPT_WORDS, Router
from bot.settings.tables import Table
from bot.settings.words import Words

# TA, TA1 or TA1 3: an area, a district, a sector.
_PREFIX = re.compile(r"[A-Z]{1,2}(\d[A-Z\d]?( \d)?)?")


def _prefixes(value: tuple[str, ...]) -> tuple[str, ...]:
    upper = tuple(prefix.upper().strip() for prefix in value)
    for prefix in upper:
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"{prefix!r} does not begin a postcode; allowed are forms such as TA, TA1 or TA1 3")
    return upper


Prefixes = Annotated[tuple[str, ...], AfterValidator(_prefixes)]


class ServiceSettings(Table):
    """One service: `page` is where people read more, `other_route` how to reach it without the internet.

    `receipt_words` are what its receipts say of what happens next, `receipt_text` the same in a short text.
    """

    name: Annotated[str, Field(min_length=1), WORD]
    title: str = Field(min_length=1, max_length=100)
    page: Annotated[str, Form(r"(https://\S+)?", "the address of a page that begins with https://")] = ""
    other_route: str = Field(default="", max_length=200)
    team: str = ""
    receipt_words: str = Field(default="", max_length=MOST_RECEIPT_WORDS)
    receipt_text: str = Field(default="", max_length=MOST_RECEIPT_TEXT)

    def service(self) -> topics.Service:
        """Return the same in the form of the core."""
        return topics.Service(**self.model_dump())


class RouteSettings(Table):
    """One rule: at least one condition, and at least one result."""

    channels: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    words: Words = ()
    postcodes: Prefixes = ()
    languages: tuple[Annotated[str, LANGUAGE], ...] = ()
    service: Name = ""
    area: Name = ""
    team: str = ""
    kind: Name = ""

    @model_validator(mode="after")
    def _asks_and_names(self) -> "RouteSettings":
        conditions = ("channels", "media", "to", "fields", "words", "postcodes", "languages")
        if not any(getattr(self, name) for name in conditions):
            raise ValueError(f"it asks nothing; give one of {', '.join(conditions)}")
        if not (self.service or self.area or self.team or self.kind):
            raise ValueError("it names nothing; give one of service, area, team, kind")
        return self

    def route(self, number: int) -> topics.Route:
        """Return the same in the form of the core."""
        return topics.Route(
            number=number,
            service=self.service,
            area=self.area,
            team=self.team,
            kind=self.kind,
            channels=frozenset(self.channels),
            media=frozenset(self.media),
            to=frozenset(address.lower() for address in self.to),
            fields={name: frozenset(map(fold, values)) for name, values in self.fields.items()},
            words=Phrases(self.words).read(),
            prefixes=self.postcodes,
            languages=frozenset(self.languages),
        )


class Services(Table):
    """The complete file; without one there are no services, and each contact goes where its channel says."""

    service: tuple[ServiceSettings, ...] = ()
    route: tuple[RouteSettings, ...] = ()

    def router(self, first_team: str | None) -> Router:
        """Return the services and rules in the form of the core."""
        rules = [route.route(number) for number, route in enumerate(self.route, 1)]
        return Router([service.service() for service in self.service], rules, first_team)

    def unknown_media(self, why_no_medium: WhyNoMedium) -> list[Mistake]:
        """Return each medium by which no contact can come."""
        media = [(f"route[{number}].media", name) for number, rule in enumerate(self.route, 1) for name in rule.media]
        reasons = [(key, name, why_no_medium(name)) for key, name in media]
        return [
            Mistake(key=k, message="is no way to write", advice=why, value=as_text(n)) for k, n, why in reasons if why
        ]

    def faults(self, teams: list[str], channels: list[str], kinds: set[str]) -> list[Mistake]:
        """Return each name that does not exist."""
        names = [service.name for service in self.service]
        faults = used_twice("service", names)
        for number, service in enumerate(self.service, 1):
            faults += _unknown(f"service[{number}].team", service.team, teams, "team")
        for number, rule in enumerate(self.route, 1):
            faults += _unknown(f"route[{number}].team", rule.team, teams, "team")
            faults += _unknown(f"route[{number}].service", rule.service, names, "service")
            faults += _unknown(f"route[{number}].kind", rule.kind, sorted(kinds), "kind that a standard is for")
            for channel in rule.channels:
                faults += _unknown(f"route[{number}].channels", channel, channels, "channel")
        return faults


def _unknown(key: str, value: str, names: list[str], noun: str) -> list[Mistake]:
    if not value or value in names:
        return []
    return [Mistake(key=key, message=f"is no {noun}", advice=choice(value, names), value=as_text(value))]
