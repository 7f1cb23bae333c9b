"""Forms of other vendors: their system calls us with what somebody filled in, as JSON.

The configuration says where in it each answer stands (RFC 6901), and how the caller proves who it is: by a signature
over the body (HMAC, RFC 2104, with SHA-256) or by a bearer token (RFC 6750).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot.allowed import ONE_LINE, Form
from bot.channel import Batch, Forged, Permanent, RawRequest, WayIn
from bot.core import phones
from bot.core.languages import LANGUAGES
from bot.core.messages import Inbound, Party
from bot.wire import typed
from bot.wire.platforms.reading import NotUnderstood, read_each
from bot.wire.pointers import Pointer, value_at

LINE_LIMIT, POSTCODE_LIMIT, TEXT_LIMIT = 300, 10, 100_000
# Fewer characters could be guessed.
_FEWEST_CHARACTERS = 20
_BEARER, _ALGORITHM = "bearer ", "sha256="
_TOO_LONG = f"Only the first {TEXT_LIMIT:,} characters are shown. All of it is kept as it came."
_UNREADABLE = (ValueError, RecursionError)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


# One pointer, or several whose values are put together.
Pointers = Annotated[tuple[Pointer, ...], BeforeValidator(_listed)]
Label = Annotated[str, Field(max_length=100), ONE_LINE]
Secret = Annotated[SecretStr, Field(min_length=_FEWEST_CHARACTERS)]


class Fields(BaseModel):
    """The table `fields`: where each answer stands in a call.

    `id` is the vendor's own number of what was sent: by it a repeated call is recognised, and somebody who sends the
    same words again next month is not. `message` must have words. `files` are addresses, which are not fetched.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Pointer
    message: Annotated[Pointers, Field(min_length=1)]
    received_at: Pointer | None = None
    subject: Pointers = ()
    name: Pointers = ()
    email: Pointers = ()
    phone: Pointers = ()
    address: Pointers = ()
    postcode: Pointers = ()
    place: Pointers = ()
    service: Pointers = ()
    language: Pointers = ()
    files: Pointers = ()


class Settings(WayIn):
    """`secret`: signs the body of each call, the result stands in `signature_header`; or `bearer`: a token.

    `answers` are further questions and where their answers stand. `texts_by`: the outlet that sends text messages, for
    people who leave nothing but a telephone number.
    """

    media = ("web_form",)
    secret: Secret | None = None
    signature_header: Annotated[
        str, Form(r"[\w-]+", "the name of a header, such as x-signature"), AfterValidator(str.lower)
    ] = "x-signature"
    bearer: Secret | None = None
    fields: Fields
    answers: Mapping[Label, Pointers] = Field(default_factory=dict)
    texts_by: str | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.secret is None) == (self.bearer is None):
            raise ValueError("either secret or bearer must be given, so that the caller can prove who it is")
        return self


class InboundWebhook:
    """A hook: each call is one message. The same call again is the same message, so that a vendor may repeat it."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self.path = name, f"/hooks/{name}"
        self._settings = settings

    def open(self, raw: RawRequest) -> Batch:
        """Verify a call and read it; raises `Forged`, or `Permanent` where it is no JSON."""
        if not self._is_proven(raw):
            raise Forged(f"channel {self.name}: a call without the right {self._proof}")
        try:
            content = json.loads(raw.body)
        except _UNREADABLE:
            raise Permanent(f"channel {self.name}: a call that is no JSON") from None
        return Batch(tuple(read_each(self.name, (content,), self._read)))

    def reread(self, raw: bytes) -> Iterable[Inbound]:
        """Read a call that was kept by the mapping of now; raises ValueError where it is still not understood."""
        return list(self._read(json.loads(raw)))

    async def check(self) -> str:
        """Return one sentence about it; nothing is asked of the vendor."""
        return f"it waits for calls at {self.path}, each with the right {self._proof}"

    @property
    def _proof(self) -> str:
        return "bearer token" if self._settings.bearer else f"{self._settings.signature_header}"

    def _is_proven(self, raw: RawRequest) -> bool:
        if self._settings.bearer is not None:
            header = raw.headers.get("authorization", "")
            token = header[len(_BEARER) :] if header.lower().startswith(_BEARER) else ""
            return _is_same(token.strip(), self._settings.bearer.get_secret_value())
        signature = raw.headers.get(self._settings.signature_header, "").strip().removeprefix(_ALGORITHM)
        secret = self._settings.secret.get_secret_value() if self._settings.secret else ""
        digest = hmac.digest(secret.encode(), raw.body, hashlib.sha256)
        # Vendors write it in one way or the other; both have all of its bits.
        is_hex = _is_same(signature.lower(), digest.hex())
        return is_hex | _is_same(signature, base64.b64encode(digest).decode())

    def _read(self, content: Any) -> Iterator[Inbound]:
        entry = _Entry(content, self._settings.fields)
        text, about, subject = self._text(entry), {"form": self.name} | entry.about(), entry.line("subject", LINE_LIMIT)
        sender, told_by = self._addressee(entry)
        # Of what was filled in alone: a vendor that tries again may say in the call how often it has tried.
        digest = hashlib.sha256(json.dumps([entry.id, subject, text, about]).encode()).hexdigest()
        yield Inbound(
            channel=self.name,
            external_id=f"id:{entry.id}",
            digest=digest,
            sender=sender,
            subject=subject,
            text=text[:TEXT_LIMIT],
            received_at=entry.received_at,
            unproven=True,
            told_by=told_by,
            fields=about,
            fault=_TOO_LONG if len(text) > TEXT_LIMIT else "",
            raw=json.dumps(content, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
        )

    def _text(self, entry: "_Entry") -> str:
        """Return the message with the further answers below it."""
        pairs = [(label, entry.text(pointers)) for label, pointers in self._settings.answers.items()]
        if entry.email_as_typed:
            pairs.append(("Email address, as it was typed", entry.email_as_typed))
        if files := entry.text(self._settings.fields.files):
            pairs.append(("Files, which we have not fetched", files))
        answers = "\n".join(f"{label}: {value}" for label, value in pairs if value)
        return "\n\n".join(filter(None, (entry.message, answers)))

    def _addressee(self, entry: "_Entry") -> tuple[Party | None, Literal["us", "staff", "at once"]]:
        """Return who is answered, and by whom. Where a person left no way at all, the vendor's page was the receipt."""
        number = phones.address(entry.phone)
        if entry.email:
            return Party(entry.email, entry.name), "us"
        if number:
            return Party(number, entry.name), "us" if self._settings.texts_by else "staff"
        is_reachable = entry.email_as_typed or entry.phone or entry.about().get("address")
        return None, "staff" if is_reachable else "at once"


class _Entry:
    """What somebody filled in, after cleaning; raises `NotUnderstood` where it is not what the configuration says."""

    def __init__(self, content: Any, fields: Fields) -> None:
        self._content, self._fields = content, fields
        self.message = self.text(fields.message)
        if not typed.is_visible(self.message):
            raise NotUnderstood(f"a form without words at {' or '.join(fields.message)}")
        self.id = typed.line(self.text((fields.id,)))
        if not 0 < len(self.id) <= LINE_LIMIT:
            raise NotUnderstood(f"a form without an id of up to {LINE_LIMIT} characters at {fields.id}")
        self.received_at = self._instant()
        self.name = self.line("name", typed.NAME_LIMIT)
        self.phone = self.line("phone", typed.PHONE_LIMIT)
        email = self.line("email", LINE_LIMIT)
        is_good = bool(email) and not typed.email_fault(email)
        self.email, self.email_as_typed = (email, "") if is_good else ("", email)

    def text(self, pointers: Iterable[str]) -> str:
        """Return the values there, one below the other."""
        values = (_words(value_at(self._content, pointer), pointer) for pointer in pointers)
        return typed.paragraphs("\n".join(filter(None, values)))

    def line(self, field: str, most: int) -> str:
        """Return the values of a field in one line."""
        text = self.text(getattr(self._fields, field))
        return typed.line(text, keep_invisible=field not in ("email", "phone", "postcode"))[:most].strip()

    def about(self) -> dict[str, str]:
        """Return the answers that the rest of the program knows by name, as far as they were given."""
        language = self.line("language", LINE_LIMIT).lower()
        answers = {
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "postcode": self.line("postcode", POSTCODE_LIMIT).upper(),
            "language": language if language in LANGUAGES else "",
            **{name: self.line(name, LINE_LIMIT) for name in ("place", "address", "service")},
        }
        return {name: value for name, value in answers.items() if value}

    def _instant(self) -> datetime | None:
        if self._fields.received_at is None:
            return None
        words = self.text((self._fields.received_at,))
        try:
            instant = datetime.fromisoformat(words)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            raise NotUnderstood(f"a form without an instant and its offset (ISO 8601) at {self._fields.received_at}")
        return instant.astimezone(UTC)


def build(name: str, settings: Settings) -> InboundWebhook:
    """Return the hook of this name."""
    return InboundWebhook(name, settings)


def _words(value: Any, pointer: str) -> str:
    """Return an answer as words; several choices are one each line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list():
            return "\n".join(filter(None, (_words(item, pointer) for item in value)))
        case _:
            raise NotUnderstood(f"a form that has several answers at {pointer}, where the configuration expects one")


def _is_same(value: str, proof: str) -> bool:
    return hmac.compare_digest(value.encode("utf-8", "replace"), proof.encode())
