"""`[[team]]` in ackbot.toml: who is alerted."""

from pydantic import Field, field_validator

from bot.year import Table


class Team(Table):
    """Who is alerted, by which addresses and through which outlet."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    alert: tuple[str, ...] = Field(min_length=1)
    replies_by: str

    @field_validator("alert")
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
        return tuple(target.removeprefix("mailto:") for target in self.alert)
