"""`[[team]]` in ackbot.toml: who is alerted, and where."""

import hashlib
import re
from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from bot.allowed import NAME
from bot.channel import CHANNEL
from bot.settings.tables import Table

# The levels of the ladder of alerts, from the owner of the contact upwards.
Role = Literal["owner", "team", "lead", "manager", "head", "director"]
_MAIL = "mailto:"
_ELSEWHERE = re.compile(r"([a-z][a-z0-9]{1,30})://\S+")
_ALLOWED = "mailto:name@example.gov.uk, channel:NAME, or an address that Apprise knows such as slack://..."


class Team(Table):
    """The people to alert: the team itself, and those above it. Mail is sent through `replies_by`.

    Each target is a `mailto:`, a `channel:` with the name of an outlet, or an address of Apprise.
    """

    name: Annotated[str, NAME]
    alert: tuple[str, ...] = Field(min_length=1)
    replies_by: str
    lead: tuple[str, ...] = ()
    manager: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    director: tuple[str, ...] = ()

    @field_validator("alert", "lead", "manager", "head", "director")
    @classmethod
    def _known_forms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number, target in enumerate(value, 1):
            if not _is_known(target):
                raise ValueError(f"number {number} is not of a form that leads anywhere; allowed: {_ALLOWED}")
        return value

    @property
    def addresses(self) -> tuple[str, ...]:
        """The targets of the team itself: plain e-mail addresses, and `channel:NAME`."""
        return _plain(self.alert)

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """The targets of those above the team, by their role."""
        return {role: _plain(getattr(self, role)) for role in get_args(Role) if role not in ("owner", "team")}

    def targets(self) -> Iterator[str]:
        """Yield every target as it is written."""
        yield from self.alert
        for role in self.roles:
            yield from getattr(self, role)

    def elsewhere(self) -> dict[str, str]:
        """Return each address of Apprise, by the name of the outlet that is made for it."""
        return {_outlet(target): target for target in self.targets() if _is_elsewhere(target)}


def _is_elsewhere(target: str) -> bool:
    return _ELSEWHERE.fullmatch(target) is not None


def _is_known(target: str) -> bool:
    local, at, domain = target.removeprefix(_MAIL).rpartition("@")
    if target.startswith(_MAIL):
        return bool(local and at and domain) and not any(c.isspace() for c in target)
    return _is_elsewhere(target) or re.fullmatch(rf"{CHANNEL}[a-z][a-z0-9-]{{0,39}}", target) is not None


def _outlet(target: str) -> str:
    """Return a name that does not show the secrets in the address, and changes only with the address."""
    return f"{target.partition(':')[0]}-{hashlib.sha256(target.encode()).hexdigest()[:8]}"


def _plain(targets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{CHANNEL}{_outlet(t)}" if _is_elsewhere(t) else t.removeprefix(_MAIL) for t in targets)
