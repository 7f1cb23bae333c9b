"""Names that are given as values, such as a team's: the choices that a configuration has, and what was meant."""

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from bot.cli.configuration import refuse, rulebook_of
from bot.core.suggestions import in_brackets

if TYPE_CHECKING:
    from bot.settings.reading import Settings


def require(option: str, name: str, names: Callable[[], Iterable[str]]) -> None:
    """End the command with status 2 where there is no such name; "" is none, and then nobody asks which there are."""
    if name and name not in (choices := list(names())):
        refuse(
            f"{option}: there is no {name!r}{in_brackets(name, choices)}; there are: {', '.join(choices) or 'none'}."
        )


def teams(configured: "Settings") -> Collection[str]:
    """The teams of a configuration."""
    return [team.name for team in configured.teams]


def services(configured: "Settings") -> Collection[str]:
    """The services of a configuration, and those for which it has a standard."""
    from bot.flows.changes import classify

    return classify.choices("service", rulebook_of(configured))


def services_besides(name: str, configured: "Settings") -> Collection[str]:
    """The same, or this one alone where there are none: then a contact may be about any."""
    return services(configured) or [name]


def channels(configured: "Settings") -> Collection[str]:
    """The channels by which contacts come."""
    return list(rulebook_of(configured).ways)
