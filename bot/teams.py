"""`[[team]]` in ackbot.toml: who is alerted."""

from typing import Literal, get_args

from pydantic import Field, field_validator

from bot.year import Table

# Who can be told, from the team upwards (domain.md has them as the levels of its ladder).
Role = Literal["team", "lead", "manager", "head", "director"]


class Team(Table):
    """Who is alerted, by which addresses and through which outlet: the team itself, and those above it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    alert: tuple[str, ...] = Field(min_length=1)
    replies_by: str
    lead: tuple[str, ...] = ()
    manager: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    director: tuple[str, ...] = ()

    @field_validator("alert", "lead", "manager", "head", "director")
    @classmethod
    def _mail_only(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for target in value:
            local, at, domain = target.removeprefix("mailto:").rpartition("@")
            if not target.startswith("mailto:") or not (local and at and domain) or any(c.isspace() for c in target):
                raise ValueError(f"{target!r} is not of the form mailto:name@example.gov.uk")
        return value

    @property
    def addresses(self) -> tuple[str, ...]:
        """The plain e-mail addresses."""
        return _plain(self.alert)

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """The plain e-mail addresses of those above the team, by their role."""
        return {role: _plain(getattr(self, role)) for role in get_args(Role) if role != "team"}


def _plain(targets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(target.removeprefix("mailto:") for target in targets)
