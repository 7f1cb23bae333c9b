"""How a mailbox of Microsoft 365 is reached by Microsoft Graph, as the configuration says it."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from bot.allowed import ONE_LINE, Form
from bot.channel import MailWayIn
from bot.wire.mail.begin import Begin
from bot.wire.mail.graph_certificate import Certificate
from bot.wire.mail.oauth import https_unless_local
from bot.wire.mail.sender import Sender

_TENANT = Form(r"[A-Za-z0-9][A-Za-z0-9.-]{0,254}", "the ID of the tenant, or a domain of it")
_ADDRESS = r"[^@\s/?#%]+@[^@\s/?#%]+"
_MAILBOX = "one e-mail address, such as enquiries@example.gov.uk"
OneLine = Annotated[str, ONE_LINE]
Address = Annotated[str, AfterValidator(https_unless_local), AfterValidator(lambda value: value.rstrip("/"))]


class GraphSettings(MailWayIn):
    """Which mailbox, as which application, and how far.

    `tenant`, `client_id` and `client_secret` or `certificate` (PEM with its private key) are those of the registration;
    `client_secret_ends` is the day on which the secret runs out. What is in `folders` is read, `sent_folder` is that of
    staff's answers. `notifications`: Microsoft calls `public_url`/hooks/<name>, which is that of [web] unless it is
    set. `save_to_sent`: a copy of what we send lies in Sent Items. `closed_mailbox` is one that we must not be able to
    open. `login_url` and `url` are those of a national cloud.
    """

    mailbox: Annotated[str, Form(_ADDRESS, _MAILBOX)]
    tenant: Annotated[str, _TENANT]
    client_id: Annotated[str, Form(r"[\x21-\x7e]+", "the ID of the application, without spaces")]
    client_secret: Annotated[SecretStr, Field(min_length=1)] | None = None
    certificate: SecretStr | None = Field(default=None, validate_default=True)
    client_secret_ends: date | None = None
    folders: tuple[OneLine, ...] = Field(default=("Inbox",), min_length=1)
    sent_folder: OneLine | None = "Sent Items"
    begin: Begin = "now"
    notifications: bool = True
    public_url: str = ""
    poll_seconds: float = Field(default=60, ge=0.1, le=3600)
    tell_gaps: bool = True
    sender: Sender
    save_to_sent: bool = True
    closed_mailbox: Annotated[str, Form(rf"({_ADDRESS})?", _MAILBOX)] = ""
    url: Address = "https://graph.microsoft.com/v1.0"
    login_url: Address = "https://login.microsoftonline.com"

    @model_validator(mode="before")
    @classmethod
    def _is_one_mailbox(cls, table: Any) -> Any:
        """Answer through itself, as its own address, unless the table says otherwise."""
        if not isinstance(table, dict) or "mailbox" not in table:
            return table
        own = {"address": table["mailbox"], "sender": table["mailbox"], "replies_by": table.get("name")}
        return {**own, **table}

    @field_validator("certificate")
    @classmethod
    def _one_way_to_sign_in(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "client_secret" in info.data and (value is None) == (info.data["client_secret"] is None):
            raise ValueError("or client_secret must be given, and not both")
        if value is not None:
            Certificate.read(value)
        return value

    @field_validator("folders")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len({folder.casefold() for folder in value}) != len(value):
            raise ValueError("names a folder twice")
        return value

    @field_validator("sent_folder")
    @classmethod
    def _apart(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value.casefold() in {folder.casefold() for folder in info.data.get("folders", ())}:
            raise ValueError("is one of the folders whose mail is answered")
        return value

    def called_at(self, public_url: str) -> Self:
        """Return the settings with the public address of the service, where they name none of their own."""
        return self if self.public_url else self.model_copy(update={"public_url": public_url})
