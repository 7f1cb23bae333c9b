"""Signs in as the users of a Google Workspace by a service account to which an administrator has delegated that.

Sources: developers.google.com/identity/protocols/oauth2/service-account (the signed request, RFC 7523, and its error
codes), developers.google.com/workspace/gmail/imap/xoauth2-protocol (the scopes).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot.allowed import Form
from bot.wire.mail.oauth import OAuth, TokenSource, https_unless_local

# Longer is refused.
_SECONDS = 3600
_SCOPES = "names of scopes, with one space between two"
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_REMEDIES = {
    "invalid_grant": (
        "username is no user of this Workspace, or the key was deleted, or the service account is disabled: make a new "
        "key where it is"
    ),
    "invalid_client": "the service account is gone: make another one and enter its key",
    "disabled_client": "the service account is disabled: enable it in Google Cloud",
    "invalid_scope": "scope is not what Google expects",
    "admin_policy_enforced": "a policy of the Workspace forbids it: trust the service account in the Admin console",
    "": "look at token_uri in the key file",
    "org_internal": "the service account belongs to another organisation",
}


class KeyFile(BaseModel):
    """What is needed of the JSON file that Google gives out for a key."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["service_account"]
    client_email: str = Field(min_length=1)
    client_id: str = ""
    private_key_id: str = Field(min_length=1)
    private_key: SecretStr
    token_uri: Annotated[str, AfterValidator(https_unless_local)]


class ServiceAccount(BaseModel):
    """The table `service_account` of a channel. `key`: the content of the JSON file that Google gave out for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: SecretStr
    scope: Annotated[str, Form(r"[\x21-\x7e]+( [\x21-\x7e]+)*", _SCOPES)] = "https://mail.google.com/"

    @field_validator("key")
    @classmethod
    def _usable(cls, value: SecretStr) -> SecretStr:
        try:
            key_file = KeyFile.model_validate_json(value.get_secret_value())
        except ValidationError as error:
            names = ", ".join(sorted({str(part) for fault in error.errors() for part in fault["loc"][:1]}))
            where = f": look at {names}" if names else ""
            raise ValueError(f"is not the content of a service account's JSON key file{where}") from None
        try:
            _signed(key_file, {})
        except ValueError:
            raise ValueError("is a key file whose private_key cannot be used") from None
        return value


@dataclass(frozen=True, slots=True)
class Delegation:
    """A service account that asks for tokens of somebody's mailbox."""

    key_file: KeyFile
    scope: str
    mailbox: str
    refresh_token: None = None

    @property
    def token_url(self) -> str:
        """Where tokens are given."""
        return self.key_file.token_uri

    def request_body(self, refresh_token: SecretStr | None, server_time: Callable[[], float]) -> str:
        """Return the form to post: a request that the key has signed."""
        now = int(server_time())
        claims = {
            "iss": self.key_file.client_email,
            "sub": self.mailbox,
            "scope": self.scope,
            "aud": self.key_file.token_uri,
            "iat": now,
            "exp": now + _SECONDS,
        }
        return urlencode({"grant_type": _GRANT_TYPE, "assertion": _signed(self.key_file, claims)})

    def remedy(self, code: str) -> str:
        """Return what staff do about an error code."""
        client = self.key_file.client_id or "of the service account"
        place = "in the Admin console, under Security, API controls, Domain-wide delegation"
        delegate = f"{place}, allow the client {client} the scope {self.scope}"
        return _REMEDIES.get(code, delegate)


class SignsIn(Protocol):
    """The settings of a mail server: who signs in there, and by which way."""

    @property
    def username(self) -> str | None:
        """The mailbox."""
        ...

    @property
    def oauth(self) -> OAuth | None:
        """The registration of a client."""
        ...

    @property
    def service_account(self) -> ServiceAccount | None:
        """The service account."""
        ...


def token_source(name: str, settings: SignsIn) -> TokenSource | None:
    """Return where the channel `name` has its tokens from; None where it signs in by a password or not at all."""
    if (account := settings.service_account) is not None:
        key_file = KeyFile.model_validate_json(account.key.get_secret_value())
        return TokenSource(name, Delegation(key_file, account.scope, settings.username or ""))
    return TokenSource(name, settings.oauth) if settings.oauth else None


def _signed(key_file: KeyFile, claims: dict[str, object]) -> str:
    """Return a JSON Web Token; raises ValueError where the key is none."""
    from joserfc import jwt  # noqa: PLC0415 - imported by whoever has a service account
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import RSAKey  # noqa: PLC0415

    try:
        key = RSAKey.import_key(key_file.private_key.get_secret_value())
        return jwt.encode({"alg": "RS256", "kid": key_file.private_key_id}, claims, key)
    except (JoseError, TypeError, AttributeError) as error:
        raise ValueError("the private key cannot be used") from error
