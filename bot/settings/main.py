"""ackbot.toml, table by table: pages, sign-in, mail, limits, operators."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, ValidationInfo, field_validator, model_validator

from bot.allowed import PAGE, Form, Listen
from bot.core.acknowledgements import Limits
from bot.core.tracking import FEWEST_DAYS, QUIET_KINDS, TrackingRules
from bot.core.uploads import Limits as FileLimits
from bot.settings.feedback import FeedbackSettings
from bot.settings.organisation import Organisation
from bot.settings.public_pages import AccessibilitySettings, PrivacySettings
from bot.settings.retention import RetentionSettings
from bot.settings.store import StoreSettings
from bot.settings.tables import Table
from bot.settings.teams import Team
from bot.wire import clamav

LEAST_SECRET = 32


def _is_long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < LEAST_SECRET:
        command = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
        raise ValueError(f"has fewer than {LEAST_SECRET} characters and can be guessed; make one with: {command}")
    return value


class Web(Table):
    """The address at which the pages listen, and the secret that signs data which must come back unchanged.

    `trusted_proxies` are the addresses or networks of the reverse proxies whose `X-Forwarded-For` is believed.
    """

    listen: Listen = "127.0.0.1:8080"
    public_url: Annotated[str, PAGE] = ""
    secret: Annotated[SecretStr, AfterValidator(_is_long_enough)]
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()


def _is_an_issuer(value: str) -> str:
    if value and not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError("must begin with https:// (http:// only where it is this machine)")
    return value.rstrip("/")


class SignIn(Table):
    """How staff sign in: with a password, or with the organisation's own sign-in (OpenID Connect), or with either.

    `issuer` publishes /.well-known/openid-configuration; a person who signs in there must have an account here:
    `ackbot staff add`. `title` is the text of the button. `only`: no password lets anybody in. `second_factor`: whether
    everybody who signs in with a password needs a code of an app, too, or only who has set it up.
    """

    issuer: Annotated[str, AfterValidator(_is_an_issuer)] = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    title: str = Field(default="your organisation's account", max_length=60)
    only: bool = False
    second_factor: Literal["optional", "required"] = "optional"

    @property
    def has_provider(self) -> bool:
        """Whether the organisation's own sign-in is configured."""
        return self.issuer != ""

    @model_validator(mode="after")
    def _complete(self) -> "SignIn":
        if (self.issuer == "") != (self.client_id == ""):
            raise ValueError("issuer and client_id belong together")
        if self.only and not self.issuer:
            raise ValueError("only = true closes passwords, so issuer and client_id must be given")
        if self.only and self.second_factor == "required":
            raise ValueError("second_factor is for passwords, which only = true closes: leave it to the issuer")
        return self


def _is_an_address(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"(https://\S+|http://(127\.0\.0\.1|localhost)[:/]\S*)?", value.get_secret_value()):
        raise ValueError("must begin with https:// (http:// only where it is this machine)")
    return value


class MailSettings(Table):
    """Properties of mail in addition to each mailbox's own address; docs/mail.md explains them to operators.

    `aliases`: all other addresses whose mail comes here; `staff`: who answers for us, as addresses or `@domain`;
    `relays`: domains whose pages pass on what people write; `spam_header`: the field in which the mail server marks
    unwanted mail; `reopen_days`: for how long after an answer the same contact is continued; `attachments_megabytes`:
    how much the files of one answer from the console may have in all. `receipts_name_subject`: a receipt names the
    subject of what it answers, instead of the service.
    """

    aliases: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()
    spam_header: Annotated[str, Form(r"[!-9;-~]{0,80}", "the name of a header field, such as X-Spam-Flag")] = ""
    reopen_days: int = Field(default=28, ge=0, le=3650)
    attachments_megabytes: int = Field(default=10, ge=0, le=25)
    receipts_name_subject: bool = False

    @field_validator("aliases", "staff")
    @classmethod
    def _addresses(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for address in value:
            local, at, domain = address.rpartition("@")
            lacks_local_part = not local and info.field_name == "aliases"
            if lacks_local_part or not (at and domain) or any(c.isspace() for c in address):
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
    """The operators of Ackbot: `team` is alerted to its faults; `heartbeat` is called while there are none."""

    team: str = ""
    heartbeat: Annotated[SecretStr, AfterValidator(_is_an_address)] = SecretStr("")


class LimitSettings(Table):
    """The highest numbers of receipts (`core.acknowledgements`); 0 is no limit. Contacts are never held back."""

    one_receipt_within_minutes: int = Field(default=10, ge=0, le=1440)
    several_mails: Literal["apart", "together"] = "apart"
    receipts_an_hour: int = Field(default=3, ge=0)
    receipts_a_day: int = Field(default=10, ge=0)
    receipts_an_hour_to_a_domain: int = Field(default=0, ge=0)
    receipts_a_minute: int = Field(default=120, ge=0)
    receipts_a_minute_without_proof: int = Field(default=20, ge=0)
    receipts_an_hour_without_proof: int = Field(default=200, ge=0)

    def limits(self) -> Limits:
        """Return the same in the form of the core."""
        return Limits(
            one_within=timedelta(minutes=self.one_receipt_within_minutes),
            several=self.several_mails,
            an_hour=self.receipts_an_hour,
            a_day=self.receipts_a_day,
            an_hour_to_a_domain=self.receipts_an_hour_to_a_domain,
            a_minute=self.receipts_a_minute,
            unproven_a_minute=self.receipts_a_minute_without_proof,
            unproven_an_hour=self.receipts_an_hour_without_proof,
        )


class TrackingSettings(Table):
    """The page on which a person sees where their message is.

    Of contacts of `quiet_kinds` it shows nothing but how to call: somebody else may read the person's mail.
    """

    quiet_kinds: tuple[str, ...] = tuple(sorted(QUIET_KINDS))

    def rules(self, reopen_days: int) -> TrackingRules:
        """Return the same in the form of the core; a page lasts as long as its contact can be opened again."""
        return TrackingRules(frozenset(self.quiet_kinds), timedelta(days=max(FEWEST_DAYS, reopen_days)))


def _is_an_address_of_clamav(value: str) -> str:
    if value and not clamav.ADDRESS.fullmatch(value):
        raise ValueError("is neither unix:/PATH nor tcp:HOST:PORT; for example unix:/run/clamav/clamd.ctl")
    return value


class FormSettings(Table):
    """The files that people send with the form: how many, of how many megabytes each and together; 0 takes none.

    `clamav` is where ClamAV's daemon listens, which looks into each before it is kept; "" where there is none.
    """

    files: int = Field(default=5, ge=0, le=10)
    file_megabytes: int = Field(default=10, ge=1, le=25)
    all_megabytes: int = Field(default=25, ge=1, le=25)
    clamav: Annotated[str, AfterValidator(_is_an_address_of_clamav)] = ""

    def limits(self) -> FileLimits:
        """Return the numbers in the form of the core."""
        return FileLimits(self.files, self.file_megabytes, self.all_megabytes)


class Main(Table):
    """The complete ackbot.toml; each `[[channel]]` is checked by its own kind."""

    organisation: Organisation
    store: StoreSettings = StoreSettings()
    web: Web
    team: tuple[Team, ...] = ()
    retention: RetentionSettings = RetentionSettings()
    mail: MailSettings = MailSettings()
    limits: LimitSettings = LimitSettings()
    form: FormSettings = FormSettings()
    operators: OperatorSettings = OperatorSettings()
    sign_in: SignIn = SignIn()
    tracking: TrackingSettings = TrackingSettings()
    accessibility: AccessibilitySettings = AccessibilitySettings()
    privacy: PrivacySettings = PrivacySettings()
    feedback: FeedbackSettings = FeedbackSettings()
    channel: tuple[dict[str, Any], ...] = ()
