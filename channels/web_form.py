"""The organisation's own web form: the fields become one message, or a list of faults to correct."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl

from bot.channel import Batch, Permanent, RawRequest, WayIn
from bot.core import phones
from bot.core.messages import Inbound, Party
from bot.core.page_sentences import sentence
from bot.wire.typed import email_fault, is_visible, line, name_fault, paragraphs, phone_fault

POSTCODE_LIMIT = 10
MESSAGE_LIMIT = 10_000
_MOST_POSTED_FIELDS = 50

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Settings(WayIn):
    """A form has no settings of its own."""

    media = ("web_form",)


@dataclass(frozen=True, slots=True)
class Faults:
    """The reasons why a form was refused: (field, remedy), each field at most once, in the order of the page."""

    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields after cleaning: single lines without control characters; the message ends lines with line feeds."""

    name: str
    email: str
    phone: str
    message: str
    service: str = ""
    postcode: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Entry":
        """Remove from the fields everything that nobody types on purpose."""
        return cls(
            name=line(fields.get("name", "")),
            email=line(fields.get("email", ""), keep_invisible=False),
            phone=line(fields.get("phone", ""), keep_invisible=False),
            message=paragraphs(fields.get("message", "")),
            service=_service_name(fields.get("service", "")),
            postcode=line(fields.get("postcode", ""), keep_invisible=False).upper()[:POSTCODE_LIMIT],
        )

    def about(self) -> dict[str, str]:
        """Return the optional choices, as far as they were made."""
        return {name: value for name, value in (("service", self.service), ("postcode", self.postcode)) if value}

    def digest(self) -> str:
        """Return the SHA-256 of the content in hex: the same words by the same person give the same digest."""
        extra = [value for value in (self.service, self.postcode) if value]
        content = json.dumps([self.name, self.email, self.phone, self.message, *extra], ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()


class WebForm:
    """Reads what a browser posts; no I/O. `path` is the address of the form."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = "/"

    def read(self, fields: Mapping[str, str]) -> Inbound | Faults:
        """Return the message that the fields make, or every fault at once."""
        entry = Entry.of(fields)
        faults = tuple(_faults(entry))
        return Faults(faults) if faults else self._inbound(entry, fields.get("token", ""))

    def open(self, raw: RawRequest) -> Batch:
        """Read a posted body (application/x-www-form-urlencoded); raise `Permanent` if there are faults."""
        try:
            pairs = parse_qsl(raw.body.decode(), keep_blank_values=True, max_num_fields=_MOST_POSTED_FIELDS)
        except ValueError as error:
            raise Permanent("the posted form cannot be read") from error
        match self.read(dict(reversed(pairs))):
            case Faults(faults):
                raise Permanent("the form was not filled in rightly: " + ", ".join(field for field, _ in faults))
            case Inbound() as inbound:
                return Batch((inbound,))

    def _inbound(self, entry: Entry, token: str) -> Inbound:
        digest, address = entry.digest(), entry.email or phones.address(entry.phone)
        # A page that is sent twice has one id; one that is changed and sent again has another, so nothing is lost.
        external_id = f"{token}.{digest[:16]}" if _TOKEN.fullmatch(token) else f"sha256:{digest}"
        return Inbound(
            channel=self.name,
            external_id=external_id,
            digest=digest,
            sender=Party(address, entry.name) if address else None,
            text=entry.message,
            unproven=True,
            # Without an address nothing is sent: the page that took it was the receipt.
            told_by="us" if entry.email else "at once",
            fields={"name": entry.name, "phone": entry.phone, "email": entry.email} | entry.about(),
            raw=json.dumps(asdict(entry), ensure_ascii=False).encode(),
        )


def build(name: str, _settings: Settings) -> WebForm:
    """Return the form channel of this name."""
    return WebForm(name)


def _faults(entry: Entry) -> Iterator[tuple[str, str]]:
    questions = {
        "name": name_fault(entry.name),
        "email": _email_fault(entry),
        "phone": phone_fault(entry.phone),
        "message": _message_fault(entry),
    }
    return ((field, words) for field, words in questions.items() if words)


def _email_fault(entry: Entry) -> str:
    if not entry.email:
        return "" if entry.phone else sentence("Enter an email address or a phone number")
    return email_fault(entry.email)


def _message_fault(entry: Entry) -> str:
    if not is_visible(entry.message):
        return sentence("Write your message")
    if len(entry.message) > MESSAGE_LIMIT:
        return sentence(
            "Your message must be %(limit)s characters or fewer. It has %(count)s",
            limit=f"{MESSAGE_LIMIT:,}",
            count=f"{len(entry.message):,}",
        )
    return ""


def _service_name(value: str) -> str:
    """Return the name of a service; anything else was not chosen on the form."""
    return value if _NAME.fullmatch(value) else ""
