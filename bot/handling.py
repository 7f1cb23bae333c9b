"""`[mail]`, `[limits]`, `[operators]` in ackbot.toml: mail, too many receipts, who looks after Ackbot itself."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from bot.core.guards import Limits
from bot.year import Table


def _is_an_address(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"(https://\S+|http://(127\.0\.0\.1|localhost)[:/]\S*)?", value.get_secret_value()):
        raise ValueError("must begin with https:// (http:// only where it is this machine)")
    return value


class MailSettings(Table):
    """What is known of mail besides each mailbox's own address; docs/mail.md says it for operators.

    `aliases`: every other address of ours whose mail comes here; `staff`: who answers for us, as addresses or
    `@domain`; `relays`: domains whose pages pass on what people write; `spam_header`: where the mail server says that
    a mail is unwanted; `reopen_days`: for how long after an answer the same contact goes on.
    """

    aliases: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()
    spam_header: str = Field(default="", pattern=r"^[!-9;-~]{0,80}$")
    reopen_days: int = Field(default=28, ge=0, le=3650)

    @field_validator("aliases", "staff")
    @classmethod
    def _addresses(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for address in value:
            local, at, domain = address.rpartition("@")
            wanting = not local and info.field_name == "aliases"
            if wanting or not (at and domain) or any(c.isspace() for c in address):
                also = " or @example.gov.uk" if info.field_name == "staff" else ""
                raise ValueError(f"{address!r} is not an address such as name@example.gov.uk{also}")
        return tuple(address.lower() for address in value)

    @field_validator("relays")
    @classmethod
    def _domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for domain in value:
            if "@" in domain or "." not in domain or any(c.isspace() for c in domain):
                raise ValueError(f"{domain!r} is not a domain such as fixmystreet.com")
        return tuple(domain.lower().strip(".") for domain in value)


class OperatorSettings(Table):
    """Who looks after Ackbot itself: `team` is told what is wrong with it; `heartbeat` is called while all is well."""

    team: str = ""
    heartbeat: Annotated[SecretStr, AfterValidator(_is_an_address)] = SecretStr("")


class LimitSettings(Table):
    """How many receipts are too many (`core.guards`); 0 is any number. They hold back receipts, never contacts."""

    one_receipt_within_minutes: int = Field(default=10, ge=0, le=1440)
    several_mails: Literal["apart", "together"] = "apart"
    receipts_an_hour: int = Field(default=3, ge=0)
    receipts_a_day: int = Field(default=10, ge=0)
    receipts_an_hour_to_a_domain: int = Field(default=0, ge=0)
    receipts_a_minute: int = Field(default=0, ge=0)

    def limits(self) -> Limits:
        """As the core knows them."""
        return Limits(
            one_within=timedelta(minutes=self.one_receipt_within_minutes),
            several=self.several_mails,
            an_hour=self.receipts_an_hour,
            a_day=self.receipts_a_day,
            an_hour_to_a_domain=self.receipts_an_hour_to_a_domain,
            a_minute=self.receipts_a_minute,
        )
