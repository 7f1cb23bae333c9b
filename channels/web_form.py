"""The organisation's own web form: what was typed becomes one message, or a list of what to put right."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl

from bot.channel import Batch, Permanent, RawRequest, WayIn
from bot.core.messages import Inbound, Party
from bot.wire.typed import email_fault, is_visible, line, name_fault, paragraphs, phone_fault

POSTCODE_LIMIT = 10
MESSAGE_LIMIT = 10_000
_MOST_POSTED_FIELDS = 50

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Settings(WayIn):
    """A form has no keys of its own."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Why a form was not taken: (field, what to do about it), each field at most once, in the order of the page."""

    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields after cleaning: single lines without control characters, the message with line feeds as line ends."""

    name: str
    email: str
    phone: str
    message: str
    service: str = ""
    postcode: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Typed":
        """What is left of a form when everything is taken away that nobody meant to type."""
        return cls(
            name=line(fields.get("name", "")),
            email=line(fields.get("email", ""), keep_invisible=False),
            phone=line(fields.get("phone", ""), keep_invisible=False),
            message=paragraphs(fields.get("message", "")),
            service=_chosen(fields.get("service", "")),
            postcode=line(fields.get("postcode", ""), keep_invisible=False).upper()[:POSTCODE_LIMIT],
        )

    def about(self) -> dict[str, str]:
        """What was chosen besides, as far as anything was."""
        return {name: value for name, value in (("service", self.service), ("postcode", self.postcode)) if value}

    def digest(self) -> str:
        """SHA-256 of the content in hex: the same words typed by the same person give the same digest."""
        extra = [value for value in (self.service, self.postcode) if value]
        content = json.dumps([self.name, self.email, self.phone, self.message, *extra], ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()


class WebForm:
    """Reads what a browser posts; no I/O. `path` is where the form stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = "/"

    def read(self, fields: Mapping[str, str]) -> Inbound | Faults:
        """The message that the fields of the page make, or every fault at once."""
        typed = Typed.of(fields)
        faults = tuple(_faults(typed))
        return Faults(faults) if faults else self._inbound(typed, fields.get("token", ""))

    def open(self, raw: RawRequest) -> Batch:
        """The same from a posted body (application/x-www-form-urlencoded); `Permanent` when there are faults."""
        try:
            pairs = parse_qsl(raw.body.decode(), keep_blank_values=True, max_num_fields=_MOST_POSTED_FIELDS)
        except ValueError as error:
            raise Permanent("the posted form cannot be read") from error
        match self.read(dict(reversed(pairs))):
            case Faults(faults):
                raise Permanent("the form was not filled in rightly: " + ", ".join(field for field, _ in faults))
            case Inbound() as inbound:
                return Batch((inbound,))

    def _inbound(self, typed: Typed, token: str) -> Inbound:
        digest = typed.digest()
        # A page sent twice has one id; a page that is changed and sent again has another, so no words are lost.
        external_id = f"{token}.{digest[:16]}" if _TOKEN.fullmatch(token) else f"sha256:{digest}"
        return Inbound(
            channel=self.name,
            external_id=external_id,
            digest=digest,
            sender=Party(typed.email, typed.name) if typed.email else None,
            text=typed.message,
            fields={"name": typed.name, "phone": typed.phone, "email": typed.email} | typed.about(),
            raw=json.dumps(asdict(typed), ensure_ascii=False).encode(),
        )


def build(name: str, _settings: Settings) -> WebForm:
    """The form channel of this name."""
    return WebForm(name)


def _faults(typed: Typed) -> Iterator[tuple[str, str]]:
    questions = {
        "name": name_fault(typed.name),
        "email": _email_fault(typed),
        "phone": phone_fault(typed.phone),
        "message": _message_fault(typed),
    }
    return ((field, words) for field, words in questions.items() if words)


def _email_fault(typed: Typed) -> str:
    if not typed.email:
        return "" if typed.phone else "Enter an email address or a phone number"
    return email_fault(typed.email)


def _message_fault(typed: Typed) -> str:
    if not is_visible(typed.message):
        return "Write your message"
    if len(typed.message) > MESSAGE_LIMIT:
        return f"Your message must be {MESSAGE_LIMIT:,} characters or fewer. It has {len(typed.message):,}"
    return ""


def _chosen(value: str) -> str:
    """The name of a service; anything else was not chosen on our page."""
    return value if _NAME.fullmatch(value) else ""
