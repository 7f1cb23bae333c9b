"""How a mailbox is reached, as the configuration says it."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.allowed import ONE_LINE
from bot.channel import MailWayIn
from bot.wire.mail.begin import Begin
from bot.wire.mail.oauth import OAuth, only_one
from bot.wire.mail.service_account import ServiceAccount
from bot.wire.privacy import Tls

OneLine = Annotated[str, ONE_LINE]


class MailboxSettings(MailWayIn):
    """Which folders of which mailbox to read, and how to reach it. `ca_file`: the issuer of the certificate (PEM).

    `folders` are read in place of `folder`. `junk` is the folder of unwanted mail, or true for the one that the server
    marks as such; `sent_folder` that of staff's answers. `begin`: which of the existing mail counts: none, all, or what
    came on that day (UTC) or later. `poll_seconds` is how often to look for mail without IDLE, and to make sure with
    it. `tell_gaps`: staff hear of mail that was taken away before it could be read.
    """

    host: OneLine
    tls: Tls = "implicit"
    port: int = Field(default_factory=lambda before: 993 if before.get("tls") == "implicit" else 143, ge=1, le=65535)
    ca_file: OneLine | None = None
    username: OneLine
    oauth: OAuth | None = None
    service_account: ServiceAccount | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = Field(default=None, validate_default=True)
    folder: OneLine = "INBOX"
    folders: tuple[OneLine, ...] = ()
    junk: bool | OneLine = False
    sent_folder: OneLine | None = None
    begin: Begin = "now"
    poll_seconds: int = Field(default=60, ge=1, le=3600)
    tell_gaps: bool = True

    @field_validator("password")
    @classmethod
    def _one_way_to_log_in(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        tables = {name: info.data[name] for name in ("oauth", "service_account") if name in info.data}
        only_one(password=value, **tables)
        if len(tables) == 2 and not any((value, *tables.values())):
            raise ValueError("is missing; instead of it there may be a table oauth or service_account")
        return value

    @field_validator("folders")
    @classmethod
    def _each_once(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("folder", "INBOX") != "INBOX":
            raise ValueError("is there in place of folder: name them all here")
        if len(set(map(str.upper, value))) != len(value):
            raise ValueError("names a folder twice")
        return value

    @field_validator("junk", "sent_folder")
    @classmethod
    def _apart(cls, value: object, info: ValidationInfo) -> object:
        if value in (info.data.get("folders") or (info.data.get("folder"),)):
            raise ValueError("is one of the folders whose mail is answered")
        return value

    def only(self, folder: str) -> Self:
        """Return the settings for one folder of the mailbox."""
        return self.model_copy(update={"folder": folder, "folders": (), "junk": False, "sent_folder": None})
