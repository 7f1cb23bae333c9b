"""The organisation's own web form: the fields become one message, or a list of faults to correct."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl

from bot.channel import Batch, Permanent, RawRequest, WayIn
from bot.core import phones
from bot.core.files import File
from bot.core.languages import LANGUAGES
from bot.core.messages import Inbound, Party
from bot.core.needs import as_column, of_column
from bot.core.page_sentences import sentence
from bot.wire.typed import email_fault, is_visible, line, name_fault, paragraphs, phone_fault

POSTCODE_LIMIT = 10
MESSAGE_LIMIT = 10_000
LINE_LIMIT = 300
PREFERS = ("email", "text", "phone", "letter")
_MOST_POSTED_FIELDS = 50

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Settings(WayIn):
    """`texts_by`: the outlet that sends text messages, for people who prefer them (kind notify)."""

    media = ("web_form",)
    texts_by: str | None = None


@dataclass(frozen=True, slots=True)
class Faults:
    """The reasons why a form was refused: (field, remedy), each field at most once, in the order of the page."""

    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields after cleaning: single lines without control characters; the message ends lines with line feeds.

    `place` is where the matter is, in words or as a postcode beside `postcode`; `prefers` how the person wants to be
    answered, `times` when a call is convenient, `address` where a letter goes; `language` is a code, `needs` are codes.
    """

    name: str
    email: str
    phone: str
    message: str
    service: str = ""
    postcode: str = ""
    place: str = ""
    prefers: str = ""
    times: str = ""
    address: str = ""
    language: str = ""
    needs: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Entry":
        """Remove from the fields everything that nobody types on purpose."""

        def line_of(name: str, most: int, *, keep_invisible: bool = True) -> str:
            return line(fields.get(name, ""), keep_invisible=keep_invisible)[:most].strip()

        return cls(
            name=line(fields.get("name", "")),
            email=line(fields.get("email", ""), keep_invisible=False),
            phone=line(fields.get("phone", ""), keep_invisible=False),
            message=paragraphs(fields.get("message", "")),
            service=_service_name(fields.get("service", "")),
            postcode=line_of("postcode", POSTCODE_LIMIT, keep_invisible=False).upper(),
            place=line_of("place", LINE_LIMIT),
            prefers=_choice(fields.get("prefers", ""), PREFERS),
            times=line_of("times", LINE_LIMIT),
            address=line_of("address", LINE_LIMIT),
            language=_choice(fields.get("language", ""), LANGUAGES),
            needs=as_column(of_column(fields.get("needs", ""))),
        )

    def about(self) -> dict[str, str]:
        """Return the optional answers, as far as they were given."""
        return {name: value for name in _OPTIONAL if (value := str(getattr(self, name)))}

    def digest(self, files: Sequence[File] = ()) -> str:
        """Return the SHA-256 of the content in hex: the same words by the same person give the same digest."""
        extra = [value for value in (self.service, self.postcode) if value]
        extra += [f"{name}={value}" for name, value in self.about().items() if name not in ("service", "postcode")]
        extra += [f"{file.name}={hashlib.sha256(file.content).hexdigest()}" for file in files]
        content = json.dumps([self.name, self.email, self.phone, self.message, *extra], ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()


_OPTIONAL = ("service", "postcode", "place", "prefers", "times", "address", "language", "needs")


class WebForm:
    """Reads what a browser posts; no I/O. `path` is the address of the form."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self._settings = name, settings
        self.path = "/"

    @property
    def sends_texts(self) -> bool:
        """Whether people can be sent text messages."""
        return self._settings.texts_by is not None

    def read(self, fields: Mapping[str, str], files: Sequence[File] = ()) -> Inbound | Faults:
        """Return the message that the fields make with these files, or every fault at once."""
        entry = Entry.of(fields)
        faults = tuple(_faults(entry, sends_texts=self.sends_texts))
        return Faults(faults) if faults else self._inbound(entry, fields.get("token", ""), files)

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

    def _inbound(self, entry: Entry, token: str, files: Sequence[File]) -> Inbound:
        digest, phone = entry.digest(files), phones.address(entry.phone)
        is_text = entry.prefers == "text"
        address = phone if is_text else entry.email or phone
        # A page that is sent twice has one id; one that is changed and sent again has another, so nothing is lost.
        external_id = f"{token}.{digest[:16]}" if _TOKEN.fullmatch(token) else f"sha256:{digest}"
        words = json.dumps(asdict(entry), ensure_ascii=False)
        return Inbound(
            channel=self.name,
            external_id=external_id,
            digest=digest,
            sender=Party(address, entry.name) if address else None,
            text=entry.message,
            unproven=True,
            # Without an address nothing is sent: the page that took it was the receipt.
            told_by="us" if entry.email or (is_text and phone) else "at once",
            fields={"name": entry.name, "phone": entry.phone, "email": entry.email} | entry.about(),
            raw=_with_files(words, files, digest) if files else words.encode(),
        )


def _with_files(words: str, files: Sequence[File], digest: str) -> bytes:
    # All that reads mails comes with it, and the settings of the form are read at every start.
    from bot.wire.bundles import bundle  # noqa: PLC0415

    return bundle(words, files, digest)


def build(name: str, settings: Settings) -> WebForm:
    """Return the form channel of this name."""
    return WebForm(name, settings)


def _faults(entry: Entry, *, sends_texts: bool) -> Iterator[tuple[str, str]]:
    questions = {
        "name": name_fault(entry.name),
        "email": _email_fault(entry),
        "phone": _phone_fault(entry),
        "message": _message_fault(entry),
        "prefers": "" if sends_texts or entry.prefers != "text" else sentence("We cannot send text messages"),
        "address": _address_fault(entry),
    }
    return ((field, words) for field, words in questions.items() if words)


def _email_fault(entry: Entry) -> str:
    if entry.email:
        return email_fault(entry.email)
    if entry.prefers == "email":
        return sentence("Enter the email address that we should write to")
    is_reachable = entry.phone or entry.address or entry.prefers
    return "" if is_reachable else sentence("Enter an email address or a phone number")


def _phone_fault(entry: Entry) -> str:
    if not entry.phone and entry.prefers in ("phone", "text"):
        return sentence("Enter the phone number that we should use")
    return phone_fault(entry.phone)


def _address_fault(entry: Entry) -> str:
    is_missing = entry.prefers == "letter" and not is_visible(entry.address)
    return sentence("Enter the address that we should write to") if is_missing else ""


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


def _choice(value: str, choices: Collection[str]) -> str:
    """Return what can be chosen on the form; anything else was not."""
    return value if value in choices else ""


def _service_name(value: str) -> str:
    """Return the name of a service; anything else was not chosen on the form."""
    return value if _NAME.fullmatch(value) else ""
