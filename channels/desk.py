"""Contacts that staff or other programs record, such as a phone call, acknowledged in the way the person prefers."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.channel import WayIn
from bot.core import phones
from bot.core.languages import LANGUAGES
from bot.core.messages import Inbound, Party
from bot.core.needs import as_column, of_column
from bot.wire import typed

SUBJECT_LIMIT = 200
TEXT_LIMIT = 50_000
ADDRESS_LIMIT = 300
HOW = ("phone", "letter", "face_to_face", "voicemail")
PREFERS = ("email", "text", "told", "letter", "phone")


class Settings(WayIn):
    """`texts_by`: the outlet that sends text messages, for people who prefer them (kind notify)."""

    media = HOW
    texts_by: str | None = None


@dataclass(frozen=True, slots=True)
class Faults:
    """The reasons why nothing was recorded: (field, remedy), each field at most once, in the order of the page."""

    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields after cleaning. `prefers` is "" where no preference was stated; `needs` are codes (`core.needs`)."""

    how: str
    name: str
    email: str
    phone: str
    subject: str
    text: str
    service: str
    postcode: str
    address: str
    prefers: str
    language: str
    needs: str

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Entry":
        """Remove from the fields everything that nobody types on purpose."""

        def line(name: str, *, keep_invisible: bool = True) -> str:
            return typed.line(fields.get(name, ""), keep_invisible=keep_invisible)

        return cls(
            how=line("how") or "phone",
            name=line("name"),
            email=line("email", keep_invisible=False),
            phone=line("phone", keep_invisible=False),
            subject=line("subject"),
            text=typed.paragraphs(fields.get("text", "")),
            service=line("service"),
            postcode=line("postcode", keep_invisible=False).upper()[:10],
            address=line("address")[:ADDRESS_LIMIT],
            prefers=line("prefers"),
            language=language if (language := line("language")) in LANGUAGES else "",
            needs=as_column(of_column(line("needs"))),
        )

    def receipt(self, *, sends_texts: bool) -> str:
        """Return how the receipt is given: as the person prefers, else as they can be reached; "" if they cannot."""
        if self.prefers:
            return self.prefers
        by_phone = "text" if sends_texts else "phone"
        return "email" if self.email else by_phone if self.phone else "letter" if self.address else ""


class Desk:
    """Reads recorded contacts; no I/O."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self._settings = name, settings

    @property
    def sends_texts(self) -> bool:
        """Whether people can be sent text messages."""
        return self._settings.texts_by is not None

    def record(self, fields: Mapping[str, str], key: str, received_at: datetime | None) -> Inbound | Faults:
        """Return the message that the fields make, or every fault at once. The same `key` is the same contact."""
        entry = Entry.of(fields)
        faults = tuple(_faults(entry, sends_texts=self.sends_texts))
        return Faults(faults) if faults else self._inbound(entry, key, received_at)

    def _inbound(self, entry: Entry, key: str, received_at: datetime | None) -> Inbound:
        content = {name: getattr(entry, name) for name in Entry.__slots__}
        raw = json.dumps(content, ensure_ascii=False).encode()
        digest = hashlib.sha256(raw).hexdigest()
        sender, told_by = self._addressee(entry)
        fields = {name: content[name] for name in ("how", "name", "email", "phone", "service", "postcode", "address")}
        fields |= {name: content[name] for name in ("language", "needs")}
        fields["prefers"] = entry.receipt(sends_texts=self.sends_texts)
        return Inbound(
            channel=self.name,
            external_id=f"{entry.how}:{key}",
            # Two calls with the same words are two calls.
            digest=hashlib.sha256(f"{key} {digest}".encode()).hexdigest(),
            sender=sender,
            subject=entry.subject,
            text=entry.text,
            received_at=received_at,
            told_by=told_by,
            medium=entry.how,
            fields={name: value for name, value in fields.items() if value},
            raw=raw,
        )

    def _addressee(self, entry: Entry) -> tuple[Party | None, Literal["us", "staff", "at once"]]:
        receipt, by_phone = entry.receipt(sends_texts=self.sends_texts), phones.address(entry.phone)
        if receipt == "text":
            return Party(by_phone, entry.name), "us"
        address = entry.email or by_phone
        party = Party(address, entry.name) if address else None
        if receipt == "told":
            return party, "at once"
        return party, "us" if receipt == "email" else "staff"


def build(name: str, settings: Settings) -> Desk:
    """Return the desk of this name."""
    return Desk(name, settings)


def _faults(entry: Entry, *, sends_texts: bool) -> Iterator[tuple[str, str]]:
    faults = {
        "how": "" if entry.how in HOW else f"Choose how it came: {', '.join(HOW)}",
        "name": typed.name_fault(entry.name),
        "email": typed.email_fault(entry.email) if entry.email else "",
        "phone": typed.phone_fault(entry.phone),
        "subject": "" if len(entry.subject) <= SUBJECT_LIMIT else f"Use {SUBJECT_LIMIT} characters or fewer",
        "text": _text_fault(entry.text),
        "prefers": _prefers_fault(entry, sends_texts=sends_texts),
    }
    return ((field, words) for field, words in faults.items() if words)


def _text_fault(text: str) -> str:
    if not typed.is_visible(text):
        return "Write what they told us"
    if len(text) > TEXT_LIMIT:
        return f"Use {TEXT_LIMIT:,} characters or fewer. It has {len(text):,}"
    return ""


def _prefers_fault(entry: Entry, *, sends_texts: bool) -> str:
    match entry.prefers:
        case "email" if not entry.email:
            return "Enter the email address to which the acknowledgement goes"
        case "text" if not sends_texts:
            return "No text messages can be sent from here. Choose another way"
        case "text" if not entry.phone:
            return "Enter the phone number to which the text message goes"
        case choice if choice and choice not in PREFERS:
            return f"Choose one of these: {', '.join(PREFERS)}"
    return ""
